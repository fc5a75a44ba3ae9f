"""How cost grows: with factory deps, calldata, proof paths and batches."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.encodings import ALICE, BOB, CALL, CANONICAL, FEES, proofs
from bench.measure import Figures, Task, timed
from bench.nodes import Relays
from zkcore.effects import gather
from zkcore.explore import Client
from zkcore.methods import calls
from zkcore.protocol.priority import CanonicalTransaction
from zkcore.protocol.proofs import verify_proof
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Eip712Transaction

HERE = Path(__file__).parent
KILOBYTES = (0, 4, 16, 32, 64, 100)
DEPS = (0, 1, 2, 4, 8, 16, 32)
SIBLINGS = (4, 8, 14, 20, 32)
BATCHES = (1, 2, 5, 10, 25, 50, 100, 200)
BYTECODE = bytes(32 * 101)  # of an odd number of words


def measure(seconds: float) -> Figures:
    """{plot: {line: [[x, y], ...]}}, y in microseconds, in milliseconds for batches."""
    from eth_abi import encode
    from eth_utils import keccak

    kind = f"({','.join(['uint256'] * 10)},uint256[4],bytes,bytes,uint256[],bytes,bytes)"

    def by_eth_abi(data: bytes) -> Any:
        head = (255, int(ALICE, 16), int(BOB, 16), 1_200_000, 800, 250_000_000, 0, 0, 4_711, 10**17)
        return keccak(encode([kind], [(*head, list(CANONICAL["reserved"]), data, b"", [], b"", b"")]))

    def digest(data: bytes, deps: int) -> Any:
        more = {"to": BOB, "value": 1, "data": data, "factory_deps": (BYTECODE,) * deps}
        return Eip712Transaction(**FEES, **more, chain_id=324, from_address=ALICE).signing_hash()

    sizes = [bytes(range(256)) * (4 * kilobytes) for kilobytes in KILOBYTES]
    javascript = _javascript(sizes, seconds)
    return {
        "calldata": {
            "zkcore, L2 hash": _points(KILOBYTES, [_hash(data, seconds) for data in sizes]),
            "zkcore, 0x71 digest": _points(KILOBYTES, [timed(lambda d=d: digest(d, 0), seconds) for d in sizes]),
            "eth-abi, L2 hash": _points(KILOBYTES, [timed(lambda d=d: by_eth_abi(d), seconds) for d in sizes]),
            "ethers, L2 hash": _points(KILOBYTES, javascript),
        },
        "factory_deps": {
            "zkcore, 0x71 digest": _points(DEPS, [timed(lambda n=n: digest(CALL["data"], n), seconds) for n in DEPS])
        },
        "proofs": {
            "to L1": _points(SIBLINGS, [_proof(seconds, n) for n in SIBLINGS]),
            "through a gateway": _points(SIBLINGS, [_proof(seconds, n, 5, 8) for n in SIBLINGS]),
        },
        "batches": _batches(),
    }


def _hash(data: bytes, seconds: float) -> float:
    return timed(lambda: CanonicalTransaction(**CANONICAL | {"data": data}).hash(), seconds)


def _proof(seconds: float, *lengths: int) -> float:
    proof = proofs(*lengths)
    return timed(lambda: verify_proof(**proof), seconds)


def _points(xs: tuple[int, ...], ys: list[float]) -> list[list[float]]:
    return [[x, y] for x, y in zip(xs, ys, strict=True)]


def _javascript(sizes: list[bytes], seconds: float) -> list[float]:
    work = {"seconds": seconds, "sizes": ["0x" + data.hex() for data in sizes], "from": ALICE, "to": BOB}
    run = ["node", "growth.mjs"]
    done = subprocess.run(
        run, cwd=HERE / "peers", input=json.dumps(work), check=True, capture_output=True, text=True, timeout=120
    )
    us: list[float] = json.loads(done.stdout)
    return us


def _wall(task: Task) -> float:
    """Milliseconds, the least of three."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        task()
        found.append((time.perf_counter() - start) * 1e3)
    return min(found)


def _batches() -> Figures:
    """The time of so many calls, one after the other and in one batch, with 20 ms to the node."""
    found: Figures = {"one by one": [], "in one batch": []}
    with Devnet("era-eth") as net, Relays(l1=net.l1_url) as relays, Client(relays.urls["l1"]) as node:
        asked = [calls.get_balance("l1", net.accounts[i % 10].address) for i in range(max(BATCHES))]
        relays.freeze()
        node.run(gather(*asked[:10]))
        relays.latency = 0.02
        for size in BATCHES:
            batch = _wall(lambda n=size: node.run(gather(*asked[:n])))
            found["in one batch"].append([size, batch])
            if size <= 25:
                single = _wall(lambda n=size: [node.run(call) for call in asked[:n]])
                found["one by one"].append([size, single])
    return found
