"""Keepers in processes of their own, killed at any moment, over a database that is restarted: all is paid once.

A short form runs with every suite; `nox -s soak` runs the long one: ZKCORE_SOAK_ORDERS deposits, a fifth as many withdrawals.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journal.postgres import Postgres
from tests.repo.money_path import ROOT
from tests.wallet.tools import ERA, count
from zkcore import ETH, Wallet, ether
from zkcore.journal import Journal
from zkcore.journal.postgres import PostgresJournal
from zkcore.testing.devnet import Devnet

# Orders what is not in the journal, then keeps all that is, until it is killed or told to stop. Its clock may be wrong.
WORKER = """
import random, sys, time
shift = float(sys.argv[9])
real = time.time
time.time = lambda: real() + shift
from signers import PrivateKeySigner
from zkcore import ETH, ChainProfile, Wallet
from zkcore.errors import ZkCoreError
from zkcore.journal import Journal
from zkcore.journal.postgres import PostgresJournal
from zkcore.wallet.keeper import Keeper, KeeperPolicy
l1, l2, hub, l1_id, l2_id, where, deposits, withdrawals = sys.argv[1:9]
profile = ChainProfile(bridgehub=hub, l1_chain_id=int(l1_id), l2_chain_id=int(l2_id))
journal = (PostgresJournal if where.startswith("postgresql") else Journal)(where)
wallets = [Wallet(PrivateKeySigner.from_env(name), chain=profile, l1=l1, l2=l2, journal=journal) for name in ("KEY0", "KEY1")]
keeper = Keeper(wallets, policy=KeeperPolicy(interval=0.2, replace_after=None))
jobs = [("deposit", i) for i in range(int(deposits))] + [("withdraw", i) for i in range(int(withdrawals))]
random.shuffle(jobs)
while True:  # the database may be starting
    try:
        known = {entry.reference for entry in journal.history() if entry.state != "asked"}
        break
    except ZkCoreError as error:
        print(type(error).__name__, error, file=sys.stderr, flush=True)
jobs.sort(key=lambda job: f"{job[0]} {job[1]}" not in known)  # new ones first; then those that are known, which are the same
while True:
    for _ in range(min(3, len(jobs))):
        kind, i = jobs.pop()
        try:
            getattr(wallets[i % 2], kind)(ETH, 10**9 + i, reference=f"{kind} {i}")
        except ZkCoreError as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            jobs.insert(0, (kind, i))
    for found in keeper.round():
        for error in found.errors:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
"""


def keep(
    net: Devnet,
    journal: Any,
    where: str,
    tmp_path: Path,
    *,
    processes: int,
    deposits: int,
    withdrawals: int,
    seconds: float,
    trouble: list[Callable[[], object]],
) -> None:
    """Run it to its end, killing a process now and then and making the trouble in between; then count what was paid."""
    for who in (0, 1):
        with Wallet(
            net.accounts[who].private_key and _signer(net, who), chain=net.profile, l1=net.l1_url, l2=net.l2_url
        ) as rich:
            rich.deposit(ETH, ether("1")).wait(timeout=60)
    before = [count(net, who) for who in (0, 1)]
    profile = net.profile
    common = [net.l1_url, net.l2_url, str(profile.bridgehub), str(profile.l1_chain_id), str(profile.l2_chain_id), where]
    keys = {f"KEY{who}": str(net.accounts[who].private_key) for who in (0, 1)}
    environment = os.environ | keys | {"PYTHONPATH": str(ROOT)}
    chance = random.Random(7)
    log = (tmp_path / "errors.txt").open("w", encoding="utf-8")

    def start() -> "subprocess.Popen[bytes]":
        arguments = [*common, str(deposits), str(withdrawals), str(chance.uniform(-200, 200))]
        command = [sys.executable, "-c", WORKER, *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

    wanted = {f"deposit {i}" for i in range(deposits)} | {f"withdraw {i}" for i in range(withdrawals)}

    def done() -> bool:
        states = {entry.reference: entry.state for entry in journal.history()}
        return all(states.get(reference) == "done" for reference in wanted) and not journal.pending()

    children = [start() for _ in range(processes)]
    deadline, planned, kills = time.monotonic() + seconds, list(trouble), 0
    try:
        while not done():
            assert time.monotonic() < deadline, (
                Counter((e.kind, e.state) for e in journal.history()),
                (tmp_path / "errors.txt").read_text(encoding="utf-8")[-3_000:],
            )
            _until_it_goes_on(journal, done, chance.uniform(0.5, 3.0))
            if planned:
                planned.pop(0)()
            victim = chance.randrange(processes)
            os.kill(children[victim].pid, signal.SIGKILL)
            children[victim].wait()
            kills += 1
            children[victim] = start()
    finally:
        for child in children:
            child.kill()
            child.wait()
        log.close()
    assert kills
    assert not planned, "the trouble did not come to pass: order more"
    entries = journal.history()
    orders = Counter(entry.reference for entry in entries)
    assert not [reference for reference, times in orders.items() if times != 1]
    # what is in the blocks is what was ordered, and nothing else: deposits and finalizations on L1, withdrawals on L2
    for who in (0, 1):
        own = [entry for entry in entries if entry.account == net.accounts[who].address and entry.state == "done"]
        on_l1 = [entry for entry in own if entry.kind in ("deposit", "finalization")]
        on_l2 = [entry for entry in own if entry.kind == "withdrawal"]
        nonces = sorted(entry.plan.plan.steps[-1].transaction.nonce for entry in on_l1 if entry.plan)
        assert count(net, who) - before[who] == len(nonces)
        assert nonces == list(range(before[who], before[who] + len(nonces)))  # without a hole
        assert count(net, who, "l2") == len(on_l2)
    finalized = [entry for entry in entries if entry.kind == "finalization" and entry.state == "done"]
    assert len(finalized) == withdrawals


def _until_it_goes_on(journal: Any, done: Callable[[], bool], more: float) -> None:
    """Until something has changed, on however slow a machine, and a moment longer: what is killed is at work, not starting."""

    def seen() -> set[tuple[str, str, str]]:
        return {(entry.reference, entry.state, entry.note) for entry in journal.history()}

    before, until = seen(), time.monotonic() + 30
    while seen() == before and time.monotonic() < until:
        time.sleep(0.2)
    until = time.monotonic() + more
    while time.monotonic() < until and not done():
        time.sleep(0.2)


def _signer(net: Devnet, who: int) -> Any:
    from signers import PrivateKeySigner

    return PrivateKeySigner(net.accounts[who].private_key)


@pytest.fixture(scope="module")
def postgres() -> Any:
    server = Postgres()
    yield server
    server.stop()


SHORT: dict[str, Any] = {"processes": 2, "deposits": 8, "withdrawals": 3, "seconds": 240.0}
_ORDERS = int(os.environ.get("ZKCORE_SOAK_ORDERS", "1000"))
LONG: dict[str, Any] = {
    "processes": 4,
    "deposits": _ORDERS,
    "withdrawals": _ORDERS // 5,
    "seconds": 6.0 * _ORDERS + 300,
}


@ERA
def test_a_short_form_over_postgres(net: Devnet, postgres: Postgres, tmp_path: Path) -> None:
    dsn = postgres.dsn()
    with PostgresJournal(dsn) as journal:
        keep(net, journal, dsn, tmp_path, trouble=[postgres.restart], **SHORT)


@ERA
def test_a_short_form_over_sqlite(net: Devnet, tmp_path: Path) -> None:
    where = str(tmp_path / "ops.sqlite")
    with Journal(where) as journal:
        keep(net, journal, where, tmp_path, trouble=[], **SHORT)


@pytest.mark.soak
@ERA
def test_over_postgres(net: Devnet, postgres: Postgres, tmp_path: Path) -> None:
    dsn = postgres.dsn()
    trouble = [postgres.cut, postgres.restart, postgres.cut, postgres.restart]
    with PostgresJournal(dsn) as journal:
        keep(net, journal, dsn, tmp_path, trouble=trouble, **LONG)


@pytest.mark.soak
@ERA
def test_over_sqlite(net: Devnet, tmp_path: Path) -> None:
    where = str(tmp_path / "ops.sqlite")
    with Journal(where) as journal:
        keep(net, journal, where, tmp_path, trouble=[], **LONG)
