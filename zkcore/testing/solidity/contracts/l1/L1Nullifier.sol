// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Encoding} from "../common/Encoding.sol";
import {
    DEPOSIT_DOES_NOT_EXIST_V31,
    DepositDoesNotExist,
    DepositExists,
    InvalidProof,
    InvalidSelector,
    L2WithdrawalMessageWrongLength,
    LegacyBridgeNotSet,
    LegacyMethodForNonL1Token,
    TokenNotLegacy,
    Unauthorized,
    WithdrawalAlreadyFinalized,
    WrongL2Sender,
    WrongMsgLength,
    revertWith
} from "../common/Errors.sol";
import {IBridgehub, IFinalizeDeposit, IL1AssetRouter, INativeTokenVault, IZKChain} from "../common/Interfaces.sol";
import {Pausable} from "../common/Pausable.sol";
import {
    FinalizeDepositParams,
    L2Message,
    L2_ASSET_ROUTER,
    L2_BASE_TOKEN,
    LEGACY_ENCODING,
    NEW_ENCODING,
    TxStatus
} from "../common/Types.sol";

/// Remembers deposits, so that a failed one can be claimed once, and withdrawals, so that each is paid once (protocol.md 7, 8).
contract L1Nullifier is Pausable {
    bytes4 private constant BASE_TOKEN_WITHDRAWAL = 0x6c0960f9;
    bytes4 private constant LEGACY_WITHDRAWAL = 0x11a2ccc1;
    bytes4 private constant ASSET_ROUTER_WITHDRAWAL = IFinalizeDeposit.finalizeDeposit.selector;

    address public immutable BRIDGE_HUB;

    address public l1AssetRouter;
    address public l1NativeTokenVault;
    address public legacyBridge;
    mapping(uint256 chainId => mapping(bytes32 l2TxHash => bytes32)) public depositHappened;
    mapping(uint256 chainId => mapping(uint256 batch => mapping(uint256 index => bool))) public isWithdrawalFinalized;
    mapping(uint256 chainId => address) public l2BridgeAddress;
    address private _interopHandler; // since v33

    event BridgehubDepositFinalized(uint256 indexed chainId, bytes32 indexed txDataHash, bytes32 indexed l2DepositTxHash);

    constructor(address bridgehub) {
        BRIDGE_HUB = bridgehub;
    }

    // ---------------------------------------------------------------- deposits

    function bridgehubConfirmL2TransactionForwarded(uint256 chainId, bytes32 txDataHash, bytes32 txHash) external whenNotPaused {
        if (msg.sender != l1AssetRouter) revert Unauthorized(msg.sender);
        if (depositHappened[chainId][txHash] != 0) revert DepositExists();
        depositHappened[chainId][txHash] = txDataHash;
        emit BridgehubDepositFinalized(chainId, txDataHash, txHash);
    }

    function encodeTxDataHash(bytes1 version, address originalCaller, bytes32 assetId, bytes calldata transferData)
        external
        view
        returns (bytes32)
    {
        return Encoding.txDataHash(version, originalCaller, assetId, transferData, l1NativeTokenVault);
    }

    function bridgeRecoverFailedTransfer(
        uint256 chainId,
        address depositSender,
        bytes32 assetId,
        bytes calldata assetData,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof
    ) external whenNotPaused {
        _checkFailed(chainId, l2TxHash, batch, index, txNumber, proof);
        _giveBack(chainId, depositSender, assetId, assetData, l2TxHash);
    }

    /// Legacy: knows no receiver, so it fits only deposits remembered under the legacy hash.
    function claimFailedDeposit(
        uint256 chainId,
        address depositSender,
        address l1Token,
        uint256 amount,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof
    ) external whenNotPaused {
        bytes32 assetId = Encoding.vaultAssetId(block.chainid, l1Token);
        bytes32 known = INativeTokenVault(l1NativeTokenVault).assetId(l1Token);
        if (known != 0 && known != assetId) revert LegacyMethodForNonL1Token();
        _checkFailed(chainId, l2TxHash, batch, index, txNumber, proof);
        _giveBack(chainId, depositSender, assetId, Encoding.burnData(amount, address(0), address(0)), l2TxHash);
    }

    function _checkFailed(uint256 chainId, bytes32 l2TxHash, uint256 batch, uint256 index, uint16 txNumber, bytes32[] calldata proof)
        private
        view
    {
        bool proven =
            IBridgehub(BRIDGE_HUB).proveL1ToL2TransactionStatus(chainId, l2TxHash, batch, index, txNumber, proof, TxStatus.Failure);
        if (!proven) revert InvalidProof();
    }

    function _giveBack(uint256 chainId, address depositSender, bytes32 assetId, bytes memory assetData, bytes32 l2TxHash) private {
        bytes32 stored = depositHappened[chainId][l2TxHash];
        // The legacy hash first; data it cannot be made of is simply not legacy.
        bool legacy = assetData.length == 96
            && stored == Encoding.txDataHash(LEGACY_ENCODING, depositSender, assetId, assetData, l1NativeTokenVault);
        bytes32 given = Encoding.txDataHash(NEW_ENCODING, depositSender, assetId, assetData, l1NativeTokenVault);
        if (!legacy && stored != given) {
            if (IBridgehub(BRIDGE_HUB).protocolMinor(chainId) < 31) revert DepositDoesNotExist();
            revertWith(abi.encodeWithSelector(DEPOSIT_DOES_NOT_EXIST_V31, stored, given));
        }
        delete depositHappened[chainId][l2TxHash];
        IL1AssetRouter(l1AssetRouter).bridgeRecoverFailedTransfer(chainId, depositSender, assetId, assetData);
    }

    // ---------------------------------------------------------------- withdrawals

    function finalizeDeposit(FinalizeDepositParams calldata params) external {
        _finalize(params);
    }

    /// Legacy: for chains that have a legacy L2 bridge, and only for its messages and those of the base token.
    function finalizeWithdrawal(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes calldata message,
        bytes32[] calldata proof
    ) external {
        address l2Sender = l2BridgeAddress[chainId];
        if (l2Sender == address(0)) revert LegacyBridgeNotSet();
        // v31 no longer puts the base token's address in by itself.
        if (bytes4(message) == BASE_TOKEN_WITHDRAWAL) l2Sender = L2_BASE_TOKEN;
        _finalize(FinalizeDepositParams(chainId, batch, index, l2Sender, txNumber, message, proof));
    }

    function _finalize(FinalizeDepositParams memory params) private whenNotPaused {
        if (isWithdrawalFinalized[params.chainId][params.l2BatchNumber][params.l2MessageIndex]) revert WithdrawalAlreadyFinalized();
        isWithdrawalFinalized[params.chainId][params.l2BatchNumber][params.l2MessageIndex] = true;

        (bytes32 assetId, bytes memory transferData) = this.parseMessage(params.chainId, params.message);
        address sender = _checkSender(params, assetId);
        bool proven = IBridgehub(BRIDGE_HUB).proveL2MessageInclusion(
            params.chainId,
            params.l2BatchNumber,
            params.l2MessageIndex,
            L2Message(params.l2TxNumberInBatch, sender, params.message),
            params.merkleProof
        );
        if (!proven) revert InvalidProof();
        // Paid out before there was a shared bridge: the chain's diamond remembers that, not this contract.
        if (IZKChain(IBridgehub(BRIDGE_HUB).getZKChain(params.chainId)).isEthWithdrawalFinalized(params.l2BatchNumber, params.l2MessageIndex)) {
            revert WithdrawalAlreadyFinalized();
        }
        IL1AssetRouter(l1AssetRouter).finalizeDeposit(params.chainId, assetId, transferData);
    }

    /// Up to v30 any of three senders, and a base token message counts as the base token's whoever is named;
    /// from v31 the base token's message must name the base token, and the others must not.
    function _checkSender(FinalizeDepositParams memory params, bytes32 assetId) private view returns (address) {
        bool baseToken = assetId == IBridgehub(BRIDGE_HUB).baseTokenAssetId(params.chainId);
        bool bridge = params.l2Sender == L2_ASSET_ROUTER || params.l2Sender == l2BridgeAddress[params.chainId];
        if (IBridgehub(BRIDGE_HUB).protocolMinor(params.chainId) >= 31) {
            if (baseToken ? params.l2Sender != L2_BASE_TOKEN : !bridge) revert WrongL2Sender(params.l2Sender);
            return params.l2Sender;
        }
        if (!bridge && params.l2Sender != L2_BASE_TOKEN) revert WrongL2Sender(params.l2Sender);
        return baseToken ? L2_BASE_TOKEN : params.l2Sender;
    }

    /// Reads the three packed message formats (protocol.md 7.2). External only to have the message as calldata.
    function parseMessage(uint256 chainId, bytes calldata message) external returns (bytes32 assetId, bytes memory transferData) {
        bytes4 selector = bytes4(message);
        if (selector == BASE_TOKEN_WITHDRAWAL) {
            if (message.length < 56) revert L2WithdrawalMessageWrongLength(message.length);
            assetId = IBridgehub(BRIDGE_HUB).baseTokenAssetId(chainId);
            return (assetId, _mintData(message[4:24], address(0), message[24:56]));
        }
        if (selector == LEGACY_WITHDRAWAL) {
            if (message.length != 76) revert L2WithdrawalMessageWrongLength(message.length);
            address token = address(bytes20(message[24:44]));
            assetId = INativeTokenVault(l1NativeTokenVault).ensureTokenIsRegistered(token);
            if (assetId != Encoding.vaultAssetId(block.chainid, token)) revert TokenNotLegacy();
            return (assetId, _mintData(message[4:24], token, message[44:76]));
        }
        if (selector == ASSET_ROUTER_WITHDRAWAL) {
            if (message.length < 68) revert WrongMsgLength(68, message.length);
            return (bytes32(message[36:68]), message[68:]);
        }
        revert InvalidSelector(selector);
    }

    function _mintData(bytes calldata receiver, address token, bytes calldata amount) private pure returns (bytes memory) {
        return Encoding.mintData(address(0), address(bytes20(receiver)), token, uint256(bytes32(amount)), "");
    }

    // ---------------------------------------------------------------- devnet only: wiring, open to anybody

    function setAddresses(address router, address vault, address erc20Bridge) external {
        (l1AssetRouter, l1NativeTokenVault, legacyBridge) = (router, vault, erc20Bridge);
    }

    /// Before v33 as if it were not there.
    function l1InteropHandler() external view returns (address) {
        require(_interopHandler != address(0));
        return _interopHandler;
    }

    /// What the ecosystem's upgrade to v33 does.
    function setL1InteropHandler(address handler) external {
        _interopHandler = handler;
    }

    /// The legacy L2 bridge of a chain that had one before v26.
    function setL2BridgeAddress(uint256 chainId, address l2Bridge) external {
        l2BridgeAddress[chainId] = l2Bridge;
    }
}
