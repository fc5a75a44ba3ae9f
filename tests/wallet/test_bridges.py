"""A bridge beside the vault, both ways: USDC's pair on the devnet, known and not known to the wallet."""

from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, wallet_of
from zkcore import ETH, ether
from zkcore.errors import AddressMismatch, DepositFailed, InputError, NothingToClaim, NotReady
from zkcore.protocol.assets import SecondBridgeDeposit, TransferData
from zkcore.protocol.chains import Bridge
from zkcore.testing.devnet import Devnet
from zkcore.types import Address


class Pair(Struct, frozen=True, kw_only=True):
    bridge: Bridge
    l1_token: Address
    l2_token: Address


@pytest.fixture
def pair(net: Devnet) -> Pair:
    usdc = net.usdc_bridge()
    if net.profile.base_token != ETH:
        wallet_of(net).approve(net.profile.base_token, ether("10000")).wait()
    wallet_of(net).deposit(net.profile.base_token, ether("5")).wait(timeout=30)
    return Pair(bridge=usdc, l1_token=net.tokens["USDC"], l2_token=net.l2_tokens["USDC"])


def _deposited(wallet: Any, pair: Pair) -> Any:
    deposit = wallet.deposit(pair.l1_token, 10 * AMOUNT, bridge=pair.bridge)
    assert deposit.wait(timeout=30).status == 1
    return deposit


def test_there_and_back(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    before = wallet.get_l1_balance(pair.l1_token)
    quote = wallet.quote_deposit(pair.l1_token, 10 * AMOUNT, bridge=pair.bridge)
    assert (quote.route, quote.approvals[-1].spender) == ("bridge", pair.bridge.l1_address)
    _deposited(wallet, pair)
    assert wallet.get_balance(pair.l2_token) == 10 * AMOUNT
    assert wallet.get_l1_allowance(pair.l1_token, pair.bridge.l1_address) == 0
    for token in (pair.l1_token, pair.l2_token):  # by either address
        withdrawal = wallet.withdraw(token, AMOUNT, bridge=pair.bridge)
        assert withdrawal.wait("ready", timeout=30).phase == "READY"
        assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash, bridge=pair.bridge)
        resumed = wallet.resume(withdrawal.to_json())
        assert resumed.finalize().wait(timeout=30).status == 1
        assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash, bridge=pair.bridge)
        assert withdrawal.status().phase == "FINALIZED"
        assert wallet.finalize_withdrawal(withdrawal.l2_tx_hash, bridge=pair.bridge).l1_tx_hash is None
    assert wallet.get_l1_balance(pair.l1_token) == before - 8 * AMOUNT


def test_a_plan_for_a_bridge_survives_json_and_pays_nobody_else(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    plan = wallet.prepare_deposit(pair.l1_token, AMOUNT, bridge=pair.bridge)
    again = type(plan).from_json(plan.to_json())
    assert again == plan
    assert str(pair.bridge.l1_address) in str(plan.preview())
    assert wallet.submit(again).wait(timeout=30).status == 1
    back = wallet.prepare_withdraw(pair.l2_token, AMOUNT, bridge=pair.bridge)
    assert type(back).from_json(back.to_json()) == back
    elsewhere = replace(back.facts, l2_bridge=net.accounts[3].address)
    with pytest.raises(InputError, match="expected "):
        replace(back, facts=elsewhere)


def test_a_withdrawal_by_a_bridge_that_is_not_known_is_blocked_at_once(
    net: Devnet, pair: Pair, open_wallet: Open
) -> None:
    wallet = open_wallet(net)
    _deposited(wallet, pair)
    tx_hash = wallet.withdraw(pair.l2_token, AMOUNT, bridge=pair.bridge).l2_tx_hash
    (found,) = wallet.withdrawals_in(tx_hash)
    status = found.status()
    assert status.phase == "BLOCKED"
    assert str(pair.bridge.l2_address) in status.reason
    with pytest.raises(NotReady, match="bridge of its own") as blocked:
        found.wait("ready", timeout=600)
    assert blocked.value.state == "BLOCKED"
    with pytest.raises(NotReady, match="bridge of its own"):
        wallet.finalize_withdrawal(tx_hash)
    pinned = open_wallet(net, 0, chain=replace(net.profile, bridges=(pair.bridge,)))
    assert pinned.resume(found.to_json()).status().phase == "READY"
    assert pinned.finalize_withdrawal(tx_hash).wait(timeout=30).status == 1


def test_a_failed_deposit_is_claimed_at_its_bridge(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    before = wallet.get_l1_balance(pair.l1_token)
    net.fail_next_deposit()
    deposit = wallet.deposit(pair.l1_token, AMOUNT, bridge=pair.bridge)
    with pytest.raises(DepositFailed, match="claim_failed_deposit") as failed:
        deposit.wait(timeout=30)
    assert str(pair.bridge.l1_address) in failed.value.advice
    with pytest.raises(NothingToClaim, match="keeps the tokens on L1") as unknown:
        wallet.claim_failed_deposit(deposit.l2_tx_hash)
    assert str(pair.bridge.l1_address) in str(unknown.value)
    assert not wallet.get_priority_op_confirmation(deposit.l2_tx_hash).succeeded
    assert wallet.claim_failed_deposit(deposit.l2_tx_hash, bridge=pair.bridge).wait(timeout=30).status == 1
    assert wallet.get_l1_balance(pair.l1_token) == before
    with pytest.raises(NothingToClaim, match="claimed before"):
        wallet.claim_failed_deposit(deposit.l2_tx_hash, bridge=pair.bridge)


def test_a_custom_bridge_needs_its_calldata(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    custom = replace(pair.bridge, kind="custom")
    with pytest.raises(InputError, match="custom_bridge_data"):
        wallet.quote_deposit(pair.l1_token, AMOUNT, bridge=custom)
    transfer = TransferData(AMOUNT, net.accounts[0].address, pair.l1_token)
    data = SecondBridgeDeposit(asset_id=None, transfer=transfer).encode()
    deposit = wallet.deposit(pair.l1_token, AMOUNT, bridge=custom, custom_bridge_data=data, l2_gas_limit=2_000_000)
    assert deposit.wait(timeout=30).status == 1
    assert wallet.get_balance(pair.l2_token) == AMOUNT


def test_a_pair_that_l1_does_not_know_is_refused(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    wrong = replace(pair.bridge, l2_address=net.accounts[5].address)
    none = replace(pair.bridge, l1_address=net.profile.bridgehub)
    with pytest.raises(AddressMismatch, match="the bridge on L2"):
        wallet.quote_deposit(pair.l1_token, AMOUNT, bridge=wrong)
    with pytest.raises(InputError, match="is no bridge"):
        wallet.quote_deposit(pair.l1_token, AMOUNT, bridge=none)
    with pytest.raises(InputError, match="none of the bridge"):
        wallet.quote_deposit(net.tokens["DAI"], AMOUNT, bridge=pair.bridge)


def test_a_token_that_would_leave_by_the_wrong_door(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    plain = open_wallet(net)
    pinned = open_wallet(net, 0, chain=replace(net.profile, bridges=(pair.bridge,)))
    _deposited(plain, pair)
    for wallet in (plain, pinned):
        note = wallet.quote_withdraw(pair.l2_token, AMOUNT).notes[0]
        assert "newly made ERC-20" in note
        for write in (wallet.prepare_withdraw, wallet.withdraw):
            with pytest.raises(InputError, match="as_native=True"):
                write(pair.l2_token, AMOUNT)
        plan = wallet.prepare_withdraw(pair.l2_token, AMOUNT, as_native=True)
        assert "newly made ERC-20" in str(plan.preview())
    withdrawal = plain.withdraw(pair.l2_token, AMOUNT, as_native=True)
    withdrawal.wait("ready", timeout=30)
    assert withdrawal.finalize().wait(timeout=30).status == 1
    arrived = plain.l1_token_address(pair.l2_token)
    assert arrived != pair.l1_token
    assert plain.get_l1_balance(arrived) == AMOUNT


def test_a_profile_that_pairs_a_bridge_with_another_is_refused(net: Devnet, pair: Pair, open_wallet: Open) -> None:
    """A tampered profile: the bridge on L1 has to name its side on L2 itself, there and back."""
    _deposited(wallet_of(net), pair)
    withdrawal = wallet_of(net).withdraw(pair.l2_token, AMOUNT, bridge=pair.bridge)
    withdrawal.wait("ready", timeout=30)
    elsewhere = replace(pair.bridge, l1_address=net.profile.nullifier)
    wallet = open_wallet(net, chain=replace(net.profile, bridges=(elsewhere,)))
    with pytest.raises((AddressMismatch, InputError)):
        wallet.deposit(pair.l1_token, AMOUNT, bridge=elsewhere)
    for ask in (wallet.finalize_withdrawal, wallet.is_withdrawal_finalized):
        with pytest.raises((AddressMismatch, InputError)):
            ask(withdrawal.l2_tx_hash)
