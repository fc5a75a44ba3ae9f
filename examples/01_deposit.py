"""Deposit ETH and an ERC-20 from L1 to L2, on a devnet of its own.

For a chain of the world, give the wallet its name and your nodes: `chain="era", l1="https://...", l2="https://..."`.
"""

from signers import PrivateKeySigner
from zkcore import ETH, Wallet, ether, format_units, parse_units
from zkcore.testing.devnet import Devnet


def main() -> None:
    with Devnet() as net:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            # ETH: what it costs, then the deposit
            print(wallet.quote_deposit(ETH, ether("0.1")))
            deposit = wallet.deposit(ETH, ether("0.1"))
            print(deposit)
            print(deposit.wait())

            # an ERC-20, by its L1 address: what it needs to be approved is approved with it, exactly
            usdc = net.tokens["USDC"]
            wallet.deposit(usdc, parse_units("5", 6)).wait()

            print("on L2:", format_units(wallet.get_balance(), 18), "ETH")
            print("on L2:", format_units(wallet.get_balance(usdc), 6), "USDC, at", wallet.l2_token_address(usdc))


if __name__ == "__main__":
    main()
