"""Many at once from one account: each under a nonce of its own, and a dropped one is made good."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH, AsyncWallet, ether
from zkcore.errors import NodeError
from zkcore.testing.devnet import Devnet, Failure
from zkcore.transactions import parse_transaction

MANY = 12


def nonces(net: Devnet) -> list[int]:
    return sorted(parse_transaction(raw)[0].nonce for raw in net.faults.requests("l1").sends)


@ERA
@pytest.mark.parametrize("mining", [True, False], ids=["mined-at-once", "waiting"])
def test_many_deposits_at_once_from_one_account_by_threads(net: Devnet, mining: bool) -> None:
    wallet, receiver = wallet_of(net), net.accounts[7].address
    net.l1.mining = mining
    with ThreadPoolExecutor(MANY) as pool:
        deposits = list(pool.map(lambda place: wallet.deposit(ETH, AMOUNT + place, to=receiver), range(MANY)))
    net.l1.mining = True
    net.mine()
    assert nonces(net) == list(range(MANY))
    with ThreadPoolExecutor(MANY) as pool:
        assert {receipt.status for receipt in pool.map(lambda one: one.wait(timeout=60), deposits)} == {1}
    assert wallet.get_balance(address=receiver) == sum(AMOUNT + place for place in range(MANY))
    assert len({deposit.l2_tx_hash for deposit in deposits}) == MANY


@ERA
@pytest.mark.parametrize("mining", [True, False], ids=["mined-at-once", "waiting"])
def test_many_deposits_at_once_from_one_account_by_asyncio(net: Devnet, mining: bool) -> None:
    async def many() -> None:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            receiver = net.accounts[7].address
            net.l1.mining = mining
            deposits = await asyncio.gather(*[wallet.deposit(ETH, AMOUNT + n, to=receiver) for n in range(MANY)])
            net.l1.mining = True
            await asyncio.to_thread(net.mine)
            receipts = await asyncio.gather(*[deposit.wait(timeout=60) for deposit in deposits])
            assert {receipt.status for receipt in receipts} == {1}
            assert await wallet.get_balance(address=receiver) == sum(AMOUNT + n for n in range(MANY))

    asyncio.run(many())
    assert nonces(net) == list(range(MANY))


@ERA
def test_tokens_with_their_approvals_and_withdrawals_at_once(net: Devnet) -> None:
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    orders: list[Any] = [
        lambda: wallet.deposit(net.tokens["DAI"], AMOUNT),
        lambda: wallet.deposit(net.tokens["USDC"], AMOUNT),
        lambda: wallet.withdraw(ETH, 5),
        lambda: wallet.withdraw(ETH, 6),
        lambda: wallet.deposit(ETH, AMOUNT),
    ]
    with ThreadPoolExecutor(len(orders)) as pool:
        handles = list(pool.map(lambda order: order(), orders))
    for handle in handles:
        handle.wait(timeout=60)
    assert count(net) == 1 + 2 + 2 + 1
    assert count(net, chain="l2") == 2


@ERA
def test_recovery_from_a_dropped_transaction(net: Devnet, open_wallet: Any) -> None:
    wallet, receiver = open_wallet(net), net.accounts[7].address
    net.l1.mining = False
    lost, after = (wallet.deposit(ETH, amount, to=receiver) for amount in (5, 6))
    net.l1.drop(lost.l1_tx_hash)
    assert lost.status().phase == "L1_DROPPED"
    third = wallet.deposit(ETH, 7, to=receiver)  # finds that the first is gone, and sends it again before itself
    net.l1.mining = True
    net.mine()
    for deposit in (lost, after, third):
        assert deposit.wait(timeout=30).status == 1
    assert wallet.get_balance(address=receiver) == 5 + 6 + 7
    assert count(net) == 3
    assert len(set(sends(net))) == 3


@ERA
def test_a_failed_send_takes_no_nonce(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    refused = net.faults.add(Failure(-32000, "intrinsic gas too low"), node="l1", method="eth_sendRawTransaction")
    with refused, pytest.raises(NodeError, match="intrinsic"):
        wallet.deposit(ETH, AMOUNT)
    assert wallet.deposit(ETH, AMOUNT).wait(timeout=30).status == 1
    assert count(net) == 1
    assert {parse_transaction(raw)[0].nonce for raw in sends(net)} == {0}


@ERA
def test_two_wallets_of_one_account_do_not_overwrite_each_other(net: Devnet) -> None:
    one, other = wallet_of(net), wallet_of(net)
    net.l1.mining = False
    first, second = one.deposit(ETH, 5), other.deposit(ETH, 6)
    third = one.deposit(ETH, 7)
    net.l1.mining = True
    net.mine()
    assert all(deposit.wait(timeout=30).status == 1 for deposit in (first, second, third))
    assert nonces(net) == [0, 1, 2]
