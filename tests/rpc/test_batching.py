"""Batches: cut, refused, limited, learned; and equal calls asked once."""

import logging
from typing import Any

import pytest
from msgspec import Raw

from tests.rpc.node import QUICK, Action, Error, Node, body, refuse_batches, status
from zkcore.errors import HttpStatusError, InputError, RateLimited, RpcError
from zkcore.rpc import HttpTransport, Limits, Request


def wave(size: int) -> list[Request]:
    return [Request("eth_getBalance", (hex(i), "latest")) for i in range(size)]


@pytest.fixture
def echo(node: Node) -> Node:
    node.results["eth_getBalance"] = lambda params: params[0]
    return node


def values(replies: Any) -> list[Any]:
    return [int(bytes(memoryview(reply)).strip(b'"'), 16) if isinstance(reply, Raw) else reply for reply in replies]


def test_a_wave_is_one_request(echo: Node, ask: Any) -> None:
    assert values(ask(echo.url, [wave(20)])[0]) == [*range(20)]
    assert echo.sizes == [20]


def test_a_wave_is_cut_to_the_limit(echo: Node, ask: Any) -> None:
    limits = Limits(batch=8)
    assert values(ask(echo.url, [wave(20)], limits=limits)[0]) == [*range(20)]
    assert sorted(echo.sizes) == [4, 8, 8]


def test_no_batches_at_all(echo: Node, ask: Any) -> None:
    assert values(ask(echo.url, [wave(20)], limits=Limits(batch=1))[0]) == [*range(20)]
    assert echo.sizes == [0] * 20


def test_an_empty_wave_asks_nothing(echo: Node, ask: Any) -> None:
    assert ask(echo.url, [[]]) == [[]]
    assert echo.requests == []


def test_equal_calls_are_asked_once(echo: Node, ask: Any) -> None:
    calls = [*wave(3), *wave(3), Request("eth_nope"), Request("eth_nope")]
    (replies,) = ask(echo.url, [calls])
    assert values(replies[:6]) == [0, 1, 2, 0, 1, 2]
    assert echo.sizes == [4]
    assert replies[6] is not replies[7]
    assert str(replies[6]) == str(replies[7])


# what a node says of batches, and the sizes of its HTTP requests in a wave of 12 and in another of 12
REFUSALS: dict[str, tuple[Action, list[int], list[int]]] = {
    "one error": (refuse_batches(1, "batch requests are not supported"), [12] + [0] * 12, [0] * 12),
    "one error, with HTTP 400": (refuse_batches(1, "invalid request", http=400), [12] + [0] * 12, [0] * 12),
    "one error, with HTTP 500": (refuse_batches(1, "cannot parse", code=-32700, http=500), [12] + [0] * 12, [0] * 12),
    "jsonrpsee": (
        refuse_batches(1, "Batched requests are not supported by this server", code=-32005),
        [12] + [0] * 12,
        [0] * 12,
    ),
    "geth: one row, with the id of the first call": (
        refuse_batches(6, "batch too large", listed=True),
        [12, 6, 6],
        [6, 6],
    ),
    "erigon names it": (refuse_batches(5, "batch limit 5 exceeded: 12 requests given"), [12, 5, 5, 2], [5, 5, 2]),
    "jsonrpsee names nothing": (
        refuse_batches(4, "The batch request was too large", code=-32010),
        [12, 6, 6, 3, 3, 3, 3],
        [3, 3, 3, 3],
    ),
    "drpc, with HTTP 500": (
        refuse_batches(3, "Batch of more than 3 requests are not allowed on free tier", http=500),
        [12, 3, 3, 3, 3],
        [3, 3, 3, 3],
    ),
    "requests per batch are no rate limit": (
        refuse_batches(3, "exceeded the maximum of 3 requests per batch"),
        [12, 3, 3, 3, 3],
        [3, 3, 3, 3],
    ),
    "too many requests in batch is no rate limit": (
        refuse_batches(3, "too many requests in batch: 12, max: 3"),
        [12, 3, 3, 3, 3],
        [3, 3, 3, 3],
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_node_that_limits_batches_is_learned(echo: Node, ask: Any, name: str) -> None:
    echo.always, first, second = REFUSALS[name]
    assert [values(replies) for replies in ask(echo.url, [wave(12), wave(12)])] == [[*range(12)]] * 2
    assert sorted(echo.sizes) == sorted(first + second)


@pytest.mark.parametrize(("code", "page"), [(413, b"too large"), (400, b"bad"), (405, b""), (422, b"{}")])
def test_a_node_that_refuses_in_plain_http(echo: Node, ask: Any, code: int, page: bytes) -> None:
    echo.always = lambda handler, asked: (
        status(code, page)(handler, asked) if isinstance(asked, list) else handler.respond(handler.right(asked))
    )
    assert [values(replies) for replies in ask(echo.url, [wave(3), wave(3)])] == [[0, 1, 2]] * 2
    assert echo.sizes == [3] + [0] * 6


def test_a_node_that_is_broken_is_not_taken_for_one_that_refuses_batches(echo: Node) -> None:
    """What fails alone as well was not the batch's fault: the next wave is a batch again."""
    with HttpTransport(echo.url, limits=QUICK) as transport:
        echo.script = [status(500)] * 4
        replies = transport.ask(wave(3))
        assert [type(reply) for reply in replies] == [HttpStatusError] * 3
        assert values(transport.ask(wave(3))) == [0, 1, 2]
    assert echo.sizes == [3, 0, 0, 0, 3]


def test_a_failure_with_500_is_no_lesson(echo: Node) -> None:
    """Perhaps it was the batch, and it is asked in single calls; perhaps it was not, and the next wave is a batch."""
    with HttpTransport(echo.url, limits=QUICK) as transport:
        for _ in range(2):
            echo.script = [status(501)]
            assert values(transport.ask(wave(3))) == [0, 1, 2]
    assert echo.sizes == [3, 0, 0, 0] * 2


def test_what_is_answered_whole_teaches_nothing(echo: Node, ask: Any) -> None:
    """Of the chunks of a wave, only one that was refused says how large one may be."""
    echo.script = [refuse_batches(6, "batch limit 6"), refuse_batches(6, "batch limit 6")]
    assert values(ask(echo.url, [wave(10)], limits=Limits(batch=8))[0]) == [*range(10)]
    assert sorted(echo.sizes) == [2, 2, 6, 8]


@pytest.mark.parametrize("name", ["timeout", "attempts", "batch", "connections", "response_bytes", "depth"])
def test_limits_are_positive(name: str) -> None:
    with pytest.raises(InputError, match=f"limits: expected {name} > 0, got 0"):
        Limits(**{name: 0})
    odds: tuple[Any, ...] = (None, "5", float("nan"))
    for odd in odds if name == "timeout" else (*odds, 1.5, float("inf")):
        with pytest.raises(InputError, match=f"limits: {name}: expected"):
            Limits(**{name: odd})


@pytest.mark.parametrize("forever", [float("inf"), 1e300, 10**400])
def test_a_request_may_take_for_ever(echo: Node, ask: Any, forever: Any) -> None:
    assert values(ask(echo.url, [wave(3)], limits=Limits(timeout=forever))[0]) == [0, 1, 2]


def test_a_response_too_large_is_asked_in_smaller_ones(echo: Node, ask: Any) -> None:
    """geth answers what fits, and "response too large" for the others."""

    def full(handler: Any, asked: Any) -> None:
        error = {"code": -32003, "message": "response too large"}
        many = isinstance(asked, list)
        cut = [
            {"id": row["id"], "error": error} if place > 1 else row
            for place, row in enumerate(handler.right(asked) if many else [])
        ]
        handler.respond(cut if many else handler.right(asked))

    echo.always = full
    assert values(ask(echo.url, [wave(6)])[0]) == [*range(6)]
    assert sorted(echo.sizes) == [0, 3, 6] or echo.sizes[0] == 6


def test_a_limit_on_results_is_an_error_of_the_call(echo: Node, ask: Any) -> None:
    echo.results["eth_getLogs"] = Error(-32005, "query returned more than 10000 results")
    (replies,) = ask(echo.url, [[*wave(2), Request("eth_getLogs", ({},))]])
    assert values(replies[:2]) == [0, 1]
    assert type(replies[2]) is RpcError
    assert echo.sizes == [3]


def test_a_rate_limit_of_the_batch_is_waited_for(echo: Node, ask: Any) -> None:
    limit = body(
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "15/second request limit reached"}}
    )
    echo.script = [limit] * 3
    assert [type(reply) for reply in ask(echo.url, [wave(2)])[0]] == [RateLimited] * 2
    assert echo.sizes == [2, 2, 2]


@pytest.mark.parametrize(
    "method",
    [
        "eth_sendRawTransaction",
        "eth_sendTransaction",
        "eth_sendUserOperation",
        "personal_sendTransaction",
        "eth_SendRaw",
        "zks_sendRawTransactionWithDetailedOutput",
        "unstable_sendRawTransactionWithDetailedOutput",
        "wallet_sendCalls",
    ],
)
def test_a_wave_cannot_send(echo: Node, ask: Any, method: str) -> None:
    with pytest.raises(InputError, match=f"{method}: a wave only reads"):
        ask(echo.url, [[*wave(2), Request(method, ("0x00",))]])
    assert echo.requests == []


def test_logging_tells_of_requests_and_retries(echo: Node, caplog: pytest.LogCaptureFixture) -> None:
    echo.script = [status(503), refuse_batches(1, "no batches")]
    with caplog.at_level(logging.DEBUG, "zkcore.rpc"), HttpTransport(echo.url, limits=QUICK) as transport:
        transport.ask(wave(2))
    said = [record.getMessage() for record in caplog.records if record.name == "zkcore.rpc"]
    two = f"{echo.url} #1 eth_getBalance, #2 eth_getBalance"
    assert said == [
        f"{two}: HTTP 503, 15 bytes",
        f"{echo.url} #1, #2: HTTP 503: 'try again later'; attempt 2",
        f"{two.replace('#1', '#3').replace('#2', '#4')}: HTTP 200, 82 bytes",
        f"{echo.url} #5 eth_getBalance: HTTP 200, 44 bytes",
        f"{echo.url} #6 eth_getBalance: HTTP 200, 44 bytes",
        f"{echo.url} takes batches of at most 1",
    ]
