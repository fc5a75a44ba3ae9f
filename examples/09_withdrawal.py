"""A whole withdrawal with asyncio: out of L2, until its batch is executed, and out of L1.

For a chain of the world, give the wallet its name and your nodes: `chain="era", l1="https://...", l2="https://..."`.
"""

import asyncio

from signers import PrivateKeySigner
from zkcore import ETH, AsyncWallet, ether, format_units
from zkcore.testing.devnet import Devnet


async def main() -> None:
    with Devnet() as net:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            deposit = await wallet.deposit(ETH, ether("1"))
            await deposit.wait()  # something to withdraw

            before = await wallet.get_l1_balance()
            withdrawal = await wallet.withdraw(ETH, ether("0.5"))
            await withdrawal.wait(until="ready", on_progress=print)  # hours, on a public chain

            finalization = await withdrawal.finalize()  # anyone may: L1 pays the receiver that the withdrawal names
            print(await finalization.wait())
            print(await withdrawal.status())
            gained = await wallet.get_l1_balance() - before
            print("on L1, less the fee of the finalization:", format_units(gained, 18), "ETH more")


if __name__ == "__main__":
    asyncio.run(main())
