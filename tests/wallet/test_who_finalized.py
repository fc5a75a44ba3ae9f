"""Who finalized a withdrawal, and a finalization or a claim that was not the first."""

from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, Hash32, ether
from zkcore.errors import TransactionFailed
from zkcore.ethereum.abi import Function
from zkcore.flows.l1 import TxOptions
from zkcore.journal import Journal
from zkcore.protocol.contracts.constants import MULTICALL3_ADDRESS
from zkcore.testing.devnet import Devnet, Failure, Narrow
from zkcore.types import Address

PRESETS = pytest.mark.parametrize(
    "net", ["era-eth", "era-erc20", "zksync-os-eth", "era-eth@31", "zksync-os-eth@33"], indirect=True
)
GAS = TxOptions(gas_limit=1_500_000)


def _rich(net: Devnet, wallet: Any) -> Any:
    base = net.profile.base_token
    if base != ETH:
        wallet.approve(base, ether("1000")).wait()
    wallet.deposit(base, ether("5")).wait(timeout=30)
    return wallet


@PRESETS
def test_another_finalized_it(net: Devnet, open_wallet: Open) -> None:
    """By the status, by the handle and by the hash; also of two that are equal but for their place."""
    wallet, base, other = _rich(net, open_wallet(net)), net.profile.base_token, wallet_of(net, 3)
    equal = [wallet.withdraw(base, AMOUNT) for _ in range(3)]
    for one in equal:
        one.wait("ready", timeout=30)
        assert wallet.find_finalization(one.l2_tx_hash) is None
        assert one.finalization is None
    theirs = [other.finalize_withdrawal(one.l2_tx_hash).l1_tx_hash for one in reversed(equal[:2])][::-1]
    for one, paid in zip(equal[:2], theirs, strict=True):
        assert wallet.find_finalization(one.l2_tx_hash).l1_tx_hash == paid
        status = one.status()
        assert (status.phase, status.finalization, one.finalization) == ("FINALIZED", paid, paid)
        assert wallet.resume(one.to_json()).finalization == paid
        assert one.wait("finalized", timeout=30).finalization == paid
    assert equal[2].status().phase == "READY"
    handle = wallet.find_finalization(equal[0].l2_tx_hash)
    assert handle.wait(timeout=30).transaction_hash == theirs[0]
    ours = equal[2].finalize()
    ours.wait(timeout=30)
    assert equal[2].status().finalization == ours.l1_tx_hash


@ERA
def test_tokens_and_bridges_beside_the_vault(net: Devnet, open_wallet: Open) -> None:
    wallet, other, dai = _rich(net, open_wallet(net)), wallet_of(net, 3), net.tokens["DAI"]
    bridge, usdc = net.usdc_bridge(), net.tokens["USDC"]
    wallet.deposit(dai, 3 * AMOUNT).wait(timeout=30)
    wallet.deposit(usdc, 3 * AMOUNT, bridge=bridge).wait(timeout=30)
    for made, known in (
        (wallet.withdraw(dai, AMOUNT), {}),
        (wallet.withdraw(net.l2_tokens["CROWN"], AMOUNT), {}),
        (wallet.withdraw(usdc, AMOUNT, bridge=bridge), {"bridge": bridge}),
    ):
        made.wait("ready", timeout=30)
        paid = other.finalize_withdrawal(made.l2_tx_hash, **known).l1_tx_hash
        assert made.status().finalization == paid
        assert wallet.find_finalization(made.l2_tx_hash, **known).l1_tx_hash == paid


@ERA
def test_by_a_contract_that_hands_it_on(net: Devnet, open_wallet: Open) -> None:
    """The calldata of the transaction names the batch and the message, wherever it stands: by Multicall3, say."""
    wallet = _rich(net, open_wallet(net))
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    params = withdrawal.wait("ready", timeout=30).params
    aggregate = Function("aggregate3((address target,bool allowFailure,bytes callData)[] calls) payable")
    steps = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash).steps
    data = aggregate.encode([(steps[0].transaction.to, True, params.calldata())])
    sent = net.l1.send(MULTICALL3_ADDRESS, data)
    assert withdrawal.status().finalization == Hash32(sent["transactionHash"])


@ERA
def test_ranges_of_l1_are_narrowed_too(net: Devnet, open_wallet: Open) -> None:
    wallet, other = _rich(net, open_wallet(net)), wallet_of(net, 3)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    first = int(net.l1.rpc("eth_blockNumber"), 16)
    paid = other.finalize_withdrawal(withdrawal.l2_tx_hash).l1_tx_hash
    with net.faults.add(Narrow(2, Failure(-32005, "query exceeds max block range 2")), node="l1", method="eth_getLogs"):
        assert wallet.find_finalization(withdrawal.l2_tx_hash).l1_tx_hash == paid
    assert wallet.find_finalization(withdrawal.l2_tx_hash, from_block=first).l1_tx_hash == paid
    last = int(net.l1.rpc("eth_blockNumber"), 16)
    net.mine(1)
    assert wallet.find_finalization(withdrawal.l2_tx_hash, from_block=last + 1) is None
    with net.faults.add(Failure(-32601, "no such method"), node="l1", method="eth_getLogs"):
        status = withdrawal.status()  # that it cannot be found does not hide what is known
        assert (status.phase, status.finalization) == ("FINALIZED", None)


def test_a_finalization_that_lost_a_race_is_done(net: Devnet, open_wallet: Open, tmp_path: Any) -> None:
    base, journal = net.profile.base_token, Journal(tmp_path / "journal")
    wallet, other = _rich(net, open_wallet(net, journal=journal)), wallet_of(net, 3)
    withdrawal = wallet.withdraw(base, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash, l1=GAS)
    winner = other.finalize_withdrawal(withdrawal.l2_tx_hash)
    winner.wait(timeout=30)
    loser = wallet.submit(plan, reference="mine")
    receipt = loser.wait(timeout=30)
    assert (receipt.status, receipt.transaction_hash) == (1, winner.l1_tx_hash)
    assert loser.status().transaction_hash == winner.l1_tx_hash
    assert loser.l1_tx_hash != winner.l1_tx_hash
    (entry,) = [one for one in journal.history() if one.reference == "mine"]
    assert (entry.state, entry.note) == ("done", f"done by another: {winner.l1_tx_hash}")
    assert wallet.in_flight() == []  # the withdrawal is done as well
    assert wallet.resume(loser.to_json()).wait(timeout=30).transaction_hash == winner.l1_tx_hash


@ERA
def test_a_race_at_a_bridge_beside_the_vault(net: Devnet, open_wallet: Open) -> None:
    wallet, other, usdc = _rich(net, open_wallet(net)), wallet_of(net, 3), net.tokens["USDC"]
    bridge = net.usdc_bridge()
    wallet.deposit(usdc, 3 * AMOUNT, bridge=bridge).wait(timeout=30)
    withdrawal = wallet.withdraw(usdc, AMOUNT, bridge=bridge)
    withdrawal.wait("ready", timeout=30)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash, bridge=bridge, l1=GAS)
    winner = other.finalize_withdrawal(withdrawal.l2_tx_hash, bridge=bridge)
    loser = wallet.submit(type(plan).from_json(plan.to_json()))
    assert loser.wait(timeout=30).transaction_hash == winner.l1_tx_hash


@ERA
def test_what_failed_for_another_reason_has_failed(net: Devnet, open_wallet: Open) -> None:
    wallet = _rich(net, open_wallet(net))
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash)
    step = replace(plan.steps[0], transaction=replace(plan.steps[0].transaction, gas_limit=60_000))
    starved = wallet.submit(replace(plan, steps=(step,)))
    with pytest.raises(TransactionFailed):
        starved.wait(timeout=30)
    assert starved.status().status == 0
    assert withdrawal.status().phase == "READY"


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
@pytest.mark.parametrize("beside", [False, True])
def test_a_claim_that_lost_a_race_is_done(net: Devnet, open_wallet: Open, tmp_path: Any, beside: bool) -> None:
    journal, token = Journal(tmp_path / "journal"), net.tokens["USDC"]
    wallet, other = _rich(net, open_wallet(net, journal=journal)), wallet_of(net, 3)
    known: dict[str, Any] = {"bridge": net.usdc_bridge()} if beside else {}
    held = wallet.get_l1_balance(token)
    net.fail_next_deposit()
    failed = wallet.deposit(token, AMOUNT, **known)
    failed.wait_l1(timeout=30)
    l2_tx_hash = failed.status().l2_tx_hash
    plan = wallet.prepare_claim_failed_deposit(l2_tx_hash, l1=GAS, **known)
    other.claim_failed_deposit(l2_tx_hash, **known).wait(timeout=30)
    loser = wallet.submit(plan, reference="mine")
    assert loser.wait(timeout=30) is None
    (entry,) = [one for one in journal.history() if one.reference == "mine"]
    assert entry.state == "done"
    assert entry.note.startswith("done by another")
    assert wallet.get_l1_balance(token) == held


def test_stranger_is_watch_only(net: Devnet, open_wallet: Open) -> None:
    """Who looks needs no key."""
    wallet = _rich(net, wallet_of(net))
    withdrawal = wallet.withdraw(net.profile.base_token, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    paid = withdrawal.finalize().l1_tx_hash
    stranger = open_wallet(net, Address(PrivateKeySigner.generate().address))
    (found,) = stranger.withdrawals_in(withdrawal.l2_tx_hash)
    assert found.status().finalization == paid
