"""What this session has signed, by hash: receipts and messages that a node tells of it are compared with that."""

from typing import Any, Final

from zkcore.errors import InputError, MalformedReply
from zkcore.flows.fate import Slot
from zkcore.flows.session import Session
from zkcore.methods.replies import Receipt
from zkcore.protocol.signed import announced, asked_withdrawal
from zkcore.transactions import Eip712Transaction, Transaction, parse_transaction
from zkcore.types import Address, Hash32, HexLike, hex_bytes, to_hex

__all__ = ["check_is_ours", "check_message", "check_of", "check_receipt", "remember", "slot_of"]

_REMEMBERED: Final = 50_000  # signed transactions; of older ones a node's word is taken


def remember(session: Session, tx_hash: Hash32 | None, raw: HexLike | None) -> None:
    """The account has signed these bytes: what is told of their hash has to fit them."""
    if tx_hash is None or not raw:
        return
    signed = session.known.signed
    signed[tx_hash] = hex_bytes(raw, "signed")
    if len(signed) > _REMEMBERED:
        del signed[next(iter(signed))]


def check_is_ours(session: Session, tx_hash: Hash32 | None, raw: HexLike | None) -> None:
    """What a handle from elsewhere says was signed is this account's, and has the hash that it names. Raises InputError."""
    if not raw:
        return
    transaction, signature = parse_transaction(raw)
    sender = transaction.sender(signature) if signature else None
    if isinstance(transaction, Eip712Transaction) and transaction.custom_signature:
        sender = transaction.from_address  # whose signature it is the account was asked before it was sent
    if sender != session.address:
        raise InputError(f"the handle is {sender or 'nobody'}'s, this wallet is {session.address}'s")
    signed: Any = transaction
    if signed.hash(signature) != tx_hash:
        raise InputError(f"the handle names {tx_hash}, and holds the signed {signed.hash(signature)}: it was edited")


def _of(session: Session, tx_hash: Hash32) -> Transaction | None:
    raw = session.known.signed.get(tx_hash)
    return None if raw is None else parse_transaction(raw)[0]


def slot_of(session: Session, tx_hash: Hash32, chain_id: int | None = None) -> Slot | None:
    """Whose nonce a transaction of this hash takes, if the session has signed it, on the chain of this id."""
    signed = _of(session, tx_hash)
    if signed is None or chain_id not in (None, signed.chain_id):
        return None
    return Slot(session.address, signed.nonce)


def check_receipt(session: Session, receipt: Receipt) -> None:
    """It is of what was signed under its hash, if the session has signed that. Raises MalformedReply."""
    signed = _of(session, receipt.transaction_hash)
    if signed is not None:
        check_of(receipt, session.address, signed)


def check_of(receipt: Receipt, sender: Address, signed: Transaction) -> None:
    """It is of this transaction of this sender. Raises MalformedReply."""
    to = receipt.to if receipt.to and any(receipt.to) else signed.to  # of a creation, some nodes tell the zero address
    if (receipt.from_address, to) != (sender, signed.to):
        raise MalformedReply(
            f"the receipt of {receipt.transaction_hash} is of a transaction from {receipt.from_address} to {receipt.to}; "
            f"what was signed is from {sender} to {signed.to}"
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
        agrees = asked.is_announced_by(announced(message))
    except InputError:  # it is none of the kind that was signed
        agrees = False
    if not agrees:
        raise MalformedReply(
            f"the L2 node tells of a withdrawal by {tx_hash} that is not the one that was signed ({asked.amount} of "
            f"{asked.asset_id or 'the base token'} to {asked.receiver}): {to_hex(message)}"
        )
