"""Handles: what a write of the wallet returns. They ask, wait, go on, and serialize; see `Wallet.resume`.

What a handle does is a flow, written once; the handles of `Wallet` block on it, those of `AsyncWallet` await it.
"""

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from zkcore.effects import Flow
from zkcore.errors import DepositFailed, TransactionFailed
from zkcore.flows.records import Record, RequestRecord, learned, record_to_json
from zkcore.flows.status import RequestStatus, request_status, wait_for_request
from zkcore.replies import Receipt
from zkcore.types import Hash32
from zkcore.wallet._binding import awaited, blocking

__all__ = [
    "ASYNC_HANDLES",
    "HANDLES",
    "AsyncDeposit",
    "AsyncExecution",
    "Deposit",
    "Execution",
    "Handle",
    "RequestHandle",
]

R = TypeVar("R", bound=Record)


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
        status, receipt = yield from wait_for_request(
            self.wallet.session,
            self.record,
            until="l1",
            confirmations=confirmations,
            timeout=timeout,
            interval=poll,
            on_progress=on_progress,
        )
        self._learn(status)
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
        try:
            status, receipt = yield from wait_for_request(
                self.wallet.session, self.record, until=until, timeout=timeout, interval=poll, on_progress=on_progress
            )
        except (DepositFailed, TransactionFailed):
            self.wallet.finished(self.record)
            raise
        self._learn(status)
        if until == "l2":
            self.wallet.finished(self.record)
        return receipt

    def _learn(self, status: RequestStatus) -> RequestStatus:
        self.record = learned(self.record, l1_tx_hash=status.l1_tx_hash, l2_tx_hash=status.l2_tx_hash)
        return status


class Deposit(RequestHandle):
    """A deposit from L1 to L2."""

    status = blocking(RequestHandle.flow_status)
    wait_l1 = blocking(RequestHandle.flow_wait_l1)
    wait = blocking(RequestHandle.flow_wait)


class Execution(Deposit):
    """A call on L2 from L1."""


class AsyncDeposit(RequestHandle):
    """A deposit from L1 to L2, of an AsyncWallet."""

    status = awaited(RequestHandle.flow_status)
    wait_l1 = awaited(RequestHandle.flow_wait_l1)
    wait = awaited(RequestHandle.flow_wait)


class AsyncExecution(AsyncDeposit):
    """A call on L2 from L1, of an AsyncWallet."""


HANDLES: dict[str, type[Handle[Any]]] = {"deposit": Deposit, "execution": Execution}
ASYNC_HANDLES: dict[str, type[Handle[Any]]] = {"deposit": AsyncDeposit, "execution": AsyncExecution}
