"""Journals of older versions are brought up, whole or not at all; newer ones and strangers' databases are refused by number."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from tests.journal.postgres import Postgres
from tests.journal.test_conformance import ASKED, KEPT, NONCES
from tests.wallet.test_plans import SIGNED
from zkcore.errors import JournalError
from zkcore.ethereum.hashing import keccak256
from zkcore.journal import Journal, PostgresJournal
from zkcore.plans.plan import SignedPlan
from zkcore.types import Hash32

# the first form, as zkcore wrote it before its orders had names (zkcore/wallet/journal.py at b5e7a61^)
ENTRIES = (
    "create table entries (plan_hash text primary key, state text not null, content text not null, tx_hash text, "
    "finished integer not null default 0)"
)


def first_form(signed: SignedPlan[Any] = SIGNED) -> tuple[str, str]:
    """The hash and the JSON of a signed plan as the first form had them: its facts knew of no interop handler."""
    data = json.loads(signed.to_json())
    del data["facts"]["interop_handler"], data["hash"]
    signatures = data.pop("signatures")
    plan_hash = str(keccak256(msgspec.json.encode(data, order="sorted")))
    content = msgspec.json.encode({**data, "hash": plan_hash, "signatures": signatures}, order="sorted")
    return plan_hash, content.decode()


def rows(state: str = "sent", *, finished: int = 0) -> list[tuple[object, ...]]:
    plan_hash, content = first_form()
    return [(plan_hash, state, content, str(SIGNED.tx_hashes[-1]), finished)]


PLANNED = ("0x" + "77" * 32, "planned", '{"a": "plan"}', None, 0)


@pytest.fixture(params=["sqlite", "postgres"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Writes a journal of the first form, and opens it."""

    def sqlite(kept: list[tuple[object, ...]]) -> Any:
        path = tmp_path / "journal.sqlite"
        with sqlite3.connect(path) as database:
            database.execute(f"{ENTRIES} strict")
            database.executemany("insert into entries values (?, ?, ?, ?, ?)", kept)
        database.close()
        return Journal(path)

    def postgres(kept: list[tuple[object, ...]]) -> Any:
        dsn = request.getfixturevalue("postgres").dsn()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table zkcore_journal (version integer not null)")
            connection.execute("insert into zkcore_journal values (1)")
            connection.execute(ENTRIES)  # pyright: ignore[reportArgumentType]
            for row in kept:
                connection.execute("insert into entries values (%s, %s, %s, %s, %s)", row)
        return PostgresJournal(dsn)

    return sqlite if request.param == "sqlite" else postgres


@pytest.mark.parametrize("state", ["signed", "sent"])
def test_what_is_in_flight_is_an_order_under_its_hash(older: Callable[..., Any], state: str) -> None:
    with older([*rows(state), PLANNED]) as journal:
        (entry,) = journal.pending()
        assert (entry.state, entry.kind, entry.account) == (state, SIGNED.kind, SIGNED.plan.sender)
        assert (entry.plan, entry.reference) == (SIGNED, str(SIGNED.hash))
        was = Hash32(first_form()[0])
        assert was != SIGNED.hash
        for known in (was, SIGNED.hash, SIGNED.tx_hashes[-1]):
            assert journal.with_hash(known) == [entry]
        # its nonces are taken: no other order displaces it
        for chain_id, nonce in NONCES:
            assert journal.taken(chain_id, entry.account, 0)[nonce] == entry.reference
        assert not journal.sign(KEPT, NONCES)
        assert journal.ask(ASKED) is None  # and it is a journal like others
        assert journal.move(entry.reference, "done", since=(state,))
        assert journal.pending() == []


def test_what_had_ended_is_not_sent_again(older: Callable[..., Any]) -> None:
    with older(rows(finished=1)) as journal:
        assert journal.pending() == []
        (entry,) = journal.history()
        assert (entry.state, entry.note) == ("done", "from a journal of version 1")
        assert journal.find(str(SIGNED.hash)) == entry


def test_it_is_brought_up_once_and_the_old_table_is_kept(older: Callable[..., Any]) -> None:
    with older(rows()) as journal:
        assert len(journal.pending()) == 1
        journal.move(str(SIGNED.hash), "dropped", since=("sent",))
        journal.close()
        assert journal.pending() == []  # opened again: nothing comes back
        with journal._transaction(reads=True) as execute:
            assert execute("select plan_hash from entries_of_version_1", ()) == [(first_form()[0],)]


@pytest.mark.parametrize(
    "spoil",
    [lambda text: text.replace('"kind":"deposit"', '"kind":"execution"', 1), lambda _: "{}", lambda _: "no JSON"],
)
def test_what_cannot_be_read_in_flight_changes_nothing(older: Callable[..., Any], spoil: Callable[[str], str]) -> None:
    plan_hash, content = first_form()
    bad = [(plan_hash, "sent", spoil(content), str(SIGNED.tx_hashes[-1]), 0)]
    with older(bad) as journal:
        for _ in range(2):
            with pytest.raises(JournalError, match=f"its entry {plan_hash}, which is in flight, cannot be read"):
                journal.pending()


def test_what_had_ended_may_be_unreadable(older: Callable[..., Any]) -> None:
    with older([("0x" + "66" * 32, "sent", "{}", None, 1)]) as journal:
        assert journal.history() == []


# ---------------------------------------------------------------- refused
@pytest.mark.parametrize("version", [3, 99])
def test_a_newer_one_is_refused_by_number(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        journal.ask(ASKED)
    with sqlite3.connect(path) as database:
        database.execute(f"pragma user_version = {version}")
    database.close()
    with (
        Journal(path) as journal,
        pytest.raises(JournalError, match=f"is of version {version}, this zkcore keeps version 2"),
    ):
        journal.pending()


@pytest.mark.parametrize("version", [0, -1, 3, 99])
def test_a_newer_one_in_postgres_too(postgres: Postgres, version: int) -> None:
    dsn = postgres.dsn()
    with PostgresJournal(dsn) as journal:
        journal.ask(ASKED)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update zkcore_journal set version = %s", (version,))
    with (
        PostgresJournal(dsn) as journal,
        pytest.raises(JournalError, match=f"is of version {version}, this zkcore keeps"),
    ):
        journal.pending()


def test_a_database_of_others_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("create table photos (name text)")
    database.close()
    with Journal(path) as journal, pytest.raises(JournalError, match="is of version 0"):
        journal.pending()
    with sqlite3.connect(path) as database:
        assert [name for (name,) in database.execute("select name from sqlite_master")] == ["photos"]
    database.close()


def test_many_who_open_it_at_once_bring_it_up_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(f"{ENTRIES} strict")
        database.executemany("insert into entries values (?, ?, ?, ?, ?)", rows())
    database.close()
    opened = [Journal(path) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda journal: len(journal.pending()), opened))
    for journal in opened:
        journal.close()
    assert found == [1] * 6
