"""What nodes answer to the calls of `zkcore.explore.calls`: decoded strictly, unknown fields ignored.

The rules are those of `zkcore.methods.replies`.

Sources: the execution API specification (https://github.com/ethereum/execution-apis); zksync-era
`core/lib/types/src/api/mod.rs`; zksync-os-server `lib/rpc_api/src/types.rs`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from zkcore.methods.decoding import Data, Hooked, Quantity, convert, respelled
from zkcore.types import Address, Hash32

# fmt: off
__all__ = [
    "AccountStorageProof", "BatchDetails", "BatchFeeInput", "Block", "BlockDetails", "BlockMetadata", "BridgeContracts",
    "ByteNumbers", "FeeEstimate", "FeeModel", "FeeModelConfig", "Genesis", "ImtInclusionProof", "ImtLeaf", "NodeFeeParams",
    "ProtocolVersion", "Ratio", "SpelledBlockMetadata", "StorageProof",
]
# fmt: on

if TYPE_CHECKING:
    ByteNumbers: TypeAlias = bytes
    SpelledBlockMetadata: TypeAlias = "BlockMetadata"
else:

    class ByteNumbers(metaclass=Hooked):
        """A JSON array of byte values (a Rust `Vec<u8>`), as bytes."""

        @staticmethod
        def parse(value: object) -> bytes:
            """The bytes. Raises ValueError."""
            if isinstance(value, list) and all(type(item) is int and 0 <= item <= 255 for item in value):
                return bytes(value)
            raise ValueError(f"expected an array of numbers from 0 to 255, got {value!r:.100}")

    class SpelledBlockMetadata(metaclass=Hooked):
        """A BlockMetadata in camel or snake case."""

        @staticmethod
        def parse(value: object) -> object:
            """Raises ValueError."""
            return convert(respelled(value, {}), BlockMetadata)


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


class BridgeContracts(Struct, frozen=True, kw_only=True, rename="camel"):
    """The bridges as an Era node names them. The L2 node does not choose whom we pay: not for the money path."""

    l1_shared_default_bridge: Address | None = None
    l2_shared_default_bridge: Address | None = None
    l1_erc20_default_bridge: Address | None = field(name="l1Erc20DefaultBridge", default=None)
    l2_erc20_default_bridge: Address | None = field(name="l2Erc20DefaultBridge", default=None)
    l1_weth_bridge: Address | None = None
    l2_weth_bridge: Address | None = None
    l2_legacy_shared_bridge: Address | None = None


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
