"""A node of the tests: answers over real HTTP, and misbehaves in the ways a list says, one for each HTTP request."""

import asyncio
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from zkcore.effects import Reply
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits, Request

Rows: TypeAlias = list[dict[str, Any]]
QUICK = Limits(timeout=0.5, attempts=3, first_delay=0.002, longest_delay=0.2)


class Node(ThreadingHTTPServer):
    """`results` by method: a value, a function of the params, or an `Error`; `script`: the misbehaviours to come."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.results: dict[str, Any] = {"eth_chainId": "0x5", "eth_gasPrice": "0x7", "eth_blockNumber": "0x9"}
        self.script: list[Callable[[_Handler, Any], None]] = []
        self.always: Callable[[_Handler, Any], None] | None = None
        self.requests: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.over = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def sizes(self) -> list[int]:
        """How many calls each HTTP request had; 0: a single one, not in a batch."""
        return [len(request) if isinstance(request, list) else 0 for request in self.requests]

    @property
    def methods(self) -> list[str]:
        rows = [row for body in self.requests for row in (body if isinstance(body, list) else [body])]
        return [row["method"] for row in rows]

    def reply(self, row: dict[str, Any]) -> dict[str, Any]:
        value = self.results.get(row["method"], Error(-32601, f"the method {row['method']} does not exist"))
        value = value(row["params"]) if callable(value) else value
        outcome = {"error": value.fields} if isinstance(value, Error) else {"result": value}
        return {"jsonrpc": "2.0", "id": row["id"], **outcome}

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are what some tests are about


class Error:
    """A JSON-RPC error as a result."""

    def __init__(self, code: int, message: str, data: Any = ...) -> None:
        self.fields: Any = {"code": code, "message": message} | ({} if data is ... else {"data": data})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Node

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        node = self.server
        with node.lock:
            node.requests.append(asked)
            node.headers.append({name.lower(): value for name, value in self.headers.items()})
            node.paths.append(self.path)
            action = node.script.pop(0) if node.script else node.always or ok
        action(self, asked)

    def respond(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(raw)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def right(self, asked: Any) -> Any:
        return [self.server.reply(row) for row in asked] if isinstance(asked, list) else self.server.reply(asked)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


Action: TypeAlias = Callable[[_Handler, Any], None]


# ---------------------------------------------------------------- behaviours
def ok(handler: _Handler, asked: Any) -> None:
    handler.respond(handler.right(asked))


def drop(handler: _Handler, _asked: Any) -> None:
    handler.reset()


def hang(handler: _Handler, _asked: Any) -> None:
    handler.server.over.wait(5)
    handler.close_connection = True


def drip(handler: _Handler, asked: Any) -> None:
    """A byte every 50 ms: no single read times out."""
    raw = json.dumps(handler.right(asked)).encode() + b" " * 1_000
    handler.send_response(200)
    handler.send_header("content-length", str(len(raw)))
    handler.end_headers()
    for place in range(len(raw)):
        handler.wfile.write(raw[place : place + 1])
        if handler.server.over.wait(0.05):
            break
    handler.close_connection = True


def status(code: int, body: Any = b"try again later", **headers: str) -> Action:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.respond(body, code, named)


def body(raw: Any) -> Action:
    return lambda handler, _: handler.respond(raw)


def half(handler: _Handler, asked: Any) -> None:
    raw = json.dumps(handler.right(asked)).encode()
    handler.respond(raw[: len(raw) // 2])


def short(handler: _Handler, asked: Any) -> None:
    raw = json.dumps(handler.right(asked)).encode()
    handler.respond(raw[: len(raw) // 2], headers={"content-length": str(len(raw))})
    handler.close_connection = True


def bomb(handler: _Handler, asked: Any) -> None:
    """A few kB of gzip that are 8 MB of blanks."""
    raw = gzip.compress(json.dumps(handler.right(asked)).encode() + b" " * 8_000_000, 1)
    handler.respond(raw, headers={"content-encoding": "gzip"})


def rows(change: Callable[[Rows], Any]) -> Action:
    """The right replies, changed; a single one as a list of one, and alone again if it is still one."""

    def act(handler: _Handler, asked: Any) -> None:
        right = handler.right(asked)
        changed = change(right if isinstance(right, list) else [right])
        single = not isinstance(right, list) and isinstance(changed, list) and len(changed) == 1
        handler.respond(changed[0] if single else changed)

    return act


def refuse_batches(limit: int, message: str, *, code: int = -32600, http: int = 200, listed: bool = False) -> Action:
    """One error for a batch of more than `limit`, alone or as the only row, with the id of its first call."""

    def act(handler: _Handler, asked: Any) -> None:
        if not isinstance(asked, list) or len(asked) <= limit:
            return ok(handler, asked)
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
        return handler.respond([{**error, "id": asked[0]["id"]}] if listed else error, http)

    return act


# ---------------------------------------------------------------- running
@contextmanager
def node() -> Iterator[Node]:
    with Node() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def ask_sync(url: str, waves: Sequence[Sequence[Request]], limits: Limits = QUICK, **options: Any) -> list[list[Reply]]:
    with HttpTransport(url, limits=limits, **options) as transport:
        return [list(transport.ask(wave)) for wave in waves]


def ask_async(
    url: str, waves: Sequence[Sequence[Request]], limits: Limits = QUICK, **options: Any
) -> list[list[Reply]]:
    async def main() -> list[list[Reply]]:
        async with AsyncHttpTransport(url, limits=limits, **options) as transport:
            return [list(await transport.ask(wave)) for wave in waves]

    return asyncio.run(main())
