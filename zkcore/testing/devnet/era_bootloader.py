"""How Era runs a signed transaction: the fee is the base fee's, and a paymaster may pay it."""

from typing import Any

from zkcore.testing.devnet.bootloader import Outcome, outcome_of
from zkcore.testing.devnet.node import quantity
from zkcore.testing.devnet.pool import Pending, transaction_json
from zkcore.testing.devnet.upstream import Upstream
from zkcore.types import Address, to_hex

__all__ = ["EraOperation"]


class EraOperation:
    """A legacy, EIP-1559 or EIP-712 transaction on Era. A tip is not charged."""

    borrows_nonce = False

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self.hash, self.sender, self.price = pending.hash, pending.sender, pending.max_fee
        paymaster = getattr(pending.transaction, "paymaster", None)
        self.paymaster: Address | None = paymaster and paymaster.address
        self._anvil_hash = ""

    def validate(self, rpc: Upstream, base_fee: int) -> None:
        """Refuse what the paymaster refuses. Raises RpcError."""

    def begin(self, rpc: Upstream, base_fee: int) -> None:
        tx = self._pending.transaction
        fields = {
            "from": str(self.sender),
            "value": quantity(tx.value),
            "data": to_hex(tx.data),
            "gas": quantity(tx.gas_limit),
            "maxFeePerGas": quantity(base_fee),
            "maxPriorityFeePerGas": "0x0",
            "nonce": quantity(tx.nonce),
        } | ({} if tx.to is None else {"to": str(tx.to)})
        self._anvil_hash = rpc("eth_sendUnsignedTransaction", fields)

    def end(self, rpc: Upstream) -> Outcome:
        return outcome_of(rpc, self._anvil_hash)

    def json(self) -> dict[str, Any]:
        return transaction_json(self._pending)
