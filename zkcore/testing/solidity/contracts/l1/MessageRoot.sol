// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {
    BatchZeroNotAllowed,
    DepthMoreThanOneForRecursiveMerkleProof,
    InvalidSettlementLayerForBatch,
    Unauthorized
} from "../common/Errors.sol";
import {IBridgehub, IZKChain} from "../common/Interfaces.sol";
import {ProofData, Proofs} from "../common/Proofs.sol";
import {Trees} from "../common/Trees.sol";
import {L2Log, L2Message, TxStatus} from "../common/Types.sol";

/// From v31 the batch roots of all chains and the proofs against them (protocol.md 7.7). Since v33 they are leaves of a tree for each
/// chain, and the roots of those, of one tree, whose root after each block is what other chains prove against (protocol-v33.md 3.4).
contract MessageRoot {
    using Trees for Trees.Tree;

    address public immutable BRIDGE_HUB;
    mapping(uint256 chainId => mapping(uint256 batch => bytes32)) public chainBatchRoots;
    mapping(uint256 chainId => uint256) public currentChainBatchNumber;

    bool public hasTrees;
    uint256 public chainCount;
    mapping(uint256 chainId => uint256) public chainIndex;
    mapping(uint256 chainIndex => uint256) public chainIndexToId;
    mapping(uint256 blockNumber => bytes32) public historicalRoot;
    uint256 public interopRootLogId;
    uint256 private _lastBlock;
    mapping(uint256 chainId => Trees.Tree) private _trees;

    event AppendedChainBatchRoot(uint256 indexed chainId, uint256 indexed batchNumber, bytes32 chainBatchRoot);
    event AppendedChainBatchRoot(
        uint256 indexed chainId, uint256 indexed batchNumber, bytes32 chainBatchRoot, uint256 l1Timestamp
    );
    event AddedChain(uint256 indexed chainId, uint256 indexed chainIndex);
    event NewInteropRoot(uint256 indexed chainId, uint256 indexed blockNumber, uint256 indexed logId, bytes32[] sides);

    constructor(address bridgehub) {
        BRIDGE_HUB = bridgehub;
    }

    function proveL2MessageInclusionShared(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        L2Message calldata message,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return proveL2LeafInclusionShared(chainId, batch, index, Proofs.leaf(Proofs.messageLog(message)), proof);
    }

    function proveL2LogInclusionShared(uint256 chainId, uint256 batch, uint256 index, L2Log calldata log, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return proveL2LeafInclusionShared(chainId, batch, index, Proofs.leaf(log), proof);
    }

    function proveL1ToL2TransactionStatusShared(
        uint256 chainId,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view returns (bool) {
        return proveL2LeafInclusionShared(chainId, batch, index, Proofs.leaf(Proofs.statusLog(l2TxHash, txNumber, status)), proof);
    }

    function getProofData(uint256 chainId, uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (ProofData memory)
    {
        return Proofs.read(chainId, batch, mask, leaf, proof, hasTrees);
    }

    /// A missing root is a false proof, not an error of its own; a batch from before v31 has its root on the chain.
    function proveL2LeafInclusionShared(uint256 chainId, uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof)
        public
        view
        returns (bool)
    {
        ProofData memory node = Proofs.read(chainId, batch, mask, leaf, proof, hasTrees);
        if (node.finalProofNode) return _matches(chainId, batch, node.batchSettlementRoot);
        uint256 layer = node.settlementLayerChainId;
        if (!IBridgehub(BRIDGE_HUB).whitelistedSettlementLayers(layer)) revert InvalidSettlementLayerForBatch(chainId, batch, layer);
        return this.proveOnSettlementLayer(
            layer, node.settlementLayerBatchNumber, node.settlementLayerBatchRootMask, node.chainIdLeaf, Proofs.rest(node, proof)
        );
    }

    /// The second and last hop.
    function proveOnSettlementLayer(uint256 chainId, uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        ProofData memory node = Proofs.read(chainId, batch, mask, leaf, proof, hasTrees);
        if (!node.finalProofNode) revert DepthMoreThanOneForRecursiveMerkleProof();
        return _matches(chainId, batch, node.batchSettlementRoot);
    }

    function _matches(uint256 chainId, uint256 batch, bytes32 root) private view returns (bool) {
        if (batch == 0) revert BatchZeroNotAllowed();
        bytes32 trusted = chainBatchRoots[chainId][batch];
        if (trusted == 0) trusted = IZKChain(IBridgehub(BRIDGE_HUB).getZKChain(chainId)).l2LogsRootHash(batch);
        return trusted != 0 && trusted == root;
    }

    /// From the chain's diamond.
    function setChainBatchRoot(uint256 batch, bytes32 root) external {
        uint256 chainId = IZKChain(msg.sender).getChainId();
        if (IBridgehub(BRIDGE_HUB).getZKChain(chainId) != msg.sender) revert Unauthorized(msg.sender);
        chainBatchRoots[chainId][batch] = root;
        if (batch > currentChainBatchNumber[chainId]) currentChainBatchNumber[chainId] = batch;
        if (!hasTrees) {
            emit AppendedChainBatchRoot(chainId, batch, root);
        } else if (root != 0) {
            if (chainIndex[chainId] == 0) _addChain(chainId);
            _trees[chainId].push(Proofs.batchLeaf(root, batch, block.timestamp));
            emit AppendedChainBatchRoot(chainId, batch, root, block.timestamp);
            _newRoot();
        }
    }

    /// The ecosystem's upgrade to v33. L1 itself is the first chain, and has no batches.
    function upgradeToTrees() external {
        if (hasTrees) return;
        hasTrees = true;
        _addChain(block.chainid);
    }

    function getAggregatedRoot() public view returns (bytes32) {
        bytes32[] memory leaves = new bytes32[](chainCount);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Proofs.chainIdLeaf(_trees[chainIndexToId[i]].root, chainIndexToId[i]);
        }
        return Trees.rootOf(leaves);
    }

    function getChainRoot(uint256 chainId) external view returns (bytes32) {
        return _trees[chainId].root;
    }

    function _addChain(uint256 chainId) private {
        chainIndex[chainId] = chainCount;
        chainIndexToId[chainCount] = chainId;
        emit AddedChain(chainId, chainCount++);
        _newRoot();
    }

    function _newRoot() private {
        bytes32[] memory sides = new bytes32[](1);
        sides[0] = getAggregatedRoot();
        historicalRoot[block.number] = sides[0];
        if (block.number != _lastBlock) ++interopRootLogId;
        _lastBlock = block.number;
        emit NewInteropRoot(block.chainid, block.number, interopRootLogId, sides);
    }
}
