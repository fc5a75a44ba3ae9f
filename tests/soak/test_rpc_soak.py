"""Thousands of mixed operations on a devnet whose nodes misbehave: all end, nothing leaks, the chain agrees.

`ZKCORE_SOAK_OPERATIONS` sets how many (2,000 by default: some minutes).
"""

import asyncio
import gc
import os
import random
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.rpc.chaos import LIMITS, Chaos, Ledger, disturb
from zkcore import ETH, AsyncWallet
from zkcore.effects import attempt, gather
from zkcore.errors import NodeError, WaitTimeout
from zkcore.explore import calls as explored
from zkcore.methods import calls
from zkcore.rpc import AsyncHttpTransport
from zkcore.testing.devnet import Devnet

pytestmark = pytest.mark.soak

OPERATIONS = int(os.environ.get("ZKCORE_SOAK_OPERATIONS", "2000"))
WORKERS = 12
SECONDS_EACH = 3.0  # far more than it takes: a bound on what hangs, not a measure
OURS = ["*/zkcore/rpc/*", "*/zkcore/wallet/*", "*/zkcore/flows/*", "*/zkcore/effects.py", "*/httpx/*", "*/httpcore/*"]


class Worker:
    """Does one operation after the other, by chance; tells the ledger what was sent."""

    def __init__(self, number: int, wallet: AsyncWallet, receiver: Any, ledger: Ledger, turn: asyncio.Lock) -> None:
        self.wallet, self.receiver, self.ledger, self.turn = wallet, receiver, ledger, turn
        self.chance = random.Random(number)
        self.done = 0

    async def one(self) -> None:
        await self.chance.choices(
            [self.read, self.quote, self.scan, self.deposit, self.withdraw], weights=[16, 6, 2, 1, 1]
        )[0]()
        self.done += 1

    async def insist(self, act: Callable[[], Any]) -> Any:
        for _ in range(60):
            try:
                return await act()
            except (NodeError, WaitTimeout):
                self.ledger.failures += 1
        raise AssertionError("sixty failures in a row")

    async def read(self) -> None:
        balance, l1_balance = await self.insist(
            lambda: self.wallet.run(
                gather(calls.get_balance("l2", self.receiver), calls.get_balance("l1", self.receiver))
            )
        )
        assert balance >= 0
        assert l1_balance >= 0

    async def quote(self) -> None:
        quote = await self.insist(lambda: self.wallet.quote_deposit(ETH, 10**15, to=self.receiver))
        assert quote.mint_value > 10**15

    async def scan(self) -> None:
        """Many flows at once, each with its own failures."""
        await self.insist(
            lambda: self.wallet.run(gather(*[attempt(explored.get_block("l2", i), NodeError) for i in range(10)]))
        )

    async def deposit(self) -> None:
        async with self.turn:
            plan = await self.insist(lambda: self.wallet.prepare_deposit(ETH, 10**12, to=self.receiver))
            handle = await self.insist(lambda: self.wallet.submit(plan))
            self.ledger.deposits.append(10**12)
        assert (await self.insist(lambda: handle.wait(poll=0.01))).status == 1

    async def withdraw(self) -> None:
        async with self.turn:
            plan = await self.insist(lambda: self.wallet.prepare_withdraw(ETH, 10**12))
            handle = await self.insist(lambda: self.wallet.submit(plan))
            self.ledger.withdrawals.append(10**12)
        await self.insist(lambda: handle.wait("ready", poll=0.01))


def sockets() -> int:
    links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum(str(link).startswith("socket:") for link in links)


async def soak(net: Devnet, ledger: Ledger, receiver: Any) -> dict[str, Any]:
    l1, l2 = AsyncHttpTransport(net.l1_url, limits=LIMITS), AsyncHttpTransport(net.l2_url, limits=LIMITS)
    key = net.accounts[0].private_key
    async with AsyncWallet(PrivateKeySigner(key), chain=net.profile, l1=l1, l2=l2) as wallet:
        turn = asyncio.Lock()
        workers = [Worker(number, wallet, receiver, ledger, turn) for number in range(WORKERS)]

        async def work(worker: Worker, operations: int) -> None:
            for _ in range(operations):
                await worker.one()

        async def some(operations: int) -> tracemalloc.Snapshot:
            async with asyncio.timeout(operations * SECONDS_EACH):
                await asyncio.gather(*[work(worker, operations // WORKERS) for worker in workers])
            for node in ("l1", "l2"):
                net.faults.requests(node).clear()
            gc.collect()
            return tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, pattern) for pattern in OURS])

        await some(WORKERS * 5)  # caches, connections, imports
        half = await some(OPERATIONS // 2)
        whole = await some(OPERATIONS // 2)
        grown = sum(line.size_diff for line in whole.compare_to(half, "filename"))
        return {"grown": grown, "tasks": len(asyncio.all_tasks()), "done": sum(worker.done for worker in workers)}


def test_soak(make_devnet: Callable[..., Devnet]) -> None:
    net = make_devnet("era-eth", l2_balance=10**20)
    receiver = net.accounts[1].address
    chaos = Chaos(net, net.accounts[0].address, receiver)
    disturb(net, sends=0.3, reads=0.05)
    ledger = Ledger([], [])
    threads, open_before = set(threading.enumerate()), sockets()
    tracemalloc.start(1)
    begin = time.monotonic()
    try:
        found = asyncio.run(soak(net, ledger, receiver))
    finally:
        tracemalloc.stop()
    net.faults.clear()
    chaos.check(ledger)
    sends = len(ledger.deposits) + len(ledger.withdrawals)
    print(f"{found}, {sends} sent, {ledger.failures} failures, {time.monotonic() - begin:.0f} s")
    assert found["done"] >= OPERATIONS * 0.9
    assert found["tasks"] == 1
    assert found["grown"] < 300_000
    for _ in range(200):  # the devnet's own threads end with their connections, a moment later
        if sockets() <= open_before and not [t for t in set(threading.enumerate()) - threads if t.name == "zkcore-rpc"]:
            break
        time.sleep(0.05)
    assert sockets() <= open_before
    assert not [thread for thread in set(threading.enumerate()) - threads if thread.name == "zkcore-rpc"]
