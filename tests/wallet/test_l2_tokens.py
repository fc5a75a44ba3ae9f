"""Tokens that come from an L2, by any of their addresses: at home, on L1, on a third chain."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, wallet_of
from zkcore import ETH, ether
from zkcore.errors import InputError
from zkcore.protocol.assets import ntv_asset_id
from zkcore.testing.devnet import Devnet


@pytest.fixture
def third(net: Devnet) -> Iterator[Devnet]:
    """Another chain on the same L1."""
    with Devnet("zksync-os-eth", l1=net, chain_id=4242, l2_balance=ether("10")) as other:
        yield other


def _fill_up(net: Devnet, wallet: Any) -> None:
    if net.profile.base_token != ETH:
        wallet.approve(net.profile.base_token, ether("1000")).wait()
    wallet.deposit(net.profile.base_token, ether("5")).wait(timeout=30)


def _home(wallet: Any, token: Any, amount: int) -> Any:
    """Withdraw, and finalize."""
    withdrawal = wallet.withdraw(token, amount)
    withdrawal.wait("ready", timeout=30)
    withdrawal.finalize().wait(timeout=30)
    return withdrawal


def test_a_token_of_this_l2_by_its_l1_address(net: Devnet, open_wallet: Open) -> None:
    wallet, crown = open_wallet(net), net.l2_tokens["CROWN"]
    _fill_up(net, wallet)
    predicted = wallet.l1_token_address(crown)
    _home(wallet, crown, 10 * AMOUNT)
    on_l1 = wallet.l1_token_address(crown)
    assert on_l1 == predicted
    assert wallet.get_l1_balance(on_l1) == 10 * AMOUNT
    assert wallet.l2_token_address(on_l1) == crown
    assert wallet.get_balance(on_l1) == wallet.get_balance(crown) > 0
    assert wallet.asset_id(on_l1) == wallet.asset_id(crown) == ntv_asset_id(net.chain_id, crown)
    _home(wallet, on_l1, AMOUNT)  # by its L1 address
    assert wallet.get_l1_balance(on_l1) == 11 * AMOUNT
    before = wallet.get_balance(crown)
    assert wallet.deposit(on_l1, AMOUNT).wait(timeout=30).status == 1
    assert wallet.get_balance(crown) == before + AMOUNT


def test_a_token_of_this_l2_on_a_third_chain(net: Devnet, third: Devnet, open_wallet: Open) -> None:
    wallet, crown, there = open_wallet(net), net.l2_tokens["CROWN"], open_wallet(third)
    _fill_up(net, wallet)
    _home(wallet, crown, 10 * AMOUNT)
    on_l1 = wallet.l1_token_address(crown)
    predicted = there.l2_token_address(on_l1)
    assert there.deposit(on_l1, 5 * AMOUNT).wait(timeout=30).status == 1
    on_third = there.l2_token_address(on_l1)
    assert on_third == predicted
    assert on_third not in (crown, on_l1)
    assert there.get_balance(on_l1) == there.get_balance(on_third) == 5 * AMOUNT
    assert there.l1_token_address(on_third) == on_l1
    assert there.asset_id(on_third) == there.asset_id(on_l1) == ntv_asset_id(net.chain_id, crown)
    _home(there, on_l1, AMOUNT)
    _home(there, on_third, AMOUNT)
    assert there.get_balance(on_third) == 3 * AMOUNT
    assert wallet.get_l1_balance(on_l1) == 7 * AMOUNT


def test_what_is_no_token_is_refused(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    for method in (wallet.get_balance, wallet.l1_token_address):
        with pytest.raises(InputError, match="neither a token on L2 nor one of L1"):
            method(net.accounts[7].address)


def test_a_token_of_l1_stays_what_it_was(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    predicted = wallet.l2_token_address(token)
    wallet_of(net, 1).deposit(token, AMOUNT).wait(timeout=30)
    assert wallet.l2_token_address(token) == predicted
    assert wallet.l1_token_address(predicted) == token
