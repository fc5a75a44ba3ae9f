"""A journal of what is in flight: SQLite, written before anything is sent, so that a dead process loses nothing."""

from os import PathLike, fspath
from threading import Lock
from typing import TYPE_CHECKING, Any, Self, cast

from zkcore.journal.entries import Entry, Store
from zkcore.plans.plan import Plan, SignedPlan
from zkcore.types import Hash32

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Journal"]

_SCHEMA = """
create table if not exists entries (
    plan_hash text primary key, state text not null, content text not null, tx_hash text, finished integer not null default 0
) strict
"""


class Journal:
    """Records every submitted plan in a file before sending; `pending()` knows all that is in flight. For any thread.

    It holds signed transactions, not keys: whoever reads it can send them, not change them. Nothing is opened before use.
    """

    def __init__(self, path: "str | PathLike[str]") -> None:
        self._path = fspath(path)
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        with self._lock:
            database, self._database = self._database, None
        if database is not None:
            database.close()

    def record(self, entry: Store) -> SignedPlan[Any] | None:
        """Write, durably. An entry never goes back: a plan that was signed before stays as it was, and is returned."""
        tx_hash = str(entry.tx_hash) if entry.tx_hash is not None else None
        self._execute(
            "insert into entries (plan_hash, state, content, tx_hash) values (?, ?, ?, ?) on conflict (plan_hash) do update set "
            "state = excluded.state, content = excluded.content, tx_hash = excluded.tx_hash where excluded.state != 'planned'",
            (str(entry.plan_hash), entry.state, entry.content, tx_hash),
        )
        if entry.state != "planned":
            return None
        kept = self._execute(
            "select content from entries where plan_hash = ? and tx_hash is not null", (str(entry.plan_hash),)
        )
        return SignedPlan.from_json(kept[0][0]) if kept else None

    def finish(self, tx_hash: Hash32 | None) -> None:
        """The plan with this last transaction has come to its end, well or not: it is not pending any more."""
        self._execute("update entries set finished = 1 where tx_hash = ?", (str(tx_hash),))

    def pending(self) -> list[Entry]:
        """What is in flight, in the order it was recorded. What was tampered with raises PlanTampered."""
        rows = self._execute("select state, content from entries where not finished order by rowid", ())
        return [
            Entry(state=state, plan=(Plan if state == "planned" else SignedPlan)[Any].from_json(content))
            for state, content in rows
        ]

    def _execute(self, statement: str, values: tuple[object, ...]) -> "list[tuple[Any, ...]]":
        import sqlite3

        with self._lock:
            if self._database is None:
                self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                for pragma in ("journal_mode = wal", "synchronous = full", "busy_timeout = 10000"):
                    self._database.execute(f"pragma {pragma}")
                self._database.execute(_SCHEMA)
            return cast("list[tuple[Any, ...]]", self._database.execute(statement, values).fetchall())
