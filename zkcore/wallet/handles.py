"""Handles: what a write of the wallet returns. They ask, wait, go on, and serialize; see `Wallet.resume`.

What a handle does is a flow, written once; the handles of `Wallet` block on it, those of `AsyncWallet` await it.
"""

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar, get_args

from msgspec.structs import replace

from zkcore import calls
from zkcore.effects import Flow
from zkcore.errors import DepositFailed, TransactionFailed
from zkcore.flows.finalize import WithdrawalStatus, wait_for_withdrawal, withdrawal_status
from zkcore.flows.l1 import TxOptions
from zkcore.flows.records import (
    Record,
    RequestRecord,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    learned,
    record_to_json,
)
from zkcore.flows.replacement import draft_cancel, draft_speed_up
from zkcore.flows.status import RequestStatus, request_status, wait_for_request
from zkcore.plan import PlanKind
from zkcore.replies import Receipt
from zkcore.types import Hash32
from zkcore.wallet._binding import awaited, blocking
from zkcore.wallet.submission import included

__all__ = ["ASYNC_HANDLES", "HANDLES", "AsyncClaim", "AsyncDeposit", "AsyncExecution", "AsyncFinalization"]
__all__ += ["AsyncSentTransaction", "AsyncWithdrawal", "Claim", "Deposit", "Execution", "Finalization", "Handle"]
__all__ += ["SentTransaction", "Withdrawal"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Handle(Generic[R]):
    """What was sent, and what to do with it next. `record` is all that it knows."""

    def __init__(self, wallet: Any, record: R) -> None:
        self.wallet = wallet
        self.record = record

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.record})"

    @property
    def kind(self) -> str:
        """What it is a handle of."""
        return self.record.kind

    def to_json(self) -> str:
        """All that is needed to go on elsewhere: `resume` reads it."""
        return record_to_json(self.record)

    def _ending(self, waiting: Flow[T], ended: Callable[[T], bool] = lambda _: True) -> Flow[T]:
        """Wait, and tell the journal when it has come to its end, well or not."""
        try:
            result = yield from waiting
        except (DepositFailed, TransactionFailed):
            self.wallet.finished(self.record)
            raise
        if ended(result):
            self.wallet.finished(self.record)
        return result


class RequestHandle(Handle[RequestRecord]):
    """A request from L1 to L2."""

    @property
    def l1_tx_hash(self) -> Hash32:
        """The L1 transaction."""
        return self.record.l1_tx_hash

    @property
    def l2_tx_hash(self) -> Hash32 | None:
        """The L2 transaction; None until the L1 receipt is in."""
        return self.record.l2_tx_hash

    def flow_status(self) -> Flow[RequestStatus]:
        """How far it is, without waiting. At most two waves."""
        return self._learn((yield from request_status(self.wallet.session, self.record)))

    def flow_wait_l1(
        self,
        *,
        confirmations: int = 1,
        timeout: float = 1_800.0,
        poll: float | None = None,
        on_progress: Callable[[RequestStatus], object] | None = None,
    ) -> Flow[Receipt]:
        """Until L1 has included it under so many blocks: the L1 receipt. Raises TransactionFailed, WaitTimeout."""
        _, receipt = yield from wait_for_request(
            self.wallet.session,
            lambda: self.record,
            until="l1",
            confirmations=confirmations,
            timeout=timeout,
            interval=poll,
            on_progress=self._learning(on_progress),
        )
        return receipt

    def flow_wait(
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
            self.wallet.session, lambda: self.record, until=until, timeout=timeout, interval=poll, on_progress=told
        )
        return (yield from self._ending(waiting, lambda _: until == "l2"))[1]

    def _replaced_by(self, record: Any) -> None:
        self.record = replace(record, replaced=(self.record.l1_tx_hash, *self.record.replaced))

    def _learning(self, told: Callable[[RequestStatus], object] | None) -> Callable[[RequestStatus], None]:
        def learn(status: RequestStatus) -> None:
            self._learn(status)
            if told is not None:
                told(status)

        return learn

    def _learn(self, status: RequestStatus) -> RequestStatus:
        self.record = learned(self.record, l1_tx_hash=status.l1_tx_hash, l2_tx_hash=status.l2_tx_hash)
        return status


class WithdrawalHandle(Handle[WithdrawalRecord]):
    """A withdrawal from L2 to L1."""

    @property
    def l2_tx_hash(self) -> Hash32:
        """The L2 transaction."""
        return self.record.l2_tx_hash

    @property
    def index(self) -> int:
        """Which withdrawal of that transaction it is."""
        return self.record.index

    def flow_status(self) -> Flow[WithdrawalStatus]:
        """How far it is, without waiting. At most three waves, one more if the chain settles on another."""
        record = self.record
        return withdrawal_status(self.wallet.session, record.l2_tx_hash, record.index, finalization=record.finalization)

    def flow_wait(
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
        record = self.record
        waiting = wait_for_withdrawal(
            self.wallet.session,
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
        self.record = replace(self.record, finalization=record.l1_tx_hash)
        return record


class SettlementHandle(Handle[SettlementRecord]):
    """A transaction on L1 that settles something of L2: a finalization, a claim."""

    @property
    def l1_tx_hash(self) -> Hash32 | None:
        """The L1 transaction; None if it had been done before."""
        return self.record.l1_tx_hash

    def flow_status(self) -> Flow[Receipt | None]:
        """The L1 receipt; None until it is included, or if it had been done before."""
        if self.record.l1_tx_hash is None:
            return None
        return (yield from calls.get_receipt("l1", self.record.l1_tx_hash))

    def flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt | None]:
        """Until L1 has included it: the L1 receipt, of status 1; None at once if it had been done before.

        Raises TransactionFailed, WaitTimeout. Times in seconds.
        """
        if self.record.l1_tx_hash is None:
            return None
        return (yield from self._ending(included("l1", self.record.l1_tx_hash, timeout=timeout, poll=poll)))


class TransactionHandle(Handle[TransactionRecord]):
    """A transaction that no bridge is waited for: an approval, a transfer."""

    @property
    def tx_hash(self) -> Hash32:
        """Its hash, on `record.chain`."""
        return self.record.tx_hash

    def flow_status(self) -> Flow[Receipt | None]:
        """The receipt; None until it is included."""
        return (yield from calls.get_receipt(self.record.chain, self.record.tx_hash))

    def flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt]:
        """Until it is included: the receipt, of status 1. Raises TransactionFailed, WaitTimeout. Times in seconds."""
        return (yield from self._ending(included(self.record.chain, self.record.tx_hash, timeout=timeout, poll=poll)))


# ---------------------------------------------------------------- of Wallet
class Deposit(RequestHandle):
    """A deposit from L1 to L2."""

    status = blocking(RequestHandle.flow_status)
    wait_l1 = blocking(RequestHandle.flow_wait_l1)
    wait = blocking(RequestHandle.flow_wait)

    def speed_up(self, *, l1: TxOptions | None = None) -> None:
        """Send it again under its nonce with higher fees, re-quoted; this handle follows both. Raises as `deposit`."""
        draft = draft_speed_up(self.wallet.session, self.record, l1=l1)
        self._replaced_by(self.wallet.run_submission(self.wallet.sending(draft)))

    def cancel(self, *, l1: TxOptions | None = None) -> "SentTransaction":
        """Send nothing under its nonce with higher fees. Whichever is included first, wins: see `status`."""
        draft = draft_cancel(self.wallet.session, self.record, l1=l1)
        return SentTransaction(self.wallet, self.wallet.run_submission(self.wallet.sending(draft)))


class Execution(Deposit):
    """A call on L2 from L1."""


class Finalization(SettlementHandle):
    """The finalization of a withdrawal."""

    status = blocking(SettlementHandle.flow_status)
    wait = blocking(SettlementHandle.flow_wait)


class Claim(Finalization):
    """The claim of a failed deposit."""


class SentTransaction(TransactionHandle):
    """An approval or a transfer."""

    status = blocking(TransactionHandle.flow_status)
    wait = blocking(TransactionHandle.flow_wait)


class Withdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1."""

    status = blocking(WithdrawalHandle.flow_status)
    wait = blocking(WithdrawalHandle.flow_wait)

    def finalize(self, *, l1: TxOptions | None = None) -> Finalization:
        """Have L1 pay it out: as `Wallet.finalize_withdrawal`."""
        handle: Finalization = self.wallet.finalize_withdrawal(self.l2_tx_hash, self.index, l1=l1)
        self._finalizing(handle.record)
        return handle


# ---------------------------------------------------------------- of AsyncWallet
class AsyncDeposit(RequestHandle):
    """A deposit from L1 to L2, of an AsyncWallet."""

    status = awaited(RequestHandle.flow_status)
    wait_l1 = awaited(RequestHandle.flow_wait_l1)
    wait = awaited(RequestHandle.flow_wait)

    async def speed_up(self, *, l1: TxOptions | None = None) -> None:
        """As `Deposit.speed_up`."""
        draft = draft_speed_up(self.wallet.session, self.record, l1=l1)
        self._replaced_by(await self.wallet.run_submission(self.wallet.sending(draft)))

    async def cancel(self, *, l1: TxOptions | None = None) -> "AsyncSentTransaction":
        """As `Deposit.cancel`."""
        draft = draft_cancel(self.wallet.session, self.record, l1=l1)
        return AsyncSentTransaction(self.wallet, await self.wallet.run_submission(self.wallet.sending(draft)))


class AsyncExecution(AsyncDeposit):
    """A call on L2 from L1, of an AsyncWallet."""


class AsyncFinalization(SettlementHandle):
    """The finalization of a withdrawal, of an AsyncWallet."""

    status = awaited(SettlementHandle.flow_status)
    wait = awaited(SettlementHandle.flow_wait)


class AsyncClaim(AsyncFinalization):
    """The claim of a failed deposit, of an AsyncWallet."""


class AsyncSentTransaction(TransactionHandle):
    """An approval or a transfer, of an AsyncWallet."""

    status = awaited(TransactionHandle.flow_status)
    wait = awaited(TransactionHandle.flow_wait)


class AsyncWithdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1, of an AsyncWallet."""

    status = awaited(WithdrawalHandle.flow_status)
    wait = awaited(WithdrawalHandle.flow_wait)

    async def finalize(self, *, l1: TxOptions | None = None) -> AsyncFinalization:
        """Have L1 pay it out: as `AsyncWallet.finalize_withdrawal`."""
        handle: AsyncFinalization = await self.wallet.finalize_withdrawal(self.l2_tx_hash, self.index, l1=l1)
        self._finalizing(handle.record)
        return handle


_BLOCKING = (Deposit, Execution, Withdrawal, Finalization, Claim, SentTransaction)
_AWAITED = (AsyncDeposit, AsyncExecution, AsyncWithdrawal, AsyncFinalization, AsyncClaim, AsyncSentTransaction)
_KINDS = get_args(PlanKind)
HANDLES: dict[str, type[Handle[Any]]] = dict(zip(_KINDS, _BLOCKING, strict=True))
ASYNC_HANDLES: dict[str, type[Handle[Any]]] = dict(zip(_KINDS, _AWAITED, strict=True))
