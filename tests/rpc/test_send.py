"""Sending: once, whatever happens, and only by the entry that is for it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw

from tests.rpc.node import QUICK, Action, Error, Node, body, drop, half, hang, ok, short, status
from zkcore.effects import Reply
from zkcore.errors import (
    HttpStatusError,
    MalformedReply,
    NodeTimeout,
    NodeUnreachable,
    RateLimited,
    Reverted,
    RpcError,
)
from zkcore.methods.answers import answer
from zkcore.rpc import AsyncHttpTransport, HttpTransport
from zkcore.rpc.faults import error_of
from zkcore.types import Hash32

HASH = "0x" + "ab" * 32


def send_sync(url: str, raw: bytes) -> Reply:
    with HttpTransport(url, limits=QUICK) as transport:
        return transport.send_raw(raw)


def send_async(url: str, raw: bytes) -> Reply:
    async def main() -> Reply:
        async with AsyncHttpTransport(url, limits=QUICK) as transport:
            return await transport.send_raw(raw)

    return asyncio.run(main())


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Callable[[str, bytes], Reply]:
    function: Callable[[str, bytes], Reply] = request.param
    return function


FAULTS: dict[str, tuple[Action, type[Exception]]] = {
    "reset": (drop, NodeUnreachable),
    "no answer": (hang, NodeTimeout),
    "cut off": (short, NodeUnreachable),
    "half": (half, MalformedReply),
    "503": (status(503), HttpStatusError),
    "429": (status(429, retry_after="0"), RateLimited),
    "redirect": (status(307, location="http://127.0.0.1:1"), HttpStatusError),
    "rate limit": (body({"id": 1, "error": {"code": 429, "message": "slow down"}}), RateLimited),
    "known": (body({"id": 1, "error": {"code": -32000, "message": "already known"}}), RpcError),
    "nonce": (body({"id": 1, "error": {"code": -32000, "message": "nonce too low: next nonce 5"}}), RpcError),
    "Era": (body({"id": 1, "error": {"code": 3, "message": "nonce too low", "data": "0x"}}), RpcError),
    "revert": (body({"id": 1, "error": {"code": 3, "message": "execution reverted", "data": "0x"}}), Reverted),
    "of another call": (body({"id": 2, "result": HASH}), MalformedReply),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_send_is_never_repeated(node: Node, send: Any, name: str) -> None:
    fault, kind = FAULTS[name]
    node.script = [fault, ok, ok]
    reply = send(node.url, b"\x02\x01")
    assert type(reply) is kind
    assert node.methods == ["eth_sendRawTransaction"]
    assert str(reply).startswith(f"{node.url} eth_sendRawTransaction: ")


def test_a_send_carries_the_bytes(node: Node, send: Any) -> None:
    node.results["eth_sendRawTransaction"] = HASH
    reply = send(node.url, b"\x02\xf8\x00")
    assert isinstance(reply, Raw)
    assert bytes(memoryview(reply)) == f'"{HASH}"'.encode()
    assert node.requests == [{"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x02f800"]}]


def test_a_refusal_says_why(node: Node, send: Any) -> None:
    node.results["eth_sendRawTransaction"] = Error(-32000, "insufficient funds for gas * price + value")
    assert str(send(node.url, b"\x02")).endswith("insufficient funds for gas * price + value (code -32000)")


# ---------------------------------------------------------------- what may be concluded
CONCLUSIONS = {
    # what only sounds like "known transaction": it was not taken, and is not there
    "unknown transaction type: 113": "unknown",
    "unknown transaction field `gas`": "unknown",
    "not a known transaction type": "unknown",
    "no known transaction": "unknown",
    "Known transaction": "there",
    "duplicate tx": "there",
    # of another transaction under this nonce
    "replacement fee too low": "occupied",
    "transaction replacement underpriced": "occupied",
    "gas price too low to replace": "occupied",
    # a failure of a method is not the lack of one
    "method eth_sendRawTransaction failed: header not found": "unknown",
    "method call was forwarded; receipt not found yet": "unknown",
    "rpc method timed out, result not available yet": "unknown",
    "the method eth_sendRawTransaction does not exist/is not available": "refused",
    "rpc method is not whitelisted": "refused",
    # one of several nodes refuses, and another may have it
    "all failed: nonce too low; insufficient funds for gas * price + value": "unknown",
    "request timed out; insufficient funds for gas * price + value": "unknown",
    "already mined, insufficient funds": "unknown",
    "insufficient funds for gas * price + value: address 0x5a have 1 want 2": "refused",
    "INTERNAL_ERROR: intrinsic gas too low": "refused",
}


@pytest.mark.parametrize("message", CONCLUSIONS)
@pytest.mark.parametrize("code", [-32000, -32010, 3])
def test_what_is_concluded_from_words(message: str, code: int) -> None:
    reply = error_of({"code": code, "message": message}, "l1 eth_sendRawTransaction")
    assert answer(reply, Hash32(HASH)) == CONCLUSIONS[message]
