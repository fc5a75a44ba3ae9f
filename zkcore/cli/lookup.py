"""From what a person has, a hash of either chain or a reference, to what it stands for."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zkcore.cli.exits import Exit, StopError
from zkcore.errors import InputError

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.journal import Entry
    from zkcore.wallet.wallet import Wallet

__all__ = ["entries_of", "found", "is_hash", "only", "watching"]


def is_hash(text: str) -> bool:
    """Whether it reads as 32 bytes of hex."""
    return re.fullmatch(r"0x[0-9a-fA-F]{64}", text) is not None


def entries_of(run: "Run", text: str) -> "list[Entry]":
    """What the journal has of a reference or a hash, on the chain that was named."""
    from zkcore.types import Hash32

    journal = run.journal()
    if journal is None:
        return []
    with journal:
        entries = journal.with_hash(Hash32(text)) if is_hash(text) else [journal.find(text)]
    known = run.known
    here = None if known is None else (known.l1_chain_id, known.l2_chain_id)
    return [e for e in entries if e is not None and here in (None, (e.l1_chain_id, e.l2_chain_id))]


@contextmanager
def watching(run: "Run", text: str) -> "Generator[tuple[Wallet, list[Any]], None, None]":
    """A wallet that watches whoever ordered this, and the handles of it. Raises StopError where nobody knows it."""
    entries = entries_of(run, text)
    of = entries[0].account if entries else None
    with run.wallet(anyone=True, of=of) as wallet:
        yield wallet, found(run, wallet, text, entries)


def found(run: "Run", wallet: "Wallet", text: str, entries: "list[Entry] | None" = None) -> list[Any]:
    """The handles that a hash or a reference stands for: from the journal, else from the chains.

    Empty for a transaction of L2 that withdraws nothing. Raises StopError where nobody knows it.
    """
    entries = entries_of(run, text) if entries is None else entries
    kept = [wallet.resume(e.handle) for e in entries if e.handle is not None and e.account == wallet.address]
    if kept:
        return kept
    if entries and entries[0].handle is None:
        state = f"{text} is {entries[0].state}: nothing of it was signed" + (
            f" ({entries[0].note})" * bool(entries[0].note)
        )
        raise StopError(state, Exit.NOT_READY, "order it again, under the same reference")
    if not is_hash(text):
        hint = "references are looked up in the journal (--journal FILE); a hash has 0x and 64 hex digits"
        raise StopError(f"{text!r}: no order has this reference", Exit.USAGE, hint)
    from zkcore.effects import gather
    from zkcore.methods import calls

    on_l1, on_l2 = wallet.run(gather(calls.get_transaction("l1", text), calls.get_transaction("l2", text)))
    if on_l1 is not None:
        return _deposits(wallet, text)
    if on_l2 is not None:
        return _withdrawals(wallet, text)
    hint = "check it, and --chain; one that was sent a moment ago may take a while to be known"
    raise StopError(f"{text}: neither node knows it, nor does the journal", Exit.NOT_READY, hint)


def _deposits(wallet: Any, text: str) -> list[Any]:
    if not hasattr(wallet, "deposits_in"):
        hint = f"its L2 hash: zkcore hash {text}; then ask for that"
        raise StopError(f"{text} is on L1, and no order of this journal", Exit.USAGE, hint)
    return list(wallet.deposits_in(text))


def _withdrawals(wallet: Any, text: str) -> list[Any]:
    if hasattr(wallet, "withdrawals_in"):
        try:
            return list(wallet.withdrawals_in(text))
        except InputError:
            return []
    from msgspec import json

    from zkcore.effects import gather
    from zkcore.flows.messages import withdrawals_in
    from zkcore.methods import calls

    (_, count), l1, l2 = wallet.run(gather(withdrawals_in(text), calls.chain_id("l1"), calls.chain_id("l2")))
    chains = {"l1_chain_id": l1, "l2_chain_id": l2}
    record = {"zkcore_handle": 1, "kind": "withdrawal", "l2_tx_hash": text, **chains}
    return [wallet.resume(json.encode({**record, "index": index})) for index in range(count)]


def only(handles: list[Any], text: str, kinds: tuple[str, ...], verb: str) -> Any:
    """The one handle that a command can work on. Raises StopError where there is none, or more than one."""
    fitting = [handle for handle in handles if handle.kind in kinds]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        kind = handles[0].kind if handles else "transaction of another kind"
        raise StopError(f"{text} is a {kind}: there is nothing to {verb}", Exit.USAGE)
    raise StopError(f"{text} makes {len(fitting)} {kinds[0]}s: which of them?", Exit.USAGE)
