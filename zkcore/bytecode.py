"""Versioned hashes of EraVM bytecode.

Source: era-contracts l1-contracts/contracts/common/l2-helpers/L2ContractHelper.sol, hashL2Bytecode.
"""

from zkcore.errors import InputError
from zkcore.hashing import sha256
from zkcore.types import Hash32, HexLike, hex_bytes

__all__ = ["versioned_hash"]


def versioned_hash(bytecode: HexLike) -> Hash32:
    """0x01 || 0x00 || the number of 32-byte words in two bytes || the last 28 bytes of sha256(bytecode).

    The bytecode must have whole words, an odd number of them, less than 2**16. Raises InputError.
    """
    code = hex_bytes(bytecode, "bytecode")
    words, rest = divmod(len(code), 32)
    if rest:
        raise InputError(f"bytecode: expected a multiple of 32 bytes, got {len(code)} bytes")
    if words % 2 == 0 or words >= 1 << 16:
        raise InputError(f"bytecode: expected an odd number of 32-byte words below 65536, got {words}")
    return Hash32(b"\x01\x00" + words.to_bytes(2) + sha256(code)[4:])
