"""What comes back to L1: how far a withdrawal is, its parameters from the message itself, its proof checked here first."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import (
    AlreadyFinalized,
    InputError,
    InvalidProof,
    NodeError,
    NotReady,
    Reverted,
    TransactionFailed,
    UnsupportedProtocol,
    WithdrawalCancelled,
    ZkCoreError,
)
from zkcore.flows.bridges import bridge_of, finalizes, is_done, is_passing
from zkcore.flows.bundles import BundleState, bundle_in, bundle_state, check_executor, interop_handler
from zkcore.flows.l1 import TxOptions, Unsigned, account_state
from zkcore.flows.messages import (
    FinalizeParams,
    absent_from_l2,
    log_index,
    message_is_proved,
    message_of,
    proved_message,
    why_unproved,
    withdrawal_logs,
)
from zkcore.flows.session import (
    ChainFacts,
    Contracts,
    Session,
    contracts,
    known_stack,
    message_root,
    named,
    nullifier_of,
    protocol_version,
)
from zkcore.flows.signed import check_message, check_receipt
from zkcore.flows.status import poll
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.methods.replies import Receipt
from zkcore.plans.plan import Draft
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import INTEROP_CENTER_ADDRESS, NULLIFIER
from zkcore.protocol.fees import check_protocol_version
from zkcore.types import Address, Hash32, HexLike, uint
from zkcore.words import Told

# fmt: off
__all__ = [
    "WithdrawalPhase", "WithdrawalStatus", "draft_finalize_withdrawal", "get_finalize_withdrawal_params",
    "is_withdrawal_finalized", "wait_for_withdrawal", "withdrawal_status",
]
# fmt: on

WithdrawalPhase: TypeAlias = Literal[
    "L2_PENDING",  # no receipt on L2 yet
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

    `blocked`: what L1 says to the call although the proof is right. `trouble`: as in `RequestStatus`.
    """

    phase: WithdrawalPhase
    reason: str = ""
    l2_receipt: Receipt | None = None
    params: FinalizeParams | None = None
    blocked: Reverted | None = None
    finalization: Hash32 | None = None
    trouble: NodeError | None = None


# ---------------------------------------------------------------- status
class _Place(Struct, frozen=True, kw_only=True):
    """Who pays out on L1: the nullifier, of a bundle the interop handler, or a bridge beside the vault."""

    known: Contracts
    nullifier: Address
    handler: Address | None
    bridge: Bridge | None

    @property
    def payer(self) -> Address:
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
) -> Flow[WithdrawalStatus | tuple[_Place, FinalizeParams, Receipt]]:
    """Where there is a proof: it, and the contracts; else the status that says why not. Two waves."""
    _ = uint(index, "index", 16)
    known, receipt = yield from gather(contracts(session), calls.get_receipt("l2", l2_tx_hash))
    if receipt is None:
        reason = yield from absent_from_l2(Hash32(l2_tx_hash), known=must_be_known)
        return WithdrawalStatus(phase="L2_PENDING", reason=reason)
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
    nullifier, handler, proof, _, pair = yield from gather(
        nullifier_of(session, known),
        _handler(session, known, log.topics[1]),
        calls.get_l2_to_l1_log_proof(receipt.transaction_hash, log_index(receipt, log)),
        message_root(session, known),
        bridge_of(session, known, Address(log.topics[1][12:]), bridge),
    )
    if isinstance(pair, str):
        return WithdrawalStatus(phase="BLOCKED", reason=pair, l2_receipt=receipt)
    if proof is None:
        batch = receipt.l1_batch_number
        reason = yield from why_unproved(known, batch)
        phase: WithdrawalPhase = "BATCH_PENDING" if batch is None else "PROOF_PENDING"
        return WithdrawalStatus(phase=phase, reason=reason, l2_receipt=receipt)
    place = _Place(known=known, nullifier=nullifier, handler=handler, bridge=pair)
    return place, proved_message(known, receipt, log, proof), receipt


def withdrawal_status(
    session: Session,
    l2_tx_hash: HexLike,
    index: int = 0,
    *,
    finalization: Hash32 | None = None,
    bridge: Bridge | None = None,
) -> Flow[WithdrawalStatus]:
    """Three waves, one more if the chain settles on another. Raises InvalidProof if the node's proof is not right."""
    found, sent = yield from gather(_looked_up(session, l2_tx_hash, index, bridge), _finalization(finalization))
    if isinstance(found, WithdrawalStatus):
        return found
    place, params, receipt = found
    call = _paying(session, place, params)
    executed, outcome, bundle = yield from gather(
        message_is_proved(session, place.known, params, older=False),
        attempt(calls.call_raw("l1", call), Reverted),
        place.bundle_state(params),
    )
    blocked = outcome if isinstance(outcome, Reverted) else None
    # a call that L1 takes is proved by L1 itself; else the root may be where chains before v31 have theirs: a wave more
    executed = executed or blocked is None or (yield from message_is_proved(session, place.known, params, version=30))
    phase: WithdrawalPhase = "READY"
    reason = ""
    if not executed:
        phase, reason = "PROOF_PENDING", _not_executed(params)
    elif bundle == "executed" or is_done(blocked):
        phase, blocked = "FINALIZED", None
    elif bundle == "cancelled":
        phase, reason = "CANCELLED", "its unbundler cancelled it on L1: it is lost"
    elif sent:
        phase = "FINALIZING"
    elif blocked is not None:
        phase = "PROOF_PENDING" if is_passing(blocked) else "BLOCKED"
        reason = f"L1 would not take it: {blocked}"
    return WithdrawalStatus(
        phase=phase, reason=reason, l2_receipt=receipt, params=params, blocked=blocked, finalization=finalization
    )


def _paying(session: Session, place: _Place, params: FinalizeParams) -> CallRequest:
    return CallRequest(from_address=session.address, to=place.payer, data=place.calldata(params))


def _not_executed(params: FinalizeParams) -> str:
    return f"L1 has no root of batch {params.l2_batch_number} yet: it is not executed"


def _finalization(tx_hash: Hash32 | None) -> Flow[bool]:
    """Whether a finalization is on its way: known to L1, not failed."""
    if tx_hash is None:
        return False
    transaction, receipt = yield from gather(calls.get_transaction("l1", tx_hash), calls.get_receipt("l1", tx_hash))
    return transaction is not None and (receipt is None or receipt.status == 1)


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
) -> Flow[WithdrawalStatus]:
    """Until it is so far. Raises TransactionFailed if it failed on L2, WithdrawalCancelled, WaitTimeout, InvalidProof.

    NotReady with the state BLOCKED if L1 will never take it.
    """
    beyond = {"finalized": 1, "ready": 2, "l2": 5}
    if until not in beyond:
        raise InputError(f"until: expected one of {', '.join(beyond)}, got {until!r}")
    phases = ("FINALIZED", "READY", "PROOF_PENDING", "BATCH_PENDING", "FINALIZING")
    ended = {
        "L2_FAILED",
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
        return f"the withdrawal {Hash32(l2_tx_hash)} to be {until}{reason}"

    def troubled(last: WithdrawalStatus | None, error: NodeError) -> WithdrawalStatus:
        return replace(last or WithdrawalStatus(phase="UNKNOWN"), trouble=error)

    status = yield from poll(
        ask,
        lambda status: status.phase in ended,
        what=what,
        timeout=timeout,
        interval=interval,
        on_progress=on_progress,
        troubled=troubled,
    )
    if status.phase == "L2_FAILED":
        raise TransactionFailed(chain="l2", tx_hash=Hash32(l2_tx_hash), receipt=status.l2_receipt)
    if status.phase == "CANCELLED" and until != "l2" and status.params is not None:
        raise WithdrawalCancelled(l2_tx_hash=Hash32(l2_tx_hash), index=index, bundle_hash=status.params.bundle_hash)
    if status.phase == "BLOCKED" and until != "l2":
        raise NotReady(status.reason, state="BLOCKED")
    return status


def _ran(session: Session, l2_tx_hash: HexLike) -> Flow[WithdrawalStatus]:
    """Whether it ran on L2, and no more than that."""
    receipt = yield from calls.get_receipt("l2", l2_tx_hash)
    if receipt is None:
        reason = yield from absent_from_l2(Hash32(l2_tx_hash), known=False)
        return WithdrawalStatus(phase="L2_PENDING", reason=reason)
    check_receipt(session, receipt)
    phase: WithdrawalPhase = "BATCH_PENDING" if receipt.status == 1 else "L2_FAILED"
    return WithdrawalStatus(phase=phase, reason="it ran on L2; no more is known of it", l2_receipt=receipt)


def _ready(
    session: Session, l2_tx_hash: HexLike, index: int, bridge: Bridge | None
) -> Flow[tuple[_Place, FinalizeParams, Receipt]]:
    found = yield from _looked_up(session, l2_tx_hash, index, bridge, must_be_known=True)
    if isinstance(found, WithdrawalStatus):
        if found.phase == "L2_FAILED":
            raise TransactionFailed(chain="l2", tx_hash=Hash32(l2_tx_hash), receipt=found.l2_receipt)
        raise NotReady(found.reason, state=found.phase)
    return found


def get_finalize_withdrawal_params(
    session: Session, l2_tx_hash: HexLike, index: int = 0, *, bridge: Bridge | None = None
) -> Flow[FinalizeParams]:
    """What L1Nullifier.finalizeDeposit takes for the `index`th withdrawal of an L2 transaction; with a `bundle_hash`,
    what L1InteropHandler.executeBundle takes.

    Raises NotReady, with its state, while there is no proof; InputError, TransactionFailed, NodeError.
    """
    return (yield from _ready(session, l2_tx_hash, index, bridge))[1]


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


def _paid_out(place: _Place, params: FinalizeParams) -> Flow[bool]:
    if params.bundle_hash is not None:
        return (yield from place.bundle_state(params)) == "executed"
    asked = (params.chain_id, params.l2_batch_number, params.l2_message_index)
    return bool((yield from calls.eth_call("l1", place.payer, NULLIFIER.is_withdrawal_finalized, *asked))[0])


# how L1 says that a chain does not settle where the proof leads
_NO_LAYER: Final = frozenset({"NotSettlementLayer", "InvalidSettlementLayerForBatch"})


def draft_finalize_withdrawal(
    session: Session,
    l2_tx_hash: HexLike,
    index: int = 0,
    *,
    bridge: Bridge | None = None,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Have L1 pay out the `index`th withdrawal of an L2 transaction. Anyone may: the receiver is in the message.

    The proof is verified here against the root on L1 before anything is signed. One that is finalized already is reported
    as done by `finalize_withdrawal` (its handle has no L1 transaction); planning it raises AlreadyFinalized.
    Raises NotReady, InvalidProof, Reverted, InsufficientBalance, InputError, NodeError.
    """
    session = named(session, reference)
    (place, params, receipt), state, version = yield from gather(
        _ready(session, l2_tx_hash, index, bridge), account_state(session, "l1", l1), _version(session)
    )
    # the stack decides nothing here: as the receipt is written, if it is not known
    stack = known_stack(session) or ("zksync-os" if receipt.l1_batch_number is None else "era")
    facts = ChainFacts(contracts=place.known, stack=stack, protocol_version=check_protocol_version(version, stack))
    if place.handler is not None:
        check_executor(session, params.message)
    call = Unsigned(to=place.payer, data=place.calldata(params))
    settled: dict[str, Any] = {"l2_tx_hash": Hash32(l2_tx_hash), "l2_index": index, "nullifier": place.nullifier}
    settled |= {"interop_handler": place.handler, "bridge": place.bridge.l1_address if place.bridge else None}
    drafting = draft_calls(session, facts, state, "l1", "finalization", [("finalize", call)], l1, **settled)
    executed, bundle, drafted = yield from gather(
        message_is_proved(session, place.known, params, version),
        place.bundle_state(params),
        attempt(drafting, Reverted),
    )
    if executed and (bundle == "executed" or (isinstance(drafted, Reverted) and is_done(drafted))):
        raise AlreadyFinalized(l2_tx_hash=Hash32(l2_tx_hash), index=index)
    if executed and bundle == "cancelled":
        raise WithdrawalCancelled(l2_tx_hash=Hash32(l2_tx_hash), index=index, bundle_hash=params.bundle_hash)
    if isinstance(drafted, Reverted) and drafted.name in _NO_LAYER:
        raise drafted
    if not executed:
        raise NotReady(_not_executed(params), state="PROOF_PENDING")
    if isinstance(drafted, Reverted):
        raise _why_not(place, drafted) from drafted
    return drafted


def _version(session: Session) -> Flow[int]:
    return (yield from protocol_version((yield from contracts(session))))


def _why_not(place: _Place, refused: Reverted) -> ZkCoreError:
    """What it means that L1 refuses what is proved."""
    if refused.name == "InsufficientChainBalance":
        asset = f"asset {refused.args[1]}" if len(refused.args) == 3 else "this token"
        return NotReady(
            f"L1 counts too little of {asset} for this chain for now. Nothing is lost: try again later",
            state="BALANCE_PENDING",
        )
    if refused.name in ("MessageNotIncluded", "InvalidProof"):
        return InvalidProof(
            f"the proof leads to the root on L1, but L1 does not take its form ({refused}): nothing was sent"
        )
    if refused.name is None and not refused.data:
        return UnsupportedProtocol(
            f"{place.payer} on L1 does not know how to pay this withdrawal out (it reverts without a reason)"
        )
    return refused
