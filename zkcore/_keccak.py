"""Keccak-256, loaded on first use (importing it costs more than all of zkcore): pycryptodome's, or a C extension's.

safe-pysha3 (the extra `fast`) gives the same bytes in a fraction of the time. Its module is called `sha3`, as others' are,
so it is asked for a digest that is known before it is taken.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Protocol, TypeAlias


class _Digest(Protocol):
    def digest(self) -> bytes: ...


_Hash: TypeAlias = Callable[[bytes], _Digest]
# of nothing: Keccak's submission, known answer test of 256 bits, message length 0
_OF_NOTHING = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


@cache
def backend() -> tuple[str, _Hash]:
    """What computes it here: the name of the distribution, and its hash."""
    try:
        native: _Hash = import_module("sha3").keccak_256
    except (ImportError, AttributeError):
        return "pycryptodome", _pycryptodome()
    return ("safe-pysha3", native) if native(b"").digest() == _OF_NOTHING else ("pycryptodome", _pycryptodome())


def _pycryptodome() -> _Hash:
    from Crypto.Hash import keccak

    new = keccak.new
    return lambda data: new(data=data, digest_bits=256)


def keccak(data: bytes) -> bytes:
    """The 32 bytes of Keccak-256 (the original padding, not SHA3-256), as Ethereum uses it."""
    return backend()[1](data).digest()
