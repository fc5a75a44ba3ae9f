"""What comes back to L1: how far a withdrawal is, its parameters from the message itself, its proof checked here first."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Flow, Step, attempt, gather
from zkcore.errors import (
    InputError,
    NodeError,
    NotReady,
    Reverted,
    TransactionFailed,
    UnsupportedProtocol,
    WithdrawalCancelled,
)
from zkcore.flows.absent import absent, check_not_replaced
from zkcore.flows.bridges import bridge_of, finalizes, is_done, is_passing
from zkcore.flows.bundles import BundleState, bundle_in, bundle_state, interop_handler
from zkcore.flows.events import payment
from zkcore.flows.messages import (
    FinalizeParams,
    log_index,
    message_is_proved,
    message_of,
    proved_message,
    why_unproved,
    withdrawal_logs,
)
from zkcore.flows.session import Contracts, Session, contracts, nullifier_of
from zkcore.flows.signed import check_message, check_receipt
from zkcore.flows.status import poll, resending
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.methods.replies import Receipt
from zkcore.plans.records import SettlementRecord
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import INTEROP_CENTER_ADDRESS, NULLIFIER
from zkcore.types import Address, Hash32, HexLike, uint
from zkcore.words import Told

# fmt: off
__all__ = [
    "Place", "WithdrawalPhase", "WithdrawalStatus", "find_finalization", "get_finalize_withdrawal_params",
    "is_withdrawal_finalized", "not_executed", "outdone", "ready", "wait_for_withdrawal", "withdrawal_status",
]
# fmt: on

WithdrawalPhase: TypeAlias = Literal[
    "L2_PENDING",  # no receipt on L2 yet
    "L2_DROPPED",  # no node knows it any more; its nonce is free: submit the signed plan again
    "L2_UNKNOWN",  # its nonce is used, and no node shows by what: one lags, or the block is not final yet
    "L2_REPLACED",  # its nonce was used for good by a transaction that is none of ours
    "L2_FAILED",
    "BATCH_PENDING",  # not in a batch yet
    "PROOF_PENDING",  # in a batch that is not executed on L1 yet
    "READY",  # the proof leads to the root on L1, and the call simulates
    "FINALIZING",  # the finalization is sent, not included
    "FINALIZED",
    "CANCELLED",  # of a bundle: who may unbundle it has cancelled it on L1, and it is lost
    "BLOCKED",  # L1 will not take it, however long one waits: the reason says why
    "UNKNOWN",  # told to who watches a wait: no node has answered yet
]


class WithdrawalStatus(Told, Struct, frozen=True, kw_only=True):
    """How far a withdrawal is, why it is not ready, and its parameters once there is a proof.

    `blocked`: what L1 says to the call although the proof is right. `finalization`: the L1 transaction that pays it out; once
    FINALIZED, the one that did, whoever sent it (None: not found; see `find_finalization`). `trouble`: as in `RequestStatus`.
    """

    phase: WithdrawalPhase
    reason: str = ""
    l2_receipt: Receipt | None = None
    params: FinalizeParams | None = None
    blocked: Reverted | None = None
    finalization: Hash32 | None = None
    trouble: NodeError | None = None


_PARTS: Final = 3  # parts of L1's blocks in which a status looks for who finalized it


# ---------------------------------------------------------------- status
class Place(Struct, frozen=True, kw_only=True):
    """Who pays out on L1: the nullifier, of a bundle the interop handler, or a bridge beside the vault."""

    known: Contracts
    nullifier: Address
    handler: Address | None
    bridge: Bridge | None

    @property
    def payer(self) -> Address:
        """The contract on L1 that is called."""
        return self.bridge.l1_address if self.bridge else self.handler or self.nullifier

    def calldata(self, params: FinalizeParams) -> bytes:
        """The call that has it paid out."""
        return finalizes(params) if self.bridge else params.calldata()

    def bundle_state(self, params: FinalizeParams) -> Flow[BundleState | None]:
        """What L1 did with it, if it is a bundle."""
        if self.handler is None or params.bundle_hash is None:
            return None
        return (yield from bundle_state(self.nullifier, self.handler, params.bundle_hash))


def _handler(session: Session, known: Contracts, sender: bytes) -> Flow[Address | None]:
    """A withdrawal is of the kind that its message is, whatever the chain makes by now: of bundles, the handler."""
    if sender[12:] != INTEROP_CENTER_ADDRESS:
        return None
    handler = yield from interop_handler(session, known)
    if handler is None:
        raise UnsupportedProtocol(
            f"a withdrawal by interop bundle, and {known.asset_router} on L1 has no handler for those"
        )
    return handler


def _looked_up(
    session: Session, l2_tx_hash: HexLike, index: int, bridge: Bridge | None, *, must_be_known: bool = False
) -> Flow[WithdrawalStatus | tuple[Place, FinalizeParams, Receipt]]:
    """Where there is a proof: it, and the contracts; else the status that says why not. Two waves."""
    _ = uint(index, "index", 16)
    known, receipt = yield from gather(contracts(session), calls.get_receipt("l2", l2_tx_hash))
    if receipt is None:
        found = yield from absent(session, Hash32(l2_tx_hash), must_be_known=must_be_known)
        if not isinstance(found, Receipt):
            return WithdrawalStatus(phase=found[0], reason=found[1])
        receipt = found
    if receipt.status != 1:
        return WithdrawalStatus(phase="L2_FAILED", reason="the transaction failed on L2", l2_receipt=receipt)
    check_receipt(session, receipt)
    withdrawals = withdrawal_logs(receipt)
    if index >= len(withdrawals):
        raise InputError(
            f"index: {receipt.transaction_hash} makes {len(withdrawals)} withdrawals, there is no number {index}"
        )
    log = withdrawals[index]
    if log.topics[1][12:] == INTEROP_CENTER_ADDRESS:
        _ = bundle_in(known, receipt, message_of(log))  # what no chain makes is told as that
    check_message(session, receipt.transaction_hash, message_of(log))
    nullifier, handler, proof, pair = yield from gather(
        nullifier_of(session, known),
        _handler(session, known, log.topics[1]),
        calls.get_l2_to_l1_log_proof(receipt.transaction_hash, log_index(receipt, log)),
        bridge_of(session, known, Address(log.topics[1][12:]), bridge),
    )
    if isinstance(pair, str):
        return WithdrawalStatus(phase="BLOCKED", reason=pair, l2_receipt=receipt)
    if proof is None:
        batch = receipt.l1_batch_number
        reason = yield from why_unproved(known, batch)
        phase: WithdrawalPhase = "BATCH_PENDING" if batch is None else "PROOF_PENDING"
        return WithdrawalStatus(phase=phase, reason=reason, l2_receipt=receipt)
    place = Place(known=known, nullifier=nullifier, handler=handler, bridge=pair)
    return place, proved_message(known, receipt, log, proof), receipt


def withdrawal_status(
    session: Session,
    l2_tx_hash: HexLike,
    index: int = 0,
    *,
    finalization: Hash32 | None = None,
    bridge: Bridge | None = None,
) -> Flow[WithdrawalStatus]:
    """Three waves, one more if the chain settles on another; some more, to find by whom, where another has finalized it.

    Raises InvalidProof if the node's proof is not right.
    """
    found, sent = yield from gather(_looked_up(session, l2_tx_hash, index, bridge), _finalization(finalization))
    if isinstance(found, WithdrawalStatus):
        return found
    place, params, receipt = found
    call = _paying(session, place, params)
    executed, outcome, bundle = yield from gather(
        message_is_proved(session, place.known, params),
        attempt(calls.call_raw("l1", call), Reverted),
        place.bundle_state(params),
    )
    blocked = outcome if isinstance(outcome, Reverted) else None
    phase: WithdrawalPhase = "READY"
    reason = ""
    if not executed and blocked is not None:  # a call that L1 takes is proved by L1 itself
        phase, reason = "PROOF_PENDING", not_executed(params)
    elif bundle == "executed" or is_done(blocked):
        phase, blocked = "FINALIZED", None
    elif bundle == "cancelled":
        phase, reason = "CANCELLED", "its unbundler cancelled it on L1: it is lost"
    elif sent:
        phase = "FINALIZING"
    elif blocked is not None:
        phase = "PROOF_PENDING" if is_passing(blocked) else "BLOCKED"
        reason = f"L1 would not take it: {blocked}"
    if phase == "FINALIZED" and sent != "included":
        paid = yield from attempt(attempt(_payment(place, params, receipt, parts=_PARTS), NodeError), NotReady)
        finalization = None if isinstance(paid, Exception) else paid
    return WithdrawalStatus(
        phase=phase, reason=reason, l2_receipt=receipt, params=params, blocked=blocked, finalization=finalization
    )


def _paying(session: Session, place: Place, params: FinalizeParams) -> CallRequest:
    return CallRequest(from_address=session.address, to=place.payer, data=place.calldata(params))


def not_executed(params: FinalizeParams) -> str:
    """What to say where L1 has no root of the batch."""
    return f"L1 has no root of batch {params.l2_batch_number} yet: it is not executed"


def _finalization(tx_hash: Hash32 | None) -> Flow[Literal["sent", "included"] | None]:
    """How far a finalization is: known to L1, included; None if it failed, or nobody knows it."""
    if tx_hash is None:
        return None
    receipt = yield from calls.get_receipt("l1", tx_hash)
    if receipt is not None:
        return "included" if receipt.status == 1 else None
    return None if (yield from calls.get_transaction("l1", tx_hash)) is None else "sent"  # in a wave that is there


def _payment(place: Place, params: FinalizeParams, receipt: Receipt, **more: int | None) -> Flow[Hash32 | None]:
    ids: dict[str, Any] = {"l1_chain_id": place.known.l1_chain_id, "router": place.known.asset_router, **more}
    return payment(receipt, params, payer=place.payer, **ids)


def find_finalization(
    session: Session,
    l2_tx_hash: HexLike,
    index: int = 0,
    *,
    from_block: int | None = None,
    bridge: Bridge | None = None,
) -> Flow[Hash32 | None]:
    """The L1 transaction that paid a withdrawal out, whoever sent it: from the events of L1, from the time of the withdrawal on,
    or from a block of L1 on. None if it is not finalized, or if no transaction there shows the withdrawal in its calldata.

    Raises NotReady while there is no proof of it, InvalidProof, InputError, TransactionFailed, NodeError.
    """
    first = None if from_block is None else uint(from_block, "from_block", 64)
    place, params, receipt = yield from ready(session, l2_tx_hash, index, bridge)
    return (yield from _payment(place, params, receipt, from_block=first))


def outdone(session: Session, record: SettlementRecord) -> Flow[tuple[bool, Receipt | None]]:
    """Of a finalization that failed on L1: whether another was faster, and the receipt of that one, if it is found.

    Raises NodeError.
    """
    asked = withdrawal_status(session, record.l2_tx_hash, record.index, bridge=record.bridge)
    status = yield from attempt(asked, InputError)
    if isinstance(status, InputError) or status.phase != "FINALIZED":
        return False, None
    if status.finalization is None:
        return True, None
    return True, (yield from calls.get_receipt("l1", status.finalization))


def wait_for_withdrawal(
    session: Session,
    l2_tx_hash: HexLike,
    index: int,
    *,
    until: Literal["l2", "ready", "finalized"],
    finalization: Hash32 | None,
    bridge: Bridge | None = None,
    timeout: float,
    interval: float | None,
    on_progress: Callable[[WithdrawalStatus], object] | None,
    resend: Callable[[], Step[None]] | None = None,
) -> Flow[WithdrawalStatus]:
    """Until it is so far. Raises TransactionFailed if it failed on L2 or never will be included, WithdrawalCancelled,
    WaitTimeout, InvalidProof; NotReady with the state BLOCKED if L1 will never take it. `resend`: as in `wait_for_request`.
    """
    beyond = {"finalized": 1, "ready": 2, "l2": 5}
    if until not in beyond:
        raise InputError(f"until: expected one of {', '.join(beyond)}, got {until!r}")
    phases = ("FINALIZED", "READY", "PROOF_PENDING", "BATCH_PENDING", "FINALIZING")
    ended = {
        "L2_FAILED",
        "L2_REPLACED",
        "CANCELLED",
        "BLOCKED",
        *phases[: beyond[until]],
        *(("FINALIZING",) if until == "ready" else ()),
    }

    def ask() -> Flow[WithdrawalStatus]:
        asked = withdrawal_status(session, l2_tx_hash, index, finalization=finalization, bridge=bridge)
        status = yield from attempt(asked, NodeError)
        if isinstance(status, WithdrawalStatus):
            return status
        if until != "l2":
            raise status
        return (yield from _ran(session, l2_tx_hash))  # needs neither a proof nor L1

    def what(last: WithdrawalStatus | None) -> str:
        reason = f": {last.reason}" if last is not None and last.reason else ""
        return f"the withdrawal {Hash32(l2_tx_hash)} to {'run on L2' if until == 'l2' else f'be {until}'}{reason}"

    def troubled(last: WithdrawalStatus | None, error: NodeError) -> WithdrawalStatus:
        return replace(last or WithdrawalStatus(phase="UNKNOWN"), trouble=error)

    status = yield from poll(
        resending(ask, lambda status: status.phase == "L2_DROPPED", resend),
        lambda status: status.phase in ended,
        what=what,
        timeout=timeout,
        interval=interval,
        on_progress=on_progress,
        troubled=troubled,
    )
    _check_ran(session, Hash32(l2_tx_hash), status)
    if status.phase == "CANCELLED" and until != "l2" and status.params is not None:
        raise WithdrawalCancelled(l2_tx_hash=Hash32(l2_tx_hash), index=index, bundle_hash=status.params.bundle_hash)
    if status.phase == "BLOCKED" and until != "l2":
        raise NotReady(status.reason, state="BLOCKED")
    return status


def _ran(session: Session, l2_tx_hash: HexLike) -> Flow[WithdrawalStatus]:
    """Whether it ran on L2, and no more than that."""
    receipt = yield from calls.get_receipt("l2", l2_tx_hash)
    if receipt is None:
        found = yield from absent(session, Hash32(l2_tx_hash))
        if not isinstance(found, Receipt):
            return WithdrawalStatus(phase=found[0], reason=found[1])
        receipt = found
    check_receipt(session, receipt)
    phase: WithdrawalPhase = "BATCH_PENDING" if receipt.status == 1 else "L2_FAILED"
    return WithdrawalStatus(phase=phase, reason="it ran on L2; no more is known of it", l2_receipt=receipt)


def _check_ran(session: Session, tx_hash: Hash32, status: WithdrawalStatus) -> None:
    check_not_replaced(session, tx_hash, status.phase)
    if status.phase == "L2_FAILED":
        raise TransactionFailed(chain="l2", tx_hash=tx_hash, receipt=status.l2_receipt)


def ready(
    session: Session, l2_tx_hash: HexLike, index: int, bridge: Bridge | None
) -> Flow[tuple[Place, FinalizeParams, Receipt]]:
    """Who pays it out, with what, and its receipt on L2. Raises NotReady while there is no proof, TransactionFailed."""
    found = yield from _looked_up(session, l2_tx_hash, index, bridge, must_be_known=True)
    if isinstance(found, WithdrawalStatus):
        _check_ran(session, Hash32(l2_tx_hash), found)
        raise NotReady(found.reason, state=found.phase)
    return found


def get_finalize_withdrawal_params(
    session: Session, l2_tx_hash: HexLike, index: int = 0, *, bridge: Bridge | None = None
) -> Flow[FinalizeParams]:
    """What L1Nullifier.finalizeDeposit takes for the `index`th withdrawal of an L2 transaction; with a `bundle_hash`,
    what L1InteropHandler.executeBundle takes.

    Raises NotReady, with its state, while there is no proof; InputError, TransactionFailed, NodeError.
    """
    return (yield from ready(session, l2_tx_hash, index, bridge))[1]


def is_withdrawal_finalized(
    session: Session, l2_tx_hash: HexLike, index: int = 0, *, bridge: Bridge | None = None
) -> Flow[bool]:
    """Whether L1 has paid it out. One that is not ready is not finalized.

    Raises InvalidProof, InputError (also for a transaction of L1), NotReady for one that no node knows, NodeError.
    """
    found = yield from _looked_up(session, l2_tx_hash, index, bridge, must_be_known=True)
    if isinstance(found, WithdrawalStatus):
        return False
    place, params, _ = found
    # else L2 could name the place of another that is finalized; and of what was paid out before the shared bridge the nullifier
    # has no record: only the call says so
    paid_out, outcome, proved = yield from gather(
        _paid_out(place, params),
        attempt(calls.call_raw("l1", _paying(session, place, params)), Reverted),
        message_is_proved(session, place.known, params),
    )
    return proved and (paid_out or (isinstance(outcome, Reverted) and is_done(outcome)))


def _paid_out(place: Place, params: FinalizeParams) -> Flow[bool]:
    if params.bundle_hash is not None:
        return (yield from place.bundle_state(params)) == "executed"
    asked = (params.chain_id, params.l2_batch_number, params.l2_message_index)
    return bool((yield from calls.eth_call("l1", place.payer, NULLIFIER.is_withdrawal_finalized, *asked))[0])
