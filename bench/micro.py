"""The encodings and signatures, ours and the peers' in turn; the `fast` extra; and what an import costs."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench import encodings
from bench.measure import Figures, probed, spread, timed

HERE = Path(__file__).parent
IMPORTS = {
    "import zkcore": "zkcore",
    "from zkcore import Wallet, ETH, ether": "zkcore",
    "from signers import LedgerSigner, TrezorSigner": "zkcore",
    "import msgspec": "of which msgspec",
    "import zksync2.account.wallet": "zksync2",
    "import web3": "web3",
    "import eth_account": "eth-account",
}
PROBE = """
import os, sys, time
held = set(sys.modules)
start, cpu = time.perf_counter(), time.process_time()
{statement}
ms, cpu = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
print(cpu, len(set(sys.modules) - held), int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20, ms)
"""
SIGN = """
import sys
sys.path.insert(0, sys.argv[1])
from bench import encodings
from bench.measure import timed
tasks = encodings.ours()
print(*(timed(tasks[name], float(sys.argv[2])) for name in ("sign", "signer")))
"""


def measure_imports(rounds: int) -> Figures:
    """Each in an interpreter of its own, in turn; the ratio to zksync2's is taken within a turn."""
    turns: dict[str, list[list[float]]] = {statement: [] for statement in IMPORTS}
    for turn in range(rounds + 1):
        for statement, found in turns.items():
            numbers = probed(PROBE.format(statement=statement))
            if turn:  # the first turn warms the file cache
                found.append(numbers)
    peer = turns["import zksync2.account.wallet"]
    return {
        statement: {
            "ms": spread([numbers[3] for numbers in found]),
            "cpu_ms": spread([numbers[0] for numbers in found]),
            "of_zksync2": spread([numbers[0] / other[0] for numbers, other in zip(found, peer, strict=True)]),
            "modules": int(found[0][1]),
            "mb": statistics.median(numbers[2] for numbers in found),
        }
        for statement, found in turns.items()
    }


def profile_import(rounds: int) -> Figures:
    """Where `from zkcore import Wallet, ETH, ether` spends its milliseconds: each package's own, by -X importtime."""
    found: dict[str, list[float]] = {}
    command = [sys.executable, "-X", "importtime", "-c", "from zkcore import Wallet, ETH, ether"]
    for _ in range(rounds):
        told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        rows = [line.removeprefix("import time:").split("|") for line in told.splitlines() if line.count("|") == 2]
        spent: dict[str, float] = {}
        for own, _, name in rows[1:]:
            package = name.strip().partition(".")[0]
            group = package if package in {"zkcore", "msgspec", "typing_extensions"} else "the standard library"
            spent[group] = spent.get(group, 0) + float(own) / 1e3
        for group, ms in spent.items():
            found.setdefault(group, []).append(ms)
    return {group: spread(values) for group, values in found.items()}


def measure_encodings(rounds: int, seconds: float) -> Figures:
    """CPU time, ours and the peers' in turn: node stands by, and measures when it is asked to."""
    ours, peers = encodings.ours(), encodings.peers()
    node = subprocess.Popen(
        ["node", "encodings.mjs"],
        cwd=HERE / "peers",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert node.stdin
    assert node.stdout
    node.stdin.write(json.dumps({"seconds": seconds, "work": encodings.for_javascript()}) + "\n")
    figures: Figures = {}
    for name, task in ours.items():
        others = {peers[name][0]: peers[name][1]} if name in peers else {}
        answers = {text(answer()) for answer in (task, *others.values())}
        found: dict[str, list[float]] = {peer: [] for peer in ("zkcore", *others)}
        for _ in range(rounds):
            for peer, work in {"zkcore": task, **others}.items():
                found[peer].append(timed(work, seconds))
            node.stdin.write(name + "\n")
            if (javascript := json.loads(node.stdout.readline())) is not None:
                answers.add(javascript["result"])
                found.setdefault(javascript["peer"], []).append(javascript["us"])
        if len(answers) != 1:
            sys.exit(f"{name}: the results differ: {answers}")
        mine = found.pop("zkcore")
        figures[name] = {"zkcore": {"us": spread(mine)}} | {peer: _beside(us, mine) for peer, us in found.items()}
    node.stdin.close()
    node.wait(timeout=30)
    return figures


def _beside(theirs: list[float], mine: list[float]) -> Figures:
    return {"us": spread(theirs), "ratio": spread([other / own for other, own in zip(theirs, mine, strict=True)])}


def text(result: object) -> str:
    return f"0x{result.hex()}" if isinstance(result, bytes) else str(result)


def measure_fast(rounds: int, seconds: float) -> Figures:
    """Signatures with coincurve (the `fast` extra) and without: eth-keys takes the backend from the environment."""
    found: dict[str, list[list[float]]] = {"CoinCurveECCBackend": [], "NativeECCBackend": []}
    for _ in range(rounds):
        for backend, numbers in found.items():
            env = {"ECC_BACKEND_CLASS": f"eth_keys.backends.{backend}"}
            numbers.append(probed(SIGN, str(HERE.parent), str(seconds), env=env))
    return {
        backend: {"sign": spread([n[0] for n in numbers]), "signer": spread([n[1] for n in numbers])}
        for backend, numbers in found.items()
    }
