"""One transport in several processes and event loops, and in an environment that names a proxy: nobody gets another's answer."""

import asyncio
import json
import os
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from msgspec import Raw

from tests.rpc.node import Node, drop, hang, ok, status
from zkcore.errors import InputError, NodeUnreachable
from zkcore.explore import AsyncClient
from zkcore.methods import calls
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits, Request


def in_child(work: Callable[[], object]) -> Callable[[], Any]:
    """Run it in a forked process; the function gives its value, as JSON, when it is done."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: that is what this is about
        child = os.fork()
    if child == 0:
        try:
            value: object = work()
        except BaseException as error:  # noqa: BLE001  # to be shown by the parent
            value = repr(error)
        os.write(writer, json.dumps(value).encode())
        os._exit(0)
    os.close(writer)

    def result() -> Any:
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        return json.loads(text)

    return result


def echoed(transport: HttpTransport, value: int) -> bool:
    (reply,) = transport.ask([Request("eth_getBalance", (hex(value), "latest"))])
    return isinstance(reply, Raw) and bytes(memoryview(reply)) == f'"{hex(value)}"'.encode()


def test_a_fork_has_connections_of_its_own(node: Node) -> None:
    """Both asked over one inherited socket before, with equal ids: each took what came first."""
    node.results["eth_getBalance"] = lambda params: params[0]
    with HttpTransport(node.url) as transport:
        assert echoed(transport, 1)

        def many(start: int) -> bool:
            return all(echoed(transport, value) for value in range(start, start + 50))

        children = [in_child(lambda start=start: many(start)) for start in (1_000, 2_000)]  # type: ignore[misc]
        assert many(3_000)
        assert [child() for child in children] == [True, True]
        assert many(4_000)  # what a child closed at its end was its own


def test_a_client_of_ones_own_is_not_used_by_a_fork(node: Node) -> None:
    with httpx.Client() as client:
        transport = HttpTransport(node.url, client=client)
        transport.ask([Request("eth_chainId")])
        assert "made before this process was forked" in in_child(lambda: transport.ask([Request("eth_chainId")]))()
        assert isinstance(transport.ask([Request("eth_chainId")])[0], Raw)


def test_one_transport_in_many_event_loops(node: Node) -> None:
    transport = AsyncHttpTransport(node.url)

    async def once() -> object:
        try:
            return (await transport.ask([Request("eth_chainId")]))[0]
        finally:
            await transport.aclose()

    for _ in range(3):
        assert isinstance(asyncio.run(once()), Raw)


def test_a_loop_that_ended_without_closing_leaves_the_next_one_well(node: Node) -> None:
    client = AsyncClient(node.url)
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    for loop in (first, second, first):
        assert loop.run_until_complete(client.run(calls.chain_id("l1"))) == 5
    for loop in (first, second):
        loop.run_until_complete(client.aclose())
        loop.close()


def test_no_event_loop_at_all(node: Node) -> None:
    waiting = AsyncHttpTransport(node.url).ask([Request("eth_chainId")])
    with pytest.raises(InputError, match="no running event loop"):
        waiting.send(None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:9", r"zkcore\[socks\]"),
        ("HTTPS_PROXY", "ftp://user:hunter2@127.0.0.1:9", "HTTPS_PROXY"),
        ("HTTP_PROXY", "http://user:hunter2@host:port", "HTTP_PROXY"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    node: Node, ask: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    if "socks" in value:
        monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    with pytest.raises(InputError, match=said) as failed:
        ask(node.url, [[Request("eth_chainId")]])
    assert "hunter2" not in f"{failed.value!r} {failed.value.__context__!r}"


@pytest.mark.parametrize("url", ["https://...", "http://a..b/", "https://" + "x" * 64 + ".com", "http://-.."])
def test_a_host_that_is_none(url: str) -> None:
    with pytest.raises(InputError, match="url: expected"):
        HttpTransport(url)


def test_a_closed_client_of_ones_own(node: Node) -> None:
    client = httpx.Client()
    client.close()
    (reply,) = HttpTransport(node.url, client=client).ask([Request("eth_chainId")])
    assert isinstance(reply, NodeUnreachable)
    assert "closed" in str(reply)


# ---------------------------------------------------------------- large batches
def dropping(limit: int, how: Any = drop) -> Any:
    return lambda handler, asked: (how if isinstance(asked, list) and len(asked) > limit else ok)(handler, asked)


@pytest.mark.parametrize("limit", [30, 6, 1, 0])
@pytest.mark.parametrize("how", [drop, status(504), status(502)], ids=["drop", "504", "502"])
def test_a_node_that_breaks_off_large_batches_gets_smaller_ones(node: Node, ask: Any, limit: int, how: Any) -> None:
    node.results["eth_getBalance"] = lambda params: params[0]
    node.always = dropping(limit, how)
    wave = [Request("eth_getBalance", (hex(i), "latest")) for i in range(100)]
    limits = Limits(attempts=5, first_delay=0.002, connections=4)
    for replies in ask(node.url, [wave] * 3, limits=limits):
        assert [int(bytes(memoryview(reply)).strip(b'"'), 16) for reply in replies] == [*range(100)]
    assert node.sizes.count(100) == 2  # twice is no accident: then it is known


def test_a_node_that_is_silent_to_large_batches(node: Node, ask: Any) -> None:
    node.results["eth_getBalance"] = lambda params: params[0]
    node.always = dropping(5, hang)
    wave = [Request("eth_getBalance", (hex(i), "latest")) for i in range(20)]
    limits = Limits(timeout=0.2, attempts=3, first_delay=0.002)
    assert all(isinstance(reply, Raw) for reply in ask(node.url, [wave], limits=limits)[0])
    assert sorted(node.sizes) == [5, 5, 5, 5, 20]


def test_a_dead_node_is_not_asked_a_hundred_times(node: Node, ask: Any) -> None:
    """What waits for its time to end is never more than the connections that are allowed at once."""
    node.always = hang
    wave = [Request("eth_getBalance", (hex(i), "latest")) for i in range(100)]
    limits = Limits(timeout=0.1, attempts=4, first_delay=0.002, connections=4)
    ask(node.url, [wave], limits=limits)
    assert len(node.sizes) <= 1 + 3 * 4
    assert min(node.sizes) >= 25
