"""Each fault as a client meets it, and the record of what was asked."""

import threading
from typing import Any

import httpx
import pytest

from tests.devnet.client import ask, balance, call, deposit, number, send, unsent
from zkcore.protocol.contracts import DIAMOND
from zkcore.testing.devnet import (
    WRONG_BRIDGEHUB,
    WRONG_PROOF,
    WRONG_RECEIPT,
    BatchRefused,
    Body,
    Devnet,
    Drop,
    DuplicateId,
    Failure,
    Fault,
    HalfJson,
    Latency,
    Lie,
    MissingMember,
    Shuffle,
    Stale,
    Status,
    Timeout,
    WrongId,
)
from zkcore.types import Hash32


@pytest.fixture
def net(shared_devnet: Devnet) -> Devnet:
    return shared_devnet


def _one(method: str = "eth_chainId", *params: Any, identity: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": list(params)}


def _post(url: str, body: Any, **options: Any) -> httpx.Response:
    return httpx.post(url, json=body, verify=False, trust_env=False, **options)


BATCH = [_one(identity=1), _one("eth_blockNumber", identity=2), _one("net_version", identity=3)]


def test_status_with_retry_after_for_so_many_times(net: Devnet) -> None:
    active = net.faults.add(Status(429, retry_after=2), node="l1", method="eth_chainId", times=2)
    assert [_post(net.l1_url, _one()).status_code for _ in range(3)] == [429, 429, 200]
    assert active.hits == 2
    net.faults.add(Status(503), node="l1", times=1)
    answer = _post(net.l1_url, BATCH)
    assert (answer.status_code, answer.headers.get("Retry-After"), answer.text) == (503, None, "try again later")
    net.faults.add(Status(429, retry_after=2), node="l1", times=1)
    assert _post(net.l1_url, BATCH).headers["Retry-After"] == "2"


def test_only_the_named_method_and_node(net: Devnet) -> None:
    net.faults.add(Status(500), node="l2", method="zks_*")
    assert _post(net.l2_url, _one()).status_code == 200
    assert _post(net.l1_url, _one()).status_code == 200
    assert _post(net.l2_url, _one("zks_L1ChainId")).status_code == 500
    assert _post(net.l2_url, [_one(), _one("zks_L1ChainId", identity=2)]).status_code == 500
    net.faults.clear()
    assert _post(net.l2_url, _one("zks_L1ChainId")).status_code == 200


@pytest.mark.parametrize("fault", [Drop(), Drop(after=True), HalfJson(short=True)])
def test_dropped_connections(net: Devnet, fault: Fault) -> None:
    with net.faults.add(fault, node="l1"), pytest.raises(httpx.TransportError):
        _post(net.l1_url, BATCH)
    assert _post(net.l1_url, _one()).json()["result"] == "0x7a69"


def test_timeouts(net: Devnet) -> None:
    with net.faults.add(Timeout(), node="l1"), pytest.raises(httpx.ReadTimeout):
        _post(net.l1_url, _one(), timeout=0.2)
    with net.faults.add(Latency(0.2), node="l1"), pytest.raises(httpx.ReadTimeout):
        _post(net.l1_url, _one(), timeout=0.05)
    with net.faults.add(Latency(0.05), node="l1"):
        assert _post(net.l1_url, _one()).status_code == 200


def test_a_timeout_ends_with_the_devnet() -> None:
    ended: list[str] = []
    with Devnet() as own:
        own.faults.add(Timeout(), node="l1")

        def wait() -> None:
            try:
                _post(own.l1_url, _one(), timeout=60)
            except httpx.TransportError as error:
                ended.append(type(error).__name__)

        thread = threading.Thread(target=wait)
        thread.start()
        while not own.faults.requests("l1"):
            threading.Event().wait(0.01)
    thread.join()
    assert len(ended) == 1


@pytest.mark.parametrize("fault", [Drop(after=True), Timeout(after=True)])
def test_a_send_whose_answer_is_lost_was_a_send(net: Devnet, fault: Fault) -> None:
    account, other = net.accounts[:2]
    had = balance(net.l1_url, other.address)
    raw = unsent(net.l1_url, account, other.address, value=3)
    with net.faults.add(fault, node="l1", method="eth_sendRawTransaction"), pytest.raises(httpx.TransportError):
        _post(net.l1_url, _one("eth_sendRawTransaction", raw), timeout=0.5)
    assert balance(net.l1_url, other.address) == had + 3
    assert net.faults.requests("l1").sends == [raw]


@pytest.mark.parametrize("fault", [Drop(), Timeout()])
def test_a_send_that_was_lost_was_none(net: Devnet, fault: Fault) -> None:
    account, other = net.accounts[:2]
    raw = unsent(net.l1_url, account, other.address, value=3)
    with net.faults.add(fault, node="l1", method="eth_sendRawTransaction"), pytest.raises(httpx.TransportError):
        _post(net.l1_url, _one("eth_sendRawTransaction", raw), timeout=0.2)
    assert number(net.l1_url, "eth_getTransactionCount", str(account.address), "pending") == 0


def test_bodies_that_are_no_json(net: Devnet) -> None:
    with net.faults.add(Body(), node="l1"):
        answer = _post(net.l1_url, _one())
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
        assert answer.text.startswith("<html>")
    with net.faults.add(HalfJson(), node="l1"), pytest.raises(ValueError):
        _post(net.l1_url, BATCH).json()
    with net.faults.add(Body(""), node="l1"):
        assert _post(net.l1_url, _one()).text == ""


def test_ids_and_members(net: Devnet) -> None:
    def identities() -> list[Any]:
        return [reply["id"] for reply in _post(net.l1_url, BATCH).json()]

    for fault, expected in (
        (WrongId(), [1, "an id that nobody asked with", 3]),
        (WrongId(null=True), [1, None, 3]),
        (DuplicateId(), [1, 2, 3, 2]),
        (MissingMember(), [1, 3]),
        (Shuffle(), [3, 2, 1]),
    ):
        with net.faults.add(fault, node="l1", method="eth_blockNumber"):
            assert identities() == expected
    assert identities() == [1, 2, 3]
    with net.faults.add(WrongId(), node="l1"):
        assert _post(net.l1_url, _one()).json()["id"] != 1
    with net.faults.add(MissingMember(), node="l1"):
        assert _post(net.l1_url, _one()).json()["id"] == 1  # a batch's fault
        assert _post(net.l1_url, BATCH).json() == []


def test_batches_refused_or_limited(net: Devnet) -> None:
    with net.faults.add(BatchRefused(), node="l1") as active:
        answer = _post(net.l1_url, BATCH)
        assert answer.status_code == 200
        assert answer.json() == {
            "jsonrpc": "2.0",
            "id": None,
            "error": {"code": -32600, "message": "batch requests are not supported"},
        }
        assert _post(net.l1_url, _one()).json()["result"] == "0x7a69"
        assert active.hits == 1
    with net.faults.add(BatchRefused(limit=2, status=413, message="batch too large"), node="l1"):
        assert _post(net.l1_url, BATCH).status_code == 413
        assert len(_post(net.l1_url, BATCH[:2]).json()) == 2


def test_a_failing_member(net: Devnet) -> None:
    with net.faults.add(Failure(-32005, "limit exceeded", {"wait": 1}), node="l1", method="eth_blockNumber"):
        replies = _post(net.l1_url, BATCH).json()
        assert replies[1]["error"] == {"code": -32005, "message": "limit exceeded", "data": {"wait": 1}}
        assert replies[0]["result"] == "0x7a69"


def test_probability_is_repeatable() -> None:
    def pattern() -> list[int]:
        with Devnet() as own:
            own.faults.add(Status(500), node="l1", probability=0.5)
            return [_post(own.l1_url, _one()).status_code for _ in range(20)]

    first = pattern()
    assert set(first) == {200, 500}
    assert pattern() == first


def test_stale_reads(net: Devnet) -> None:
    account, other = net.accounts[:2]
    had = balance(net.l1_url, other.address)
    receipt = send(net.l1_url, account, other.address, value=5)
    head = number(net.l1_url, "eth_blockNumber")
    with net.faults.add(Stale(1), node="l1"):
        assert number(net.l1_url, "eth_blockNumber") == head - 1
        assert ask(net.l1_url, "eth_getTransactionReceipt", receipt["transactionHash"]) is None
        assert ask(net.l1_url, "eth_getTransactionByHash", receipt["transactionHash"]) is None
        assert balance(net.l1_url, other.address) == had
        assert ask(net.l1_url, "eth_getBalance", str(other.address), "latest") == hex(had)
        assert number(net.l1_url, "eth_getTransactionCount", str(account.address), "latest") == 0
        assert ask(net.l1_url, "eth_getBlockByNumber", "latest", False)["number"] == hex(head - 1)
        assert ask(net.l1_url, "eth_getBlockByNumber", hex(head), False) is None
        assert ask(net.l1_url, "eth_getBlockByHash", receipt["blockHash"], False) is None
        assert ask(net.l1_url, "eth_getLogs", {"fromBlock": hex(head), "toBlock": "latest"}) == []
    assert balance(net.l1_url, other.address) == had + 5


def test_lies(net: Devnet) -> None:
    done = deposit(net, net.accounts[0], net.accounts[1].address, 1)
    truth = ask(net.l2_url, "eth_getTransactionReceipt", done.l2_hash)
    proof = ask(net.l2_url, "zks_getL2ToL1LogProof", done.l2_hash, 0)
    net.faults.add(WRONG_BRIDGEHUB, node="l2", method="zks_getBridgehubContract")
    net.faults.add(WRONG_RECEIPT, node="l2", method="eth_getTransactionReceipt")
    net.faults.add(WRONG_PROOF, node="l2", method="zks_getL2ToL1LogProof")
    net.faults.add(Lie(lambda _: "0x1"), node="l2", method="eth_chainId")
    assert ask(net.l2_url, "zks_getBridgehubContract") != str(net.profile.bridgehub)
    lie = ask(net.l2_url, "eth_getTransactionReceipt", done.l2_hash)
    assert lie != truth
    assert lie["status"] == "0x0"
    wrong = ask(net.l2_url, "zks_getL2ToL1LogProof", done.l2_hash, 0)
    assert [a == b for a, b in zip(wrong["proof"], proof["proof"], strict=True)].count(False) == 1
    assert ask(net.l2_url, "eth_chainId") == "0x1"
    assert ask(net.l2_url, "eth_getTransactionReceipt", "0x" + "00" * 32) is None


def test_a_reorganized_deposit(net: Devnet) -> None:
    account, other = net.accounts[:2]
    done = deposit(net, account, other.address, 5)
    depth = number(net.l1_url, "eth_blockNumber") - int(done.receipt["blockNumber"], 16) + 1
    block = ask(net.l1_url, "eth_getBlockByNumber", done.receipt["blockNumber"], False)
    net.l1.reorg(depth)
    assert ask(net.l1_url, "eth_getTransactionReceipt", done.receipt["transactionHash"]) is None
    assert ask(net.l1_url, "eth_getBlockByHash", block["hash"], False) is None
    assert ask(net.l1_url, "eth_getBlockByNumber", done.receipt["blockNumber"], False)["hash"] != block["hash"]
    assert number(net.l1_url, "eth_getTransactionCount", str(account.address), "latest") == 0


def test_a_reorganization_that_keeps_the_transactions(net: Devnet) -> None:
    account, other = net.accounts[:2]
    done = deposit(net, account, other.address, 5)
    depth = number(net.l1_url, "eth_blockNumber") - int(done.receipt["blockNumber"], 16) + 1
    net.l1.reorg(depth, keep=True)
    again = ask(net.l1_url, "eth_getTransactionReceipt", done.receipt["transactionHash"])
    assert again["blockHash"] != done.receipt["blockHash"]
    assert again["status"] == "0x1"
    assert again["logs"][0]["data"] == done.receipt["logs"][0]["data"]
    assert balance(net.l2_url, other.address) == 5
    batch = net.l2.state.batches[-1].number
    assert call(net.l1_url, net.profile.diamond, DIAMOND.get_total_batches_executed) == batch


@pytest.mark.devnet(l1_confirmations=2)
def test_confirmations_protect_l2_from_reorganizations(devnet: Devnet) -> None:
    account, other = devnet.accounts[:2]
    lost = deposit(devnet, account, other.address, 5)
    devnet.l1.reorg(1)
    kept = deposit(devnet, account, other.address, 7)
    assert ask(devnet.l2_url, "eth_getTransactionReceipt", kept.l2_hash) is None
    devnet.mine(2)
    assert ask(devnet.l2_url, "eth_getTransactionReceipt", kept.l2_hash)["status"] == "0x1"
    assert ask(devnet.l2_url, "eth_getTransactionReceipt", lost.l2_hash) is None
    assert balance(devnet.l2_url, other.address) == 7


def test_the_record(net: Devnet) -> None:
    _post(net.l1_url, BATCH)
    _post(net.l1_url, _one("eth_getBalance", "0x" + "11" * 20, "latest"))
    requests = net.faults.requests("l1")
    assert [(request.batch, request.methods) for request in requests] == [
        (True, ("eth_chainId", "eth_blockNumber", "net_version")),
        (False, ("eth_getBalance",)),
    ]
    assert requests.calls("eth_get*") == [("eth_getBalance", ["0x" + "11" * 20, "latest"])]
    assert net.faults.requests("l2") == []
    requests.clear()
    assert Hash32(bytes(32)) not in net.faults.requests("l1")
