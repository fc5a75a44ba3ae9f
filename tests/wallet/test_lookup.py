"""From a hash back to a handle; words for the hash of the other chain, and for one that nobody knows."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.conftest import Open
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, Hash32, ether
from zkcore.errors import InputError, NodeError, NotReady
from zkcore.ethereum.abi import Function
from zkcore.protocol.assets import BaseTokenWithdrawal
from zkcore.protocol.contracts import DIAMOND, L1_MESSENGER
from zkcore.testing.devnet import Devnet, Lie, artifact

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


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
@pytest.mark.parametrize("broken", ["data 0x", "data cut", "data longer", "one topic more", "topics cut"])
def test_a_log_that_cannot_be_read_is_the_nodes_fault(net: Devnet, open_wallet: Open, broken: str) -> None:
    """Never the caller's, never nothing, never an error of Python's: of requests on L1, of messages on L2."""
    wallet = _rich(net, open_wallet)
    deposit, withdrawal = wallet.deposit(ETH, AMOUNT), wallet.withdraw(ETH, AMOUNT)
    deposit.wait(timeout=30)
    withdrawal.wait("ready", timeout=30)

    def spoilt(log: Any) -> Any:
        topics, data = log["topics"], log["data"]
        if topics[0] not in {str(DIAMOND.new_priority_request.topic), str(L1_MESSENGER.l1_message_sent.topic)}:
            return log
        if broken == "topics cut" and len(topics) > 1:
            return log | {"topics": topics[:2]}
        if broken == "one topic more":
            return log | {"topics": [*topics, "0x" + "11" * 32][:4]} if len(topics) < 3 else log | {"data": "0x"}
        return log | {"data": {"data 0x": "0x", "data longer": data + "00"}.get(broken, data[:-64])}

    change = Lie(lambda receipt: receipt and receipt | {"logs": [spoilt(log) for log in receipt["logs"]]})
    for node in ("l1", "l2"):
        net.faults.add(change, node=node, method="eth_getTransactionReceipt")  # type: ignore[arg-type]
    for ask in (
        lambda: wallet.deposits_in(deposit.l1_tx_hash),
        lambda: wallet.withdrawals_in(withdrawal.l2_tx_hash),
        lambda: wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash),
        lambda: wallet.get_message_proof(withdrawal.l2_tx_hash),
        lambda: wallet.find_withdrawals(from_block=0),
    ):
        with pytest.raises(NodeError):
            ask()


# ---------------------------------------------------------------- by the receiver on L1
def test_withdrawals_by_whom_they_pay_on_l1(net: Devnet, open_wallet: Open) -> None:
    """Of whatever kind, by whomever; nobody else's, also of the same transaction."""
    wallet, base, dai, to = _rich(net, open_wallet), net.profile.base_token, net.tokens["DAI"], net.accounts[6].address
    wallet.deposit(dai, 3 * AMOUNT).wait(timeout=30)
    other = wallet_of(net, 1)
    wallet.transfer(other.address, ether("1")).wait(timeout=30)
    mine = [wallet.withdraw(token, AMOUNT, to=to).l2_tx_hash for token in (base, dai, net.l2_tokens["CROWN"])]
    theirs = other.withdraw(base, AMOUNT, to=to).l2_tx_hash
    elsewhere = wallet.withdraw(base, AMOUNT).l2_tx_hash
    net.l2.rpc("anvil_setCode", str(net.accounts[9].address), "0x" + artifact("Withdrawer", "runtime").hex())
    made = wallet.prepare_transfer(net.accounts[9].address, 3)
    step = made.steps[0]
    tx = replace(step.transaction, data=_BASE.encode(to, (1, 2)), gas_limit=2_000_000)
    both = wallet.submit(replace(made, steps=(replace(step, transaction=tx),))).tx_hash
    paid = open_wallet(net, to)  # watch-only: who is paid made none of them
    assert paid.find_withdrawals(from_block=0) == []
    found = [(one.l2_tx_hash, one.index) for one in paid.find_withdrawals(receiver=to, from_block=0)]
    assert found == [*[(one, 0) for one in (*mine, theirs)], (both, 0), (both, 1)]
    of_other = paid.find_withdrawals(other.address, receiver=str(to), from_block=0)
    assert [one.l2_tx_hash for one in of_other] == [theirs]
    assert [one.l2_tx_hash for one in wallet.find_withdrawals(receiver=wallet.address, from_block=0)] == [elsewhere]
    assert wallet.find_withdrawals(receiver=net.accounts[8].address, from_block=0) == []
    paid.withdrawals_in(theirs)[0].wait("ready", timeout=30)
    other.finalize_withdrawal(theirs).wait(timeout=30)
    assert len(paid.find_withdrawals(receiver=to, from_block=0)) == len(found) - 1


@ERA
def test_withdrawals_by_a_pinned_bridge_are_found(net: Devnet, open_wallet: Open) -> None:
    bridge, usdc, to = net.usdc_bridge(), net.tokens["USDC"], net.accounts[6].address
    known = {"chain": replace(net.profile, bridges=(bridge,))}
    wallet = open_wallet(net, **known)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    wallet.deposit(usdc, 3 * AMOUNT, bridge=bridge).wait(timeout=30)
    made = [wallet.withdraw(usdc, AMOUNT, bridge=bridge, **more).l2_tx_hash for more in ({}, {"to": to})]
    plain = wallet.withdraw(ETH, AMOUNT).l2_tx_hash
    assert [one.l2_tx_hash for one in wallet.find_withdrawals(from_block=0)] == [*made, plain]
    assert [one.l2_tx_hash for one in wallet.find_withdrawals(receiver=to, from_block=0)] == [made[1]]
    assert [one.l2_tx_hash for one in open_wallet(net).find_withdrawals(from_block=0)] == [plain]
    for one in wallet.find_withdrawals(from_block=0):
        one.wait("ready", timeout=30)
        one.finalize().wait(timeout=30)
    assert wallet.find_withdrawals(from_block=0) == []


# ---------------------------------------------------------------- several chains in one transaction
@ERA
def test_requests_to_other_chains_are_named_beside_ours(net: Devnet, open_wallet: Open) -> None:
    """One transaction requests of two chains: two of them are seen as one here, by their receipts."""
    with Devnet("zksync-os-eth", l1=net, chain_id=4242) as other:
        wallet = open_wallet(net)
        ours, theirs = wallet.deposit(ETH, AMOUNT), wallet_of(other, 2).deposit(ETH, AMOUNT)
        ours.wait(timeout=30)
        theirs.wait(timeout=30)
        foreign = net.l1.rpc("eth_getTransactionReceipt", str(theirs.l1_tx_hash))["logs"]

        def both(receipt: Any) -> Any:
            of_ours = receipt and Hash32(receipt["transactionHash"]) == ours.l1_tx_hash
            own = [log | {"transactionHash": str(ours.l1_tx_hash)} for log in foreign]
            return receipt | {"logs": own + receipt["logs"]} if of_ours else receipt

        net.faults.add(Lie(both), node="l1", method="eth_getTransactionReceipt")
        (found,) = wallet.deposits_in(ours.l1_tx_hash)
        assert found.l2_tx_hash == ours.l2_tx_hash
        assert [(one.l2_chain_id, one.l2_tx_hash) for one in found.elsewhere] == [(4242, theirs.l2_tx_hash)]
        assert wallet.resume(found.to_json()).elsewhere == found.elsewhere
        assert found.wait(timeout=30).status == 1
        assert ours.elsewhere == ()
        with pytest.raises(InputError, match=f"chain 4242 \\({theirs.l2_tx_hash}\\)"):
            wallet.deposits_in(theirs.l1_tx_hash)
