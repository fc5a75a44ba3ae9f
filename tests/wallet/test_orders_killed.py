"""The obvious program, killed at random: every job is paid once, whatever process did which part of it.

A short form runs with the suite. `nox -s soak` runs the long one: `ZKCORE_SOAK_ORDERS` sets how many orders (400 by default),
`ZKCORE_SOAK_SECONDS` how often one of the processes is killed (every second by default), which a machine that others use needs.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_snippets import blocks
from tests.wallet.tools import count, sends, wallet_of
from zkcore import Journal
from zkcore.testing.devnet import Devnet
from zkcore.transactions import parse_transaction

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")

# before the program that README shows
BEFORE = """
import sys
from zkcore import ChainProfile

l1, l2, hub, l1_id, l2_id, journal, receiver, orders, share, shares = sys.argv[1:]
chain = ChainProfile(bridgehub=hub, l1_chain_id=int(l1_id), l2_chain_id=int(l2_id))
"""
# what each process has in place of a reader's nodes, key and jobs: its share of them
INSTEAD = {
    'chain="era", l1="https://...", l2="https://..."': "chain=chain, l1=l1, l2=l2",
    '"ops.sqlite"': "journal",
    'from_file("testnet.key")': 'from_env("KEY")',
    'ether("0.001") for number in range(30)': "10**12 + number for number in range(int(share), int(orders), int(shares))",
    "reference=job": "to=receiver, reference=job",
}


def program() -> str:
    """The one that README shows."""
    (shown,) = [code for name, code in blocks() if name.startswith("README-") and "resume_all" in code]
    for theirs, ours in INSTEAD.items():
        assert theirs in shown, theirs
        shown = shown.replace(theirs, ours)
    return BEFORE + shown


def run_killed(net: Devnet, journal: Path, *, orders: int, processes: int, kills: int, every: float) -> int:
    """Run the program in so many processes, killing one of them every so often; how often it was killed."""
    chance, killed, deadline = random.Random(orders), 0, time.monotonic() + 60 + 3 * orders * max(1.0, every)
    code, profile, receiver = program(), net.profile, str(net.accounts[7].address)
    nodes = [net.l1_url, net.l2_url, str(profile.bridgehub), str(profile.l1_chain_id), str(profile.l2_chain_id)]
    environment = os.environ | {"KEY": str(net.accounts[0].private_key), "PYTHONPATH": os.pathsep.join(sys.path)}

    def start(share: int) -> Any:
        more = [str(journal), receiver, str(orders), str(share), str(processes)]
        return subprocess.Popen([sys.executable, "-c", code, *nodes, *more], env=environment)

    running = {share: start(share) for share in range(processes)}
    try:
        while running:
            time.sleep(every * chance.uniform(0.5, 1.5))
            assert time.monotonic() < deadline, f"not done: {running.keys()}"
            for share, child in list(running.items()):
                if child.poll() is not None:
                    assert child.returncode == 0
                    del running[share]
            # once all is paid, a process that is killed as fast as it starts would never come to its end
            if running and killed < kills and (killed < orders / 20 or count(net) < orders):
                share = chance.choice(list(running))
                running[share].kill()
                running[share].wait()
                killed += 1
                running[share] = start(share)
    finally:
        for child in running.values():
            child.kill()
            child.wait()
    return killed


def check(net: Devnet, path: Path, orders: int) -> None:
    """On the chains and in the journal: each order once, under consecutive nonces."""
    amounts = [10**12 + number for number in range(orders)]
    assert count(net) == orders
    assert {parse_transaction(raw)[0].nonce for raw in sends(net)} == set(range(orders))
    assert len(set(sends(net))) == orders  # the same bytes may have been sent again; other bytes never
    assert wallet_of(net).get_balance(address=net.accounts[7].address) == sum(amounts)
    with Journal(path) as journal:
        entries = journal.history()
        assert [entry.state for entry in entries] == ["done"] * orders
        assert {entry.reference for entry in entries} == {f"job-{number}" for number in range(orders)}
        assert journal.pending() == journal.asked() == []


@pytest.mark.parametrize("net", ["era-eth"], indirect=True)
def test_thirty_jobs_killed_at_random(net: Devnet, tmp_path: Path) -> None:
    killed = run_killed(net, tmp_path / "journal", orders=30, processes=1, kills=6, every=1.5)
    assert killed
    check(net, tmp_path / "journal", 30)


@pytest.mark.parametrize("net", ["era-eth"], indirect=True)
def test_processes_that_share_a_journal_are_killed(net: Devnet, tmp_path: Path) -> None:
    run_killed(net, tmp_path / "journal", orders=24, processes=3, kills=6, every=1.0)
    check(net, tmp_path / "journal", 24)


@pytest.mark.soak
@pytest.mark.parametrize("net", ["era-eth"], indirect=True)
def test_eight_processes_killed_every_second(net: Devnet, tmp_path: Path) -> None:
    orders = int(os.environ.get("ZKCORE_SOAK_ORDERS", "400"))
    every = float(os.environ.get("ZKCORE_SOAK_SECONDS", "1"))
    killed = run_killed(net, tmp_path / "journal", orders=orders, processes=8, kills=10**6, every=every)
    assert killed > orders / 20
    check(net, tmp_path / "journal", orders)
