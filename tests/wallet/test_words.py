"""A wallet's own words on the devnet: a preview knows the wallet's chain, and says whose word decimals are."""

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import ERA, wallet_of
from zkcore import ETH, Plan, Wallet, ether
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
        assert said in " ".join(str(quote).split())
        assert said in str(plan.preview())
        assert f"{usdc} (token; its contract says USDC)" in str(plan.preview())
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
    narrow(wallet.quote_withdraw(ETH, 1_000))
    things = (quote, plan, deposit, receipt, withdrawal, finalization, deposit.status(), withdrawal.status())
    assert max(len(repr(thing)) for thing in things) < 280
