"""Batches of an L2: which blocks they hold, their L2->L1 logs, the root of those on L1 and their proofs.

The tree is `zkcore.testing.log_tree`; what makes a log: era-contracts system-contracts/contracts/L1Messenger.sol.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from zkcore.protocol.contracts import L1_MESSENGER, L1_MESSENGER_ADDRESS
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.log_tree import EMPTY_IMT_ROOT, LogTree
from zkcore.types import Hash32

__all__ = ["Batch", "BatchLog", "Form", "l1_messages", "log_root"]

# What a batch's root is of: the logs alone (before v26), two leaves, or eight (since v33)
Form: TypeAlias = Literal["bare", "two", "eight"]


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
    form: Form = "two"

    @property
    def tree(self) -> LogTree:
        """The tree of its logs."""
        return tree_of(self.logs, self.form)

    def proof(self, index: int) -> list[Hash32]:
        """The proof of one log: metadata, 14 siblings, and one or three above them; of a bare one the siblings alone."""
        return self.tree.path(index) if self.form == "bare" else self.tree.proof(index)


def tree_of(logs: Sequence[BatchLog], form: Form) -> LogTree:
    """The tree of a batch's logs."""
    imt = (EMPTY_IMT_ROOT, EMPTY_IMT_ROOT) if form == "eight" else None
    return LogTree([entry.log.leaf() for entry in logs], imt_roots=imt)


def log_root(logs: Sequence[BatchLog], form: Form) -> Hash32:
    """The root that a batch puts on L1; a bare one's is that of the logs alone."""
    tree = tree_of(logs, form)
    return tree.root if form == "bare" else tree.batch_root


def l1_messages(logs: Sequence[dict[str, Any]]) -> list[tuple[Hash32, Hash32]]:
    """Key and value of the L2->L1 log of each L1MessageSent among the logs of a transaction."""
    messenger, sent = str(L1_MESSENGER_ADDRESS).lower(), str(L1_MESSENGER.l1_message_sent.topic)
    return [
        (Hash32(log["topics"][1]), Hash32(log["topics"][2]))
        for log in logs
        if log["address"].lower() == messenger and log["topics"][:1] == [sent]
    ]
