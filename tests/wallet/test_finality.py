"""What counts as done: only what L1 holds, only of what was signed, and nothing that contradicts itself."""

import json
from typing import Any

import pytest

from tests.devnet.l1_chain import mapping_slot
from tests.wallet.liar import LyingNode, answering, asked, both, calldata
from tests.wallet.tools import AMOUNT, ERA, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import InvalidProof, MalformedReply, NotReady, WaitTimeout, ZkCoreError
from zkcore.protocol.contracts import DIAMOND, NULLIFIER
from zkcore.rpc.faults import error_of
from zkcore.testing.devnet import Devnet, Lie
from zkcore.types import Address

THIEF = Address("0x00000000000000000000000000000000DeaDBeef")
STACKS = pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)


def two_withdrawals(net: Devnet, open_wallet: Any, token: Any = ETH) -> tuple[Any, Any, Any]:
    """The wallet, its withdrawal that is ready, and a stranger's that is finalized."""
    wallet, stranger = open_wallet(net), wallet_of(net, 1)
    for one in (wallet, stranger):
        one.deposit(ETH, ether("1")).wait(timeout=30)
        if token != ETH:
            one.deposit(token, 10 * AMOUNT).wait(timeout=30)
    ours, theirs = wallet.withdraw(token, AMOUNT), stranger.withdraw(token, AMOUNT)
    theirs.wait("ready", timeout=30)
    theirs.finalize().wait(timeout=30)
    ours.wait("ready", timeout=30)
    return wallet, ours, theirs


def as_if(net: Devnet, ours: Any, theirs: Any, **more: Any) -> None:
    """The L2 node gives the receipt and the proof of another's withdrawal for ours."""
    receipt = asked(net.l2_url, "eth_getTransactionReceipt", str(theirs.l2_tx_hash))
    other = json.loads(json.dumps(receipt).replace(str(theirs.l2_tx_hash), str(ours.l2_tx_hash))) | more
    index = next(i for i, log in enumerate(receipt["l2ToL1Logs"]) if int(log["sender"], 16) == 0x8008)
    proof = asked(net.l2_url, "zks_getL2ToL1LogProof", str(theirs.l2_tx_hash), index)
    net.faults.add(Lie(lambda _: other), node="l2", method="eth_getTransactionReceipt")
    net.faults.add(Lie(lambda _: proof), node="l2", method="zks_getL2ToL1LogProof")


@STACKS
def test_the_receipt_and_proof_of_anothers_withdrawal(net: Devnet, open_wallet: Any) -> None:
    wallet, ours, theirs = two_withdrawals(net, open_wallet)
    before = len(sends(net))
    for disguise in ({}, {"from": str(wallet.address).lower()}):
        net.faults.clear()
        as_if(net, ours, theirs, **disguise)
        for ask in (
            ours.status,
            ours.finalize,
            lambda: wallet.is_withdrawal_finalized(ours.l2_tx_hash),
            lambda: wallet.finalize_withdrawal(ours.l2_tx_hash),
            lambda: wallet.get_finalize_withdrawal_params(ours.l2_tx_hash),
        ):
            with pytest.raises((MalformedReply, ZkCoreError), match=r"what was signed|not the one that was signed"):
                ask()
        (outcome,) = wallet.finalize_withdrawals([(ours.l2_tx_hash, 0)])
        assert isinstance(outcome, MalformedReply)
    assert len(sends(net)) == before
    net.faults.clear()
    assert not wallet.is_withdrawal_finalized(ours.l2_tx_hash)
    assert ours.finalize().wait(timeout=30).status == 1


@ERA
@pytest.mark.parametrize("what", ["token", "base"])
def test_a_withdrawal_of_ours_with_another_amount_or_receiver(net: Devnet, open_wallet: Any, what: str) -> None:
    """Also one of our own that is finalized does not stand for another of our own."""
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    wallet.deposit(net.tokens["DAI"], 10 * AMOUNT).wait(timeout=30)
    token = ETH if what == "base" else net.tokens["DAI"]
    done = [wallet.withdraw(token, AMOUNT + 1), wallet.withdraw(token, AMOUNT, to=THIEF)]
    other = wallet.withdraw(net.tokens["DAI"] if what == "base" else ETH, AMOUNT)
    ours = wallet.withdraw(token, AMOUNT)
    ours.wait("l2", timeout=30)
    for withdrawal in (*done, other):
        withdrawal.wait("ready", timeout=30)
        withdrawal.finalize().wait(timeout=30)
    for theirs in (*done, other):
        net.faults.clear()
        as_if(net, ours, theirs, to=asked(net.l2_url, "eth_getTransactionReceipt", str(ours.l2_tx_hash))["to"])
        with pytest.raises(MalformedReply, match=f"not the one that was signed.*{AMOUNT} of .* to {wallet.address}"):
            ours.status()
        with pytest.raises(MalformedReply, match="not the one that was signed"):
            wallet.is_withdrawal_finalized(ours.l2_tx_hash)


@STACKS
def test_a_proof_into_a_batch_that_l1_does_not_have_is_no_finality(net: Devnet, open_wallet: Any) -> None:
    wallet, _, theirs = two_withdrawals(net, open_wallet)
    assert wallet.is_withdrawal_finalized(theirs.l2_tx_hash)
    before = len(sends(net))

    def beyond(found: Any) -> Any:
        return found if found is None else found | {"batch_number": 9_999, "batchNumber": 9_999}

    def moved(receipt: Any) -> Any:
        return receipt if receipt is None or "l1BatchNumber" not in receipt else receipt | {"l1BatchNumber": hex(9_999)}

    net.faults.add(Lie(beyond), node="l2", method="zks_getL2ToL1LogProof")
    net.faults.add(Lie(moved), node="l2", method="eth_getTransactionReceipt")
    assert not wallet.is_withdrawal_finalized(theirs.l2_tx_hash)
    with pytest.raises(NotReady, match="9999"):
        wallet.finalize_withdrawal(theirs.l2_tx_hash)
    assert len(sends(net)) == before


@ERA
def test_l1_alone_does_not_make_a_withdrawal_final_without_its_proof(net: Devnet, open_wallet: Any) -> None:
    """The nullifier's word counts for the place that the proof leads to, and for no other."""
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    none = both(answering(DIAMOND.l2_logs_root_hash, bytes(32)), answering(NULLIFIER.is_withdrawal_finalized, True))
    lied = wallet_of(net, l1=LyingNode(net.l1_url, none))
    assert not lied.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    wrong = answering(DIAMOND.l2_logs_root_hash, bytes([7]) * 32)
    with pytest.raises(InvalidProof):
        wallet_of(net, l1=LyingNode(net.l1_url, wrong)).is_withdrawal_finalized(withdrawal.l2_tx_hash)


@pytest.mark.parametrize("net", ["era-eth@31"], indirect=True)
def test_a_root_that_only_the_message_root_has(net: Devnet, open_wallet: Any) -> None:
    """Where the diamond keeps none, or has lost the function: what decides since v31 is asked."""
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawals = [wallet.withdraw(ETH, AMOUNT) for _ in range(2)]
    for withdrawal in withdrawals:
        params = withdrawal.wait("ready", timeout=30).params
        net.l1.rpc(
            "anvil_setStorageAt", str(net.profile.diamond), mapping_slot(15, params.l2_batch_number), "0x" + "00" * 32
        )
    assert withdrawals[0].status().phase == "READY"
    assert wallet.verify_message(wallet.get_message_proof(withdrawals[0].l2_tx_hash))
    withdrawals[0].finalize().wait(timeout=30)
    assert open_wallet(net).resume(withdrawals[0].to_json()).status().phase == "FINALIZED"
    gone = error_of({"code": 3, "message": "execution reverted", "data": "0x"}, "l1")
    asked = "0x" + DIAMOND.l2_logs_root_hash.selector.hex()
    lost = wallet_of(
        net,
        l1=LyingNode(net.l1_url, lambda request, got: gone if calldata(request).startswith(asked) else got),
    )
    assert not lost.is_withdrawal_finalized(withdrawals[1].l2_tx_hash)
    lost.finalize_withdrawal(withdrawals[1].l2_tx_hash).wait(timeout=30)
    assert lost.is_withdrawal_finalized(withdrawals[1].l2_tx_hash)


# ---------------------------------------------------------------- success
@STACKS
def test_a_receipt_that_contradicts_its_own_status_log_is_no_success(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.fail_next_deposit()
    deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    deposit.wait_l1(timeout=30)
    net.faults.add(Lie(lambda r: r | {"status": "0x1"} if r else r), node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(MalformedReply, match="has status 1, and a status log that says 0"):
        deposit.status()
    net.faults.clear()
    good = wallet.deposit(net.tokens["DAI"], AMOUNT)
    good.wait(timeout=30)
    net.faults.add(Lie(lambda r: r | {"status": "0x0"} if r else r), node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(MalformedReply, match="has status 0, and a status log that says 1"):
        good.status()


@ERA
def test_the_l1_receipt_of_another_accounts_transaction_ends_no_wait(net: Devnet, open_wallet: Any) -> None:
    wallet, stranger = open_wallet(net), wallet_of(net, 1)
    ours, theirs = wallet.deposit(ETH, AMOUNT), stranger.deposit(ETH, AMOUNT)
    bigger = wallet.deposit(ETH, AMOUNT + 1)
    theirs.wait(timeout=30)
    bigger.wait(timeout=30)
    for other, match in ((theirs, "what was signed is from"), (bigger, "not the request that was signed")):
        receipt = asked(net.l1_url, "eth_getTransactionReceipt", str(other.l1_tx_hash))
        disguised = json.loads(json.dumps(receipt).replace(str(other.l1_tx_hash), str(ours.l1_tx_hash)))
        lie = net.faults.add(Lie(lambda _, r=disguised: r), node="l1", method="eth_getTransactionReceipt")
        with lie, pytest.raises(MalformedReply, match=match):
            ours.status()
    assert ours.wait(timeout=30).status == 1


@ERA
def test_the_receipt_of_anothers_transaction_ends_no_wait_for_a_settlement_or_a_transfer(
    net: Devnet, open_wallet: Any
) -> None:
    """A finalization, an approval, a transfer on either chain: compared with what was signed, after a resume too."""
    wallet, ours, theirs = two_withdrawals(net, open_wallet)
    stranger = wallet_of(net, 1)
    paid = stranger.l1_transfer(THIEF, 1)
    paid.wait(timeout=30)
    moved = stranger.transfer(THIEF, 1)
    moved.wait(timeout=30)
    finalization = ours.finalize()
    finalization.wait(timeout=30)
    approval = wallet.approve(net.tokens["DAI"], 7)
    approval.wait(timeout=30)
    transfer = wallet.transfer(THIEF, 2)
    transfer.wait(timeout=30)
    for handle, chain, tx_hash, other in (
        (finalization, "l1", finalization.l1_tx_hash, paid.tx_hash),
        (approval, "l1", approval.tx_hash, paid.tx_hash),
        (transfer, "l2", transfer.tx_hash, moved.tx_hash),
    ):
        url = net.l1_url if chain == "l1" else net.l2_url
        receipt = asked(url, "eth_getTransactionReceipt", str(other))
        disguised = json.loads(json.dumps(receipt).replace(str(other), str(tx_hash)))
        nobody = {"to": str(theirs.l2_tx_hash)[:42]}
        for lied in (disguised | nobody, disguised | nobody | {"from": str(wallet.address).lower()}):
            for one in (handle, open_wallet(net).resume(handle.to_json())):
                with net.faults.add(Lie(lambda _, r=lied: r), node=chain, method="eth_getTransactionReceipt"):
                    with pytest.raises(MalformedReply, match="what was signed is from"):
                        one.status()
                    with pytest.raises(WaitTimeout):
                        one.wait(timeout=0.5, poll=0.2)
                assert one.status().status == 1


# ---------------------------------------------------------------- handles
@ERA
def test_a_handle_that_was_edited_makes_nothing_final(net: Devnet, open_wallet: Any) -> None:
    """Another bridge, another number, another finalization, another chain's: refused, or asked of L1."""
    _, ours, theirs = two_withdrawals(net, open_wallet)
    handle = json.loads(ours.to_json())
    paid = json.loads(theirs.to_json())["finalization"]
    assert open_wallet(net).resume(json.dumps(handle | {"finalization": paid})).status().phase != "FINALIZED"
    thief = {"l1_address": str(THIEF), "l2_address": str(THIEF), "kind": "usdc"}
    for edit, match in (
        ({"index": 1}, "there is no number 1"),
        ({"bridge": thief}, "the withdrawal was made by"),
    ):
        with pytest.raises(ZkCoreError, match=match):
            open_wallet(net).resume(json.dumps(handle | edit)).status()
    router = thief | {"l2_address": "0x000000000000000000000000000000000000800A"}  # the vault's own: no bridge pays it
    assert open_wallet(net).resume(json.dumps(handle | {"bridge": router})).status().phase == "READY"
    unsigned = {name: value for name, value in handle.items() if name != "signed"}
    stranger = open_wallet(net).resume(json.dumps(unsigned | {"l2_tx_hash": str(theirs.l2_tx_hash)}))
    assert stranger.status().phase == "FINALIZED"  # what it names is, and no more is said
    assert open_wallet(net).resume(json.dumps(handle)).status().phase == "READY"
