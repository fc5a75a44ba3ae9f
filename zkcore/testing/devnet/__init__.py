"""A local L1 and L2 for tests and demos: real EVMs, the bridge's contracts, two stacks' JSON-RPC, faults on request."""

from zkcore.testing.devnet.accounts import Account
from zkcore.testing.devnet.batches import Batch
from zkcore.testing.devnet.deploy import artifact
from zkcore.testing.devnet.faults import (
    WRONG_BRIDGEHUB,
    WRONG_PROOF,
    WRONG_RECEIPT,
    BatchRefused,
    Body,
    Drop,
    DuplicateId,
    Failure,
    Fault,
    Faults,
    HalfJson,
    Latency,
    Lie,
    MissingMember,
    Request,
    Requests,
    Shuffle,
    Stale,
    Status,
    Timeout,
    WrongId,
)
from zkcore.testing.devnet.network import Devnet, Preset, Snapshot
from zkcore.testing.devnet.process import AnvilMissing

__all__ = [
    "WRONG_BRIDGEHUB",
    "WRONG_PROOF",
    "WRONG_RECEIPT",
    "Account",
    "AnvilMissing",
    "Batch",
    "BatchRefused",
    "Body",
    "Devnet",
    "Drop",
    "DuplicateId",
    "Failure",
    "Fault",
    "Faults",
    "HalfJson",
    "Latency",
    "Lie",
    "MissingMember",
    "Preset",
    "Request",
    "Requests",
    "Shuffle",
    "Snapshot",
    "Stale",
    "Status",
    "Timeout",
    "WrongId",
    "artifact",
]
