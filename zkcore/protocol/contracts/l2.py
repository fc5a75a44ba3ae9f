"""The contracts on L2: functions and events. Source: matter-labs/era-contracts, the path named by each, v26 to v31."""

from zkcore.ethereum.abi import Event, Function
from zkcore.transactions._paymaster import PAYMASTER_FLOW

# fmt: off
__all__ = [
    "CONTRACT_DEPLOYER", "ERC1271", "L1_MESSENGER", "L2_ASSET_ROUTER", "L2_BASE_TOKEN", "L2_LEGACY_BRIDGE",
    "L2_NATIVE_TOKEN_VAULT", "NONCE_HOLDER", "PAYMASTER_FLOW",
]
# fmt: on


class L2_ASSET_ROUTER:  # noqa: N801
    """l1-contracts/contracts/bridge/asset-router/L2AssetRouter.sol, at 0x10003."""

    withdraw = Function("withdraw(bytes32 assetId,bytes assetData) returns (bytes32 txHash)")
    withdraw_legacy = Function("withdraw(address l1Receiver,address l2Token,uint256 amount)")
    finalize_deposit = Function("finalizeDeposit(uint256 originChainId,bytes32 assetId,bytes transferData) payable")
    finalize_deposit_legacy = Function(
        "finalizeDeposit(address l1Sender,address l2Receiver,address l1Token,uint256 amount,bytes data) payable"
    )
    base_token_asset_id = Function("BASE_TOKEN_ASSET_ID() view returns (bytes32 assetId)")
    l2_token_address = Function("l2TokenAddress(address l1Token) view returns (address l2Token)")
    l1_token_address = Function("l1TokenAddress(address l2Token) view returns (address l1Token)")
    bridgehub_deposit_initiated = Event(
        "BridgehubDepositInitiated(uint256 indexed chainId,bytes32 indexed txDataHash,address indexed from,bytes32 assetId,"
        "bytes bridgeMintCalldata)"
    )
    withdrawal_initiated_asset_router = Event(
        "WithdrawalInitiatedAssetRouter(uint256 chainId,address indexed l2Sender,bytes32 indexed assetId,"
        "bytes assetData)"
    )
    withdrawal_initiated = Event(  # of a bridge beside the vault: usdc-bridge, src/L2USDCBridge.sol
        "WithdrawalInitiated(address indexed l2Sender,address indexed l1Receiver,address indexed l2Token,uint256 amount)"
    )


class L2_NATIVE_TOKEN_VAULT:  # noqa: N801
    """l1-contracts/contracts/bridge/ntv/L2NativeTokenVault.sol, at 0x10004; see also NATIVE_TOKEN_VAULT."""

    l2_token_address = Function("l2TokenAddress(address l1Token) view returns (address l2Token)")  # 0: not deployed
    bridged_token_beacon = Function("bridgedTokenBeacon() view returns (address beacon)")
    l2_token_proxy_bytecode_hash = Function("L2_TOKEN_PROXY_BYTECODE_HASH() view returns (bytes32 hash)")  # Era


class L2_LEGACY_BRIDGE:  # noqa: N801
    """l1-contracts/contracts/bridge/L2SharedBridgeLegacy.sol: on Era it deploys the tokens of L1 still, where there is one."""

    l2_token_beacon = Function("l2TokenBeacon() view returns (address beacon)")
    l2_token_proxy_bytecode_hash = Function("l2TokenProxyBytecodeHash() view returns (bytes32 hash)")


class L2_BASE_TOKEN:  # noqa: N801
    """system-contracts/contracts/L2BaseToken.sol, at 0x800A."""

    withdraw = Function("withdraw(address l1Receiver) payable")
    withdraw_with_message = Function("withdrawWithMessage(address l1Receiver,bytes additionalData) payable")
    withdrawal = Event("Withdrawal(address indexed l2Sender,address indexed l1Receiver,uint256 amount)")
    withdrawal_with_message = Event(
        "WithdrawalWithMessage(address indexed l2Sender,address indexed l1Receiver,uint256 amount,bytes additionalData)"
    )


class L1_MESSENGER:  # noqa: N801
    """system-contracts/contracts/L1Messenger.sol, at 0x8008."""

    send_to_l1 = Function("sendToL1(bytes message) returns (bytes32 hash)")
    l1_message_sent = Event("L1MessageSent(address indexed sender,bytes32 indexed hash,bytes message)")


class ERC1271:
    """https://eips.ethereum.org/EIPS/eip-1271: a contract says whether a signature is its own, by 0x1626ba7e."""

    is_valid_signature = Function("isValidSignature(bytes32 hash,bytes signature) view returns (bytes4 magic)")


class NONCE_HOLDER:  # noqa: N801
    """system-contracts/contracts/NonceHolder.sol, at 0x8003; Era only."""

    get_deployment_nonce = Function("getDeploymentNonce(address account) view returns (uint256 nonce)")


class CONTRACT_DEPLOYER:  # noqa: N801
    """system-contracts/contracts/ContractDeployer.sol, at 0x8006; Era only."""

    create = Function("create(bytes32 salt,bytes32 bytecodeHash,bytes input) payable returns (address newAddress)")
    create2 = Function("create2(bytes32 salt,bytes32 bytecodeHash,bytes input) payable returns (address newAddress)")
    create_account = Function(
        "createAccount(bytes32 salt,bytes32 bytecodeHash,bytes input,uint8 aaVersion) payable returns (address newAddress)"
    )
    create2_account = Function(
        "create2Account(bytes32 salt,bytes32 bytecodeHash,bytes input,uint8 aaVersion) payable returns (address newAddress)"
    )
    allowed_bytecode_types_to_deploy = Function(
        "allowedBytecodeTypesToDeploy() view returns (uint8 mode)"
    )  # 1: EVM code too
    get_account_info = Function(
        "getAccountInfo(address account) view returns (uint8 supportedAAVersion,uint8 nonceOrdering)"
    )
    contract_deployed = Event(
        "ContractDeployed(address indexed deployerAddress,bytes32 indexed bytecodeHash,address indexed contractAddress)"
    )
