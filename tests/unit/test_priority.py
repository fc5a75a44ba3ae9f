from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from tests.unit.test_fees import PARAMS
from zkcore.errors import InputError, L2HashMismatch
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import DIAMOND
from zkcore.protocol.fees import encoded_length
from zkcore.protocol.priority import (
    CanonicalTransaction,
    L2TransactionRequest,
    PriorityRequest,
    l2_refund_recipient,
    l2_sender,
    predict_l2_hash,
    predict_transaction,
    priority_requests,
    refund_is_lost,
)
from zkcore.types import Address, Hash32

ALICE = Address("0x36615Cf349d7F6344891B1e7CA7C72883F5dc049")
BOB = Address("0x43020e6e11cef7dce8e37baa09d9a996ac722057")
DIAMOND_PROXY = Address("0x32400084C286CF3E17e7B677ea9583e60a000324")
OTHER = Address("0x00000000000000000000000000000000000000aa")
STRUCT = (
    "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256[4],bytes,bytes,uint256[],"
    "bytes,bytes)"
)
# the receipt fixture that viem ships with getL2HashFromPriorityOp
FIXTURE = CanonicalTransaction(
    tx_type=0xFF,
    from_address=ALICE,
    to=BOB,
    gas_limit=900_000,
    max_fee_per_gas=268_750_000,
    nonce=32,
    value=7_000_000_000,
    reserved=(241_882_000_000_000, int.from_bytes(ALICE, "big"), 0, 0),
)
FIXTURE_HASH = Hash32("0x18509644075c198320cce3589a34eeb513ca6f053235788117192b391b1e39f2")

UINT256 = st.integers(0, 2**256 - 1)
ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
TRANSACTIONS = st.builds(
    CanonicalTransaction,
    tx_type=UINT256,
    from_address=ADDRESSES,
    to=ADDRESSES,
    gas_limit=UINT256,
    gas_per_pubdata_byte_limit=UINT256,
    max_fee_per_gas=UINT256,
    max_priority_fee_per_gas=UINT256,
    paymaster=ADDRESSES,
    nonce=UINT256,
    value=UINT256,
    reserved=st.tuples(UINT256, UINT256, UINT256, UINT256),
    data=st.binary(max_size=100),
    signature=st.binary(max_size=70),
    factory_deps=st.lists(st.binary(min_size=32, max_size=32).map(Hash32), max_size=3).map(tuple),
    paymaster_input=st.binary(max_size=40),
    reserved_dynamic=st.binary(max_size=40),
)


def by_eth_abi(tx: CanonicalTransaction) -> Any:
    """The struct as eth-abi takes it, field by field."""
    values = asdict(tx)
    for name in ("from_address", "to", "paymaster"):
        values[name] = int.from_bytes(values[name], "big")
    values["factory_deps"] = [int.from_bytes(dep, "big") for dep in tx.factory_deps]
    return tuple(values.values())


# ---------------------------------------------------------------- the transaction
def test_the_published_fixture() -> None:
    assert FIXTURE.hash() == FIXTURE_HASH
    assert FIXTURE.mint_value == 241_882_000_000_000
    assert FIXTURE.refund_recipient == ALICE
    assert len(FIXTURE.encode()) == 800


@given(TRANSACTIONS)
def test_encodes_as_eth_abi_and_decodes_back(tx: CanonicalTransaction) -> None:
    encoded = tx.encode()
    assert encoded == eth_abi.encode([STRUCT], [by_eth_abi(tx)])
    assert CanonicalTransaction.decode(encoded) == tx
    if not (tx.signature or tx.paymaster_input or tx.reserved_dynamic):
        assert len(encoded) == encoded_length(len(tx.data), len(tx.factory_deps))


@given(TRANSACTIONS, st.data())
def test_no_other_bytes_decode_to_the_same(tx: CanonicalTransaction, data: st.DataObject) -> None:
    encoded = bytearray(tx.encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    with suppress(InputError):
        assert CanonicalTransaction.decode(bytes(encoded)) != tx
    for wrong in (tx.encode()[:-1], tx.encode() + bytes(32), tx.encode()[:-32]):
        with pytest.raises(InputError):
            CanonicalTransaction.decode(wrong)


@given(st.binary(max_size=1200))
def test_arbitrary_bytes_are_refused_without_another_error(raw: bytes) -> None:
    with pytest.raises(InputError):
        CanonicalTransaction.decode(raw)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tx_type", -1),
        ("gas_limit", 2**256),
        ("max_fee_per_gas", 1.0),
        ("nonce", True),
        ("value", "1"),
        ("from_address", 2**160),
        ("to", "0x01"),
        ("paymaster", b"\x01"),
        ("data", "01"),
        ("reserved", (1, 2, 3)),
        ("reserved", (1, 2, 3, -4)),
        ("factory_deps", (b"\x01",)),
    ],
)
def test_fields_that_do_not_fit_are_refused(field: str, value: Any) -> None:
    fields = {name: getattr(FIXTURE, name) for name in FIXTURE.__struct_fields__}
    with pytest.raises(InputError):
        CanonicalTransaction(**{**fields, field: value})


def test_every_field_counts_in_the_hash() -> None:
    changes: dict[str, Any] = {
        **{name: number + 1 for name, number in asdict(FIXTURE).items() if type(number) is int},
        "from_address": BOB,
        "to": ALICE,
        "paymaster": BOB,
        "reserved": (1, 2, 3, 4),
        "data": b"\x00",
        "signature": b"\x00",
        "factory_deps": (FIXTURE_HASH,),
        "paymaster_input": b"\x00",
        "reserved_dynamic": b"\x00",
    }
    assert set(changes) == set(FIXTURE.__struct_fields__)
    hashes = {replace(FIXTURE, **{name: value}).hash() for name, value in changes.items()}
    assert len(hashes | {FIXTURE_HASH}) == 17


# ---------------------------------------------------------------- receipts
def log(tx: CanonicalTransaction, address: Address = DIAMOND_PROXY, **more: Any) -> SimpleNamespace:
    values = {"claimed": tx.hash(), "expiration": 9, "deps": (), **more}
    data = eth_abi.encode(
        ["uint256", "bytes32", "uint64", STRUCT, "bytes[]"],
        [tx.nonce, values["claimed"], values["expiration"], by_eth_abi(tx), values["deps"]],
    )
    return SimpleNamespace(address=address, topics=(DIAMOND.new_priority_request.topic,), data=data)


def receipt(*logs: SimpleNamespace) -> Any:
    return SimpleNamespace(logs=logs)


@given(TRANSACTIONS, st.lists(st.binary(max_size=70), max_size=3), st.integers(0, 2**64 - 1))
def test_a_request_is_read_from_its_event(tx: CanonicalTransaction, deps: list[bytes], expiration: int) -> None:
    (request,) = priority_requests(receipt(log(tx, deps=deps, expiration=expiration)), DIAMOND_PROXY)
    assert request.transaction == tx
    assert request.l2_tx_hash == tx.hash()
    assert request.factory_deps == tuple(deps)
    assert request.expiration == expiration


def test_only_the_diamond_s_own_requests_count_all_of_them_in_order() -> None:
    second = replace(FIXTURE, nonce=33)
    gateway_wrapper = replace(FIXTURE, from_address=Address("0x1111111111111111111111111111111111111111"), nonce=5)
    request_id = SimpleNamespace(
        address=DIAMOND_PROXY, topics=(DIAMOND.new_priority_request_id.topic, bytes(32), FIXTURE_HASH), data=b""
    )
    foreign = log(replace(FIXTURE, nonce=1), OTHER)
    found = priority_requests(
        receipt(foreign, request_id, log(FIXTURE), log(gateway_wrapper, OTHER), log(second)), str(DIAMOND_PROXY).lower()
    )
    assert [request.l2_tx_hash for request in found] == [FIXTURE_HASH, second.hash()]
    assert priority_requests(receipt(), DIAMOND_PROXY) == []
    assert priority_requests(receipt(foreign), DIAMOND_PROXY) == []


def test_a_hash_that_is_not_the_transaction_s_is_raised() -> None:
    forged = log(FIXTURE, claimed=b"\x01" * 32)
    with pytest.raises(L2HashMismatch) as caught:
        priority_requests(receipt(log(replace(FIXTURE, nonce=1)), forged), DIAMOND_PROXY)
    assert caught.value.computed == FIXTURE_HASH
    assert caught.value.claimed == b"\x01" * 32


def test_an_event_whose_data_is_no_request_is_none() -> None:
    good = log(FIXTURE, deps=[b"\x01" * 32])
    for data in (b"", bytes(160), good.data[:-1], good.data + b"\x00", good.data[:31] + b"\x01" + good.data[64:]):
        bad = SimpleNamespace(address=DIAMOND_PROXY, topics=good.topics, data=data)
        assert priority_requests(receipt(bad), DIAMOND_PROXY) == []
        assert len(priority_requests(receipt(bad, good), DIAMOND_PROXY)) == 1


@given(st.binary(max_size=1500))
def test_hostile_data_gives_nothing(data: bytes) -> None:
    hostile = SimpleNamespace(address=DIAMOND_PROXY, topics=(DIAMOND.new_priority_request.topic,), data=data)
    assert priority_requests(receipt(hostile), DIAMOND_PROXY) == []


@given(st.integers(0, 1023), st.integers(1, 255))
def test_a_changed_byte_never_passes_for_the_request(place: int, flip: int) -> None:
    data = bytearray(log(FIXTURE, deps=[b"\x01" * 32]).data)
    data[place] ^= flip
    changed = SimpleNamespace(address=DIAMOND_PROXY, topics=(DIAMOND.new_priority_request.topic,), data=bytes(data))
    try:
        found = priority_requests(receipt(changed), DIAMOND_PROXY)
    except L2HashMismatch:
        return
    # what the hash does not cover: the id beside it, the expiration, the bytecodes
    assert all(request.transaction == FIXTURE and request.l2_tx_hash == FIXTURE_HASH for request in found)


# ---------------------------------------------------------------- prediction
def test_prediction_of_the_fixture() -> None:
    request = L2TransactionRequest(
        sender=ALICE,
        l2_contract=BOB,
        mint_value=241_882_000_000_000,
        l2_value=7_000_000_000,
        l2_gas_limit=900_000,
        refund_recipient=ALICE,
    )
    assert predict_transaction(request, stack="era", priority_id=32, l2_gas_price=268_750_000) == FIXTURE
    at_inclusion: dict[str, Any] = {"priority_id": 32, "effective_gas_price": 1_500_000_001}
    assert predict_l2_hash(request, PARAMS, stack="era", **at_inclusion) == FIXTURE_HASH
    on_os = predict_transaction(request, stack="zksync-os", priority_id=32, l2_gas_price=268_750_000)
    assert (on_os.tx_type, replace(on_os, tx_type=0xFF)) == (0x7F, FIXTURE)
    dep = b"\x05" * 32
    with_dep = predict_transaction(replace(request, factory_deps=(dep,)), stack="era", priority_id=0, l2_gas_price=1)
    assert with_dep.factory_deps == (versioned_hash(dep),)
    with pytest.raises(InputError):
        predict_transaction(replace(request, factory_deps=(b"\x05",)), stack="era", priority_id=0, l2_gas_price=1)


@pytest.mark.parametrize("version", [26, 30, 31, 32])
def test_senders(version: int) -> None:
    assert l2_sender(ALICE, kind="eoa", protocol_version=version) == ALICE
    assert l2_sender(ALICE, kind="contract", protocol_version=version) == apply_alias(ALICE)
    assert l2_sender(ALICE, kind="delegated", protocol_version=version) == ALICE  # it sends the transaction itself
    relayed = l2_sender(ALICE, kind="delegated", is_origin=False, protocol_version=version)
    assert relayed == (ALICE if version >= 31 else apply_alias(ALICE))


@pytest.mark.parametrize("version", [26, 30, 31, 32])
@pytest.mark.parametrize("asked", [None, "0x0000000000000000000000000000000000000000"])
def test_refund_to_nobody_named_goes_to_the_sender(asked: str | None, version: int) -> None:
    def lands_at(kind: Any) -> Address:
        return l2_refund_recipient(asked, sender=ALICE, sender_kind=kind, protocol_version=version)

    assert lands_at("eoa") == ALICE
    assert lands_at("contract") == apply_alias(ALICE)
    assert lands_at("delegated") == (ALICE if version >= 31 else apply_alias(ALICE))


@pytest.mark.parametrize("version", [26, 30, 31, 32])
def test_refund_to_one_who_is_named(version: int) -> None:
    def lands_at(kind: Any) -> Address:
        return l2_refund_recipient(
            BOB, sender=ALICE, sender_kind="contract", recipient_kind=kind, protocol_version=version
        )

    assert lands_at("eoa") == BOB
    assert lands_at("contract") == apply_alias(BOB)
    assert lands_at("delegated") == (BOB if version >= 31 else apply_alias(BOB))
    assert refund_is_lost("delegated", version) == (version < 31)
    assert not refund_is_lost("contract", version)  # the contract acts through its alias


@pytest.mark.parametrize(("expiration", "known"), [(0, True), (2**64 - 1, True), (2**64, False), (2**256 - 1, False)])
def test_an_expiration_has_64_bits(expiration: int, known: bool) -> None:
    raw = bytearray(log(FIXTURE).data)
    raw[64:96] = expiration.to_bytes(32)
    event = SimpleNamespace(**{**vars(log(FIXTURE)), "data": bytes(raw)})
    found = priority_requests(receipt(event), DIAMOND_PROXY)
    assert [request.expiration for request in found] == ([expiration] if known else [])


def test_a_request_says_nothing_that_was_not_given() -> None:
    request = L2TransactionRequest(sender=ALICE, l2_contract=BOB, mint_value=5, l2_gas_limit=6, refund_recipient=ALICE)
    assert (request.l2_value, request.l2_calldata, request.factory_deps) == (0, b"", ())
    assert request.l2_gas_per_pubdata_byte_limit == 800
    recorded = PriorityRequest(l2_tx_hash=FIXTURE.hash(), transaction=FIXTURE)
    assert (recorded.factory_deps, recorded.expiration) == ((), 0)
