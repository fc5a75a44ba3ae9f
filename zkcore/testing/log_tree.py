"""The tree of L2->L1 logs that a batch commits to, and its proofs: what a node builds, for the devnet and for tests.

Source: matter-labs/zksync-era core/lib/mini_merkle_tree, core/lib/types/src/l2_to_l1_log.rs.
"""

from collections.abc import Sequence

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts.constants import DEFAULT_LEAF
from zkcore.types import Hash32, HexLike

__all__ = ["EMPTY_IMT_ROOT", "LogTree", "metadata"]

_EMPTY = Hash32(bytes(32))
# Since v33 a batch's root is of 8 leaves: the logs' root, the aggregated one, the roots of the tree of commitments at the
# batch's begin and end, and four that are reserved: era-contracts, common/libraries/ChainBatchRootTree.sol
_RESERVED = keccak256(keccak256(bytes(64)) * 2)
EMPTY_IMT_ROOT = keccak256(
    bytes(96)
)  # of no commitments; and the leaf that is missing in a tree of batches, and of chains


def metadata(log_length: int, batch_length: int = 0, *, final: bool = True) -> Hash32:
    """The first word of a proof's part: version 1, the lengths of its paths, whether it is the last."""
    return Hash32(bytes([1, log_length, batch_length, final]) + bytes(28))


class LogTree:
    """A binary tree of `size` leaves (a power of two), those that are missing being the default leaf."""

    def __init__(
        self,
        leaves: Sequence[HexLike],
        size: int = 16_384,
        *,
        aggregated_root: HexLike = _EMPTY,
        imt_roots: tuple[HexLike, HexLike] | None = None,
        missing: HexLike = DEFAULT_LEAF,
    ) -> None:
        """`imt_roots`: those of the tree of commitments at the batch's begin and end, which make it a batch of v33.

        `missing`: the default leaf, where it is a tree of something else than logs.
        """
        if size < 1 or size & (size - 1):
            raise InputError(f"size: expected a power of two, got {size}")
        if len(leaves) > size:
            raise InputError(f"{len(leaves)} leaves do not fit a tree of {size}")
        self.count, self.aggregated_root = len(leaves), Hash32(aggregated_root)
        imt = () if imt_roots is None else (keccak256(Hash32(imt_roots[0]) + Hash32(imt_roots[1])), _RESERVED)
        self._above = (self.aggregated_root, *imt)
        # each level holds its nodes up to the last that is not default, and the default node of the level
        self._levels = [([Hash32(leaf) for leaf in leaves], Hash32(missing))]
        for _ in range(size.bit_length() - 1):
            nodes, default = self._levels[-1]
            even = nodes + [default] * (len(nodes) % 2)
            parents = [keccak256(left + right) for left, right in zip(even[::2], even[1::2], strict=True)]
            self._levels.append((parents, keccak256(default + default)))

    @property
    def root(self) -> Hash32:
        """The root of the logs alone."""
        nodes, default = self._levels[-1]
        return nodes[0] if nodes else default

    @property
    def batch_root(self) -> Hash32:
        """What L1 holds of the batch: keccak(root of the logs | aggregated root); since v33 the root of eight leaves."""
        node = self.root
        for sibling in self._above:
            node = keccak256(node + sibling)
        return node

    def path(self, index: int) -> list[Hash32]:
        """The siblings from the leaf at this index up to the root of the logs."""
        if not 0 <= index < 1 << (len(self._levels) - 1):
            raise InputError(f"index {index} is outside the tree")
        siblings: list[Hash32] = []
        for level, (nodes, default) in enumerate(self._levels[:-1]):
            place = (index >> level) ^ 1
            siblings.append(nodes[place] if place < len(nodes) else default)
        return siblings

    def proof(self, index: int) -> list[Hash32]:
        """The proof of the leaf at this index on a chain that settles on L1, as `zks_getL2ToL1LogProof` gives it."""
        path = [*self.path(index), *self._above]
        return [metadata(len(path)), *path]
