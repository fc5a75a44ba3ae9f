// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// A chain's tree of priority operations, with the reads and writes (so the gas) of the real one: era-contracts
/// common/libraries/DynamicIncrementalMerkle.sol under state-transition/libraries/PriorityTree.sol. It begins with no level; the leaf
/// of index 2**k adds one, which costs three new words more than any other push.
library PriorityTree {
    struct Tree {
        uint256 next;
        bytes32[] sides;
        bytes32[] zeros;
        mapping(bytes32 root => bool) historicalRoots;
    }

    function setup(Tree storage tree) internal {
        tree.zeros.push(keccak256(""));
        tree.sides.push(bytes32(0));
    }

    function push(Tree storage tree, bytes32 leaf) internal {
        uint256 levels = tree.zeros.length - 1;
        uint256 index = tree.next++;
        if (index == 1 << levels) {
            _grow(tree, levels);
            ++levels;
        }
        bytes32 node = leaf;
        bool kept;
        for (uint256 level = 0; level < levels; ++level) {
            bool left = (index >> level) & 1 == 0;
            if (left && !kept) {
                tree.sides[level] = node;
                kept = true;
            }
            node = left ? _hash(node, tree.zeros[level]) : _hash(tree.sides[level], node);
        }
        tree.sides[levels] = node;
        tree.historicalRoots[node] = true;
    }

    /// Devnet only: as if so many leaves had been pushed.
    function fill(Tree storage tree, uint256 leaves) internal {
        for (uint256 levels = tree.zeros.length - 1; leaves > 1 << levels; ++levels) _grow(tree, levels);
        for (uint256 level = 0; level < tree.sides.length; ++level) tree.sides[level] = keccak256(abi.encode(level));
        tree.next = leaves;
    }

    function _grow(Tree storage tree, uint256 levels) private {
        bytes32 zero = tree.zeros[levels];
        tree.zeros.push(_hash(zero, zero));
        tree.sides.push(bytes32(0));
    }

    function _hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(left, right));
    }
}
