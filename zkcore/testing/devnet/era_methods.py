"""The zks_ methods of Era (zksync-era core/lib/web3_decl/src/namespaces/zks.rs): contracts, fees, batches, details."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from zkcore.testing.devnet.batches import Batch
from zkcore.testing.devnet.l1 import OPERATOR
from zkcore.testing.devnet.l2 import L2
from zkcore.testing.devnet.node import quantity, to_int

__all__ = ["GAS_PER_PUBDATA", "EraMethods"]

GAS_PER_PUBDATA = 50_000


class EraMethods(L2):
    """What an Era node says beyond Ethereum's methods."""

    contracts: Mapping[
        str, str | None
    ]  # bridgehub, diamond, asset_router, base_token, testnet_paymaster, protocol_minor

    # ------------------------------------------------------------ zks_: contracts
    def zks_getBridgehubContract(self) -> str | None:
        return self.contracts["bridgehub"]

    def zks_getMainContract(self) -> str | None:
        return self.contracts["diamond"]

    def zks_getBridgeContracts(self) -> Any:
        router, l2_router = self.contracts["asset_router"], "0x0000000000000000000000000000000000010003"
        return {
            "l1SharedDefaultBridge": router,
            "l2SharedDefaultBridge": l2_router,
            "l1Erc20DefaultBridge": router,
            "l2Erc20DefaultBridge": l2_router,
            "l1WethBridge": None,
            "l2WethBridge": None,
            "l2LegacySharedBridge": None,
        }

    def zks_getBaseTokenL1Address(self) -> str | None:
        return self.contracts["base_token"]

    def zks_getTestnetPaymaster(self) -> str | None:
        return self.contracts["testnet_paymaster"]

    def zks_getL2Multicall3(self) -> None:
        return None

    def zks_getTimestampAsserter(self) -> None:
        return None

    def zks_L1ChainId(self) -> str:
        return quantity(self.l1.chain_id)

    def zks_getProtocolVersion(self, version: int | None = None) -> Any:
        minor = int(self.contracts["protocol_minor"] or 0)
        return None if version not in (None, minor) else {"minorVersion": minor, "timestamp": 0, "version_id": minor}

    # ------------------------------------------------------------ zks_: fees
    def zks_gasPerPubdata(self) -> str:
        return quantity(800)

    def zks_getL1GasPrice(self) -> str:
        return quantity(self.l1.base_fee)

    def zks_getFeeParams(self) -> Any:
        config = {
            "minimal_l2_gas_price": self.base_fee,
            "compute_overhead_part": 0.0,
            "pubdata_overhead_part": 1.0,
            "batch_overhead_l1_gas": 1_000_000,
            "max_gas_per_batch": 80_000_000,
            "max_pubdata_per_batch": 120_000,
        }
        ratio = {"numerator": 1, "denominator": 1}
        price = self.l1.base_fee
        return {
            "V2": {"config": config, "l1_gas_price": price, "l1_pubdata_price": 17 * price, "conversion_ratio": ratio}
        }

    def zks_getBatchFeeInput(self) -> Any:
        price = self.l1.base_fee
        return {"l1_gas_price": price, "fair_l2_gas_price": self.base_fee, "fair_pubdata_price": 17 * price}

    # ------------------------------------------------------------ zks_: batches
    def zks_L1BatchNumber(self) -> str:
        return quantity(len(self.state.batches))

    def zks_getL2ToL1LogProof(self, transaction_hash: str, index: Any = None, mode: str | None = None) -> Any:
        record = self.record(transaction_hash)
        batch = None if record is None else self.batch_of(record.block)
        position = to_int(index)
        if record is None or batch is None or batch.number > self.state.executed or position >= len(record.l1_logs):
            return None
        return self.proof_json(batch, record, position) | {"batchNumber": batch.number}

    def zks_getL1BatchBlockRange(self, number: int) -> Any:
        batch = self.batch(number)
        return batch and [quantity(batch.first_block), quantity(batch.last_block)]

    def zks_getL1BatchDetails(self, number: int) -> Any:
        batch = self.batch(number)
        return batch and {"number": batch.number} | self._details(range(batch.first_block, batch.last_block + 1), batch)

    def zks_getBlockDetails(self, number: int) -> Any:
        if number > self.block_number():
            return None
        batch = self.batch_of(number)
        return {
            "number": number,
            "l1BatchNumber": batch.number if batch else len(self.state.batches) + 1,
            "operatorAddress": str(OPERATOR),
            "protocolVersion": f"Version{self.contracts['protocol_minor']}",
        } | self._details(range(number, number + 1), batch)

    def _details(self, blocks: range, batch: Batch | None) -> dict[str, Any]:
        records = [self.state.records[name] for number in blocks for name in self.state.blocks.get(number, ())]
        from_l1 = sum(record.request is not None for record in records)
        block = self.anvil.rpc("eth_getBlockByNumber", quantity(blocks[-1]), False)
        at = to_int(block["timestamp"])
        commit, execute = (batch.commit, batch.execute) if batch else (None, None)
        sent: dict[str, Any] = {}
        for step, past, transaction in (
            ("commit", "committedAt", commit),
            ("prove", "provenAt", execute),
            ("execute", "executedAt", execute),
        ):
            sent |= {
                f"{step}TxHash": transaction,
                past: _date(at) if transaction else None,
                f"{step}ChainId": self.l1.chain_id if transaction else None,
            }
        return sent | {
            "timestamp": at,
            "l1TxCount": from_l1,
            "l2TxCount": len(records) - from_l1,
            "rootHash": block["stateRoot"],
            "status": "verified" if execute else "sealed",
            "baseSystemContractsHashes": {
                "bootloader": "0x" + "00" * 32,
                "default_aa": "0x" + "00" * 32,
                "evm_emulator": None,
            },
            "l1GasPrice": self.l1.base_fee,
            "l2FairGasPrice": self.base_fee,
            "fairPubdataPrice": 17 * self.l1.base_fee,
        }

    def zks_getTransactionDetails(self, transaction_hash: str) -> Any:
        record = self.record(transaction_hash)
        if record is None:
            return None
        batch = self.batch_of(record.block)
        failed = record.receipt["status"] == "0x0"
        status = "failed" if failed else "verified" if batch and batch.execute else "included"
        return {
            "isL1Originated": record.request is not None,
            "status": status,
            "fee": quantity(to_int(record.receipt["gasUsed"]) * to_int(record.receipt["effectiveGasPrice"])),
            "gasPerPubdata": quantity(800 if record.request is not None else GAS_PER_PUBDATA),
            "initiatorAddress": record.receipt["from"],
            "receivedAt": _date(
                to_int(self.anvil.rpc("eth_getBlockByNumber", quantity(record.block), False)["timestamp"])
            ),
            "ethCommitTxHash": batch and batch.commit,
            "ethProveTxHash": batch and batch.execute,
            "ethExecuteTxHash": batch and batch.execute,
            "ethPrecommitTxHash": None,
        }

    def zks_getProof(self, address: str, keys: list[str], batch: Any) -> Any:
        """The values, without the tree of Era's own storage that a proof would be made from."""
        head = quantity(self.finalized())
        values = {key: self.passed("eth_getStorageAt", address, key, head) for key in keys}
        proofs: list[dict[str, Any]] = [
            {"key": key, "value": value, "proof": [], "index": 0} for key, value in values.items()
        ]
        return None if self.batch(to_int(batch)) is None else {"address": address, "storageProof": proofs}

    def zks_getRawBlockTransactions(self, number: int) -> Any:
        return [
            {
                "common_data": {"L1" if record.request is not None else "L2": record.transaction},
                "received_timestamp_ms": 0,
            }
            for record in (self.state.records[name] for name in self.state.blocks.get(number, ()))
        ]

    def zks_getBytecodeByHash(self, bytecode_hash: str) -> None:
        return None


def _date(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
