// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

// Every custom error a caller of the real contracts can meet (protocol.md 11.3), by its selector.

error AddressMismatch(address expected, address actual);
error AmountMustBeGreaterThanZero();
error AssetHandlerDoesNotExist(bytes32 assetId);
error AssetHandlerNotRegistered(bytes32 assetId);
error AssetIdAlreadyRegistered();
error AssetIdMismatch(bytes32 expected, bytes32 actual);
error AssetIdNotSupported(bytes32 assetId);
error BaseTokenGasPriceDenominatorNotSet();
error BatchNotExecuted(uint256 batchNumber);
error BatchZeroNotAllowed();
error BurningNativeWETHNotSupported();
error ChainIdAlreadyExists();
error ClaimFailedDepositFailed();
error DenominatorIsZero();
error DeployFailed();
error DeployingBridgedTokenForNativeToken();
error DepositDoesNotExist(); // up to v30
error DepositExists();
error DepositsPaused(); // v31
error DepthMoreThanOneForRecursiveMerkleProof(); // v31
error EmptyDeposit();
error EmptyToken();
error GasPerPubdataMismatch();
error HashedLogIsDefault();
error InsufficientChainBalance(); // up to v30
error InvalidCaller(address caller);
error InvalidNTVBurnData();
error InvalidProof();
error InvalidProofLengthForFinalNode();
error InvalidSelector(bytes4 selector);
error InvalidSettlementLayerForBatch(uint256 chainId, uint256 batchNumber, uint256 settlementLayerChainId); // v31
error L2WithdrawalMessageWrongLength(uint256 length);
error LegacyBridgeNotSet();
error LegacyBridgeUsesNonNativeToken();
error LegacyEncodingUsedForNonL1Token();
error LegacyMethodForNonL1Token();
error LengthIsNotDivisibleBy32(uint256 length);
error LocalRootIsZero();
error LocalRootMustBeZero();
error MalformedBytecode(uint8 reason);
error MerkleIndexOutOfBounds();
error MerklePathEmpty();
error MerklePathOutOfBounds();
error MsgValueMismatch(uint256 expected, uint256 actual);
error MsgValueTooLow(uint256 required, uint256 provided);
error NoFundsTransferred();
error NonEmptyMsgValue();
error NotHyperchain();
error NotSettlementLayer();
error OnlyEraSupported();
error OriginChainIdNotFound();
error PubdataGreaterThanLimit(uint256 limit, uint256 actual);
error SecondBridgeAddressTooLow(address given, address minimum);
error TokenNotLegacy();
error TokenNotSupported(address token);
error TokensWithFeesNotSupported();
error TooManyFactoryDeps();
error TooMuchGas();
error TransactionNotAllowed();
error TxnBodyGasLimitNotEnoughGas();
error Unauthorized(address caller);
error UnsupportedEncodingVersion();
error UnsupportedProofMetadataVersion(uint256 version);
error ValidateTxnNotEnoughGas();
error ValueMismatch(uint256 expected, uint256 actual);
error WithdrawFailed();
error WithdrawalAlreadyFinalized();
error WrongCounterpart();
error WrongL2Sender(address sender);
error WrongMagicValue(uint256 expected, uint256 actual);
error WrongMsgLength(uint256 expected, uint256 actual);
error ZeroAddress();
error ZeroGasPriceL1TxZKSyncOS(); // v29
error ZeroGasPriceL1TxZKsyncOS(); // v30

// since v33 (protocol-v33.md 2.8, 3.3)
error AttributeAlreadySet(bytes4 kind);
error AttributeViolatesRestriction(bytes4 kind, uint256 restriction);
error BundleAlreadyProcessed(bytes32 bundleHash);
error CallNotExecutable(bytes32 bundleHash, uint256 callIndex);
error CanNotUnbundle(bytes32 bundleHash);
error DirectCallToL1NotSupported();
error EmptyBundle();
error ExecutingNotAllowed(bytes32 bundleHash, bytes caller, bytes executor);
error InteropBundleSaltAlreadyUsed(address sender, bytes32 salt);
error InteropCallToL1NotToAssetRouter(address to);
error InteropSenderChainIdMismatch(uint256 expected, uint256 actual);
error InteropToSelfNotSupported();
error InteroperableAddressChainReferenceNotEmpty(bytes given);
error InteroperableAddressNotEmpty(bytes given);
error InvalidInteropBundleVersion();
error InvalidInteropCallVersion();
error MessageNotIncluded();
error MultiCallToL1NotSupported(uint256 calls);
error NonAtomicSendUnsupported();
error NonZeroValueToL1NotSupported(uint256 value);
error UnauthorizedMessageSender(address expected, address actual);
error UnbundlingNotAllowed(bytes32 bundleHash, bytes caller, bytes unbundler);
error UnsupportedAttribute(bytes4 kind);
error WrongCallStatusLength(uint256 given, uint256 expected);
error WrongDestinationBaseTokenAssetId(bytes32 bundleHash, bytes32 given, bytes32 expected);
error WrongDestinationChainId(bytes32 bundleHash, uint256 given, uint256 expected);
error WrongSourceChainId(bytes32 bundleHash, uint256 given, uint256 expected);

// Two errors kept their name and gained arguments in v31; Solidity needs another name, so they are reverted by selector.
bytes4 constant DEPOSIT_DOES_NOT_EXIST_V31 = bytes4(keccak256("DepositDoesNotExist(bytes32,bytes32)"));
bytes4 constant INSUFFICIENT_CHAIN_BALANCE_V31 = bytes4(keccak256("InsufficientChainBalance(uint256,bytes32,uint256)"));

/// Reverts with ready-made revert data.
function revertWith(bytes memory data) pure {
    assembly ("memory-safe") {
        revert(add(data, 32), mload(data))
    }
}
