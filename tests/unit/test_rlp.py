"""Strictness and bounds; that it encodes right is in tests/vectors and tests/property."""

from typing import Any

import pytest

from zkcore.errors import InputError
from zkcore.ethereum import rlp


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "an item is missing at byte 0"),
        ("0000", "1 trailing bytes"),
        ("8100", "the byte 0x00 at byte 1 has a prefix it must not have"),
        ("b837" + "61" * 55, "not in its shortest form"),
        ("b90038" + "61" * 56, "not in its shortest form"),
        ("b8", "cut off"),
        ("bf" + "ff" * 8, "ends 18446744073709551615 bytes after its place"),
        ("c28080c0", "1 trailing bytes"),
        ("c18161", "ends 1 bytes after its place"),
        ("c3c20102c0", "1 trailing bytes"),
        ("f838" + "01" * 55, "ends 1 bytes after its place"),
    ],
)
def test_another_encoding_than_ours_is_refused(data: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        rlp.decode(bytes.fromhex(data))


def test_lists_are_nested_no_deeper_than_the_bound() -> None:
    item: Any = b"x"
    for _ in range(rlp.MAX_DEPTH):
        item = [item]
    assert rlp.decode(rlp.encode(item)) == item
    with pytest.raises(InputError, match="nested deeper than 256"):
        rlp.encode([item])
    too_deep = rlp.encode(item)
    for _ in range(2):
        too_deep = bytes([0xF9]) + len(too_deep).to_bytes(2) + too_deep
    with pytest.raises(InputError, match="nested deeper than 256"):
        rlp.decode(too_deep)


def test_no_more_is_decoded_than_the_bound() -> None:
    with pytest.raises(InputError, match="16777217 bytes are more than the 16777216"):
        rlp.decode(bytes(rlp.MAX_SIZE + 1))


def test_a_list_in_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InputError, match="nested deeper"):
        rlp.encode(loop)


@pytest.mark.parametrize("item", ["text", 5, None, bytearray(b"x"), [b"a", 1], {b"a": b"b"}])
def test_only_bytes_lists_and_tuples_are_encoded(item: Any) -> None:
    with pytest.raises(InputError, match="RLP encodes bytes, lists and tuples"):
        rlp.encode(item)


@pytest.mark.parametrize("data", ["0x00", bytearray(b"x"), None, [b"x"]])
def test_only_bytes_are_decoded(data: Any) -> None:
    with pytest.raises(InputError, match="RLP decodes bytes"):
        rlp.decode(data)


def test_integers_have_no_leading_zeros_and_a_width() -> None:
    assert [rlp.from_uint(value) for value in (0, 1, 255, 256)] == [b"", b"\x01", b"\xff", b"\x01\x00"]
    assert rlp.to_uint(b"\xff" * 8, "nonce", bits=64) == 2**64 - 1
    with pytest.raises(InputError, match="nonce: expected at most 64 bits, got 65"):
        rlp.to_uint(b"\x01" + bytes(8), "nonce", bits=64)
    with pytest.raises(InputError, match="nonce: expected at most 256 bits, got 257"):
        rlp.to_uint(b"\x01" + bytes(32), "nonce")
    with pytest.raises(InputError, match="nonce: the integer 0x0001 has a leading zero"):
        rlp.to_uint(b"\x00\x01", "nonce")
    with pytest.raises(InputError, match="nonce: expected an integer, got a list of 1 items"):
        rlp.to_uint([b"\x01"], "nonce")


def test_the_longest_that_is_decoded_to_the_byte() -> None:
    assert rlp.MAX_SIZE == 16_777_216
    longest = bytes(rlp.MAX_SIZE - 4)  # and a head of four bytes
    raw = rlp.encode(longest)
    assert len(raw) == rlp.MAX_SIZE
    assert rlp.decode(raw) == longest
    with pytest.raises(InputError, match="16777217 bytes are more than the 16777216 that are decoded"):
        rlp.decode(rlp.encode(longest + b"\0"))
