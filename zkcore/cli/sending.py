"""From a plan to what was sent: shown, asked for, signed, sent, followed. One way for every command that moves value."""

import shlex
from typing import TYPE_CHECKING, Any

import msgspec

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.progress import PHASES, follow, identity, seconds

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.plans.plan import SignedPlan
    from zkcore.wallet.wallet import Wallet

__all__ = ["fields_of", "finish", "send", "told"]

_LAST = {"deposit": "l2", "execution": "l2", "withdrawal": "l2"}  # until when a command waits, if nothing is said


def send(run: "Run", wallet: "Wallet", plan: Any, *, note: str = "") -> int:
    """Show a plan, ask, sign, send, and follow it. The exit code."""
    unsigned = getattr(plan, "plan", plan)
    reference = run.settings.said("reference") or unsigned.facts.reference
    if reference is not None and (kept := _kept(run, reference, unsigned)) is not None:
        if run.settings.flag("dry_run"):
            run.voice.give({**_facts_of(run, kept.plan), "ordered_before": True, "dry_run": True})
            return Exit.DONE
        # what was signed then is given, so that nothing can be signed now; its bytes may be sent once more
        run.sent, run.going_on = True, ""
        return finish(run, wallet.submit(kept, reference=reference), plan=kept.plan, before=True)
    run.voice.preview(unsigned.preview(run.known))
    if note:
        run.voice.note(note)
    if run.settings.flag("dry_run"):
        run.voice.say("dry run: nothing was signed or sent")
        run.voice.give({**_facts_of(run, unsigned), "dry_run": True})
        return Exit.DONE
    run.ask("send?")
    run.ordering, run.going_on = reference or str(unsigned.hash), ""
    run.sent = unsigned is not plan  # signed elsewhere: no signer says when it may be out
    handle: Any = wallet.submit(plan, **({} if reference is None else {"reference": reference}))
    return finish(run, handle, plan=unsigned)


def _kept(run: "Run", reference: str, plan: Any) -> "SignedPlan[Any] | None":
    """What was signed under this reference before; None if nothing was. Raises StopError if that is another order."""
    from zkcore.journal.entries import AGAIN
    from zkcore.plans.plan import essence

    journal = run.journal()
    if journal is None:
        return None
    with journal:
        entry = journal.find(reference)
    if entry is None or entry.plan is None or entry.state in AGAIN:
        return None
    if essence(entry.plan.plan) != essence(plan):
        hint = f"see it with `zkcore status {shlex.quote(reference)}{run.again()}`, or give this one a name of its own"
        raise StopError(f"reference: {reference} is the name of another order, a {entry.kind}", Exit.USAGE, hint)
    run.voice.say(f"{reference} was ordered before, and is paid once: it is {entry.state} in the journal")
    return entry.plan


def finish(run: "Run", handle: Any, *, plan: Any = None, until: str | None = None, before: bool = False) -> int:
    """Say what was sent, now or `before`, and follow it as far as a command does. The exit code."""
    number = identity(handle)
    # it is with the nodes: whatever stops the command from now on stops the looking alone
    run.going_on = f"zkcore wait {number}{run.again()}" if number else ""
    run.sent = False
    result: dict[str, Any] = {} if plan is None else _facts_of(run, plan)
    result |= {"ordered_before": True} if before else {}
    if not before:
        run.voice.say(f"sent: {number}" if number else "it had been done before")
    if not run.settings.flag("no_wait"):
        timeout = seconds(run.settings.text("timeout"))
        follow(run, handle, until=until or _LAST.get(handle.kind), timeout=timeout)
    status = told(handle)
    run.voice.give({**result, **fields_of(handle), "status": status})
    run.voice.tell(_ending(run, handle, status))
    return Exit.DONE


def _facts_of(run: "Run", plan: Any) -> dict[str, Any]:
    fields = plan.preview(run.known).fields
    total = next((field.raw for field in fields if field.label == "in total, at most"), None)
    shown = [{"label": f.label, "value": f.value, "depth": f.depth} for f in fields]
    return {
        "kind": plan.kind,
        "sender": plan.sender,
        "plan_hash": plan.hash,
        "max_total": total,
        "preview": shown,
    }


def told(handle: Any) -> dict[str, Any]:
    """How far it is, as data: the phase, why, and the hashes."""
    status = handle.status()
    if handle.kind in {"deposit", "execution", "withdrawal"}:
        kept = ("phase", "reason", "l1_tx_hash", "l2_tx_hash", "finalization", "blocked")
        return {name: value for name in kept if (value := getattr(status, name, None)) not in (None, "")}
    if status is None:
        done = getattr(handle, "l1_tx_hash", "") is None
        return {"phase": "FINALIZED" if done else "PENDING"}
    return {"phase": "INCLUDED" if status.status == 1 else "L1_FAILED", "block_number": status.block_number}


def fields_of(handle: Any) -> dict[str, Any]:
    """A handle as data; `handle` is what `zkcore show` and `Wallet.resume` read."""
    fields: dict[str, Any] = msgspec.json.decode(handle.to_json())
    names = ("kind", "l1_tx_hash", "l2_tx_hash", "index", "tx_hash", "chain")
    kept: dict[str, Any] = {name: fields[name] for name in names if name in fields}
    return {**kept, "handle": handle.to_json()}


def _ending(run: "Run", handle: Any, status: dict[str, Any]) -> list[str]:
    words = PHASES.get(status["phase"], (status["phase"], ""))[0]
    lines = [f"{handle.kind} {identity(handle)}: {words}".replace("  ", " ")]
    again = run.again()
    if handle.kind in {"deposit", "execution"} and status.get("l2_tx_hash"):
        lines.append(f"on L2: {status['l2_tx_hash']}")
    if handle.kind == "withdrawal" and status["phase"] not in {"READY", "FINALIZED"}:
        lines.append(f"it is paid out on L1 once its batch is executed: zkcore wait {identity(handle)}{again}")
    if status["phase"] == "READY":
        lines.append(f"zkcore finalize {identity(handle)}{again}")
    return lines
