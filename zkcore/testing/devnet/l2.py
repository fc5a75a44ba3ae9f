"""The JSON-RPC that both stacks have in common: Ethereum's, with what the front knows of its transactions."""

from typing import Any

from zkcore.testing.devnet.bootloader import Operation
from zkcore.testing.devnet.chain import Chain, Record
from zkcore.testing.devnet.node import quantity, to_int
from zkcore.testing.devnet.pool import Pending
from zkcore.testing.devnet.upstream import RpcError
from zkcore.types import Address

__all__ = ["L2"]


class L2(Chain):
    """What both stacks have in common. A subclass is one stack."""

    # ------------------------------------------------------------ reading
    def record(self, transaction_hash: str) -> Record | None:
        """The transaction with this hash, if it ran."""
        return self.state.records.get(transaction_hash.lower())

    def receipt_json(self, record: Record) -> dict[str, Any]:
        """The receipt in this stack's form."""
        raise NotImplementedError

    def transaction_json(self, record: Record) -> dict[str, Any]:
        """The transaction in this stack's form."""
        return record.transaction

    def log_json(self, log: dict[str, Any]) -> dict[str, Any]:
        """A log in this stack's form."""
        return log

    def known_transaction(self, transaction_hash: str) -> Any:
        record = self.record(transaction_hash)
        return record and self.transaction_json(record)

    def eth_getTransactionReceipt(self, transaction_hash: str) -> Any:
        record = self.record(transaction_hash)
        return record and self.receipt_json(record)

    def _records_of(self, block: Any) -> list[Record]:
        return [self.state.records[name] for name in self.state.blocks.get(to_int(block["number"]), ())]

    def _block_json(self, block: Any, full: bool) -> Any:
        if block is None:
            return None
        records = self._records_of(block)
        listed: list[Any] = (
            [self.transaction_json(record) for record in records] if full else [str(record.hash) for record in records]
        )
        return block | {"transactions": listed}

    def eth_getBlockByNumber(self, number: Any, full: bool = False) -> Any:
        return self._block_json(self.passed("eth_getBlockByNumber", number, False), full)

    def eth_getBlockByHash(self, block_hash: str, full: bool = False) -> Any:
        return self._block_json(self.passed("eth_getBlockByHash", block_hash, False), full)

    def eth_getBlockReceipts(self, number: Any) -> Any:
        block = self.passed("eth_getBlockByNumber", number, False)
        return block and [self.receipt_json(record) for record in self._records_of(block)]

    def eth_getBlockTransactionCountByNumber(self, number: Any) -> Any:
        block = self.passed("eth_getBlockByNumber", number, False)
        return block and quantity(len(self._records_of(block)))

    def eth_getBlockTransactionCountByHash(self, block_hash: str) -> Any:
        block = self.passed("eth_getBlockByHash", block_hash, False)
        return block and quantity(len(self._records_of(block)))

    def eth_getTransactionByBlockNumberAndIndex(self, number: Any, index: Any) -> Any:
        return self._at(self.passed("eth_getBlockByNumber", number, False), index)

    def eth_getTransactionByBlockHashAndIndex(self, block_hash: str, index: Any) -> Any:
        return self._at(self.passed("eth_getBlockByHash", block_hash, False), index)

    def _at(self, block: Any, index: Any) -> Any:
        records = self._records_of(block) if block else []
        return self.transaction_json(records[to_int(index)]) if to_int(index) < len(records) else None

    def eth_getLogs(self, query: dict[str, Any]) -> Any:
        asked = query | {
            key: self.block_parameter(query[key]) for key in ("fromBlock", "toBlock") if query.get(key) is not None
        }
        found = self.passed("eth_getLogs", asked)
        shown = (self.state.log_of.get((log["transactionHash"], to_int(log["logIndex"]))) for log in found)
        return [self.log_json(log) for log in shown if log is not None]

    def debug_traceTransaction(self, transaction_hash: str, options: Any = None) -> Any:
        record = self.record(transaction_hash)
        if record is None or record.anvil_hash is None:
            raise RpcError(-32000, "transaction not found")
        return self.passed("debug_traceTransaction", record.anvil_hash, options or {})

    # ------------------------------------------------------------ sending
    def mine_pending(self, sent: Pending | None = None) -> None:
        progress = True
        while progress:
            progress = False
            for pending in self.pool:
                nonce = to_int(self.anvil.rpc("eth_getTransactionCount", str(pending.sender), "latest")) + self._queued(
                    pending.sender
                )
                if pending.nonce != nonce or pending.max_fee < self.base_fee:
                    continue
                self.pool.drop(pending)
                self.submit(self.operation(pending))
                progress = True

    def _queued(self, sender: Address) -> int:
        return sum(operation.sender == sender for operation in self.filling or () if not operation.borrows_nonce)

    def operation(self, pending: Pending) -> Operation:
        """How this stack runs a signed transaction."""
        raise NotImplementedError
