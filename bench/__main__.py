"""`nox -s bench`: ours beside the peers, in one run on one machine; writes docs/performance.md and bench/results.json.

Everything is measured in rounds that take turns; a figure is the median, its spread the quartiles. Times belong to the
machine; the ratios travel better, and counts (modules, distributions, waves, calls) are asserted by the test suite.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import encodings

HERE = Path(__file__).parent
IMPORTS = {
    "import zkcore": "zkcore",
    "from zkcore import Wallet, ETH, ether": "zkcore",
    "from signers import LedgerSigner, TrezorSigner": "zkcore",
    "import zksync2.account.wallet": "zksync2",
    "import web3": "web3",
    "import eth_account": "eth-account",
}
HEAD = """# Performance

Made by `nox -s bench`, which measures ours and the peers in turn, on one machine, and checks that their results
agree before it times them. CPU time, so that what else the machine does counts less; medians, quartiles in brackets;
lower is better. Times belong to the machine ({python}, node {node}, {cpu}); the ratios travel better.
`bench/results.json` has the raw figures.

Peers: {all_peers}.

## Import

New interpreters, warm file cache. Device libraries, eth-abi, eth-keys and httpx are imported on first use.

| | ms | modules | MB resident |
|---|---|---|---|"""
PROBE = """
import sys, time, resource
held = set(sys.modules)
start = time.process_time()
{statement}
ms = (time.process_time() - start) * 1e3
print(ms, len(set(sys.modules) - held), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

Figures = dict[str, Any]


def spread(values: list[float]) -> tuple[float, float, float]:
    """The median and the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def measure_imports(rounds: int) -> Figures:
    figures: dict[str, list[list[float]]] = {statement: [] for statement in IMPORTS}
    for turn in range(rounds + 1):
        for statement in IMPORTS:
            probe = [sys.executable, "-W", "ignore", "-c", PROBE.format(statement=statement)]
            printed = subprocess.run(probe, check=True, capture_output=True, text=True).stdout
            if turn:  # the first turn warms the file cache
                figures[statement].append([float(number) for number in printed.split()])
    return {
        statement: {
            "ms": spread([f[0] for f in found]),
            "modules": int(found[0][1]),
            "mb": spread([f[2] for f in found])[0],
        }
        for statement, found in figures.items()
    }


def timed(task: encodings.Task, seconds: float) -> float:
    """CPU microseconds of one run, over as many as fill the time."""
    loops, elapsed = 1, 0.0
    while elapsed < seconds:
        loops *= 2
        start = time.process_time()
        for _ in range(loops):
            task()
        elapsed = time.process_time() - start
    return elapsed / loops * 1e6


def text(result: object) -> str:
    return f"0x{result.hex()}" if isinstance(result, bytes) else str(result)


def measure_encodings(rounds: int, seconds: float) -> Figures:
    ours, peers = encodings.ours(), encodings.peers()
    work = {"rounds": rounds, "seconds": seconds, "work": encodings.for_javascript()}
    node = subprocess.run(
        ["node", "encodings.mjs"],
        cwd=HERE / "peers",
        input=json.dumps(work),
        check=True,
        capture_output=True,
        text=True,
    )
    javascript = json.loads(node.stdout)
    figures: Figures = {}
    for name, task in ours.items():
        peer, peer_task = peers[name]
        answers = {text(task()), text(peer_task()), javascript[name]["result"]}
        if len(answers) != 1:
            sys.exit(f"{name}: the results differ: {answers}")
        turns = [(timed(task, seconds), timed(peer_task, seconds)) for _ in range(rounds)]
        figures[name] = {
            "zkcore": spread([turn[0] for turn in turns]),
            peer: spread([turn[1] for turn in turns]),
            javascript[name]["peer"]: spread(javascript[name]["us"]),
        }
    return figures


def page(figures: Figures) -> str:
    machine = figures["machine"]
    lines = [
        HEAD.format(**machine, all_peers=", ".join(f"{name} {number}" for name, number in machine["peers"].items()))
    ]
    for statement, found in figures["imports"].items():
        middle, low, high = found["ms"]
        lines.append(
            f"| `{statement}` | {middle:.0f} ({low:.0f}-{high:.0f}) | {found['modules']} | {found['mb']:.0f} |"
        )
    lines += [
        "",
        "## Encodings and signatures",
        "",
        "| | zkcore, µs | Python peer | JavaScript peer |",
        "|---|---|---|---|",
    ]
    for name, found in figures["encodings"].items():
        own = found["zkcore"]
        cells = [f"{own[0]:.1f} ({own[1]:.1f}-{own[2]:.1f})"]
        for peer, (middle, low, high) in list(found.items())[1:]:
            cells.append(f"{peer}: {middle:.0f} ({low:.0f}-{high:.0f}), {middle / own[0]:.1f} times")
        lines.append(f"| {encodings.TITLES[name]} | {' | '.join(cells)} |")
    lines += ["", budgets(figures)]
    return "\n".join(lines) + "\n"


def budgets(figures: Figures) -> str:
    """The budgets of the design, each with its figure. Counts are asserted by the tests, not here."""
    imports, found = figures["imports"], figures["encodings"]
    peer = imports["import zksync2.account.wallet"]["ms"][0]
    light, face = (imports[name]["ms"][0] for name in list(IMPORTS)[:2])
    hash_ratio = found["canonical_hash"]["zkcore"][0] / found["canonical_hash"]["ethers"][0]
    digest_ratio = found["digest_0x71"]["zkcore"][0] / found["digest_0x71"]["zksync-ethers"][0]
    rows = [
        ("`import zkcore`", "≤ 60 ms, ≤ 0.10 of zksync2", f"{light:.0f} ms, {light / peer:.2f}"),
        ("`from zkcore import Wallet, ETH, ether`", "≤ 100 ms, ≤ 0.18 of zksync2", f"{face:.0f} ms, {face / peer:.2f}"),
        ("canonical L2 hash", "≤ 1/20 of ethers", f"1/{1 / hash_ratio:.0f}"),
        ("0x71 digest", "≤ 1/10 of zksync-ethers", f"1/{1 / digest_ratio:.0f}"),
    ]
    head = ["## Budgets", "", "| | budget | here |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one timing")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args()
    cpu = next(
        (line.split(": ")[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?"
    )
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    locked = json.loads((HERE / "peers/package-lock.json").read_text())["packages"]
    peers = {name: version(name) for name in ("zksync2", "web3", "eth-account", "eth-abi", "rlp")}
    peers |= {name: locked[f"node_modules/{name}"]["version"] for name in ("ethers", "zksync-ethers")}
    figures: Figures = {
        "machine": {
            "python": f"Python {platform.python_version()}",
            "node": node.lstrip("v"),
            "cpu": cpu,
            "peers": peers,
        },
        "imports": measure_imports(asked.rounds),
        "encodings": measure_encodings(asked.rounds, asked.seconds),
    }
    print(page(figures))
    if not asked.dry:
        (HERE / "results.json").write_text(json.dumps(figures, indent=1) + "\n")
        (HERE.parent / "docs/performance.md").write_text(page(figures))


if __name__ == "__main__":
    main()
