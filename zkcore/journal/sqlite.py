"""The embedded journal: a SQLite file, written before anything is sent, so that a dead process loses nothing."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from threading import RLock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from zkcore.errors import JournalError
from zkcore.journal.sql import VERSION, Execute, SqlJournal

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Journal"]

_PATIENCE: Final = 30.0  # seconds for others to be done with the file
_MEMORY: Final = ":memory:"


class Journal(SqlJournal):
    """Orders in a file, for any number of threads and processes of one machine. `pending()` knows all that is in flight.

    It holds signed transactions, not keys: whoever reads it can send them, not change them; the file is its owner's alone
    (mode 0600). Nothing is opened before use. `":memory:"` keeps nothing beyond the process.
    """

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        super().__init__()
        try:
            self._path = os.fsdecode(path)
        except TypeError as error:
            raise JournalError(f"journal: expected a path, got {path!r}") from error
        if "://" in self._path or "password=" in self._path:  # of a database, perhaps with a password
            raise JournalError(
                "journal: expected a path, got what looks like a DSN, and is not shown: PostgresJournal takes it"
            )
        if not self._path or "\0" in self._path:
            raise JournalError(f"journal: {self._path!r} is no path of a file")
        self._lock = RLock()
        self._database: sqlite3.Connection | None = None
        self._alive: sqlite3.Connection | None = None  # holds a lock that ends with the process
        self._owner, self._pid = "", os.getpid()
        self._abandoned: object = None

    @property
    def name(self) -> str:
        """As `JournalLike.name`."""
        return f"{_MEMORY}{id(self)}" if self._path == _MEMORY else os.path.realpath(self._path)

    def close(self) -> None:
        """Close the file, and give back every lease. A later call opens it again."""
        with self._lock:
            if self._alive is not None:
                with self._transaction(durable=False) as execute:
                    execute("delete from leases where owner = ?", (self._owner,))
                    self._alive.close()
                    _remove(self._file_of(self._owner))
            if self._database is not None:
                self._database.close()
            self._database = self._alive = None

    # ------------------------------------------------------------ the file
    @contextmanager
    def _transaction(self, *, reads: bool = False, durable: bool = True) -> Generator[Execute]:
        """Not `durable`: it may be forgotten if the power fails, with nothing that was told to be durable."""
        import sqlite3

        with self._lock:
            try:
                database = self._opened()
                database.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
                database.execute("begin" if reads else "begin immediate")
                try:
                    yield lambda statement, values: database.execute(statement, values).fetchall()
                except BaseException:
                    database.execute("rollback")
                    raise
                database.execute("commit")
            except sqlite3.Error as error:
                raise JournalError(f"the journal {self._path}: {error}") from error

    def _opened(self) -> "sqlite3.Connection":
        if self._pid != os.getpid():  # after a fork the parent's connections are not ours to use, nor to close
            self._pid, self._abandoned = os.getpid(), (self._database, self._alive)
            self._database = self._alive = None
            self._owner = ""
        if self._database is None:
            if self._path != _MEMORY:
                try:
                    os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
                except (OSError, ValueError) as error:
                    raise JournalError(f"the journal {self._path} cannot be opened: {error}") from error
            opened: sqlite3.Connection = _patient(self._open)
            self._database = opened
        return self._database

    def _open(self) -> "sqlite3.Connection":
        import sqlite3

        from zkcore.journal.migrations import bring_up

        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE)
        try:
            database.execute("pragma journal_mode = wal")
            database.execute("begin immediate")
            (version,) = database.execute("pragma user_version").fetchone()
            known = {name for (name,) in database.execute("select name from sqlite_master")}
            found = version or (1 if "entries" in known else 0 if known else None)  # the first form bore no number
            bring_up(lambda statement, values: database.execute(statement, values).fetchall(), found, self._path)
            database.execute(f"pragma user_version = {VERSION}")
            database.execute("commit")
        except BaseException:
            database.close()
            raise
        return database

    # ------------------------------------------------------------ leases: of those who live
    def lease_all(self, names: Iterable[str]) -> set[str]:
        """As `JournalLike.lease_all`: who had one of them dies with the power, so they are not durable."""
        with self._transaction(durable=False) as execute:
            held: dict[str, str] = dict(execute("select name, owner from leases", ()))
            free = {owner: self._is_mine_or_dead(owner) for owner in {*held.values()}}
            ours = {name for name in names if name not in held or free[held[name]]}
            if self._alive is None and ours:
                self._owner = os.urandom(8).hex()
                self._alive = self._locked(self._owner)
            statement = "insert into leases values (?, ?) on conflict (name) do update set owner = excluded.owner"
            for name in ours:
                execute(statement, (name, self._owner))
        return ours

    def release(self, *names: str) -> None:
        """As `JournalLike.release`."""
        with self._transaction(durable=False) as execute:
            for name in names:
                execute("delete from leases where name = ? and owner = ?", (name, self._owner))

    def _file_of(self, owner: str) -> str:
        return _MEMORY if self._path == _MEMORY else f"{self._path}-{owner}.alive"

    def _locked(self, owner: str) -> "sqlite3.Connection":
        """A lock on a file of its own, which the system takes back when the process ends. Raises OperationalError."""
        import sqlite3

        lock = sqlite3.connect(self._file_of(owner), isolation_level=None, check_same_thread=False, timeout=0)
        try:
            lock.execute("begin exclusive")
        except BaseException:
            lock.close()
            raise
        return lock

    def _is_mine_or_dead(self, owner: str) -> bool:
        """Within a transaction, as all that looks at the locks: so nobody looks between the making of one and its locking."""
        import sqlite3

        path = self._file_of(owner)
        if owner != self._owner and os.path.exists(path):  # noqa: PTH110  # pathlib is loaded for nothing else
            try:
                self._locked(owner).close()
            except sqlite3.OperationalError:
                return False
            _remove(path)
        return True


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


def _patient(act: Any) -> Any:
    """Try until it works: that a file is changed to write-ahead logging by one is an error for all others who open it."""
    import sqlite3

    until = monotonic() + _PATIENCE
    while monotonic() < until:
        with suppress(sqlite3.OperationalError):
            return act()
        sleep(0.02)
    return act()
