"""More JSON-RPC methods, for those who look at a node: nothing that moves value needs them. See also `zkcore.methods.calls`.

They give a `Call` each, in the same manner: the `eth_` ones take the chain first, all the `zks_` ones go to L2. Where a
stack does not have a method `MethodNotFound` is raised; "Era" and "ZKsync OS" say which has it.

Sources: https://github.com/ethereum/execution-apis; zksync-era `core/lib/web3_decl/src/namespaces/zks.rs`;
zksync-os-server `lib/rpc_api/src/zks.rs`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Raw

from zkcore.effects import Call, Chain
from zkcore.explore import replies
from zkcore.methods.calls import gas_price, max_priority_fee_per_gas
from zkcore.methods.decoding import Quantity, decoder, decoder_or_null
from zkcore.methods.parameters import BlockId, CallRequest, block_id, quantity
from zkcore.types import Address, AddressLike, Hash32, HexLike, uint

# fmt: off
__all__ = [
    "estimate_fee", "gas_per_pubdata", "gas_price", "get_base_token_l1_address", "get_batch_fee_input", "get_block",
    "get_block_details", "get_block_metadata_by_number", "get_bridge_contracts", "get_bytecode_by_hash",
    "get_bytecode_supplier_contract", "get_fee_params", "get_genesis", "get_imt_inclusion_proof",
    "get_imt_low_nullifier_index", "get_l1_batch_block_range", "get_l1_batch_details", "get_l1_gas_price",
    "get_l2_multicall3", "get_main_contract", "get_proof", "get_protocol_version", "get_raw_block_transactions",
    "get_testnet_paymaster", "get_timestamp_asserter", "l1_batch_number", "l1_chain_id", "max_priority_fee_per_gas",
]
# fmt: on


# ---------------------------------------------------------------- eth_
def get_block(chain: Chain, block: BlockId = "latest") -> Call[replies.Block | None]:
    """A block, or None if the node does not have it."""
    method = "eth_getBlockByHash" if isinstance(block, bytes) else "eth_getBlockByNumber"
    which = str(Hash32(block)) if isinstance(block, bytes) else block_id(block)
    return Call(chain, method, (which, False), decoder_or_null(replies.Block))


# ---------------------------------------------------------------- zks_: ZKsync OS
def get_genesis() -> Call[replies.Genesis]:
    """ZKsync OS: the genesis of the chain."""
    return Call("l2", "zks_getGenesis", (), decoder(replies.Genesis))


def get_bytecode_supplier_contract() -> Call[Address]:
    """ZKsync OS 2026: the bytecode supplier on L1."""
    return Call("l2", "zks_getBytecodeSupplierContract", (), decoder(Address))


def get_block_metadata_by_number(number: int) -> Call[replies.BlockMetadata | None]:
    """ZKsync OS 2026: the prices a block ran with, or None if there is no such block."""
    params = (uint(number, "number", 64),)
    return Call("l2", "zks_getBlockMetadataByNumber", params, decoder_or_null(replies.SpelledBlockMetadata))


def get_imt_inclusion_proof(commitment: int, block: int) -> Call[replies.ImtInclusionProof | None]:
    """ZKsync OS 2026: the membership proof of an interop commitment as of a block, or None if it was not there."""
    params = (quantity(commitment, "commitment"), uint(block, "block", 64))
    return Call("l2", "zks_getImtInclusionProof", params, decoder_or_null(replies.ImtInclusionProof))


def get_imt_low_nullifier_index(value: int, block: int) -> Call[int | None]:
    """ZKsync OS 2026: the index of the leaf after which an interop commitment would be inserted."""
    params = (quantity(value, "value"), uint(block, "block", 64))
    return Call("l2", "zks_getImtLowNullifierIndex", params, decoder_or_null(Quantity))


# ---------------------------------------------------------------- zks_: Era
def get_main_contract() -> Call[Address]:
    """Era: the chain's diamond on L1, as the node names it."""
    return Call("l2", "zks_getMainContract", (), decoder(Address))


def get_bridge_contracts() -> Call[replies.BridgeContracts]:
    """Era: the bridges, as the node names them."""
    return Call("l2", "zks_getBridgeContracts", (), decoder(replies.BridgeContracts))


def get_base_token_l1_address() -> Call[Address]:
    """Era: the base token on L1, 0x00..01 for ether."""
    return Call("l2", "zks_getBaseTokenL1Address", (), decoder(Address))


def l1_chain_id() -> Call[int]:
    """Era: the chain id of the L1 (on a chain settling on the Gateway, still Ethereum's)."""
    return Call("l2", "zks_L1ChainId", (), decoder(Quantity))


def l1_batch_number() -> Call[int]:
    """Era: the number of the latest sealed batch."""
    return Call("l2", "zks_L1BatchNumber", (), decoder(Quantity))


def estimate_fee(request: CallRequest) -> Call[replies.FeeEstimate]:
    """Era: gas and prices for an L2 transaction."""
    return Call("l2", "zks_estimateFee", (request.parameter(),), decoder(replies.FeeEstimate))


def gas_per_pubdata() -> Call[int]:
    """Era from node 28.7: the gas that a byte of pubdata costs now."""
    return Call("l2", "zks_gasPerPubdata", (), decoder(Quantity))


def get_l1_gas_price() -> Call[int]:
    """Era: the L1 gas price, in wei, that the node reckons with."""
    return Call("l2", "zks_getL1GasPrice", (), decoder(Quantity))


def get_fee_params() -> Call[replies.NodeFeeParams]:
    """Era: the fee model of the node. Not the L1 contract's parameters: those are read on L1."""
    return Call("l2", "zks_getFeeParams", (), decoder(replies.NodeFeeParams))


def get_batch_fee_input() -> Call[replies.BatchFeeInput]:
    """Era: the prices that go into the next batch."""
    return Call("l2", "zks_getBatchFeeInput", (), decoder(replies.BatchFeeInput))


def get_block_details(number: int) -> Call[replies.BlockDetails | None]:
    """Era: an L2 block and its batch's way to L1, or None if there is no such block."""
    return Call("l2", "zks_getBlockDetails", (uint(number, "number", 32),), decoder_or_null(replies.BlockDetails))


def get_l1_batch_details(number: int) -> Call[replies.BatchDetails | None]:
    """Era: a batch and its way to L1, or None if there is no such batch."""
    return Call("l2", "zks_getL1BatchDetails", (uint(number, "number", 32),), decoder_or_null(replies.BatchDetails))


def get_l1_batch_block_range(number: int) -> Call[tuple[int, int] | None]:
    """Era: the first and last L2 block of a batch, or None if there is no such batch."""
    decode: Callable[[Raw], tuple[int, int] | None] = decoder_or_null(tuple[Quantity, Quantity])
    return Call("l2", "zks_getL1BatchBlockRange", (uint(number, "number", 32),), decode)


def get_raw_block_transactions(number: int) -> Call[tuple[dict[str, Any], ...]]:
    """Era: the transactions of a block in the server's internal form, which has no stable types: as JSON objects."""
    decode = decoder(tuple[dict[str, Any], ...])
    return Call("l2", "zks_getRawBlockTransactions", (uint(number, "number", 32),), decode)


def get_bytecode_by_hash(bytecode_hash: HexLike) -> Call[bytes | None]:
    """Era: the bytecode of a versioned hash, or None if the node does not know it."""
    return Call("l2", "zks_getBytecodeByHash", (str(Hash32(bytecode_hash)),), decoder_or_null(replies.ByteNumbers))


def get_testnet_paymaster() -> Call[Address | None]:
    """Era: the public paymaster of a test network."""
    return Call("l2", "zks_getTestnetPaymaster", (), decoder_or_null(Address))


def get_l2_multicall3() -> Call[Address | None]:
    """Era: the Multicall3 contract on L2."""
    return Call("l2", "zks_getL2Multicall3", (), decoder_or_null(Address))


def get_timestamp_asserter() -> Call[Address | None]:
    """Era: the contract that lets account validation depend on the time."""
    return Call("l2", "zks_getTimestampAsserter", (), decoder_or_null(Address))


def get_protocol_version(minor_version: int | None = None) -> Call[replies.ProtocolVersion | None]:
    """Era: the protocol version in force, or a given one. Deprecated by the server; the diamond on L1 says it too."""
    params = () if minor_version is None else (uint(minor_version, "minor_version", 16),)
    return Call("l2", "zks_getProtocolVersion", params, decoder_or_null(replies.ProtocolVersion))


def get_proof(
    address: AddressLike, keys: Sequence[HexLike], batch_number: int
) -> Call[replies.AccountStorageProof | None]:
    """Era: the proofs of storage slots in the state tree after a batch. (That of ZKsync OS is of another form.)"""
    params = (str(Address(address)), [str(Hash32(key)) for key in keys], uint(batch_number, "batch_number", 32))
    return Call("l2", "zks_getProof", params, decoder_or_null(replies.AccountStorageProof))
