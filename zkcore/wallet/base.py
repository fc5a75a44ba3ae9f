"""What the two wallets have in common: what they are constructed with, and what they remember."""

from typing import Any, Generic, TypeVar

from zkcore.chains import ChainProfile
from zkcore.errors import InputError, NoSigner
from zkcore.fees import FeePolicy
from zkcore.flows.records import (
    Record,
    RequestRecord,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    record_of,
)
from zkcore.flows.session import Known, Session
from zkcore.plan import Plan, PlanStep, SignedPlan
from zkcore.types import Address, AddressLike, Hash32, HexLike
from zkcore.wallet.journal import Journal
from zkcore.wallet.nonces import Nonces

__all__ = ["WalletBase"]

S = TypeVar("S")
N = TypeVar("N")


class WalletBase(Generic[S, N]):
    """An account (with its signer, or none), two nodes, and what a session has learned."""

    def __init__(
        self,
        signer: S | AddressLike,
        l1: N,
        l2: N,
        *,
        profile: ChainProfile | None,
        bridgehub: AddressLike | None,
        trust_l2: bool,
        fees: FeePolicy,
        journal: Journal | None,
    ) -> None:
        self.address: Address
        self._signer: S | None
        self.address, self._signer = _account(signer)
        hub = None if bridgehub is None else Address(bridgehub)
        if profile is not None and hub not in (None, profile.bridgehub):
            raise InputError(f"bridgehub: {hub} is not the profile's {profile.bridgehub}")
        self.session = Session(
            address=self.address, profile=profile, bridgehub=hub, trust_l2=trust_l2, fees=fees, known=Known()
        )
        self._nodes = {"l1": l1, "l2": l2}
        self._journal, self._nonces = journal, Nonces()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address}, l1={self._nodes['l1']!r}, l2={self._nodes['l2']!r})"

    def finished(self, record: Record) -> None:
        """For handles: what this is the record of has come to its end, and is not pending in the journal any more."""
        tx_hash = _last_transaction(record)
        if self._journal is not None and tx_hash is not None:
            self._journal.finish(tx_hash)

    def _done_before(self, l2_tx_hash: HexLike, index: int) -> SettlementRecord:
        """The record of a finalization that somebody has made before."""
        chains = self._chains()
        return SettlementRecord(kind="finalization", l2_tx_hash=Hash32(l2_tx_hash), index=index, l1_tx_hash=None, **chains)

    def _withdrawal(self, l2_tx_hash: HexLike, index: int) -> WithdrawalRecord:
        return WithdrawalRecord(l2_tx_hash=Hash32(l2_tx_hash), index=index, **self._chains())

    def _chains(self) -> dict[str, Any]:
        known = self.session.known.chain_ids or (0, 0)
        return {"l1_chain_id": known[0], "l2_chain_id": known[1]}

    def _required_signer(self) -> S:
        if self._signer is None:
            raise NoSigner(self.address)
        return self._signer

    def _check(self, plan: Plan[Any] | SignedPlan[Any]) -> None:
        """The plan is this account's, and can be signed if it is not yet. Raises InputError, NoSigner."""
        sender = _unsigned(plan).sender
        if sender != self.address:
            raise InputError(f"the plan is {sender}'s, this wallet is {self.address}'s")
        if isinstance(plan, Plan):
            self._required_signer()

    def _sent(self, signed: SignedPlan[Any]) -> Record:
        for step, tx_hash in zip(signed.plan.steps, signed.tx_hashes, strict=True):
            self._nonces.sent(step.chain, step.transaction.nonce, tx_hash)
        return record_of(signed)


def _account(signer: Any) -> tuple[Address, Any]:
    if isinstance(signer, str | bytes):
        return Address(signer), None
    address = getattr(signer, "address", None)
    if not isinstance(address, Address):
        raise InputError(f"signer: expected a Signer or an address, got a {type(signer).__name__}")
    return address, signer


def _unsigned(plan: Plan[Any] | SignedPlan[Any]) -> Plan[Any]:
    return plan.plan if isinstance(plan, SignedPlan) else plan


def first_step(plan: Plan[Any] | SignedPlan[Any]) -> PlanStep:
    """The first step of a plan, signed or not."""
    return _unsigned(plan).steps[0]


def _last_transaction(record: Record) -> Hash32 | None:
    match record:
        case RequestRecord() | SettlementRecord():
            return record.l1_tx_hash
        case TransactionRecord():
            return record.tx_hash
        case _:
            return record.l2_tx_hash
