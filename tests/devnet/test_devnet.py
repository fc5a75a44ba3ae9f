"""The devnet as its users meet it: several chains on one L1, the fixtures, the program, the page."""

import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.devnet.client import BASE_TOKEN, WITHDRAW, ask, balance, call, deposit, finalize, send
from zkcore import Wallet
from zkcore.ethereum.abi import Function
from zkcore.protocol.contracts import BRIDGEHUB, DIAMOND
from zkcore.testing.devnet import Devnet, Status
from zkcore.testing.devnet.network import PRESETS
from zkcore.testing.pytest_plugin import MakeDevnet

ROOT = Path(__file__).parents[2]
ETHER = 10**18


def test_three_chains_on_one_l1(make_devnet: MakeDevnet) -> None:
    era: Devnet = make_devnet("era-eth")
    others = [make_devnet("era-erc20", l1=era), make_devnet("zksync-os-eth", l1=era)]
    chains = call(era.l1_url, era.profile.bridgehub, Function("getAllZKChainChainIDs() view returns (uint256[] ids)"))
    assert chains == (270, 272, 6565)
    for amount, net in enumerate([era, *others], 1):
        assert net.l1_url == era.l1_url
        assert net.profile.bridgehub == era.profile.bridgehub
        assert int(ask(net.l2_url, "eth_chainId"), 16) == net.chain_id
        deposit(net, net.accounts[0], net.accounts[1].address, amount)
    assert [balance(net.l2_url, net.accounts[1].address) for net in [era, *others]] == [1, 2, 3]
    account = era.accounts[0]
    deposit(others[1], account, account.address, ETHER)
    receipt = send(others[1].l2_url, account, BASE_TOKEN, WITHDRAW.encode(account.address), 5)
    assert finalize(others[1], account, receipt)["status"] == "0x1"


def test_two_of_a_kind_need_ids_of_their_own(make_devnet: MakeDevnet) -> None:
    first: Devnet = make_devnet()
    second: Devnet = make_devnet(l1=first, chain_id=280)
    assert call(first.l1_url, first.profile.bridgehub, BRIDGEHUB.get_zk_chain, 280) == second.profile.diamond
    with pytest.raises(RuntimeError, match="the devnet's own transaction failed"):
        make_devnet(l1=first)


def test_an_l1_that_does_not_run_cannot_be_joined() -> None:
    first = Devnet()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="expected a devnet that is running"), Devnet(l1=first, chain_id=280):
            pass
        if not first.running:
            with first:
                pass


@pytest.mark.parametrize("version", [26, 31])
def test_protocol_versions(make_devnet: MakeDevnet, version: int) -> None:
    net: Devnet = make_devnet(protocol_version=version)
    data = ask(
        net.l1_url,
        "eth_call",
        {"to": str(net.profile.diamond), "data": "0x" + DIAMOND.get_semver_protocol_version.selector.hex()},
        "latest",
    )
    assert int(data[66:130], 16) == version
    done = deposit(net, net.accounts[0], net.accounts[0].address, 1)
    assert ("0x779f441679936c5441b671969f37400b8c3ed0071cb47444431bf985754560df" in str(done.receipt)) == (
        version >= 29
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"preset": "era"}, "preset: expected one of era-eth, era-erc20, zksync-os-eth, got 'era'"),
        ({"protocol_version": 25}, "protocol_version: expected 26 to 33, got 25"),
        ({"zksync_os_rpc": "2024"}, "zksync_os_rpc: expected 2025 or 2026, got '2024'"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        Devnet(**options)  # type: ignore[arg-type]


def test_keys_are_not_shown(shared_devnet: Devnet) -> None:
    account = shared_devnet.accounts[0]
    assert account.private_key[2:] not in repr(account)
    assert repr(account) == f"Account({account.address})"


def test_the_shared_devnet_is_used(shared_devnet: Devnet) -> None:
    deposit(shared_devnet, shared_devnet.accounts[0], shared_devnet.accounts[1].address, 9)
    shared_devnet.faults.add(Status(500), node="l2")


def test_the_shared_devnet_is_as_new(shared_devnet: Devnet) -> None:
    assert shared_devnet.faults.requests("l1") == []
    assert balance(shared_devnet.l2_url, shared_devnet.accounts[1].address) == 0


@pytest.mark.devnet("zksync-os-eth", chain_id=7777)
def test_the_marker_says_which(devnet: Devnet) -> None:
    assert int(ask(devnet.l2_url, "eth_chainId"), 16) == 7777
    assert devnet.profile.stack == "zksync-os"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_program(stop: signal.Signals) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "zkcore.testing.devnet", "era-eth", "zksync-os-eth", "--l2-balance", str(ETHER)]
    command += ["--l1-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(program.stdout.readline())
            assert lines[-1], "".join(lines)
        text = "".join(lines)
        urls = re.findall(r"^L[12]  (\S+)  chain id (\d+)", text, re.MULTILINE)
        assert [chain for _, chain in urls] == ["31337", "270", "6565"]
        assert urls[0][0] == f"http://127.0.0.1:{port}"
        for url, chain in urls:
            assert int(ask(url, "eth_chainId"), 16) == int(chain)
        program.send_signal(stop)
        try:
            assert program.wait(60) == 0
        finally:
            program.kill()
    for name in ("bridgehub", "diamond", "general_paymaster", "USDT", "CROWN"):
        assert re.search(rf"^    {name} +0x[0-9a-fA-F]{{40}}$", text, re.MULTILINE), name
    assert "each account has     1\n" in text


def test_a_port_that_is_taken(shared_devnet: Devnet) -> None:
    taken = shared_devnet.l1_url.rpartition(":")[2]
    command = [sys.executable, "-m", "zkcore.testing.devnet", "--l1-port", taken]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_program_refuses_other_presets() -> None:
    command = [sys.executable, "-m", "zkcore.testing.devnet", "era", "era-eth"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"unknown preset era: expected {', '.join(PRESETS)}" in done.stderr


def test_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    wallets: list[Wallet] = []
    prepare = Wallet.__init__

    def remember(wallet: Wallet, *args: Any, **kwargs: Any) -> None:
        wallets.append(wallet)
        prepare(wallet, *args, **kwargs)

    monkeypatch.setattr(Wallet, "__init__", remember)  # the page does not close them
    page = (ROOT / "docs" / "devnet.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    for block in blocks:
        exec(compile(block, "docs/devnet.md", "exec"), names)
    for wallet in wallets:
        wallet.close()


@pytest.mark.soak
def test_ten_at_once() -> None:
    nets = [Devnet(preset) for preset in [*PRESETS] * 3] + [Devnet()]
    failed: list[Exception] = []

    def run(amount: int, net: Devnet) -> None:
        try:
            with net:
                account, other = net.accounts[:2]
                for _ in range(20):
                    deposit(net, account, other.address, amount)
                assert balance(net.l2_url, other.address) == 20 * amount
        except Exception as error:  # noqa: BLE001  # whatever a thread met
            failed.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(nets, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
