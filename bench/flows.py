"""Whole flows by us and by peers, each in a process of its own, over one devnet: waves, HTTP requests, calls, time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from bench.measure import Figures, spread
from bench.nodes import Counts, Relays
from signers import PrivateKeySigner
from zkcore import ETH, Wallet
from zkcore.testing.devnet import Devnet

HERE = Path(__file__).parent
LATENCY = 0.1  # seconds from an HTTP request to its answer
CLIENTS = {
    "zkcore": [sys.executable, HERE / "clients/zkcore_client.py", "sync"],
    "zkcore, async": [sys.executable, HERE / "clients/zkcore_client.py", "async"],
    "zksync-ethers": ["node", HERE / "peers/client.mjs"],
    "zksync2": [sys.executable, "-W", "ignore", HERE / "clients/zksync2_client.py"],
}


def measure(rounds: int) -> Figures:
    """{latency: {client: {step: {"ms": spread, "waves", "http", "calls"} or {"error"}}}}."""
    figures: Figures = {}
    with Devnet("era-eth", l2_balance=10**20) as net, Relays(l1=net.l1_url, l2=net.l2_url) as relays:
        for name, latency, turns in (("devnet", 0.0, 1), ("100 ms", LATENCY, rounds)):
            runs: dict[str, list[dict[str, Any]]] = {client: [] for client in CLIENTS}
            for _ in range(turns):
                for i, client in enumerate(CLIENTS):
                    relays.latency = 0.0
                    job = _job(net, relays, i + 1)
                    relays.latency = latency
                    runs[client].append(_run(client, job, relays))
            figures[name] = {client: _joined(found) for client, found in runs.items()}
    return figures


def _job(net: Devnet, relays: Relays, who: int) -> dict[str, Any]:
    """What a client is to do: an account of its own, and a withdrawal for those that cannot make one."""
    with Wallet(PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url) as w:
        w.deposit(ETH, 10**16).wait(timeout=60)  # so that L1 has what is withdrawn
        withdrawal = w.withdraw(ETH, 10**12)
        withdrawal.wait("ready", timeout=60)
    profile = {k: v if v is None or isinstance(v, int | str) else str(v) for k, v in _fields(net.profile).items()}
    return {
        **relays.urls,
        "key": net.accounts[who].private_key,
        "token": str(net.tokens["DAI"]),
        "ether": "0x0000000000000000000000000000000000000001",
        "withdrawal": str(withdrawal.l2_tx_hash),
        "profile": profile,
    }


def _fields(profile: Any) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(profile).items() if name != "tokens"}


def _run(client: str, job: dict[str, Any], relays: Relays) -> dict[str, Any]:
    cwd = HERE / "peers" if client == "zksync-ethers" else HERE.parent
    process = subprocess.Popen(
        CLIENTS[client], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=cwd
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(job) + "\n")
    found: dict[str, Any] = {}
    for line in process.stdout:
        row = json.loads(line)
        if "ready" in row:
            relays.taken()
            process.stdin.write("\n")
        else:
            found[row.pop("step")] = row | Counts.of(relays.taken())._asdict()
    if process.wait():
        sys.exit(f"{client} failed after {list(found)}")
    return found


def _joined(runs: list[dict[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for name in runs[0]:
        rows = [run[name] for run in runs]
        done = [row for row in rows if "ms" in row]
        joined[name] = {**done[0], "ms": spread([row["ms"] for row in done])} if done else rows[0]
        joined[name]["failed"] = len(rows) - len(done)
    return joined
