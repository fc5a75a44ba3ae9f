// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Encoding} from "./Encoding.sol";
import {ETH_TOKEN} from "./Types.sol";

// What travels in a bundle (protocol-v33.md 2.4), and accounts of chains as ERC-7930 writes them.

struct InteropCall {
    bytes1 version;
    bool shadowAccount;
    address to;
    address from;
    uint256 value;
    bytes data;
}

struct BundleAttributes {
    bytes executionAddress;
    bytes unbundlerAddress;
    bool useFixedFee;
    bytes32 salt;
}

struct InteropBundle {
    bytes1 version;
    uint256 sourceChainId;
    uint256 destinationChainId;
    bytes32 destinationBaseTokenAssetId;
    bytes32 interopBundleSalt;
    InteropCall[] calls;
    BundleAttributes attributes;
}

struct InteropCallStarter {
    bytes to;
    bytes data;
    bytes[] callAttributes;
}

bytes1 constant BUNDLE_VERSION = 0x01; // of a call too, and what the message of a bundle begins with
address constant L2_INTEROP_CENTER = address(0x1000d);

library Interop {
    /// Both forms that contracts of this line have had; the devnet can have either.
    function hash(InteropBundle memory bundle, bool older) internal pure returns (bytes32) {
        bytes memory encoded = abi.encode(bundle);
        return older ? keccak256(abi.encode(bundle.sourceChainId, encoded)) : keccak256(encoded);
    }

    function etherAssetId(uint256 l1ChainId) internal pure returns (bytes32) {
        return Encoding.vaultAssetId(l1ChainId, ETH_TOKEN);
    }

    function account(uint256 chainId, address who) internal pure returns (bytes memory) {
        return bytes.concat(_chain(chainId), bytes1(uint8(20)), bytes20(who));
    }

    /// Empty parts are 0; only addresses of 20 bytes and chains of at most 32.
    function read(bytes memory given) internal pure returns (uint256 chainId, bool hasAddress, address who) {
        require(given.length >= 6 && given[0] == 0 && given[1] == 0x01 && given[2] == 0 && given[3] == 0, "ERC-7930");
        uint256 length = uint8(given[4]);
        uint256 rest = 6 + length;
        require(given.length >= rest, "ERC-7930");
        for (uint256 i = 0; i < length; ++i) chainId = chainId << 8 | uint8(given[5 + i]);
        hasAddress = given[5 + length] != 0;
        require(given.length == rest + uint8(given[5 + length]) && (!hasAddress || given.length == rest + 20), "ERC-7930");
        for (uint256 i = 0; hasAddress && i < 20; ++i) who = address(uint160(who) << 8 | uint160(uint8(given[rest + i])));
    }

    function _chain(uint256 chainId) private pure returns (bytes memory) {
        uint256 length = 0;
        for (uint256 left = chainId; left != 0; left >>= 8) ++length;
        bytes memory digits = new bytes(length);
        for (uint256 i = 0; i < length; ++i) digits[i] = bytes1(uint8(chainId >> 8 * (length - 1 - i)));
        return bytes.concat(hex"00010000", bytes1(uint8(length)), digits);
    }
}
