"""Submitting again, replacing, cancelling, and L1 forgetting: the money moves once, and the handle tells the truth."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH
from zkcore.errors import InputError, NonceTaken, PlanTampered, TransactionFailed, WaitTimeout
from zkcore.flows.l1 import TxOptions
from zkcore.journal.sqlite import Journal
from zkcore.plans.plan import SignedPlan, sign_plan
from zkcore.protocol.contracts import BRIDGEHUB
from zkcore.testing.devnet import Devnet
from zkcore.wallet.nonces import REGISTER


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
def test_submitted_twice_is_sent_once(net: Devnet, open_wallet: Any) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    plan = wallet.prepare_deposit(token, AMOUNT)
    handles = [wallet.submit(plan), wallet.submit(plan), open_wallet(net).submit(plan)]
    assert len({handle.l1_tx_hash for handle in handles}) == 1
    assert all(handle.wait(timeout=30).status == 1 for handle in handles)
    assert len(sends(net)) == len(plan.steps) == count(net)
    # after it ran on L2 too, and as the signed plan it was
    signed = sign_plan(plan, PrivateKeySigner(net.accounts[0].private_key))
    assert wallet.submit(SignedPlan.from_json(signed.to_json())).l1_tx_hash == handles[0].l1_tx_hash
    assert len(sends(net)) == len(plan.steps)


@ERA
def test_a_second_plan_with_the_same_nonce(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    first, second = wallet.prepare_deposit(ETH, AMOUNT), wallet.prepare_deposit(ETH, AMOUNT + 1)
    assert first.steps[0].transaction.nonce == second.steps[0].transaction.nonce
    wallet.submit(first)
    with pytest.raises(NonceTaken, match=r"nonce 0 of 0x\w+ on l1 is taken \(the next one is 1\)") as taken:
        wallet.submit(second)
    assert (taken.value.chain, taken.value.nonce, taken.value.next_nonce) == ("l1", 0, 1)
    assert len(sends(net)) == 1


@ERA
def test_a_second_plan_while_the_first_is_waiting(net: Devnet) -> None:
    wallet = wallet_of(net)
    first, second = wallet.prepare_deposit(ETH, AMOUNT), wallet.prepare_deposit(ETH, AMOUNT + 1)
    net.l1.mining = False
    wallet.submit(first)
    with pytest.raises(NonceTaken):
        wallet.submit(second)
    assert len(sends(net)) == 1


@ERA
def test_a_nonce_that_the_caller_fixes_is_kept_or_refused(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, AMOUNT).wait(timeout=30)
    with pytest.raises(NonceTaken):
        wallet.deposit(ETH, AMOUNT, l1=TxOptions(nonce=0))
    assert wallet.deposit(ETH, AMOUNT, l1=TxOptions(nonce=1)).wait(timeout=30).status == 1


# ---------------------------------------------------------------- dropped, replaced, reorganised
@ERA
def test_a_dropped_transaction(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    net.l1.mining = False
    deposit = wallet.submit(plan)
    assert deposit.status().phase == "L1_PENDING"
    net.l1.drop(deposit.l1_tx_hash)
    assert deposit.status().phase == "L1_DROPPED"
    with pytest.raises(WaitTimeout, match="nothing is lost"):
        deposit.wait(timeout=0.2)
    net.l1.mining = True
    assert wallet.submit(plan).l1_tx_hash == deposit.l1_tx_hash  # the same bytes, again
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 1


@ERA
def test_a_transaction_that_another_one_took_the_place_of(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    net.l1.drop(deposit.l1_tx_hash)
    net.l1.mining = True
    REGISTER.forget()  # as another process, with another journal
    open_wallet(net).l1_transfer(net.accounts[1].address, 1).wait(timeout=30)
    assert deposit.status().phase == "L1_UNKNOWN"  # the block may go away
    with pytest.raises(WaitTimeout):
        deposit.wait(timeout=0.3)
    net.mine(3)
    assert deposit.status().phase == "L1_REPLACED"
    with pytest.raises(TransactionFailed, match="has used its nonce 0"):
        deposit.wait(timeout=30)


@pytest.mark.devnet(l1_confirmations=2)
def test_a_reorganised_l1_block(devnet: Devnet) -> None:
    wallet, receiver = wallet_of(devnet), devnet.accounts[6].address
    plan = wallet.prepare_deposit(ETH, AMOUNT, to=receiver)
    deposit = wallet.submit(plan)
    first = deposit.wait_l1(timeout=30)
    assert deposit.status().phase == "L1_INCLUDED"
    devnet.l1.reorg(1)
    assert deposit.status().phase == "L1_DROPPED"  # read anew, though it was included before
    again = wallet.submit(plan)
    assert again.l1_tx_hash == deposit.l1_tx_hash
    devnet.mine(2)
    assert deposit.wait(timeout=30).status == 1
    assert deposit.wait_l1(timeout=30).block_hash != first.block_hash
    assert count(devnet) == 1
    assert wallet.get_balance(address=receiver) == AMOUNT


@ERA
def test_confirmations_are_waited_for(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    deposit = wallet.deposit(ETH, AMOUNT)
    with pytest.raises(WaitTimeout):
        deposit.wait_l1(confirmations=3, timeout=0.2)
    net.mine(2)
    assert deposit.wait_l1(confirmations=3, timeout=30).status == 1


# ---------------------------------------------------------------- faster, or not at all
def mint_value(transaction: Any) -> int:
    function = next(
        one
        for one in (BRIDGEHUB.request_l2_transaction_direct, BRIDGEHUB.request_l2_transaction_two_bridges)
        if one.selector == transaction.data[:4]
    )
    return int(function.decode_arguments(transaction.data)[0][1])


@pytest.mark.parametrize("symbol", ["ETH", "DAI"])
@ERA
def test_speed_up_is_requoted_and_the_handle_follows_both(
    net: Devnet, open_wallet: Any, symbol: str, tmp_path: Path
) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        token = ETH if symbol == "ETH" else net.tokens[symbol]
        if token != ETH:
            wallet.approve(token, AMOUNT).wait(timeout=30)
        before = count(net)
        plan = wallet.prepare_deposit(token, AMOUNT)
        net.l1.mining = False
        deposit = wallet.submit(plan)
        net.l1.base_fee *= 3  # it is stuck
        slow = deposit.l1_tx_hash
        deposit.speed_up()
        assert deposit.l1_tx_hash != slow
        assert deposit._record.replaced == (slow,)
        assert deposit.status().phase == "L1_PENDING"
        resumed = wallet.resume(deposit.to_json())
        net.l1.mining = True
        net.mine()
        assert resumed.wait(timeout=30).status == 1  # with the old mint value it would have reverted
        receipt = deposit.wait_l1(timeout=30)
        assert receipt.transaction_hash == deposit.l1_tx_hash
        faster = wallet.submit(journal.pending()[-1].plan) if journal.pending() else None
        assert faster is None  # both plans have come to their end
        assert count(net) == before + 1
        assert wallet.get_balance(token) >= AMOUNT


@ERA
def test_a_replacement_pays_an_eighth_more_and_its_mint_value_follows(net: Devnet) -> None:
    wallet = wallet_of(net)
    net.l1.mining = False
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    deposit = wallet.submit(plan)
    old = plan.steps[0].transaction
    deposit.speed_up()
    from zkcore.transactions import parse_transaction

    new, _ = parse_transaction(sends(net)[-1])
    assert new.nonce == old.nonce
    for name in ("max_fee_per_gas", "max_priority_fee_per_gas"):
        assert getattr(new, name) * 8 >= getattr(old, name) * 9
    assert mint_value(new) - mint_value(old) == new.value - old.value > 0
    deposit.speed_up()
    assert len(deposit._record.replaced) == 2
    net.l1.mining = True
    net.mine()
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 1


@ERA
def test_the_old_one_may_still_win(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.l1.mining = False
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    deposit = wallet.submit(plan)
    slow = deposit.l1_tx_hash
    raw = sends(net)[-1]
    deposit.speed_up()
    net.l1.drop(deposit.l1_tx_hash)
    net.l1.mining = True
    net.l1.eth_sendRawTransaction(raw)
    assert deposit.wait(timeout=30).status == 1
    assert deposit.l1_tx_hash == slow
    assert count(net) == 1


@ERA
def test_cancel(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    held = wallet.get_l1_balance()
    cancelled = deposit.cancel()
    net.l1.mining = True
    net.mine()
    receipt = cancelled.wait(timeout=30)
    assert held - wallet.get_l1_balance() == receipt.gas_used * receipt.effective_gas_price
    net.mine(3)
    assert deposit.status().phase == "L1_REPLACED"
    with pytest.raises(TransactionFailed, match="never included"):
        deposit.wait(timeout=30)
    assert count(net) == 1
    assert [entry.state for entry in REGISTER.journal.history()] == ["replaced", "done"]


@ERA
def test_what_is_included_is_not_replaced(net: Devnet, open_wallet: Any) -> None:
    deposit = open_wallet(net).deposit(ETH, AMOUNT)
    for late in (deposit.speed_up, deposit.cancel):
        with pytest.raises(NonceTaken):
            late()
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 1


@ERA
def test_fees_below_the_base_fee_are_refused(net: Devnet) -> None:
    with pytest.raises(InputError, match="below the base fee"):
        wallet_of(net).deposit(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=1))
    assert not sends(net)


# ---------------------------------------------------------------- the journal knows what is in flight until it has ended
@ERA
def test_a_withdrawal_is_pending_until_l1_has_paid(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        wallet.deposit(ETH, 10**18).wait(timeout=30)
        assert journal.pending() == []
        withdrawal = wallet.withdraw(ETH, AMOUNT)
        for until in ("l2", "ready"):
            withdrawal.wait(until, timeout=30)  # type: ignore[arg-type]
            assert [entry.plan.kind for entry in journal.pending()] == ["withdrawal"]
        finalization = withdrawal.finalize()
        assert [entry.plan.kind for entry in journal.pending()] == ["withdrawal", "finalization"]
        again = [wallet.submit(entry.plan) for entry in journal.pending()]  # as after a crash
        assert again[0].l2_tx_hash == withdrawal.l2_tx_hash
        assert again[1].l1_tx_hash == finalization.l1_tx_hash
        again[0].wait("finalized", timeout=30)
        again[1].wait(timeout=30)
        assert journal.pending() == []


@ERA
def test_what_failed_has_come_to_its_end(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)

        def poor(plan: Any, gas_limit: int) -> Any:  # it would fail, and no method of a wallet plans that
            step = plan.steps[0]
            return replace(plan, steps=(replace(step, transaction=replace(step.transaction, gas_limit=gas_limit)),))

        deposit = wallet.submit(poor(wallet.prepare_deposit(ETH, AMOUNT), 60_000))
        assert [entry.state for entry in journal.pending()] == ["sent"]
        with pytest.raises(TransactionFailed):
            deposit.wait(timeout=30)
        transfer = wallet.submit(
            poor(wallet.prepare_l1_transfer(net.accounts[1].address, 1, net.tokens["DAI"]), 23_000)
        )
        with pytest.raises(TransactionFailed):
            transfer.wait(timeout=30)
        assert journal.pending() == []


@ERA
def test_a_journal_that_was_edited_is_refused(net: Devnet, tmp_path: Path) -> None:
    import sqlite3

    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        for name in ("one", "other"):
            wallet.deposit(ETH, AMOUNT, reference=name)
    database = sqlite3.connect(tmp_path / "journal")
    edit = (
        'update orders set plan = replace(plan, \'"kind":"deposit"\', \'"kind":"execution"\') where reference = \'one\''
    )
    database.execute(edit)
    database.commit()
    database.close()
    with Journal(tmp_path / "journal") as journal:
        assert [entry.reference for entry in journal.pending()] == ["other"]  # one damaged entry hides no other
        assert "one" in journal.unreadable
        wallet = wallet_of(net, journal=journal)
        assert [handle.l1_tx_hash for handle in wallet.resume_all()] == [journal.pending()[0].plan.tx_hashes[-1]]
        with pytest.raises(PlanTampered, match="'one' cannot be read"):  # nor is it ordered anew
            wallet.deposit(ETH, AMOUNT, reference="one")
    assert count(net) == 2


@ERA
@pytest.mark.parametrize("field", ["l1_tx_hash", "sender", "kind"])
def test_a_journal_whose_handle_names_another_transaction_is_refused(net: Devnet, tmp_path: Path, field: str) -> None:
    import sqlite3

    with Journal(tmp_path / "journal") as journal:
        for name in ("one", "other"):
            wallet_of(net, journal=journal).deposit(ETH, AMOUNT, reference=name)
    database = sqlite3.connect(tmp_path / "journal")
    ((one,), (other,)) = database.execute("select handle from orders order by asked_at").fetchall()
    theirs = {
        "l1_tx_hash": json.loads(other)["l1_tx_hash"],
        "sender": str(net.accounts[1].address),
        "kind": "execution",
    }
    edited = json.dumps(json.loads(one) | {field: theirs[field]})
    database.execute("update orders set handle = ? where reference = 'one'", (edited,))
    database.commit()
    database.close()
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        (handle,) = wallet.resume_all()
        assert str(handle.l1_tx_hash) == json.loads(other)["l1_tx_hash"]
        assert "one" in journal.unreadable
    assert count(net) == 2
