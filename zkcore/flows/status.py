"""How far a deposit or a call from L1 is, and waiting for it. Everything is read anew each time: L1 may have reorganised."""

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Flow, Step, attempt, gather, now, sleep, within
from zkcore.errors import (
    DepositFailed,
    InputError,
    MalformedReply,
    NodeError,
    Reverted,
    TransactionFailed,
    WaitTimeout,
)
from zkcore.flows.fate import DROPPED, LEAST_LOOK, Outcome, Slot, displaced, fate, trouble_of, was_cut
from zkcore.flows.session import Session, contracts, known_stack, nullifier_of
from zkcore.flows.signed import check_of
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.methods.replies import NodeTransaction, Receipt, TransactionDetails
from zkcore.plans.records import RequestRecord
from zkcore.protocol.contracts import NULLIFIER
from zkcore.protocol.priority import PriorityRequest, priority_requests
from zkcore.protocol.signed import is_request_of
from zkcore.transactions import Transaction, parse_transaction
from zkcore.types import Hash32, seconds, uint
from zkcore.words import Told

__all__ = ["Phase", "RequestStatus", "latest_status", "poll", "request_status", "resending", "wait_for_request"]

T = TypeVar("T")

Phase: TypeAlias = Literal[
    "L1_PENDING",  # sent, not included
    "L1_DROPPED",  # no node knows it any more; its nonce is free: submit the signed plan again
    "L1_UNKNOWN",  # its nonce is used, and no node shows by what: one lags, or the block is not final yet
    "L1_REPLACED",  # its nonce was used for good by a transaction that is none of ours
    "L1_FAILED",  # included on L1 with status 0
    "L1_INCLUDED",  # the L2 hash is known, L2 has not seen it
    "L2_PENDING",  # L2 has it, without a receipt
    "L2_EXECUTED",
    "L2_FAILED",
    "UNKNOWN",  # told to who watches a wait: no node has answered yet
]

_FIRST_POLL, _LONGEST_POLL = 0.3, 6.0  # seconds


class RequestStatus(Told, Struct, frozen=True, kw_only=True):
    """How far it is. `l1_tx_hash`: the one of its transactions that was included (or the last sent).

    `details`: on Era, the batch's commit, proof and execution on L1, where the node tells them. `claimed`: L1 has given a failed
    deposit back, whoever claimed it. `trouble`: told to who watches a wait: what a node said instead of an answer; all else is
    then what was known before.
    """

    phase: Phase
    l1_tx_hash: Hash32
    l1_receipt: Receipt | None = None
    l2_tx_hash: Hash32 | None = None
    l2_receipt: Receipt | None = None
    details: TransactionDetails | None = None
    claimed: bool = False
    trouble: NodeError | None = None


def request_status(session: Session, record: RequestRecord, *, l1_only: bool = False) -> Flow[RequestStatus]:
    """At most two waves; of a failed deposit a few more. `l1_only`: L2 is not asked."""
    sent = (record.l1_tx_hash, *record.replaced)
    found = yield from fate("l1", sent, Slot(record.sender, record.nonce))
    receipt = found.receipt
    if receipt is None:
        return RequestStatus(phase=_PHASES[found.outcome], l1_tx_hash=record.l1_tx_hash)
    signed = parse_transaction(record.signed)[0] if record.signed else None  # None: another's, found by its hash
    if signed is not None:
        check_of(receipt, record.sender, signed)
    if receipt.status != 1:
        return RequestStatus(phase="L1_FAILED", l1_tx_hash=receipt.transaction_hash, l1_receipt=receipt)
    requests = priority_requests(receipt, record.diamond)
    request = next((one for one in requests if _is_of(record, one, signed)), None)
    if request is None:
        which = "no request to" if not requests else "not the request that was signed among those to"
        raise MalformedReply(
            f"l1 {receipt.transaction_hash} was included, and its receipt has {which} {record.diamond}"
        )
    if l1_only:
        included: dict[str, Any] = {"l1_tx_hash": receipt.transaction_hash, "l1_receipt": receipt}
        return RequestStatus(phase="L1_INCLUDED", l2_tx_hash=request.l2_tx_hash, **included)
    known, l2_receipt = yield from gather(
        _on_l2(session, request.l2_tx_hash), calls.get_receipt("l2", request.l2_tx_hash)
    )
    if l2_receipt is not None:
        phase: Phase = "L2_EXECUTED" if l2_receipt.status == 1 else "L2_FAILED"
    else:
        phase = "L1_INCLUDED" if known is None else "L2_PENDING"
    claimed: bool | NodeError = False
    if phase == "L2_FAILED" and record.claimable:
        claimed = yield from attempt(_is_claimed(session, record, request.l2_tx_hash, receipt.block_number), NodeError)
    return RequestStatus(
        phase=phase,
        l1_tx_hash=receipt.transaction_hash,
        l1_receipt=receipt,
        l2_tx_hash=request.l2_tx_hash,
        l2_receipt=l2_receipt,
        details=known if isinstance(known, TransactionDetails) else None,
        claimed=claimed is True,
    )


class Known(Protocol):
    """What is known of a request by now; `fresh`: by others too."""

    def __call__(self, *, fresh: bool = False) -> RequestRecord: ...


def latest_status(session: Session, known: Known, *, l1_only: bool = False) -> Flow[RequestStatus]:
    """As `request_status`. Where its transactions seem to be gone, somebody may have replaced them: those are asked for then."""
    record = known()
    status = yield from request_status(session, record, l1_only=l1_only)
    if status.phase in ("L1_DROPPED", "L1_UNKNOWN", "L1_REPLACED") and (fresh := known(fresh=True)) != record:
        return (yield from request_status(session, fresh, l1_only=l1_only))
    return status


def _is_claimed(session: Session, record: RequestRecord, l2_tx_hash: Hash32, since: int) -> Flow[bool]:
    """Whether L1's record of a failed deposit is gone. Asked of a block by its number: one that lags behind the deposit's own
    has no answer, instead of none. Source: L1Nullifier.sol, depositHappened.
    """
    head, found = yield from gather(calls.block_number("l1"), contracts(session))
    holder = record.bridge.l1_address if record.bridge else (yield from nullifier_of(session, found))
    asked = calls.eth_call(
        "l1", holder, NULLIFIER.deposit_happened, found.l2_chain_id, l2_tx_hash, block=max(head, since)
    )
    stored = yield from attempt(asked, Reverted)
    return not isinstance(stored, Reverted) and not any(stored[0])


def _is_of(record: RequestRecord, request: PriorityRequest, signed: Transaction | None) -> bool:
    """Whether it is what was signed; of another's transaction, the one of this hash."""
    if signed is None:
        return request.l2_tx_hash == record.l2_tx_hash
    return is_request_of(request.transaction, signed)


def _on_l2(session: Session, l2_tx_hash: Hash32) -> Flow[NodeTransaction | TransactionDetails | None]:
    """What the L2 node knows of the transaction; Era can tell of its batch as well, where a node has that method."""
    if known_stack(session) == "era":
        details = yield from attempt(calls.get_transaction_details(l2_tx_hash), NodeError)
        if not isinstance(details, NodeError):
            return details
    return (yield from calls.get_transaction("l2", l2_tx_hash))


_PHASES: dict[Outcome, Phase] = {
    "pending": "L1_PENDING",
    "dropped": "L1_DROPPED",
    "unknown": "L1_UNKNOWN",
    "replaced": "L1_REPLACED",
}


# ---------------------------------------------------------------- waiting
def poll(
    ask: Callable[[], Step[T]],
    done: Callable[[T], bool],
    *,
    what: Callable[[T | None], str],
    timeout: float,
    interval: float | None = None,
    on_progress: Callable[[T], object] | None = None,
    troubled: Callable[[T | None, NodeError], T] | None = None,
) -> Flow[T]:
    """Ask again until it is done, telling each answer. Only the end of the time, or what a chain says, ends it.

    A node that does not answer, or not with an answer, is asked on: `troubled` makes what is told of that from the last
    answer; but one that says what cannot be true is raised. `interval` seconds between two questions; None: a third of a second,
    growing to six. `what` names what was waited for, from the last answer. Raises WaitTimeout.
    """
    timeout, pause = seconds(timeout, "timeout"), _FIRST_POLL if interval is None else seconds(interval, "poll")
    begun = yield from now()
    deadline = begun + timeout
    last: T | None = None
    trouble: NodeError | None = None
    answer: T | NodeError
    until = max(deadline, begun + LEAST_LOOK)
    had = until - begun  # seconds that a look has
    while True:
        answer = yield from attempt(within(ask(), until), NodeError)
        if not isinstance(answer, NodeError):
            last = answer
            if on_progress is not None:
                _ = on_progress(answer)
            if done(answer):
                return answer
        elif not answer.passing:
            raise answer
        elif on_progress is not None and troubled is not None and not was_cut(answer, had):
            _ = on_progress(troubled(last, answer))
        left = deadline - (yield from now())
        trouble = trouble_of(answer, trouble, had)
        if left <= 0:
            raise WaitTimeout(what=what(last), seconds=timeout, trouble=trouble)
        yield from sleep(min(pause, left))
        had = left - pause
        pause, until = pause if interval is not None else min(1.4 * pause, _LONGEST_POLL), deadline


def resending(
    look: Callable[[], Flow[T]], dropped: Callable[[T], bool], resend: Callable[[], Step[None]] | None
) -> Callable[[], Flow[T]]:
    """The look; and what is found with no node a few times in a row is sent again, where there is a wallet to do it."""
    lost = 0

    def ask() -> Flow[T]:
        nonlocal lost
        found = yield from look()
        lost = lost + 1 if dropped(found) else 0
        if lost >= DROPPED and resend is not None:
            yield from resend()
        return found

    return ask


def wait_for_request(
    session: Session,
    known: Known,
    *,
    until: Literal["l1", "l2"] = "l2",
    confirmations: int = 1,
    timeout: float = 3_600.0,
    interval: float | None = None,
    on_progress: Callable[[RequestStatus], object] | None = None,
    resend: Callable[[], Step[None]] | None = None,
) -> Flow[tuple[RequestStatus, Receipt]]:
    """Until L1 has included it under so many blocks, or until it ran on L2; with the receipt of that chain.

    `known` gives the record as it is by then: what is waited for may be replaced meanwhile (`speed_up`). `resend`: what is done
    when no node has it any more; only a wallet can give it.

    Raises DepositFailed, TransactionFailed, or WaitTimeout.
    """
    if until not in ("l1", "l2"):
        raise InputError(f"until: expected 'l1' or 'l2', got {until!r}")
    _ = uint(confirmations, "confirmations")

    def look() -> Flow[RequestStatus]:
        asking = latest_status(session, known, l1_only=until == "l1")
        if until == "l2" or confirmations < 2:
            return (yield from asking)
        status, head = yield from gather(asking, calls.block_number("l1"))
        if status.phase not in {"L1_INCLUDED", "L2_PENDING", "L2_EXECUTED", "L2_FAILED"} or status.l1_receipt is None:
            return status
        deep = head - status.l1_receipt.block_number + 1 >= confirmations
        return status if deep else replace(status, phase="L1_PENDING")

    def troubled(last: RequestStatus | None, error: NodeError) -> RequestStatus:
        record = known()
        first = RequestStatus(phase="UNKNOWN", l1_tx_hash=record.l1_tx_hash, l2_tx_hash=record.l2_tx_hash)
        return replace(last or first, trouble=error)

    ended = {"L1_REPLACED", "L1_FAILED", "L2_EXECUTED", "L2_FAILED"}
    if until == "l1":
        ended |= {"L1_INCLUDED", "L2_PENDING"}
    status = yield from poll(
        resending(look, lambda s: s.phase == "L1_DROPPED", resend),
        lambda s: s.phase in ended,
        what=lambda last: _waited_for(known(), last),
        timeout=timeout,
        interval=interval,
        on_progress=on_progress,
        troubled=troubled,
    )
    record = known()
    yield from _check(record, status)
    if until == "l2" and status.phase == "L2_FAILED":
        claimable = record.claimable and not status.claimed
        advice = (
            "What was deposited has been claimed back on L1"
            if status.claimed
            else "What was deposited can be claimed back on L1, once its batch is executed: claim_failed_deposit"
            + (f"(..., bridge={record.bridge})" if record.bridge else "")
            if record.claimable
            else "Nothing is on L1 to claim: the value is at the refund recipient on L2"
        )
        raise DepositFailed(l2_tx_hash=status.l2_tx_hash, receipt=status.l2_receipt, claimable=claimable, advice=advice)
    return status, _receipt(status.l1_receipt if until == "l1" else status.l2_receipt)


def _waited_for(record: RequestRecord, last: RequestStatus | None) -> str:
    phase = "UNKNOWN" if last is None else last.phase
    sent = f"L1 to include {record.l1_tx_hash}"
    if phase == "L1_PENDING" and last and last.l1_receipt:
        return f"more blocks of L1 on block {last.l1_receipt.block_number}, which has {last.l1_tx_hash}"
    if phase == "L1_PENDING":
        return f"{sent}, which waits there under nonce {record.nonce}: speed_up pays more for it"
    if phase == "L1_DROPPED":
        return f"{sent}, which no node there knows any more: submit the signed plan again"
    if phase in {"L1_INCLUDED", "L2_PENDING"}:
        return f"L2 to run {record.l2_tx_hash}, which L1 has included with {record.l1_tx_hash}"
    return sent


def _receipt(receipt: Receipt | None) -> Receipt:
    if receipt is None:
        raise MalformedReply("a transaction that is included has no receipt")
    return receipt


def _check(record: RequestRecord, status: RequestStatus) -> Flow[None]:
    if status.phase == "L1_REPLACED":
        raise displaced("l1", record.l1_tx_hash, Slot(record.sender, record.nonce))
    if status.phase == "L1_FAILED":
        why = yield from attempt(_why_it_failed(status), NodeError)
        reason = "" if isinstance(why, NodeError) else why
        raise TransactionFailed(chain="l1", tx_hash=status.l1_tx_hash, receipt=status.l1_receipt, reason=reason)


def _why_it_failed(status: RequestStatus) -> Flow[str]:
    """The contract's reason, from running the transaction again on the state before its block; or that the gas ran out."""
    transaction = yield from calls.get_transaction("l1", status.l1_tx_hash)
    if transaction is None or status.l1_receipt is None:
        return ""
    again = CallRequest(
        from_address=transaction.from_address,
        to=transaction.to,
        data=transaction.input,
        value=transaction.value,
        gas=transaction.gas,
        gas_price=status.l1_receipt.effective_gas_price,
    )
    found = yield from attempt(calls.call_raw("l1", again, block=status.l1_receipt.block_number - 1), Reverted)
    return str(found) if isinstance(found, Reverted) and found.data else out_of_gas(status.l1_receipt, transaction.gas)


def out_of_gas(receipt: Receipt, limit: int | None) -> str:
    """What to say of a failed transaction that used about all of its gas: empty if it did not.

    A call may hand on 63/64 of what is left (EIP-150), so one that runs out some calls deep leaves a little.
    """
    if receipt.status == 1 or limit is None or receipt.gas_used * 10 < limit * 9:
        return ""
    return f"it ran out of gas: it used {receipt.gas_used} of its limit of {limit}. Plan it again, for the state as it is now"
