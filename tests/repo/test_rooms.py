"""The rooms' import contracts (pyproject.toml), and what an import costs."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.repo.money_path import ROOT, shipped
from zkcore import AsyncWallet, Wallet
from zkcore.wallet import handles

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


def imports() -> dict[str, set[str]]:
    """Each module that ships with the modules that it imports, anywhere in it: in functions, for type checkers only."""
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in shipped()}
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        wanted = {
            target
            for node in ast.walk(tree)
            for target in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        found[name] = {target for target in wanted if target in names and not name.startswith(f"{target}.")} - {name}
    return found


def circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """The names of one circle; empty if there is none."""
    sorter = graphlib.TopologicalSorter(arrows)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_anywhere() -> None:
    """Of modules, and of rooms; a package that only gathers its own modules is no circle."""
    modules = {name: wanted for name, wanted in imports().items() if not name.startswith("zkcore.testing")}
    # `zkcore` loads its names on use: nothing that ships imports it to use them
    within = {
        name: wanted - {"zkcore", "signers"} for name, wanted in modules.items() if name not in {"zkcore", "signers"}
    }
    assert not circle(within)
    rooms: dict[str, set[str]] = {}
    for name, wanted in within.items():
        of = {".".join(target.split(".")[:2]) for target in wanted}
        rooms.setdefault(".".join(name.split(".")[:2]), set()).update(of - {".".join(name.split(".")[:2])})
    assert not circle(rooms)


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circle({"a": {"b", "c"}, "b": {"c"}})
    assert {"zkcore.ethereum.eip712", "zkcore.transactions"} <= imports()["zkcore.signer"]


# ---------------------------------------------------------------- the public face
FACE = re.compile(
    r"zkcore(\.(errors|types|signer|effects|transactions|methods|plans|journal|observe|testing(\.devnet)?|"
    r"ethereum\.(hashing|rlp|abi|eip191|eip712|erc4337|signature)|"
    r"protocol\.(chains|contracts|fees|priority|assets|addresses|bytecode|deployments|paymaster|proofs|bundles|reverts)|"
    r"rpc|explore))?|signers(\.testing(\.\w+)?)?"
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").glob("*.py"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_users_are_told_to_import_is_the_public_face(page: Path) -> None:
    told = re.findall(
        r"^\s*(?:from|import) ((?:zkcore|signers)\b[\w.]*)", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert not [module for module in told if not FACE.fullmatch(module)]


def called(of: type) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")}


def test_a_wallet_shows_what_a_user_may_call() -> None:
    writes = {"deposit", "request_execute", "withdraw", "finalize_withdrawal", "claim_failed_deposit"}
    writes |= {"approve", "transfer", "l1_transfer", "execute", "deploy", "deploy_era"}
    writes |= {"revoke", "l2_approve", "l2_revoke", "transfers"}
    reads = {
        "get_base_cost", "finalize_withdrawals", "is_withdrawal_finalized", "get_finalize_withdrawal_params", "find_withdrawals",
        "get_balance", "get_balances", "get_l1_balance", "get_l1_allowance", "l1_token_address", "l2_token_address", "asset_id",
        "get_base_token", "is_eth_based_chain", "get_bridge_addresses", "get_deployment_nonce", "get_priority_op_confirmation",
        "get_message_proof", "verify_message", "deposits_in", "withdrawals_in", "find_finalization",
    }  # fmt: skip
    both = (
        writes
        | {f"{twin}_{name}" for twin in ("quote", "prepare") for name in writes}
        | reads
        | {"submit", "resume", "resume_all", "in_flight", "run"}
    )
    assert called(Wallet) == both | {"close"}
    assert called(AsyncWallet) == both | {"aclose"}


HANDLES = {
    "Deposit": {
        "kind",
        "to_json",
        "status",
        "wait",
        "wait_l1",
        "l1_tx_hash",
        "l2_tx_hash",
        "elsewhere",
        "speed_up",
        "cancel",
    },
    "Withdrawal": {"kind", "to_json", "status", "wait", "l2_tx_hash", "index", "finalize", "finalization"},
    "Finalization": {"kind", "to_json", "status", "wait", "l1_tx_hash"},
    "SentTransaction": {"kind", "to_json", "status", "wait", "chain", "tx_hash"},
    "Deployment": {"kind", "to_json", "status", "wait", "chain", "tx_hash", "contract_address"},
}
HANDLES |= {"Execution": HANDLES["Deposit"], "Claim": HANDLES["Finalization"]}


@pytest.mark.parametrize("prefix", ["", "Async"])
@pytest.mark.parametrize("name", HANDLES)
def test_a_handle_shows_what_a_user_may_call(prefix: str, name: str) -> None:
    assert called(getattr(handles, prefix + name)) == HANDLES[name]
