// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

// Structs and constants of the L1<->L2 protocol (protocol.md 1.5, 3.1, 5.1, 7.4, 7.7).

address constant ETH_TOKEN = address(1);
address constant L2_BOOTLOADER = address(0x8001);
address constant L2_MESSENGER = address(0x8008);
address constant L2_BASE_TOKEN = address(0x800a);
address constant L2_BRIDGEHUB = address(0x10002);
address constant L2_ASSET_ROUTER = address(0x10003);
address constant L2_NATIVE_TOKEN_VAULT = address(0x10004);
address constant SETTLEMENT_LAYER_RELAY_SENDER = 0x1111111111111111111111111111111111111111;

uint256 constant ERA_PRIORITY_TX_TYPE = 255;
uint256 constant ZKSYNC_OS_PRIORITY_TX_TYPE = 127;
uint256 constant REQUIRED_GAS_PER_PUBDATA = 800;
uint256 constant MAX_NEW_FACTORY_DEPS = 64;
uint256 constant L1_GAS_PER_PUBDATA_BYTE = 17;
uint256 constant PRIORITY_TX_MAX_GAS_LIMIT = 72_000_000;
address constant MIN_SECOND_BRIDGE = address(0xffff);
bytes32 constant TWO_BRIDGES_MAGIC_VALUE = bytes32(uint256(keccak256("TWO_BRIDGES_MAGIC_VALUE")) - 1);

bytes1 constant LEGACY_ENCODING = 0x00;
bytes1 constant NEW_ENCODING = 0x01;
bytes1 constant SET_COUNTERPART_ENCODING = 0x02;

struct L2CanonicalTransaction {
    uint256 txType;
    uint256 from;
    uint256 to;
    uint256 gasLimit;
    uint256 gasPerPubdataByteLimit;
    uint256 maxFeePerGas;
    uint256 maxPriorityFeePerGas;
    uint256 paymaster;
    uint256 nonce;
    uint256 value;
    uint256[4] reserved;
    bytes data;
    bytes signature;
    uint256[] factoryDeps;
    bytes paymasterInput;
    bytes reservedDynamic;
}

/// What a user hands to `requestL2TransactionDirect`.
struct DirectRequest {
    uint256 chainId;
    uint256 mintValue;
    address l2Contract;
    uint256 l2Value;
    bytes l2Calldata;
    uint256 l2GasLimit;
    uint256 l2GasPerPubdataByteLimit;
    bytes[] factoryDeps;
    address refundRecipient;
}

/// What a user hands to `requestL2TransactionTwoBridges`.
struct TwoBridgesRequest {
    uint256 chainId;
    uint256 mintValue;
    uint256 l2Value;
    uint256 l2GasLimit;
    uint256 l2GasPerPubdataByteLimit;
    address refundRecipient;
    address secondBridgeAddress;
    uint256 secondBridgeValue;
    bytes secondBridgeCalldata;
}

/// What the second bridge answers to the Bridgehub.
struct SecondBridgeAnswer {
    bytes32 magicValue;
    address l2Contract;
    bytes l2Calldata;
    bytes[] factoryDeps;
    bytes32 txDataHash;
}

/// What the Bridgehub hands to the chain's mailbox.
struct MailboxRequest {
    address sender;
    address contractL2;
    uint256 mintValue;
    uint256 l2Value;
    bytes l2Calldata;
    uint256 l2GasLimit;
    uint256 l2GasPerPubdataByteLimit;
    bytes[] factoryDeps;
    address refundRecipient;
}

struct L2Log {
    uint8 l2ShardId;
    bool isService;
    uint16 txNumberInBatch;
    address sender;
    bytes32 key;
    bytes32 value;
}

struct L2Message {
    uint16 txNumberInBatch;
    address sender;
    bytes data;
}

struct FinalizeDepositParams {
    uint256 chainId;
    uint256 l2BatchNumber;
    uint256 l2MessageIndex;
    address l2Sender;
    uint16 l2TxNumberInBatch;
    bytes message;
    bytes32[] merkleProof;
}

enum TxStatus {
    Failure,
    Success
}

enum PubdataPricingMode {
    Rollup,
    Validium
}

struct FeeParams {
    PubdataPricingMode pubdataPricingMode;
    uint32 batchOverheadL1Gas;
    uint32 maxPubdataPerBatch;
    uint32 maxL2GasPerBatch;
    uint32 priorityTxMaxPubdata;
    uint64 minimalL2GasPrice;
}
