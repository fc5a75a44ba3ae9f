"""RLP, addresses, bytecode hashes."""

from typing import Any

from tests.vectors.runner import Rule, number, same
from zkcore.errors import InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol import addresses
from zkcore.protocol.bytecode import versioned_hash
from zkcore.types import Address, hex_bytes

Outputs = dict[str, Any]


def unhex(item: Any) -> Any:
    return [unhex(member) for member in item] if isinstance(item, list) else hex_bytes(item)


def encode(given: Any, _: Any) -> Outputs:
    item = unhex(given["item"])
    encoded = rlp.encode(item)
    same("decoded again", rlp.decode(encoded), item)
    return {"rlp": encoded}


def encode_uint(given: Any, _: Any) -> Outputs:
    value = number(given["value"])
    encoded = rlp.encode(rlp.from_uint(value))
    same("decoded again", rlp.to_uint(rlp.decode(encoded), "value", bits=value.bit_length()), value)
    return {"rlp": encoded}


def decode(given: Any, _: Any) -> Outputs:
    return {"item": rlp.decode(hex_bytes(given["rlp"]))}


def decode_uint(given: Any, _: Any) -> Outputs:
    return {"value": rlp.to_uint(rlp.decode(hex_bytes(given["rlp"])), "value")}


def validate(given: Any, _: Any) -> Outputs:
    text = given["address"]
    try:
        exact = str(Address(text)) == text
    except InputError:
        exact = False
    return {"is_exact_checksum": exact}


def create2(given: Any, _: Any) -> Outputs:
    code_hash = given.get("init_code_hash") or keccak256(hex_bytes(given["init_code"]))
    if "init_code" in given:
        same("hash of the init code", keccak256(hex_bytes(given["init_code"])), code_hash)
    return {"address": addresses.create2(given["sender"], given["salt"], code_hash)}


def zk_create2(given: Any, _: Any) -> Outputs:
    made = addresses.era_create2(
        given["sender"], given["salt"], given["bytecode_hash"], given.get("constructor_input", "0x")
    )
    return {"address": made}


def bytecode_hash(given: Any, _: Any) -> Outputs:
    if "bytecode" in given:
        return {"hash": versioned_hash(given["bytecode"])}
    rule = given["bytecode_gen"]
    a, b = number(rule["a"]), number(rule["b"])
    return {"hash": versioned_hash(bytes((i * a + b) % 256 for i in range(number(rule["length"]))))}


SUITES: dict[str, dict[str | None, Rule]] = {
    "rlp": {"encode": encode, "encode_uint": encode_uint, "decode": decode, "decode_uint": decode_uint},
    "address": {
        "checksum": lambda given, _: {"checksummed": Address(given["address"])},
        "validate": validate,
        "create": lambda given, _: {"address": addresses.create(given["sender"], number(given["nonce"]))},
        "create2": create2,
        "zk_create": lambda given, _: {"address": addresses.era_create(given["sender"], number(given["nonce"]))},
        "zk_create2": zk_create2,
        "alias_apply": lambda given, _: {"address": addresses.apply_alias(given["address"])},
        "alias_undo": lambda given, _: {"address": addresses.undo_alias(given["address"])},
    },
    "bytecode_hash": {None: bytecode_hash},
}
