"""The real program as a process: with pipes, or on a pseudo-terminal."""

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import pytest

from tests.cli.starter import starter

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "zkcore.cli")


class Result:
    """How a run of the program ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one JSON object that stdout must be."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out + self.err
        return json.loads(lines[0])

    @property
    def events(self) -> list[Any]:
        """The NDJSON of progress."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    def __repr__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


class Cli:
    """Runs the program with a home of its own."""

    def __init__(self, home: Path, program: tuple[str, ...] = PROGRAM) -> None:
        self.home, self.program = home, program
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "XDG_CACHE_HOME") if name in os.environ}
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        self.env = {**kept, "HOME": str(home), "XDG_CACHE_HOME": cache, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}

    @property
    def config(self) -> Path:
        return self.home / ".config/zkcore/config.toml"

    def __call__(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None, fds: Any = ()) -> Result:
        env = self.env | (env or {})
        with ExitStack() as files:
            given, out, err = (files.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(3))
            given.write(stdin)
            given.seek(0)
            if self.program != PROGRAM or env["PYTHONPATH"] != self.env["PYTHONPATH"]:
                command = [*self.program, *arguments]
                how: dict[str, Any] = {"stdin": given, "stdout": out, "stderr": err, "env": env, "cwd": self.home}
                code = subprocess.run(command, check=False, timeout=120, pass_fds=fds, **how).returncode
            else:
                numbers = [file.fileno() for file in (given, out, err)]
                code = starter().run(arguments, env, self.home, numbers, fds, seconds=120)
            out.seek(0)
            err.seek(0)
            return Result(code, out.read(), err.read())

    def here(self, *arguments: str, env: dict[str, str] | None = None) -> Result:
        """The same within this process, which is ten times as fast: for what asks no node and no terminal."""
        from zkcore.cli.app import run

        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in [name for name in os.environ if name.startswith(("ZKCORE_", "XDG_CONFIG", "XDG_STATE"))]:
                patch.delenv(name)
            for name, value in (self.env | (env or {})).items():
                patch.setenv(name, value)
            patch.chdir(self.home)
            code = run(arguments)
        return Result(int(code), out.getvalue(), err.getvalue())

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self.program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
            cwd=self.home,
        )

    def terminal(self, *arguments: str, env: dict[str, str] | None = None) -> "Terminal":
        return Terminal([*self.program, *arguments], self.env | {"TERM": "xterm"} | (env or {}), self.home)


class Terminal:
    """The program on a pseudo-terminal: what it shows, what is typed."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self.seen = ""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, start_new_session=True,
            preexec_fn=_controlling,  # noqa: PLW1509  # the tests have no threads here
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, pattern: str, seconds: float = 60.0) -> str:
        """Read until it shows this."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            if not self._read(deadline):
                raise AssertionError(f"{pattern!r} was not shown: {self.seen}")
        return self.seen

    def end(self, seconds: float = 60.0) -> int:
        """Read until it ends; the exit code."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        return self.process.wait(timeout=10)

    def _read(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self._master], [], [], max(left, 0))
        if not ready:
            return False
        try:
            read = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += read.decode(errors="replace")
        return bool(read)


def _controlling() -> None:
    """Make the terminal the one whose Ctrl-C reaches the process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
