"""Transactions, typed data, messages, keystores and signatures against eth-account and what it stands on."""

import json
import re
from typing import Any

import eth_keyfile
import pytest
from eth_account import Account
from eth_account._utils.legacy_transactions import serializable_unsigned_transaction_from_dict
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.typed_transactions import TypedTransaction
from eth_keys.backends import NativeECCBackend
from eth_keys.main import KeyAPI
from eth_utils import keccak
from hexbytes import HexBytes
from hypothesis import given, settings
from hypothesis import strategies as st

from signers import PrivateKeySigner
from signers.keystore import decrypt, encrypt
from tests.property import strategies as our
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.signature import Signature, recover
from zkcore.transactions import Eip712Transaction, Eip2930Transaction, LegacyTransaction, Transaction
from zkcore.types import Address


# ---------------------------------------------------------------- transactions
def request(tx: Any) -> dict[str, Any]:
    """The transaction as eth-account takes it."""
    made: dict[str, Any] = {"nonce": tx.nonce, "gas": tx.gas_limit, "value": tx.value, "data": tx.data}
    made["to"] = "" if tx.to is None else str(tx.to)
    if tx.chain_id is not None:
        made["chainId"] = tx.chain_id
    if isinstance(tx, LegacyTransaction | Eip2930Transaction):
        made["gasPrice"] = tx.gas_price
    else:
        made |= {"maxFeePerGas": tx.max_fee_per_gas, "maxPriorityFeePerGas": tx.max_priority_fee_per_gas}
    if not isinstance(tx, LegacyTransaction):
        made["type"] = tx.TYPE
        made["accessList"] = [
            {"address": str(a), "storageKeys": [str(key) for key in keys]} for a, keys in tx.access_list
        ]
    return made


@settings(max_examples=60)
@given(st.one_of(our.legacy, our.eip2930, our.eip1559), our.private_keys)
def test_transactions_are_signed_alike(tx: Transaction, key: bytes) -> None:
    signed = Account.sign_transaction(request(tx), key)
    signer = PrivateKeySigner(key)
    signature = signer.sign_transaction(tx)
    assert tx.signed_bytes(signature) == bytes(signed.raw_transaction)
    assert tx.hash(signature) == bytes(signed.hash)
    assert (signature.r, signature.s) == (signed.r, signed.s)
    assert Account.recover_transaction(HexBytes(tx.signed_bytes(signature))) == str(signer.address)


@given(st.one_of(our.legacy, our.eip2930, our.eip1559))
def test_the_same_is_hashed_to_be_signed(tx: Transaction) -> None:
    if isinstance(tx, LegacyTransaction):
        assert bytes(serializable_unsigned_transaction_from_dict(request(tx)).hash()) == tx.signing_hash()
    else:
        assert bytes(TypedTransaction.from_dict(request(tx)).hash()) == tx.signing_hash()


@given(our.eip712)
def test_0x71_has_the_digest_of_its_typed_data(tx: Eip712Transaction) -> None:
    assert digest(tx.typed_data().to_dict()) == tx.signing_hash()


# ---------------------------------------------------------------- typed data
def digest(data: dict[str, Any]) -> bytes:
    signable = encode_typed_data(full_message=for_oracle(data))
    return bytes(keccak(b"\x19" + signable.version + signable.header + signable.body))


def for_oracle(data: dict[str, Any]) -> dict[str, Any]:
    """eth-account takes integers as such where we write decimal strings for JSON."""

    def value(kind: str, given_: Any) -> Any:
        if kind.endswith("]"):
            return [value(kind[: kind.rindex("[")], member) for member in given_]
        if kind in data["types"]:
            return {m["name"]: value(m["type"], given_[m["name"]]) for m in data["types"][kind]}
        return int(given_) if "int" in kind else given_

    return {
        **data,
        "domain": value("EIP712Domain", data["domain"]),
        "message": value(data["primaryType"], data["message"]),
    }


@given(our.typed_data(dimensions=st.lists(st.none() | st.integers(1, 3), max_size=2)))
def test_typed_data_has_the_same_digest(given_: dict[str, Any]) -> None:
    data = TypedData.parse(given_)
    used = set(re.findall(r"(S\d+)\(", data.encode_type()))
    plain = data.to_dict()
    plain["types"] = {name: plain["types"][name] for name in plain["types"] if name in used or name == DOMAIN}
    assert digest(plain) == data.digest()  # eth-account finds the primary type by itself: the only one not used


# ---------------------------------------------------------------- messages, keys
@given(our.long_binary, our.private_keys)
def test_messages_are_signed_alike(message: bytes, key: bytes) -> None:
    signed = Account.sign_message(encode_defunct(message), key)
    signature = PrivateKeySigner(key).sign_message(message)
    assert message_hash(message) == bytes(signed.message_hash)
    assert signature.to_bytes() == bytes(signed.signature)


@settings(max_examples=25)
@given(our.hashes, our.private_keys)
def test_the_pure_backend_signs_and_recovers_alike(digest_: bytes, key: bytes) -> None:
    native = KeyAPI(NativeECCBackend())
    expected = native.ecdsa_sign(digest_, native.PrivateKey(key))
    signature = PrivateKeySigner(key)._signed(digest_)
    assert signature == Signature(expected.r, expected.s, expected.v)
    public = native.ecdsa_recover(digest_, expected)
    assert recover(digest_, signature) == Address(public.to_canonical_address())


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_keystores_go_both_ways(kdf: Any) -> None:
    key, password = b"\x46" * 32, "p\u00e4ss"
    ours = encrypt(key, password, kdf=kdf, cost=4)
    assert eth_keyfile.decode_keyfile_json(json.loads(ours), password.encode()) == key
    theirs = eth_keyfile.create_keyfile_json(key, password.encode(), kdf=kdf, iterations=4)
    assert decrypt(json.dumps(theirs), password) == key
