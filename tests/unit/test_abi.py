from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkcore.errors import InputError
from zkcore.ethereum import abi
from zkcore.ethereum.abi import ErrorType, Event, Function
from zkcore.types import Address, Hash32

TRANSFER = Function("transfer(address to,uint256 amount) returns (bool)")
TO = Address("0x36615Cf349d7F6344891B1e7CA7C72883F5dc049")
NESTED = Function(
    "request((uint256 chainId,bytes data,bytes[] deps,(address owner,bool set)[2] pair) asked,uint8 kind) payable"
)


def test_signatures_are_read_with_names_and_reduced_to_types() -> None:
    assert NESTED.signature == "request((uint256,bytes,bytes[],(address,bool)[2]),uint8)"
    assert NESTED.payable
    assert not TRANSFER.payable
    assert [part.name for part in NESTED.inputs[0].components] == ["chainId", "data", "deps", "pair"]
    assert TRANSFER.outputs[0].type == "bool"
    aliased = Function("f(uint a, int[] b, tuple(uint x) c, bytes calldata d)")
    assert aliased.signature == "f(uint256,int256[],(uint256),bytes)"
    assert str(Event("E(address indexed a,uint256)")) == "E(address,uint256)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(uint256)",
        "f",
        "f(",
        "f(uint256",
        "f(uint256,)",
        "f(uint9)",
        "f(uint256 a b)",
        "f(bytes33)",
        "f(uint256[)",
        "f(uint256) x)",
        "f()()",
        "f(uint256;address)",
    ],
)
def test_malformed_signatures_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="ABI signature"):
        _ = Function(text).signature


def test_calldata_is_selector_and_arguments() -> None:
    data = TRANSFER.encode(TO, 5)
    assert data.hex() == "a9059cbb" + TO.hex().rjust(64, "0") + f"{5:064x}"
    assert TRANSFER.encode(str(TO), 5) == data
    to, amount = TRANSFER.decode_arguments(data)
    assert (type(to), to, amount) == (Address, TO, 5)
    assert TRANSFER.encode(*TRANSFER.decode_arguments(data)) == data


def test_structs_arrays_and_names() -> None:
    arguments = ((324, b"\x01\x02", [b"", b"\x03" * 40], [(TO, True), (TO, False)]), 7)
    data = NESTED.encode(*arguments)
    expected = eth_abi.encode(["(uint256,bytes,bytes[],(address,bool)[2])", "uint8"], arguments)
    assert data == NESTED.selector + expected
    values = NESTED.decode_arguments(data)
    assert abi.named(NESTED.inputs, values) == {
        "asked": {
            "chainId": 324,
            "data": b"\x01\x02",
            "deps": (b"", b"\x03" * 40),
            "pair": ({"owner": TO, "set": True}, {"owner": TO, "set": False}),
        },
        "kind": 7,
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((TO,), "expected 2 arguments, got 1"),
        ((TO, -1), "transfer: amount"),
        ((TO, 2**256), "transfer: amount"),
        ((TO, True), "transfer: amount"),
        ((TO, "5"), "transfer: amount"),
        ((TO, 5.0), "transfer: amount"),
        (("0x36615cf349d7f6344891b1e7ca7c72883f5dc04", 5), "transfer: to"),
        (("0x36615Cf349d7F6344891B1e7CA7C72883F5dc04a", 5), "transfer: to.*checksum"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(InputError, match=named):
        TRANSFER.encode(*arguments)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bytes4", b"\x01"),
        ("bytes4", b"\x01" * 5),
        ("bytes32", "0x01"),
        ("bytes", "01"),
        ("bool", 1),
        ("string", b"text"),
        ("int8", 128),
        ("int8", -129),
        ("int8", True),
        ("uint8", 256),
        ("uint256[2]", [1]),
        ("uint256[]", 1),
        ("(uint256,bool)", (1,)),
        ("(uint256,bool)", {"a": 1}),
    ],
)
def test_values_are_never_padded_cut_or_guessed(kind: str, value: Any) -> None:
    with pytest.raises(InputError):
        abi.encode([kind], [value])


def test_int_bounds_are_inclusive() -> None:
    assert abi.decode(["int8", "int8"], abi.encode(["int8", "int8"], [-128, 127])) == (-128, 127)


def test_decoding_is_strict() -> None:
    data = abi.encode(["bytes"], [b"\x01\x02\x03"])
    assert abi.decode(["bytes"], data) == (b"\x01\x02\x03",)
    with pytest.raises(InputError, match="canonical"):
        abi.decode(["bytes"], data + bytes(32))
    assert abi.decode(["bytes"], data + bytes(32), canonical=False) == (b"\x01\x02\x03",)
    with pytest.raises(InputError):  # padding is not zero
        abi.decode(["bytes"], data[:-1] + b"\x01", canonical=False)
    with pytest.raises(InputError):  # an address with dirt above it
        abi.decode(["address"], b"\x01" + bytes(31), canonical=False)
    with pytest.raises(InputError):  # a bool of 2
        abi.decode(["bool"], bytes(31) + b"\x02", canonical=False)
    with pytest.raises(InputError, match="canonical"):  # the same tail, reached by another offset
        abi.decode(["bytes"], (64).to_bytes(32, "big") + bytes(32) + data[32:])
    with pytest.raises(InputError):
        abi.decode(["uint256"], b"")
    with pytest.raises(InputError):
        abi.decode(["string"], abi.encode(["bytes"], [b"\xff"]))


def test_a_wrong_selector_is_refused() -> None:
    with pytest.raises(InputError, match="a9059cbb"):
        TRANSFER.decode_arguments(b"\x00" * 68)
    with pytest.raises(InputError):
        TRANSFER.decode_arguments(b"")


def test_results_may_have_more_behind_them_as_for_contracts() -> None:
    assert TRANSFER.decode_result(bytes(31) + b"\x01" + bytes(32)) == (True,)
    with pytest.raises(InputError, match="result of transfer"):
        TRANSFER.decode_result(b"")


def test_events() -> None:
    event = Event("Sent(address indexed from,bytes32 indexed hash,bytes message,string indexed note)")
    topics = [event.topic, Hash32(bytes(12) + TO), Hash32(b"\x07" * 32), Hash32(b"\x08" * 32)]
    data = abi.encode(["bytes"], [b"hello"])
    values = event.decode(topics, data)
    assert values == {"from": TO, "hash": topics[2], "message": b"hello", "note": topics[3]}
    assert type(values["hash"]) is Hash32
    for wrong in (topics[:3], [*topics, topics[0]], [topics[1], *topics[1:]], [topics[0], b"\x01" * 32, *topics[2:]]):
        with pytest.raises(InputError):
            event.decode(wrong, data)
    with pytest.raises(InputError):
        event.decode(topics, data + b"\x00")


def test_errors() -> None:
    error = ErrorType("MsgValueTooLow(uint256 required,uint256 provided)")
    assert error.selector.hex() == "b385a3da"
    assert error.decode(error.encode(2, 1)) == (2, 1)
    with pytest.raises(InputError):
        error.decode(b"\x00\x00\x00\x00")


# ---------------------------------------------------------------- beside eth-abi
ELEMENTARY: dict[str, st.SearchStrategy[Any]] = {
    "address": st.binary(min_size=20, max_size=20).map(Address),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=70),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "string": st.text(max_size=40),
    "uint8": st.integers(0, 255),
    "uint256": st.integers(0, 2**256 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
}


def typed(kind: str) -> st.SearchStrategy[tuple[str, Any]]:
    return ELEMENTARY[kind].map(lambda value: (kind, value))


def arrayed(kind: str) -> st.SearchStrategy[tuple[str, Any]]:
    return st.lists(ELEMENTARY[kind], max_size=4).map(lambda values: (f"{kind}[]", tuple(values)))


def joined(parts: list[tuple[str, Any]]) -> tuple[str, Any]:
    return f"({','.join(kind for kind, _ in parts)})", tuple(value for _, value in parts)


PLAIN = st.sampled_from(sorted(ELEMENTARY)).flatmap(lambda kind: typed(kind) | arrayed(kind))
VALUES = PLAIN | st.lists(PLAIN, min_size=1, max_size=4).map(joined)


@given(st.lists(VALUES, max_size=5))
def test_encodes_as_eth_abi_and_decodes_back(values: list[tuple[str, Any]]) -> None:
    kinds, given_values = [kind for kind, _ in values], [value for _, value in values]
    data = abi.encode(kinds, given_values)
    assert data == eth_abi.encode(kinds, given_values)
    assert abi.decode(kinds, data) == tuple(given_values)


@given(st.lists(VALUES, min_size=1, max_size=3), st.data())
def test_no_other_bytes_decode(values: list[tuple[str, Any]], data: st.DataObject) -> None:
    """One changed byte gives other values or an error, never the same values."""
    kinds, given_values = [kind for kind, _ in values], [value for _, value in values]
    encoded = bytearray(abi.encode(kinds, given_values))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        changed = abi.decode(kinds, bytes(encoded))
    except InputError:
        return
    assert changed != tuple(given_values)
    assert abi.encode(kinds, changed) == bytes(encoded)
