"""From a transaction's hash back to what it began: the requests of one on L1, the withdrawals of one on L2."""

from typing import Any

from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, MalformedReply, NoContract, NotReady, Reverted, TransactionFailed
from zkcore.flows.bridges import known_bridges
from zkcore.flows.messages import absent_from_l2, withdrawals_in
from zkcore.flows.session import Contracts, Session, contracts
from zkcore.methods import calls
from zkcore.methods.replies import NodeTransaction, Receipt
from zkcore.plans.records import Elsewhere, RequestRecord, WithdrawalRecord
from zkcore.protocol.addresses import undo_alias
from zkcore.protocol.contracts import BRIDGEHUB, DIAMOND, L2_ASSET_ROUTER_ADDRESS, LEGACY_BRIDGE
from zkcore.protocol.priority import PriorityRequest, priority_requests
from zkcore.types import Address, Hash32, HexLike

__all__ = ["find_deposits_in", "find_withdrawals_in"]

_REQUEST = (DIAMOND.new_priority_request.topic,)


def find_deposits_in(session: Session, l1_tx_hash: HexLike) -> Flow[list[RequestRecord]]:
    """What an L1 transaction requested of this chain, whoever sent it: each deposit and call, in order.

    What it requested of other chains of this bridgehub is named in each (`elsewhere`).
    Raises InputError for a transaction of L2, and for one that requests nothing of this chain (naming those of which it
    does); NotReady while L1 has not included it, or if no node knows it; TransactionFailed.
    """
    tx_hash = Hash32(l1_tx_hash)
    known, receipt, transaction = yield from gather(
        contracts(session), calls.get_receipt("l1", tx_hash), calls.get_transaction("l1", tx_hash)
    )
    if receipt is None or transaction is None:
        on_l2 = yield from calls.get_transaction("l2", tx_hash)
        if on_l2 is not None:
            raise InputError(f"l1_tx_hash: {tx_hash} is a transaction of L2, not of L1: see withdrawals_in(...)")
        if receipt is None and transaction is None:
            raise NotReady(f"neither L1 nor L2 knows {tx_hash}", state="UNKNOWN")
        raise NotReady(f"L1 has not included {tx_hash} yet", state="L1_PENDING")
    if receipt.status != 1:
        raise TransactionFailed(chain="l1", tx_hash=tx_hash, receipt=receipt)
    requests = priority_requests(receipt, known.diamond)
    elsewhere = yield from _other_chains(known, receipt)
    if not requests:
        if any(log.address == known.diamond and log.topics[:1] == _REQUEST for log in receipt.logs):
            raise MalformedReply(f"l1 {tx_hash}: the receipt has a request to {known.diamond} that cannot be read")
        others = ", ".join(f"chain {one.l2_chain_id} ({one.l2_tx_hash})" for one in elsewhere)
        named = f"; it does of {others}: make a wallet of that chain" if others else ", nor of any other"
        raise InputError(f"l1_tx_hash: {tx_hash} requests nothing of chain {known.l2_chain_id}{named}")
    return [replace(_record(session, known, receipt, transaction, one), elsewhere=elsewhere) for one in requests]


def _other_chains(known: Contracts, receipt: Receipt) -> Flow[tuple[Elsewhere, ...]]:
    """What it requests of the other chains of this bridgehub, by their diamonds."""
    emitters = dict.fromkeys(log.address for log in receipt.logs if log.topics[:1] == _REQUEST)
    _ = emitters.pop(known.diamond, None)
    ids = yield from gather(*[_chain_of(known, emitter) for emitter in emitters])
    return tuple(
        Elsewhere(l2_chain_id=chain, l2_tx_hash=request.l2_tx_hash)
        for emitter, chain in zip(emitters, ids, strict=True)
        if chain is not None
        for request in priority_requests(receipt, emitter)
    )


def _chain_of(known: Contracts, diamond: Address) -> Flow[int | None]:
    """The chain of a diamond, if the bridgehub says so too."""
    said = yield from attempt(attempt(calls.eth_call("l1", diamond, DIAMOND.get_chain_id), Reverted), NoContract)
    if isinstance(said, Exception):
        return None
    (confirmed,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.get_zk_chain, said[0])
    return int(said[0]) if confirmed == diamond else None


def _record(
    session: Session, known: Contracts, receipt: Receipt, transaction: NodeTransaction, request: PriorityRequest
) -> RequestRecord:
    asked, l2_tx_hash = request.transaction, request.l2_tx_hash
    second = LEGACY_BRIDGE.bridgehub_deposit_finalized.topic  # of the nullifier, or of the bridge that made it
    claimable = any(
        len(log.topics) == 4 and log.topics[0] == second and log.topics[3] == l2_tx_hash for log in receipt.logs
    )
    by = next((b for b in known_bridges(session, None) if b.l1_address == undo_alias(asked.from_address)), None)
    routed = asked.to == L2_ASSET_ROUTER_ADDRESS and undo_alias(asked.from_address) == known.asset_router
    plain = not asked.data and asked.value > 0
    return RequestRecord(
        kind="deposit" if claimable or routed or plain else "execution",
        l1_chain_id=known.l1_chain_id,
        l2_chain_id=known.l2_chain_id,
        diamond=known.diamond,
        sender=transaction.from_address,
        nonce=transaction.nonce,
        l1_tx_hash=receipt.transaction_hash,
        l2_tx_hash=l2_tx_hash,
        claimable=claimable,
        signed="",
        bridge=by,
    )


def find_withdrawals_in(session: Session, l2_tx_hash: HexLike) -> Flow[list[WithdrawalRecord]]:
    """Each withdrawal that an L2 transaction announces, whoever sent it; none if it makes none.

    Raises InputError for a transaction of L1, NotReady while L2 has no receipt of it or if no node knows it, TransactionFailed.
    """
    tx_hash = Hash32(l2_tx_hash)
    known, (receipt, count) = yield from gather(contracts(session), withdrawals_in(tx_hash))
    if receipt is None:
        found = yield from calls.get_receipt("l2", tx_hash)
        if found is not None:
            raise TransactionFailed(chain="l2", tx_hash=tx_hash, receipt=found)
        raise NotReady((yield from absent_from_l2(tx_hash)), state="L2_PENDING")
    ids: dict[str, Any] = {"l1_chain_id": known.l1_chain_id, "l2_chain_id": known.l2_chain_id}
    return [WithdrawalRecord(l2_tx_hash=tx_hash, index=index, **ids) for index in range(count)]
