// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {L2Message, MailboxRequest, SecondBridgeAnswer, TxStatus} from "./Types.sol";

interface IERC20 {
    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function decimals() external view returns (uint8);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function approve(address spender, uint256 amount) external returns (bool);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface IBridgedToken {
    function bridgeInitialize(bytes32 assetId, address originToken, bytes calldata metadata) external;
    function bridgeMint(address to, uint256 amount) external;
    function bridgeBurn(address from, uint256 amount) external;
    function originToken() external view returns (address);
}

interface IBridgehub {
    function assetRouter() external view returns (address);
    function messageRoot() external view returns (address);
    function baseToken(uint256 chainId) external view returns (address);
    function baseTokenAssetId(uint256 chainId) external view returns (bytes32);
    function getZKChain(uint256 chainId) external view returns (address);
    function whitelistedSettlementLayers(uint256 chainId) external view returns (bool);
    function protocolMinor(uint256 chainId) external view returns (uint256);
    function proveL2MessageInclusion(uint256 chainId, uint256 batch, uint256 index, L2Message calldata message, bytes32[] calldata proof)
        external
        view
        returns (bool);
    function proveL1ToL2TransactionStatus(
        uint256 chainId,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view returns (bool);
}

interface IZKChain {
    function getChainId() external view returns (uint256);
    function getBaseTokenAssetId() external view returns (bytes32);
    function protocolMinor() external view returns (uint256);
    function l2LogsRootHash(uint256 batch) external view returns (bytes32);
    function isEthWithdrawalFinalized(uint256 batch, uint256 index) external view returns (bool);
    function l2TransactionBaseCost(uint256 gasPrice, uint256 l2GasLimit, uint256 gasPerPubdata) external view returns (uint256);
    function bridgehubRequestL2Transaction(MailboxRequest calldata request) external returns (bytes32);
    function requestL2TransactionToGatewayMailbox(uint256 chainId, bytes32 canonicalTxHash, uint64 expirationTimestamp)
        external
        returns (bytes32);
    function proveL2LeafInclusion(uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof) external view returns (bool);
}

interface IMessageRoot {
    function setChainBatchRoot(uint256 batch, bytes32 root) external;
    function proveL2LeafInclusionShared(uint256 chainId, uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}

interface IAssetRouter {
    function assetHandlerAddress(bytes32 assetId) external view returns (address);
    function setAssetHandlerAddressThisChain(bytes32 registrationData, address handler) external;
}

interface IL1AssetRouter is IAssetRouter {
    function bridgehubDepositBaseToken(uint256 chainId, bytes32 assetId, address originalCaller, uint256 amount) external payable;
    function bridgehubDeposit(uint256 chainId, address originalCaller, uint256 value, bytes calldata data)
        external
        payable
        returns (SecondBridgeAnswer memory);
    function bridgehubConfirmL2Transaction(uint256 chainId, bytes32 txDataHash, bytes32 txHash) external;
    function finalizeDeposit(uint256 chainId, bytes32 assetId, bytes calldata transferData) external payable;
    function bridgeRecoverFailedTransfer(uint256 chainId, address depositSender, bytes32 assetId, bytes calldata assetData) external;
    function transferFundsToNTV(bytes32 assetId, uint256 amount, address originalCaller) external returns (bool);
    function finalizeWithdrawal(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes calldata message,
        bytes32[] calldata proof
    ) external;
}

interface IL1Nullifier {
    function bridgehubConfirmL2TransactionForwarded(uint256 chainId, bytes32 txDataHash, bytes32 txHash) external;
    function isWithdrawalFinalized(uint256 chainId, uint256 batch, uint256 index) external view returns (bool);
    function l2BridgeAddress(uint256 chainId) external view returns (address);
}

interface INativeTokenVault {
    function assetId(address token) external view returns (bytes32);
    function tokenAddress(bytes32 assetId) external view returns (address);
    function originChainId(bytes32 assetId) external view returns (uint256);
    function ensureTokenIsRegistered(address token) external returns (bytes32);
    function tryRegisterTokenFromBurnData(bytes calldata burnData, bytes32 expectedAssetId) external;
    function bridgeBurn(uint256 chainId, uint256 l2MsgValue, bytes32 assetId, address originalCaller, bytes calldata data)
        external
        payable
        returns (bytes memory);
    function bridgeMint(uint256 chainId, bytes32 assetId, bytes calldata data) external payable;
}

interface IL1NativeTokenVault is INativeTokenVault {
    function bridgeRecoverFailedTransfer(uint256 chainId, bytes32 assetId, address depositSender, bytes calldata data) external payable;
}

interface ITransactionFilterer {
    function isTransactionAllowed(
        address sender,
        address contractL2,
        uint256 mintValue,
        uint256 l2Value,
        bytes calldata l2Calldata,
        address refundRecipient
    ) external view returns (bool);
}

/// The second form of `finalizeDeposit`, which the L2 router gets for assets that are not of L1 origin.
interface IFinalizeDeposit {
    function finalizeDeposit(uint256 originChainId, bytes32 assetId, bytes calldata transferData) external payable;
}

/// The first form, which it gets for tokens of L1 origin.
interface IFinalizeDepositLegacy {
    function finalizeDeposit(address l1Sender, address l2Receiver, address l1Token, uint256 amount, bytes calldata metadata) external payable;
}
