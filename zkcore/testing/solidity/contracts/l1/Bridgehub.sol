// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Alias} from "../common/Alias.sol";
import {Encoding} from "../common/Encoding.sol";
import {
    AssetHandlerNotRegistered,
    ChainIdAlreadyExists,
    MsgValueMismatch,
    SecondBridgeAddressTooLow,
    WrongMagicValue
} from "../common/Errors.sol";
import {IL1AssetRouter, IMessageRoot, INativeTokenVault, IZKChain} from "../common/Interfaces.sol";
import {Pausable} from "../common/Pausable.sol";
import {Proofs} from "../common/Proofs.sol";
import {
    DirectRequest,
    ETH_TOKEN,
    L2Log,
    L2Message,
    MIN_SECOND_BRIDGE,
    MailboxRequest,
    SecondBridgeAnswer,
    TWO_BRIDGES_MAGIC_VALUE,
    TwoBridgesRequest,
    TxStatus
} from "../common/Types.sol";

/// The one door to all chains (protocol.md 5 and 6).
contract Bridgehub is Pausable {
    bytes32 public immutable ETH_TOKEN_ASSET_ID = Encoding.vaultAssetId(block.chainid, ETH_TOKEN);
    uint256 public immutable L1_CHAIN_ID = block.chainid;

    address public assetRouter;
    address public messageRoot;
    mapping(uint256 chainId => bytes32) public baseTokenAssetId;
    mapping(uint256 chainId => uint256) public settlementLayer;
    mapping(uint256 chainId => bool) public whitelistedSettlementLayers;
    mapping(uint256 chainId => address) public chainTypeManager;
    mapping(uint256 chainId => address) private _zkChains;
    uint256[] private _chainIds;
    address private _interopCenter; // since v34

    event NewChain(uint256 indexed chainId, address chainTypeManager, address indexed chainGovernance);
    event SettlementLayerRegistered(uint256 indexed chainId, bool indexed isWhitelisted);

    /// What v34 has no more: as if the function were not there.
    modifier untilV34() {
        require(_interopCenter == address(0));
        _;
    }

    // ---------------------------------------------------------------- requests

    function requestL2TransactionDirect(DirectRequest calldata request) external payable untilV34 whenNotPaused returns (bytes32) {
        bytes32 assetId = baseTokenAssetId[request.chainId];
        _checkValue(assetId == ETH_TOKEN_ASSET_ID ? request.mintValue : 0);
        IL1AssetRouter(assetRouter).bridgehubDepositBaseToken{value: msg.value}(request.chainId, assetId, msg.sender, request.mintValue);
        return _send(
            request.chainId,
            MailboxRequest(
                msg.sender,
                request.l2Contract,
                request.mintValue,
                request.l2Value,
                request.l2Calldata,
                request.l2GasLimit,
                request.l2GasPerPubdataByteLimit,
                request.factoryDeps,
                request.refundRecipient
            )
        );
    }

    function requestL2TransactionTwoBridges(TwoBridgesRequest calldata request)
        external
        payable
        untilV34
        whenNotPaused
        returns (bytes32 canonicalTxHash)
    {
        if (request.secondBridgeAddress <= MIN_SECOND_BRIDGE) {
            revert SecondBridgeAddressTooLow(request.secondBridgeAddress, MIN_SECOND_BRIDGE);
        }
        bytes32 assetId = baseTokenAssetId[request.chainId];
        uint256 baseValue = assetId == ETH_TOKEN_ASSET_ID ? request.mintValue : 0;
        _checkValue(baseValue + request.secondBridgeValue);
        IL1AssetRouter(assetRouter).bridgehubDepositBaseToken{value: baseValue}(request.chainId, assetId, msg.sender, request.mintValue);

        SecondBridgeAnswer memory answer = IL1AssetRouter(request.secondBridgeAddress).bridgehubDeposit{value: request.secondBridgeValue}(
            request.chainId, msg.sender, request.l2Value, request.secondBridgeCalldata
        );
        if (answer.magicValue != TWO_BRIDGES_MAGIC_VALUE) {
            revert WrongMagicValue(uint256(TWO_BRIDGES_MAGIC_VALUE), uint256(answer.magicValue));
        }
        canonicalTxHash = _send(
            request.chainId,
            MailboxRequest(
                request.secondBridgeAddress,
                answer.l2Contract,
                request.mintValue,
                request.l2Value,
                answer.l2Calldata,
                request.l2GasLimit,
                request.l2GasPerPubdataByteLimit,
                answer.factoryDeps,
                request.refundRecipient
            )
        );
        IL1AssetRouter(request.secondBridgeAddress).bridgehubConfirmL2Transaction(request.chainId, answer.txDataHash, canonicalTxHash);
    }

    function l2TransactionBaseCost(uint256 chainId, uint256 gasPrice, uint256 l2GasLimit, uint256 l2GasPerPubdataByteLimit)
        external
        view
        returns (uint256)
    {
        return IZKChain(_chain(chainId)).l2TransactionBaseCost(gasPrice, l2GasLimit, l2GasPerPubdataByteLimit);
    }

    /// The refund recipient is settled here first, against the user, and then again in the mailbox, against the request's sender.
    function _send(uint256 chainId, MailboxRequest memory request) private returns (bytes32) {
        if (protocolMinor(chainId) < 31) {
            request.refundRecipient = Alias.refundRecipient(request.refundRecipient, msg.sender);
        } else if (request.refundRecipient == address(0)) {
            request.refundRecipient = msg.sender;
        }
        return IZKChain(_chain(chainId)).bridgehubRequestL2Transaction(request);
    }

    function _checkValue(uint256 expected) private view {
        if (msg.value != expected) revert MsgValueMismatch(expected, msg.value);
    }

    // ---------------------------------------------------------------- proofs

    function proveL2MessageInclusion(uint256 chainId, uint256 batch, uint256 index, L2Message calldata message, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _prove(chainId, batch, index, Proofs.leaf(Proofs.messageLog(message)), proof);
    }

    function proveL2LogInclusion(uint256 chainId, uint256 batch, uint256 index, L2Log calldata log, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _prove(chainId, batch, index, Proofs.leaf(log), proof);
    }

    function proveL1ToL2TransactionStatus(
        uint256 chainId,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view returns (bool) {
        bytes32 leaf = Proofs.leaf(Proofs.statusLog(l2TxHash, txNumber, status));
        return _prove(chainId, batch, index, leaf, proof);
    }

    /// Since v33 the chain itself has lost the function.
    function _prove(uint256 chainId, uint256 batch, uint256 index, bytes32 leaf, bytes32[] calldata proof) private view returns (bool) {
        if (protocolMinor(chainId) < 33) return IZKChain(_chain(chainId)).proveL2LeafInclusion(batch, index, leaf, proof);
        return IMessageRoot(messageRoot).proveL2LeafInclusionShared(chainId, batch, index, leaf, proof);
    }

    // ---------------------------------------------------------------- getters

    function sharedBridge() external view returns (address) {
        return assetRouter;
    }

    function getZKChain(uint256 chainId) external view returns (address) {
        return _zkChains[chainId];
    }

    function getHyperchain(uint256 chainId) external view returns (address) {
        return _zkChains[chainId];
    }

    function getAllZKChainChainIDs() external view returns (uint256[] memory) {
        return _chainIds;
    }

    function getAllZKChains() external view returns (address[] memory chains) {
        chains = new address[](_chainIds.length);
        for (uint256 i = 0; i < chains.length; ++i) chains[i] = _zkChains[_chainIds[i]];
    }

    function baseToken(uint256 chainId) external view returns (address) {
        bytes32 assetId = baseTokenAssetId[chainId];
        address handler = IL1AssetRouter(assetRouter).assetHandlerAddress(assetId);
        if (handler == address(0)) revert AssetHandlerNotRegistered(assetId);
        return INativeTokenVault(handler).tokenAddress(assetId);
    }

    /// Devnet only: the minor protocol version of a chain.
    function protocolMinor(uint256 chainId) public view returns (uint256) {
        return IZKChain(_chain(chainId)).protocolMinor();
    }

    function _chain(uint256 chainId) private view returns (address chain) {
        chain = _zkChains[chainId];
        require(chain != address(0), "EnumerableMap: nonexistent key");
    }

    // ---------------------------------------------------------------- devnet only: wiring, open to anybody

    /// Before v34 as if it were not there.
    function interopCenter() external view returns (address) {
        require(_interopCenter != address(0));
        return _interopCenter;
    }

    function setInteropCenter(address center) external {
        _interopCenter = center;
    }

    function setAddresses(address router, address root) external {
        (assetRouter, messageRoot) = (router, root);
    }

    /// Adds a deployed chain; its base token must already be registered with the vault if it is to be usable.
    function registerChain(address chain) external {
        uint256 chainId = IZKChain(chain).getChainId();
        if (_zkChains[chainId] != address(0)) revert ChainIdAlreadyExists();
        _zkChains[chainId] = chain;
        _chainIds.push(chainId);
        baseTokenAssetId[chainId] = IZKChain(chain).getBaseTokenAssetId();
        settlementLayer[chainId] = block.chainid;
        emit NewChain(chainId, address(0), msg.sender);
    }

    function registerSettlementLayer(uint256 chainId, bool isWhitelisted) external {
        whitelistedSettlementLayers[chainId] = isWhitelisted;
        emit SettlementLayerRegistered(chainId, isWhitelisted);
    }

    function setSettlementLayer(uint256 chainId, uint256 settlementLayerChainId) external {
        settlementLayer[chainId] = settlementLayerChainId;
    }
}
