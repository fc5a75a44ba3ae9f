"""RLP against the `rlp` package."""

from typing import Any

import rlp as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from rlp.exceptions import RLPException

from tests.property import strategies as our
from zkcore.errors import InputError
from zkcore.ethereum import rlp


def ours(data: bytes) -> Any:
    try:
        return rlp.decode(data)
    except InputError:
        return None


def theirs(data: bytes) -> Any:
    try:
        return plain(oracle.decode(data))
    except RLPException:
        return None


def plain(item: Any) -> Any:
    return item if isinstance(item, bytes) else [plain(member) for member in item]


@given(our.rlp_items)
def test_we_encode_the_same(item: Any) -> None:
    assert rlp.encode(item) == oracle.encode(item)


@settings(max_examples=500)
@given(
    st.one_of(st.binary(max_size=80), our.rlp_items.map(rlp.encode), st.binary(max_size=80).map(rlp.encode)), st.data()
)
def test_we_decode_the_same_and_refuse_the_same(data: bytes, draw: st.DataObject) -> None:
    assert ours(data) == theirs(data)
    if data:  # nearly right is where strictness shows
        changed = bytearray(data)
        changed[draw.draw(st.integers(0, min(len(data) - 1, 12)))] = draw.draw(
            st.sampled_from([0x00, 0x7F, 0x80, 0x81, 0xB7, 0xB8, 0xB9, 0xBF, 0xC0, 0xC1, 0xF7, 0xF8, 0xFF])
        )
        assert ours(bytes(changed)) == theirs(bytes(changed))


@given(our.uints(512))
def test_integers_are_the_same(value: int) -> None:
    assert rlp.encode(rlp.from_uint(value)) == oracle.encode(value)


@given(st.binary(max_size=8))
def test_the_same_integers_are_refused(item: bytes) -> None:
    encoded = rlp.encode(item)
    try:
        expected = oracle.decode(encoded, oracle.sedes.big_endian_int)
    except RLPException:
        expected = None
    try:
        got = rlp.to_uint(rlp.decode(encoded), "value")
    except InputError:
        got = None
    assert got == expected
