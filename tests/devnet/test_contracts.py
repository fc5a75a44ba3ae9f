"""Each fact of protocol.md's annex, and the rules of its sections 3 to 8, on the devnet's L1 contracts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.devnet.l1_chain import (
    CHAIN_ID,
    DEPLOYER,
    ETH,
    L1Chain,
    Reverted,
    alias,
    asset_id,
    call_data,
    mapping_slot,
    revert_data,
    selector,
    topic,
    word,
)
from tests.devnet.real_world import (
    BOOK,
    CHANGE_FEE_PARAMS,
    TRANSACTION,
    diamond,
    message_leaf,
    path_root,
    real_world,
    status_leaf,
)
from zkcore.ethereum.abi import decode, encode
from zkcore.ethereum.hashing import keccak256

HUB, ROUTER, NULLIFIER, VAULT = (BOOK[name] for name in ("bridgehub", "assetRouter", "nullifier", "nativeTokenVault"))
TOKEN, OTHER, BASE_271, RELAY = (
    BOOK[name] for name in ("tokens.erc20_18", "tokens.erc20_6", "chains.271.baseToken", "relayContract")
)
ALICE = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
BOB = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
NOBODY = "0x" + "00" * 20
NEWCOMER = "0x000000000000000000000000000000000000cafe"  # without code, tokens or allowances
GWEI = 10**9
PRICE_AT_GWEI = 262_500_000  # L2 gas price at an L1 price of 1 gwei and default parameters
LIMIT = 1_000_000
COST = PRICE_AT_GWEI * LIMIT
ETHER = 10**18
DIRECT = "requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))"
TWO_BRIDGES = "requestL2TransactionTwoBridges((uint256,uint256,uint256,uint256,uint256,address,address,uint256,bytes))"
FINALIZE = "finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))"
RECOVER = "bridgeRecoverFailedTransfer(uint256,address,bytes32,bytes,bytes32,uint256,uint256,uint16,bytes32[])"
CLAIM = "claimFailedDeposit(uint256,address,address,uint256,bytes32,uint256,uint256,uint16,bytes32[])"
FINALIZE_LEGACY = "finalizeWithdrawal(uint256,uint256,uint256,uint16,bytes,bytes32[])"
MAGIC = keccak256(b"TWO_BRIDGES_MAGIC_VALUE")
NEW_PRIORITY_REQUEST = "0x4531cd5795773d7101c17bdeb9f5ab7f47d7056017506f937083be5d6e77a382"
NEW_PRIORITY_REQUEST_ID = "0x779f441679936c5441b671969f37400b8c3ed0071cb47444431bf985754560df"
PATH = [bytes([level]) * 32 for level in range(1, 16)]


@pytest.fixture(scope="module")
def world() -> Iterator[L1Chain]:
    with real_world() as l1:
        for account in (ALICE, BOB, NEWCOMER):
            l1.rpc("anvil_setBalance", account, hex(10**26))
        yield l1


@pytest.fixture
def l1(world: L1Chain) -> Iterator[L1Chain]:
    world.push()
    yield world
    world.pop()


# ---------------------------------------------------------------- what the tests say often


def h(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def direct(
    chain_id: int = 270,
    *,
    mint: int = COST,
    to: str = BOB,
    l2_value: int = 0,
    data: bytes = b"",
    limit: int = LIMIT,
    per_pubdata: int = 800,
    deps: tuple[bytes, ...] = (),
    refund: str = NOBODY,
) -> str:
    return call_data(DIRECT, (chain_id, mint, to, l2_value, data, limit, per_pubdata, list(deps), refund))


def new_data(
    token: str, amount: int, receiver: str = BOB, maybe_token: str | None = None, asset: str | None = None
) -> bytes:
    """Second-bridge calldata of the new form."""
    transfer = encode(
        ("uint256", "address", "address"), (amount, receiver, token if maybe_token is None else maybe_token)
    )
    return b"\x01" + encode(("bytes32", "bytes"), (h(asset or asset_id(token)), transfer))


def legacy_data(token: str, amount: int, receiver: str = BOB) -> bytes:
    return encode(("address", "uint256", "address"), (token, amount, receiver))


def two(
    data: bytes,
    chain_id: int = 270,
    *,
    mint: int = COST,
    l2_value: int = 0,
    limit: int = LIMIT,
    refund: str = NOBODY,
    bridge: str = ROUTER,
    second: int = 0,
) -> str:
    return call_data(TWO_BRIDGES, (chain_id, mint, l2_value, limit, 800, refund, bridge, second, data))


def refusal(
    l1: L1Chain, data: str, *, to: str = HUB, sender: str = ALICE, value: int = 0, price: int | None = GWEI
) -> str | None:
    """What a call is refused with; None if it is not."""
    try:
        l1.call(to, data, sender=sender, value=value, gas_price=price)
    except Reverted as error:
        return error.data
    return None


def send(
    l1: L1Chain, data: str, *, to: str = HUB, sender: str = ALICE, value: int = 0, price: int = GWEI
) -> dict[str, Any]:
    return l1.send(to, data, sender=sender, value=value, gas_price=price)


def canonical(receipt: dict[str, Any], chain_id: int = 270) -> tuple[bytes, tuple[Any, ...]]:
    """The hash and the transaction that the chain's diamond announced; the hash is recomputed."""
    (log,) = [
        log
        for log in receipt["logs"]
        if log["topics"][0] == NEW_PRIORITY_REQUEST and log["address"] == diamond(chain_id)
    ]
    types = ("uint256", "bytes32", "uint64", TRANSACTION, "bytes[]")
    identifier, tx_hash, _, transaction, _ = decode(types, h(log["data"]))
    assert bytes(tx_hash) == bytes(keccak256(encode((TRANSACTION,), (transaction,))))
    assert identifier == transaction[8]
    return bytes(tx_hash), transaction


def sender_and_refund(receipt: dict[str, Any], chain_id: int = 270) -> tuple[str, str]:
    _, transaction = canonical(receipt, chain_id)
    return f"0x{transaction[1]:040x}", f"0x{transaction[10][1]:040x}"


def uint(answer: str) -> int:
    return int(answer, 16)


def read(l1: L1Chain, to: str, signature: str, *values: Any) -> int:
    return uint(l1.call(to, call_data(signature, *values)))


def set_version(l1: L1Chain, minor: int, *chain_ids: int) -> None:
    for chain_id in chain_ids or (270,):
        l1.send(diamond(chain_id), call_data("setProtocolVersion(uint256,uint256)", minor, 0))


def price_of(l1: L1Chain, chain_id: int, gas_price: int) -> int:
    return read(l1, HUB, "l2TransactionBaseCost(uint256,uint256,uint256,uint256)", chain_id, gas_price, 1, 800)


# ---------------------------------------------------------------- fees and validation


def test_the_effective_price_counts_not_the_maximal_one(l1: L1Chain) -> None:
    request = {"from": ALICE, "to": HUB, "data": direct(), "value": hex(COST), "gas": hex(10**6)}
    fees = {
        "maxFeePerGas": hex(100 * GWEI),
        "maxPriorityFeePerGas": hex(GWEI),
    }  # at base fee 0 the effective price is the tip
    hash_ = l1.rpc("eth_sendTransaction", request | fees)
    l1.rpc("evm_mine")
    receipt = l1.rpc("eth_getTransactionReceipt", hash_)
    assert uint(receipt["effectiveGasPrice"]) == GWEI
    _, transaction = canonical(receipt)
    assert transaction[5] == PRICE_AT_GWEI
    assert refusal(l1, direct(mint=COST - 1), value=COST - 1) == revert_data(
        "MsgValueTooLow(uint256,uint256)", COST, COST - 1
    )


def test_a_call_without_a_price_hides_an_underfunded_request(l1: L1Chain) -> None:
    cheap = 250_000_000 * LIMIT
    assert refusal(l1, direct(mint=cheap), value=cheap, price=None) is None
    too_low = revert_data("MsgValueTooLow(uint256,uint256)", COST, cheap)
    assert refusal(l1, direct(mint=cheap), value=cheap) == too_low
    assert refusal(l1, direct(mint=cheap - 1), value=cheap - 1, price=None) == revert_data(
        "MsgValueTooLow(uint256,uint256)", cheap, cheap - 1
    )


@pytest.mark.parametrize(
    ("request_", "value", "expected"),
    [
        (direct(270), COST + 1, COST),
        (direct(270), COST - 1, COST),
        (direct(271, mint=10**19), 1, 0),
        (two(new_data(TOKEN, 5)), COST + 1, COST),
        (two(new_data(TOKEN, 5), second=7), COST, COST + 7),
        (two(new_data(TOKEN, 5), 271, mint=10**19), 3, 0),
        (two(new_data(ETH, 5), 271, mint=10**19, second=5), 4, 5),
    ],
)
def test_value_rules(l1: L1Chain, request_: str, value: int, expected: int) -> None:
    assert refusal(l1, request_, value=value) == revert_data("MsgValueMismatch(uint256,uint256)", expected, value)


def test_l2_value_counts_up_to_v30_only(l1: L1Chain) -> None:
    request, mint = direct(mint=COST, l2_value=ETHER), COST
    assert refusal(l1, request, value=mint) == revert_data("MsgValueTooLow(uint256,uint256)", COST + ETHER, COST)
    set_version(l1, 31)
    assert refusal(l1, request, value=mint) is None
    too_low = revert_data("MsgValueTooLow(uint256,uint256)", COST, COST - 1)
    assert refusal(l1, direct(mint=COST - 1, l2_value=ETHER), value=COST - 1) == too_low


@pytest.mark.parametrize("per_pubdata", [0, 1, 799, 801, 50_000])
def test_gas_per_pubdata_is_800_in_requests(l1: L1Chain, per_pubdata: int) -> None:
    assert refusal(l1, direct(per_pubdata=per_pubdata), value=COST) == selector("GasPerPubdataMismatch()")


def test_gas_per_pubdata_is_free_in_the_view_but_for_zero(l1: L1Chain) -> None:
    quote = "l2TransactionBaseCost(uint256,uint256,uint256,uint256)"
    assert read(l1, HUB, quote, 270, GWEI, 1, 1) == 17 * GWEI + 10**15 // 120_000
    assert refusal(l1, call_data(quote, 270, GWEI, 1, 0)) == revert_data("Panic(uint256)", 0x12)


@pytest.mark.parametrize(("chain_id", "largest"), [(270, 72_000_000), (272, 72_010_000)])
def test_largest_gas_limit(l1: L1Chain, chain_id: int, largest: int) -> None:
    mint = PRICE_AT_GWEI * (largest + 1)
    assert refusal(l1, direct(chain_id, mint=mint, limit=largest), value=mint) is None
    assert refusal(l1, direct(chain_id, mint=mint, limit=largest + 1), value=mint) == selector("TooMuchGas()")


def test_pubdata_limit(l1: L1Chain) -> None:
    l1.send(diamond(270), call_data(CHANGE_FEE_PARAMS, (0, 1_000_000, 120_000, 80_000_000, 1_000, 250_000_000)))
    fits, over = 1_000 * 800 + 799, 1_001 * 800
    mint = PRICE_AT_GWEI * over
    assert refusal(l1, direct(mint=mint, limit=fits), value=mint) is None
    assert refusal(l1, direct(mint=mint, limit=over), value=mint) == revert_data(
        "PubdataGreaterThanLimit(uint256,uint256)", 1_000, 1_001
    )


def test_overhead_of_era(l1: L1Chain) -> None:
    assert refusal(l1, direct(272, limit=9_999), value=COST) == selector("TxnBodyGasLimitNotEnoughGas()")
    assert refusal(l1, direct(272, limit=10_000), value=COST) == selector("ValidateTxnNotEnoughGas()")


def least_gas(l1: L1Chain, chain_id: int, length: int, price: int = GWEI) -> int:
    low, high = 0, 10_000_000
    while high - low > 1:
        middle = (low + high) // 2
        refused = refusal(
            l1, direct(chain_id, mint=ETHER, data=b"\xff" * length, limit=middle), value=ETHER, price=price
        )
        low, high = (middle, high) if refused else (low, middle)
    assert refusal(l1, direct(chain_id, mint=ETHER, data=b"\xff" * length, limit=low), value=ETHER) == selector(
        "ValidateTxnNotEnoughGas()"
    )
    return high


@pytest.mark.parametrize(
    ("minor", "length", "expected"),
    [
        (29, 0, 200_000),
        (30, 0, 70_400),
        (30, 2000, 70_400),
        (30, 20_000, 341_000),
        (31, 0, 280_800),
        (31, 20_000, 341_000),
        (29, 20_000, 341_000),
    ],
)
def test_least_gas_on_zksync_os_by_version(l1: L1Chain, minor: int, length: int, expected: int) -> None:
    set_version(l1, minor)
    assert least_gas(l1, 270, length) == expected


@pytest.mark.parametrize(("length", "expected"), [(0, 253_884), (484, 257_004), (2000, 274_290)])
def test_least_gas_on_era_is_the_same_in_all_versions(l1: L1Chain, length: int, expected: int) -> None:
    for minor in (26, 31):
        set_version(l1, minor, 272)
        assert least_gas(l1, 272, length) == expected


@pytest.mark.parametrize(
    ("minor", "error"), [(29, "ZeroGasPriceL1TxZKSyncOS()"), (30, "ZeroGasPriceL1TxZKsyncOS()"), (31, None)]
)
def test_zero_price_on_zksync_os(l1: L1Chain, minor: int, error: str | None) -> None:
    set_version(l1, minor)
    l1.send(diamond(270), call_data(CHANGE_FEE_PARAMS, (0, 1_000_000, 120_000, 80_000_000, 99_000, 0)))
    assert refusal(l1, direct(mint=1), value=1, price=None) == (error and selector(error))


def test_factory_deps(l1: L1Chain) -> None:
    for chain_id in (270, 272):  # ZKsync OS takes them too
        mint = PRICE_AT_GWEI * 5_000_000
        ask = {"mint": mint, "limit": 5_000_000}
        assert refusal(l1, direct(chain_id, deps=(bytes(32), bytes(96)), **ask), value=mint) is None
        assert refusal(l1, direct(chain_id, deps=(bytes(32),) * 64, **ask), value=mint) is None
        assert refusal(l1, direct(chain_id, deps=(bytes(32),) * 65, **ask), value=mint) == selector(
            "TooManyFactoryDeps()"
        )
        assert refusal(l1, direct(chain_id, deps=(bytes(31),), **ask), value=mint) == revert_data(
            "LengthIsNotDivisibleBy32(uint256)", 31
        )
        assert refusal(l1, direct(chain_id, deps=(bytes(64),), **ask), value=mint) == revert_data(
            "MalformedBytecode(uint8)", 3
        )
        assert refusal(l1, direct(chain_id, deps=(b"",), **ask), value=mint) == revert_data(
            "MalformedBytecode(uint8)", 3
        )


def test_a_chain_without_a_multiplier_has_no_price(l1: L1Chain) -> None:
    l1.store(diamond(270), 45, 0)
    unset = selector("BaseTokenGasPriceDenominatorNotSet()")
    assert refusal(l1, call_data("l2TransactionBaseCost(uint256,uint256,uint256,uint256)", 270, GWEI, 1, 800)) == unset
    assert refusal(l1, direct(), value=COST) == unset


def test_unknown_chains(l1: L1Chain) -> None:
    quote = call_data("l2TransactionBaseCost(uint256,uint256,uint256,uint256)", 999, GWEI, 1, 800)
    assert refusal(l1, quote) == revert_data("Error(string)", "EnumerableMap: nonexistent key")
    assert refusal(l1, call_data("baseToken(uint256)", 999)) == revert_data(
        "AssetHandlerNotRegistered(bytes32)", bytes(32)
    )
    for view in ("getZKChain(uint256)", "getHyperchain(uint256)", "baseTokenAssetId(uint256)"):
        assert read(l1, HUB, view, 999) == 0
    unknown = revert_data("AssetHandlerDoesNotExist(bytes32)", bytes(32))
    assert refusal(l1, direct(999)) == unknown
    assert refusal(l1, two(new_data(TOKEN, 1), 999)) == unknown


def test_paused(l1: L1Chain) -> None:
    paused = revert_data("Error(string)", "Pausable: paused")
    for contract in (HUB, ROUTER, VAULT):
        l1.push()
        l1.send(contract, call_data("pause()"))
        assert refusal(l1, direct(), value=COST) == paused
        assert refusal(l1, two(new_data(TOKEN, 1)), value=COST) == paused
        l1.send(contract, call_data("unpause()"))
        assert refusal(l1, direct(), value=COST) is None
        l1.pop()
    l1.send(NULLIFIER, call_data("pause()"))
    assert refusal(l1, two(new_data(TOKEN, 1)), value=COST) == paused
    assert refusal(l1, finalize(base_message()), to=NULLIFIER) == paused


def test_transaction_filterer(l1: L1Chain) -> None:
    filterer = l1.deploy("TransactionFilterer")
    l1.send(diamond(270), call_data("setTransactionFilterer(address)", filterer))
    assert l1.storage(diamond(270), 46) == uint(filterer)
    assert refusal(l1, direct(), value=COST) == selector("TransactionNotAllowed()")
    l1.send(filterer, call_data("setAllowed(address,bool)", ALICE, True))
    assert refusal(l1, direct(), value=COST) is None
    assert refusal(l1, two(new_data(TOKEN, 1)), value=COST) == selector(
        "TransactionNotAllowed()"
    )  # there the sender is the router


def test_storage_slots(l1: L1Chain) -> None:
    chain = diamond(271)
    l1.send(chain, call_data("executeBatch(uint256,bytes32)", 17, b"\x2a" * 32))
    l1.send(chain, call_data("setSettlementLayer(address)", BOB))
    l1.send(chain, call_data("setPriorityTxMaxGasLimit(uint256)", 71_000_000))
    assert (
        l1.storage(chain, 11)
        == l1.storage(chain, 13)
        == 17
        == read(l1, chain, "getTotalBatchesExecuted()")
        == read(l1, chain, "getTotalBatchesCommitted()")
    )
    assert (
        l1.storage(chain, mapping_slot(15, 17)) == int("2a" * 32, 16) == read(l1, chain, "l2LogsRootHash(uint256)", 17)
    )
    assert l1.storage(chain, 26) == 71_000_000 == read(l1, chain, "getPriorityTxMaxGasLimit()")
    assert l1.storage(chain, 45) == 1000 | 1 << 128
    assert read(l1, chain, "baseTokenGasPriceMultiplierNominator()") == 1000
    assert read(l1, chain, "baseTokenGasPriceMultiplierDenominator()") == 1
    assert l1.storage(chain, 50) == uint(BOB) == read(l1, chain, "getSettlementLayer()")
    assert [l1.storage(diamond(number), 60) & 0xFF for number in (270, 271, 272, 273)] == [1, 1, 0, 0]
    assert [l1.storage(diamond(number), 38) & 0xFF for number in (272, 273)] == [0, 1]
    assert read(l1, diamond(273), "getPubdataPricingMode()") == 1


def test_getters(l1: L1Chain) -> None:
    assert decode(("uint256[]",), h(l1.call(HUB, call_data("getAllZKChainChainIDs()")))) == ((270, 271, 272, 273),)
    for signature in ("assetRouter()", "sharedBridge()"):
        assert read(l1, HUB, signature) == uint(ROUTER)
    assert (
        read(l1, HUB, "getZKChain(uint256)", 270) == read(l1, HUB, "getHyperchain(uint256)", 270) == uint(diamond(270))
    )
    assert [read(l1, HUB, "baseToken(uint256)", number) for number in (270, 271)] == [1, uint(BASE_271)]
    assert [read(l1, diamond(number), "getBaseToken()") for number in (270, 271)] == [1, uint(BASE_271)]
    assert (
        read(l1, HUB, "baseTokenAssetId(uint256)", 271)
        == uint(asset_id(BASE_271))
        == read(l1, diamond(271), "getBaseTokenAssetId()")
    )
    assert asset_id(ETH) == "0x8df3463b1850eb1d8d1847743ea155aef6b16074db8ba81d897dc30554fb2085"
    assert read(l1, ROUTER, "L1_NULLIFIER()") == uint(NULLIFIER)
    assert read(l1, ROUTER, "nativeTokenVault()") == read(l1, NULLIFIER, "l1NativeTokenVault()") == uint(VAULT)
    assert read(l1, NULLIFIER, "l1AssetRouter()") == uint(ROUTER)
    assert read(l1, NULLIFIER, "BRIDGE_HUB()") == read(l1, ROUTER, "BRIDGE_HUB()") == uint(HUB)
    assert read(l1, NULLIFIER, "legacyBridge()") == uint(BOOK["erc20Bridge"])
    assert read(l1, ROUTER, "l2BridgeAddress(uint256)", 272) == uint(BOOK["legacyL2SharedBridge.272"])
    assert read(l1, ROUTER, "assetHandlerAddress(bytes32)", h(asset_id(ETH))) == uint(VAULT)
    assert read(l1, VAULT, "tokenAddress(bytes32)", h(asset_id(ETH))) == 1
    assert read(l1, VAULT, "assetId(address)", BASE_271) == uint(asset_id(BASE_271))
    assert read(l1, VAULT, "originChainId(bytes32)", h(asset_id(BASE_271))) == CHAIN_ID
    assert read(l1, HUB, "messageRoot()") == uint(BOOK["messageRoot"])
    assert read(l1, HUB, "settlementLayer(uint256)", 270) == CHAIN_ID
    assert read(l1, HUB, "whitelistedSettlementLayers(uint256)", 270) == 0
    assert decode(
        ("uint32", "uint32", "uint32"), h(l1.call(diamond(270), call_data("getSemverProtocolVersion()")))
    ) == (0, 30, 0)
    assert read(l1, diamond(270), "getProtocolVersion()") == 30 << 32
    assert read(l1, diamond(270), "getChainId()") == 270
    assert read(l1, diamond(270), "getBridgehub()") == uint(HUB)


def test_the_zksync_os_getter_comes_with_v31(l1: L1Chain) -> None:
    missing = revert_data("Error(string)", "F")
    assert refusal(l1, call_data("getZKsyncOS()"), to=diamond(270)) == missing
    assert refusal(l1, call_data("noSuchFunction()"), to=diamond(270)) == missing
    set_version(l1, 31, 270, 272)
    assert [read(l1, diamond(number), "getZKsyncOS()") for number in (270, 272)] == [1, 0]


def test_admin_events(l1: L1Chain) -> None:
    chain = diamond(270)
    (log,) = l1.send(chain, call_data("setTokenMultiplier(uint128,uint128)", 3, 2))["logs"]
    assert log["topics"] == [topic("NewBaseTokenMultiplier(uint128,uint128,uint128,uint128)")]
    assert decode(("uint128",) * 4, h(log["data"])) == (1, 1, 3, 2)
    new = (1, 2, 3, 4, 5, 6)
    (log,) = l1.send(chain, call_data(CHANGE_FEE_PARAMS, new))["logs"]
    params = "(uint8,uint32,uint32,uint32,uint32,uint64)"
    assert log["topics"] == [topic(f"NewFeeParams({params},{params})")]
    assert decode((params, params), h(log["data"]))[1] == new
    assert refusal(l1, call_data("setTokenMultiplier(uint128,uint128)", 1, 0), to=chain) == selector(
        "DenominatorIsZero()"
    )


# ---------------------------------------------------------------- senders, refunds, hash


def test_priority_ids_are_the_nonces(l1: L1Chain) -> None:
    for number in range(3):
        receipt = send(l1, direct(), value=COST)
        tx_hash, transaction = canonical(receipt)
        assert (transaction[0], transaction[8]) == (127, number)
        assert receipt["logs"][-1]["topics"] == [NEW_PRIORITY_REQUEST_ID, word(number), "0x" + tx_hash.hex()]
    assert read(l1, diamond(270), "getTotalPriorityTxs()") == 3
    assert canonical(send(l1, direct(272), value=COST), 272)[1][0] == 255


@pytest.mark.parametrize(("minor", "announced"), [(26, False), (28, False), (29, True), (31, True)])
def test_the_id_event_comes_with_v29(l1: L1Chain, minor: int, announced: bool) -> None:
    set_version(l1, minor)
    topics = [log["topics"][0] for log in send(l1, direct(), value=COST)["logs"]]
    assert (NEW_PRIORITY_REQUEST_ID in topics) is announced


def test_fields_of_a_direct_request(l1: L1Chain) -> None:
    data, deps, mint = b"\x01\x02\x03", (bytes(32), b"\x05" * 96), COST + 77
    receipt = send(l1, direct(mint=mint, to=ROUTER, l2_value=70, data=data, deps=deps, refund=BOB), value=mint)
    _, transaction = canonical(receipt)
    assert transaction[:10] == (
        127,
        uint(ALICE),
        uint(ROUTER),
        LIMIT,
        800,
        PRICE_AT_GWEI,
        0,
        0,
        0,
        70,
    )  # l2Contract is never aliased
    assert tuple(transaction[10]) == (mint, uint(BOB), 0, 0)
    assert transaction[11:13] == (data, b"")
    assert transaction[14:] == (b"", b"")
    assert [hash_ >> 224 for hash_ in transaction[13]] == [0x01000001, 0x01000003]


@pytest.mark.parametrize("minor", [30, 31])
@pytest.mark.parametrize(
    ("refund", "recipient"), [(NOBODY, ALICE), (ALICE, ALICE), (BOB, BOB), (NEWCOMER, NEWCOMER), (HUB, alias(HUB))]
)
def test_refund_recipient_of_an_account(l1: L1Chain, minor: int, refund: str, recipient: str) -> None:
    set_version(l1, minor)
    assert sender_and_refund(send(l1, direct(refund=refund), value=COST)) == (ALICE, recipient)
    assert sender_and_refund(send(l1, two(new_data(TOKEN, 1), refund=refund), value=COST)) == (alias(ROUTER), recipient)


@pytest.mark.parametrize("minor", [30, 31])
@pytest.mark.parametrize(
    ("refund", "recipient"), [(NOBODY, alias(RELAY)), (RELAY, alias(RELAY)), (BOB, BOB), (alias(RELAY), alias(RELAY))]
)
def test_a_contract_is_aliased(l1: L1Chain, minor: int, refund: str, recipient: str) -> None:
    set_version(l1, minor)
    data = call_data("execute(address,uint256,bytes)", HUB, COST, h(direct(refund=refund)))
    assert sender_and_refund(send(l1, data, to=RELAY, value=COST)) == (alias(RELAY), recipient)


@pytest.mark.parametrize(("minor", "recipient"), [(30, alias(ALICE)), (31, ALICE)])
@pytest.mark.parametrize("refund", [NOBODY, ALICE])
def test_a_delegated_account(l1: L1Chain, minor: int, recipient: str, refund: str) -> None:
    """EIP-7702, up to v30: the sender is not aliased, the refund recipient is."""
    set_version(l1, minor)
    l1.rpc("anvil_setCode", ALICE, "0xef0100" + RELAY[2:])
    assert sender_and_refund(send(l1, direct(refund=refund), value=COST)) == (ALICE, recipient)


@pytest.mark.parametrize(("minor", "sender"), [(30, alias(ALICE)), (31, ALICE)])
def test_a_delegated_account_called_by_another(l1: L1Chain, minor: int, sender: str) -> None:
    set_version(l1, minor)
    l1.rpc("anvil_setCode", ALICE, "0xef0100" + RELAY[2:])
    data = call_data("execute(address,uint256,bytes)", HUB, COST, h(direct(refund=BOB)))
    assert sender_and_refund(send(l1, data, to=ALICE, sender=BOB, value=COST)) == (sender, BOB)


def test_expiration(l1: L1Chain) -> None:
    for minor in (30, 31):
        set_version(l1, minor)
        receipt = send(l1, direct(), value=COST)
        (log,) = [log for log in receipt["logs"] if log["topics"][0] == NEW_PRIORITY_REQUEST]
        timestamp = uint(l1.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)["timestamp"])
        assert decode(("uint256", "bytes32", "uint64"), h(log["data"])[:96])[2] == (timestamp if minor == 30 else 0)


def test_deposits_paused_is_of_v31(l1: L1Chain) -> None:
    l1.send(diamond(270), call_data("setDepositsPaused(bool)", True))
    assert refusal(l1, direct(), value=COST) is None
    set_version(l1, 31)
    assert refusal(l1, direct(), value=COST) == selector("DepositsPaused()")
    assert read(l1, diamond(270), "depositsPaused()") == 1


def test_a_chain_on_a_gateway_has_a_wrapper_there(l1: L1Chain) -> None:
    l1.send(diamond(270), call_data("setSettlementLayer(address)", diamond(272)))
    assert refusal(l1, direct(), value=COST) == selector("NotSettlementLayer()")
    l1.send(HUB, call_data("registerSettlementLayer(uint256,bool)", 272, True))
    receipt = send(l1, direct(), value=COST)
    tx_hash, _ = canonical(receipt, 270)
    wrapper_hash, wrapper = canonical(receipt, 272)
    assert wrapper_hash != tx_hash
    assert f"0x{wrapper[1]:040x}" == "0x" + "11" * 20
    assert (wrapper[2], wrapper[3], wrapper[5]) == (0x10002, 72_000_000, 0)
    assert tx_hash in wrapper[11]
    addresses = [log["address"] for log in receipt["logs"] if log["topics"][0] == NEW_PRIORITY_REQUEST]
    assert addresses == [diamond(270), diamond(272)]


# ---------------------------------------------------------------- two bridges


def test_request_value_must_be_zero_through_the_router(l1: L1Chain) -> None:
    assert refusal(l1, two(new_data(TOKEN, 5), l2_value=1), value=COST) == selector("NonEmptyMsgValue()")


def test_refused_tokens(l1: L1Chain) -> None:
    weth = BOOK["weth"]
    fee = l1.deploy("FeeToken", ("string", "string", "uint8"), "Fee", "FEE", 18)
    moody = l1.deploy("MoodyToken", ("string", "string", "uint8"), "Moody", "MOO", 18)
    for token in (fee, moody):
        l1.send(token, call_data("mint(address,uint256)", ALICE, ETHER))
    l1.send(weth, call_data("deposit()"), sender=ALICE, value=10)
    for token in (weth, fee, moody):
        l1.send(token, call_data("approve(address,uint256)", ROUTER, ETHER), sender=ALICE)
    l1.send(moody, call_data("setRefusing(bool)", True))
    for encoded in (new_data, legacy_data):
        assert refusal(l1, two(encoded(weth, 5)), value=COST) == selector("BurningNativeWETHNotSupported()")
        assert refusal(l1, two(encoded(fee, 1000)), value=COST) == selector("TokensWithFeesNotSupported()")
        assert refusal(l1, two(encoded(moody, 5)), value=COST) == selector("TransferRefused()")
        assert refusal(l1, two(encoded(NEWCOMER, 5)), value=COST) == selector("EmptyToken()")
        assert refusal(l1, two(encoded(TOKEN, 0)), value=COST) == selector("EmptyDeposit()")
        base = revert_data("AssetIdNotSupported(bytes32)", h(asset_id(BASE_271)))
        assert refusal(l1, two(encoded(BASE_271, 5), 271, mint=10**19)) == base
        ether = revert_data("AssetIdNotSupported(bytes32)", h(asset_id(ETH)))
        assert refusal(l1, two(encoded(ETH, 5), second=5), value=COST + 5) == ether
    l1.send(fee, call_data("approve(address,uint256)", VAULT, ETHER), sender=ALICE)
    assert refusal(l1, two(new_data(fee, 1000)), value=COST) == selector("TokensWithFeesNotSupported()")
    l1.send(moody, call_data("setRefusing(bool)", False))
    assert refusal(l1, two(new_data(moody, 5)), value=COST) is None


def test_forms_of_second_bridge_data(l1: L1Chain) -> None:
    assert len(new_data(TOKEN, 5)) == 193
    assert refusal(l1, two(b"\x03" + bytes(95)), value=COST) == selector("UnsupportedEncodingVersion()")
    short = b"\x01" + encode(("bytes32", "bytes"), (h(asset_id(TOKEN)), bytes(64)))
    assert refusal(l1, two(short), value=COST) == selector("InvalidNTVBurnData()")
    counterpart = b"\x02" + encode(("bytes32", "address"), (h(asset_id(BASE_271)), "0x" + "00" * 17 + "010004"))
    _, transaction = canonical(send(l1, two(counterpart), value=COST))
    assert transaction[11][:4].hex() == selector("setAssetHandlerAddress(uint256,bytes32,address)")[2:]
    assert refusal(l1, two(counterpart, second=1), value=COST + 1) == selector("NonEmptyMsgValue()")


def test_a_token_is_registered_on_the_way(l1: L1Chain) -> None:
    with_zero = two(new_data(TOKEN, 5, maybe_token=NOBODY))
    assert read(l1, VAULT, "assetId(address)", TOKEN) == 0
    assert refusal(l1, with_zero, value=COST) == selector("ZeroAddress()")
    wrong = two(new_data(TOKEN, 5, asset=asset_id(OTHER)))
    assert refusal(l1, wrong, value=COST) == revert_data(
        "AssetIdMismatch(bytes32,bytes32)", h(asset_id(OTHER)), h(asset_id(TOKEN))
    )
    send(l1, two(new_data(TOKEN, 5)), value=COST)
    assert read(l1, VAULT, "assetId(address)", TOKEN) == uint(asset_id(TOKEN))
    assert refusal(l1, with_zero, value=COST) is None
    assert refusal(l1, call_data("registerToken(address)", TOKEN), to=VAULT) == selector("AssetIdAlreadyRegistered()")
    assert read(l1, VAULT, "ensureTokenIsRegistered(address)", TOKEN) == uint(asset_id(TOKEN))


@pytest.mark.parametrize("amount", [0, 12])
def test_legacy_ether(l1: L1Chain, amount: int) -> None:
    """Amount 0 means the value sent."""
    receipt = send(l1, two(legacy_data(ETH, amount), 271, mint=10**19, second=12), value=12)
    _, transaction = canonical(receipt, 271)
    assert decode(("address", "address", "address", "uint256", "bytes"), transaction[11][4:])[3] == 12
    assert read(l1, VAULT, "chainBalance(uint256,bytes32)", 271, h(asset_id(ETH))) == 12
    mismatch = revert_data("ValueMismatch(uint256,uint256)", 11, 12)
    assert refusal(l1, two(legacy_data(ETH, 11), 271, mint=10**19, second=12), value=12) == mismatch
    assert refusal(l1, two(new_data(ETH, 11), 271, mint=10**19, second=12), value=12) == mismatch
    zero = revert_data("ValueMismatch(uint256,uint256)", 0, 12)
    assert refusal(l1, two(new_data(ETH, 0), 271, mint=10**19, second=12), value=12) == zero


@pytest.mark.parametrize("encoded", [new_data, legacy_data])
def test_l2_calldata_of_an_l1_token(l1: L1Chain, encoded: Any) -> None:
    _, transaction = canonical(send(l1, two(encoded(TOKEN, 5, NOBODY)), value=COST))
    assert transaction[2] == 0x10003
    assert transaction[11][:4].hex() == "cfe7af7c"
    sender, receiver, token, amount, metadata = decode(
        ("address", "address", "address", "uint256", "bytes"), transaction[11][4:]
    )
    assert [str(sender).lower(), str(receiver).lower(), str(token).lower(), amount] == [
        ALICE,
        NOBODY,
        TOKEN,
        5,
    ]  # a zero receiver stays
    origin, name, symbol, decimals = decode(("uint256", "bytes", "bytes", "bytes"), metadata[1:])
    assert (metadata[0], origin) == (1, CHAIN_ID)
    assert [decode((kind,), raw) for kind, raw in (("string", name), ("string", symbol), ("uint8", decimals))] == [
        ("Rig Token Eighteen",),
        ("RT18",),
        (18,),
    ]
    assert h(l1.call(VAULT, call_data("getERC20Getters(address,uint256)", TOKEN, CHAIN_ID)))[64:].startswith(metadata)


@pytest.mark.parametrize(
    ("to_vault", "to_router", "spent"),
    [(0, 5, "router"), (5, 0, "vault"), (5, 5, "vault"), (4, 5, "router"), (4, 4, None), (0, 0, None)],
)
def test_allowances(l1: L1Chain, to_vault: int, to_router: int, spent: str | None) -> None:
    for spender, amount in ((VAULT, to_vault), (ROUTER, to_router)):
        l1.send(TOKEN, call_data("approve(address,uint256)", spender, amount), sender=ALICE)
    request = two(new_data(TOKEN, 5))
    if spent is None:
        assert refusal(l1, request, value=COST) == revert_data("Error(string)", "ERC20: insufficient allowance")
        return
    send(l1, request, value=COST)
    left = [read(l1, TOKEN, "allowance(address,address)", ALICE, spender) for spender in (VAULT, ROUTER)]
    assert left == [to_vault - (5 if spent == "vault" else 0), to_router - (5 if spent == "router" else 0)]
    assert read(l1, TOKEN, "balanceOf(address)", VAULT) == 5
    assert read(l1, VAULT, "chainBalance(uint256,bytes32)", 270, h(asset_id(TOKEN))) == 5


def test_base_token_allowance(l1: L1Chain) -> None:
    """The mint value of a chain with an ERC-20 base token comes the same way."""
    l1.send(BASE_271, call_data("approve(address,uint256)", VAULT, 0), sender=ALICE)
    assert refusal(l1, direct(271, mint=10**19)) == revert_data("Error(string)", "ERC20: insufficient allowance")
    l1.send(BASE_271, call_data("approve(address,uint256)", ROUTER, 10**19), sender=ALICE)
    send(l1, direct(271, mint=10**19))
    assert read(l1, BASE_271, "balanceOf(address)", VAULT) == 10**19
    assert refusal(l1, direct(271, mint=0)) == selector("EmptyDeposit()")


def test_a_token_like_tether(l1: L1Chain) -> None:
    token = l1.deploy("TetherLike")
    l1.send(token, call_data("mint(address,uint256)", ALICE, 100))
    l1.send(token, call_data("approve(address,uint256)", ROUTER, 30), sender=ALICE)
    assert refusal(l1, call_data("approve(address,uint256)", ROUTER, 31), to=token) == "0x"
    assert l1.call(token, call_data("approve(address,uint256)", ROUTER, 0), sender=ALICE) == "0x"
    send(l1, two(new_data(token, 30)), value=COST)
    assert read(l1, token, "balanceOf(address)", VAULT) == 30
    assert refusal(l1, two(new_data(token, 1)), value=COST) == revert_data(
        "Error(string)", "SafeERC20: low-level call failed"
    )


def test_second_bridges(l1: L1Chain) -> None:
    low = f"0x{0xFFFF:040x}"
    error = revert_data("SecondBridgeAddressTooLow(address,address)", low, low)
    assert refusal(l1, two(new_data(TOKEN, 5), bridge=low), value=COST) == error
    magic = int.from_bytes(bytes(MAGIC), "big") - 1
    assert word(magic) == "0xa175e001c0e5684bc26302c2f9a55aec9f3936fe2aef558034003ef4da7fc77d"
    # answers with a tuple whose magic value is 5: CODECOPY of what follows the code
    answer = encode(
        ("(bytes32,address,bytes,bytes[],bytes32)",), ((word5 := (5).to_bytes(32, "big"), NOBODY, b"", [], bytes(32)),)
    )
    code = bytes.fromhex(f"61{len(answer):04x}600f5f3961{len(answer):04x}5ff3").ljust(15, b"\x00") + answer
    stranger = "0x00000000000000000000000000000000000b41d6"
    l1.rpc("anvil_setCode", stranger, "0x" + code.hex())
    wrong = revert_data("WrongMagicValue(uint256,uint256)", magic, 5)
    assert word5[-1] == 5
    assert refusal(l1, two(new_data(TOKEN, 5), bridge=stranger), value=COST) == wrong


# ---------------------------------------------------------------- failed deposits


def failed(
    l1: L1Chain,
    data: bytes,
    chain_id: int = 270,
    *,
    value: int | None = None,
    mint: int = COST,
    second: int = 0,
    sender: str = ALICE,
) -> bytes:
    """Make a deposit, then let its failure be proven: batch 9, index 3, transaction 4. Its L2 hash."""
    value = second + (mint if chain_id == 270 else 0) if value is None else value
    tx_hash, _ = canonical(
        send(l1, two(data, chain_id, mint=mint, second=second), value=value, sender=sender), chain_id
    )
    prove_failed(l1, tx_hash, chain_id)
    return tx_hash


def prove_failed(l1: L1Chain, tx_hash: bytes, chain_id: int = 270) -> None:
    l1.send(
        diamond(chain_id), call_data("executeBatch(uint256,bytes32)", 9, path_root(status_leaf(4, tx_hash, 0), 3, PATH))
    )


def proof() -> list[bytes]:
    return [bytes([1, len(PATH), 0, 1]) + bytes(28), *PATH]


def recover(
    tx_hash: bytes,
    asset: str,
    data: bytes,
    *,
    sender: str = ALICE,
    chain_id: int = 270,
    batch: int = 9,
    index: int = 3,
    number: int = 4,
) -> str:
    return call_data(RECOVER, chain_id, sender, h(asset), data, tx_hash, batch, index, number, proof())


def claim(tx_hash: bytes, token: str, amount: int, *, sender: str = ALICE, chain_id: int = 270) -> str:
    return call_data(CLAIM, chain_id, sender, token, amount, tx_hash, 9, 3, 4, proof())


def burn(amount: int, receiver: str = BOB, token: str = TOKEN) -> bytes:
    return encode(("uint256", "address", "address"), (amount, receiver, token))


GONE = selector("DepositDoesNotExist()")


def test_what_is_remembered(l1: L1Chain) -> None:
    legacy, new = failed(l1, legacy_data(TOKEN, 5)), failed(l1, new_data(TOKEN, 5))
    stored = [read(l1, NULLIFIER, "depositHappened(uint256,bytes32)", 270, tx_hash) for tx_hash in (legacy, new)]
    by_hand = [
        keccak256(encode(("address", "address", "uint256"), (ALICE, TOKEN, 5))),
        keccak256(b"\x01" + encode(("address", "bytes32", "bytes"), (ALICE, h(asset_id(TOKEN)), burn(5)))),
    ]
    views = [
        read(
            l1, NULLIFIER, "encodeTxDataHash(bytes1,address,bytes32,bytes)", version, ALICE, h(asset_id(TOKEN)), burn(5)
        )
        for version in (b"\0", b"\1")
    ]
    assert stored == views == [int.from_bytes(bytes(value), "big") for value in by_hand]
    plain, _ = canonical(send(l1, direct(), value=COST))
    assert read(l1, NULLIFIER, "depositHappened(uint256,bytes32)", 270, plain) == 0
    prove_failed(l1, plain)
    assert refusal(l1, recover(plain, asset_id(TOKEN), burn(5)), to=NULLIFIER) == GONE


@pytest.mark.parametrize("target", [NULLIFIER, ROUTER])
def test_recover_a_new_deposit_needs_its_very_bytes(l1: L1Chain, target: str) -> None:
    tx_hash = failed(l1, new_data(TOKEN, 5))
    asset = asset_id(TOKEN)
    for wrong in (burn(5, token=NOBODY), burn(4), burn(5, receiver=ALICE)):
        assert refusal(l1, recover(tx_hash, asset, wrong), to=target) == GONE
    assert refusal(l1, recover(tx_hash, asset, burn(5), sender=BOB), to=target) == GONE
    assert refusal(l1, claim(tx_hash, TOKEN, 5), to=target) == GONE
    before = read(l1, TOKEN, "balanceOf(address)", ALICE)
    send(l1, recover(tx_hash, asset, burn(5)), to=target, sender=NEWCOMER)  # by anybody
    assert read(l1, TOKEN, "balanceOf(address)", ALICE) == before + 5
    assert read(l1, VAULT, "chainBalance(uint256,bytes32)", 270, h(asset)) == 0
    assert refusal(l1, recover(tx_hash, asset, burn(5)), to=target) == GONE


@pytest.mark.parametrize("target", [NULLIFIER, ROUTER])
def test_recover_a_legacy_deposit_needs_its_amount(l1: L1Chain, target: str) -> None:
    tx_hash = failed(l1, legacy_data(TOKEN, 5))
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(4)), to=target) == GONE
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(5, NOBODY, OTHER)), to=target) is None
    assert refusal(l1, claim(tx_hash, TOKEN, 4), to=target) == GONE
    assert refusal(l1, claim(tx_hash, OTHER, 5), to=target) == GONE
    receipt = send(l1, claim(tx_hash, TOKEN, 5), to=target, sender=BOB)
    assert [log["topics"][0] for log in receipt["logs"]] == [
        topic("Transfer(address,address,uint256)"),
        topic("ClaimedFailedDepositAssetRouter(uint256,bytes32,bytes)"),
    ]


def test_a_refund_of_ether(l1: L1Chain) -> None:
    tx_hash = failed(l1, new_data(ETH, 12), 271, mint=10**19, second=12)
    before = uint(l1.rpc("eth_getBalance", ALICE, "latest"))
    send(l1, recover(tx_hash, asset_id(ETH), burn(12, token=ETH), chain_id=271), to=NULLIFIER, sender=BOB)
    assert uint(l1.rpc("eth_getBalance", ALICE, "latest")) == before + 12


def test_a_refund_to_who_refuses_ether(l1: L1Chain) -> None:
    l1.send(BASE_271, call_data("mint(address,uint256)", RELAY, 10**19))
    approve = call_data("approve(address,uint256)", VAULT, 10**19)
    l1.send(RELAY, call_data("execute(address,uint256,bytes)", BASE_271, 0, h(approve)))
    ask = call_data("execute(address,uint256,bytes)", HUB, 12, h(two(new_data(ETH, 12), 271, mint=10**19, second=12)))
    tx_hash, _ = canonical(send(l1, ask, to=RELAY, value=12), 271)
    prove_failed(l1, tx_hash, 271)
    l1.rpc("anvil_setCode", RELAY, l1.rpc("eth_getCode", l1.deploy("Reverter"), "latest"))
    data = recover(tx_hash, asset_id(ETH), burn(12, token=ETH), sender=RELAY, chain_id=271)
    assert refusal(l1, data, to=NULLIFIER) == selector("ClaimFailedDepositFailed()")


def test_a_refund_is_limited_by_the_chain_s_balance(l1: L1Chain) -> None:
    tx_hash = failed(l1, new_data(TOKEN, 5))
    l1.store(VAULT, mapping_slot(4, 270, asset_id(TOKEN)), 4)
    data = recover(tx_hash, asset_id(TOKEN), burn(5))
    assert refusal(l1, data, to=NULLIFIER) == selector("InsufficientChainBalance()")
    set_version(l1, 31)
    l1.send(diamond(270), call_data("executeBatch(uint256,bytes32)", 9, path_root(status_leaf(4, tx_hash, 0), 3, PATH)))
    v31 = revert_data("InsufficientChainBalance(uint256,bytes32,uint256)", 270, h(asset_id(TOKEN)), 5)
    assert refusal(l1, data, to=NULLIFIER) == v31
    stored = read(l1, NULLIFIER, "depositHappened(uint256,bytes32)", 270, tx_hash)
    given = read(
        l1, NULLIFIER, "encodeTxDataHash(bytes1,address,bytes32,bytes)", b"\1", ALICE, h(asset_id(TOKEN)), burn(6)
    )
    other = revert_data("DepositDoesNotExist(bytes32,bytes32)", stored.to_bytes(32, "big"), given.to_bytes(32, "big"))
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(6)), to=NULLIFIER) == other


def test_a_success_or_a_wrong_place_is_no_failure(l1: L1Chain) -> None:
    tx_hash = failed(l1, new_data(TOKEN, 5))
    wrong = selector("InvalidProof()")
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(5), number=5), to=NULLIFIER) == wrong
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(5), index=2), to=NULLIFIER) == wrong
    assert refusal(l1, recover(bytes(32), asset_id(TOKEN), burn(5)), to=NULLIFIER) == wrong
    missing = revert_data("BatchNotExecuted(uint256)", 10)
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(5), batch=10), to=NULLIFIER) == missing
    l1.send(diamond(270), call_data("setBatchRoot(uint256,bytes32)", 9, path_root(status_leaf(4, tx_hash, 1), 3, PATH)))
    assert refusal(l1, recover(tx_hash, asset_id(TOKEN), burn(5)), to=NULLIFIER) == wrong
    prove = "proveL1ToL2TransactionStatus(uint256,bytes32,uint256,uint256,uint16,bytes32[],uint8)"
    assert [read(l1, HUB, prove, 270, tx_hash, 9, 3, 4, proof(), status) for status in (0, 1)] == [0, 1]
    own = "proveL1ToL2TransactionStatus(bytes32,uint256,uint256,uint16,bytes32[],uint8)"
    assert [read(l1, diamond(270), own, tx_hash, 9, 3, 4, proof(), status) for status in (0, 1)] == [0, 1]


def test_an_l2_token_s_deposit_can_be_recovered(l1: L1Chain) -> None:
    token, asset = bridged_token(l1)
    data = b"\x01" + encode(("bytes32", "bytes"), (h(asset), burn(7, token=token)))
    tx_hash, transaction = canonical(send(l1, two(data), value=COST))  # no allowance: it is burned
    assert transaction[11][:4].hex() == "9c884fd1"
    origin_chain, sent_asset, mint_data = decode(("uint256", "bytes32", "bytes"), transaction[11][4:])
    assert (origin_chain, bytes(sent_asset)) == (CHAIN_ID, h(asset))
    caller, receiver, origin_token, amount, _ = decode(("address", "address", "address", "uint256", "bytes"), mint_data)
    assert [str(value).lower() for value in (caller, receiver, origin_token)] == [ALICE, BOB, L2_TOKEN]
    assert amount == 7
    assert read(l1, token, "balanceOf(address)", ALICE) == 93
    prove_failed(l1, tx_hash)
    assert refusal(l1, claim(tx_hash, token, 7), to=NULLIFIER) == selector("LegacyMethodForNonL1Token()")
    send(l1, recover(tx_hash, asset, burn(7, token=token)), to=NULLIFIER)
    assert read(l1, token, "balanceOf(address)", ALICE) == 100
    assert refusal(l1, two(legacy_data(token, 5)), value=COST) == selector("LegacyEncodingUsedForNonL1Token()")
    zero = b"\x01" + encode(("bytes32", "bytes"), (h(asset), burn(0, token=token)))
    assert refusal(l1, two(zero), value=COST) == selector("AmountMustBeGreaterThanZero()")


# ---------------------------------------------------------------- withdrawals


BASE_TOKEN, L2_ROUTER = "0x" + "00" * 18 + "800a", "0x" + "00" * 17 + "010003"
L2_TOKEN = "0x00000000000000000000000000000000000c0ffe"
BATCH, INDEX, NUMBER = 7, 5, 2


def base_message(amount: int = 5, receiver: str = BOB, extra: bytes = b"") -> bytes:
    return bytes.fromhex("6c0960f9") + h(receiver) + amount.to_bytes(32, "big") + extra


def legacy_message(token: str = TOKEN, amount: int = 5, receiver: str = BOB) -> bytes:
    return bytes.fromhex("11a2ccc1") + h(receiver) + h(token) + amount.to_bytes(32, "big")


def router_message(
    asset: str, amount: int = 5, receiver: str = BOB, token: str = TOKEN, *, metadata: bytes = b""
) -> bytes:
    mint = encode(("address", "address", "address", "uint256", "bytes"), (ALICE, receiver, token, amount, metadata))
    return bytes.fromhex("9c884fd1") + (270).to_bytes(32, "big") + h(asset) + mint


def finalize(
    message: bytes,
    *,
    sender: str = BASE_TOKEN,
    chain_id: int = 270,
    batch: int = BATCH,
    index: int = INDEX,
    number: int = NUMBER,
    path: list[bytes] | None = None,
) -> str:
    return call_data(FINALIZE, (chain_id, batch, index, sender, number, message, proof() if path is None else path))


def publish(
    l1: L1Chain,
    message: bytes,
    *,
    sender: str = BASE_TOKEN,
    chain_id: int = 270,
    batch: int = BATCH,
    path: list[bytes] = PATH,
) -> None:
    """Execute a batch whose tree has this message at INDEX."""
    l1.send(
        diamond(chain_id),
        call_data(
            "executeBatch(uint256,bytes32)", batch, path_root(message_leaf(NUMBER, sender, message), INDEX, path)
        ),
    )


def fund(l1: L1Chain, token: str = ETH, chain_id: int = 270, amount: int = 100) -> None:
    """As if that much had been deposited."""
    if token == ETH:
        l1.rpc("anvil_setBalance", VAULT, hex(10**20))
    else:
        l1.send(VAULT, call_data("ensureTokenIsRegistered(address)", token))
        l1.send(token, call_data("mint(address,uint256)", VAULT, amount))
    l1.store(VAULT, mapping_slot(4, chain_id, asset_id(token)), amount)


def bridged_token(l1: L1Chain) -> tuple[str, str]:
    """A token of chain 270's own, with 100 units withdrawn to Alice: its L1 address and asset id."""
    asset = asset_id(L2_TOKEN, 270)
    fields = (encode(("string",), ("Native",)), encode(("string",), ("NAT",)), encode(("uint8",), (9,)))
    metadata = b"\x01" + encode(("uint256", "bytes", "bytes", "bytes"), (270, *fields))
    message = router_message(asset, 100, ALICE, L2_TOKEN, metadata=metadata)
    publish(l1, message, sender=L2_ROUTER)
    expected = read(l1, VAULT, "calculateCreate2TokenAddress(uint256,address)", 270, L2_TOKEN)
    assert l1.rpc("eth_getCode", f"0x{expected:040x}", "latest") == "0x"
    send(l1, finalize(message, sender=L2_ROUTER), to=NULLIFIER)
    assert read(l1, VAULT, "tokenAddress(bytes32)", h(asset)) == expected
    return f"0x{expected:040x}", asset


def test_a_token_of_an_l2_is_deployed_on_l1(l1: L1Chain) -> None:
    token, asset = bridged_token(l1)
    assert read(l1, VAULT, "assetId(address)", token) == uint(asset) == read(l1, token, "assetId()")
    assert read(l1, VAULT, "originChainId(bytes32)", h(asset)) == 270
    assert read(l1, token, "originToken()") == uint(L2_TOKEN)
    assert decode(("string",), h(l1.call(token, call_data("name()")))) == ("Native",)
    assert decode(("string",), h(l1.call(token, call_data("symbol()")))) == ("NAT",)
    assert read(l1, token, "decimals()") == 9
    assert read(l1, token, "balanceOf(address)", ALICE) == read(l1, token, "totalSupply()") == 100
    for theft in (
        call_data("bridgeMint(address,uint256)", ALICE, 1),
        call_data("bridgeBurn(address,uint256)", ALICE, 1),
    ):
        assert refusal(l1, theft, to=token) == revert_data("Unauthorized(address)", ALICE)
    again = call_data("bridgeInitialize(bytes32,address,bytes)", bytes(32), TOKEN, b"")
    assert refusal(l1, again, to=token) == revert_data(
        "Error(string)", "Initializable: contract is already initialized"
    )


@pytest.mark.parametrize(("chain_id", "token"), [(270, ETH), (271, BASE_271)])
@pytest.mark.parametrize("extra", [b"", b"\x01\x02"])
@pytest.mark.parametrize("sender", [BASE_TOKEN, L2_ROUTER])
def test_a_base_token_withdrawal(l1: L1Chain, chain_id: int, token: str, extra: bytes, sender: str) -> None:
    """Up to v30 the sender is taken to be the base token, whichever of the allowed ones is named."""
    fund(l1, token, chain_id)
    message = base_message(5, BOB, extra)
    publish(l1, message, chain_id=chain_id)

    def balance() -> int:
        return (
            uint(l1.rpc("eth_getBalance", BOB, "latest"))
            if token == ETH
            else read(l1, token, "balanceOf(address)", BOB)
        )

    before = balance()
    is_final = "isWithdrawalFinalized(uint256,uint256,uint256)"
    assert [read(l1, where, is_final, chain_id, BATCH, INDEX) for where in (NULLIFIER, ROUTER)] == [0, 0]
    send(l1, finalize(message, chain_id=chain_id, sender=sender), to=NULLIFIER, sender=ALICE)
    assert balance() == before + 5
    assert [read(l1, where, is_final, chain_id, BATCH, INDEX) for where in (NULLIFIER, ROUTER)] == [1, 1]
    assert read(l1, VAULT, "chainBalance(uint256,bytes32)", chain_id, h(asset_id(token))) == 95
    twice = selector("WithdrawalAlreadyFinalized()")
    assert refusal(l1, finalize(b"", chain_id=chain_id, path=[]), to=NULLIFIER) == twice  # before anything is looked at


def test_token_withdrawals(l1: L1Chain) -> None:
    fund(l1, TOKEN)
    before = read(l1, TOKEN, "balanceOf(address)", BOB)
    for batch, message in ((7, router_message(asset_id(TOKEN))), (8, legacy_message())):
        publish(l1, message, sender=L2_ROUTER, batch=batch)
        send(l1, finalize(message, sender=L2_ROUTER, batch=batch), to=NULLIFIER)
    assert read(l1, TOKEN, "balanceOf(address)", BOB) == before + 10


@pytest.mark.parametrize("minor", [30, 31])
def test_a_legacy_bridge_may_send(l1: L1Chain, minor: int) -> None:
    set_version(l1, minor, 270, 272)
    legacy, message = BOOK["legacyL2SharedBridge.272"], legacy_message()
    fund(l1, TOKEN, 272)
    publish(l1, message, sender=legacy, chain_id=272)
    wrong = revert_data("WrongL2Sender(address)", legacy)
    assert refusal(l1, finalize(message, sender=legacy), to=NULLIFIER) == wrong  # of another chain
    assert refusal(l1, finalize(message, sender=legacy, chain_id=272), to=NULLIFIER) is None
    for target in (NULLIFIER, ROUTER):
        assert refusal(l1, call_data(FINALIZE_LEGACY, 272, BATCH, INDEX, NUMBER, message, proof()), to=target) is None
    base = base_message()  # its sender is the base token all the same
    fund(l1, ETH, 272)
    publish(l1, base, chain_id=272, batch=8)
    assert refusal(l1, call_data(FINALIZE_LEGACY, 272, 8, INDEX, NUMBER, base, proof()), to=NULLIFIER) is None


@pytest.mark.parametrize("target", [NULLIFIER, ROUTER])
def test_the_legacy_finalize_needs_a_legacy_bridge(l1: L1Chain, target: str) -> None:
    data = call_data(FINALIZE_LEGACY, 270, BATCH, INDEX, NUMBER, base_message(), proof())
    assert refusal(l1, data, to=target) == selector("LegacyBridgeNotSet()")


def test_era_s_own_entry_points(l1: L1Chain) -> None:
    request = "requestL2Transaction(address,uint256,bytes,uint256,uint256,bytes[],address)"
    ask = call_data(request, BOB, 0, b"", LIMIT, 800, [], NOBODY)
    final = call_data(
        "finalizeEthWithdrawal(uint256,uint256,uint16,bytes,bytes32[])", BATCH, INDEX, NUMBER, base_message(), proof()
    )
    for data in (ask, final):
        assert refusal(l1, data, to=diamond(270)) == selector("OnlyEraSupported()")
    assert sender_and_refund(send(l1, ask, to=diamond(272), value=COST), 272) == (ALICE, ALICE)
    fund(l1, ETH, 272)
    publish(l1, base_message(), chain_id=272)
    send(l1, final, to=diamond(272))
    assert read(l1, NULLIFIER, "isWithdrawalFinalized(uint256,uint256,uint256)", 272, BATCH, INDEX) == 1


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (base_message()[:55], ("L2WithdrawalMessageWrongLength(uint256)", 55)),
        (legacy_message()[:75], ("L2WithdrawalMessageWrongLength(uint256)", 75)),
        (legacy_message() + b"\0", ("L2WithdrawalMessageWrongLength(uint256)", 77)),
        (bytes.fromhex("9c884fd1") + bytes(63), ("WrongMsgLength(uint256,uint256)", 68, 67)),
        (b"\xde\xad\xbe\xef" + bytes(64), ("InvalidSelector(bytes4)", b"\xde\xad\xbe\xef")),
    ],
)
def test_malformed_messages(l1: L1Chain, message: bytes, error: tuple[Any, ...]) -> None:
    publish(l1, message)
    assert refusal(l1, finalize(message), to=NULLIFIER) == revert_data(*error)


def test_refused_withdrawals(l1: L1Chain) -> None:
    fund(l1)
    message = base_message()
    publish(l1, message)
    assert refusal(l1, finalize(message, sender=ALICE), to=NULLIFIER) == revert_data("WrongL2Sender(address)", ALICE)
    invalid = selector("InvalidProof()")
    assert refusal(l1, finalize(message, number=NUMBER + 1), to=NULLIFIER) == invalid
    assert refusal(l1, finalize(message, index=INDEX + 1), to=NULLIFIER) == invalid
    assert refusal(l1, finalize(base_message(6)), to=NULLIFIER) == invalid
    assert refusal(l1, finalize(message, batch=8), to=NULLIFIER) == revert_data("BatchNotExecuted(uint256)", 8)
    l1.send(diamond(270), call_data("setTotalBatchesExecuted(uint256)", 8))
    assert refusal(l1, finalize(message, batch=8), to=NULLIFIER) == selector("LocalRootIsZero()")
    assert refusal(l1, finalize(message, path=[]), to=NULLIFIER) == selector("MerklePathEmpty()")
    assert refusal(l1, finalize(message, index=2**15), to=NULLIFIER) == selector("MerkleIndexOutOfBounds()")
    version = [bytes([2, 15, 0, 1]) + bytes(28), *PATH]
    assert refusal(l1, finalize(message, path=version), to=NULLIFIER) == revert_data(
        "UnsupportedProofMetadataVersion(uint256)", 2
    )
    both = [bytes([1, 15, 1, 1]) + bytes(28), *PATH]
    assert refusal(l1, finalize(message, path=both), to=NULLIFIER) == selector("InvalidProofLengthForFinalNode()")
    assert refusal(l1, finalize(message, path=[bytes([255]) * 32] * 256), to=NULLIFIER) == selector(
        "MerklePathOutOfBounds()"
    )
    l1.store(VAULT, mapping_slot(4, 270, asset_id(ETH)), 4)
    assert refusal(l1, finalize(message), to=NULLIFIER) == selector("InsufficientChainBalance()")
    l1.store(VAULT, mapping_slot(4, 270, asset_id(ETH)), 5)
    assert refusal(l1, finalize(message), to=NULLIFIER) is None
    l1.rpc("anvil_setCode", BOB, l1.rpc("eth_getCode", l1.deploy("Reverter"), "latest"))
    assert refusal(l1, finalize(message), to=NULLIFIER) == selector("WithdrawFailed()")


def test_both_proof_formats(l1: L1Chain) -> None:
    fund(l1)
    message = base_message()
    publish(l1, message)
    assert refusal(l1, finalize(message, path=PATH), to=NULLIFIER) is None  # bare
    assert (
        refusal(l1, finalize(message, path=[*proof(), bytes(32)]), to=NULLIFIER) is None
    )  # words behind a final node are not read
    assert refusal(l1, finalize(message, path=[*PATH, bytes(32)]), to=NULLIFIER) == selector("InvalidProof()")
    dirty = [proof()[0][:31] + b"\1", *PATH]
    assert refusal(l1, finalize(message, path=dirty), to=NULLIFIER) == selector(
        "InvalidProof()"
    )  # then it is a bare path of 16
    short = PATH[:3]
    publish(l1, message, path=short)
    assert refusal(l1, finalize(message, path=short), to=NULLIFIER) is None  # any length


def gateway_proof(message: bytes, batch: int) -> tuple[list[bytes], bytes]:
    """A proof through chain 272 as settlement layer, and the root that must stand there for its batch 31."""
    root = path_root(message_leaf(NUMBER, BASE_TOKEN, message), INDEX, PATH)
    batch_leaf = bytes(keccak256(bytes(keccak256(b"zkSync:BatchLeaf")) + root + batch.to_bytes(32, "big")))
    chain_root = path_root(batch_leaf, 2, PATH[:3])
    chain_leaf = bytes(keccak256(bytes(keccak256(b"zkSync:ChainIdLeaf")) + chain_root + (270).to_bytes(32, "big")))
    words = [bytes([1, 15, 3, 0]) + bytes(28), *PATH, (2).to_bytes(32, "big"), *PATH[:3]]
    words += [
        (31 << 128 | 1).to_bytes(32, "big"),
        (272).to_bytes(32, "big"),
        bytes([1, 4, 0, 1]) + bytes(28),
        *PATH[:4],
    ]
    return words, path_root(chain_leaf, 1, PATH[:4])


@pytest.mark.parametrize("minor", [30, 31])
def test_a_proof_through_a_gateway(l1: L1Chain, minor: int) -> None:
    set_version(l1, minor, 270, 272)
    fund(l1)
    message = base_message()
    words, root = gateway_proof(message, BATCH)
    data = finalize(message, path=words)
    unknown = (
        selector("NotSettlementLayer()")
        if minor == 30
        else revert_data("InvalidSettlementLayerForBatch(uint256,uint256,uint256)", 270, BATCH, 272)
    )
    assert refusal(l1, data, to=NULLIFIER) == unknown
    l1.send(HUB, call_data("registerSettlementLayer(uint256,bool)", 272, True))
    early = revert_data("BatchNotExecuted(uint256)", 31) if minor == 30 else selector("InvalidProof()")
    assert refusal(l1, data, to=NULLIFIER) == early
    l1.send(diamond(272), call_data("executeBatch(uint256,bytes32)", 31, root))
    assert refusal(l1, data, to=NULLIFIER) is None
    l1.send(diamond(270), call_data("setBatchRoot(uint256,bytes32)", BATCH, b"\1" * 32))
    assert refusal(l1, data, to=NULLIFIER) == (selector("LocalRootMustBeZero()") if minor == 30 else None)


def test_two_hops_are_one_too_many_in_v31(l1: L1Chain) -> None:
    set_version(l1, 31, 270, 272)
    l1.send(HUB, call_data("registerSettlementLayer(uint256,bool)", 272, True))
    words, _ = gateway_proof(base_message(), BATCH)
    again = [*words[:-5], bytes([1, 4, 3, 0]) + bytes(28), *PATH[:4], bytes(32), *PATH[:3], bytes(32), bytes(32)]
    data = finalize(base_message(), path=again)
    assert refusal(l1, data, to=NULLIFIER) == selector("DepthMoreThanOneForRecursiveMerkleProof()")


def test_proofs_of_v31(l1: L1Chain) -> None:
    """The MessageRoot holds the roots; a missing one is a false proof; a batch from before the upgrade still counts."""
    set_version(l1, 31)
    fund(l1)
    message = base_message()
    early = l1.rpc("evm_snapshot")
    assert refusal(l1, finalize(message), to=NULLIFIER) == selector("InvalidProof()")
    publish(l1, message)
    assert read(l1, BOOK["messageRoot"], "chainBatchRoots(uint256,uint256)", 270, BATCH) != 0
    assert read(l1, BOOK["messageRoot"], "currentChainBatchNumber(uint256)", 270) == BATCH
    prove = "proveL2MessageInclusionShared(uint256,uint256,uint256,(uint16,address,bytes),bytes32[])"
    assert read(l1, BOOK["messageRoot"], prove, 270, BATCH, INDEX, (NUMBER, BASE_TOKEN, message), proof()) == 1
    assert refusal(l1, finalize(message), to=NULLIFIER) is None
    assert refusal(l1, finalize(message, sender=L2_ROUTER), to=NULLIFIER) == revert_data(
        "WrongL2Sender(address)", L2_ROUTER
    )
    token = router_message(asset_id(TOKEN))
    assert refusal(l1, finalize(token), to=NULLIFIER) == revert_data("WrongL2Sender(address)", BASE_TOKEN)
    assert refusal(l1, finalize(message, batch=0), to=NULLIFIER) == selector("BatchZeroNotAllowed()")
    l1.rpc("evm_revert", early)
    set_version(l1, 30)
    publish(l1, message)
    set_version(l1, 31)
    assert read(l1, BOOK["messageRoot"], "chainBatchRoots(uint256,uint256)", 270, BATCH) == 0
    assert refusal(l1, finalize(message), to=NULLIFIER) is None


def test_proof_views_of_the_bridgehub(l1: L1Chain) -> None:
    message = base_message()
    publish(l1, message)
    by_message = "proveL2MessageInclusion(uint256,uint256,uint256,(uint16,address,bytes),bytes32[])"
    assert read(l1, HUB, by_message, 270, BATCH, INDEX, (NUMBER, BASE_TOKEN, message), proof()) == 1
    assert read(l1, HUB, by_message, 270, BATCH, INDEX, (NUMBER, L2_ROUTER, message), proof()) == 0
    log = (0, True, NUMBER, "0x" + "00" * 18 + "8008", h(word(BASE_TOKEN)), bytes(keccak256(message)))
    by_log = "proveL2LogInclusion(uint256,uint256,uint256,(uint8,bool,uint16,address,bytes32,bytes32),bytes32[])"
    assert read(l1, HUB, by_log, 270, BATCH, INDEX, log, proof()) == 1
    own = "proveL2MessageInclusion(uint256,uint256,(uint16,address,bytes),bytes32[])"
    assert read(l1, diamond(270), own, BATCH, INDEX, (NUMBER, BASE_TOKEN, message), proof()) == 1
    unknown = revert_data("Error(string)", "EnumerableMap: nonexistent key")
    assert refusal(l1, call_data(by_message, 999, BATCH, INDEX, (NUMBER, BASE_TOKEN, message), proof())) == unknown


def test_only_the_bridges_call_one_another(l1: L1Chain) -> None:
    for target, data in (
        (ROUTER, call_data("bridgehubDeposit(uint256,address,uint256,bytes)", 270, ALICE, 0, new_data(TOKEN, 1))),
        (
            ROUTER,
            call_data("bridgehubDepositBaseToken(uint256,bytes32,address,uint256)", 270, h(asset_id(ETH)), ALICE, 1),
        ),
        (ROUTER, call_data("bridgehubConfirmL2Transaction(uint256,bytes32,bytes32)", 270, bytes(32), bytes(32))),
        (ROUTER, call_data("finalizeDeposit(uint256,bytes32,bytes)", 270, h(asset_id(TOKEN)), b"")),
        (ROUTER, call_data("transferFundsToNTV(bytes32,uint256,address)", h(asset_id(TOKEN)), 1, ALICE)),
        (
            VAULT,
            call_data("bridgeBurn(uint256,uint256,bytes32,address,bytes)", 270, 0, h(asset_id(TOKEN)), ALICE, burn(1)),
        ),
        (VAULT, call_data("bridgeMint(uint256,bytes32,bytes)", 270, h(asset_id(TOKEN)), b"")),
        (
            NULLIFIER,
            call_data("bridgehubConfirmL2TransactionForwarded(uint256,bytes32,bytes32)", 270, bytes(32), bytes(32)),
        ),
        (diamond(270), call_data("requestL2TransactionToGatewayMailbox(uint256,bytes32,uint64)", 271, bytes(32), 0)),
    ):
        expected = (
            selector("NotSettlementLayer()") if target == diamond(270) else revert_data("Unauthorized(address)", ALICE)
        )
        assert refusal(l1, data, to=target) == expected
    assert refusal(l1, "0x", to=VAULT, value=1) == revert_data("Unauthorized(address)", ALICE)


def test_multicall(l1: L1Chain) -> None:
    multicall = l1.deploy("Multicall")
    calls = [
        (HUB, False, h(call_data("getZKChain(uint256)", 270))),
        (HUB, True, h(call_data("baseToken(uint256)", 999))),
    ]
    answer = l1.call(multicall, call_data("aggregate3((address,bool,bytes)[])", calls))
    ((found, missing),) = decode(("(bool,bytes)[]",), h(answer))
    assert (found[0], found[1][12:].hex()) == (True, diamond(270)[2:])
    assert (missing[0], "0x" + missing[1].hex()) == (
        False,
        revert_data("AssetHandlerNotRegistered(bytes32)", bytes(32)),
    )
    strict = [(target, False, data) for target, _, data in calls]
    failed_call = revert_data("Error(string)", "Multicall3: call failed")
    assert refusal(l1, call_data("aggregate3((address,bool,bytes)[])", strict), to=multicall) == failed_call


def test_the_deployer_is_nobody_special(l1: L1Chain) -> None:
    assert uint(l1.call(diamond(270), call_data("getAdmin()"), sender=BOB)) == uint(DEPLOYER)
    send(l1, call_data("setTokenMultiplier(uint128,uint128)", 2, 1), to=diamond(270), sender=BOB)
    assert price_of(l1, 270, GWEI) == 275_000_000


def test_the_oldest_bridge(l1: L1Chain) -> None:
    """L1ERC20Bridge, of Era alone: it takes its own allowance, and its deposits are remembered in the legacy way."""
    bridge = BOOK["erc20Bridge"]
    deposit = "deposit(address,address,uint256,uint256,uint256,address)"

    def ask(token: str, amount: int) -> str:
        return call_data(deposit, BOB, token, amount, LIMIT, 800, NOBODY)

    assert refusal(l1, ask(TOKEN, 0), to=bridge, value=COST) == selector("EmptyDeposit()")
    weth = BOOK["weth"]
    l1.send(weth, call_data("deposit()"), sender=ALICE, value=5)
    l1.send(weth, call_data("approve(address,uint256)", bridge, 5), sender=ALICE)
    assert refusal(l1, ask(weth, 5), to=bridge, value=COST) == revert_data("TokenNotSupported(address)", weth)
    receipt = send(l1, ask(TOKEN, 5), to=bridge, value=COST)
    tx_hash, transaction = canonical(receipt, 272)
    # the refund recipient is the user's, whoever asked the Bridgehub; the sender is the router that asked it
    assert sender_and_refund(receipt, 272) == (alias(ROUTER), ALICE)
    assert transaction[11][:4].hex() == "cfe7af7c"
    prove_failed(l1, tx_hash, 272)
    before = read(l1, TOKEN, "balanceOf(address)", ALICE)
    send(l1, claim(tx_hash, TOKEN, 5, chain_id=272), to=NULLIFIER)
    assert read(l1, TOKEN, "balanceOf(address)", ALICE) == before + 5


def test_a_token_with_old_metadata(l1: L1Chain) -> None:
    """The getters' answers travel as they are; a getter that is missing comes out empty."""
    token = l1.deploy("OldToken")
    l1.send(token, call_data("mint(address,uint256)", ALICE, 5))
    l1.send(token, call_data("approve(address,uint256)", ROUTER, 5), sender=ALICE)
    _, transaction = canonical(send(l1, two(new_data(token, 5)), value=COST))
    sent = decode(("address", "address", "address", "uint256", "bytes"), transaction[11][4:])[4]
    fields = (b"Old".ljust(32, b"\0"), b"OLD".ljust(32, b"\0"), b"")
    assert decode(("uint256", "bytes", "bytes", "bytes"), sent[1:]) == (CHAIN_ID, *fields)
