"""A node that answers any method with any well-formed value: nothing else than what was asked is ever put up for signing.

`prepare_...` gives the very bytes that are signed. The answers are drawn by hypothesis, from what a node might say to gain by it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.wallet.liar import AsyncLyingNode, LyingNode
from tests.wallet.tools import AMOUNT, wallet_of
from zkcore import ETH, AsyncWallet, FeePolicy, ether
from zkcore.errors import ZkCoreError
from zkcore.ethereum.hashing import keccak256
from zkcore.plans.plan import Plan
from zkcore.protocol.assets import SecondBridgeDeposit, TransferData
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
)
from zkcore.rpc.transport import Request
from zkcore.testing.devnet import Devnet
from zkcore.types import Address

THIEF, SOMEBODY = Address("0x00000000000000000000000000000000DeaDBeef"), Address(b"\x77" * 20)
POLICY = FeePolicy()
NUMBERS = [
    0,
    1,
    2,
    800,
    AMOUNT,
    21_000,
    400_000,
    30_000_000,
    10**9,
    10**12,
    10**18,
    10**24,
    2**63,
    2**128,
    2**255,
    2**256 - 1,
]


@pytest.fixture(scope="module", params=["era-eth", "era-erc20", "zksync-os-eth"])
def held(request: pytest.FixtureRequest) -> Any:
    """A devnet whose account holds something on both sides, and the token there."""
    with Devnet(request.param) as net:
        wallet = wallet_of(net)
        wallet.deposit(net.profile.base_token or ETH, ether("5")).wait(timeout=60)
        wallet.deposit(net.tokens["DAI"], 100 * AMOUNT).wait(timeout=60)
        dai = wallet.l2_token_address(net.tokens["DAI"])
        wallet.close()
        yield net, dai


def words(net: Devnet, dai: Address) -> st.SearchStrategy[str]:
    """32 bytes that could be an address, a number, a flag or a hash."""
    addresses = [THIEF, L2_BASE_TOKEN_ADDRESS, ETH, dai, net.tokens["DAI"], net.tokens["USDC"], Address(bytes(20))]
    addresses += [net.profile.bridgehub, net.profile.diamond, net.profile.asset_router]
    known = [address.rjust(32, b"\0") for address in addresses] + [number.to_bytes(32) for number in NUMBERS]
    return (st.sampled_from(known) | st.binary(min_size=32, max_size=32)).map(bytes.hex)


def answers(net: Devnet, dai: Address) -> st.SearchStrategy[dict[str, Any]]:
    """What the node says to some of what it is asked: by method, and of calls by their selector."""
    word = words(net, dai)
    quantity = st.sampled_from(NUMBERS).map(hex)
    data = st.lists(word, max_size=4).map(lambda many: "0x" + "".join(many))
    fees = st.builds(
        lambda base, tips: {
            "oldestBlock": "0x1",
            "baseFeePerGas": [hex(base)] * 5,
            "gasUsedRatio": [0.5] * 4,
            "reward": [[hex(t)] for t in tips],
        },
        st.sampled_from(NUMBERS),
        st.lists(st.sampled_from(NUMBERS), min_size=4, max_size=4),
    )
    calls = [
        "assetId(address)", "l2TokenAddress(address)", "tokenAddress(bytes32)", "balanceOf(address)",
        "allowance(address,address)", "BASE_TOKEN_ASSET_ID()", "baseToken(uint256)", "assetRouter()", "getZKChain(uint256)",
        "L1_NULLIFIER()", "nativeTokenVault()", "originChainId(bytes32)", "getSemverProtocolVersion()",
        "l2TransactionBaseCost(uint256,uint256,uint256,uint256)",
    ]  # fmt: skip
    options: dict[str, Any] = {f"call {name}": data for name in calls}
    quantities = ["eth_chainId", "eth_getBalance", "eth_getTransactionCount", "eth_estimateGas", "eth_gasPrice"]
    options |= dict.fromkeys([*quantities, "zks_estimateGasL1ToL2"], quantity)
    options |= {"eth_feeHistory": fees, "eth_getCode": data, "eth_getStorageAt": word.map("0x{}".format)}
    options |= {"zks_getBridgehubContract": word.map(lambda one: "0x" + one[-40:])}
    return st.lists(st.sampled_from(sorted(options)), min_size=1, max_size=6, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: options[name] for name in chosen})
    )


def lying(said: dict[str, Any]) -> Callable[[Request, Any], Any]:
    by_selector = {keccak256(name[5:].encode())[:4].hex(): said[name] for name in said if name.startswith("call ")}

    def lie(request: Request, got: Any) -> Any:
        if request.method == "eth_call":
            asked: Any = request.params[0]
            return by_selector.get(str(asked.get("data", asked.get("input", "")))[2:10], got)
        return said.get(request.method, got)

    return lie


def check(plan: Plan[Any], net: Devnet, dai: Address, me: Address, what: str) -> None:
    """The plan is what was asked for, to the byte that matters, and within the ceilings."""
    on_l1 = what.startswith("deposit")
    for step in plan.steps:
        tx: Any = step.transaction
        assert tx.chain_id == (net.profile.l1_chain_id if on_l1 else net.chain_id)
        assert tx.gas_limit * tx.max_fee_per_gas <= (POLICY.max_total if on_l1 else 10**6 * POLICY.l2_max_total)
        if net.profile.base_token == ETH and not on_l1:
            assert tx.gas_limit * tx.max_fee_per_gas <= POLICY.l2_max_total
    *approvals, last = [step.transaction for step in plan.steps]
    token = net.tokens["DAI"]
    for approval in approvals:
        spender, amount = ERC20.approve.decode_arguments(approval.data)
        assert approval.value == 0
        assert spender == (net.profile.asset_router if on_l1 else L2_NATIVE_TOKEN_VAULT_ADDRESS)
        if approval.to == (token if on_l1 else dai):
            assert amount in (0, AMOUNT)
        else:
            assert approval.to == net.profile.base_token
    if what == "transfer base":
        assert (last.to, last.value, last.data) == (SOMEBODY, AMOUNT, b"")
    elif what == "transfer token":
        assert (last.to, last.value, last.data) == (dai, 0, ERC20.transfer.encode(SOMEBODY, AMOUNT))
    elif what == "withdraw base":
        assert (last.to, last.value, last.data) == (
            L2_BASE_TOKEN_ADDRESS,
            AMOUNT,
            L2_BASE_TOKEN.withdraw.encode(SOMEBODY),
        )
    elif what == "withdraw token":
        assert (last.to, last.value) == (L2_ASSET_ROUTER_ADDRESS, 0)
        _, data = L2_ASSET_ROUTER.withdraw.decode_arguments(last.data)
        assert TransferData.decode(data) == TransferData(AMOUNT, SOMEBODY, dai)
    elif what == "deposit token":
        assert last.to == net.profile.bridgehub
        ((chain, mint, value, _, _, refund, bridge, bridge_value, data),) = (
            BRIDGEHUB.request_l2_transaction_two_bridges.decode_arguments(last.data)
        )
        assert (chain, value, refund, bridge, bridge_value) == (net.chain_id, 0, me, net.profile.asset_router, 0)
        assert SecondBridgeDeposit.decode(data).transfer == TransferData(AMOUNT, SOMEBODY, token)
        if net.profile.base_token == ETH:
            assert last.value == mint <= POLICY.max_total
    else:
        assert last.to == net.profile.bridgehub
        ((chain, mint, to, value, data, _, _, deps, refund),) = (
            BRIDGEHUB.request_l2_transaction_direct.decode_arguments(last.data)
        )
        assert (chain, to, value, data, deps, refund) == (net.chain_id, SOMEBODY, AMOUNT, b"", (), me)
        assert mint - AMOUNT <= POLICY.max_total or net.profile.base_token != ETH


ORDERS: dict[str, Callable[[Any, Devnet, Address], Plan[Any]]] = {
    "transfer base": lambda wallet, net, dai: wallet.prepare_transfer(SOMEBODY, AMOUNT),
    "transfer token": lambda wallet, net, dai: wallet.prepare_transfer(SOMEBODY, AMOUNT, dai),
    "withdraw base": lambda wallet, net, dai: wallet.prepare_withdraw(L2_BASE_TOKEN_ADDRESS, AMOUNT, to=SOMEBODY),
    "withdraw token": lambda wallet, net, dai: wallet.prepare_withdraw(dai, AMOUNT, to=SOMEBODY),
    "deposit base": lambda wallet, net, dai: wallet.prepare_deposit(net.profile.base_token or ETH, AMOUNT, to=SOMEBODY),
    "deposit token": lambda wallet, net, dai: wallet.prepare_deposit(net.tokens["DAI"], AMOUNT, to=SOMEBODY),
}


@pytest.mark.parametrize("node", ["l1", "l2"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_node_that_answers_anything_changes_nothing_of_what_is_signed(
    held: Any, node: str, data: st.DataObject
) -> None:
    net, dai = held
    said = data.draw(answers(net, dai))
    what = data.draw(st.sampled_from(sorted(ORDERS)))
    pinned = data.draw(st.booleans()) or node == "l1"  # a lying L1 node names what a profile does not pin
    profile = (
        net.profile
        if pinned
        else replace(net.profile, **dict.fromkeys(("diamond", "asset_router", "nullifier", "base_token")))
    )
    url = net.l1_url if node == "l1" else net.l2_url
    options: dict[str, Any] = {node: LyingNode(url, lying(said))}
    wallet = wallet_of(net, chain=profile, **options)
    try:
        with suppress(ZkCoreError):
            check(ORDERS[what](wallet, net, dai), net, dai, wallet.address, what)
    finally:
        wallet.close()


@pytest.mark.parametrize("node", ["l1", "l2"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nor_does_it_by_the_asynchronous_wallet(held: Any, node: str, data: st.DataObject) -> None:
    net, dai = held
    said, what = data.draw(answers(net, dai)), data.draw(st.sampled_from(sorted(ORDERS)))

    async def prepare() -> None:
        nodes: dict[str, Any] = {"l1": net.l1_url, "l2": net.l2_url}
        nodes[node] = AsyncLyingNode(nodes[node], lying(said))
        async with AsyncWallet(net.accounts[0].address, chain=net.profile, **nodes) as wallet:
            with suppress(ZkCoreError):
                check(await ORDERS[what](wallet, net, dai), net, dai, wallet.address, what)  # type: ignore[misc]

    asyncio.run(prepare())


def test_an_honest_node_lets_each_order_through(held: Any) -> None:
    net, dai = held
    wallet = wallet_of(net)
    for what, order in ORDERS.items():
        check(order(wallet, net, dai), net, dai, wallet.address, what)
