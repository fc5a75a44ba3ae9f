// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {
    BundleAlreadyProcessed,
    CallNotExecutable,
    CanNotUnbundle,
    EmptyBundle,
    ExecutingNotAllowed,
    InvalidInteropBundleVersion,
    InvalidInteropCallVersion,
    MessageNotIncluded,
    UnauthorizedMessageSender,
    UnbundlingNotAllowed,
    WrongCallStatusLength,
    WrongDestinationBaseTokenAssetId,
    WrongDestinationChainId,
    WrongSourceChainId
} from "../common/Errors.sol";
import {BUNDLE_VERSION, Interop, InteropBundle, InteropCall, L2_INTEROP_CENTER} from "../common/Interop.sol";
import {Pausable} from "../common/Pausable.sol";
import {L2Message} from "../common/Types.sol";

interface IProvesMessages {
    function proveL2MessageInclusionShared(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        L2Message calldata message,
        bytes32[] calldata proof
    ) external view returns (bool);
}

interface IReceivesMessages {
    function receiveMessage(bytes32 receiveId, bytes calldata sender, bytes calldata payload) external payable returns (bytes4);
}

struct MessageInclusionProof {
    uint256 chainId;
    uint256 l1BatchNumber;
    uint256 l2MessageIndex;
    L2Message message;
    bytes32[] proof;
}

/// Pays out what comes by bundle since v33 (protocol-v33.md 3).
contract L1InteropHandler is Pausable {
    enum BundleStatus {
        Unreceived,
        Verified,
        FullyExecuted,
        Unbundled
    }
    enum CallStatus {
        Unprocessed,
        Executed,
        Cancelled
    }

    address public MESSAGE_ROOT;
    address public l1AssetRouter;
    bool public olderHash; // which of the two forms of the bundle's hash
    mapping(bytes32 bundleHash => BundleStatus) public bundleStatus;
    mapping(bytes32 bundleHash => mapping(uint256 index => CallStatus)) public callStatus;

    event BundleVerified(bytes32 indexed bundleHash);
    event BundleExecuted(bytes32 indexed bundleHash);
    event BundleUnbundled(bytes32 indexed bundleHash);
    event CallProcessed(bytes32 indexed bundleHash, uint256 indexed callIndex, CallStatus status);

    /// Devnet only.
    function initialize(address messageRoot, address router, bool older) external {
        (MESSAGE_ROOT, l1AssetRouter, olderHash) = (messageRoot, router, older);
    }

    function executeBundle(bytes calldata bundle, MessageInclusionProof calldata proof) external whenNotPaused {
        (InteropBundle memory read, bytes32 bundleHash) = _read(bundle);
        bytes memory wanted = read.attributes.executionAddress;
        if (wanted.length != 0 && !_isCaller(wanted)) {
            revert ExecutingNotAllowed(bundleHash, Interop.account(block.chainid, msg.sender), wanted);
        }
        BundleStatus status = bundleStatus[bundleHash];
        if (status > BundleStatus.Verified) revert BundleAlreadyProcessed(bundleHash);
        if (status == BundleStatus.Unreceived) _verify(bundle, read, bundleHash, proof);
        bundleStatus[bundleHash] = BundleStatus.FullyExecuted;
        _execute(read, bundleHash);
        emit BundleExecuted(bundleHash);
    }

    function verifyBundle(bytes calldata bundle, MessageInclusionProof calldata proof) external {
        (InteropBundle memory read, bytes32 bundleHash) = _read(bundle);
        if (bundleStatus[bundleHash] != BundleStatus.Unreceived) revert BundleAlreadyProcessed(bundleHash);
        _verify(bundle, read, bundleHash, proof);
        bundleStatus[bundleHash] = BundleStatus.Verified;
    }

    function unbundleBundle(bytes calldata bundle, CallStatus[] calldata statuses) external whenNotPaused {
        (InteropBundle memory read, bytes32 bundleHash) = _read(bundle);
        bytes memory unbundler = read.attributes.unbundlerAddress;
        if (!_isCaller(unbundler)) revert UnbundlingNotAllowed(bundleHash, Interop.account(block.chainid, msg.sender), unbundler);
        if (bundleStatus[bundleHash] != BundleStatus.Verified) revert CanNotUnbundle(bundleHash);
        if (statuses.length != 1) revert WrongCallStatusLength(statuses.length, 1);
        bundleStatus[bundleHash] = BundleStatus.Unbundled;
        if (statuses[0] == CallStatus.Executed) _execute(read, bundleHash);
        else if (statuses[0] == CallStatus.Cancelled) callStatus[bundleHash][0] = CallStatus.Cancelled;
        else revert CallNotExecutable(bundleHash, 0);
        emit CallProcessed(bundleHash, 0, statuses[0]);
        emit BundleUnbundled(bundleHash);
    }

    function _read(bytes calldata bundle) private view returns (InteropBundle memory read, bytes32 bundleHash) {
        read = abi.decode(bundle, (InteropBundle));
        bundleHash = Interop.hash(read, olderHash);
        if (read.version != BUNDLE_VERSION) revert InvalidInteropBundleVersion();
        if (read.calls.length == 0) revert EmptyBundle();
        if (read.calls[0].version != BUNDLE_VERSION) revert InvalidInteropCallVersion();
    }

    function _verify(bytes calldata bundle, InteropBundle memory read, bytes32 bundleHash, MessageInclusionProof calldata proof) private {
        if (proof.message.sender != L2_INTEROP_CENTER) revert UnauthorizedMessageSender(L2_INTEROP_CENTER, proof.message.sender);
        if (read.sourceChainId != proof.chainId) revert WrongSourceChainId(bundleHash, read.sourceChainId, proof.chainId);
        if (read.destinationChainId != block.chainid) {
            revert WrongDestinationChainId(bundleHash, read.destinationChainId, block.chainid);
        }
        bytes32 ether_ = Interop.etherAssetId(block.chainid);
        if (read.destinationBaseTokenAssetId != ether_) {
            revert WrongDestinationBaseTokenAssetId(bundleHash, read.destinationBaseTokenAssetId, ether_);
        }
        L2Message memory message =
            L2Message(proof.message.txNumberInBatch, proof.message.sender, bytes.concat(BUNDLE_VERSION, bundle));
        bool proven = IProvesMessages(MESSAGE_ROOT).proveL2MessageInclusionShared(
            proof.chainId, proof.l1BatchNumber, proof.l2MessageIndex, message, proof.proof
        );
        if (!proven) revert MessageNotIncluded();
        emit BundleVerified(bundleHash);
    }

    function _execute(InteropBundle memory read, bytes32 bundleHash) private {
        InteropCall memory call = read.calls[0];
        callStatus[bundleHash][0] = CallStatus.Executed;
        require(call.to == l1AssetRouter && call.value == 0, "not to the asset router");
        bytes4 answer = IReceivesMessages(call.to).receiveMessage(
            keccak256(abi.encodePacked(bundleHash, uint256(0))), Interop.account(read.sourceChainId, call.from), call.data
        );
        require(answer == IReceivesMessages.receiveMessage.selector, "no receiver");
    }

    /// An account of this chain, or of whichever.
    function _isCaller(bytes memory account) private view returns (bool) {
        (uint256 chainId, bool hasAddress, address who) = Interop.read(account);
        return hasAddress && who == msg.sender && (chainId == 0 || chainId == block.chainid);
    }
}
