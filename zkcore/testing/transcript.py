"""Transcripts: all that two nodes were asked and answered, as JSON lines, to be replayed offline.

A line is `{"node": "l1", "method": ..., "params": [...], "result": ...}`, or has an `error` instead of the result. URLs
appear in errors only, and masked; `secrets` hides whatever else must not be in the file. Signed transactions are in it.
"""

import os
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct, UnsetType

import zkcore.errors
from zkcore.effects import Chain, Reply
from zkcore.errors import NodeError, Reverted, ZkCoreError
from zkcore.protocol.reverts import decode_revert
from zkcore.rpc.transport import AsyncTransport, Request, Transport, sends

__all__ = ["AsyncRecorder", "AsyncReplay", "Recorder", "Replay"]


_JSON = (str, int, float, dict, list, type(None))


class _Line(Struct):
    node: str
    method: str
    params: Raw
    result: Raw | UnsetType = msgspec.UNSET
    error: dict[str, Any] | UnsetType = msgspec.UNSET


class Recorder:
    """Passes everything on to a node, and writes it down. Two recorders may share a file."""

    def __init__(self, inner: Transport, path: str | Path, *, node: Chain, secrets: Sequence[str] = ()) -> None:
        self.inner = inner
        self._tape = _Tape(path, node, secrets)

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """As `Transport.ask`."""
        replies = self.inner.ask(requests, timeout=timeout)
        self._tape.write(requests, replies)
        return replies

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """As `Transport.send_raw`."""
        reply = self.inner.send_raw(raw, timeout=timeout)
        self._tape.write([_sending(raw)], [reply])
        return reply

    def close(self) -> None:
        """Close the transport inside."""
        self.inner.close()


class AsyncRecorder:
    """The same for asyncio."""

    def __init__(self, inner: AsyncTransport, path: str | Path, *, node: Chain, secrets: Sequence[str] = ()) -> None:
        self.inner = inner
        self._tape = _Tape(path, node, secrets)

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `AsyncTransport.ask`."""
        replies = await self.inner.ask(requests, timeout=timeout)
        self._tape.write(requests, replies)
        return replies

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `AsyncTransport.send_raw`."""
        reply = await self.inner.send_raw(raw, timeout=timeout)
        self._tape.write([_sending(raw)], [reply])
        return reply

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self.inner.aclose()


class Replay:
    """A node that answers from a transcript: equal calls in the order of their replies, the last of them for ever.

    A call that is not in it fails with NodeError.
    """

    def __init__(self, path: str | Path, *, node: Chain) -> None:
        self._replies: defaultdict[tuple[str, bytes], deque[_Line]] = defaultdict(deque)
        read = msgspec.json.Decoder(_Line).decode
        for text in Path(path).read_bytes().splitlines():
            line = read(text)
            if line.node == node:
                self._replies[line.method, bytes(memoryview(line.params))].append(line)

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """The recorded replies. Raises AssertionError for a call that sends."""
        if refused := [request.method for request in requests if sends(request.method)]:
            raise AssertionError(f"{refused} in a wave: only send_raw may send")
        return [self._reply(request) for request in requests]

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """The recorded reply."""
        return self._reply(_sending(raw))

    def close(self) -> None:
        """Nothing to close."""

    def _reply(self, request: Request) -> Reply:
        lines = self._replies.get((request.method, msgspec.json.encode(request.params)))
        if not lines:
            return NodeError(f"{request.method} {request.params} is not in the transcript")
        line = lines.popleft() if len(lines) > 1 else lines[0]
        if not isinstance(line.error, UnsetType):
            return _exception(line.error)
        return cast("Raw", line.result)


class AsyncReplay:
    """The same for asyncio."""

    def __init__(self, path: str | Path, *, node: Chain) -> None:
        self.inner = Replay(path, node=node)

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `Replay.ask`."""
        return self.inner.ask(requests)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `Replay.send_raw`."""
        return self.inner.send_raw(raw)

    async def aclose(self) -> None:
        """Nothing to close."""


class _Tape:
    def __init__(self, path: str | Path, node: Chain, secrets: Sequence[str]) -> None:
        self._path, self._node = Path(path), node
        self._secrets = [(msgspec.json.encode(secret)[1:-1], b"***") for secret in secrets if secret]

    def write(self, requests: Sequence[Request], replies: Sequence[Reply]) -> None:
        lines = b""
        for request, reply in zip(requests, replies, strict=True):
            line = _Line(self._node, request.method, Raw(msgspec.json.encode(request.params)))
            if isinstance(reply, Exception):
                line.error = _facts(reply)
            else:
                line.result = reply
            lines += msgspec.json.encode(line).replace(b"\n", b" ") + b"\n"
        for secret, shown in self._secrets:
            lines = lines.replace(secret, shown)
        # opened anew, for the owner's eyes, and written at once: recorders on two threads may share the file
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, lines)
        finally:
            os.close(handle)


def _sending(raw: bytes) -> Request:
    return Request("eth_sendRawTransaction", ("0x" + raw.hex(),))


def _facts(error: Exception) -> dict[str, Any]:
    """An exception as JSON: what `_exception` makes it of again."""
    if isinstance(error, Reverted):
        return {
            "type": "Reverted",
            "name": error.name,
            "args": [str(argument) for argument in error.args],
            "data": error.data.hex(),
            "where": error.where,
        }
    facts: dict[str, Any] = {name: value for name, value in vars(error).items() if isinstance(value, _JSON)}
    return {"type": type(error).__name__, "text": str(error), "facts": facts}


def _exception(facts: dict[str, Any]) -> Exception:
    if facts["type"] == "Reverted":
        data = bytes.fromhex(facts["data"])
        return (
            decode_revert(data, where=facts["where"])
            if data
            else Reverted(facts["name"], tuple(facts["args"]), where=facts["where"])
        )
    kind = getattr(zkcore.errors, facts["type"], NodeError)
    error = kind.__new__(kind) if isinstance(kind, type) and issubclass(kind, ZkCoreError) else NodeError()
    Exception.__init__(error, facts["text"])
    vars(error).update(facts["facts"])
    return error
