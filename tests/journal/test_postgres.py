"""What only a database far away does: it is restarted, connections break, machines die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journal.postgres import Postgres
from tests.journal.test_conformance import ASKED, KEPT, NONCES
from tests.repo.money_path import ROOT
from zkcore.errors import InputError, JournalError
from zkcore.journal import Journal
from zkcore.journal.postgres import PostgresJournal


@pytest.fixture
def dsn(postgres: Postgres) -> str:
    return postgres.dsn()


@pytest.fixture
def journal(dsn: str) -> Iterator[PostgresJournal]:
    with PostgresJournal(dsn) as opened:
        yield opened


def test_it_outlives_a_restart_of_the_server(postgres: Postgres, journal: PostgresJournal) -> None:
    journal.ask(ASKED)
    assert journal.sign(KEPT, NONCES)
    assert journal.lease("nonces")
    postgres.restart()
    assert journal.pending() == [KEPT]
    assert journal.move("invoice 7", "sent", since=("signed",))
    assert journal.lease("nonces")  # taken anew: it went with the connection


def test_broken_connections_are_made_anew(postgres: Postgres, journal: PostgresJournal) -> None:
    for place in range(5):
        journal.ask(ASKED)
        postgres.cut()
        assert journal.find("invoice 7") == ASKED, place


def test_a_lease_ends_with_its_connection_and_its_holder_notices(
    postgres: Postgres, journal: PostgresJournal, dsn: str
) -> None:
    with PostgresJournal(dsn) as other:
        assert journal.lease("nonces")
        assert not other.lease("nonces")
        postgres.cut()
        assert other.lease("nonces")
        assert not journal.lease("nonces")
        journal.release("nonces")  # it has none to give back
        assert not journal.lease("nonces")


HOLDER = """
import sys, time
from zkcore.journal import Journal
from zkcore.journal.postgres import PostgresJournal
journal = PostgresJournal(sys.argv[1])
print(journal.lease("nonces"), flush=True)
time.sleep(60)
"""


def test_a_lease_ends_with_the_process(journal: PostgresJournal, dsn: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, dsn], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not journal.lease("nonces")
        os.kill(holder.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while not journal.lease("nonces"):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_after_a_fork_each_has_connections_of_its_own(journal: PostgresJournal) -> None:
    assert journal.lease("nonces")
    child = os.fork()
    if child == 0:
        try:
            fine = not journal.lease("nonces") and journal.lease("another") and journal.find("invoice 7") is None
            journal.close()
            os._exit(0 if fine else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    journal.ask(ASKED)
    assert journal.find("invoice 7") == ASKED


def test_schemas_are_journals_of_their_own(postgres: Postgres, journal: PostgresJournal) -> None:
    with PostgresJournal(postgres.dsn()) as other:
        journal.ask(ASKED)
        assert other.find("invoice 7") is None
        assert journal.lease("nonces")
        assert other.lease("nonces")


def test_what_cannot_be_reached_says_so_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkcore.journal.postgres._PATIENCE", 0.3)
    with PostgresJournal("postgresql://me:hunter2@127.0.0.1:1/orders") as journal:
        with pytest.raises(JournalError, match="the journal host=127.0.0.1 port=1 dbname=orders: ") as caught:
            journal.pending()
        shown = f"{caught.value}{caught.value!r}{journal!r}{journal.name}"
        assert "hunter2" not in shown


def test_bad_words_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="connections: expected 1 or more, got 0"):
        PostgresJournal("dbname=orders", connections=0)
    monkeypatch.setitem(sys.modules, "psycopg.conninfo", None)
    with pytest.raises(JournalError, match=r"pip install 'zkcore\[postgres\]'"):
        PostgresJournal("dbname=orders").find("x")


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("kind", ["ask", "sign", "move"])
def test_it_is_all_or_nothing_wherever_the_connection_breaks(
    postgres: Postgres, journal: PostgresJournal, monkeypatch: pytest.MonkeyPatch, kind: str, place: int
) -> None:
    """Cut off before, between and after its statements, where the commit is next: then done again, as if nothing had been."""
    from zkcore.journal import postgres as module

    acts: dict[str, Any] = {
        "ask": lambda: journal.ask(ASKED),
        "sign": lambda: journal.sign(KEPT, NONCES),
        "move": lambda: journal.move("invoice 7", "sent", since=("signed",), hashes=KEPT.hashes),
    }
    for name in list(acts)[: list(acts).index(kind)]:
        acts[name]()
    real, left = module._executed, [place]

    def executed(connection: Any, statement: str, values: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            found = real(connection, statement, values)
            postgres.cut()
            return found
        if left[0] == -1 and place == 0:
            postgres.cut()
        return real(connection, statement, values)

    before = journal.history()
    monkeypatch.setattr(module, "_executed", executed)
    try:
        acts[kind]()
    except JournalError:
        assert journal.history() == before
    else:
        assert left[0] > 0  # it has fewer statements
    monkeypatch.undo()
    assert acts[kind]() in (None, True) or kind == "move"
    (entry,) = journal.history()
    assert entry.state == {"ask": "asked", "sign": "signed", "move": "sent"}[kind]


@pytest.mark.parametrize(
    "password", ["hun@ter2", "hun/ter2", "hunter2@", "/hunter2", "hun:ter@2", "%hunter2", "hun ter2@"]
)
def test_no_part_of_a_password_that_was_not_encoded_is_shown(
    password: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("zkcore.journal.postgres._PATIENCE", 0.3)
    with PostgresJournal(f"postgresql://me:{password}@127.0.0.1:1/orders") as journal:
        with pytest.raises((InputError, JournalError)) as caught:
            journal.pending()
        shown = f"{caught.value}{caught.value!r}{caplog.text}"
        assert "ter" not in shown.replace("characters", "")


def test_what_is_not_committed_is_not_there(postgres: Postgres, journal: PostgresJournal) -> None:
    journal.ask(ASKED)

    def cut_in_the_middle() -> None:
        with journal._transaction() as execute:
            execute("update orders set state = 'done'", ())
            postgres.cut()
            execute("select 1", ())

    with pytest.raises(JournalError):
        cut_in_the_middle()
    assert journal.find("invoice 7") == ASKED


def test_a_dsn_that_is_none_is_named() -> None:
    given: Any = "this is no dsn"
    with PostgresJournal(given) as journal:
        for use in (journal.pending, lambda: journal.lease("nonces")):
            with pytest.raises(InputError, match="dsn: expected postgresql://") as caught:
                use()
            assert "no dsn" not in str(caught.value)


@pytest.mark.parametrize("dsn", ["postgresql://me:hunter2@db/orders", "host=db password=hunter2 dbname=orders"])
def test_a_dsn_is_no_path_of_a_file(dsn: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a file of that name, which bears the password."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JournalError, match="PostgresJournal takes it") as caught:
        Journal(dsn)
    assert "hunter2" not in str(caught.value)
    assert not list(tmp_path.iterdir())
