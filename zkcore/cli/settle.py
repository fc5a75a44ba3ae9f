"""What goes on with something that was sent before: finalize, claim, speed up, cancel, resume."""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from zkcore.cli.exits import Exit, StopError, exit_code
from zkcore.cli.lookup import found, is_hash, only
from zkcore.cli.options import command
from zkcore.cli.orders import Order, prepared, write_plan
from zkcore.cli.progress import identity
from zkcore.cli.reads import unpaid
from zkcore.cli.sending import fields_of, finish, send, told
from zkcore.errors import AlreadyFinalized, ZkCoreError
from zkcore.protocol.chains import Bridge

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.wallet.wallet import Wallet

__all__ = ["register"]

_Index = Annotated[int | None, typer.Option("--index", metavar="N", help="Which of its withdrawals; else all.")]
_Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where the plan goes.")]
_From = Annotated[int | None, typer.Option("--from-block", metavar="N", help="With --all: the first L2 block.")]
_Sent = Annotated[str, typer.Argument(metavar="HASH", help="A hash of L1 or of L2, or your reference.")]
_REQUESTS = ("deposit", "execution")


def finalize(
    run: "Run",
    hashes: Annotated[list[str] | None, typer.Argument(metavar="HASH...", help="L2 hashes, or references.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are ready.")] = False,
    index: _Index = None,
    from_block: _From = None,
) -> int:
    """Have L1 pay out withdrawals. Anyone may: the receiver is fixed by the withdrawal."""
    if bool(hashes) == all_:
        raise StopError("which withdrawals?", Exit.USAGE, "give their hashes, or --all")
    with run.wallet(signs=not run.settings.flag("dry_run")) as wallet:
        handles = _chosen(run, wallet, hashes or [], index) if hashes else _ready(run, wallet, from_block)
        if len(handles) == 1:
            return _finalize(run, wallet, handles[0])
        return _each(run, wallet, handles)


def _chosen(run: "Run", wallet: "Wallet", hashes: list[str], index: int | None) -> list[Any]:
    chosen: list[Any] = []
    for text in hashes:
        made = [handle for handle in found(run, wallet, text) if handle.kind == "withdrawal"]
        if not made:
            raise StopError(f"{text} withdraws nothing: there is nothing to finalize", Exit.USAGE)
        chosen += [handle for handle in made if index is None or handle.index == index]
    if not chosen:
        raise StopError(f"--index: there is no withdrawal number {index}", Exit.USAGE)
    return chosen


def _ready(run: "Run", wallet: "Wallet", from_block: int | None) -> list[Any]:
    handles = unpaid(run, wallet, wallet.address, from_block)
    ready = [handle for handle in handles if told(handle)["phase"] == "READY"]
    run.voice.say(f"{len(ready)} of {len(handles)} withdrawal(s) are ready")
    return ready


def _finalize(run: "Run", wallet: "Wallet", handle: Any) -> int:
    order = Order(method="finalize_withdrawal", arguments=(handle.l2_tx_hash, handle.index), named=_bridge(run, handle))
    try:
        plan = prepared(run, wallet, order)
    except AlreadyFinalized as done:
        run.voice.give({**fields_of(handle), "status": {"phase": "FINALIZED"}})
        run.voice.tell(str(done))
        return Exit.DONE
    return send(run, wallet, plan)


def _bridge(run: "Run", handle: Any) -> dict[str, Any]:
    """The bridge it went by: the one that is named, or that the handle remembers; else the profile's are tried."""
    kept = msgspec.json.decode(handle.to_json()).get("bridge")
    return run.by_bridge() or ({} if kept is None else {"bridge": Bridge(**kept)})


def _each(run: "Run", wallet: "Wallet", handles: list[Any]) -> int:
    """One after another, each under the next nonce; one that fails holds up none of the others."""
    outcomes: list[dict[str, Any]] = []
    worst = Exit.DONE
    run.voice.quiet = True
    try:
        for handle in handles:
            outcome: dict[str, Any] = {"l2_tx_hash": handle.l2_tx_hash, "index": handle.index}
            try:
                _ = _finalize(run, wallet, handle)
            except ZkCoreError as error:
                run.voice.error(error)
                worst = exit_code(error)
                outcome |= {"error": type(error).__name__, "message": str(error)}
            outcomes.append({**outcome, "status": told(handle)})
    finally:
        run.voice.quiet = False
    run.voice.give({"finalized": outcomes})
    done = sum(one["status"]["phase"] == "FINALIZED" for one in outcomes)
    run.voice.tell(f"{done} of {len(outcomes)} withdrawal(s) are finalized" if handles else "nothing is ready")
    return worst


def claim(run: "Run", what: _Sent) -> int:
    """Have L1 give back a deposit that failed on L2. Anyone may: the funds go to the depositor."""
    with run.wallet(signs=not run.settings.flag("dry_run")) as wallet:
        return send(run, wallet, prepared(run, wallet, _claiming(run, wallet, what)))


def _claiming(run: "Run", wallet: "Wallet", what: str) -> Order:
    """The claim of a request from L1, whichever of its hashes was given."""
    handles = found(run, wallet, what)
    if not handles and is_hash(what):
        return Order(method="claim_failed_deposit", arguments=(what,), named=run.by_bridge())
    handle = only(handles, what, _REQUESTS, "claim")
    if handle.l2_tx_hash is None:
        _ = handle.status()
    if handle.l2_tx_hash is None:
        raise StopError(f"{what} is not included on L1 yet", Exit.NOT_READY)
    return Order(method="claim_failed_deposit", arguments=(handle.l2_tx_hash,), named=_bridge(run, handle))


# ---------------------------------------------------------------- prepare
def prepare_finalize(run: "Run", what: _Sent, index: _Index = None, output: _Output = None) -> None:
    """The plan that finalizes a withdrawal."""
    with run.wallet() as wallet:
        order = Order(method="finalize_withdrawal", arguments=(what, index or 0), named=run.by_bridge())
        plan = prepared(run, wallet, order)
    write_plan(run, plan, output)


def prepare_claim(run: "Run", what: _Sent, output: _Output = None) -> None:
    """The plan that claims a failed deposit."""
    with run.wallet() as wallet:
        plan = prepared(run, wallet, _claiming(run, wallet, what))
    write_plan(run, plan, output)


# ---------------------------------------------------------------- what is stuck
def speed_up(run: "Run", what: _Sent) -> int:
    """Send a request that L1 has not included again, under its nonce, with higher fees."""
    with run.wallet(signs=True) as wallet:
        handle = only(found(run, wallet, what), what, _REQUESTS, "speed up")
        run.confirms = True
        handle.speed_up()
        return finish(run, handle)


def cancel(run: "Run", what: _Sent) -> int:
    """Send nothing in the place of a request that L1 has not included. Whichever is included first, wins."""
    with run.wallet(signs=True) as wallet:
        handle = only(found(run, wallet, what), what, _REQUESTS, "cancel")
        run.confirms = True
        other = handle.cancel()
        return finish(run, other)


def resume(run: "Run") -> int:
    """Go on with all that is in flight: send what is signed and unsent, nothing twice, and follow it."""
    worst, every = Exit.DONE, list[dict[str, Any]]()
    for account in _accounts(run):
        with run.wallet(of=account) as wallet:
            run.sent, run.going_on = True, ""  # what is signed may be sent from now on
            for handle in wallet.resume_all():
                if isinstance(handle, Exception):
                    run.voice.error(handle)
                    worst = exit_code(handle)
                    continue
                run.voice.say(f"{handle.kind} {identity(handle)}: {told(handle)['phase']}")
                every.append({**fields_of(handle), "status": told(handle)})
    run.voice.give({"resumed": every})
    run.voice.tell([f"{one['kind']}: {one['status']['phase']}" for one in every] or "nothing is in flight")
    return worst


def _accounts(run: "Run") -> list[Any]:
    """The account that was named; else those with something in flight on this chain."""
    if (account := run.settings.text("account")) is not None:
        return [run.settings.address(account)]
    journal = run.journal()
    if journal is None:
        raise StopError("there is no journal: --journal is none", Exit.USAGE)
    chain = getattr(run.profile, "l2_chain_id", run.profile)
    with journal:
        return list(dict.fromkeys(entry.account for entry in journal.pending() if entry.l2_chain_id == chain))


def register(app: typer.Typer, prepare: typer.Typer) -> None:
    """Make the commands."""
    number = "0x5b25f5d5f5a3cf1a1d4c06ddc7d3a0e2b9f9a8d0a5cdd7a0b5f0f7f2c6b0a1d2"
    full: Any = ("where", "bridge", "who", "journal", "send")
    sends: tuple[tuple[str, Any], ...] = (
        ("finalize", finalize),
        ("claim", claim),
        ("speed-up", speed_up),
        ("cancel", cancel),
    )
    for name, function in sends:
        command(app, name, example=f"zkcore {name} {number} --chain era --ledger", options=full)(function)
    command(app, "resume", example="zkcore resume --chain era", options=("where", "who", "journal"))(resume)
    less: Any = ("where", "bridge", "who", "journal", "max_fee")
    plans: tuple[tuple[str, Any], ...] = (("finalize", prepare_finalize), ("claim", prepare_claim))
    for name, function in plans:
        example = f"zkcore prepare {name} {number} --chain era --account ADDRESS -o plan.json"
        command(prepare, name, example=example, options=less)(function)
