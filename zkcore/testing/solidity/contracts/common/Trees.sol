// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// Trees that grow to the right, a level when one is full; what is missing is the empty leaf.
library Trees {
    bytes32 internal constant EMPTY = keccak256(new bytes(96));

    /// `sides`: by level, the last node on a left side, which the next to its right is hashed with.
    struct Tree {
        uint256 count;
        bytes32 root;
        bytes32[] sides;
    }

    function push(Tree storage tree, bytes32 node) internal returns (bytes32) {
        uint256 place = tree.count++;
        if (tree.count > 1 << tree.sides.length) tree.sides.push(tree.root);
        bytes32 missing = EMPTY;
        bool kept = false;
        for (uint256 level = 0; level < tree.sides.length; ++level) {
            bool left = place & 1 == 0;
            if (left && !kept) {
                tree.sides[level] = node;
                kept = true;
            }
            node = left ? _pair(node, missing) : _pair(tree.sides[level], node);
            missing = _pair(missing, missing);
            place >>= 1;
        }
        tree.root = node;
        return node;
    }

    /// The root of leaves that may change; of none, the empty leaf.
    function rootOf(bytes32[] memory nodes) internal pure returns (bytes32) {
        bytes32 missing = EMPTY;
        if (nodes.length == 0) return missing;
        for (uint256 count = nodes.length; count > 1; count = (count + 1) / 2) {
            for (uint256 i = 0; i < count; i += 2) nodes[i / 2] = _pair(nodes[i], i + 1 < count ? nodes[i + 1] : missing);
            missing = _pair(missing, missing);
        }
        return nodes[0];
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(bytes.concat(left, right));
    }
}
