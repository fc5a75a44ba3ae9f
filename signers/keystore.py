"""Encrypted key files, version 3: the Web3 Secret Storage format of geth and its kin.

What other tools write differently and means the same is read: names in capitals, a byte-order mark, whole numbers as 2.0,
"version": "3", null for what is not used. Lengths, the costs of the KDF and the MAC are held to the letter.

derived = scrypt or pbkdf2-hmac-sha256 of the password, 32 bytes or more
ciphertext = AES-128-CTR(derived[:16], iv, key);  mac = keccak256(derived[16:32] || ciphertext)
"""

import os
import re
import uuid
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from hmac import compare_digest
from typing import Any, Literal, NoReturn, cast

import msgspec

from signers.sealed import sealed
from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N
from zkcore.types import Address, check_nesting

__all__ = ["decrypt", "encrypt"]

_MAX_SCRYPT_MEMORY = 1 << 30  # bytes: four times what geth's standard files take
_MAX_SCRYPT_WORK = 1 << 25  # n * r * p: sixteen times
_MAX_PBKDF2_COUNT = 10_000_000
_DEFAULT_COST = {"scrypt": 1 << 18, "pbkdf2": 600_000}  # geth's StandardScryptN; OWASP's advice for HMAC-SHA256


class _Object:
    """An object of the file, its names in any case. Its errors name the field, and no value that could be a secret."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            got = "nothing" if value is None else type(value).__name__
            raise InputError(f"keystore: expected version 3, in which {path or 'the file'} is an object, got {got}")
        members = cast("dict[str, Any]", value)
        self._members, self._path = {name.lower(): member for name, member in members.items()}, path
        if len(self._members) != len(members):
            raise InputError(f"keystore: {path or 'the file'} has a name twice: {', '.join(members)}")

    def inside(self, name: str) -> "_Object":
        return _Object(self._members.get(name), f"{self._path}.{name}".lstrip("."))

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self._members.get(name)
        value = default if value is None else value
        return value if isinstance(value, str) else self._refuse(name, "a text", value)

    def whole(self, name: str, *, text: bool = False) -> int:
        value = self._members.get(name)
        if text and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
            value = int(value)
        return value if type(value) is int else self._refuse(name, "a whole number", value)

    def unhex(self, name: str, size: int | None = None) -> bytes:
        return _unhex(self.text(name), f"{self._path}.{name}".lstrip("."), size)

    def _refuse(self, name: str, expected: str, got: object) -> NoReturn:
        kind = "nothing" if got is None else type(got).__name__
        raise InputError(f"keystore: expected {f'{self._path}.{name}'.lstrip('.')} to be {expected}, got {kind}")


@sealed
def decrypt(keystore: bytes | str, password: bytes | str) -> bytes:
    """The 32 bytes of the key in a keystore's JSON. A password in text is taken as UTF-8.

    Raises InputError for a malformed file, unknown or excessive parameters, a wrong password, or another address than
    the file names.
    """
    file = _Object(_parsed(keystore))
    if (version := file.whole("version", text=True)) != 3:
        others = {1: " (of geth before 2015)", 4: " (EIP-2335: the keys of validators, of another curve)"}
        raise InputError(f"keystore: expected version 3, got {version}{others.get(version, '')}")
    crypto = file.inside("crypto")
    if (cipher := crypto.text("cipher")).lower() != "aes-128-ctr":
        raise InputError(f"keystore: expected the cipher aes-128-ctr, got {cipher!r}")
    ciphertext, mac = crypto.unhex("ciphertext", 32), crypto.unhex("mac", 32)
    iv, address = crypto.inside("cipherparams").unhex("iv", 16), file.text("address", default="")
    derived = _derive(crypto.text("kdf").lower(), crypto.inside("kdfparams"), password)
    if not compare_digest(keccak256(derived[16:32] + ciphertext), mac):
        raise InputError("keystore: wrong password, or the file is damaged")
    key = _aes_ctr(derived[:16], iv, ciphertext)
    if address and _address(key) != _unhex(address, "address", 20):
        raise InputError(f"keystore: the file names the address {address}, its key is of {_address(key)}")
    return key


def _parsed(keystore: bytes | str) -> object:
    try:
        if isinstance(keystore, bytes):
            wide = keystore.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
            keystore = keystore.decode("utf-16" if wide else "utf-8-sig")
        keystore = keystore.removeprefix("\ufeff").strip()
        check_nesting(keystore)
        return msgspec.json.decode(keystore)
    except ValueError as error:  # of msgspec, of the encoding, of the nesting
        if not keystore:
            raise InputError("keystore: the file is empty") from None
        if isinstance(keystore, str) and re.fullmatch("(0x)?[0-9a-fA-F]{64}", keystore):
            raise InputError("keystore: the file is no JSON: 64 hex digits, as a key without a password has") from None
        raise InputError(f"keystore: the file is no JSON: {error}") from None


@sealed
def encrypt(
    key: bytes, password: bytes | str, *, kdf: Literal["scrypt", "pbkdf2"] = "scrypt", cost: int | None = None
) -> str:
    """The JSON of a new keystore. `cost`: scrypt's N (default 2**18) or pbkdf2's iterations (default 600,000)."""
    if kdf not in _DEFAULT_COST:
        raise InputError(f"kdf: expected 'scrypt' or 'pbkdf2', got {kdf!r}")
    address = _address(key)
    cost = _DEFAULT_COST[kdf] if cost is None else cost
    salt, iv = os.urandom(32), os.urandom(16)
    if kdf == "scrypt":
        params: dict[str, object] = {"dklen": 32, "salt": salt.hex(), "n": cost, "r": 8, "p": 1}
    else:
        params = {"dklen": 32, "salt": salt.hex(), "c": cost, "prf": "hmac-sha256"}
    derived = _derive(kdf, _Object(params, "kdfparams"), password)
    ciphertext = _aes_ctr(derived[:16], iv, key)
    mac = keccak256(derived[16:32] + ciphertext).hex()
    crypto = {
        "cipher": "aes-128-ctr", "cipherparams": {"iv": iv.hex()}, "ciphertext": ciphertext.hex(), "kdf": kdf,
        "kdfparams": params, "mac": mac,
    }  # fmt: skip
    keystore = {"version": 3, "id": str(uuid.uuid4()), "address": address.hex(), "crypto": crypto}
    return msgspec.json.encode(keystore).decode()


def _derive(kdf: str, params: _Object, password: bytes | str) -> bytes:
    from Crypto.Hash import SHA256
    from Crypto.Protocol.KDF import PBKDF2, scrypt

    secret = _secret(password)
    salt, dklen = params.unhex("salt"), params.whole("dklen")
    if not 32 <= dklen <= 128:
        raise InputError(f"keystore: expected dklen from 32 to 128, got {dklen}")
    derived: Any
    if kdf == "scrypt":
        n, r, p = (params.whole(name) for name in "nrp")
        if n < 2 or n & (n - 1) or r < 1 or p < 1 or 128 * n * r > _MAX_SCRYPT_MEMORY or n * r * p > _MAX_SCRYPT_WORK:
            raise InputError(f"keystore: scrypt with n={n}, r={r}, p={p} is invalid or too much work")
        derived = scrypt(secret, salt, dklen, N=n, r=r, p=p)
    elif kdf == "pbkdf2":
        c, prf = params.whole("c"), params.text("prf")
        if prf.lower() != "hmac-sha256" or not 1 <= c <= _MAX_PBKDF2_COUNT:
            raise InputError(f"keystore: pbkdf2 with prf={prf!r}, c={c} is unknown or too much work")
        derived = PBKDF2(secret, salt, dklen, count=c, hmac_hash_module=SHA256)
    else:
        raise InputError(f"keystore: expected the kdf scrypt or pbkdf2, got {kdf!r}")
    return bytes(derived)


def _secret(password: object) -> bytes | bytearray:
    if isinstance(password, bytes | bytearray):
        return password
    if not isinstance(password, str):
        raise InputError(f"keystore: expected the password to be a text or bytes, got {type(password).__name__}")
    try:
        return password.encode()
    except UnicodeEncodeError:  # which holds the password; `sealed` drops it
        raise InputError("keystore: the password has characters that UTF-8 has not: give it as bytes") from None


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    from Crypto.Cipher import AES

    return AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data)


def _address(key: bytes) -> Address:
    from eth_keys.main import KeyAPI

    if len(key) != 32 or not 0 < int.from_bytes(key) < SECP256K1_N:
        raise InputError("keystore: it holds no private key: expected 32 bytes, a number below the order of secp256k1")
    return Address(KeyAPI().PrivateKey(key).public_key.to_canonical_address())


def _unhex(text: str, name: str, size: int | None = None) -> bytes:
    digits = text.removeprefix("0x").removeprefix("0X")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raise InputError(f"keystore: {name} is not hex") from None
    if len(digits) != 2 * len(raw):
        raise InputError(f"keystore: {name} is not hex: it has spaces in it")
    if size is not None and len(raw) != size:
        raise InputError(f"keystore: {name} is {len(raw)} bytes of hex, expected {size}")
    return raw
