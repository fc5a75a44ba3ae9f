"""What is spent is what was given, and never more than the ceilings: whichever node lies, about whatever it is asked."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.liar import LyingNode, answering, asked, both, calldata, saying
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, sends, told, wallet_of
from zkcore import ETH, FeePolicy, ether, gwei
from zkcore.errors import FeeTooHigh, InputError, MalformedReply, ZkCoreError
from zkcore.flows.l1 import TxOptions
from zkcore.protocol.assets import TransferData, era_bridged_token
from zkcore.protocol.chains import Token
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    L2_LEGACY_BRIDGE,
    L2_NATIVE_TOKEN_VAULT,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    LEGACY_BRIDGE,
    NATIVE_TOKEN_VAULT,
    SLOT_BASE_TOKEN_MULTIPLIER,
)
from zkcore.rpc.transport import Request
from zkcore.testing.devnet import Devnet
from zkcore.types import Address, Hash32

OS = pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)
STRANGER = Address("0x00000000000000000000000000000000DeaDBeef")
ZERO, NO_ID = Address(bytes(20)), Hash32(bytes(32))


def funded(net: Devnet, *symbols: str) -> list[Address]:
    """The tokens on L2, of which the account holds some there, and of the base token."""
    wallet = wallet_of(net)
    sent = [wallet.deposit(net.tokens[symbol], 10 * AMOUNT) for symbol in symbols]
    sent.append(wallet.deposit(net.profile.base_token or ETH, ether("1")))
    for deposit in sent:
        deposit.wait(timeout=60)
    return [wallet.l2_token_address(net.tokens[symbol]) for symbol in symbols]


def lied_to(net: Devnet, lie: Any, node: str = "l2", **options: Any) -> tuple[Any, CountingSigner]:
    """A wallet over one lying node, and its signer."""
    signer = CountingSigner(net)
    url = net.l1_url if node == "l1" else net.l2_url
    return wallet_of(net, signer, **{node: LyingNode(url, lie), **options}), signer


# ---------------------------------------------------------------- (1) which token, which amount
@ERA
def test_a_token_is_not_the_base_token_because_the_l2_node_says_so(net: Devnet) -> None:
    """3 DAI asked, 3 ETH signed: by the token's address on L1, on L2, and where the profile has both."""
    (dai,) = funded(net, "DAI")
    token = net.tokens["DAI"]
    pinned = replace(net.profile, tokens=(Token(symbol="DAI", decimals=18, l1_address=token, l2_address=dai),))
    for not_registered in (True, False):
        lie = both(
            answering(L2_NATIVE_TOKEN_VAULT.l2_token_address, L2_BASE_TOKEN_ADDRESS),
            answering(L2_ASSET_ROUTER.l2_token_address, L2_BASE_TOKEN_ADDRESS),
            answering(NATIVE_TOKEN_VAULT.asset_id, NO_ID) if not_registered else lambda _, got: got,
            saying("eth_estimateGas", lambda got: got if isinstance(got, str) else hex(200_000)),
        )
        for profile in (net.profile, pinned):
            for given in (token, dai):
                wallet, signer = lied_to(net, lie, chain=profile)
                for order in (
                    lambda w, t=given: w.transfer(STRANGER, AMOUNT, t),
                    lambda w, t=given: w.withdraw(t, AMOUNT, to=STRANGER),
                ):
                    with suppress(ZkCoreError):
                        order(wallet)
                for tx in signer.signed:
                    assert tx.value == 0
                    assert tx.to in {given, dai, L2_ASSET_ROUTER_ADDRESS}


@ERA
def test_the_l2_node_does_not_choose_another_token(net: Devnet) -> None:
    dai, usdc = funded(net, "DAI", "USDC")
    token = net.tokens["DAI"]
    lie = both(
        answering(L2_NATIVE_TOKEN_VAULT.l2_token_address, usdc),
        answering(NATIVE_TOKEN_VAULT.asset_id, NO_ID),
    )
    wallet, signer = lied_to(net, lie)
    for given in (token, dai):
        with pytest.raises(
            InputError, match=rf"the node says that {usdc} stands for it.*give the token by its L2 address"
        ):
            wallet.transfer(STRANGER, AMOUNT, given)
    assert not signer.signed
    # a withdrawal names the asset that was given, and L2's vault compares
    withdrawn = wallet_of(net).asset_id(token)
    with pytest.raises(ZkCoreError):
        wallet.withdraw(token, AMOUNT)
    always = both(lie, saying("eth_estimateGas", lambda _: hex(400_000)))
    wallet, signer = lied_to(net, always)
    held = wallet.get_balance(usdc)
    with suppress(ZkCoreError):
        wallet.withdraw(token, AMOUNT)
    (tx,) = signer.signed
    asset_id, data = L2_ASSET_ROUTER.withdraw.decode_arguments(tx.data)
    assert (asset_id, TransferData.decode(data).amount) == (withdrawn, AMOUNT)
    assert wallet_of(net).get_balance(usdc) == held  # reverted on L2


@ERA
def test_a_transfer_by_the_l1_address_needs_one_that_the_profile_pins(net: Devnet, open_wallet: Any) -> None:
    (dai,) = funded(net, "DAI")
    token = net.tokens["DAI"]
    with pytest.raises(InputError, match="give the token by its L2 address"):
        open_wallet(net).prepare_transfer(STRANGER, AMOUNT, token)
    pinned = replace(net.profile, tokens=(Token(symbol="DAI", decimals=18, l1_address=token, l2_address=dai),))
    plan = open_wallet(net, chain=pinned).prepare_transfer(STRANGER, AMOUNT, token)
    assert plan.steps[0].transaction.to == dai
    assert "the token's address on L2 is named by the profile" in told(plan.preview())
    plan = open_wallet(net).prepare_transfer(STRANGER, AMOUNT, dai)
    assert plan.steps[0].transaction.to == dai
    assert "the token's address on L2 is named by the caller" in told(plan.preview())


@pytest.mark.parametrize("net", ["era-eth", "era-erc20"], indirect=True)
def test_the_l1_node_alone_does_not_choose_the_base_token(net: Devnet) -> None:
    """It says that the caller's token is the chain's base token: where the profile does not pin that, L2 is asked too."""
    (dai,) = funded(net, "DAI")
    token, bare = net.tokens["DAI"], replace(net.profile, base_token=None)
    lie = both(
        answering(BRIDGEHUB.base_token, token),
        answering(BRIDGEHUB.base_token_asset_id, wallet_of(net).asset_id(token)),
    )
    wallet, signer = lied_to(net, lie, node="l1", chain=bare)
    for order in (lambda: wallet.transfer(STRANGER, AMOUNT, token), lambda: wallet.withdraw(token, AMOUNT)):
        with pytest.raises(MalformedReply, match="one of the nodes lies"):
            order()
    with pytest.raises(ZkCoreError):
        lied_to(net, lie, node="l1")[0].withdraw(token, AMOUNT)
    assert not signer.signed
    assert wallet_of(net, chain=bare).prepare_withdraw(net.profile.base_token or ETH, 1).steps[0].transaction.value == 1
    assert dai


# ---------------------------------------------------------------- (3) the ceilings
def fee_history(base_fee: int | None = None, tips: list[int] | None = None) -> Callable[[Any], Any]:
    def change(got: Any) -> Any:
        if base_fee is not None:
            got["baseFeePerGas"] = [hex(base_fee)] * len(got["baseFeePerGas"])
        if tips is not None:
            got["reward"] = [[hex(tip)] for tip in tips]
        return got

    return change


@pytest.mark.parametrize("net", ["era-eth", "era-erc20", "zksync-os-eth"], indirect=True)
@pytest.mark.parametrize(
    ("base_fee", "tips", "ceiling"),
    [
        (10**12, None, "max_fee_per_gas"),
        (10**30, None, "max_fee_per_gas"),
        (None, [101 * 10**9] * 4, "max_priority_fee_per_gas"),
        (None, [10**30] * 4, "max_priority_fee_per_gas"),
    ],
)
def test_an_l1_node_does_not_set_the_price(net: Devnet, base_fee: Any, tips: Any, ceiling: str) -> None:
    wallet, signer = lied_to(net, saying("eth_feeHistory", fee_history(base_fee, tips)), node="l1")
    for order in (
        lambda: wallet.deposit(net.profile.base_token or ETH, 1),
        lambda: wallet.request_execute(STRANGER),
        lambda: wallet.l1_transfer(STRANGER, 1),
        lambda: wallet.quote_deposit(ETH, 1),
        lambda: wallet.approve(net.tokens["DAI"], 1),
    ):
        with pytest.raises(
            FeeTooHigh, match=rf"the ceiling is \d+ gwei \({getattr(FeePolicy(), ceiling)} wei\).*FeePolicy\({ceiling}="
        ):
            order()
    assert not signer.signed


@ERA
def test_the_highest_total_is_of_one_transaction(net: Devnet) -> None:
    deposit = lambda wallet, **more: wallet.deposit(ETH, 1, **more)  # noqa: E731
    for lie in (
        saying("eth_estimateGas", lambda _: hex(10**10)),
        saying("eth_feeHistory", fee_history(600 * 10**9)),  # and the L2 gas at that price
    ):
        wallet, signer = lied_to(net, lie, node="l1", fees=FeePolicy(max_total=10**16))
        with pytest.raises(FeeTooHigh, match=r"is .*the ceiling is 0\.01 ETH \(10000000000000000 wei\).*max_total"):
            deposit(wallet)
        assert not signer.signed
    # what the caller fixes is the caller's
    wallet, signer = lied_to(net, None, node="l1", fees=FeePolicy(max_fee_per_gas=1, max_priority_fee_per_gas=0))
    options = TxOptions(max_fee_per_gas=gwei("20"), max_priority_fee_per_gas=gwei("1"))
    assert deposit(wallet, l1=options).wait(timeout=30).status == 1
    assert signer.signed[0].max_fee_per_gas == gwei("20")  # type: ignore[union-attr]


@pytest.mark.parametrize("net", ["era-eth", "era-erc20", "zksync-os-eth"], indirect=True)
def test_an_l2_node_sets_no_tip_and_no_price(net: Devnet) -> None:
    funded(net)
    base = net.profile.base_token or ETH
    honest = wallet_of(net).quote_withdraw(base, 1)
    wallet, signer = lied_to(net, saying("eth_feeHistory", fee_history(None, [10**17] * 4)))
    quote = wallet.quote_withdraw(base, 1)
    most = 0 if net.profile.stack == "era" else FeePolicy().l2_max_priority_fee_per_gas
    assert quote.max_priority_fee_per_gas <= most
    assert quote.max_fee_per_gas <= honest.max_fee_per_gas + most
    for lie in (
        saying("eth_feeHistory", fee_history(10**30)),
        saying("eth_estimateGas", lambda _: hex(2**40)),
    ):
        wallet, signer = lied_to(net, lie)
        with pytest.raises(ZkCoreError):
            wallet.withdraw(base, 1)
        with pytest.raises(ZkCoreError):
            wallet.transfer(STRANGER, 1)
        assert not signer.signed


@BASE_ERC20
def test_the_ceilings_on_l2_follow_the_rate_of_the_base_token(net: Devnet) -> None:
    """A base token of a thousandth of an ether: a thousand times as many of its wei are as much."""
    funded(net)
    tight = FeePolicy(l2_max_fee_per_gas=10**6)
    with pytest.raises(FeeTooHigh, match="l2_max_fee_per_gas"):
        wallet_of(net, fees=tight).quote_withdraw(net.profile.base_token, 1)
    ratio = (1 << 128) + 100_000
    net.l1.rpc(
        "anvil_setStorageAt", str(net.profile.diamond), hex(SLOT_BASE_TOKEN_MULTIPLIER), "0x" + ratio.to_bytes(32).hex()
    )
    assert wallet_of(net, fees=tight).quote_withdraw(net.profile.base_token, 1).max_fee_per_gas > 10**6


@pytest.mark.parametrize(
    ("tips", "expected"), [([1, 2, 9, 9], 2), ([5], 5), ([7, 3], 3), ([0, 0, 10**9, 10**9], 0), ([1, 2, 3], 2), ([], 0)]
)
@ERA
def test_two_odd_blocks_of_four_set_no_tip(net: Devnet, tips: list[int], expected: int) -> None:
    wallet, _ = lied_to(net, saying("eth_feeHistory", fee_history(None, tips)), node="l1")
    assert wallet.quote_deposit(ETH, 1).max_priority_fee_per_gas == expected


@ERA
def test_an_l2_node_does_not_park_everything_as_gas(net: Devnet) -> None:
    lie = both(
        saying("zks_estimateGasL1ToL2", lambda _: hex(60_000_000)),
        saying("eth_estimateGas", lambda _: hex(60_000_000)),
    )
    wallet, signer = lied_to(net, lie)
    for token in (ETH, net.tokens["DAI"]):
        with pytest.raises(FeeTooHigh, match="the L2 gas of a deposit.*the ceiling is 30000000.*l2_gas_limit="):
            wallet.deposit(token, 1)
    assert not signer.signed
    assert wallet.deposit(ETH, 1, l2_gas_limit=40_000_000).wait(timeout=30).status == 1
    assert sends(net)


@pytest.mark.parametrize("name", FeePolicy.__struct_fields__)
def test_a_policy_is_of_numbers(name: str) -> None:
    for wrong in (-1, 1.5, "1", None):
        with pytest.raises(InputError, match=name):
            FeePolicy(**{name: wrong})
    assert getattr(FeePolicy(**{name: 7}), name) == 7
    assert ERC20.transfer.selector


# ---------------------------------------------------------------- (6) the first deposit of a token
L1_TRACKER = Address(b"\x17" * 20)


def deployed_already(estimate: int) -> Any:
    """A node that says of every token that it is on L2, and how little gas a deposit takes."""
    return both(
        answering(L2_NATIVE_TOKEN_VAULT.l2_token_address, STRANGER),
        saying("zks_estimateGasL1ToL2", lambda _: hex(estimate)),
        saying("eth_estimateGas", lambda got: hex(estimate) if isinstance(got, str) else got),
    )


@pytest.mark.parametrize("net", ["era-eth", "era-erc20", "zksync-os-eth"], indirect=True)
def test_a_first_deposit_is_known_from_l1(net: Devnet, open_wallet: Any) -> None:
    """ "Already deployed", and an estimate that is too little, or a later deposit's: L1 counts none of it there."""
    token = net.tokens["DAI"]
    honest = open_wallet(net).quote_deposit(token, AMOUNT)
    deposit = wallet_of(net, l2=LyingNode(net.l2_url, deployed_already(1))).deposit(token, AMOUNT)
    assert wallet_of(net).resume(deposit.to_json()).wait(timeout=30).status == 1
    assert wallet_of(net).get_balance(token) == AMOUNT
    later = open_wallet(net).quote_deposit(token, AMOUNT)
    assert later.l2_gas_limit < honest.l2_gas_limit  # no floor: it is there
    for estimate in (1, honest.minimal_l2_gas_limit + 1):  # and even of a later one not too little
        wallet = wallet_of(net, l2=LyingNode(net.l2_url, deployed_already(estimate)))
        assert wallet.quote_deposit(token, AMOUNT).l2_gas_limit >= later.l2_gas_limit


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
@pytest.mark.parametrize("share", [0, 1, 2, 5])
def test_whatever_the_l2_node_estimates_of_a_first_deposit_it_is_carried_out(net: Devnet, share: int) -> None:
    token = net.tokens["USDC"]
    honest = wallet_of(net).quote_deposit(token, AMOUNT)
    estimate = honest.minimal_l2_gas_limit * share // 2 + 1
    deposit = wallet_of(net, l2=LyingNode(net.l2_url, deployed_already(estimate))).deposit(token, AMOUNT)
    assert wallet_of(net).resume(deposit.to_json()).wait(timeout=30).status == 1
    assert wallet_of(net).get_balance(token) == AMOUNT


@ERA
def test_since_v31_the_asset_tracker_counts(net: Devnet) -> None:
    """What the vault had is 0 then; the tracker's word is asked only where L2 says that the token is there."""
    token = net.tokens["DAI"]
    funded(net, "DAI")
    ordinary = wallet_of(net).quote_deposit(token, AMOUNT).l2_gas_limit

    count = 0

    def tracked(request: Any, got: Any) -> Any:
        return "0x" + (count if Address(request.params[0]["to"]) == L1_TRACKER else 0).to_bytes(32).hex()

    selector = "0x" + NATIVE_TOKEN_VAULT.chain_balance.selector.hex()
    named = answering(NATIVE_TOKEN_VAULT.l1_asset_tracker, L1_TRACKER)

    def lie(request: Request, got: Any) -> Any:
        return tracked(request, got) if calldata(request).startswith(selector) else named(request, got)

    for count, limit in ((5, ordinary), (0, 3_000_000)):
        wallet = wallet_of(net, l1=LyingNode(net.l1_url, lie))
        assert wallet.quote_deposit(token, AMOUNT).l2_gas_limit == limit, count


@ERA
def test_a_profile_with_another_l2_address_for_a_token(net: Devnet, open_wallet: Any) -> None:
    """A tampered profile: what stands on L2 for another token is neither sent nor withdrawn in its place."""
    dai, usdc = funded(net, "DAI", "USDC")
    token = net.tokens["DAI"]
    tampered = replace(net.profile, tokens=(Token(symbol="DAI", decimals=18, l1_address=token, l2_address=usdc),))
    wallet = open_wallet(net, signer := CountingSigner(net), chain=tampered)
    for order in (
        lambda: wallet.transfer(STRANGER, AMOUNT, token),
        lambda: wallet.withdraw(token, AMOUNT),
        lambda: wallet.get_balance(token),
    ):
        with pytest.raises(InputError, match=f"the profile has {usdc} on L2 for {token}.*another asset"):
            order()
    assert not signer.signed
    right = replace(net.profile, tokens=(Token(symbol="DAI", decimals=18, l1_address=token, l2_address=dai),))
    assert open_wallet(net, chain=right).prepare_withdraw(token, AMOUNT).steps


# ---------------------------------------------------------------- what follows from the token itself
BEACON, CODE_HASH, LEGACY = Address(b"\x51" * 20), Hash32(b"\x01\x00" + b"\x52" * 30), Address(b"\x53" * 20)
TRANSFER_GAS = saying("eth_estimateGas", lambda got: got if isinstance(got, str) else hex(200_000))


@ERA
@pytest.mark.parametrize("deployer", [L2_NATIVE_TOKEN_VAULT_ADDRESS, LEGACY], ids=["vault", "legacy bridge"])
def test_a_token_of_l1_is_sent_by_its_l1_address_where_its_create2_is_seen_to(
    net: Devnet, open_wallet: Any, deployer: Address
) -> None:
    """On Era: keccak(prefix, deployer, the token as salt, proxy hash, beacon). Any other address is the node's word still."""
    (dai,) = funded(net, "DAI")
    token = net.tokens["DAI"]
    where = {"origin": net.profile.l1_chain_id, "token": token, "l1_chain_id": net.profile.l1_chain_id}
    stands = era_bridged_token(deployer, CODE_HASH, BEACON, **where)  # type: ignore[arg-type]
    code = asked(net.l2_url, "eth_getCode", str(dai), "latest")
    net.l2.rpc("anvil_setCode", str(stands), code)

    def era(address: Address) -> Any:
        names = answering(L2_NATIVE_TOKEN_VAULT.bridged_token_beacon, BEACON if deployer != LEGACY else dai)
        vault = both(names, answering(L2_NATIVE_TOKEN_VAULT.l2_token_proxy_bytecode_hash, CODE_HASH))
        bridge = both(
            answering(L2_LEGACY_BRIDGE.l2_token_beacon, BEACON),
            answering(L2_LEGACY_BRIDGE.l2_token_proxy_bytecode_hash, CODE_HASH),
        )
        told = answering(L2_NATIVE_TOKEN_VAULT.l2_token_address, address)
        return both(vault, bridge, told, answering(ERC20.balance_of, 10 * AMOUNT), TRANSFER_GAS)

    legacy = answering(LEGACY_BRIDGE.l2_bridge_address, LEGACY if deployer == LEGACY else ZERO)

    def wallet_by(address: Address) -> Any:
        return wallet_of(net, l1=LyingNode(net.l1_url, legacy), l2=LyingNode(net.l2_url, era(address)))

    plan = wallet_by(stands).prepare_transfer(STRANGER, AMOUNT, token)
    assert (plan.steps[0].transaction.to, plan.steps[0].transaction.value) == (stands, 0)
    assert "the token's address on L2 is named by its create2" in told(plan.preview())
    for other in (dai, STRANGER, era_bridged_token(STRANGER, CODE_HASH, BEACON, **where)):  # type: ignore[arg-type]
        with pytest.raises(InputError, match="give the token by its L2 address"):
            wallet_by(other).prepare_transfer(STRANGER, AMOUNT, token)
    with pytest.raises(InputError, match="give the token by its L2 address"):  # another token's own address
        wallet_by(stands).prepare_transfer(STRANGER, AMOUNT, net.tokens["USDC"])
