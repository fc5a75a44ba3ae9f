"""What handles of a single transaction do, as flows: it is included or it is not, and then somebody else may have been faster."""

from typing import Any, Final, TypeVar

from zkcore.effects import Chain, Flow, attempt, gather, now
from zkcore.errors import InputError, NodeError, TransactionFailed
from zkcore.flows.calling import check_deployed
from zkcore.flows.claim import claimed
from zkcore.flows.fate import Fate, Outcome, Slot, fate, included
from zkcore.flows.finalize import outdone
from zkcore.flows.signed import slot_of
from zkcore.flows.status import poll as keep_asking
from zkcore.journal import State
from zkcore.methods import calls
from zkcore.methods.replies import Receipt
from zkcore.plans.records import (
    Record,
    SettlementRecord,
    TransactionRecord,
)
from zkcore.types import Address, Hash32
from zkcore.wallet.following import Handle

__all__ = ["DeploymentHandle", "SettlementHandle", "TransactionHandle"]

R = TypeVar("R", bound=Record)

# of a transaction of which no more is waited for than that it is included: the state, and why
_FATES: Final[dict[Outcome, tuple[State, str]]] = {
    "pending": ("sent", "PENDING"),
    "dropped": ("signed", "DROPPED"),
    "unknown": ("uncertain", "UNKNOWN"),
    "replaced": ("replaced", "REPLACED"),
}


class _SentHandle(Handle[R]):
    """One transaction, of which no more is waited for than that it is included."""

    @property
    def _where(self) -> Chain:
        return "l1"

    def _slot(self, tx_hash: Hash32) -> Slot | None:
        return slot_of(self._wallet._session, tx_hash)

    def _seen(self, tx_hash: Hash32) -> Flow[Receipt | None]:
        """Its receipt; where there is none, the journal is told what became of it."""
        found = yield from fate(self._where, (tx_hash,), self._slot(tx_hash))
        self._missing(found)
        if found.receipt is not None:
            self._check(found.receipt)
        return found.receipt

    def _awaited(self, tx_hash: Hash32, timeout: float, poll: float) -> Flow[Receipt | TransactionFailed]:
        """Its receipt, of either status. Raises TransactionFailed if another has its nonce."""
        how: dict[str, Any] = {"slot": self._slot(tx_hash), "resend": self._resend, "learn": self._missing}
        waiting = included(self._where, tx_hash, self._check, timeout=timeout, poll=poll, **how)
        found = yield from attempt(waiting, TransactionFailed)
        if isinstance(found, TransactionFailed) and found.receipt is None:
            raise found
        return found

    def _missing(self, found: Fate) -> None:
        if found.receipt is None:
            state, note = _FATES[found.outcome]
            self._tell(state, f"{self._where.upper()}_{note}")


class SettlementHandle(_SentHandle[SettlementRecord]):
    """A transaction on L1 that settles something of L2: a finalization, a claim."""

    @property
    def l1_tx_hash(self) -> Hash32 | None:
        """The L1 transaction; None if it had been done before."""
        return self._record.l1_tx_hash

    def _flow_status(self) -> Flow[Receipt | None]:
        """The L1 receipt; None until it is included, or if it had been done before.

        Where another was faster it is the receipt of the transaction that did it (if that is found; else of the one that failed).
        """
        if self._record.l1_tx_hash is None:
            return None
        receipt = yield from self._seen(self._record.l1_tx_hash)
        if receipt is None:
            return None
        return (yield from self._ended(receipt))[1] or receipt

    def _flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt | None]:
        """Until L1 has included it: the L1 receipt, of status 1; None at once if it had been done before.

        Where another was faster, the transaction fails on L1 and the order is done all the same: the receipt is that of the
        transaction that did it, None if that is not found. Raises TransactionFailed, also if another transaction has its nonce
        for good; WaitTimeout. Times in seconds.
        """
        if self._record.l1_tx_hash is None:
            return None
        begun = yield from now()
        found = yield from self._awaited(self._record.l1_tx_hash, timeout, poll)
        receipt: Any = found.receipt if isinstance(found, TransactionFailed) else found
        done, by = yield from keep_asking(
            lambda: self._ended(receipt),
            lambda _: True,
            what=lambda _: f"a word on whether another has done what {receipt.transaction_hash} failed to do",
            timeout=max(0.0, begun + timeout - (yield from now())),
            interval=poll,
        )
        if not done:
            raise found  # type: ignore[misc]  # it is the failure
        return by

    def _ended(self, receipt: Receipt) -> Flow[tuple[bool, Receipt | None]]:
        """Whether it is done, and the receipt by which it is; the journal is told."""
        record, done, note = self._record, receipt.status == 1, ""
        by: Receipt | None = receipt
        if not done:
            lost = outdone if record.kind == "finalization" else claimed
            done, by = yield from lost(self._wallet._session, record)
            note = (
                f"done by another: {'its transaction is not found' if by is None else by.transaction_hash}"
                if done
                else ""
            )
        self._tell("done" if done else "failed", note)
        if done and record.kind == "finalization":
            self._wallet._settled(record.l2_tx_hash, record.index, "withdrawal", "done", "finalized")
        elif done:
            self._wallet._settled(record.l2_tx_hash, 0, "deposit", "failed", "claimed back")
        return done, by


class TransactionHandle(_SentHandle[TransactionRecord]):
    """A transaction that no bridge is waited for: an approval, a transfer, a call."""

    @property
    def chain(self) -> Chain:
        """Where it was sent: "l1" or "l2"."""
        return self._record.chain

    @property
    def tx_hash(self) -> Hash32:
        """Its hash, on `chain`."""
        return self._record.tx_hash

    @property
    def _where(self) -> Chain:
        return self._record.chain

    def _flow_status(self) -> Flow[Receipt | None]:
        """The receipt; None until it is included."""
        receipt = yield from self._seen(self._record.tx_hash)
        if receipt is not None:
            yield from self._learn(receipt)
        return receipt

    def _flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt]:
        """Until it is included: the receipt, of status 1.

        Raises TransactionFailed, also if another transaction has its nonce for good; WaitTimeout. Times in seconds.
        """
        found = yield from self._awaited(self._record.tx_hash, timeout, poll)
        if isinstance(found, TransactionFailed):
            if isinstance(found.receipt, Receipt):
                yield from self._learn(found.receipt)
            raise found
        yield from self._learn(found)
        return found

    def _learn(self, receipt: Receipt) -> Flow[None]:
        self._tell("done" if receipt.status == 1 else "failed")
        replaces = self._record.replaces if receipt.status == 1 else ()
        # those under a lower nonce than its last may have been included before it
        asked = gather(*[calls.get_receipt(self.chain, tx_hash) for tx_hash in replaces])
        found = yield from attempt(asked, NodeError)
        for tx_hash in () if isinstance(found, NodeError) or any(found) else replaces:
            self._wallet._displaced(tx_hash)


class DeploymentHandle(TransactionHandle):
    """The deployment of a contract on L2."""

    @property
    def contract_address(self) -> Address:
        """Where the contract is to stand, by the rule of its creation."""
        if self._record.contract is None:
            raise InputError("the handle does not say where its contract stands")
        return self._record.contract

    def _flow_wait(self, *, timeout: float = 1_800.0, poll: float = 1.0) -> Flow[Receipt]:
        """Until it is included, and the contract seen where it was foreseen: the receipt, of status 1. Times in seconds.

        Raises NotDeployed if the chain tells of another address, or of no code there, TransactionFailed, WaitTimeout.
        """
        receipt = yield from super()._flow_wait(timeout=timeout, poll=poll)
        yield from check_deployed(receipt, self.contract_address, self._record.signed)
        return receipt
