"""A journal in PostgreSQL, for any number of processes on any machines. The extra `postgres` brings psycopg 3 and its pool."""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, LiteralString

from zkcore.errors import InputError, JournalError
from zkcore.journal.sql import VERSION, Execute, Rows, SqlJournal

if TYPE_CHECKING:
    import psycopg
    from psycopg_pool import ConnectionPool

__all__ = ["PostgresJournal"]

_PATIENCE: Final = 30.0  # seconds for the server to come back, or for others to be done
# so that a machine that is gone is known to be gone, here and by the server, within half a minute: its leases end with it
_KEEPALIVE: Final[dict[str, Any]] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_SERVER_KEEPALIVE: Final = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"
# advisory locks: under the first one writes at a time, as SQLite has it; the others are leases. A schema is a journal of its own
_WRITE: Final = "select pg_advisory_xact_lock(hashtextextended(current_schema() || ' zkcore', 0))"
_LEASE: Final = "hashtextextended(current_schema() || ' ' || name, 0)"
_NAMES: Final = "select name from unnest(%s::text[]) as names (name)"


class PostgresJournal(SqlJournal):
    """Orders in a database: `PostgresJournal("postgresql://user@host/name")`. For any thread; connects when it is used.

    One schema (the first of the search path) is one journal. A lease is an advisory lock of one connection that is kept
    open: it ends with the process or its machine, and needs a pooler, if any, that keeps sessions. `connections`: at most.
    """

    def __init__(self, dsn: str, *, connections: int = 4) -> None:
        super().__init__()
        if connections < 1:
            raise InputError(f"connections: expected 1 or more, got {connections}")
        self._dsn, self._size, self._lock = dsn, connections, RLock()
        self._pool: ConnectionPool[Any] | None = None
        self._leasing: psycopg.Connection[Any] | None = None
        self._held: set[str] = set()
        self._pid = os.getpid()
        self._abandoned: object = None
        self._ready = False

    def __repr__(self) -> str:
        return f"PostgresJournal({self.name})"

    @property
    def name(self) -> str:
        """As `JournalLike.name`: host, port and database, never a password."""
        try:
            from psycopg import ProgrammingError
            from psycopg.conninfo import conninfo_to_dict
        except ImportError as error:
            raise JournalError("PostgreSQL needs the extra: pip install 'zkcore[postgres]'") from error
        try:
            parts = conninfo_to_dict(self._dsn)
        except ProgrammingError:  # its words may hold parts of a password
            raise InputError(
                "dsn: expected postgresql://user@host/name or key=value pairs; what was given is not shown"
            ) from None
        if "://" in self._dsn and any("@" in str(parts.get(key)) for key in ("host", "port", "dbname")):
            raise InputError(
                "dsn: a user or password with @, / or : in it is percent-encoded; what was given is not shown"
            )
        return " ".join(
            f"{key}={parts[key]}" for key in ("host", "hostaddr", "port", "dbname", "options") if parts.get(key)
        )

    def close(self) -> None:
        """Close every connection, and give back every lease. A later call connects again."""
        with self._lock:
            pool, leasing = self._pool, self._leasing
            self._pool, self._leasing, self._ready = None, None, False
            self._held.clear()
        if leasing is not None:
            _is_alive(
                leasing, "select pg_advisory_unlock_all()"
            )  # the server ends a connection a moment after it is closed
            leasing.close()
        if pool is not None:
            pool.close()

    # ------------------------------------------------------------ connections
    @contextmanager
    def _transaction(self, *, reads: bool = False) -> Generator[Execute]:
        _ = self.name  # before psycopg is asked for anything: is it there, and does it read the DSN?
        with self._mapped(), self._connections().connection() as connection, connection.transaction():
            if not reads:
                connection.execute(_WRITE)
            yield partial(_executed, connection)

    @contextmanager
    def _mapped(self) -> Generator[None]:
        import psycopg
        from psycopg_pool import PoolTimeout

        try:
            yield
        except (psycopg.Error, PoolTimeout) as error:
            raise JournalError(f"the journal {self.name}: {error}") from error

    def _connections(self) -> "ConnectionPool[Any]":
        from psycopg_pool import ConnectionPool

        with self._lock:
            if self._pid != os.getpid():  # after a fork the parent's connections are not ours to use, nor to close
                self._pid, self._abandoned = os.getpid(), (self._pool, self._leasing)
                self._pool, self._leasing, self._ready = None, None, False
                self._held.clear()
            if self._pool is None:
                self._pool = ConnectionPool(
                    self._dsn, kwargs=_KEEPALIVE, min_size=0, max_size=self._size, timeout=_PATIENCE, open=True,
                    check=ConnectionPool.check_connection,
                )  # fmt: skip
            if not self._ready:
                with self._pool.connection() as connection:
                    _prepare(connection, self.name)
                self._ready = True
            return self._pool

    # ------------------------------------------------------------ leases: of those who live
    def lease_all(self, names: Iterable[str]) -> set[str]:
        """As `JournalLike.lease_all`."""
        asked = {*names}
        _ = self.name
        with self._mapped(), self._lock:
            connection = self._leases()
            fresh = (sorted(asked - self._held),)
            self._held |= {
                name for (name,) in connection.execute(f"{_NAMES} where pg_try_advisory_lock({_LEASE})", fresh)
            }
            return asked & self._held

    def release(self, *names: str) -> None:
        """As `JournalLike.release`."""
        with self._mapped(), self._lock:
            connection = self._leases()
            held = (sorted(self._held.intersection(names)),)
            connection.execute(f"{_NAMES} where pg_advisory_unlock({_LEASE})", held)
            self._held.difference_update(names)

    def _leases(self) -> "psycopg.Connection[Any]":
        """The connection that the leases live and die with. One that broke has lost them: others may have them by now."""
        import psycopg

        self._connections()
        if self._leasing is not None and _is_alive(self._leasing):
            return self._leasing
        self._held.clear()
        self._leasing = psycopg.connect(self._dsn, autocommit=True, connect_timeout=int(_PATIENCE), **_KEEPALIVE)
        self._leasing.execute(_SERVER_KEEPALIVE)
        return self._leasing


def _is_alive(connection: "psycopg.Connection[Any]", asked: LiteralString = "select 1") -> bool:
    import psycopg

    try:
        connection.execute(asked)
    except psycopg.Error:
        connection.close()
        return False
    return True


def _prepare(connection: "psycopg.Connection[Any]", name: str) -> None:
    """Make the tables, or bring those of an older version up; refuse a newer one. By one at a time."""
    from zkcore.journal.migrations import bring_up

    with connection.transaction():
        connection.execute(_WRITE)
        connection.execute("create table if not exists zkcore_journal (version integer not null)")
        row = connection.execute("select version from zkcore_journal").fetchone()
        bring_up(partial(_executed, connection), None if row is None else int(row[0]), name)
        connection.execute("delete from zkcore_journal")
        connection.execute("insert into zkcore_journal values (%s)", (VERSION,))


def _executed(connection: "psycopg.Connection[Any]", statement: str, values: Sequence[object]) -> Rows:
    # every `?` of the statements is a value's: none of them holds text of its own
    cursor = connection.execute(statement.replace("?", "%s"), values)  # pyright: ignore[reportArgumentType]
    return cursor.fetchall() if cursor.description else []
