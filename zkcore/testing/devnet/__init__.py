"""A local L1 and L2 for tests and demos: real EVMs, the bridge's contracts, both stacks' JSON-RPC, and faults on request."""

from zkcore.testing.devnet.accounts import Account
from zkcore.testing.devnet.batches import Batch
from zkcore.testing.devnet.deploy import artifact
from zkcore.testing.devnet.faults import *  # noqa: F403
from zkcore.testing.devnet.faults import __all__ as _faults
from zkcore.testing.devnet.network import Devnet, Preset, Snapshot
from zkcore.testing.devnet.process import AnvilMissing

__all__ = ["Account", "AnvilMissing", "Batch", "Devnet", "Preset", "Snapshot", "artifact"]
__all__ += _faults
