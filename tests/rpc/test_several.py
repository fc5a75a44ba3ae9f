"""Several nodes for one side, over real HTTP, by both kinds of transport."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from tests.rpc.node import Error, Node, body, hang, node, status
from zkcore.errors import (
    HttpStatusError,
    InputError,
    MethodNotFound,
    NodesDisagree,
    NodeTimeout,
    NodeUnreachable,
    Reverted,
    RpcError,
)
from zkcore.rpc import AsyncFailover, AsyncHttpTransport, AsyncQuorum, Failover, HttpTransport, Limits, Quorum, Request
from zkcore.rpc import several as several_module

Make = Callable[..., Any]
DEAD = "http://127.0.0.1:1"
ONCE = Limits(attempts=1, timeout=0.4)
HASH = "0x" + "11" * 32
RECEIPT = Request("eth_getTransactionReceipt", (HASH,))
CHAIN, NUMBER = Request("eth_chainId"), Request("eth_blockNumber")


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    with ExitStack() as stack:
        yield [stack.enter_context(node()) for _ in range(3)]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several_module, "_PAUSES", (0.0, 0.01, 0.02))


class Blocking:
    """Either kind, as if it blocked."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        self.inner, self._loop = inner, loop

    def _done(self, value: Any) -> Any:
        return self._loop.run_until_complete(value) if self._loop else value

    def ask(self, *requests: Request, **options: Any) -> list[Any]:
        replies = self._done(self.inner.ask(requests, **options))
        return [msgspec.json.decode(reply) if isinstance(reply, Raw) else reply for reply in replies]

    def send(self, raw: bytes) -> Any:
        return self._done(self.inner.send_raw(raw))

    def close(self) -> None:
        self._done(self.inner.aclose() if self._loop else self.inner.close())


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    asynchronous, opened = request.param == "async", list[Blocking]()
    with asyncio.Runner() as runner:
        loop = runner.get_loop() if asynchronous else None

        def made(of: list[Any], *, agree: int | None = None) -> Blocking:
            one: Any = AsyncHttpTransport if asynchronous else HttpTransport
            members = [one(n if isinstance(n, str) else n.url, limits=ONCE) for n in of]
            if agree is None:
                opened.append(Blocking((AsyncFailover if asynchronous else Failover)(members), loop))
            else:
                opened.append(Blocking((AsyncQuorum if asynchronous else Quorum)(members, agree=agree), loop))
            return opened[-1]

        yield made
        for one in opened:
            one.close()


# ---------------------------------------------------------------- failover
def test_the_first_node_is_asked_and_no_other(nodes: list[Node], make: Make) -> None:
    assert make(nodes).ask(CHAIN, NUMBER) == ["0x5", "0x9"]
    assert [len(one.requests) for one in nodes] == [1, 0, 0]


@pytest.mark.parametrize(
    "fault", [status(500), status(429), status(401), body(b"<html>"), body(b""), hang], ids=range(6)
)
def test_the_next_is_asked_what_the_first_fails_at(nodes: list[Node], make: Make, fault: Any) -> None:
    nodes[0].always = fault
    assert make(nodes).ask(CHAIN, NUMBER) == ["0x5", "0x9"]
    assert len(nodes[1].requests) == 1


def test_only_what_failed_is_asked_again(nodes: list[Node], make: Make) -> None:
    nodes[0].results["eth_blockNumber"] = Error(-32000, "header not found")
    del nodes[0].results["eth_gasPrice"]
    assert make(nodes).ask(CHAIN, NUMBER, Request("eth_gasPrice")) == ["0x5", "0x9", "0x7"]
    assert nodes[1].methods == ["eth_blockNumber", "eth_gasPrice"]


def test_one_that_failed_is_asked_last_for_a_while(nodes: list[Node], make: Make, monkeypatch: Any) -> None:
    nodes[0].always = status(503)
    both = make(nodes[:2])
    for _ in range(3):
        assert both.ask(CHAIN) == ["0x5"]
    assert [len(one.requests) for one in nodes[:2]] == [1, 3]
    nodes[1].always = status(503)
    nodes[0].always = None
    assert both.ask(CHAIN) == ["0x5"]  # it is asked, when nobody else answers
    assert both.ask(CHAIN) == ["0x5"]
    assert [len(one.requests) for one in nodes[:2]] == [3, 4]


def test_an_error_of_the_method_is_a_sign_of_life(nodes: list[Node], make: Make) -> None:
    nodes[0].results["eth_gasPrice"] = Error(-32000, "not now")
    both = make(nodes[:2])
    assert both.ask(Request("eth_gasPrice")) == ["0x7"]
    assert both.ask(CHAIN) == ["0x5"]
    assert nodes[1].methods == ["eth_gasPrice"]


def test_a_contract_said_no(nodes: list[Node], make: Make) -> None:
    """That is an answer: no other node is asked for a better one."""
    nodes[0].results["eth_call"] = Error(3, "execution reverted", "0x")
    (reply,) = make(nodes).ask(Request("eth_call", ({}, "latest")))
    assert isinstance(reply, Reverted)
    assert nodes[1].requests == []


@pytest.mark.parametrize(
    ("method", "nothing", "something"),
    [
        ("eth_getTransactionReceipt", None, {"status": "0x1"}),
        ("eth_getTransactionByHash", None, {"hash": HASH}),
        ("zks_getL2ToL1LogProof", None, {"id": 1}),
        ("eth_getBlockByNumber", None, {"number": "0x1"}),
        ("eth_getLogs", [], [{"data": "0x"}]),
        ("eth_call", "0x", "0x01"),
    ],
)
def test_one_that_lags_is_not_believed_about_absence(
    nodes: list[Node], make: Make, method: str, nothing: Any, something: Any
) -> None:
    for one, value in zip(nodes, (nothing, nothing, something), strict=True):
        one.results[method] = value
    assert make(nodes).ask(Request(method, ())) == [something]
    nodes[2].results[method] = nothing
    assert make(nodes).ask(Request(method, ())) == [nothing]  # when all of them say so


def test_one_that_is_away_is_not_asked_to_confirm_absence(nodes: list[Node], make: Make) -> None:
    """A wait asks every few seconds: a silent node would take all of its time."""
    nodes[0].always = hang
    nodes[1].results[RECEIPT.method] = nodes[2].results[RECEIPT.method] = None
    three = make(nodes)
    for _ in range(3):
        assert three.ask(RECEIPT) == [None]
    assert [len(one.requests) for one in nodes] == [1, 3, 3]


def test_absence_is_better_than_no_word(nodes: list[Node], make: Make) -> None:
    nodes[0].results[RECEIPT.method] = Error(-32603, "internal error")
    nodes[1].results[RECEIPT.method] = None
    nodes[2].always = status(500)
    assert make(nodes).ask(RECEIPT) == [None]


def test_what_is_raised_when_nobody_answers(nodes: list[Node], make: Make) -> None:
    """The word of a node is worth more than silence: that it lacks the method is what a fallback goes by."""
    del nodes[1].results["eth_gasPrice"]
    nodes[0].always = nodes[2].always = status(500)
    (reply,) = make(nodes).ask(Request("eth_gasPrice"))
    assert isinstance(reply, MethodNotFound)
    assert [type(reply) for reply in make([DEAD, DEAD]).ask(CHAIN, NUMBER)] == [NodeUnreachable] * 2


def test_the_time_is_shared(nodes: list[Node], make: Make) -> None:
    nodes[0].always = nodes[1].always = hang
    begun = time.monotonic()
    assert make(nodes).ask(CHAIN, timeout=0.6) == ["0x5"]
    assert time.monotonic() - begun < 0.6
    nodes[2].always = hang
    (reply,) = make(nodes).ask(CHAIN, timeout=0.3)
    assert isinstance(reply, NodeTimeout)


def test_a_send_goes_to_one_node(nodes: list[Node], make: Make) -> None:
    """And after a failure, the next one to another: whether the bytes are sent again is not for a transport to say."""
    for one in nodes:
        one.results["eth_sendRawTransaction"] = HASH
    both = make(nodes)
    assert isinstance(both.send(b"\x01"), Raw)
    nodes[0].always = status(503)
    assert isinstance(both.send(b"\x01"), HttpStatusError)
    assert [one.methods for one in nodes] == [["eth_sendRawTransaction"] * 2, [], []]
    assert isinstance(both.send(b"\x01"), Raw)
    assert [len(one.requests) for one in nodes] == [2, 1, 0]
    nodes[1].results["eth_sendRawTransaction"] = Error(-32000, "nonce too low")
    assert isinstance(both.send(b"\x01"), RpcError)  # refused is an answer, and no reason to go elsewhere
    assert isinstance(both.send(b"\x01"), RpcError)


def test_a_wave_cannot_send(nodes: list[Node], make: Make) -> None:
    with pytest.raises(InputError, match="a wave only reads"):
        make(nodes).ask(Request("eth_sendRawTransaction", ("0x",)))
    assert nodes[0].requests == []


def test_urls_will_do(nodes: list[Node]) -> None:
    with pytest.raises(InputError, match="list of at least one"):
        Failover([])
    with pytest.raises(InputError, match="list of at least one"):
        Failover("https://one")
    both = Failover([nodes[0].url, HttpTransport(nodes[1].url)])
    assert repr(both) == f"Failover([HttpTransport('{nodes[0].url}'), HttpTransport('{nodes[1].url}')])"
    assert isinstance(both.ask([CHAIN])[0], Raw)
    both.close()


# ---------------------------------------------------------------- quorum
def test_two_say_the_same(nodes: list[Node], make: Make) -> None:
    nodes[2].results["eth_chainId"] = "0x6"
    assert make(nodes, agree=2).ask(CHAIN) == ["0x5"]
    assert make(nodes[1:], agree=1).ask(CHAIN) == ["0x5"]
    (reply,) = make(nodes, agree=3).ask(CHAIN)
    assert isinstance(reply, NodesDisagree)
    for said in (*(f"{one.url}'): 0x{value}" for one, value in zip(nodes, (5, 5, 6), strict=True)), "3 nodes must"):
        assert said in str(reply)


def test_one_that_is_dead_or_lies_is_outvoted(nodes: list[Node], make: Make) -> None:
    nodes[0].results |= {"eth_getBalance": "0x1"}
    nodes[1].results |= {"eth_getBalance": "0xffff"}
    nodes[2].results |= {"eth_getBalance": "0x1"}
    balance = Request("eth_getBalance", (HASH[:42], "latest"))
    assert make([*nodes, DEAD], agree=2).ask(balance) == ["0x1"]
    (reply,) = make([nodes[0], nodes[1], DEAD], agree=2).ask(balance)
    assert isinstance(reply, NodesDisagree)


def test_a_lag_of_a_block_passes(nodes: list[Node], make: Make) -> None:
    """They are asked again, after a while."""
    told = iter([None, {"status": "0x1"}])
    nodes[0].results[RECEIPT.method] = lambda _: next(told)
    nodes[1].results[RECEIPT.method] = {"status": "0x1"}
    assert make(nodes[:2], agree=2).ask(CHAIN, RECEIPT) == ["0x5", {"status": "0x1"}]
    assert nodes[0].methods == ["eth_chainId", RECEIPT.method, RECEIPT.method]


def test_nodes_add_fields_of_their_own_and_write_as_they_like(nodes: list[Node], make: Make) -> None:
    nodes[0].results[RECEIPT.method] = {"status": "0x1", "to": "0xABcd", "logs": [{"data": "0x", "removed": False}]}
    nodes[1].results[RECEIPT.method] = {
        "status": "0x1",
        "to": "0xabCD",
        "logs": [{"data": "0x"}],
        "blobGasPrice": "0x1",
    }
    (reply,) = make(nodes[:2], agree=2).ask(RECEIPT)
    assert reply["status"] == "0x1"
    nodes[1].results[RECEIPT.method]["logs"][0]["data"] = "0x01"
    assert isinstance(make(nodes[:2], agree=2).ask(RECEIPT)[0], NodesDisagree)


@pytest.mark.parametrize(
    ("method", "values", "of_three", "of_two"),
    [
        ("eth_blockNumber", ["0x9", "0x7", "0xa"], "0x9", "0x7"),
        ("eth_gasPrice", ["0x9", "0x7", "0xa"], "0x9", "0x9"),
        ("eth_estimateGas", ["0x1", "0x7", "0xfffff"], "0x7", "0x7"),
        (
            "eth_feeHistory",
            [{"baseFeePerGas": [hex(n), hex(9 - n)]} for n in (1, 2, 3)],
            {"baseFeePerGas": ["0x2", "0x7"]},
            {"baseFeePerGas": ["0x1", "0x8"]},
        ),
    ],
)
def test_numbers_that_differ_from_node_to_node(
    nodes: list[Node], make: Make, method: str, values: list[Any], of_three: Any, of_two: Any
) -> None:
    """As many nodes as must agree have reached it: one that lies cannot move it beyond what an honest one says."""
    for one, value in zip(nodes, values, strict=True):
        one.results[method] = value
    assert make(nodes, agree=2).ask(Request(method)) == [of_three]
    assert make(nodes[:2], agree=2).ask(Request(method)) == [of_two]


def test_contracts_that_say_no_agree_too(nodes: list[Node], make: Make) -> None:
    for one in nodes[:2]:
        one.results["eth_call"] = Error(3, "execution reverted: paused", "0x")
    nodes[2].results["eth_call"] = "0x01"
    (reply,) = make(nodes, agree=2).ask(Request("eth_call", ({}, "latest")))
    assert isinstance(reply, Reverted)
    nodes[1].results["eth_call"] = Error(3, "execution reverted: other", "0x")
    assert isinstance(make(nodes, agree=2).ask(Request("eth_call", ({}, "latest")))[0], NodesDisagree)


def test_a_method_that_none_has(nodes: list[Node], make: Make) -> None:
    (reply,) = make(nodes, agree=2).ask(Request("eth_simulateV1"))
    assert isinstance(reply, MethodNotFound)


def test_what_is_no_number_is_compared(nodes: list[Node], make: Make) -> None:
    for one in nodes:
        one.results["eth_blockNumber"] = None
    assert make(nodes, agree=2).ask(NUMBER) == [None]


@pytest.mark.parametrize("agree", [0, 3, -1])
def test_so_many_cannot_agree(agree: int) -> None:
    with pytest.raises(InputError, match=f"agree: expected 1 to 2, the number of nodes, got {agree}"):
        Quorum(["http://a", "http://b"], agree=agree)


def test_a_quorum_keeps_its_time(nodes: list[Node], make: Make) -> None:
    nodes[0].always = hang
    begun = time.monotonic()
    assert make(nodes, agree=2).ask(CHAIN, timeout=0.3) == ["0x5"]
    assert time.monotonic() - begun < 0.6


@pytest.mark.parametrize("agree", [0, 3, -1, 1.5, "2", None, True])
def test_how_many_must_agree_is_a_number_of_nodes(agree: Any) -> None:
    with pytest.raises(InputError, match="agree: expected"):
        Quorum(["http://127.0.0.1:1", "http://127.0.0.1:2"], agree=agree)
