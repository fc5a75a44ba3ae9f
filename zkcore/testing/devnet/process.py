"""Anvil as a child process: installed, started on a free port, and gone when its parent is gone, however that went."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from zkcore.testing.devnet.upstream import Upstream

__all__ = ["Anvil", "AnvilMissing", "anvil_binary"]

_LOCKS = (
    Path(__file__).parent.parent / "solidity"
)  # package.json and package-lock.json pin anvil (and solc, for development)
_START_SECONDS = 30.0

# sh runs anvil in the background and reads the pipe that the parent holds: the pipe closes when the parent closes it or
# dies, by SIGKILL too, and then anvil is killed. No prctl: that fires when the *thread* that started anvil ends.
# Its own output goes nowhere, so that the end of anvil's is the end of anvil. The home that anvil is given, where it keeps the
# states of old blocks, goes with it.
_WATCHDOG = (
    'home=$1; shift; HOME="$home" "$@" </dev/null & k=$!; exec >/dev/null 2>&1; '
    'while read -r _; do :; done; kill -9 $k; wait $k; rm -rf "$home"'
)

_running: "weakref.WeakSet[Anvil]" = weakref.WeakSet()


class AnvilMissing(RuntimeError):
    """Anvil is neither there nor installable. The text says what to do."""


def anvil_binary() -> Path:
    """The path of the native anvil binary, installed from npm into the cache on first use.

    `ZKCORE_ANVIL` names a binary to use instead. The cache is `$XDG_CACHE_HOME/zkcore` or `~/.cache/zkcore`, with one
    folder for each content of the lock file. Needs `node` and `npm` for the installation only. Raises AnvilMissing.
    """
    named = os.environ.get("ZKCORE_ANVIL")
    if named:
        if not os.access(named, os.X_OK):
            raise AnvilMissing(f"ZKCORE_ANVIL names {named}, which is no executable file")
        return Path(named)
    manifest, lock = _LOCKS / "package.json", _LOCKS / "package-lock.json"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zkcore"
    key = hashlib.sha256(manifest.read_bytes() + lock.read_bytes()).hexdigest()[:16]
    binary = cache / f"anvil-{key}" / "node_modules" / "@foundry-rs" / f"anvil-{_platform()}" / "bin" / "anvil"
    if not binary.exists():
        _install(cache, cache / f"anvil-{key}", (manifest, lock))
    if not binary.exists():
        raise AnvilMissing(f"npm installed no anvil for {_platform()}: set ZKCORE_ANVIL to an anvil binary of your own")
    return binary


def _platform() -> str:
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    if machine is None or system is None:
        raise AnvilMissing(f"there is no anvil on npm for {sys.platform} on {platform.machine()}")
    return f"{system}-{machine}"


def _install(cache: Path, target: Path, files: Sequence[Path]) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise AnvilMissing(
            "the devnet installs anvil from npm: install Node.js 20 or newer (with npm), or set ZKCORE_ANVIL"
        )
    try:
        cache.mkdir(parents=True, exist_ok=True)
        writable = os.access(cache, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise AnvilMissing(
            f"anvil cannot be installed into {cache}: it cannot be written. Name another folder in XDG_CACHE_HOME, or an anvil "
            "of your own in ZKCORE_ANVIL"
        )
    with tempfile.TemporaryDirectory(prefix="install-", dir=cache) as scratch:
        for file in files:
            shutil.copy(file, scratch)
        command = [npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise AnvilMissing(
                f"npm ci failed with exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
            )
        installed = Path(scratch) / "done"
        installed.mkdir()
        (Path(scratch) / "node_modules").rename(installed / "node_modules")
        try:
            installed.rename(target)  # atomic: of several that install at once, one wins and the others use its result
        except OSError:
            if not target.exists():
                raise


class Anvil:
    """A running anvil, as a context manager. `.rpc` asks it; several may run at once, each on a port of its own."""

    def __init__(self, *arguments: str) -> None:
        """Start it with these arguments; returns when it listens. Raises AnvilMissing, RuntimeError."""
        command = [str(anvil_binary()), "--host", "127.0.0.1", "--port", "0", *arguments]
        home = tempfile.mkdtemp(prefix="zkcore-anvil-")
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", home, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal reaches us, not anvil: it ends when we say so
        )
        _running.add(self)
        self._last_lines: deque[str] = deque(maxlen=20)
        self._listening = threading.Event()
        self.port = 0
        self._reader = threading.Thread(target=self._read, name="anvil-stdout", daemon=True)
        self._reader.start()
        self._listening.wait(_START_SECONDS)
        if not self.port:
            self.close()
            raise RuntimeError("anvil did not start: " + " | ".join(self._last_lines))
        self.rpc = Upstream(self.port)

    def _read(self) -> None:
        # an unread pipe stalls anvil after 64 KiB: read to the end
        stdout = self._process.stdout
        if stdout is None:
            return
        for line in stdout:
            text = line.decode(errors="replace").strip()
            self._last_lines.append(text)
            if text.startswith("Listening on "):
                self.port = int(text.rpartition(":")[2])
                self._listening.set()
        self._listening.set()

    def let_go(self) -> None:
        """Close the pipe that keeps it alive."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def close(self) -> None:
        """Stop it and wait until it is gone. Safe to call twice."""
        if hasattr(self, "rpc"):
            self.rpc.close()
        self.let_go()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        _running.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _after_fork() -> None:
    # a forked child inherits the pipe; it must not keep anvil alive
    for anvil in list(_running):
        anvil.let_go()


os.register_at_fork(after_in_child=_after_fork)
