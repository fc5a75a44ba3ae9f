"""Events of a range of blocks, in parts that nodes answer; and by them, the transaction of L1 that paid a withdrawal out."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from zkcore.effects import Chain, Flow, attempt, gather, sleep
from zkcore.errors import NodeError, NotReady, RateLimited, RpcError
from zkcore.flows.messages import FinalizeParams
from zkcore.methods import calls
from zkcore.methods.replies import Log, Receipt
from zkcore.protocol.contracts import ASSET_ROUTER, L1_INTEROP_HANDLER, LEGACY_BRIDGE
from zkcore.protocol.settlement import paid_to
from zkcore.types import Address, Hash32

__all__ = ["Filter", "payment", "scan"]

Filter: TypeAlias = tuple[Address, Sequence[bytes | Sequence[bytes] | None]]  # the emitter, and topics by position

_BLOCKS: Final = 10_000  # asked at once, at first; halved when the node refuses, a quarter when it does not answer
_SILENCES: Final = 5  # one after the other that are not the range's fault any more
_BEHIND, _PAUSE = 8, 0.5  # looks at a node that has not the blocks yet, and seconds between them


def scan(
    chain: Chain,
    filters: Sequence[Filter],
    first: int,
    last: int,
    visit: Callable[[list[Log], int], Flow[bool] | None],
) -> Flow[None]:
    """Give `visit` the events of each part, in their order, with its last block, until it says that it is enough.

    That a node shows none in blocks that it has not is no answer: it is asked again, for some seconds.
    Raises NodeError, NotReady if the node has not all of the range by then.
    """
    at, size, silent, behind = first, _BLOCKS, 0, 0
    while at <= last:
        end = min(at + size - 1, last)
        size = end - at + 1
        answer = yield from attempt(_logs(chain, filters, at, end), NodeError)
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
                raise NotReady(f"{chain}: the last block of the node is {head}, it has not {end} yet", state="BEHIND")
            yield from sleep(_PAUSE)
            continue
        silent = behind = 0
        looked = visit(logs, end)
        if looked is not None and (yield from looked):
            return
        at = end + 1


def _logs(chain: Chain, filters: Sequence[Filter], first: int, last: int) -> Flow[tuple[list[Log], int]]:
    """The events, and the last block of the node that tells them: one behind a balancer may not be the one asked before."""
    asked = [
        calls.get_logs(chain, from_block=first, to_block=last, address=at, topics=topics) for at, topics in filters
    ]
    found, head = yield from gather(gather(*asked), calls.block_number(chain))
    return sorted((log for logs in found for log in logs), key=lambda log: (log.block_number, log.log_index)), head


# ---------------------------------------------------------------- who paid
# Ethereum and its test networks: blocks are 12 seconds apart or more (consensus-specs, SECONDS_PER_SLOT), so that between two
# times there are at most so many
_SLOTS: Final = {1: 12, 11155111: 12, 17000: 12, 560048: 12}
_AT_ONCE: Final = 50  # transactions that are looked at in one wave


def payment(
    receipt: Receipt,
    params: FinalizeParams,
    *,
    l1_chain_id: int,
    router: Address,
    payer: Address,
    from_block: int | None = None,
    parts: int | None = None,
) -> Flow[Hash32 | None]:
    """The L1 transaction that paid out what a message on L2 announces; None if there is none in the range.

    Of the payments that fit, it is the one whose calldata names this batch and this message, also where other contracts
    hand it on; of a bundle, the one that executes its hash. Without `from_block` the range begins where L1 was when L2 made it
    (on Ethereum; else with L1 itself). `parts`: of the range, at most so many are looked at. Raises NodeError, NotReady.
    """
    head, made = yield from gather(calls.get_header("l1"), calls.get_header("l2", receipt.block_number))
    first, found, looked = from_block, None, 0
    if first is None:
        slot, times = _SLOTS.get(l1_chain_id), (head.timestamp, made.timestamp)
        first = 0
        if slot and times[0] and times[1]:
            first = max(0, head.number - (times[0] - times[1]) // slot - 1)
    # batch and message stand beside one another in every call that pays out; of a bundle, its hash is enough
    needle = (
        b""
        if params.bundle_hash
        else b"".join(n.to_bytes(32) for n in (params.l2_batch_number, params.l2_message_index))
    )

    def visit(logs: list[Log], _: int) -> Flow[bool]:
        nonlocal found, looked
        hashes = list(dict.fromkeys(log.transaction_hash for log in logs if _fits(log, params)))
        for at in range(0, len(hashes), _AT_ONCE):
            sent = yield from gather(*[calls.get_transaction("l1", one) for one in hashes[at : at + _AT_ONCE]])
            found = found or next((one.hash for one in sent if one is not None and needle in one.input), None)
        looked += 1
        return found is not None or looked == parts

    yield from scan("l1", _filters(params, router, payer), first, head.number, visit)
    return found


def _filters(params: FinalizeParams, router: Address, payer: Address) -> list[Filter]:
    """By which events L1 tells of payments to this chain's withdrawals, since the shared bridge there is one."""
    if params.bundle_hash is not None:
        return [(payer, (L1_INTEROP_HANDLER.bundle_executed.topic, params.bundle_hash))]
    chain = params.chain_id.to_bytes(32)
    return [
        (router, (ASSET_ROUTER.deposit_finalized_asset_router.topic, chain)),
        (payer, (LEGACY_BRIDGE.withdrawal_finalized_shared_bridge.topic, chain)),
    ]


def _fits(log: Log, params: FinalizeParams) -> bool:
    """Whether an event can be of it: it has the bundle's hash, or the receiver and the amount, wherever."""
    if params.bundle_hash is not None:
        return True
    said, data = paid_to(params.message), b"".join((*log.topics, log.data))
    return said is None or (said[1].to_bytes(32) in data and bytes(said[0]) in data)
