"""What bench/flows.py has zkcore do, by blocking or by awaiting: reads a job from stdin, writes one JSON line a step.

Between two lines it waits for a line on stdin, so that whoever drives it can tell whose requests are whose.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from signers import PrivateKeySigner
from zkcore import ETH, AsyncWallet, ChainProfile, Wallet


async def main(kind: str) -> None:
    job = json.loads(sys.stdin.readline())
    profile = ChainProfile(**job["profile"])
    signer = PrivateKeySigner(job["key"])
    nodes: dict[str, Any] = {"chain": profile, "l1": job["l1"], "l2": job["l2"]}

    def fresh() -> Any:
        return Wallet(signer, **nodes) if kind == "sync" else AsyncWallet(signer, **nodes)

    async def plain(value: Any) -> Any:
        return await value if isawaitable(value) else value

    async def step(name: str, act: Callable[[], Any | Awaitable[Any]]) -> Any:
        print(json.dumps({"ready": name}), flush=True)
        sys.stdin.readline()
        start = time.perf_counter()
        value = await plain(act())
        print(json.dumps({"step": name, "ms": (time.perf_counter() - start) * 1e3}), flush=True)
        return value

    token = job["token"]
    wallet = fresh()  # its first deposit pays for what is imported on first use
    await plain((await step("deposit ETH, first of a process", lambda: wallet.deposit(ETH, 10**15))).wait(timeout=60))
    wallet = fresh()
    for name in ("deposit ETH, cold", "deposit ETH, warm"):
        deposit = await step(name, lambda: wallet.deposit(ETH, 10**15))
        await plain(deposit.wait(timeout=60))
    await step("deposit status", deposit.status)
    await plain((await plain(wallet.approve(token, 10**9))).wait(timeout=60))
    wallet = fresh()
    for name in ("deposit ERC-20, cold", "deposit ERC-20, warm"):
        deposit = await step(name, lambda: wallet.deposit(token, 1_000))
        await plain(deposit.wait(timeout=60))
    withdrawals = [await plain(wallet.withdraw(ETH, 10**12)) for _ in range(2)]
    for withdrawal in withdrawals:
        await plain(withdrawal.wait("ready", timeout=60))
    await step("withdrawal status", withdrawals[0].status)
    wallet = fresh()
    for name, withdrawal in zip(("finalize, cold", "finalize, warm"), withdrawals, strict=True):
        finalized = await step(name, lambda: wallet.finalize_withdrawal(withdrawal.l2_tx_hash))  # noqa: B023
        await plain(finalized.wait(timeout=60))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
