"""The dashboard of docs/operations.md, drawn from what `observe=` told of a real run: `python -m bench.dashboard`.

A keeper and its orders on the devnet, with a node that breaks off for a while; each panel is an alert worth having.
"""

import re
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import quantiles

from bench import svg
from signers import PrivateKeySigner
from zkcore import ETH, Journal, Keeper, KeeperPolicy, Wallet, ether
from zkcore.errors import ZkCoreError
from zkcore.observe import Span
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.faults import Status

PICTURE = Path(__file__).resolve().parents[1] / "docs/images/dashboard.svg"
SECONDS, STEP = 30.0, 2.0


def main() -> None:
    """Run it, and draw what was told."""
    PICTURE.write_text(drawn(told()), encoding="utf-8")


def told() -> list[tuple[float, Span]]:
    """Every span that ended, with the second in which it did."""
    spans: list[tuple[float, Span]] = []
    begun = time.monotonic()

    def hook(span: Span) -> None:
        if span.seconds is not None:
            spans.append((time.monotonic() - begun, span))

    with Devnet("era-eth", l2_balance=10**20) as net, Journal(":memory:") as journal:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url, journal=journal, observe=hook) as wallet:
            stop = threading.Event()
            keeper = Keeper([wallet], policy=KeeperPolicy(interval=1.0, replace_after=None))
            thread = threading.Thread(target=keeper.run, args=(stop,))
            begun = time.monotonic()
            thread.start()
            order = 0
            while (now := time.monotonic() - begun) < SECONDS:
                if 12 < now < 15:
                    net.faults.add(Status(503), node="l2", times=20)
                order += 1
                try:
                    if order % 4:
                        wallet.deposit(ETH, ether("0.001") + order, reference=f"invoice {order}")
                    else:
                        wallet.withdraw(ETH, ether("0.001") + order, reference=f"payout {order}")
                except ZkCoreError:
                    time.sleep(0.2)
                time.sleep(0.25)
            net.faults.clear()
            time.sleep(3)
            stop.set()
            thread.join(timeout=60)
    return spans


def drawn(spans: list[tuple[float, Span]]) -> str:
    """Four panels in one picture."""
    end = max(at for at, _ in spans)
    times = [STEP * i for i in range(1, int(end / STEP) + 1)]

    def rate(name: str, of: str, *, failed: bool = False) -> dict[str, list[tuple[float, float]]]:
        counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for at, span in spans:
            if span.name == name and bool(span.error) == failed:
                counts[str(span.attributes.get(of, name))][int(at / STEP)] += 1
        return {
            kind: [(t, row.get(int(t / STEP) - 1, 0) / STEP) for t in times] for kind, row in sorted(counts.items())
        }

    states: dict[str, str] = {}
    flying: dict[str, list[tuple[float, float]]] = {"in flight": [], "done": []}
    changes = [(at, span.attributes) for at, span in spans if span.name == "state"]
    for t in times:
        states |= {str(a["reference"]): str(a["state"]) for at, a in changes if t - STEP <= at < t}
        flying["done"].append((t, float(sum(state == "done" for state in states.values()))))
        moving = sum(state in {"signed", "sent", "uncertain", "claimable"} for state in states.values())
        flying["in flight"].append((t, float(moving)))
    waves: dict[str, list[tuple[float, float]]] = {"median": [], "95 %": []}
    for t in times:
        some = [1e3 * (s.seconds or 0) for at, s in spans if s.name == "wave" and t - 2 * STEP <= at < t]
        if len(some) > 1:
            cuts = quantiles(some, n=20, method="inclusive")
            waves["median"].append((t, cuts[9]))
            waves["95 %"].append((t, cuts[18]))
    errors = {f"{kind}, failed": row for kind, row in rate("call", "chain", failed=True).items()}
    panels = (
        svg.lines("Orders, by their last state", "seconds", "orders", flying),
        svg.lines("Calls to nodes", "seconds", "a second", {**rate("call", "chain"), **errors}),
        svg.lines("Waves: how long nodes take", "seconds", "milliseconds", waves),
        svg.lines("Signatures", "seconds", "a second", rate("sign", "kind")),
    )
    wide, high = svg.WIDTH, svg.HEIGHT
    inner = [
        re.sub(r"<svg ", f"<svg x='{wide * (i % 2)}' y='{high * (i // 2)}' height='{high}' ", panel, count=1)
        for i, panel in enumerate(panels)
    ]
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {2 * wide} {2 * high}' width='{2 * wide}'>"
    return "\n".join([head, *inner, "</svg>\n"])


if __name__ == "__main__":
    main()
