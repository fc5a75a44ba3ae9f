"""Watch ether go to L2 and come back: a deposit, a withdrawal and its finalization on the embedded devnet. `zkcore demo`.

Exits 0 only if what arrived is exactly what was sent.
"""

import argparse
import json
import sys
from time import monotonic
from typing import Any

from signers import PrivateKeySigner
from zkcore import ETH, Wallet, ether, format_units
from zkcore.testing.devnet import AnvilMissing, Devnet

__all__ = ["main"]

_AMOUNT, _BACK = ether("0.1"), ether("0.04")


class _Story:
    """Tells it, or keeps quiet for programs."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._begun = quiet, monotonic()

    def __call__(self, text: str = "") -> None:
        if not self._quiet:
            print(text, flush=True)  # noqa: T201  # a program that tells

    def step(self, text: str) -> None:
        """A heading."""
        self(f"\n== {text} ({monotonic() - self._begun:.0f} s)")


def main() -> int:
    """Run it. The exit code."""
    parser = argparse.ArgumentParser(prog="zkcore demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    options = parser.parse_args()
    tell = _Story(quiet=options.json)
    tell("Starting a local L1 and L2 (anvil is installed into a cache the first time) ...")
    try:
        with Devnet("era-eth") as net:
            result = _there_and_back(net, tell)
    except AnvilMissing as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if options.json:
        print(json.dumps(result))  # noqa: T201
    return 0 if result["arrived"] and result["paid_out"] else 1


def _there_and_back(net: Devnet, tell: _Story) -> dict[str, Any]:
    signer, receiver = PrivateKeySigner(net.accounts[0].private_key), net.accounts[1].address
    with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        before = wallet.get_balance(address=receiver)
        tell.step("A deposit of 0.1 ETH: what would be signed, decoded from its bytes")
        plan = wallet.prepare_deposit(ETH, _AMOUNT, to=receiver)
        tell(str(plan.preview(net.profile)))
        deposit = wallet.submit(plan)
        tell.step(f"Sent: {deposit.l1_tx_hash}")
        deposit.wait(timeout=60, on_progress=lambda status: tell(f"  {status.phase}"))
        arrived = wallet.get_balance(address=receiver) - before
        tell(f"  {format_units(arrived, 18)} ETH arrived on L2")

    other = PrivateKeySigner(net.accounts[1].private_key)
    with Wallet(other, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        before = wallet.get_l1_balance()
        tell.step("A withdrawal of 0.04 ETH")
        withdrawal = wallet.withdraw(ETH, _BACK)
        tell(f"  sent on L2: {withdrawal.l2_tx_hash}")
        withdrawal.wait("ready", timeout=60, on_progress=lambda status: tell(f"  {status.phase}"))
        tell.step("Its finalization on L1, with a proof checked here first")
        receipt = withdrawal.finalize().wait(timeout=60)
        if receipt is None:
            raise RuntimeError("the finalization of a new withdrawal has a receipt")
        paid = wallet.get_l1_balance() - before + receipt.gas_used * (receipt.effective_gas_price or 0)
        tell(f"  {format_units(paid, 18)} ETH were paid out on L1, after {format_units(receipt.gas_used, 0)} gas")
    tell("\nThe same on a real chain:\n  zkcore quote deposit 0.1 eth --chain era --account ADDRESS --l1 URL --l2 URL")
    return {
        "l1_tx_hash": str(deposit.l1_tx_hash),
        "l2_tx_hash": str(withdrawal.l2_tx_hash),
        "arrived": arrived == _AMOUNT,
        "paid_out": paid == _BACK,
    }


if __name__ == "__main__":
    sys.exit(main())
