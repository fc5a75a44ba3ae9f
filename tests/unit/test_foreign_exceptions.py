"""What a caller can get wrong ends in an error of ours, whatever library or call it would have broken: docs/errors.md says so."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner, from_uri
from zkcore import ETH, ChainProfile, Journal, Wallet
from zkcore.errors import InputError, JournalError, ZkCoreError
from zkcore.ethereum.eip712 import TypedData
from zkcore.plans import preview
from zkcore.protocol.chains import Token

SIGNER = PrivateKeySigner.generate()
HUB = "0x303a465B659cBB0ab36eE643eA362c509EEb5213"


def wallet(signer: Any = SIGNER, **other: Any) -> Wallet:
    return Wallet(signer, **{"chain": "era-sepolia", "l1": "http://127.0.0.1:9", "l2": "http://127.0.0.1:9"} | other)


# ---------------------------------------------------------------- paths
PATHS: dict[str, Any] = {
    "a folder": "folder",
    "a file as a folder": "file/x",
    "no folder": "none/x",
    "a NUL": "a\0b",
    "nothing": "",
    "too long": "x" * 300,
    "a number": 5,
    "None": None,
    "a list": ["x"],
}


def placed(tmp_path: Path, path: Any) -> Any:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(os.urandom(4096))
    return f"{tmp_path}/{path}" if isinstance(path, str) and path else path


@pytest.mark.parametrize("name", PATHS)
def test_paths_of_keys_and_profiles(tmp_path: Path, name: str) -> None:
    path = placed(tmp_path, PATHS[name])
    for read in (
        PrivateKeySigner.from_file,
        lambda path: PrivateKeySigner.from_keystore(path, "password"),
        ChainProfile.from_toml,
    ):
        with pytest.raises(InputError):
            read(path)
    if isinstance(path, str):
        with pytest.raises(InputError):
            from_uri(f"file:{path}")


@pytest.mark.parametrize("name", [name for name in PATHS if name != "None"])
def test_paths_of_journals(tmp_path: Path, name: str) -> None:
    path = placed(tmp_path, PATHS[name])
    with pytest.raises(InputError, match="journal"):
        wallet(journal=path).in_flight()
    with pytest.raises(JournalError, match="journal"):
        Journal(path).pending()


def test_a_journal_that_is_none(tmp_path: Path) -> None:
    _ = placed(tmp_path, "file")
    for path in (tmp_path / "file", bytes(tmp_path / "file")):
        with pytest.raises(JournalError):
            Journal(path).pending()  # type: ignore[arg-type]
    for given in (object(), {}, b"x", 1.5):
        with pytest.raises(InputError, match="journal: expected a path or a journal"):
            wallet(journal=given)


# ---------------------------------------------------------------- profiles
BEGIN = f"l1_chain_id = 1\nl2_chain_id = 999\nbridgehub = '{HUB}'\n"
TOML: dict[str, bytes] = {
    "latin-1": b"name = '\xff'",
    "utf-16": "l1_chain_id = 1".encode("utf-16"),
    "nested": b"a = " + b"[" * 5_000 + b"]" * 5_000,
    "tables nested": b"a = " + b"{a = " * 3_000 + b"1" + b"}" * 3_000,
    "names nested": b"a" + b".a" * 3_000 + b" = 1",
    "no TOML": b"===",
    "NUL": b"\0",
    "empty": b"",
    "a date": b"l1_chain_id = 2020-01-01",
    "a list": b"l1_chain_id = [1]",
    "another field": (BEGIN + "foo = 1").encode(),
    "tokens a text": (BEGIN + "tokens = 'x'").encode(),
    "tokens numbers": (BEGIN + "tokens = [1, 2]").encode(),
    "bridges a table": (BEGIN + "bridges = {a = 1}").encode(),
    "kind a list": (BEGIN + f"[[bridges]]\nl1_address = '{HUB}'\nl2_address = '{HUB}'\nkind = ['usdc']").encode(),
    "symbol a number": (BEGIN + "[[tokens]]\nsymbol = 5\ndecimals = 6").encode(),
    "name a number": (BEGIN + "name = 5").encode(),
    "stack a list": (BEGIN + "stack = [1]").encode(),
}


@pytest.mark.parametrize("name", TOML)
def test_profile_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(TOML[name])
    with pytest.raises(InputError, match="profile.toml"):
        ChainProfile.from_toml(path)


def test_profiles() -> None:
    right: dict[str, Any] = {"l1_chain_id": 1, "l2_chain_id": 999, "bridgehub": HUB}
    for wrong in (
        {"l1_chain_id": "1"},
        {"bridgehub": None},
        {"bridgehub": 5},
        {"tokens": "x"},
        {"tokens": [1]},
        {"tokens": None},
        {"bridges": [{}]},
        {"bridges": None},
        {"name": 5},
        {"no_deposits": 5},
        {"unpinned": "yes"},
        {"stack": ["era"]},
    ):
        with pytest.raises(InputError, match=f"{next(iter(wrong))}|address"):
            ChainProfile(**right | wrong)
    usdc = Token(symbol="USDC", decimals=6)
    assert ChainProfile(**right | {"tokens": [usdc]}).tokens == (usdc,)
    for chain in ({"l1_chain_id": 1}, right, None, 1.5, True, b"era", [1], Path("era")):
        with pytest.raises(InputError, match="chain"):
            wallet(chain=chain)


# ---------------------------------------------------------------- what a wallet is given
@pytest.mark.parametrize("fees", [5, {"max_total": 5}, None, "low", 1.0])
def test_fees_that_are_none(fees: Any) -> None:
    with pytest.raises(InputError, match="fees: expected a FeePolicy"):
        wallet(fees=fees)


@pytest.mark.parametrize("side", ["l1", "l2"])
@pytest.mark.parametrize(
    "node", [None, 5, b"http://x", {}, {"http://x"}, [None], [["http://x"]], Wallet, "", "ftp://x", []]
)
def test_nodes_that_are_none(side: str, node: Any) -> None:
    with pytest.raises(InputError):
        wallet(**{side: node})


@pytest.mark.parametrize("uri", [None, 5, b"file:x", "", "x", ":", "file", "foo:x", "env:", "keystore:x"])
def test_signers_that_are_none(uri: Any) -> None:
    with pytest.raises(InputError):
        from_uri(uri)


def test_what_methods_are_given() -> None:
    mine: Any = wallet()
    for call, match in (
        (lambda: mine.submit(5), "plan: expected"),
        (lambda: mine.resume(5), "JSON"),
        (lambda: mine.resume("x"), "JSON"),
        (lambda: mine.finalize_withdrawals(5), "pairs"),
        (lambda: mine.finalize_withdrawals([5]), "pairs"),
        (lambda: mine.finalize_withdrawals([("0x12", 0, 1)]), "pairs"),
        (lambda: mine.deposit(ETH, 1, reference=5), "reference"),
        (lambda: mine.deposit(ETH, 1, bridge="0x12"), "bridge: expected a Bridge"),
        (lambda: mine.withdraw(ETH, 1, bridge={}), "bridge: expected a Bridge"),
        (lambda: mine.deposit(ETH, "1"), "amount"),
        (lambda: mine.deposit(ETH, 1.0), "amount"),
        (lambda: mine.find_withdrawals(receiver="x", from_block=0), "address"),
        (lambda: PrivateKeySigner.from_env(5), "environment"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match=match):
            call()


def test_a_wrong_call_is_told_by_the_name_that_was_called() -> None:
    mine: Any = wallet()
    for call, match in (
        (mine.deposit, r"^deposit\(\): missing"),
        (lambda: mine.deposit(ETH, 1, 2), r"^deposit\(\): too many"),
        (lambda: mine.quote_deposit(ETH, 1, recipient=1), r"^quote_deposit\(\): .*'recipient'"),
        (lambda: mine.prepare_withdraw(ETH), r"^prepare_withdraw\(\): missing .*'amount'"),
    ):
        with pytest.raises(TypeError, match=match):
            call()


# ---------------------------------------------------------------- typed data that calls itself zkSync's
_FIELDS = ("txType", "from", "to", "gasLimit", "maxFeePerGas", "paymaster", "nonce", "value")
_DATA: dict[str, Any] = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
        ],
        "Transaction": [{"name": name, "type": "uint256"} for name in _FIELDS],
    },
    "primaryType": "Transaction",
    "domain": {"name": "zkSync", "version": "2", "chainId": 300},
    "message": dict.fromkeys(_FIELDS, 1),
}


@pytest.mark.parametrize(
    "kind", ["uint256", "address", "string", "bytes", "bytes32", "bool", "uint256[]", "int8", "Transaction"]
)
@pytest.mark.parametrize("field", ["from", "to", "paymaster", "txType"])
def test_typed_data_named_zksync_whose_members_do_not_fit(field: str, kind: str) -> None:
    """Signed or refused, and shown as it is: never an error of int()."""
    values = (2**256 - 1, 2**160, -1, "x", "", "0x", "0x" + "12" * 20, "0x" + "12" * 32, "٣", True, None, [1], {}, 1.5)
    shown = 0
    for value in values:
        data = deepcopy(_DATA)
        next(one for one in data["types"]["Transaction"] if one["name"] == field)["type"] = kind
        data["message"][field] = value
        try:
            text = str(preview(TypedData.parse(data)))
        except ZkCoreError:
            continue
        shown += 1
        assert field in text
    assert shown
