"""L1: an Ethereum node whose blocks come when a transaction does, or when they are asked for."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from zkcore.errors import ZkCoreError
from zkcore.testing.devnet.node import Node, quantity, to_int, without_custom_error
from zkcore.testing.devnet.pool import Pending, Rejected
from zkcore.testing.devnet.upstream import RpcError
from zkcore.transactions import parse_transaction
from zkcore.types import Address, Hash32, hex_bytes

__all__ = ["L1", "OPERATOR"]

OPERATOR = Address(bytes(18) + b"\x09\x09")  # sends what operators and validators send; anvil needs no key for it

_BASE_GAS, _CREATION_GAS, _ZERO_BYTE_GAS, _BYTE_GAS = 21_000, 32_000, 4, 16


class L1(Node):
    """The L1 of one or more chains. Errors read as geth's do."""

    tags = MappingProxyType(
        {
            "latest": "block_number",
            "pending": "block_number",
            "safe": "safe",
            "finalized": "finalized",
            "earliest": "earliest",
        }
    )
    client_version = "Geth/v1.16.0-devnet/anvil"
    on_block: list[Callable[[int], None]]  # each is told the number of the first new block

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.on_block = []
        self._handed: dict[bytes, int] = {}  # while a block of several is filled: the next nonce of each sender
        super().__init__(*arguments, **options)

    def safe(self) -> int:
        """The number of the newest safe block: one behind the newest."""
        return max(self.block_number() - 1, 0)

    def finalized(self) -> int:
        """The number of the newest final block: two behind the newest."""
        return max(self.block_number() - 2, 0)

    # ------------------------------------------------------------ sending
    def decoded(self, raw: str) -> Pending:
        try:
            data = hex_bytes(raw, "raw transaction")
            transaction, signature = parse_transaction(data)
            if signature is None:
                raise RpcError(-32000, "invalid transaction v, r, s values")
            sender = transaction.sender(signature)
            return Pending(
                raw=data, transaction=transaction, signature=signature, sender=sender, hash=transaction.hash(signature)
            )
        except ZkCoreError as error:
            raise RpcError(-32000, f"rlp: {error}") from error

    def check(self, pending: Pending) -> None:
        tx = pending.transaction
        if tx.chain_id not in (None, self.chain_id):
            raise RpcError(-32000, f"invalid chain id for signer: have {tx.chain_id} want {self.chain_id}")
        needed = (
            _BASE_GAS
            + (_CREATION_GAS if tx.to is None else 0)
            + sum(_BYTE_GAS if byte else _ZERO_BYTE_GAS for byte in tx.data)
        )
        if tx.gas_limit < needed:
            raise RpcError(-32000, f"intrinsic gas too low: gas {tx.gas_limit}, minimum needed {needed}")
        balance = to_int(self.anvil.rpc("eth_getBalance", str(pending.sender), "latest"))
        if balance < pending.cost:
            raise RpcError(
                -32000,
                "insufficient funds for gas * price + value: "
                f"balance {balance}, tx cost {pending.cost}, overshot {pending.cost - balance}",
            )

    def rejected(self, error: Rejected) -> RpcError:
        texts = {
            "nonce too low": f"nonce too low: next nonce {error.wanted}, tx nonce {error.nonce}",
            "already known": "already known",
            "underpriced": "replacement transaction underpriced",
        }
        return RpcError(-32000, texts[error.reason])

    def translated(self, error: RpcError) -> RpcError:
        if error.code == 3:
            return RpcError(3, without_custom_error(error.message), error.data)
        return RpcError(-32000, error.message, error.data) if error.code == -32003 else error

    def passed(self, method: str, *params: Any) -> Any:
        wanted = params[1:2] or ("pending",)  # an estimate without a block is one of the pending state
        if not len(self.pool) or wanted != ("pending",) or method not in {"eth_call", "eth_estimateGas"}:
            return super().passed(method, *params)
        # the transactions wait here, not in anvil: mine them, look, and go back
        rpc, snapshot, pool = self.anvil.rpc, self.anvil.rpc("evm_snapshot"), self.pool.copy()
        try:
            while (pending := self._next()) is not None:
                self._hand_over(pending, raising=False)
                self._handed[pending.sender] = pending.nonce + 1
            rpc("anvil_setNextBlockBaseFeePerGas", quantity(self.base_fee))
            rpc("evm_mine")
            return super().passed(method, params[0], "latest", *params[2:])
        finally:
            self._handed.clear()
            self.pool = pool
            rpc("evm_revert", snapshot)

    # ------------------------------------------------------------ mining
    def mine_pending(self, sent: Pending | None = None) -> None:
        while (pending := self._next()) is not None:
            self._hand_over(pending, raising=pending is sent)
            self.mine_block()

    def mine(self, blocks: int = 1) -> None:
        """Mine: the first block takes what waits and can be mined, in the order it came; the others are empty."""
        with self.lock:
            while (pending := self._next()) is not None:
                self._hand_over(pending, raising=False)
                self._handed[pending.sender] = pending.nonce + 1
            self._handed.clear()
            for _ in range(blocks):
                self.mine_block()

    def _next(self) -> Pending | None:
        for pending in self.pool:
            nonce = self._handed.get(pending.sender)
            if nonce is None:
                nonce = to_int(self.anvil.rpc("eth_getTransactionCount", str(pending.sender), "latest"))
            if pending.nonce < nonce:
                self.pool.drop(pending)
            elif pending.nonce == nonce and pending.max_fee >= self.base_fee:
                return pending
        return None

    def _hand_over(self, pending: Pending, *, raising: bool) -> None:
        self.pool.drop(pending)
        self.anvil.rpc("anvil_setNextBlockBaseFeePerGas", quantity(self.base_fee))
        try:
            self.anvil.rpc("eth_sendRawTransaction", "0x" + pending.raw.hex())
        except RpcError as error:
            if raising:
                raise self.translated(error) from error

    def mine_block(self) -> None:
        """Mine one block of what anvil has, and let the chains look at it."""
        self.anvil.rpc("anvil_setNextBlockBaseFeePerGas", quantity(self.base_fee))
        self.anvil.rpc("evm_mine")
        number = self.block_number()
        for listener in list(self.on_block):
            listener(number)

    def send(
        self, to: Address | None, data: bytes, *, sender: Address = OPERATOR, value: int = 0, listen: bool = True
    ) -> Any:
        """Send from any address, without a key, and mine it; the receipt. Raises RuntimeError if it reverts."""
        with self.lock:
            self.anvil.rpc("anvil_addBalance", str(sender), quantity(10**19 + value))
            fields = {
                "from": str(sender),
                "data": "0x" + data.hex(),
                "value": quantity(value),
                "gas": quantity(25_000_000),
                "maxFeePerGas": quantity(2 * self.base_fee + self.priority_fee),
                "maxPriorityFeePerGas": quantity(0),
                "nonce": self.anvil.rpc("eth_getTransactionCount", str(sender), "latest"),
            } | ({} if to is None else {"to": str(to)})
            self.anvil.rpc("anvil_setNextBlockBaseFeePerGas", quantity(self.base_fee))
            transaction_hash = self.anvil.rpc("eth_sendUnsignedTransaction", fields)
            if listen:
                self.mine_block()
            else:
                self.anvil.rpc("evm_mine")
            receipt = self.anvil.rpc("eth_getTransactionReceipt", transaction_hash)
            if receipt is None or receipt["status"] != "0x1":
                trace = self.anvil.rpc("debug_traceTransaction", transaction_hash, {"tracer": "callTracer"})
                raise RuntimeError(
                    f"the devnet's own transaction to {to} failed: {trace.get('error')} {trace.get('output')}"
                )
            return receipt

    # ------------------------------------------------------------ what goes wrong on an L1
    def drop(self, transaction_hash: Hash32 | str) -> None:
        """Forget a waiting transaction, as nodes do with those that pay too little. Raises KeyError if none waits."""
        with self.lock:
            pending = self.pool.get(Hash32(transaction_hash))
            if pending is None:
                raise KeyError(f"{transaction_hash} is not waiting on L1")
            self.pool.drop(pending)

    def reorg(self, depth: int = 1, *, keep: bool = False) -> None:
        """Replace the last blocks. Their transactions are gone, or with `keep` mined anew at their old numbers."""
        with self.lock:
            rpc, head = self.anvil.rpc, self.block_number()
            first = head - depth + 1
            blocks = [rpc("eth_getBlockByNumber", quantity(number), True) for number in range(first, head + 1)]
            again = [
                [self._again(transaction) for transaction in block["transactions"]] if keep else [] for block in blocks
            ]
            rpc("anvil_rollback", depth)
            rpc("evm_setNextBlockTimestamp", to_int(blocks[0]["timestamp"]) + 1)  # equal blocks would have equal hashes
            for block, calls in zip(blocks, again, strict=True):
                rpc("anvil_setNextBlockBaseFeePerGas", block["baseFeePerGas"])
                for method, transaction in calls:
                    rpc(method, transaction)
                rpc("anvil_setNextBlockBaseFeePerGas", block["baseFeePerGas"])
                rpc("evm_mine")
            for listener in list(self.on_block):
                listener(first)

    def _again(self, transaction: dict[str, Any]) -> tuple[str, Any]:
        """How a mined transaction is sent once more."""
        if to_int(transaction["r"]):
            return "eth_sendRawTransaction", self.anvil.rpc("eth_getRawTransactionByHash", transaction["hash"])
        kept = ("from", "to", "value", "gas", "nonce", "maxFeePerGas", "maxPriorityFeePerGas")
        fields = {key: transaction[key] for key in kept if transaction[key] is not None}
        return "eth_sendUnsignedTransaction", fields | {"data": transaction["input"]}
