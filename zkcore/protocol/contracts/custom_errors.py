"""The custom errors of the contracts and one line each of what the user can do; no advice: only the name tells.

Source: matter-labs/era-contracts, l1-contracts/contracts/common/L1ContractErrors.sol and the error files beside the
bridges, v26 to v31; OpenZeppelin 5's ERC-20, Pausable and SafeERC20.
"""

from collections.abc import Iterator
from typing import Final

__all__ = ["CUSTOM_ERRORS"]

# the signatures of errors that call for the same advice, and the advice
_TABLE: Final = """\
MsgValueMismatch(uint256,uint256): The value sent must be the mint value on a chain with ETH as base token, and only \
the second bridge's value on any other
MsgValueTooLow(uint256,uint256): The base cost rose above the quoted one, by the L1 gas price or the chain's price of its base \
token: quote again
ValueMismatch(uint256,uint256): The ETH sent must be the amount deposited
NonEmptyMsgValue(): No ETH may be sent along with a token deposit, and l2_value must be 0 in it
BaseTokenGasPriceDenominatorNotSet(): The chain's operator has not set the base token's price yet
GasPerPubdataMismatch(): gas_per_pubdata must be 800
TooManyFactoryDeps(): At most 64 factory deps fit one request: split it
LengthIsNotDivisibleBy32(uint256) MalformedBytecode(uint8): A factory dep must be EraVM bytecode: 32-byte words, an \
odd number of them
TxnBodyGasLimitNotEnoughGas() ValidateTxnNotEnoughGas(): Raise l2_gas_limit (fees.minimal_l2_gas_limit gives the \
minimum)
TooMuchGas(): Lower l2_gas_limit: it is above the chain's limit for one transaction
PubdataGreaterThanLimit(uint256,uint256): Lower l2_gas_limit: it would pay for more pubdata than allowed
ZeroGasPriceL1TxZKSyncOS() ZeroGasPriceL1TxZKsyncOS(): The L2 gas price came out as 0: the chain's fee parameters \
are not set
TransactionNotAllowed(): The chain admits only senders its transaction filterer knows: ask its operator
DepositsPaused(): The chain is migrating between settlement layers. Nothing is lost: try again later
MigrationPaused(): Migrations are paused. Nothing is lost: try again later
ChainIdNotRegistered(uint256): The bridgehub does not know this chain: check the chain and the bridgehub
AssetHandlerNotRegistered(bytes32): The bridgehub does not know this chain or its base token
AssetHandlerDoesNotExist(bytes32): Nobody has registered this asset, or the chain does not exist
NotHyperchain() NotAHyperchain(address): The bridgehub does not know this chain
SecondBridgeAddressTooLow(address,address): bridge_address must be a contract on L1
WrongMagicValue(uint256,uint256): bridge_address is not a bridge for the bridgehub
OnlyEraSupported(): This entry point is of the Era chain only
Unauthorized(address) InvalidCaller(address): The caller may not do this
EmptyDeposit() AmountMustBeGreaterThanZero(): The amount is 0
EmptyToken(): There is no contract at the token's address on L1
ZeroAddress(): The token is not registered, and its address was not given
TokenNotSupported(address): The bridge does not take this token
AssetIdNotSupported(bytes32): The chain's base token is deposited directly, not through the asset router
AssetIdMismatch(bytes32,bytes32): The token is not the one of this asset id
InvalidNTVBurnData() BadTransferDataLength(): The request is malformed; this is a bug of the library that built it
UnsupportedEncodingVersion(): The bridge does not know this encoding of the second bridge's calldata
LegacyEncodingUsedForNonL1Token(): Tokens that are not of L1 need the encoding with an asset id
LegacyBridgeUsesNonNativeToken(): The legacy bridge takes only tokens of L1
LegacyMethodForNonL1Token(): The asset is not of L1: claim with bridgeRecoverFailedTransfer
TokensWithFeesNotSupported(): Tokens that take a fee or change balances on transfer cannot be bridged
BurningNativeWETHNotSupported(): WETH cannot be bridged: unwrap it and deposit ETH
TokenNotLegacy(): The token is not of L1: withdraw it by its asset id
TokenIsLegacy(): The token was bridged before asset ids: use its L1 address
OriginChainIdNotFound(): The vault does not know where the token comes from
TokenBalanceNotMigratedToGateway(bytes32,uint256,uint256): The chain has not moved this token's balance to its new \
settlement layer yet. Nothing is lost: try again later
InsufficientAllowance(uint256,uint256) ERC20InsufficientAllowance(address,uint256,uint256): Approve the token first
WithdrawalAlreadyFinalized(): It is done: the funds have been paid out
BatchNotExecuted(uint256) LocalRootIsZero(): The batch is not executed on L1 yet: wait
LocalRootMustBeZero() MerklePathEmpty() MerkleIndexOutOfBounds() MerklePathOutOfBounds() HashedLogIsDefault() \
InvalidProofLengthForFinalNode() DepthMoreThanOneForRecursiveMerkleProof() BatchZeroNotAllowed(): The proof does not \
fit the batch; fetch it again, and do not retry with this one
InvalidProof(): The proof is wrong or, since v31, the batch is not executed on L1 yet: see whether its root is there
UnsupportedProofMetadataVersion(uint256): The proof is of a format newer than this chain's contracts
NotSettlementLayer(): The proof names a settlement layer that is none: fetch the proof again
InvalidSettlementLayerForBatch(uint256,uint256,uint256): The batch was settled elsewhere: fetch the proof again
WrongL2Sender(address) InvalidSelector(bytes4) L2WithdrawalMessageWrongLength(uint256) \
WrongMsgLength(uint256,uint256): The L2 message is not a withdrawal that the bridge knows
InvalidChainId(): The withdrawal is of another chain
LegacyBridgeNotSet(): The chain has no legacy bridge: finalize with L1Nullifier.finalizeDeposit
InsufficientChainBalance() InsufficientChainBalance(uint256,bytes32,uint256): The chain's balance of this token on \
L1 is too low for now. Nothing is lost: try again later
WithdrawFailed() EthTransferFailed(): The receiver on L1 refuses ETH
NotEnoughGasSupplied(): Raise the L2 gas limit: the message to L1 costs more
DepositDoesNotExist() DepositDoesNotExist(bytes32,bytes32): Never made, already claimed, or made with other data \
than given
ClaimFailedDepositFailed(): The depositor on L1 refuses ETH
NoFundsTransferred(): There is nothing to claim: the amount is 0
OnlyFailureStatusAllowed(): The deposit succeeded: there is nothing to claim
ERC20InsufficientBalance(address,uint256,uint256): The account does not hold enough of the token
SafeERC20FailedOperation(address): The token refused the transfer: balance, allowance, or a rule of its own
MessageNotIncluded(): The batch is not executed on L1 yet, or the proof is wrong: see whether its root is there
BundleAlreadyProcessed(bytes32): It was executed or cancelled: the statuses of bundle and call tell which
ExecutingNotAllowed(bytes32,bytes,bytes): Whoever sent it named who may execute it, and this is another account
InteropBundleSaltAlreadyUsed(address,bytes32): This order was sent before: look for its withdrawal
UnbundlingNotAllowed(bytes32,bytes,bytes) CanNotUnbundle(bytes32) CallAlreadyExecuted(bytes32,uint256) \
CallNotExecutable(bytes32,uint256) WrongCallStatusLength(uint256,uint256): The bundle cannot be cancelled, or not by this \
account
UnauthorizedMessageSender(address,address) WrongSourceChainId(bytes32,uint256,uint256) \
WrongDestinationChainId(bytes32,uint256,uint256) WrongDestinationBaseTokenAssetId(bytes32,bytes32,bytes32) \
EmptyBundle() InvalidInteropBundleVersion() InvalidInteropCallVersion() InteropWithdrawalNonZeroValue(uint256) \
InteropSenderChainIdMismatch(uint256,uint256): The bundle is no withdrawal that the handler on L1 knows
DirectCallToL1NotSupported() NonZeroValueToL1NotSupported(uint256) MultiCallToL1NotSupported(uint256) \
InteropCallToL1NotToAssetRouter(address) InteroperableAddressNotEmpty(bytes) \
InteroperableAddressChainReferenceNotEmpty(bytes) InteropToSelfNotSupported() NonAtomicSendUnsupported() \
AtomicBundleToL1NotSupported() DestinationChainNotRegistered(uint256) IndirectCallCannotCarryValue(uint256) \
IndirectCallOnlyToAssetRouter(address) CannotInitiateInteropOnL1(uint256) NotL2ToL2(uint256,uint256) \
ZKTokenNotAvailable() UnsupportedAttribute(bytes4) AttributeAlreadySet(bytes4) \
AttributeViolatesRestriction(bytes4,uint256): The bundle is not one that withdraws
EnforcedPause(): The contract is paused. Nothing is lost: try again later
AssetIdAlreadyRegistered() DeployFailed() MessageRootNotRegistered() SharedBridgeValueNotSet(uint8) DepositExists()
"""


def _rows() -> Iterator[tuple[str, str]]:
    for line in _TABLE.splitlines():
        errors, _, advice = line.partition(": ")
        yield from ((error, advice) for error in errors.split())


CUSTOM_ERRORS: Final[dict[str, str]] = dict(_rows())
