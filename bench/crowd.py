"""Many at once from one process: 200 deposits, 500 status checks, 100 finalizations, on the devnet over HTTP."""

import asyncio
import time
from typing import Any

from bench.measure import Figures, resident
from bench.nodes import Counts, Relays
from signers import PrivateKeySigner
from zkcore import ETH, AsyncWallet
from zkcore.effects import gather
from zkcore.flows.status import request_status
from zkcore.testing.devnet import Devnet

DEPOSITS, STATUSES, FINALIZATIONS = 200, 500, 100


def measure() -> Figures:
    """{title: {"ms", "waves", "http", "calls", "mb": memory gained}}."""
    with Devnet("era-eth", l2_balance=10**20) as net, Relays(l1=net.l1_url, l2=net.l2_url) as relays:
        return asyncio.run(_all(net, relays))


async def _all(net: Devnet, relays: Relays) -> Figures:
    figures: Figures = {}
    signer = PrivateKeySigner(net.accounts[0].private_key)
    async with AsyncWallet(signer, chain=net.profile, l1=relays.urls["l1"], l2=relays.urls["l2"]) as wallet:

        async def counted(title: str, awaitable: Any) -> Any:
            relays.taken()
            start, before = time.perf_counter(), resident()
            value = await awaitable
            ms = (time.perf_counter() - start) * 1e3
            figures[title] = {"ms": ms, **Counts.of(relays.taken())._asdict(), "mb": resident() - before}
            return value

        await (await wallet.deposit(ETH, 10**17)).wait(timeout=60)  # imports, connections, the session's facts
        many = asyncio.gather(*[wallet.deposit(ETH, 10**12 + i) for i in range(DEPOSITS)])
        deposits = await counted(f"{DEPOSITS} deposits at once, sent", many)
        await counted(
            f"the same {DEPOSITS} waited for until they ran on L2",
            asyncio.gather(*[deposit.wait(timeout=120) for deposit in deposits]),
        )
        asked = [deposits[i % DEPOSITS] for i in range(STATUSES)]
        await counted(f"{STATUSES} `status()` at once", asyncio.gather(*[deposit.status() for deposit in asked]))
        flows = [request_status(wallet._session, deposit._record) for deposit in asked]
        await counted(f"{STATUSES} statuses as one gathered flow", wallet.run(gather(*flows)))
        withdrawals = [await wallet.withdraw(ETH, 10**9) for _ in range(FINALIZATIONS)]
        await withdrawals[-1].wait("ready", timeout=60)
        hashes = [(withdrawal.l2_tx_hash, 0) for withdrawal in withdrawals]
        outcomes = await counted(f"`finalize_withdrawals` of {FINALIZATIONS}", wallet.finalize_withdrawals(hashes))
        if failed := [one for one in outcomes if isinstance(one, Exception)]:
            raise failed[0]
    return figures
