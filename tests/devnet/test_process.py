"""Nothing is left behind: no process, no port, no file; whoever dies, and however."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.devnet.client import balance, deposit
from zkcore.testing.devnet import AnvilMissing, Devnet
from zkcore.testing.devnet import process as process_module
from zkcore.testing.devnet.process import Anvil, anvil_binary


def _alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _gone(pids: list[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(_alive, pids))


def _anvils_of(parent: int) -> list[int]:
    """The anvils under the watchdogs of a process."""
    above: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                above[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return [pid for pid, watchdog in above.items() if above.get(watchdog) == parent]


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_anvil_dies_with_its_parent(death: signal.Signals) -> None:
    program = textwrap.dedent("""
        import signal, sys, threading
        from zkcore.testing.devnet import Devnet
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background inherits it ignored
        def start():  # from a thread that ends: the devnet must not end with it
            global net
            net = Devnet()
            net.__enter__()
        thread = threading.Thread(target=start); thread.start(); thread.join()
        print(net.l1_url, flush=True)
        sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        anvils = _anvils_of(parent.pid)
        assert len(anvils) == 2
        assert (
            httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).json()["result"]
            == "0x7a69"
        )
        parent.send_signal(death)
        try:
            parent.wait(60)
        finally:
            parent.kill()
    assert _gone(anvils)


def test_a_forked_child_does_not_keep_anvil_alive() -> None:
    program = textwrap.dedent("""
        import os, sys, time
        from zkcore.testing.devnet.process import Anvil
        anvil = Anvil()
        child = os.fork()
        if child == 0:
            time.sleep(60)
        print(child, flush=True)
        sys.stdin.read()
    """)
    command = [sys.executable, "-W", "ignore", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        anvils = _anvils_of(parent.pid)
        assert len(anvils) == 1
        parent.kill()
        parent.wait()
    try:
        assert _alive(child)
        assert _gone(anvils)
    finally:
        os.kill(child, signal.SIGKILL)


def test_stopping_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    monkeypatch.setenv("HOME", str(tmp_path))  # where anvil would spill the states of more than 500 blocks
    others = _anvils_of(os.getpid())
    with Devnet() as net:
        urls = (net.l1_url, net.l2_url)
        ports = [*(int(url.rpartition(":")[2]) for url in urls), net.l1.anvil.port, net.l2.anvil.port]
        anvils = [pid for pid in _anvils_of(os.getpid()) if pid not in others]
        assert len(anvils) == 2
        net.l1.rpc("anvil_mine", hex(600))
    assert _gone(anvils)
    assert sum(thread.name == "anvil-stdout" for thread in threading.enumerate()) == len(others)
    for port in ports:
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_open_connection_ends_with_the_devnet() -> None:
    with httpx.Client() as client:
        with Devnet() as net:
            url = net.l1_url
            client.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
        with pytest.raises(httpx.TransportError):
            client.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})


def test_several_at_once_do_not_meet() -> None:
    nets = [Devnet() for _ in range(3)]
    threads = [threading.Thread(target=net.__enter__) for net in nets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert len({url for net in nets for url in (net.l1_url, net.l2_url)}) == 6
        for amount, net in enumerate(nets, 1):
            deposit(net, net.accounts[0], net.accounts[1].address, amount)
        assert [balance(net.l2_url, net.accounts[1].address) for net in nets] == [1, 2, 3]
    finally:
        for net in nets:
            net.__exit__(None, None, None)


def test_anvil_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"anvil did not start: .*unexpected argument"):
        Anvil("--no-such-option")


def test_without_node_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ZKCORE_ANVIL", raising=False)
    with pytest.raises(AnvilMissing, match=r"Node\.js 20"):
        anvil_binary()
    monkeypatch.setenv("ZKCORE_ANVIL", str(tmp_path / "nothing"))
    with pytest.raises(AnvilMissing, match="nothing, which is no executable file"):
        anvil_binary()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("ZKCORE_ANVIL", raising=False)
    with pytest.raises(AnvilMissing, match=r"file/zkcore: it cannot be written. Name another folder in XDG_CACHE_HOME"):
        anvil_binary()


def test_nothing_is_left_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = anvil_binary()
    monkeypatch.setenv("ZKCORE_ANVIL", str(binary))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Devnet() as net:
        deposit(net, net.accounts[0], net.accounts[1].address, 1)
    assert list(tmp_path.iterdir()) == []


def test_concurrent_installs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("ZKCORE_ANVIL", raising=False)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(anvil_binary())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert os.access(found[0], os.X_OK)
    assert [entry.name for entry in (tmp_path / "zkcore").iterdir()] == [found[0].parents[4].name]


def test_a_named_binary_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKCORE_ANVIL", str(process_module.anvil_binary()))
    with Anvil("--chain-id", "7") as anvil:
        assert anvil.rpc("eth_chainId") == "0x7"
