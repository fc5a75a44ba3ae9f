"""Keystore files: refused, or decrypted with parameters that are cheap enough; the password is never in an error."""

import json

import atheris

with atheris.instrument_imports(include=["zkcore", "signers"]):
    from harness import fuzz, json_tokens, require

    from signers import keystore
    from zkcore.errors import InputError

PASSWORD = "correct horse battery staple"
KEY = b"\x46" * 32
COSTLY = 1 << 12  # work that a harness does not wait for; the parser's own bound is tested in tests/unit


def check(data: bytes) -> None:
    if costly(data):
        return
    try:
        key = keystore.decrypt(data, PASSWORD)
    except InputError as error:
        require(PASSWORD not in str(error) and KEY.hex() not in str(error), "a secret in an error")
        return
    require(len(key) == 32, key)


def costly(data: bytes) -> bool:
    try:
        content = json.loads(data)
        params = (content.get("crypto") or content["Crypto"])["kdfparams"]
        numbers = [params.get(name, 1) for name in "nrpc"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return any(isinstance(number, int) and number > COSTLY for number in numbers)


SEEDS = [keystore.encrypt(KEY, PASSWORD, kdf=kdf, cost=2).encode() for kdf in ("scrypt", "pbkdf2")]

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))
