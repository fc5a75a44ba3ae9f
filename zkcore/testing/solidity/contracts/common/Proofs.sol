// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {
    HashedLogIsDefault,
    InvalidProofLengthForFinalNode,
    MerkleIndexOutOfBounds,
    MerklePathOutOfBounds,
    MerklePathEmpty,
    UnsupportedProofMetadataVersion
} from "./Errors.sol";
import {L2Log, L2Message, L2_BOOTLOADER, L2_MESSENGER, TxStatus} from "./Types.sol";

/// What one node of a proof says: either it ends here, or it leads to a leaf in the settlement layer's tree. `getProofData` shows it.
struct ProofData {
    uint256 settlementLayerChainId;
    uint256 settlementLayerBatchNumber;
    uint256 settlementLayerBatchRootMask;
    uint256 batchLeafProofLen;
    bytes32 batchSettlementRoot;
    bytes32 chainIdLeaf;
    uint256 ptr;
    bool finalProofNode;
}

/// L2->L1 log leaves and both proof formats (protocol.md 7.6, 7.7).
library Proofs {
    bytes32 private constant BATCH_LEAF_PADDING = keccak256("zkSync:BatchLeaf");
    bytes32 private constant CHAIN_ID_LEAF_PADDING = keccak256("zkSync:ChainIdLeaf");
    uint256 private constant METADATA_VERSION = 1;

    function leaf(L2Log memory log) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(log.l2ShardId, log.isService, log.txNumberInBatch, log.sender, log.key, log.value));
    }

    function messageLog(L2Message calldata message) internal pure returns (L2Log memory) {
        bytes32 key = bytes32(uint256(uint160(message.sender)));
        return L2Log(0, true, message.txNumberInBatch, L2_MESSENGER, key, keccak256(message.data));
    }

    function statusLog(bytes32 l2TxHash, uint16 txNumber, TxStatus status) internal pure returns (L2Log memory) {
        return L2Log(0, true, txNumber, L2_BOOTLOADER, l2TxHash, bytes32(uint256(status)));
    }

    /// The root of a Merkle path; index bit 0 says on which side the first sibling stands.
    function root(bytes32[] memory path, uint256 index, bytes32 node) internal pure returns (bytes32) {
        if (path.length >= 256) revert MerklePathOutOfBounds();
        if (index >= (1 << path.length)) revert MerkleIndexOutOfBounds();
        for (uint256 i = 0; i < path.length; ++i) {
            node = index & 1 == 0 ? keccak256(bytes.concat(node, path[i])) : keccak256(bytes.concat(path[i], node));
            index >>= 1;
        }
        return node;
    }

    function read(uint256 chainId, uint256 batch, uint256 mask, bytes32 hashedLog, bytes32[] calldata proof)
        internal
        pure
        returns (ProofData memory)
    {
        return read(chainId, batch, mask, hashedLog, proof, false);
    }

    function batchLeaf(bytes32 batchRoot, uint256 batch) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(BATCH_LEAF_PADDING, batchRoot, batch));
    }

    /// Since v33 the time of the batch on L1 is in its leaf.
    function batchLeaf(bytes32 batchRoot, uint256 batch, uint256 l1Timestamp) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(BATCH_LEAF_PADDING, batchRoot, batch, l1Timestamp));
    }

    function chainIdLeaf(bytes32 chainRoot, uint256 chainId) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(CHAIN_ID_LEAF_PADDING, chainRoot, chainId));
    }

    /// Reads the first node of `proof`. A proof is of the new format if and only if the last 28 bytes of its first word are zero.
    /// `timed`: as since v33, the word after the log path is the time on L1.
    function read(uint256 chainId, uint256 batch, uint256 mask, bytes32 hashedLog, bytes32[] calldata proof, bool timed)
        internal
        pure
        returns (ProofData memory node)
    {
        if (proof.length == 0) revert MerklePathEmpty();
        if (hashedLog == keccak256(new bytes(88))) revert HashedLogIsDefault();

        uint256 logLength = proof.length;
        node.finalProofNode = true;
        if (uint256(proof[0]) << 32 == 0) {
            bytes32 metadata = proof[0];
            if (uint8(metadata[0]) != METADATA_VERSION) revert UnsupportedProofMetadataVersion(uint8(metadata[0]));
            (logLength, node.batchLeafProofLen, node.finalProofNode) = (uint8(metadata[1]), uint8(metadata[2]), metadata[3] != 0);
            if (node.finalProofNode && node.batchLeafProofLen != 0) revert InvalidProofLengthForFinalNode();
            node.ptr = 1;
        }
        node.batchSettlementRoot = root(_slice(proof, node.ptr, logLength), mask, hashedLog);
        node.ptr += logLength;
        if (node.finalProofNode) return node;

        bytes32 settled = timed
            ? batchLeaf(node.batchSettlementRoot, batch, uint256(proof[node.ptr++]))
            : batchLeaf(node.batchSettlementRoot, batch);
        uint256 batchMask = uint256(proof[node.ptr++]);
        node.chainIdLeaf = chainIdLeaf(root(_slice(proof, node.ptr, node.batchLeafProofLen), batchMask, settled), chainId);
        node.ptr += node.batchLeafProofLen;
        uint256 packed = uint256(proof[node.ptr++]);
        (node.settlementLayerBatchNumber, node.settlementLayerBatchRootMask) = (packed >> 128, uint128(packed));
        node.settlementLayerChainId = uint256(proof[node.ptr++]);
    }

    /// The nodes behind the first one.
    function rest(ProofData memory node, bytes32[] calldata proof) internal pure returns (bytes32[] memory) {
        return _slice(proof, node.ptr, proof.length - node.ptr);
    }

    function _slice(bytes32[] calldata words, uint256 start, uint256 length) private pure returns (bytes32[] memory slice) {
        slice = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) slice[i] = words[start + i];
    }
}
