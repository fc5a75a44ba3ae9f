"""What the transaction types share: checked fields, EIP-2718 envelopes, the signature at the end of the payload."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature, recover
from zkcore.transactions._paymaster import Paymaster
from zkcore.types import Address, AddressLike, Hash32, HexLike, Stack, hex_bytes, uint

__all__ = ["AccessList", "AccessListLike", "BaseTransaction"]

AccessList: TypeAlias = tuple[tuple[Address, tuple[Hash32, ...]], ...]
AccessListLike: TypeAlias = Sequence[tuple[AddressLike, Sequence[HexLike]]]

_Given_contra = TypeVar("_Given_contra", contravariant=True)
_Holds_co = TypeVar("_Holds_co", covariant=True)

if TYPE_CHECKING:  # to type checkers such a field takes what a caller may give, and reads as what is held

    class _Field(Generic[_Given_contra, _Holds_co]):
        def __get__(self, instance: object, owner: object = None) -> _Holds_co: ...
        def __set__(self, instance: object, value: _Given_contra) -> None: ...

    To: TypeAlias = _Field[AddressLike | None, Address | None]
    From: TypeAlias = _Field[AddressLike, Address]
    Data: TypeAlias = _Field[HexLike, bytes]
    Bytecodes: TypeAlias = _Field[Sequence[HexLike], tuple[bytes, ...]]
    Accesses: TypeAlias = _Field[AccessListLike, AccessList]
else:
    To, From, Data, Bytecodes, Accesses = Address | None, Address, bytes, tuple[bytes, ...], AccessList

EMPTY: Any = b""  # the defaults of such fields
NONE: Any = ()

# as nodes hold them; all other integers have 256 bits
_BITS = {"chain_id": 64, "nonce": 64, "gas_limit": 64, "gas_per_pubdata": 64}


class BaseTransaction(Struct, frozen=True, kw_only=True):
    """A transaction with an EIP-2718 type: type || rlp(fields), and y_parity, r, s after the fields once signed.

    The fields are declared in the order of the payload. `from_items` is for `parse_transaction`.
    """

    TYPE: ClassVar[int]
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"to"})  # the fields that may be None

    if TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None: ...

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if (value is not None or name not in self.OPTIONAL) and (held := _held(name, value)) is not value:
                force_setattr(self, name, held)

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

    def check_signable(self) -> None:
        """Raise InputError for what may be read, and is not signed: chain id 0, which is no chain's. For signers."""
        if getattr(self, "chain_id", None) == 0:
            raise InputError("chain_id: 0 is no chain's: such a transaction is read (parse_transaction), never signed")

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol if ZKsync chains of this stack refuse such a transaction."""

    def _items(self, count: int | None = None) -> list[rlp.Item]:
        """The first fields as the payload has them; all, unless a count is given."""
        return [_item(getattr(self, name)) for name in self.__struct_fields__[:count]]

    @classmethod
    def from_items(cls, items: list[rlp.Decoded]) -> tuple[Self, Signature | None]:
        """The transaction and, if there is one, the signature in a decoded payload. Raises InputError, BadSignature."""
        count = len(cls.__struct_fields__)
        check_count(cls.__name__, items, count, count + 3)
        v, r, s = triple(items[count:]) if items[count:] else (0, 0, 0)
        return cls.read(cls.parsed(items[:count])), Signature(r, s, v) if items[count:] else None

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """The transaction that somebody else made: chain id 0 is allowed, and `check_signable` refuses it."""
        of_none = fields.get("chain_id") == 0
        transaction = cls(**(fields | {"chain_id": 1} if of_none else fields))
        if of_none:
            force_setattr(transaction, "chain_id", 0)
        return transaction

    @classmethod
    def parsed(cls, items: Sequence[rlp.Decoded]) -> dict[str, Any]:
        """The first fields, of as many items, ready for the constructor. Raises InputError."""
        return {name: _parsed(name, item) for name, item in zip(cls.__struct_fields__, items, strict=False)}


# ---------------------------------------------------------------- one field
def _held(name: str, value: Any) -> object:
    """The value that a field holds for the one that was given. Raises InputError."""
    match name:
        case "to" | "from_address":
            return Address(value)
        case "data" | "custom_signature":
            return hex_bytes(value, name)
        case "access_list":
            pairs = [_sequence(entry, "access_list entry", 2) for entry in _sequence(value, name)]
            return tuple((Address(address), tuple(map(Hash32, _sequence(keys, "keys")))) for address, keys in pairs)
        case "factory_deps":
            return tuple(hex_bytes(code, name) for code in _sequence(value, name))
        case "paymaster":
            if not isinstance(value, Paymaster):
                raise InputError(f"paymaster: expected a Paymaster or None, got {value!r}")
            return value
        case _:
            if not uint(value, name, _BITS.get(name, 256)) and name in {"chain_id", "gas_per_pubdata"}:
                raise InputError(f"{name}: expected 1 or more, got 0")
            return int(value)


def _sequence(value: Any, name: str, count: int | None = None) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or count not in {None, len(value)}:  # pyright: ignore[reportUnknownArgumentType]
        raise InputError(f"{name}: expected a list or tuple{f' of {count}' if count else ''}, got {value!r:.100}")
    return value  # pyright: ignore[reportUnknownVariableType]


def _item(value: Any) -> rlp.Item:
    """A held field as the payload has it."""
    match value:
        case None:
            return b""
        case int():
            return rlp.from_uint(value)
        case tuple():
            return list(map(_item, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case Paymaster():
            return [value.address, value.input]
        case _:
            return bytes(value)


def _parsed(name: str, item: rlp.Decoded) -> object:
    match name:
        case "to":
            return as_bytes(item, name) or None
        case "from_address" | "data" | "custom_signature":
            return as_bytes(item, name)
        case "access_list":
            return [_parsed_access(entry) for entry in as_list(item, name)]
        case "factory_deps":
            return [as_bytes(code, name) for code in as_list(item, name)]
        case "paymaster":
            parts = [as_bytes(part, name) for part in as_list(item, name)]
            check_count(name, parts, 0, 2)
            return Paymaster(Address(parts[0]), parts[1]) if parts else None
        case _:
            return rlp.to_uint(item, name)


def _parsed_access(entry: rlp.Decoded) -> tuple[bytes, list[bytes]]:
    pair = as_list(entry, "access_list entry")
    check_count("access_list entry", pair, 2)
    return as_bytes(pair[0], "address"), [as_bytes(key, "storage key") for key in as_list(pair[1], "storage keys")]


# ---------------------------------------------------------------- items
def signature_items(signature: Signature, v: int) -> list[rlp.Item]:
    """The integers v (or y_parity), r and s."""
    return [rlp.from_uint(v), rlp.from_uint(signature.r), rlp.from_uint(signature.s)]


def triple(items: Sequence[rlp.Decoded]) -> tuple[int, int, int]:
    """The integers v (or y_parity), r and s of three items. Raises InputError."""
    v, r, s = map(rlp.to_uint, items, "vrs")
    return v, r, s


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
