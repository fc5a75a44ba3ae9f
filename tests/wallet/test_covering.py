"""Approvals of the moment: many orders of one account at once, each with just the allowance that it takes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, CountingSigner, count, wallet_of
from zkcore import ETH, AsyncWallet, HttpTransport, ether
from zkcore.errors import InsufficientAllowance
from zkcore.flows.l1 import TxOptions
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


# ---------------------------------------------------------------- plans that stand as they were shown
def _two(wallet: Any, token: Any, **more: Any) -> list[Any]:
    """Two plans prepared before either is sent, under nonces of the caller's."""
    first = wallet.prepare_deposit(token, 2 * AMOUNT, **more)
    nonce = first.steps[-1].transaction.nonce + 1
    return [first, wallet.prepare_deposit(token, 2 * AMOUNT, l1=TxOptions(nonce=nonce), **more)]


def test_plans_prepared_together_do_not_spend_an_allowance_twice(net: Devnet, open_wallet: Open) -> None:
    """An allowance that is enough for one of them: the second is refused before it is signed, whether the first ran or waits."""
    _base_approved(net)
    token, signer = net.tokens["DAI"], CountingSigner(net)
    wallet = open_wallet(net, signer)
    for waits in (False, True):
        wallet.approve(token, 3 * AMOUNT).wait(timeout=30)
        one, two = _two(wallet, token)
        assert [step.kind for step in (*one.steps, *two.steps)] == ["deposit", "deposit"]
        if waits:
            net.l1.mining = False
        first = wallet.submit(one)
        signed = len(signer.signed)
        with pytest.raises(InsufficientAllowance) as refused:
            wallet.submit(two)
        assert (refused.value.allowance, refused.value.needed) == (AMOUNT, 2 * AMOUNT)
        assert len(signer.signed) == signed
        net.l1.mining = True
        net.mine(1)
        assert first.wait(timeout=30).status == 1
        wallet.approve(token, 2 * AMOUNT).wait(timeout=30)
        again = wallet.prepare_deposit(token, 2 * AMOUNT)
        assert wallet.submit(again).wait(timeout=30).status == 1
    assert _failed(net) == []


def test_plans_that_approve_for_themselves_follow_one_another(net: Devnet, open_wallet: Open) -> None:
    _base_approved(net)
    wallet, token = open_wallet(net), net.tokens["DAI"]
    one, two = _two(wallet, token)
    handles = [wallet.submit(one), wallet.submit(two)]
    assert [handle.wait(timeout=30).status for handle in handles] == [1, 1]
    assert wallet.submit(one).l1_tx_hash == handles[0].l1_tx_hash  # sent before: it is what it was
    assert open_wallet(net).submit(two).l1_tx_hash == handles[1].l1_tx_hash
    assert _failed(net) == []
    assert wallet.get_l1_allowance(token) == 0


def test_one_approval_for_the_sum_serves_all(net: Devnet) -> None:
    """The recipe of docs/deposit.md: approved once, many deposits take it, at once, none with an approval of its own."""
    _base_approved(net)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    amounts = [AMOUNT + at for at in range(8)]
    wallet.approve(token, sum(amounts)).wait(timeout=30)
    before = count(net)
    with ThreadPoolExecutor(8) as pool:
        deposits = list(pool.map(lambda amount: wallet.deposit(token, amount), amounts))
    assert [one.wait(timeout=60).status for one in deposits] == [1] * 8
    assert count(net) - before == 8
    assert wallet.get_l1_allowance(token) == 0
    assert _failed(net) == []


def _transfer_from(net: Devnet, amount: int) -> bytes:
    from zkcore.ethereum.abi import Function

    move = Function("transferFrom(address from,address to,uint256 amount) returns (bool success)")
    return move.encode(net.accounts[0].address, net.accounts[8].address, amount)


class _Stops(HttpTransport):
    """L1, which mines no block any more once so many transactions were sent."""

    def __init__(self, net: Devnet, after: int) -> None:
        super().__init__(net.l1_url)
        self._net, self._left = net, after

    def send_raw(self, raw: Any, **options: Any) -> Any:
        self._left -= 1
        if not self._left:
            self._net.l1.mining = False
        return super().send_raw(raw, **options)


@ERA
@pytest.mark.parametrize("symbol", ["DAI", "USDT"])
def test_a_deposit_that_made_its_own_approval_is_sped_up(net: Devnet, symbol: str) -> None:
    """What it takes itself is not taken by another."""
    token = net.tokens[symbol]
    with wallet_of(net, l1=_Stops(net, 2)) as wallet:
        deposit = wallet.deposit(token, AMOUNT)
        assert deposit.status().phase == "L1_PENDING"
        first = deposit.l1_tx_hash
        deposit.speed_up()
        assert deposit.l1_tx_hash != first
        net.l1.mining = True
        net.mine()
        assert deposit.wait(timeout=60).status == 1
        assert wallet.get_l1_allowance(token) == 0
        assert wallet.get_balance(token) == AMOUNT
    assert _failed(net) == []
