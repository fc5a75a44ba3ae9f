"""The rules without a socket: whatever a node says, each call gets one reply, and the asking ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from zkcore.errors import MalformedReply, NodeError, NodeTimeout, Reverted
from zkcore.rpc.core import Core, Fault, Http, Pause, Post
from zkcore.rpc.endpoint import Endpoint
from zkcore.rpc.transport import Limits, Request

CALLS = [Request("eth_getBalance", (hex(i),)) for i in range(5)]
LIMITS = Limits(attempts=3, depth=20)


def run(
    answer: Callable[[bytes], Http | Fault], calls: list[Request], limits: Limits = LIMITS
) -> tuple[list[Any], int]:
    """The replies, and how many HTTP requests it took."""
    exchange = Core(Endpoint("http://node"), limits).ask(calls)
    posts = 0
    sent: Any = None
    while True:
        try:
            effect = exchange.send(sent)
        except StopIteration as end:
            return end.value, posts
        assert isinstance(effect, Pause | Post)
        if isinstance(effect, Pause):
            assert 0 <= effect.seconds <= limits.longest_delay
            sent = True
        else:
            posts += len(effect.bodies)
            assert posts < 100
            sent = [answer(body) for body in effect.bodies]


def sound(replies: list[Any], calls: list[Request]) -> None:
    assert len(replies) == len(calls)
    for reply in replies:
        assert isinstance(reply, Raw | NodeError | Reverted)
        if isinstance(reply, Exception):
            assert str(reply).startswith("http://node eth_getBalance: ")
    failures = [reply for reply in replies if isinstance(reply, Exception)]
    assert len({id(failure) for failure in failures}) == len(failures)


statuses = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 404, 413, 418, 429, 500, 502, 503, 521])
errors = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.fixed_dictionaries(
        {},
        optional={
            "code": st.sampled_from([3, -32000, -32005, -32600, -32601, -32603, 429, -32003, "3", None, 1.5, True]),
            "message": st.sampled_from(
                [
                    "execution reverted",
                    "batch too large",
                    "batch limit 2",
                    "rate limit",
                    "response too large",
                    "x",
                    None,
                    5,
                ]
            ),
            "data": st.sampled_from(
                ["0x", "0x08c379a0", "Reverted 0x00", "0xzz", {"data": "0x01"}, {"a": {"b": {}}}, [], 7]
            ),
        },
    ),
)
rows = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0"),
        "id": st.one_of(st.integers(-1, 12), st.none(), st.booleans(), st.floats(0, 5), st.text(max_size=2)),
        "result": st.one_of(st.none(), st.text(max_size=5), st.lists(st.integers(), max_size=2)),
        "error": errors,
    },
)
bodies = st.one_of(
    st.binary(max_size=80),
    st.one_of(rows, st.lists(rows, max_size=7), st.integers(), st.none(), st.text(), st.lists(st.integers())).map(
        lambda value: json.dumps(value).encode()
    ),
    st.integers(0, 60).map(lambda depth: b"[" * depth + b"]" * depth),
)
answers = st.one_of(
    st.builds(Http, statuses, st.fixed_dictionaries({}, optional={"retry-after": st.text(max_size=8)}), bodies),
    st.just(Fault(lambda where: NodeTimeout(f"{where}: late"), again=True)),
)


@given(st.lists(answers, min_size=1, max_size=6), st.integers(1, 5), st.sampled_from([1, 2, 100]))
def test_any_answers(script: list[Http | Fault], calls: int, batch: int) -> None:
    turn = iter(script * 40)
    replies, _ = run(lambda _: next(turn), CALLS[:calls], Limits(attempts=3, depth=20, batch=batch))
    sound(replies, CALLS[:calls])


@given(st.lists(rows, max_size=6), st.integers(0, 4))
def test_a_right_reply_is_taken_only_by_its_id(noise: list[dict[str, Any]], place: int) -> None:
    """Among whatever rows: the value of a call is what one row of its id says, and no other."""

    def answer(body: bytes) -> Http:
        asked = json.loads(body)
        asked = asked if isinstance(asked, list) else [asked]
        right = [{"id": row["id"], "result": row["params"][0]} for row in asked]
        mixed = [*noise, *right]
        return Http(200, {}, json.dumps(mixed[place:] + mixed[:place]).encode())

    replies, _ = run(answer, CALLS)
    sound(replies, CALLS)
    for call, reply in zip(CALLS, replies, strict=True):
        if isinstance(reply, Raw):
            assert json.loads(bytes(memoryview(reply))) == call.params[0]


@pytest.mark.parametrize(
    ("body", "good"),
    [
        (b'[{"id":1,"result":' + b"[" * 18 + b"]" * 18 + b"}]", True),
        (b'[{"id":1,"result":' + b"[" * 50 + b"]" * 50 + b"}]", False),
        (b'[{"id":1,"result":' + b'{"a":' * 50 + b"1" + b"}" * 50 + b"}]", False),
        (b'[{"id":1,"result":' + b'[{"a":' * 25 + b"1" + b"}]" * 25 + b"}]", False),
        (b'[{"id":1,"result":[' + b"[]," * 500 + b"[]]}]", True),
        (b'[{"id":1,"result":"' + b"[{" * 500 + b'"}]', True),  # brackets in a text are none
        (b'[{"id":1,"result":"' + b'\\"[' * 500 + b'"}]', True),
        (b'[{"id":1,"result":"\\\\"},' + b"[" * 50 + b"]" * 50 + b"]", False),
        (b"[" * 1_000_000, False),
    ],
)
def test_depth(body: bytes, good: bool) -> None:
    (reply,), _ = run(lambda _: Http(200, {}, body), CALLS[:1])
    assert isinstance(reply, Raw) is good
    if not good:
        assert isinstance(reply, MalformedReply)
        assert "nested deeper than 20" in str(reply)


def test_the_delays_grow_and_are_bounded() -> None:
    core = Core(Endpoint("http://node"), Limits(attempts=9, first_delay=1.0, longest_delay=8.0))
    exchange = core.ask(CALLS[:1])
    delays: list[float] = []
    effect = next(exchange)
    late = Fault(NodeTimeout, again=True)
    while len(delays) < 8:
        effect = exchange.send([late] if isinstance(effect, Post) else True)
        if isinstance(effect, Pause):
            delays.append(effect.seconds)
    longest = [1, 2, 4, 8, 8, 8, 8, 8]
    assert all(most / 2 <= delay <= most for delay, most in zip(delays, longest, strict=True))


def test_without_time_for_a_pause_the_failure_is_the_reply() -> None:
    exchange = Core(Endpoint("http://node"), LIMITS).ask(CALLS[:2])
    next(exchange)
    assert isinstance(exchange.send([Http(503, {}, b"busy")]), Pause)
    with pytest.raises(StopIteration) as end:
        exchange.send(False)
    assert [str(reply) for reply in end.value.value] == ["http://node eth_getBalance: HTTP 503: 'busy'"] * 2


def test_ids_are_never_used_twice() -> None:
    core = Core(Endpoint("http://node"), LIMITS)
    seen: list[int] = []
    for _ in range(3):
        effect = next(core.ask(CALLS))
        assert isinstance(effect, Post)
        seen += [row["id"] for row in json.loads(effect.bodies[0])]
    assert seen == [*range(1, 16)]
