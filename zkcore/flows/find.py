"""Finding the withdrawals of an address that L1 has not paid out yet, from the logs of L2."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from zkcore.effects import Flow, gather
from zkcore.errors import InputError, MalformedReply
from zkcore.flows.bridges import known_bridges
from zkcore.flows.events import scan
from zkcore.flows.finalize import is_withdrawal_finalized
from zkcore.flows.messages import message_of, withdrawal_logs, withdrawals_in
from zkcore.flows.session import Session, contracts
from zkcore.methods import calls
from zkcore.methods.replies import Log
from zkcore.protocol.settlement import paid_to, withdrawal_filters, withdrawer
from zkcore.types import Address, AddressLike, Hash32, uint

__all__ = ["Found", "find_withdrawals"]

A = TypeVar("A")
B = TypeVar("B")

_AT_ONCE = 50  # withdrawals whose state on L1 is asked in one wave


Found: TypeAlias = tuple[Hash32, int]  # the L2 transaction, and which of its withdrawals


def find_withdrawals(
    session: Session,
    address: AddressLike | None = None,
    *,
    receiver: AddressLike | None = None,
    from_block: int,
    to_block: int | None = None,
    on_progress: Callable[[int], object] | None = None,
) -> Flow[list[Found]]:
    """The withdrawals that an address (the account itself if None) made in a range of L2 blocks and that are not finalized.

    `receiver`: those that pay this account on L1, whoever made them, or only those that `address` made if that is given. Of
    bridges beside the vault, those that the profile pins are looked at. The range is asked in parts that shrink when the node
    refuses, or does not answer; `on_progress` is called with the last block looked at. Without `to_block` it ends at the last
    block of the node that was asked first. That a node shows no withdrawal in blocks that it has not is no answer: it is asked
    again, for some seconds.
    Raises InputError, NodeError, NotReady if the node has not all of the range by then.
    """
    to = None if receiver is None else Address(receiver)
    owner = session.address if address is None and to is None else None if address is None else Address(address)
    known, head = yield from gather(contracts(session), calls.block_number("l2"))
    last = head if to_block is None else uint(to_block, "to_block", 64)
    if uint(from_block, "from_block", 64) > last:
        raise InputError(f"from_block: {from_block} is after the last block {last}")
    bridges = [bridge.l2_address for bridge in known_bridges(session, None)]
    hashes: dict[Hash32, None] = {}

    def visit(logs: list[Log], end: int) -> None:
        told = [log for log in logs if to is None or bytes(to) in b"".join((*log.topics, log.data))]
        hashes.update(dict.fromkeys(log.transaction_hash for log in told))
        if on_progress is not None:
            _ = on_progress(end)

    filters = withdrawal_filters(owner, known.l1_chain_id, receiver=to, bridges=bridges)
    yield from scan("l2", filters, from_block, last, visit)

    def made(tx_hash: Hash32) -> Flow[list[int]]:
        return _made_by(tx_hash, owner, to, lambda log: withdrawer(log.address, log.topics, known.l1_chain_id, bridges))

    indexes = yield from _each(list(hashes), made)
    every = [(tx_hash, index) for tx_hash, made in zip(hashes, indexes, strict=True) for index in made]
    finalized = yield from _each(every, lambda one: is_withdrawal_finalized(session, *one))
    return [one for one, done in zip(every, finalized, strict=True) if not done]


def _made_by(
    tx_hash: Hash32, owner: Address | None, receiver: Address | None, withdrawn: Callable[[Log], Address | None]
) -> Flow[list[int]]:
    """Which withdrawals of a transaction are the owner's, and pay the receiver: the nth event is of the nth message."""
    receipt, _ = yield from withdrawals_in(tx_hash)
    if receipt is None:
        raise MalformedReply(
            f"l2 {tx_hash}: the node has an event of it, and no receipt: it lags, ask another or later"
        )
    try:
        senders = [sender for log in receipt.logs if (sender := withdrawn(log)) is not None]
    except IndexError as error:
        raise MalformedReply(f"l2 {tx_hash}: the receipt has a withdrawal's event without its sender") from error
    messages = [message_of(log) for log in withdrawal_logs(receipt)]
    # a bridge that is not known has events of its own: then all that could be the owner's
    own = [None] * len(messages) if owner is None or len(senders) != len(messages) else senders
    paid = [None if receiver is None else paid_to(message) for message in messages]
    return [
        index
        for index, (sender, to) in enumerate(zip(own, paid, strict=True))
        if sender in (None, owner) and (to is None or to[0] == receiver)
    ]


def _each(items: Sequence[A], ask: Callable[[A], Flow[B]]) -> Flow[list[B]]:
    """Ask of each, so many at a time."""
    answers: list[B] = []
    for start in range(0, len(items), _AT_ONCE):
        answers += yield from gather(*[ask(item) for item in items[start : start + _AT_ONCE]])
    return answers
