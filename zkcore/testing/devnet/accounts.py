"""The accounts of a devnet: the same ones each time, with keys that everybody knows."""

from zkcore.ethereum.hashing import keccak256
from zkcore.types import Address, Hash32

__all__ = ["Account", "accounts"]


class Account:
    """An account with its key. The key is not in its repr."""

    __slots__ = ("_key", "address")

    def __init__(self, key: Hash32) -> None:
        from eth_keys.main import KeyAPI

        self._key = key
        self.address = Address(KeyAPI().PrivateKey(bytes(key)).public_key.to_canonical_address())

    @property
    def private_key(self) -> str:
        """The key as 0x hex, as `PrivateKeySigner` takes it."""
        return str(self._key)

    def __repr__(self) -> str:
        return f"Account({self.address})"


def accounts(count: int) -> tuple[Account, ...]:
    """The first accounts. Their keys are hashes of a public text: never send anything to them on a real chain."""
    return tuple(Account(keccak256(f"zkcore devnet account {i}".encode())) for i in range(count))
