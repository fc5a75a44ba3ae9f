"""The versioned hash of EraVM bytecode, by which factory deps and deployments name it."""

from zkcore.errors import InputError
from zkcore.ethereum.hashing import sha256
from zkcore.types import Hash32, HexLike, hex_bytes

__all__ = ["versioned_hash"]


def versioned_hash(bytecode: HexLike) -> Hash32:
    """SHA-256 of the bytecode, its first 4 bytes replaced by 0x0100 and the number of 32-byte words (uint16).

    The bytecode is of whole words, an odd number of them, fewer than 2**16. Source: era-contracts
    l1-contracts/contracts/common/l2-helpers/L2ContractHelper.sol (hashL2Bytecode). Raises InputError.
    """
    code = hex_bytes(bytecode, "bytecode")
    words, rest = divmod(len(code), 32)
    if rest:
        raise InputError(f"bytecode: expected a multiple of 32 bytes, got {len(code)} bytes: not EraVM bytecode")
    if words % 2 == 0:
        raise InputError(f"bytecode: expected an odd number of 32-byte words, got {words}")
    if words >= 1 << 16:
        raise InputError(f"bytecode: expected fewer than 65536 words of 32 bytes, got {words}")
    return Hash32(b"\x01\x00" + words.to_bytes(2, "big") + sha256(code)[4:])
