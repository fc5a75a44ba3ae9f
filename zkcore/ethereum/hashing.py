"""The two hash functions of the protocols: Keccak-256 everywhere, SHA-256 for EraVM bytecode."""

import hashlib

from zkcore._keccak import keccak
from zkcore.types import Hash32

__all__ = ["calldata_digest", "keccak256", "sha256"]


def keccak256(data: bytes) -> Hash32:
    """Keccak-256 of the data (the original padding, not NIST's SHA3-256)."""
    return Hash32(keccak(data))


def sha256(data: bytes) -> Hash32:
    """SHA-256 of the data."""
    return Hash32(hashlib.sha256(data).digest())


def calldata_digest(data: bytes) -> Hash32:
    """ERC-8213: Keccak-256 of the calldata's length, as 32 bytes, and the calldata."""
    return keccak256(len(data).to_bytes(32) + data)
