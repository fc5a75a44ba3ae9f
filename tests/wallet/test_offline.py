"""Three machines: one online without a key, one offline with it, one online to send."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, readable, sends, wallet_of
from zkcore import ETH, AsyncWallet, Wallet
from zkcore.errors import InputError, NoSigner, PlanTampered
from zkcore.plans.plan import Plan, SignedPlan, sign_plan
from zkcore.testing.devnet import Devnet, Lie

# What runs on the machine with the key: no socket can be made there, so nothing can be asked or sent
OFFLINE = """
import socket, sys, pathlib

def refuse(*_, **__):
    raise AssertionError("this machine has no network")

socket.socket = socket.create_connection = socket.getaddrinfo = refuse

from signers import PrivateKeySigner
from zkcore.plans.plan import Plan, sign_plan

folder, approved = pathlib.Path(sys.argv[1]), sys.argv[2]
plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
print(plan.preview())
signed = sign_plan(plan, PrivateKeySigner.from_env("OFFLINE_KEY"), expected_hash=approved)
(folder / "signed.json").write_text(signed.to_json(), encoding="utf-8")
loaded = [name for name in ("httpx", "anyio", "ssl") if name in sys.modules]
assert not loaded, loaded
"""


def signed_offline(folder: Path, key: str, approved: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", OFFLINE, str(folder), approved]
    environment = {"OFFLINE_KEY": key, "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_three_machines(net: Devnet, tmp_path: Path) -> None:
    account, token = net.accounts[0], net.tokens["DAI"]
    # the first is online, and has no key
    online = wallet_of(net, account.address, **readable(net, Wallet))
    plan = online.prepare_deposit(token, AMOUNT)
    assert len(plan.steps) >= 2  # approvals, and the deposit
    (tmp_path / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    # the second has the key and no network; its user compares the hash
    done = signed_offline(tmp_path, str(account.private_key), str(plan.hash))
    assert done.returncode == 0, done.stderr
    for step in plan.steps:
        assert str(step.transaction.signing_hash()) in done.stdout
    assert str(plan.hash) in done.stdout
    assert str(account.private_key).removeprefix("0x") not in done.stdout + done.stderr
    # the third sends it, and has no key either
    sender = wallet_of(net, account.address)
    before = sender.get_l1_balance(token)
    deposit = sender.submit(SignedPlan.from_json((tmp_path / "signed.json").read_text(encoding="utf-8")))
    assert deposit.wait(timeout=30).status == 1
    assert before - sender.get_l1_balance(token) == AMOUNT
    assert sender.get_balance(token) == AMOUNT
    assert len(sends(net)) == len(plan.steps)


@ERA
def test_the_offline_machine_signs_what_was_approved_and_nothing_else(net: Devnet, tmp_path: Path) -> None:
    account = net.accounts[0]
    wallet = wallet_of(net, account.address)
    approved, other = wallet.prepare_deposit(ETH, AMOUNT), wallet.prepare_deposit(ETH, AMOUNT + 1)
    (tmp_path / "plan.json").write_text(other.to_json(), encoding="utf-8")
    done = signed_offline(tmp_path, str(account.private_key), str(approved.hash))
    assert done.returncode == 1
    assert "PlanTampered" in done.stderr
    assert str(approved.hash) in done.stderr
    assert not (tmp_path / "signed.json").exists()


@ERA
def test_a_watch_only_wallet_signs_nothing(net: Devnet, open_wallet: Any) -> None:
    account = net.accounts[0]
    for who in (account.address, str(account.address), str(account.address).lower()):
        wallet = open_wallet(net, who)
        assert wallet.address == account.address
        plan = wallet.prepare_deposit(ETH, AMOUNT)
        with pytest.raises(NoSigner, match=str(account.address)):
            wallet.submit(plan)
        with pytest.raises(NoSigner):
            wallet.deposit(ETH, AMOUNT)
        assert wallet.submit(sign_plan(plan, PrivateKeySigner(account.private_key))).wait(timeout=30).status == 1
    assert len(sends(net)) == 3


@ERA
def test_every_quote_and_plan_reads_only(net: Devnet, open_wallet: Any) -> None:
    """Over transports that refuse to send, without a key."""
    rich, token = open_wallet(net), net.tokens["DAI"]
    rich.deposit(ETH, 10**18).wait(timeout=30)
    withdrawal = rich.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    net.fail_next_deposit()
    failed = rich.deposit(token, AMOUNT)
    failed.status()
    sent = len(sends(net))
    kind = Wallet if isinstance(rich, Wallet) else AsyncWallet
    wallet = open_wallet(net, net.accounts[0].address, **readable(net, kind))
    to = net.accounts[1].address
    orders: list[tuple[str, tuple[Any, ...]]] = [
        ("deposit", (ETH, AMOUNT)),
        ("deposit", (token, AMOUNT)),
        ("request_execute", (to, b"\x01\x02")),
        ("withdraw", (ETH, AMOUNT)),
        ("withdraw", (net.l2_tokens["CROWN"], AMOUNT)),
        ("finalize_withdrawal", (withdrawal.l2_tx_hash,)),
        ("claim_failed_deposit", (failed.l2_tx_hash,)),
        ("approve", (token, AMOUNT)),
        ("transfer", (to, AMOUNT)),
        ("l1_transfer", (to, AMOUNT)),
    ]
    for name, arguments in orders:
        quote = getattr(wallet, f"quote_{name}")(*arguments)
        plan = getattr(wallet, f"prepare_{name}")(*arguments)
        assert quote.max_fee_per_gas == plan.steps[-1].transaction.max_fee_per_gas
        assert Plan.from_json(plan.to_json()) == plan
        assert str(plan.preview(net.profile))
    assert len(sends(net)) == sent


@ERA
def test_a_plan_expires(net: Devnet) -> None:
    wallet = wallet_of(net)
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    assert plan.facts.expires_after_l1_block == plan.facts.l1_block + 7_200  # type: ignore[operator]
    late = plan.facts.expires_after_l1_block + 1  # type: ignore[operator]
    net.faults.add(Lie(lambda _: hex(late)), node="l1", method="eth_blockNumber")
    with pytest.raises(InputError, match=f"expired with L1 block {plan.facts.expires_after_l1_block}"):
        wallet.submit(plan)
    assert not sends(net)
    net.faults.clear()
    assert wallet.submit(plan).wait(timeout=30).status == 1


@ERA
def test_the_hash_that_was_approved_may_come_as_text(net: Devnet) -> None:
    account = net.accounts[0]
    plan = wallet_of(net, account.address).prepare_deposit(ETH, AMOUNT)
    key = PrivateKeySigner(account.private_key)
    assert sign_plan(plan, key, expected_hash=str(plan.hash)).hash == plan.hash
    with pytest.raises(PlanTampered):
        sign_plan(plan, key, expected_hash="0x" + "11" * 32)
    with pytest.raises(InputError):
        sign_plan(plan, key, expected_hash="0x11")
