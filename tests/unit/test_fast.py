"""The extra `fast`: what it brings gives the same bytes, is taken only if it does, and nothing needs it."""

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from Crypto.Hash import keccak as pycryptodome
from eth_abi import abi as eth_abi
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from zkcore import _keccak
from zkcore.ethereum import abi

NOTHING = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    _keccak.backend.cache_clear()
    abi.codec.cache_clear()


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    _keccak.backend.cache_clear()
    abi.codec.cache_clear()


@given(st.binary(max_size=600))
def test_both_hashes_give_the_same_bytes(data: bytes) -> None:
    pytest.importorskip("sha3")
    assert _keccak.backend()[0] == "safe-pysha3"
    assert _keccak.keccak(data) == pycryptodome.new(data=data, digest_bits=256).digest()


@pytest.mark.parametrize("length", [0, 1, 135, 136, 137, 271, 272, 273, 1 << 20])
def test_at_the_edges_of_the_sponge(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate is 136 bytes: a block more or less of padding."""
    data = bytes(range(256)) * (length // 256 + 1)
    native = _keccak.keccak(data[:length])
    without(monkeypatch, "sha3")
    assert _keccak.backend()[0] == "pycryptodome"
    assert _keccak.keccak(data[:length]) == native


def test_another_module_of_that_name_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sha3` is the name of several; NIST's SHA3-256 is not Keccak-256."""
    import hashlib

    monkeypatch.setitem(sys.modules, "sha3", SimpleNamespace(keccak_256=hashlib.sha3_256))
    _keccak.backend.cache_clear()
    assert _keccak.backend()[0] == "pycryptodome"
    assert _keccak.keccak(b"").hex() == NOTHING


def test_a_module_of_that_name_without_the_function_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sha3", SimpleNamespace(sha3_256=None))
    _keccak.backend.cache_clear()
    assert _keccak.backend()[0] == "pycryptodome"


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint256": st.integers(0, 2**256 - 1),
    "uint8": st.integers(0, 255),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes": st.binary(max_size=80),
    "string": st.text(max_size=30),
    "uint256[]": st.lists(st.integers(0, 2**256 - 1), max_size=4),
    "bytes[2]": st.lists(st.binary(max_size=40), min_size=2, max_size=2),
    "(address,bytes)[]": st.lists(st.tuples(st.just("0x" + "11" * 20), st.binary(max_size=40)), max_size=3),
}
ARGUMENTS = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])), min_size=1, max_size=5
)


def outcome(codec: Any, kinds: list[str], data: bytes) -> Any:
    try:
        return codec.decode(kinds, data, strict=True)
    except (DecodingError, UnicodeDecodeError, OverflowError):  # which of them, depends on the order of checks
        return "refused, as `zkcore.ethereum.abi` reads it"


@given(ARGUMENTS, st.data())
def test_both_codecs_give_the_same_bytes_and_values_and_refuse_the_same(
    arguments: list[tuple[str, Any]], data: st.DataObject
) -> None:
    fast: Any = pytest.importorskip("faster_eth_abi.abi")
    kinds, values = [kind for kind, _ in arguments], [value for _, value in arguments]
    encoded = fast.encode(kinds, values)
    assert encoded == eth_abi.encode(kinds, values)
    assert fast.decode(kinds, encoded, strict=True) == eth_abi.decode(kinds, encoded, strict=True)
    place = data.draw(st.integers(0, len(encoded) - 1))
    flipped = bytes([encoded[place] ^ data.draw(st.integers(0, 255))])
    odd = encoded[:place] + data.draw(st.sampled_from([b"", flipped, flipped + encoded[place + 1 :]]))
    assert outcome(fast, kinds, odd) == outcome(eth_abi, kinds, odd)


def test_without_it_eth_abi_does_the_coding(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = abi.encode(["uint256", "bytes"], [1, b"ab"])
    without(monkeypatch, "faster_eth_abi", "faster_eth_abi.abi")
    assert abi.codec() is eth_abi
    assert abi.encode(["uint256", "bytes"], [1, b"ab"]) == encoded
    assert abi.decode(["uint256", "bytes"], encoded) == (1, b"ab")
