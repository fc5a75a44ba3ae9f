"""Run a devnet in the foreground until Ctrl-C: `python -m zkcore.testing.devnet era-eth zksync-os-eth`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import msgspec

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
    parser.add_argument("--config", metavar="FILE", help="tell `zkcore --chain devnet` here what runs; gone at the end")
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
        if options.config and first is not None:
            stack.enter_context(_told(Path(options.config), first))
            print("\nin another terminal: zkcore deposit 0.1 eth --chain devnet")
        print("\nrunning; Ctrl-C ends it", flush=True)
        stop.wait()
    return 0


@contextmanager
def _told(path: Path, net: Devnet) -> Generator[None, None, None]:
    """A configuration of the command line with this network; beside it the key of the first account, and a journal.

    The journal goes with the network: another devnet has the same chain ids, and has never heard of what is in it.
    """
    key, journal = path.with_suffix(".key"), path.with_suffix(".sqlite")
    _clear(journal)
    for file, content in ((key, net.accounts[0].private_key), (path, configuration(net, key, journal))):
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        key.unlink(missing_ok=True)
        _clear(journal)


def _clear(journal: Path) -> None:
    for file in journal.parent.glob(f"{journal.name}*"):  # and what SQLite and the leases keep beside it
        file.unlink(missing_ok=True)


def configuration(net: Devnet, key: Path, journal: Path | None = None) -> str:
    """A configuration of the command line that reaches a devnet as `--chain devnet`, signing with the key in a file."""
    profile = msgspec.to_builtins(net.profile, enc_hook=str)
    fields = {name: value for name, value in profile.items() if value not in (None, "", (), []) and name != "tokens"}
    tokens = [{name: value for name, value in token.items() if value is not None} for token in profile["tokens"]]
    network = {"l1": [net.l1_url], "l2": [net.l2_url], "key_file": str(key), "profile": {**fields, "tokens": tokens}}
    network |= {} if journal is None else {"journal": str(journal)}
    # a line of JSON is a line of TOML but for its colons, and TOML has no null
    return "[networks]\ndevnet = " + _toml(network) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, cast("list[object]", value))) + "]"
    return msgspec.json.encode(value).decode()


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
