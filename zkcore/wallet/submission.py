"""Ordering, once: from what is asked to bytes that are with the nodes, as a generator, so that a test can kill it at each step.

It yields the effects of flows and five of its own: `Hold`, `Free`, `Keep`, `Sign`, `Send`. A submission may run a flow; the types
refuse the reverse, so nothing named quote or prepare can ever sign or send.

Many orders go together: their drafts share waves, and they are signed and sent under consecutive nonces by whoever holds the
lease on the account's nonces. What is signed is in the journal before it is sent; what is in the journal is never signed again.
"""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Chain, Effect, Flow, attempt, gather, sleep
from zkcore.errors import (
    BadSignature,
    InputError,
    JournalError,
    NodeError,
    NonceTaken,
    RpcError,
    SendUncertain,
    SignerTimeout,
    TransactionFailed,
    WaitTimeout,
)
from zkcore.ethereum.signature import CustomSignature, Signature
from zkcore.flows.accounts import check_signatures
from zkcore.flows.covering import covered, takes_tokens, uncovered
from zkcore.flows.fate import Fate, Slot, fate, included, is_sent, lookup, missing
from zkcore.flows.signed import check_of
from zkcore.journal import AGAIN, Entry, JournalLike, State
from zkcore.methods import calls
from zkcore.plans.facts import PlanStep
from zkcore.plans.plan import Plan, SignedPlan
from zkcore.plans.records import record_of
from zkcore.transactions import Transaction
from zkcore.types import Address, Hash32
from zkcore.wallet._binding import accepted
from zkcore.wallet.delivery import Delivery, Send, deliver
from zkcore.wallet.nonces import REGISTER
from zkcore.wallet.order import Order, entry_of

__all__ = ["Free", "Hold", "Keep", "Order", "Send", "Sign", "Submission", "continuing", "ordering"]

T = TypeVar("T")

_TOGETHER = 16  # sends at once: so many of one account does every pool take (geth: --txpool.accountslots)
_PATIENCE = 1_800.0  # seconds for others to be done with the account's nonces, or with the same order
# seconds for approvals to be in a block: the next one or two of L1. What takes longer holds up nobody: nonces keep the order
_APPROVED = 15.0


class Hold(Struct, frozen=True):
    """Take leases, in this process and in the journal. The answer is those that nobody else has. The end gives all back."""

    names: tuple[str, ...]


class Free(Struct, frozen=True):
    """Give leases back."""

    names: tuple[str, ...]


class Keep(Struct, frozen=True):
    """Ask or tell the journal. The answer is what that gives."""

    act: Callable[[JournalLike], Any]


class Sign(Struct, frozen=True):
    """The answer is the signature of the wallet's signer. `reference`: of the order, in the journal. `plan`: all of it."""

    transaction: Transaction
    reference: str
    plan: Plan[Any]


Submission: TypeAlias = Generator[Effect | Hold | Free | Keep | Sign | Send, Any, T]


def ordering(orders: Sequence[Order]) -> Submission[None]:
    """Draft, sign and send. Each order ends by itself: what fails of one holds up none of the others.

    No two of them may have the same reference.
    """
    for order in sorted(
        orders, key=lambda order: order.reference or ""
    ):  # all in one order: no two wait for each other
        yield from _each([order], _recall(order))
    undrafted = [order for order in orders if order.plan is None and not order.error]
    drafts = yield from gather(*[attempt(accepted(order.draft), Exception) for order in undrafted])
    for order, drafted in zip(undrafted, drafts, strict=True):
        if isinstance(drafted, Exception):
            order.error = drafted
        else:
            order.plan, order.fixed, order.held = drafted.plan, drafted.nonce_fixed, drafted.held
    fresh = [order for order in orders if not order.error and not order.kept]
    for account in dict.fromkeys(order.account for order in fresh):
        own = [order for order in fresh if order.account == account]
        yield from _each(own, _under_lease(own, account))
    yield from continuing([order for order in orders if order.kept and not order.error])


def _under_lease(orders: Sequence[Order], account: tuple[int, Address]) -> Submission[None]:
    lease = f"nonces of {account[1]} on chain {account[0]}"
    yield from _hold(lease)
    yield from _cover(orders, account)
    yield from _afford(orders, account)
    groups: list[list[Order]] = []
    for order in [order for order in orders if order.error is None]:
        # one whose steps wait for one another is alone
        if not groups or len(groups[-1]) == _TOGETHER or len(order.plan.steps) + len(groups[-1][0].plan.steps) > 2:
            groups.append([])
        groups[-1].append(order)
    # the first nonce that is not used; what is sent under this lease is not asked for again
    first, ours = 0, set[int]()
    for some in groups:
        first = yield from _sign_all(some, account, first, ours)
        going = [order for order in some if order.signed and not order.kept and not order.error]
        yield from _send_all(going, wait=not any(order.overdue for order in orders))
    yield Free((lease,))


def _cover(orders: Sequence[Order], account: tuple[int, Address]) -> Submission[None]:
    """Give those that take tokens of L1 the approvals of now; refuse a plan that stands, whose allowance is taken by now."""
    taking = [order for order in orders if not order.signed and takes_tokens(order.plan)]
    if not taking:
        return
    drafted = min(order.plan.steps[0].transaction.nonce for order in taking)
    taken: dict[int, str] = yield Keep(lambda journal: journal.taken(*account, drafted))
    ours = yield from _in_flight(account, orders)
    for order in [order for order in taking if order.fixed]:
        order.error = yield from uncovered(order.plan, ours)
    free = [order for order in taking if not order.fixed]
    if not free or (len(orders) == 1 and not taken and not REGISTER.taken(*account, drafted)):
        return  # the node counted all that is in flight, and told the allowance behind it
    for order, plan in zip(free, (yield from covered([order.plan for order in free], ours)), strict=True):
        order.plan, order.error = (order.plan, plan) if isinstance(plan, Exception) else (plan, None)


def _afford(orders: Sequence[Order], account: tuple[int, Address]) -> Submission[None]:
    """Of many, refuse those that the account cannot pay behind the others, before anything is signed."""
    from zkcore.flows.affording import lacking_together

    going = [order for order in orders if order.error is None and not order.signed]
    if len(going) < 2:
        return  # it was looked at when it was drafted
    ours = yield from _in_flight(account, orders)
    held = [order.held for order in going if order.held is not None]
    known = min(held) if len(held) == len(going) else None
    lacks = yield from lacking_together([order.plan for order in going], ours, known)
    for order, lack in zip(going, lacks, strict=True):
        order.error = lack


def _in_flight(account: tuple[int, Address], orders: Sequence[Order]) -> Submission[list[Plan[Any]]]:
    """The plans in the journal that take nonces of this account and may still move money, but those that these replace."""
    entries: list[Entry] = yield Keep(lambda journal: journal.pending())
    replaced = {order.before.reference for order in orders if order.before}
    others = [entry for entry in entries if entry.account == account[1] and entry.reference not in replaced]
    plans = [entry.plan.plan for entry in others if entry.plan]
    return [plan for plan in plans if plan.steps[0].transaction.chain_id == account[0]]


def continuing(orders: Sequence[Order]) -> Submission[list[Order]]:
    """Send what is signed and with no node, in the order of the nonces. Gives those for which it had to be done."""
    for order in orders:
        order.record = order.record or (record_of(order.signed, order.name) if order.signed else None)
    plans = [order.signed for order in orders if order.signed]
    found = yield from attempt(missing(plans), Exception)
    if isinstance(found, Exception):
        for order in orders:
            order.error = SendUncertain(signed=order.signed, why=found)
        return []
    lost = [
        Delivery(order, place, doubt=True)
        for order in orders
        if order.signed
        for place in found.get(order.signed.hash, ())
    ]
    lost.sort(key=lambda one: (one.chain, one.nonce))
    for chain in ("l1", "l2"):
        own = [one for one in lost if one.chain == chain]
        for at in range(0, len(own), _TOGETHER):
            yield from deliver(own[at : at + _TOGETHER])
    again: list[Order] = [order for order in orders if any(one.order is order for one in lost)]
    for order in orders:
        # what had to be sent again is with the nodes by now, whoever had concluded otherwise
        ended: tuple[State, ...] = ("done", "refused", "failed")
        yield from _told(order, since=("signed", "uncertain", *(ended if order in again else ())))
    return again


# ---------------------------------------------------------------- before anything is signed
def _each(orders: Sequence[Order], step: Submission[None]) -> Submission[None]:
    """Do it for them; what goes wrong is theirs, as far as they have not come to an end. What is signed may be out by then."""
    try:
        yield from step
    except Exception as error:  # noqa: BLE001  # one bad order never blocks the rest
        for order in orders:
            if order.error is None and not order.sent:
                order.error = error if order.signed is None else SendUncertain(signed=order.signed, why=error)


def _hold(name: str) -> Submission[None]:
    """Wait for a lease. Raises WaitTimeout."""
    pause, left = 0.001, _PATIENCE
    while not (yield Hold((name,))):
        if left <= 0:
            raise WaitTimeout(what=f"others to be done with the {name}", seconds=_PATIENCE)
        yield from sleep(pause)
        left -= pause
        pause = min(1.5 * pause, 0.05)


def _recall(order: Order) -> Submission[None]:
    """What the journal knows of it: it is signed once, whoever asks, and by one at a time."""
    if (order.reference is None and order.plan is None) or order.before is not None:
        return
    yield from _hold(f"order {order.name}")
    entry = yield from _find(order.name)
    if entry is None and order.plan is not None:
        same: list[Entry] = yield Keep(lambda journal: journal.with_hash(order.plan.hash))
        entry = next((one for one in same if one.state not in AGAIN), None)
        if entry is not None and order.reference is not None:  # two orders, and the same bytes
            raise (yield from _taken(order))
    if entry is not None and entry.state not in AGAIN:
        if order.plan is None and not entry.ask:
            order.plan = (yield from order.draft).plan
        order.known(entry)
    elif entry is not None and entry.approval and order.plan is None and order.ask == entry.ask:
        order.plan, order.fixed = Plan.from_json(entry.approval), True  # people are asked to sign that, and no other


def _find(reference: str) -> Submission[Entry | None]:
    entry: Entry | None = yield Keep(lambda journal: journal.find(reference))
    return entry


def _taken(order: Order) -> Flow[NonceTaken]:
    step = order.plan.steps[0]
    count = yield from calls.get_transaction_count(step.chain, order.plan.sender, block="pending")
    nonce = step.transaction.nonce
    return NonceTaken(chain=step.chain, address=order.plan.sender, nonce=nonce, next_nonce=max(count, nonce + 1))


# ---------------------------------------------------------------- signing, under the lease
def _sign_all(orders: Sequence[Order], account: tuple[int, Address], first: int, ours: set[int]) -> Submission[int]:
    moving, taken = [order.plan.steps[0] for order in orders if not order.fixed], set[int]()
    if moving:
        counted = max(first, *[step.transaction.nonce for step in moving])
        first, taken = yield from _heal(moving[0].chain, account, counted, ours)
    for order in orders:
        yield from _each([order], _sign(order, first, taken))
        if order.signed is not None:
            ours |= (nonces := {nonce for _, nonce in order.nonces})
            taken |= nonces
    return first


def _heal(chain: Chain, account: tuple[int, Address], counted: int, ours: set[int]) -> Submission[tuple[int, set[int]]]:
    """The first nonce that may be given, and those from there on that are taken.

    The node counts what waits. What is signed from its count on, it does not have, or had not when it was asked: it is asked
    again, and what it still does not have is sent to it first, so that nothing is stuck behind a gap.
    """
    taken: dict[int, str] = yield Keep(lambda journal: journal.taken(*account, counted))
    lost: list[Delivery] = []
    for nonce in sorted(nonce for nonce in taken if nonce not in ours)[:_TOGETHER]:
        reference = taken[nonce]
        entry: Entry | None = yield from _find(reference)
        if entry is not None and entry.plan is not None:
            order = Order(plan=entry.plan)
            places = [place for place, at in enumerate(order.nonces) if at == (account[0], nonce)]
            lost += [Delivery(order, place) for place in places]
    if lost:
        found = yield from gather(*[lookup(chain, one.tx_hash, account[1]) for one in lost])
        counted = max(counted, *[count for _, count in found])
        gone = [one.raw for one, (known, _) in zip(lost, found, strict=True) if not known and one.nonce >= counted]
        if gone:
            yield Send(chain, tuple(gone))
    return counted, {*taken} | REGISTER.taken(*account, counted)


def _sign(order: Order, first: int, taken: set[int]) -> Submission[None]:
    """Give it its nonces, have it signed, and write it down. Raises what the signer raises, NonceTaken, JournalError."""
    if not order.wanted():
        raise InputError("nobody waits for this order any more: it was not signed")
    if not order.fixed:
        free = next(nonce for nonce in range(first, first + len(taken) + 1) if nonce not in taken)
        order.plan = order.plan.at_nonce(order.plan.steps[0].chain, free)
        if any(nonce in taken for _, nonce in order.nonces):  # a gap with too little room
            raise (yield from _taken(order))
    if order.signed is not None:  # elsewhere
        refused = yield from attempt(check_signatures(order.signed), BadSignature)
        if isinstance(refused, BadSignature):
            order.signed = None  # it is not sent, and leaves no trace
            raise refused
    entry = entry_of(order)
    if order.before is None:
        kept: Entry | None = yield Keep(lambda journal: journal.ask(entry))
        if kept is not None:  # signed a moment ago by another process; or it is another order with the same bytes
            if not order.again:
                raise (yield from _taken(order))
            order.known(kept)
            return
    try:
        if order.signed is None:
            signatures: list[Signature | CustomSignature] = []
            for step in order.plan.steps:
                signatures.append((yield Sign(step.transaction, order.name, order.plan)))  # noqa: PERF401  # no comprehension can yield
            signed = SignedPlan(plan=order.plan, signatures=tuple(signatures))
            yield from check_signatures(signed)
            order.signed = signed
        entry = entry_of(order)
        nonces = [] if order.cancels else order.nonces
        writing = Keep(lambda journal: journal.sign(entry, nonces))
        try:
            kept = yield writing
        except JournalError:  # cut off, perhaps after it was written
            kept = yield writing
        if not kept:
            taken_by_another = yield from _taken(order)
            raise taken_by_another  # noqa: TRY301  # as what the signer raises: nothing is out
    except Exception as error:
        written: SignedPlan[Any] | None = order.signed
        order.signed = order.record = None
        if order.before is None:
            note = f"{type(error).__name__}: {error}"
            try:
                yield Keep(lambda journal: journal.move(order.name, "refused", since=("asked",), note=note))
            except JournalError as lost:  # if it is written after all, keepers send it
                raise (error if written is None else SendUncertain(signed=written, why=error)) from lost
            if not isinstance(error, SignerTimeout):  # after one, people are asked still
                yield Keep(lambda journal: journal.move(order.name, "refused", since=("refused",), approval=""))
        raise
    order.reference = order.name
    for chain_id, nonce in order.nonces:
        REGISTER.take(chain_id, order.plan.sender, nonce)


# ---------------------------------------------------------------- sending
def _send_all(orders: Sequence[Order], *, wait: bool) -> Submission[None]:
    for order in orders:
        if order.fixed and order.signed:
            sent = yield from attempt(is_sent(order.signed), Exception)
            order.kept = sent is True  # by somebody else: it is gone on with
            if isinstance(sent, Exception):
                order.error = sent
                yield from _told(order, since=("signed",), unsent=True)
    going = [order for order in orders if not order.error and not order.kept]
    single = [Delivery(order, 0) for order in going if len(order.plan.steps) == 1]
    if single:
        yield from deliver(single)
    for order in going:
        if len(order.plan.steps) > 1:
            yield from _each([order], _steps(order, wait=wait))
        yield from _told(order, since=("signed",))


def _steps(order: Order, *, wait: bool) -> Submission[None]:
    """One after the other, each once those before it that it needs are included, or have had the time for that.

    No transaction runs before one of a lower nonce. What is waited for is that a request whose approval fails costs nothing.
    """
    if order.signed is None:
        return
    hashes: tuple[Hash32, ...] = order.signed.tx_hashes
    for place, step in enumerate(order.plan.steps):
        for earlier in step.after if wait and not order.overdue else ():
            try:
                yield from _approved(order, order.plan.steps[earlier], hashes[earlier])  # pyright: ignore[reportUnknownArgumentType]
            except (TransactionFailed, NonceTaken) as error:
                known, _ = yield from lookup(step.chain, hashes[-1], order.plan.sender)
                if not known:  # else it is out, by whoever went on with the order: what became of it, it tells itself
                    order.error, order.out = error, False
                    return
        yield from deliver([Delivery(order, place)])
        if order.error is not None:
            return
        order.out = True


def _approved(order: Order, step: PlanStep, tx_hash: Hash32) -> Submission[None]:
    """Until it is included, or is overdue. Raises TransactionFailed; NonceTaken if another transaction has its nonce."""
    slot = Slot(order.plan.sender, step.transaction.nonce)
    of_it = partial(check_of, sender=slot.sender, signed=step.transaction)
    try:
        yield from included(step.chain, tx_hash, of_it, timeout=_APPROVED)
    except WaitTimeout as late:
        found = yield from attempt(fate(step.chain, (tx_hash,), slot), NodeError)
        if isinstance(found, Fate) and found.outcome in ("unknown", "replaced"):
            raise NonceTaken(
                chain=step.chain, address=slot.sender, nonce=slot.nonce, next_nonce=slot.nonce + 1
            ) from late
        order.overdue = True


def _told(order: Order, since: Sequence[State], *, unsent: bool = False) -> Submission[None]:
    """Tell the journal how it ended. `unsent`: the error is of before it was sent."""
    error, order.sent = order.error, order.error is None
    note = "" if error is None else f"{type(error).__name__}: {error}"
    state: State = "sent"
    if unsent or isinstance(error, RpcError | NonceTaken):
        state = "refused"
    elif isinstance(error, TransactionFailed):  # an approval: the rest was not sent
        state = "failed"
    elif error is not None:
        state = "uncertain"
    nowhere = state in ("failed", "refused")
    before, free = order.before, nowhere and not order.cancels
    if nowhere and before is not None and order.out:
        return  # its approval is out: it stays as it is signed, and is sent by whoever goes on with it
    if nowhere and before is not None:  # what it was to replace is still under way
        known = entry_of(order).hashes
        yield Keep(lambda journal: journal.sign(replace(before, hashes=known), order.nonces_before))
        for chain_id, nonce in {*order.nonces} - {*order.nonces_before}:
            REGISTER.free(chain_id, order.plan.sender, nonce)
        return
    yield Keep(lambda journal: journal.move(order.name, state, since=since, note=note, free=free))
    if free:
        for chain_id, nonce in order.nonces:
            REGISTER.free(chain_id, order.plan.sender, nonce)
