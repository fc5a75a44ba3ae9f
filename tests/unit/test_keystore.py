"""V3 keystores: the vectors of the format's definition, what we write, and what hostile files may not do."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner, keystore
from signers.keystore import decrypt, encrypt
from zkcore.errors import InputError

KEY = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
PASSWORD = "testpassword"
# The two test vectors of the Web3 Secret Storage Definition (ethereum.org, wiki of 2015)
PBKDF2: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
SCRYPT: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


@pytest.fixture(scope="module")
def cheap() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(encrypt(KEY, PASSWORD, cost=2))
    return made


@pytest.mark.parametrize("vector", [PBKDF2, SCRYPT], ids=["pbkdf2", "scrypt"])
def test_the_vectors_of_the_definition(vector: dict[str, Any]) -> None:
    assert decrypt(json.dumps(vector), PASSWORD) == KEY


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
@pytest.mark.parametrize("password", ["", "p\u00e4ss\u20ac", b"\xff\x00"])
def test_what_is_written_is_read(kdf: Any, password: bytes | str) -> None:
    written = encrypt(KEY, password, kdf=kdf, cost=4)
    assert decrypt(written, password) == decrypt(written.encode(), password) == KEY
    assert KEY.hex() not in written
    again = encrypt(KEY, password, kdf=kdf, cost=4)
    assert json.loads(again)["crypto"]["ciphertext"] != json.loads(written)["crypto"]["ciphertext"]
    with pytest.raises(InputError, match="wrong password, or the file is damaged"):
        decrypt(written, b"other")


def test_a_password_in_text_is_its_utf8(cheap: dict[str, Any]) -> None:
    assert decrypt(json.dumps(cheap), PASSWORD.encode()) == KEY


def test_the_defaults_are_as_costly_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore, "_derive", lambda *_: bytes(32))  # which would take seconds
    params = {kdf: json.loads(encrypt(KEY, "x", kdf=kdf))["crypto"]["kdfparams"] for kdf in ("scrypt", "pbkdf2")}
    assert {name: params["scrypt"][name] for name in "nrp"} == {"n": 2**18, "r": 8, "p": 1}
    assert params["pbkdf2"]["c"] == 600_000


def test_older_spellings_are_read(cheap: dict[str, Any]) -> None:
    capital = {("Crypto" if name == "crypto" else name): value for name, value in cheap.items()}
    assert decrypt(json.dumps(capital), PASSWORD) == KEY
    prefixed = json.loads(json.dumps(cheap))
    prefixed["address"] = "0x" + prefixed["address"].upper()
    prefixed["crypto"]["mac"] = "0x" + prefixed["crypto"]["mac"]
    assert decrypt(json.dumps(prefixed), PASSWORD) == KEY
    del prefixed["address"]
    assert decrypt(json.dumps(prefixed), PASSWORD) == KEY


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", 1, "expected version 3"),
        ("version", "4", "expected version 3, got 4 .EIP-2335"),
        ("version", 3.5, "expected version to be a whole number, got float"),
        ("version", True, "expected version to be a whole number, got bool"),
        ("crypto", None, "expected version 3"),
        ("crypto.cipher", "aes-128-cbc", "cipher aes-128-ctr"),
        ("crypto.kdf", "argon2", "expected the kdf scrypt or pbkdf2, got 'argon2'"),
        ("crypto.kdfparams.n", 3, "scrypt with n=3"),
        ("crypto.kdfparams.n", 1, "scrypt with n=1"),
        ("crypto.kdfparams.n", 2**30, "too much work"),
        ("crypto.kdfparams.r", 2**30, "too much work"),
        ("crypto.kdfparams.p", 2**30, "too much work"),
        ("crypto.kdfparams.p", 0, "scrypt with n=2, r=8, p=0"),
        ("crypto.kdfparams.n", -2, "scrypt with n=-2"),
        ("crypto.kdfparams.dklen", 16, "dklen from 32 to 128, got 16"),
        ("crypto.kdfparams.dklen", 2**40, "dklen from 32 to 128"),
        ("crypto.kdfparams.salt", "zz", "salt is not hex"),
        ("crypto.ciphertext", "00", "ciphertext is 1 bytes of hex, expected 32"),
        ("crypto.ciphertext", "00" * 32, "wrong password, or the file is damaged"),
        ("crypto.mac", "00" * 32, "wrong password, or the file is damaged"),
        ("crypto.cipherparams.iv", "00", "iv is 1 bytes"),
        ("address", "00" * 20, "the file names the address 0{40}, its key is of 0x"),
    ],
)
def test_a_malformed_or_hostile_file_is_refused(cheap: dict[str, Any], path: str, value: Any, said: str) -> None:
    changed = json.loads(json.dumps(cheap))
    *above, name = path.split(".")
    place = changed
    for key in above:
        place = place[key]
    place[name] = value
    with pytest.raises(InputError, match=said) as caught:
        decrypt(json.dumps(changed), PASSWORD)
    assert PASSWORD not in str(caught.value)
    assert KEY.hex() not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"c": 0}, "c=0"), ({"c": 10**9}, "too much work"), ({"prf": "hmac-sha1"}, "prf='hmac-sha1'")],
)
def test_pbkdf2_is_bounded_too(change: dict[str, Any], said: str) -> None:
    written = json.loads(encrypt(KEY, "x", kdf="pbkdf2", cost=1))
    written["crypto"]["kdfparams"].update(change)
    with pytest.raises(InputError, match=said):
        decrypt(json.dumps(written), "x")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", b"\xff\xfe", '{"version": 3}', "[" * 100_000])
def test_what_is_no_keystore_is_refused(text: bytes | str) -> None:
    with pytest.raises(InputError, match="keystore"):
        decrypt(text, "x")


def test_only_keys_and_known_kdfs_are_written() -> None:
    for key in (b"", bytes(32), b"\xff" * 32):
        with pytest.raises(InputError, match="it holds no private key"):
            encrypt(key, "x")
    with pytest.raises(InputError, match="kdf: expected 'scrypt' or 'pbkdf2', got 'none'"):
        encrypt(KEY, "x", kdf="none")  # type: ignore[arg-type]


def test_a_signer_reads_and_writes_keystore_files(tmp_path: Path) -> None:
    signer, path = PrivateKeySigner.generate(), tmp_path / "keystore.json"
    signer.write_keystore(path, "x", kdf="pbkdf2", cost=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PrivateKeySigner.from_keystore(path, "x").address == signer.address
    with pytest.raises(FileExistsError):
        signer.write_keystore(path, "x", cost=2)
    assert PrivateKeySigner.from_keystore(path, "x").address == signer.address


def test_a_keystore_is_on_the_disk_when_it_is_written_and_no_half_of_one_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    signer, path = PrivateKeySigner.generate(), tmp_path / "keystore.json"
    signer.write_keystore(path, "x", kdf="pbkdf2", cost=1)
    assert synced == [False, True]  # the file, then the folder that has its name

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        signer.write_keystore(tmp_path / "other.json", "x", kdf="pbkdf2", cost=1)
    assert [file.name for file in tmp_path.iterdir()] == ["keystore.json"]
