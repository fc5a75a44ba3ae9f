"""What is the SQLite journal's own: its file, its locks, what is durable, and what a dead or forked process leaves."""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.journal.test_conformance import ASKED
from zkcore.errors import JournalError
from zkcore.journal import Journal
from zkcore.journal import sqlite as module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def synchronous(journal: Journal) -> int:
    assert journal._database is not None
    found: int = journal._database.execute("pragma synchronous").fetchone()[0]
    return found


def test_nothing_is_opened_before_use_and_the_file_is_its_owner_s(path: Path) -> None:
    before = os.umask(0)
    try:
        journal = Journal(path)
        journal.close()
        assert not path.exists()
        assert journal.unreadable == {}
        journal.ask(ASKED)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as database:
        assert database.execute("pragma user_version").fetchone() == (2,)
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    database.close()
    journal.close()
    assert journal.find("invoice 7") == ASKED  # a later call opens it again
    journal.close()


def test_orders_are_durable_and_leases_need_not_be(path: Path) -> None:
    with Journal(path) as journal:
        journal.ask(ASKED)
        assert synchronous(journal) == 2
        assert journal.lease("nonces")
        assert synchronous(journal) == 1
        journal.find("invoice 7")
        assert synchronous(journal) == 2
        journal.release("nonces")
        assert synchronous(journal) == 1
        journal.drop(ASKED)
        assert synchronous(journal) == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (5, "expected a path, got 5"),
        (None, "expected a path, got None"),
        ("postgres://u:secret@host/x", "looks like a DSN"),
        ("host=x password=secret", "looks like a DSN"),
        ("", "'' is no path"),
        ("a\0b", "is no path"),
    ],
)
def test_what_is_no_path_is_refused(given: Any, told: str) -> None:
    with pytest.raises(JournalError, match=told) as error:
        Journal(given)
    assert "secret" not in str(error.value)


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path).find("x")
    (tmp_path / "text").write_text("this is no database, but as long as the first page of one would be" * 40)
    with pytest.raises(JournalError, match="not a database"):
        Journal(tmp_path / "text").find("x")


def test_its_name_is_that_of_the_file_by_whatever_way(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    assert Journal(path).name == Journal(str(tmp_path / "link")).name == Journal(os.fsencode(path)).name == str(path)  # type: ignore[arg-type]
    one, other = Journal(":memory:"), Journal(":memory:")
    assert one.name != other.name
    assert one.name.startswith(":memory:")


def test_the_leases_of_the_dead_are_free_and_their_files_go(path: Path) -> None:
    dead, journal, third = Journal(path), Journal(path), Journal(path)
    assert dead.lease("nonces")
    assert not journal.lease("nonces")
    assert len(list(path.parent.glob("*.alive"))) == 1
    assert dead._alive is not None
    dead._alive.close()  # as the system does when a process ends
    assert journal.lease("nonces")
    assert len(list(path.parent.glob("*.alive"))) == 1
    assert not third.lease("nonces")
    assert third.lease("others")
    lock = journal._alive
    journal.close()
    assert lock is not None
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        lock.execute("select 1")
    assert third.lease("nonces")
    third.close()
    assert list(path.parent.glob("*.alive")) == []
    assert not any(journal.lease_all([]) for journal in (journal, third))
    with journal._transaction() as execute:
        assert execute("select count(*) from leases", ()) == [(0,)]
    for one in (dead, journal, third):
        one.close()


def test_after_a_fork_the_connections_of_the_parent_are_let_be(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    assert journal.lease("nonces")
    theirs = (journal._database, journal._alive)
    pid = os.getpid()
    monkeypatch.setattr(module.os, "getpid", lambda: pid + 1)
    assert journal.find("nobody") is None
    assert journal._database is not theirs[0]
    assert not journal.lease("nonces")  # it is the parent's
    assert journal.lease("others")
    again = journal._database
    assert journal.find("nobody") is None
    assert journal._database is again
    journal.close()
    for connection in theirs:
        assert connection is not None
        connection.execute("select 1")  # still open
        connection.close()


def test_what_fails_leaves_nothing_and_the_journal_goes_on(path: Path) -> None:
    def insert_and(journal: Journal, statement: str) -> None:
        with journal._transaction() as execute:
            execute("insert into leases values ('a', 'b')", ())
            if not statement:
                raise ZeroDivisionError
            execute(statement, ())

    with Journal(path) as journal:
        with pytest.raises(ZeroDivisionError):
            insert_and(journal, "")
        with pytest.raises(JournalError, match="no such table"):
            insert_and(journal, "select * from nowhere")
        with journal._transaction() as execute:
            assert execute("select * from leases", ()) == []


def test_what_is_busy_is_tried_again_and_what_fails_otherwise_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []
    monkeypatch.setattr(module, "sleep", tried.append)

    def act(failures: int, error: type[Exception]) -> str:
        tried.clear()

        def once() -> str:
            if len(tried) < failures:
                raise error("busy")
            return "done"

        found: str = module._patient(once)
        return found

    assert act(0, sqlite3.OperationalError) == "done"
    assert tried == []
    assert act(3, sqlite3.OperationalError) == "done"
    assert tried == [0.02] * 3
    with pytest.raises(sqlite3.DatabaseError):
        act(1, sqlite3.DatabaseError)
    assert tried == []
    monkeypatch.setattr(module, "_PATIENCE", -1.0)
    with pytest.raises(sqlite3.OperationalError):
        act(1, sqlite3.OperationalError)
