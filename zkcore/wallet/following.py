"""What handles do, as flows, written once: they ask, wait, go on, and tell the journal what they learn."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar, cast

from msgspec.structs import replace

from zkcore.effects import Flow, Step
from zkcore.flows.finalize import WithdrawalStatus, wait_for_withdrawal, withdrawal_status
from zkcore.flows.l1 import TxOptions
from zkcore.flows.replacement import draft_cancel, draft_speed_up
from zkcore.flows.signed import check_receipt, remember
from zkcore.flows.status import RequestStatus, latest_status, wait_for_request
from zkcore.journal import State
from zkcore.methods.replies import Receipt
from zkcore.plans.facts import PlanKind
from zkcore.plans.records import (
    Elsewhere,
    Record,
    RequestRecord,
    SettlementRecord,
    WithdrawalRecord,
    last_transaction,
    learned,
    record_to_json,
)
from zkcore.types import Hash32
from zkcore.wallet.submission import Submission
from zkcore.words import of_handle

__all__ = ["Handle", "RequestHandle", "WithdrawalHandle"]

R = TypeVar("R", bound=Record)


# what a phase is in the journal, where it is not simply "sent"
_STATES: Final[dict[str, State]] = {
    "L1_DROPPED": "signed",
    "L1_UNKNOWN": "uncertain",
    "L1_REPLACED": "replaced",
    "L1_FAILED": "failed",
    "L2_DROPPED": "signed",
    "L2_UNKNOWN": "uncertain",
    "L2_REPLACED": "replaced",
    "L2_EXECUTED": "done",
    "L2_FAILED": "claimable",
    "FINALIZED": "done",
}


class Handle(Generic[R]):
    """What was sent, and what to do with it next. It remembers its record, and serializes it."""

    _kind: ClassVar[PlanKind]  # of the plans that it is the handle of

    def __init__(self, wallet: Any, record: R) -> None:
        self._wallet = wallet
        self._record: R = record
        remember(wallet._session, last_transaction(record), getattr(record, "signed", None))
        self._told: tuple[State, R] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({last_transaction(self._record)})"

    def __str__(self) -> str:
        return of_handle(self)

    @property
    def kind(self) -> str:
        """What it is a handle of."""
        return self._record.kind

    def to_json(self) -> str:
        """All that is needed to go on elsewhere: `resume` reads it."""
        return record_to_json(self._record)

    def _check(self, receipt: Receipt) -> None:
        """What a node tells of it is of what was signed. Raises MalformedReply."""
        check_receipt(self._wallet._session, receipt)

    def _tell(self, state: State, note: str = "") -> None:
        """Tell the journal how far it is, where that is new."""
        if self._told != (state, self._record):
            self._wallet._tell(self._record, state, note)
            self._told = (state, self._record)

    def _resend(self) -> Step[None]:
        """Send the same bytes again, if this wallet has the order in flight. For waits, which a wallet runs as submissions."""
        return cast("Step[None]", self._wallet._resending(self._record))


class RequestHandle(Handle[RequestRecord]):
    """A request from L1 to L2."""

    @property
    def l1_tx_hash(self) -> Hash32:
        """The L1 transaction."""
        return self._record.l1_tx_hash

    @property
    def l2_tx_hash(self) -> Hash32 | None:
        """The L2 transaction; None until the L1 receipt is in."""
        return self._record.l2_tx_hash

    @property
    def elsewhere(self) -> tuple[Elsewhere, ...]:
        """What its L1 transaction requests of other chains, where it was found by that: their ids, and the hashes there."""
        return self._record.elsewhere

    def _flow_status(self) -> Flow[RequestStatus]:
        """How far it is, without waiting. At most two waves."""
        return self._learn((yield from latest_status(self._wallet._session, self._known)))

    def _flow_wait_l1(
        self,
        *,
        confirmations: int = 1,
        timeout: float = 1_800.0,
        poll: float | None = None,
        on_progress: Callable[[RequestStatus], object] | None = None,
    ) -> Flow[Receipt]:
        """Until L1 has included it under so many blocks: the L1 receipt. Raises TransactionFailed, WaitTimeout."""
        _, receipt = yield from wait_for_request(
            self._wallet._session,
            self._known,
            until="l1",
            confirmations=confirmations,
            timeout=timeout,
            interval=poll,
            on_progress=self._learning(on_progress),
            resend=self._resend,
        )
        return receipt

    def _flow_wait(
        self,
        until: Literal["l1", "l2"] = "l2",
        *,
        timeout: float = 3_600.0,
        poll: float | None = None,
        on_progress: Callable[[RequestStatus], object] | None = None,
    ) -> Flow[Receipt]:
        """Until it ran on L2: the L2 receipt, of status 1; with "l1", as `wait_l1`. Times in seconds.

        `poll`: between two questions; None: ever longer. `on_progress` is called with each status.
        Raises DepositFailed if it failed on L2, TransactionFailed if on L1, WaitTimeout.
        """
        told = self._learning(on_progress)
        _, receipt = yield from wait_for_request(
            self._wallet._session,
            self._known,
            until=until,
            timeout=timeout,
            interval=poll,
            on_progress=told,
            resend=self._resend,
        )
        return receipt

    def _known(self, *, fresh: bool = False) -> RequestRecord:
        """What is known of it; `fresh`: in the journal too, where keepers and other processes replace what is stuck."""
        if fresh:
            self._record = cast("RequestRecord", self._wallet._newest(self._record))
        return self._record

    def _faster(self, options: TxOptions | None) -> Submission[Record]:
        draft = draft_speed_up(self._wallet._session, self._known(fresh=True), l1=options)
        self._record = cast("RequestRecord", (yield from self._wallet._replacing(draft, self._record, same=True)))
        return self._record

    def _cancelling(self, options: TxOptions | None) -> Submission[Record]:
        draft = draft_cancel(self._wallet._session, self._known(fresh=True), l1=options)
        return cast("Record", (yield from self._wallet._replacing(draft, self._record, same=False)))

    def _learning(self, told: Callable[[RequestStatus], object] | None) -> Callable[[RequestStatus], None]:
        def learn(status: RequestStatus) -> None:
            self._learn(status)
            if told is not None:
                told(status)

        return learn

    def _learn(self, status: RequestStatus) -> RequestStatus:
        self._record = learned(self._record, l1_tx_hash=status.l1_tx_hash, l2_tx_hash=status.l2_tx_hash)
        state = _STATES.get(status.phase, "sent")
        if state == "claimable" and (status.claimed or not self._record.claimable):
            state = "failed"
        if status.phase != "UNKNOWN" and not (status.phase == "L1_PENDING" and status.l1_receipt):
            self._tell(state, "claimed back" if status.claimed else status.phase)
        return status


class WithdrawalHandle(Handle[WithdrawalRecord]):
    """A withdrawal from L2 to L1."""

    @property
    def l2_tx_hash(self) -> Hash32:
        """The L2 transaction."""
        return self._record.l2_tx_hash

    @property
    def index(self) -> int:
        """Which withdrawal of that transaction it is."""
        return self._record.index

    @property
    def finalization(self) -> Hash32 | None:
        """The L1 transaction that pays it out, ours or another's; None until `status` or `finalize` has found one."""
        return self._record.finalization

    def _flow_status(self) -> Flow[WithdrawalStatus]:
        """How far it is, without waiting. At most three waves, one more if the chain settles on another."""
        record = self._record
        status = yield from withdrawal_status(
            self._wallet._session,
            record.l2_tx_hash,
            record.index,
            finalization=record.finalization,
            bridge=record.bridge,
        )
        return self._learn(status)

    def _flow_wait(
        self,
        until: Literal["l2", "ready", "finalized"] = "ready",
        *,
        timeout: float = 172_800.0,
        poll: float | None = None,
        on_progress: Callable[[WithdrawalStatus], object] | None = None,
    ) -> Flow[WithdrawalStatus]:
        """Until it ran on L2, is ready to be finalized, or is finalized (by whomever). Times in seconds.

        `poll`: between two questions; None: ever longer. `on_progress` is called with each status.
        Raises TransactionFailed if it failed on L2, or another transaction has its nonce for good; InvalidProof, WaitTimeout.
        """
        record = self._record

        def told(status: WithdrawalStatus) -> None:
            self._learn(status)
            if on_progress is not None:
                _ = on_progress(status)

        return (
            yield from wait_for_withdrawal(
                self._wallet._session,
                record.l2_tx_hash,
                record.index,
                until=until,
                finalization=record.finalization,
                bridge=record.bridge,
                timeout=timeout,
                interval=poll,
                on_progress=told,
                resend=self._resend,
            )
        )

    def _learn(self, status: WithdrawalStatus) -> WithdrawalStatus:
        if status.phase == "FINALIZED" and status.finalization is not None:
            self._record = replace(self._record, finalization=status.finalization)
        if status.phase != "UNKNOWN":
            self._tell("failed" if status.phase == "L2_FAILED" else _STATES.get(status.phase, "sent"), status.phase)
        return status

    def _finalized_by(self, record: SettlementRecord) -> None:
        self._record = replace(self._record, finalization=record.l1_tx_hash)
        self._tell("done" if record.l1_tx_hash is None else "sent")
