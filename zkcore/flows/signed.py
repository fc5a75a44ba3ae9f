"""What this session has signed, by hash: receipts and messages that a node tells of it are compared with that."""

from typing import Final

from zkcore.errors import InputError, MalformedReply
from zkcore.flows.session import Session
from zkcore.methods.replies import Receipt
from zkcore.protocol.assets import parse_withdrawal_message
from zkcore.protocol.signed import asked_withdrawal
from zkcore.transactions import Transaction, parse_transaction
from zkcore.types import Hash32, HexLike, hex_bytes, to_hex

__all__ = ["check_message", "check_receipt", "remember"]

_REMEMBERED: Final = 50_000  # signed transactions; of older ones a node's word is taken


def remember(session: Session, tx_hash: Hash32 | None, raw: HexLike | None) -> None:
    """The account has signed these bytes: what is told of their hash has to fit them."""
    if tx_hash is None or not raw:
        return
    signed = session.known.signed
    signed[tx_hash] = hex_bytes(raw, "signed")
    if len(signed) > _REMEMBERED:
        del signed[next(iter(signed))]


def _of(session: Session, tx_hash: Hash32) -> Transaction | None:
    raw = session.known.signed.get(tx_hash)
    return None if raw is None else parse_transaction(raw)[0]


def check_receipt(session: Session, receipt: Receipt) -> None:
    """It is of what was signed under its hash, if the session has signed that. Raises MalformedReply."""
    signed = _of(session, receipt.transaction_hash)
    if signed is not None and (receipt.from_address, receipt.to or signed.to) != (session.address, signed.to):
        raise MalformedReply(
            f"the receipt of {receipt.transaction_hash} is of a transaction from {receipt.from_address} to {receipt.to}; "
            f"what was signed is from {session.address} to {signed.to}"
        )


# ---------------------------------------------------------------- withdrawals
def check_message(session: Session, tx_hash: Hash32, message: bytes) -> None:
    """The withdrawal that a node tells of is the one that was signed under this hash. Raises MalformedReply."""
    signed = _of(session, tx_hash)
    if signed is None:
        return
    asked = asked_withdrawal(session.address, session.chain_id, signed)
    if asked is None:
        return
    try:
        said: object = parse_withdrawal_message(message)
        agrees = asked.is_announced_by(parse_withdrawal_message(message))
    except InputError:  # it is none of the kind that was signed
        said, agrees = to_hex(message), False
    if not agrees:
        raise MalformedReply(
            f"the L2 node tells of a withdrawal by {tx_hash} that is not the one that was signed ({asked.amount} of "
            f"{asked.asset_id or 'the base token'} to {asked.receiver}): {said}"
        )
