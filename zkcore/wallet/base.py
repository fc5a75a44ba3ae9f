"""What the two wallets have in common: what they are constructed with, what they remember, and how they submit."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from logging import getLogger
from os import PathLike
from time import time
from typing import Any, ClassVar, Final, Generic, TypeVar, cast

from zkcore.effects import Chain, Flow
from zkcore.errors import AlreadyFinalized, InputError, JournalError, NoSigner, PlanTampered, SendUncertain, ZkCoreError
from zkcore.flows.payout import draft_finalize_withdrawal
from zkcore.flows.session import Known, Session, check_ids, check_nodes, named
from zkcore.flows.signed import check_is_ours
from zkcore.journal import MOVING, Entry, Journal, JournalLike, State
from zkcore.plans.asked import asked
from zkcore.plans.facts import PlanFacts, PlanKind
from zkcore.plans.plan import Draft, Plan, SignedPlan, check_kind
from zkcore.plans.records import (
    Record,
    RequestRecord,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    known_hashes,
    last_transaction,
    learned,
    record_from_json,
    record_to_json,
)
from zkcore.protocol.chains import Bridge, ChainProfile
from zkcore.protocol.fees import FeePolicy
from zkcore.protocol.pinned import chosen_chain
from zkcore.types import Address, AddressLike, Hash32, HexLike, to_hex
from zkcore.wallet._binding import unlike
from zkcore.wallet.nonces import REGISTER
from zkcore.wallet.observing import Observe, ObservedJournal, flow_name, observed
from zkcore.wallet.submission import Order, Send, Submission, continuing, ordering

__all__ = ["WalletBase", "node_of"]

S = TypeVar("S")
N = TypeVar("N")

_log = getLogger("zkcore.wallet")
_RECENT: Final = 3_600.0  # seconds for which what is done is looked at again: its block may go away
# the states that each may follow. What has ended is moved by what a node shows to be otherwise, never by hearsay
_SINCE: Final[Mapping[State, tuple[State, ...]]] = {
    "signed": ("uncertain", "sent", "done", "failed", "replaced"),
    "uncertain": ("signed", "sent"),
    "sent": ("signed", "uncertain", "sent", "replaced"),
    "claimable": ("signed", "uncertain", "sent", "done", "failed"),
    "done": (*MOVING, "done", "failed", "replaced"),
    "failed": (*MOVING, "done"),
    "replaced": (*MOVING, "done"),
}


def node_of(given: Any, one: Callable[[str], Any], several: Callable[[Any], Any]) -> Any:
    """The transport of one side: of a URL, of a list of them (or of transports), or the transport that was given."""
    many = type(given) in (list, tuple)
    for node in given if many else (given,):
        if not isinstance(node, str) and (isinstance(node, type) or not callable(getattr(node, "ask", None))):
            raise InputError(f"l1, l2: expected a URL, a transport, or a list of them, got {node!r}")
    if isinstance(given, str):
        return one(given)
    return several(given) if many else given


class WalletBase(Generic[S, N]):
    """An account (with its signer, or none), two nodes, and what a session has learned."""

    _handles: ClassVar[Mapping[str, Callable[[Any, Any], Any]]]

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
        journal: "JournalLike | str | PathLike[str] | None",
        observe: Observe | None,
    ) -> None:
        if not isinstance(fees, FeePolicy):
            raise InputError(f"fees: expected a FeePolicy, got {fees!r}")
        if not (journal is None or isinstance(journal, str | PathLike) or callable(getattr(journal, "pending", None))):
            raise InputError(f"journal: expected a path or a journal, got {journal!r}")
        self.address: Address
        self._signer: S | None
        self.address, self._signer = _account(signer)
        said: dict[str, Any] = {"address": self.address, "trust_l2": trust_l2, "fees": fees, "known": Known()}
        said["account"] = getattr(self._signer, "placeholder", None)
        self._session = Session(**chosen_chain(chain, bridgehub)._asdict(), **said)
        self._nodes = {"l1": l1, "l2": l2}
        self._observe, self._told_of = observe, cast("ObservedJournal | None", None)
        self._opened = Journal(journal) if isinstance(journal, str | PathLike) else None
        self._given = self._opened if isinstance(journal, str | PathLike) else journal

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address}, l1={self._nodes['l1']!r}, l2={self._nodes['l2']!r})"

    @property
    def _journal(self) -> JournalLike:
        """The journal that was given, or that of this process."""
        journal = REGISTER.journal if self._given is None else self._given
        if self._observe is None:
            return journal
        if self._told_of is None or self._told_of.of is not journal:
            self._told_of = ObservedJournal(journal, self._observe)
        return cast("JournalLike", self._told_of)

    @contextmanager
    def _observed(self, step: object) -> Generator[None]:
        """What a step does is told as a flow of this name, and its error by who knows the tokens."""
        with observed(self._observe, "flow", flow=flow_name(step), account=str(self.address)):
            try:
                yield
            except ZkCoreError as error:
                self._told(error)
                raise

    def _told(self, error: object) -> None:
        from zkcore.flows.naming import names_of

        tell = getattr(error, "told_by", None)
        if tell is not None:
            tell(names_of(self._session).exactly)

    # ------------------------------------------------------------ orders: the wallets run them
    def _order(self, draft: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Order:
        """The order of a write: what `draft` makes of the parameters. Raises NoSigner, InputError."""
        self._required_signer()
        reference = named(self._session, kwargs.get("reference")).reference
        drafted = draft(unlike(self._session), *args, **kwargs)
        return Order(drafted, reference=reference, ask=asked(draft, *args, **kwargs))

    def _submitting(self, plan: Plan[Any] | SignedPlan[Any], reference: str | None = None) -> Submission[Record]:
        """Submit a plan of this account. Raises InputError, NoSigner, and what became of it."""
        if not isinstance(plan, Plan | SignedPlan):
            raise InputError(f"plan: expected a Plan or a SignedPlan, got {plan!r}")
        unsigned = plan.plan if isinstance(plan, SignedPlan) else plan
        if unsigned.sender != self.address:
            raise InputError(f"the plan is {unsigned.sender}'s, this wallet is {self.address}'s")
        self._check_facts(unsigned.facts)
        if isinstance(plan, Plan):
            self._required_signer()
        if reference is not None and unsigned.facts.reference not in (None, reference):
            raise InputError(f"reference: {reference!r}, but the plan was made for {unsigned.facts.reference!r}")
        yield from check_nodes(self._session, sorted({step.chain for step in unsigned.steps}))
        self._check_facts(unsigned.facts)  # again: now it is known which L1 it is
        record: Record = yield from self._ordering(Order(plan=plan, reference=reference or unsigned.facts.reference))
        return record

    def _replacing(self, draft: Flow[Draft[Any]], record: Record, *, same: bool) -> Submission[Record]:
        """Send what takes the place of an order: as the `same` order, or as one of its own."""
        self._required_signer()
        before = self._kept(record)
        order = Order(plan=(yield from draft).accepted().plan, reference=record.reference if same else None)
        order.before = before[0] if same and before else None
        sent: Record = yield from self._ordering(order)
        return sent

    def _ordering(self, order: Order) -> Submission[Any]:
        yield from ordering([order])
        return self._outcome(order)

    def _outcome(self, order: Order) -> Any:
        """Its record. Raises its error."""
        result = self._result(order)
        if isinstance(result, Exception):
            raise result
        return result

    def _result(self, order: Order) -> Any:
        """Its record, or its error: an uncertain one with the handle."""
        error = order.error
        if isinstance(error, AlreadyFinalized):
            return SettlementRecord(kind="finalization", l1_tx_hash=None, **self._of(error.l2_tx_hash, error.index))
        if isinstance(error, SendUncertain) and order.record is not None:
            error.handle = self._handles[order.record.kind](self, order.record)
        self._told(error)
        return error or order.record

    def _resuming(self) -> Submission[list[Record]]:
        """Send what is signed and with no node; the record of each order in flight. What is done is looked at for an hour."""
        done = [entry for entry in self._journal.history(since=time() - _RECENT) if entry.state == "done"]
        flying, recent = self.in_flight(), [entry for entry in done if self._is_mine(entry)]
        orders = [Order(plan=entry.plan, reference=entry.reference) for entry in (*flying, *recent)]
        again = yield from continuing(orders)
        gone = [order.reference for order in orders[len(flying) :] if order in again]
        back = [entry for entry in recent if entry.reference in gone]
        return [record_from_json(entry.handle) for entry in (*flying, *back) if entry.handle is not None]

    def _resending(self, record: Record) -> Submission[None]:
        """For handles: the bytes of an order that no node has, once more; what comes of it, the next look tells."""
        for entry in self._kept(record) if self._signer is not None else ():
            if entry.plan is not None and entry.state in (*MOVING, "done"):
                yield Send(entry.plan.plan.steps[-1].chain, entry.plan.raw_transactions)

    def in_flight(self) -> list[Entry]:
        """The orders of this account on this chain that may still move money: from the journal, or from this process."""
        return [entry for entry in self._journal.pending() if self._is_mine(entry)]

    def _is_mine(self, entry: Entry) -> bool:
        profile = self._session.profile or self._session.known.profile
        here = profile is None or (profile.l1_chain_id, profile.l2_chain_id) == (entry.l1_chain_id, entry.l2_chain_id)
        return here and entry.account == self.address

    # ------------------------------------------------------------ what handles find out
    def _kept(self, record: Record) -> list[Entry]:
        """What the journal has of it."""
        tx_hash = last_transaction(record)
        if record.reference is not None:
            entry = self._journal.find(record.reference)
            ours = entry is not None and (
                tx_hash is None or tx_hash in entry.hashes
            )  # or another order bears its name by now
            return [entry] if entry is not None and ours else []
        found = [] if tx_hash is None else self._journal.with_hash(tx_hash)
        return [entry for entry in found if entry.kind == record.kind]

    def _newest(self, record: Record) -> Record:
        """As the journal has it: another process may have replaced its transaction since."""
        for entry in self._kept(record):
            record = _newest(entry, record)
        return record

    def _tell(self, record: Record, state: State, note: str = "") -> None:
        """For handles: this is how far it is. An order is never moved out of an end by less than a block that went away."""
        gone: tuple[State, ...] = ("done",) if note == "L1_PENDING" else ()  # its block went away
        since = (*_SINCE[state], *gone)
        for entry in self._kept(record):
            handle = record_to_json(_newest(entry, record))
            hashes = [h for h in known_hashes(record) if h not in entry.hashes]
            if hashes or (entry.state, entry.note, entry.handle) != (state, note, handle):
                more: dict[str, Any] = {"since": since, "note": note, "handle": handle, "hashes": hashes}
                self._journal.move(entry.reference, state, was=entry.handle, **more)

    def _settled(self, l2_tx_hash: Hash32, index: int, kind: PlanKind, state: State, note: str) -> None:
        """For handles: what a finalization or a claim was for has come to its end."""
        for entry in self._journal.with_hash(l2_tx_hash):
            record = None if entry.handle is None else record_from_json(entry.handle)
            if entry.kind == kind and getattr(record, "index", index) == index:
                self._journal.move(entry.reference, state, since=MOVING, note=note)

    def _displaced(self, tx_hash: Hash32) -> None:
        """For handles: a transaction that was to take its place has done so."""
        for entry in self._journal.with_hash(tx_hash):
            self._journal.move(entry.reference, "replaced", since=MOVING, note="cancelled")

    def _hold(self, names: Iterable[str], held: set[str]) -> set[str]:
        free = {name for name in names if REGISTER.hold(self._place(name))}
        ours: set[str] = set()
        try:
            ours = self._journal.lease_all(free) if free else ours
        finally:
            for name in free - ours:
                REGISTER.let_go(self._place(name))
        held |= ours
        return ours

    def _let_go(self, held: set[str], names: Iterable[str]) -> None:
        """What became of the orders stands: a lease that cannot be given back ends with the connection, or is taken again."""
        gone = held.intersection(names)
        try:
            if gone:
                self._journal.release(*gone)
        except JournalError as error:
            _log.warning("leases could not be given back: %s", error)
        finally:
            held -= gone
            for name in gone:
                REGISTER.let_go(self._place(name))

    def _place(self, name: str) -> str:
        """Where this process holds it: nonces are every journal's."""
        return name if name.startswith("nonces") else f"{self._journal.name}: {name}"

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
        if sender is None:  # whose it is, is in what was signed
            check_is_ours(self._session, last_transaction(record), getattr(record, "signed", None))
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
        try:
            asked = [(one.lower() if isinstance(one, str) else to_hex(one), index) for one, index in withdrawals]
        except (TypeError, ValueError) as error:
            raise InputError(f"withdrawals: expected pairs of a hash and an index: {error}") from error
        orders = {
            one: self._order(draft_finalize_withdrawal, *one) for one in dict.fromkeys(asked)
        }  # each is sent once
        yield from ordering(list(orders.values()))
        return [self._result(orders[one]) for one in asked]

    def _of(self, l2_tx_hash: Hash32, index: int) -> dict[str, Any]:
        known = self._session.known.contracts
        l1, l2 = (known.l1_chain_id, known.l2_chain_id) if known else (0, self._session.chain_id)
        return {"l1_chain_id": l1, "l2_chain_id": l2, "l2_tx_hash": l2_tx_hash, "index": index}

    def _paid(self, l1_tx_hash: Hash32, l2_tx_hash: HexLike, index: int, bridge: Bridge | None) -> SettlementRecord:
        of = self._of(Hash32(l2_tx_hash), index)
        return SettlementRecord(kind="finalization", l1_tx_hash=l1_tx_hash, bridge=bridge, **of)

    def _found(self, withdrawals: Iterable[tuple[Hash32, int]]) -> list[WithdrawalRecord]:
        return [WithdrawalRecord(**self._of(*one)) for one in withdrawals]

    def _required_signer(self) -> S:
        if self._signer is None:
            raise NoSigner(self.address)
        return self._signer


def _newest(entry: Entry, record: Record) -> Record:
    """The record; or that of the entry, which has more transactions under its nonce, with what this one knows of L2."""
    kept = record_from_json(entry.handle) if entry.handle is not None else record
    if not isinstance(record, RequestRecord) or not isinstance(kept, RequestRecord):
        return record
    if {kept.l1_tx_hash, *kept.replaced} <= {record.l1_tx_hash, *record.replaced}:
        return record
    if record.l2_tx_hash is None:
        return kept
    return learned(kept, l1_tx_hash=record.l1_tx_hash, l2_tx_hash=record.l2_tx_hash)


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
