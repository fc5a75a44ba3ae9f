"""The JSON-RPC methods of nodes, typed: each function gives a `Call`, to be asked alone or in a `gather`.

The `eth_` methods that a bridge needs take the chain first, and all the `zks_` methods go to L2. Names are those of the
methods. Amounts are wei. Where a stack does not have a method `MethodNotFound` is raised; "Era" and "ZKsync OS" say
which has it.

Sources: https://github.com/ethereum/execution-apis; zksync-era `core/lib/web3_decl/src/namespaces/zks.rs`;
zksync-os-server `lib/rpc_api/src/zks.rs`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Raw

from zkcore import replies
from zkcore.abi import Function
from zkcore.decoding import ByteNumbers, Data, Quantity, decoder, decoder_or_null
from zkcore.effects import Call, Chain, Flow, attempt
from zkcore.errors import RpcError
from zkcore.parameters import (
    AccountOverride,
    BlockId,
    BlockTag,
    CallRequest,
    StateOverride,
    block_id,
    overrides,
    quantity,
)
from zkcore.types import Address, AddressLike, Hash32, HexLike, uint

# fmt: off
__all__ = [
    "AccountOverride", "BlockId", "BlockTag", "CallRequest", "StateOverride", "block_number", "call_raw", "chain_id",
    "estimate_fee", "estimate_gas", "estimate_gas_l1_to_l2", "eth_call", "fee_history", "gas_per_pubdata", "gas_price",
    "get_balance", "get_base_token_l1_address", "get_batch_fee_input", "get_block", "get_block_details",
    "get_block_metadata_by_number", "get_bridge_contracts", "get_bridgehub_contract", "get_bytecode_by_hash",
    "get_bytecode_supplier_contract", "get_code", "get_fee_params", "get_genesis", "get_imt_inclusion_proof",
    "get_imt_low_nullifier_index", "get_l1_batch_block_range", "get_l1_batch_details", "get_l1_gas_price",
    "get_l2_multicall3", "get_l2_to_l1_log_proof", "get_logs", "get_main_contract", "get_proof", "get_protocol_version",
    "get_raw_block_transactions", "get_receipt", "get_storage_at", "get_testnet_paymaster", "get_timestamp_asserter",
    "get_transaction", "get_transaction_count", "get_transaction_details", "l1_batch_number", "l1_chain_id",
    "max_priority_fee_per_gas", "simulate",
]
# fmt: on

T = TypeVar("T")


def _hash(value: HexLike) -> str:
    return str(Hash32(value))


def _address(value: AddressLike) -> str:
    return str(Address(value))


# ---------------------------------------------------------------- eth_: facts
def chain_id(chain: Chain) -> Call[int]:
    """The chain id."""
    return Call(chain, "eth_chainId", (), decoder(Quantity))


def block_number(chain: Chain) -> Call[int]:
    """The number of the latest block."""
    return Call(chain, "eth_blockNumber", (), decoder(Quantity))


def get_block(chain: Chain, block: BlockId = "latest") -> Call[replies.Block | None]:
    """A block, or None if the node does not have it."""
    method = "eth_getBlockByHash" if isinstance(block, bytes) else "eth_getBlockByNumber"
    which = _hash(block) if isinstance(block, bytes) else block_id(block)
    return Call(chain, method, (which, False), decoder_or_null(replies.Block))


def gas_price(chain: Chain) -> Call[int]:
    """The gas price, in wei, that the node suggests for a legacy transaction."""
    return Call(chain, "eth_gasPrice", (), decoder(Quantity))


def max_priority_fee_per_gas(chain: Chain) -> Call[int]:
    """The tip, in wei per gas, that the node suggests."""
    return Call(chain, "eth_maxPriorityFeePerGas", (), decoder(Quantity))


def fee_history(
    chain: Chain, blocks: int, *, newest: BlockId = "latest", percentiles: Sequence[float] = ()
) -> Call[replies.FeeHistory]:
    """The base fees of so many blocks up to `newest` and of the next one, and tips at the percentiles."""
    params = (quantity(blocks, "blocks"), block_id(newest), list(percentiles))
    return Call(chain, "eth_feeHistory", params, decoder(replies.FeeHistory))


# ---------------------------------------------------------------- eth_: accounts
def get_balance(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[int]:
    """The balance in wei: ether on L1, the base token on L2."""
    return Call(chain, "eth_getBalance", (_address(address), block_id(block)), decoder(Quantity))


def get_transaction_count(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[int]:
    """The next nonce; at "pending", counting what waits in the node's pool."""
    return Call(chain, "eth_getTransactionCount", (_address(address), block_id(block)), decoder(Quantity))


def get_code(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[bytes]:
    """The code, empty where there is none."""
    return Call(chain, "eth_getCode", (_address(address), block_id(block)), decoder(Data))


def get_storage_at(
    chain: Chain, address: AddressLike, slot: int | HexLike, *, block: BlockId = "latest"
) -> Call[Hash32]:
    """A word of storage."""
    which = hex(uint(slot, "slot")) if isinstance(slot, int) else _hash(slot)
    return Call(chain, "eth_getStorageAt", (_address(address), which, block_id(block)), decoder(Hash32))


# ---------------------------------------------------------------- eth_: transactions and logs
def get_transaction(chain: Chain, tx_hash: HexLike) -> Call[replies.NodeTransaction | None]:
    """A transaction, pending or included, or None if the node does not know it."""
    decode = _of(Hash32(tx_hash), "hash", decoder_or_null(replies.NodeTransaction))
    return Call(chain, "eth_getTransactionByHash", (_hash(tx_hash),), decode)


def get_receipt(chain: Chain, tx_hash: HexLike) -> Call[replies.Receipt | None]:
    """The receipt of an included transaction, or None: pending, or not known."""
    decode = _of(Hash32(tx_hash), "transaction_hash", decoder_or_null(replies.Receipt))
    return Call(chain, "eth_getTransactionReceipt", (_hash(tx_hash),), decode)


def _of(tx_hash: Hash32, name: str, decode: Callable[[Raw], T]) -> Callable[[Raw], T]:
    """The answer is about what was asked, not about another transaction."""

    def checked(raw: Raw) -> T:
        found = decode(raw)
        if found is not None and getattr(found, name) != tx_hash:
            raise ValueError(f"asked about {tx_hash}, answered about {getattr(found, name)}")
        return found

    return checked


def get_logs(
    chain: Chain,
    *,
    from_block: BlockId,
    to_block: BlockId,
    address: AddressLike | Sequence[AddressLike] | None = None,
    topics: Sequence[HexLike | Sequence[HexLike] | None] = (),
) -> Call[tuple[replies.Log, ...]]:
    """Logs of a range of blocks. Topics by position: None for any, several for one of them."""
    wanted: dict[str, object] = {"fromBlock": block_id(from_block), "toBlock": block_id(to_block)}
    if address is not None:
        wanted["address"] = _address(address) if isinstance(address, str | bytes) else [_address(a) for a in address]
    if topics:
        wanted["topics"] = [_topic(topic) for topic in topics]
    return Call(chain, "eth_getLogs", (wanted,), decoder(tuple[replies.Log, ...]))


def _topic(topic: HexLike | Sequence[HexLike] | None) -> object:
    if topic is None or isinstance(topic, str | bytes):
        return None if topic is None else _hash(topic)
    return [_hash(one) for one in topic]


# ---------------------------------------------------------------- eth_: execution
def eth_call(
    chain: Chain,
    to: AddressLike,
    function: Function,
    *arguments: Any,
    from_address: AddressLike | None = None,
    value: int | None = None,
    gas_price: int | None = None,
    block: BlockId = "latest",
    state: StateOverride | None = None,
) -> Call[tuple[Any, ...]]:
    """What a function of a contract returns, decoded. Raises Reverted. Without a gas price it runs at price 0."""
    request = CallRequest(
        to=to, from_address=from_address, data=function.encode(*arguments), value=value, gas_price=gas_price
    )
    data = decoder(Data)

    def decode(raw: Raw) -> tuple[Any, ...]:
        return function.decode_result(data(raw))

    return Call(chain, "eth_call", (request.parameter(), block_id(block), *overrides(state)), decode)


def call_raw(
    chain: Chain, request: CallRequest, *, block: BlockId = "latest", state: StateOverride | None = None
) -> Call[bytes]:
    """What `eth_call` returns to this request, undecoded. Raises Reverted."""
    return Call(chain, "eth_call", (request.parameter(), block_id(block), *overrides(state)), decoder(Data))


def estimate_gas(
    chain: Chain, request: CallRequest, *, block: BlockId | None = None, state: StateOverride | None = None
) -> Call[int]:
    """The gas that the transaction needs. Raises Reverted.

    Without a block it is run on the node's pending state, so that a pending approval counts. On ZKsync OS, type 0x7f
    estimates a priority operation.
    """
    where = () if block is None and state is None else (block_id("pending" if block is None else block),)
    return Call(chain, "eth_estimateGas", (request.parameter(), *where, *overrides(state)), decoder(Quantity))


def simulate(
    chain: Chain,
    requests: Sequence[CallRequest],
    *,
    block: BlockId = "latest",
    state: StateOverride | None = None,
) -> Call[tuple[replies.SimulatedBlock, ...]]:
    """Run calls one after another in one block on top of `block` (`eth_simulateV1`), with their logs and errors."""
    calls: dict[str, object] = {"calls": [request.parameter() for request in requests]}
    if state is not None:
        (calls["stateOverrides"],) = overrides(state)
    params = ({"blockStateCalls": [calls]}, block_id(block))
    return Call(chain, "eth_simulateV1", params, decoder(tuple[replies.SimulatedBlock, ...]))


# ---------------------------------------------------------------- zks_: both stacks
_NOT_YET = re.compile(r"\bnot\b.*\byet\b")  # zksync-os-server lib/rpc/src/zks_impl.rs, ZksError


def get_l2_to_l1_log_proof(
    tx_hash: HexLike,
    index: int = 0,
    *,
    target: Literal["proof_based_gw", "l1BatchRoot", "messageRoot"] | None = None,
) -> Flow[replies.LogProof | None]:
    """The proof of the `index`th L2->L1 log of a transaction; None while its batch is not executed. A flow of one wave.

    `target` is Era's interop mode ("proof_based_gw") or ZKsync OS 2026's proof target.
    """
    params: tuple[object, ...] = (_hash(tx_hash), uint(index, "index", 32))
    method = "zks_getL2ToL1LogProof"
    call = Call("l2", method, params if target is None else (*params, target), decoder_or_null(replies.SpelledLogProof))
    proof = yield from attempt(call, RpcError)
    if isinstance(proof, RpcError):
        if proof.code == -32603 and _NOT_YET.search(proof.message):
            return None
        raise proof
    return proof


def get_bridgehub_contract() -> Call[Address | None]:
    """The bridgehub that the L2 node names. It does not choose whom we pay: compare it with a pinned one."""
    return _optional("zks_getBridgehubContract", Address)


def get_proof(
    address: AddressLike, keys: Sequence[HexLike], batch_number: int
) -> Call[replies.AccountStorageProof | None]:
    """Era: the proofs of storage slots in the state tree after a batch. (That of ZKsync OS is of another form.)"""
    params = (_address(address), [_hash(key) for key in keys], uint(batch_number, "batch_number", 32))
    return Call("l2", "zks_getProof", params, decoder_or_null(replies.AccountStorageProof))


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


def estimate_fee(request: CallRequest, *, state: StateOverride | None = None) -> Call[replies.FeeEstimate]:
    """Era: gas and prices for an L2 transaction."""
    return Call("l2", "zks_estimateFee", (request.parameter(), *overrides(state)), decoder(replies.FeeEstimate))


def estimate_gas_l1_to_l2(request: CallRequest, *, state: StateOverride | None = None) -> Call[int]:
    """Era: the L2 gas a priority operation needs. ZKsync OS: `estimate_gas` with type 0x7f."""
    return Call("l2", "zks_estimateGasL1ToL2", (request.parameter(), *overrides(state)), decoder(Quantity))


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


def get_transaction_details(tx_hash: HexLike) -> Call[replies.TransactionDetails | None]:
    """Era: how far a transaction is on its way to L1, or None if it is not known."""
    return Call("l2", "zks_getTransactionDetails", (_hash(tx_hash),), decoder_or_null(replies.TransactionDetails))


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
    return Call("l2", "zks_getBytecodeByHash", (_hash(bytecode_hash),), decoder_or_null(ByteNumbers))


def get_testnet_paymaster() -> Call[Address | None]:
    """Era: the public paymaster of a test network."""
    return _optional("zks_getTestnetPaymaster", Address)


def get_l2_multicall3() -> Call[Address | None]:
    """Era: the Multicall3 contract on L2."""
    return _optional("zks_getL2Multicall3", Address)


def get_timestamp_asserter() -> Call[Address | None]:
    """Era: the contract that lets account validation depend on the time."""
    return _optional("zks_getTimestampAsserter", Address)


def get_protocol_version(minor_version: int | None = None) -> Call[replies.ProtocolVersion | None]:
    """Era: the protocol version in force, or a given one. Deprecated by the server; the diamond on L1 says it too."""
    params = () if minor_version is None else (uint(minor_version, "minor_version", 16),)
    return Call("l2", "zks_getProtocolVersion", params, decoder_or_null(replies.ProtocolVersion))


def _optional(method: str, kind: type[Address]) -> Call[Address | None]:
    return Call("l2", method, (), decoder_or_null(kind))
