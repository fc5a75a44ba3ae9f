"""The counts of docs/performance.md that no node has a part in: modules at import, distributions. Times are never asserted."""

import re
import subprocess
import sys

import pytest

from tests.repo.money_path import ROOT


def modules(statement: str) -> int:
    """How many modules a statement loads in a new interpreter, the standard library's too."""
    program = f"import sys\nheld = set(sys.modules)\n{statement}\nprint(len(set(sys.modules) - held))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("import zkcore", 40),
        ("from zkcore import ETH, Wallet, ether", 198),  # msgspec alone: 62
        ("from signers import LedgerSigner, TrezorSigner", 150),
    ],
)
def test_modules_at_import(statement: str, most: int) -> None:
    assert 0 < modules(statement) <= most


def test_distributions_of_the_core() -> None:
    """The five and what they bring; `nox -s core` compares the environment with this lock, name by name."""
    lock = (ROOT / "requirements/core.txt").read_text(encoding="utf-8")
    names = re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*)==", lock)
    assert {"eth-abi", "eth-keys", "httpx", "msgspec", "pycryptodome"} <= set(names)
    assert len(names) <= 22
