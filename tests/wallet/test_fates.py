"""One truth after bytes are out, for every handle: dropped, it is sent again; replaced for good, that is said and kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.wallet.tools import AMOUNT, ERA, count, wallet_of
from zkcore import ETH, Journal, ether
from zkcore.errors import DepositFailed, InputError, TransactionFailed, WaitTimeout
from zkcore.testing.devnet import Devnet, Lie
from zkcore.wallet.nonces import REGISTER

KINDS = ("withdrawal", "transfer", "l1_transfer", "finalization", "claim")


def chain_of(kind: str) -> Any:
    return "l2" if kind in {"withdrawal", "transfer"} else "l1"


def ready(net: Devnet, kind: str) -> Callable[[Any], Any]:
    """What makes a thing of this kind with a wallet of account 0; all that it needs is there."""
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    if kind == "finalization":
        done = wallet.withdraw(ETH, AMOUNT)
        done.wait(timeout=30)
        return lambda one: one.finalize_withdrawal(done.l2_tx_hash)
    if kind == "claim":
        net.fail_next_deposit()
        failed = wallet.deposit(net.tokens["DAI"], AMOUNT)
        with pytest.raises(DepositFailed):
            failed.wait(timeout=30)
        return lambda one: one.claim_failed_deposit(failed.l2_tx_hash)
    if kind == "withdrawal":
        return lambda one: one.withdraw(ETH, AMOUNT)
    return lambda one: getattr(one, kind)(net.accounts[5].address, AMOUNT)


def lost(net: Devnet, kind: str, wallet: Any, make: Any) -> Any:
    """Send it, and have every node forget it."""
    node = getattr(net, chain_of(kind))
    node.mining = False
    handle = make(wallet)
    for pending in list(node.pool):
        node.pool.drop(pending)
    node.mining = True
    return handle


def usurp(net: Devnet, kind: str) -> None:
    """Another program of the same key takes the nonce."""
    REGISTER.forget()
    other = wallet_of(net)
    (other.transfer if chain_of(kind) == "l2" else other.l1_transfer)(net.accounts[1].address, 1).wait(timeout=30)


def phase(handle: Any) -> Any:
    status = handle.status()
    return getattr(status, "phase", status)


@ERA
@pytest.mark.parametrize("kind", KINDS)
def test_what_nodes_have_lost_is_sent_again_by_its_wait(
    net: Devnet, open_wallet: Any, kind: str, tmp_path: Path
) -> None:
    make, chain = ready(net, kind), chain_of(kind)
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        handle = lost(net, kind, wallet, make)
        before, nonces = net.faults.requests(chain).sends, count(net, chain=chain)
        assert phase(handle) == ("L2_DROPPED" if kind == "withdrawal" else None)
        assert [(entry.state, entry.note) for entry in journal.pending()] == [("signed", f"{chain.upper()}_DROPPED")]
        handle.wait(timeout=30, poll=0.01)
        assert net.faults.requests(chain).sends == [*before, before[-1]]  # the same bytes, once
        assert count(net, chain=chain) == nonces + 1


@ERA
@pytest.mark.parametrize("kind", KINDS)
def test_what_another_took_the_nonce_of_is_said_once_that_is_final(
    net: Devnet, open_wallet: Any, kind: str, tmp_path: Path
) -> None:
    make = ready(net, kind)
    chain = chain_of(kind).upper()
    net.l2.automatic_batches = False
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        handle = lost(net, kind, wallet, make)
        usurp(net, kind)
        assert phase(handle) == ("L2_UNKNOWN" if kind == "withdrawal" else None)
        assert [(entry.state, entry.note) for entry in journal.pending()] == [("uncertain", f"{chain}_UNKNOWN")]
        with pytest.raises(WaitTimeout):
            handle.wait(timeout=0.3, poll=0.05)
        net.l2.automatic_batches = True
        if chain == "L2":
            net.seal_batch()
            net.execute_batch()
        else:
            net.mine(3)
        with pytest.raises(TransactionFailed, match="has used its nonce") as caught:
            handle.wait(timeout=30, poll=0.05)
        assert caught.value.receipt is None
        assert caught.value.chain == chain.lower()
        assert phase(handle) == ("L2_REPLACED" if kind == "withdrawal" else None)
        assert journal.pending() == []
        (entry,) = [entry for entry in journal.history() if entry.plan is not None]
        assert (entry.state, entry.note) == ("replaced", f"{chain}_REPLACED")
        assert wallet.resume_all() == []
        if kind == "withdrawal":
            with pytest.raises(TransactionFailed, match="has used its nonce"):
                handle.finalize()


# ---------------------------------------------------------------- what others settle
@pytest.mark.parametrize("who", [0, 1], ids=["oneself, elsewhere", "another"])
@pytest.mark.parametrize("asked", ["status", "wait", "resume_all"])
def test_a_failed_deposit_that_another_claimed_is_found_out(
    net: Devnet, open_wallet: Any, tmp_path: Path, asked: str, who: int
) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        net.fail_next_deposit()
        deposit = wallet.deposit(net.tokens["DAI"], AMOUNT, reference="job")
        with pytest.raises(DepositFailed, match="can be claimed") as failed:
            deposit.wait(timeout=30)
        assert failed.value.claimable
        assert not deposit.status().claimed
        assert [(entry.state, entry.note) for entry in journal.pending()] == [("claimable", "L2_FAILED")]
        wallet_of(net, who).claim_failed_deposit(deposit.l2_tx_hash).wait(timeout=30)
        if asked == "wait":
            with pytest.raises(DepositFailed, match="has been claimed back on L1") as failed:
                deposit.wait(timeout=30)
            assert not failed.value.claimable
        else:
            (again,) = wallet.resume_all() if asked == "resume_all" else (deposit,)
            status = again.status()
            assert (status.phase, status.claimed) == ("L2_FAILED", True)
        assert journal.pending() == []
        assert [(entry.state, entry.note) for entry in journal.history()] == [("failed", "claimed back")]
        assert wallet.resume_all() == []


@ERA
def test_a_node_that_lags_behind_the_deposit_does_not_say_that_it_is_claimed(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.fail_next_deposit()
    deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    with pytest.raises(DepositFailed):
        deposit.wait(timeout=30)
    before = deposit.status().l1_receipt.block_number - 1
    asked = {"l1": 0}

    def lagging(reply: Any) -> Any:
        asked["l1"] += 1
        return hex(before)

    net.faults.add(Lie(lagging), node="l1", method="eth_blockNumber")
    assert not deposit.status().claimed
    assert asked["l1"]


@pytest.mark.parametrize("net", ["era-eth"], indirect=True)
def test_a_claim_that_a_reorganisation_undoes_is_to_be_made_again(
    net: Devnet, open_wallet: Any, tmp_path: Path
) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        net.fail_next_deposit()
        deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
        with pytest.raises(DepositFailed):
            deposit.wait(timeout=30)
        wallet_of(net, 1).claim_failed_deposit(deposit.l2_tx_hash).wait(timeout=30)
        assert deposit.status().claimed
        net.l1.reorg(1)
        assert not deposit.status().claimed
        assert [entry.state for entry in journal.pending()] == ["claimable"]


@ERA
def test_a_handle_of_another_account_is_refused(net: Devnet, open_wallet: Any) -> None:
    make = ready(net, "withdrawal")
    text = make(open_wallet(net)).to_json()
    with pytest.raises(InputError, match=f"the handle is {net.accounts[0].address}'s"):
        open_wallet(net, 1).resume(text)
