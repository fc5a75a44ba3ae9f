"""Orders a second against the number of workers, and what the journal costs an order: `nox -s operations`.

Writes docs/performance/operations.json, its plot, and the tables of docs/operations.md. Each worker is a process with a key of
its own; all share one journal and one devnet, which runs on the same machine and so is part of what is measured.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from msgspec.structs import replace

from bench import svg
from bench.measure import Figures, machine
from tests.journal.postgres import Postgres
from tests.journal.test_conformance import ASKED, KEPT
from zkcore import ETH, AsyncWallet, Journal
from zkcore.journal import MOVING, PostgresJournal
from zkcore.testing.devnet import Devnet

ROOT = Path(__file__).resolve().parents[1]
HELD = ROOT / "docs/performance/operations.json"
PAGE = ROOT / "docs/operations.md"
WORKERS = (1, 2, 4)
ORDERS = 24  # of each worker
ENTRIES = 100  # of each measure of the journal
_MACHINE = (
    "{cpu}, Python {python}; the machine's load was {load_before} when the run began and {load_after} when it ended: above two, "
    "other programs had a part of the processors, and the times are upper bounds."
)


def main() -> None:
    """Measure, and write what docs/operations.md shows; `--page`: from the figures there are."""
    if sys.argv[1:] == ["--page"]:
        figures: Figures = json.loads(HELD.read_text(encoding="utf-8"))
    else:
        figures = {"machine": machine(), **measure()}
        figures["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    HELD.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    series = {
        kind: [(float(workers), float(rate)) for workers, rate in row.items()]
        for kind, row in figures["orders"].items()
    }
    drawn = svg.lines("Orders a second, one devnet on the same machine", "workers", "deposits sent a second", series)
    (HELD.parent / "operations.svg").write_text(drawn, encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- figures -->\n")
    after = rest.partition("<!-- end of figures -->")[2]
    PAGE.write_text(f"{before}<!-- figures -->\n{tables(figures)}<!-- end of figures -->{after}", encoding="utf-8")


def tables(figures: Figures) -> str:
    """What the page says."""
    orders, cost = figures["orders"], figures["journal"]
    rows = [f"| {kind} | {' | '.join(f'{rate:.1f}' for rate in orders[kind].values())} |" for kind in orders]
    head = (
        f"| deposits sent a second | {' | '.join(f'{n} worker(s)' for n in WORKERS)} |\n|{'---|' * (len(WORKERS) + 1)}"
    )
    costs = [
        f"| {kind} | {row['alone']:.2f} | {row['four at once']:.2f} | {row['lease']:.2f} | {row['of many']:.3f} | "
        f"{row['pending']:.1f} |"
        for kind, row in cost.items()
    ]
    return "\n".join(
        (
            _MACHINE.format(**figures["machine"]),
            "",
            head,
            *rows,
            "",
            (
                "| milliseconds of the journal | an order, alone | an order, four threads at once | a lease, there and back | "
                f"one of {ENTRIES}, taken at once | `pending()` of {ENTRIES} |"
            ),
            "|---|---|---|---|---|---|",
            *costs,
            "",
        )
    )


def measure() -> Figures:
    """{"orders": {journal: {workers: a second}}, "journal": {journal: {what: ms}}}."""
    server = Postgres()
    try:
        with tempfile.TemporaryDirectory() as folder:
            where: dict[str, Callable[[object], str]] = {
                "SQLite": lambda of: f"{folder}/{of}.sqlite",
                "PostgreSQL": lambda _: server.dsn(),
            }
            orders = {kind: {n: _orders(make(n), n) for n in WORKERS} for kind, make in where.items()}
            cost = {kind: _cost(make("cost")) for kind, make in where.items()}
    finally:
        server.stop()
    return {"orders": orders, "journal": cost}


def _open(where: str) -> Any:
    return (PostgresJournal if where.startswith("postgresql") else Journal)(where)


# ---------------------------------------------------------------- orders
def _orders(where: str, workers: int) -> float:
    with Devnet("era-eth") as net:
        jobs = [
            {
                "l1": net.l1_url,
                "l2": net.l2_url,
                "key": net.accounts[i].private_key,
                "journal": where,
                "profile": {
                    name: value if isinstance(value, int) else str(value)
                    for name in ("bridgehub", "l1_chain_id", "l2_chain_id")
                    if (value := getattr(net.profile, name)) is not None
                },
            }
            for i in range(workers)
        ]
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.keepers", "work"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in jobs
        ]
        for child, job in zip(children, jobs, strict=True):
            assert child.stdin is not None
            child.stdin.write(json.dumps(job) + "\n")
            child.stdin.flush()
        for child in children:  # each has made its first order: imports and facts are not measured
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        begun = time.perf_counter()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "done\n"
        seconds = time.perf_counter() - begun
        for child in children:
            child.communicate()
    return round(workers * ORDERS / seconds, 2)


def work() -> None:
    """A worker: told what to do on stdin."""
    asyncio.run(_work(json.loads(sys.stdin.readline())))


async def _work(job: dict[str, Any]) -> None:
    from signers import PrivateKeySigner
    from zkcore import ChainProfile

    signer = PrivateKeySigner(job["key"])
    nodes = {"l1": job["l1"], "l2": job["l2"], "chain": ChainProfile(**job["profile"])}
    async with AsyncWallet(signer, journal=_open(job["journal"]), **nodes) as wallet:
        await (await wallet.deposit(ETH, 10**12)).wait(timeout=60)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(*[wallet.deposit(ETH, 10**12 + i, reference=f"{os.getpid()} {i}") for i in range(ORDERS)])
        print("done", flush=True)


# ---------------------------------------------------------------- the journal
def _cost(where: str) -> dict[str, float]:
    with _open(where) as journal:
        journal.pending()  # the file is made, connections are open

        def life(i: int) -> float:
            reference, begun = f"order {i}", time.perf_counter()
            journal.ask(replace(ASKED, reference=reference))
            journal.sign(replace(KEPT, reference=reference), [(1, 1_000 + i)])
            journal.move(reference, "sent", since=("signed",))
            journal.move(reference, "done", since=MOVING, note="L2_EXECUTED")
            return time.perf_counter() - begun

        alone = median(life(i) for i in range(ENTRIES))
        with ThreadPoolExecutor(4) as pool:
            begun = time.perf_counter()
            list(pool.map(life, range(ENTRIES, 2 * ENTRIES)))
            four = (time.perf_counter() - begun) / ENTRIES
        begun = time.perf_counter()
        for i in range(ENTRIES):
            journal.lease(f"order {i}")
            journal.release(f"order {i}")
        lease = (time.perf_counter() - begun) / ENTRIES
        names, begun = [f"order {i}" for i in range(ENTRIES)], time.perf_counter()
        assert len(journal.lease_all(names)) == ENTRIES
        journal.release(*names)
        together = (time.perf_counter() - begun) / ENTRIES
        for i in range(ENTRIES):
            journal.move(f"order {i}", "sent", since=("done",))
        begun = time.perf_counter()
        assert len(journal.pending()) == ENTRIES
        pending = time.perf_counter() - begun
    told = {"alone": alone, "four at once": four, "lease": lease, "of many": together, "pending": pending}
    return {name: round(seconds * 1e3, 3) for name, seconds in told.items()}


if __name__ == "__main__":
    work() if sys.argv[1:] == ["work"] else main()
