"""Replies as nodes give them: each method's call, its result as JSON, and what must come of it."""

from typing import Any

A1, A2 = "0x" + "1a" * 20, "0x" + "2b" * 20
H1, H2, H3 = "0x" + "11" * 32, "0x" + "22" * 32, "0x" + "33" * 32
DATE = "2026-11-20T10:11:12.123456Z"

LOG: dict[str, Any] = {
    "address": A1,
    "topics": [H1, H2],
    "data": "0x0102",
    "blockHash": H2,
    "blockNumber": "0x5",
    "transactionHash": H1,
    "transactionIndex": "0x0",
    "logIndex": "0x3",
    "removed": False,
}
ERA_LOG = LOG | {"l1BatchNumber": "0x9", "transactionLogIndex": "0x0", "logType": None, "blockTimestamp": "0x1"}
L2_LOG = {"sender": "0x" + "00" * 18 + "8008", "key": H1, "value": H2}
ERA_L2_LOG = L2_LOG | {
    "blockHash": H2,
    "blockNumber": "0x5",
    "l1BatchNumber": "0x9",
    "logIndex": "0x0",
    "transactionIndex": "0x2",
    "transactionHash": H1,
    "transactionLogIndex": "0x0",
    "txIndexInL1Batch": "0x7",
    "shardId": "0x0",
    "isService": True,
}
OS25_L2_LOG = L2_LOG | {"l2_shard_id": 0, "is_service": True, "tx_number_in_block": 3}
OS26_L2_LOG = {key: value for key, value in ERA_L2_LOG.items() if key not in {"txIndexInL1Batch", "l1BatchNumber"}}

RECEIPT: dict[str, Any] = {
    "transactionHash": H1,
    "transactionIndex": "0x2",
    "blockHash": H2,
    "blockNumber": "0x5",
    "from": A1,
    "to": A2,
    "contractAddress": None,
    "cumulativeGasUsed": "0xffff",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x3b9aca00",
    "logs": [LOG],
    "logsBloom": "0x" + "00" * 256,
    "status": "0x1",
    "type": "0x2",
}
ERA_RECEIPT = RECEIPT | {
    "logs": [ERA_LOG],
    "l2ToL1Logs": [ERA_L2_LOG],
    "l1BatchNumber": "0x9",
    "l1BatchTxIndex": "0x7",
    "type": "0xff",
    "root": H3,
}
TRANSACTION: dict[str, Any] = {
    "hash": H1,
    "from": A1,
    "to": A2,
    "nonce": "0x7",
    "value": "0x0",
    "gas": "0x5208",
    "input": "0x",
    "type": "0x2",
    "chainId": "0x1",
    "gasPrice": "0x1",
    "maxFeePerGas": "0x2",
    "maxPriorityFeePerGas": "0x1",
    "blockHash": H2,
    "blockNumber": "0x5",
    "transactionIndex": "0x0",
    "accessList": [],
    "v": "0x1",
    "r": "0x1",
    "s": "0x1",
}
OS_PRIORITY = {
    "type": "0x7f",
    "hash": H1,
    "initiator": A1,
    "from": A1,
    "to": A2,
    "gas": "0x493e0",
    "gasPerPubdataByteLimit": "0x320",
    "maxFeePerGas": "0xee6b280",
    "maxPriorityFeePerGas": "0x0",
    "nonce": "0x2a",
    "value": "0x0",
    "toMint": "0xde0b6b3a7640000",
    "refundRecipient": A1,
    "input": "0x0102",
    "factoryDeps": [H3],
    "v": "0x0",
    "r": "0x0",
    "s": "0x0",
    "yParity": "0x0",
    "blockHash": H2,
    "blockNumber": "0x5",
    "transactionIndex": "0x0",
}
BLOCK = {
    "number": "0x5",
    "hash": H1,
    "parentHash": H2,
    "timestamp": "0x65",
    "gasLimit": "0x1c9c380",
    "gasUsed": "0x0",
    "baseFeePerGas": "0x7",
    "transactions": [H1, H2],
    "uncles": [],
    "l1BatchNumber": "0x9",
    "l1BatchTimestamp": None,
}
FEE_HISTORY = {
    "oldestBlock": "0x5",
    "baseFeePerGas": ["0x7", "0x8"],
    "gasUsedRatio": [0.5],
    "reward": [["0x1", "0x2"]],
    "l2PubdataPrice": [],
}
ERA_PROOF = {"proof": [H1, H2], "id": 12, "root": H3, "batchNumber": 500123}
DETAILS = {
    "number": 5,
    "timestamp": 1_700_000_000,
    "l1TxCount": 1,
    "l2TxCount": 2,
    "rootHash": H1,
    "status": "verified",
    "commitTxHash": H1,
    "committedAt": DATE,
    "commitChainId": 1,
    "proveTxHash": None,
    "provenAt": None,
    "executeTxHash": None,
    "executedAt": None,
    "l1GasPrice": 7,
    "l2FairGasPrice": 8,
    "fairPubdataPrice": None,
    "baseSystemContractsHashes": {"bootloader": H1, "default_aa": H2},
}
TRANSACTION_DETAILS = {
    "isL1Originated": True,
    "status": "included",
    "fee": "0x10",
    "gasPerPubdata": "0x320",
    "initiatorAddress": A1,
    "receivedAt": "2023-01-01T00:00:00.123456789Z",
    "ethCommitTxHash": H1,
    "ethProveTxHash": None,
    "ethExecuteTxHash": None,
}
FEE_PARAMS = {
    "V2": {
        "config": {
            "minimal_l2_gas_price": 45_250_000,
            "compute_overhead_part": 0,
            "pubdata_overhead_part": 1.0,
            "batch_overhead_l1_gas": 800_000,
            "max_gas_per_batch": 200_000_000,
            "max_pubdata_per_batch": 240_000,
        },
        "l1_gas_price": 1_000_000_000,
        "l1_pubdata_price": 17_000_000_000,
        "conversion_ratio": {"numerator": 3, "denominator": 2},
    }
}
SIMULATED = [
    {
        "number": "0x5",
        "timestamp": "0x65",
        "baseFeePerGas": "0x0",
        "hash": H1,
        "calls": [
            {"status": "0x1", "returnData": "0x01", "gasUsed": "0x5208", "logs": [LOG]},
            {
                "status": "0x0",
                "returnData": "0x",
                "gasUsed": "0x5208",
                "logs": [],
                "error": {"code": -3200, "message": "execution failed", "data": "0x826fb11e"},
            },
        ],
    }
]
STORAGE_PROOF = {"address": A1, "storageProof": [{"key": H1, "value": H2, "index": 7, "proof": [H1, H2, H3]}]}
GENESIS = {
    "initial_contracts": [[A1, "0x6000"]],
    "additional_storage": [[H1, H2]],
    "execution_version": 1,
    "genesis_root": H3,
}
IMT = {
    "chainImtRoot": H1,
    "leaf": {"value": "0x5", "nextIndex": "0x1", "nextValue": "0x9"},
    "imtLeafIndex": 3,
    "imtProof": [H2],
}
PROTOCOL = {
    "minorVersion": 29,
    "timestamp": 0,
    "bootloaderCodeHash": H1,
    "defaultAccountCodeHash": H2,
    "evmSimulatorCodeHash": None,
    "version_id": 29,
    "l2SystemUpgradeTxHash": None,
}
BRIDGES = {
    "l1SharedDefaultBridge": A1,
    "l2SharedDefaultBridge": A2,
    "l1Erc20DefaultBridge": A1,
    "l2Erc20DefaultBridge": A2,
    "l1WethBridge": None,
    "l2WethBridge": None,
    "l2LegacySharedBridge": None,
}
