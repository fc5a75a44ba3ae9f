"""The long run: 10,000 operations of one wallet in one process, its memory and open files sampled on the way.

The node is a mock that has learned the devnet's answers (bench/nodes.py), over HTTP. Bounded in time as well.
"""

import gc
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.flows import _fields
from bench.measure import Figures, descriptors, resident
from bench.nodes import Relays
from zkcore.testing.devnet import Devnet

OPERATIONS, SAMPLES = 10_000, 20


def measure(seconds: float) -> Figures:
    """{"operations", "seconds", "samples": [[operations, MB, descriptors], ...]}."""
    with Devnet("era-eth") as net, Relays(l1=net.l1_url, l2=net.l2_url) as relays:
        relays.freeze()
        profile = {k: v if v is None or isinstance(v, int | str) else str(v) for k, v in _fields(net.profile).items()}
        job = {**relays.urls, "key": net.accounts[0].private_key, "profile": profile, "seconds": seconds}
        run = [sys.executable, "-m", "bench.longrun"]
        done = subprocess.run(
            run,
            input=json.dumps(job),
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=seconds + 60,
        )
        figures: Figures = json.loads(done.stdout)
        return figures


def main() -> None:
    from signers import PrivateKeySigner
    from zkcore import ETH, ChainProfile, Wallet

    job = json.load(sys.stdin)
    signer = PrivateKeySigner(job["key"])
    samples: list[Any] = []
    done = 0
    with Wallet(signer, chain=ChainProfile(**job["profile"]), l1=job["l1"], l2=job["l2"]) as wallet:
        deposit = wallet.deposit(ETH, 10**12)
        deposit.wait(timeout=60)

        def sign() -> object:
            return signer.sign_transaction(plan.steps[0].transaction)

        def prepare() -> object:
            return wallet.prepare_deposit(ETH, 10**12)

        acts = [deposit.status, wallet.get_base_cost, prepare, sign, deposit.status, sign, wallet.get_l1_balance]
        arguments: dict[Any, tuple[int, ...]] = {wallet.get_base_cost: (1_000_000,)}
        plan = wallet.prepare_deposit(ETH, 10**12)
        for act in acts * 20:  # caches, connections
            act(*arguments.get(act, ()))
        start = time.monotonic()
        for act in itertools.islice(itertools.cycle(acts), OPERATIONS + 1):
            if done % (OPERATIONS // SAMPLES) == 0:
                gc.collect()
                samples.append([done, round(resident(), 2), descriptors()])
            if time.monotonic() - start > job["seconds"]:
                break
            act(*arguments.get(act, ()))
            done += 1
        seconds = time.monotonic() - start
    print(json.dumps({"operations": done, "seconds": seconds, "samples": samples}))


if __name__ == "__main__":
    main()
