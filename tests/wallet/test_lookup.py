"""From a hash back to a handle; words for the hash of the other chain, and for one that nobody knows."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, Hash32, ether
from zkcore.errors import InputError, NotReady
from zkcore.ethereum.abi import Function
from zkcore.protocol.assets import BaseTokenWithdrawal
from zkcore.testing.devnet import Devnet, artifact

_BASE = Function("withdrawBase(address l1Receiver, uint256[] amounts) payable")
_NOBODYS = Hash32("0x" + "5a" * 32)


def _rich(net: Devnet, open_wallet: Open) -> Any:
    wallet, base = open_wallet(net), net.profile.base_token
    if base != ETH:
        wallet.approve(base, ether("1000")).wait()
    wallet.deposit(base, ether("5")).wait(timeout=30)
    return wallet


def test_a_deposit_and_a_call_from_their_hash(net: Devnet, open_wallet: Open) -> None:
    wallet, token = _rich(net, open_wallet), net.tokens["DAI"]
    orders = [
        wallet.deposit(net.profile.base_token, AMOUNT),
        wallet.deposit(token, AMOUNT),
        wallet.request_execute(net.accounts[1].address, b"\x01\x02", l2_value=7),
    ]
    stranger = open_wallet(net, net.accounts[5].address)  # watch-only: anybody's
    for order, kind in zip(orders, ("deposit", "deposit", "execution"), strict=True):
        order.wait(timeout=30)
        (found,) = stranger.deposits_in(order.l1_tx_hash)
        assert (found.kind, found.l2_tx_hash) == (kind, order.l2_tx_hash)
        assert found.wait(timeout=30).status == 1
        assert wallet.resume(found.to_json()).status().phase == "L2_EXECUTED"


def test_a_failed_deposit_is_claimed_from_its_hash(net: Devnet, open_wallet: Open) -> None:
    wallet, token = _rich(net, open_wallet), net.tokens["DAI"]
    before = wallet.get_l1_balance(token)
    net.fail_next_deposit()
    lost = wallet.deposit(token, AMOUNT).l1_tx_hash
    (found,) = wallet.deposits_in(lost)
    with pytest.raises(Exception, match="claim_failed_deposit"):
        found.wait(timeout=30)
    assert wallet.claim_failed_deposit(found.l2_tx_hash).wait(timeout=30).status == 1
    assert wallet.get_l1_balance(token) == before


def test_several_withdrawals_of_one_transaction(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet)
    net.l2.rpc("anvil_setCode", str(net.accounts[9].address), "0x" + artifact("Withdrawer", "runtime").hex())
    data = _BASE.encode(net.accounts[3].address, (1, 2, 3))
    made = wallet.prepare_transfer(net.accounts[9].address, 6)
    step = made.steps[0]
    tx = replace(step.transaction, data=data, gas_limit=2_000_000)
    sent = wallet.submit(replace(made, steps=(replace(step, transaction=tx),)))
    sent.wait(timeout=30)
    found = wallet.withdrawals_in(sent.tx_hash)
    assert [one.index for one in found] == [0, 1, 2]
    assert [one.wait("ready", timeout=30).params.message for one in found] == [
        BaseTokenWithdrawal(receiver=net.accounts[3].address, amount=amount).encode() for amount in (1, 2, 3)
    ]


@ERA
def test_requests_to_another_chain_are_named(net: Devnet, open_wallet: Open) -> None:
    with Devnet("zksync-os-eth", l1=net, chain_id=4242) as other:
        l1_tx_hash = wallet_of(other, 2).deposit(ETH, AMOUNT).l1_tx_hash
        with pytest.raises(InputError, match="chain 4242"):
            open_wallet(net).deposits_in(l1_tx_hash)


def test_the_other_chains_hash_is_told_as_that(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet)
    deposit, withdrawal = (
        wallet.deposit(net.profile.base_token, AMOUNT),
        wallet.withdraw(net.profile.base_token, AMOUNT),
    )
    deposit.wait(timeout=30)
    withdrawal.wait("l2", timeout=30)
    of_l1, of_l2 = deposit.l1_tx_hash, withdrawal.l2_tx_hash
    with pytest.raises(InputError, match="transaction of L2, not of L1"):
        wallet.deposits_in(of_l2)
    for ask in (
        wallet.withdrawals_in,
        wallet.is_withdrawal_finalized,
        wallet.finalize_withdrawal,
        wallet.get_finalize_withdrawal_params,
        wallet.claim_failed_deposit,
        wallet.get_priority_op_confirmation,
        wallet.get_message_proof,
    ):
        with pytest.raises(InputError, match="transaction of L1, not of L2"):
            ask(of_l1)


def test_a_hash_that_nobody_knows_is_no_answer(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    for ask in (wallet.deposits_in, wallet.withdrawals_in, wallet.is_withdrawal_finalized, wallet.finalize_withdrawal):
        with pytest.raises(NotReady, match="knows 0x5a5a") as unknown:
            ask(_NOBODYS)
        assert unknown.value.state == "UNKNOWN"


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
def test_withdrawals_from_before_the_shared_bridge_are_finalized_everywhere(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    params = withdrawal.wait("ready", timeout=30).params
    tx_hash = withdrawal.l2_tx_hash
    assert not wallet.is_withdrawal_finalized(tx_hash)
    assert [one.l2_tx_hash for one in wallet.find_withdrawals(from_block=0)] == [tx_hash]
    done = Function("setEthWithdrawalFinalized(uint256 batch, uint256 index)")
    net.l1.send(net.profile.diamond, done.encode(params.l2_batch_number, params.l2_message_index))
    assert wallet.is_withdrawal_finalized(tx_hash)
    assert withdrawal.status().phase == "FINALIZED"
    assert wallet.find_withdrawals(from_block=0) == []
    assert wallet.finalize_withdrawal(tx_hash).l1_tx_hash is None


@ERA
def test_a_withdrawal_that_is_named_twice_is_finalized_once(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet)
    tx_hash = wallet.withdraw(ETH, AMOUNT).l2_tx_hash
    wallet.withdrawals_in(tx_hash)[0].wait("ready", timeout=30)
    one, two = wallet.finalize_withdrawals([(tx_hash, 0), (str(tx_hash), 0)])
    assert one.l1_tx_hash == two.l1_tx_hash
    assert one.wait(timeout=30).status == 1
    assert [again.l1_tx_hash for again in wallet.finalize_withdrawals([(tx_hash, 0)] * 3)] == [None] * 3
