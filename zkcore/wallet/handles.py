"""Handles: what a write of the wallet returns. They ask, wait, go on, and serialize; see `Wallet.resume`.

What a handle does is a flow, written once; the handles of `Wallet` block on it, those of `AsyncWallet` await it.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, Literal, TypeVar

from msgspec.structs import replace

from zkcore.effects import Chain, Flow
from zkcore.errors import DepositFailed, TransactionFailed
from zkcore.flows.finalize import WithdrawalStatus, wait_for_withdrawal, withdrawal_status
from zkcore.flows.l1 import TxOptions
from zkcore.flows.replacement import draft_cancel, draft_speed_up
from zkcore.flows.status import RequestStatus, request_status, wait_for_request
from zkcore.methods import calls
from zkcore.methods.replies import Receipt
from zkcore.plans.facts import PlanKind
from zkcore.plans.records import (
    Record,
    RequestRecord,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    learned,
    record_to_json,
)
from zkcore.types import Hash32
from zkcore.wallet._binding import awaited, blocking
from zkcore.wallet.submission import included

__all__ = ["ASYNC_HANDLES", "HANDLES", "AsyncClaim", "AsyncDeposit", "AsyncExecution", "AsyncFinalization"]
__all__ += ["AsyncSentTransaction", "AsyncWithdrawal", "Claim", "Deposit", "Execution", "Finalization", "Handle"]
__all__ += ["SentTransaction", "Withdrawal"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Handle(Generic[R]):
    """What was sent, and what to do with it next. It remembers its record, and serializes it."""

    _kind: ClassVar[PlanKind]  # of the plans that it is the handle of

    def __init__(self, wallet: Any, record: R) -> None:
        self._wallet = wallet
        self._record = record

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._record})"

    @property
    def kind(self) -> str:
        """What it is a handle of."""
        return self._record.kind

    def to_json(self) -> str:
        """All that is needed to go on elsewhere: `resume` reads it."""
        return record_to_json(self._record)

    def _ending(self, waiting: Flow[T], ended: Callable[[T], bool] = lambda _: True) -> Flow[T]:
        """Wait, and tell the journal when it has come to its end, well or not."""
        try:
            result = yield from waiting
        except (DepositFailed, TransactionFailed):
            self._wallet._finished(self._record)
            raise
        if ended(result):
            self._wallet._finished(self._record)
        return result


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

    def _flow_status(self) -> Flow[RequestStatus]:
        """How far it is, without waiting. At most two waves."""
        return self._learn((yield from request_status(self._wallet._session, self._record)))

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
            lambda: self._record,
            until="l1",
            confirmations=confirmations,
            timeout=timeout,
            interval=poll,
            on_progress=self._learning(on_progress),
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
        waiting = wait_for_request(
            self._wallet._session, lambda: self._record, until=until, timeout=timeout, interval=poll, on_progress=told
        )
        return (yield from self._ending(waiting, lambda _: until == "l2"))[1]

    def _replaced_by(self, record: Any) -> None:
        self._record = replace(record, replaced=(self._record.l1_tx_hash, *self._record.replaced))

    def _learning(self, told: Callable[[RequestStatus], object] | None) -> Callable[[RequestStatus], None]:
        def learn(status: RequestStatus) -> None:
            self._learn(status)
            if told is not None:
                told(status)

        return learn

    def _learn(self, status: RequestStatus) -> RequestStatus:
        self._record = learned(self._record, l1_tx_hash=status.l1_tx_hash, l2_tx_hash=status.l2_tx_hash)
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

    def _flow_status(self) -> Flow[WithdrawalStatus]:
        """How far it is, without waiting. At most three waves, one more if the chain settles on another."""
        record = self._record
        return withdrawal_status(
            self._wallet._session, record.l2_tx_hash, record.index, finalization=record.finalization
        )

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
        Raises TransactionFailed if it failed on L2, InvalidProof, WaitTimeout.
        """
        record = self._record
        waiting = wait_for_withdrawal(
            self._wallet._session,
            record.l2_tx_hash,
            record.index,
            until=until,
            finalization=record.finalization,
            timeout=timeout,
            interval=poll,
            on_progress=on_progress,
        )
        return (yield from self._ending(waiting, lambda status: status.phase == "FINALIZED"))

    def _finalizing(self, record: SettlementRecord) -> SettlementRecord:
        self._record = replace(self._record, finalization=record.l1_tx_hash)
        return record


class SettlementHandle(Handle[SettlementRecord]):
    """A transaction on L1 that settles something of L2: a finalization, a claim."""

    @property
    def l1_tx_hash(self) -> Hash32 | None:
        """The L1 transaction; None if it had been done before."""
        return self._record.l1_tx_hash

    def _flow_status(self) -> Flow[Receipt | None]:
        """The L1 receipt; None until it is included, or if it had been done before."""
        if self._record.l1_tx_hash is None:
            return None
        return (yield from calls.get_receipt("l1", self._record.l1_tx_hash))

    def _flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt | None]:
        """Until L1 has included it: the L1 receipt, of status 1; None at once if it had been done before.

        Raises TransactionFailed, WaitTimeout. Times in seconds.
        """
        if self._record.l1_tx_hash is None:
            return None
        return (yield from self._ending(included("l1", self._record.l1_tx_hash, timeout=timeout, poll=poll)))


class TransactionHandle(Handle[TransactionRecord]):
    """A transaction that no bridge is waited for: an approval, a transfer."""

    @property
    def chain(self) -> Chain:
        """Where it was sent: "l1" or "l2"."""
        return self._record.chain

    @property
    def tx_hash(self) -> Hash32:
        """Its hash, on `chain`."""
        return self._record.tx_hash

    def _flow_status(self) -> Flow[Receipt | None]:
        """The receipt; None until it is included."""
        return (yield from calls.get_receipt(self._record.chain, self._record.tx_hash))

    def _flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt]:
        """Until it is included: the receipt, of status 1. Raises TransactionFailed, WaitTimeout. Times in seconds."""
        return (yield from self._ending(included(self._record.chain, self._record.tx_hash, timeout=timeout, poll=poll)))


# ---------------------------------------------------------------- of Wallet
class Deposit(RequestHandle):
    """A deposit from L1 to L2."""

    _kind: ClassVar[PlanKind] = "deposit"
    status = blocking(RequestHandle._flow_status)
    wait_l1 = blocking(RequestHandle._flow_wait_l1)
    wait = blocking(RequestHandle._flow_wait)

    def speed_up(self, *, l1: TxOptions | None = None) -> None:
        """Send it again under its nonce with higher fees, re-quoted; this handle follows both. Raises as `deposit`."""
        draft = draft_speed_up(self._wallet._session, self._record, l1=l1)
        self._replaced_by(self._wallet._run_submission(self._wallet._sending(draft)))

    def cancel(self, *, l1: TxOptions | None = None) -> "SentTransaction":
        """Send nothing under its nonce with higher fees. Whichever is included first, wins: see `status`."""
        draft = draft_cancel(self._wallet._session, self._record, l1=l1)
        return SentTransaction(self._wallet, self._wallet._run_submission(self._wallet._sending(draft)))


class Execution(Deposit):
    """A call on L2 from L1."""

    _kind: ClassVar[PlanKind] = "execution"


class Finalization(SettlementHandle):
    """The finalization of a withdrawal."""

    _kind: ClassVar[PlanKind] = "finalization"
    status = blocking(SettlementHandle._flow_status)
    wait = blocking(SettlementHandle._flow_wait)


class Claim(Finalization):
    """The claim of a failed deposit."""

    _kind: ClassVar[PlanKind] = "claim"


class SentTransaction(TransactionHandle):
    """An approval or a transfer."""

    _kind: ClassVar[PlanKind] = "transaction"
    status = blocking(TransactionHandle._flow_status)
    wait = blocking(TransactionHandle._flow_wait)


class Withdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1."""

    _kind: ClassVar[PlanKind] = "withdrawal"
    status = blocking(WithdrawalHandle._flow_status)
    wait = blocking(WithdrawalHandle._flow_wait)

    def finalize(self, *, l1: TxOptions | None = None) -> Finalization:
        """Have L1 pay it out: as `Wallet.finalize_withdrawal`."""
        handle: Finalization = self._wallet.finalize_withdrawal(self.l2_tx_hash, self.index, l1=l1)
        self._finalizing(handle._record)
        return handle


# ---------------------------------------------------------------- of AsyncWallet
class AsyncDeposit(RequestHandle):
    """A deposit from L1 to L2, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "deposit"
    status = awaited(RequestHandle._flow_status)
    wait_l1 = awaited(RequestHandle._flow_wait_l1)
    wait = awaited(RequestHandle._flow_wait)

    async def speed_up(self, *, l1: TxOptions | None = None) -> None:
        """As `Deposit.speed_up`."""
        draft = draft_speed_up(self._wallet._session, self._record, l1=l1)
        self._replaced_by(await self._wallet._run_submission(self._wallet._sending(draft)))

    async def cancel(self, *, l1: TxOptions | None = None) -> "AsyncSentTransaction":
        """As `Deposit.cancel`."""
        draft = draft_cancel(self._wallet._session, self._record, l1=l1)
        return AsyncSentTransaction(self._wallet, await self._wallet._run_submission(self._wallet._sending(draft)))


class AsyncExecution(AsyncDeposit):
    """A call on L2 from L1, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "execution"


class AsyncFinalization(SettlementHandle):
    """The finalization of a withdrawal, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "finalization"
    status = awaited(SettlementHandle._flow_status)
    wait = awaited(SettlementHandle._flow_wait)


class AsyncClaim(AsyncFinalization):
    """The claim of a failed deposit, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "claim"


class AsyncSentTransaction(TransactionHandle):
    """An approval or a transfer, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "transaction"
    status = awaited(TransactionHandle._flow_status)
    wait = awaited(TransactionHandle._flow_wait)


class AsyncWithdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "withdrawal"
    status = awaited(WithdrawalHandle._flow_status)
    wait = awaited(WithdrawalHandle._flow_wait)

    async def finalize(self, *, l1: TxOptions | None = None) -> AsyncFinalization:
        """Have L1 pay it out: as `AsyncWallet.finalize_withdrawal`."""
        handle: AsyncFinalization = await self._wallet.finalize_withdrawal(self.l2_tx_hash, self.index, l1=l1)
        self._finalizing(handle._record)
        return handle


_BLOCKING = (Deposit, Execution, Withdrawal, Finalization, Claim, SentTransaction)
_AWAITED = (AsyncDeposit, AsyncExecution, AsyncWithdrawal, AsyncFinalization, AsyncClaim, AsyncSentTransaction)
HANDLES: dict[str, type[Handle[Any]]] = {handle._kind: handle for handle in _BLOCKING}
ASYNC_HANDLES: dict[str, type[Handle[Any]]] = {handle._kind: handle for handle in _AWAITED}
