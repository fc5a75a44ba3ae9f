// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {InvalidNTVBurnData, UnsupportedEncodingVersion} from "./Errors.sol";
import {IERC20, INativeTokenVault} from "./Interfaces.sol";
import {ETH_TOKEN, L2_NATIVE_TOKEN_VAULT, LEGACY_ENCODING, NEW_ENCODING} from "./Types.sol";

/// The byte formats that travel between the bridges (protocol.md 5.3, 5.5, 8.2, 9).
library Encoding {
    function assetIdOf(uint256 chainId, bytes32 registrationData, address deploymentTracker) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, deploymentTracker, registrationData));
    }

    /// Asset id of a token kept by a native token vault.
    function vaultAssetId(uint256 originChainId, address token) internal pure returns (bytes32) {
        return assetIdOf(originChainId, bytes32(uint256(uint160(token))), L2_NATIVE_TOKEN_VAULT);
    }

    function burnData(uint256 amount, address receiver, address token) internal pure returns (bytes memory) {
        return abi.encode(amount, receiver, token);
    }

    function decodeBurnData(bytes memory data) internal pure returns (uint256, address, address) {
        if (data.length != 96) revert InvalidNTVBurnData();
        return abi.decode(data, (uint256, address, address));
    }

    function mintData(address originalCaller, address receiver, address originToken, uint256 amount, bytes memory metadata)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(originalCaller, receiver, originToken, amount, metadata);
    }

    function decodeMintData(bytes memory data)
        internal
        pure
        returns (address originalCaller, address receiver, address originToken, uint256 amount, bytes memory metadata)
    {
        return abi.decode(data, (address, address, address, uint256, bytes));
    }

    /// 0x01 || abi.encode(origin chain id, name, symbol, decimals), the last three as the token's views returned them.
    function tokenMetadata(address token, uint256 originChainId) internal view returns (bytes memory) {
        if (token == ETH_TOKEN) {
            return _metadata(originChainId, abi.encode("Ether"), abi.encode("ETH"), abi.encode(uint8(18)));
        }
        return _metadata(
            originChainId,
            _view(token, IERC20.name.selector),
            _view(token, IERC20.symbol.selector),
            _view(token, IERC20.decimals.selector)
        );
    }

    /// Both metadata forms; the old one has no chain id (0 here).
    function decodeMetadata(bytes calldata data)
        internal
        pure
        returns (uint256 originChainId, bytes memory name, bytes memory symbol, bytes memory decimals)
    {
        bytes1 version = data[0];
        if (version == LEGACY_ENCODING) {
            (name, symbol, decimals) = abi.decode(data, (bytes, bytes, bytes));
        } else if (version == NEW_ENCODING) {
            return abi.decode(data[1:], (uint256, bytes, bytes, bytes));
        } else {
            revert UnsupportedEncodingVersion();
        }
    }

    /// The hash under which the nullifier remembers a deposit.
    function txDataHash(bytes1 version, address originalCaller, bytes32 assetId, bytes memory transferData, address vault)
        internal
        view
        returns (bytes32)
    {
        if (version == LEGACY_ENCODING) {
            address token = INativeTokenVault(vault).tokenAddress(assetId);
            (uint256 amount,,) = decodeBurnData(transferData);
            return keccak256(abi.encode(originalCaller, token, amount));
        }
        if (version == NEW_ENCODING) {
            return keccak256(bytes.concat(version, abi.encode(originalCaller, assetId, transferData)));
        }
        revert UnsupportedEncodingVersion();
    }

    function _metadata(uint256 originChainId, bytes memory name, bytes memory symbol, bytes memory decimals)
        private
        pure
        returns (bytes memory)
    {
        return bytes.concat(NEW_ENCODING, abi.encode(originChainId, name, symbol, decimals));
    }

    function _view(address token, bytes4 selector) private view returns (bytes memory) {
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeWithSelector(selector));
        return ok ? answer : bytes("");
    }
}
