"""What nodes answer, as types: decoded strictly, unknown fields ignored (see `zkcore.methods.decoding`).

Quantities come out as `int`, data as `bytes`, hashes as `Hash32`, addresses as `Address`, dates as aware `datetime`s.

Sources: the execution API specification (https://github.com/ethereum/execution-apis); zksync-era
`core/lib/types/src/api/mod.rs`; zksync-os-server `lib/rpc_api/src/types.rs`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta, Struct, field

from zkcore.methods.decoding import Data, Hooked, Quantity, convert, respelled
from zkcore.protocol.contracts import BOOTLOADER
from zkcore.types import Address, Hash32
from zkcore.words import Told

# fmt: off
__all__ = [
    "FeeHistory", "Header", "IncludedReceipt", "L2ToL1LogEntry", "Log", "LogProof", "NodeTransaction", "Receipt",
    "SimulatedBlock", "SimulatedCall", "SimulationError", "SpelledLogProof", "TransactionDetails",
]
# fmt: on

if TYPE_CHECKING:
    L2ToL1Logs: TypeAlias = "tuple[L2ToL1LogEntry, ...]"
    SpelledLogProof: TypeAlias = "LogProof"
    IncludedReceipt: TypeAlias = "Receipt"
else:

    class IncludedReceipt(metaclass=Hooked):
        """A Receipt, or None of a transaction that is in no block yet: some nodes give a half of one for it."""

        @staticmethod
        def parse(value: object) -> object:
            """Raises ValueError."""
            if not isinstance(value, dict):
                return convert(value, Receipt)
            if value.get("blockHash", "") in _NO_BLOCK or value.get("blockNumber", "") is None:
                return None
            told = {name: one for name, one in value.items() if name not in _OPTIONAL or one not in (None, "")}
            if isinstance(rows := told.get("logs"), list):  # where a log does not say where it is, the receipt does
                place = {name: told[name] for name in ("blockHash", "blockNumber", "transactionHash") if name in told}
                told["logs"] = [
                    place | {k: v for k, v in row.items() if v is not None or k not in place}
                    if isinstance(row, dict)
                    else row
                    for row in rows
                ]
            return convert(told, Receipt)

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


_NO_BLOCK = (None, "0x" + "00" * 32)

_OPTIONAL = {
    "type",
    "to",
    "contractAddress",
    "effectiveGasPrice",
    "transactionIndex",
    "l1BatchNumber",
    "l1BatchTxIndex",
}

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


class Receipt(Told, Struct, frozen=True, kw_only=True, rename="camel"):
    """The receipt of an included transaction, of L1 or of either L2 stack. `status` is 1 or 0.

    `l1_batch_number` and `l1_batch_tx_index` exist on Era only, and there are None until the batch is sealed.
    `l2_to_l1_logs` is None where the node leaves them out, which is not to say that there are none.
    """

    transaction_hash: Hash32
    transaction_index: Quantity | None = None
    block_hash: Hash32
    block_number: Quantity
    from_address: Address = field(name="from")
    to: Address | None = None
    contract_address: Address | None = None
    status: Quantity
    type: Quantity = 0
    gas_used: Quantity
    effective_gas_price: Quantity | None = None
    logs: tuple[Log, ...]
    l2_to_l1_logs: L2ToL1Logs | None = None
    l1_batch_number: Quantity | None = None
    l1_batch_tx_index: Quantity | None = None

    def __post_init__(self) -> None:
        if self.status not in {0, 1}:
            raise ValueError(f"status: expected 0 or 1, got {self.status}")
        for log in self.l2_to_l1_logs or ():  # of a request from L1: how it ended, as L1 is told
            if (log.sender, log.key) == (BOOTLOADER, self.transaction_hash) and any(log.value) != (self.status == 1):
                said = int(any(log.value))
                raise ValueError(
                    f"the receipt has status {self.status}, and a status log that says {said}: one is wrong"
                )


class NodeTransaction(Struct, frozen=True, kw_only=True, rename="camel"):
    """A transaction as a node knows it: `block_number` is None while it is pending.

    A priority operation has type 0xff (Era) or 0x7f (ZKsync OS), its sender aliased if a contract, its priority id as
    `nonce`; `to_mint`, `refund_recipient`, `gas_per_pubdata_byte_limit` and `factory_deps` on ZKsync OS only.
    """

    hash: Hash32
    from_address: Address = field(name="from")
    to: Address | None = None
    nonce: Quantity
    value: Quantity
    gas: Quantity | None = None
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


class FeeHistory(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base fees in wei of some blocks and, as the last one, of the block to come; priority fees by percentile asked."""

    oldest_block: Quantity
    base_fee_per_gas: Annotated[tuple[Quantity, ...], Meta(min_length=1)]
    reward: tuple[tuple[Quantity, ...] | None, ...] | None = None


class Header(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a block says of fees and time (seconds since 1970); `base_fee_per_gas` is None before EIP-1559."""

    number: Quantity
    timestamp: Quantity | None = None
    base_fee_per_gas: Quantity | None = None


class SimulationError(Struct, frozen=True, kw_only=True):
    """Why a simulated call failed. `data` is what it reverted with."""

    message: str
    code: int | None = None
    data: Data | None = None


class SimulatedCall(Struct, frozen=True, kw_only=True, rename="camel"):
    """One call of `eth_simulateV1`. `status` is 1 or 0. `gas_used` is after refunds: more of it is needed on the way."""

    status: Quantity
    return_data: Data = b""
    gas_used: Quantity
    logs: tuple[Log, ...] = ()
    error: SimulationError | None = None


class SimulatedBlock(Struct, frozen=True, kw_only=True, rename="camel"):
    """A block of `eth_simulateV1`."""

    calls: tuple[SimulatedCall, ...]


# ---------------------------------------------------------------- zks_, both stacks
class LogProof(Struct, frozen=True, kw_only=True, rename="camel"):
    """The proof of an L2->L1 log: `id` is the leaf's index, `proof` as the contracts take it, `root` only a hint.

    `batch_number` is missing on very old Era nodes; `gateway_block_number` is ZKsync OS's, if settled on the Gateway.
    """

    proof: tuple[Hash32, ...]
    id: Quantity
    root: Hash32 | None = None
    batch_number: Quantity | None = None
    gateway_block_number: Quantity | None = None


# ---------------------------------------------------------------- zks_, Era only
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
