"""Of a transaction that L2 shows no receipt of: where it is instead, and what became of it if it was signed here."""

from typing import Final, Literal, TypeAlias

from zkcore.effects import Flow
from zkcore.flows.fate import Outcome, displaced, unincluded
from zkcore.flows.messages import absent_from_l2
from zkcore.flows.session import Session
from zkcore.flows.signed import slot_of
from zkcore.methods.replies import Receipt
from zkcore.types import Hash32

__all__ = ["AbsentPhase", "absent", "check_not_replaced"]

AbsentPhase: TypeAlias = Literal["L2_PENDING", "L2_DROPPED", "L2_UNKNOWN", "L2_REPLACED"]

_SAID: Final[dict[Outcome, tuple[AbsentPhase, str]]] = {
    "pending": ("L2_PENDING", "L2 has no receipt of {} yet"),
    "dropped": ("L2_DROPPED", "L2 does not know {} any more, and its nonce {} is free: submit the signed plan again"),
    "unknown": ("L2_UNKNOWN", "L2 does not show {}, and its nonce {} is used, in a block that is not final yet"),
    "replaced": ("L2_REPLACED", "{} was never included: another transaction has used its nonce {}"),
}


def absent(
    session: Session, tx_hash: Hash32, *, must_be_known: bool = False
) -> Flow[Receipt | tuple[AbsentPhase, str]]:
    """Where there was no receipt on L2: how far it is, and why; or the receipt after all. At most two waves.

    Raises InputError for a transaction of L1; if it must be known, NotReady for one that no node knows and nobody signed here.
    """
    slot = slot_of(session, tx_hash, session.chain_id)
    if slot is None:
        return "L2_PENDING", (yield from absent_from_l2(tx_hash, known=must_be_known))
    found = yield from unincluded("l2", (tx_hash,), *slot)
    if found.receipt is not None:
        return found.receipt
    phase, reason = _SAID[found.outcome]
    return phase, reason.format(tx_hash, slot.nonce)


def check_not_replaced(session: Session, tx_hash: Hash32, phase: str) -> None:
    """Raise TransactionFailed if it never will be included."""
    slot = slot_of(session, tx_hash)
    if phase == "L2_REPLACED" and slot is not None:
        raise displaced("l2", tx_hash, slot)
