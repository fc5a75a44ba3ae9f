"""A signer whose key is in memory: for servers and scripts that may hold one, and for tests.

Signatures are deterministic (RFC 6979), low-s (EIP-2), and recovered and compared before they are returned.
"""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, Self

from signers.sealed import sealed, shown, write_secret
from zkcore.errors import InputError
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.signature import SECP256K1_N, Signature, check_signature
from zkcore.signer import Capability
from zkcore.types import Address

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["PrivateKeySigner"]

_CAPABILITIES = frozenset(
    {Capability.LEGACY, Capability.EIP2930, Capability.EIP1559, Capability.TYPED_DATA, Capability.MESSAGE}
)


class PrivateKeySigner:
    """Signs everything with a private key: 32 bytes, or 64 hex digits with or without 0x. Raises InputError.

    The key is in no repr, format, pickle or copy. It is in the memory of the process, which Python cannot wipe.
    """

    __slots__ = ("_address", "_backend", "_encrypt", "_public_key", "_sign")

    @sealed
    def __init__(self, key: bytes | str) -> None:
        from eth_keys.main import KeyAPI

        keys = KeyAPI()
        secret = _key_bytes(key)
        private_key = keys.PrivateKey(secret)
        self._public_key = b"\x04" + private_key.public_key.to_bytes()
        self._address = Address(private_key.public_key.to_canonical_address())
        self._backend = type(keys.backend).__name__

        # the key lives in these closures, so that no attribute is the key
        def sign(digest: bytes) -> Signature:
            signed = keys.ecdsa_sign(digest, private_key)
            return Signature(signed.r, signed.s, signed.v)

        def encrypted(password: bytes | str, kdf: Literal["scrypt", "pbkdf2"], cost: int | None) -> str:
            from signers.keystore import encrypt

            return encrypt(secret, password, kdf=kdf, cost=cost)

        self._sign: Callable[[bytes], Signature] = sign
        self._encrypt = encrypted

    # ------------------------------------------------------------ where keys come from
    @classmethod
    @sealed
    def from_env(cls, name: str) -> Self:
        """The key in an environment variable. Raises InputError if it is not set or holds no key."""
        given: object = name
        value = os.environ.get(name) if isinstance(given, str) else None
        if value is None:
            raise InputError(f"the environment variable {shown(name)} is not set")
        return cls(value.strip())

    @classmethod
    @sealed
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """The key in a file, as hex. Raises InputError if it holds no key or if others than its owner may access it."""
        try:
            with Path(path).open(encoding="ascii", errors="replace") as file:
                status, content = os.fstat(file.fileno()), file.read(256).strip()
        except (OSError, TypeError, ValueError) as error:
            raise _unreadable(path, error) from error
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{shown(path)} is not a regular file")
        if os.name == "posix" and mode & 0o077:
            raise InputError(f"others may access the key in {shown(path)} (mode {mode:04o}): chmod 600 it first")
        return cls(content)

    @classmethod
    @sealed
    def from_keystore(cls, path: str | os.PathLike[str], password: str | bytes) -> Self:
        """The key in a V3 keystore file (geth's format). Raises InputError for a wrong password or a malformed file."""
        from signers.keystore import decrypt

        try:
            content = Path(path).read_bytes()
        except (OSError, TypeError, ValueError) as error:
            raise _unreadable(path, error) from error
        try:
            return cls(decrypt(content, password))
        except InputError as error:
            raise InputError(f"{shown(path)}: {error}") from None

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness. Nothing else knows it: it is lost with the object."""
        while True:
            key = os.urandom(32)
            if 0 < int.from_bytes(key) < SECP256K1_N:
                return cls(key)

    @sealed
    def write_keystore(
        self,
        path: str | os.PathLike[str],
        password: bytes | str,
        *,
        kdf: Literal["scrypt", "pbkdf2"] = "scrypt",
        cost: int | None = None,
    ) -> None:
        """Write the key to a new V3 keystore file that only its owner may access. Never overwrites a file.

        `cost`: scrypt's N (default 2**18) or pbkdf2's iterations (default 600,000).
        """
        write_secret(path, self._encrypt(password, kdf, cost).encode("ascii"), replace=False)

    # ------------------------------------------------------------ what it is
    @property
    def address(self) -> Address:
        """The account it signs for."""
        return self._address

    @property
    def public_key(self) -> bytes:
        """The public key: 65 bytes, 0x04 || x || y."""
        return self._public_key

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign: everything."""
        return _CAPABILITIES

    @property
    def backend(self) -> str:
        """What computes the signatures: "coincurve" (libsecp256k1, with the `fast` extra) or "pure Python"."""
        return {"CoinCurveECCBackend": "coincurve", "NativeECCBackend": "pure Python"}.get(self._backend, self._backend)

    # ------------------------------------------------------------ signing
    def sign_transaction(self, tx: "Transaction") -> Signature:
        """Sign a transaction of any type."""
        tx.check_signable()
        return self._signed(tx.signing_hash())

    def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data."""
        return self._signed(data.digest())

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message."""
        return self._signed(message_hash(message))

    def _signed(self, digest: bytes) -> Signature:
        return check_signature(digest, self._sign(bytes(digest)), self._address)

    # ------------------------------------------------------------ what must not leak
    def __repr__(self) -> str:
        return f"PrivateKeySigner({self._address})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a PrivateKeySigner is not pickled or copied: its key stays where it is")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a PrivateKeySigner is not pickled or copied: its key stays where it is")


def _key_bytes(key: bytes | str) -> bytes:
    """The 32 bytes of a key, in errors that never show it."""
    if isinstance(key, str):
        digits = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{64})", key)
        if not digits:
            got = f"not these {len(key)} characters"
            raise InputError(f"private key: expected 64 hex digits, with or without 0x, {got}")
        key = bytes.fromhex(digits[1])
    if not isinstance(key, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"private key: expected 32 bytes or 64 hex digits, got {type(key).__name__}")
    if len(key) != 32:
        raise InputError(f"private key: expected 32 bytes, got {len(key)}")
    if not 0 < int.from_bytes(key) < SECP256K1_N:
        raise InputError("private key: expected a number from 1 to the order of secp256k1 minus 1")
    return bytes(key)


def _unreadable(path: object, error: Exception) -> InputError:
    name = shown(path)  # which the system says again
    return InputError(f"{name} cannot be read: {error if name == str(path) else type(error).__name__}")
