"""The custom errors of the contracts and one line each of what the user can do; no advice: only the name tells.

Source: matter-labs/era-contracts, l1-contracts/contracts/common/L1ContractErrors.sol and the error files beside the
bridges, v26 to v31; OpenZeppelin 5's ERC-20, Pausable and SafeERC20.
"""

from typing import Final

__all__ = ["CUSTOM_ERRORS"]

_FETCH_PROOF_AGAIN: Final = "The proof does not fit the batch; fetch it again, and do not retry with this one"
_NOT_A_WITHDRAWAL: Final = "The L2 message is not a withdrawal that the bridge knows"
_REPORT: Final = "The request is malformed; this is a bug of the library that built it"
_LATER: Final = "Nothing is lost: try again later"
_RAISE_L2_GAS: Final = "Raise l2_gas_limit (fees.minimal_l2_gas_limit gives the minimum)"

CUSTOM_ERRORS: Final[dict[str, str]] = {
    # the request: value and gas
    "MsgValueMismatch(uint256 expected,uint256 provided)": (
        "The value sent must be the mint value on a chain with ETH as base token, and only the second bridge's "
        "value on any other"
    ),
    "MsgValueTooLow(uint256 required,uint256 provided)": "The L1 gas price rose above the quoted one: quote again",
    "ValueMismatch(uint256 expected,uint256 actual)": "The ETH sent must be the amount deposited",
    "NonEmptyMsgValue()": "No ETH may be sent along with a token deposit, and l2_value must be 0 in it",
    "BaseTokenGasPriceDenominatorNotSet()": "The chain's operator has not set the base token's price yet",
    "GasPerPubdataMismatch()": "gas_per_pubdata must be 800",
    "TooManyFactoryDeps()": "At most 64 factory deps fit one request: split it",
    "LengthIsNotDivisibleBy32(uint256 length)": (
        "A factory dep must be EraVM bytecode: 32-byte words, an odd number of them"
    ),
    "MalformedBytecode(uint8 reason)": "A factory dep must be EraVM bytecode: 32-byte words, an odd number of them",
    "TxnBodyGasLimitNotEnoughGas()": _RAISE_L2_GAS,
    "ValidateTxnNotEnoughGas()": _RAISE_L2_GAS,
    "TooMuchGas()": "Lower l2_gas_limit: it is above the chain's limit for one transaction",
    "PubdataGreaterThanLimit(uint256 limit,uint256 length)": (
        "Lower l2_gas_limit: it would pay for more pubdata than allowed"
    ),
    "ZeroGasPriceL1TxZKSyncOS()": "The L2 gas price came out as 0: the chain's fee parameters are not set",
    "ZeroGasPriceL1TxZKsyncOS()": "The L2 gas price came out as 0: the chain's fee parameters are not set",
    # the request: who, where and when
    "TransactionNotAllowed()": "The chain admits only senders its transaction filterer knows: ask its operator",
    "DepositsPaused()": "The chain is migrating between settlement layers. " + _LATER,
    "MigrationPaused()": "Migrations are paused. " + _LATER,
    "ChainIdNotRegistered(uint256 chainId)": (
        "The bridgehub does not know this chain: check the chain and the bridgehub"
    ),
    "AssetHandlerNotRegistered(bytes32 assetId)": "The bridgehub does not know this chain or its base token",
    "AssetHandlerDoesNotExist(bytes32 assetId)": "Nobody has registered this asset, or the chain does not exist",
    "NotHyperchain()": "The bridgehub does not know this chain",
    "NotAHyperchain(address chainAddress)": "The bridgehub does not know this chain",
    "SecondBridgeAddressTooLow(address secondBridge,address minimum)": "bridge_address must be a contract on L1",
    "WrongMagicValue(uint256 expected,uint256 provided)": "bridge_address is not a bridge for the bridgehub",
    "OnlyEraSupported()": "This entry point is of the Era chain only",
    "Unauthorized(address caller)": "The caller may not do this",
    "InvalidCaller(address caller)": "The caller may not do this",
    # tokens and assets
    "EmptyDeposit()": "The amount is 0",
    "AmountMustBeGreaterThanZero()": "The amount is 0",
    "EmptyToken()": "There is no contract at the token's address on L1",
    "ZeroAddress()": "The token is not registered, and its address was not given",
    "TokenNotSupported(address token)": "The bridge does not take this token",
    "AssetIdNotSupported(bytes32 assetId)": (
        "The chain's base token is deposited directly, not through the asset router"
    ),
    "AssetIdMismatch(bytes32 expected,bytes32 supplied)": "The token is not the one of this asset id",
    "AssetIdAlreadyRegistered()": "",
    "InvalidNTVBurnData()": _REPORT,
    "BadTransferDataLength()": _REPORT,
    "UnsupportedEncodingVersion()": "The bridge does not know this encoding of the second bridge's calldata",
    "LegacyEncodingUsedForNonL1Token()": "Tokens that are not of L1 need the encoding with an asset id",
    "LegacyBridgeUsesNonNativeToken()": "The legacy bridge takes only tokens of L1",
    "LegacyMethodForNonL1Token()": "The asset is not of L1: claim with bridgeRecoverFailedTransfer",
    "TokensWithFeesNotSupported()": "Tokens that take a fee or change balances on transfer cannot be bridged",
    "BurningNativeWETHNotSupported()": "WETH cannot be bridged: unwrap it and deposit ETH",
    "TokenNotLegacy()": "The token is not of L1: withdraw it by its asset id",
    "TokenIsLegacy()": "The token was bridged before asset ids: use its L1 address",
    "OriginChainIdNotFound()": "The vault does not know where the token comes from",
    "TokenBalanceNotMigratedToGateway(bytes32 assetId,uint256 expected,uint256 actual)": (
        "The chain has not moved this token's balance to its new settlement layer yet. " + _LATER
    ),
    "InsufficientAllowance(uint256 providedAllowance,uint256 requiredAmount)": "Approve the token first",
    "DeployFailed()": "",
    # withdrawals and proofs
    "WithdrawalAlreadyFinalized()": "It is done: the funds have been paid out",
    "BatchNotExecuted(uint256 batchNumber)": "The batch is not executed on L1 yet: wait",
    "LocalRootIsZero()": "The batch is not executed on L1 yet: wait",
    "LocalRootMustBeZero()": _FETCH_PROOF_AGAIN,
    "InvalidProof()": (
        "The proof is wrong or, since v31, the batch is not executed on L1 yet: see whether its root is there"
    ),
    "MerklePathEmpty()": _FETCH_PROOF_AGAIN,
    "MerkleIndexOutOfBounds()": _FETCH_PROOF_AGAIN,
    "MerklePathOutOfBounds()": _FETCH_PROOF_AGAIN,
    "HashedLogIsDefault()": _FETCH_PROOF_AGAIN,
    "UnsupportedProofMetadataVersion(uint256 version)": "The proof is of a format newer than this chain's contracts",
    "InvalidProofLengthForFinalNode()": _FETCH_PROOF_AGAIN,
    "DepthMoreThanOneForRecursiveMerkleProof()": _FETCH_PROOF_AGAIN,
    "NotSettlementLayer()": "The proof names a settlement layer that is none: fetch the proof again",
    "InvalidSettlementLayerForBatch(uint256 chainId,uint256 batchNumber,uint256 claimedSettlementLayer)": (
        "The batch was settled elsewhere: fetch the proof again"
    ),
    "BatchZeroNotAllowed()": _FETCH_PROOF_AGAIN,
    "MessageRootNotRegistered()": "",
    "WrongL2Sender(address l2Sender)": _NOT_A_WITHDRAWAL,
    "InvalidSelector(bytes4 selector)": _NOT_A_WITHDRAWAL,
    "L2WithdrawalMessageWrongLength(uint256 length)": _NOT_A_WITHDRAWAL,
    "WrongMsgLength(uint256 expected,uint256 length)": _NOT_A_WITHDRAWAL,
    "InvalidChainId()": "The withdrawal is of another chain",
    "LegacyBridgeNotSet()": "The chain has no legacy bridge: finalize with L1Nullifier.finalizeDeposit",
    "SharedBridgeValueNotSet(uint8 key)": "",
    "InsufficientChainBalance()": "The chain's balance of this token on L1 is too low for now. " + _LATER,
    "InsufficientChainBalance(uint256 chainId,bytes32 assetId,uint256 amount)": (
        "The chain's balance of this token on L1 is too low for now. " + _LATER
    ),
    "WithdrawFailed()": "The receiver on L1 refuses ETH",
    "EthTransferFailed()": "The receiver on L1 refuses ETH",
    "NotEnoughGasSupplied()": "Raise the L2 gas limit: the message to L1 costs more",
    # failed deposits
    "DepositDoesNotExist()": "Never made, already claimed, or made with other data than given",
    "DepositDoesNotExist(bytes32 expected,bytes32 provided)": (
        "Never made, already claimed, or made with other data than given"
    ),
    "DepositExists()": "",
    "ClaimFailedDepositFailed()": "The depositor on L1 refuses ETH",
    "NoFundsTransferred()": "There is nothing to claim: the amount is 0",
    "OnlyFailureStatusAllowed()": "The deposit succeeded: there is nothing to claim",
    # tokens: OpenZeppelin 5
    "ERC20InsufficientBalance(address sender,uint256 balance,uint256 needed)": (
        "The account does not hold enough of the token"
    ),
    "ERC20InsufficientAllowance(address spender,uint256 allowance,uint256 needed)": "Approve the token first",
    "SafeERC20FailedOperation(address token)": (
        "The token refused the transfer: balance, allowance, or a rule of its own"
    ),
    "EnforcedPause()": "The contract is paused. " + _LATER,
}
