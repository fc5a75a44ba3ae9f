"""What many tasks ask of a node in one turn of the event loop shares HTTP requests, and nobody pays for another's fate."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rpc.node import QUICK, Node, drop, hang, node
from zkcore.errors import InputError, NodeTimeout, NodeUnreachable
from zkcore.rpc import AsyncHttpTransport, Limits, Request


@pytest.fixture
def there() -> Iterator[Node]:
    with node() as one:
        one.results["eth_getBalance"] = lambda params: params[0]
        yield one


def balance(number: int) -> Request:
    return Request("eth_getBalance", (hex(number),))


def test_five_hundred_tasks_are_five_requests_and_each_has_its_own_replies(there: Node) -> None:
    async def main() -> list[Any]:
        async with AsyncHttpTransport(there.url) as l1:
            return await asyncio.gather(
                *[l1.ask([balance(i), Request("eth_chainId"), balance(i + 1)]) for i in range(500)]
            )

    for i, replies in enumerate(asyncio.run(main())):
        assert [bytes(reply) for reply in replies] == [f'"{hex(i)}"'.encode(), b'"0x5"', f'"{hex(i + 1)}"'.encode()]
    assert sum(there.sizes) == 502  # equal calls once
    assert len(there.sizes) == 6


def test_what_is_asked_in_another_turn_waits_for_nobody(there: Node) -> None:
    async def main() -> None:
        async with AsyncHttpTransport(there.url) as l1:
            there.script = [hang]
            first = asyncio.create_task(l1.ask([balance(1)]))
            while not there.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            assert bytes((await asyncio.wait_for(l1.ask([balance(2)]), 1))[0]) == b'"0x2"'  # type: ignore[arg-type]
            first.cancel()

    asyncio.run(main())


def test_one_that_is_cancelled_takes_nobody_along_and_the_last_leaves_nothing_running(there: Node) -> None:
    async def main() -> tuple[Any, int]:
        async with AsyncHttpTransport(there.url) as l1:
            some = [asyncio.create_task(l1.ask([balance(i)])) for i in range(3)]
            await asyncio.sleep(0)
            some[0].cancel()
            kept = await asyncio.gather(*some, return_exceptions=True)
            there.always = hang
            others = [asyncio.create_task(l1.ask([balance(i)])) for i in range(3)]
            while len(there.requests) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            return kept, len(asyncio.all_tasks())

    kept, tasks = asyncio.run(main())
    assert isinstance(kept[0], asyncio.CancelledError)
    assert [bytes(reply[0]) for reply in kept[1:]] == [b'"0x1"', b'"0x2"']
    assert tasks == 1


def test_a_call_that_would_send_is_refused_alone(there: Node) -> None:
    async def main() -> Any:
        async with AsyncHttpTransport(there.url) as l1:
            sending = Request("eth_sendRawTransaction", ("0x",))
            return await asyncio.gather(l1.ask([balance(1)]), l1.ask([balance(2), sending]), return_exceptions=True)

    good, bad = asyncio.run(main())
    assert bytes(good[0]) == b'"0x1"'
    assert isinstance(bad, InputError)
    assert there.methods == ["eth_getBalance"]


def test_each_keeps_its_own_time(there: Node) -> None:
    there.script = [hang, hang]

    async def main() -> Any:
        async with AsyncHttpTransport(there.url, limits=Limits(timeout=2, attempts=2, first_delay=0.01)) as l1:
            loop = asyncio.get_running_loop()
            started = loop.time()

            async def ask(seconds: float | None) -> tuple[Any, float]:
                reply = (await l1.ask([balance(1)], timeout=seconds))[0]
                return reply, loop.time() - started

            return await asyncio.gather(ask(0.2), ask(None))

    (hurried, soon), (patient, late) = asyncio.run(main())
    assert isinstance(hurried, NodeTimeout)
    assert soon < 1.5
    assert bytes(patient) == b'"0x1"'
    assert late > 1.5


def test_a_dead_node_is_told_to_each(there: Node) -> None:
    there.always = drop

    async def main() -> Any:
        async with AsyncHttpTransport(there.url, limits=QUICK) as l1:
            return await asyncio.gather(*[l1.ask([balance(i)]) for i in range(5)])

    replies = [reply for (reply,) in asyncio.run(main())]
    assert [type(reply) for reply in replies] == [NodeUnreachable] * 5
    assert len({id(reply) for reply in replies}) == 5  # one instance for each call


def test_two_loops_share_nothing(there: Node) -> None:
    transport, got = AsyncHttpTransport(there.url), []

    async def main(start: int) -> None:
        got.append(
            [bytes(r[0]) for r in await asyncio.gather(*[transport.ask([balance(start + i)]) for i in range(20)])]
        )
        await transport.aclose()

    threads = [threading.Thread(target=lambda start=start: asyncio.run(main(start))) for start in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == [[f'"{hex(start + i)}"'.encode() for i in range(20)] for start in (100, 200)]
