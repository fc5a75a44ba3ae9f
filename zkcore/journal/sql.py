"""A journal in SQL: its tables and statements, which are the same in every database; connections and leases are not here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from logging import getLogger
from time import time
from typing import Any, Final, Self, TypeAlias

from msgspec import MsgspecError, convert, defstruct, structs

from zkcore.errors import PlanTampered, ZkCoreError
from zkcore.journal.entries import AGAIN, MOVING, Entry, Nonces, State
from zkcore.plans.plan import SignedPlan
from zkcore.plans.records import last_transaction, record_from_json
from zkcore.types import Address, Hash32

__all__ = ["TABLES", "VERSION", "Execute", "Rows", "SqlJournal", "keep"]

_log = getLogger("zkcore.journal")
Rows: TypeAlias = list[tuple[Any, ...]]
Execute: TypeAlias = Callable[[str, Sequence[object]], Rows]

VERSION: Final = 2
TABLES: Final = (
    """create table if not exists orders (
    reference text primary key, state text not null, kind text not null, account text not null, l1_chain_id bigint not null,
    l2_chain_id bigint not null, asked_at double precision not null, changed_at double precision not null, ask text not null,
    hashes text not null, plan text, handle text, note text not null, approval text)""",
    "create index if not exists orders_by_state on orders (state)",
    "create table if not exists hashes (hash text not null, reference text not null, primary key (hash, reference))",
    """create table if not exists nonces (
    chain_id bigint not null, account text not null, nonce bigint not null, reference text not null,
    primary key (chain_id, account, nonce))""",
    "create table if not exists leases (name text primary key, owner text not null)",
)
_COLUMNS = Entry.__struct_fields__
_SELECT = f"select {', '.join(_COLUMNS)} from orders"  # noqa: S608  # names of ours
_UPSERT = (
    f"insert into orders ({', '.join(_COLUMNS)}) values ({', '.join('?' * len(_COLUMNS))}) on conflict (reference) do update "  # noqa: S608
    f"set {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS if name != 'reference')}"
)
_MOVING = f"state in ({', '.join(repr(state) for state in MOVING)})"


_AS_THEY_ARE = tuple(name for name in _COLUMNS if name not in {"account", "hashes", "plan"})
_COLUMN_TYPES = [(field.name, field.type) for field in structs.fields(Entry) if field.name in _AS_THEY_ARE]
_AsTheyAre = defstruct("_AsTheyAre", _COLUMN_TYPES, frozen=True)


class _TakenError(Exception):
    """Another order has the nonce: nothing of this one is kept."""


class SqlJournal(ABC):
    """The protocol of journals over one method that runs a transaction, and two that keep leases."""

    def __init__(self) -> None:
        self.unreadable: dict[str, str] = {}  # what the last listing left out, by reference, and why

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """As `JournalLike.close`."""

    @abstractmethod
    def _transaction(self, *, reads: bool = False) -> AbstractContextManager[Execute]:
        """What runs statements with `?` for values; all of them are kept, or none. `reads`: they only read."""

    # ------------------------------------------------------------ writing
    def ask(self, entry: Entry) -> Entry | None:
        """As `JournalLike.ask`."""
        with self._transaction() as execute:
            kept = execute(f"{_SELECT} where reference = ?", (entry.reference,))
            if kept and kept[0][_COLUMNS.index("state")] not in AGAIN:
                return _entry(kept[0])
            execute(_UPSERT, _row(entry))
        return None

    def sign(self, entry: Entry, nonces: Nonces) -> bool:
        """As `JournalLike.sign`."""
        try:
            with self._transaction() as execute:
                for state, known in execute("select state, hashes from orders where reference = ?", (entry.reference,)):
                    if state not in ("asked", *MOVING) or not {*known.split()} <= {*map(str, entry.hashes)}:
                        return False
                for chain_id, nonce in nonces:
                    above = "reference = ? and chain_id = ? and nonce > ?"
                    execute(f"delete from nonces where {above}", (entry.reference, chain_id, nonce))  # noqa: S608
                    at = (chain_id, str(entry.account), nonce)
                    execute("insert into nonces values (?, ?, ?, ?) on conflict do nothing", (*at, entry.reference))
                    where = "chain_id = ? and account = ? and nonce = ?"
                    if execute(f"select reference from nonces where {where}", at) != [(entry.reference,)]:  # noqa: S608
                        raise _TakenError  # noqa: TRY301  # undoes what was written
                keep(execute, entry)
        except _TakenError:
            return False
        return True

    def move(
        self,
        reference: str,
        state: State,
        *,
        since: Iterable[State],
        free: bool = False,
        hashes: Iterable[Hash32] = (),
        was: str | None = None,
        **fields: str,
    ) -> bool:
        """As `JournalLike.move`."""
        values, held, more = {"state": state, **fields}, tuple(since), tuple(hashes)
        change = ", ".join(f"{name} = ?" for name in values)
        # what is told again as it was has not changed: since when it waits decides whether it is stuck
        same = " and ".join(f"{name} = ?" for name in values if name in {"state", "note"})
        with self._transaction() as execute:
            changed = execute(
                f"update orders set {change}, hashes = hashes || ?, changed_at = case when {same} then changed_at else ? end "  # noqa: S608  # names of ours
                f"where reference = ? and coalesce(?, handle, '') = coalesce(handle, '') "
                f"and state in ({', '.join('?' * len(held))}) returning reference",
                (
                    *values.values(),
                    "".join(f" {known}" for known in more),
                    *(values[name] for name in values if name in {"state", "note"}),
                    time(),
                    reference,
                    was,
                    *held,
                ),
            )
            if changed:
                _remember(execute, reference, more)
            if changed and free:
                execute("delete from nonces where reference = ?", (reference,))
        return bool(changed)

    def drop(self, entry: Entry) -> None:
        """As `JournalLike.drop`."""
        self.move(entry.reference, "dropped", since=("asked", *MOVING), free=True, note="dropped by the caller")

    # ------------------------------------------------------------ leases
    def lease(self, name: str) -> bool:
        """One lease: whether it is ours."""
        return name in self.lease_all([name])

    @abstractmethod
    def lease_all(self, names: Iterable[str]) -> set[str]:
        """As `JournalLike.lease_all`."""

    # ------------------------------------------------------------ reading
    def find(self, reference: str) -> Entry | None:
        """As `JournalLike.find`."""
        with self._transaction(reads=True) as execute:
            rows = execute(f"{_SELECT} where reference = ?", (reference,))
        return _entry(rows[0]) if rows else None

    def with_hash(self, hash: Hash32) -> list[Entry]:  # noqa: A002
        """As `JournalLike.with_hash`."""
        where = "reference in (select reference from hashes where hash = ?)"
        with self._transaction(reads=True) as execute:
            rows = execute(f"{_SELECT} where {where} order by asked_at, reference", (str(hash),))
        return [_entry(row) for row in rows]

    def taken(self, chain_id: int, account: Address, first: int) -> dict[int, str]:
        """As `JournalLike.taken`."""
        where = "chain_id = ? and account = ? and nonce >= ?"
        with self._transaction(reads=True) as execute:
            rows = execute(f"select nonce, reference from nonces where {where}", (chain_id, str(account), first))  # noqa: S608
        return dict(rows)

    def pending(self) -> list[Entry]:
        """As `JournalLike.pending`."""
        return self._list(_MOVING)

    def asked(self) -> list[Entry]:
        """As `JournalLike.asked`."""
        return self._list("state = 'asked'")

    def history(self, *, since: float = 0.0) -> list[Entry]:
        """As `JournalLike.history`."""
        return self._list("changed_at >= ?", since)

    def _list(self, where: str, *values: object) -> list[Entry]:
        with self._transaction(reads=True) as execute:
            rows = execute(f"{_SELECT} where {where} order by asked_at, reference", values)
        found: list[Entry] = []
        self.unreadable = {}
        for row in rows:
            try:
                found.append(_entry(row))
            except PlanTampered as error:
                self.unreadable[str(row[0])] = str(error)
                _log.warning("%s", error)
        return found


# ---------------------------------------------------------------- rows
def keep(execute: Execute, entry: Entry) -> None:
    """Write an entry, to be found by its hashes too."""
    execute(_UPSERT, _row(entry))
    _remember(execute, entry.reference, entry.hashes)


def _row(entry: Entry) -> tuple[object, ...]:
    kept: dict[str, object] = {name: getattr(entry, name) for name in _COLUMNS}
    kept |= {"account": str(entry.account), "hashes": _text(entry.hashes)}
    kept["plan"] = entry.plan.to_json() if entry.plan else None
    return tuple(kept.values())


def _entry(row: Sequence[Any]) -> Entry:
    """The entry of a row, all of it checked. Raises PlanTampered."""
    fields: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    try:
        plan = None if fields["plan"] is None else _plan(fields["plan"])
        handle = None if fields["handle"] is None else record_from_json(fields["handle"])
        fields |= {"plan": plan, "account": Address(fields["account"])}
        fields["hashes"] = tuple(Hash32(text) for text in fields["hashes"].split())
        fields |= structs.asdict(
            convert({name: fields[name] for name in _AS_THEY_ARE}, _AsTheyAre)
        )  # SQLite keeps any type in any column
        entry = Entry(**fields)
        signed = () if plan is None or handle is None else (plan.tx_hashes[-1], last_transaction(handle))
        if (
            (plan is None) != (handle is None)
            or (plan is None and entry.state in MOVING)
            or not {*signed} <= {*entry.hashes}
        ):
            raise PlanTampered("its parts contradict one another")
        if plan is not None and (plan.plan.sender, plan.kind) != (entry.account, entry.kind):
            raise PlanTampered("its plan is another one's")
        for name in ("kind", "l1_chain_id", "l2_chain_id", "account") if handle is not None else ():
            if getattr(handle, "sender" if name == "account" else name, None) not in (None, getattr(entry, name)):
                raise PlanTampered(f"its handle has another {name}")
    except (ZkCoreError, MsgspecError, TypeError, ValueError, AttributeError) as error:
        raise PlanTampered(f"the journal's entry {fields['reference']!r} cannot be read: {error}") from error
    return entry


def _text(hashes: Iterable[Hash32]) -> str:
    return " ".join(map(str, hashes))


def _remember(execute: Execute, reference: str, hashes: Iterable[Hash32]) -> None:
    for known in hashes:
        execute("insert into hashes values (?, ?) on conflict do nothing", (str(known), reference))


@lru_cache(4_096)
def _plan(text: str) -> SignedPlan[Any]:
    return SignedPlan[Any].from_json(text)
