"""Round trips, and properties that every encoding has."""

from typing import Any

import pytest
from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.property import strategies as our
from zkcore.errors import BadSignature, InputError, ZkCoreError
from zkcore.ethereum import rlp
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, Transaction, parse_transaction
from zkcore.types import Address, Hash32, format_units, parse_units


# ---------------------------------------------------------------- rlp
@given(our.rlp_items)
def test_rlp_decodes_what_it_encodes(item: Any) -> None:
    assert rlp.decode(rlp.encode(item)) == item


@given(st.binary(max_size=200))
def test_rlp_encodes_what_it_decodes(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except InputError:
        return
    assert rlp.encode(item) == data


@given(our.rlp_items, st.data())
def test_rlp_notices_a_changed_byte(item: Any, data: st.DataObject) -> None:
    encoded = bytearray(rlp.encode(item))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        changed = rlp.decode(bytes(encoded))
    except InputError:
        return
    assert changed != item


@given(our.uints(512))
def test_integers_survive(value: int) -> None:
    assert rlp.to_uint(rlp.decode(rlp.encode(rlp.from_uint(value))), "value", bits=512) == value


# ---------------------------------------------------------------- transactions
@given(our.transactions, our.signatures)
def test_transactions_are_read_back(tx: Transaction, signature: Signature) -> None:
    assert parse_transaction(tx.unsigned_bytes()) == (tx, None)
    raws = [tx.signed_bytes(signature)]
    if isinstance(tx, Eip712Transaction):
        raws = [tx.signed_bytes(signature, form="ecdsa")]
    for raw in raws:
        again, found = parse_transaction(raw)
        assert (again, found) == (tx, signature)
        assert again.hash(signature) == tx.hash(signature)


@given(our.eip712, st.binary(min_size=1, max_size=200))
def test_custom_signatures_are_read_back(tx: Eip712Transaction, custom: bytes) -> None:
    tx = replace(tx, custom_signature=custom)
    again, signature = parse_transaction(tx.signed_bytes())
    assert (again, signature) == (tx, None)
    assert again.hash() == keccak256(tx.signing_hash() + keccak256(custom))


@given(our.eip712)
def test_the_digest_of_0x71_is_that_of_its_typed_data(tx: Eip712Transaction) -> None:
    data = tx.typed_data()
    assert tx.signing_hash() == data.digest()
    assert TypedData.parse(data.to_dict()) == data


@given(our.transactions, our.signatures, st.data())
def test_a_changed_transaction_is_another_one_or_none(
    tx: Transaction, signature: Signature, data: st.DataObject
) -> None:
    raw = bytearray(tx.signed_bytes(signature))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        again, found = parse_transaction(bytes(raw))
    except (InputError, BadSignature):
        return
    assert (again, found) != (tx, signature)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x01", b"\x02", b"\x71"]))
def test_whatever_is_parsed_is_written_the_same(data: bytes, kind: bytes) -> None:
    try:
        tx, signature = parse_transaction(kind + data)
    except ZkCoreError:
        return
    assert (tx.unsigned_bytes() if signature is None else tx.signed_bytes(signature)) == kind + data


# ---------------------------------------------------------------- typed data
@given(our.typed_data())
def test_typed_data_survives_its_dict_form(given_: dict[str, Any]) -> None:
    data = TypedData.parse(given_)
    again = TypedData.parse(data.to_dict())
    assert again == data
    assert again.digest() == data.digest()
    parts = TypedData(types=data.types, primary_type="S0", domain=data.domain, message=data.message)
    assert parts == data


@given(our.typed_data(), st.data())
def test_typed_data_lacks_no_member_and_has_none_too_many(given_: dict[str, Any], data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["domain", "message"]))
    values = dict(given_[part])
    with pytest.raises(InputError):
        TypedData.parse({**given_, part: {**values, "notAMemberAtAll": 1}})
    assume(part == "message" and values)
    del values[data.draw(st.sampled_from(sorted(values)))]
    with pytest.raises(InputError):
        TypedData.parse({**given_, part: values})


@given(our.parsed_data)
def test_devices_are_given_every_value_once(data: TypedData) -> None:
    def leaves(value: Any) -> int:
        return sum(map(leaves, value)) if isinstance(value, tuple) else 1

    walked = list(data.walk("S0"))
    assert sum(isinstance(step, tuple) for step in walked) == leaves(data.message)


# ---------------------------------------------------------------- small values
@given(our.signatures)
def test_signatures_survive_their_bytes(signature: Signature) -> None:
    raw = signature.to_bytes()
    assert Signature.from_bytes(raw) == signature
    top = (signature.s | signature.y_parity << 255).to_bytes(32)
    assert Signature.from_bytes(raw[:32] + top) == signature


@given(st.integers(0, 2**256 - 1), st.integers(0, 77))
def test_amounts_survive_their_text(amount: int, decimals: int) -> None:
    assert parse_units(format_units(amount, decimals), decimals) == amount


@given(our.addresses, our.hashes)
def test_addresses_and_hashes_survive_their_text(address: Address, hash_: Hash32) -> None:
    for text in (str(address), str(address).lower(), "0x" + address.hex().upper()):
        assert Address(text) == address
    assert Hash32(str(hash_)) == hash_


@given(our.addresses, our.addresses, our.uints(256), our.long_binary)
def test_paymaster_inputs_are_abi(paymaster: Address, token: Address, allowance: int, inner: bytes) -> None:
    general = Paymaster.general(paymaster, inner).input
    assert general == bytes.fromhex("8c5a3445") + abi_encode(["bytes"], [inner])
    approval = Paymaster.approval_based(paymaster, token=token, minimal_allowance=allowance, inner_input=inner).input
    decoded = abi_decode(["address", "uint256", "bytes"], approval[4:])
    assert decoded == (str(token).lower(), allowance, inner)
