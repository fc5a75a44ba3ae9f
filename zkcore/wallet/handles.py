"""Handles: what a write of the wallet returns. They ask, wait, go on, and serialize; see `Wallet.resume`.

What a handle does is a flow, written once (`following`, `sent`): the handles of `Wallet` block on it, the others await it.
"""

from typing import Any, ClassVar

from zkcore.flows.l1 import TxOptions
from zkcore.plans.facts import PlanKind
from zkcore.wallet._binding import awaited, blocking
from zkcore.wallet.following import Handle, RequestHandle, WithdrawalHandle
from zkcore.wallet.sent import DeploymentHandle, SettlementHandle, TransactionHandle

__all__ = ["ASYNC_HANDLES", "HANDLES", "AsyncClaim", "AsyncDeployment", "AsyncDeposit", "AsyncExecution"]
__all__ += [
    "AsyncFinalization",
    "AsyncSentTransaction",
    "AsyncWithdrawal",
    "Claim",
    "Deployment",
    "Deposit",
    "Execution",
]
__all__ += ["Finalization", "Handle"]
__all__ += ["SentTransaction", "Withdrawal"]


# ---------------------------------------------------------------- of Wallet
class Deposit(RequestHandle):
    """A deposit from L1 to L2."""

    _kind: ClassVar[PlanKind] = "deposit"
    status = blocking(RequestHandle._flow_status)
    wait_l1 = blocking(RequestHandle._flow_wait_l1)
    wait = blocking(RequestHandle._flow_wait)

    def speed_up(self, *, l1: TxOptions | None = None) -> None:
        """Send it again under its nonce with higher fees, re-quoted; this handle follows both. Raises as `deposit`."""
        self._wallet._run_submission(self._faster(l1))

    def cancel(self, *, l1: TxOptions | None = None) -> "SentTransaction":
        """Send nothing under its nonce with higher fees. Whichever is included first, wins: see `status`."""
        return SentTransaction(self._wallet, self._wallet._run_submission(self._cancelling(l1)))


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
    """An approval, a transfer, a call."""

    _kind: ClassVar[PlanKind] = "transaction"
    status = blocking(TransactionHandle._flow_status)
    wait = blocking(TransactionHandle._flow_wait)


class Deployment(DeploymentHandle):
    """The deployment of a contract on L2."""

    _kind: ClassVar[PlanKind] = "deployment"
    status = blocking(TransactionHandle._flow_status)
    wait = blocking(DeploymentHandle._flow_wait)


class Withdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1."""

    _kind: ClassVar[PlanKind] = "withdrawal"
    status = blocking(WithdrawalHandle._flow_status)
    wait = blocking(WithdrawalHandle._flow_wait)

    def finalize(self, *, l1: TxOptions | None = None) -> Finalization:
        """Have L1 pay it out: as `Wallet.finalize_withdrawal`."""
        handle: Finalization = self._wallet.finalize_withdrawal(
            self.l2_tx_hash, self.index, bridge=self._record.bridge, l1=l1
        )
        self._finalized_by(handle._record)
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
        await self._wallet._run_submission(self._faster(l1))

    async def cancel(self, *, l1: TxOptions | None = None) -> "AsyncSentTransaction":
        """As `Deposit.cancel`."""
        return AsyncSentTransaction(self._wallet, await self._wallet._run_submission(self._cancelling(l1)))


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
    """An approval, a transfer, a call, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "transaction"
    status = awaited(TransactionHandle._flow_status)
    wait = awaited(TransactionHandle._flow_wait)


class AsyncDeployment(DeploymentHandle):
    """The deployment of a contract on L2, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "deployment"
    status = awaited(TransactionHandle._flow_status)
    wait = awaited(DeploymentHandle._flow_wait)


class AsyncWithdrawal(WithdrawalHandle):
    """A withdrawal from L2 to L1, of an AsyncWallet."""

    _kind: ClassVar[PlanKind] = "withdrawal"
    status = awaited(WithdrawalHandle._flow_status)
    wait = awaited(WithdrawalHandle._flow_wait)

    async def finalize(self, *, l1: TxOptions | None = None) -> AsyncFinalization:
        """Have L1 pay it out: as `AsyncWallet.finalize_withdrawal`."""
        handle: AsyncFinalization = await self._wallet.finalize_withdrawal(
            self.l2_tx_hash, self.index, bridge=self._record.bridge, l1=l1
        )
        self._finalized_by(handle._record)
        return handle


_BLOCKING = (Deposit, Execution, Withdrawal, Finalization, Claim, SentTransaction, Deployment)
_AWAITED = (
    AsyncDeposit,
    AsyncExecution,
    AsyncWithdrawal,
    AsyncFinalization,
    AsyncClaim,
    AsyncSentTransaction,
    AsyncDeployment,
)
HANDLES: dict[str, type[Handle[Any]]] = {handle._kind: handle for handle in _BLOCKING}
ASYNC_HANDLES: dict[str, type[Handle[Any]]] = {handle._kind: handle for handle in _AWAITED}
