"""Every way a node can fail, against both transports: what is raised, what is retried, and how often it was asked."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Raw

from tests.rpc.node import QUICK, Action, Error, Node, body, bomb, drip, drop, half, hang, ok, rows, short, status
from zkcore.errors import (
    HttpStatusError,
    MalformedReply,
    MethodNotFound,
    NodeError,
    NodeTimeout,
    NodeUnreachable,
    RateLimited,
    Reverted,
    RpcError,
)
from zkcore.rpc import Limits, Request

CALLS = (Request("eth_chainId"), Request("eth_gasPrice"))
GOOD = ['"0x5"', '"0x7"']
SMALL = Limits(timeout=QUICK.timeout, attempts=3, first_delay=0.002, longest_delay=0.2, response_bytes=1 << 20)


def shown(replies: Sequence[Any]) -> list[Any]:
    return [bytes(memoryview(reply)).decode() if isinstance(reply, Raw) else type(reply) for reply in replies]


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def error(code: int, text: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": text}}


def only(row: int, change: dict[str, Any]) -> Action:
    return rows(lambda replies: [{**reply, **change} if place == row else reply for place, reply in enumerate(replies)])


# name: what the node does to the HTTP requests in turn, what the two calls give, and the HTTP requests it takes
MATRIX: dict[str, tuple[list[Action], list[Any], int]] = {
    "nothing": ([], GOOD, 1),
    # ---- passes: asked again; what breaks twice is asked in parts
    "connection reset once": ([drop], GOOD, 2),
    "connection reset always": ([drop] * 4, [NodeUnreachable] * 2, 4),
    "no answer once": ([hang], GOOD, 2),
    "no answer always": ([hang] * 4, [NodeTimeout] * 2, 4),
    "a byte at a time": ([drip] * 4, [NodeTimeout] * 2, 4),
    "body cut off once": ([short], GOOD, 2),
    "body cut off always": ([short] * 4, [NodeUnreachable] * 2, 4),
    "502 once": ([status(502)], GOOD, 2),
    "503 once": ([status(503)], GOOD, 2),
    "504 once": ([status(504)], GOOD, 2),
    "503 always": ([status(503)] * 4, [HttpStatusError] * 2, 4),
    "503 with a JSON-RPC error": ([status(503, error(-32000, "starting"))], GOOD, 2),
    "429 once": ([status(429)], GOOD, 2),
    "429 always": ([status(429)] * 3, [RateLimited] * 2, 3),
    "429 with Retry-After": ([status(429, retry_after="0")], GOOD, 2),
    "429 with a date gone by": ([status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")], GOOD, 2),
    "429 with nonsense": ([status(429, retry_after="soon")], GOOD, 2),
    "429 for longer than we wait": ([status(429, retry_after="60")], [RateLimited] * 2, 1),
    "rate limit as one error": ([body(error(-32005, "project ID request rate exceeded, too many requests"))], GOOD, 2),
    "rate limit of one call": ([only(1, {"result": None, "error": {"code": 429, "message": "slow down"}})], GOOD, 2),
    "dropped, then 503": ([drop, status(503)], GOOD, 4),
    # ---- does not pass: raised at once
    "401": ([status(401)], [HttpStatusError] * 2, 1),
    "403": ([status(403)], [HttpStatusError] * 2, 1),
    "redirect": ([status(302, location="http://127.0.0.1:1/")], [HttpStatusError] * 2, 1),
    "permanent redirect": ([status(308, location="http://127.0.0.1:1/")], [HttpStatusError] * 2, 1),
    "a web page": ([body(b"<html>welcome</html>")], [MalformedReply] * 2, 1),
    "nothing at all": ([body(b"")], [MalformedReply] * 2, 1),
    "half of the JSON": ([half], [MalformedReply] * 2, 1),
    "not UTF-8": ([body(b'[{"id":1,"error":"\xff"}]')], [MalformedReply] * 2, 1),
    "a number": ([body(b"7")], [MalformedReply] * 2, 1),
    "rows that are no objects": ([body(b"[1,2]")], [MalformedReply] * 2, 1),
    "an empty list": ([body(b"[]")], [MalformedReply] * 2, 1),
    "nested too deep": ([body(nested(100_000))], [MalformedReply] * 2, 1),
    "a deep field that nobody wants": (
        [body(b'[{"id":1,"result":1,"x":' + nested(200) + b"}]")],
        [MalformedReply] * 2,
        1,
    ),
    "deep and never closed": ([body(b"[" * 100_000)], [MalformedReply] * 2, 1),
    "a long response": ([body(b" " * (1 << 20) + b"[]")], [MalformedReply] * 2, 1),
    "a gzip bomb": ([bomb], [MalformedReply] * 2, 1),
    # ---- ids
    "other order": ([rows(lambda replies: replies[::-1])], GOOD, 1),
    "wrong id": ([only(0, {"id": 999})], [MalformedReply, GOOD[1]], 1),
    "null id": ([only(0, {"id": None})], [MalformedReply, GOOD[1]], 1),
    "id as a string": ([only(0, {"id": "1"})], [MalformedReply, GOOD[1]], 1),
    "id as a float": ([only(0, {"id": 1.0})], [MalformedReply, GOOD[1]], 1),
    "id true": ([only(0, {"id": True})], [MalformedReply, GOOD[1]], 1),
    "one reply twice": ([rows(lambda replies: [*replies, replies[0]])], [MalformedReply, GOOD[1]], 1),
    "two replies to one call": (
        [rows(lambda replies: [*replies, {**replies[0], "result": "0x6"}])],
        [MalformedReply, GOOD[1]],
        1,
    ),
    "a reply is missing": ([rows(lambda replies: replies[1:])], [MalformedReply, GOOD[1]], 1),
    "one reply too many": ([rows(lambda replies: [*replies, {"id": 10_000, "result": "0x1"}])], GOOD, 1),
    # ---- one call
    "an error of one call": (
        [only(0, {"error": {"code": -32000, "message": "header not found"}})],
        [RpcError, GOOD[1]],
        1,
    ),
    "an error that is a text": ([only(0, {"error": "header not found"})], [RpcError, GOOD[1]], 1),
    "an error that is a number": ([only(0, {"error": 7})], [RpcError, GOOD[1]], 1),
    "an error without a message": ([only(0, {"error": {"code": 1}})], [RpcError, GOOD[1]], 1),
    "a revert": (
        [only(0, {"error": {"code": 3, "message": "execution reverted", "data": "0x"}})],
        [Reverted, GOOD[1]],
        1,
    ),
    "no such method": ([only(0, {"error": {"code": -32601, "message": "nope"}})], [MethodNotFound, GOOD[1]], 1),
    "neither result nor error": (
        [rows(lambda replies: [{"id": replies[0]["id"]}, replies[1]])],
        [MalformedReply, GOOD[1]],
        1,
    ),
    "result and error null": ([only(0, {"error": None})], GOOD, 1),
    "a result of null": ([only(0, {"result": None})], ["null", GOOD[1]], 1),
}


@pytest.mark.parametrize("name", MATRIX)
def test_a_batch(node: Node, ask: Any, name: str) -> None:
    script, expected, count = MATRIX[name]
    node.script = [*script]
    ((*replies,),) = ask(node.url, [CALLS], limits=SMALL)
    assert (shown(replies), len(node.requests)) == (expected, count)
    failures = [reply for reply in replies if isinstance(reply, Exception)]
    assert len({id(failure) for failure in failures}) == len(failures)  # one shared would mix tracebacks
    for failure in failures:
        assert str(failure).startswith(f"{node.url} eth_")


# the same for a call that is alone, and so not in a batch
SINGLE: dict[str, tuple[list[Action], Any, int]] = {
    "nothing": ([], GOOD[0], 1),
    "connection reset once": ([drop], GOOD[0], 2),
    "502, then no answer": ([status(502), hang], GOOD[0], 3),
    "413": ([status(413)], HttpStatusError, 1),
    "400": ([status(400)], HttpStatusError, 1),
    "404": ([status(404, {"message": "no route"})], HttpStatusError, 1),
    "500 with a page": ([status(500)], HttpStatusError, 1),
    "500 with a JSON-RPC error": ([status(500, error(-32000, "header not found"))], RpcError, 1),
    "400 with a revert": ([status(400, error(3, "execution reverted"))], Reverted, 1),
    "an array": ([body([{"id": 1, "result": "0x5"}])], GOOD[0], 1),
    "an array of two": ([body([{"id": 1, "result": "0x5"}, {"id": 1, "result": "0x6"}])], MalformedReply, 1),
    "wrong id": ([only(0, {"id": 999})], MalformedReply, 1),
    "null id": ([only(0, {"id": None})], MalformedReply, 1),
    "an error with a null id": ([body(error(-32700, "parse error"))], RpcError, 1),
    "rate limit": ([body(error(-32005, "rate limit"))], GOOD[0], 2),
    "half": ([half], MalformedReply, 1),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_call_alone(node: Node, ask: Any, name: str) -> None:
    script, expected, count = SINGLE[name]
    node.script = [*script]
    ((reply,),) = ask(node.url, [CALLS[:1]], limits=SMALL)
    assert (shown([reply]), node.sizes) == ([expected], [0] * count)


def test_what_changes_the_node_is_not_repeated(node: Node, ask: Any) -> None:
    node.script = [drop]
    assert shown(ask(node.url, [[Request("evm_mine")]])[0]) == [NodeUnreachable]
    assert node.methods == ["evm_mine"]


def test_only_what_failed_is_asked_again(node: Node, ask: Any) -> None:
    node.script = [only(1, {"error": {"code": 429, "message": "slow down"}}), ok]
    assert shown(ask(node.url, [CALLS])[0]) == GOOD
    assert node.methods == ["eth_chainId", "eth_gasPrice", "eth_gasPrice"]


def test_nobody_listens(ask: Any) -> None:
    ((first, second),) = ask("http://127.0.0.1:1", [CALLS])
    assert shown([first, second]) == [NodeUnreachable, NodeUnreachable]
    assert "eth_chainId: ConnectError" in str(first)


def test_no_such_host(ask: Any) -> None:
    ((reply,),) = ask("http://zkcore.invalid", [CALLS[:1]])
    assert type(reply) is NodeUnreachable


def test_the_error_says_what_was_asked_and_what_came(node: Node, ask: Any) -> None:
    node.script = [status(401, b"who are you?")]
    ((reply,),) = ask(node.url, [[Request("eth_call", ({"to": "0x11", "data": "0x"}, "latest"))]])
    assert str(reply) == f"{node.url} eth_call to 0x11: HTTP 401: 'who are you?'"
    node.results["eth_call"] = Error(-32000, "header not found")
    ((reply,),) = ask(node.url, [[Request("eth_call", ({"to": "0x11"}, "latest"))]])
    assert str(reply) == f"{node.url} eth_call to 0x11: header not found (code -32000)"
    assert isinstance(reply, RpcError)
    assert (reply.code, reply.message, reply.data) == (-32000, "header not found", None)


def test_retry_after_is_known(node: Node, ask: Any) -> None:
    node.script = [status(429, retry_after="60")]
    ((reply,),) = ask(node.url, [CALLS[:1]])
    assert isinstance(reply, RateLimited)
    assert reply.retry_after == 60
    assert isinstance(reply, NodeError)
