// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Alias} from "../common/Alias.sol";
import {Encoding} from "../common/Encoding.sol";
import {AmountMustBeGreaterThanZero, AssetIdNotSupported, InvalidCaller, TokenNotLegacy, Unauthorized, UnsupportedEncodingVersion} from "../common/Errors.sol";
import {L2_INTEROP_CENTER} from "../common/Interop.sol";
import {IBridgedToken, IFinalizeDeposit, INativeTokenVault} from "../common/Interfaces.sol";
import {L2_MESSENGER, L2_NATIVE_TOKEN_VAULT, NEW_ENCODING} from "../common/Types.sol";
import {L1Messenger} from "./L1Messenger.sol";
import {L2NativeTokenVault} from "./L2NativeTokenVault.sol";
import {LegacySharedBridge} from "./LegacySharedBridge.sol";

/// 0x10003: deposits arrive and withdrawals leave here (protocol.md 5.5, 7.1, 9).
contract L2AssetRouter {
    uint256 public L1_CHAIN_ID;
    address public L1_ASSET_ROUTER;
    bytes32 public BASE_TOKEN_ASSET_ID;
    address public L2_LEGACY_SHARED_BRIDGE;
    mapping(bytes32 assetId => address) public assetHandlerAddress;
    bool public bundles; // since v33: withdrawals come from the interop center, and only from there
    address public baseTokenOrigin;

    event AssetHandlerRegistered(bytes32 indexed assetId, address indexed assetHandler);
    event AssetDeploymentTrackerRegistered(bytes32 indexed assetId, bytes32 indexed registrationData, address deploymentTracker);
    event DepositFinalizedAssetRouter(uint256 indexed chainId, bytes32 indexed assetId, bytes assetData);
    event WithdrawalInitiatedAssetRouter(uint256 chainId, address indexed l2Sender, bytes32 indexed assetId, bytes assetData);

    event BridgehubDepositInitiated(
        uint256 indexed chainId, bytes32 indexed txDataHash, address indexed from, bytes32 assetId, bytes bridgeMintCalldata
    );

    bytes4 private constant LEGACY_WITHDRAWAL = 0x11a2ccc1;

    /// What v33 has not: as if the function were not there.
    modifier untilBundles() {
        require(!bundles);
        _;
    }

    modifier onlyL1Router() {
        if (msg.sender != Alias.toL2(L1_ASSET_ROUTER)) revert InvalidCaller(msg.sender);
        _;
    }

    /// Devnet only: legacySharedBridge is 0 but for a chain that had one before v26.
    function initialize(uint256 l1ChainId, address l1AssetRouter, bytes32 baseTokenAssetId, address legacySharedBridge) external {
        (L1_CHAIN_ID, L1_ASSET_ROUTER, BASE_TOKEN_ASSET_ID) = (l1ChainId, l1AssetRouter, baseTokenAssetId);
        L2_LEGACY_SHARED_BRIDGE = legacySharedBridge;
        assetHandlerAddress[baseTokenAssetId] = L2_NATIVE_TOKEN_VAULT;
    }

    // ---------------------------------------------------------------- deposits

    function finalizeDeposit(uint256, bytes32 assetId, bytes calldata transferData) external payable onlyL1Router {
        _finalize(assetId, transferData);
    }

    function finalizeDeposit(address l1Sender, address l2Receiver, address l1Token, uint256 amount, bytes calldata metadata)
        external
        payable
        onlyL1Router
    {
        bytes32 assetId = Encoding.vaultAssetId(L1_CHAIN_ID, l1Token);
        _finalize(assetId, Encoding.mintData(l1Sender, l2Receiver, l1Token, amount, metadata));
    }

    function _finalize(bytes32 assetId, bytes memory transferData) private {
        if (assetId == BASE_TOKEN_ASSET_ID) revert AssetIdNotSupported(assetId);
        address handler = assetHandlerAddress[assetId];
        if (handler == address(0)) {
            handler = L2_NATIVE_TOKEN_VAULT;
            _setAssetHandler(assetId, handler);
        }
        INativeTokenVault(handler).bridgeMint{value: msg.value}(L1_CHAIN_ID, assetId, transferData);
        emit DepositFinalizedAssetRouter(L1_CHAIN_ID, assetId, transferData);
    }

    function setAssetHandlerAddress(uint256, bytes32 assetId, address handler) external onlyL1Router {
        _setAssetHandler(assetId, handler);
    }

    // ---------------------------------------------------------------- withdrawals

    function withdraw(bytes32 assetId, bytes calldata assetData) external untilBundles returns (bytes32) {
        return _withdraw(assetId, assetData, msg.sender, true);
    }

    function withdraw(address l1Receiver, address l2Token, uint256 amount) external untilBundles {
        _withdrawLegacy(l1Receiver, l2Token, amount, msg.sender);
    }

    function withdrawLegacyBridge(address l1Receiver, address l2Token, uint256 amount, address sender) external untilBundles {
        if (msg.sender != L2_LEGACY_SHARED_BRIDGE) revert Unauthorized(msg.sender);
        _withdrawLegacy(l1Receiver, l2Token, amount, sender);
    }

    function _withdrawLegacy(address l1Receiver, address l2Token, uint256 amount, address sender) private {
        if (amount == 0) revert AmountMustBeGreaterThanZero();
        address l1Token = l1TokenAddress(l2Token);
        if (l1Token == address(0)) revert TokenNotLegacy();
        bytes32 assetId = Encoding.vaultAssetId(L1_CHAIN_ID, l1Token);
        _withdraw(assetId, Encoding.burnData(amount, l1Receiver, l2Token), sender, false);
    }

    /// The old message only where the chain has a legacy bridge, which then is its sender.
    function _withdraw(bytes32 assetId, bytes memory assetData, address sender, bool newFormat) private returns (bytes32 hash) {
        address handler = assetHandlerAddress[assetId];
        if (handler == address(0)) {
            handler = L2_NATIVE_TOKEN_VAULT;
            INativeTokenVault(handler).tryRegisterTokenFromBurnData(assetData, assetId);
        }
        bytes memory mintData = INativeTokenVault(handler).bridgeBurn(L1_CHAIN_ID, 0, assetId, sender, assetData);
        if (newFormat || L2_LEGACY_SHARED_BRIDGE == address(0)) {
            hash = L1Messenger(L2_MESSENGER).sendToL1(
                abi.encodePacked(IFinalizeDeposit.finalizeDeposit.selector, block.chainid, assetId, mintData)
            );
        } else {
            (uint256 amount, address receiver, address l2Token) = Encoding.decodeBurnData(assetData);
            address l1Token = IBridgedToken(l2Token).originToken();
            hash = LegacySharedBridge(L2_LEGACY_SHARED_BRIDGE).sendMessageToL1(
                abi.encodePacked(LEGACY_WITHDRAWAL, receiver, l1Token, amount)
            );
        }
        emit WithdrawalInitiatedAssetRouter(L1_CHAIN_ID, sender, assetId, assetData);
    }

    /// Devnet only: what the upgrade to v33 does here. `origin`: the base token where it comes from.
    function upgradeToBundles(address origin) external {
        (bundles, baseTokenOrigin) = (true, origin);
    }

    /// From the interop center: burns, and says whom to call on L1 with what.
    function initiateIndirectCall(uint256 chainId, address originalCaller, bytes calldata data)
        external
        payable
        returns (address to, bytes memory payload)
    {
        require(bundles);
        if (msg.sender != L2_INTEROP_CENTER) revert Unauthorized(msg.sender);
        if (data[0] != NEW_ENCODING) revert UnsupportedEncodingVersion();
        (bytes32 assetId, bytes memory burnData) = abi.decode(data[1:], (bytes32, bytes));
        bytes memory mintData = _burn(chainId, assetId, originalCaller, burnData);
        emit BridgehubDepositInitiated(
            chainId, keccak256(bytes.concat(NEW_ENCODING, abi.encode(originalCaller, assetId, burnData))), originalCaller, assetId, mintData
        );
        return (L1_ASSET_ROUTER, abi.encodeCall(IFinalizeDeposit.finalizeDeposit, (block.chainid, assetId, mintData)));
    }

    function _burn(uint256 chainId, bytes32 assetId, address originalCaller, bytes memory burnData) private returns (bytes memory) {
        if (assetId == BASE_TOKEN_ASSET_ID) {
            return L2NativeTokenVault(L2_NATIVE_TOKEN_VAULT).burnBaseToken{value: msg.value}(
                chainId, originalCaller, baseTokenOrigin, burnData
            );
        }
        if (assetHandlerAddress[assetId] == address(0)) {
            INativeTokenVault(L2_NATIVE_TOKEN_VAULT).tryRegisterTokenFromBurnData(burnData, assetId);
        }
        return INativeTokenVault(L2_NATIVE_TOKEN_VAULT).bridgeBurn{value: msg.value}(chainId, 0, assetId, originalCaller, burnData);
    }

    // ---------------------------------------------------------------- views

    /// Zero for tokens that did not come from L1.
    function l1TokenAddress(address l2Token) public view returns (address) {
        INativeTokenVault vault = INativeTokenVault(L2_NATIVE_TOKEN_VAULT);
        bytes32 assetId = vault.assetId(l2Token);
        if (assetId == 0 || vault.originChainId(assetId) != L1_CHAIN_ID) return address(0);
        return IBridgedToken(l2Token).originToken();
    }

    /// Where the token is, or will be.
    function l2TokenAddress(address l1Token) external view returns (address token) {
        L2NativeTokenVault vault = L2NativeTokenVault(L2_NATIVE_TOKEN_VAULT);
        token = vault.l2TokenAddress(l1Token);
        if (token == address(0)) token = vault.calculateCreate2TokenAddress(L1_CHAIN_ID, l1Token);
    }

    function l1Bridge() external view returns (address) {
        return L1_ASSET_ROUTER;
    }

    function l1SharedBridge() external view returns (address) {
        return L1_ASSET_ROUTER;
    }

    // ---------------------------------------------------------------- wiring

    function setAssetHandlerAddressThisChain(bytes32 registrationData, address handler) external {
        if (msg.sender != L2_NATIVE_TOKEN_VAULT) revert Unauthorized(msg.sender);
        bytes32 assetId = Encoding.assetIdOf(block.chainid, registrationData, msg.sender);
        _setAssetHandler(assetId, handler);
        emit AssetDeploymentTrackerRegistered(assetId, registrationData, msg.sender);
    }

    function _setAssetHandler(bytes32 assetId, address handler) private {
        assetHandlerAddress[assetId] = handler;
        emit AssetHandlerRegistered(assetId, handler);
    }
}
