"""Keepers over the devnet: both kinds, one and several, over both journals."""

import asyncio
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import InputError
from zkcore.journal import Entry, Journal
from zkcore.journal.sql import keep
from zkcore.plans.plan import sign_plan
from zkcore.testing.devnet import Devnet
from zkcore.wallet.keeper import AsyncKeeper, Keeper, KeeperPolicy
from zkcore.wallet.order import Order, entry_of

QUICK = KeeperPolicy(interval=0.05, replace_after=0.2)


class Both:
    """A keeper of either kind, by blocking calls: the fixture's wallet says which."""

    def __init__(self, wallets: list[Any], **more: Any) -> None:
        self._loop = getattr(wallets[0], "_loop", None)
        kind: Any = Keeper if self._loop is None else AsyncKeeper
        self.keeper = kind([getattr(wallet, "inner", wallet) for wallet in wallets], **more)

    def round(self) -> Any:
        return self.keeper.round() if self._loop is None else self._loop.run_until_complete(self.keeper.round())

    def until(self, done: Any, rounds: int = 60) -> list[Any]:
        found: list[Any] = []
        for _ in range(rounds):
            found += self.round()
            assert not [error for one in found for error in one.errors], found[-1]
            if done():
                return found
            threading.Event().wait(0.05)
        raise AssertionError("not done")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "ops.sqlite")


def in_flight(wallet: Any) -> list[Entry]:
    found: list[Entry] = wallet.in_flight()
    return found


@ERA
def test_a_withdrawal_is_finalized_and_a_failed_deposit_claimed(
    net: Devnet, open_wallet: Any, journal: Journal
) -> None:
    wallet = open_wallet(net, journal=journal)
    wallet.deposit(ETH, ether("1"), reference="to pay with").wait(timeout=30)
    wallet.withdraw(ETH, AMOUNT, reference="payout 1")
    net.fail_next_deposit()
    wallet.deposit(net.tokens["DAI"], AMOUNT, reference="invoice 1")
    changes: list[tuple[str, str]] = []
    keeper = Both([wallet], policy=QUICK, on_change=lambda entry: changes.append((entry.reference, entry.state)))
    rounds = keeper.until(lambda: not in_flight(wallet))
    ordered = [name for one in rounds for name in one.ordered]
    assert sorted(name.split()[0] for name in ordered) == ["claim", "finalize"]
    ended = {entry.reference: entry.state for entry in journal.history()}
    assert ended.pop("payout 1") == "done"
    assert ended.pop("invoice 1") == "failed"  # and claimed back
    assert set(ended.values()) == {"done"}
    assert ("payout 1", "done") in changes
    assert ("invoice 1", "claimable") in changes
    assert len(changes) == len(set(changes)) or changes  # every change is told; none for ever


@ERA
def test_what_was_not_sent_is_sent_and_nothing_twice(net: Devnet, open_wallet: Any, journal: Journal) -> None:
    wallet = open_wallet(net, journal=journal)
    handles = [wallet.deposit(ETH, AMOUNT + i, reference=f"job {i}") for i in range(3)]
    sent = len(sends(net))
    keeper = Both([wallet], policy=QUICK)
    keeper.until(lambda: not in_flight(wallet))
    assert len(sends(net)) == sent
    assert all(entry.state == "done" for entry in journal.history())
    assert len({handle.l1_tx_hash for handle in handles}) == 3


@ERA
def test_a_stuck_request_is_replaced_by_the_policy(net: Devnet, open_wallet: Any, journal: Journal) -> None:
    wallet = open_wallet(net, journal=journal)
    net.l1.mining = False
    try:
        wallet.deposit(ETH, AMOUNT, reference="slow")
        keeper = Both([wallet], policy=KeeperPolicy(interval=0.05, replace_after=3600.0))
        assert keeper.round()[0].ordered == ()
        keeper = Both([wallet], policy=QUICK)
        threading.Event().wait(0.3)
        (found,) = keeper.round()
        assert (found.ordered, found.errors) == (("slow",), ())
        (entry,) = in_flight(wallet)
        assert len(entry.hashes) >= 3  # of both
    finally:
        net.l1.mining = True
    net.mine()
    keeper.until(lambda: not in_flight(wallet))
    assert count(net) == 1


@ERA
def test_of_several_keepers_one_drives_each_order(net: Devnet, journal: Journal) -> None:
    wallets = [wallet_of(net, journal=Journal(journal.name)) for _ in range(3)]
    wallets[0].deposit(ETH, ether("1")).wait(timeout=30)
    for i in range(4):
        wallets[0].withdraw(ETH, AMOUNT + i, reference=f"payout {i}")
    before = count(net)
    stop = threading.Event()
    errors: list[Exception] = []

    def told(rounds: list[Any]) -> None:
        errors.extend(error for one in rounds for error in one.errors)
        if not wallets[0].in_flight():
            stop.set()

    threads = [
        threading.Thread(target=Keeper([wallet], policy=QUICK).run, args=(stop,), kwargs={"on_round": told})
        for wallet in wallets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not errors
    assert count(net) - before == 4  # each finalized once
    assert all(wallets[0].is_withdrawal_finalized(e.hashes[1]) for e in journal.history() if e.kind == "withdrawal")


@ERA
def test_trouble_of_a_node_is_told_and_the_next_round_goes_on(net: Devnet, open_wallet: Any, journal: Journal) -> None:
    from zkcore.testing.devnet.faults import Status

    wallet = open_wallet(net, journal=journal)
    wallet.deposit(ETH, AMOUNT, reference="job")
    keeper = Both([wallet], policy=QUICK)
    net.faults.add(Status(400), node="l1", times=50)
    (found,) = keeper.round()
    assert found.errors
    net.faults.clear()
    keeper.until(lambda: not in_flight(wallet))


@ERA
def test_sigterm_ends_a_keeper_after_its_round(net: Devnet, journal: Journal) -> None:
    wallet = wallet_of(net, journal=journal)
    before = signal.getsignal(signal.SIGTERM)
    rounds: list[Any] = []

    def told(found: list[Any]) -> None:
        rounds.extend(found)
        os.kill(os.getpid(), signal.SIGTERM)

    Keeper([wallet], policy=QUICK).run(on_round=told)
    assert len(rounds) == 1
    assert signal.getsignal(signal.SIGTERM) is before


@ERA
def test_sigterm_in_a_send_ends_the_round_first(net: Devnet, journal: Journal) -> None:
    """And hooks that raise, or are slow, end and hinder nothing; what could not be told is told again."""

    def hook(span: Any) -> None:
        if span.name == "send" and span.seconds is None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.2)
        raise RuntimeError("of the hook")

    told: list[str] = []

    def on_change(entry: Entry) -> None:
        told.append(entry.reference)
        if told.count(entry.reference) == 1:
            raise RuntimeError("of the callback")

    wallet_of(net).deposit(ETH, ether("1")).wait(timeout=30)
    wallet = wallet_of(net, journal=journal, observe=hook)
    with Wallet(wallet._signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url, journal=journal) as asking:  # type: ignore[arg-type]
        asking.withdraw(ETH, AMOUNT, reference="payout 1").wait("ready", timeout=30)
    rounds: list[Any] = []
    keeper = Keeper([wallet], policy=QUICK, on_change=on_change)
    keeper.run(on_round=rounds.extend)
    assert [len(one.ordered) for one in rounds if one.ordered] == [1]
    assert not rounds[-1].errors
    (entry,) = [entry for entry in journal.history() if entry.kind == "finalization"]
    assert entry.state in ("sent", "done")
    assert told
    keeper.round()
    assert told.count("payout 1") >= 2


@ERA
def test_an_async_keeper_stops_when_told(net: Devnet, journal: Journal) -> None:
    async def program() -> int:
        signer = wallet_of(net)._signer
        assert signer is not None
        async with AsyncWallet(signer, l1=net.l1_url, l2=net.l2_url, chain=net.profile, journal=journal) as wallet:
            deposit = await wallet.deposit(ETH, AMOUNT)
            stop, rounds = asyncio.Event(), 0

            def told(_: list[Any]) -> None:
                nonlocal rounds
                rounds += 1
                if not wallet.in_flight():
                    stop.set()

            await asyncio.wait_for(AsyncKeeper([wallet], policy=QUICK).run(stop, on_round=told), 60)
            assert deposit.kind == "deposit"
            return rounds

    assert asyncio.run(program()) >= 1


@ERA
def test_a_round_asks_about_many_at_once(net: Devnet, journal: Journal) -> None:
    wallet = wallet_of(net, journal=journal)
    for i in range(12):
        wallet.deposit(ETH, AMOUNT + i, reference=f"job {i}")
    waves: list[int] = []
    wallet._driver = replace(wallet._driver, on_wave=lambda calls: waves.append(len(calls)))
    (found,) = Keeper([wallet]).round()
    assert (found.driven, found.errors) == (12, ())
    assert len(waves) <= 4


MANY = 500


def in_flight_at_once(net: Devnet, wallet: Wallet, journal: Journal) -> None:
    """As sent by a wallet, at a fraction of the time: one plan under many nonces, the journal's rows in one transaction."""
    signer: Any = wallet._signer
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    first = plan.steps[0].transaction.nonce
    signed = [sign_plan(plan.at_nonce("l1", first + place), signer) for place in range(MANY)]
    orders = [Order(plan=one, reference=f"job {place}") for place, one in enumerate(signed)]
    with journal._transaction() as execute:
        for order in orders:
            keep(execute, replace(entry_of(order), state="sent"))
    for one in signed:
        net.l1.rpc("eth_sendRawTransaction", "0x" + one.raw_transactions[0].hex())
    while int(net.l1.rpc("txpool_status")["pending"], 16):  # a block does not hold them all
        net.l1.rpc("evm_mine")


@ERA
def test_a_round_asks_about_five_hundred_in_few_requests(
    net: Devnet, open_wallet: Any, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one they would be 1,500. A wave of 500 calls is five requests: batches of a hundred; with the chain ids six."""
    monkeypatch.setattr(net.l2, "automatic_deposits", False)  # L2 is asked about what it does not know yet
    in_flight_at_once(net, wallet_of(net), journal)
    wallet = open_wallet(net, journal=journal)
    for node in ("l1", "l2"):
        net.faults.requests(node).clear()
    (found,) = Both([wallet], policy=QUICK).round()
    assert (found.in_flight, found.driven, found.errors) == (MANY, MANY, ())
    assert {entry.note for entry in wallet.in_flight()} == {"L1_INCLUDED"}  # it was found out about each
    # of each order a receipt on L1; on L2 a receipt, and what Era tells of its batch
    assert {node: len(net.faults.requests(node)) for node in ("l1", "l2")} == {"l1": 6, "l2": 11}


def test_bad_words_are_refused() -> None:
    with pytest.raises(InputError, match="wallets: expected one or more"):
        Keeper([])
    with pytest.raises(InputError, match="interval: expected more than 0 seconds, got 0"):
        KeeperPolicy(interval=0)
    assert Wallet is not AsyncWallet


@ERA
def test_a_dry_keeper_and_one_without_a_signer_say_what_is_due(net: Devnet, open_wallet: Any, journal: Journal) -> None:
    wallet = open_wallet(net, journal=journal)
    wallet.deposit(ETH, ether("1"), reference="to pay with").wait(timeout=30)
    payout = wallet.withdraw(ETH, AMOUNT, reference="payout 1")
    net.fail_next_deposit()
    lost = wallet.deposit(net.tokens["DAI"], AMOUNT, reference="invoice 1")
    before = len(sends(net))
    with Wallet(wallet.address, chain=net.profile, l1=net.l1_url, l2=net.l2_url, journal=journal) as watching:
        for keeper in (Both([wallet], policy=KeeperPolicy(interval=0.05, dry=True)), Both([watching], policy=QUICK)):
            for _ in range(40):
                (found,) = keeper.round()
                assert not found.errors
                assert not found.ordered
                if len(found.due) == 2:
                    break
                threading.Event().wait(0.05)
            lost.status()
            assert set(found.due) == {f"finalize {payout.l2_tx_hash} 0", f"claim {lost.l2_tx_hash}"}
        assert len(sends(net)) == before
        Both([wallet], policy=QUICK).until(lambda: not in_flight(wallet))
        assert not Both([watching], policy=QUICK).round()[0].due


@ERA
def test_a_withdrawal_by_a_bridge_beside_the_vault_is_finalized_by_it(
    net: Devnet, open_wallet: Any, journal: Journal
) -> None:
    bridge = net.usdc_bridge()
    wallet = open_wallet(net, journal=journal)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    wallet.deposit(net.tokens["USDC"], 10 * AMOUNT, bridge=bridge).wait(timeout=30)
    wallet.withdraw(net.l2_tokens["USDC"], AMOUNT, bridge=bridge, reference="payout 1")
    net.fail_next_deposit()
    wallet.deposit(net.tokens["USDC"], AMOUNT, bridge=bridge, reference="invoice 1")
    rounds = Both([wallet], policy=QUICK).until(lambda: not in_flight(wallet))
    ordered = [name for one in rounds for name in one.ordered]
    assert sorted(name.split()[0] for name in ordered) == ["claim", "finalize"]


@ERA
def test_a_signal_wakes_a_keeper_that_waits(net: Devnet, journal: Journal) -> None:
    """Both kinds: within a moment, not after the interval; a second one does what it did before."""
    slow = KeeperPolicy(interval=60.0)
    wallet = wallet_of(net, journal=journal)

    def soon(_: list[Any]) -> None:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()

    async def awaited() -> None:
        async with AsyncWallet(
            wallet.address, l1=net.l1_url, l2=net.l2_url, chain=net.profile, journal=journal
        ) as other:
            await AsyncKeeper([other], policy=slow).run(on_round=soon)

    begun = time.monotonic()
    Keeper([wallet], policy=slow).run(on_round=soon)
    asyncio.run(awaited())
    assert time.monotonic() - begun < 20

    def twice(_: list[Any]) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        Keeper([wallet], policy=slow).run(on_round=twice)
