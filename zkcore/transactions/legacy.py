"""Legacy transactions: rlp([nonce, gas_price, gas_limit, to, value, data, v, r, s]), with EIP-155 or before it."""

from typing import ClassVar, Self

from zkcore.errors import InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.signature import Signature
from zkcore.transactions._base import EMPTY, BaseTransaction, Data, To, check_count, signature_items, triple

__all__ = ["LegacyTransaction"]


class LegacyTransaction(BaseTransaction, frozen=True, kw_only=True):
    """A transaction without a type. `chain_id=None` is the form before EIP-155, which can be replayed on any chain.

    EIP-155: chain_id, 0, 0 are hashed after the six fields, and v = 35 + 2 * chain_id + y_parity; before it
    v = 27 + y_parity. `to=None` creates a contract. Price and value in wei. Raises InputError for what does not fit.
    """

    TYPE: ClassVar[int] = 0x00
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"to", "chain_id"})

    nonce: int
    gas_price: int
    gas_limit: int
    to: To
    value: int = 0
    data: Data = EMPTY
    chain_id: int | None

    def unsigned_bytes(self) -> bytes:
        """What is hashed to be signed, and what a hardware wallet is sent."""
        tail: list[rlp.Item] = [] if self.chain_id is None else [rlp.from_uint(self.chain_id), b"", b""]
        return rlp.encode(self._items(6) + tail)

    def signed_bytes(self, signature: Signature) -> bytes:
        """What is sent with eth_sendRawTransaction. Whether the signature fits is not checked here: see `sender`."""
        base = 27 if self.chain_id is None else 35 + 2 * self.chain_id
        return rlp.encode(self._items(6) + signature_items(signature, base + signature.y_parity))

    @classmethod
    def from_items(cls, items: list[rlp.Decoded]) -> tuple[Self, Signature | None]:
        """The transaction and, if there is one, the signature in a decoded payload. Raises InputError, BadSignature."""
        check_count(cls.__name__, items, 6, 9)
        chain_id, signature = _parse_tail(items[6:])
        return cls.read({**cls.parsed(items[:6]), "chain_id": chain_id}), signature


def _parse_tail(tail: list[rlp.Decoded]) -> tuple[int | None, Signature | None]:
    """The chain id and the signature of the items after the six fields: none, v, r, s or chain_id, 0, 0."""
    if not tail:
        return None, None
    v, r, s = triple(tail)
    if not r and not s:
        return v, None
    if v in {27, 28}:
        return None, Signature(r, s, v - 27)
    if v < 35:
        raise InputError(f"v: expected 27, 28, or 35 and above (EIP-155), got {v}")
    return (v - 35) // 2, Signature(r, s, (v - 35) % 2)
