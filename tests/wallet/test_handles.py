"""Handles: their JSON, and another process that goes on with them."""

import json
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.strategies import addresses, hashes, uints
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, ether
from zkcore.errors import ChainIdMismatch, DepositFailed, InputError
from zkcore.plans.records import (
    RequestRecord,
    SettlementRecord,
    TransactionRecord,
    WithdrawalRecord,
    record_from_json,
    record_to_json,
)
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.deploy import artifact
from zkcore.types import Address, Hash32
from zkcore.wallet.handles import ASYNC_HANDLES, HANDLES

HASH = Hash32(b"\x11" * 32)
REQUEST = RequestRecord(
    kind="deposit",
    l1_chain_id=1,
    l2_chain_id=324,
    diamond=Address(b"\xa1" * 20),
    sender=Address(b"\xa2" * 20),
    nonce=7,
    l1_tx_hash=HASH,
    claimable=True,
    signed="0x02c0",
)


def every_handle(net: Devnet, wallet: Any) -> dict[str, Any]:
    """One handle of each kind, of what really happened."""
    token, to = net.tokens["DAI"], net.accounts[2].address
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    net.fail_next_deposit()
    failed = wallet.deposit(token, AMOUNT)
    with pytest.raises(DepositFailed):
        failed.wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    handles = {
        "deposit": wallet.deposit(token, AMOUNT),
        "execution": wallet.request_execute(to, l2_value=5),
        "withdrawal": withdrawal,
        "finalization": withdrawal.finalize(),
        "claim": wallet.claim_failed_deposit(failed.l2_tx_hash),
        "transaction": wallet.l1_transfer(to, 5),
        "deployment": wallet.deploy(artifact("Counter")),
    }
    assert handles.keys() == HANDLES.keys() == ASYNC_HANDLES.keys()
    return handles


@ERA
def test_every_kind_survives_its_json(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    for kind, handle in every_handle(net, wallet).items():
        text = handle.to_json()
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
        assert json.loads(text)["zkcore_handle"] == 1
        other = open_wallet(net, net.accounts[0].address)  # another wallet, without a key
        for given_text in (text, text.encode()):
            resumed = other.resume(given_text)
            assert (resumed.kind, resumed._record) == (kind, handle._record)
            assert type(resumed._record) is type(handle._record)
            assert resumed.to_json() == text
        kinds = HANDLES if isinstance(getattr(resumed, "inner", resumed), tuple(HANDLES.values())) else ASYNC_HANDLES
        assert other.resume(text, kinds[kind]).to_json() == text
        for asked, of_another in kinds.items():
            if asked != kind:
                with pytest.raises(
                    InputError, match=f"handle of kind {kind}, expected one that gives .* \\({asked}\\)"
                ):
                    other.resume(text, of_another)
        answer = resumed.wait("finalized", timeout=30) if kind == "withdrawal" else resumed.wait(timeout=30)
        assert answer.phase == "FINALIZED" if kind == "withdrawal" else answer.status == 1
        assert str(wallet.address) not in repr(resumed) or kind in ("deposit", "execution")


CHILD = """
import sys
from zkcore import Wallet

l1, l2, address = sys.argv[1:4]
with Wallet(address, chain=int(sys.argv[5]), l1=l1, l2=l2, bridgehub=sys.argv[4]) as wallet:
    for line in sys.stdin:
        handle = wallet.resume(line)
        done = handle.wait(timeout=30) if handle.kind != "withdrawal" else handle.wait("finalized", timeout=30)
        print(type(handle).__name__, getattr(done, "phase", getattr(done, "status", None)))
        assert handle.status() is not None
"""


@ERA
def test_another_process_goes_on(net: Devnet) -> None:
    handles = every_handle(net, wallet_of(net))
    fresh = wallet_of(net).deposit(ETH, AMOUNT)
    assert fresh.l2_tx_hash is None  # nothing was learned yet: the other process finds it
    lines = "\n".join(handle.to_json() for handle in [*handles.values(), fresh])
    command = [
        sys.executable,
        "-c",
        CHILD,
        net.l1_url,
        net.l2_url,
        str(net.accounts[0].address),
        str(net.profile.bridgehub),
        str(net.chain_id),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == [
        "Deposit 1",
        "Execution 1",
        "Withdrawal FINALIZED",
        "Finalization 1",
        "Claim 1",
        "SentTransaction 1",
        "Deployment 1",
        "Deposit 1",
        "",
    ]


@ERA
def test_a_handle_of_another_chain(net: Devnet) -> None:
    deposit = wallet_of(net).deposit(ETH, AMOUNT)
    other = msgspec.structs.replace(deposit._record, l1_chain_id=1)
    with pytest.raises(ChainIdMismatch, match="expected chain 1$"):
        wallet_of(net).resume(record_to_json(other)).status()


@ERA
def test_a_finalization_that_had_been_done_before_has_no_transaction(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    withdrawal.finalize().wait(timeout=30)
    again = wallet.resume(withdrawal.finalize().to_json())
    assert again.l1_tx_hash is None
    assert again.wait(timeout=30) is None
    assert again.status() is None


# ---------------------------------------------------------------- what is no handle
def test_what_is_no_handle() -> None:
    good = json.loads(record_to_json(REQUEST))
    without = [
        {key: value for key, value in good.items() if key != gone}
        for gone in good
        if gone not in ("replaced", "l2_tx_hash", "signed")
    ]
    changed = [
        good | change
        for change in (
            {"zkcore_handle": 2},
            {"kind": "gift"},
            {"kind": None},
            {"kind": ["deposit"]},
            {"more": 1},
            {"nonce": "7"},
            {"nonce": 1.5},
            {"l1_tx_hash": "0x11"},
            {"l1_tx_hash": 5},
            {"diamond": str(Address(b"\xa1" * 20)).swapcase()},
            {"replaced": [1]},
            {"claimable": "yes"},
        )
    ]
    for bad in [*without, *changed, [], 5, None, "text"]:
        with pytest.raises(InputError):
            record_from_json(json.dumps(bad))
    for raw in (b"", b"{", b"\xff", "\ud800", b'{"a":' + b"[" * 9_000):
        with pytest.raises(InputError):
            record_from_json(raw)  # type: ignore[arg-type]


_chains = {"l1_chain_id": uints(63, least=1), "l2_chain_id": uints(63, least=1)}
_requests = st.builds(
    RequestRecord,
    kind=st.sampled_from(["deposit", "execution"]),
    diamond=addresses,
    sender=addresses,
    nonce=uints(63),
    l1_tx_hash=hashes,
    replaced=st.lists(hashes, max_size=2).map(tuple),
    l2_tx_hash=st.none() | hashes,
    claimable=st.booleans(),
    signed=st.binary(max_size=40).map(lambda data: "0x" + data.hex()),
    **_chains,
)
_withdrawals = st.builds(
    WithdrawalRecord, l2_tx_hash=hashes, index=uints(16), finalization=st.none() | hashes, **_chains
)
_settlements = st.builds(
    SettlementRecord,
    kind=st.sampled_from(["finalization", "claim"]),
    l2_tx_hash=hashes,
    index=uints(16),
    l1_tx_hash=st.none() | hashes,
    **_chains,
)
_transactions = st.builds(
    TransactionRecord, chain=st.sampled_from(["l1", "l2"]), chain_id=uints(63, least=1), tx_hash=hashes
)


@given(st.one_of(_requests, _withdrawals, _settlements, _transactions))
@settings(max_examples=80)
def test_any_record_survives_its_json(record: Any) -> None:
    text = record_to_json(record)
    again = record_from_json(text)
    assert (again, type(again), record_to_json(again)) == (record, type(record), text)
