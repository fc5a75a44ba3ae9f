"""The page's signers: the one to write is as short as it says."""

import re
from typing import Any

from signers import from_uri
from tests.custody.services import ADDRESS, point, sign
from tests.repo.money_path import ROOT
from zkcore.testing import check_signer

PAGE = (ROOT / "docs/custody.md").read_text(encoding="utf-8")


def test_the_signer_to_write_conforms() -> None:
    (block,) = (b for b in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if "class Vault" in b)
    scope: dict[str, Any] = {}
    exec(compile(block, "docs/custody.md", "exec"), scope)

    class Client:
        def public_key(self, key: str) -> bytes:
            return point()

        def sign(self, digest: bytes) -> tuple[int, int]:
            return sign(digest, high=True)[:2]

    check_signer(scope["Vault"](Client(), "k", ADDRESS))


def test_the_tables_are_those_of_from_uri() -> None:
    for table in (PAGE, from_uri.__doc__ or ""):
        for scheme in (
            "ledger",
            "trezor",
            "file",
            "env",
            "keystore",
            "awskms",
            "gcpkms",
            "azurekey",
            "web3signer",
            "clef",
        ):
            assert f"`{scheme}:" in table
