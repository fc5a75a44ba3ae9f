"""`python -m zkcore.audit --for USE` names every module that the use runs: each is run here under a profiler."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.repo.money_path import ROOT
from tests.wallet.tools import AMOUNT, ERA
from zkcore import ETH, Wallet, ether
from zkcore._reach import SIGNERS, USES, path_of, reached
from zkcore.errors import DepositFailed, InputError
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.deploy import artifact

# the fixture's devnet, which shares the interpreter, and what no use is without
BESIDE = ("zkcore/testing/", "zkcore/explore/", "signers/testing/", "zkcore/__init__.py", "signers/__init__.py")


def ran(program: Callable[[], object]) -> set[str]:
    """The files of ours in which a function ran, in a thread of its own and those that it starts."""
    files: set[str] = set()
    failed: list[BaseException] = []

    def seen(frame: Any, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name not in {"<module>", "<listcomp>"}:
            files.add(frame.f_code.co_filename)

    def run() -> None:
        try:
            program()
        except BaseException as error:  # noqa: BLE001  # raised again in the test's thread
            failed.append(error)

    threading.setprofile(seen)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.setprofile(None)
    thread.join()
    if failed:
        raise failed[0]
    ours = {Path(name).relative_to(ROOT).as_posix() for name in files if Path(name).is_relative_to(ROOT)}
    return {name for name in ours if name.startswith(("zkcore/", "signers/")) and not name.startswith(BESIDE)}


def deposit(wallet: Wallet, net: Devnet) -> None:
    print(wallet.prepare_deposit(net.tokens["DAI"], AMOUNT).preview())
    wallet.deposit(net.tokens["DAI"], AMOUNT).wait(timeout=30)


def execute(wallet: Wallet, net: Devnet) -> None:
    wallet.request_execute(net.accounts[2].address, l2_value=5).wait(timeout=30)


def base_cost(wallet: Wallet, net: Devnet) -> None:
    wallet.get_base_cost(1_000_000)


def withdraw(wallet: Wallet, net: Devnet) -> None:
    wallet.withdraw(ETH, AMOUNT).wait("ready", timeout=30)


def call(wallet: Wallet, net: Devnet) -> None:
    wallet.execute(net.accounts[2].address, value=5).wait(timeout=30)


def deploy(wallet: Wallet, net: Devnet) -> None:
    print(wallet.prepare_deploy(artifact("Counter"), salt=bytes(32)).preview())
    wallet.deploy(artifact("Counter"), salt=bytes(32)).wait(timeout=30)


RUNS = {
    "call": call,
    "deploy": deploy,
    "deposit": deposit,
    "execute": execute,
    "base-cost": base_cost,
    "withdraw": withdraw,
}


@ERA
@pytest.mark.parametrize("use", RUNS)
def test_what_a_use_runs_is_in_its_list(net: Devnet, use: str) -> None:
    account = PrivateKeySigner(net.accounts[0].private_key)
    with Wallet(account, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as first:
        first.deposit(ETH, ether("1")).wait(timeout=30)

    def program() -> None:
        with Wallet(account, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            RUNS[use](wallet, net)

    listed = {path_of(module).relative_to(ROOT).as_posix() for module in reached(use, "key")}
    assert sorted(ran(program) - listed) == []


@ERA
def test_what_settles_runs_is_in_its_lists(net: Devnet) -> None:
    account = PrivateKeySigner(net.accounts[0].private_key)
    with Wallet(account, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        wallet.deposit(ETH, ether("1")).wait(timeout=30)
        withdrawal = wallet.withdraw(ETH, AMOUNT)
        withdrawal.wait("ready", timeout=30)
        net.fail_next_deposit()
        failed = wallet.deposit(net.tokens["DAI"], AMOUNT)
        with pytest.raises(DepositFailed):
            failed.wait(timeout=30)
        l2_tx_hash = failed.l2_tx_hash
    assert l2_tx_hash is not None

    def settle(use: str) -> None:
        with Wallet(account, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            if use == "claim":
                wallet.claim_failed_deposit(l2_tx_hash).wait(timeout=30)
            else:
                wallet.finalize_withdrawal(withdrawal.l2_tx_hash).wait(timeout=30)

    for use in ("claim", "finalize"):
        listed = {path_of(module).relative_to(ROOT).as_posix() for module in reached(use, "key")}
        assert sorted(ran(lambda use=use: settle(use)) - listed) == []


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("use", USES)
def test_each_is_read_after_what_it_builds_on(use: str, signer: str) -> None:
    order = reached(use, signer)
    assert order.index("zkcore.types") < order.index("zkcore.transactions") < order.index("zkcore.wallet.wallet")
    assert any(name.startswith("signers.trezor") for name in order) == (signer == "trezor")
    assert ("zkcore.flows.claim" in order) == (use == "claim")
    assert not any(name.startswith(("zkcore.testing", "zkcore.explore", "zkcore.cli")) for name in order)


def test_another_use_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="expected one of deposit, execute, .* got 'steal'"):
        reached("steal", "key")
    with pytest.raises(InputError, match="--signer: expected one of key, "):
        reached("deposit", "paper")
