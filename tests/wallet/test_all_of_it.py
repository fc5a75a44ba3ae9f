"""All of it, exact to the wei; and quotes for accounts that hold nothing."""

from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, MAX, ether
from zkcore.errors import InputError, InsufficientBalance
from zkcore.flows.l1 import TxOptions
from zkcore.testing.devnet import Devnet


def _base(net: Devnet) -> Any:
    return net.profile.base_token


def _rich(net: Devnet, open_wallet: Open) -> Any:
    wallet = open_wallet(net)
    if _base(net) != ETH:
        wallet.approve(_base(net), ether("1000")).wait()
    wallet.deposit(_base(net), ether("5")).wait(timeout=30)
    return wallet


def test_all_ether_is_deposited_and_nothing_is_left_but_what_of_the_fee_is_not_paid(
    net: Devnet, open_wallet: Open
) -> None:
    wallet = open_wallet(net)
    if _base(net) != ETH:
        wallet.approve(_base(net), ether("1000")).wait()
    balance = wallet.get_l1_balance()
    plan, quote = wallet.prepare_deposit(ETH, MAX), wallet.quote_deposit(ETH, MAX)
    assert quote.max_total == balance
    assert quote.missing == ()
    tx = plan.steps[-1].transaction
    assert tx.value + tx.gas_limit * tx.max_fee_per_gas <= balance
    deposit = wallet.deposit(ETH, MAX)
    receipt = deposit.wait_l1()
    assert deposit.wait(timeout=30).status == 1
    spent = receipt.gas_used * receipt.effective_gas_price
    assert quote.left == 0
    assert wallet.get_l1_balance() == pytest.approx(quote.max_l1_fee - spent, abs=quote.l1_gas_limit << 20)


def test_what_is_left_is_stated_to_the_wei(net: Devnet, open_wallet: Open) -> None:
    """With fees that are fixed nothing of them is unknown: what the quote says is left, and what of the fee is not paid."""
    wallet, base, dai = _rich(net, open_wallet), _base(net), net.tokens["DAI"]
    fees = TxOptions(max_fee_per_gas=3 * 10**9, max_priority_fee_per_gas=10**9)
    plan = wallet.prepare_deposit(ETH, MAX, l1=fees)
    quote = wallet.quote_deposit(ETH, MAX, l1=fees)
    highest = sum(step.transaction.gas_limit for step in plan.steps) * fees.max_fee_per_gas
    receipt = wallet.submit(plan).wait_l1(timeout=30)
    assert wallet.get_l1_balance() == quote.left + highest - receipt.gas_used * receipt.effective_gas_price
    assert quote.left == 0
    other = wallet_of(net, 3)
    assert other.quote_deposit(dai, MAX).left == 0
    assert other.quote_deposit(dai, AMOUNT).left is None
    other.deposit(dai, MAX).wait(timeout=30)
    assert other.get_l1_balance(dai) == 0
    assert wallet.quote_withdraw(base, AMOUNT).left is None
    quote = wallet.quote_withdraw(base, MAX)
    back = wallet.withdraw(base, MAX)
    ran = back.wait("l2", timeout=30).l2_receipt
    paid = ran.gas_used * ran.effective_gas_price
    assert wallet.get_balance() == quote.left + quote.max_fee - paid


@pytest.mark.parametrize("net", ["era-erc20"], indirect=True)
def test_all_of_an_erc20_base_token_is_deposited_to_the_last_wei(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net, 4)
    assert wallet.deposit(_base(net), MAX).wait(timeout=30).status == 1
    assert wallet.get_l1_balance(_base(net)) == 0
    assert wallet.get_l1_allowance(_base(net)) == 0


def test_all_of_a_token_both_ways(net: Devnet, open_wallet: Open) -> None:
    wallet, token = _rich(net, open_wallet), net.tokens["DAI"]
    whole = wallet.get_l1_balance(token)
    assert wallet.deposit(token, MAX).wait(timeout=30).status == 1
    assert wallet.get_l1_balance(token) == 0
    assert wallet.get_balance(token) == whole
    withdrawal = wallet.withdraw(token, MAX)
    withdrawal.wait("ready", timeout=30)
    assert wallet.get_balance(token) == 0
    withdrawal.finalize().wait(timeout=30)
    assert wallet.get_l1_balance(token) == whole


def test_all_of_the_base_token_is_withdrawn(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet)
    balance, quote = wallet.get_balance(), wallet.quote_withdraw(_base(net), MAX)
    assert quote.max_total == balance
    withdrawal = wallet.withdraw(_base(net), MAX)
    assert withdrawal.wait("ready", timeout=30).phase == "READY"
    assert wallet.get_balance() < quote.max_fee


def test_all_of_nothing_is_refused(net: Devnet, open_wallet: Open) -> None:
    nobody = open_wallet(net, PrivateKeySigner.generate())
    for token in (ETH, net.tokens["DAI"], _base(net)):
        with pytest.raises(InsufficientBalance):
            nobody.quote_deposit(token, MAX)
    with pytest.raises(InsufficientBalance):
        nobody.quote_withdraw(_base(net), MAX)
    with pytest.raises(InputError, match="custom_bridge_data"):
        nobody.quote_deposit(ETH, MAX, bridge_address=net.tokens["DAI"], custom_bridge_data="0x", l2_gas_limit=10**6)


def test_a_quote_for_who_holds_nothing_is_complete_and_names_what_is_missing(net: Devnet, open_wallet: Open) -> None:
    nobody, rich, dai = open_wallet(net, PrivateKeySigner.generate()), wallet_of(net), net.tokens["DAI"]
    for token in (ETH, dai, _base(net)):
        quote, same = nobody.quote_deposit(token, AMOUNT), rich.quote_deposit(token, AMOUNT)
        assert quote.route == same.route
        assert quote.mint_value == pytest.approx(same.mint_value, rel=0.01)  # an address may have more zeros
        assert quote.max_total >= quote.l1_value > 0 or _base(net) != ETH
        assert quote.missing[0].token == "ETH"
        assert quote.missing[0].needed == quote.max_total
        for one in quote.missing:
            assert one.balance == 0
        tokens = {one.token for one in quote.missing} - {"ETH"}
        assert tokens == {each for each in (token, _base(net)) if each != ETH}
        for write in (nobody.prepare_deposit, nobody.deposit):
            with pytest.raises(InsufficientBalance):
                write(token, AMOUNT)
    call = nobody.quote_request_execute(net.accounts[1].address, l2_value=5)
    assert call.missing
    assert nobody.quote_withdraw(_base(net), AMOUNT).missing
    assert nobody.quote_l1_transfer(net.accounts[1].address, AMOUNT, dai).missing[-1].needed == AMOUNT


@ERA
def test_nothing_is_missing_where_all_is_there(net: Devnet, open_wallet: Open) -> None:
    assert open_wallet(net).quote_deposit(net.tokens["DAI"], AMOUNT).missing == ()
