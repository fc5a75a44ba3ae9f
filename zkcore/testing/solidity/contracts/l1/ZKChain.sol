// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Alias} from "../common/Alias.sol";
import {
    BaseTokenGasPriceDenominatorNotSet,
    BatchNotExecuted,
    DenominatorIsZero,
    DepositsPaused,
    GasPerPubdataMismatch,
    LengthIsNotDivisibleBy32,
    LocalRootIsZero,
    LocalRootMustBeZero,
    MalformedBytecode,
    MsgValueTooLow,
    NotHyperchain,
    NotSettlementLayer,
    OnlyEraSupported,
    TooManyFactoryDeps,
    TransactionNotAllowed,
    Unauthorized
} from "../common/Errors.sol";
import {IBridgehub, IL1AssetRouter, IMessageRoot, ITransactionFilterer, IZKChain} from "../common/Interfaces.sol";
import {ProofData, Proofs} from "../common/Proofs.sol";
import {
    ERA_PRIORITY_TX_TYPE,
    FeeParams,
    L1_GAS_PER_PUBDATA_BYTE,
    L2CanonicalTransaction,
    L2Log,
    L2Message,
    L2_BRIDGEHUB,
    MAX_NEW_FACTORY_DEPS,
    MailboxRequest,
    PRIORITY_TX_MAX_GAS_LIMIT,
    PubdataPricingMode,
    REQUIRED_GAS_PER_PUBDATA,
    SETTLEMENT_LAYER_RELAY_SENDER,
    TxStatus,
    ZKSYNC_OS_PRIORITY_TX_TYPE
} from "../common/Types.sol";
import {PriorityTree} from "./PriorityTree.sol";
import {TransactionValidator} from "./TransactionValidator.sol";
import {ZKChainStorage} from "./ZKChainStorage.sol";

/// A chain's diamond: mailbox, getters and, without access control, what a chain's admin and validators do.
contract ZKChain is ZKChainStorage {
    using PriorityTree for PriorityTree.Tree;

    event NewPriorityRequest(
        uint256 txId, bytes32 txHash, uint64 expirationTimestamp, L2CanonicalTransaction transaction, bytes[] factoryDeps
    );
    event NewPriorityRequestId(uint256 indexed txId, bytes32 indexed txHash);
    event NewFeeParams(FeeParams oldFeeParams, FeeParams newFeeParams);
    event NewBaseTokenMultiplier(uint128 oldNominator, uint128 oldDenominator, uint128 newNominator, uint128 newDenominator);
    event NewPriorityTxMaxGasLimit(uint256 oldPriorityTxMaxGasLimit, uint256 newPriorityTxMaxGasLimit);
    event NewTransactionFilterer(address oldTransactionFilterer, address newTransactionFilterer);
    event BlockExecution(uint256 indexed batchNumber, bytes32 indexed batchHash, bytes32 indexed commitment);

    modifier onlyBridgehub() {
        if (msg.sender != _bridgehub) revert Unauthorized(msg.sender);
        _;
    }

    /// A chain as it is after creation: default fee parameters, no base token multiplier yet.
    constructor(uint256 chainId, address bridgehub, bytes32 baseTokenAssetId, bool zksyncOS, uint256 minor, uint256 eraChainId) {
        _chainId = chainId;
        _bridgehub = bridgehub;
        _baseTokenAssetId = baseTokenAssetId;
        _zksyncOS = zksyncOS;
        _protocolVersion = minor << 32;
        _eraChainId = eraChainId;
        _admin = msg.sender;
        _priorityTree.setup();
        _priorityTxMaxGasLimit = PRIORITY_TX_MAX_GAS_LIMIT;
        _feeParams = FeeParams(PubdataPricingMode.Rollup, 1_000_000, 120_000, 80_000_000, 99_000, 250_000_000);
    }

    /// What the diamond has lost with v33.
    modifier untilV33() {
        if (protocolMinor() >= 33) revert("F");
        _;
    }

    /// The real diamond says "F" for a selector without a facet, `getZKsyncOS()` before v31 among them.
    fallback() external {
        revert("F");
    }

    // ---------------------------------------------------------------- mailbox

    function bridgehubRequestL2Transaction(MailboxRequest calldata request) external onlyBridgehub returns (bytes32) {
        return _request(request);
    }

    /// Legacy entry point of ZKsync Era alone.
    function requestL2Transaction(
        address contractL2,
        uint256 l2Value,
        bytes calldata l2Calldata,
        uint256 l2GasLimit,
        uint256 l2GasPerPubdataByteLimit,
        bytes[] calldata factoryDeps,
        address refundRecipient
    ) external payable untilV33 returns (bytes32 canonicalTxHash) {
        if (_chainId != _eraChainId) revert OnlyEraSupported();
        canonicalTxHash = _request(
            MailboxRequest(
                msg.sender, contractL2, msg.value, l2Value, l2Calldata, l2GasLimit, l2GasPerPubdataByteLimit, factoryDeps, refundRecipient
            )
        );
        IL1AssetRouter(IBridgehub(_bridgehub).assetRouter()).bridgehubDepositBaseToken{value: msg.value}(
            _chainId, _baseTokenAssetId, msg.sender, msg.value
        );
    }

    /// Legacy entry point of ZKsync Era alone.
    function finalizeEthWithdrawal(uint256 batch, uint256 index, uint16 txNumber, bytes calldata message, bytes32[] calldata proof)
        external
        untilV33
    {
        if (_chainId != _eraChainId) revert OnlyEraSupported();
        IL1AssetRouter(IBridgehub(_bridgehub).assetRouter()).finalizeWithdrawal(_chainId, batch, index, txNumber, message, proof);
    }

    /// Called on a settlement layer by a chain that settles there: the wrapper of the chain's own priority transaction.
    function requestL2TransactionToGatewayMailbox(uint256 chainId, bytes32 canonicalTxHash, uint64 expirationTimestamp)
        external
        returns (bytes32)
    {
        if (!IBridgehub(_bridgehub).whitelistedSettlementLayers(_chainId)) revert NotSettlementLayer();
        if (IBridgehub(_bridgehub).getZKChain(chainId) != msg.sender) revert NotHyperchain();
        bytes memory data =
            abi.encodeWithSignature("forwardTransactionOnGateway(uint256,bytes32,uint64)", chainId, canonicalTxHash, expirationTimestamp);
        MailboxRequest memory wrapper = MailboxRequest(
            SETTLEMENT_LAYER_RELAY_SENDER, L2_BRIDGEHUB, 0, 0, data, 72_000_000, REQUIRED_GAS_PER_PUBDATA, new bytes[](0), address(0)
        );
        return _write(wrapper, 0, uint64(block.timestamp));
    }

    function l2TransactionBaseCost(uint256 gasPrice, uint256 l2GasLimit, uint256 gasPerPubdata) public view returns (uint256) {
        return _l2GasPrice(gasPrice, gasPerPubdata) * l2GasLimit;
    }

    function _request(MailboxRequest memory request) private returns (bytes32 canonicalTxHash) {
        uint256 minor = protocolMinor();
        if (_transactionFilterer != address(0)) {
            bool allowed = ITransactionFilterer(_transactionFilterer).isTransactionAllowed(
                request.sender, request.contractL2, request.mintValue, request.l2Value, request.l2Calldata, request.refundRecipient
            );
            if (!allowed) revert TransactionNotAllowed();
        }
        if (_depositsPaused && minor >= 31) revert DepositsPaused();
        if (request.l2GasPerPubdataByteLimit != REQUIRED_GAS_PER_PUBDATA) revert GasPerPubdataMismatch();
        if (request.factoryDeps.length > MAX_NEW_FACTORY_DEPS) revert TooManyFactoryDeps();

        uint256 price = _l2GasPrice(tx.gasprice, request.l2GasPerPubdataByteLimit);
        // From v31 the value for L2 is no longer checked here.
        uint256 required = price * request.l2GasLimit + (minor < 31 ? request.l2Value : 0);
        if (request.mintValue < required) revert MsgValueTooLow(required, request.mintValue);

        if (minor < 31) {
            request.refundRecipient = Alias.refundRecipient(request.refundRecipient, request.sender);
            if (request.sender != tx.origin) request.sender = Alias.toL2(request.sender);
        } else {
            request.refundRecipient = Alias.refundRecipientAware(request.refundRecipient, request.sender);
            request.sender = Alias.senderAware(request.sender);
        }

        uint64 expiration = minor < 31 ? uint64(block.timestamp) : 0;
        canonicalTxHash = _write(request, price, expiration);
        if (_settlementLayer != address(0)) {
            IZKChain(_settlementLayer).requestL2TransactionToGatewayMailbox(_chainId, canonicalTxHash, expiration);
        }
    }

    function _write(MailboxRequest memory request, uint256 price, uint64 expiration) private returns (bytes32 canonicalTxHash) {
        L2CanonicalTransaction memory transaction;
        transaction.txType = _zksyncOS ? ZKSYNC_OS_PRIORITY_TX_TYPE : ERA_PRIORITY_TX_TYPE;
        transaction.from = uint160(request.sender);
        transaction.to = uint160(request.contractL2);
        transaction.gasLimit = request.l2GasLimit;
        transaction.gasPerPubdataByteLimit = request.l2GasPerPubdataByteLimit;
        transaction.maxFeePerGas = price;
        transaction.nonce = _totalPriorityTxs;
        transaction.value = request.l2Value;
        transaction.reserved = [request.mintValue, uint160(request.refundRecipient), 0, 0];
        transaction.data = request.l2Calldata;
        transaction.factoryDeps = _bytecodeHashes(request.factoryDeps);

        bytes memory encoded = abi.encode(transaction);
        canonicalTxHash = keccak256(encoded);
        if (price != 0 || request.sender != SETTLEMENT_LAYER_RELAY_SENDER) {
            TransactionValidator.check(
                transaction, encoded.length, _priorityTxMaxGasLimit, _feeParams.priorityTxMaxPubdata, _zksyncOS, protocolMinor()
            );
        }
        _totalPriorityTxs++;
        _priorityTree.push(canonicalTxHash);
        emit NewPriorityRequest(transaction.nonce, canonicalTxHash, expiration, transaction, request.factoryDeps);
        if (protocolMinor() >= 29) emit NewPriorityRequestId(transaction.nonce, canonicalTxHash);
    }

    /// protocol.md 4.1; every division floors but the last, which rounds up.
    function _l2GasPrice(uint256 l1GasPrice, uint256 gasPerPubdata) private view returns (uint256) {
        if (_multiplierDenominator == 0) revert BaseTokenGasPriceDenominatorNotSet();
        FeeParams memory fees = _feeParams;
        uint256 converted = l1GasPrice * _multiplierNominator / _multiplierDenominator;
        uint256 pubdata = fees.pubdataPricingMode == PubdataPricingMode.Rollup ? L1_GAS_PER_PUBDATA_BYTE * converted : 0;
        uint256 overhead = fees.batchOverheadL1Gas * converted;
        uint256 byGas = fees.minimalL2GasPrice + overhead / fees.maxL2GasPerBatch;
        uint256 byPubdata = (pubdata + overhead / fees.maxPubdataPerBatch + gasPerPubdata - 1) / gasPerPubdata;
        return byGas > byPubdata ? byGas : byPubdata;
    }

    /// EraVM's versioned hash: 0x0100 || words (2 bytes) || the last 28 bytes of sha256 (protocol.md 2.6).
    function _bytecodeHashes(bytes[] memory factoryDeps) private pure returns (uint256[] memory hashes) {
        hashes = new uint256[](factoryDeps.length);
        for (uint256 i = 0; i < factoryDeps.length; ++i) {
            uint256 length = factoryDeps[i].length;
            if (length % 32 != 0) revert LengthIsNotDivisibleBy32(length);
            uint256 words = length / 32;
            if (words >= 1 << 16) revert MalformedBytecode(1);
            if (words % 2 == 0) revert MalformedBytecode(3);
            hashes[i] = uint224(uint256(sha256(factoryDeps[i]))) | (0x0100 << 240) | (words << 224);
        }
    }

    // ---------------------------------------------------------------- proofs

    function proveL2MessageInclusion(uint256 batch, uint256 index, L2Message calldata message, bytes32[] calldata proof)
        external
        view
        untilV33
        returns (bool)
    {
        return _prove(batch, index, Proofs.leaf(Proofs.messageLog(message)), proof);
    }

    function proveL2LogInclusion(uint256 batch, uint256 index, L2Log calldata log, bytes32[] calldata proof)
        external
        view
        untilV33
        returns (bool)
    {
        return _prove(batch, index, Proofs.leaf(log), proof);
    }

    function proveL1ToL2TransactionStatus(
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view untilV33 returns (bool) {
        return _prove(batch, index, Proofs.leaf(Proofs.statusLog(l2TxHash, txNumber, status)), proof);
    }

    function proveL2LeafInclusion(uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof) external view untilV33 returns (bool) {
        return _prove(batch, mask, leaf, proof);
    }

    /// Up to v30 the chain itself holds the roots; from v31 the MessageRoot does.
    function _prove(uint256 batch, uint256 mask, bytes32 leaf, bytes32[] calldata proof) private view returns (bool) {
        if (protocolMinor() >= 31) {
            address messageRoot = IBridgehub(_bridgehub).messageRoot();
            return IMessageRoot(messageRoot).proveL2LeafInclusionShared(_chainId, batch, mask, leaf, proof);
        }
        ProofData memory node = Proofs.read(_chainId, batch, mask, leaf, proof);
        bytes32 trusted = _l2LogsRootHashes[batch];
        if (node.finalProofNode) {
            if (batch > _totalBatchesExecuted) revert BatchNotExecuted(batch);
            if (trusted == 0) revert LocalRootIsZero();
            return trusted == node.batchSettlementRoot;
        }
        if (trusted != 0) revert LocalRootMustBeZero();
        if (!IBridgehub(_bridgehub).whitelistedSettlementLayers(node.settlementLayerChainId)) revert NotSettlementLayer();
        return IZKChain(IBridgehub(_bridgehub).getZKChain(node.settlementLayerChainId)).proveL2LeafInclusion(
            node.settlementLayerBatchNumber, node.settlementLayerBatchRootMask, node.chainIdLeaf, Proofs.rest(node, proof)
        );
    }

    // ---------------------------------------------------------------- getters

    function getChainId() external view returns (uint256) {
        return _chainId;
    }

    function getBridgehub() external view returns (address) {
        return _bridgehub;
    }

    function getChainTypeManager() external view returns (address) {
        return _chainTypeManager;
    }

    function getAdmin() external view returns (address) {
        return _admin;
    }

    function getBaseToken() external view returns (address) {
        return IBridgehub(_bridgehub).baseToken(_chainId);
    }

    function getBaseTokenAssetId() external view returns (bytes32) {
        return _baseTokenAssetId;
    }

    function baseTokenGasPriceMultiplierNominator() external view returns (uint128) {
        return _multiplierNominator;
    }

    function baseTokenGasPriceMultiplierDenominator() external view returns (uint128) {
        return _multiplierDenominator;
    }

    function getPubdataPricingMode() external view returns (PubdataPricingMode) {
        return _feeParams.pubdataPricingMode;
    }

    function getPriorityTxMaxGasLimit() external view returns (uint256) {
        return _priorityTxMaxGasLimit;
    }

    function getTotalBatchesCommitted() external view returns (uint256) {
        return _totalBatchesCommitted;
    }

    function getTotalBatchesVerified() external view returns (uint256) {
        return _totalBatchesVerified;
    }

    function getTotalBatchesExecuted() external view returns (uint256) {
        return _totalBatchesExecuted;
    }

    function getTotalPriorityTxs() external view returns (uint256) {
        return _totalPriorityTxs;
    }

    function getTransactionFilterer() external view returns (address) {
        return _transactionFilterer;
    }

    function getSettlementLayer() external view returns (address) {
        return _settlementLayer;
    }

    function l2LogsRootHash(uint256 batch) external view returns (bytes32) {
        return _l2LogsRootHashes[batch];
    }

    /// Of ether withdrawn before there was a shared bridge.
    function isEthWithdrawalFinalized(uint256 batch, uint256 index) external view returns (bool) {
        return _ethWithdrawalFinalized[batch][index];
    }

    function getProtocolVersion() external view returns (uint256) {
        return _protocolVersion;
    }

    function getSemverProtocolVersion() external view returns (uint32, uint32, uint32) {
        return (0, uint32(_protocolVersion >> 32), uint32(_protocolVersion));
    }

    function getZKsyncOS() external view returns (bool) {
        require(protocolMinor() >= 31, "F");
        return _zksyncOS;
    }

    function depositsPaused() external view returns (bool) {
        require(protocolMinor() >= 31, "F");
        return _depositsPaused;
    }

    /// Devnet only: the minor protocol version, 26 to 33.
    function protocolMinor() public view returns (uint256) {
        return _protocolVersion >> 32;
    }

    // ---------------------------------------------------------------- the chain's admin, open to anybody on a devnet

    function changeFeeParams(FeeParams calldata feeParams) external {
        emit NewFeeParams(_feeParams, feeParams);
        _feeParams = feeParams;
    }

    function setTokenMultiplier(uint128 nominator, uint128 denominator) external {
        if (denominator == 0) revert DenominatorIsZero();
        emit NewBaseTokenMultiplier(_multiplierNominator, _multiplierDenominator, nominator, denominator);
        (_multiplierNominator, _multiplierDenominator) = (nominator, denominator);
    }

    function setPriorityTxMaxGasLimit(uint256 limit) external {
        emit NewPriorityTxMaxGasLimit(_priorityTxMaxGasLimit, limit);
        _priorityTxMaxGasLimit = limit;
    }

    function setTransactionFilterer(address filterer) external {
        emit NewTransactionFilterer(_transactionFilterer, filterer);
        _transactionFilterer = filterer;
    }

    // ---------------------------------------------------------------- devnet only

    /// What committing a batch leaves behind.
    function setBatchesCommitted(uint256 batches) external {
        _totalBatchesCommitted = batches;
    }

    /// What executing a batch leaves behind: its root and the counters, which never go back.
    function executeBatch(uint256 batch, bytes32 root) external {
        setBatchRoot(batch, root);
        if (batch > _totalBatchesCommitted) _totalBatchesCommitted = batch;
        if (batch > _totalBatchesVerified) _totalBatchesVerified = batch;
        if (batch > _totalBatchesExecuted) _totalBatchesExecuted = batch;
        emit BlockExecution(batch, keccak256(abi.encode(_chainId, batch, root)), root);
    }

    /// Only the root, where the real contract of the chain's version keeps it.
    function setBatchRoot(uint256 batch, bytes32 root) public {
        _l2LogsRootHashes[batch] = root;
        if (protocolMinor() >= 31) IMessageRoot(IBridgehub(_bridgehub).messageRoot()).setChainBatchRoot(batch, root);
    }

    /// As if so many priority operations had been requested before.
    function setTotalPriorityTxs(uint256 count) external {
        _priorityTree.fill(count);
        _totalPriorityTxs = count;
    }

    /// Ether that was paid out before there was a shared bridge.
    function setEthWithdrawalFinalized(uint256 batch, uint256 index) external {
        _ethWithdrawalFinalized[batch][index] = true;
    }

    function setTotalBatchesExecuted(uint256 batches) external {
        _totalBatchesExecuted = batches;
    }

    function setProtocolVersion(uint256 minor, uint256 patch) external {
        _protocolVersion = minor << 32 | patch;
    }

    function setSettlementLayer(address settlementLayer) external {
        _settlementLayer = settlementLayer;
    }

    function setDepositsPaused(bool value) external {
        _depositsPaused = value;
    }
}
