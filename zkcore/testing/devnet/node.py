"""What L1 and the L2s have in common: a front before an anvil, block tags, a pool of transactions."""

import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from zkcore.errors import ZkCoreError
from zkcore.testing.devnet.faults import NodeFaults
from zkcore.testing.devnet.pool import Pending, Pool, Rejected
from zkcore.testing.devnet.process import Anvil
from zkcore.testing.devnet.server import Front
from zkcore.testing.devnet.upstream import RpcError
from zkcore.types import hex_bytes

__all__ = ["Node", "quantity", "to_int", "without_custom_error"]

# methods that anvil answers, and where their block parameter is (None: they have none)
_PASSED: Mapping[str, int | None] = {
    "debug_traceCall": 1,
    "eth_blobBaseFee": None,
    "eth_call": 1,
    "eth_chainId": None,
    "eth_createAccessList": 1,
    "eth_estimateGas": 1,
    "eth_feeHistory": 1,
    "eth_getBalance": 1,
    "eth_getBlockByHash": None,
    "eth_getBlockByNumber": 0,
    "eth_getBlockReceipts": 0,
    "eth_getBlockTransactionCountByHash": None,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_getCode": 1,
    "eth_getLogs": None,
    "eth_getProof": 2,
    "eth_getStorageAt": 2,
    "eth_getTransactionByBlockHashAndIndex": None,
    "eth_getTransactionByBlockNumberAndIndex": 0,
    "eth_getTransactionCount": 1,
    "eth_getTransactionReceipt": None,
    "eth_simulateV1": 1,
    "eth_syncing": None,
    "net_version": None,
}


def quantity(value: int) -> str:
    """A number as JSON-RPC has it."""
    return hex(value)


def to_int(value: Any, default: int = 0) -> int:
    """A quantity, or a JSON number."""
    if value is None:
        return default
    return value if isinstance(value, int) else int(value, 16)


def without_custom_error(message: str) -> str:
    """The message of a revert as nodes have it: anvil adds the raw bytes of a custom error."""
    return message.partition(": custom error")[0]


class Node:
    """One node: its anvil, its front, its pool. All work is done under the network's one lock."""

    tags: Mapping[str, str]  # what a tag is the number of, by the method that tells it
    client_version = "anvil"
    signature_error = "invalid sender"

    def __init__(self, anvil: Anvil, lock: threading.RLock, *, base_fee: int, priority_fee: int, port: int = 0) -> None:
        self.anvil, self.lock = anvil, lock
        self.base_fee, self.priority_fee = base_fee, priority_fee
        self.mining = True
        self.lacking: set[str] = set()  # methods that this node does not have, although the front could answer them
        self.chain_id = to_int(anvil.rpc("eth_chainId"))
        self.pool = Pool()
        self.faults = NodeFaults()
        self.methods: dict[str, Callable[..., Any]] = {
            name: getattr(self, name)
            for name in dir(type(self))
            if name.startswith(("eth_", "net_", "web3_", "zks_", "unstable_", "debug_"))
        }
        self._signatures: dict[str, inspect.Signature] = {}
        self.front = Front(self._dispatch, self.faults, port)

    # ------------------------------------------------------------ asking
    def rpc(self, method: str, *params: Any) -> Any:
        """Ask anvil itself, past the front: its `anvil_`, `evm_` and `debug_` methods too."""
        with self.lock:
            return self.anvil.rpc(method, *params)

    def _dispatch(self, method: str, params: list[Any], lag: int) -> Any:
        with self.lock:
            handler = self.methods.get(method)
            if method in self.lacking or (handler is None and method not in _PASSED):
                raise self.method_not_found(method)
            if lag:
                return self._stale(method, params, lag)
            return self._call(method, params)

    def _call(self, method: str, params: list[Any]) -> Any:
        handler = self.methods.get(method)
        if handler is None:
            return self.passed(method, *params)
        signature = self._signatures.setdefault(method, inspect.signature(handler))
        try:
            signature.bind(*params)
        except TypeError as error:
            raise RpcError(-32602, f"invalid params: {error}") from error
        try:
            return handler(*params)
        except (ZkCoreError, ValueError) as error:
            raise RpcError(-32602, f"invalid params: {error}") from error

    def passed(self, method: str, *params: Any) -> Any:
        """Ask anvil with the block tags put into its words, and its errors put into the node's."""
        position = _PASSED.get(method)
        asked = list(params)
        if position is not None and position < len(asked):
            asked[position] = self.block_parameter(asked[position])
        try:
            return self.anvil.rpc(method, *asked)
        except RpcError as error:
            raise self.translated(error) from error

    def block_parameter(self, block: Any) -> Any:
        """A block parameter with this node's tags replaced by numbers."""
        if isinstance(block, str) and not block.startswith("0x"):
            tag = self.tags.get(block)
            if tag is None:
                raise RpcError(-32602, f"invalid block tag {block!r}")
            return quantity(getattr(self, tag)())
        return block

    def method_not_found(self, method: str) -> RpcError:
        """The answer to a method that this node does not have."""
        return RpcError(-32601, f"the method {method} does not exist/is not available")

    def translated(self, error: RpcError) -> RpcError:
        """An error of anvil in this node's words."""
        return error

    def _stale(self, method: str, params: list[Any], lag: int) -> Any:
        """The answer of a node that lags: tags mean older blocks, and what is newer is not there."""
        head = max(self.block_number() - lag, 0)
        if method == "eth_blockNumber":
            return quantity(head)
        position = _PASSED.get(method)
        asked = list(params)
        if position is not None:
            asked += ["latest"] * (position + 1 - len(asked))
            block = asked[position]
            if isinstance(block, str) and not block.startswith("0x"):
                asked[position] = quantity(min(to_int(self.block_parameter(block)), head))
            elif isinstance(block, str) and len(block) < 66 and to_int(block) > head:
                if "Block" in method:
                    return None
                raise RpcError(-32000, "header not found")
        result = self._call(method, asked)
        return _known_at(result, head)

    # ------------------------------------------------------------ the same on both layers
    def earliest(self) -> int:
        """The number of the first block."""
        return 0

    def block_number(self) -> int:
        """The number of the newest block."""
        return to_int(self.anvil.rpc("eth_blockNumber"))

    def eth_blockNumber(self) -> str:
        return quantity(self.block_number())

    def eth_gasPrice(self) -> str:
        return quantity(self.base_fee + self.priority_fee)

    def eth_maxPriorityFeePerGas(self) -> str:
        return quantity(self.priority_fee)

    def eth_feeHistory(self, count: str | int, newest: str, percentiles: list[float] | None = None) -> Any:
        history = self.passed_fee_history(count, self.block_parameter(newest), percentiles or [])
        history["baseFeePerGas"][-1] = quantity(self.base_fee)  # the next block's: anvil would let it decay
        return history

    def passed_fee_history(self, count: str | int, newest: str, percentiles: list[float]) -> Any:
        """Anvil's fee history."""
        return self.anvil.rpc("eth_feeHistory", quantity(to_int(count)), newest, percentiles)

    def web3_clientVersion(self) -> str:
        return self.client_version

    def eth_getTransactionCount(self, address: str, block: Any = "latest") -> str:
        state = self.anvil.rpc("eth_getTransactionCount", address, self.block_parameter(block))
        if to_int(state) >= 1 << 40:  # borrowed for a priority operation, as seen in the state of its block
            state = self.anvil.rpc("eth_getTransactionCount", address, "latest")
        if block != "pending":
            return str(state)
        return quantity(self.pool.next_nonce(hex_bytes(address.lower(), "address"), to_int(state)))

    def eth_getTransactionByHash(self, transaction_hash: str) -> Any:
        waiting = self.pool.get(hex_bytes(transaction_hash, "hash"))
        return self.known_transaction(transaction_hash.lower()) or (waiting and waiting.json())

    def known_transaction(self, transaction_hash: str) -> Any:
        """A mined transaction as JSON, or None."""
        return self.anvil.rpc("eth_getTransactionByHash", transaction_hash)

    def eth_sendRawTransaction(self, raw: str) -> str:
        pending = self.decoded(raw)
        self.check(pending)
        try:
            self.pool.add(pending, to_int(self.anvil.rpc("eth_getTransactionCount", str(pending.sender), "latest")))
        except Rejected as error:
            raise self.rejected(error) from error
        if self.mining:
            self.mine_pending(pending)
        return str(pending.hash)

    # ------------------------------------------------------------ what each layer says for itself
    def decoded(self, raw: str) -> Pending:
        """A raw transaction, decoded. Raises RpcError."""
        raise NotImplementedError

    def check(self, pending: Pending) -> None:
        """Refuse what this node's pool refuses. Raises RpcError."""
        raise NotImplementedError

    def rejected(self, error: Rejected) -> RpcError:
        """What the pool refused, in this node's words."""
        raise NotImplementedError

    def mine_pending(self, sent: Pending | None = None) -> None:
        """Mine what can be mined; if anvil refuses `sent`, raise."""
        raise NotImplementedError

    # ------------------------------------------------------------ life
    def saved(self) -> Any:
        """The front's own state, for `restore`."""
        return self.pool.copy(), self.base_fee, self.mining

    def restore(self, saved: Any) -> None:
        """Set the front's own state back."""
        pool, self.base_fee, self.mining = saved
        self.pool = pool.copy()

    def close(self) -> None:
        """Stop the front."""
        with suppress(OSError):
            self.front.close()


def _known_at(result: Any, head: int) -> Any:
    """What of a result is known to a node whose newest block is `head`."""
    kind = type(result).__name__
    if kind == "list":
        return [entry for entry in result if _known_at(entry, head) is not None]
    number = (result.get("blockNumber") or result.get("number")) if kind == "dict" else None
    return None if number is not None and to_int(number) > head else result
