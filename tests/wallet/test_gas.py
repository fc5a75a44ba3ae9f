"""Limits from one state, used on a later one that others have moved: the chain's priority tree, balances, allowances."""

import asyncio
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, AsyncWallet, ether
from zkcore.errors import InsufficientBalance, TransactionFailed
from zkcore.ethereum.abi import Function
from zkcore.flows.l1 import TxOptions
from zkcore.testing.devnet import Devnet, artifact

_FILL = Function("setTotalPriorityTxs(uint256 count)")
_GROWTH = 60_000  # what a new level of the real tree costs: 60,362


def _stranger(net: Devnet) -> Any:
    return wallet_of(net, 9)


def _fill(net: Devnet, count: int) -> None:
    """As if so many requests had been made of the chain."""
    net.l1.send(net.profile.diamond, _FILL.encode(count))


def _gas(receipt: Any) -> int:
    return int(receipt.gas_used)


def _base(net: Devnet) -> Any:
    return net.profile.base_token


@ERA
def test_the_devnets_tree_grows_at_powers_of_two_and_costs_what_the_real_one_does(net: Devnet) -> None:
    stranger = _stranger(net)
    stranger.deposit(ETH, AMOUNT).wait_l1()
    for index in (4, 16, 64, 512, 4096):
        _fill(net, index - 1)
        before, at, after = (_gas(stranger.deposit(ETH, AMOUNT).wait_l1()) for _ in range(3))
        assert at - before == pytest.approx(_GROWTH, abs=5_000)
        assert at - after > 40_000


@pytest.mark.parametrize("index", [1, 2, 16, 64, 512, 2048])
def test_a_strangers_request_between_prepare_and_submit_costs_no_request_its_gas(
    net: Devnet, open_wallet: Open, index: int
) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    wallet.approve(token, 100 * AMOUNT).wait()
    if _base(net) != ETH:
        wallet.approve(_base(net), ether("1000")).wait()
    for prepare in (
        lambda: wallet.prepare_deposit(_base(net), AMOUNT),
        lambda: wallet.prepare_request_execute(net.accounts[1].address, b"\x01", l2_value=AMOUNT),
        lambda: wallet.prepare_deposit(token, AMOUNT),
    ):
        _fill(net, index - 1)
        plan = prepare()
        _fill(net, index)  # a stranger's: the next leaf adds a level
        assert wallet.submit(plan).wait(timeout=30).status == 1


@pytest.mark.parametrize("net", ["era-eth@31", "era-erc20@31", "zksync-os-eth@31"], indirect=True)
@pytest.mark.parametrize("index", [4, 64])
def test_the_same_on_the_version_after(net: Devnet, open_wallet: Open, index: int) -> None:
    wallet = open_wallet(net)
    if _base(net) != ETH:
        wallet.approve(_base(net), ether("1000")).wait()
    _fill(net, index - 1)
    plan = wallet.prepare_deposit(_base(net), AMOUNT)
    _stranger(net).l1_transfer(net.accounts[0].address, 1).wait(timeout=30)
    _fill(net, index)
    assert wallet.submit(plan).wait(timeout=30).status == 1


@pytest.mark.parametrize("net", ["era-eth", "era-eth@31"], indirect=True)
def test_forty_one_shots_at_once_behind_a_stranger_all_run(net: Devnet) -> None:
    _fill(net, 61)

    async def main() -> list[Any]:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            net.l1.mining = False  # the stranger's are included first, and the forty behind them in one block
            for _ in range(3):
                _stranger(net).deposit(ETH, AMOUNT)
            deposits = await asyncio.gather(*[wallet.deposit(ETH, AMOUNT) for _ in range(40)])
            net.l1.mining = True
            net.mine()
            return await asyncio.gather(*[deposit.wait(timeout=120) for deposit in deposits])

    assert [receipt.status for receipt in asyncio.run(main())] == [1] * 40


@ERA
def test_forty_requests_at_once_with_a_growing_tree_all_run(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    _fill(net, 63)
    quotes = [wallet.quote_deposit(ETH, AMOUNT) for _ in range(2)]
    assert quotes[0].l1_gas_limit == quotes[1].l1_gas_limit
    start = int(net.l1.rpc("eth_getTransactionCount", str(net.accounts[0].address), "latest"), 16)
    plans = [wallet.prepare_deposit(ETH, AMOUNT, l1=TxOptions(nonce=start + at)) for at in range(40)]
    assert [wallet.submit(plan).wait(timeout=30).status for plan in plans] == [1] * 40


@ERA
def test_a_request_that_ran_out_of_gas_says_so(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    used = _gas(wallet.deposit(ETH, AMOUNT).wait_l1())
    _fill(net, 64)
    plan = wallet.prepare_deposit(ETH, AMOUNT, l1=TxOptions(gas_limit=used + 80_000))
    _fill(net, 2**40)
    with pytest.raises(TransactionFailed, match=r"ran out of gas: it used [0-9]+ of its limit of [0-9]+") as failed:
        wallet.submit(plan).wait(timeout=30)
    assert "no reason" not in str(failed.value)


def test_a_transfer_to_an_account_that_is_emptied_meanwhile_has_its_gas(net: Devnet, open_wallet: Open) -> None:
    wallet, token, receiver = open_wallet(net), net.tokens["DAI"], net.accounts[5]
    plan = wallet.prepare_l1_transfer(receiver.address, AMOUNT, token)
    theirs = wallet_of(net, 5)
    theirs.l1_transfer(net.accounts[6].address, theirs.get_l1_balance(token), token).wait()
    assert wallet.submit(plan).wait(timeout=30).status == 1


# ---------------------------------------------------------------- what the quote says is enough
@pytest.mark.parametrize("symbol", ["DAI", "USDT", "ETH"])
def test_an_account_that_holds_exactly_max_total_is_not_refused(net: Devnet, open_wallet: Open, symbol: str) -> None:
    wallet = open_wallet(net, 3)
    token = ETH if symbol == "ETH" else net.tokens[symbol]
    quote = wallet.quote_deposit(token, AMOUNT)
    net.l1.rpc("anvil_setBalance", str(net.accounts[3].address), hex(quote.max_total))
    assert wallet.deposit(token, AMOUNT).wait(timeout=30).status == 1


def test_one_wei_less_is_refused_with_the_number_of_the_quote(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net, 3), net.tokens["DAI"]
    quote = wallet.quote_deposit(token, AMOUNT)
    net.l1.rpc("anvil_setBalance", str(net.accounts[3].address), hex(quote.max_total - 1))
    with pytest.raises(InsufficientBalance) as refused:
        wallet.deposit(token, AMOUNT)
    assert refused.value.needed == quote.max_total


def test_gas_of_a_plan_with_approvals_is_what_the_simulation_used_and_a_margin(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net, 3), net.tokens["DAI"]
    quote = wallet.quote_deposit(token, AMOUNT)
    used = _gas(wallet.deposit(token, AMOUNT).wait_l1())
    assert used + 65_000 <= quote.l1_gas_limit <= 2 * used + 65_000


@ERA
def test_what_is_refunded_is_needed_first(net: Devnet, open_wallet: Open) -> None:
    """An approval of nothing clears a word, for which gas comes back once it is paid: a simulation tells what is left."""
    wallet, token = open_wallet(net), net.tokens["USDT"]
    wallet.approve(token, 1).wait(timeout=30)
    plan = wallet.prepare_deposit(token, AMOUNT)
    reset = plan.steps[0].transaction
    assert int.from_bytes(reset.data[-32:]) == 0
    call = {"from": str(wallet.address), "to": str(reset.to), "data": "0x" + reset.data.hex()}
    needed = int(net.l1.rpc("eth_estimateGas", call), 16)
    assert _gas(wallet.submit(plan).wait_l1()) > 0
    assert (
        reset.gas_limit >= needed * 12 // 10 + 20_000
    )  # the margin, and what may be written for the first time by then


@ERA
def test_a_revert_behind_an_approval_is_seen_before_anything_is_sent(net: Devnet, open_wallet: Open) -> None:
    wallet, fee_token = open_wallet(net, 3), net.tokens["FEE"]
    net.l1.rpc("anvil_setBalance", str(net.accounts[3].address), hex(ether("0.05")))
    with pytest.raises(Exception, match="TokensWithFeesNotSupported"):
        wallet.prepare_deposit(fee_token, AMOUNT)
    assert artifact("FeeToken")
