"""Keys, signatures and everything that is signed."""

from collections.abc import Mapping
from typing import Any

from signers.private_key import PrivateKeySigner
from tests.vectors.runner import Rule, number, same
from zkcore.ethereum import eip191
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.signature import Signature, recover
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    parse_transaction,
)
from zkcore.types import Hash32, hex_bytes

Outputs = dict[str, Any]


def word(value: int) -> bytes:
    return value.to_bytes(32)


# ---------------------------------------------------------------- keys
def derive(given: Any, _: Any) -> Outputs:
    signer = PrivateKeySigner(hex_bytes(given["private_key"]))
    public = signer.public_key
    return {
        "public_key": public,
        "compressed": bytes([2 + public[64] % 2]) + public[1:33],
        "address": signer.address,
    }


def sign(given: Any, _: Any) -> Outputs:
    signer = PrivateKeySigner(hex_bytes(given["private_key"]))
    digest = Hash32(given["digest"])
    signature = signer._signed(digest)  # the protocol offers no signing of bare digests, on purpose
    compact = word(signature.r) + word(signature.y_parity << 255 | signature.s)
    same("the compact form read back", Signature.from_bytes(compact).to_bytes(), signature.to_bytes())
    return {
        "r": word(signature.r),
        "s": word(signature.s),
        "y_parity": signature.y_parity,
        "v": 27 + signature.y_parity,
        "signature": signature.to_bytes(),
        "compact": compact,
        "recovered": recover(digest, signature),
        "recovered_public_key": signer.public_key,
    }


def recover_(given: Any, _: Any) -> Outputs:
    r, s = (int.from_bytes(hex_bytes(given[name])) for name in "rs")
    return {"address": recover(Hash32(given["digest"]), Signature(r, s, number(given["y_parity"])))}


def parse_signature(given: Any, _: Any) -> Outputs:
    signature = Signature.from_bytes(hex_bytes(given["signature"]))
    outputs: Outputs = {"r": word(signature.r), "s": word(signature.s), "y_parity": signature.y_parity}
    return {**outputs, "v": 27 + signature.y_parity, "address": recover(Hash32(given["digest"]), signature)}


# ---------------------------------------------------------------- messages
def personal(message: bytes, key: str) -> Outputs:
    signer = PrivateKeySigner(hex_bytes(key))
    signature = signer.sign_message(message)
    digest = eip191.message_hash(message)
    return {
        "message_hex": message,
        "prefix_len": len(message),
        "hash": digest,
        "signature": signature.to_bytes(),
        "r": word(signature.r),
        "s": word(signature.s),
        "v": 27 + signature.y_parity,
        "signer": recover(digest, signature),
    }


def typed(given: Any, expected: Any) -> Outputs:
    data = TypedData.parse({key: given[key] for key in given if key not in {"private_key", "kind"}})
    same("the v4 form read back", TypedData.parse(data.to_dict()).digest(), data.digest())
    outputs: Outputs = {
        "encode_type": data.encode_type(),
        "encode_types": {name: data.encode_type(name) for name in expected.get("encode_types", ())},
        "type_hash": data.type_hash(),
        "encode_data": data.type_hash() + data.encode_data(),
        "struct_hash": data.struct_hash(),
        "domain_separator": data.domain_separator(),
        "domain_encode_type": data.encode_type(DOMAIN),
        "digest": data.digest(),
    }
    if "private_key" in given:
        signature = PrivateKeySigner(hex_bytes(given["private_key"])).sign_typed_data(data)
        outputs |= {"signature": signature.to_bytes(), "signer": recover(data.digest(), signature)}
    return outputs


# ---------------------------------------------------------------- transactions
L1_TYPES = {"0": LegacyTransaction, "1": Eip2930Transaction, "2": Eip1559Transaction}
L1_FIELDS = {
    "chainId": "chain_id",
    "nonce": "nonce",
    "gasLimit": "gas_limit",
    "value": "value",
    "gasPrice": "gas_price",
    "maxFeePerGas": "max_fee_per_gas",
    "maxPriorityFeePerGas": "max_priority_fee_per_gas",
}


def tx_l1(given: Any, _: Any) -> Outputs:
    tx = dict(given["tx"])
    kind = L1_TYPES[tx.pop("type")]
    fields: dict[str, Any] = {"to": tx.pop("to"), "data": tx.pop("data")}
    if "accessList" in tx:
        fields["access_list"] = [(entry["address"], entry["storageKeys"]) for entry in tx.pop("accessList")]
    fields |= {L1_FIELDS[key]: number(value) for key, value in tx.items()}
    transaction = kind(**fields)
    signature = PrivateKeySigner(hex_bytes(given["private_key"])).sign_transaction(transaction)
    raw = transaction.signed_bytes(signature)
    same("parsed back, signed", parse_transaction(raw) == (transaction, signature), True)
    same("parsed back, unsigned", parse_transaction(transaction.unsigned_bytes()) == (transaction, None), True)
    v = signature.y_parity
    if isinstance(transaction, LegacyTransaction):
        v += 27 if transaction.chain_id is None else 35 + 2 * transaction.chain_id
    return {
        "unsigned": transaction.unsigned_bytes(),
        "signing_hash": transaction.signing_hash(),
        "signature": {"r": word(signature.r), "s": word(signature.s), "y_parity": signature.y_parity, "v": v},
        "raw": raw,
        "hash": transaction.hash(signature),
        "from": transaction.sender(signature),
    }


def zksync_transaction(tx: Mapping[str, Any]) -> Eip712Transaction:
    paymaster = None if tx["paymaster"] is None else Paymaster(tx["paymaster"], tx["paymasterInput"] or b"")
    return Eip712Transaction(
        chain_id=number(tx["chainId"]),
        nonce=number(tx["nonce"]),
        gas_limit=number(tx["gasLimit"]),
        to=tx["to"],
        value=number(tx["value"]),
        data=tx["data"],
        max_fee_per_gas=number(tx["maxFeePerGas"]),
        max_priority_fee_per_gas=number(tx["maxPriorityFeePerGas"]),
        from_address=tx["from"],
        gas_per_pubdata=number(tx["gasPerPubdata"]),
        factory_deps=tx["factoryDeps"],
        custom_signature=tx["customSignature"] or b"",
        paymaster=paymaster,
    )


def tx_712(given: Any, _: Any) -> Outputs:
    transaction = zksync_transaction(given["tx"])
    data = transaction.typed_data()
    same("the digest by way of typed data", data.digest(), transaction.signing_hash())
    outputs: Outputs = {
        "typed": data.to_dict()["message"],
        "struct_hash": data.struct_hash(),
        "domain_separator": data.domain_separator(),
        "digest": transaction.signing_hash(),
        "unsigned": transaction.unsigned_bytes(),
    }
    signature = PrivateKeySigner(hex_bytes(given["private_key"])).sign_transaction(transaction)
    outputs |= {
        "signature": signature.to_bytes(),
        "r": word(signature.r),
        "s": word(signature.s),
        "y_parity": signature.y_parity,
    }
    if given["tx"]["customSignature"] is not None:
        raw = transaction.signed_bytes()
        again, found = parse_transaction(raw)  # 65 bytes may turn out to be an ECDSA signature
        same("written again", again.signed_bytes(found), raw)
        same("the hash of what was parsed", again.hash(found), transaction.hash())
        return {**outputs, "raw": raw, "hash": transaction.hash()}
    raw, raw_alt = transaction.signed_bytes(signature, form="ecdsa"), transaction.signed_bytes(signature)
    for form in (raw, raw_alt):
        same("parsed back", parse_transaction(form) == (transaction, signature), True)
    same("parsed back, unsigned", parse_transaction(transaction.unsigned_bytes()) == (transaction, None), True)
    return {**outputs, "raw": raw, "raw_alt": raw_alt, "hash": transaction.hash(signature)}


def tx_712_invalid(given: Any, _: Any) -> Outputs:
    transaction = zksync_transaction(given["tx"])
    if given["operation"] == "digest":
        return {"digest": transaction.signing_hash()}
    custom = given["tx"]["customSignature"]
    # what is serialized is unsigned, unless a custom signature is given, be it empty
    return {"raw": transaction.unsigned_bytes() if custom is None else transaction.signed_bytes()}


SUITES: dict[str, dict[str | None, Rule]] = {
    "keys": {"derive": derive, "sign": sign, "recover": recover_, "parse_signature": parse_signature},
    "personal_sign": {
        "text": lambda given, _: personal(given["text"].encode(), given["private_key"]),
        "bytes": lambda given, _: personal(hex_bytes(given["bytes"]), given["private_key"]),
    },
    "eip712_typed": {None: typed},
    "tx_l1": {None: tx_l1},
    "tx_712": {None: tx_712, "invalid": tx_712_invalid},
}
