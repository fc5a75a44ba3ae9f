"""The devnet's L2 contracts: what arrives, what leaves, what is said to L1; and there and back through both layers."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.devnet.l1_chain import (
    CHAIN_ID,
    ETH,
    L1Chain,
    Reverted,
    alias,
    asset_id,
    call_data,
    revert_data,
    selector,
    topic,
    word,
)
from tests.devnet.real_world import BOOK, TRANSACTION, diamond, message_leaf, path_root, real_world
from zkcore.ethereum.abi import decode, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.testing.devnet.deploy import artifact

L2_CHAIN = 270
MESSENGER, BASE_TOKEN, NONCES = (f"0x{number:040x}" for number in (0x8008, 0x800A, 0x8003))
ROUTER, VAULT, BOOTLOADER = (f"0x{number:040x}" for number in (0x10003, 0x10004, 0x8001))
BUILT_INS = {
    MESSENGER: "L1Messenger",
    BASE_TOKEN: "L2BaseToken",
    NONCES: "NonceHolder",
    ROUTER: "L2AssetRouter",
    VAULT: "L2NativeTokenVault",
}
L1_ROUTER, TOKEN = BOOK["assetRouter"], BOOK["tokens.erc20_18"]
FROM_L1 = alias(L1_ROUTER)
ALICE, BOB = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
NOBODY = "0x" + "00" * 20
L1_MESSAGE_SENT = "0x3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241"
L2_TO_L1_LOG_SENT = "0x27fe8c0b49f49507b9d4fe5968c9f49edfe5c9df277d433a07a0717ede97638d"
WITHDRAWAL = "0x2717ead6b9200dd235aad468c9809ea400fe33ac69b5bfaa6d3e90fc922b6398"
WITHDRAWAL_INITIATED = "0x55362fc62473cb1255e770af5d5e02ba6ee5bc7ed6969c30eb11ca31b92384dc"
LEGACY_FINALIZE = "finalizeDeposit(address,address,address,uint256,bytes)"
FINALIZE = "finalizeDeposit(uint256,bytes32,bytes)"
WITHDRAW, WITHDRAW_LEGACY = "withdraw(bytes32,bytes)", "withdraw(address,address,uint256)"
ERA_TRANSACTION = TRANSACTION.replace("uint256[],", "bytes32[],")


def h(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def place_built_ins(l2: L1Chain, *, era: bool = True, legacy_bridge: str = NOBODY) -> None:
    for address, name in BUILT_INS.items():
        l2.rpc("anvil_setCode", address, "0x" + artifact(name, "runtime").hex())
    base = h(asset_id(ETH))
    l2.send(MESSENGER, call_data("initialize(bool)", era))
    l2.send(BASE_TOKEN, call_data("initialize(string,string,uint8)", "Ether", "ETH", 18))
    l2.send(ROUTER, call_data("initialize(uint256,address,bytes32,address)", CHAIN_ID, L1_ROUTER, base, legacy_bridge))
    l2.send(VAULT, call_data("initialize(uint256,bytes32,address,address)", CHAIN_ID, base, NOBODY, legacy_bridge))
    for account in (ALICE, BOB, FROM_L1):
        l2.rpc("anvil_setBalance", account, hex(10**24))


@pytest.fixture(scope="module")
def layer() -> Iterator[L1Chain]:
    l2 = L1Chain(hardfork="cancun", chain_id=L2_CHAIN)
    try:
        place_built_ins(l2)
        yield l2
    finally:
        l2.close()


@pytest.fixture
def l2(layer: L1Chain) -> Iterator[L1Chain]:
    layer.push()
    yield layer
    layer.pop()


def read(chain: L1Chain, to: str, signature: str, *values: Any) -> int:
    return int(chain.call(to, call_data(signature, *values)), 16)


def refusal(chain: L1Chain, to: str, data: str, *, sender: str = ALICE, value: int = 0) -> str | None:
    try:
        chain.call(to, data, sender=sender, value=value)
    except Reverted as error:
        return error.data
    return None


def balance(chain: L1Chain, account: str) -> int:
    return int(chain.rpc("eth_getBalance", account, "latest"), 16)


def messages(receipt: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Sender and bytes of each message to L1; their announced hash is checked."""
    found = []
    for log in receipt["logs"]:
        if log["topics"][0] == L1_MESSAGE_SENT:
            (message,) = decode(("bytes",), h(log["data"]))
            assert log["address"] == MESSENGER
            assert log["topics"][2] == "0x" + bytes(keccak256(message)).hex()
            found.append(("0x" + log["topics"][1][26:], message))
    return found


def metadata(name: str = "Token", symbol: str = "TKN", decimals: int = 6, origin: int = CHAIN_ID) -> bytes:
    fields = (encode(("string",), (name,)), encode(("string",), (symbol,)), encode(("uint8",), (decimals,)))
    return b"\x01" + encode(("uint256", "bytes", "bytes", "bytes"), (origin, *fields))


def deposit(l2: L1Chain, amount: int = 100, receiver: str = ALICE, data: bytes | None = None) -> str:
    """A token of L1 arrives; its L2 address."""
    l2.send(
        ROUTER,
        call_data(LEGACY_FINALIZE, BOB, receiver, TOKEN, amount, metadata() if data is None else data),
        sender=FROM_L1,
    )
    return f"0x{read(l2, VAULT, 'l2TokenAddress(address)', TOKEN):040x}"


def burn(amount: int, receiver: str, token: str) -> bytes:
    return encode(("uint256", "address", "address"), (amount, receiver, token))


# ---------------------------------------------------------------- base token and messenger


@pytest.mark.parametrize("era", [True, False])
def test_messenger(l2: L1Chain, era: bool) -> None:
    l2.send(MESSENGER, call_data("initialize(bool)", era))
    l2.store(MESSENGER, 1, 9)
    data, sent = call_data("sendToL1(bytes)", b"hello"), bytes(keccak256(b"hello"))
    assert l2.call(MESSENGER, data, sender=ALICE) == "0x" + sent.hex()
    logs = l2.send(MESSENGER, data, sender=ALICE)["logs"]
    assert [log["topics"][0] for log in logs] == ([L2_TO_L1_LOG_SENT] if era else []) + [L1_MESSAGE_SENT]
    if era:
        (log,) = decode(("(uint8,bool,uint16,address,bytes32,bytes32)",), h(logs[0]["data"]))
        assert (*log[:3], str(log[3]).lower(), *log[4:]) == (0, True, 9, MESSENGER, h(word(ALICE)), sent)


def test_base_token_withdrawal(l2: L1Chain) -> None:
    before = balance(l2, ALICE)
    receipt = l2.send(BASE_TOKEN, call_data("withdraw(address)", BOB), sender=ALICE, value=1234)
    assert balance(l2, ALICE) == before - 1234
    assert balance(l2, BASE_TOKEN) == 0  # burned, not kept
    assert messages(receipt) == [(BASE_TOKEN, bytes.fromhex("6c0960f9") + h(BOB) + (1234).to_bytes(32, "big"))]
    assert [log["topics"][0] for log in receipt["logs"]] == [L2_TO_L1_LOG_SENT, L1_MESSAGE_SENT, WITHDRAWAL]
    assert (receipt["logs"][2]["topics"][1:], receipt["logs"][2]["data"]) == ([word(ALICE), word(BOB)], word(1234))


def test_base_token_withdrawal_with_message(l2: L1Chain) -> None:
    receipt = l2.send(BASE_TOKEN, call_data("withdrawWithMessage(address,bytes)", BOB, b"more"), sender=ALICE, value=7)
    assert messages(receipt) == [
        (BASE_TOKEN, bytes.fromhex("6c0960f9") + h(BOB) + (7).to_bytes(32, "big") + h(ALICE) + b"more")
    ]
    last = receipt["logs"][-1]
    assert last["topics"] == [
        "0xc405fe8958410bbaf0c73b7a0c3e20859e86ca168a4c9b0def9c54d2555a306b",
        word(ALICE),
        word(BOB),
    ]
    assert decode(("uint256", "bytes"), h(last["data"])) == (7, b"more")


def test_base_token_views(l2: L1Chain) -> None:
    assert decode(("string",), h(l2.call(BASE_TOKEN, call_data("name()")))) == ("Ether",)
    assert decode(("string",), h(l2.call(BASE_TOKEN, call_data("symbol()")))) == ("ETH",)
    assert read(l2, BASE_TOKEN, "decimals()") == 18
    assert read(l2, BASE_TOKEN, "balanceOf(uint256)", int(ALICE, 16)) == balance(l2, ALICE)


def test_several_withdrawals_in_one_transaction(l2: L1Chain) -> None:
    withdrawer = l2.deploy("Withdrawer")
    receipt = l2.send(withdrawer, call_data("withdrawBase(address,uint256[])", BOB, [3, 0, 4]), sender=ALICE, value=7)
    assert [(sender, int.from_bytes(message[24:56], "big")) for sender, message in messages(receipt)] == [
        (BASE_TOKEN, 3),
        (BASE_TOKEN, 0),
        (BASE_TOKEN, 4),
    ]
    assert balance(l2, withdrawer) == balance(l2, BASE_TOKEN) == 0
    receipt = l2.send(withdrawer, call_data("sendMessages(bytes[])", [b"", b"x"]))
    assert messages(receipt) == [(withdrawer, b""), (withdrawer, b"x")]
    token = deposit(l2, 100, withdrawer)
    datas = [burn(1, BOB, token), burn(2, BOB, NOBODY)]
    receipt = l2.send(withdrawer, call_data("withdrawAsset(bytes32,bytes[])", h(asset_id(TOKEN)), datas))
    assert [sender for sender, _ in messages(receipt)] == [ROUTER, ROUTER]
    assert read(l2, token, "balanceOf(address)", withdrawer) == 97


# ---------------------------------------------------------------- deposits


def test_only_the_l1_router_deposits(l2: L1Chain) -> None:
    for data in (
        call_data(LEGACY_FINALIZE, BOB, ALICE, TOKEN, 1, metadata()),
        call_data(FINALIZE, CHAIN_ID, h(asset_id(TOKEN)), b""),
    ):
        for caller in (ALICE, L1_ROUTER, ROUTER):
            assert refusal(l2, ROUTER, data, sender=caller) == revert_data("InvalidCaller(address)", caller)
    mint = call_data("bridgeMint(uint256,bytes32,bytes)", CHAIN_ID, h(asset_id(TOKEN)), b"")
    assert refusal(l2, VAULT, mint) == revert_data("Unauthorized(address)", ALICE)
    base = revert_data("AssetIdNotSupported(bytes32)", h(asset_id(ETH)))
    assert refusal(l2, ROUTER, call_data(LEGACY_FINALIZE, BOB, ALICE, ETH, 1, metadata()), sender=FROM_L1) == base


def test_the_first_deposit_deploys_the_token(l2: L1Chain) -> None:
    asset = h(asset_id(TOKEN))
    predicted = read(l2, ROUTER, "l2TokenAddress(address)", TOKEN)
    assert predicted == read(l2, VAULT, "calculateCreate2TokenAddress(uint256,address)", CHAIN_ID, TOKEN)
    assert read(l2, VAULT, "l2TokenAddress(address)", TOKEN) == read(l2, VAULT, "tokenAddress(bytes32)", asset) == 0
    assert read(l2, ROUTER, "l1TokenAddress(address)", f"0x{predicted:040x}") == 0
    token = deposit(l2)
    assert int(token, 16) == predicted == read(l2, ROUTER, "l2TokenAddress(address)", TOKEN)
    # EVM CREATE2 with the L1 token as salt, of the proxy and its beacon
    code = artifact("BeaconProxy") + encode(
        ("address", "bytes"), (f"0x{read(l2, VAULT, 'bridgedTokenBeacon()'):040x}", b"")
    )
    by_hand = keccak256(b"\xff" + h(VAULT) + h(word(TOKEN)) + bytes(keccak256(code)))
    assert bytes(by_hand)[12:] == h(token)
    assert (
        read(l2, ROUTER, "l1TokenAddress(address)", token)
        == read(l2, token, "originToken()")
        == read(l2, token, "l1Address()")
        == int(TOKEN, 16)
    )
    assert read(l2, VAULT, "assetId(address)", token) == read(l2, token, "assetId()") == int.from_bytes(asset, "big")
    assert read(l2, VAULT, "originChainId(bytes32)", asset) == CHAIN_ID
    assert read(l2, token, "balanceOf(address)", ALICE) == 100
    assert decode(("string",), h(l2.call(token, call_data("name()")))) == ("Token",)
    assert decode(("string",), h(l2.call(token, call_data("symbol()")))) == ("TKN",)
    assert read(l2, token, "decimals()") == 6
    assert deposit(l2, 11) == token
    assert read(l2, token, "balanceOf(address)", ALICE) == read(l2, token, "totalSupply()") == 111


def test_the_new_form_of_a_deposit(l2: L1Chain) -> None:
    """A token of a third chain."""
    foreign = "0x00000000000000000000000000000000000f0e16"
    asset = asset_id(foreign, 999)
    mint = encode(("address", "address", "address", "uint256", "bytes"), (BOB, ALICE, foreign, 5, metadata(origin=999)))
    receipt = l2.send(ROUTER, call_data(FINALIZE, CHAIN_ID, h(asset), mint), sender=FROM_L1)
    assert receipt["logs"][0]["topics"][0] == topic("AssetHandlerRegistered(bytes32,address)")
    assert receipt["logs"][-1]["topics"] == [
        topic("DepositFinalizedAssetRouter(uint256,bytes32,bytes)"),
        word(CHAIN_ID),
        asset,
    ]
    token = f"0x{read(l2, VAULT, 'tokenAddress(bytes32)', h(asset)):040x}"
    assert int(token, 16) == read(l2, VAULT, "calculateCreate2TokenAddress(uint256,address)", 999, foreign)
    assert read(l2, ROUTER, "l1TokenAddress(address)", token) == 0
    assert refusal(l2, ROUTER, call_data(WITHDRAW_LEGACY, BOB, token, 5)) == selector("TokenNotLegacy()")
    assert refusal(l2, ROUTER, call_data(WITHDRAW, h(asset), burn(5, BOB, token))) is None


def test_old_and_poor_metadata(l2: L1Chain) -> None:
    old = encode(("bytes", "bytes", "bytes"), (encode(("string",), ("Old",)), b"", encode(("uint8",), (3,))))
    token = deposit(l2, data=old)
    assert decode(("string",), h(l2.call(token, call_data("name()")))) == ("Old",)
    assert read(l2, token, "decimals()") == 3
    assert refusal(l2, token, call_data("symbol()")) == "0x"  # the origin token has none


def test_metadata_of_another_type(l2: L1Chain) -> None:
    """Bytes32 is no string: the getters are missing, as on the real one."""
    fields = (b"Old".ljust(32, b"\0"), b"OLD".ljust(32, b"\0"), b"")
    token = deposit(l2, data=b"\x01" + encode(("uint256", "bytes", "bytes", "bytes"), (CHAIN_ID, *fields)))
    for getter in ("name()", "symbol()", "decimals()"):
        assert refusal(l2, token, call_data(getter)) == "0x"
    assert read(l2, token, "balanceOf(address)", ALICE) == 100


def test_an_asset_id_of_another_token(l2: L1Chain) -> None:
    mint = encode(("address", "address", "address", "uint256", "bytes"), (BOB, ALICE, TOKEN, 5, metadata()))
    wrong = revert_data("AssetIdMismatch(bytes32,bytes32)", h(asset_id(TOKEN)), bytes(31) + b"\x05")
    assert refusal(l2, ROUTER, call_data(FINALIZE, CHAIN_ID, bytes(31) + b"\x05", mint), sender=FROM_L1) == wrong


def test_views_of_the_bridges(l2: L1Chain) -> None:
    for view in ("L1_ASSET_ROUTER()", "l1Bridge()", "l1SharedBridge()"):
        assert read(l2, ROUTER, view) == int(L1_ROUTER, 16)
    assert read(l2, VAULT, "L1_CHAIN_ID()") == CHAIN_ID
    assert read(l2, VAULT, "BASE_TOKEN_ASSET_ID()") == int(asset_id(ETH), 16)
    assert read(l2, VAULT, "WETH_TOKEN()") == read(l2, VAULT, "L2_LEGACY_SHARED_BRIDGE()") == 0
    assert read(l2, ROUTER, "assetHandlerAddress(bytes32)", h(asset_id(ETH))) == int(VAULT, 16)


# ---------------------------------------------------------------- withdrawals of tokens


@pytest.mark.parametrize("named", [True, False])
def test_withdrawal_of_an_l1_token(l2: L1Chain, named: bool) -> None:
    token = deposit(l2)
    data = burn(40, BOB, token if named else NOBODY)
    receipt = l2.send(ROUTER, call_data(WITHDRAW, h(asset_id(TOKEN)), data), sender=ALICE)
    ((sender, message),) = messages(receipt)
    assert (sender, message[:4].hex()) == (ROUTER, "9c884fd1")
    assert (int.from_bytes(message[4:36], "big"), message[36:68]) == (L2_CHAIN, h(asset_id(TOKEN)))
    caller, receiver, origin, amount, sent_metadata = decode(
        ("address", "address", "address", "uint256", "bytes"), message[68:]
    )
    assert [str(value).lower() for value in (caller, receiver, origin)] == [ALICE, BOB, TOKEN]
    assert (amount, sent_metadata) == (40, metadata())
    assert read(l2, token, "balanceOf(address)", ALICE) == 60
    last = receipt["logs"][-1]
    assert last["topics"] == [WITHDRAWAL_INITIATED, word(ALICE), asset_id(TOKEN)]
    assert decode(("uint256", "bytes"), h(last["data"])) == (CHAIN_ID, data)


def test_the_old_call_makes_a_new_message(l2: L1Chain) -> None:
    token = deposit(l2)
    ((sender, message),) = messages(l2.send(ROUTER, call_data(WITHDRAW_LEGACY, BOB, token, 40), sender=ALICE))
    assert (sender, message[:4].hex()) == (ROUTER, "9c884fd1")
    assert refusal(l2, ROUTER, call_data(WITHDRAW_LEGACY, BOB, token, 0)) == selector("AmountMustBeGreaterThanZero()")
    assert refusal(l2, ROUTER, call_data(WITHDRAW_LEGACY, BOB, token, 61)) == revert_data(
        "Error(string)", "ERC20: burn amount exceeds balance"
    )
    assert refusal(l2, ROUTER, call_data(WITHDRAW_LEGACY, BOB, ALICE, 1)) == selector("TokenNotLegacy()")


def test_a_legacy_bridge_sends_the_old_message(l2: L1Chain) -> None:
    bridge = l2.deploy("LegacySharedBridge")
    base = h(asset_id(ETH))
    l2.send(ROUTER, call_data("initialize(uint256,address,bytes32,address)", CHAIN_ID, L1_ROUTER, base, bridge))
    token = deposit(l2)
    expected = [(bridge, bytes.fromhex("11a2ccc1") + h(BOB) + h(TOKEN) + (40).to_bytes(32, "big"))]
    for target in (ROUTER, bridge):
        assert messages(l2.send(target, call_data(WITHDRAW_LEGACY, BOB, token, 40), sender=ALICE)) == expected
    forge = call_data("sendMessageToL1(bytes)", expected[0][1])
    assert refusal(l2, bridge, forge) == revert_data("Unauthorized(address)", ALICE)
    assert read(l2, bridge, "l1TokenAddress(address)", token) == int(TOKEN, 16)
    assert read(l2, bridge, "l2TokenAddress(address)", TOKEN) == int(token, 16)


def test_withdrawal_of_a_native_token(l2: L1Chain) -> None:
    token = l2.deploy("TestToken", ("string", "string", "uint8"), "Native", "NAT", 9)
    l2.send(token, call_data("mint(address,uint256)", ALICE, 100))
    asset = h(asset_id(token, L2_CHAIN))
    withdraw = call_data(WITHDRAW, asset, burn(30, BOB, token))
    assert refusal(l2, ROUTER, withdraw) == revert_data("Error(string)", "ERC20: insufficient allowance")
    assert refusal(l2, ROUTER, call_data(WITHDRAW, asset, burn(30, BOB, NOBODY))) == selector("ZeroAddress()")
    l2.send(token, call_data("approve(address,uint256)", VAULT, 30), sender=ALICE)
    receipt = l2.send(ROUTER, withdraw, sender=ALICE)
    ((sender, message),) = messages(receipt)
    _, _, origin, amount, sent = decode(("address", "address", "address", "uint256", "bytes"), message[68:])
    assert (sender, message[36:68], str(origin).lower(), amount) == (ROUTER, asset, token, 30)
    assert sent == metadata("Native", "NAT", 9, L2_CHAIN)
    assert read(l2, token, "balanceOf(address)", VAULT) == 30
    assert read(l2, VAULT, "ensureTokenIsRegistered(address)", token) == int.from_bytes(asset, "big")
    back = encode(("address", "address", "address", "uint256", "bytes"), (BOB, BOB, token, 30, sent))
    l2.send(ROUTER, call_data(FINALIZE, CHAIN_ID, asset, back), sender=FROM_L1)
    assert read(l2, token, "balanceOf(address)", BOB) == 30


def test_the_base_token_does_not_leave_through_the_router(l2: L1Chain) -> None:
    for named in (NOBODY, BASE_TOKEN):
        assert refusal(l2, ROUTER, call_data(WITHDRAW, h(asset_id(ETH)), burn(1, BOB, named))) is not None


# ---------------------------------------------------------------- the rest


def test_nonce_holder(l2: L1Chain) -> None:
    l2.send(NONCES, call_data("setNonces(address,uint256,uint256)", ALICE, 3, 8))
    assert [read(l2, NONCES, f"{name}(address)", ALICE) for name in ("getDeploymentNonce", "getMinNonce")] == [3, 8]
    assert read(l2, NONCES, "getDeploymentNonce(address)", BOB) == 0


def sponsored(paymaster_input: bytes, *, gas: int = 1000, price: int = 3) -> str:
    transaction = (
        0x71,
        int(ALICE, 16),
        0,
        gas,
        50_000,
        price,
        0,
        0,
        0,
        0,
        (0, 0, 0, 0),
        b"",
        b"",
        [],
        paymaster_input,
        b"",
    )
    return call_data(
        f"validateAndPayForPaymasterTransaction(bytes32,bytes32,{ERA_TRANSACTION})", bytes(32), bytes(32), transaction
    )


GENERAL = call_data("general(bytes)", b"")


def test_general_paymaster(l2: L1Chain) -> None:
    assert GENERAL.startswith("0x8c5a3445")
    paymaster = l2.deploy("GeneralPaymaster")
    assert refusal(l2, paymaster, sponsored(h(GENERAL)), sender=BOOTLOADER) == selector("PaymasterFailedToPay()")
    l2.send(paymaster, sender=ALICE, value=3001)
    assert refusal(l2, paymaster, sponsored(h(GENERAL))) == selector("OnlyBootloader()")
    assert refusal(l2, paymaster, sponsored(b""), sender=BOOTLOADER) == revert_data(
        "UnsupportedPaymasterFlow(bytes4)", bytes(4)
    )
    magic, context = decode(("bytes4", "bytes"), h(l2.call(paymaster, sponsored(h(GENERAL)), sender=BOOTLOADER)))
    assert ("0x" + magic.hex(), context) == (sponsored(b"")[:10], b"") == ("0x038a24bc", b"")
    before = balance(l2, BOOTLOADER)
    l2.send(paymaster, sponsored(h(GENERAL)), sender=BOOTLOADER)
    assert (balance(l2, BOOTLOADER), balance(l2, paymaster)) == (before + 3000, 1)


def test_approval_based_paymaster(l2: L1Chain) -> None:
    token = l2.deploy("TestToken", ("string", "string", "uint8"), "Fee", "FEE", 18)
    l2.send(token, call_data("mint(address,uint256)", ALICE, 50))
    paymaster = l2.deploy("ApprovalPaymaster", ("address", "uint256"), token, 20)
    l2.send(paymaster, sender=ALICE, value=3000)

    def ask(given: str, allowance: int) -> str:
        return sponsored(h(call_data("approvalBased(address,uint256,bytes)", given, allowance, b"")))

    assert refusal(l2, paymaster, ask(BOB, 20), sender=BOOTLOADER) == revert_data(
        "WrongToken(address,address)", BOB, token
    )
    assert refusal(l2, paymaster, ask(token, 19), sender=BOOTLOADER) == revert_data(
        "MinAllowanceTooLow(uint256,uint256)", 19, 20
    )
    assert refusal(l2, paymaster, sponsored(h(GENERAL)), sender=BOOTLOADER) == revert_data(
        "UnsupportedPaymasterFlow(bytes4)", h(GENERAL)[:4]
    )
    missing = revert_data("Error(string)", "ERC20: insufficient allowance")
    assert refusal(l2, paymaster, ask(token, 20), sender=BOOTLOADER) == missing
    l2.send(token, call_data("approve(address,uint256)", paymaster, 20), sender=ALICE)
    l2.send(paymaster, ask(token, 20), sender=BOOTLOADER)
    assert [read(l2, token, "balanceOf(address)", owner) for owner in (ALICE, paymaster)] == [30, 20]


def test_targets(l2: L1Chain) -> None:
    counter, reverter = l2.deploy("Counter"), l2.deploy("Reverter")
    l2.send(counter, call_data("increment(uint256)", 4), sender=ALICE, value=2)
    l2.send(counter, sender=BOB, value=1)
    assert (read(l2, counter, "count()"), read(l2, counter, "lastSender()"), balance(l2, counter)) == (
        5,
        int(BOB, 16),
        3,
    )
    for data in ("0x", "0x12345678"):
        assert refusal(l2, reverter, data, value=1) == selector("AlwaysReverts()")


# ---------------------------------------------------------------- both layers


PATH = [bytes([level]) * 32 for level in range(1, 15)]


def finalize_on_l1(l1: L1Chain, receipt: dict[str, Any], batch: int) -> dict[str, Any]:
    """Seal the only message of an L2 transaction into a batch, and finalize it."""
    ((sender, message),) = messages(receipt)
    root = path_root(path_root(message_leaf(0, sender, message), 0, PATH), 0, [bytes(32)])
    l1.send(diamond(L2_CHAIN), call_data("executeBatch(uint256,bytes32)", batch, root))
    proof = [bytes([1, 15, 0, 1]) + bytes(28), *PATH, bytes(32)]
    final = "finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))"
    return l1.send(BOOK["nullifier"], call_data(final, (L2_CHAIN, batch, 0, sender, 0, message, proof)), sender=BOB)


def deposit_on_l1(l1: L1Chain, token: str, asset: str, amount: int) -> tuple[str, str, bytes]:
    """A two-bridges deposit from Alice to Alice: what L2 is to run, as (from, to, calldata)."""
    payload = b"\x01" + encode(("bytes32", "bytes"), (h(asset), burn(amount, ALICE, token)))
    mint = 262_500_000 * 1_000_000
    two_bridges = (
        "requestL2TransactionTwoBridges((uint256,uint256,uint256,uint256,uint256,address,address,uint256,bytes))"
    )
    request = call_data(two_bridges, (L2_CHAIN, mint, 0, 1_000_000, 800, NOBODY, L1_ROUTER, 0, payload))
    receipt = l1.send(BOOK["bridgehub"], request, sender=ALICE, value=mint, gas_price=10**9)
    (log,) = [log for log in receipt["logs"] if log["topics"][0].startswith("0x4531cd57")]
    transaction = decode(("uint256", "bytes32", "uint64", TRANSACTION, "bytes[]"), h(log["data"]))[3]
    return f"0x{transaction[1]:040x}", f"0x{transaction[2]:040x}", transaction[11]


def test_there_and_back(l2: L1Chain) -> None:
    with real_world() as l1:
        for account in (ALICE, BOB):
            l1.rpc("anvil_setBalance", account, hex(10**24))
        start = read(l1, TOKEN, "balanceOf(address)", ALICE)

        # a token of L1
        sender, to, data = deposit_on_l1(l1, TOKEN, asset_id(TOKEN), 100)
        assert (sender, to) == (FROM_L1, ROUTER)
        l2.send(to, "0x" + data.hex(), sender=sender)
        token = f"0x{read(l2, VAULT, 'l2TokenAddress(address)', TOKEN):040x}"
        assert read(l2, token, "balanceOf(address)", ALICE) == 100
        assert decode(("string",), h(l2.call(token, call_data("name()")))) == ("Rig Token Eighteen",)
        finalize_on_l1(
            l1, l2.send(ROUTER, call_data(WITHDRAW, h(asset_id(TOKEN)), burn(60, ALICE, token)), sender=ALICE), 1
        )
        finalize_on_l1(l1, l2.send(ROUTER, call_data(WITHDRAW_LEGACY, ALICE, token, 40), sender=ALICE), 2)
        assert read(l1, TOKEN, "balanceOf(address)", ALICE) == start
        assert read(l2, token, "totalSupply()") == read(l1, TOKEN, "balanceOf(address)", BOOK["nativeTokenVault"]) == 0

        # a token of this L2
        native = l2.deploy("TestToken", ("string", "string", "uint8"), "Native", "NAT", 9)
        asset = asset_id(native, L2_CHAIN)
        l2.send(native, call_data("mint(address,uint256)", ALICE, 100))
        l2.send(native, call_data("approve(address,uint256)", VAULT, 100), sender=ALICE)
        finalize_on_l1(l1, l2.send(ROUTER, call_data(WITHDRAW, h(asset), burn(100, ALICE, native)), sender=ALICE), 3)
        on_l1 = f"0x{read(l1, BOOK['nativeTokenVault'], 'tokenAddress(bytes32)', h(asset)):040x}"
        assert read(l1, on_l1, "balanceOf(address)", ALICE) == 100
        sender, to, data = deposit_on_l1(l1, on_l1, asset, 70)
        l2.send(to, "0x" + data.hex(), sender=sender)
        assert read(l2, native, "balanceOf(address)", ALICE) == 70
        assert read(l1, on_l1, "totalSupply()") == 30

        # ether, which is the base token
        l1.rpc("anvil_setBalance", BOOK["nativeTokenVault"], hex(0))
        sender, _, _ = deposit_on_l1(l1, TOKEN, asset_id(TOKEN), 1)  # locks its mint value
        before = int(l1.rpc("eth_getBalance", ALICE, "latest"), 16)
        finalize_on_l1(l1, l2.send(BASE_TOKEN, call_data("withdraw(address)", ALICE), sender=ALICE, value=12), 4)
        assert int(l1.rpc("eth_getBalance", ALICE, "latest"), 16) == before + 12
