"""The HTTP server before each node: JSON-RPC 2.0 with batches answered in order, and the faults asked for."""

import contextlib
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

import msgspec

from zkcore.testing.devnet import faults as f
from zkcore.testing.devnet.upstream import RpcError

__all__ = ["Front"]

_NO_METHOD = "no_suchMethod"  # what a node says of it, it says of what it lacks by a fault
Dispatch = Callable[[str, list[Any], int], Any]  # method, params, blocks to lag behind
_Applied = list[tuple[f.Fault, frozenset[int]]]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the default of 5 makes a hundred clients wait for seconds
    daemon_threads = True
    block_on_close = False  # close() ends the connections itself
    front: "Front"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is shown as always."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Hangup(Exception):
    """The connection was dealt with; say nothing more on it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # with it, and delayed ACKs, each answer takes 44 ms
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def setup(self) -> None:
        super().setup()
        self.server.front.connections.add(self.connection)

    def finish(self) -> None:
        self.server.front.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""

    def do_GET(self) -> None:
        self._send(405, b"this is a JSON-RPC node: POST to it", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with contextlib.suppress(_Hangup):
            self._send(200, self._answer(body))

    # ------------------------------------------------------------ one request
    def _answer(self, body: bytes) -> bytes:
        try:
            asked = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return _encoded(_failure(None, -32700, "Parse error"))
        batch = isinstance(asked, list)
        members: list[Any] = cast("list[Any]", asked) if batch else [asked]
        if not members:
            return _encoded(_failure(None, -32600, "Invalid Request"))
        calls: list[dict[str, Any]] = [member if isinstance(member, dict) else {} for member in members]
        request = f.Request(tuple((str(call.get("method")), call.get("params") or []) for call in calls), batch)
        applied = self.server.front.faults.take(request)
        self._before(applied)
        replies = [self._member(call, i, applied) for i, call in enumerate(calls)]
        if f.first([fault for fault in applied if getattr(fault[0], "after", False)], f.Drop, f.Timeout):
            self._end(applied)
        silent = all(reply is None for reply in replies)  # notifications alone
        present = [reply for reply in _shaped(replies, applied) if reply is not None]
        encoded = b"" if silent else _encoded(present if batch else present[0])
        half = f.first(applied, f.HalfJson)
        if half is None:
            return encoded
        if half.short:
            self._send(200, encoded, cut=len(encoded) // 2)
            self._hang_up()
        return encoded[: len(encoded) // 2]

    def _before(self, applied: _Applied) -> None:
        """The faults that come instead of an answer."""
        for fault, _ in applied:
            match fault:
                case f.Latency(seconds):
                    time.sleep(seconds)
                case f.Timeout(after=False) | f.Drop(after=False):
                    self._end([(fault, frozenset())])
                case f.Status(code, retry_after, text):
                    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
                    self._send(code, text.encode(), "text/plain", headers)
                    raise _Hangup
                case f.Body(text):
                    self._send(200, text.encode(), "text/html")
                    raise _Hangup
                case f.BatchRefused(_, status, code, message):
                    self._send(status, _encoded(_failure(None, code, message)))
                    raise _Hangup
                case _:
                    pass

    def _member(self, call: dict[str, Any], position: int, applied: _Applied) -> dict[str, Any] | None:
        """The reply to one call; None to a notification."""
        identity, method = call.get("id"), call.get("method")
        params: list[Any] = call.get("params", [])
        if not isinstance(method, str) or type(params) is not list:
            return _failure(identity, -32600, "Invalid request")
        mine = [fault for fault, at in applied if position in at]
        if (failure := next((fault for fault in mine if isinstance(fault, f.Failure)), None)) is not None:
            return _failure(identity, failure.code, failure.message, failure.data)
        try:
            if any(isinstance(fault, f.Lacks) for fault in mine):
                self.server.front.dispatch(_NO_METHOD, [], 0)
            lag = max((fault.blocks for fault in mine if isinstance(fault, f.Stale)), default=0)
            result = self.server.front.dispatch(method, params, lag)
            for fault in mine:
                if isinstance(fault, f.Lie):
                    result = fault.change(result)
        except RpcError as error:
            return _failure(identity, error.code, error.message.replace(_NO_METHOD, method), error.data)
        except Exception:  # noqa: BLE001  # the rim: one bad call must not end the connection
            if self.server.front.closing:
                self._hang_up()
            traceback.print_exc()  # a bug of the devnet, or parameters that no node understands
            return _failure(identity, -32603, "Internal error")
        return {"jsonrpc": "2.0", "id": identity, "result": result} if "id" in call else None

    # ------------------------------------------------------------ the wire
    def _send(
        self,
        status: int,
        body: bytes,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])

    def _end(self, applied: _Applied) -> None:
        if f.first(applied, f.Timeout):
            with contextlib.suppress(OSError):
                self.connection.recv(1)  # returns when the client, or the devnet, closes the connection
        else:
            # a linger of zero seconds makes the close a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        raise _Hangup


def _shaped(replies: list[dict[str, Any] | None], applied: _Applied) -> list[dict[str, Any] | None]:
    """The replies after the faults of ids and members."""
    for fault, at in applied:
        where = min(at)
        match fault:
            case f.WrongId(null):
                reply = replies[where]
                if reply is not None:
                    replies[where] = {**reply, "id": None if null else "an id that nobody asked with"}
            case f.DuplicateId():
                replies.append(replies[where])
            case f.MissingMember():
                replies = [reply for i, reply in enumerate(replies) if i not in at]
            case f.Shuffle():
                replies = replies[::-1]
            case _:
                pass
    return replies


def _failure(identity: Any, code: int, message: str, data: Any = None) -> dict[str, Any]:
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return {"jsonrpc": "2.0", "id": identity, "error": error}


def _encoded(reply: Any) -> bytes:
    return msgspec.json.encode(reply)


class Front:
    """A running server on a port of this machine, a free one for 0."""

    def __init__(self, dispatch: Dispatch, faults: f.NodeFaults, port: int = 0) -> None:
        self.dispatch, self.faults = dispatch, faults
        self.connections: set[socket.socket] = set()
        self.closing = False
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.front = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="devnet-front", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the open connections."""
        self.closing = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
