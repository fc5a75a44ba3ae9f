"""Typed data as JSON: what is parsed says the same in every form, and devices can be given all of it."""

import json

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, json_tokens, require

    from zkcore.errors import InputError
    from zkcore.ethereum.eip712 import DOMAIN, TypedData


def check(data: bytes) -> None:
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        typed = TypedData.parse(given)
    except InputError:
        return
    digest = typed.digest()
    plain = typed.to_dict()
    again = TypedData.parse(json.loads(json.dumps(plain)))
    require(again == typed and again.digest() == digest, plain)
    parts = TypedData(types=typed.types, primary_type=typed.primary_type, domain=typed.domain, message=typed.message)
    require(parts == typed, plain)
    for name in (DOMAIN, typed.primary_type):
        list(typed.walk(name))


FIELDS = ["string", "uint8", "int256", "bool", "address", "bytes", "bytes32", "P[]", "P[2][]", "uint256[0]"]
VALUES = ["a", 1, "-1", True, "0x" + "35" * 20, "0x01", "0x" + "11" * 32, [{"x": 1, "ps": []}], [], []]
TYPES = {
    "T": [{"name": f"v{place}", "type": kind} for place, kind in enumerate(FIELDS)],
    "P": [{"name": "x", "type": "int32"}, {"name": "ps", "type": "P[]"}],
}
MESSAGE = {f"v{place}": value for place, value in enumerate(VALUES)}
DOMAINS = [
    {},
    {"name": "n", "version": "1", "chainId": 324, "verifyingContract": "0x" + "35" * 20, "salt": "0x" + "00" * 32},
]
SEEDS = [
    json.dumps({"types": TYPES, "primaryType": "T", "domain": domain, "message": MESSAGE}).encode()
    for domain in DOMAINS
]
SEEDS.append(b'{"types":{"T":[{"name":"t","type":"T[]"}]},"primaryType":"T","domain":{},"message":{"t":[{"t":[]}]}}')

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))
