"""A wallet's own words on the devnet: a preview knows the wallet's chain, and says whose word decimals are."""

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import ERA, told, wallet_of
from zkcore import ETH, Plan, Wallet, ether
from zkcore.errors import FeeTooHigh, InsufficientAllowance, InsufficientBalance, InsufficientBaseCost
from zkcore.protocol.fees import FeePolicy
from zkcore.testing.devnet import Devnet


def narrow(*things: object) -> None:
    for line in "\n".join(map(str, things)).splitlines():
        assert len(line) <= 80, line


@ERA
def test_a_preview_knows_the_wallets_chain(net: Devnet) -> None:
    wallet, usdc = wallet_of(net), net.tokens["USDC"]
    plan = wallet.prepare_deposit(usdc, 5_000_000)
    assert plan.preview()["amount"] == 5_000_000
    assert "5 USDC (5000000)" in str(plan.preview())
    assert str(plan.preview()) == str(plan.preview(net.profile))
    moved = plan.at_nonce("l1", 77)
    assert "5 USDC (5000000)" in str(moved.preview())
    loaded = Plan.from_json(plan.to_json())  # elsewhere nobody vouches for it, unless a profile is given
    assert loaded == plan
    assert "5000000 of its smallest unit" in str(loaded.preview())
    assert "5 USDC (5000000)" in str(loaded.preview(net.profile))


@ERA
def test_what_only_the_contract_says_is_said_so(net: Devnet) -> None:
    signer, usdc = PrivateKeySigner(net.accounts[0].private_key), net.tokens["USDC"]
    nobody = replace(net.profile, tokens=())
    with Wallet(signer, chain=nobody, l1=net.l1_url, l2=net.l2_url) as wallet:
        said = "5 USDC (5000000; symbol and decimals: the contract says)"
        quote, plan = wallet.quote_deposit(usdc, 5_000_000), wallet.prepare_deposit(usdc, 5_000_000)
        assert said in told(quote)
        assert said in told(plan.preview())
        assert f"{usdc} (token; its contract says USDC)" in told(plan.preview())
        assert "USDC" not in str(Plan.from_json(plan.to_json()).preview())


def test_all_that_is_printed_fits(net: Devnet, capsys: pytest.CaptureFixture[str]) -> None:
    wallet = wallet_of(net)
    quote, plan = wallet.quote_deposit(ETH, ether("0.1")), wallet.prepare_deposit(ETH, ether("0.1"))
    deposit = wallet.submit(plan)
    receipt = deposit.wait(on_progress=print)
    withdrawal = wallet.withdraw(ETH, 1_000)
    withdrawal.wait(on_progress=print)
    finalization = withdrawal.finalize()
    paid = finalization.wait()
    printed = capsys.readouterr().out
    assert f"L1 hash     {deposit.l1_tx_hash}" in printed
    assert f"L2 hash     {withdrawal.l2_tx_hash}" in printed
    narrow(
        quote, plan, deposit, receipt, withdrawal, finalization, paid, deposit.status(), withdrawal.status(), printed
    )
    narrow(wallet.quote_withdraw(ETH, 1_000), plan.preview(), wallet.prepare_withdraw(ETH, 1).preview())
    things = (quote, plan, deposit, receipt, withdrawal, finalization, deposit.status(), withdrawal.status())
    assert max(len(repr(thing)) for thing in things) < 280


def test_errors_have_amounts_for_people(net: Devnet, open_wallet: Open) -> None:
    """In the token's own units and exactly; whose word they are; raw where nobody knows, and said so."""
    wallet, usdc = open_wallet(net), net.tokens["USDC"]
    base = wallet.get_base_token()
    with pytest.raises(InsufficientBalance) as short:
        wallet.l1_transfer(net.accounts[1].address, 10**30)
    assert f" needs 1000000000000.{short.value.needed % 10**18:018}".rstrip("0") in str(short.value)
    assert f"({short.value.needed} wei) for the amount and the fee: " in str(short.value)
    assert " ETH of " not in str(short.value)
    held = wallet.get_l1_balance(usdc)
    for ask in (wallet.prepare_l1_transfer, wallet.l1_transfer):  # planned, and ordered
        with pytest.raises(InsufficientBalance) as short:
            ask(net.accounts[1].address, held + 1_500_000, usdc)
        assert f"USDC ({held + 1_500_000}): 1.5 USDC (1500000) missing" in str(short.value)
    if base == ETH:  # else that of the base token is missed first
        with pytest.raises(InsufficientAllowance, match=r"0 USDC \(0\) of 0x\w+, needs 5 USDC \(5000000\): approve it"):
            wallet.deposit(usdc, 5_000_000, approve=False)
    nobody = open_wallet(net, chain=replace(net.profile, tokens=()))
    with pytest.raises(
        InsufficientBalance, match=r"1500000 missing \(in its smallest unit: its decimals are not known here\)"
    ):
        nobody.l1_transfer(net.accounts[1].address, held + 1_500_000, usdc)
    if base == ETH:
        said = r"needs 5 USDC \(5000000\) \(symbol and decimals: the contract says\): approve it"
        with pytest.raises(InsufficientAllowance, match=said):
            nobody.deposit(usdc, 5_000_000, approve=False)
    coin = "ETH" if base == ETH else next(token.symbol for token in net.profile.tokens if token.l1_address == base)
    with pytest.raises(InsufficientBalance, match=rf" on L2, needs [\d.]+ {coin} \(\d+( wei)?\) for the amount"):
        wallet.transfer(net.accounts[1].address, 10**30)
    with pytest.raises(
        FeeTooHigh,
        match=r"^the gas price on L1 is [\d.]+ gwei \(\d+ wei\), the ceiling is 0\.000000001 gwei \(1 wei\): ",
    ):
        open_wallet(net, fees=FeePolicy(max_fee_per_gas=1)).quote_deposit(ETH, 1)
    with pytest.raises(
        FeeTooHigh, match=rf"transaction on L2 is [\d.]+ {coin} \(\d+( wei)?\), the ceiling is [\d.]+ {coin} \("
    ):
        open_wallet(net, fees=FeePolicy(l2_max_total=1)).quote_transfer(net.accounts[1].address, 1)
    with pytest.raises(
        InsufficientBaseCost,
        match=rf"^the mint value of [\d.]+ {coin} \(1( wei)?\) is too low: base cost [\d.]+ {coin}",
    ):
        wallet.request_execute(net.accounts[1].address, b"", mint_value=1)
