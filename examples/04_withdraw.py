"""Withdraw ETH and an ERC-20 from L2: the half of it that happens on L2. `09_withdrawal.py` has both.

For a chain of the world, give the wallet its name and your nodes: `chain="era", l1="https://...", l2="https://..."`.
"""

from signers import PrivateKeySigner
from zkcore import ETH, Wallet, ether, parse_units
from zkcore.testing.devnet import Devnet


def main() -> None:
    with Devnet() as net:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            usdc = net.tokens["USDC"]
            wallet.deposit(ETH, ether("1")).wait()  # something to withdraw
            wallet.deposit(usdc, parse_units("5", 6)).wait()

            for token, amount in ((ETH, ether("0.5")), (wallet.l2_token_address(usdc), parse_units("2", 6))):
                withdrawal = wallet.withdraw(token, amount)
                status = withdrawal.wait(until="l2")
                print(status)
                print("keep this, to finalize it later:", withdrawal.to_json())


if __name__ == "__main__":
    main()
