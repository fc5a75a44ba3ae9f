"""Every route of every preset, by both wallets, to the wei on both sides, refunds included."""

from contextlib import suppress
from typing import Any

import pytest

from zkcore import ETH, ether
from zkcore.errors import DepositFailed, InputError, NothingToClaim
from zkcore.testing.devnet import Devnet
from zkcore.types import Address

AMOUNT = 1_234_567


def balances(wallet: Any, token: Any, l2_token: Any, who: Address) -> tuple[int, int]:
    on_l2 = 0
    with suppress(InputError):  # never bridged: nobody has any
        on_l2 = wallet.get_balance(l2_token, address=who)
    return wallet.get_l1_balance(token, address=who), on_l2


def deposit_cases(net: Devnet) -> list[tuple[str, Address, str]]:
    base = net.profile.base_token
    erc20 = net.tokens["DAI"]
    if base == ETH:
        return [("eth", ETH, "eth-to-eth-chain"), ("erc20", erc20, "erc20-to-eth-chain")]
    assert base is not None
    return [
        ("eth", ETH, "eth-to-erc20-chain"),
        ("base", base, "base-token-to-erc20-chain"),
        ("erc20", erc20, "erc20-to-erc20-chain"),
    ]


def test_every_route_there_and_back(net: Devnet, open_wallet: Any) -> None:
    wallet, receiver = open_wallet(net), net.accounts[3].address
    base = net.profile.base_token or ETH
    for _, token, route in deposit_cases(net):
        before_l1 = wallet.get_l1_balance(token)
        _, before = balances(wallet, token, token, receiver)
        quote = wallet.quote_deposit(token, AMOUNT, to=receiver)
        assert quote.route == route
        assert quote.mint_value == quote.base_cost + quote.l2_value
        plan = wallet.prepare_deposit(token, AMOUNT, to=receiver)
        assert [step.kind for step in plan.steps] == ["approve"] * len(quote.approvals) + ["deposit"]
        assert all(not approval.reset_first and approval.allowance == 0 for approval in quote.approvals)
        refunded = wallet.get_balance()
        deposit = wallet.submit(plan)
        receipt = deposit.wait(timeout=30)
        l1_receipt = deposit.wait_l1(timeout=30)
        # the receiver has exactly the amount, the sender the refund: what was minted less the value and the L2 gas
        assert wallet.get_balance(token, address=receiver) - before == AMOUNT
        used = receipt.gas_used * receipt.effective_gas_price
        assert wallet.get_balance() - refunded == quote.mint_value - quote.l2_value - used
        if token != ETH:
            spent = AMOUNT + (quote.mint_value - quote.l2_value if token == base else 0)
            assert before_l1 - wallet.get_l1_balance(token) == spent
        assert l1_receipt.status == 1
        # and back: withdrawn by the receiver, finalized by somebody else
        home = open_wallet(net, 3)
        if base != token:
            wallet.deposit(base, ether("1"), to=receiver).wait(timeout=30)
        fees = wallet.deposit(base, ether("1"), to=receiver) if base == token else None
        if fees is not None:
            fees.wait(timeout=30)
        l1_before = wallet.get_l1_balance(token, address=receiver)
        withdrawal = home.withdraw(token, AMOUNT)
        status = withdrawal.wait("ready", timeout=30)
        assert status.phase == "READY"
        assert status.params is not None
        finalization = wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
        assert finalization.wait(timeout=30).status == 1
        assert wallet.get_l1_balance(token, address=receiver) - l1_before == AMOUNT
        assert withdrawal.status().phase == "FINALIZED"
        # a second time it is reported as done
        again = wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
        assert again.l1_tx_hash is None
        assert again.wait() is None


def test_a_native_token_of_l2_comes_to_l1_and_goes_home(net: Devnet, open_wallet: Any) -> None:
    wallet, me = open_wallet(net), net.accounts[0].address
    base, crown = net.profile.base_token or ETH, net.l2_tokens["CROWN"]
    wallet.deposit(base, ether("2")).wait(timeout=30)
    held = wallet.get_balance(crown)
    plan = wallet.prepare_withdraw(crown, AMOUNT)
    assert [step.kind for step in plan.steps] == ["approve", "withdraw"]  # L2's vault takes a token of its own
    withdrawal = wallet.submit(plan)
    withdrawal.wait("ready", timeout=30)
    withdrawal.finalize().wait(timeout=30)
    asset = wallet.asset_id(crown)
    from zkcore.methods import calls
    from zkcore.protocol.contracts import NATIVE_TOKEN_VAULT

    vault = wallet.get_bridge_addresses().l1_native_token_vault
    (on_l1,) = wallet.run(calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.token_address, asset))
    assert wallet.get_l1_balance(on_l1) == AMOUNT
    assert held - wallet.get_balance(crown) == AMOUNT
    # home again: burned on L1, so no approval of it
    quote = wallet.quote_deposit(on_l1, AMOUNT)
    assert all(approval.token != on_l1 for approval in quote.approvals)
    assert "no approval" in quote.why
    wallet.deposit(on_l1, AMOUNT).wait(timeout=30)
    assert wallet.get_balance(crown, address=me) == held
    assert wallet.get_l1_balance(on_l1) == 0


def test_a_call_from_l1(net: Devnet, open_wallet: Any) -> None:
    wallet, target = open_wallet(net), net.accounts[4].address
    before = wallet.get_balance(address=target)
    quote = wallet.quote_request_execute(target, l2_value=77)
    execution = wallet.request_execute(target, l2_value=77, operator_tip=5)
    assert execution.wait(timeout=30).status == 1
    assert wallet.get_balance(address=target) - before == 77
    assert quote.mint_value == quote.base_cost + 77
    confirmation = wallet.get_priority_op_confirmation(execution.l2_tx_hash)
    assert confirmation.succeeded
    assert confirmation.l2_tx_hash == execution.l2_tx_hash


def test_a_failed_deposit_is_claimed_by_anyone_for_the_depositor(net: Devnet, open_wallet: Any) -> None:
    wallet, stranger = open_wallet(net), open_wallet(net, 5)
    token = net.tokens["DAI"]
    held = wallet.get_l1_balance(token)
    net.fail_next_deposit()
    deposit = wallet.deposit(token, AMOUNT)
    with pytest.raises(DepositFailed, match="claim_failed_deposit") as failed:
        deposit.wait(timeout=30)
    assert failed.value.claimable
    assert failed.value.receipt.status == 0
    assert held - wallet.get_l1_balance(token) == AMOUNT
    plan = stranger.prepare_claim_failed_deposit(deposit.l2_tx_hash)
    assert any(str(wallet.address) in note for note in plan.facts.notes)
    stranger.submit(plan).wait(timeout=30)
    assert wallet.get_l1_balance(token) == held
    with pytest.raises(NothingToClaim, match="claimed before"):
        stranger.claim_failed_deposit(deposit.l2_tx_hash)
    assert not wallet.get_priority_op_confirmation(deposit.l2_tx_hash).succeeded


def test_what_cannot_be_claimed_is_said_beforehand(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    base = net.profile.base_token or ETH
    fine = wallet.deposit(base, AMOUNT)
    fine.wait(timeout=30)
    with pytest.raises(NothingToClaim, match="succeeded"):
        wallet.claim_failed_deposit(fine.l2_tx_hash)
    net.fail_next_deposit()
    direct = wallet.deposit(base, AMOUNT)
    refunded = wallet.get_balance()
    with pytest.raises(DepositFailed, match="refund recipient") as failed:
        direct.wait(timeout=30)
    assert not failed.value.claimable
    assert refunded >= AMOUNT  # the value is at the refund recipient on L2
    with pytest.raises(NothingToClaim, match="direct request"):
        wallet.claim_failed_deposit(direct.l2_tx_hash)
