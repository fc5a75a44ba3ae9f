"""The rooms' import contracts (pyproject.toml), and what an import costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.money_path import ROOT

# What may cost 50 ms and more, or opens a device: imported inside the functions that use it.
HEAVY = {"Crypto", "asyncio", "eth_abi", "eth_hash", "eth_keys", "eth_typing", "eth_utils", "httpx", "pydantic"}
DEVICES = {"bleak", "hid", "ledgerblue", "ledgereth", "trezorlib", "usb1"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a new interpreter holds after a statement."""
    program = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_import_contracts_hold() -> None:
    # a process of its own: import-linter configures logging, and so silences the loggers that are there
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@pytest.mark.parametrize(
    "statement",
    [
        "import zkcore",
        "from zkcore import ETH, Wallet, ether",
        "import signers",
        "from signers import LedgerSigner, TrezorSigner",
    ],
)
def test_imports_are_light(statement: str) -> None:
    assert not loaded_by(statement) & (HEAVY | DEVICES)


def test_every_name_offered_is_there() -> None:
    program = "import zkcore, signers; [getattr(room, name) for room in (zkcore, signers) for name in room.__all__]"
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True)


def test_contract_names_every_room() -> None:
    rooms = {
        path.stem
        for path in Path(ROOT, "zkcore").iterdir()
        if not path.name.startswith("__") and path.suffix != ".typed"
    }
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.importlinter]")[2]
    assert all(room in contract for room in rooms)
