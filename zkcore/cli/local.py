"""What needs no money: a devnet, a demonstration, an audit, the accounts of a signer, and whether all is well."""

import runpy
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkcore.cli.exits import Exit, StopError, advice, text_of
from zkcore.cli.options import command
from zkcore.cli.settings import state_dir
from zkcore.errors import ZkCoreError

if TYPE_CHECKING:
    from zkcore.cli.run import Run

__all__ = ["register"]


def _program(module: str, *arguments: str) -> int:
    """Run a module as the program it is: what ships does not import the test kit, it starts it."""
    before = sys.argv
    sys.argv = [module, *arguments]
    try:
        with warnings.catch_warnings():  # that it was imported before matters to none of these
            warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE if end.code is None else Exit.FAILED
    finally:
        sys.argv = before
    return Exit.DONE


def devnet(
    run: "Run",
    presets: Annotated[
        list[str] | None, typer.Argument(metavar="[PRESET]...", help="era-eth, era-erc20, zksync-os-eth.")
    ] = None,
    l2_balance: Annotated[int, typer.Option("--l2-balance", metavar="WEI", help="What each account has on L2.")] = 0,
) -> int:
    """Run a local L1 and L2 until Ctrl-C; other terminals reach it as --chain devnet."""
    folder = state_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    run.voice.say("starting a local L1 and L2 (the first time, anvil is installed into a cache) ...")
    options = ["--l2-balance", str(l2_balance), "--config", str(folder / "devnet.toml")]
    return _program("zkcore.testing.devnet", *(presets or ["era-eth"]), *options)


def demo(run: "Run") -> int:
    """Watch ether go to L2 and come back, on a local devnet: a deposit, a withdrawal and its finalization."""
    return _program("zkcore.testing.demo", *(["--json"] if run.voice.as_json else []))


def audit(
    run: "Run",
    use: Annotated[str | None, typer.Option("--for", metavar="USE", help="Only what to read for this use.")] = None,
    signed_by: Annotated[str | None, typer.Option("--by", metavar="SIGNER", help="With --for: signed by what.")] = None,
) -> int:
    """What is installed, for those who read it before they trust it: hashes, lines, contracts, constants."""
    options = ["--json"] if run.voice.as_json else []
    options += ["--for", use] if use else []
    options += ["--signer", signed_by] if signed_by else []
    return _program("zkcore.audit", *options)


def accounts(
    run: "Run",
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many of a device's accounts.")] = 5,
    scheme: Annotated[
        str | None, typer.Option("--scheme", metavar="NAME", help="Of a device: bip44, ledger-live or legacy.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Show the account on the device's screen.")] = False,
) -> None:
    """The accounts of a signer; with --confirm, the one at the path on the device's own screen."""
    from zkcore.cli.signing import signer

    with signer(run) as made:
        listed: list[tuple[str, Any]] = [("", made.address)]
        if hasattr(made, "accounts"):
            listed = [(one.path, one.address) for one in made.accounts(scheme, count)]
        if confirm:
            if not hasattr(made, "confirm_address"):
                raise StopError("--confirm: only a device has a screen", Exit.USAGE)
            run.voice.say(f"compare with the screen: {made.address}", "bold")
            made.confirm_address()
    result = [{"path": path, "address": address} for path, address in listed]
    run.voice.give({"accounts": result, "confirmed": made.address if confirm else None})
    run.voice.tell([f"{address}  {path}".rstrip() for path, address in listed])


# ---------------------------------------------------------------- doctor
def doctor(run: "Run") -> int:
    """Look at everything a command needs: each line is ok, or says what to do."""
    every: list[dict[str, Any]] = []
    for what, check in _checks(run):
        try:
            told, ok = check(), True
        except (ZkCoreError, StopError, OSError) as error:
            told, ok = ": ".join(filter(None, (text_of(error).rstrip("?:."), advice(error)))), False
        if not ok and told in {one["says"] for one in every}:
            told = "the same"  # said once
        every.append({"check": what, "ok": ok, "says": told})
    run.voice.give({"checks": every, "ok": all(one["ok"] for one in every)})
    rows = [(f"{'ok ' if one['ok'] else '!! '} {one['check']}", one["says"], 0) for one in every]
    run.voice.tell(run.voice.rows(rows))
    return Exit.DONE if all(one["ok"] for one in every) else Exit.FAILED


def _checks(run: "Run") -> Iterator[tuple[str, Callable[[], str]]]:
    yield "zkcore", _versions
    yield "configuration", lambda: f"{run.settings.path}{'' if run.settings.path.exists() else ' (none)'}"
    for extra, module in (("ledger", "ledgereth"), ("trezor", "trezorlib")):
        wanted = bool(run.settings.text(extra))
        if wanted or find_spec(module) is not None:
            yield f"extra {extra}", partial(_extra, extra, module)
    yield "journal", lambda: _journal(run)
    yield "chain", lambda: _chain(run)
    for side in ("l1", "l2"):
        yield f"{side.upper()} node", partial(_node, run, side)
    yield "contracts", lambda: _contracts(run)
    if any(run.settings.text(way) for way in ("ledger", "trezor", "keystore", "key_file", "signer")):
        yield "signer", lambda: _signer(run)
    for name, address in run.settings.bookmarks.items():
        yield f"bookmark {name}", partial(_address, address)


def _address(text: str) -> str:
    from zkcore.types import Address

    return str(Address(text))


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{version('zkcore')} on Python {sys.version.split()[0]}"
    except PackageNotFoundError:
        return f"not installed as a distribution, on Python {sys.version.split()[0]}"


def _extra(extra: str, module: str) -> str:
    if find_spec(module) is None:
        raise StopError(f"not installed: pip install 'zkcore[{extra}]'", Exit.FAILED)
    return "installed"


def _journal(run: "Run") -> str:
    journal = run.journal()
    if journal is None:
        return "none: what is in flight is lost with the process"
    with journal:
        return f"{len(journal.pending())} in flight"


def _chain(run: "Run") -> str:
    chain = run.profile
    if run.known is None:
        return f"{chain}: not pinned"
    return f"{run.known.name or run.known.l2_chain_id} ({run.known.l2_chain_id} on L1 {run.known.l1_chain_id})"


def _node(run: "Run", side: str) -> str:
    """Each URL by itself: it answers, and for the right chain."""
    from zkcore.cli.nodes import chain_id

    expected = None if run.known is None else getattr(run.known, f"{side}_chain_id")
    urls = run.settings.many(side)
    if not urls:
        run.nodes(side)
    for url in urls:
        found = chain_id(run, url, side)
        if expected not in (None, found):
            raise StopError(f"it is on chain {found}, expected {expected}", Exit.USAGE, f"check --{side} and --chain")
    return f"{len(urls)} answer(s), chain {expected or 'id as it says'}"


def _contracts(run: "Run") -> str:
    from zkcore.cli.nodes import stack_and_version

    with run.wallet(anyone=True) as wallet:
        stack, version = stack_and_version(wallet)
    return f"as L1 names them; {stack}, protocol v{version}"


def _signer(run: "Run") -> str:
    from zkcore.cli.signing import signer

    with signer(run) as made:
        kept = (str(getattr(made, name, "")) for name in ("model", "path"))
        return " ".join([str(made.address), *filter(None, kept)])


def register(app: typer.Typer) -> None:
    """Make the commands."""
    command(app, "demo", example="zkcore demo")(demo)
    command(app, "devnet", example="zkcore devnet, and in another terminal: zkcore balance --chain devnet")(devnet)
    command(app, "doctor", example="zkcore doctor --chain era --ledger", options=("where", "who", "journal"))(doctor)
    command(app, "accounts", example="zkcore accounts --ledger --confirm", options=("where", "who"))(accounts)
    command(app, "audit", example="zkcore audit --for deposit --by ledger")(audit)
