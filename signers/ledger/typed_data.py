"""EIP-712 with every field sent to the device, which hashes and shows them (doc/ethapp.adoc, "EIP 712 send struct").

1A p2=00  name                                                    a struct
1A p2=FF  type description, [name | size], [arrays], member name  one member of it
1C p2=00  name                                                    the values of the domain, then of the message
1C p2=0F  length                                                  an array
1C p2=FF  length (2 bytes), value                                 a value; p1=01: more of it comes
0C p2=01  path                                                    show the end, and sign
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from signers.ledger.apdu import STRUCT_DEFINITION, STRUCT_VALUE, chunks
from zkcore.ethereum.eip712 import DOMAIN, Field, Leaf, Value

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData

__all__ = ["Command", "lengths_show", "stream", "unshowable"]

_NAME, _ARRAY, _FIELD = 0x00, 0x0F, 0xFF
_IS_ARRAY, _HAS_SIZE = 0x80, 0x40
_CODES: Final = {"int": 1, "uint": 2, "address": 3, "bool": 4, "string": 5, "bytesN": 6, "bytes": 7}
_STRUCT: Final = 0

# What app-ethereum can take: path.h, typed_data.c, path.c, ui_logic.c
_MAX_NAME: Final = 255
_MAX_LENGTH: Final = 255  # of an array: one byte
_MAX_VALUE: Final = 0xFFFF
_MAX_STRUCT_DEPTH: Final = 16
_MAX_ARRAY_DEPTH: Final = 8
# A struct within another whose encoding fills whole blocks of keccak, 32 * (1 + members) = k * 136 bytes, is left out
# of what is hashed: path.c, path_depth_list_pop: `to_feed`. Seen on app 1.22; the signature was of something else.
_FORGOTTEN: Final = 17
_MEMORY: Final = 12_500  # of 16 KiB: src/mem.c
_STRUCT_MEMORY: Final = 440
_KEPT: Final = 379  # characters of a value: src/shared_context.h, SHARED_CTX_FIELD_1_SIZE
_STEPS: Final = 5_000  # of telling apart, at most
_INT_BITS: Final = frozenset({8, 16, 32, 64, 128, 256})  # the signed ones it can write in decimals


class Command(NamedTuple):
    """One command of the stream."""

    command: int
    data: bytes
    p1: int
    p2: int


def stream(data: "TypedData") -> Iterator[Command]:
    """All commands before the last one. `unshowable(data)` must be None."""
    for name in _used(data):
        yield Command(STRUCT_DEFINITION, name.encode(), 0, _NAME)
        for field in data.fields(name):
            yield Command(STRUCT_DEFINITION, _definition(field), 0, _FIELD)
    for root in (DOMAIN, data.primary_type):
        yield Command(STRUCT_VALUE, root.encode(), 0, _NAME)
        for item in data.walk(root):
            if isinstance(item, int):
                yield Command(STRUCT_VALUE, bytes([item]), 0, _ARRAY)
                continue
            value = _encode(*item)
            *partial, last = chunks(len(value).to_bytes(2) + value)
            yield from (Command(STRUCT_VALUE, piece, 1, _FIELD) for piece in partial)
            yield Command(STRUCT_VALUE, last, 0, _FIELD)


def _used(data: "TypedData") -> list[str]:
    """The domain, the primary type, and every struct they use."""
    structs = {struct.name for struct in data.types}
    found: list[str] = [DOMAIN, data.primary_type]
    for name in found:
        found += dict.fromkeys(f.base for f in data.fields(name) if f.base in structs and f.base not in found)
    return found


def _definition(field: Field) -> bytes:
    kind, size = _kind(field.base)
    code = _CODES.get(kind, _STRUCT)
    description = code | (_HAS_SIZE if size else 0) | (_IS_ARRAY if field.dimensions else 0)
    parts = [bytes([description])]
    if code == _STRUCT:
        parts.append(_counted(field.base))
    if size:
        parts.append(bytes([size]))
    if field.dimensions:
        levels = (b"\0" if length is None else bytes([1, length]) for length in field.dimensions)
        parts += [bytes([len(field.dimensions)]), *levels]
    return b"".join([*parts, _counted(field.name)])


def _counted(text: str) -> bytes:
    raw = text.encode()
    return bytes([len(raw)]) + raw


def _kind(base: str) -> tuple[str, int]:
    """The app's name of a type and its size in bytes, 0 if it has none."""
    match = re.fullmatch(r"(u?int|bytes)([0-9]+)", base)
    if match is None:
        return base, 0
    kind, size = match[1], int(match[2])
    return ("bytesN", size) if kind == "bytes" else (kind, size // 8)


def _encode(type_: str, value: Leaf) -> bytes:
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    kind, size = _kind(type_)
    if kind == "int":  # always in full: the app takes a number for negative only if it has its type's size
        return value.to_bytes(size, signed=True)
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8))


# ---------------------------------------------------------------- limits
def unshowable(data: "TypedData") -> str | None:
    """Why the app cannot take these typed data field by field; None if it can."""
    used = _used(data)
    if len(used) * _STRUCT_MEMORY > _MEMORY:  # and what is below would take for ever
        return f"they have {len(used)} structs, more than its memory takes"
    for name in used:
        fields = data.fields(name)
        if not fields:
            return f"the struct {name} has no members"
        for field in fields:
            where = f"{name}.{field.name}"
            if len(field.base) + len(field.name) + 2 * len(field.dimensions) + 4 > _MAX_NAME:
                return f"the names of {where} are longer than an APDU"
            if any((length or 0) > _MAX_LENGTH for length in field.dimensions):
                return f"{where} is an array of more than {_MAX_LENGTH}"
            kind, size = _kind(field.base)
            if kind == "int" and size * 8 not in _INT_BITS:
                return f"{where} is an {field.base}: of the signed integers it knows only {sorted(_INT_BITS)} bits"
        if len(name.encode()) > _MAX_NAME:
            return f"the name of the struct {name[:20]}... is longer than an APDU"
    for root in (DOMAIN, data.primary_type):
        if (reason := _nested(data, root, 0, ())) is not None:
            return reason
        for item in data.walk(root):
            if isinstance(item, int):
                if item > _MAX_LENGTH:
                    return f"an array has {item} elements: more than {_MAX_LENGTH}"
            elif isinstance(item[1], str | bytes) and len(_encode(*item)) > _MAX_VALUE:
                return f"a {item[0]} is longer than {_MAX_VALUE} bytes"
    if ("empty", "struct") in pairwise(_places(data, data.primary_type, data.message)):
        return "it hashes a struct wrongly that follows an empty array"  # path.c, path_new_array_depth: no type hash
    needed = _memory(data)
    return f"they need about {needed} bytes of its memory, more than {_MEMORY}" if needed > _MEMORY else None


def lengths_show(data: "TypedData", labels: list[str]) -> bool:
    """Whether no other lengths of its arrays make the same labels on the screen.

    That has one page for each value, and none for where an array or a struct begins or ends: [[1], [2, 3]] and
    [[1, 2], [3]] look alike, as do the members of two structs one after the other. Counted is in how many ways the
    labels can be read as values of these types.
    """
    structs, left = {struct.name for struct in data.types}, iter(range(_STEPS))

    def read(type_: str, label: str, ways: Counter[int]) -> Counter[int]:
        """How many ways lead to each place among the labels, from those that lead to before a value of this type."""
        if not ways:
            return ways
        next(left)
        if type_.endswith("]"):
            start = type_.rindex("[")
            element, size = type_[:start], type_[start + 1 : -1]
            if size:
                for _ in range(int(size)):
                    ways = read(element, label, ways)
                return ways
            after = Counter(ways)
            while ways := read(element, label, ways):
                after.update(ways)
            return after
        if type_ in structs:
            for field in data.fields(type_):
                ways = read(field.type, field.name, ways)
            return ways
        return Counter({at + 1: count for at, count in ways.items() if labels[at : at + 1] == [label]})

    try:
        return read(data.primary_type, "", Counter({0: 1}))[len(labels)] == 1
    except StopIteration:  # members without a value are without end: nobody can tell how many there are
        return False


def _places(data: "TypedData", type_: str, value: Value) -> Iterator[str]:
    """What the app comes by within a struct or an array, in order: "struct", "empty" or "array", "value"."""
    if type_.endswith("]"):
        element = type_[: type_.rindex("[")]
        members = [(element, member) for member in cast("tuple[Value, ...]", value)]
    else:
        fields = (field.type for field in data.fields(type_))
        members = list(zip(fields, cast("tuple[Value, ...]", value), strict=True))
    for member_type, member in members:
        if not isinstance(member, tuple):
            yield "value"
            continue
        yield ("array" if member else "empty") if member_type.endswith("]") else "struct"
        yield from _places(data, member_type, member)


def _memory(data: "TypedData") -> int:
    """About how much the app keeps: a hash for each level, every definition, and a label and a text for each value.

    A fit to what app 1.22 on a Flex was seen to take (232 uint8, 91 uint256, 35 strings of 300, 94 members of one
    struct); one more and it crashed.
    """
    structs = _used(data)
    fields = [field for name in structs for field in data.fields(name)]
    hashing = _STRUCT_MEMORY * (len(structs) + max((len(field.dimensions) for field in fields), default=0))
    longest = max((len(field.name) for field in fields), default=0)
    defined = sum(72 + len(field.name) + len(field.base) + 8 * len(field.dimensions) for field in fields)
    shown = sum(
        50 + longest + min(_shown_length(item[1]), _KEPT)
        for root in (DOMAIN, data.primary_type)
        for item in data.walk(root)
        if not isinstance(item, int)
    )
    return hashing + defined + shown


def _shown_length(value: Leaf) -> int:
    """Of the text: hex for bytes, decimals for integers."""
    if isinstance(value, bytes):
        return 2 + 2 * len(value)
    return len(value.encode()) if isinstance(value, str) else len(str(value))


def _nested(data: "TypedData", name: str, arrays: int, above: tuple[str, ...], struct_arrays: int = 0) -> str | None:
    """What is wrong with the structs in a struct, `arrays` arrays and the structs `above` around it."""
    fields = data.fields(name)
    if name in above:
        return f"the struct {name} holds itself"
    if len(above) == _MAX_STRUCT_DEPTH:
        return f"structs are nested deeper than {_MAX_STRUCT_DEPTH}"
    if above and len(fields) % _FORGOTTEN == _FORGOTTEN - 1:
        return f"it hashes the struct {name} wrongly, as any of {len(fields)} members within another"
    for field in fields:
        depth = len(field.dimensions)
        if arrays + depth > _MAX_ARRAY_DEPTH:
            return f"arrays are nested deeper than {_MAX_ARRAY_DEPTH}"
        if field.base in {struct.name for struct in data.types}:
            if struct_arrays + depth > 1:
                return f"it hashes {name}.{field.name} wrongly, as any array of structs within another"
            reason = _nested(data, field.base, arrays + depth, (*above, name), struct_arrays + depth)
            if reason is not None:
                return reason
    return None
