"""Approvals of the moment: many orders of one account at once, each with just the allowance that it takes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, wallet_of
from zkcore import ETH, AsyncWallet, ether
from zkcore.errors import InsufficientAllowance
from zkcore.testing.devnet import Devnet


def _failed(net: Devnet, who: int = 0) -> list[Any]:
    """The transactions of an account that failed on L1."""
    head = int(net.l1.rpc("eth_blockNumber"), 16)
    blocks = [net.l1.rpc("eth_getBlockReceipts", hex(number)) for number in range(1, head + 1)]
    sender = str(net.accounts[who].address).lower()
    return [one for block in blocks for one in block if one["from"].lower() == sender and one["status"] != "0x1"]


def _base_approved(net: Devnet) -> None:
    if net.profile.base_token != ETH:
        wallet_of(net).approve(net.profile.base_token, ether("1000")).wait()


@pytest.mark.parametrize("symbol", ["DAI", "USDT"])
def test_six_deposits_at_once_in_threads(net: Devnet, symbol: str) -> None:
    wallet, token = wallet_of(net), net.tokens[symbol]
    with ThreadPoolExecutor(6) as pool:
        deposits = list(pool.map(lambda at: wallet.deposit(token, AMOUNT + at), range(6)))
    assert [one.wait(timeout=60).status for one in deposits] == [1] * 6
    assert _failed(net) == []
    assert wallet.get_l1_allowance(token) == 0
    assert wallet.get_balance(token) == sum(AMOUNT + at for at in range(6))


def test_six_deposits_at_once_of_one_async_wallet(net: Devnet) -> None:
    token = net.tokens["DAI"]

    async def main() -> None:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            deposits = await asyncio.gather(*[wallet.deposit(token, AMOUNT + at) for at in range(6)])
            receipts = await asyncio.gather(*[one.wait(timeout=60) for one in deposits])
            assert [receipt.status for receipt in receipts] == [1] * 6
            assert await wallet.get_l1_allowance(token) == 0

    asyncio.run(main())
    assert _failed(net) == []


def test_an_allowance_that_is_enough_for_some_is_used_up_and_then_approved(net: Devnet) -> None:
    _base_approved(net)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    wallet.approve(token, 3 * AMOUNT).wait()
    with ThreadPoolExecutor(6) as pool:
        deposits = list(pool.map(lambda _: wallet.deposit(token, AMOUNT), range(6)))
    assert [one.wait(timeout=60).status for one in deposits] == [1] * 6
    assert _failed(net) == []
    assert wallet.get_l1_allowance(token) == 0


def test_one_that_may_not_approve_is_refused_unsent_when_others_take_the_allowance(net: Devnet) -> None:
    _base_approved(net)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    wallet.approve(token, 2 * AMOUNT).wait()

    def order(_: int) -> Any:
        try:
            return wallet.deposit(token, AMOUNT, approve=False)
        except InsufficientAllowance as refused:
            return refused

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(order, range(4)))
    refused = [one for one in outcomes if isinstance(one, InsufficientAllowance)]
    assert len(refused) == 2
    for one in outcomes:
        if one not in refused:
            assert one.wait(timeout=60).status == 1
    assert _failed(net) == []


def test_an_allowance_that_is_used_up_between_plan_and_send_leaves_the_approval_its_gas(
    net: Devnet, open_wallet: Open
) -> None:
    _base_approved(net)
    wallet, token = open_wallet(net), net.tokens["DAI"]
    wallet.approve(token, AMOUNT).wait()
    plan = wallet.prepare_deposit(token, 2 * AMOUNT)
    router = net.profile.asset_router
    net.l1.send(token, _transfer_from(net, AMOUNT), sender=router)  # the router takes what it may
    assert wallet.get_l1_allowance(token) == 0
    assert wallet.submit(plan).wait(timeout=30).status == 1
    assert _failed(net) == []


def _transfer_from(net: Devnet, amount: int) -> bytes:
    from zkcore.ethereum.abi import Function

    move = Function("transferFrom(address from,address to,uint256 amount) returns (bool success)")
    return move.encode(net.accounts[0].address, net.accounts[8].address, amount)
