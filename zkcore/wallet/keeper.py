"""Keepers: they drive all that is in flight to its end, until they are stopped. Any number, on any machines, over one journal.

One round asks about all orders of an account in a few waves, and then does what is due: sends what is signed and with no node,
replaces what is stuck, finalizes what is ready, claims what failed. Each order is driven by one keeper at a time, under a lease
that ends with it; and whatever two of them may think, what a round orders has a reference of its own, so that it is paid once.
"""

from collections.abc import Callable, Iterable
from logging import getLogger
from operator import methodcaller
from threading import Event
from time import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, ZkCoreError
from zkcore.flows.claim import draft_claim_failed_deposit
from zkcore.flows.finalize import WithdrawalStatus
from zkcore.flows.payout import draft_finalize_withdrawal
from zkcore.flows.replacement import draft_speed_up
from zkcore.flows.status import RequestStatus
from zkcore.journal import AGAIN, Entry, JournalLike
from zkcore.plans.records import Record, record_from_json
from zkcore.wallet.handles import Handle
from zkcore.wallet.submission import Hold, Keep, Order, Submission, continuing, ordering

if TYPE_CHECKING:
    import asyncio

    from zkcore.wallet.async_wallet import AsyncWallet
    from zkcore.wallet.wallet import Wallet

__all__ = ["AsyncKeeper", "Keeper", "KeeperPolicy", "Round"]

_log = getLogger("zkcore.keeper")
_SLACK: Final = 900.0  # seconds by which the clocks of those who write one journal may be apart
_ATTEMPTS: Final = 5  # at one settlement that fails on L1


class KeeperPolicy(Struct, frozen=True, kw_only=True):
    """What keepers do by themselves. Fees stay below the ceilings of each wallet's `FeePolicy`; times in seconds.

    `replace_after`: a request that waits on L1 for so long is sent again with higher fees; None: never. `interval`: of rounds.
    """

    finalize: bool = True
    claim: bool = True
    replace_after: float | None = 900.0
    interval: float = 12.0

    def __post_init__(self) -> None:
        for name in ("replace_after", "interval"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise InputError(f"{name}: expected more than 0 seconds, got {value}")


class Round(Struct, frozen=True, kw_only=True):
    """What a round found and did: how many orders are in flight, those that it drove, what it ordered, and what went wrong."""

    in_flight: int
    driven: int
    ordered: tuple[str, ...] = ()
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
        mine: list[Entry] = []
        for entry in entries:
            # False: another keeper has it, or whoever sends it just now. The end of the round gives it back
            if entry.handle is not None and (yield Hold(f"order {entry.reference}")):
                mine.append(entry)  # noqa: PERF401  # no comprehension can yield
        yield from continuing([Order(plan=entry.plan, reference=entry.reference) for entry in mine])
        # as they are now: what was sent, or found to be there, may have moved them
        found: list[Entry | None] = yield Keep(lambda journal: [journal.find(entry.reference) for entry in mine])
        fresh = [entry for entry in found if entry is not None and entry.handle is not None]
        handles = [_handle(wallet, entry) for entry in fresh]
        statuses = yield from gather(*[attempt(_status(handle), ZkCoreError) for handle in handles])
        orders: list[Order] = []
        errors: list[Exception] = [status for status in statuses if isinstance(status, ZkCoreError)]
        for entry, handle, status in zip(fresh, handles, statuses, strict=True):
            order = yield from self._due(wallet, entry, handle, status)
            orders += [] if order is None else [order]
        yield from ordering(orders)
        errors += [order.error for order in orders if order.error is not None]
        done = tuple(order.name for order in orders if order.error is None)
        return Round(in_flight=len(entries), driven=len(mine), ordered=done, errors=tuple(errors))

    def _due(self, wallet: Any, entry: Entry, handle: Handle[Any], status: Any) -> Submission[Order | None]:
        """What is to be ordered for it now."""
        record: Any = handle._record
        match status:
            case WithdrawalStatus(phase="READY") if self._policy.finalize:
                reference = f"finalize {record.l2_tx_hash} {record.index}"
                draft: tuple[Any, ...] = (draft_finalize_withdrawal, record.l2_tx_hash, record.index)
            case RequestStatus(phase="L2_FAILED", claimed=False) if self._policy.claim and record.claimable:
                reference = f"claim {record.l2_tx_hash}"
                draft = (draft_claim_failed_deposit, record.l2_tx_hash)
            case RequestStatus(phase="L1_PENDING", l1_receipt=None) if self._is_stuck(entry):
                drafted = yield from attempt(draft_speed_up(wallet._session, record), ZkCoreError)
                if isinstance(drafted, ZkCoreError):
                    _log.warning("%s is stuck and cannot be replaced: %s", entry.reference, drafted)
                    return None
                order = Order(plan=drafted.plan, reference=entry.reference)
                order.before = entry
                return order
            case _:
                return None
        return (yield from _next(wallet, reference, draft))

    def _is_stuck(self, entry: Entry) -> bool:
        after = self._policy.replace_after
        return after is not None and entry.plan is not None and time() - entry.changed_at > after

    def _tell(self, journal: JournalLike) -> None:
        """Tell of every order that is otherwise than when it was last told of, whoever moved it."""
        for entry in journal.history(since=time() - self._policy.interval - _SLACK):
            before = self._seen.get(entry.reference)
            if before is None or (before.state, before.note, before.hashes) != (entry.state, entry.note, entry.hashes):
                self._seen[entry.reference] = entry
                if self._on_change is not None:
                    self._on_change(entry)


def _next(wallet: Any, reference: str, draft: tuple[Any, ...]) -> Submission[Order | None]:
    """The order of a settlement: the one that is under way, or the next after those that failed on L1."""
    for attempted in range(_ATTEMPTS):
        name = f"{reference} #{attempted}" if attempted else reference
        before: Entry | None = yield Keep(methodcaller("find", name))
        if before is None or before.state in AGAIN:
            order: Order = wallet._order(*draft, reference=name)
            return order
        if before.state != "failed":  # it is under way, or somebody wants none of it
            return None
    return None


def _handle(wallet: Any, entry: Entry) -> Handle[Any]:
    record: Record = record_from_json(entry.handle or "")
    handle: Handle[Any] = wallet._handles[record.kind](wallet, record)
    return handle


def _status(handle: Any) -> Flow[Any]:
    return (yield from handle._flow_status())  # pyright: ignore[reportUnknownVariableType]  # any handle's


class Keeper(_Keeping):
    """Drives the orders of wallets: `Keeper([wallet], on_change=print).run()`.

    `on_change` is called with the entry of every order that has changed, whoever changed it. Wallets of many accounts and
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
                self._tell(wallet._journal)
            except ZkCoreError as error:
                rounds.append(_failed(error))
        return rounds

    def run(self, stop: Event | None = None, *, on_round: Callable[[list[Round]], object] | None = None) -> None:
        """Rounds until `stop` is set, or SIGTERM or SIGINT comes where none is given; a round under way is ended first."""
        with _stopping(stop or Event(), ours=stop is None) as stopped:
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

        return list(await asyncio.gather(*[self._of(wallet) for wallet in self._wallets]))

    async def _of(self, wallet: "AsyncWallet") -> Round:
        try:
            found = await wallet._run_submission(self._round(wallet))
            self._tell(wallet._journal)
        except ZkCoreError as error:
            return _failed(error)
        return found

    async def run(
        self, stop: "asyncio.Event | None" = None, *, on_round: Callable[[list[Round]], object] | None = None
    ) -> None:
        """As `Keeper.run`."""
        import asyncio
        from contextlib import suppress

        stopped = stop or asyncio.Event()
        with _stopping(stopped, ours=stop is None):
            while not stopped.is_set():
                rounds = await self.round()
                if on_round is not None:
                    on_round(rounds)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stopped.wait(), self._policy.interval)


def _failed(error: ZkCoreError) -> Round:
    _log.warning("a round ended early: %s", error)
    return Round(in_flight=0, driven=0, errors=(error,))


class _stopping:  # noqa: N801  # used as a statement
    """Sets the event on SIGTERM and SIGINT, if it is ours to; what was there before is put back."""

    def __init__(self, event: Any, *, ours: bool) -> None:
        self._event, self._ours = event, ours
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Any:
        import signal
        from threading import current_thread, main_thread

        if self._ours and current_thread() is main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._set)
        return self._event

    def _set(self, number: int, frame: object) -> None:  # noqa: ARG002  # as signal calls it
        self._event.set()

    def __exit__(self, *_: object) -> None:
        import signal

        for number, handler in self._before.items():
            signal.signal(number, handler)
