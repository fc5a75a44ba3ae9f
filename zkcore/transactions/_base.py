"""What the transaction types share: checked fields, EIP-2718 envelopes, the signature at the end of the payload."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore import rlp
from zkcore.chains import Stack
from zkcore.errors import InputError
from zkcore.hashing import keccak256
from zkcore.signer import Signature, recover
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, uint

__all__ = ["AccessList", "AccessListLike", "BaseTransaction"]

AccessList: TypeAlias = tuple[tuple[Address, tuple[Hash32, ...]], ...]
AccessListLike: TypeAlias = Sequence[tuple[AddressLike, Sequence[HexLike]]]

# as nodes hold them; all other integers have 256 bits
_BITS = {"chain_id": 64, "nonce": 64, "gas_limit": 64, "gas_per_pubdata": 64}


class BaseTransaction(Struct, frozen=True, kw_only=True):
    """A transaction with an EIP-2718 type: type || rlp(fields), and y_parity, r, s after the fields once signed."""

    TYPE: ClassVar[int]
    WIRE: ClassVar[tuple[str, ...]]  # the fields, in the order of the payload

    if TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None: ...

    def __post_init__(self) -> None:
        for name in self.WIRE:
            force_setattr(self, name, hold_field(name, getattr(self, name)))

    def unsigned_bytes(self) -> bytes:
        """What is hashed to be signed, and what a hardware wallet is sent."""
        return bytes([self.TYPE]) + rlp.encode(self._items())

    def signed_bytes(self, signature: Signature) -> bytes:
        """What is sent with eth_sendRawTransaction. Whether the signature fits is not checked here: see `sender`."""
        return bytes([self.TYPE]) + rlp.encode(self._items() + signature_items(signature, signature.y_parity))

    def signing_hash(self) -> Hash32:
        """The digest that is signed."""
        return keccak256(self.unsigned_bytes())

    def hash(self, signature: Signature) -> Hash32:
        """The transaction hash."""
        return keccak256(self.signed_bytes(signature))

    def sender(self, signature: Signature) -> Address:
        """The account whose key made the signature. Raises BadSignature."""
        return recover(self.signing_hash(), signature)

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol if ZKsync chains of this stack refuse such a transaction."""

    def _items(self) -> list[rlp.Item]:
        return [field_item(getattr(self, name)) for name in self.WIRE]

    @classmethod
    def from_items(cls, items: list[rlp.Decoded]) -> tuple[Self, Signature | None]:
        """The transaction and, if there is one, the signature in a decoded payload. `parse_transaction` calls it."""
        count = len(cls.WIRE)
        check_count(cls.__name__, items, count, count + 3)
        signature = None
        if len(items) > count:
            parity, r, s = map(rlp.to_uint, items[count:], ("y_parity", "r", "s"))
            signature = Signature(r, s, parity)
        return cls(**parse_fields(cls.WIRE, items[:count])), signature


# ---------------------------------------------------------------- one field
def hold_field(name: str, value: Any) -> object:
    """The value that a field holds for the one that was given. Raises InputError."""
    match name:
        case "to":
            return None if value is None else Address(value)
        case "from_address":
            return Address(value)
        case "data" | "custom_signature":
            return hex_bytes(value, name)
        case "factory_deps":
            if isinstance(value, str | bytes):
                raise InputError("factory_deps: expected a sequence of bytecodes, got one")
            return tuple(hex_bytes(code, name) for code in value)
        case "access_list":
            return tuple((Address(address), tuple(Hash32(key) for key in keys)) for address, keys in value)
        case _:
            if not uint(value, name, _BITS.get(name, 256)) and name in {"chain_id", "gas_per_pubdata"}:
                raise InputError(f"{name}: expected 1 or more, got 0")
            return value


def field_item(value: Any) -> rlp.Item:
    """A held field as the payload has it."""
    match value:
        case None:
            return b""
        case int():
            return rlp.from_uint(value)
        case tuple():
            return list(map(field_item, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case _:
            return bytes(value)


def parse_fields(names: Sequence[str], items: Sequence[rlp.Decoded]) -> dict[str, Any]:
    """The fields of the payload's items, ready for the constructor. Raises InputError."""
    return {name: _parse_field(name, item) for name, item in zip(names, items, strict=True)}


def _parse_field(name: str, item: rlp.Decoded) -> object:
    match name:
        case "to":
            return None if item == b"" else as_bytes(item, name)
        case "data":
            return as_bytes(item, name)
        case "access_list":
            return [_parse_access(entry) for entry in as_list(item, name)]
        case _:
            return rlp.to_uint(item, name)


def _parse_access(entry: rlp.Decoded) -> tuple[bytes, list[bytes]]:
    pair = as_list(entry, "access_list entry")
    check_count("access_list entry", pair, 2)
    return as_bytes(pair[0], "address"), [as_bytes(key, "storage key") for key in as_list(pair[1], "storage keys")]


# ---------------------------------------------------------------- items
def signature_items(signature: Signature, v: int) -> list[rlp.Item]:
    """The integers v (or y_parity), r and s."""
    return [rlp.from_uint(v), rlp.from_uint(signature.r), rlp.from_uint(signature.s)]


def check_count(name: str, items: Sequence[rlp.Decoded], *counts: int) -> None:
    """Raise InputError if the number of items is not one of the counts."""
    if len(items) not in counts:
        raise InputError(f"{name}: expected {' or '.join(map(str, counts))} items, got {len(items)}")


def as_bytes(item: rlp.Decoded, name: str) -> bytes:
    """The item, if it is not a list. Raises InputError."""
    if not isinstance(item, bytes):
        raise InputError(f"{name}: expected bytes, got a list of {len(item)} items")
    return item


def as_list(item: rlp.Decoded, name: str) -> list[rlp.Decoded]:
    """The item, if it is a list. Raises InputError."""
    if not isinstance(item, list):
        raise InputError(f"{name}: expected a list, got {len(item)} bytes")
    return item
