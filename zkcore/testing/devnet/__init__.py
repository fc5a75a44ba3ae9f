"""A local L1 and L2 for tests and demos: real EVMs, the bridge's contracts, both stacks' JSON-RPC, and faults on request."""

from zkcore.testing.devnet.faults import Faults
from zkcore.testing.devnet.network import Devnet
from zkcore.testing.devnet.process import AnvilMissing

__all__ = ["AnvilMissing", "Devnet", "Faults"]
