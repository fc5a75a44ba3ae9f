"""Transactions accepted and not mined. The front keeps them, not anvil, which would drop or reorder them."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from zkcore.ethereum.signature import Signature
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
)
from zkcore.types import Address, Hash32, to_hex

__all__ = ["Pending", "Pool", "Rejected", "transaction_json"]


_PRICED = LegacyTransaction | Eip2930Transaction  # with one gas price


class Rejected(Exception):
    """The pool does not take a transaction: the reason is "nonce too low", "already known" or "underpriced"."""

    def __init__(self, reason: str, *, nonce: int, wanted: int) -> None:
        super().__init__(reason)
        self.reason, self.nonce, self.wanted = reason, nonce, wanted


class Pending(Struct, frozen=True, kw_only=True):
    """A signed transaction as it was sent."""

    raw: bytes
    transaction: Transaction
    signature: Signature | None  # None: only a custom signature
    sender: Address
    hash: Hash32

    @property
    def nonce(self) -> int:
        """Its nonce."""
        return self.transaction.nonce

    @property
    def max_fee(self) -> int:
        """The highest price of a gas that it pays."""
        tx = self.transaction
        return tx.gas_price if isinstance(tx, _PRICED) else tx.max_fee_per_gas

    @property
    def priority_fee(self) -> int:
        """The highest tip that it pays."""
        tx = self.transaction
        return tx.gas_price if isinstance(tx, _PRICED) else tx.max_priority_fee_per_gas

    @property
    def cost(self) -> int:
        """What the sender must have: the value, and the gas limit at the highest price."""
        return self.transaction.value + self.transaction.gas_limit * self.max_fee

    def json(self) -> dict[str, Any]:
        """As eth_getTransactionByHash shows it while it waits."""
        return transaction_json(self) | {"blockHash": None, "blockNumber": None, "transactionIndex": None}


def transaction_json(pending: Pending) -> dict[str, Any]:
    """The fields of a transaction as JSON-RPC has them, without its place in a block."""
    tx, signature = pending.transaction, pending.signature
    kind = 0 if isinstance(tx, LegacyTransaction) else pending.raw[0]
    fields: dict[str, Any] = {
        "hash": str(pending.hash),
        "type": hex(kind),
        "nonce": hex(tx.nonce),
        "from": str(pending.sender).lower(),
        "to": None if tx.to is None else str(tx.to).lower(),
        "value": hex(tx.value),
        "gas": hex(tx.gas_limit),
        "gasPrice": hex(pending.max_fee),
        "input": to_hex(tx.data),
        "chainId": None if tx.chain_id is None else hex(tx.chain_id),
    }
    if not isinstance(tx, _PRICED):
        fields |= {"maxFeePerGas": hex(pending.max_fee), "maxPriorityFeePerGas": hex(pending.priority_fee)}
    if isinstance(tx, Eip2930Transaction | Eip1559Transaction):
        fields["accessList"] = [
            {"address": str(address).lower(), "storageKeys": [to_hex(key) for key in keys]}
            for address, keys in tx.access_list
        ]
    if signature is not None:
        if kind:
            v = signature.y_parity
        elif tx.chain_id is None:
            v = 27 + signature.y_parity
        else:
            v = 35 + 2 * tx.chain_id + signature.y_parity
        fields |= {"r": hex(signature.r), "s": hex(signature.s), "v": hex(v)}
        if kind and not isinstance(tx, Eip712Transaction):
            fields["yParity"] = hex(signature.y_parity)
    return fields


class Pool:
    """What waits, in the order of arrival, by sender and nonce."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Address, int], Pending] = {}

    def __iter__(self) -> Iterator[Pending]:
        return iter(list(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

    def copy(self) -> "Pool":
        """An independent pool with the same transactions."""
        twin = Pool()
        twin._waiting = dict(self._waiting)
        return twin

    def get(self, transaction_hash: bytes) -> Pending | None:
        """The waiting transaction with this hash."""
        return next((pending for pending in self._waiting.values() if pending.hash == transaction_hash), None)

    def add(self, pending: Pending, state_nonce: int) -> None:
        """Take a transaction. One in its place gives way to fees higher by a tenth, as in geth. Raises Rejected."""
        if pending.nonce < state_nonce:
            raise Rejected("nonce too low", nonce=pending.nonce, wanted=state_nonce)
        old = self._waiting.get((pending.sender, pending.nonce))
        if old is not None:
            if old.hash == pending.hash:
                raise Rejected("already known", nonce=pending.nonce, wanted=state_nonce)
            if any(
                10 * new < 11 * was
                for new, was in ((pending.max_fee, old.max_fee), (pending.priority_fee, old.priority_fee))
            ):
                raise Rejected("underpriced", nonce=pending.nonce, wanted=state_nonce)
        self._waiting[pending.sender, pending.nonce] = pending

    def drop(self, pending: Pending) -> None:
        """Forget one."""
        self._waiting.pop((pending.sender, pending.nonce), None)

    def next_nonce(self, sender: bytes, state_nonce: int) -> int:
        """The first nonce from the state's on that nothing waits for."""
        while (sender, state_nonce) in self._waiting:
            state_nonce += 1
        return state_nonce
