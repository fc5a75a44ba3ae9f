"""Run a devnet in the foreground until Ctrl-C: `python -m zkcore.testing.devnet era-eth zksync-os-eth`."""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from typing import cast

from zkcore.testing.devnet.network import PRESETS, Devnet, Preset
from zkcore.testing.devnet.process import AnvilMissing
from zkcore.types import format_units


def main() -> int:
    """Start, say what to connect to, wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m zkcore.testing.devnet", description=__doc__)
    parser.add_argument(
        "presets", nargs="*", metavar="preset", help=f"{', '.join(PRESETS)}; several share one L1 (default: era-eth)"
    )
    parser.add_argument("--protocol-version", type=int, default=30, metavar="N", help="26 to 33 (default: 30)")
    parser.add_argument(
        "--l2-balance", type=int, default=0, metavar="WEI", help="what each account has on L2 (default: 0)"
    )
    parser.add_argument("--l1-port", type=int, default=0, metavar="N", help="where L1 listens (default: a free port)")
    parser.add_argument(
        "--l2-port", type=int, default=0, metavar="N", help="where the first L2 listens, others after it"
    )
    options = parser.parse_args()
    presets: list[str] = options.presets or ["era-eth"]
    if unknown := set(presets) - PRESETS.keys():
        parser.error(f"unknown preset {', '.join(sorted(unknown))}: expected {', '.join(PRESETS)}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())
    with ExitStack() as stack:
        first: Devnet | None = None
        try:
            for i, preset in enumerate(presets):
                net = Devnet(
                    cast("Preset", preset),
                    l1=first,
                    protocol_version=options.protocol_version,
                    l2_balance=options.l2_balance,
                    l1_port=options.l1_port,
                    l2_port=options.l2_port and options.l2_port + i,
                )
                stack.enter_context(net)
                _show(preset, net, with_l1=first is None)
                first = first or net
        except (AnvilMissing, OSError) as error:  # OSError: a port that is taken
            print(error, file=sys.stderr)
            return 1
        print("\nrunning; Ctrl-C ends it", flush=True)
        stop.wait()
    return 0


def _show(preset: str, net: Devnet, *, with_l1: bool) -> None:
    profile = net.profile
    if with_l1:
        print(f"L1  {net.l1_url}  chain id {profile.l1_chain_id}")
        for name in ("bridgehub", "asset_router", "nullifier", "native_token_vault"):
            print(f"    {name:20} {getattr(profile, name)}")
        for symbol, address in net.tokens.items():
            print(f"    {symbol:20} {address}")
        print("accounts, with keys that everybody knows")
        for account in net.accounts:
            print(f"    {account.address}  {account.private_key}")
    print(f"\nL2  {net.l2_url}  chain id {profile.l2_chain_id}  {preset}")
    print(f"    {'diamond':20} {profile.diamond}")
    print(f"    {'base token':20} {profile.base_token}")
    for symbol, address in net.l2_tokens.items():
        print(f"    {symbol:20} {address}")
    for name in ("general_paymaster", "approval_paymaster"):
        if (paymaster := getattr(net.built_ins, name)) is not None:
            print(f"    {name:20} {paymaster}")
    if balance := int(net.l2.rpc("eth_getBalance", str(net.accounts[0].address), "latest"), 16):
        print(f"    {'each account has':20} {format_units(balance, 18)}")


if __name__ == "__main__":
    sys.exit(main())
