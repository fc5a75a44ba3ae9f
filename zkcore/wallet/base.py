"""What the two wallets have in common: what they are constructed with, what they remember, and how they submit."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import AlreadyFinalized, InputError, NoSigner, PlanTampered
from zkcore.flows.finalize import draft_finalize_withdrawal
from zkcore.flows.session import Known, Session, check_ids, check_nodes
from zkcore.journal import Journal, Store
from zkcore.plans.facts import PlanFacts
from zkcore.plans.plan import Draft, Plan, SignedPlan, check_kind
from zkcore.plans.records import (
    Record,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    last_transaction,
    record_from_json,
    record_of,
)
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.fees import FeePolicy
from zkcore.protocol.pinned import chosen_chain
from zkcore.types import Address, AddressLike, Hash32, HexLike
from zkcore.wallet.nonces import Nonces
from zkcore.wallet.submission import Hold, Submission, submission

__all__ = ["WalletBase", "node_of"]

S = TypeVar("S")
N = TypeVar("N")


def node_of(given: Any, one: Callable[[str], Any], several: Callable[[Any], Any]) -> Any:
    """The transport of one side: of a URL, of a list of them (or of transports), or the transport that was given."""
    if isinstance(given, str):
        return one(given)
    return several(given) if isinstance(given, list | tuple) else given


class WalletBase(Generic[S, N]):
    """An account (with its signer, or none), two nodes, and what a session has learned."""

    def __init__(
        self,
        signer: S | AddressLike,
        l1: N,
        l2: N,
        *,
        chain: int | str | ChainProfile,
        bridgehub: AddressLike | None,
        trust_l2: bool,
        fees: FeePolicy,
        journal: Journal | None,
    ) -> None:
        self.address: Address
        self._signer: S | None
        self.address, self._signer = _account(signer)
        said: dict[str, Any] = {"address": self.address, "trust_l2": trust_l2, "fees": fees, "known": Known()}
        self._session = Session(**chosen_chain(chain, bridgehub)._asdict(), **said)
        self._nodes = {"l1": l1, "l2": l2}
        self._journal, self._nonces = journal, Nonces()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address}, l1={self._nodes['l1']!r}, l2={self._nodes['l2']!r})"

    def _finished(self, record: Record) -> None:
        """For handles: what this is the record of has come to its end, and is not pending in the journal any more."""
        if self._journal is not None:
            for tx_hash in (last_transaction(record), *getattr(record, "replaced", ())):
                self._journal.finish(tx_hash)

    # ------------------------------------------------------------ submissions: the wallets run them
    def _sending(self, draft: Flow[Draft[Any]], marks: dict[Chain, int] | None = None) -> Submission[Any]:
        """Prepare and submit at once, under a nonce of its own among all that is under way in this wallet.

        `draft`: a flow of a Draft. A withdrawal that was finalized before is done, not an error.
        """
        self._required_signer()
        marks = marks or self._nonces.marks()
        try:
            drafted = yield from draft
        except AlreadyFinalized as done:
            return SettlementRecord(kind="finalization", l1_tx_hash=None, **self._of(done.l2_tx_hash, done.index))
        plan = drafted.plan
        chain = plan.steps[0].chain
        yield Hold(chain)
        if not drafted.nonce_fixed:
            plan = plan.at_nonce(chain, (yield from self._nonces.choose(plan, marks[chain])))
        return self._sent((yield from submission(plan, fresh=not drafted.nonce_fixed)))

    def _submitting(self, plan: Plan[Any] | SignedPlan[Any]) -> Submission[Record]:
        """Submit a plan of this account. Raises InputError, NoSigner, and what `submission` raises."""
        unsigned = plan.plan if isinstance(plan, SignedPlan) else plan
        if unsigned.sender != self.address:
            raise InputError(f"the plan is {unsigned.sender}'s, this wallet is {self.address}'s")
        self._check_facts(unsigned.facts)
        if isinstance(plan, Plan):
            self._required_signer()
        yield from check_nodes(self._session, sorted({step.chain for step in unsigned.steps}))
        self._check_facts(unsigned.facts)  # again: now it is known which L1 it is
        yield Hold(unsigned.steps[0].chain)
        return self._sent((yield from submission(plan)))

    def _resumed(self, handle_json: str | bytes, kind: type[Any] | None) -> Record:
        """What a handle remembers, if it is one of this account on this chain. Raises InputError."""
        record = record_from_json(handle_json)
        check_kind(record.kind, kind, "a handle")
        if isinstance(record, TransactionRecord):
            ids: dict[Chain, int] = {record.chain: record.chain_id}
        else:
            ids = {"l1": record.l1_chain_id, "l2": record.l2_chain_id}
        check_ids(self._session, "the handle", ids)
        sender = getattr(record, "sender", None)
        if sender not in (None, self.address):
            raise InputError(f"the handle is {sender}'s, this wallet is {self.address}'s")
        return record

    def _check_facts(self, facts: PlanFacts) -> None:
        """The plan is for this wallet's chain, for the contracts that its profile pins, and for those it has read on L1."""
        session, known = self._session, self._session.known
        check_ids(session, "the plan", {"l1": facts.l1_chain_id, "l2": facts.l2_chain_id})
        for source in (session.profile or known.profile, known.contracts, known):
            for name in (n for n in PlanFacts.__struct_fields__ if n != "origins" and hasattr(source, n)):
                ours, theirs = getattr(source, name), getattr(facts, name)
                if None not in (ours, theirs) and ours != theirs:
                    raise PlanTampered(f"the plan has {theirs} for its {name}, this wallet's chain has {ours}")
        if session.bridgehub not in (None, facts.bridgehub):
            raise PlanTampered(f"the plan has the bridgehub {facts.bridgehub}, this wallet {session.bridgehub}")

    def _finalizing(self, withdrawals: Iterable[tuple[HexLike, int]]) -> Submission[list[Any]]:
        """Finalize many, each by itself: a record, or the exception that one ended with."""
        drafts = [attempt(draft_finalize_withdrawal(self._session, *one), Exception) for one in withdrawals]
        marks, outcomes = self._nonces.marks(), list[Any]()
        for drafted in (yield from gather(*drafts)):
            try:
                outcomes.append((yield from self._sending(_again(drafted), marks)))
            except Exception as error:  # noqa: BLE001  # one bad withdrawal never blocks the rest
                outcomes.append(error)
        return outcomes

    def _sent(self, signed: SignedPlan[Any]) -> Record:
        for step, tx_hash in zip(signed.plan.steps, signed.tx_hashes, strict=True):
            self._nonces.sent(step.chain, step.transaction.nonce, tx_hash)
        return record_of(signed)

    def _of(self, l2_tx_hash: Hash32, index: int) -> dict[str, Any]:
        known = self._session.known.contracts
        l1, l2 = (known.l1_chain_id, known.l2_chain_id) if known else (0, self._session.chain_id)
        return {"l1_chain_id": l1, "l2_chain_id": l2, "l2_tx_hash": l2_tx_hash, "index": index}

    def _found(self, withdrawals: Iterable[tuple[Hash32, int]]) -> list[WithdrawalRecord]:
        return [WithdrawalRecord(**self._of(*one)) for one in withdrawals]

    def _required_signer(self) -> S:
        if self._signer is None:
            raise NoSigner(self.address)
        return self._signer

    def _store(self, entry: Store) -> SignedPlan[Any] | None:
        return None if self._journal is None else self._journal.record(entry)


def _again(drafted: Draft[Any] | Exception) -> Any:
    """A flow that ends at once, with the draft or its failure."""
    if isinstance(drafted, Exception):
        raise drafted
    yield from ()
    return drafted


def _account(signer: Any) -> tuple[Address, Any]:
    if isinstance(signer, str | bytes):
        if len(signer) > 42 or len(signer) == 32:  # a key, in the wrong place
            raise InputError(
                "signer: this is longer than an address, and not shown: a key goes into a PrivateKeySigner"
            )
        return Address(signer), None
    address = getattr(signer, "address", None)
    if not isinstance(address, Address):
        raise InputError(f"signer: expected a Signer or an address, got a {type(signer).__name__}")
    return address, signer
