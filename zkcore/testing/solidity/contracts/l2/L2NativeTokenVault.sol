// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Beacon} from "../common/Beacon.sol";
import {BridgedToken} from "../common/BridgedToken.sol";
import {Encoding} from "../common/Encoding.sol";
import {AmountMustBeGreaterThanZero, AssetIdNotSupported, ValueMismatch} from "../common/Errors.sol";
import {NativeTokenVault} from "../common/NativeTokenVault.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {ETH_TOKEN, L2_ASSET_ROUTER, L2_BASE_TOKEN} from "../common/Types.sol";

/// 0x10004: keeps tokens native to this L2 and mints those that come from elsewhere (protocol.md 9).
contract L2NativeTokenVault is NativeTokenVault {
    uint256 public L1_CHAIN_ID;
    bytes32 public BASE_TOKEN_ASSET_ID;
    address public WETH_TOKEN;
    address public L2_LEGACY_SHARED_BRIDGE;

    /// Devnet only: call once, after the code stands at 0x10004; deploys the beacon of the bridged tokens.
    function initialize(uint256 l1ChainId, bytes32 baseTokenAssetId, address weth, address legacySharedBridge) external {
        (L1_CHAIN_ID, BASE_TOKEN_ASSET_ID, WETH_TOKEN) = (l1ChainId, baseTokenAssetId, weth);
        L2_LEGACY_SHARED_BRIDGE = legacySharedBridge;
        if (bridgedTokenBeacon == address(0)) bridgedTokenBeacon = address(new Beacon(address(new BridgedToken())));
    }

    /// Zero as long as the token has not been deployed.
    function l2TokenAddress(address l1Token) external view returns (address) {
        return tokenAddress[Encoding.vaultAssetId(L1_CHAIN_ID, l1Token)];
    }

    /// Since v33 the base token is burned here: its value leaves the world, as in L2BaseToken.
    function burnBaseToken(uint256 chainId, address originalCaller, address origin, bytes calldata data)
        external
        payable
        onlyAssetRouter
        whenNotPaused
        returns (bytes memory)
    {
        (uint256 amount, address receiver,) = Encoding.decodeBurnData(data);
        if (amount != msg.value) revert ValueMismatch(amount, msg.value);
        if (amount == 0) revert AmountMustBeGreaterThanZero();
        assembly ("memory-safe") {
            mstore(0, shl(240, 0x30ff)) // ADDRESS SELFDESTRUCT
            pop(create(callvalue(), 0, 2))
        }
        emit BridgeBurn(chainId, BASE_TOKEN_ASSET_ID, originalCaller, receiver, amount);
        bytes memory metadata = Encoding.tokenMetadata(origin == ETH_TOKEN ? ETH_TOKEN : L2_BASE_TOKEN, L1_CHAIN_ID);
        return Encoding.mintData(originalCaller, receiver, origin, amount, metadata);
    }

    function ASSET_ROUTER() external pure returns (address) {
        return L2_ASSET_ROUTER;
    }

    function _payOut(bytes32 id, address to, address token, uint256 amount) internal override {
        if (id == BASE_TOKEN_ASSET_ID) revert AssetIdNotSupported(id);
        SafeTransfer.send(token, to, amount);
    }

    /// Balances per chain are L1's business.
    function _count(uint256, bytes32, uint256, bool, bool) internal override {}

    function _fetched(bytes32, uint256, address) internal pure override returns (bool) {
        return false;
    }

    function _assetRouter() internal pure override returns (address) {
        return L2_ASSET_ROUTER;
    }

    function _l1ChainId() internal view override returns (uint256) {
        return L1_CHAIN_ID;
    }

    function _baseAssetId() internal view override returns (bytes32) {
        return BASE_TOKEN_ASSET_ID;
    }

    function _weth() internal view override returns (address) {
        return WETH_TOKEN;
    }

    function _salt(uint256 originChainId_, address originToken) internal view override returns (bytes32) {
        if (originChainId_ == L1_CHAIN_ID) return bytes32(uint256(uint160(originToken)));
        return keccak256(abi.encode(originChainId_, originToken));
    }
}
