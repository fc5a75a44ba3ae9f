"""Runs of the program without the time of its imports: a process that has imported it forks for each.

`python -m tests.cli.starter FD` is that process: a run is asked of it over the socket FD, its standard files passed along.
"""

import atexit
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_PASSED = 16  # descriptors of one run, at most
_LATER = """
    zkcore.wallet.wallet zkcore.journal.sqlite zkcore.flows.naming signers.private_key signers.keystore
    httpx httpcore h11 anyio certifi idna rich.live rich.table rich.traceback
"""
_HIGH = 200  # where they are put while their own numbers are free


class Starter:
    """Of one process of the tests, started when it is first used, ended with it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.cli.starter", str(theirs.fileno())]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), cwd=root)
        theirs.close()
        self._socket = ours
        atexit.register(self.close)

    def run(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        home: Path,
        files: Sequence[int],
        kept: Sequence[int],
        *,
        seconds: float,
    ) -> int:
        """Its exit code. `files`: its standard input, output and error. `kept`: what else it has, under the same numbers."""
        asked = {"arguments": list(arguments), "env": dict(env), "home": str(home), "kept": list(kept)}
        socket.send_fds(self._socket, [json.dumps(asked).encode()], [*files, *kept])
        self._socket.settimeout(seconds)
        try:
            return int(self._socket.recv(64))
        except TimeoutError:
            self.close()
            raise subprocess.TimeoutExpired(list(arguments), seconds) from None

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        """With the run that it is at, if any: they are one group."""
        self._socket.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


_started: list[Starter] = []


def starter() -> Starter:
    """That of this process; a new one where the last was ended with a run that took too long."""
    if not _started or _started[-1].ended:
        _started.append(Starter())
    return _started[-1]


def _serve(asking: socket.socket) -> None:
    _import()
    while True:
        said, passed, _, _ = socket.recv_fds(asking, 1 << 20, _PASSED)
        if not said:
            return
        child = os.fork()
        if child == 0:
            asking.close()
            _run(json.loads(said), passed)
        for descriptor in passed:
            os.close(descriptor)
        asking.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _import() -> None:
    """What the program imports, some of it where it is first needed."""
    import zkcore.audit
    import zkcore.cli

    for module in pkgutil.walk_packages(zkcore.cli.__path__, "zkcore.cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    zkcore.audit.backends()
    for name in _LATER.split():
        importlib.import_module(name)


def _run(asked: dict[str, Any], passed: list[int]) -> None:
    """In the child: become the program."""
    # out of the way first: the numbers that are wanted may be taken by others of them
    for place, one in enumerate(passed):
        os.dup2(one, _HIGH + place)
        os.close(one)
    for place, wanted in enumerate((0, 1, 2, *asked["kept"])):
        os.dup2(_HIGH + place, wanted)
    os.closerange(_HIGH, _HIGH + _PASSED)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["home"])
    sys.argv = ["zkcore", *asked["arguments"]]
    from zkcore.cli import main

    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  # as the interpreter tells it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code if isinstance(code, int) else code is not None)


if __name__ == "__main__":
    os.setsid()
    _serve(socket.socket(fileno=int(sys.argv[1])))
