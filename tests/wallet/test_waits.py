"""A wait ends by what a chain says or by its own time: never because a node fails for a while, in whatever way."""

import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.wallet.tools import AMOUNT, ERA
from zkcore import ETH, ether
from zkcore.errors import DepositFailed, InputError, InvalidProof, NodeError, TransactionFailed, WaitTimeout
from zkcore.methods import calls
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits
from zkcore.testing.devnet import (
    WRONG_PROOF,
    Body,
    Devnet,
    Drop,
    Failure,
    HalfJson,
    Lie,
    MissingMember,
    Status,
    Timeout,
    WrongId,
)

# what a node says for a while instead of an answer
PASSING: dict[str, Any] = {
    "500": Status(500),
    "501": Status(501, body="Not Implemented"),
    "503 for long": Status(503),
    "521 of a proxy": Status(521, body="<html>Web server is down</html>"),
    "429": Status(429),
    "429 for an hour": Status(429, retry_after=3_600),
    "401": Status(401),
    "403": Status(403),
    "a page": Body(),
    "an empty body": Body(""),
    "half": HalfJson(),
    "reset": Drop(),
    "wrong ids": WrongId(),
    "missing rows": MissingMember(),
    "-32603": Failure(-32603, "Internal error"),
    "-32000": Failure(-32000, "header not found"),
    "-32001": Failure(-32001, "resource not found"),
    "-32601": Failure(-32601, "the method eth_getTransactionReceipt does not exist/is not available"),
    "-32097": Failure(-32097, "no response or no available upstream for this method"),
    "a code of its own": Failure(4_711, "upstream lost"),
    "a number for a receipt": Lie(lambda _: 7),
    "a receipt without fields": Lie(lambda r: r and {k: r[k] for k in ("status", "blockHash", "blockNumber")}),
}


def nodes(net: Devnet, wallet: Any, **limits: Any) -> dict[str, Any]:
    """Both nodes, asked once each time."""
    kind: Any = AsyncHttpTransport if hasattr(wallet, "inner") else HttpTransport
    return {
        "l1": kind(net.l1_url, limits=Limits(attempts=1, **limits)),
        "l2": kind(net.l2_url, limits=Limits(attempts=1, **limits)),
    }


@pytest.fixture
def wallet(net: Devnet, open_wallet: Any) -> Any:
    return open_wallet(net, **nodes(net, open_wallet(net)))


def break_receipts(net: Devnet, fault: Any, times: int | None = 3) -> None:
    for node in ("l1", "l2"):
        net.faults.add(fault, node=node, method="eth_getTransactionReceipt", times=times)  # type: ignore[arg-type]


@ERA
@pytest.mark.parametrize("name", PASSING)
def test_a_deposit_is_waited_for(net: Devnet, wallet: Any, name: str) -> None:
    deposit, seen = wallet.deposit(ETH, AMOUNT), list[Any]()
    break_receipts(net, PASSING[name])
    assert deposit.wait(timeout=60, poll=0.01, on_progress=seen.append).status == 1
    troubles = [status.trouble for status in seen if status.trouble is not None]
    assert len(troubles) >= 3  # who watches is told of each
    assert all(isinstance(trouble, NodeError) for trouble in troubles)
    assert seen[0].phase == "UNKNOWN"  # nothing was known by then
    assert seen[-1].trouble is None
    assert seen[-1].phase == "L2_EXECUTED"


@ERA
@pytest.mark.parametrize("name", ["500", "a page", "-32603", "-32000", "503 for long", "wrong ids"])
def test_every_other_handle_is_waited_for(net: Devnet, wallet: Any, name: str) -> None:
    wallet.deposit(ETH, ether("1")).wait(timeout=60, poll=0.01)
    for wait_of in (
        lambda: wallet.deposit(ETH, AMOUNT).wait_l1,
        lambda: wallet.request_execute(net.accounts[1].address, l2_value=5).wait,
        lambda: wallet.approve(net.tokens["DAI"], AMOUNT).wait,
        lambda: wallet.l1_transfer(net.accounts[1].address, 5).wait,
        lambda: wallet.transfer(net.accounts[1].address, 5).wait,
        lambda: wallet.finalize_withdrawal(wallet.withdraw(ETH, AMOUNT).l2_tx_hash).wait,
    ):
        wait = wait_of()
        net.faults.clear()
        break_receipts(net, PASSING[name])
        assert wait(timeout=60, poll=0.01).status == 1
        net.faults.clear()
    for until in ("l2", "ready"):
        withdrawal, seen = wallet.withdraw(ETH, AMOUNT), list[Any]()
        break_receipts(net, PASSING[name])
        for method in ("zks_getL2ToL1LogProof", "eth_call"):
            net.faults.add(PASSING[name], node="l2", method=method, times=2)
        assert withdrawal.wait(until, timeout=60, poll=0.01, on_progress=seen.append).phase != "UNKNOWN"
        assert any(status.trouble is not None for status in seen)
        net.faults.clear()


@ERA
def test_the_contracts_on_l1_cannot_be_read_for_a_while(net: Devnet, wallet: Any) -> None:
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    for fault in PASSING.values():
        net.faults.add(fault, node="l1", method="eth_call", times=2)
    assert withdrawal.wait("ready", timeout=60, poll=0.01).phase == "READY"


@ERA
def test_what_a_chain_says_ends_a_wait_although_nodes_fail(net: Devnet, wallet: Any) -> None:
    net.fail_next_deposit()
    deposit = wallet.deposit(ETH, AMOUNT)
    break_receipts(net, Status(500))
    with pytest.raises(DepositFailed):
        deposit.wait(timeout=60, poll=0.01)


@ERA
def test_a_reason_that_cannot_be_read_hides_no_failure(net: Devnet, wallet: Any) -> None:
    """Why it failed is a decoration: that it failed is what ends the wait."""
    deposit = wallet.deposit(ETH, AMOUNT)
    with (
        net.faults.add(
            Lie(lambda receipt: receipt and receipt | {"status": "0x0", "logs": []}),
            node="l1",
            method="eth_getTransactionReceipt",
        ),
        net.faults.add(Status(500), node="l1", method="eth_getTransactionByHash"),
        pytest.raises(TransactionFailed),
    ):
        deposit.wait(timeout=30, poll=0.01)


@ERA
def test_a_node_that_lies_ends_it(net: Devnet, wallet: Any) -> None:
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    net.faults.add(WRONG_PROOF, node="l2", method="zks_getL2ToL1LogProof")
    with pytest.raises(InvalidProof):
        withdrawal.wait("ready", timeout=60, poll=0.01)


# ---------------------------------------------------------------- the end of the time
@ERA
@pytest.mark.parametrize(
    "fault", [Timeout(), Status(500), Failure(-32603, "Internal error")], ids=["silent", "500", "error"]
)
def test_a_wait_keeps_its_time(net: Devnet, open_wallet: Any, fault: Any) -> None:
    wallet = open_wallet(net)  # as it comes: thirty seconds for a request, five attempts
    handles = [wallet.deposit(ETH, ether("1")), wallet.approve(net.tokens["DAI"], AMOUNT)]
    handles[0].wait(timeout=60)
    handles.append(wallet.withdraw(ETH, AMOUNT))
    break_receipts(net, fault, None)
    for handle in handles:
        begun = time.monotonic()
        with pytest.raises(WaitTimeout) as ended:
            handle.wait(timeout=1.0)
        assert time.monotonic() - begun < 1.6
        assert isinstance(ended.value.trouble, NodeError)
        assert str(ended.value.trouble) in str(ended.value)


@ERA
def test_a_transport_that_knows_no_time_is_left_behind(net: Devnet, open_wallet: Any) -> None:
    asynchronous = hasattr(open_wallet(net), "inner")

    class Slow:
        def __init__(self, url: str) -> None:
            self.inner: Any = (AsyncHttpTransport if asynchronous else HttpTransport)(url)
            self.slow = False

        def ask(self, requests: Any, *, timeout: float | None = None) -> Any:
            if not self.slow:
                return self.inner.ask(requests)
            if asynchronous:
                import asyncio

                return asyncio.sleep(5)
            time.sleep(5)
            return []

        def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Any:
            return self.inner.send_raw(raw)

        def close(self) -> None:
            self.inner.close()

        def aclose(self) -> Any:
            return self.inner.aclose()

    slow = Slow(net.l1_url)
    deposit = open_wallet(net, l1=slow).deposit(ETH, AMOUNT)
    slow.slow = True
    begun = time.monotonic()
    with pytest.raises(WaitTimeout, match="no answer within"):
        deposit.wait(timeout=0.5)
    assert time.monotonic() - begun < 1.5


@ERA
def test_the_time_names_what_was_waited_for(net: Devnet, wallet: Any) -> None:
    net.l1.mining = False
    stuck = wallet.deposit(ETH, AMOUNT)
    with pytest.raises(WaitTimeout, match=r"waited 0\.1 s for L1 to include .*speed_up") as ended:
        stuck.wait(timeout=0.1)
    assert "L2" not in str(ended.value)
    net.l1.mining = True
    net.mine()
    net.faults.add(Lie(lambda _: None), node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(WaitTimeout, match=r"for L2 to run 0x.*, which L1 has included with 0x"):
        stuck.wait(timeout=0.1)


@ERA
def test_a_replaced_transaction_ends_a_wait_for_confirmations(net: Devnet, wallet: Any) -> None:
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    deposit.cancel()
    net.mine(4)  # so deep that it stays
    with pytest.raises(TransactionFailed, match="used its nonce"):
        deposit.wait_l1(confirmations=2, timeout=5, poll=0.01)


@ERA
def test_confirmations_are_counted(net: Devnet, wallet: Any) -> None:
    deposit = wallet.deposit(ETH, AMOUNT)
    with pytest.raises(WaitTimeout):
        deposit.wait_l1(confirmations=3, timeout=0.2, poll=0.05)
    net.mine(2)
    assert deposit.wait_l1(confirmations=3, timeout=5, poll=0.05).status == 1


@ERA
def test_wait_for_l2_needs_no_proof(net: Devnet, wallet: Any) -> None:
    """Nor anything of L1."""
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    net.faults.add(Failure(-32601, "Method not found"), node="l2", method="zks_*")
    net.faults.add(Drop(), node="l1", method="eth_call")
    assert withdrawal.wait("l2", timeout=5, poll=0.01).l2_receipt.status == 1


@ERA
def test_wait_for_l1_needs_no_l2(net: Devnet, wallet: Any) -> None:
    deposit = wallet.deposit(ETH, AMOUNT)
    net.faults.add(Drop(), node="l2")
    assert deposit.wait_l1(confirmations=1, timeout=5, poll=0.01).status == 1
    net.mine()
    assert deposit.wait_l1(confirmations=2, timeout=5, poll=0.01).status == 1
    assert deposit.wait("l1", timeout=5, poll=0.01).status == 1
    assert deposit.l2_tx_hash is not None


@ERA
def test_a_deposit_on_a_node_without_details(net: Devnet, wallet: Any) -> None:
    for fault in (
        Failure(-32601, "Method not found"),
        Lie(lambda _: {"status": "included"}),
        Lie(lambda _: "included"),
        Lie(lambda details: details and details | {"receivedAt": 17, "fee": None}),
    ):
        deposit = wallet.deposit(ETH, AMOUNT)
        with net.faults.add(fault, node="l2", method="zks_getTransactionDetails"):
            assert deposit.wait(timeout=5, poll=0.01).status == 1
            assert deposit.status().details is None


@ERA
def test_times_that_are_none(net: Devnet, wallet: Any) -> None:
    """Whatever is given as a time is used or refused by name: NaN never came to an end, and the others were Python's errors."""
    handles = [wallet.deposit(ETH, ether("1")), wallet.approve(net.tokens["DAI"], AMOUNT)]
    for handle in handles:
        handle.wait(timeout=float("inf"))  # for ever
        assert handle.wait(timeout=10**400, poll=Fraction(1, 100)).status == 1
        for odd in (float("nan"), Decimal("nan"), None, "5", [5]):
            with pytest.raises(InputError, match="timeout: expected seconds"):
                handle.wait(timeout=odd)
        for odd in (float("nan"), "5", [5]):
            with pytest.raises(InputError, match="poll: expected seconds"):
                handle.wait(timeout=5, poll=odd)
    for odd in (-1, 1.5, None, "2"):
        with pytest.raises(InputError, match="confirmations: expected"):
            handles[0].wait_l1(confirmations=odd, timeout=5)
    with pytest.raises(InputError, match="timeout: expected seconds"):
        wallet.run(calls.block_number("l1"), timeout=float("nan"))
    assert wallet.run(calls.block_number("l1"), timeout=float("inf")) > 0


@ERA
def test_the_end_of_the_time_is_no_trouble_of_the_node(net: Devnet, wallet: Any) -> None:
    """The last look has no time left: that the node gave no answer to it says nothing of the node."""
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal, approval = wallet.withdraw(ETH, AMOUNT), wallet.approve(net.tokens["DAI"], AMOUNT)
    seen: list[Any] = []
    with pytest.raises(WaitTimeout) as ended:
        withdrawal.wait("finalized", timeout=0.8, on_progress=seen.append)
    assert ended.value.trouble is None
    assert "the last answer" not in str(ended.value)
    assert seen
    assert all(status.trouble is None for status in seen)
    net.faults.add(Lie(lambda _: None), node="l1", method="eth_getTransactionReceipt")
    begun = time.monotonic()
    with pytest.raises(WaitTimeout) as ended:
        approval.wait(timeout=0.7, poll=30)
    assert time.monotonic() - begun < 1.2  # and not thirty seconds
    assert ended.value.trouble is None


@ERA
def test_what_is_included_is_said_to_lack_blocks(net: Devnet, wallet: Any) -> None:
    deposit = wallet.deposit(ETH, AMOUNT)
    deposit.wait(timeout=60)
    with pytest.raises(WaitTimeout, match="more blocks of L1 on block") as ended:
        deposit.wait_l1(confirmations=1_000, timeout=0.6)
    assert str(deposit.l1_tx_hash) in str(ended.value)
    assert "speed_up" not in str(ended.value)  # more fees bring it no blocks
