"""A node that lies: its answers go through `lie`, which sees what was asked. For both wallets' transports."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from zkcore.effects import Reply
from zkcore.ethereum import abi
from zkcore.rpc.http import HttpTransport
from zkcore.rpc.transport import Request

Lying = Callable[[Request, Any], Any]


class LyingNode:
    """A transport whose replies are changed: `lie(request, result)` gives the result. What it was sent is in `sent`."""

    def __init__(self, url: str, lie: Lying | None = None) -> None:
        self.inner, self.lie = HttpTransport(url), lie
        self.sent: list[bytes] = []

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        replies = self.inner.ask(requests, timeout=timeout)
        if self.lie is None:
            return replies
        changed: list[Reply] = []
        for request, reply in zip(requests, replies, strict=True):
            got = msgspec.json.decode(reply) if isinstance(reply, Raw) else reply
            said = self.lie(request, got)
            changed.append(said if isinstance(said, Exception) else Raw(msgspec.json.encode(said)))
        return changed

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        self.sent.append(raw)
        return self.inner.send_raw(raw, timeout=timeout)

    def close(self) -> None:
        self.inner.close()


def calldata(request: Request) -> str:
    """The data of an eth_call and its kin, in hex; nothing for other methods."""
    asked: Any = request.params[0] if request.params else None
    return str(asked.get("data", asked.get("input", ""))) if isinstance(asked, dict) else ""


def answering(function: Any, *result: Any) -> Lying:
    """Calls of this function get this result, whoever is called."""
    word = "0x" + abi.encode(tuple(parameter.type for parameter in function.outputs), result).hex()
    selector = "0x" + function.selector.hex()
    return lambda request, got: word if request.method == "eth_call" and calldata(request).startswith(selector) else got


def saying(method: str, change: Callable[[Any], Any]) -> Lying:
    """This method's answers are changed."""
    return lambda request, got: change(got) if request.method == method else got


def both(*lies: Lying) -> Lying:
    """One lie after another."""

    def lie(request: Request, got: Any) -> Any:
        for one in lies:
            got = one(request, got)
        return got

    return lie


def asked(url: str, method: str, *params: Any) -> Any:
    """The result of one call, as JSON."""
    node = HttpTransport(url)
    (reply,) = node.ask([Request(method, params)])
    node.close()
    if isinstance(reply, Exception):
        raise reply
    return msgspec.json.decode(reply)


class AsyncLyingNode:
    """The same for an AsyncWallet."""

    def __init__(self, url: str, lie: Lying | None = None) -> None:
        self._node = LyingNode(url, lie)
        self.sent = self._node.sent

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        return self._node.ask(requests, timeout=timeout)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        return self._node.send_raw(raw, timeout=timeout)

    async def aclose(self) -> None:
        self._node.close()
