"""Encrypted key files, version 3: the Web3 Secret Storage format of geth and its kin.

derived = scrypt or pbkdf2-hmac-sha256 of the password, 32 bytes or more
ciphertext = AES-128-CTR(derived[:16], iv, key);  mac = keccak256(derived[16:32] || ciphertext)
"""

import os
import uuid
from hmac import compare_digest
from typing import Any, Literal

import msgspec

from signers.sealed import sealed
from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N
from zkcore.types import Address

__all__ = ["decrypt", "encrypt"]

_MAX_SCRYPT_MEMORY = 1 << 30  # bytes: four times what geth's standard files take
_MAX_SCRYPT_WORK = 1 << 25  # n * r * p: sixteen times
_MAX_PBKDF2_COUNT = 10_000_000
_DEFAULT_COST = {"scrypt": 1 << 18, "pbkdf2": 600_000}  # geth's StandardScryptN; OWASP's advice for HMAC-SHA256


class _CipherParams(msgspec.Struct):
    iv: str


class _KdfParams(msgspec.Struct, omit_defaults=True):
    dklen: int
    salt: str
    n: int = 0  # scrypt
    r: int = 0
    p: int = 0
    c: int = 0  # pbkdf2
    prf: str = ""


class _Crypto(msgspec.Struct):
    cipher: str
    cipherparams: _CipherParams
    ciphertext: str
    kdf: str
    kdfparams: _KdfParams
    mac: str


class _Keystore(msgspec.Struct):
    version: int
    crypto: _Crypto | None = None
    capital: _Crypto | None = msgspec.field(default=None, name="Crypto")  # as some older programs wrote it
    address: str = ""


@sealed
def decrypt(keystore: bytes | str, password: bytes | str) -> bytes:
    """The 32 bytes of the key in a keystore's JSON. A password in text is taken as UTF-8.

    Raises InputError for a malformed file, unknown or excessive parameters, a wrong password, or another address than
    the file names.
    """
    try:
        parsed = msgspec.json.decode(keystore, type=_Keystore)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"keystore: {error}") from None
    crypto = parsed.crypto or parsed.capital
    if parsed.version != 3 or crypto is None or crypto.cipher != "aes-128-ctr":
        raise InputError("keystore: expected version 3 with the cipher aes-128-ctr")
    ciphertext = _unhex(crypto.ciphertext, "ciphertext", 32)
    derived = _derive(crypto.kdf, crypto.kdfparams, password)
    if not compare_digest(keccak256(derived[16:32] + ciphertext), _unhex(crypto.mac, "mac", 32)):
        raise InputError("keystore: wrong password, or the file is damaged")
    key = _aes_ctr(derived[:16], _unhex(crypto.cipherparams.iv, "iv", 16), ciphertext)
    if parsed.address and _address(key) != _unhex(parsed.address, "address", 20):
        raise InputError(f"keystore: the file names the address {parsed.address}, its key is of {_address(key)}")
    return key


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
        params = _KdfParams(dklen=32, salt=salt.hex(), n=cost, r=8, p=1)
    else:
        params = _KdfParams(dklen=32, salt=salt.hex(), c=cost, prf="hmac-sha256")
    derived = _derive(kdf, params, password)
    ciphertext = _aes_ctr(derived[:16], iv, key)
    mac = keccak256(derived[16:32] + ciphertext).hex()
    crypto = _Crypto("aes-128-ctr", _CipherParams(iv.hex()), ciphertext.hex(), kdf, params, mac)
    keystore = {"version": 3, "id": str(uuid.uuid4()), "address": address.hex(), "crypto": crypto}
    return msgspec.json.encode(keystore).decode()


def _derive(kdf: str, params: _KdfParams, password: bytes | str) -> bytes:
    from Crypto.Hash import SHA256
    from Crypto.Protocol.KDF import PBKDF2, scrypt

    secret = password.encode() if isinstance(password, str) else password
    salt = _unhex(params.salt, "salt")
    n, r, p, c = params.n, params.r, params.p, params.c
    if not 32 <= params.dklen <= 128:
        raise InputError(f"keystore: expected dklen from 32 to 128, got {params.dklen}")
    derived: Any
    if kdf == "scrypt":
        if n < 2 or n & (n - 1) or r < 1 or p < 1 or 128 * n * r > _MAX_SCRYPT_MEMORY or n * r * p > _MAX_SCRYPT_WORK:
            raise InputError(f"keystore: scrypt with n={n}, r={r}, p={p} is invalid or too much work")
        derived = scrypt(secret, salt, params.dklen, N=n, r=r, p=p)
    elif kdf == "pbkdf2":
        if params.prf != "hmac-sha256" or not 1 <= c <= _MAX_PBKDF2_COUNT:
            raise InputError(f"keystore: pbkdf2 with prf={params.prf!r}, c={c} is unknown or too much work")
        derived = PBKDF2(secret, salt, params.dklen, count=c, hmac_hash_module=SHA256)
    else:
        raise InputError(f"keystore: expected the kdf scrypt or pbkdf2, got {kdf!r}")
    return bytes(derived)


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    from Crypto.Cipher import AES

    return AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data)


def _address(key: bytes) -> Address:
    from eth_keys.main import KeyAPI

    if len(key) != 32 or not 0 < int.from_bytes(key) < SECP256K1_N:
        raise InputError("keystore: it holds no private key: expected 32 bytes, a number below the order of secp256k1")
    return Address(KeyAPI().PrivateKey(key).public_key.to_canonical_address())


def _unhex(text: str, name: str, size: int | None = None) -> bytes:
    digits = text.removeprefix("0x")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raise InputError(f"keystore: {name} is not hex") from None
    if len(digits) != 2 * len(raw) or (size is not None and len(raw) != size):
        raise InputError(f"keystore: {name} is {len(raw)} bytes of hex, expected {size}")
    return raw
