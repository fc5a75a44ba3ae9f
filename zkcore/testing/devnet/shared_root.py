"""Proofs that end in the root which L1 shows to other chains: `zks_getL2ToL1LogProof` with the target "messageRoot", since v33.

Each chain has a tree of its batches on L1, and one tree is of the chains; its root after a block is MessageRoot's
`historicalRoot`. What is built here comes from L1's events alone, not from the contract's own trees.
Source: era-contracts core/message-root/MessageRootBase.sol, FullMerkle.sol, DynamicIncrementalMerkle.sol; the words of a proof:
common/libraries/MessageHashing.sol.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from zkcore.ethereum.abi import Event
from zkcore.protocol.proofs import batch_leaf, chain_id_leaf
from zkcore.testing.devnet.l1 import L1
from zkcore.testing.devnet.node import quantity, to_int
from zkcore.testing.log_tree import EMPTY_IMT_ROOT, LogTree, metadata
from zkcore.types import Address, Hash32, hex_bytes

__all__ = ["to_shared_root"]

_ADDED = Event("AddedChain(uint256 indexed chainId, uint256 indexed chainIndex)")
_APPENDED = Event(
    "AppendedChainBatchRoot(uint256 indexed chainId, uint256 indexed batchNumber, bytes32 chainBatchRoot, uint256 l1Timestamp)"
)
_NO_ROOT: Final = Hash32(bytes(32))  # of a chain without batches


class _Event(Struct, frozen=True):
    """A chain came into the tree of chains, or (with its number) one of its batches was executed."""

    block: int
    chain_id: int
    batch: int | None
    root: Hash32
    time: int

    @property
    def leaf(self) -> Hash32:
        return batch_leaf(self.root, self.batch or 0, self.time)


def to_shared_root(
    l1: L1, message_root: Address, chain_id: int, batch: int, proof: Sequence[Hash32]
) -> tuple[list[Hash32], int] | None:
    """A final proof led on to the shared root of the block of L1 that executed the batch; that block. None: not in its trees."""
    events = _events(l1, message_root)
    executed = next((event for event in events if (event.chain_id, event.batch) == (chain_id, batch)), None)
    if executed is None:
        return None
    events = [event for event in events if event.block <= executed.block]  # the root of a block is that after all of it
    trees = {
        chain: _tree([event.leaf for event in events if event.chain_id == chain and event.batch is not None])
        for chain in (event.chain_id for event in events if event.batch is None)
    }
    roots = [chain_id_leaf(_NO_ROOT if tree.count == 0 else tree.root, chain) for chain, tree in trees.items()]
    place = [event.batch for event in events if event.chain_id == chain_id and event.batch is not None].index(batch)
    index, (_, *path) = list(trees).index(chain_id), proof
    batches, chains = trees[chain_id].path(place), _tree(roots).path(index)
    time, mask, packed, layer = (
        Hash32(number.to_bytes(32)) for number in (executed.time, place, executed.block << 128 | index, l1.chain_id)
    )
    head = metadata(len(path), len(batches), final=False)
    words = [head, *path, time, mask, *batches, packed, layer, metadata(len(chains)), *chains]
    return words, executed.block


def _tree(leaves: Sequence[Hash32]) -> LogTree:
    """A tree as large as its leaves want it."""
    return LogTree(leaves, 1 << max(len(leaves) - 1, 0).bit_length(), missing=EMPTY_IMT_ROOT)


def _events(l1: L1, message_root: Address) -> list[_Event]:
    found: list[_Event] = []
    topics = [[str(_ADDED.topic), str(_APPENDED.topic)]]
    query = {"address": str(message_root), "topics": topics, "fromBlock": "0x0", "toBlock": quantity(l1.block_number())}
    for log in l1.anvil.rpc("eth_getLogs", query):
        event = _ADDED if log["topics"][0] == str(_ADDED.topic) else _APPENDED
        said = event.decode([Hash32(topic) for topic in log["topics"]], hex_bytes(log["data"]))
        root, time = Hash32(said.get("chainBatchRoot", _NO_ROOT)), said.get("l1Timestamp", 0)
        found.append(_Event(to_int(log["blockNumber"]), said["chainId"], said.get("batchNumber"), root, time))
    return found
