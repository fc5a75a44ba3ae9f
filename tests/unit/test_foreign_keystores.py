"""Keystores as other tools write them: read where it means the same, and refused by file and field where not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from signers.keystore import decrypt, encrypt
from zkcore.errors import InputError

KEY = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
KDFS = pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])


def written(kdf: Any = "scrypt") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(encrypt(KEY, "x", kdf=kdf, cost=2))
    return made


def each_name(value: Any, change: Callable[[str], str]) -> Any:
    return {change(k): each_name(v, change) for k, v in value.items()} if isinstance(value, dict) else value


def floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: floats(member) for name, member in value.items()}
    return float(value) if isinstance(value, int) else value


@KDFS
@pytest.mark.parametrize(
    "change",
    [
        lambda file: file | {"address": None},
        lambda file: file | {"address": ""},
        lambda file: file | {"address": "0X" + file["address"].upper()},
        lambda file: {k: v for k, v in file.items() if k not in {"address", "id"}},
        lambda file: file | {"version": "3"},
        lambda file: file | {"version": 3.0},
        lambda file: file | {"id": None, "x-ethers": {"client": "ethers.js"}, "meta": None},
        floats,
        lambda file: each_name(file, str.upper),
        lambda file: each_name(file, str.capitalize),
        lambda file: {("Crypto" if name == "crypto" else name): member for name, member in file.items()},
        lambda file: file | {"crypto": file["crypto"] | {"cipher": "AES-128-CTR", "kdf": file["crypto"]["kdf"].upper()}},
    ],
)  # fmt: skip
def test_what_means_the_same_is_read(kdf: str, change: Callable[[Any], Any]) -> None:
    assert decrypt(json.dumps(change(written(kdf))), "x") == KEY


@KDFS
def test_null_for_the_parameters_of_the_other_kdf(kdf: str) -> None:
    file = written(kdf)
    params = file["crypto"]["kdfparams"]
    for name in ("n", "r", "p", "c", "prf"):
        params.setdefault(name, None)
    assert decrypt(json.dumps(file), "x") == KEY
    for name in [name for name in params if params[name] is not None]:
        with pytest.raises(InputError, match=rf"keystore: expected kdfparams.{name}|crypto.kdfparams.{name} to be"):
            decrypt(json.dumps(file | {"crypto": file["crypto"] | {"kdfparams": params | {name: None}}}), "x")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark(encoding: str) -> None:
    text = "\n " + json.dumps(written()) + "\r\n"
    assert decrypt(text.encode(encoding), "x") == KEY
    assert decrypt("\ufeff" + text, "x") == KEY


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("crypto.cipherparams.iv", "00" * 15, "crypto.cipherparams.iv is 15 bytes of hex, expected 16"),
        ("crypto.cipherparams.iv", None, "crypto.cipherparams.iv to be a text, got nothing"),
        ("crypto.cipherparams", [], "in which crypto.cipherparams is an object, got list"),
        ("crypto.kdfparams.n", "2", "crypto.kdfparams.n to be a whole number, got str"),
        ("crypto.kdfparams.n", 2.5, "crypto.kdfparams.n to be a whole number, got float"),
        ("crypto.kdfparams.n", True, "crypto.kdfparams.n to be a whole number, got bool"),
        ("crypto.kdfparams.n", 1e300, "crypto.kdfparams.n to be a whole number, got float"),
        ("crypto.kdfparams.salt", 5, "crypto.kdfparams.salt to be a text, got int"),
        ("crypto.mac", "00" * 31, "crypto.mac is 31 bytes of hex, expected 32"),
        ("crypto.mac", None, "crypto.mac to be a text, got nothing"),
        ("crypto.ciphertext", "0", "crypto.ciphertext is not hex"),
        ("crypto.kdf", None, "crypto.kdf to be a text, got nothing"),
        ("version", 4, r"expected version 3, got 4 \(EIP-2335"),
        ("version", 1, r"expected version 3, got 1 \(of geth"),
        ("version", "three", "version to be a whole number, got str"),
        ("version", None, "version to be a whole number, got nothing"),
        ("address", "00" * 19, "address is 19 bytes of hex, expected 20"),
        ("address", 5, "address to be a text, got int"),
        ("Crypto", {}, "the file has a name twice"),
    ],
)
def test_what_is_refused_names_the_file_and_the_field(tmp_path: Path, path: str, value: Any, said: str) -> None:
    file = written()
    *above, name = path.split(".")
    place = file
    for key in above:
        place = place[key]
    place[name] = value
    where = tmp_path / "UTC--key.json"
    where.write_text(json.dumps(file), encoding="utf-8")
    with pytest.raises(InputError, match=f"^{where}: keystore: .*{said}"):
        PrivateKeySigner.from_keystore(where, "x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (KEY.hex().encode(), "64 hex digits, as a key without a password has"),
        (b"0x" + KEY.hex().encode() + b"\n", "64 hex digits"),
        (b"\xff\xfe\xff", "no JSON"),
        (b"not json", "no JSON"),
        (b"[1]", "the file is an object, got list"),
    ],
)
def test_what_is_no_keystore_says_so(tmp_path: Path, content: bytes, said: str) -> None:
    where = tmp_path / "key"
    where.write_bytes(content)
    with pytest.raises(InputError, match=f"^{where}: keystore: .*{said}") as caught:
        PrivateKeySigner.from_keystore(where, "x")
    assert KEY.hex() not in str(caught.value)


@pytest.mark.parametrize(
    ("password", "said"),
    [("\udcffhunter2", "characters that UTF-8 has not"), (None, "text or bytes, got NoneType"), (5, "got int")],
)
def test_a_password_that_is_none_is_refused_and_not_held(password: Any, said: str) -> None:
    """As the environment gives bytes that are no UTF-8; Python's own error would hold the whole password."""
    with pytest.raises(InputError, match=said) as caught:
        decrypt(json.dumps(written()), password)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_spaces_in_hex_are_said_to_be_such() -> None:
    keystore = written()
    keystore["crypto"]["kdfparams"]["salt"] = "00 11"
    with pytest.raises(InputError, match=r"crypto\.kdfparams\.salt is not hex: it has spaces"):
        decrypt(json.dumps(keystore), "x")
