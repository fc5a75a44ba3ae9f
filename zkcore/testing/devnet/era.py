"""Era: EIP-712 transactions and paymasters, estimates, batches in the receipts.

Error texts: zksync-era core/node/api_server/src/tx_sender/result.rs; JSON: core/lib/types/src/api/mod.rs.
"""

from types import MappingProxyType
from typing import Any

from zkcore.errors import ZkCoreError
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts import CONTRACT_DEPLOYER, CONTRACT_DEPLOYER_ADDRESS, ERC1271
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.devnet.bootloader import Operation
from zkcore.testing.devnet.chain import Record
from zkcore.testing.devnet.era_bootloader import EraOperation
from zkcore.testing.devnet.era_methods import GAS_PER_PUBDATA, EraMethods
from zkcore.testing.devnet.node import quantity, to_int, without_custom_error
from zkcore.testing.devnet.pool import Pending, Rejected
from zkcore.testing.devnet.upstream import RpcError
from zkcore.transactions import Eip712Transaction, LegacyTransaction, parse_transaction
from zkcore.types import hex_bytes, to_hex

__all__ = ["Era"]

_SCALE = (13, 10)  # estimate_gas_scale_factor of zksync-era etc/env/file_based/general.yaml
_RICH = quantity(1 << 200)
_MESSENGER, _NONCE_HOLDER = (f"0x{address:040x}" for address in (0x8008, 0x8003))
_BAD_SIGNATURE = (
    "failed to validate the transaction. reason: Validation revert: Account validation error: Account validation"
    " returned invalid magic value. Most often this means that the signature is incorrect"
)
_PAYMASTER_GAS = 200_000  # what validation with a paymaster adds to an estimate


class Era(EraMethods):
    """An Era node."""

    stack = "era"
    client_version = "zkSync/v2.0-devnet"
    tags = MappingProxyType(
        {
            "latest": "block_number",
            "committed": "block_number",
            "precommitted": "block_number",
            "safe": "block_number",
            "pending": "block_number",
            "l1_committed": "committed",
            "fast_finalized": "finalized",
            "finalized": "finalized",
            "earliest": "earliest",
        }
    )

    def method_not_found(self, method: str) -> RpcError:
        return RpcError(-32601, "Method not found")

    def translated(self, error: RpcError) -> RpcError:
        if error.code == 3:
            data = str(error.data)
            message = without_custom_error(error.message)
            unknown = message == "execution reverted" and len(data) >= 10  # as VmRevertReason::Unknown reads
            return RpcError(
                3, f"{message}: Error function_selector = {data[:10]}, data = {data}" if unknown else message, data
            )
        return error if error.code == -32602 else RpcError(3, error.message, error.data or "0x")

    # ------------------------------------------------------------ sending
    def decoded(self, raw: str) -> Pending:
        try:
            data = hex_bytes(raw, "raw transaction")
            transaction, signature = parse_transaction(data)
            if isinstance(transaction, Eip712Transaction) and transaction.custom_signature:
                return self._of_account(data, transaction)
            if signature is None:
                raise _refused("failed to parse transaction: it is not signed")
            if getattr(transaction, "access_list", ()) or data[0] == 1:
                raise _refused("access lists are not supported")
            sender, transaction_hash = transaction.sender(signature), transaction.hash(signature)
        except ZkCoreError as error:
            raise _refused(f"failed to parse transaction: {error}") from error
        if isinstance(transaction, Eip712Transaction) and transaction.from_address != sender:
            raise _refused(_BAD_SIGNATURE)
        return Pending(raw=data, transaction=transaction, signature=signature, sender=sender, hash=transaction_hash)

    def _of_account(self, raw: bytes, tx: Eip712Transaction) -> Pending:
        """Of an account that is a contract, and takes the signature for its own: by EIP-1271, for Era's validateTransaction."""
        calls = (
            (CONTRACT_DEPLOYER_ADDRESS, CONTRACT_DEPLOYER.get_account_info.encode(tx.from_address)),
            (tx.from_address, ERC1271.is_valid_signature.encode(tx.signing_hash(), tx.custom_signature)),
        )
        try:
            asked = [{"to": str(to), "data": to_hex(data)} for to, data in calls]
            info, valid = (hex_bytes(self.anvil.rpc("eth_call", call, "latest"), "answer") for call in asked)
        except RpcError as error:
            raise _refused(_BAD_SIGNATURE) from error
        if info[31:32] != b"\1" or valid[:4] != ERC1271.is_valid_signature.selector:
            raise _refused(_BAD_SIGNATURE)
        return Pending(raw=raw, transaction=tx, signature=None, sender=tx.from_address, hash=tx.hash())

    def check(self, pending: Pending) -> None:
        tx = pending.transaction
        if tx.chain_id != self.chain_id and not (tx.chain_id is None and isinstance(tx, LegacyTransaction)):
            raise _refused("wrong chain id")
        if str(pending.hash) in self.state.records or self.pool.get(pending.hash):
            raise _refused(f"known transaction. transaction with hash {pending.hash} is already in the system")
        if pending.max_fee < self.base_fee:
            raise _refused("max fee per gas less than block base fee")
        if tx.gas_limit > self.block_gas_limit:
            raise _refused("exceeds block gas limit")
        operation = self.operation(pending)
        fee = 0 if operation.paymaster else tx.gas_limit * pending.max_fee
        balance = to_int(self.anvil.rpc("eth_getBalance", str(pending.sender), "latest"))
        if balance < fee + tx.value:
            raise _refused(f"insufficient funds for gas + value. balance: {balance}, fee: {fee}, value: {tx.value}")
        if operation.paymaster:
            operation.validate(self.anvil.rpc, self.base_fee)

    block_gas_limit = 80_000_000

    def rejected(self, error: Rejected) -> RpcError:
        if error.reason == "nonce too low":
            return _refused(
                f"nonce too low. allowed nonce range: {error.wanted} - {error.wanted + 50}, actual: {error.nonce}"
            )
        return _refused("replacement transaction underpriced" if error.reason == "underpriced" else error.reason)

    def operation(self, pending: Pending) -> EraOperation:
        return EraOperation(pending)

    def before_block(self) -> None:
        # the number that the messenger's own event shows: slot 1 of it
        number = self.number_in_batch(self.block_number() + 1)
        self.anvil.rpc("anvil_setStorageAt", _MESSENGER, _word(1), _word(number))

    def after_transaction(self, operation: Operation) -> None:
        # NonceHolder: slot 0 maps accounts to deployment nonces, slot 1 to the nonces of their transactions
        nonce = to_int(self.anvil.rpc("eth_getTransactionCount", str(operation.sender), "latest"))
        slot = keccak256(bytes(12) + operation.sender + bytes(31) + b"\1")
        self.anvil.rpc("anvil_setStorageAt", _NONCE_HOLDER, str(slot), _word(nonce))
        if operation.json()["to"] is None:
            slot = keccak256(bytes(12) + operation.sender + bytes(32))
            count = to_int(self.anvil.rpc("eth_getStorageAt", _NONCE_HOLDER, str(slot), "latest"))
            self.anvil.rpc("anvil_setStorageAt", _NONCE_HOLDER, str(slot), _word(count + 1))

    # ------------------------------------------------------------ estimating
    def eth_estimateGas(self, call: dict[str, Any], block: Any = "latest", overrides: Any = None) -> str:
        if call.get("accessList"):
            raise _refused("access lists are not supported")
        meta: dict[str, Any] = call.get("eip712Meta") or {}
        extra = _PAYMASTER_GAS if meta.get("paymasterParams") else 0
        asked = {key: value for key, value in call.items() if key not in ("type", "eip712Meta")}
        if extra:
            asked = {
                key: value
                for key, value in asked.items()
                if key not in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
            }
        gas = to_int(self.passed("eth_estimateGas", asked, block, *([overrides] if overrides else [])))
        return quantity((gas + extra) * _SCALE[0] // _SCALE[1])

    def eth_call(self, call: dict[str, Any], block: Any = "latest", overrides: Any = None) -> Any:
        if call.get("accessList"):
            raise _refused("access lists are not supported")
        return self.passed("eth_call", call, block, *([overrides] if overrides else []))

    def zks_estimateGasL1ToL2(self, call: dict[str, Any], overrides: Any = None) -> str:
        prices = ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "type", "eip712Meta", "nonce", "gas")
        asked = {key: value for key, value in call.items() if key not in prices}
        rich: dict[str, Any] = {call.get("from", "0x" + "00" * 20): {"balance": _RICH}} | (overrides or {})
        body = to_int(self.passed("eth_estimateGas", asked, "latest", rich))
        data = hex_bytes(call.get("data") or call.get("input") or "0x", "data")
        meta: dict[str, Any] = call.get("eip712Meta") or {}
        deps = len(meta.get("factoryDeps") or [])
        encoded = 800 + 32 * -(-len(data) // 32) + 32 * deps
        overhead = max(10_000, 10 * encoded)
        compute = max(167_157 + -(-encoded * 1656 // 544) + deps * 2473, 173_484)
        floor = overhead + compute + 88 * 800 + deps * 64 * 800  # of TransactionValidator.sol
        return quantity((floor + body) * _SCALE[0] // _SCALE[1])

    def zks_estimateFee(self, call: dict[str, Any], overrides: Any = None) -> Any:
        return {
            "gas_limit": self.eth_estimateGas(call, "latest", overrides),
            "max_fee_per_gas": quantity(self.base_fee),
            "max_priority_fee_per_gas": "0x0",
            "gas_per_pubdata_limit": quantity(GAS_PER_PUBDATA),
        }

    # ------------------------------------------------------------ reading
    def _batch_fields(self, record: Record) -> dict[str, Any]:
        batch = self.batch_of(record.block)
        return {
            "l1BatchNumber": batch and quantity(batch.number),
            "l1BatchTxIndex": batch and quantity(record.number_in_batch),
        }

    def transaction_json(self, record: Record) -> dict[str, Any]:
        return record.transaction | self._batch_fields(record)

    def log_json(self, log: dict[str, Any]) -> dict[str, Any]:
        batch = self.batch_of(to_int(log["blockNumber"]))
        return log | {
            "l1BatchNumber": batch and quantity(batch.number),
            "transactionLogIndex": log["logIndex"],
            "logType": None,
        }

    def receipt_json(self, record: Record) -> dict[str, Any]:
        logs = [self.log_json(log) for log in record.receipt["logs"]]
        l1_logs = [self._l1_log_json(record, i, log) for i, log in enumerate(record.l1_logs)]
        return record.receipt | self._batch_fields(record) | {"logs": logs, "l2ToL1Logs": l1_logs}

    def _l1_log_json(self, record: Record, index: int, log: L2ToL1Log) -> dict[str, Any]:
        fields = self._batch_fields(record)
        place = {
            key: record.receipt[key] for key in ("blockHash", "blockNumber", "transactionHash", "transactionIndex")
        }
        return place | {
            "l1BatchNumber": fields["l1BatchNumber"],
            "logIndex": quantity(index),
            "transactionLogIndex": quantity(index),
            "txIndexInL1Batch": fields["l1BatchTxIndex"],
            "shardId": "0x0",
            "isService": True,
            "sender": str(log.sender).lower(),
            "key": str(log.key),
            "value": str(log.value),
        }

    def _block_json(self, block: Any, full: bool) -> Any:
        shown = super()._block_json(block, full)
        if shown is None:
            return None
        batch = self.batch_of(to_int(block["number"]))
        return shown | {
            "l1BatchNumber": batch and quantity(batch.number),
            "l1BatchTimestamp": batch and quantity(batch.timestamp),
            "sealFields": [],
        }


def _word(number: int) -> str:
    return f"0x{number:064x}"


def _refused(message: str) -> RpcError:
    return RpcError(3, message, "0x")
