"""ZKsync OS: Ethereum's JSON-RPC, L2->L1 logs in the receipts, and a handful of zks_ methods.

Sources: zksync-os-server lib/rpc/src/{zks_impl,eth_call_handler,result}.rs, lib/rpc_api/src/{types,zks}.rs.
"""

from types import MappingProxyType
from typing import Any

from zkcore.errors import ZkCoreError
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.devnet.bootloader import Operation, UserOperation
from zkcore.testing.devnet.chain import Record
from zkcore.testing.devnet.l2 import L2
from zkcore.testing.devnet.node import quantity, to_int, without_custom_error
from zkcore.testing.devnet.pool import Pending, Rejected
from zkcore.testing.devnet.shared_root import to_shared_root
from zkcore.testing.devnet.upstream import RpcError
from zkcore.transactions import Eip712Transaction, parse_transaction
from zkcore.types import Address, Hash32, hex_bytes

__all__ = ["ZksyncOs"]

_L1_ESTIMATE_FLOOR = 200_000  # zksync-os-server lib/types/src/transaction/l1.rs
_RICH = quantity(1 << 200)


class ZksyncOs(L2):
    """A ZKsync OS node; `form` is the year of the server whose spellings it has."""

    stack = "zksync-os"
    block_tx_number = True
    client_version = "zksync-os/v0.9.0-devnet"
    bridgehub, message_root = "", Address(bytes(20))
    form = "2026"
    tags = MappingProxyType(
        {
            "latest": "block_number",
            "pending": "block_number",
            "safe": "committed",
            "finalized": "finalized",
            "earliest": "earliest",
        }
    )

    def speak(self, form: str) -> None:
        """Take the spellings and methods of this year."""
        self.form = form
        if form == "2025":
            for method in ("zks_getBlockMetadataByNumber", "zks_getBytecodeSupplierContract"):
                self.methods.pop(method)

    def method_not_found(self, method: str) -> RpcError:
        return RpcError(-32601, "Method not found")

    def translated(self, error: RpcError) -> RpcError:
        if error.code == 3:
            return RpcError(3, without_custom_error(error.message), error.data)
        return error if error.code == -32602 else RpcError(-32603, error.message, error.data)

    # ------------------------------------------------------------ sending
    def decoded(self, raw: str) -> Pending:
        try:
            data = hex_bytes(raw, "raw transaction")
            transaction, signature = parse_transaction(data)
            if signature is None or isinstance(transaction, Eip712Transaction):
                raise RpcError(-32603, "failed to decode signed transaction")
            return Pending(
                raw=data,
                transaction=transaction,
                signature=signature,
                sender=transaction.sender(signature),
                hash=transaction.hash(signature),
            )
        except ZkCoreError as error:
            raise RpcError(-32603, "failed to decode signed transaction") from error

    def check(self, pending: Pending) -> None:
        if pending.transaction.chain_id not in (None, self.chain_id):
            raise RpcError(-32603, "invalid chain ID")
        if str(pending.hash) in self.state.records:
            raise RpcError(-32603, "already known")
        if pending.max_fee < self.base_fee:
            raise RpcError(-32603, "max fee per gas less than block base fee")
        balance = to_int(self.anvil.rpc("eth_getBalance", str(pending.sender), "latest"))
        if balance < pending.cost:
            raise RpcError(-32603, f"insufficient funds for gas * price + value: have {balance} want {pending.cost}")

    def rejected(self, error: Rejected) -> RpcError:
        texts = {
            "nonce too low": f"nonce too low: next nonce {error.wanted}, tx nonce {error.nonce}",
            "underpriced": "replacement transaction underpriced",
        }
        return RpcError(-32603, texts.get(error.reason, error.reason))

    def operation(self, pending: Pending) -> Operation:
        return UserOperation(pending)

    def eth_estimateGas(self, call: dict[str, Any], block: Any = "latest", overrides: Any = None) -> str:
        if to_int(call.get("type")) != 0x7F:
            return str(self.passed("eth_estimateGas", call, block, *([overrides] if overrides else [])))
        # an L1 transaction: its sender is minted the value and the fee; prices are the L1's business
        asked = {
            key: value
            for key, value in call.items()
            if key not in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "type", "nonce")
        }
        rich: dict[str, Any] = {call.get("from", "0x" + "00" * 20): {"balance": _RICH}} | (overrides or {})
        return quantity(max(to_int(self.passed("eth_estimateGas", asked, block, rich)), _L1_ESTIMATE_FLOOR))

    # ------------------------------------------------------------ reading
    def transaction_json(self, record: Record) -> dict[str, Any]:
        request = record.request
        if request is None:
            return record.transaction
        return record.transaction | {
            "initiator": record.transaction["from"],
            "gasPerPubdataByteLimit": quantity(request.gas_per_pubdata_byte_limit),
            "toMint": quantity(request.mint_value),
            "refundRecipient": str(request.refund_recipient).lower(),
            "factoryDeps": [str(dep) for dep in request.factory_deps],
            "yParity": "0x0",
        }

    def receipt_json(self, record: Record) -> dict[str, Any]:
        show = self._log_2025 if self.form == "2025" else self._log_2026
        return record.receipt | {"l2ToL1Logs": [show(record, i, log) for i, log in enumerate(record.l1_logs)]}

    def _log_2025(self, record: Record, index: int, log: L2ToL1Log) -> dict[str, Any]:
        return {
            "l2_shard_id": 0,
            "is_service": True,
            "tx_number_in_block": log.tx_number,
            "sender": str(log.sender).lower(),
            "key": str(log.key),
            "value": str(log.value),
        }

    def _log_2026(self, record: Record, index: int, log: L2ToL1Log) -> dict[str, Any]:
        place = {
            key: record.receipt[key] for key in ("blockHash", "blockNumber", "transactionHash", "transactionIndex")
        }
        return place | {
            "blockTimestamp": None,
            "logIndex": quantity(index),
            "transactionLogIndex": quantity(index),
            "shardId": "0x0",
            "isService": True,
            "sender": str(log.sender).lower(),
            "key": str(log.key),
            "value": str(log.value),
        }

    # ------------------------------------------------------------ zks_
    def zks_getBridgehubContract(self) -> str:
        return self.bridgehub

    def zks_getL2ToL1LogProof(self, transaction_hash: str, index: Any, target: str | None = None) -> Any:
        record = self.record(transaction_hash)
        if record is None:
            return None
        old = self.form == "2025"
        batch = self.batch_of(record.block)
        if batch is None or batch.number > self.state.executed:
            if not old:
                return None
            what = (
                "transaction has not been included in an L1 batch yet"
                if batch is None
                else "L1 batch containing the transaction has not been executed yet"
            )
            raise RpcError(-32603, what)
        if to_int(index) >= len(record.l1_logs):
            raise RpcError(
                -32603,
                f"provided L2->L1 log index ({to_int(index)}) is out of bounds: there are {len(record.l1_logs)}",
            )
        proof: dict[str, Any] = self.proof_json(batch, record, to_int(index))
        proof |= {"batch_number" if old else "batchNumber": batch.number}
        if old:
            return proof
        if target not in (None, "l1BatchRoot", "messageRoot"):
            raise RpcError(-32602, f"unknown variant `{target}`, expected `l1BatchRoot` or `messageRoot`")
        if target != "messageRoot":
            return proof | {"gatewayBlockNumber": None}
        words = [Hash32(word) for word in proof["proof"]]
        led_on = to_shared_root(self.l1, self.message_root, self.chain_id, batch.number, words)
        if led_on is None:
            raise RpcError(
                -32603, f"MessageRoot proofs require protocol version 33 or newer; batch {batch.number} is older"
            )
        return proof | {"proof": [str(word) for word in led_on[0]], "gatewayBlockNumber": led_on[1]}

    def zks_getBytecodeSupplierContract(self) -> str:
        return "0x" + "00" * 20  # there is none on the devnet's L1

    def zks_getGenesis(self) -> Any:
        return {
            "initial_contracts": [],
            "additional_storage": [],
            "execution_version": 1,
            "genesis_root": "0x" + "00" * 32,
        }

    def zks_getBlockMetadataByNumber(self, number: Any) -> Any:
        if to_int(number) > self.block_number():
            return None
        return {
            "pubdataPricePerByte": quantity(self.base_fee * 10),
            "nativePrice": quantity(self.base_fee // 10 or 1),
            "executionVersion": 1,
        }
