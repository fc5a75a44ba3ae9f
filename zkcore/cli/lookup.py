"""From what a person has, a hash of either chain or a reference, to what it stands for."""

import re
from typing import TYPE_CHECKING, Any

from zkcore.cli.exits import Exit, StopError
from zkcore.errors import InputError

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.types import Hash32
    from zkcore.wallet.wallet import Wallet

__all__ = ["entry_handles", "found", "is_hash", "only"]


def is_hash(text: str) -> bool:
    """Whether it reads as 32 bytes of hex."""
    return re.fullmatch(r"0x[0-9a-fA-F]{64}", text) is not None


def found(run: "Run", wallet: Any, text: str) -> list[Any]:
    """The handles that a hash or a reference stands for: from the journal, then from the chains.

    Raises StopError where nobody knows it.
    """
    handles = entry_handles(run, wallet, text)
    if handles:
        return handles
    if not is_hash(text):
        hint = "references are looked up in the journal (--journal FILE); a hash has 0x and 64 hex digits"
        raise StopError(f"{text!r}: no order has this reference", Exit.USAGE, hint)
    from zkcore.effects import gather
    from zkcore.methods import calls
    from zkcore.types import Hash32

    number = Hash32(text)
    on_l1, on_l2 = wallet.run(gather(calls.get_transaction("l1", number), calls.get_transaction("l2", number)))
    if on_l1 is not None:
        return list(wallet.deposits_in(number))
    if on_l2 is not None:
        try:
            return list(wallet.withdrawals_in(number))
        except InputError:
            return []
    hint = "check it, and --chain; one that was sent a moment ago may take a while to be known"
    raise StopError(f"{text}: neither node knows it, nor does the journal", Exit.NOT_READY, hint)


def entry_handles(run: "Run", wallet: "Wallet", text: str) -> list[Any]:
    """The handles that the journal has for a reference or a hash."""
    journal: Any = run.journal()
    if journal is None:
        return []
    with journal:
        entries = journal.with_hash(_hash(text)) if is_hash(text) else [journal.find(text)]
    return [wallet.resume(entry.handle) for entry in entries if entry is not None and entry.handle]


def _hash(text: str) -> "Hash32":
    from zkcore.types import Hash32

    return Hash32(text)


def only(handles: list[Any], text: str, kinds: tuple[str, ...], verb: str) -> Any:
    """The one handle that a command can work on. Raises StopError where there is none, or more than one."""
    fitting = [handle for handle in handles if handle.kind in kinds]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        kind = handles[0].kind if handles else "transaction of another kind"
        raise StopError(f"{text} is a {kind}: there is nothing to {verb}", Exit.USAGE)
    raise StopError(f"{text} makes {len(fitting)} {kinds[0]}s: which of them?", Exit.USAGE)
