"""Every test of a journal runs over both: SQLite and a real PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journal.postgres import Postgres
from zkcore.journal import Journal
from zkcore.journal.postgres import PostgresJournal

Reopen = Callable[[], Any]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the same journal once more, as another process would."""
    opened: list[Any] = []
    if request.param == "sqlite":
        where: Any = tmp_path / "journal.sqlite"
        make: Any = Journal
    else:
        where, make = request.getfixturevalue("postgres").dsn(), PostgresJournal

    def again() -> Any:
        opened.append(make(where))
        return opened[-1]

    yield again
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(reopen: Reopen) -> Any:
    return reopen()
