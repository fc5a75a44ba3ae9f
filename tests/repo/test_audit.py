"""`python -m zkcore.audit`: the manifest says what is here."""

import json
import subprocess
import sys
from hashlib import sha256

from tests.repo.money_path import ROOT, shipped
from zkcore.audit import manifest
from zkcore.protocol.contracts import constants, events, functions


def test_every_file_with_its_hash() -> None:
    files = manifest()["files"]
    assert files.keys() == {path.as_posix() for path in shipped()}
    assert files["zkcore/ethereum/rlp.py"] == sha256((ROOT / "zkcore/ethereum/rlp.py").read_bytes()).hexdigest()


def test_every_fragment_and_constant_with_its_source() -> None:
    found = manifest()
    contracts = found["contracts"].values()
    assert {number for contract in contracts for number in contract["functions"].values()} == {
        f"0x{selector.hex()}" for selector in functions()
    }
    assert {number for contract in contracts for number in contract["events"].values()} == {
        f"0x{topic.hex()}" for topic in events()
    }
    assert all(contract["source"] for contract in contracts)
    assert found["constants"].keys() == set(constants.__all__)
    assert found["constants"]["REQUIRED_GAS_PER_PUBDATA"]["value"] == 800
    assert "Config.sol" in found["constants"]["REQUIRED_GAS_PER_PUBDATA"]["source"]


def test_pinned_chains_and_dependencies() -> None:
    found = manifest()
    era = next(chain for chain in found["chains"] if chain["l2_chain_id"] == 324)
    assert era["bridgehub"] == "0x303a465B659cBB0ab36eE643eA362c509EEb5213"
    dependencies = found["dependencies"]
    assert {"eth-abi", "eth-keys", "httpx", "msgspec", "pycryptodome"} <= set(dependencies["zkcore"]["requires"])
    assert "trezor" not in dependencies


def test_what_computes_here_is_said() -> None:
    assert manifest()["backends"] == {"keccak256": "safe-pysha3", "abi": "faster-eth-abi", "secp256k1": "coincurve"}


def test_it_prints() -> None:
    command = [sys.executable, "-m", "zkcore.audit"]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    data = json.loads(subprocess.run([*command, "--json"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert data["sources_sha256"] in text
    assert "0xd52471c1  requestL2TransactionDirect" in text


def test_who_reads_only_the_beginning_gets_no_traceback() -> None:
    command = f"set -o pipefail; {sys.executable} -m zkcore.audit | head -1"
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout.startswith("zkcore ")
    assert not run.stderr
