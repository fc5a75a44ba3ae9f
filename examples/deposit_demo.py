"""Watch ether leave L1 and arrive on L2: a deposit on the embedded devnet, each step as a person wants to see it.

Exits 0 only if the receiver's balance on L2 rose by exactly the amount.
"""

import sys
from threading import Timer

from signers import PrivateKeySigner
from zkcore import ETH, RequestStatus, Wallet, ether, format_units
from zkcore.protocol.priority import priority_requests
from zkcore.testing.devnet import Devnet

AMOUNT = ether("0.1")
L2_DELAY = 3.0  # seconds


class Progress:
    """One line that changes in place on a terminal; a line for each new phase elsewhere."""

    def __init__(self) -> None:
        self.last, self.ticks = "", 0

    def __call__(self, status: RequestStatus) -> None:
        self.ticks += 1
        if sys.stdout.isatty():
            print(f"\r  waiting {'.' * (self.ticks % 4):3} {status.phase:12}", end="", flush=True)
        elif status.phase != self.last:
            print(f"  {status.phase}")
        self.last = status.phase

    def done(self) -> None:
        if sys.stdout.isatty():
            print()


def heading(text: str) -> None:
    print(f"\n== {text}")


def main() -> int:
    print("Starting a local L1 and L2 (anvil is installed into a cache the first time) ...")
    with Devnet("era-eth", automatic_deposits=False) as net:
        # L2 takes up what L1 requests after a while, as it does in the world
        sender, receiver = net.accounts[0], net.accounts[1].address
        signer = PrivateKeySigner(sender.private_key)
        with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            l1_before = wallet.get_l1_balance(ETH)
            l2_before = wallet.get_balance(address=receiver)
            refund_before = wallet.get_balance()

            heading("Quote")
            quote = wallet.quote_deposit(ETH, AMOUNT, to=receiver)
            print(f"  route         {quote.route}: {quote.why}")
            print(f"  base cost     {format_units(quote.base_cost, 18)} ETH, at most, for {quote.l2_gas_limit} L2 gas")
            print(f"  value         {format_units(quote.l1_value, 18)} ETH leave the account with the request")
            print(f"  L1 fee        at most {format_units(quote.max_l1_fee, 18)} ETH")
            print(f"  holds up to   {format_units(quote.holds_up_to_gas_price or 0, 9)} gwei")

            heading("What is signed, decoded from its bytes")
            plan = wallet.prepare_deposit(ETH, AMOUNT, to=receiver)
            print(plan.preview(net.profile))

            heading("Sent")
            deposit = wallet.submit(plan)
            Timer(L2_DELAY, net.run_deposits).start()
            print(f"  L1 hash       {deposit.l1_tx_hash}")
            progress = Progress()
            l1_receipt = deposit.wait_l1(timeout=60, on_progress=progress)
            progress.done()
            (request,) = priority_requests(l1_receipt, plan.facts.diamond)
            print(f"  L2 hash       {request.transaction.hash()} (recomputed from the event on L1)")

            heading("On L2")
            progress = Progress()
            receipt = deposit.wait(timeout=60, on_progress=progress)
            progress.done()
            same = receipt.transaction_hash == request.transaction.hash()
            print(f"  L2 hash       {receipt.transaction_hash} ({'the same' if same else 'ANOTHER'})")
            print(f"  receipt       status {receipt.status}, block {receipt.block_number}, {receipt.gas_used} gas")

            heading("Balances")
            l1_after, l2_after = wallet.get_l1_balance(ETH), wallet.get_balance(address=receiver)
            refund = wallet.get_balance() - refund_before
            print(f"  sender on L1    {format_units(l1_before, 18)} -> {format_units(l1_after, 18)} ETH")
            print(f"  receiver on L2  {format_units(l2_before, 18)} -> {format_units(l2_after, 18)} ETH")
            print(f"  refund on L2    {format_units(refund, 18)} ETH to the sender")
            arrived = same and l2_after - l2_before == AMOUNT
            print(
                f"\n{format_units(l2_after - l2_before, 18)} ETH arrived" + ("." if arrived else ": that is not right.")
            )
            return 0 if arrived else 1


if __name__ == "__main__":
    sys.exit(main())
