"""Batches of an L2: which blocks they hold, the tree of their L2->L1 logs, its root and its proofs.

The tree: era-contracts system-contracts/contracts/L1Messenger.sol; the proofs: l1-contracts/contracts/common/libraries/
MessageHashing.sol.
"""

from typing import Any

from msgspec import Struct

from zkcore.hashing import keccak256
from zkcore.types import Address, Hash32

__all__ = ["Batch", "BatchLog", "log_proof", "log_root"]

_DEPTH = 14  # 16 384 leaves
_METADATA = Hash32(bytes([1, _DEPTH + 1, 0, 1]) + bytes(28))  # version 1, 15 words of log path, no batch path, final
_AGGREGATED = Hash32(bytes(32))  # the root of the chains that settle here: there are none


class BatchLog(Struct, frozen=True, kw_only=True):
    """One L2->L1 log with the transaction that made it."""

    transaction: Hash32
    tx_number: int
    sender: Address
    key: Hash32
    value: Hash32

    def leaf(self) -> Hash32:
        """keccak of the 88 bytes: shard 0, is_service 1, the transaction's number, sender, key, value."""
        return keccak256(b"\0\1" + self.tx_number.to_bytes(2) + self.sender + self.key + self.value)


class Batch(Struct, kw_only=True):
    """A sealed batch. `commit` and `execute` are the hashes of the L1 transactions, once sent."""

    number: int
    first_block: int
    last_block: int
    logs: tuple[BatchLog, ...]
    root: Hash32
    timestamp: int
    commit: str | None = None
    execute: str | None = None


def _levels(leaves: list[Hash32]) -> list[tuple[list[bytes], bytes]]:
    """Each level's known nodes, and the node that all others of the level are."""
    nodes: list[bytes] = list(leaves)
    empty: bytes = keccak256(bytes(88))
    levels: list[tuple[list[bytes], bytes]] = []
    for _ in range(_DEPTH):
        levels.append((nodes, empty))
        padded = nodes + [empty] * (len(nodes) % 2)
        nodes = [keccak256(left + right) for left, right in zip(padded[::2], padded[1::2], strict=True)]
        empty = keccak256(empty + empty)
    return [*levels, (nodes or [empty], empty)]


def log_root(logs: tuple[BatchLog, ...], *, bare: bool = False) -> Hash32:
    """The root that a batch puts on L1: keccak(local root || aggregated root); with `bare` the local one (pre-v26)."""
    local = _levels([log.leaf() for log in logs])[-1][0][0]
    return Hash32(local) if bare else keccak256(local + _AGGREGATED)


def log_proof(logs: tuple[BatchLog, ...], index: int, *, bare: bool = False) -> list[Hash32]:
    """The proof of one log: metadata, 14 siblings, aggregated root; with `bare` the siblings alone."""
    levels = _levels([log.leaf() for log in logs])
    path: list[Hash32] = []
    for nodes, empty in levels[:-1]:
        sibling = index ^ 1
        path.append(Hash32(nodes[sibling] if sibling < len(nodes) else empty))
        index >>= 1
    return path if bare else [_METADATA, *path, _AGGREGATED]


def l1_messages(logs: "list[dict[str, Any]]") -> list[tuple[Hash32, Hash32]]:
    """Key and value of the L2->L1 log of each L1MessageSent among the logs of a transaction."""
    return [
        (Hash32(log["topics"][1]), Hash32(log["topics"][2]))
        for log in logs
        if log["address"].lower() == _MESSENGER and log["topics"][:1] == [_MESSAGE_SENT]
    ]


_MESSENGER = "0x0000000000000000000000000000000000008008"
_MESSAGE_SENT = (
    "0x3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241"  # L1MessageSent(address,bytes32,bytes)
)
