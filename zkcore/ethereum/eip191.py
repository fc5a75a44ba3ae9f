"""EIP-191 version 0x45, personal messages: what `personal_sign` and the hardware wallets sign."""

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.types import Hash32

__all__ = ["message_hash"]


def message_hash(message: bytes) -> Hash32:
    """keccak256(0x19 || "Ethereum Signed Message:" || newline || decimal length in bytes || message).

    A text is signed as its UTF-8 bytes, so encode it first: `message_hash(text.encode())`. Raises InputError for a str.
    """
    if not isinstance(message, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"message: expected bytes (a text as text.encode()), got {type(message).__name__}")
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
