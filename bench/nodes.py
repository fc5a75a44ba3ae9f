"""A node between a client and a devnet's node: it answers late if told to, and writes down what it was asked and when.

It stands for a distant node: every client gets the same answers with the same latency, whatever library it is made of.
`freeze` makes it a mock that has learned the answers: what it was asked before it answers by itself, at once.
"""

import asyncio
import json
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple, Self

import httpx


class Asked(NamedTuple):
    """One HTTP request: which node had it, from when to when, and the methods of its calls."""

    node: str
    began: float
    ended: float
    methods: tuple[str, ...]


class Counts(NamedTuple):
    """`waves`: the longest chain of HTTP requests of which each began after the one before had ended."""

    waves: int
    http: int
    calls: int

    @classmethod
    def of(cls, asked: list[Asked]) -> Self:
        waves, free = 0, 0.0
        for one in sorted(asked, key=lambda one: one.ended):
            if one.began >= free:
                waves, free = waves + 1, one.ended
        return cls(waves, len(asked), sum(len(one.methods) for one in asked))


class Relays:
    """Two such nodes, in a thread of their own, as a context manager."""

    def __init__(self, **upstream: str) -> None:
        self._upstream = upstream
        self._learned: dict[tuple[str, str], Any] | None = None
        self.urls: dict[str, str] = {}
        self.latency = 0.0
        self.asked: list[Asked] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def taken(self) -> list[Asked]:
        """What was asked since this was called before."""
        asked, self.asked = self.asked, []
        return asked

    def freeze(self) -> None:
        """From now on answer from memory what was asked before."""
        self._learned = {}

    async def _open(self) -> None:
        self._client = httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_keepalive_connections=0))
        self._servers = []
        for node in self._upstream:
            server = await asyncio.start_server(lambda r, w, node=node: self._serve(node, r, w), "127.0.0.1", 0)
            self.urls[node] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._servers.append(server)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()

    async def _serve(self, node: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].partition("\r\n")[0])
                body = await reader.readexactly(length)
                reply = await self._answer(node, body)
                headers = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(reply)}\r\n\r\n"
                writer.write(headers.encode() + reply)
                await writer.drain()
        writer.close()

    async def _answer(self, node: str, body: bytes) -> bytes:
        began = time.monotonic()
        asked = json.loads(body)
        rows = asked if isinstance(asked, list) else [asked]
        reply = self._remembered(node, asked, rows)
        if reply is None:
            response = await self._client.post(
                self._upstream[node], content=body, headers={"content-type": "application/json"}
            )
            reply = response.content
            if any(row["method"] == "zks_getBridgeContracts" for row in rows):
                reply = reply.replace(b"null", b'"0x' + b"0" * 40 + b'"')  # zksync2's constructor fails on null
            self._learn(node, rows, reply)
        if self.latency:
            await asyncio.sleep(self.latency - (time.monotonic() - began))
        self.asked.append(Asked(node, began, time.monotonic(), tuple(row["method"] for row in rows)))
        return reply

    def _remembered(self, node: str, asked: Any, rows: list[Any]) -> bytes | None:
        if self._learned is None:
            return None
        found = [self._learned.get((node, _key(row))) for row in rows]
        if None in found:
            return None
        replies = [{**answer, "id": row["id"]} for row, answer in zip(rows, found, strict=True) if answer is not None]
        return json.dumps(replies if isinstance(asked, list) else replies[0]).encode()

    def _learn(self, node: str, rows: list[Any], reply: bytes) -> None:
        if self._learned is not None:
            read = json.loads(reply)
            answers = {answer["id"]: answer for answer in (read if isinstance(read, list) else [read])}
            self._learned |= {(node, _key(row)): answers[row["id"]] for row in rows}


def _key(row: Any) -> str:
    return json.dumps([row["method"], row.get("params")])
