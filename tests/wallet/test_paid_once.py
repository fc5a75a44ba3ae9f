"""An order is paid once, whoever asks again, however the answer was lost: the faults that were found, and their neighbours."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.nodes import VAGUE, Unsure
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import (
    DepositFailed,
    InputError,
    JournalError,
    NodeError,
    NodeTimeout,
    NonceTaken,
    RpcError,
    SendUncertain,
    UserRejected,
)
from zkcore.flows.l1 import TxOptions
from zkcore.journal import Journal
from zkcore.plans.plan import SignedPlan
from zkcore.testing.devnet import Devnet, Failure, Lie
from zkcore.wallet.nonces import REGISTER

SEND = "eth_sendRawTransaction"


def another_process() -> None:
    """What this one remembers is gone; journals stay."""
    REGISTER.forget()


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkcore.wallet.delivery._PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


def arrived(net: Devnet, who: int) -> int:
    return wallet_of(net).get_balance(address=net.accounts[who].address)


# ---------------------------------------------------------------- 1: equal orders do not collapse
@ERA
def test_equal_plans_of_one_block_are_two_orders(net: Devnet, open_wallet: Any) -> None:
    wallet, to = open_wallet(net), net.accounts[7].address
    plans = [wallet.prepare_deposit(ETH, AMOUNT, to=to) for _ in range(2)]
    assert plans[0].hash != plans[1].hash
    first = wallet.submit(plans[0])
    with pytest.raises(NonceTaken):
        wallet.submit(plans[1])
    again = wallet.deposit(ETH, AMOUNT, to=to)
    assert {handle.wait(timeout=30).status for handle in (first, again)} == {1}
    assert arrived(net, 7) == 2 * AMOUNT


@ERA
@pytest.mark.parametrize("shared", [True, False], ids=["one journal", "no journal"])
def test_equal_orders_of_many_threads_and_wallets(net: Devnet, tmp_path: Path, shared: bool) -> None:
    journal = Journal(tmp_path / "journal") if shared else None
    wallets, to = [wallet_of(net, journal=journal) for _ in range(3)], net.accounts[7].address
    with ThreadPoolExecutor(9) as pool:
        deposits = list(pool.map(lambda place: wallets[place % 3].deposit(ETH, AMOUNT, to=to), range(9)))
        assert {receipt.status for receipt in pool.map(lambda one: one.wait(timeout=60), deposits)} == {1}
    assert arrived(net, 7) == 9 * AMOUNT
    assert count(net) == 9
    if journal:
        assert [entry.state for entry in journal.history()] == ["done"] * 9
        journal.close()


FIXED = TxOptions(nonce=0, gas_limit=400_000, max_fee_per_gas=5 * 10**9, max_priority_fee_per_gas=10**9)


@ERA
def test_where_all_is_fixed_the_second_is_refused(net: Devnet, open_wallet: Any) -> None:
    wallet, to = open_wallet(net), net.accounts[7].address
    net.l1.mining = False
    order: dict[str, Any] = {"to": to, "l2_gas_limit": 500_000, "l1": FIXED}
    plan, same = (wallet.prepare_deposit(ETH, AMOUNT, **order) for _ in range(2))
    assert plan.hash == same.hash
    first = wallet.submit(plan, reference="one")
    assert wallet.submit(same).l1_tx_hash == first.l1_tx_hash  # the same plan is the same order
    with pytest.raises(NonceTaken):
        wallet.submit(same, reference="other")
    with pytest.raises(NonceTaken):
        wallet.deposit(ETH, AMOUNT, **order)
    net.l1.mining = True
    net.mine()
    assert first.wait(timeout=30).status == 1
    assert arrived(net, 7) == AMOUNT


@ERA
@pytest.mark.parametrize("free", ["max_fee_per_gas", "max_priority_fee_per_gas", "gas_limit"])
def test_what_is_left_free_makes_the_bytes_unlike(net: Devnet, free: str) -> None:
    fixed: dict[str, Any] = {"nonce": 3, "max_fee_per_gas": 5 * 10**9, "max_priority_fee_per_gas": 10**9}
    fixed["gas_limit"] = 400_000 if free != "gas_limit" else None
    fixed[free] = None
    options = TxOptions(**fixed)
    plans = [wallet_of(net).prepare_deposit(ETH, AMOUNT, l2_gas_limit=500_000, l1=options) for _ in range(6)]
    assert len({plan.hash for plan in plans}) > 4  # of a thousand gas limits, a million fees
    for plan in plans:
        tx: Any = plan.steps[-1].transaction
        assert all(getattr(tx, name) == value for name, value in fixed.items() if value is not None)


# ---------------------------------------------------------------- 2: what was sent is not called unsent
# what each says to bytes that it has: see zkcore/methods/answers.py
KNOWN = {
    "geth": (-32000, "already known"),
    "geth before 2021": (-32000, "known transaction: 8a1f"),
    "erigon": (-32000, "ALREADY_EXISTS: already known"),
    "erigon's pool": (-32000, "INTERNAL_ERROR: existing tx with same hash"),
    "nethermind": (-32010, "AlreadyKnown"),
    "besu": (-32000, "Known transaction"),
    "reth": (-32003, "already imported"),
    "parity": (-32010, "Transaction with the same hash was already imported."),
    "alchemy": (-32000, "already known"),
    "infura": (-32000, "Already known"),
    "era": (3, "known transaction. transaction with hash 0x8a is already in the system"),
    "anvil": (-32003, "transaction already imported"),
}


@ERA
@pytest.mark.parametrize("said", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize("lag", [0, 3])
def test_the_answer_was_lost_and_the_node_has_it(net: Devnet, said: Any, lag: int) -> None:
    node, to = Unsure(net, said, blind=lag), net.accounts[7].address
    deposit = wallet_of(net, l1=node).deposit(ETH, AMOUNT, to=to)
    node.blind = 0
    assert deposit.wait(timeout=10).status == 1
    assert (arrived(net, 7), count(net)) == (AMOUNT, 1)


@ERA
@pytest.mark.parametrize("said", list(KNOWN.values())[:3])
def test_a_node_that_says_so_and_does_not_have_it(net: Devnet, said: Any) -> None:
    node, to = Unsure(net, said, out=False), net.accounts[7].address
    deposit = wallet_of(net, l1=node).deposit(ETH, AMOUNT, to=to)
    assert count(net) == 0
    node.said = None
    assert deposit.wait(timeout=10).status == 1  # the wait finds that it is nowhere, and sends it again
    assert (arrived(net, 7), count(net)) == (AMOUNT, 1)


@ERA
@pytest.mark.parametrize("out", [True, False], ids=["out", "not out"])
@pytest.mark.parametrize("said", VAGUE.values(), ids=VAGUE)
def test_whatever_a_node_says_nothing_is_paid_twice(net: Devnet, said: Any, out: bool) -> None:
    """The first answer is lost, with the bytes out or not; from then on the node says one thing, and shows nothing."""
    node, to = Unsure(net, said, out=out, blind=10**6), net.accounts[7].address
    wallet = wallet_of(net, l1=node)
    with pytest.raises(SendUncertain, match="Do not order it anew") as uncertain:
        wallet.deposit(ETH, AMOUNT, to=to, reference="job")
    node.said, node.blind = None, 0
    error = uncertain.value
    assert isinstance(error.signed, SignedPlan)
    assert [entry.state for entry in wallet.in_flight()] == ["uncertain"]
    goes_on: list[Callable[[], Any]] = [
        lambda: error.handle,
        lambda: wallet.submit(error.signed),
        lambda: wallet.resume_all()[0],
        lambda: wallet.deposit(ETH, AMOUNT, to=to, reference="job"),
        lambda: wallet_of(net).submit(SignedPlan.from_json(error.signed.to_json())),
    ]
    handles = [go() for go in goes_on]
    assert len({handle.l1_tx_hash for handle in handles}) == 1
    assert {handle.wait(timeout=10).status for handle in handles} == {1}
    assert (arrived(net, 7), count(net)) == (AMOUNT, 1)
    assert wallet.in_flight() == []


@ERA
def test_the_handle_of_an_uncertain_one_is_enough(net: Devnet) -> None:
    node = Unsure(net, NodeTimeout("no answer"), out=False)
    with pytest.raises(SendUncertain) as uncertain:
        wallet_of(net, l1=node).deposit(ETH, AMOUNT)
    node.said = None
    assert uncertain.value.handle.wait(timeout=10).status == 1
    assert count(net) == 1


REFUSED = {
    "geth": Failure(-32000, "insufficient funds for gas * price + value: balance 0, tx cost 1"),
    "erigon": Failure(-32000, "intrinsic gas too low"),
    "nethermind": Failure(-32010, "InsufficientFunds, Account balance: 0, cumulative cost: 1"),
    "besu": Failure(-32004, "Upfront cost exceeds account balance"),
    "reth": Failure(-32003, "transaction's gas limit 5 exceeds block's gas limit 4"),
    "parity": Failure(-32010, "Insufficient funds. The account you tried to send transaction from does not have enough funds."),
    "alchemy": Failure(-32000, "max fee per gas less than block base fee: address 0x00"),
    "infura": Failure(-32000, "tx fee (1.20 ether) exceeds the configured cap (1.00 ether)"),
    "era": Failure(3, "not enough balance to cover the fee. error message: x"),
    "a reader": Failure(-32601, "the method eth_sendRawTransaction does not exist/is not available"),
}  # fmt: skip


@ERA
@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED)
def test_refused_for_good_is_refused_and_takes_no_nonce(net: Devnet, said: Failure) -> None:
    wallet = wallet_of(net)
    with net.faults.add(said, node="l1", method=SEND), pytest.raises(RpcError):
        wallet.deposit(ETH, AMOUNT, reference="job")
    assert wallet.in_flight() == wallet.resume_all() == []
    (entry,) = REGISTER.journal.history()
    assert entry.state == "refused"
    assert said.message in entry.note
    assert (
        wallet.deposit(ETH, AMOUNT, reference="job").wait(timeout=30).status == 1
    )  # asked for again, it is tried again
    assert count(net) == 1


@ERA
def test_a_cancelled_send_is_in_flight(net: Devnet) -> None:
    async def cancelled() -> None:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, l1=net.l1_url, l2=net.l2_url, chain=net.profile) as wallet:
            hold = net.faults.add(Failure(-32000, "request timed out"), node="l1", method=SEND)
            task = asyncio.create_task(wallet.deposit(ETH, AMOUNT))
            while not sends(net):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            hold.remove()
            (entry,) = wallet.in_flight()
            (deposit,) = await wallet.resume_all()
            assert deposit.l1_tx_hash in entry.hashes
            assert (await deposit.wait(timeout=30)).status == 1

    asyncio.run(cancelled())
    assert count(net) == 1


@ERA
def test_an_interrupted_send_is_in_flight(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = wallet_of(net)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wallet._nodes["l1"], "send_raw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wallet.deposit(ETH, AMOUNT)
    monkeypatch.undo()
    quick(monkeypatch)
    assert [entry.state for entry in wallet.in_flight()] == ["signed"]
    (deposit,) = wallet_of(net).resume_all()
    assert deposit.wait(timeout=30).status == 1
    assert wallet.deposit(ETH, AMOUNT).wait(timeout=30).status == 1
    assert count(net) == 2


# ---------------------------------------------------------------- 3: one lagging read is no answer
@ERA
@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_node_that_lags_does_not_end_a_wait(net: Devnet, times: int, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        deposit = wallet.deposit(ETH, AMOUNT)
        for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
            net.faults.add(Lie(lambda _: None), node="l1", method=method, times=times)
        assert deposit.status().phase == "L1_UNKNOWN"
        assert [entry.state for entry in journal.pending()] == ["uncertain"]
        assert deposit.wait(timeout=30, poll=0.01).status == 1
        assert [entry.state for entry in journal.history()] == ["done"]


@ERA
def test_replaced_is_said_only_of_a_final_block(net: Devnet) -> None:
    wallet = wallet_of(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    raw = sends(net)[0]
    deposit.cancel()
    net.mine()
    assert deposit.status().phase == "L1_UNKNOWN"
    net.l1.reorg(1)
    net.l1.mining = True
    net.l1.eth_sendRawTransaction(raw)  # the first one after all
    assert deposit.wait(timeout=30).status == 1


# ---------------------------------------------------------------- 4, 5: the journal
class Refusing(PrivateKeySigner):
    """The user says no."""

    def sign_transaction(self, tx: Any) -> Any:
        raise UserRejected("the user said no")


@ERA
def test_what_was_rejected_or_never_signed_is_not_pending(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        no: Any = Refusing(net.accounts[0].private_key)
        with pytest.raises(UserRejected):
            wallet_of(net, no, journal=journal).deposit(ETH, AMOUNT, reference="job")
        assert journal.pending() == []
        assert [(entry.state, entry.reference) for entry in journal.history()] == [("refused", "job")]
        wallet = wallet_of(net, journal=journal)
        assert wallet.resume_all() == []
        assert wallet.deposit(ETH, AMOUNT, reference="job").wait(timeout=30).status == 1
        assert [entry.state for entry in journal.history()] == ["done"]
    assert count(net) == 1


@ERA
def test_a_failed_deposit_stays_until_it_is_claimed(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        net.fail_next_deposit()
        deposit = wallet.deposit(net.tokens["DAI"], AMOUNT, reference="job")
        with pytest.raises(DepositFailed):
            deposit.wait(timeout=30)
        assert [(entry.state, entry.reference) for entry in journal.pending()] == [("claimable", "job")]
        (again,) = wallet_of(net, journal=journal).resume_all()
        claim = wallet.claim_failed_deposit(again.l2_tx_hash)
        assert {entry.state for entry in journal.pending()} == {"claimable", "sent"}
        claim.wait(timeout=30)
        assert journal.pending() == []
        assert [entry.state for entry in journal.history()] == ["failed", "done"]


@ERA
@pytest.mark.parametrize("how", ["finalize", "wallet", "many", "another account"])
def test_a_withdrawal_stays_until_it_is_finalized(net: Devnet, tmp_path: Path, how: str) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        wallet.deposit(ETH, ether("1")).wait(timeout=30)
        withdrawal = wallet.withdraw(ETH, AMOUNT)
        withdrawal.wait("ready", timeout=30)
        assert [entry.kind for entry in journal.pending()] == ["withdrawal"]
        if how == "finalize":
            withdrawal.finalize().wait(timeout=30)
        elif how == "wallet":
            wallet.finalize_withdrawal(withdrawal.l2_tx_hash).wait(timeout=30)
        elif how == "many":
            (finalization,) = wallet.finalize_withdrawals([(withdrawal.l2_tx_hash, 0)])
            assert not isinstance(finalization, Exception)
            finalization.wait(timeout=30)
        else:
            wallet_of(net, 1).finalize_withdrawal(withdrawal.l2_tx_hash).wait(timeout=30)
            assert [handle.status().phase for handle in wallet.resume_all()] == ["FINALIZED"]
        assert journal.pending() == []


@ERA
def test_a_replaced_pair_is_one_order(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        net.l1.mining = False
        deposit = wallet.deposit(ETH, AMOUNT, reference="job")
        slow = deposit.l1_tx_hash
        deposit.speed_up()
        (entry,) = journal.pending()
        assert {slow, deposit.l1_tx_hash} <= {*entry.hashes}
        (resumed,) = wallet_of(net, journal=journal).resume_all()
        assert resumed.to_json() == deposit.to_json() == entry.handle
        assert wallet.deposit(ETH, AMOUNT, reference="job").l1_tx_hash == deposit.l1_tx_hash
        net.l1.mining = True
        net.mine()
        assert resumed.wait(timeout=30).status == 1
        assert journal.pending() == []
        with pytest.raises(NonceTaken):  # too late: and what was refused has not undone anything
            deposit.speed_up()
        assert [entry.state for entry in journal.history()] == ["done"]
    assert count(net) == 1


@ERA
def test_a_finished_order_whose_block_goes_away_is_pending_again(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        transfer = wallet.l1_transfer(net.accounts[7].address, 5)
        transfer.wait(timeout=30)
        assert journal.pending() == []
        net.l1.reorg(1)
        (again,) = wallet_of(net, journal=journal).resume_all()
        assert again.tx_hash == transfer.tx_hash
        assert again.wait(timeout=30).status == 1
        assert journal.pending() == []
    assert count(net) == 1


@ERA
def test_dropping_gives_the_nonce_to_the_next(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet, to = wallet_of(net, journal=journal), net.accounts[7].address
        net.l1.mining = False
        lost = wallet.deposit(ETH, 5, to=to, reference="lost")
        net.l1.drop(lost.l1_tx_hash)
        journal.drop(journal.pending()[0])
        assert (journal.pending(), wallet.resume_all()) == ([], [])
        with pytest.raises(InputError, match="'lost' is dropped"):
            wallet.deposit(ETH, 5, to=to, reference="lost")
        another_process()
        net.l1.mining = True
        assert wallet.deposit(ETH, 6, to=to).wait(timeout=30).status == 1
    assert (arrived(net, 7), count(net)) == (6, 1)


# ---------------------------------------------------------------- 6: the file
def test_the_file_is_its_owners_and_is_opened_by_many_at_once(tmp_path: Path) -> None:
    program = "import sys; from zkcore import Journal; print(len(Journal(sys.argv[1]).pending()))"
    command = [sys.executable, "-c", program, str(tmp_path / "journal")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    children = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert {child.communicate(timeout=60)[0] for child in children} == {"0\n"}
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def test_what_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is a text, and long enough to be no empty database" * 9, encoding="utf-8")
    for path in (tmp_path / "text", tmp_path / "nowhere" / "journal"):
        with pytest.raises((JournalError, OSError)):
            Journal(path).pending()


def test_leases_end_with_the_process_that_has_them(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    program = "import sys, zkcore; j = zkcore.Journal(sys.argv[1]); print(j.lease('x'), flush=True); sys.stdin.read()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(path)]
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as child,
        Journal(path) as journal,
    ):
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        assert not journal.lease("x")
        assert journal.lease("y")
        child.kill()
        child.wait()
        assert journal.lease("x")
        with Journal(path) as other:
            assert not other.lease("x")
            journal.release("x")
            assert other.lease("x")
    assert [name.name for name in tmp_path.iterdir() if name.name.endswith("alive")] == []


# ---------------------------------------------------------------- 7, 8: identity
@ERA
def test_a_reference_is_one_order(net: Devnet, open_wallet: Any, tmp_path: Path) -> None:
    to = net.accounts[7].address
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        first = wallet.deposit(ETH, AMOUNT, to=to, reference="job")
        same: list[Callable[[], Any]] = [
            lambda: wallet.deposit(ETH, AMOUNT, to=to, reference="job"),
            lambda: wallet.deposit("0x" + "00" * 20, AMOUNT, to=str(to).lower(), reference="job"),
            lambda: wallet.submit(wallet.prepare_deposit(ETH, AMOUNT, to=to), reference="job"),
            lambda: wallet.submit(wallet.prepare_deposit(ETH, AMOUNT, to=to, reference="job")),
            lambda: open_wallet(net, journal=journal).deposit(
                ETH, AMOUNT, to=to, reference="job", l1=TxOptions(nonce=9)
            ),
        ]
        assert {ask().l1_tx_hash for ask in same} == {first.l1_tx_hash}
        first.wait(timeout=30)
        assert {ask().l1_tx_hash for ask in same} == {first.l1_tx_hash}  # after its end too
        other: list[Callable[[], Any]] = [
            lambda: wallet.deposit(ETH, AMOUNT + 1, to=to, reference="job"),
            lambda: wallet.deposit(ETH, AMOUNT, reference="job"),
            lambda: wallet.request_execute(to, l2_value=5, reference="job"),
            lambda: wallet.submit(wallet.prepare_deposit(ETH, AMOUNT + 1, to=to), reference="job"),
            lambda: wallet.l1_transfer(to, 1, reference="job"),
        ]
        for ask in other:
            with pytest.raises(InputError, match="'job' was given to another order"):
                ask()
        for bad in ("", " ", "a\nb", "x" * 201):
            with pytest.raises(InputError, match="reference"):
                wallet.deposit(ETH, AMOUNT, reference=bad)
    assert (arrived(net, 7), count(net)) == (AMOUNT, 1)


@ERA
def test_one_reference_asked_for_by_many_at_once(net: Devnet, tmp_path: Path) -> None:
    to = net.accounts[7].address
    with Journal(tmp_path / "journal") as journal, ThreadPoolExecutor(6) as pool:
        wallets = [wallet_of(net, journal=journal) for _ in range(3)]
        orders = pool.map(lambda place: wallets[place % 3].deposit(ETH, AMOUNT, to=to, reference="job"), range(6))
        handles = list(orders)
    assert len({handle.l1_tx_hash for handle in handles}) == 1
    handles[0].wait(timeout=30)
    assert (arrived(net, 7), count(net)) == (AMOUNT, 1)


@ERA
def test_a_reference_after_its_order_failed_is_still_that_order(net: Devnet, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        to, few = net.accounts[7].address, TxOptions(gas_limit=23_000)
        transfer: Any = wallet.l1_transfer(to, 1, net.tokens["DAI"], reference="job")
        transfer.wait(timeout=30)
        again = wallet.l1_transfer(to, 1, net.tokens["DAI"], reference="job", l1=few)
        assert again.tx_hash == transfer.tx_hash
    assert count(net) == 1


@ERA
def test_a_journal_by_its_path(net: Devnet, tmp_path: Path) -> None:
    for path in (tmp_path / "one", str(tmp_path / "other")):
        wallet: Wallet = wallet_of(net, journal=path)
        wallet.deposit(ETH, AMOUNT)
        assert len(wallet.in_flight()) == 1
        wallet.close()
        assert Path(path).is_file()
        another_process()
        assert len(wallet_of(net, net.accounts[0].address, journal=path).resume_all()) == 1


@ERA
def test_a_watch_only_wallet_orders_nothing(net: Devnet) -> None:
    watching = wallet_of(net, net.accounts[0].address)
    with pytest.raises(Exception, match="watch-only"):
        watching.deposit(ETH, AMOUNT)
    assert watching.in_flight() == []


@ERA
def test_an_approval_that_fails_is_told_as_such(net: Devnet) -> None:
    wallet = wallet_of(net)
    net.faults.add(Failure(-32000, "intrinsic gas too low"), node="l1", method=SEND, times=1)
    with pytest.raises(NodeError):
        wallet.deposit(net.tokens["DAI"], AMOUNT)
    assert wallet.in_flight() == []
    assert wallet.deposit(net.tokens["DAI"], AMOUNT).wait(timeout=30).status == 1
