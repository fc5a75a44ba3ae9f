"""The contracts on L1: functions and events. Source: matter-labs/era-contracts, l1-contracts/contracts, v26 to v31."""

from zkcore.abi import Event, Function

__all__ = [
    "ASSET_ROUTER",
    "BRIDGED_TOKEN",
    "BRIDGEHUB",
    "CHAIN_ASSET_HANDLER",
    "CUSTOM_BRIDGE",
    "DIAMOND",
    "ERC20",
    "ERC1271",
    "L1_ERC20_BRIDGE",
    "MESSAGE_ROOT",
    "MULTICALL3",
    "NATIVE_TOKEN_VAULT",
    "NULLIFIER",
]

_MESSAGE = "(uint16 txNumberInBatch,address sender,bytes data) message"
_LOG = "(uint8 l2ShardId,bool isService,uint16 txNumberInBatch,address sender,bytes32 key,bytes32 value) log"
_PLACE = "uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch"
_CANONICAL = (
    "(uint256 txType,uint256 from,uint256 to,uint256 gasLimit,uint256 gasPerPubdataByteLimit,uint256 maxFeePerGas,"
    "uint256 maxPriorityFeePerGas,uint256 paymaster,uint256 nonce,uint256 value,uint256[4] reserved,bytes data,"
    "bytes signature,uint256[] factoryDeps,bytes paymasterInput,bytes reservedDynamic)"
)


class BRIDGEHUB:
    """core/bridgehub/L1Bridgehub.sol (bridgehub/Bridgehub.sol before v30)."""

    request_l2_transaction_direct = Function(
        "requestL2TransactionDirect((uint256 chainId,uint256 mintValue,address l2Contract,uint256 l2Value,bytes"
        " l2Calldata,uint256 l2GasLimit,uint256 l2GasPerPubdataByteLimit,bytes[] factoryDeps,address refundRecipient)"
        " request) payable returns (bytes32 canonicalTxHash)"
    )
    request_l2_transaction_two_bridges = Function(
        "requestL2TransactionTwoBridges((uint256 chainId,uint256 mintValue,uint256 l2Value,uint256 l2GasLimit,uint256"
        " l2GasPerPubdataByteLimit,address refundRecipient,address secondBridgeAddress,uint256 secondBridgeValue,bytes"
        " secondBridgeCalldata) request) payable returns (bytes32 canonicalTxHash)"
    )
    l2_transaction_base_cost = Function(
        "l2TransactionBaseCost(uint256 chainId,uint256 gasPrice,uint256 l2GasLimit,uint256 l2GasPerPubdataByteLimit)"
        " view returns (uint256 baseCost)"
    )
    base_token = Function("baseToken(uint256 chainId) view returns (address token)")
    base_token_asset_id = Function("baseTokenAssetId(uint256 chainId) view returns (bytes32 assetId)")
    asset_router = Function("assetRouter() view returns (address router)")
    get_zk_chain = Function("getZKChain(uint256 chainId) view returns (address diamond)")
    message_root = Function("messageRoot() view returns (address messageRoot)")
    chain_asset_handler = Function("chainAssetHandler() view returns (address handler)")
    settlement_layer = Function("settlementLayer(uint256 chainId) view returns (uint256 settlementLayerChainId)")
    whitelisted_settlement_layers = Function(
        "whitelistedSettlementLayers(uint256 chainId) view returns (bool whitelisted)"
    )
    paused = Function("paused() view returns (bool paused)")
    prove_l2_message_inclusion = Function(
        f"proveL2MessageInclusion(uint256 chainId,uint256 batchNumber,uint256 index,{_MESSAGE},bytes32[] proof)"
        " view returns (bool included)"
    )
    prove_l2_log_inclusion = Function(
        f"proveL2LogInclusion(uint256 chainId,uint256 batchNumber,uint256 index,{_LOG},bytes32[] proof) view returns"
        " (bool included)"
    )
    prove_l1_to_l2_transaction_status = Function(
        "proveL1ToL2TransactionStatus(uint256 chainId,bytes32 l2TxHash,uint256 l2BatchNumber,uint256 l2MessageIndex,"
        "uint16 l2TxNumberInBatch,bytes32[] merkleProof,uint8 status) view returns (bool proven)"
    )


class DIAMOND:
    """The chain's diamond proxy: state-transition/chain-deps/facets/{Mailbox,Getters}.sol."""

    new_priority_request = Event(
        f"NewPriorityRequest(uint256 txId,bytes32 txHash,uint64 expirationTimestamp,{_CANONICAL} transaction,bytes[]"
        " factoryDeps)"
    )
    new_priority_request_id = Event("NewPriorityRequestId(uint256 indexed txId,bytes32 indexed txHash)")
    new_relayed_priority_transaction = Event(
        "NewRelayedPriorityTransaction(uint256 txId,bytes32 txHash,uint64 expirationTimestamp)"
    )
    l2_transaction_base_cost = Function(
        "l2TransactionBaseCost(uint256 gasPrice,uint256 l2GasLimit,uint256 l2GasPerPubdataByteLimit)"
        " view returns (uint256 baseCost)"
    )
    l2_logs_root_hash = Function("l2LogsRootHash(uint256 batchNumber) view returns (bytes32 root)")
    get_total_batches_executed = Function("getTotalBatchesExecuted() view returns (uint256 batches)")
    get_total_batches_committed = Function("getTotalBatchesCommitted() view returns (uint256 batches)")
    get_total_priority_txs = Function("getTotalPriorityTxs() view returns (uint256 transactions)")
    get_first_unprocessed_priority_tx = Function("getFirstUnprocessedPriorityTx() view returns (uint256 index)")
    get_protocol_version = Function("getProtocolVersion() view returns (uint256 packed)")
    get_semver_protocol_version = Function(
        "getSemverProtocolVersion() view returns (uint32 major,uint32 minor,uint32 patch)"
    )
    get_chain_id = Function("getChainId() view returns (uint256 chainId)")
    get_base_token = Function("getBaseToken() view returns (address token)")
    get_base_token_asset_id = Function("getBaseTokenAssetId() view returns (bytes32 assetId)")
    get_bridgehub = Function("getBridgehub() view returns (address bridgehub)")
    get_settlement_layer = Function("getSettlementLayer() view returns (address diamond)")
    get_transaction_filterer = Function("getTransactionFilterer() view returns (address filterer)")
    get_priority_tx_max_gas_limit = Function("getPriorityTxMaxGasLimit() view returns (uint256 gas)")
    get_pubdata_pricing_mode = Function("getPubdataPricingMode() view returns (uint8 mode)")
    base_token_gas_price_multiplier_nominator = Function(
        "baseTokenGasPriceMultiplierNominator() view returns (uint128 nominator)"
    )
    base_token_gas_price_multiplier_denominator = Function(
        "baseTokenGasPriceMultiplierDenominator() view returns (uint128 denominator)"
    )
    get_zksync_os = Function("getZKsyncOS() view returns (bool zksyncOs)")  # v31
    deposits_paused = Function("depositsPaused() view returns (bool paused)")  # v31
    prove_l2_message_inclusion = Function(
        f"proveL2MessageInclusion(uint256 batchNumber,uint256 index,{_MESSAGE},bytes32[] proof) view returns (bool"
        " included)"
    )
    prove_l2_leaf_inclusion = Function(
        "proveL2LeafInclusion(uint256 batchNumber,uint256 index,bytes32 leaf,bytes32[] proof) view returns (bool"
        " included)"
    )
    prove_l1_to_l2_transaction_status = Function(
        "proveL1ToL2TransactionStatus(bytes32 l2TxHash,uint256 l2BatchNumber,uint256 l2MessageIndex,"
        "uint16 l2TxNumberInBatch,bytes32[] merkleProof,uint8 status) view returns (bool proven)"
    )
    request_l2_transaction = Function(  # Era chain only, legacy: known for previews
        "requestL2Transaction(address l2Contract,uint256 l2Value,bytes l2Calldata,uint256 l2GasLimit,uint256"
        " l2GasPerPubdataByteLimit,bytes[] factoryDeps,address refundRecipient) payable returns (bytes32"
        " canonicalTxHash)"
    )


class MESSAGE_ROOT:  # noqa: N801
    """core/message-root/L1MessageRoot.sol: proves from v31 on."""

    chain_batch_roots = Function("chainBatchRoots(uint256 chainId,uint256 batchNumber) view returns (bytes32 root)")
    historical_root = Function("historicalRoot(uint256 blockNumber) view returns (bytes32 root)")
    prove_l2_message_inclusion_shared = Function(
        f"proveL2MessageInclusionShared(uint256 chainId,uint256 batchNumber,uint256 index,{_MESSAGE},bytes32[] proof)"
        " view returns (bool included)"
    )
    prove_l1_to_l2_transaction_status_shared = Function(
        "proveL1ToL2TransactionStatusShared(uint256 chainId,bytes32 l2TxHash,uint256 l2BatchNumber,uint256"
        " l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof,uint8 status) view returns (bool proven)"
    )


class CHAIN_ASSET_HANDLER:  # noqa: N801
    """core/chain-asset-handler/L1ChainAssetHandler.sol: knows the settlement layers from v31 on."""

    is_valid_settlement_layer = Function(
        "isValidSettlementLayer(uint256 chainId,uint256 batchNumber,uint256 claimedSettlementLayer) view returns"
        " (bool valid)"
    )


class NULLIFIER:
    """bridge/L1Nullifier.sol."""

    finalize_deposit = Function(
        "finalizeDeposit((uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex,address l2Sender,"
        "uint16 l2TxNumberInBatch,bytes message,bytes32[] merkleProof) finalizeWithdrawalParams)"
    )
    finalize_withdrawal = Function(  # legacy
        f"finalizeWithdrawal({_PLACE},bytes message,bytes32[] merkleProof)"
    )
    is_withdrawal_finalized = Function(
        "isWithdrawalFinalized(uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex) view returns (bool"
        " finalized)"
    )
    bridge_recover_failed_transfer = Function(
        "bridgeRecoverFailedTransfer(uint256 chainId,address depositSender,bytes32 assetId,bytes assetData,bytes32"
        " l2TxHash,uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof)"
    )
    claim_failed_deposit = Function(  # only deposits made with the legacy encoding
        "claimFailedDeposit(uint256 chainId,address depositSender,address l1Token,uint256 amount,bytes32 l2TxHash,"
        "uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof)"
    )
    deposit_happened = Function(
        "depositHappened(uint256 chainId,bytes32 l2TxHash) view returns (bytes32 depositDataHash)"
    )
    encode_tx_data_hash = Function(
        "encodeTxDataHash(bytes1 encodingVersion,address originalCaller,bytes32 assetId,bytes transferData)"
        " view returns (bytes32 txDataHash)"
    )
    l1_asset_router = Function("l1AssetRouter() view returns (address router)")
    l1_native_token_vault = Function("l1NativeTokenVault() view returns (address vault)")
    l2_bridge_address = Function("l2BridgeAddress(uint256 chainId) view returns (address legacyBridge)")
    legacy_bridge = Function("legacyBridge() view returns (address bridge)")
    bridge_hub = Function("BRIDGE_HUB() view returns (address bridgehub)")
    bridgehub_deposit_finalized = Event(
        "BridgehubDepositFinalized(uint256 indexed chainId,bytes32 indexed txDataHash,bytes32 indexed l2DepositTxHash)"
    )


class ASSET_ROUTER:  # noqa: N801
    """bridge/asset-router/L1AssetRouter.sol."""

    l1_nullifier = Function("L1_NULLIFIER() view returns (address nullifier)")
    native_token_vault = Function("nativeTokenVault() view returns (address vault)")
    asset_handler_address = Function("assetHandlerAddress(bytes32 assetId) view returns (address handler)")
    l2_bridge_address = NULLIFIER.l2_bridge_address
    get_deposit_calldata = Function(
        "getDepositCalldata(address sender,bytes32 assetId,bytes assetData) view returns (bytes calldata_)"
    )
    # forwarded to the nullifier
    is_withdrawal_finalized = NULLIFIER.is_withdrawal_finalized
    finalize_withdrawal = NULLIFIER.finalize_withdrawal
    claim_failed_deposit = NULLIFIER.claim_failed_deposit
    bridge_recover_failed_transfer = NULLIFIER.bridge_recover_failed_transfer

    bridgehub_deposit_base_token_initiated = Event(
        "BridgehubDepositBaseTokenInitiated(uint256 indexed chainId,address indexed from,bytes32 assetId,uint256"
        " amount)"
    )
    bridgehub_deposit_initiated = Event(
        "BridgehubDepositInitiated(uint256 indexed chainId,bytes32 indexed txDataHash,address indexed from,bytes32"
        " assetId,bytes bridgeMintCalldata)"
    )
    legacy_deposit_initiated = Event(
        "LegacyDepositInitiated(uint256 indexed chainId,bytes32 indexed l2DepositTxHash,address indexed from,address"
        " to,address l1Token,uint256 amount)"
    )
    deposit_finalized_asset_router = Event(
        "DepositFinalizedAssetRouter(uint256 indexed chainId,bytes32 indexed assetId,bytes assetData)"
    )
    claimed_failed_deposit_asset_router = Event(
        "ClaimedFailedDepositAssetRouter(uint256 indexed chainId,bytes32 indexed assetId,bytes assetData)"
    )


class NATIVE_TOKEN_VAULT:  # noqa: N801
    """bridge/ntv/NativeTokenVaultBase.sol: what the vaults of L1 and L2 have in common."""

    asset_id = Function("assetId(address token) view returns (bytes32 assetId)")
    token_address = Function("tokenAddress(bytes32 assetId) view returns (address token)")
    origin_chain_id = Function("originChainId(bytes32 assetId) view returns (uint256 chainId)")
    origin_token = Function("originToken(bytes32 assetId) view returns (address token)")  # v31
    ensure_token_is_registered = Function("ensureTokenIsRegistered(address token) returns (bytes32 assetId)")
    register_token = Function("registerToken(address token)")
    get_erc20_getters = Function("getERC20Getters(address token,uint256 originChainId) view returns (bytes metadata)")
    calculate_create2_token_address = Function(
        "calculateCreate2TokenAddress(uint256 originChainId,address originToken) view returns (address token)"
    )
    bridged_token_beacon = Function("bridgedTokenBeacon() view returns (address beacon)")
    chain_balance = Function("chainBalance(uint256 chainId,bytes32 assetId) view returns (uint256 balance)")
    weth_token = Function("WETH_TOKEN() view returns (address token)")
    bridge_burn = Event(
        "BridgeBurn(uint256 indexed chainId,bytes32 indexed assetId,address indexed sender,address receiver,uint256"
        " amount)"
    )
    bridge_mint = Event(
        "BridgeMint(uint256 indexed chainId,bytes32 indexed assetId,address indexed receiver,uint256 amount)"
    )


class L1_ERC20_BRIDGE:  # noqa: N801
    """bridge/L1ERC20Bridge.sol, the Era chain's first bridge: known for previews, not used."""

    deposit = Function(
        "deposit(address l2Receiver,address l1Token,uint256 amount,uint256 l2TxGasLimit,uint256 l2TxGasPerPubdataByte,"
        "address refundRecipient) payable returns (bytes32 l2TxHash)"
    )
    finalize_withdrawal = Function(
        "finalizeWithdrawal(uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes message,"
        "bytes32[] merkleProof)"
    )
    claim_failed_deposit = Function(
        "claimFailedDeposit(address depositSender,address l1Token,bytes32 l2TxHash,uint256 l2BatchNumber,"
        "uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof)"
    )


class CUSTOM_BRIDGE:  # noqa: N801
    """What a second bridge other than the asset router offers (`bridge_address`)."""

    l2_bridge_address = NULLIFIER.l2_bridge_address


class ERC20:
    """EIP-20; the results of `approve` and `transfer` are optional (tokens that return nothing)."""

    approve = Function("approve(address spender,uint256 amount) returns (bool success)")
    transfer = Function("transfer(address to,uint256 amount) returns (bool success)")
    transfer_from = Function("transferFrom(address from,address to,uint256 amount) returns (bool success)")
    allowance = Function("allowance(address owner,address spender) view returns (uint256 remaining)")
    balance_of = Function("balanceOf(address account) view returns (uint256 balance)")
    name = Function("name() view returns (string name)")
    symbol = Function("symbol() view returns (string symbol)")
    decimals = Function("decimals() view returns (uint8 decimals)")
    transferred = Event("Transfer(address indexed from,address indexed to,uint256 value)")
    approved = Event("Approval(address indexed owner,address indexed spender,uint256 value)")


class BRIDGED_TOKEN:  # noqa: N801
    """bridge/BridgedStandardERC20.sol: what stands on one chain for a token of another."""

    origin_token = Function("originToken() view returns (address token)")
    asset_id = Function("assetId() view returns (bytes32 assetId)")


class ERC1271:
    """EIP-1271: the magic value is the selector itself."""

    is_valid_signature = Function("isValidSignature(bytes32 hash,bytes signature) view returns (bytes4 magicValue)")


class MULTICALL3:
    """https://github.com/mds1/multicall3."""

    aggregate3 = Function(
        "aggregate3((address target,bool allowFailure,bytes callData)[] calls) payable"
        " returns ((bool success,bytes returnData)[] returnData)"
    )
