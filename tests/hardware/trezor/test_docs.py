"""The snippets of docs/trezor.md run, on a fake."""

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from tests.hardware.trezor.defined import encoded
from tests.hardware.trezor.scenes import transfer
from tests.repo.money_path import ROOT
from zkcore.errors import UserRejected


def test_snippets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "definitions.tar.xz", "w:xz") as archive:
        data = encoded(symbol="ETH")
        member = tarfile.TarInfo("eth/chain-id/324/network.dat")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    monkeypatch.chdir(tmp_path)
    device = FakeTrezor("T1B1", passphrase_protection=True)
    third = str(TrezorSigner.connect("m/44'/60'/0'/0/3", transport=device, passphrase="typed").address)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/trezor.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    connect = TrezorSigner.connect
    monkeypatch.setattr(
        TrezorSigner, "connect", lambda *path, **options: connect(*path, **{"transport": device, **options})
    )
    scope: dict[str, Any] = {"ask": lambda what: "typed"}
    for block in blocks:
        exec(compile(block.replace('"0x..."', repr(third)), "docs/trezor.md", "exec"), scope)
    assert scope["other"].address in {
        account.address for account in connect(transport=device, passphrase="typed").accounts()
    }
    with pytest.raises(UserRejected):
        scope["signer"].sign_transaction(transfer())
