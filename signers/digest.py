"""What signers share whose key stays in a service: a digest goes in, and what comes out is made low-s, recovered and compared."""

from abc import ABC, abstractmethod
from base64 import b64decode
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

from zkcore.errors import BadSignature, InputError, KeyUnusable, WrongDevice
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N, Signature, recover
from zkcore.signer import Capability
from zkcore.types import Address, AddressLike

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["DigestSigner", "der_signature", "fitting", "library", "pem_point", "spki_point"]

_CAPABILITIES: Final = frozenset(
    {Capability.LEGACY, Capability.EIP2930, Capability.EIP1559, Capability.TYPED_DATA, Capability.MESSAGE}
)
# SubjectPublicKeyInfo of an uncompressed point of secp256k1: RFC 5480; the curve is 1.3.132.0.10 (SEC 2)
_SPKI: Final = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")


class DigestSigner(ABC):
    """Signs everything by its digest, with a key of which only the public half is here. Safe to use from several threads.

    For asyncio put it into a `ThreadedSigner`. Subclasses give the public key and sign a digest.
    """

    def __init__(self, key: str, public_key: bytes, expected_address: AddressLike | None) -> None:
        """`key`: what errors call it. `public_key`: 65 bytes, 0x04 || x || y. Raises WrongDevice for another address."""
        if len(public_key) != 65 or public_key[0] != 4:
            raise KeyUnusable(f"{key}: expected a public key of 65 bytes, 0x04 || x || y, got {public_key.hex()}")
        self._key, self._public_key = key, public_key
        self._address = Address(bytes(keccak256(public_key[1:])[12:]))
        expected = self._address if expected_address is None else Address(expected_address)
        if expected != self._address:
            raise WrongDevice(expected=expected, got=self._address, of=key)

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

    def sign_transaction(self, tx: "Transaction") -> Signature:
        """Sign a transaction of any type. Raises SignerError."""
        tx.check_signable()
        return self._signed(tx.signing_hash())

    def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data. Raises SignerError."""
        return self._signed(data.digest())

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        return self._signed(message_hash(message))

    @abstractmethod
    def _sign(self, digest: bytes) -> tuple[int, int]:
        """r and s of the service's signature over 32 bytes. Raises SignerError."""

    def _signed(self, digest: bytes) -> Signature:
        return fitting(digest, *self._sign(bytes(digest)), self._address, self._key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key!r}, {self._address})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied: its client may hold credentials")


def fitting(digest: bytes, r: int, s: int, address: Address, key: str) -> Signature:
    """The signature with its lower s (EIP-2), and the parity that makes it the address's. Raises BadSignature."""
    for parity in (0, 1):
        made = Signature(r, min(s, SECP256K1_N - s) if s < SECP256K1_N else s, parity)
        with suppress(BadSignature):  # one of the two need be no point
            if recover(digest, made) == address:
                return made
    raise BadSignature(
        f"{key}: its signature over 0x{digest.hex()} is not of {address}: another key's, or of another digest"
    )


def library(name: str, extra: str) -> Any:
    """A module of a cloud's library. Raises InputError, which names the extra to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(
            f"{name.partition('.')[0]} is not installed: pip install 'zkcore[{extra}]' ({error})"
        ) from error


def spki_point(der: bytes, key: str) -> bytes:
    """The 65 bytes of a point in a DER SubjectPublicKeyInfo. Raises KeyUnusable for any other curve."""
    if not der.startswith(_SPKI) or len(der) != len(_SPKI) + 65:
        raise KeyUnusable(f"{key}: expected a public key on secp256k1, got {der[: len(_SPKI)].hex()}...: another curve")
    return der[len(_SPKI) :]


def pem_point(pem: str, key: str) -> bytes:
    """The same from PEM."""
    lines = [line.strip() for line in pem.splitlines() if not line.startswith("-----")]
    try:
        der = b64decode("".join(lines), validate=True)
    except ValueError as error:
        raise KeyUnusable(f"{key}: its public key is no PEM ({error})") from error
    return spki_point(der, key)


def der_signature(der: bytes, key: str) -> tuple[int, int]:
    """r and s of a DER ECDSA-Sig-Value (RFC 3279): SEQUENCE { r INTEGER, s INTEGER }. Raises BadSignature."""
    numbers: list[int] = []
    rest = der[2:] if der[:1] == b"\x30" and der[1:2] == bytes([len(der) - 2 & 0xFF]) and len(der) <= 72 else b""
    while rest:
        whole = rest[0] == 2 and len(rest) > 2 and len(rest) >= 2 + rest[1]
        number, rest = (rest[2 : 2 + rest[1]], rest[2 + rest[1] :]) if whole else (b"", b"")
        minimal = number[:1] < b"\x80" and (number[:1] != b"\0" or number[1:2] >= b"\x80")
        numbers.append(int.from_bytes(number) if number and minimal else 0)
    if len(numbers) != 2 or not all(0 < number < SECP256K1_N for number in numbers):
        raise BadSignature(f"{key}: expected a DER signature of two numbers below n, got {der[:80].hex()}")
    return numbers[0], numbers[1]
