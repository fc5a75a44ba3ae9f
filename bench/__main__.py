"""`nox -s bench`: ours beside the peers, in one run on one machine; writes docs/performance.md, its plots, its raw figures.

Everything is measured in rounds that take turns; a figure is the median, its spread the quartiles. Times belong to the
machine; the ratios travel better, and counts (modules, distributions, waves, calls) are asserted by the test suite.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from bench import crowd, flows, growth, longrun, micro, report
from bench.measure import Figures, machine

HERE = Path(__file__).parent
ROOT = HERE.parent
DOCS = ROOT / "docs"
LOADED = "import sys\nfrom zkcore import Wallet, ETH, ether\nprint(*{name.partition('.')[0] for name in sys.modules})"
HEAVY = re.compile(r"eth_\w+|httpx|pydantic|Crypto|ledger\w+|trezorlib|hid|usb1")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.05, help="of one timing")
    parser.add_argument("--long-run", type=float, default=40, metavar="SECONDS", help="the bound of the long run")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    parser.add_argument(
        "--page", action="store_true", help="measure nothing: write the page from the figures there are"
    )
    asked = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # imports are of compiled modules, as they are for users
    held = DOCS / "performance/figures.json"
    figures = json.loads(held.read_text()) if asked.page else measured(asked)
    if asked.dry:
        print(report.page(figures))
        return
    held.parent.mkdir(exist_ok=True)
    held.write_text(json.dumps(_rounded(figures), indent=1) + "\n")
    (DOCS / "performance.md").write_text(report.page(figures))
    page = DOCS.parent / "CONTRIBUTING.md"
    page.write_text(report.contributing(page.read_text(), figures))
    for name, drawn in report.plots(figures).items():
        (held.parent / name).write_text(drawn)


def measured(asked: argparse.Namespace) -> Figures:
    """All figures, in one run."""
    locked = json.loads((HERE / "peers/package-lock.json").read_text())["packages"]
    peers = {name: version(name) for name in ("zksync2", "web3", "eth-account", "eth-abi", "rlp")}
    peers |= {name: locked[f"node_modules/{name}"]["version"] for name in ("ethers", "zksync-ethers")}
    began = time.monotonic()
    figures: Figures = {"machine": {**machine(), "peers": peers}}
    for name, measure in {
        "imports": lambda: micro.measure_imports(asked.rounds),
        "import_profile": lambda: micro.profile_import(asked.rounds),
        "encodings": lambda: micro.measure_encodings(asked.rounds, asked.seconds),
        "fast": lambda: micro.measure_fast(3, asked.seconds),
        "flows": lambda: flows.measure(2),
        "crowd": crowd.measure,
        "growth": lambda: growth.measure(asked.seconds / 2),
        "long_run": lambda: longrun.measure(asked.long_run),
        "loaded": loaded,
        "distributions": lambda: len(re.findall(r"(?m)^[a-z0-9]", (ROOT / "requirements/core.txt").read_text())),
        "money_path": money_path,
    }.items():
        figures[name] = measure()
        print(f"{time.monotonic() - began:5.0f} s  {name}", file=sys.stderr)
    figures["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    return figures


def loaded() -> list[str]:
    """What of the heavy libraries the public face loads: none."""
    run = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(name for name in run.stdout.split() if HEAVY.fullmatch(name))


def money_path() -> int:
    from tests.repo.money_path import money_path

    return sum(money_path().values())


def _rounded(value: object) -> object:
    """Four figures are more than any of this is worth."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(held) for key, held in value.items()}
    return [_rounded(held) for held in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
