"""Every Python snippet of the README and the pages runs, in order, against a devnet."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.repo.money_path import ROOT
from zkcore import Wallet
from zkcore.testing.devnet import Devnet

PAGES = [
    "README.md",
    "docs/index.md",
    "docs/deposit.md",
    "docs/request-execute.md",
    "docs/base-cost.md",
    "docs/claim-failed-deposit.md",
    "docs/withdraw.md",
    "docs/finalize-withdrawal.md",
    "docs/orders.md",
    "docs/offline-signing.md",
    "docs/errors.md",
    "docs/nodes.md",
    "docs/operations.md",
    "docs/protocol-versions.md",
]
# Their snippets need a device, or are run by the tests of their own room.
ELSEWHERE = {"docs/custody.md", "docs/ledger.md", "docs/trezor.md", "docs/devnet.md"}
# What the devnet has in place of a reader's nodes and device.
INSTEAD = {
    'chain="era", l1="https://...", l2="https://..."': "chain=net.profile, l1=net.l1_url, l2=net.l2_url",
    "LedgerSigner.connect(allow_blind_signing=True)": "device()",
}
PRELUDE = """
from zkcore import ETH, Wallet, ether, gwei
wallet = Wallet(signer, chain="era", l1="https://...", l2="https://...")
"""


def snippets(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def net() -> Iterator[Devnet]:
    with Devnet() as devnet:
        yield devnet


@pytest.mark.parametrize("page", PAGES)
def test_page(page: str, net: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = PrivateKeySigner(net.accounts[0].private_key)
    monkeypatch.setenv("DEPOSIT_KEY", net.accounts[0].private_key)

    @contextmanager
    def device() -> Iterator[PrivateKeySigner]:
        yield signer

    wallets: list[Wallet] = []
    prepare = Wallet.__init__

    def remember(wallet: Wallet, *args: Any, **kwargs: Any) -> None:
        wallets.append(wallet)
        prepare(wallet, *args, **kwargs)

    monkeypatch.setattr(Wallet, "__init__", remember)  # pages do not close what lives as long as they do
    scope = {"net": net, "signer": signer, "device": device, "tmp_path": tmp_path, "token": net.tokens["USDC"]}
    blocks = snippets(page)
    assert blocks
    for number, block in enumerate([PRELUDE, *blocks]):
        code = block
        for shown, run in INSTEAD.items():
            code = code.replace(shown, run)
        exec(compile(code, f"{page}, snippet {number}", "exec"), scope)
    for wallet in wallets:
        wallet.close()


def test_no_page_is_forgotten() -> None:
    with_code = {
        str(page.relative_to(ROOT))
        for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        if "```python\n" in page.read_text()
    }
    assert with_code <= {*PAGES} | ELSEWHERE
