"""Each selector and topic is computed here and compared with the literal of the published contracts."""

import re

import pytest

from zkcore.ethereum.abi import ErrorType
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts import CUSTOM_ERRORS, constants, events, functions

# selector signature, of the contracts as published (cast sig)
FUNCTIONS = """
d52471c1 requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))
24fd57fb requestL2TransactionTwoBridges((uint256,uint256,uint256,uint256,uint256,address,address,uint256,bytes))
71623274 l2TransactionBaseCost(uint256,uint256,uint256,uint256)
59ec65a2 baseToken(uint256)
e52db4ca baseTokenAssetId(uint256)
bc0aac10 assetRouter()
e680c4c1 getZKChain(uint256)
9cd939e4 l2LogsRootHash(uint256)
b8c2f66f getTotalBatchesExecuted()
f5c1182c getSemverProtocolVersion()
0ec6b0b7 getPriorityTxMaxGasLimit()
1496c5ce chainBatchRoots(uint256,uint256)
74beea82 finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))
5ef7e104 sendBundle(bytes,(bytes,bytes,bytes[])[],bytes[])
80b61788 isInteropBundleSaltUsed(address,bytes32)
c8496ea7 indirectCall(uint256)
54b16529 interopCallValue(uint256)
6ffe4595 interopBundleSalt(bytes32)
054c031b executionAddress(bytes)
b9c86698 unbundlerAddress(bytes)
fb809189 useFixedFee(bool)
2949e7b7 executeBundle(bytes,(uint256,uint256,uint256,(uint16,address,bytes),bytes32[]))
743565a6 verifyBundle(bytes,(uint256,uint256,uint256,(uint16,address,bytes),bytes32[]))
7e4fbbde bundleStatus(bytes32)
aac0ac46 callStatus(bytes32,uint256)
8e64f44f l1InteropHandler()
4f68113a interopCenter()
8f31f052 isWithdrawalFinalized(uint256,uint256,uint256)
3601e63e bridgeRecoverFailedTransfer(uint256,address,bytes32,bytes,bytes32,uint256,uint256,uint16,bytes32[])
9fa8826b depositHappened(uint256,bytes32)
e60ccaba L1_NULLIFIER()
64e130cf nativeTokenVault()
fd3f60df assetId(address)
97bb3ce9 tokenAddress(bytes32)
5f3455b5 originChainId(bytes32)
a7236d16 getERC20Getters(address,uint256)
4a2e35ba withdraw(bytes32,bytes)
d9caed12 withdraw(address,address,uint256)
51cff8d9 withdraw(address)
84bc3eb0 withdrawWithMessage(address,bytes)
f5f15168 l2TokenAddress(address)
f54266a2 l1TokenAddress(address)
62f84b24 sendToL1(bytes)
9c884fd1 finalizeDeposit(uint256,bytes32,bytes)
cfe7af7c finalizeDeposit(address,address,address,uint256,bytes)
fb1a9a57 getDeploymentNonce(address)
1626ba7e isValidSignature(bytes32,bytes)
9c4d535b create(bytes32,bytes32,bytes)
3cda3351 create2(bytes32,bytes32,bytes)
ecf95b8a createAccount(bytes32,bytes32,bytes,uint8)
5d382700 create2Account(bytes32,bytes32,bytes,uint8)
8c5a3445 general(bytes)
949431dc approvalBased(address,uint256,bytes)
095ea7b3 approve(address,uint256)
dd62ed3e allowance(address,address)
70a08231 balanceOf(address)
a9059cbb transfer(address,uint256)
"""

EVENTS = """
4531cd5795773d7101c17bdeb9f5ab7f47d7056017506f937083be5d6e77a382 NewPriorityRequest
779f441679936c5441b671969f37400b8c3ed0071cb47444431bf985754560df NewPriorityRequestId
55362fc62473cb1255e770af5d5e02ba6ee5bc7ed6969c30eb11ca31b92384dc WithdrawalInitiatedAssetRouter
2717ead6b9200dd235aad468c9809ea400fe33ac69b5bfaa6d3e90fc922b6398 Withdrawal
c405fe8958410bbaf0c73b7a0c3e20859e86ca168a4c9b0def9c54d2555a306b WithdrawalWithMessage
3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241 L1MessageSent
e21913bc89c1320d9709a5d236ffe06b54cf88aecfc9509ebd68f1adba45781e BridgehubDepositInitiated
2fc3848834aac8e883a2d2a17a7514dc4f2d3dd268089df9b9f5d918259ef3b0 WithdrawalInitiated
34f0c8793bbe5d387e08477e16f91e6d185ddf41809ba64ebccfc46ec7ae47e1 InteropBundleSent
dd0fe78c1153f6af3f72afd04381692d6ee5747db36a59c9fec395ad369d3625 BundleExecuted
44eb9a840094a49b3cd0a5205042598a1c08c4e87bafb5760bc2d8efa170c541 DepositFinalizedAssetRouter
05518b128f0a9b11ddddebd5211a7fc2f4a689dab3a3e258d93eb13049983c3e WithdrawalFinalizedSharedBridge
290afdae231a3fc0bbae8b1af63698b0a1d79b21ad17df0342dfb952fe74f8e5 ContractDeployed
"""

ERRORS = """
4a094431 MsgValueMismatch b385a3da MsgValueTooLow 626ade30 ValueMismatch 536ec84b NonEmptyMsgValue
95b66fe9 EmptyDeposit 5e85ae73 AmountMustBeGreaterThanZero 066f53b1 EmptyToken d92e233d ZeroAddress
06439c6b TokenNotSupported 04a0b7e9 AssetIdNotSupported 1294e9e1 AssetIdMismatch fde974f4 AssetHandlerDoesNotExist
fe919e28 AssetIdAlreadyRegistered de4c0b96 InvalidNTVBurnData 9b821ed7 BadTransferDataLength
084a1449 UnsupportedEncodingVersion fade089a LegacyEncodingUsedForNonL1Token 29963361 LegacyBridgeUsesNonNativeToken
ad2fa98e DepositExists b926450e OriginChainIdNotFound a51fa558 TokenIsLegacy 6d963f88 EthTransferFailed
8e4a23d6 Unauthorized b78dbaa7 SecondBridgeAddressTooLow 15e8e429 WrongMagicValue 23f3c357 ChainIdNotRegistered
f3ed9dfa OnlyEraSupported 32ddf9a2 NotHyperchain b4f54111 DeployFailed 497087ab NotEnoughGasSupplied
a695b1ef BatchZeroNotAllowed 913183d8 MessageRootNotRegistered 1c500385 MerklePathOutOfBounds
6ef9a972 BaseTokenGasPriceDenominatorNotSet 00c5a6a9 TransactionNotAllowed c91cf3b1 GasPerPubdataMismatch
76da24b9 TooManyFactoryDeps deeb6943 DepositsPaused 2e311df8 TxnBodyGasLimitNotEnoughGas f0b4e88f TooMuchGas
959f26fb PubdataGreaterThanLimit 47b3b145 ValidateTxnNotEnoughGas 1bc36e67 ZeroGasPriceL1TxZKSyncOS
db60e600 ZeroGasPriceL1TxZKsyncOS e37d2c02 LengthIsNotDivisibleBy32 43e266b0 MalformedBytecode
23830e28 TokensWithFeesNotSupported aa5f6180 BurningNativeWETHNotSupported 1850b46b TokenNotLegacy
90ed63bb TokenBalanceNotMigratedToGateway 97e1359e L2WithdrawalMessageWrongLength 61cdb17e WrongMsgLength
12ba286f InvalidSelector 8efef97a LegacyBridgeNotSet 636c90db WrongL2Sender ae899454 WithdrawalAlreadyFinalized
750b219c WithdrawFailed 48c5fa28 InvalidProofLengthForFinalNode 79274f04 UnsupportedProofMetadataVersion
68d91b49 DepthMoreThanOneForRecursiveMerkleProof 9bb54c35 MerkleIndexOutOfBounds d356e6ba HashedLogIsDefault
bdaf7d42 LocalRootMustBeZero d0266e26 NotSettlementLayer 896555dc InvalidSettlementLayerForBatch
2078a6a0 BatchNotExecuted a969e486 LocalRootIsZero 09bde339 InvalidProof 8e23ac1a MerklePathEmpty
826fb11e InsufficientChainBalance 07859b3b InsufficientChainBalance 7a47c9a2 InvalidChainId
7774d2f9 SharedBridgeValueNotSet c7c9660f DepositDoesNotExist 42bce528 DepositDoesNotExist
767eed08 LegacyMethodForNonL1Token 7ec6d3a1 OnlyFailureStatusAllowed 0fef9068 ClaimFailedDepositFailed
cab098d8 NoFundsTransferred 64107968 AssetHandlerNotRegistered e450d38c ERC20InsufficientBalance
fb8f41b2 ERC20InsufficientAllowance 5274afe7 SafeERC20FailedOperation d93c0665 EnforcedPause
ff4bbdf1 NotAHyperchain bfa9bcca InteropBundleSaltAlreadyUsed 43f0659c DirectCallToL1NotSupported
d72e81d8 NonZeroValueToL1NotSupported 6a430157 MultiCallToL1NotSupported d9b009c7 InteropCallToL1NotToAssetRouter
884f49ba InteroperableAddressNotEmpty fe8b1b16 InteroperableAddressChainReferenceNotEmpty 9b021130 InteropToSelfNotSupported
1db1b07e NonAtomicSendUnsupported 979e85dd AtomicBundleToL1NotSupported e1c9e479 UnsupportedAttribute
9031f751 AttributeAlreadySet bcb41ec7 AttributeViolatesRestriction 32c2e156 MessageNotIncluded
89fd2c76 UnauthorizedMessageSender 534ab1b2 WrongSourceChainId 4534e972 WrongDestinationChainId
b99d46dc WrongDestinationBaseTokenAssetId 558c44fc EmptyBundle 5bba5111 BundleAlreadyProcessed e845be4c ExecutingNotAllowed
eae192ef InvalidInteropBundleVersion d5f13973 InvalidInteropCallVersion abd51c42 InteropWithdrawalNonZeroValue
d70c44f6 InteropSenderChainIdMismatch d5c7a376 CallAlreadyExecuted c087b727 CallNotExecutable
801534e9 WrongCallStatusLength 0345c281 UnbundlingNotAllowed f729f26d CanNotUnbundle 2d159f39 DestinationChainNotRegistered
4afc3319 IndirectCallCannotCarryValue 8014ad84 IndirectCallOnlyToAssetRouter a8ab28c8 CannotInitiateInteropOnL1
92196069 ZKTokenNotAvailable c5441a63 NotL2ToL2
"""


@pytest.mark.parametrize("line", FUNCTIONS.split("\n")[1:-1])
def test_functions(line: str) -> None:
    selector, signature = line.split(" ")
    assert functions()[bytes.fromhex(selector)].signature == signature


@pytest.mark.parametrize("line", EVENTS.split("\n")[1:-1])
def test_events(line: str) -> None:
    topic, name = line.split(" ")
    assert events()[bytes.fromhex(topic)].name == name


@pytest.mark.parametrize(("selector", "name"), re.findall(r"([0-9a-f]{8}) (\w+)", ERRORS))
def test_custom_errors(selector: str, name: str) -> None:
    by_selector = {ErrorType(text).selector.hex(): ErrorType(text).name for text in CUSTOM_ERRORS}
    assert by_selector[selector] == name


def test_no_two_fragments_share_a_selector() -> None:
    selectors = [ErrorType(text).selector for text in CUSTOM_ERRORS]
    assert len(set(selectors)) == len(selectors)
    assert all(function.selector == selector for selector, function in functions().items())


def test_every_parameter_has_a_name() -> None:
    """Previews show them."""
    for fragment in (*functions().values(), *events().values()):
        names = [parameter.name for parameter in fragment.inputs]
        assert all(names), fragment
        assert len(set(names)) == len(names), fragment


def test_constants_are_the_hashes_they_are_said_to_be() -> None:
    assert keccak256(bytes(88)) == constants.DEFAULT_LEAF
    assert keccak256(b"zkSync:BatchLeaf") == constants.BATCH_LEAF_PADDING
    assert keccak256(b"zkSync:ChainIdLeaf") == constants.CHAIN_ID_LEAF_PADDING
    assert keccak256(b"zksyncCreate") == constants.CREATE_PREFIX
    assert keccak256(b"zksyncCreate2") == constants.CREATE2_PREFIX
