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
import {L2Log, L2Message, TxStatus} from "../common/Types.sol";

/// From v31 the batch roots of all chains and the proofs against them (protocol.md 7.7).
contract MessageRoot {
    address public immutable BRIDGE_HUB;
    mapping(uint256 chainId => mapping(uint256 batch => bytes32)) public chainBatchRoots;
    mapping(uint256 chainId => uint256) public currentChainBatchNumber;

    event AppendedChainBatchRoot(uint256 indexed chainId, uint256 indexed batchNumber, bytes32 chainBatchRoot);

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
        pure
        returns (ProofData memory)
    {
        return Proofs.read(chainId, batch, mask, leaf, proof);
    }

    /// A missing root is a false proof, not an error of its own; a batch from before v31 has its root on the chain.
    function proveL2LeafInclusionShared(uint256 chainId, uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof)
        public
        view
        returns (bool)
    {
        ProofData memory node = Proofs.read(chainId, batch, mask, leaf, proof);
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
        ProofData memory node = Proofs.read(chainId, batch, mask, leaf, proof);
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
        emit AppendedChainBatchRoot(chainId, batch, root);
    }
}
