"""Keys of the fake Trezor: one for each path and passphrase, not derived by BIP-32."""

from collections.abc import Sequence

from zkcore.ethereum.hashing import keccak256

__all__ = ["any_key", "sign_digest"]


def any_key(path: Sequence[int], passphrase: str) -> bytes:
    return keccak256(repr((tuple(path), passphrase)).encode())


def sign_digest(digest: bytes, private_key: bytes) -> tuple[int, int, int]:
    from eth_keys.main import KeyAPI

    signature = KeyAPI().PrivateKey(private_key).sign_msg_hash(digest)
    return signature.r, signature.s, signature.v
