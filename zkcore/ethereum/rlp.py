"""Recursive Length Prefix, strictly: one encoding for each item (Yellow Paper, appendix B).

A single byte below 0x80 is itself. Otherwise a prefix says what follows and how long it is:

    0x80 + length          a string of 0 to 55 bytes
    0xb7 + size of length  a longer string, its length after the prefix, big-endian
    0xc0 + length          a list whose items take 0 to 55 bytes
    0xf7 + size of length  a longer list
"""

from collections.abc import Sequence
from typing import TypeAlias

from zkcore.errors import InputError

__all__ = ["MAX_DEPTH", "MAX_SIZE", "Decoded", "Item", "decode", "encode", "from_uint", "to_uint"]

Item: TypeAlias = "bytes | Sequence[Item]"
Decoded: TypeAlias = "bytes | list[Decoded]"

MAX_DEPTH = 256  # lists in lists; a transaction needs 4
MAX_SIZE = 1 << 24  # bytes that `decode` takes; eight times the longest EraVM bytecode


def encode(item: Item) -> bytes:
    """The encoding of bytes or of nested lists and tuples of bytes. Raises InputError for anything else."""
    return _encode(item, MAX_DEPTH)


def _encode(item: Item, depth: int) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    if not isinstance(item, list | tuple):
        raise InputError(f"RLP encodes bytes, lists and tuples, got {type(item).__name__}")
    if not depth:
        raise InputError(f"RLP: lists are nested deeper than {MAX_DEPTH}")
    payload = bytearray()
    for member in item:
        payload += _encode(member, depth - 1)
    return _prefix(len(payload), 0xC0) + bytes(payload)


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = from_uint(length)
    return bytes([offset + 55 + len(size)]) + size


def decode(data: bytes) -> Decoded:
    """The item that the whole of `data` encodes: bytes, or nested lists of bytes. Raises InputError.

    Refused: another encoding than `encode` makes, missing or trailing bytes, more than MAX_SIZE bytes, lists nested
    deeper than MAX_DEPTH.
    """
    if not isinstance(data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"RLP decodes bytes, got {type(data).__name__}")
    if len(data) > MAX_SIZE:
        raise InputError(f"RLP: {len(data)} bytes are more than the {MAX_SIZE} that are decoded")
    item, end = _decode(data, 0, len(data), MAX_DEPTH)
    if end != len(data):
        raise InputError(f"RLP: {len(data) - end} trailing bytes after the item")
    return item


def _decode(data: bytes, position: int, limit: int, depth: int) -> tuple[Decoded, int]:
    """The item at `position`, which must end at or before `limit`, and where it ends."""
    is_list, start, end = _header(data, position, limit)
    if not is_list:
        return data[start:end], end
    if not depth:
        raise InputError(f"RLP: lists are nested deeper than {MAX_DEPTH}")
    items: list[Decoded] = []
    while start < end:
        item, start = _decode(data, start, end, depth - 1)
        items.append(item)
    return items, end


def _header(data: bytes, position: int, limit: int) -> tuple[bool, int, int]:
    """Whether the item at `position` is a list, and where its payload starts and ends."""
    if position >= limit:
        raise InputError(f"RLP: an item is missing at byte {position}")
    first = data[position]
    if first < 0x80:
        return False, position, position + 1
    is_list = first >= 0xC0
    length = first - (0xC0 if is_list else 0x80)
    start = position + 1
    if length > 55:
        size = data[start : start + length - 55]
        start += length - 55
        length = int.from_bytes(size)
        if start > limit or size[0] == 0 or length < 56:
            raise InputError(f"RLP: the length at byte {position} is cut off or not in its shortest form")
    end = start + length
    if end > limit:
        raise InputError(f"RLP: the item at byte {position} ends {end - limit} bytes after its place does")
    if not is_list and length == 1 and data[start] < 0x80:
        raise InputError(f"RLP: the byte {data[start]:#04x} at byte {start} has a prefix it must not have")
    return is_list, start, end


def from_uint(value: int) -> bytes:
    """An integer as RLP has it: big-endian without leading zeros, so zero is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def to_uint(item: Decoded, name: str, bits: int = 256) -> int:
    """The integer in a decoded item. Raises InputError for a list, a leading zero, or more than `bits` bits."""
    if not isinstance(item, bytes):
        raise InputError(f"{name}: expected an integer, got a list of {len(item)} items")
    if item[:1] == b"\0":
        raise InputError(f"{name}: the integer 0x{item[:40].hex()} has a leading zero")
    value = int.from_bytes(item)
    if value.bit_length() > bits:
        raise InputError(f"{name}: expected at most {bits} bits, got {value.bit_length()}")
    return value
