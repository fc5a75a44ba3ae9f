"""What nodes answer, as types: decoded strictly, unknown fields ignored (see `zkcore.decoding`).

Quantities come out as `int`, data as `bytes`, hashes as `Hash32`, addresses as `Address`, dates as aware `datetime`s.

Sources: the execution API specification (https://github.com/ethereum/execution-apis); zksync-era
`core/lib/types/src/api/mod.rs`; zksync-os-server `lib/rpc_api/src/types.rs`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta, Struct, field

from zkcore.decoding import Data, Hooked, Quantity, convert, respelled
from zkcore.types import Address, Hash32

# fmt: off
__all__ = [
    "AccountStorageProof", "BatchDetails", "BatchFeeInput", "Block", "BlockDetails", "BlockMetadata", "BridgeContracts",
    "FeeEstimate", "FeeHistory", "FeeModel", "FeeModelConfig", "Genesis", "ImtInclusionProof", "ImtLeaf",
    "L2ToL1LogEntry", "Log", "LogProof", "NodeFeeParams", "NodeTransaction", "ProtocolVersion", "Ratio", "Receipt",
    "SimulatedBlock", "SimulatedCall", "SimulationError", "SpelledBlockMetadata", "SpelledLogProof", "StorageProof",
    "TransactionDetails",
]
# fmt: on

if TYPE_CHECKING:
    L2ToL1Logs: TypeAlias = "tuple[L2ToL1LogEntry, ...]"
    SpelledLogProof: TypeAlias = "LogProof"
    SpelledBlockMetadata: TypeAlias = "BlockMetadata"
else:

    class L2ToL1Logs(metaclass=Hooked):
        """Rows of L2ToL1LogEntry in any of their spellings."""

        @staticmethod
        def parse(value: object) -> object:
            """Raises ValueError."""
            rows = [respelled(row, _SPELLINGS) for row in value] if isinstance(value, list) else value
            return convert(rows, tuple[L2ToL1LogEntry, ...])

    class SpelledLogProof(metaclass=Hooked):
        """A LogProof in any of its spellings."""

        @staticmethod
        def parse(value: object) -> object:
            """Raises ValueError."""
            return convert(respelled(value, _SPELLINGS), LogProof)

    class SpelledBlockMetadata(metaclass=Hooked):
        """A BlockMetadata in any of its spellings."""

        @staticmethod
        def parse(value: object) -> object:
            """Raises ValueError."""
            return convert(respelled(value, _SPELLINGS), BlockMetadata)


# A field by other names; the first that is there counts. On Era a transaction has a number in its block as well as in
# its batch, and the leaf takes that of the batch.
_SPELLINGS = {
    "txNumber": ("txIndexInL1Batch", "txNumberInBlock", "transactionIndex"),
    "shardId": ("shardId", "l2ShardId"),
    "id": ("id", "index"),
    "gatewayBlockNumber": ("gatewayBlockNumber", "settlementLayerBlockNumber"),
}


class Log(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that a contract emitted. `log_index` is its place in the block."""

    address: Address
    topics: tuple[Hash32, ...]
    data: Data
    block_number: Quantity
    block_hash: Hash32 | None = None
    transaction_hash: Hash32
    log_index: Quantity
    removed: bool | None = None


class L2ToL1LogEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """An L2->L1 log as receipts have it, in the spellings of Era, ZKsync OS 2025 (snake case) and ZKsync OS 2026.

    `tx_number` is what the leaf is hashed with: the transaction's number in the batch on Era (None until there is one),
    in the block on ZKsync OS.
    """

    shard_id: Quantity
    is_service: bool
    tx_number: Quantity | None
    sender: Address
    key: Hash32
    value: Hash32


class Receipt(Struct, frozen=True, kw_only=True, rename="camel"):
    """The receipt of an included transaction, of L1 or of either L2 stack. `status` is 1 or 0.

    `l1_batch_number` and `l1_batch_tx_index` exist on Era only, and there are None until the batch is sealed.
    """

    transaction_hash: Hash32
    transaction_index: Quantity
    block_hash: Hash32
    block_number: Quantity
    from_address: Address = field(name="from")
    to: Address | None
    contract_address: Address | None = None
    status: Quantity
    type: Quantity = 0
    gas_used: Quantity
    effective_gas_price: Quantity
    logs: tuple[Log, ...]
    l2_to_l1_logs: L2ToL1Logs = ()
    l1_batch_number: Quantity | None = None
    l1_batch_tx_index: Quantity | None = None

    def __post_init__(self) -> None:
        if self.status not in {0, 1}:
            raise ValueError(f"status: expected 0 or 1, got {self.status}")


class NodeTransaction(Struct, frozen=True, kw_only=True, rename="camel"):
    """A transaction as a node knows it: `block_number` is None while it is pending.

    A priority operation has type 0xff (Era) or 0x7f (ZKsync OS), its sender aliased if a contract, its priority id as
    `nonce`; `to_mint`, `refund_recipient`, `gas_per_pubdata_byte_limit` and `factory_deps` on ZKsync OS only.
    """

    hash: Hash32
    from_address: Address = field(name="from")
    to: Address | None
    nonce: Quantity
    value: Quantity
    gas: Quantity
    input: Data
    type: Quantity = 0
    chain_id: Quantity | None = None
    gas_price: Quantity | None = None
    max_fee_per_gas: Quantity | None = None
    max_priority_fee_per_gas: Quantity | None = None
    block_hash: Hash32 | None = None
    block_number: Quantity | None = None
    transaction_index: Quantity | None = None
    l1_batch_number: Quantity | None = None
    l1_batch_tx_index: Quantity | None = None
    to_mint: Quantity | None = None
    refund_recipient: Address | None = None
    gas_per_pubdata_byte_limit: Quantity | None = None
    factory_deps: tuple[Hash32, ...] | None = None


class Block(Struct, frozen=True, kw_only=True, rename="camel"):
    """The head of a block and the hashes of its transactions. `hash` is None in a pending one."""

    number: Quantity
    hash: Hash32 | None
    parent_hash: Hash32
    timestamp: Quantity
    gas_limit: Quantity
    gas_used: Quantity
    base_fee_per_gas: Quantity | None = None
    transactions: tuple[Hash32, ...] = ()
    l1_batch_number: Quantity | None = None
    l1_batch_timestamp: Quantity | None = None


class FeeHistory(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base fees in wei of some blocks and, as the last one, of the block to come; priority fees by percentile asked."""

    oldest_block: Quantity
    base_fee_per_gas: Annotated[tuple[Quantity, ...], Meta(min_length=1)]
    gas_used_ratio: tuple[float, ...] | None = None
    reward: tuple[tuple[Quantity, ...], ...] | None = None


class SimulationError(Struct, frozen=True, kw_only=True):
    """Why a simulated call failed. `data` is what it reverted with."""

    message: str
    code: int | None = None
    data: Data | None = None


class SimulatedCall(Struct, frozen=True, kw_only=True, rename="camel"):
    """One call of `eth_simulateV1`. `status` is 1 or 0."""

    status: Quantity
    return_data: Data
    gas_used: Quantity
    logs: tuple[Log, ...] = ()
    error: SimulationError | None = None


class SimulatedBlock(Struct, frozen=True, kw_only=True, rename="camel"):
    """A block of `eth_simulateV1`."""

    number: Quantity
    timestamp: Quantity
    base_fee_per_gas: Quantity | None = None
    calls: tuple[SimulatedCall, ...]


# ---------------------------------------------------------------- zks_, both stacks
class LogProof(Struct, frozen=True, kw_only=True, rename="camel"):
    """The proof of an L2->L1 log: `id` is the leaf's index, `proof` as the contracts take it, `root` only a hint.

    `batch_number` is missing on very old Era nodes; `gateway_block_number` is ZKsync OS's, if settled on the Gateway.
    """

    proof: tuple[Hash32, ...]
    id: Quantity
    root: Hash32
    batch_number: Quantity | None = None
    gateway_block_number: Quantity | None = None


class Genesis(Struct, frozen=True, kw_only=True):
    """The genesis of a ZKsync OS chain."""

    initial_contracts: tuple[tuple[Address, Data], ...]
    additional_storage: tuple[tuple[Hash32, Hash32], ...]
    genesis_root: Hash32
    execution_version: Quantity | None = None


class BlockMetadata(Struct, frozen=True, kw_only=True, rename="camel"):
    """The prices, in wei, that a ZKsync OS block ran with."""

    pubdata_price_per_byte: Quantity
    native_price: Quantity
    execution_version: Quantity


class ImtLeaf(Struct, frozen=True, kw_only=True, rename="camel"):
    """A leaf of ZKsync OS's indexed Merkle tree of interop commitments."""

    value: Quantity
    next_index: Quantity
    next_value: Quantity


class ImtInclusionProof(Struct, frozen=True, kw_only=True, rename="camel"):
    """The membership proof of an interop commitment on ZKsync OS."""

    chain_imt_root: Hash32
    leaf: ImtLeaf
    imt_leaf_index: Quantity
    imt_proof: tuple[Hash32, ...]


# ---------------------------------------------------------------- zks_, Era only
class BridgeContracts(Struct, frozen=True, kw_only=True, rename="camel"):
    """The bridges as an Era node names them. The L2 node does not choose whom we pay: not for the money path."""

    l1_shared_default_bridge: Address | None = None
    l2_shared_default_bridge: Address | None = None
    l1_erc20_default_bridge: Address | None = field(name="l1Erc20DefaultBridge", default=None)
    l2_erc20_default_bridge: Address | None = field(name="l2Erc20DefaultBridge", default=None)
    l1_weth_bridge: Address | None = None
    l2_weth_bridge: Address | None = None
    l2_legacy_shared_bridge: Address | None = None


class TransactionDetails(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far an Era transaction is. `status`: pending, included, precommitted, fastFinalized, verified or failed."""

    is_l1_originated: bool
    status: str
    fee: Quantity
    gas_per_pubdata: Quantity
    initiator_address: Address
    received_at: datetime
    eth_precommit_tx_hash: Hash32 | None = None
    eth_commit_tx_hash: Hash32 | None = None
    eth_prove_tx_hash: Hash32 | None = None
    eth_execute_tx_hash: Hash32 | None = None


class BatchDetails(Struct, frozen=True, kw_only=True, rename="camel"):
    """An Era batch and the settlement-layer transactions that committed, proved and executed it. Prices in wei."""

    number: Quantity
    timestamp: Quantity
    l1_tx_count: Quantity
    l2_tx_count: Quantity
    root_hash: Hash32 | None = None
    status: str
    commit_tx_hash: Hash32 | None = None
    committed_at: datetime | None = None
    commit_chain_id: Quantity | None = None
    prove_tx_hash: Hash32 | None = None
    proven_at: datetime | None = None
    prove_chain_id: Quantity | None = None
    execute_tx_hash: Hash32 | None = None
    executed_at: datetime | None = None
    execute_chain_id: Quantity | None = None
    l1_gas_price: Quantity
    l2_fair_gas_price: Quantity
    fair_pubdata_price: Quantity | None = None


class BlockDetails(BatchDetails, frozen=True, kw_only=True, rename="camel"):
    """An Era block, with what `BatchDetails` has of its batch."""

    l1_batch_number: Quantity
    operator_address: Address
    protocol_version: str | None = None


class FeeEstimate(Struct, frozen=True, kw_only=True):
    """What `zks_estimateFee` suggests: gas, wei per gas, gas per byte of pubdata."""

    gas_limit: Quantity
    max_fee_per_gas: Quantity
    max_priority_fee_per_gas: Quantity
    gas_per_pubdata_limit: Quantity


class FeeModelConfig(Struct, frozen=True, kw_only=True):
    """The fee model of an Era node. The two overhead parts are shares between 0 and 1."""

    minimal_l2_gas_price: Quantity
    compute_overhead_part: float
    pubdata_overhead_part: float
    batch_overhead_l1_gas: Quantity
    max_gas_per_batch: Quantity
    max_pubdata_per_batch: Quantity


class Ratio(Struct, frozen=True, kw_only=True):
    """Base tokens per ether, exactly."""

    numerator: Quantity
    denominator: Quantity


class FeeModel(Struct, frozen=True, kw_only=True):
    """The inputs of an Era node's own L2 fees; not the L1 contract's `FeeParams`. Prices in wei."""

    config: FeeModelConfig
    l1_gas_price: Quantity
    l1_pubdata_price: Quantity
    conversion_ratio: Ratio | None = None


class NodeFeeParams(Struct, frozen=True, kw_only=True):
    """What `zks_getFeeParams` gives."""

    v2: FeeModel = field(name="V2")


class BatchFeeInput(Struct, frozen=True, kw_only=True):
    """The prices, in wei, that an Era node puts into the next batch."""

    l1_gas_price: Quantity
    fair_l2_gas_price: Quantity
    fair_pubdata_price: Quantity


class ProtocolVersion(Struct, frozen=True, kw_only=True, rename="camel"):
    """A protocol version of an Era chain, and when it took effect."""

    minor_version: Quantity
    timestamp: Quantity
    bootloader_code_hash: Hash32 | None = None
    default_account_code_hash: Hash32 | None = None
    evm_simulator_code_hash: Hash32 | None = None
    l2_system_upgrade_tx_hash: Hash32 | None = None


class StorageProof(Struct, frozen=True, kw_only=True):
    """The proof of one storage slot in the state tree of Era."""

    key: Hash32
    value: Hash32
    index: Quantity
    proof: tuple[Hash32, ...]


class AccountStorageProof(Struct, frozen=True, kw_only=True, rename="camel"):
    """What `zks_getProof` gives on Era."""

    address: Address
    storage_proof: tuple[StorageProof, ...]
