// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {
    AttributeAlreadySet,
    AttributeViolatesRestriction,
    DirectCallToL1NotSupported,
    InteropBundleSaltAlreadyUsed,
    InteropCallToL1NotToAssetRouter,
    InteropToSelfNotSupported,
    InteroperableAddressChainReferenceNotEmpty,
    InteroperableAddressNotEmpty,
    MsgValueMismatch,
    MultiCallToL1NotSupported,
    NonAtomicSendUnsupported,
    NonZeroValueToL1NotSupported,
    UnsupportedAttribute
} from "../common/Errors.sol";
import {
    BUNDLE_VERSION,
    BundleAttributes,
    Interop,
    InteropBundle,
    InteropCall,
    InteropCallStarter
} from "../common/Interop.sol";
import {Pausable} from "../common/Pausable.sol";
import {L2_ASSET_ROUTER, L2_MESSENGER} from "../common/Types.sol";
import {L1Messenger} from "./L1Messenger.sol";
import {L2AssetRouter} from "./L2AssetRouter.sol";

/// 0x1000d since v33: of the bundles only those that withdraw (protocol-v33.md 2).
contract InteropCenter is Pausable {
    uint256 public L1_CHAIN_ID;
    bool public olderHash; // which of the two forms of the bundle's hash
    mapping(address sender => mapping(bytes32 salt => bool)) public isInteropBundleSaltUsed;

    event MessageSent(bytes32 indexed sendId, bytes sender, bytes recipient, bytes payload, uint256 value, bytes[] attributes);
    event InteropBundleSent(bytes32 l2l1MsgHash, bytes32 interopBundleHash, InteropBundle interopBundle);

    bytes4 private constant INTEROP_CALL_VALUE = 0x54b16529;
    bytes4 private constant INDIRECT_CALL = 0xc8496ea7;
    bytes4 private constant EXECUTION_ADDRESS = 0x054c031b;
    bytes4 private constant UNBUNDLER_ADDRESS = 0xb9c86698;
    bytes4 private constant USE_FIXED_FEE = 0xfb809189;
    bytes4 private constant BUNDLE_SALT = 0x6ffe4595;

    struct Asked {
        bool indirect;
        uint256 indirectValue;
        uint256 callValue;
    }

    /// Devnet only.
    function initialize(uint256 l1ChainId, bool older) external {
        (L1_CHAIN_ID, olderHash) = (l1ChainId, older);
    }

    function sendBundle(bytes calldata destination, InteropCallStarter[] calldata starters, bytes[] calldata bundleAttributes)
        external
        payable
        whenNotPaused
        returns (bytes32)
    {
        (uint256 chainId, bool hasAddress,) = Interop.read(destination);
        if (hasAddress) revert InteroperableAddressNotEmpty(destination);
        if (chainId == block.chainid) revert InteropToSelfNotSupported();
        BundleAttributes memory attributes = _ofBundle(bundleAttributes);
        if (chainId != L1_CHAIN_ID) revert NonAtomicSendUnsupported();
        if (starters.length != 1) revert MultiCallToL1NotSupported(starters.length);
        uint256 value = _check(starters[0]);
        if (msg.value != value) revert MsgValueMismatch(value, msg.value);
        if (isInteropBundleSaltUsed[msg.sender][attributes.salt]) revert InteropBundleSaltAlreadyUsed(msg.sender, attributes.salt);
        isInteropBundleSaltUsed[msg.sender][attributes.salt] = true;
        return _send(chainId, value, starters[0], attributes);
    }

    function _send(uint256 chainId, uint256 value, InteropCallStarter calldata starter, BundleAttributes memory attributes)
        private
        returns (bytes32 bundleHash)
    {
        InteropBundle memory bundle;
        (bundle.version, bundle.sourceChainId, bundle.destinationChainId) = (BUNDLE_VERSION, block.chainid, chainId);
        bundle.destinationBaseTokenAssetId = Interop.etherAssetId(chainId);
        bundle.interopBundleSalt = keccak256(abi.encodePacked(msg.sender, attributes.salt));
        bundle.attributes = attributes;
        bundle.calls = new InteropCall[](1);
        (address to, bytes memory payload) =
            L2AssetRouter(L2_ASSET_ROUTER).initiateIndirectCall{value: value}(chainId, msg.sender, starter.data);
        bundle.calls[0] = InteropCall(BUNDLE_VERSION, false, to, L2_ASSET_ROUTER, 0, payload);
        bundleHash = Interop.hash(bundle, olderHash);
        bytes32 messageHash = L1Messenger(L2_MESSENGER).sendToL1(bytes.concat(BUNDLE_VERSION, abi.encode(bundle)));
        emit MessageSent(
            keccak256(abi.encodePacked(bundleHash, uint256(0))),
            Interop.account(block.chainid, L2_ASSET_ROUTER),
            Interop.account(chainId, to),
            starter.data,
            0,
            starter.callAttributes
        );
        emit InteropBundleSent(messageHash, bundleHash, bundle);
    }

    function _check(InteropCallStarter calldata starter) private pure returns (uint256) {
        (uint256 chainId,, address to) = Interop.read(starter.to);
        if (chainId != 0) revert InteroperableAddressChainReferenceNotEmpty(starter.to);
        Asked memory asked = _ofCall(starter.callAttributes);
        if (!asked.indirect) revert DirectCallToL1NotSupported();
        if (asked.callValue != 0) revert NonZeroValueToL1NotSupported(asked.callValue);
        if (to != L2_ASSET_ROUTER) revert InteropCallToL1NotToAssetRouter(to);
        return asked.indirectValue;
    }

    function _ofCall(bytes[] calldata attributes) private pure returns (Asked memory asked) {
        bool valued = false;
        for (uint256 i = 0; i < attributes.length; ++i) {
            bytes4 kind = bytes4(attributes[i]);
            if (kind == INDIRECT_CALL) {
                if (asked.indirect) revert AttributeAlreadySet(kind);
                (asked.indirect, asked.indirectValue) = (true, abi.decode(attributes[i][4:], (uint256)));
            } else if (kind == INTEROP_CALL_VALUE) {
                if (valued) revert AttributeAlreadySet(kind);
                (valued, asked.callValue) = (true, abi.decode(attributes[i][4:], (uint256)));
            } else {
                _refuse(kind, 1);
            }
        }
    }

    function _ofBundle(bytes[] calldata given) private view returns (BundleAttributes memory attributes) {
        bool[4] memory set;
        attributes.unbundlerAddress = Interop.account(block.chainid, msg.sender);
        for (uint256 i = 0; i < given.length; ++i) {
            bytes4 kind = bytes4(given[i]);
            bytes calldata rest = given[i][4:];
            uint256 place = 4;
            if (kind == EXECUTION_ADDRESS) (place, attributes.executionAddress) = (0, abi.decode(rest, (bytes)));
            if (kind == UNBUNDLER_ADDRESS) (place, attributes.unbundlerAddress) = (1, abi.decode(rest, (bytes)));
            if (kind == USE_FIXED_FEE) (place, attributes.useFixedFee) = (2, abi.decode(rest, (bool)));
            if (kind == BUNDLE_SALT) (place, attributes.salt) = (3, abi.decode(rest, (bytes32)));
            if (place == 4) _refuse(kind, 2);
            if (set[place]) revert AttributeAlreadySet(kind);
            set[place] = true;
        }
    }

    /// Known at the other level (1: a call's, 2: a bundle's), or not at all.
    function _refuse(bytes4 kind, uint256 level) private pure {
        bool ofCall = kind == INDIRECT_CALL || kind == INTEROP_CALL_VALUE;
        bool ofBundle = kind == EXECUTION_ADDRESS || kind == UNBUNDLER_ADDRESS || kind == USE_FIXED_FEE || kind == BUNDLE_SALT;
        if (ofCall || ofBundle) revert AttributeViolatesRestriction(kind, level);
        revert UnsupportedAttribute(kind);
    }
}

/// 0x10015: it is there where withdrawals go by bundle. Here the center reads the attributes by itself.
contract InteropAttributeParser {
    function supportsAttribute(bytes4 kind) external pure returns (bool) {
        return kind == 0x54b16529 || kind == 0xc8496ea7 || kind == 0x054c031b || kind == 0xb9c86698 || kind == 0xfb809189
            || kind == 0x6ffe4595;
    }
}
