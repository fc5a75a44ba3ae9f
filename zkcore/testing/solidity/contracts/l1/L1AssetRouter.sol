// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Alias} from "../common/Alias.sol";
import {Encoding} from "../common/Encoding.sol";
import {
    AssetHandlerDoesNotExist,
    AssetIdNotSupported,
    InteropSenderChainIdMismatch,
    LegacyBridgeUsesNonNativeToken,
    LegacyEncodingUsedForNonL1Token,
    NonEmptyMsgValue,
    TokenNotSupported,
    TokensWithFeesNotSupported,
    Unauthorized,
    UnsupportedEncodingVersion,
    WrongCounterpart,
    revertWith
} from "../common/Errors.sol";
import {
    IERC20,
    IBridgehub,
    IFinalizeDeposit,
    IFinalizeDepositLegacy,
    IL1NativeTokenVault,
    IL1Nullifier,
    INativeTokenVault
} from "../common/Interfaces.sol";
import {Interop} from "../common/Interop.sol";
import {Pausable} from "../common/Pausable.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {
    DirectRequest,
    ETH_TOKEN,
    L2_ASSET_ROUTER,
    L2_NATIVE_TOKEN_VAULT,
    LEGACY_ENCODING,
    NEW_ENCODING,
    SET_COUNTERPART_ENCODING,
    SecondBridgeAnswer,
    TWO_BRIDGES_MAGIC_VALUE
} from "../common/Types.sol";

/// What the legacy ERC-20 bridge hands over.
struct LegacyDeposit {
    address from;
    address l2Receiver;
    address l1Token;
    uint256 amount;
    uint256 l2GasLimit;
    uint256 l2GasPerPubdata;
    address refundRecipient;
}

interface IDirect {
    function requestL2TransactionDirect(DirectRequest calldata request) external payable returns (bytes32);
}

/// The second bridge of token deposits, and the door to asset handlers (protocol.md 5.3, 5.4).
contract L1AssetRouter is Pausable {
    bytes32 public immutable ETH_TOKEN_ASSET_ID = Encoding.vaultAssetId(block.chainid, ETH_TOKEN);
    address public immutable BRIDGE_HUB;
    address public immutable L1_NULLIFIER;
    address public immutable L1_WETH_TOKEN;
    uint256 public immutable ERA_CHAIN_ID;

    address public nativeTokenVault;
    address public legacyBridge;
    mapping(bytes32 assetId => address) public assetHandlerAddress;
    mapping(bytes32 assetId => address) public assetDeploymentTracker;
    address private _interopHandler; // since v33

    event AssetHandlerRegistered(bytes32 indexed assetId, address indexed assetHandler);
    event AssetDeploymentTrackerRegistered(bytes32 indexed assetId, bytes32 indexed registrationData, address deploymentTracker);
    event BridgehubDepositBaseTokenInitiated(uint256 indexed chainId, address indexed from, bytes32 assetId, uint256 amount);
    event BridgehubDepositInitiated(
        uint256 indexed chainId, bytes32 indexed txDataHash, address indexed from, bytes32 assetId, bytes bridgeMintCalldata
    );
    event LegacyDepositInitiated(
        uint256 indexed chainId, bytes32 indexed l2DepositTxHash, address indexed from, address to, address l1Token, uint256 amount
    );
    event DepositFinalizedAssetRouter(uint256 indexed chainId, bytes32 indexed assetId, bytes assetData);
    event ClaimedFailedDepositAssetRouter(uint256 indexed chainId, bytes32 indexed assetId, bytes assetData);

    modifier only(address allowed) {
        if (msg.sender != allowed) revert Unauthorized(msg.sender);
        _;
    }

    constructor(address bridgehub, address nullifier, address weth, uint256 eraChainId) {
        (BRIDGE_HUB, L1_NULLIFIER, L1_WETH_TOKEN, ERA_CHAIN_ID) = (bridgehub, nullifier, weth, eraChainId);
    }

    // ---------------------------------------------------------------- deposits

    /// From the Bridgehub, or from the diamond of ZKsync Era by its legacy entry point.
    function bridgehubDepositBaseToken(uint256 chainId, bytes32 assetId, address originalCaller, uint256 amount)
        external
        payable
        whenNotPaused
    {
        bool fromEra = chainId == ERA_CHAIN_ID && msg.sender == IBridgehub(BRIDGE_HUB).getZKChain(chainId);
        if (msg.sender != BRIDGE_HUB && !fromEra) revert Unauthorized(msg.sender);
        address handler = assetHandlerAddress[assetId];
        if (handler == address(0)) revert AssetHandlerDoesNotExist(assetId);
        INativeTokenVault(handler).bridgeBurn{value: msg.value}(
            chainId, 0, assetId, originalCaller, Encoding.burnData(amount, address(0), address(0))
        );
        emit BridgehubDepositBaseTokenInitiated(chainId, originalCaller, assetId, amount);
    }

    function bridgehubDeposit(uint256 chainId, address originalCaller, uint256 value, bytes calldata data)
        external
        payable
        only(BRIDGE_HUB)
        whenNotPaused
        returns (SecondBridgeAnswer memory answer)
    {
        bytes1 version = data[0];
        bytes32 assetId;
        bytes memory transferData;
        if (version == SET_COUNTERPART_ENCODING) {
            return _setCounterpart(value, data);
        } else if (version == NEW_ENCODING) {
            (assetId, transferData) = abi.decode(data[1:], (bytes32, bytes));
        } else if (version == LEGACY_ENCODING) {
            (assetId, transferData) = _fromLegacy(data);
        } else {
            revert UnsupportedEncodingVersion();
        }
        if (IBridgehub(BRIDGE_HUB).baseTokenAssetId(chainId) == assetId) revert AssetIdNotSupported(assetId);

        bytes memory mintData = _burn(chainId, value, assetId, originalCaller, transferData);
        bytes32 txDataHash = Encoding.txDataHash(version, originalCaller, assetId, transferData, nativeTokenVault);
        answer = SecondBridgeAnswer(
            TWO_BRIDGES_MAGIC_VALUE, L2_ASSET_ROUTER, getDepositCalldata(originalCaller, assetId, mintData), new bytes[](0), txDataHash
        );
        emit BridgehubDepositInitiated(chainId, txDataHash, originalCaller, assetId, mintData);
    }

    function bridgehubConfirmL2Transaction(uint256 chainId, bytes32 txDataHash, bytes32 txHash) external only(BRIDGE_HUB) whenNotPaused {
        IL1Nullifier(L1_NULLIFIER).bridgehubConfirmL2TransactionForwarded(chainId, txDataHash, txHash);
    }

    /// The L2 calldata of a deposit: the old five-argument form for tokens of L1 origin, the new one for all others.
    function getDepositCalldata(address sender, bytes32 assetId, bytes memory mintData) public view returns (bytes memory) {
        INativeTokenVault vault = INativeTokenVault(nativeTokenVault);
        if (vault.tokenAddress(assetId) == address(0) || vault.originChainId(assetId) != block.chainid) {
            return abi.encodeCall(IFinalizeDeposit.finalizeDeposit, (block.chainid, assetId, mintData));
        }
        (, address receiver, address token, uint256 amount, bytes memory metadata) = Encoding.decodeMintData(mintData);
        return abi.encodeCall(IFinalizeDepositLegacy.finalizeDeposit, (sender, receiver, token, amount, metadata));
    }

    /// Pulls a deposit through the router's allowance, if it is enough and the vault's own is not.
    function transferFundsToNTV(bytes32 assetId, uint256 amount, address originalCaller)
        external
        only(nativeTokenVault)
        returns (bool)
    {
        address token = INativeTokenVault(nativeTokenVault).tokenAddress(assetId);
        if (token == address(0) || token == ETH_TOKEN) return false;
        address from = originalCaller;
        if (legacyBridge != address(0) && IERC20(token).allowance(legacyBridge, address(this)) >= amount) {
            from = legacyBridge;
        } else if (
            IERC20(token).allowance(from, address(this)) < amount || IERC20(token).allowance(from, nativeTokenVault) >= amount
        ) {
            return false;
        }
        uint256 before = IERC20(token).balanceOf(nativeTokenVault);
        SafeTransfer.move(token, from, nativeTokenVault, amount);
        if (IERC20(token).balanceOf(nativeTokenVault) - before != amount) revert TokensWithFeesNotSupported();
        return true;
    }

    function _fromLegacy(bytes calldata data) private returns (bytes32 assetId, bytes memory transferData) {
        (address token, uint256 amount, address receiver) = abi.decode(data, (address, uint256, address));
        assetId = INativeTokenVault(nativeTokenVault).ensureTokenIsRegistered(token);
        if (assetId != Encoding.vaultAssetId(block.chainid, token)) revert LegacyEncodingUsedForNonL1Token();
        // Old clients give 0 for ETH and mean the value sent.
        if (assetId == ETH_TOKEN_ASSET_ID && amount == 0) amount = msg.value;
        transferData = Encoding.burnData(amount, receiver, token);
    }

    function _burn(uint256 chainId, uint256 l2MsgValue, bytes32 assetId, address originalCaller, bytes memory transferData)
        private
        returns (bytes memory)
    {
        address handler = assetHandlerAddress[assetId];
        if (handler == address(0)) {
            INativeTokenVault(nativeTokenVault).tryRegisterTokenFromBurnData(transferData, assetId);
            handler = nativeTokenVault;
        }
        return INativeTokenVault(handler).bridgeBurn{value: msg.value}(chainId, l2MsgValue, assetId, originalCaller, transferData);
    }

    /// Only the vault's own counterpart is known here; it may be set by anybody, as for every vault asset.
    function _setCounterpart(uint256 value, bytes calldata data) private view returns (SecondBridgeAnswer memory) {
        if (msg.value != 0 || value != 0) revert NonEmptyMsgValue();
        (bytes32 assetId, address counterpart) = abi.decode(data[1:], (bytes32, address));
        if (assetDeploymentTracker[assetId] != nativeTokenVault || counterpart != L2_NATIVE_TOKEN_VAULT) revert WrongCounterpart();
        bytes memory l2Calldata =
            abi.encodeWithSignature("setAssetHandlerAddress(uint256,bytes32,address)", block.chainid, assetId, counterpart);
        return SecondBridgeAnswer(TWO_BRIDGES_MAGIC_VALUE, L2_ASSET_ROUTER, l2Calldata, new bytes[](0), 0);
    }

    // ---------------------------------------------------------------- withdrawals and claims, from the nullifier

    function finalizeDeposit(uint256 chainId, bytes32 assetId, bytes calldata transferData) external payable only(L1_NULLIFIER) {
        _finalize(chainId, assetId, transferData);
    }

    /// Since v33, from the interop handler: the one call of a bundle that withdraws.
    function receiveMessage(bytes32, bytes calldata sender, bytes calldata payload)
        external
        payable
        only(_interopHandler)
        whenNotPaused
        returns (bytes4)
    {
        (uint256 source,, address from) = Interop.read(sender);
        if (from != L2_ASSET_ROUTER || bytes4(payload) != IFinalizeDeposit.finalizeDeposit.selector) revert Unauthorized(from);
        (uint256 chainId, bytes32 assetId, bytes memory transferData) = abi.decode(payload[4:], (uint256, bytes32, bytes));
        if (chainId != source) revert InteropSenderChainIdMismatch(source, chainId);
        _finalize(chainId, assetId, transferData);
        return this.receiveMessage.selector;
    }

    function _finalize(uint256 chainId, bytes32 assetId, bytes memory transferData) private {
        address handler = assetHandlerAddress[assetId];
        if (handler == address(0)) {
            _setAssetHandler(assetId, nativeTokenVault);
            handler = nativeTokenVault;
        }
        INativeTokenVault(handler).bridgeMint{value: msg.value}(chainId, assetId, transferData);
        emit DepositFinalizedAssetRouter(chainId, assetId, transferData);
    }

    function bridgeRecoverFailedTransfer(uint256 chainId, address depositSender, bytes32 assetId, bytes calldata assetData)
        external
        only(L1_NULLIFIER)
        whenNotPaused
    {
        IL1NativeTokenVault(assetHandlerAddress[assetId]).bridgeRecoverFailedTransfer(chainId, assetId, depositSender, assetData);
        emit ClaimedFailedDepositAssetRouter(chainId, assetId, assetData);
    }

    // ---------------------------------------------------------------- forwards to the nullifier

    function bridgeRecoverFailedTransfer(
        uint256,
        address,
        bytes32,
        bytes calldata,
        bytes32,
        uint256,
        uint256,
        uint16,
        bytes32[] calldata
    ) external {
        _forward();
    }

    function claimFailedDeposit(uint256, address, address, uint256, bytes32, uint256, uint256, uint16, bytes32[] calldata) external {
        _forward();
    }

    function finalizeWithdrawal(uint256, uint256, uint256, uint16, bytes calldata, bytes32[] calldata) external {
        _forward();
    }

    /// The nullifier has the same functions.
    function _forward() private {
        (bool ok, bytes memory answer) = L1_NULLIFIER.call(msg.data);
        if (!ok) revertWith(answer);
    }

    function isWithdrawalFinalized(uint256 chainId, uint256 batch, uint256 index) external view returns (bool) {
        return IL1Nullifier(L1_NULLIFIER).isWithdrawalFinalized(chainId, batch, index);
    }

    function l2BridgeAddress(uint256 chainId) external view returns (address) {
        return IL1Nullifier(L1_NULLIFIER).l2BridgeAddress(chainId);
    }

    // ---------------------------------------------------------------- legacy ERC-20 bridge of ZKsync Era

    function depositLegacyErc20Bridge(LegacyDeposit calldata deposit)
        external
        payable
        only(legacyBridge)
        whenNotPaused
        returns (bytes32 txHash)
    {
        if (deposit.l1Token == L1_WETH_TOKEN) revert TokenNotSupported(deposit.l1Token);
        bytes32 assetId = INativeTokenVault(nativeTokenVault).ensureTokenIsRegistered(deposit.l1Token);
        if (assetId != Encoding.vaultAssetId(block.chainid, deposit.l1Token)) revert LegacyBridgeUsesNonNativeToken();
        bytes memory transferData = Encoding.burnData(deposit.amount, deposit.l2Receiver, deposit.l1Token);

        DirectRequest memory request;
        request.chainId = ERA_CHAIN_ID;
        request.mintValue = msg.value;
        request.l2Contract = L2_ASSET_ROUTER;
        request.l2Calldata = getDepositCalldata(
            deposit.from,
            assetId,
            INativeTokenVault(nativeTokenVault).bridgeBurn(ERA_CHAIN_ID, 0, assetId, deposit.from, transferData)
        );
        request.l2GasLimit = deposit.l2GasLimit;
        request.l2GasPerPubdataByteLimit = deposit.l2GasPerPubdata;
        request.refundRecipient = Alias.refundRecipient(deposit.refundRecipient, deposit.from);
        txHash = IDirect(BRIDGE_HUB).requestL2TransactionDirect{value: msg.value}(request);

        bytes32 txDataHash = Encoding.txDataHash(LEGACY_ENCODING, deposit.from, assetId, transferData, nativeTokenVault);
        IL1Nullifier(L1_NULLIFIER).bridgehubConfirmL2TransactionForwarded(ERA_CHAIN_ID, txDataHash, txHash);
        emit LegacyDepositInitiated(ERA_CHAIN_ID, txHash, deposit.from, deposit.l2Receiver, deposit.l1Token, deposit.amount);
    }

    // ---------------------------------------------------------------- wiring

    /// Before v33 as if it were not there.
    function l1InteropHandler() external view returns (address) {
        require(_interopHandler != address(0));
        return _interopHandler;
    }

    /// Devnet only, open to anybody: what the ecosystem's upgrade to v33 does.
    function setL1InteropHandler(address handler) external {
        _interopHandler = handler;
    }

    /// Called by a deployment tracker, of which the vault is the only one here.
    function setAssetHandlerAddressThisChain(bytes32 registrationData, address handler) external {
        bool fromVault = msg.sender == nativeTokenVault;
        bytes32 assetId = Encoding.assetIdOf(block.chainid, registrationData, fromVault ? L2_NATIVE_TOKEN_VAULT : msg.sender);
        if (!fromVault && msg.sender != assetDeploymentTracker[assetId]) revert Unauthorized(msg.sender);
        _setAssetHandler(assetId, handler);
        assetDeploymentTracker[assetId] = msg.sender;
        emit AssetDeploymentTrackerRegistered(assetId, registrationData, msg.sender);
    }

    /// Devnet only, open to anybody.
    function setAddresses(address vault, address erc20Bridge) external {
        (nativeTokenVault, legacyBridge) = (vault, erc20Bridge);
        _setAssetHandler(ETH_TOKEN_ASSET_ID, vault);
    }

    function _setAssetHandler(bytes32 assetId, address handler) private {
        assetHandlerAddress[assetId] = handler;
        emit AssetHandlerRegistered(assetId, handler);
    }
}
