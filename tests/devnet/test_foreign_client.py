"""A client that nobody here wrote: zksync-ethers from npm, unmodified, against the Era presets."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from zkcore.testing.devnet import Devnet
from zkcore.testing.pytest_plugin import MakeDevnet

FOREIGN = Path(__file__).parents[1] / "foreign"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, installed by its lock in a folder of its own."""
    home = tmp_path_factory.mktemp("foreign")
    for name in ("package.json", "package-lock.json", "client.mjs"):
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


def _run(client: Path, net: Devnet, token: str) -> dict[str, Any]:
    command = ["node", "client.mjs", net.l1_url, net.l2_url, net.accounts[0].private_key, str(net.tokens[token])]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "token"), [("era-eth", "DAI"), ("era-eth", "USDC"), ("era-erc20", "USDC")])
def test_deposits_withdraws_and_finalizes(client: Path, make_devnet: MakeDevnet, preset: str, token: str) -> None:
    net: Devnet = make_devnet(preset)
    seen = _run(client, net, token)
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
