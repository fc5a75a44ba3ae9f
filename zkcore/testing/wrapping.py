"""Transports around a transport: one counts what a node is asked, one refuses to send."""

from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

from zkcore.effects import Reply
from zkcore.rpc.transport import AsyncTransport, Request, Transport

__all__ = ["AsyncCounting", "AsyncNoSend", "Counting", "NoSend"]


class Counting:
    """Counts what is asked of a node: `asks` (waves), `calls`, by method in `methods`, `sends`, and `http_requests`."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.asks = 0
        self.sends = 0
        self.methods: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """The calls asked, without the sends."""
        return self.methods.total()

    @property
    def http_requests(self) -> int:
        """The HTTP requests of the transport inside, as it counts them; 0 if it does not."""
        return int(getattr(self.inner, "http_requests", 0))

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """As `Transport.ask`."""
        self.asks += 1
        self.methods.update(request.method for request in requests)
        return self.inner.ask(requests, timeout=timeout)

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """As `Transport.send_raw`."""
        self.sends += 1
        return self.inner.send_raw(raw, timeout=timeout)

    def close(self) -> None:
        """Close the transport inside."""
        self.inner.close()


class AsyncCounting:
    """The same for asyncio."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.inner = inner
        self.asks = 0
        self.sends = 0
        self.methods: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """The calls asked, without the sends."""
        return self.methods.total()

    @property
    def http_requests(self) -> int:
        """The HTTP requests of the transport inside, as it counts them; 0 if it does not."""
        return int(getattr(self.inner, "http_requests", 0))

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `AsyncTransport.ask`."""
        self.asks += 1
        self.methods.update(request.method for request in requests)
        return await self.inner.ask(requests, timeout=timeout)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `AsyncTransport.send_raw`."""
        self.sends += 1
        return await self.inner.send_raw(raw, timeout=timeout)

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self.inner.aclose()


class NoSend:
    """A node that may be read only: anything that sends a transaction is an AssertionError."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """As `Transport.ask`."""
        return self.inner.ask(requests, timeout=timeout)

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> NoReturn:
        """Raises AssertionError."""
        raise AssertionError(f"nothing may be sent here, and this was: 0x{raw.hex()}")

    def close(self) -> None:
        """Close the transport inside."""
        self.inner.close()


class AsyncNoSend:
    """The same for asyncio."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.inner = inner

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `AsyncTransport.ask`."""
        return await self.inner.ask(requests, timeout=timeout)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> NoReturn:  # noqa: ASYNC109
        """Raises AssertionError."""
        raise AssertionError(f"nothing may be sent here, and this was: 0x{raw.hex()}")

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self.inner.aclose()
