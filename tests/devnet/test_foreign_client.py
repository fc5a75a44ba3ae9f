"""A client that nobody here wrote: zksync-ethers from npm, unmodified, against the Era presets."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from zkcore import ETH, Wallet, ether
from zkcore.testing.devnet import Devnet
from zkcore.testing.pytest_plugin import MakeDevnet

FOREIGN = Path(__file__).parents[1] / "foreign"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, installed by its lock in a folder of its own."""
    home = tmp_path_factory.mktemp("foreign")
    for name in ("package.json", "package-lock.json", "client.mjs", "usdc.mjs"):
        shutil.copy(FOREIGN / name, home)
    npm = shutil.which("npm")
    assert npm is not None
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home


def _run(client: Path, net: Devnet, program: str, *more: object) -> dict[str, Any]:
    command = ["node", program, net.l1_url, net.l2_url, net.accounts[0].private_key, *map(str, more)]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "token"), [("era-eth", "DAI"), ("era-eth", "USDC"), ("era-erc20", "USDC")])
def test_deposits_withdraws_and_finalizes(client: Path, make_devnet: MakeDevnet, preset: str, token: str) -> None:
    net: Devnet = make_devnet(preset)
    seen = _run(client, net, "client.mjs", net.tokens[token])
    assert seen == {
        "baseStatus": 1,
        "baseArrived": True,
        "tokenStatus": 1,
        "l2TokenBalance": "12345",
        "type": 113,
        "baseBack": "100000000000000000",
        "finalized": True,
        "tokenBack": "345",
    }
    assert len(net.faults.requests("l2").sends) == 2
    assert all(raw.startswith("0x71") for raw in net.faults.requests("l2").sends)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["era-eth"])  # where another token is the base, it sends ether for it, and reverts
def test_its_usdc_bridge_and_ours_finalize_each_others_withdrawals(
    client: Path, make_devnet: MakeDevnet, preset: str
) -> None:
    """zksync-ethers' `USDCBridge`, by the devnet's pair, both ways; what is made by one is paid out and found by the other."""
    net: Devnet = make_devnet(preset)
    pair, usdc, base = net.usdc_bridge(), net.tokens["USDC"], net.profile.base_token
    ours, theirs = (
        Wallet(PrivateKeySigner(account.private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url)
        for account in (net.accounts[1], net.accounts[0])
    )
    with ours, theirs:
        for wallet in (ours, theirs):
            if base != ETH:
                wallet.approve(base, ether("1000")).wait(timeout=60)
            wallet.deposit(base, ether("1")).wait(timeout=60)
        ours.deposit(usdc, 1000, bridge=pair).wait(timeout=60)
        made = ours.withdraw(usdc, 77, bridge=pair)
        made.wait("ready", timeout=60)
        bridge = (pair.l1_address, pair.l2_address, usdc, net.l2_tokens["USDC"])
        seen = _run(client, net, "usdc.mjs", *bridge, made.l2_tx_hash)
        assert (seen["status"], seen["arrived"], seen["back"]) == (1, "12345", "345")
        assert (seen["finalized"], seen["anothersBefore"]) == (True, False)
        status = made.status()
        assert (status.phase, str(status.finalization)) == ("FINALIZED", seen["paid"])
        (theirs_made,) = ours.withdrawals_in(seen["left"])
        assert theirs_made.status().phase == "BLOCKED"  # of a bridge that this wallet was not told of
        assert ours.finalize_withdrawal(seen["left"], bridge=pair).wait(timeout=60).status == 1
