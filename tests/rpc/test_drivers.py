"""The drivers: both nodes at once, deadlines, cancellation, interrupts; and nothing left running."""

import asyncio
import contextvars
import gc
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import pytest
from msgspec import Raw

from tests.rpc.node import QUICK, Node, hang, node
from zkcore.effects import Flow, Reply, Step, T, attempt, gather, now, report, sleep
from zkcore.errors import NodeError, NodeTimeout, NodeUnreachable
from zkcore.explore import calls as explored
from zkcore.methods import calls
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits, Request
from zkcore.rpc.http import side_by_side
from zkcore.testing import AsyncScriptedTransport, ScriptedTransport
from zkcore.wallet.drivers import AsyncDriver, Driver

Run = Callable[..., Any]


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    with node() as l1, node() as l2:
        yield l1, l2


def run_sync(l1: str, l2: str, step: Step[T], **options: Any) -> T:
    with HttpTransport(l1, limits=QUICK) as first, HttpTransport(l2, limits=QUICK) as second:
        return Driver(first, second).run(step, **options)


def run_async(l1: str, l2: str, step: Step[T], **options: Any) -> T:
    async def main() -> T:
        async with AsyncHttpTransport(l1, limits=QUICK) as first, AsyncHttpTransport(l2, limits=QUICK) as second:
            return await AsyncDriver(first, second).run(step, **options)

    return asyncio.run(main())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    function: Run = request.param
    return function


class Closing:
    """Steps, one after the other, that say whether their `finally` ran."""

    closed = False

    def flow(self, *steps: Step[object]) -> Flow[None]:
        try:
            for step in steps:
                yield from step
        finally:
            self.closed = True


def test_both_nodes_are_asked_at_once(nodes: tuple[Node, Node], run: Run) -> None:
    meet = threading.Barrier(2)
    for one in nodes:
        one.always = lambda handler, asked: (meet.wait(5), handler.respond(handler.right(asked)))[1]
    assert run(nodes[0].url, nodes[1].url, gather(calls.chain_id("l2"), calls.chain_id("l1"))) == (5, 5)


def test_a_wave_is_one_request_to_each_node_and_replies_keep_their_places(nodes: tuple[Node, Node], run: Run) -> None:
    nodes[1].results |= {"eth_chainId": "0x2", "eth_gasPrice": "0x3"}
    step = gather(explored.gas_price("l2"), calls.chain_id("l1"), calls.chain_id("l2"), explored.gas_price("l1"))
    assert run(nodes[0].url, nodes[1].url, step) == (3, 5, 2, 7)
    assert (nodes[0].sizes, nodes[1].sizes) == ([2], [2])


def test_a_dead_node_fails_only_its_own_calls(nodes: tuple[Node, Node], run: Run) -> None:
    step = gather(attempt(calls.chain_id("l1"), NodeError), calls.chain_id("l2"))
    dead, alive = run("http://127.0.0.1:1", nodes[1].url, step)
    assert (type(dead), alive) == (NodeUnreachable, 5)


def test_waves_are_told(nodes: tuple[Node, Node]) -> None:
    waves: list[list[str]] = []

    def two_waves() -> Flow[None]:
        yield from gather(calls.chain_id("l1"), calls.chain_id("l2"))
        yield from explored.gas_price("l1")

    def told(wave: Sequence[Any]) -> None:
        waves.append([f"{call.chain} {call.method}" for call in wave])

    with HttpTransport(nodes[0].url) as l1, HttpTransport(nodes[1].url) as l2:
        Driver(l1, l2, told).run(two_waves())
    assert waves == [["l1 eth_chainId", "l2 eth_chainId"], ["l1 eth_gasPrice"]]


def test_reports_arrive(nodes: tuple[Node, Node], run: Run) -> None:
    seen: list[object] = []
    run(nodes[0].url, nodes[1].url, gather(report("a"), report({"b": 1})), on_progress=seen.append)
    assert seen == ["a", {"b": 1}]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_the_watcher_raises_closes_all_flows(
    nodes: tuple[Node, Node], run: Run, kind: type[BaseException]
) -> None:
    def watch(_: object) -> None:
        raise kind

    one, other = Closing(), Closing()
    with pytest.raises(kind):
        run(nodes[0].url, nodes[1].url, gather(one.flow(sleep(60)), other.flow(report("x"))), on_progress=watch)
    assert (one.closed, other.closed) == (True, True)


def test_what_the_watcher_raises_arrives_where_it_was_reported(nodes: tuple[Node, Node], run: Run) -> None:
    def watch(_: object) -> None:
        raise LookupError("mine")

    assert str(run(nodes[0].url, nodes[1].url, attempt(report("x"), LookupError), on_progress=watch)) == "mine"


def test_a_stop_iteration_is_never_the_end_of_a_flow(nodes: tuple[Node, Node], run: Run) -> None:
    def watch(_: object) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match="raised StopIteration"):
        run(nodes[0].url, nodes[1].url, gather(report("x"), sleep(0)), on_progress=watch)


# ---------------------------------------------------------------- the deadline
def test_the_deadline_ends_a_node_that_hangs(nodes: tuple[Node, Node]) -> None:
    nodes[0].always = nodes[1].always = hang
    long = Limits(timeout=60)

    async def awaited() -> object:
        async with AsyncHttpTransport(nodes[0].url, limits=long) as l1, AsyncHttpTransport(nodes[1].url) as l2:
            return await AsyncDriver(l1, l2).run(both(), timeout=0.2)

    def both() -> Step[object]:
        return gather(calls.chain_id("l1"), calls.chain_id("l2"))

    with pytest.raises(NodeTimeout):
        asyncio.run(awaited())
    with (
        HttpTransport(nodes[0].url, limits=long) as l1,
        HttpTransport(nodes[1].url, limits=long) as l2,
        pytest.raises(NodeTimeout),
    ):
        Driver(l1, l2).run(both(), timeout=0.2)


def test_the_deadline_ends_a_flow_that_sleeps(nodes: tuple[Node, Node], run: Run) -> None:
    one = Closing()
    with pytest.raises(NodeTimeout, match=r"not done within 0\.05 s"):
        run(nodes[0].url, nodes[1].url, one.flow(sleep(60), sleep(60)), timeout=0.05)
    assert one.closed


def test_the_deadline_is_not_the_flows_to_catch(nodes: tuple[Node, Node], run: Run) -> None:
    """A flow that goes on after every failure of a node would never end."""

    def stubborn() -> Flow[None]:
        while True:
            yield from attempt(calls.chain_id("l1"), NodeError)

    with pytest.raises(NodeTimeout, match="not done"):
        run("http://127.0.0.1:1", nodes[1].url, stubborn(), timeout=0.05)


def test_a_node_that_is_late_does_not_wait_beyond_the_deadline(nodes: tuple[Node, Node], run: Run) -> None:
    """Retries stop where the time ends, with the last failure."""
    with pytest.raises(NodeError):
        run("http://127.0.0.1:1", nodes[1].url, calls.chain_id("l1"), timeout=0.01)


# ---------------------------------------------------------------- cancellation and leaks
def test_cancelling_closes_the_flow_and_leaves_no_task(nodes: tuple[Node, Node]) -> None:
    nodes[0].always = nodes[1].always = hang
    one = Closing()

    async def main() -> set[str]:
        async with AsyncHttpTransport(nodes[0].url) as l1, AsyncHttpTransport(nodes[1].url) as l2:
            wave = gather(one.flow(calls.chain_id("l1")), *[explored.get_block("l2", i) for i in range(40)])
            task = asyncio.create_task(AsyncDriver(l1, l2).run(wave))
            while not (nodes[0].requests and nodes[1].requests):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return {left.get_name() for left in asyncio.all_tasks()} - {asyncio.current_task().get_name()}  # type: ignore[union-attr]

    assert asyncio.run(main()) == set()
    assert one.closed


def test_cancelling_parallel_single_calls_leaves_no_task(nodes: tuple[Node, Node]) -> None:
    nodes[0].always = hang

    async def main() -> int:
        async with AsyncHttpTransport(nodes[0].url, limits=Limits(batch=1)) as l1:
            task = asyncio.create_task(l1.ask([Request("eth_getBalance", (hex(i),)) for i in range(50)]))
            while len(nodes[0].requests) < 16:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
    assert len(nodes[0].requests) == 16  # no more than it may have at once, and none after


def test_threads_end_with_their_wave(nodes: tuple[Node, Node]) -> None:
    before = set(threading.enumerate())
    with HttpTransport(nodes[0].url, limits=Limits(batch=1)) as l1, HttpTransport(nodes[1].url) as l2:
        driver = Driver(l1, l2)
        for _ in range(20):
            driver.run(gather(calls.chain_id("l1"), explored.gas_price("l1"), calls.chain_id("l2")))
    ours = [thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name]
    assert ours == []


def test_nothing_is_left_open(nodes: tuple[Node, Node], run: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(nodes[0].url, nodes[1].url, gather(calls.chain_id("l1"), calls.chain_id("l2")))
        gc.collect()


def test_a_closed_transport_opens_anew(node: Node) -> None:
    transport = HttpTransport(node.url)
    for _ in range(2):
        (reply,) = transport.ask([Request("eth_chainId")])
        assert isinstance(reply, Raw)
        transport.close()
    transport.close()


def test_an_interrupt_on_l1_does_not_wait_for_l2() -> None:
    """Ctrl-C while L2 hangs: the flow is closed and the interrupt passes at once; the thread is a daemon."""
    hanging, asked = threading.Event(), threading.Event()

    class Hangs(ScriptedTransport):
        def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
            asked.set()
            hanging.wait(10)
            return super().ask(requests)

    class Interrupted(ScriptedTransport):
        def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
            asked.wait(10)
            raise KeyboardInterrupt

    one = Closing()
    with pytest.raises(KeyboardInterrupt):
        Driver(Interrupted(), Hangs(["0x5"])).run(gather(calls.chain_id("l1"), one.flow(calls.chain_id("l2"))))
    assert one.closed
    assert not hanging.is_set()
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "zkcore-rpc"] == [True]
    hanging.set()


def test_l1_runs_on_the_calling_thread_and_l2_alone_too() -> None:
    threads: dict[str, list[int]] = {"l1": [], "l2": []}

    def answering(name: str) -> ScriptedTransport:
        def answer(_: Request) -> str:
            threads[name].append(threading.get_ident())
            return "0x5"

        return ScriptedTransport(answer=answer)

    driver = Driver(answering("l1"), answering("l2"))
    driver.run(gather(calls.chain_id("l1"), calls.chain_id("l2")))
    driver.run(calls.chain_id("l2"))
    here = threading.get_ident()
    assert threads["l1"] == [here]
    assert threads["l2"][0] != here
    assert threads["l2"][1] == here


def test_the_other_thread_has_the_callers_context() -> None:
    trace = contextvars.ContextVar("trace", default="none")
    seen: list[str] = []
    token = trace.set("mine")
    side_by_side([lambda: seen.append(trace.get())] * 5, 3)
    trace.reset(token)
    assert seen == ["mine"] * 5


def test_side_by_side_raises_the_first_and_runs_no_more_than_it_may() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def task(value: int) -> Callable[[], int]:
        def work() -> int:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            threading.Event().wait(0.002)
            with lock:
                running -= 1
            if value in {7, 3}:
                raise ValueError(value)
            return value

        return work

    assert side_by_side([task(i + 10) for i in range(20)], 4) == list(range(10, 30))
    assert most <= 4
    with pytest.raises(ValueError, match="3"):
        side_by_side([task(i) for i in range(20)], 4)
    assert side_by_side([], 4) == []


# ---------------------------------------------------------------- many
def test_a_hundred_waiters_are_one_batch_a_poll(nodes: tuple[Node, Node], run: Run) -> None:
    polls: dict[str, int] = {}
    lock = threading.Lock()

    def receipt(params: list[str]) -> object:
        with lock:
            polls[params[0]] = polls.get(params[0], 0) + 1
            return None if polls[params[0]] < 3 else RECEIPT | {"transactionHash": params[0]}

    nodes[1].results["eth_getTransactionReceipt"] = receipt

    def wait(number: int) -> Flow[int]:
        while (found := (yield from calls.get_receipt("l2", number.to_bytes(32)))) is None:
            yield from sleep(0.02)
        return int.from_bytes(found.transaction_hash)

    assert run(nodes[0].url, nodes[1].url, gather(*[wait(i) for i in range(100)])) == tuple(range(100))
    assert nodes[1].sizes == [100] * 3


def test_a_driver_runs_in_many_threads_at_once(nodes: tuple[Node, Node]) -> None:
    found: list[object] = []
    with HttpTransport(nodes[0].url) as l1, HttpTransport(nodes[1].url) as l2:
        driver = Driver(l1, l2)

        def work() -> None:
            found.extend(driver.run(gather(calls.chain_id("l1"), explored.gas_price("l2"))) for _ in range(10))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [(5, 7)] * 80


def test_scripted_transports_serve_both_drivers() -> None:
    def twice() -> Flow[tuple[int, int]]:
        first = yield from calls.chain_id("l1")
        second = yield from calls.chain_id("l1")
        return first, second

    assert Driver(ScriptedTransport(["0x1"], ["0x2"]), ScriptedTransport()).run(twice()) == (1, 2)
    transports = AsyncScriptedTransport(["0x1"], ["0x2"]), AsyncScriptedTransport()
    assert asyncio.run(AsyncDriver(*transports).run(twice())) == (1, 2)
    assert [len(wave) for wave in transports[0].inner.waves] == [1, 1]


def test_a_flow_cannot_do_what_only_a_wallet_does() -> None:
    class Foreign:
        pass

    def flow() -> Generator[Any, Any, None]:
        yield Foreign()

    with pytest.raises(TypeError, match="run by a wallet"):
        Driver(ScriptedTransport(), ScriptedTransport()).run(flow())


def test_monotonic_seconds(run: Run, nodes: tuple[Node, Node]) -> None:
    def measured() -> Flow[float]:
        begin = yield from now()
        yield from sleep(0.02)
        return (yield from now()) - begin

    assert run(nodes[0].url, nodes[1].url, measured()) >= 0.02


RECEIPT = {
    "transactionHash": "0x" + "11" * 32,
    "transactionIndex": "0x0",
    "blockHash": "0x" + "22" * 32,
    "blockNumber": "0x5",
    "from": "0x" + "33" * 20,
    "to": None,
    "status": "0x1",
    "gasUsed": "0x1",
    "effectiveGasPrice": "0x7",
    "logs": [],
}
