"""Keepers: they drive all that is in flight to its end, until they are stopped. Any number, on any machines, over one journal.

One round asks about all orders of an account in a few waves, and then does what is due: sends what is signed and with no node,
replaces what is stuck, finalizes what is ready, claims what failed. Each order is driven by one keeper at a time, under a lease
that ends with it; and whatever two of them may think, what a round orders has a reference of its own, so that it is paid once.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from functools import partial
from logging import getLogger
from operator import methodcaller
from queue import Empty, SimpleQueue
from threading import Event
from time import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, JournalError, PlanTampered, ZkCoreError
from zkcore.flows.claim import draft_claim_failed_deposit
from zkcore.flows.finalize import WithdrawalStatus
from zkcore.flows.payout import draft_finalize_withdrawal
from zkcore.flows.replacement import draft_speed_up
from zkcore.flows.status import RequestStatus
from zkcore.journal import AGAIN, Entry, JournalLike
from zkcore.plans.records import Record, record_from_json
from zkcore.types import seconds
from zkcore.wallet.handles import Handle
from zkcore.wallet.submission import Free, Hold, Keep, Order, Submission, continuing, ordering

if TYPE_CHECKING:
    import asyncio

    from zkcore.wallet.async_wallet import AsyncWallet
    from zkcore.wallet.wallet import Wallet

__all__ = ["AsyncKeeper", "Keeper", "KeeperPolicy", "Round"]

_log = getLogger("zkcore.keeper")
_SLACK: Final = 900.0  # seconds by which the clocks of those who write one journal may be apart
_TOGETHER: Final = (
    500  # orders that one keeper leases and asks about at once: the rest is for others, or comes after these
)
_ATTEMPTS: Final = 5  # at one settlement that fails on L1


class KeeperPolicy(Struct, frozen=True, kw_only=True):
    """What keepers do by themselves. Fees stay below the ceilings of each wallet's `FeePolicy`; times in seconds.

    `replace_after`: a request that waits on L1 for so long is sent again with higher fees; None: never. `interval`: of rounds.
    `dry`: nothing is signed; what would be is in `Round.due`. What others signed is sent and followed all the same.
    """

    dry: bool = False
    finalize: bool = True
    claim: bool = True
    replace_after: float | None = 900.0
    interval: float = 12.0

    def __post_init__(self) -> None:
        for name in ("replace_after", "interval"):
            value = getattr(self, name)
            if value is not None and seconds(value, name) <= 0:
                raise InputError(f"{name}: expected more than 0 seconds, got {value}")


class Round(Struct, frozen=True, kw_only=True):
    """What a round found and did: how many orders are in flight, those that it drove, what it ordered, and what went wrong.

    `due`: what would have been ordered, were the policy not dry, or had the wallet a signer.
    """

    in_flight: int
    driven: int
    ordered: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    errors: tuple[Exception, ...] = ()


class _Keeping:
    """What the two keepers have in common: a round, as a submission; and who is told of what has changed."""

    def __init__(
        self, policy: KeeperPolicy | None, on_change: Callable[[Entry], object] | None, wallets: Iterable[Any]
    ) -> None:
        self._policy, self._on_change = policy or KeeperPolicy(), on_change
        self._wallets = tuple(wallets)
        self._seen: dict[str, Entry] = {}
        if not self._wallets:
            raise InputError("wallets: expected one or more")

    def _round(self, wallet: Any) -> Submission[Round]:
        entries: list[Entry] = yield Keep(lambda _: wallet.in_flight())
        journal = wallet._journal
        damaged = tuple(PlanTampered(text) for text in getattr(journal, "unreadable", {}).values())
        rounds = [Round(in_flight=0, driven=0, errors=damaged)]
        for at in range(0, len(entries), _TOGETHER):
            leases = tuple(f"order {entry.reference}" for entry in entries[at : at + _TOGETHER])
            # those that are left out another keeper has, or whoever sends it just now
            ours: set[str] = yield Hold(leases)
            rounds.append((yield from self._driven(wallet, {name.removeprefix("order ") for name in ours})))
            yield Free(leases)
        lists: dict[str, Any] = {
            name: sum((getattr(some, name) for some in rounds), ()) for name in ("ordered", "due", "errors")
        }
        return Round(in_flight=len(entries), driven=sum(some.driven for some in rounds), **lists)

    def _driven(self, wallet: Any, names: set[str]) -> Submission[Round]:
        """Drive those that we have the leases of, as they are by now."""
        found: list[Entry] = yield Keep(lambda _: wallet.in_flight())
        ours = [entry for entry in found if entry.reference in names]
        if again := [
            Order(plan=entry.plan, reference=entry.reference)
            for entry in ours
            if entry.state in ("signed", "uncertain")
        ]:
            yield from continuing(again)
            found = yield Keep(lambda _: wallet.in_flight())  # what was sent, or found to be there, has moved
        fresh = [entry for entry in found if entry.reference in names]
        handles = [_handle(wallet, entry) for entry in fresh]
        statuses = yield from gather(*[attempt(_status(handle), ZkCoreError) for handle in handles])
        orders: list[Order] = []
        due: list[str] = []
        errors: list[Exception] = [status for status in statuses if isinstance(status, ZkCoreError)]
        for entry, handle, status in zip(fresh, handles, statuses, strict=True):
            name, draft = yield from self._due(entry, handle._record, status)
            if draft is not None and (self._policy.dry or wallet._signer is None):
                due.append(name)
            elif draft is not None:
                try:
                    orders.append((yield from draft(wallet, name)))
                except ZkCoreError as error:  # one that cannot be settled holds up none of the others
                    errors.append(error)
        yield from ordering(orders)
        errors += [order.error for order in orders if order.error is not None]
        done = tuple(order.name for order in orders if order.error is None)
        return Round(in_flight=0, driven=len(ours), ordered=done, due=tuple(due), errors=tuple(errors))

    def _due(
        self, entry: Entry, record: Any, status: Any
    ) -> Submission[tuple[str, Callable[[Any, str], Submission[Order]] | None]]:
        """What is to be ordered for it now: its name, and what makes the order; None: nothing."""
        match status:
            case WithdrawalStatus(phase="READY") if self._policy.finalize:
                reference = f"finalize {record.l2_tx_hash} {record.index}"
                drafting = partial(_settling, draft_finalize_withdrawal, (record.l2_tx_hash, record.index))
            case RequestStatus(phase="L2_FAILED", claimed=False) if self._policy.claim and record.claimable:
                reference = f"claim {record.l2_tx_hash}"
                drafting = partial(_settling, draft_claim_failed_deposit, (record.l2_tx_hash,))
            case RequestStatus(phase="L1_PENDING", l1_receipt=None) if self._is_stuck(entry):
                return entry.reference, partial(_faster, entry, record)
            case _:
                return "", None
        for attempted in range(_ATTEMPTS):  # it is ordered anew after each that failed on L1
            name = f"{reference} #{attempted}" if attempted else reference
            before: Entry | None = yield Keep(methodcaller("find", name))
            if before is None or before.state in AGAIN:
                return name, partial(drafting, record.bridge)
            if before.state != "failed":  # it is under way, or somebody wants none of it
                break
        return reference, None

    def _is_stuck(self, entry: Entry) -> bool:
        after = self._policy.replace_after
        return after is not None and entry.plan is not None and time() - entry.changed_at > after

    def _changed(self) -> list[Entry]:
        journals: dict[str, JournalLike] = {wallet._journal.name: wallet._journal for wallet in self._wallets}
        since = time() - self._policy.interval - _SLACK
        return [entry for journal in journals.values() for entry in journal.history(since=since)]

    def _tell(self, entries: Iterable[Entry]) -> None:
        """Tell of every order that is otherwise than when it was last told of, whoever moved it."""
        seen, self._seen = self._seen, {}  # what has not changed for so long changes before it is told again
        for entry in entries:
            before = seen.get(entry.reference)
            same = before and (before.state, before.note, before.hashes) == (entry.state, entry.note, entry.hashes)
            if self._on_change is not None and not same:
                try:
                    self._on_change(entry)
                except Exception:  # noqa: BLE001  # the rim: somebody else's code beside orders that go on
                    _log.exception("on_change failed for %s; it is told again in the next round", entry.reference)
                    continue
            self._seen[entry.reference] = entry


def _settling(draft: Any, args: tuple[Any, ...], bridge: Any, wallet: Any, name: str) -> Submission[Order]:
    yield from ()
    order: Order = wallet._order(draft, *args, reference=name, **({} if bridge is None else {"bridge": bridge}))
    return order


def _faster(entry: Entry, record: Any, wallet: Any, name: str) -> Submission[Order]:
    order = Order(plan=(yield from draft_speed_up(wallet._session, record)).plan, reference=name)
    order.before = entry
    return order


def _handle(wallet: Any, entry: Entry) -> Handle[Any]:
    record: Record = record_from_json(entry.handle or "")
    handle: Handle[Any] = wallet._handles[record.kind](wallet, record)
    return handle


def _status(handle: Any) -> Flow[Any]:
    return (yield from handle._flow_status())  # pyright: ignore[reportUnknownVariableType]  # any handle's


class Keeper(_Keeping):
    """Drives the orders of wallets: `Keeper([wallet], on_change=print).run()`.

    `on_change` is called with the entry of every order that has changed, whoever changed it; what it raises is logged, and the
    change told again in the next round. Wallets of many accounts and
    chains may share a journal; each asks its own nodes. Raises InputError.
    """

    def __init__(
        self,
        wallets: "Iterable[Wallet]",
        *,
        policy: KeeperPolicy | None = None,
        on_change: Callable[[Entry], object] | None = None,
    ) -> None:
        super().__init__(policy, on_change, wallets)

    def round(self) -> list[Round]:
        """One round of each wallet. What goes wrong with a node or the journal is in its errors; the next round tries again."""
        rounds: list[Round] = []
        for wallet in self._wallets:
            try:
                rounds.append(wallet._run_submission(self._round(wallet)))
            except ZkCoreError as error:
                rounds.append(_failed(error))
        with _logged():
            self._tell(self._changed())
        return rounds

    def run(self, stop: Event | None = None, *, on_round: Callable[[list[Round]], object] | None = None) -> None:
        """Rounds until `stop` is set, or SIGTERM or SIGINT comes where none is given; a round under way is ended first.

        A second signal does what it would have done without a keeper.
        """
        stopped = stop or _Stop()
        with _signals(stopped.set, ours=stop is None):
            while not stopped.is_set():
                rounds = self.round()
                if on_round is not None:
                    on_round(rounds)
                stopped.wait(self._policy.interval)


class AsyncKeeper(_Keeping):
    """As `Keeper`, for AsyncWallets: awaited."""

    def __init__(
        self,
        wallets: "Iterable[AsyncWallet]",
        *,
        policy: KeeperPolicy | None = None,
        on_change: Callable[[Entry], object] | None = None,
    ) -> None:
        super().__init__(policy, on_change, wallets)

    async def round(self) -> list[Round]:
        """As `Keeper.round`; the wallets at once."""
        import asyncio

        rounds = list(await asyncio.gather(*[self._of(wallet) for wallet in self._wallets]))
        with _logged():
            self._tell(await asyncio.to_thread(self._changed))
        return rounds

    async def _of(self, wallet: "AsyncWallet") -> Round:
        try:
            found: Round = await wallet._run_submission(self._round(wallet))
        except ZkCoreError as error:
            return _failed(error)
        return found

    async def run(
        self, stop: "asyncio.Event | None" = None, *, on_round: Callable[[list[Round]], object] | None = None
    ) -> None:
        """As `Keeper.run`."""
        import asyncio

        stopped = stop or asyncio.Event()
        loop = asyncio.get_running_loop()  # which is told in a way that wakes it
        with _signals(partial(loop.call_soon_threadsafe, stopped.set), ours=stop is None):
            while not stopped.is_set():
                rounds = await self.round()
                if on_round is not None:
                    on_round(rounds)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stopped.wait(), self._policy.interval)


def _failed(error: ZkCoreError) -> Round:
    _log.warning("a round ended early: %s", error)
    return Round(in_flight=0, driven=0, errors=(error,))


@contextmanager
def _logged() -> Generator[None]:
    """A journal that cannot be read just now ends no keeper: the next round tells of what has changed."""
    try:
        yield
    except JournalError as error:
        _log.warning("what has changed is not known: %s", error)


class _Stop:
    """As `threading.Event`, and may be set by a handler of signals: what a `SimpleQueue` does is not interrupted by itself."""

    def __init__(self) -> None:
        self._queue, self._set = SimpleQueue[None](), False

    def set(self) -> None:
        self._set = True
        self._queue.put(None)

    def is_set(self) -> bool:
        return self._set

    def wait(self, seconds: float) -> None:
        with suppress(Empty):
            self._queue.get(timeout=seconds)


@contextmanager
def _signals(stop: Callable[[], object], *, ours: bool) -> Generator[None]:
    """SIGTERM and SIGINT call `stop`, if that is ours to do; a second one does what it did before."""
    import signal
    from threading import current_thread, main_thread

    before: dict[int, Any] = {}

    def asked(number: int, frame: object) -> None:  # noqa: ARG001  # as signal calls it
        stop()
        signal.signal(number, before[number])

    if ours and current_thread() is main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, asked)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
