"""Finding the withdrawals of an address that L1 has not paid out yet, from the logs of L2."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from zkcore.effects import Flow, attempt, gather, sleep
from zkcore.errors import InputError, MalformedReply, NodeError, NotReady, RateLimited, RpcError
from zkcore.flows.finalize import is_withdrawal_finalized
from zkcore.flows.messages import withdrawals_in
from zkcore.flows.session import Session, contracts
from zkcore.methods import calls
from zkcore.methods.replies import Log
from zkcore.protocol.settlement import withdrawal_filters, withdrawer
from zkcore.types import Address, AddressLike, Hash32, uint

__all__ = ["Found", "find_withdrawals"]

A = TypeVar("A")
B = TypeVar("B")

_BLOCKS = 10_000  # asked at once, at first; halved when the node refuses, a quarter when it does not answer
_SILENCES = 5  # one after the other that are not the range's fault any more
_BEHIND, _PAUSE = 8, 0.5  # looks at a node that has not the blocks yet, and seconds between them
_AT_ONCE = 50  # withdrawals whose state on L1 is asked in one wave


Found: TypeAlias = tuple[Hash32, int]  # the L2 transaction, and which of its withdrawals


def find_withdrawals(
    session: Session,
    address: AddressLike | None = None,
    *,
    from_block: int,
    to_block: int | None = None,
    on_progress: Callable[[int], object] | None = None,
) -> Flow[list[Found]]:
    """The withdrawals that an address (the account itself if None) made in a range of L2 blocks and that are not finalized.

    The range is asked in parts that shrink when the node refuses, or does not answer; `on_progress` is called with the last block
    looked at. Without `to_block` it ends at the last block of the node that was asked first. That a node shows no withdrawal in
    blocks that it has not is no answer: it is asked again, for some seconds.
    Raises InputError, NodeError, NotReady if the node has not all of the range by then.
    """
    owner = session.address if address is None else Address(address)
    known, head = yield from gather(contracts(session), calls.block_number("l2"))
    last = head if to_block is None else uint(to_block, "to_block", 64)
    if uint(from_block, "from_block", 64) > last:
        raise InputError(f"from_block: {from_block} is after the last block {last}")
    hashes: dict[Hash32, None] = {}
    at, size, silent, behind = from_block, _BLOCKS, 0, 0
    while at <= last:
        end = min(at + size - 1, last)
        size = end - at + 1
        answer = yield from attempt(_logs(known.l1_chain_id, owner, at, end), NodeError)
        if isinstance(answer, NodeError):
            silent = 0 if isinstance(answer, RpcError) else silent + 1
            if size == 1 or silent > _SILENCES or isinstance(answer, RateLimited):
                raise answer
            size = max(1, size // (4 if silent else 2))
            continue
        logs, head = answer
        if head < end:
            behind += 1
            if behind >= _BEHIND:
                raise NotReady(f"l2: the last block of the node is {head}, it has not {end} yet", state="L2_BEHIND")
            yield from sleep(_PAUSE)
            continue
        silent = behind = 0
        hashes |= dict.fromkeys(log.transaction_hash for log in logs)
        if on_progress is not None:
            _ = on_progress(end)
        at = end + 1
    indexes = yield from _each(list(hashes), lambda tx_hash: _made_by(known.l1_chain_id, owner, tx_hash))
    every = [(tx_hash, index) for tx_hash, made in zip(hashes, indexes, strict=True) for index in made]
    finalized = yield from _each(every, lambda one: is_withdrawal_finalized(session, *one))
    return [one for one, done in zip(every, finalized, strict=True) if not done]


def _logs(l1_chain_id: int, owner: Address, first: int, last: int) -> Flow[tuple[list[Log], int]]:
    """The events, and the last block of the node that tells them: one behind a balancer may not be the one asked before."""
    filters = withdrawal_filters(owner, l1_chain_id)
    asked = [calls.get_logs("l2", from_block=first, to_block=last, address=at, topics=topics) for at, topics in filters]
    found, head = yield from gather(gather(*asked), calls.block_number("l2"))
    return sorted((log for logs in found for log in logs), key=lambda log: (log.block_number, log.log_index)), head


def _made_by(l1_chain_id: int, owner: Address, tx_hash: Hash32) -> Flow[list[int]]:
    """Which withdrawals of a transaction are the owner's: the nth event is of the nth message."""
    receipt, count = yield from withdrawals_in(tx_hash)
    if receipt is None:
        raise MalformedReply(
            f"l2 {tx_hash}: the node has an event of it, and no receipt: it lags, ask another or later"
        )
    try:
        senders = [
            sender for log in receipt.logs if (sender := withdrawer(log.address, log.topics, l1_chain_id)) is not None
        ]
    except IndexError as error:
        raise MalformedReply(f"l2 {tx_hash}: the receipt has a withdrawal's event without its sender") from error
    if len(senders) != count:  # a legacy bridge has events of its own: all that it could be
        return list(range(count))
    return [index for index, sender in enumerate(senders) if sender == owner]


def _each(items: Sequence[A], ask: Callable[[A], Flow[B]]) -> Flow[list[B]]:
    """Ask of each, so many at a time."""
    answers: list[B] = []
    for start in range(0, len(items), _AT_ONCE):
        answers += yield from gather(*[ask(item) for item in items[start : start + _AT_ONCE]])
    return answers
