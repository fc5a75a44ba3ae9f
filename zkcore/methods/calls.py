"""The JSON-RPC methods that moving value needs, typed: each function gives a `Call`, to be asked alone or in a `gather`.

The `eth_` methods that a bridge needs take the chain first, and all the `zks_` methods go to L2. Names are those of the
methods. Amounts are wei. Where a stack does not have a method `MethodNotFound` is raised; "Era" and "ZKsync OS" say
which has it. `zkcore.explore` has the other methods.

Sources: https://github.com/ethereum/execution-apis; zksync-era `core/lib/web3_decl/src/namespaces/zks.rs`;
zksync-os-server `lib/rpc_api/src/zks.rs`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Raw

from zkcore.effects import Call, Chain, Flow, attempt
from zkcore.errors import MethodNotFound, NoContract, RpcError
from zkcore.ethereum.abi import Function
from zkcore.methods import replies
from zkcore.methods.decoding import Data, Quantity, Word, decoder, decoder_or_null
from zkcore.methods.parameters import BlockId, BlockTag, CallRequest, block_id, quantity
from zkcore.types import Address, AddressLike, Hash32, HexLike, uint

# fmt: off
__all__ = [
    "BlockId", "BlockTag", "CallRequest", "Overrides", "block_number", "call_raw", "chain_id", "estimate_gas",
    "estimate_gas_l1_to_l2", "eth_call", "fee_history", "gas_price", "get_balance", "get_bridgehub_contract", "get_code",
    "get_header", "get_l2_to_l1_log_proof", "get_logs", "get_receipt", "get_storage_at", "get_transaction",
    "get_transaction_count", "get_transaction_details", "max_priority_fee_per_gas", "simulate",
]
# fmt: on

T = TypeVar("T")
Overrides: TypeAlias = dict[str, dict[str, object]]  # by address: balance, nonce, code, state or stateDiff


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


def fee_history(
    chain: Chain, blocks: int, *, newest: BlockId = "latest", percentiles: Sequence[float] = ()
) -> Call[replies.FeeHistory]:
    """The base fees of so many blocks up to `newest` and of the next one, and tips at the percentiles."""
    params = (quantity(blocks, "blocks"), block_id(newest), list(percentiles))
    return Call(chain, "eth_feeHistory", params, decoder(replies.FeeHistory))


def get_header(chain: Chain, block: BlockId = "latest") -> Call[replies.Header]:
    """A block's number, time and base fee: of any node, where `fee_history` is not."""
    return Call(chain, "eth_getBlockByNumber", (block_id(block), False), decoder(replies.Header))


def gas_price(chain: Chain) -> Call[int]:
    """The gas price, in wei, that the node suggests for a legacy transaction."""
    return Call(chain, "eth_gasPrice", (), decoder(Quantity))


def max_priority_fee_per_gas(chain: Chain) -> Call[int]:
    """The tip, in wei per gas, that the node suggests."""
    return Call(chain, "eth_maxPriorityFeePerGas", (), decoder(Quantity))


# ---------------------------------------------------------------- eth_: accounts
def get_balance(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[int]:
    """The balance in wei: ether on L1, the base token on L2."""
    return Call(chain, "eth_getBalance", (_address(address), block_id(block)), decoder(Quantity))


def get_transaction_count(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[int]:
    """The next nonce; at "pending", counting what waits in the node's pool."""
    parse = decoder(Quantity)

    def decode(raw: Raw) -> int:
        if (nonce := parse(raw)) >> 64:  # EIP-2681
            raise ValueError(f"expected a nonce below 2**64, got {nonce}")
        return nonce

    return Call(chain, "eth_getTransactionCount", (_address(address), block_id(block)), decode)


def get_code(chain: Chain, address: AddressLike, *, block: BlockId = "latest") -> Call[bytes]:
    """The code, empty where there is none."""
    return Call(chain, "eth_getCode", (_address(address), block_id(block)), decoder(Data))


def get_storage_at(
    chain: Chain, address: AddressLike, slot: int | HexLike, *, block: BlockId = "latest"
) -> Call[Hash32]:
    """A word of storage."""
    which = hex(uint(slot, "slot")) if isinstance(slot, int) else _hash(slot)
    return Call(chain, "eth_getStorageAt", (_address(address), which, block_id(block)), decoder(Word))


# ---------------------------------------------------------------- eth_: transactions and logs
def get_transaction(chain: Chain, tx_hash: HexLike) -> Call[replies.NodeTransaction | None]:
    """A transaction, pending or included, or None if the node does not know it."""
    decode = _of(Hash32(tx_hash), "hash", decoder_or_null(replies.NodeTransaction))
    return Call(chain, "eth_getTransactionByHash", (_hash(tx_hash),), decode)


def get_receipt(chain: Chain, tx_hash: HexLike) -> Call[replies.Receipt | None]:
    """The receipt of an included transaction, or None: pending, or not known."""
    decode = _of(Hash32(tx_hash), "transaction_hash", decoder_or_null(replies.IncludedReceipt))
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
    chain: Chain, to: AddressLike, function: Function, *arguments: Any, block: BlockId = "latest"
) -> Call[tuple[Any, ...]]:
    """What a function of a contract returns, decoded. With a sender or a value: see `call_raw`.

    Raises Reverted, or NoContract where nothing answers.
    """
    call = call_raw(chain, CallRequest(to=to, data=function.encode(*arguments)), block=block)

    def decode(raw: Raw) -> tuple[Any, ...]:
        data = call.decode(raw)
        if not data and function.outputs:
            raise NoContract(chain=chain, address=Address(to), function=function.name)
        return function.decode_result(data)

    return Call(chain, call.method, call.params, decode)


def call_raw(
    chain: Chain, request: CallRequest, *, block: BlockId = "latest", overrides: Overrides | None = None
) -> Call[bytes]:
    """What `eth_call` returns to this request, undecoded. Raises Reverted. Without a gas price it runs at price 0."""
    params = (request.parameter(), block_id(block), *([overrides] if overrides else ()))
    return Call(chain, "eth_call", params, decoder(Data))


def estimate_gas(
    chain: Chain, request: CallRequest, *, block: BlockId | None = None, overrides: Overrides | None = None
) -> Call[int]:
    """The gas that the transaction needs. Raises Reverted.

    Without a block it is run on the node's pending state, so that a pending approval counts; with `overrides`, as if accounts
    were in another state. On ZKsync OS, type 0x7f estimates a priority operation.
    """
    where: tuple[object, ...] = () if block is None else (block_id(block),)
    if overrides:
        where = (block_id(block or "latest"), overrides)
    return Call(chain, "eth_estimateGas", (request.parameter(), *where), decoder(Quantity))


def simulate(
    chain: Chain,
    requests: Sequence[CallRequest],
    *,
    block: BlockId = "latest",
    overrides: Overrides | None = None,
) -> Call[tuple[replies.SimulatedBlock, ...]]:
    """Run calls one after another in one block on top of `block` (`eth_simulateV1`), with their logs and errors.

    With `overrides`, as if accounts were in another state.
    """
    calls: dict[str, object] = {"calls": [request.parameter() for request in requests]}
    if overrides:
        calls["stateOverrides"] = overrides
    params, parse = ({"blockStateCalls": [calls]}, block_id(block)), decoder(tuple[replies.SimulatedBlock, ...])

    def decode(raw: Raw) -> tuple[replies.SimulatedBlock, ...]:
        blocks = parse(raw)
        if [len(block.calls) for block in blocks] != [len(requests)]:
            raise ValueError(f"expected one block of {len(requests)} calls")
        return blocks

    return Call(chain, "eth_simulateV1", params, decode)


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
        lacking = isinstance(proof, MethodNotFound) or proof.code == -32602  # the method, or what it was asked with
        if not lacking and _NOT_YET.search(proof.message):  # Era says null instead
            return None
        raise proof
    return proof


def get_bridgehub_contract() -> Call[Address | None]:
    """The bridgehub that the L2 node names. It does not choose whom we pay: compare it with a pinned one."""
    return Call("l2", "zks_getBridgehubContract", (), decoder_or_null(Address))


# ---------------------------------------------------------------- zks_: Era
def estimate_gas_l1_to_l2(request: CallRequest) -> Call[int]:
    """Era: the L2 gas a priority operation needs. ZKsync OS: `estimate_gas` with type 0x7f."""
    return Call("l2", "zks_estimateGasL1ToL2", (request.parameter(),), decoder(Quantity))


def get_transaction_details(tx_hash: HexLike) -> Call[replies.TransactionDetails | None]:
    """Era: how far a transaction is on its way to L1, or None if it is not known."""
    return Call("l2", "zks_getTransactionDetails", (_hash(tx_hash),), decoder_or_null(replies.TransactionDetails))
