"""Decoding: strict, in both spellings, and an error that names method, field and value. Nothing else is ever raised."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.rpc import samples as s
from zkcore.effects import Call
from zkcore.errors import MalformedReply
from zkcore.explore import calls as explored
from zkcore.explore.replies import Block, ByteNumbers
from zkcore.methods import calls
from zkcore.methods.decoding import Data, Quantity, decoder, decoder_or_null
from zkcore.methods.replies import L2ToL1LogEntry, Log, LogProof, NodeTransaction, Receipt, SpelledLogProof
from zkcore.testing import play
from zkcore.types import Address, Hash32


def receipt(**changes: Any) -> Receipt:
    found = play(calls.get_receipt("l2", s.H1), [s.ERA_RECEIPT | changes]).value
    assert found is not None
    return found


# ---------------------------------------------------------------- the smallest parts
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x0", 0),
        ("0x1", 1),
        ("0xff", 255),
        ("0xFF", 255),
        ("0x00", 0),
        ("0x01", 1),
        ("0x" + "f" * 64, 2**256 - 1),
        (0, 0),
        (7, 7),
        (2**64, 2**64),
        (2**256 - 1, 2**256 - 1),
    ],
)
def test_quantities(text: Any, value: int) -> None:
    found = decoder(Quantity)(Raw(json.dumps(text).encode()))
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1",
        "0x",
        "0X1",
        "x1",
        "0xg",
        "0x-1",
        "-0x1",
        "+0x1",
        " 0x1",
        "0x1 ",
        "0x 1",
        "0x_1",
        "0x1_0",
        "0x1\n",
        "1e5",
        "latest",
        "0x" + "f" * 65,
        "0x" + "0" * 65,
        "0x\u0661",
        "\u0661",
        -1,
        2**256,
        1.0,
        1e18,
        True,
        False,
        None,
        [],
        {},
        ["0x1"],
    ],
)
def test_what_is_no_quantity(text: Any) -> None:
    with pytest.raises(ValueError, match=re.escape("expected a quantity (0x hex or a number), got ")):
        decoder(Quantity)(Raw(json.dumps(text).encode()))


@pytest.mark.parametrize("text", ["0x", "0x00", "0xAbCd", "0x" + "00" * 1000])
def test_data(text: str) -> None:
    found = decoder(Data)(Raw(json.dumps(text).encode()))
    assert (found, type(found)) == (bytes.fromhex(text[2:]), bytes)


@pytest.mark.parametrize(
    "text", ["", "00", "0x0", "0x0g", "0X00", "0x 00", "0x00 ", "0x0 0", "0x00\n", 0, None, True, [], "0x\u0661\u0661"]
)
def test_what_is_no_data(text: Any) -> None:
    with pytest.raises(ValueError, match="expected data"):
        decoder(Data)(Raw(json.dumps(text).encode()))


@pytest.mark.parametrize("kind", [Address, Hash32])
def test_addresses_and_hashes(kind: Any) -> None:
    size = 20 if kind is Address else 32
    right = "0x" + "aB" * size
    found = decoder(kind)(Raw(json.dumps(right).encode()))
    assert (found, type(found)) == (kind(bytes.fromhex("ab" * size)), kind)
    # no checksum is asked of a node: it says what it likes
    for wrong in [
        "0x",
        right[:-1],
        right[:-2],
        right + "00",
        right[2:],
        right[:-2] + "  ",
        " " + right[:-1],
        "0x" + "zz" * size,
        5,
        None,
        True,
    ]:
        with pytest.raises(ValueError, match=f"expected {size} bytes in 0x hex, got "):
            decoder(kind)(Raw(json.dumps(wrong).encode()))


@pytest.mark.parametrize("wrong", [[256], [-1], [1.0], [True], ["1"], [None], {}, "0x00", 5])
def test_byte_numbers(wrong: Any) -> None:
    assert decoder(ByteNumbers)(Raw(b"[0,255]")) == b"\0\xff"
    with pytest.raises(ValueError, match="expected an array of numbers from 0 to 255, got "):
        decoder(ByteNumbers)(Raw(json.dumps(wrong).encode()))


def test_values_can_be_encoded_again() -> None:
    """They are plain ints and bytes: a handle keeps what it took from a receipt."""
    found = receipt()
    assert msgspec.json.encode({"gas": found.gas_used, "data": found.logs[0].data}) == b'{"gas":21000,"data":"AQI="}'


def test_decoders_are_kept() -> None:
    assert decoder_or_null(Receipt) is decoder_or_null(Receipt)
    assert calls.chain_id("l1") == calls.chain_id("l1")


def test_a_receipt_of_another_transaction_is_refused() -> None:
    with pytest.raises(MalformedReply, match=f"asked about {s.H2}, answered about {s.H1}"):
        play(calls.get_receipt("l2", s.H2), [s.RECEIPT])
    with pytest.raises(MalformedReply, match=f"asked about {s.H2}, answered about {s.H1}"):
        play(calls.get_transaction("l2", s.H2), [s.TRANSACTION])


# ---------------------------------------------------------------- receipts
ENTRY = {"is_service": True, "sender": Address("0x" + "00" * 18 + "8008"), "key": Hash32(s.H1), "value": Hash32(s.H2)}


@pytest.mark.parametrize(
    ("row", "shard", "number"),
    [
        (s.ERA_L2_LOG, 0, 7),
        (s.ERA_L2_LOG | {"txIndexInL1Batch": None}, 0, None),  # not batched yet: not its place in the block
        (s.OS25_L2_LOG, 0, 3),
        (s.OS26_L2_LOG, 0, 2),
        (s.OS25_L2_LOG | {"l2_shard_id": "0x1"}, 1, 3),
    ],
)
def test_l2_to_l1_logs(row: Any, shard: int, number: int | None) -> None:
    (entry,) = receipt(l2ToL1Logs=[row]).l2_to_l1_logs
    assert entry == L2ToL1LogEntry(shard_id=shard, tx_number=number, **ENTRY)


def test_logs() -> None:
    found = receipt()
    assert found.logs == (
        Log(
            address=Address(s.A1),
            topics=(Hash32(s.H1), Hash32(s.H2)),
            data=b"\1\2",
            block_number=5,
            block_hash=Hash32(s.H2),
            transaction_hash=Hash32(s.H1),
            log_index=3,
            removed=False,
        ),
    )
    assert receipt(logs=[], l2ToL1Logs=[]).logs == ()


def test_unknown_fields_are_ignored_and_optional_ones_may_lack() -> None:
    assert receipt(x=1, y={"deep": [1, 2, {"z": None}]}) == receipt()
    bare = {key: value for key, value in s.RECEIPT.items() if key not in {"type", "contractAddress"}}
    found = play(calls.get_receipt("l1", s.H1), [bare]).value
    assert found is not None
    assert (found.type, found.contract_address, found.l1_batch_number, found.l2_to_l1_logs) == (0, None, None, None)


# a change to a good reply, and what the error must name: the field and the value
BAD_FIELDS: list[tuple[dict[str, Any], list[str]]] = [
    ({"status": "0x2"}, ["status", "2"]),
    ({"status": None}, ["`$.status`", "None"]),
    ({"status": True}, ["`$.status`", "True"]),
    ({"blockNumber": "5"}, ["`$.blockNumber`", "'5'"]),
    ({"blockNumber": [None]}, ["`$.blockNumber`", "None"]),
    ({"blockHash": "0x11"}, ["`$.blockHash`", "'0x11'"]),
    ({"from": "0x"}, ["`$.from`", "'0x'"]),
    ({"from": None}, ["`$.from`", "None"]),
    ({"to": 5}, ["`$.to`", "5"]),
    ({"logs": None}, ["`$.logs`", "null"]),
    ({"logs": {}}, ["`$.logs`", "{}"]),
    ({"logs": [s.LOG, 7]}, ["`$.logs[1]`", "7"]),
    ({"logs": [s.LOG, s.LOG | {"data": "0x0"}]}, ["`$.logs[1].data`", "'0x0'"]),
    ({"logs": [s.LOG | {"topics": ["0x12"]}]}, ["`$.logs[0].topics[0]`", "'0x12'"]),
    ({"logs": [s.LOG | {"topics": "0x12"}]}, ["`$.logs[0].topics`", "'0x12'"]),
    ({"logs": [s.LOG | {"removed": "yes"}]}, ["`$.logs[0].removed`", "'yes'"]),
    ({"logs": [{k: v for k, v in s.LOG.items() if k != "address"}]}, ["`address`", "`$.logs[0]`"]),
    ({"logs": [s.LOG | {"logIndex": None}]}, ["`$.logs[0].logIndex`", "None"]),
    ({"l2ToL1Logs": 5}, ["`$.l2ToL1Logs`", "5"]),
    ({"l2ToL1Logs": [5]}, ["`$.l2ToL1Logs`", "`$[0]`", "5"]),
    ({"l2ToL1Logs": [s.OS25_L2_LOG | {"is_service": "yes"}]}, ["`$.l2ToL1Logs`", "`$[0].isService`", "'yes'"]),
    ({"l2ToL1Logs": [s.ERA_L2_LOG, s.ERA_L2_LOG | {"key": "0x12"}]}, ["`$.l2ToL1Logs`", "`$[1].key`", "'0x12'"]),
    ({"l2ToL1Logs": [s.L2_LOG | {"shardId": 0, "isService": True}]}, ["`$.l2ToL1Logs`", "`txNumber`"]),
    ({"l1BatchNumber": "nine"}, ["`$.l1BatchNumber`", "'nine'"]),
    ({"gasUsed": "0x" + "f" * 200}, ["`$.gasUsed`", "0xffff", "(204 characters)"]),
]


@pytest.mark.parametrize("place", range(len(BAD_FIELDS)))
def test_a_bad_field_is_named(place: int) -> None:
    changes, said = BAD_FIELDS[place]
    with pytest.raises(MalformedReply) as caught:
        receipt(**changes)
    text = str(caught.value)
    assert text.startswith("l2 eth_getTransactionReceipt: ")
    assert not [part for part in said if part not in text.partition(", in the reply ")[0]]


REQUIRED = ["transactionHash", "blockHash", "blockNumber", "from", "status", "gasUsed", "logs"]
LEFT_OUT = {"transactionIndex", "to", "effectiveGasPrice", "l2ToL1Logs", "type"}


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("name", sorted(LEFT_OUT - {"type"}))
def test_what_nodes_leave_out_is_none_and_no_fact(name: str, null: bool) -> None:
    rest: dict[str, Any] = {key: value for key, value in s.ERA_RECEIPT.items() if key != name}
    found = play(calls.get_receipt("l2", s.H1), [rest | ({name: None} if null else {})]).value
    snake = {"l2ToL1Logs": "l2_to_l1_logs"}.get(name, re.sub("([A-Z])", r"_\1", name).lower())
    assert found is not None
    assert getattr(found, snake) is None


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_field_is_named(name: str) -> None:
    rest = {key: value for key, value in s.ERA_RECEIPT.items() if key != name}
    with pytest.raises(MalformedReply, match=f"missing required field `{name}`"):
        play(calls.get_receipt("l2", s.H1), [rest])


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (calls.get_l2_to_l1_log_proof(s.H1), s.ERA_PROOF | {"proof": [s.H1, "0x12"]}),
        (calls.get_l2_to_l1_log_proof(s.H1), s.ERA_PROOF | {"id": None}),
        (calls.get_l2_to_l1_log_proof(s.H1), {"proof": [], "root": s.H1}),
        (calls.get_l2_to_l1_log_proof(s.H1), []),
        (explored.get_block("l1"), s.BLOCK | {"timestamp": "now"}),
        (calls.fee_history("l1", 1), s.FEE_HISTORY | {"baseFeePerGas": []}),
        (calls.fee_history("l1", 1), s.FEE_HISTORY | {"baseFeePerGas": None}),
        (calls.fee_history("l1", 1), s.FEE_HISTORY | {"reward": [["0x"]]}),
        (calls.get_transaction("l1", s.H1), s.TRANSACTION | {"input": "0x1"}),
        (calls.get_transaction_details(s.H1), s.TRANSACTION_DETAILS | {"receivedAt": "yesterday"}),
        (explored.get_l1_batch_block_range(1), ["0x1"]),
        (explored.get_l1_batch_block_range(1), ["0x1", "0x2", "0x3"]),
        (explored.get_fee_params(), {"V1": {}}),
        (calls.simulate("l1", []), [{"number": "0x1"}]),
    ],
)
def test_other_replies_that_do_not_fit(call: Any, result: Any) -> None:
    with pytest.raises(MalformedReply):
        play(call, [result])


# ---------------------------------------------------------------- nothing but NodeError, whatever comes
CALLS: list[Call[Any]] = [
    calls.get_receipt("l2", s.H1),
    explored.get_block("l1"),
    calls.get_transaction("l1", s.H1),
    calls.fee_history("l1", 1),
    explored.get_l1_batch_details(1),
    calls.get_transaction_details(s.H1),
    explored.get_bytecode_by_hash(s.H1),
    explored.get_genesis(),
    calls.simulate("l1", []),
    explored.get_block_metadata_by_number(1),
    calls.chain_id("l1"),
    calls.get_bridgehub_contract(),
]
GOOD = [
    s.ERA_RECEIPT,
    s.BLOCK,
    s.TRANSACTION,
    s.FEE_HISTORY,
    s.DETAILS,
    s.TRANSACTION_DETAILS,
    [1, 2],
    s.GENESIS,
    s.SIMULATED,
    {"pubdataPricePerByte": 1, "nativePrice": 2, "executionVersion": 3},
    "0x1",
    s.A1,
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**260)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["0x", "0x0", "0x1", s.A1, s.H1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(sorted(s.ERA_RECEIPT)), inner, max_size=4)
    ),
    max_leaves=12,
)


def decoded(call: Any, reply: object) -> None:
    """Decode: nothing but a value or a MalformedReply comes of it."""
    with suppress(MalformedReply):
        play(call, [reply])


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def with_at(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_at(value[path[0]], path[1:], new)
    return copy


@given(st.sampled_from(CALLS), json_values)
def test_any_json_gives_a_value_or_a_node_error(call: Call[Any], value: Any) -> None:
    decoded(call, value)


@given(st.data(), json_values)
def test_a_good_reply_with_one_place_changed(data: st.DataObject, value: Any) -> None:
    place = data.draw(st.integers(0, len(CALLS) - 1))
    path = data.draw(st.sampled_from(list(paths(GOOD[place]))))
    decoded(CALLS[place], with_at(GOOD[place], path, value))


@given(st.sampled_from(range(len(CALLS))), st.binary(max_size=60), st.integers(0, 4000))
def test_a_good_reply_with_bytes_put_in(place: int, junk: bytes, at: int) -> None:
    raw = json.dumps(GOOD[place]).encode()
    at %= len(raw) + 1
    decoded(CALLS[place], Raw(raw[:at] + junk + raw[at:]))
    decoded(CALLS[place], Raw(raw[:at]))


@given(json_values)
def test_any_json_as_a_proof(value: Any) -> None:
    with suppress(MalformedReply):
        play(calls.get_l2_to_l1_log_proof(s.H1), [value])


@pytest.mark.parametrize(
    "raw", [b"[" * 5_000 + b"]" * 5_000, b'{"x":' * 5_000 + b"1" + b"}" * 5_000, b'{"x":"\xff"}', b"\xff", b'"\\ud800"']
)
@pytest.mark.parametrize("call", CALLS)
def test_hostile_json(call: Call[Any], raw: bytes) -> None:
    decoded(call, Raw(raw))


@pytest.mark.parametrize("kind", [Receipt, Block, NodeTransaction, Log, L2ToL1LogEntry, LogProof])
def test_replies_are_frozen_and_compare(kind: Any) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.eq


def test_the_spelled_types_are_only_for_decoding() -> None:
    found = decoder_or_null(SpelledLogProof)(Raw(json.dumps(s.ERA_PROOF).encode()))
    assert type(found) is LogProof
