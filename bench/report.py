"""docs/performance.md and its plots, from the figures."""

from typing import Any

from bench import encodings, svg
from bench.measure import Figures

COMMAND = "nox -s bench"
INTRO = """# Performance

Made by `{command}`: one command that builds the environments of ours and of the peers from locks with hashes, checks
that their results agree, measures them in turn on one machine, and writes this page, its plots and [the raw
figures](performance/figures.json). Medians, quartiles in brackets; lower is better. Ratios are taken within a round
and are "times as long as ours".

Times belong to the machine: {cpu}, Python {python}, node {node}. Its load average was {load_before} when the run
began and {load_after} when it ended; the run itself, with its devnet, makes one to two. {noise}Counts (modules,
distributions, waves, requests, calls) depend on no machine; the test suite asserts them.

Peers: {peers}.
"""
IMPORTS = """
## Import

New interpreters, warm file cache. Device libraries, eth-abi, eth-keys and httpx are imported on first use: the first
deposit of a process pays for them (below). Nearly half of the wallet's import is msgspec, with
what it loads of the standard library: that is the floor.

| | ms | CPU ms | of `import zksync2.account.wallet` | modules | MB resident |
|---|---|---|---|---|---|"""
ENCODINGS = """
## Encodings and signatures

CPU time, ours and the peers' in turn; a ratio is of two measurements made one after the other.

| µs | zkcore | Python peer | JavaScript peer |
|---|---|---|---|"""
FLOWS = """
## Whole flows

Each client in a process of its own, over the same [devnet](devnet.md), through a relay that counts and delays.
*waves*: the longest chain of HTTP requests of which each began after the one before had ended; it is what a user
waits for. *cold*: a new wallet or provider; *warm*: the same one again. The send and `eth_chainId` are included,
waiting is not. Two requests are one wave if they were under way at once.
"""
FLOOR = """
The 0x71 digest: by cProfile, half of it is three Keccak-256 calls, a third the checks of what the transaction was given.
pycryptodome takes 4 µs for a short input, nearly all of it the way through cffi and back: 12 µs is the floor. The ratio
is to a warmed-up just-in-time compiler: two runs here gave 9.3 and 9.9.
"""
BUDGETS = "<!-- the table of budgets: written by nox -s bench -->"
NOT_COMPARABLE = """
## Not comparable, and why

* `zksync2` finalizes by a call of before v26, which the chain refuses (*fails*), and encodes ERC-20 deposits as then,
  which routers still take. Its constructor fails on the `null`s that nodes answer `zks_getBridgeContracts` with today:
  the relay fills them with zeros for it. It has no status of a deposit.
* A step that a client has no method for is empty.
* `zksync-ethers` has no status of a deposit on L1: its `getTransactionStatus` asks L2 only. Its withdrawal status is
  `isWithdrawalFinalized`; ours also says why a withdrawal is not ready, and verifies its proof.
  Where it *fails*: ethers caches the nonce for 250 ms, and without delay the devnet is faster than that.
* zkcore's `status` of a withdrawal, its finalization and its quotes check what the peers take from the node (proofs,
  the L2 hash, the base cost, the contracts): they do more in the time given.
* `zksync-js` is not on the list of packages that this bench installs; its counts, measured elsewhere: 49 calls in 26
  waves for a first ETH deposit, 43 calls in 26 waves for a finalization.
* No peer computes a base cost, or verifies a proof: ours stand alone. No Python peer parses a 0x71 transaction.
* "As the signer does" recovers and compares each signature; the peers only sign.
* JavaScript figures are of warmed-up code: a just-in-time compiler has seen the function some thousand times. Ours
  need no warming.
"""


def page(figures: Figures) -> str:
    machine = figures["machine"]
    peers = ", ".join(f"{name} {number}" for name, number in machine["peers"].items())
    busy = "**Other programs were running: take the times as upper bounds, and look at the ratios.** "
    noise = busy if max(machine["load_before"], machine["load_after"]) >= 2 else ""
    parts = [INTRO.format(**machine | {"peers": peers, "command": COMMAND, "noise": noise})]
    parts.append(IMPORTS)
    for statement, row in figures["imports"].items():
        ratio = _spread(row["of_zksync2"], 3)
        parts.append(
            f"| `{statement}` | {_spread(row['ms'])} | {_spread(row['cpu_ms'])} | {ratio} | {row['modules']} "
            f"| {row['mb']:.0f} |"
        )
    parts += [
        "\nWhere `from zkcore import Wallet, ETH, ether` spends it, with the interpreter's own start, in ms (`-X importtime`):\n"
    ]
    spent = sorted(figures["import_profile"].items(), key=lambda item: -item[1][0])
    parts += _table(("", "ms"), [(name, _spread(values)) for name, values in spent])
    parts.append(ENCODINGS)
    parts += [_encoding(name, row) for name, row in figures["encodings"].items()]
    parts.append(FLOOR)
    parts += ["Signatures with the `fast` extra (coincurve) and without, µs:\n"]
    fast, pure = figures["fast"]["CoinCurveECCBackend"], figures["fast"]["NativeECCBackend"]
    titles = {"sign": "sign a digest", "signer": "sign a transaction as the signer does"}
    rows = [
        (title, _spread(fast[n]), _spread(pure[n]), f"{pure[n][0] / fast[n][0]:.0f}") for n, title in titles.items()
    ]
    parts += _table(("", "with", "without", "times"), rows)
    parts += [*_flows(figures["flows"]), "\n## Many at once\n"]
    parts += ["One process, one `AsyncWallet`, the devnet over HTTP (which does the most of the work here).\n"]
    rows = [
        (title, f"{row['ms']:,.0f}", row["waves"], row["http"], f"{row['calls']:,}", f"{row['mb']:.1f}")
        for title, row in figures["crowd"].items()
    ]
    parts += _table(("", "ms", "waves", "HTTP", "calls", "MB gained"), rows)
    parts += [
        "\n`finalize_withdrawals` prepares all in three waves; the sends follow one by one, under consecutive nonces."
    ]
    parts += ["\n## How cost grows\n"]
    parts += [f"![{title}](performance/{name}.svg)\n" for name, title in PLOTS.items()]
    run = figures["long_run"]
    first, last = run["samples"][1], run["samples"][-1]
    grown = [f"{mb:.1f} MB and {files} open files after {done:,}" for done, mb, files in (first, last)]
    kinds = "statuses, quotes with their plans, base costs, balances, signatures"
    told = f"{run['operations']:,} operations of one wallet ({kinds}) in {run['seconds']:.0f} s: {', '.join(grown)}."
    parts += ["## The long run\n", told, NOT_COMPARABLE]
    return "\n".join(parts)


# ---------------------------------------------------------------- the budget
def contributing(page: str, figures: Figures) -> str:
    """CONTRIBUTING.md with the table of budgets as they are held."""
    before, _, rest = page.partition(f"{BUDGETS}\n")
    table = "\n".join(_table(("what", "budget", "measured", ""), budgets(figures)))
    return f"{before}{BUDGETS}\n{table}\n\n{rest.partition(chr(10) * 2)[2]}"


def budgets(figures: Figures) -> list[tuple[str, str, str, str]]:
    """Every line of design.md's table: what, the budget, the figure, and whether it holds."""
    ours = figures["flows"]["100 ms"]["zkcore"]
    rows = []
    for what, name, waves, calls in (
        ("ETH deposit, first in a session", "deposit ETH, cold", 4, 20),
        ("the same, warm", "deposit ETH, warm", 3, 12),
        ("ERC-20 deposit with allowance, first", "deposit ERC-20, cold", 4, 30),
        ("finalize withdrawal, first", "finalize, cold", 4, 18),
        ("deposit status", "deposit status", 2, 5),
        ("withdrawal status", "withdrawal status", 3, 12),
    ):
        row = ours[name]
        held = row["waves"] <= waves and row["calls"] <= calls
        rows.append((what, f"<= {waves} waves, <= {calls} calls", f"{row['waves']} waves, {row['calls']} calls", held))
    for statement, ms, share in (("import zkcore", 60, 0.10), ("from zkcore import Wallet, ETH, ether", 100, 0.18)):
        row = figures["imports"][statement]
        held = row["ms"][0] <= ms and row["of_zksync2"][0] <= share
        figure = f"{row['ms'][0]:.0f} ms ({row['cpu_ms'][0]:.0f} of CPU), {row['of_zksync2'][0]:.3f}"
        rows.append((f"`{statement}`", f"<= {ms} ms, <= {share} of zksync2", figure, held))
    heavy = figures["loaded"]
    rows.append(("loaded by it: eth_*, httpx, device libraries", "none", ", ".join(heavy) or "none", not heavy))
    for what, name, peer, times in (
        ("canonical L2 hash from fields", "canonical_hash", "ethers", 20),
        ("0x71 digest", "digest_0x71", "zksync-ethers", 10),
    ):
        ratio = figures["encodings"][name][peer]["ratio"][0]
        rows.append((what, f"<= 1/{times} of {peer}", f"1/{ratio:.1f}", ratio >= times))
    count = figures["distributions"]
    rows.append(("distributions of the core", "<= 22 and zkcore", f"{count} and zkcore", count <= 22))
    return [(*row[:3], "held" if row[3] else "**missed**") for row in rows]


# ---------------------------------------------------------------- parts
def _table(head: tuple[str, ...], rows: list[Any]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _spread(values: Any, digits: int | None = None) -> str:
    places = digits if digits is not None else 0 if values[0] >= 20 else 1
    middle, low, high = (f"{value:,.{places}f}" for value in values)
    return f"{middle} ({low}-{high})"


def _encoding(name: str, row: Figures) -> str:
    cells = {"python": "", "javascript": ""}
    for peer, found in row.items():
        if peer != "zkcore":
            place = "javascript" if peer in {"ethers", "zksync-ethers"} else "python"
            cells[place] = f"{peer}: {_spread(found['us'])}, **{found['ratio'][0]:.1f}** times"
    if name in encodings.ALONE:
        cells["python"] = "none"
    return f"| {encodings.TITLES[name]} | {_spread(row['zkcore']['us'])} | {cells['python']} | {cells['javascript']} |"


def _flows(flows: Figures) -> list[str]:
    parts = [FLOWS]
    for latency, note in (("100 ms", "With 100 ms to each node"), ("devnet", "On the devnet, without delay")):
        clients = flows[latency]
        parts += [f"\n**{note}**: waves · HTTP requests · JSON-RPC calls, and ms\n"]
        steps = list(clients["zkcore"])
        rows = []
        for step in steps:
            cells = []
            for found in clients.values():
                row = found.get(step)
                if row is None:
                    cells.append("")
                elif "error" in row:
                    cells.append("*fails*")
                else:
                    cells.append(f"{row['waves']}·{row['http']}·{row['calls']}, {_spread(row['ms'])}")
            rows.append((step, *cells))
        parts += _table(("", *clients), rows)
    parts += ["", "![Waves](performance/waves.svg)", "", "![Time with 100 ms to each node](performance/flows.svg)"]
    return parts


PLOTS = {
    "calldata": "Hashes and calldata",
    "factory_deps": "A 0x71 digest and its factory deps",
    "proofs": "Verifying a proof, by the siblings of its first path",
    "batches": "Calls one by one and in one batch, 20 ms to the node",
    "long_run": "Memory over the long run",
}


def plots(figures: Figures) -> dict[str, str]:
    """{file name: SVG}."""
    growth = figures["growth"]
    samples = figures["long_run"]["samples"]
    memory = {"MB resident": [(row[0], row[1]) for row in samples], "open files": [(row[0], row[2]) for row in samples]}
    axes = {
        "calldata": ("kB of calldata", "µs"),
        "factory_deps": ("bytecodes of 3 kB", "µs"),
        "proofs": ("siblings", "µs"),
        "batches": ("calls", "ms"),
    }
    drawn = {}
    for name, (x, y) in axes.items():
        series = dict(growth[name])
        # a line ten times above the others would leave of them nothing to see: it is in the JSON
        height = max(point[1] for line, points in series.items() if "ethers" not in line for point in points)
        series = {line: [tuple(p) for p in points] for line, points in series.items() if points[-1][1] <= 5 * height}
        drawn[f"{name}.svg"] = svg.lines(PLOTS[name], x, y, series)
    drawn["long_run.svg"] = svg.lines(PLOTS["long_run"], "operations", "MB, files", memory)
    clients = figures["flows"]["100 ms"]
    shown = {"ETH, cold": "deposit ETH, cold", "ETH, warm": "deposit ETH, warm", "ERC-20": "deposit ERC-20, cold"}
    shown |= {"finalize": "finalize, cold", "status": "withdrawal status"}
    for file, title, unit in (
        ("waves", "Waves of HTTP requests", ""),
        ("flows", "Time with 100 ms to each node", "ms"),
    ):
        groups = {
            label: {
                client: float(found[step]["waves"] if file == "waves" else found[step]["ms"][0])
                for client, found in clients.items()
                if client != "zkcore, async" and "ms" in found.get(step, {})
            }
            for label, step in shown.items()
        }
        drawn[f"{file}.svg"] = svg.bars(title, unit, groups)
    return drawn
