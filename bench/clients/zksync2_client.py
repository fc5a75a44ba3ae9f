"""As zkcore_client.py, by zksync2 (on web3.py). What it cannot do on a chain of today it says."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from eth_account import Account
from web3 import HTTPProvider, Web3
from zksync2.account.wallet import Wallet
from zksync2.core.types import DepositTransaction
from zksync2.module.module_builder import ZkSyncBuilder


def main() -> None:
    job = json.loads(sys.stdin.readline())
    account = Account.from_key(job["key"])

    def fresh() -> tuple[Any, Web3]:
        l1 = Web3(HTTPProvider(job["l1"]))
        return Wallet(ZkSyncBuilder.build(job["l2"]), l1, account), l1

    def step(name: str, act: Callable[[], Any]) -> Any:
        print(json.dumps({"ready": name}), flush=True)
        sys.stdin.readline()
        start = time.perf_counter()
        try:
            value = act()
        except Exception as error:  # noqa: BLE001  # any: it is told, and the other steps go on
            print(json.dumps({"step": name, "error": f"{type(error).__name__}: {error}"[:200]}), flush=True)
            return None
        print(json.dumps({"step": name, "ms": (time.perf_counter() - start) * 1e3}), flush=True)
        return value

    def deposit(wallet: Any, token: str) -> Any:
        return wallet.deposit(DepositTransaction(token=token, amount=10**15))

    wallet, l1 = fresh()
    for name in ("deposit ETH, cold", "deposit ETH, warm"):
        if (sent := step(name, lambda: deposit(wallet, job["ether"]))) is not None:
            l1.eth.wait_for_transaction_receipt(sent)
    wallet, l1 = fresh()
    wallet.approve_erc20(job["token"], 10**18)
    wallet, l1 = fresh()
    step("deposit ERC-20, cold", lambda: deposit(wallet, job["token"]))
    step("withdrawal status", lambda: wallet.is_withdrawal_finalized(job["withdrawal"]))
    wallet, l1 = fresh()
    step("finalize, cold", lambda: wallet.finalize_withdrawal(job["withdrawal"]))


if __name__ == "__main__":
    main()
