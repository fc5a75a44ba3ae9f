"""What many orders take together is looked at before anything is signed: what does not fit is refused, and holds up no other."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, count, sends, wallet_of
from zkcore import ETH, AsyncWallet, ether
from zkcore.errors import InsufficientBalance
from zkcore.flows.affording import lacking_together
from zkcore.testing.devnet import Devnet
from zkcore.types import Address


def gathered(net: Devnet, make: Callable[[Any, int], Any], orders: int, signer: Any = None) -> list[Any]:
    """So many orders of one AsyncWallet at once."""

    async def main() -> list[Any]:
        key = signer or PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(key, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            return await asyncio.gather(*[make(wallet, at) for at in range(orders)], return_exceptions=True)

    return asyncio.run(main())


def base_of(net: Devnet) -> Address:
    assert net.profile.base_token is not None
    return net.profile.base_token


@ERA
def test_ether_for_some_of_many_deposits(net: Devnet) -> None:
    signer = CountingSigner(net)
    held = wallet_of(net).get_l1_balance()
    each = held * 3 // 10
    ended = gathered(net, lambda wallet, _: wallet.deposit(ETH, each), 5, signer)
    assert [type(one) for one in ended[3:]] == [InsufficientBalance] * 2
    assert not any(isinstance(one, Exception) for one in ended[:3])
    assert len(signer.signed) == count(net) == 3
    error = ended[3]
    assert error.token == "ETH"
    assert error.balance < each < error.needed
    assert "behind those that were asked for before it" in str(error)


@ERA
def test_one_that_is_too_large_holds_up_none_behind_it(net: Devnet) -> None:
    held = wallet_of(net).get_l1_balance()
    amounts = [held // 2, held * 6 // 10, held // 10]
    ended = gathered(net, lambda wallet, at: wallet.deposit(ETH, amounts[at]), 3)
    assert [isinstance(one, InsufficientBalance) for one in ended] == [False, True, False]
    assert count(net) == 2


@pytest.mark.parametrize("net", ["era-eth", "era-erc20"], indirect=True)
def test_tokens_for_some_of_many(net: Devnet) -> None:
    token = net.tokens["DAI"]
    wallet = wallet_of(net)
    if base_of(net) != ETH:
        wallet.approve(base_of(net), ether("1000")).wait()
    held, before = wallet.get_l1_balance(token), count(net)
    ended = gathered(net, lambda one, _: one.deposit(token, held // 2), 3)
    assert [isinstance(one, InsufficientBalance) for one in ended] == [False, False, True]
    assert ended[2].token == token
    assert not [one for one in sends(net)[before:] if one in ended]
    ended = gathered(net, lambda one, _: one.l1_transfer(net.accounts[1].address, 10**30, token), 2)
    assert [type(one) for one in ended] == [InsufficientBalance] * 2


@BASE_ERC20
def test_the_base_token_pays_the_fee_of_each(net: Devnet) -> None:
    base, wallet = base_of(net), wallet_of(net)
    wallet.approve(base, ether("1000000000")).wait()
    held = wallet.get_l1_balance(base)
    ended = gathered(net, lambda one, _: one.deposit(base, held * 4 // 10), 3)
    assert [isinstance(one, InsufficientBalance) for one in ended] == [False, False, True]
    assert ended[2].token == base


def test_on_l2_it_is_the_base_token(net: Devnet) -> None:
    wallet = wallet_of(net)
    if base_of(net) != ETH:
        wallet.approve(base_of(net), ether("1000000000")).wait()
    wallet.deposit(base_of(net), ether("10")).wait(timeout=30)
    held = wallet.get_balance()
    ended = gathered(net, lambda one, _: one.withdraw(base_of(net), held * 4 // 10), 3)
    assert [isinstance(one, InsufficientBalance) for one in ended] == [False, False, True]
    assert ended[2].token == "the base token of L2"
    assert count(net, chain="l2") == 2


@ERA
def test_what_is_in_flight_is_counted(net: Devnet) -> None:
    wallet = wallet_of(net)
    held = wallet.get_l1_balance()
    net.l1.mining = False
    wallet.deposit(ETH, held // 2)
    ended = gathered(net, lambda one, _: one.deposit(ETH, held * 3 // 10), 2)
    assert [isinstance(one, InsufficientBalance) for one in ended] == [False, True]


@ERA
def test_the_sum_is_exact(net: Devnet) -> None:
    wallet = wallet_of(net)
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    transaction: Any = plan.steps[0].transaction
    most = transaction.value + transaction.gas_limit * transaction.max_fee_per_gas
    held = wallet.get_l1_balance()

    def of(value: int) -> Any:
        return replace(plan, steps=(replace(plan.steps[0], transaction=replace(transaction, value=value)),))

    rest = transaction.value + held - 2 * most  # all that the first leaves, with the fee
    assert wallet.run(lacking_together([plan, of(rest)], [])) == [None, None]
    one_more = of(rest + 1)
    found = wallet.run(lacking_together([plan, one_more], []))
    assert found[0] is None
    assert isinstance(found[1], InsufficientBalance)
    assert found[1].missing == 1
