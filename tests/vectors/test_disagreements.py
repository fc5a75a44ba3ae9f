"""Where peers disagree (shared DISAGREEMENTS.md, by its numbers): which one is right, and why we think so.

Only what zkcore itself does is tested here; what the others do is in the vectors' `peers` fields.
"""

from typing import Any

import pytest

from signers import PrivateKeySigner
from zkcore.errors import BadSignature, InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N, Signature, recover
from zkcore.protocol import addresses
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, LegacyTransaction, parse_transaction
from zkcore.types import Address

SIGNER = PrivateKeySigner(b"\x46" * 32)
TO = "0x3535353535353535353535353535353535353535"


def zksync(**change: Any) -> Eip712Transaction:
    fields: dict[str, Any] = {"chain_id": 324, "nonce": 0, "gas_limit": 1, "to": TO, "from_address": SIGNER.address}
    return Eip712Transaction(**{**fields, "max_fee_per_gas": 9, "max_priority_fee_per_gas": 1, **change})


def typed(type_: str, value: Any, **domain: Any) -> TypedData:
    types = {"T": [{"name": "v", "type": type_}]}
    return TypedData.parse({"types": types, "primaryType": "T", "domain": domain, "message": {"v": value}})


# ---------------------------------------------------------------- A: ZKsync peers
def test_1_the_hash_of_a_parsed_0x71_is_that_of_its_ecdsa_signature() -> None:
    """zksync-ethers hashes an empty custom signature; the node r || s || v (get_tx_hash_with_signed_message)."""
    signature = SIGNER.sign_transaction(zksync())
    parsed, found = parse_transaction(zksync().signed_bytes(signature, form="ecdsa"))
    assert found == signature
    assert parsed.hash(found) == keccak256(zksync().signing_hash() + keccak256(signature.to_bytes()))


def test_2_a_priority_fee_of_zero_is_zero() -> None:
    """zksync-ethers takes the highest fee instead. What the caller gave is kept (money rule 1)."""
    tx = zksync(max_priority_fee_per_gas=0)
    assert tx.typed_data().to_dict()["message"]["maxPriorityFeePerGas"] == "0"
    assert parse_transaction(tx.unsigned_bytes())[0] == tx


def test_3_no_recipient_is_signed_as_the_zero_address() -> None:
    """zksync-ethers and zksync2 refuse it; the node does `to.unwrap_or_default()`, and so does viem."""
    assert zksync(to=None).signing_hash() == zksync(to=Address(bytes(20))).signing_hash()
    assert zksync(to=None).unsigned_bytes() != zksync(to=Address(bytes(20))).unsigned_bytes()


def test_7_salts_have_32_bytes() -> None:
    """zksync-ethers concatenates shorter ones unpadded: an address that the deployer contract can never produce."""
    with pytest.raises(InputError, match="expected 32 bytes, got 1"):
        addresses.era_create2(TO, "0x01", bytes(32))


def test_8_what_does_not_fit_is_not_serialized() -> None:
    """zksync-ethers serializes a value of 2**256 and a paymaster of two bytes; a node refuses both."""
    with pytest.raises(InputError, match="value"):
        zksync(value=2**256)
    with pytest.raises(InputError, match="expected 20 bytes, got 2"):
        Paymaster("0x1234")


def test_10_deployment_nonces_are_big_endian_words() -> None:
    """zksync2-python packs them in the host's order. Solidity: abi.encodePacked of uint256 is big-endian."""
    prefix = keccak256(b"zksyncCreate") + bytes(12) + Address(TO)
    assert addresses.era_create(TO, 256) == keccak256(prefix + (256).to_bytes(32, "big"))[12:]


def test_11_addresses_are_padded() -> None:
    """zksync2-python loses leading zeros when it undoes an alias."""
    assert addresses.undo_alias("0x1111000000000000000000000000000000001112") == bytes(19) + b"\x01"


def test_12_bytecode_has_an_odd_number_of_words() -> None:
    """zksync2-python accepts an even one and none. L2ContractHelper.sol reverts with MalformedBytecode."""
    for words in (0, 2):
        with pytest.raises(InputError, match="odd number"):
            versioned_hash(bytes(32 * words))


# ---------------------------------------------------------------- B: general peers
def test_14_every_high_s_is_refused() -> None:
    """ethers tests the top bit only, eth-keys nothing. EIP-2: s must be at most n // 2."""
    assert Signature(1, SECP256K1_N // 2, 0).s == SECP256K1_N // 2
    with pytest.raises(BadSignature, match="EIP-2"):
        Signature(1, SECP256K1_N // 2 + 1, 0)


def test_15_digests_above_the_order_are_reduced_first() -> None:
    """k256 does not reduce before RFC 6979 derives its nonce (bits2octets, 2.3.4); libsecp256k1 and eth-keys do."""
    above = SIGNER._signed((SECP256K1_N + 5).to_bytes(32))
    assert recover((5).to_bytes(32), above) == SIGNER.address
    assert above == SIGNER._signed((5).to_bytes(32))


def test_16_rlp_has_one_encoding_for_each_item() -> None:
    """ethers decodes others too, ethereumjs nothing at all, cast trailing bytes, pyrlp a list as an integer."""
    for data in ("8100", "b80180", "c28101", "", "c000"):
        with pytest.raises(InputError):
            rlp.decode(bytes.fromhex(data))
    with pytest.raises(InputError, match="got a list"):
        rlp.to_uint(rlp.decode(b"\xc0"), "value")


def test_17_an_empty_version_is_a_version() -> None:
    """viem drops it from the domain. A member that is given is part of the type."""
    assert typed("bool", True, version="").encode_type("EIP712Domain") == "EIP712Domain(string version)"


def test_18_there_are_no_aliases_of_integer_types() -> None:
    """ethers hashes uint as uint256, viem and eth-account as it stands: two digests. EIP-712 has no aliases."""
    for alias in ("uint", "int"):
        with pytest.raises(InputError, match="a type of EIP-712"):
            typed(alias, 1)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("bytes4", "0x01"),
        ("bytes", "0x1"),
        ("uint8[2]", [1]),
        ("bool", "false"),
        ("bool", 2),
        ("string", 5),
        ("uint8", True),
    ],
)
def test_19_and_20_nothing_is_padded_guessed_or_converted(type_: str, value: Any) -> None:
    """Each peer accepts some of these, and they do not agree what they mean: "false" is true in one."""
    with pytest.raises(InputError, match=r"message\.v"):
        typed(type_, value)


def test_20_members_that_the_type_does_not_have_are_refused() -> None:
    """All peers ignore them: the signer of {"amount": 1, "Amount": 9} would sign another message than they read."""
    with pytest.raises(InputError, match="just the members v"):
        TypedData.parse({**typed("bool", True).to_dict(), "message": {"v": True, "w": 1}})


def test_21_arrays_may_be_of_length_zero_and_hold_their_own_struct() -> None:
    """alloy refuses uint256[0], which is no Solidity type; ethers and alloy refuse T[] in T. EIP-712 allows both: their
    values are finite trees, and viem and eth-account agree on the hashes.
    """
    assert typed("uint256[0]", []).encode_data() == keccak256(b"")
    types = {"T": [{"name": "kids", "type": "T[]"}]}
    data = TypedData.parse({"types": types, "primaryType": "T", "domain": {}, "message": {"kids": [{"kids": []}]}})
    leaf = keccak256(keccak256(b"T(T[] kids)") + keccak256(b""))
    assert data.encode_data() == keccak256(leaf)


@pytest.mark.parametrize(
    "text", ["0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0X" + TO[2:], TO[2:], "XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS"]
)
def test_22_addresses_are_0x_and_checksummed_if_mixed(text: str) -> None:
    """eth_utils takes the first two, ethers the last two. EIP-55: mixed case is a claim about the checksum."""
    with pytest.raises(InputError, match="address"):
        Address(text)


def test_23_and_24_integers_are_exact() -> None:
    """ethereumjs computes v in floating point, alloy has 128 bits for gas prices."""
    tx = LegacyTransaction(chain_id=2**53 - 1, nonce=0, gas_price=2**200, gas_limit=1, to=TO)
    signature = SIGNER.sign_transaction(tx)
    assert parse_transaction(tx.signed_bytes(signature)) == (tx, signature)


def test_25_a_text_that_looks_like_hex_is_a_text() -> None:
    """cast signs the bytes. personal_sign over a text is over its UTF-8; here a message is bytes, so nobody guesses."""
    assert SIGNER.sign_message(b"0x00") != SIGNER.sign_message(b"\x00")
    with pytest.raises(InputError, match="expected bytes"):
        SIGNER.sign_message("0x00")  # type: ignore[arg-type]
