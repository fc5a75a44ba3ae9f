"""Keccak-256 from pycryptodome, loaded on first use: importing it costs more than all of zkcore."""

from collections.abc import Callable
from functools import cache
from typing import Protocol


class _Hash(Protocol):
    def digest(self) -> bytes: ...


@cache
def _new() -> Callable[..., _Hash]:
    from Crypto.Hash import keccak

    return keccak.new


def keccak(data: bytes) -> bytes:
    """The 32 bytes of Keccak-256 (the original padding, not SHA3-256), as Ethereum uses it."""
    return _new()(digest_bits=256, data=data).digest()
