"""Waves with an end: in a flow by itself, beside others, and over real sockets; by both drivers."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rpc.node import Node, drip, hang, node
from zkcore.effects import Effect, Flow, Wave, advance, attempt, gather, now, sleep, within
from zkcore.errors import InputError, NodeTimeout
from zkcore.methods import calls
from zkcore.rpc import AsyncHttpTransport, HttpTransport
from zkcore.testing import play
from zkcore.wallet.drivers import AsyncDriver, Driver


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    with node() as l1, node() as l2:
        yield l1, l2


def run_sync(l1: str, l2: str, step: Any) -> Any:
    with HttpTransport(l1) as first, HttpTransport(l2) as second:
        return Driver(first, second).run(step)


def run_async(l1: str, l2: str, step: Any) -> Any:
    async def main() -> Any:
        async with AsyncHttpTransport(l1) as first, AsyncHttpTransport(l2) as second:
            return await AsyncDriver(first, second).run(step)

    return asyncio.run(main())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    found: Callable[..., Any] = request.param
    return found


def waves(flow: Flow[Any]) -> list[float | None]:
    """The seconds of each wave of a flow; the clock stands at 100."""
    found: list[float | None] = []
    effect: Effect | Any = advance(flow)
    while isinstance(effect, Effect):
        if isinstance(effect, Wave):
            found.append(effect.seconds)
            effect = advance(flow, [NodeTimeout("late")] * len(effect.calls))
        else:
            effect = advance(flow, 100.0)
    return found


def test_what_is_left_of_the_time() -> None:
    chain_id = calls.chain_id("l1")
    assert waves(within(attempt(chain_id, NodeTimeout), 107.5)) == [7.5]
    assert waves(within(attempt(chain_id, NodeTimeout), 99.0)) == [0.0]
    assert waves(within(within(attempt(chain_id, NodeTimeout), 109.0), 105.0)) == [5.0]
    assert waves(within(within(attempt(chain_id, NodeTimeout), 105.0), 109.0)) == [5.0]
    assert waves(attempt(chain_id, NodeTimeout)) == [None]


def test_of_those_beside_one_another_the_first_end_counts() -> None:
    steps = [within(attempt(calls.chain_id("l1"), NodeTimeout), until) for until in (109.0, 103.0)]
    assert waves(gather(*steps, attempt(calls.chain_id("l2"), NodeTimeout))) == [3.0]


def test_a_step_within_keeps_its_value_its_sleep_and_its_failures() -> None:
    def step() -> Flow[tuple[float, int]]:
        yield from sleep(2)
        return (yield from now()), (yield from calls.chain_id("l1"))

    assert play(within(step(), 60.0), ["0x5"]).value == (2.0, 5)
    with pytest.raises(NodeTimeout):
        play(within(step(), 60.0), [NodeTimeout("late")])


@pytest.mark.parametrize("how", [hang, drip], ids=["silent", "a byte at a time"])
def test_a_silent_node_is_given_up_in_time(nodes: tuple[Node, Node], run: Any, how: Any) -> None:
    assert run(nodes[0].url, nodes[1].url, calls.chain_id("l1")) == 5  # httpx is imported by now
    nodes[0].always = how

    def step() -> Flow[tuple[Any, int]]:
        until = (yield from now()) + 0.3
        asked = gather(attempt(calls.chain_id("l1"), NodeTimeout), calls.chain_id("l2"))
        return (yield from within(asked, until))

    begun = time.monotonic()
    late, there = run(nodes[0].url, nodes[1].url, step())
    assert time.monotonic() - begun < 0.9
    assert isinstance(late, NodeTimeout)
    assert there == 5


def test_a_driver_of_asyncio_needs_a_loop() -> None:
    running = AsyncDriver(AsyncHttpTransport("http://x"), AsyncHttpTransport("http://y")).run(calls.chain_id("l1"))
    with pytest.raises(InputError, match="no running event loop"):
        running.send(None)
