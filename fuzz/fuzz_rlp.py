"""RLP: what is decoded encodes to the same bytes, as the whole and as a list's first item."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import InputError
    from zkcore.ethereum import rlp


def check(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except InputError:
        return
    require(rlp.encode(item) == data, item)
    if isinstance(item, bytes):
        try:
            value = rlp.to_uint(item, "value")
        except InputError:
            return
        require(rlp.from_uint(value) == item, value)


SEEDS = [rlp.encode(item) for item in (b"", b"\x7f", b"\x80", b"a" * 55, b"a" * 56, b"a" * 300, [], [[], [[]]])]
SEEDS += [rlp.encode([b"cat", [b"", b"\x01" * 60], b"a" * 256]), rlp.encode([b"x"] * 300)]

if __name__ == "__main__":
    fuzz(check, SEEDS)
