"""Batches of an L2: which blocks they hold, their L2->L1 logs, the root of those on L1 and their proofs.

The tree is `zkcore.testing.log_tree`; what makes a log: era-contracts system-contracts/contracts/L1Messenger.sol.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from zkcore.protocol.contracts import L1_MESSENGER, L1_MESSENGER_ADDRESS
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.log_tree import LogTree
from zkcore.types import Hash32

__all__ = ["Batch", "BatchLog", "l1_messages", "log_proof", "log_root"]


class BatchLog(Struct, frozen=True):
    """One L2->L1 log with the transaction that made it."""

    transaction: Hash32
    log: L2ToL1Log


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


def _tree(logs: Sequence[BatchLog]) -> LogTree:
    return LogTree([entry.log.leaf() for entry in logs])


def log_root(logs: Sequence[BatchLog], *, bare: bool = False) -> Hash32:
    """The root that a batch puts on L1: with the aggregated root, or with `bare` that of the logs alone (pre-v26)."""
    tree = _tree(logs)
    return tree.root if bare else tree.batch_root


def log_proof(logs: Sequence[BatchLog], index: int, *, bare: bool = False) -> list[Hash32]:
    """The proof of one log: metadata, 14 siblings, aggregated root; with `bare` the siblings alone."""
    tree = _tree(logs)
    return tree.path(index) if bare else tree.proof(index)


def l1_messages(logs: Sequence[dict[str, Any]]) -> list[tuple[Hash32, Hash32]]:
    """Key and value of the L2->L1 log of each L1MessageSent among the logs of a transaction."""
    messenger, sent = str(L1_MESSENGER_ADDRESS).lower(), str(L1_MESSENGER.l1_message_sent.topic)
    return [
        (Hash32(log["topics"][1]), Hash32(log["topics"][2]))
        for log in logs
        if log["address"].lower() == messenger and log["topics"][:1] == [sent]
    ]
