"""How transactions run on the anvil of an L2: each costs and moves what ZKsync's bootloader says, to the wei."""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from zkcore.protocol.priority import PriorityRequest
from zkcore.testing.devnet.node import quantity, to_int
from zkcore.testing.devnet.pool import Pending, transaction_json
from zkcore.testing.devnet.upstream import RpcError, Upstream
from zkcore.types import Address, Hash32, to_hex

__all__ = ["Operation", "Outcome", "PriorityOperation", "UserOperation", "outcome_of"]

_REVERTING = "0x60006000fd"  # PUSH1 0 PUSH1 0 REVERT
_BORROWED_NONCE = 1 << 40  # a priority operation borrows a nonce: equal ones would be one transaction to anvil


class Outcome(Struct, kw_only=True):
    """What one transaction did: all that a receipt is made of but its place."""

    status: bool
    gas_used: int
    price: int
    logs: Sequence[tuple[str, dict[str, Any]]] = ()  # the anvil hash it came from, and the log
    anvil_hash: str | None = None
    contract: str | None = None


class Operation(Protocol):
    """One transaction of a block: `begin` hands it to anvil, `end` settles it once the block is mined."""

    hash: Hash32
    sender: Address
    borrows_nonce: bool
    alone: bool  # it shares its block with no other
    price: int  # what a gas of it costs at most; the block's base fee must not be above it

    def begin(self, rpc: Upstream, base_fee: int) -> None:
        """Prepare the state and send. Raises RpcError if it cannot be part of any block."""
        ...

    def end(self, rpc: Upstream) -> Outcome:
        """Settle."""
        ...

    def json(self) -> dict[str, Any]:
        """The transaction as JSON-RPC shows it, without its place."""
        ...


class PriorityOperation:
    """Runs a priority operation.

    The sender is given the mint value, pays gas used * price to the operator, and what is left goes to the refund
    recipient; on failure the value goes there too. Source: era-contracts system-contracts/bootloader/bootloader.yul,
    processL1Tx.
    """

    borrows_nonce = True
    alone = False

    def __init__(self, request: PriorityRequest, *, fail: bool = False) -> None:
        self.request, self._fail = request.transaction, fail
        self.hash = request.l2_tx_hash
        self.sender, self.price = self.request.from_address, self.request.max_fee_per_gas
        self._anvil_hash: str | None = None
        self._nonce = self._code = "0x0"
        self._minted = 0

    def begin(self, rpc: Upstream, base_fee: int) -> None:
        request, sender = self.request, str(self.sender)
        self._minted = request.gas_limit * self.price + request.value
        if request.mint_value < self._minted:
            return  # from v31 L1 does not check the value: it fails here
        self._nonce = rpc("eth_getTransactionCount", sender, "latest")
        if self._fail:
            self._code = rpc("eth_getCode", str(request.to), "latest")
            rpc("anvil_setCode", str(request.to), _REVERTING)
        nonce = quantity(_BORROWED_NONCE + request.nonce)
        rpc("anvil_setNonce", sender, nonce)
        rpc("anvil_addBalance", sender, quantity(self._minted))
        fields = {
            "from": sender,
            "to": str(request.to),
            "value": quantity(request.value),
            "data": to_hex(request.data),
            "gas": quantity(request.gas_limit),
            "maxFeePerGas": quantity(self.price),
            "maxPriorityFeePerGas": quantity(self.price - base_fee),
            "nonce": nonce,
        }
        try:
            self._anvil_hash = rpc("eth_sendUnsignedTransaction", fields)
        except RpcError:
            self._undo(rpc)  # too little gas even to begin with: anvil makes no receipt, the chain does

    def _undo(self, rpc: Upstream) -> None:
        rpc("anvil_setNonce", str(self.sender), self._nonce)
        if self._fail:
            rpc("anvil_setCode", str(self.request.to), self._code)

    def end(self, rpc: Upstream) -> Outcome:
        request, sender = self.request, str(self.sender)
        receipt = rpc("eth_getTransactionReceipt", self._anvil_hash) if self._anvil_hash else None
        used = to_int(receipt["gasUsed"]) if receipt else request.gas_limit
        status = receipt is not None and receipt["status"] == "0x1"
        spent = used * self.price + (request.value if status else 0)
        if receipt:
            self._undo(rpc)
        if self._anvil_hash:
            anvil_spent = spent if receipt else 0
            balance = to_int(rpc("eth_getBalance", sender, "latest"))
            rpc("anvil_setBalance", sender, quantity(balance - (self._minted - anvil_spent)))
        rpc("anvil_addBalance", str(request.refund_recipient), quantity(request.mint_value - spent))
        logs = [(self._anvil_hash or "", log) for log in receipt["logs"]] if receipt else []
        return Outcome(status=status, gas_used=used, price=self.price, logs=logs, anvil_hash=self._anvil_hash)

    def json(self) -> dict[str, Any]:
        request = self.request
        return {
            "hash": str(self.hash),
            "type": quantity(request.tx_type),
            "nonce": quantity(request.nonce),
            "from": str(self.sender).lower(),
            "to": str(request.to).lower(),
            "value": quantity(request.value),
            "gas": quantity(request.gas_limit),
            "gasPrice": quantity(self.price),
            "maxFeePerGas": quantity(self.price),
            "maxPriorityFeePerGas": "0x0",
            "input": to_hex(request.data),
            "v": "0x0",
            "r": "0x0",
            "s": "0x0",
        }


class UserOperation:
    """Runs a signed transaction as it came."""

    borrows_nonce = False
    alone = False

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self.hash, self.sender, self.price = pending.hash, pending.sender, pending.max_fee
        self._anvil_hash = ""

    def begin(self, rpc: Upstream, base_fee: int) -> None:
        self._anvil_hash = rpc("eth_sendRawTransaction", to_hex(self._pending.raw))

    def end(self, rpc: Upstream) -> Outcome:
        return outcome_of(rpc, self._anvil_hash)

    def json(self) -> dict[str, Any]:
        return transaction_json(self._pending)


def outcome_of(rpc: Upstream, anvil_hash: str) -> Outcome:
    """What a mined transaction did, by anvil's receipt."""
    receipt = rpc("eth_getTransactionReceipt", anvil_hash)
    if receipt is None:
        raise RuntimeError(f"anvil mined no receipt for {anvil_hash}")
    return Outcome(
        status=receipt["status"] == "0x1",
        gas_used=to_int(receipt["gasUsed"]),
        price=to_int(receipt["effectiveGasPrice"]),
        logs=[(anvil_hash, log) for log in receipt["logs"]],
        anvil_hash=anvil_hash,
        contract=receipt.get("contractAddress"),
    )
