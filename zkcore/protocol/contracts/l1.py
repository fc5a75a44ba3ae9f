"""The contracts on L1: functions and events. Source: matter-labs/era-contracts, l1-contracts/contracts, v26 to v31."""

from zkcore.ethereum.abi import Event, Function

# fmt: off
__all__ = [
    "ASSET_ROUTER", "BRIDGED_TOKEN", "BRIDGEHUB", "DIAMOND", "ERC20", "LEGACY_BRIDGE", "MESSAGE_ROOT",
    "NATIVE_TOKEN_VAULT", "NULLIFIER",
]
# fmt: on

_CANONICAL = (
    "(uint256 txType,uint256 from,uint256 to,uint256 gasLimit,uint256 gasPerPubdataByteLimit,uint256 maxFeePerGas,"
    "uint256 maxPriorityFeePerGas,uint256 paymaster,uint256 nonce,uint256 value,uint256[4] reserved,bytes data,"
    "bytes signature,uint256[] factoryDeps,bytes paymasterInput,bytes reservedDynamic) transaction"
)


class BRIDGEHUB:
    """core/bridgehub/L1Bridgehub.sol (bridgehub/Bridgehub.sol before v30)."""

    request_l2_transaction_direct = Function(
        "requestL2TransactionDirect((uint256 chainId,uint256 mintValue,address l2Contract,uint256 l2Value,"
        "bytes l2Calldata,uint256 l2GasLimit,uint256 l2GasPerPubdataByteLimit,bytes[] factoryDeps,"
        "address refundRecipient) request) payable returns (bytes32 canonicalTxHash)"
    )
    request_l2_transaction_two_bridges = Function(
        "requestL2TransactionTwoBridges((uint256 chainId,uint256 mintValue,uint256 l2Value,uint256 l2GasLimit,"
        "uint256 l2GasPerPubdataByteLimit,address refundRecipient,address secondBridgeAddress,"
        "uint256 secondBridgeValue,bytes secondBridgeCalldata) request) payable returns (bytes32 canonicalTxHash)"
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
    whitelisted_settlement_layers = Function("whitelistedSettlementLayers(uint256 chainId) view returns (bool allowed)")
    interop_center = Function("interopCenter() view returns (address center)")  # since v34


class DIAMOND:
    """The chain's diamond proxy: state-transition/chain-deps/facets/{Mailbox,Getters}.sol."""

    new_priority_request = Event(
        f"NewPriorityRequest(uint256 txId,bytes32 txHash,uint64 expirationTimestamp,{_CANONICAL},bytes[] factoryDeps)"
    )
    new_priority_request_id = Event("NewPriorityRequestId(uint256 indexed txId,bytes32 indexed txHash)")
    get_chain_id = Function("getChainId() view returns (uint256 chainId)")
    l2_logs_root_hash = Function("l2LogsRootHash(uint256 batchNumber) view returns (bytes32 root)")
    get_total_batches_executed = Function("getTotalBatchesExecuted() view returns (uint256 batches)")
    get_semver_protocol_version = Function(
        "getSemverProtocolVersion() view returns (uint32 major,uint32 minor,uint32 patch)"
    )
    get_priority_tx_max_gas_limit = Function("getPriorityTxMaxGasLimit() view returns (uint256 gas)")


class MESSAGE_ROOT:  # noqa: N801
    """core/message-root/L1MessageRoot.sol: proves from v31 on."""

    chain_batch_roots = Function("chainBatchRoots(uint256 chainId,uint256 batchNumber) view returns (bytes32 root)")


class NULLIFIER:
    """bridge/L1Nullifier.sol."""

    finalize_deposit = Function(
        "finalizeDeposit((uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex,address l2Sender,"
        "uint16 l2TxNumberInBatch,bytes message,bytes32[] merkleProof) finalizeWithdrawalParams)"
    )
    is_withdrawal_finalized = Function(
        "isWithdrawalFinalized(uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex)"
        " view returns (bool finalized)"
    )
    bridge_recover_failed_transfer = Function(
        "bridgeRecoverFailedTransfer(uint256 chainId,address depositSender,bytes32 assetId,bytes assetData,"
        "bytes32 l2TxHash,uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof)"
    )
    l1_interop_handler = Function("l1InteropHandler() view returns (address handler)")  # since v33
    deposit_happened = Function("depositHappened(uint256 chainId,bytes32 l2TxHash) view returns (bytes32 dataHash)")


class LEGACY_BRIDGE:  # noqa: N801
    """A bridge of its own beside the vault, with the interface that L1SharedBridge had before v26; also NULLIFIER's views.

    USDC's: matter-labs/usdc-bridge, src/L1USDCBridge.sol. The nullifier has `l2BridgeAddress` as well.
    """

    finalize_withdrawal = Function(
        "finalizeWithdrawal(uint256 chainId,uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,"
        "bytes message,bytes32[] merkleProof)"
    )
    claim_failed_deposit = Function(
        "claimFailedDeposit(uint256 chainId,address depositSender,address l1Token,uint256 amount,bytes32 l2TxHash,"
        "uint256 l2BatchNumber,uint256 l2MessageIndex,uint16 l2TxNumberInBatch,bytes32[] merkleProof)"
    )
    l2_bridge_address = Function("l2BridgeAddress(uint256 chainId) view returns (address l2Bridge)")
    bridgehub_deposit_finalized = Event(
        "BridgehubDepositFinalized(uint256 indexed chainId,bytes32 indexed txDataHash,bytes32 indexed l2DepositTxHash)"
    )
    withdrawal_finalized_shared_bridge = Event(
        "WithdrawalFinalizedSharedBridge(uint256 indexed chainId,address indexed to,address indexed l1Token,uint256 amount)"
    )


class ASSET_ROUTER:  # noqa: N801
    """bridge/asset-router/L1AssetRouter.sol."""

    l1_nullifier = Function("L1_NULLIFIER() view returns (address nullifier)")
    native_token_vault = Function("nativeTokenVault() view returns (address vault)")
    deposit_finalized_asset_router = Event(
        "DepositFinalizedAssetRouter(uint256 indexed chainId,bytes32 indexed assetId,bytes assetData)"
    )


class NATIVE_TOKEN_VAULT:  # noqa: N801
    """bridge/ntv/NativeTokenVaultBase.sol: what the vaults of L1 and L2 have in common."""

    asset_id = Function("assetId(address token) view returns (bytes32 assetId)")
    token_address = Function("tokenAddress(bytes32 assetId) view returns (address token)")
    origin_chain_id = Function("originChainId(bytes32 assetId) view returns (uint256 chainId)")
    calculate_create2_token_address = Function(
        "calculateCreate2TokenAddress(uint256 originChainId,address originToken) view returns (address token)"
    )
    # on L1 only: what came to a chain of an asset, and who counts that since v31
    chain_balance = Function("chainBalance(uint256 chainId,bytes32 assetId) view returns (uint256 balance)")
    l1_asset_tracker = Function("l1AssetTracker() view returns (address tracker)")
    get_erc20_getters = Function("getERC20Getters(address token,uint256 originChainId) view returns (bytes metadata)")


class ERC20:
    """EIP-20; the results of `approve` and `transfer` are optional (tokens that return nothing)."""

    approve = Function("approve(address spender,uint256 amount) returns (bool success)")
    transfer = Function("transfer(address to,uint256 amount) returns (bool success)")
    allowance = Function("allowance(address owner,address spender) view returns (uint256 remaining)")
    balance_of = Function("balanceOf(address account) view returns (uint256 balance)")
    name = Function("name() view returns (string name)")
    symbol = Function("symbol() view returns (string symbol)")
    decimals = Function("decimals() view returns (uint8 decimals)")


class BRIDGED_TOKEN:  # noqa: N801
    """bridge/BridgedStandardERC20.sol: what stands on one chain for a token of another."""

    origin_token = Function("originToken() view returns (address token)")
    asset_id = Function("assetId() view returns (bytes32 assetId)")
