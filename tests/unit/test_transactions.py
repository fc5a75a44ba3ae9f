"""Fields, bounds, strict parsing and the rules of 0x71 that vectors cannot show."""

from typing import Any

import pytest
from msgspec.structs import replace

from signers.private_key import PrivateKeySigner
from zkcore.errors import BadSignature, InputError, UnsupportedProtocol
from zkcore.ethereum import rlp
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
    parse_transaction,
)
from zkcore.transactions import eip712 as zksync
from zkcore.types import Address, Hash32

SIGNER = PrivateKeySigner(b"\x46" * 32)
TO = "0x3535353535353535353535353535353535353535"
COMMON: dict[str, Any] = {"chain_id": 324, "nonce": 7, "gas_limit": 21_000, "to": TO, "value": 5, "data": "0x01ff"}
FEES: dict[str, Any] = {"max_priority_fee_per_gas": 2, "max_fee_per_gas": 3}
LEGACY = LegacyTransaction(**COMMON, gas_price=9)
ACCESS = Eip2930Transaction(**COMMON, gas_price=9, access_list=[(TO, ["0x" + "11" * 32]), (TO, [])])
DYNAMIC = Eip1559Transaction(**COMMON, **FEES)
ZKSYNC = Eip712Transaction(**COMMON, **FEES, from_address=SIGNER.address)
ALL: list[Transaction] = [LEGACY, replace(LEGACY, chain_id=None), ACCESS, DYNAMIC, ZKSYNC]


# ---------------------------------------------------------------- fields
def test_fields_hold_parsed_values_however_they_are_given() -> None:
    assert DYNAMIC.to == Address(TO)
    assert isinstance(DYNAMIC.to, Address)
    assert DYNAMIC.data == b"\x01\xff"
    assert ACCESS.access_list == ((Address(TO), (Hash32(b"\x11" * 32),)), (Address(TO), ()))
    given = Eip1559Transaction(**{**COMMON, "to": Address(TO), "data": b"\x01\xff"}, **FEES)
    assert given == DYNAMIC
    assert hash(given) == hash(DYNAMIC)
    with pytest.raises(AttributeError):
        DYNAMIC.nonce = 8  # type: ignore[misc]


@pytest.mark.parametrize("tx", ALL, ids=lambda tx: type(tx).__name__)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonce": -1}, r"nonce: expected 0 <= nonce < 2\*\*64, got -1"),
        ({"nonce": 2**64}, "nonce"),
        ({"nonce": True}, "nonce: expected an int, got True"),
        ({"nonce": "1"}, "nonce: expected an int, got '1'"),
        ({"nonce": None}, "nonce"),
        ({"gas_limit": 1.0}, "gas_limit: expected an int"),
        ({"gas_limit": 2**64}, "gas_limit"),
        ({"value": 2**256}, "value"),
        ({"chain_id": 0}, "chain_id: expected 1 or more, got 0"),
        ({"chain_id": 2**64}, "chain_id"),
        ({"to": "0x35"}, "address: expected 20 bytes"),
        ({"to": "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}, "wrong EIP-55 checksum"),
        ({"to": b""}, "address"),
        ({"data": "01"}, "data: expected 0x"),
        ({"data": None}, "data"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tx: Transaction, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        replace(tx, **change)


@pytest.mark.parametrize("tx", [ACCESS, DYNAMIC, ZKSYNC])
def test_only_legacy_transactions_may_lack_a_chain(tx: Transaction) -> None:
    with pytest.raises(InputError, match="chain_id"):
        replace(tx, chain_id=None)


@pytest.mark.parametrize(
    ("access_list", "said"),
    [
        (5, "access_list: expected a list or tuple, got 5"),
        ("0x", "access_list: expected a list or tuple"),
        ([TO], "access_list entry: expected a list or tuple of 2, got '0x35"),
        ([{"address": TO, "storageKeys": []}], "access_list entry: expected a list or tuple of 2"),
        ([(TO,)], "access_list entry: expected a list or tuple of 2"),
        ([(TO, "0x")], "keys: expected a list or tuple"),
        ([(TO, ["0x01"])], "hash: expected 32 bytes"),
        ([("0x01", [])], "address: expected 20 bytes"),
    ],
)
def test_access_lists_are_pairs(access_list: Any, said: str) -> None:
    for tx in (ACCESS, DYNAMIC):
        with pytest.raises(InputError, match=said):
            replace(tx, access_list=access_list)


def test_a_priority_fee_above_the_highest_fee_is_refused_by_eip1559_only() -> None:
    with pytest.raises(InputError, match="max_priority_fee_per_gas: 4 wei is above max_fee_per_gas = 3 wei"):
        replace(DYNAMIC, max_priority_fee_per_gas=4)
    assert replace(ZKSYNC, max_priority_fee_per_gas=4).max_priority_fee_per_gas == 4


def test_stacks_refuse_what_their_nodes_refuse() -> None:
    refused = {
        (type(tx), stack)
        for tx in [*ALL, replace(DYNAMIC, access_list=((Address(TO), ()),))]
        for stack in ("era", "zksync-os")
        if raises(tx, stack)
    }
    assert refused == {(Eip2930Transaction, "era"), (Eip1559Transaction, "era"), (Eip712Transaction, "zksync-os")}
    DYNAMIC.check_stack("era")


def raises(tx: Transaction, stack: Any) -> bool:
    try:
        tx.check_stack(stack)
    except UnsupportedProtocol:
        return True
    return False


# ---------------------------------------------------------------- round trips and strictness
@pytest.mark.parametrize("tx", [*ALL, *(replace(tx, to=None) for tx in ALL)], ids=lambda tx: type(tx).__name__)
def test_what_is_written_is_read_back(tx: Transaction) -> None:
    signature = SIGNER.sign_transaction(tx)
    assert parse_transaction(tx.signed_bytes(signature)) == (tx, signature)
    assert parse_transaction("0x" + tx.unsigned_bytes().hex()) == (tx, None)
    assert tx.sender(signature) == SIGNER.address
    if not isinstance(tx, Eip712Transaction):
        assert tx.hash(signature) == keccak256(tx.signed_bytes(signature))
        assert tx.signing_hash() == keccak256(tx.unsigned_bytes())


@pytest.mark.parametrize("tx", ALL, ids=lambda tx: type(tx).__name__)
def test_no_byte_can_be_cut_off_or_added(tx: Transaction) -> None:
    raw = tx.signed_bytes(SIGNER.sign_transaction(tx))
    for wrong in [raw[:end] for end in range(len(raw))] + [raw + b"\x00"]:
        with pytest.raises(InputError):
            parse_transaction(wrong)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("0x", "no bytes"),
        ("0x03c0", "unknown type 0x03"),
        ("0x7f", "unknown type 0x7f"),
        ("0xff", "RLP"),
        ("0x00c0", "unknown type 0x00"),
        ("0x0280", "transaction: expected a list, got 0 bytes"),
        ("0x02c0", "Eip1559Transaction: expected 9 or 12 items, got 0"),
        ("0x01c0", "Eip2930Transaction: expected 8 or 11 items, got 0"),
        ("0x71c0", "Eip712Transaction: expected 16 items, got 0"),
        ("0xc0", "LegacyTransaction: expected 6 or 9 items, got 0"),
        ("nonsense", "raw transaction: expected 0x"),
    ],
)
def test_what_is_no_transaction_is_refused(raw: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_transaction(raw)


def changed(tx: Transaction, place: int, item: Any, *, signed: bool = True) -> bytes:
    raw = tx.signed_bytes(SIGNER.sign_transaction(tx)) if signed else tx.unsigned_bytes()
    typed = raw[0] < 0xC0
    items: Any = rlp.decode(raw[typed:])
    items[place] = item
    return raw[:typed] + rlp.encode(items)


@pytest.mark.parametrize(
    ("tx", "place", "item", "said"),
    [
        (DYNAMIC, 1, b"\x00", "nonce: the integer 0x00 has a leading zero"),
        (DYNAMIC, 1, [], "nonce: expected an integer, got a list"),
        (DYNAMIC, 5, bytes(19), "address: expected 20 bytes"),
        (DYNAMIC, 5, [], "to: expected bytes, got a list"),
        (DYNAMIC, 7, [], "data: expected bytes, got a list"),
        (DYNAMIC, 8, b"x", "access_list: expected a list, got 1 bytes"),
        (DYNAMIC, 8, [b"x"], "access_list entry: expected a list"),
        (DYNAMIC, 8, [[bytes(20)]], "access_list entry: expected 2 items, got 1"),
        (DYNAMIC, 8, [[bytes(20), b""]], "storage keys: expected a list"),
        (DYNAMIC, 8, [[bytes(20), [bytes(31)]]], "hash: expected 32 bytes, got 31"),
        (DYNAMIC, 9, b"\x1b", "y_parity is 27"),
        (DYNAMIC, 10, b"", "r = 0x0"),
        (DYNAMIC, 11, b"\xff" * 32, "s = 0xf+ is not between"),
        (LEGACY, 6, b"\x1d", "v: expected 27, 28, or 35 and above"),
        (ZKSYNC, 10, b"", "chain_id: expected 1 or more"),
        (ZKSYNC, 7, b"\x01", "y_parity: expected the chain id 324"),
        (ZKSYNC, 8, b"\x01", "custom_signature: expected none beside y_parity, r, s"),
        (ZKSYNC, 11, b"", "address: expected 20 bytes"),
        (ZKSYNC, 12, b"", "gas_per_pubdata: expected 1 or more"),
        (ZKSYNC, 13, [bytes(31)], "bytecode: expected a multiple of 32 bytes"),
        (ZKSYNC, 13, b"x", "factory_deps: expected a list"),
        (ZKSYNC, 15, [bytes(20)], "paymaster: expected 0 or 2 items, got 1"),
        (ZKSYNC, 15, [bytes(19), b""], "address: expected 20 bytes"),
        (ZKSYNC, 15, b"", "paymaster: expected a list"),
    ],
)
def test_every_item_is_read_strictly(tx: Transaction, place: int, item: Any, said: str) -> None:
    with pytest.raises((InputError, BadSignature), match=said):
        parse_transaction(changed(tx, place, item))


@pytest.mark.parametrize("name", ["chain_id", "nonce", "gas_limit", "gas_per_pubdata"])
def test_what_nodes_hold_in_64_bits_has_no_more(name: str) -> None:
    assert getattr(replace(ZKSYNC, **{name: 2**64 - 1}), name) == 2**64 - 1
    with pytest.raises(InputError, match=rf"{name}: expected 0 <= {name} < 2\*\*64"):
        replace(ZKSYNC, **{name: 2**64})


def test_legacy_signatures_tell_the_chain() -> None:
    signature = SIGNER.sign_transaction(LEGACY)
    _, v = rlp.decode(LEGACY.signed_bytes(signature))[5:7]
    assert rlp.to_uint(v, "v") == 35 + 2 * 324 + signature.y_parity
    before = replace(LEGACY, chain_id=None)
    assert len(rlp.decode(before.unsigned_bytes())) == 6
    assert before.signing_hash() != LEGACY.signing_hash()


# ---------------------------------------------------------------- 0x71
def test_the_constants_of_0x71_follow_from_their_types() -> None:
    data = ZKSYNC.typed_data()
    assert data.type_hash() == zksync._TYPE_HASH
    assert keccak256(b"") == zksync._EMPTY
    assert data.encode_type() == f"Transaction({zksync._MEMBERS})"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"to": None, "data": b""},
        {"factory_deps": [bytes(32), bytes(96)]},
        {"paymaster": Paymaster.general(Address(TO), b"\x01")},
        {"paymaster": Paymaster(Address(TO))},
        {"chain_id": 2**64 - 1, "nonce": 2**64 - 1, "value": 2**256 - 1},
    ],
)
def test_the_short_way_to_the_digest_is_the_long_one(change: dict[str, Any]) -> None:
    tx = replace(ZKSYNC, **change)
    assert tx.signing_hash() == tx.typed_data().digest()


def test_both_wire_forms_mean_the_same() -> None:
    signature = SIGNER.sign_transaction(ZKSYNC)
    custom, ecdsa = ZKSYNC.signed_bytes(signature), ZKSYNC.signed_bytes(signature, form="ecdsa")
    assert custom != ecdsa
    assert parse_transaction(custom) == parse_transaction(ecdsa) == (ZKSYNC, signature)
    assert ZKSYNC.hash(signature) == keccak256(ZKSYNC.signing_hash() + keccak256(signature.to_bytes()))
    with pytest.raises(InputError, match="form: expected 'custom' or 'ecdsa', got 'other'"):
        ZKSYNC.signed_bytes(signature, form="other")  # type: ignore[arg-type]


def test_a_custom_signature_stands_alone() -> None:
    signature = SIGNER.sign_transaction(ZKSYNC)
    tx = replace(ZKSYNC, custom_signature="0x1234")
    assert tx.signing_hash() == ZKSYNC.signing_hash()
    assert tx.hash() == keccak256(tx.signing_hash() + keccak256(b"\x12\x34"))
    assert parse_transaction(tx.signed_bytes()) == (tx, None)
    for wrong in (lambda: tx.signed_bytes(signature), lambda: tx.hash(signature), ZKSYNC.signed_bytes, ZKSYNC.hash):
        with pytest.raises(InputError, match="either a signature or a custom_signature"):
            wrong()


def test_65_custom_bytes_are_an_ecdsa_signature_only_if_they_are_the_senders() -> None:
    other = PrivateKeySigner(b"\x47" * 32).sign_transaction(ZKSYNC).to_bytes()
    own = SIGNER.sign_transaction(ZKSYNC).to_bytes()
    for custom in (other, bytes(65), b"\xff" * 65, own[:64] + bytes([own[64] - 27])):
        tx = replace(ZKSYNC, custom_signature=custom)
        assert parse_transaction(tx.signed_bytes()) == (tx, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gas_per_pubdata": 0}, "gas_per_pubdata: expected 1 or more"),
        ({"from_address": None}, "address"),
        ({"factory_deps": bytes(32)}, "factory_deps: expected a list or tuple, got b"),
        ({"factory_deps": [bytes(64)]}, "bytecode: expected an odd number"),
        ({"paymaster": TO}, "paymaster: expected a Paymaster or None"),
        ({"custom_signature": "12"}, "custom_signature: expected 0x"),
    ],
)
def test_0x71_fields_are_checked(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        replace(ZKSYNC, **change)


def test_a_signature_of_another_transaction_recovers_another_sender() -> None:
    signature = SIGNER.sign_transaction(DYNAMIC)
    assert replace(DYNAMIC, nonce=8).sender(signature) != SIGNER.address
    assert isinstance(signature, Signature)
