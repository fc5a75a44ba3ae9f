"""Every Python block of README and pages, as it stands: it runs, complete, against a devnet, and passes mypy --strict.

Where a page is on a chain of the world, or has a device in its hand, the world is replaced, not the page: nodes at https://
are the devnet's, the Ledger and the Trezor are fakes, and what is typed is given.
"""

import builtins
import getpass
import io
import os
import re
import runpy
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from signers import LedgerSigner, TrezorSigner
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from tests.hardware.trezor.defined import encoded
from tests.repo.money_path import ROOT
from zkcore import AsyncWallet, Plan, Wallet
from zkcore.testing.devnet import Devnet

_BLOCK = re.compile(r"^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
# Blocks that talk to somebody's cloud: they are checked by mypy here, and run by tests/custody.
NOT_RUN = ("AwsKmsSigner(", "from_uri(")


def blocks() -> list[tuple[str, str]]:
    """Each block with its name."""
    found: list[tuple[str, str]] = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        codes = [textwrap.dedent(match["code"]) for match in _BLOCK.finditer(page.read_text(encoding="utf-8"))]
        found += [(f"{page.stem}-{number}", code) for number, code in enumerate(codes)]
    return found


ALL = blocks()


@pytest.fixture(scope="module")
def net() -> Iterator[Devnet]:
    with Devnet() as devnet:
        yield devnet


def funded(net: Devnet, signer: Any) -> Any:
    """The account, with ether on L1."""
    address = getattr(signer, "address", signer)
    net.l1.rpc("anvil_setBalance", str(address), hex(10**21))
    return signer


@pytest.fixture
def world(net: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes, the devices and the people that a page speaks of."""
    here = {"l1": net.l1_url, "l2": net.l2_url}
    for wallet in (Wallet, AsyncWallet):
        made = wallet.__init__

        def init(self: Any, signer: Any, _made: Any = made, **kwargs: Any) -> None:
            if str(kwargs["l1"]).startswith("https://"):
                kwargs |= {"chain": net.profile, **here}
                funded(net, signer)
            _made(self, signer, **kwargs)

        monkeypatch.setattr(wallet, "__init__", init)
    ledger = FakeLedger(blind_signing=True)
    monkeypatch.setattr(LedgerSigner, "connect", partial(LedgerSigner.connect, open_dongle=ledger.open))
    trezor = FakeTrezor("T1B1", passphrase_protection=True)
    third = str(TrezorSigner.connect("m/44'/60'/0'/0/3", transport=trezor, passphrase="typed").address)
    connect = TrezorSigner.connect

    def connected(*path: str, **options: Any) -> TrezorSigner:
        if options.get("expected_address") == "0x...":
            options["expected_address"] = third
        return connect(*path, **{"transport": trezor, **options})

    monkeypatch.setattr(TrezorSigner, "connect", connected)
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": "typed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFLINE_KEY", net.accounts[0].private_key)
    (tmp_path / "testnet.key").write_text(net.accounts[1].private_key)
    (tmp_path / "testnet.key").chmod(0o600)
    with Wallet(net.accounts[0].address, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        plan: Plan[Any] = wallet.prepare_deposit(net.tokens["DAI"], 5)
    (tmp_path / "plan.json").write_text(plan.to_json())
    monkeypatch.setattr(builtins, "input", lambda prompt="": "y" if "[y/N]" in prompt else str(plan.hash))
    data = encoded(symbol="ETH")
    with tarfile.open(tmp_path / "definitions.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("eth/chain-id/324/network.dat")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize("name", [name for name, code in ALL if not any(one in code for one in NOT_RUN)])
@pytest.mark.usefixtures("world")
def test_a_block_runs_as_it_stands(name: str) -> None:
    code = dict(ALL)[name]
    exec(compile(code, name, "exec"), {"__name__": "__main__"})


EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


# deposit_demo: nox -s demo runs it
@pytest.mark.parametrize("path", [one for one in EXAMPLES if one.stem != "deposit_demo"], ids=lambda path: path.stem)
def test_an_example_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    assert "Succeeded" in (told := capsys.readouterr().out) or "keep this" in told


def test_the_seeds_have_their_counterparts() -> None:
    assert {"01_deposit", "04_withdraw", "09_withdrawal"} <= {path.stem for path in EXAMPLES}


@pytest.mark.slow
def test_every_block_passes_mypy_strict(tmp_path: Path) -> None:
    for name, code in ALL:
        (tmp_path / f"{name.replace('-', '_')}.py").write_text(code, encoding="utf-8")
    for example in (ROOT / "examples").glob("*.py"):
        (tmp_path / f"example_{example.name}").write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache'}", "."]
    env = {**os.environ, "MYPYPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_block_uses_what_only_the_tests_have() -> None:
    assert len(ALL) > 40
    for name, code in ALL:
        assert not re.search(r"\bfrom tests\b|tmp_path|monkeypatch", code), name


def test_blocks_have_a_twin_for_asyncio() -> None:
    guides = (
        "deposit",
        "withdraw",
        "finalize-withdrawal",
        "claim-failed-deposit",
        "request-execute",
        "base-cost",
        "orders",
    )
    for guide in guides:
        text = (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")
        assert text.count("AsyncWallet(signer") == text.count(" Wallet(signer") > 0, guide


def test_no_wallet_is_left_open_by_a_page() -> None:
    for name, code in ALL:
        made = re.findall(r"^(.*)\b(?:Async)?Wallet\(", code, re.MULTILINE)
        assert all("with " in before for before in made if "import" not in before), name
