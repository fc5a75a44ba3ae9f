"""EIP-712 typed structured data: what it says, checked, and what is hashed of it.

    encodeType(S)   = S's name and members, then those of every struct it uses, sorted by name
    hashStruct(s)   = keccak256(keccak256(encodeType(S)) || encodeData(s))
    encodeData(s)   = 32 bytes for each member: integers, bool and address left-padded, bytesN right-padded, bytes and
                      string as their keccak256, a struct as its hashStruct, an array as keccak256 of all its members
    digest          = keccak256(0x19 || 0x01 || hashStruct(domain) || hashStruct(message))

The EIP leaves errors to the implementer. Here every value must fit its type, every member must be there and none else;
there are no aliases (`uint`). A struct may hold itself: its values end with a reference that is null, which is 32 zero
bytes, as in MetaMask (eth_signTypedData_v4) and eth-account; no other struct is null, and none is left out. With the primary type
EIP712Domain the domain alone is signed, 0x19 || 0x01 || hashStruct(domain), as in MetaMask and viem.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore._keccak import keccak
from zkcore.errors import InputError, UnsupportedBySigner
from zkcore.types import ELEMENTARY_TYPES, Address, Hash32, hex_bytes

__all__ = ["DOMAIN", "Field", "Leaf", "StructType", "TypedData", "Value"]

Leaf: TypeAlias = bool | int | str | bytes
Value: TypeAlias = "Leaf | tuple[Value, ...] | None"

DOMAIN = "EIP712Domain"
MAX_DEPTH = 64  # structs and arrays inside one another, in a value

# fmt: off
_DOMAIN_TYPES = {
    "name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address", "salt": "bytes32",
}
# fmt: on
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_MEMBER_TYPE = re.compile(r"([A-Za-z_$][A-Za-z0-9_$]*)((?:\[(?:0|[1-9][0-9]{0,8})?\])*)")
_RESERVED = re.compile(r"(?:u?int|u?fixed|bytes?)[0-9x]*|bool|address|string|function")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64}")


class Field(Struct, frozen=True):
    """A member of a struct. `type` as written, for instance "uint8" or "Person[2][]"."""

    name: str
    type: str

    @property
    def base(self) -> str:
        """The type without its array brackets."""
        return split_type(self.type)[0]

    @property
    def dimensions(self) -> tuple[int | None, ...]:
        """The lengths of its arrays, innermost first, None for any length. Empty if it is no array."""
        return split_type(self.type)[1]


class StructType(Struct, frozen=True):
    """A struct's name and its members, in order."""

    name: str
    fields: tuple[Field, ...]


class TypedData(Struct, frozen=True, kw_only=True):
    """Typed data, checked and normalised: made by `parse` or from its parts. Raises InputError, which names the member.

    `types` holds every struct, EIP712Domain among them. `domain` and `message` hold the members' values in the order of
    the struct: int, bool, str, bytes (`Address` for an address), tuples for structs and arrays, None for a reference to a
    struct that holds itself. `message` is empty where the domain alone is signed.
    """

    types: tuple[StructType, ...]
    primary_type: str
    domain: tuple[Value, ...]
    message: tuple[Value, ...]

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(
            self,
            *,
            types: Mapping[str, Sequence[Mapping[str, str]]] | tuple[StructType, ...],
            primary_type: str,
            domain: Mapping[str, Any] | tuple[Value, ...],
            message: Mapping[str, Any] | tuple[Value, ...] | None,
        ) -> None: ...

    def __post_init__(self) -> None:
        types = _hold_types(self.types, self.domain)
        force_setattr(self, "types", types)
        structs = _structs(types)
        if self.primary_type not in structs:
            _refuse("primaryType", f"one of the structs {sorted(structs)}", self.primary_type)
        force_setattr(self, "domain", _hold(structs, DOMAIN, self.domain, "domain", MAX_DEPTH))
        if self.primary_type != DOMAIN:
            message = _hold(structs, self.primary_type, self.message, "message", MAX_DEPTH)
        elif (
            self.message in (None, {}, ()) or _hold(structs, DOMAIN, self.message, "message", MAX_DEPTH) == self.domain
        ):
            message = ()
        else:
            _refuse("message", f"none, as the primary type {DOMAIN} signs the domain alone", self.message)
        force_setattr(self, "message", message)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Typed data in the form of eth_signTypedData_v4: types, primaryType, domain, message. Raises InputError.

        Integers may be ints, decimal strings or 0x strings; bytes may be bytes or 0x strings. Without EIP712Domain
        among the types it is derived from the domain's members, in the order of the EIP.
        """
        members = _mapping(data)
        if members is None or set(members) != {"types", "primaryType", "domain", "message"}:
            _refuse("typed data", "an object with types, primaryType, domain and message", members and list(members))
        types, primary_type = data["types"], data["primaryType"]
        return cls(types=types, primary_type=primary_type, domain=data["domain"], message=data["message"])

    # ------------------------------------------------------------ what is signed
    def digest(self) -> Hash32:
        """The 32 bytes that are signed."""
        message = b"" if self.primary_type == DOMAIN else self.struct_hash()
        return Hash32(keccak(b"\x19\x01" + self.domain_separator() + message))

    def domain_separator(self) -> Hash32:
        """hashStruct of the domain; devices call it the domain hash."""
        return Hash32(_hash_struct(self.types, DOMAIN, self.domain))

    def struct_hash(self) -> Hash32:
        """hashStruct of the message; devices call it the message hash. Raises InputError for a domain alone."""
        return Hash32(keccak(_type_hash(self.types, self.primary_type) + self.encode_data()))

    def encode_type(self, name: str | None = None) -> str:
        """encodeType of a struct, of the primary type by default."""
        return _encode_type(self.types, self._struct(name).name)

    def type_hash(self, name: str | None = None) -> Hash32:
        """keccak256 of encodeType."""
        return Hash32(keccak(self.encode_type(name).encode()))

    def encode_data(self) -> bytes:
        """encodeData of the message: 32 bytes for each member. Raises InputError for a domain alone."""
        if self.primary_type == DOMAIN:
            raise InputError(
                f"typed data: the primary type {DOMAIN} signs the domain alone: there is no message to hash"
            )
        return _encode_data(self.types, self.primary_type, self.message)

    # ------------------------------------------------------------ for devices
    def fields(self, name: str) -> tuple[Field, ...]:
        """The members of a struct, in order. Raises InputError if there is no such struct."""
        return self._struct(name).fields

    def walk(self, name: str) -> Iterator[int | tuple[str, Leaf]]:
        """The values of the domain (name = DOMAIN) or of the message (name = primary type), in order.

        Yields (type, value) for what is neither struct nor array, and for each array its length before its members.
        Raises UnsupportedBySigner for a reference that is null: no device has a way to be told of one.
        """
        value = self.domain if name == DOMAIN else self.message
        return _walk(_structs(self.types), name, value)

    def to_dict(self) -> dict[str, Any]:
        """The eth_signTypedData_v4 form: integers as decimal strings, bytes as 0x strings, EIP712Domain included."""
        structs = _structs(self.types)
        return {
            "types": {name: [{"name": f.name, "type": f.type} for f in fields] for name, fields in structs.items()},
            "primaryType": self.primary_type,
            "domain": _plain(structs, DOMAIN, self.domain),
            "message": {} if self.primary_type == DOMAIN else _plain(structs, self.primary_type, self.message),
        }

    def _struct(self, name: str | None) -> StructType:
        name = self.primary_type if name is None else name
        for struct in self.types:
            if struct.name == name:
                return struct
        raise InputError(f"typed data: there is no struct {name!r}")


_Structs: TypeAlias = Mapping[str, tuple[Field, ...]]


@lru_cache(maxsize=64)
def _structs(types: tuple[StructType, ...]) -> _Structs:
    return {struct.name: struct.fields for struct in types}


# ---------------------------------------------------------------- hashing
@lru_cache(maxsize=64)
def _encode_type(types: tuple[StructType, ...], name: str) -> str:
    structs = _structs(types)
    order = [name, *sorted(_used(structs, name)[1:])]
    return "".join(f"{struct}({','.join(f'{f.type} {f.name}' for f in structs[struct])})" for struct in order)


def _used(structs: _Structs, name: str) -> list[str]:
    """The struct, and those that it uses."""
    used = [name]
    for current in used:  # which grows
        used += {field.base for field in structs[current]} & structs.keys() - set(used)
    return used


def _holds_itself(structs: _Structs, type_: str) -> bool:
    return type_ in structs and any(f.base == type_ for name in _used(structs, type_) for f in structs[name])


@lru_cache(maxsize=64)
def _type_hash(types: tuple[StructType, ...], name: str) -> bytes:
    return keccak(_encode_type(types, name).encode())


def _hash_struct(types: tuple[StructType, ...], name: str, value: Value) -> bytes:
    return keccak(_type_hash(types, name) + _encode_data(types, name, value))


def _encode_data(types: tuple[StructType, ...], name: str, value: Value) -> bytes:
    return b"".join(_encode(types, field.type, member) for field, member in _members(_structs(types)[name], value))


def _encode(types: tuple[StructType, ...], type_: str, value: Value) -> bytes:
    if type_.endswith("]"):
        return keccak(b"".join(_encode(types, _element(type_), member) for member in _tuple(value)))
    match type_, value:
        case "bytes", bytes():
            return keccak(value)
        case "string", str():
            return keccak(value.encode())
        case "address", bytes():
            return value.rjust(32, b"\0")
        case _, bytes():
            return value.ljust(32, b"\0")
        case _, int():
            return (value % 2**256).to_bytes(32)
        case _, None:
            return bytes(32)
        case _:
            return _hash_struct(types, type_, value)


def _walk(structs: _Structs, type_: str, value: Value) -> Iterator[int | tuple[str, Leaf]]:
    if type_.endswith("]"):
        yield len(_tuple(value))
        for member in _tuple(value):
            yield from _walk(structs, _element(type_), member)
    elif value is None:
        raise UnsupportedBySigner(f"typed data: a reference to a struct {type_} is null, which no device can be told")
    elif type_ in structs:
        for field, member in _members(structs[type_], value):
            yield from _walk(structs, field.type, member)
    elif not isinstance(value, tuple):
        yield type_, value


def _plain(structs: _Structs, type_: str, value: Value) -> Any:
    if type_.endswith("]"):
        return [_plain(structs, _element(type_), member) for member in _tuple(value)]
    if type_ in structs and value is not None:
        return {field.name: _plain(structs, field.type, member) for field, member in _members(structs[type_], value)}
    if isinstance(value, bytes):
        return str(value) if isinstance(value, Address) else "0x" + value.hex()
    return value if isinstance(value, bool | str | None) else str(value)


def _members(fields: tuple[Field, ...], value: Value) -> Iterator[tuple[Field, Value]]:
    return zip(fields, _tuple(value), strict=True)


def _tuple(value: Value) -> tuple[Value, ...]:
    if not isinstance(value, tuple):
        raise TypeError("typed data: a struct or an array is not held as a tuple")
    return value


# ---------------------------------------------------------------- types
@lru_cache(maxsize=512)
def split_type(type_: str) -> tuple[str, tuple[int | None, ...]]:
    """The base of a member's type and the lengths of its arrays, innermost first. Raises InputError."""
    match = _MEMBER_TYPE.fullmatch(type_)
    if match is None:
        raise InputError(f"typed data: {type_!r} is not a type")
    base, brackets = match.groups()
    return base, tuple(int(n) if n else None for n in brackets[1:-1].split("][")) if brackets else ()


def _element(type_: str) -> str:
    return type_[: type_.rindex("[")]


def _hold_types(given: object, domain: object) -> tuple[StructType, ...]:
    """The structs, checked: names, members, known types, how deep they nest."""
    if (structs := _mapping(given)) is not None:
        types = tuple(StructType(name, _hold_fields(name, fields)) for name, fields in structs.items())
    else:  # held already, or given as frozen objects
        held = _sequence(given, "types", "an object of structs")
        if not all(isinstance(struct, StructType) for struct in held):
            _refuse("types", "an object of structs", given)
        types = tuple(StructType(struct.name, _hold_fields(struct.name, struct.fields)) for struct in held)
    if DOMAIN not in {struct.name for struct in types}:
        members = _mapping(domain)
        if members is None or not members.keys() <= _DOMAIN_TYPES.keys():
            _refuse("domain", f"an object with members among {', '.join(_DOMAIN_TYPES)}", domain)
        derived = tuple(Field(name, type_) for name, type_ in _DOMAIN_TYPES.items() if name in members)
        types = (StructType(DOMAIN, derived), *types)
    structs = _structs(types)
    if len(structs) != len(types):
        _refuse("types", "each struct once", [struct.name for struct in types])
    for struct in types:
        for field in struct.fields:
            if field.base not in structs and field.base not in ELEMENTARY_TYPES:
                _refuse(f"{struct.name}.{field.name}", "a type of EIP-712 or a struct", field.type)
            if struct.name == DOMAIN and _DOMAIN_TYPES.get(field.name) != field.type:
                _refuse(DOMAIN, f"members among {_DOMAIN_TYPES}", f"{field.type} {field.name}")
    seen: set[str] = set()
    for name in structs:
        _check_depth(structs, name, (), seen)
    return types


def _hold_fields(struct: object, given: object) -> tuple[Field, ...]:
    if not isinstance(struct, str) or not _IDENTIFIER.fullmatch(struct) or _RESERVED.fullmatch(struct):
        _refuse("types", "structs whose names are identifiers and no types of EIP-712", struct)
    fields: list[Field] = []
    for member in _sequence(given, struct, "a list of members"):
        pair = {"name": member.name, "type": member.type} if isinstance(member, Field) else _mapping(member)
        if pair is None or set(pair) != {"name", "type"}:
            _refuse(struct, 'members as {"name": ..., "type": ...}', member)
        name, type_ = pair["name"], pair["type"]
        if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
            _refuse(struct, "members whose names are identifiers", name)
        if not isinstance(type_, str):
            _refuse(f"{struct}.{name}", "a type", type_)
        split_type(type_)
        fields.append(Field(name, type_))
    if len({field.name for field in fields}) != len(fields):
        _refuse(struct, "each member once", [field.name for field in fields])
    return tuple(fields)


def _check_depth(structs: _Structs, name: str, above: tuple[str, ...], seen: set[str]) -> None:
    """Raise InputError for a struct whose values would nest too deep; what it holds of itself may be null."""
    if name in above or name in seen:
        return
    if len(above) == MAX_DEPTH:
        raise InputError(f"typed data: the struct {above[0]} nests deeper than {MAX_DEPTH}")
    for field in structs[name]:
        if field.base in structs and all(field.dimensions):
            _check_depth(structs, field.base, (*above, name), seen)
    seen.add(name)


# ---------------------------------------------------------------- values
def _hold(structs: _Structs, type_: str, value: object, path: str, depth: int) -> Value:
    """The value, checked against its type and normalised."""
    if not depth:
        raise InputError(f"{path}: nested deeper than {MAX_DEPTH}")
    if type_.endswith("]"):
        array = _sequence(value, path, f"an array {type_}")
        if split_type(type_)[1][-1] not in {None, len(array)}:
            _refuse(path, f"an array {type_}", array)
        return tuple(_hold(structs, _element(type_), v, f"{path}[{i}]", depth - 1) for i, v in enumerate(array))
    if type_ not in structs:
        return _hold_leaf(type_, value, path)
    if value is None and depth < MAX_DEPTH and _holds_itself(structs, type_):
        return None
    names = [field.name for field in structs[type_]]
    if (members := _mapping(value)) is None:  # held already: a tuple in the order of the struct
        held = _sequence(value, path, f"the struct {type_}")
        if isinstance(held, list) or len(held) != len(names):
            _refuse(path, f"the struct {type_}", held)
        members = dict(zip(names, held, strict=True))
    if members.keys() != set(names):
        _refuse(path, f"the struct {type_} with just the members {', '.join(names)}", list(members))
    return tuple(_hold(structs, f.type, members[f.name], f"{path}.{f.name}", depth - 1) for f in structs[type_])


def _hold_leaf(type_: str, value: object, path: str) -> Leaf:
    if type_ == "bool":
        return value if isinstance(value, bool) else _refuse(path, "true or false", value)
    if type_ == "string":
        if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
            _refuse(path, "a string of Unicode characters", value)
        return value
    if type_ == "address" or type_.startswith("bytes"):
        if not isinstance(value, str | bytes):
            _refuse(path, f"{type_} as bytes or a 0x string", value)
        raw = hex_bytes(value, path)
        size = {"address": "20", "bytes": ""}.get(type_, type_[5:])
        if size and len(raw) != int(size):
            _refuse(path, f"{size} bytes for {type_}", value)
        return Address(value) if type_ == "address" else raw
    bits = int(type_.lstrip("uint"))
    low, high = (-(1 << bits - 1), 1 << bits - 1) if type_[0] == "i" else (0, 1 << bits)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
        _refuse(path, f"an integer that fits {type_}", value)
    return int(value)


def _mapping(value: object) -> Mapping[Any, Any] | None:
    return value if isinstance(value, Mapping) else None  # pyright: ignore[reportUnknownVariableType]


def _sequence(value: object, where: str, expected: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        _refuse(where, expected, value)
    return value  # pyright: ignore[reportUnknownVariableType]


def _refuse(where: object, expected: str, got: object) -> NoReturn:
    shown = repr(got)
    raise InputError(f"{where}: expected {expected}, got {shown if len(shown) <= 100 else shown[:100] + '...'}")
