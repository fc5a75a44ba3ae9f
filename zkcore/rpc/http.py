"""The transports over httpx: they move the bytes that `core` wants moved. Nothing is opened before the first call."""

import os
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import cache, partial
from math import ceil, inf
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, cast

from zkcore.effects import Done, Reply, advance
from zkcore.errors import InputError, MalformedReply, NodeTimeout, NodeUnreachable
from zkcore.rpc.core import Core, Fault, Http, Pause
from zkcore.rpc.endpoint import Endpoint
from zkcore.rpc.transport import Limits, Request, sends

if TYPE_CHECKING:
    import asyncio
    from ssl import SSLContext

    import httpx

__all__ = ["AsyncHttpTransport", "HttpTransport", "running_loop", "side_by_side", "side_by_side_async"]

T = TypeVar("T")
C = TypeVar("C")
_AGES = 1e6  # seconds: a socket takes no longer ones


class _HttpNode(Generic[C]):
    """What both transports have: the rules, the options, and httpx's requests and errors."""

    def __init__(
        self,
        url: str,
        *,
        client: C | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """No I/O. `client`: an own httpx client (proxies, TLS), left open by closing. `auth`: user and password.

        Raises InputError for anything but an http(s) URL.
        """
        self.limits = limits or Limits()
        self.http_requests = 0
        own = headers or {}
        self._endpoint = Endpoint(url, secrets=(*own.values(), *(auth or ())))
        self._core = Core(self._endpoint, self.limits)
        self._headers = {"content-type": "application/json", "user-agent": "zkcore", **own}
        self._auth: dict[str, Any] = {} if auth is None else {"auth": auth}
        self._given, self._made_in = client, os.getpid()
        self._own: dict[tuple[int, Any], C] = {}
        self._turns: dict[tuple[Any, int | None], _Turn] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self._endpoint}')"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} holds connections and may hold secrets: it is not copied or pickled")

    def _client(self, kind: Callable[..., C], loop: Any = None) -> C:
        """The client of this process and event loop: connections that are inherited bring another's answers."""
        if self._given is not None:
            if self._made_in != os.getpid():
                raise InputError("client: it was made before this process was forked, and would share its connections")
            return self._given
        which = (os.getpid(), loop)
        return self._own.get(which) or self._own.setdefault(which, self._opened(kind))

    def _opened(self, kind: Callable[..., C]) -> C:
        import httpx

        pool = httpx.Limits(max_connections=self.limits.connections, max_keepalive_connections=self.limits.connections)
        try:
            return kind(limits=pool, verify=_tls(https=self._endpoint.url.lower().startswith("https:")))
        except Exception as error:  # noqa: BLE001  # the rim; what it says may have a proxy's password in it
            named = [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("SSL")]
            text = (
                f"{', '.join(named) or 'the environment'}: httpx cannot use the proxy or the certificates named there"
            )
            socks = ": a SOCKS proxy needs the extra zkcore[socks]" if isinstance(error, ImportError) else ""
            raise InputError(f"{text}{socks} ({type(error).__name__})") from None

    def _disowned(self, loop: Any = None) -> C | None:
        own = self._own.pop((os.getpid(), loop), None)
        self._own = {of: one for of, one in self._own.items() if of[1] is None or not of[1].is_closed()}
        return own

    def _request(self, client: "httpx.Client | httpx.AsyncClient", body: bytes, seconds: float) -> "httpx.Request":
        from zkcore.rpc._masked import MaskedURL

        url = self._endpoint.url
        request = client.build_request("POST", url, content=body, headers=self._headers, timeout=seconds)
        request.url = MaskedURL(request.url, str(self._endpoint))
        return request

    def _fault(self, error: Exception) -> Fault:
        import httpx

        if isinstance(error, _TooLargeError):
            return Fault(lambda where: MalformedReply(f"{where}: {error}"))
        text = self._endpoint.mask(f"{type(error).__name__}: {error}".removesuffix(": "))
        late = isinstance(error, httpx.TimeoutException | TimeoutError)
        kind = NodeTimeout if late else NodeUnreachable
        again = isinstance(error, httpx.TransportError | OSError)  # TimeoutError is one
        return Fault(lambda where: kind(f"{where}: {text}"), again=again, late=late)


class _Turn:
    """What is asked of a node in one turn of an event loop, and how many wait for it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.waiting = 0
        self.task: asyncio.Future[Sequence[Reply]]


class HttpTransport(_HttpNode["httpx.Client"]):
    """A node at a URL, asked by blocking calls. For any number of threads. See `Transport`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        if (own := self._disowned()) is not None:
            own.close()

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """As `Transport.ask`."""
        return self._run(self._core.ask(requests), timeout)

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """As `Transport.send_raw`."""
        return self._run(self._core.send(raw), timeout)

    def _run(self, exchange: Generator[Any, Any, T], timeout: float | None) -> T:
        until = None if timeout is None else monotonic() + timeout
        effect: Any = advance(exchange)
        while not isinstance(effect, Done):
            if isinstance(effect, Pause):
                answer: object = until is None or monotonic() + effect.seconds < until
                sleep(effect.seconds if answer else 0)
            else:
                self.http_requests += len(effect.bodies)
                answer = side_by_side(
                    [partial(self._post, body, until) for body in effect.bodies], self.limits.connections
                )
            effect = advance(exchange, answer)
        return cast("T", effect.value)

    def _post(self, body: bytes, until: float | None) -> Http | Fault:
        import httpx

        client = self._client(httpx.Client)
        gauge = _Gauge(self.limits, until)
        try:
            request = self._request(client, body, gauge.seconds())
            with closing(client.send(request, stream=True, follow_redirects=False, **self._auth)) as response:
                for part in response.iter_bytes():
                    gauge.add(part)
        except Exception as error:  # noqa: BLE001  # the rim: whatever httpx and what it stands on raise
            return self._fault(error)
        return gauge.whole(response)


class AsyncHttpTransport(_HttpNode["httpx.AsyncClient"]):
    """A node at a URL, asked from asyncio; each event loop has connections of its own. See `AsyncTransport`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. A later call opens new ones."""
        if (own := self._disowned(running_loop())) is not None:
            await own.aclose()

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `Transport.ask`. What many tasks ask in one turn of the loop shares HTTP requests."""
        import asyncio

        if any(sends(request.method) for request in requests):
            return await self._run(self._core.ask(requests), timeout)  # which refuses it, for nobody else
        # of one turn are those that have the same time left, to a twentieth of a second
        which = (running_loop(), None if timeout is None else ceil(timeout * 20))
        turn = self._turns.get(which)
        if turn is None:
            turn = self._turns[which] = _Turn()
            turn.task = asyncio.ensure_future(self._asked(which, timeout))
        start = len(turn.requests)
        turn.requests += requests
        turn.waiting += 1
        try:
            return (await asyncio.shield(turn.task))[start : start + len(requests)]
        finally:
            turn.waiting -= 1
            if not turn.waiting and not turn.task.done():  # nobody is left: a cancelled call leaves nothing running
                turn.task.cancel()
                await asyncio.wait([turn.task])

    async def _asked(self, which: tuple[Any, int | None], timeout: float | None) -> Sequence[Reply]:  # noqa: ASYNC109
        """Runs when all that this turn of the loop wakes has asked."""
        return await self._run(self._core.ask(self._turns.pop(which).requests), timeout)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `Transport.send_raw`."""
        return await self._run(self._core.send(raw), timeout)

    async def _run(self, exchange: Generator[Any, Any, T], timeout: float | None) -> T:  # noqa: ASYNC109
        import asyncio

        until = None if timeout is None else monotonic() + timeout
        effect: Any = advance(exchange)
        while not isinstance(effect, Done):
            if isinstance(effect, Pause):
                answer: object = until is None or monotonic() + effect.seconds < until
                await asyncio.sleep(effect.seconds if answer else 0)
            else:
                self.http_requests += len(effect.bodies)
                at_once = asyncio.Semaphore(self.limits.connections)
                answer = await side_by_side_async([self._post(body, until, at_once) for body in effect.bodies])
            effect = advance(exchange, answer)
        return cast("T", effect.value)

    async def _post(self, body: bytes, until: float | None, at_once: Any) -> Http | Fault:
        import httpx

        client = self._client(httpx.AsyncClient, running_loop())
        async with at_once:
            gauge = _Gauge(self.limits, until)
            try:
                request = self._request(client, body, gauge.seconds())
                sent = client.send(request, stream=True, follow_redirects=False, **self._auth)
                async with aclosing(await sent) as response:
                    async for part in response.aiter_bytes():
                        gauge.add(part)
            except Exception as error:  # noqa: BLE001  # the rim, as above
                return self._fault(error)
            return gauge.whole(response)


def running_loop() -> Any:
    """The event loop that runs here. Raises InputError if none does."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise InputError("await this where asyncio runs: there is no running event loop here") from None


@cache
def _tls(*, https: bool) -> "SSLContext":
    """The certificates to trust. Reading them takes 60 ms: once for all nodes, and not for http, which gets none."""
    import ssl

    import httpx

    return httpx.create_ssl_context() if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _TooLargeError(Exception):
    pass


class _Gauge:
    """Collects a response within its bounds of time and size."""

    def __init__(self, limits: Limits, until: float | None) -> None:
        self._until = min(monotonic() + min(limits.timeout, _AGES), inf if until is None else until)
        self._most = limits.response_bytes
        self._body = bytearray()

    def seconds(self) -> float:
        """What is left of the time. Raises TimeoutError if nothing is."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("out of time")
        return left

    def add(self, part: bytes) -> None:
        """One more part of the body."""
        self._body += part
        if len(self._body) > self._most:
            raise _TooLargeError(f"the response has more than {self._most} bytes")
        self.seconds()

    def whole(self, response: "httpx.Response") -> Http:
        """The response with its body."""
        return Http(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(self._body))


def side_by_side(
    tasks: Sequence[Callable[[], T]], at_once: int, seconds: float | None = None, late: Sequence[T] = ()
) -> list[T]:
    """Run tasks, so many at once: the first on this thread, others on daemon threads. Their values in order.

    With `seconds` all are on daemon threads, and one that takes longer has its value of `late`.

    Interrupted, it starts no more of them, and does not wait for those under way: a daemon thread does not keep the
    process from ending. Each runs in a copy of the caller's context, so that tracing sees whose it is. Raises the first
    exception, by the order of the tasks.
    """
    from contextvars import copy_context

    values: dict[int, T] = {}
    errors: dict[int, Exception] = {}
    here = seconds is None
    until = 0.0 if seconds is None else monotonic() + seconds
    left = deque(range(int(here), len(tasks)))

    def work(place: int | None = None) -> None:
        while True:
            try:
                place = left.popleft() if place is None else place
            except IndexError:
                return
            try:
                values[place] = tasks[place]()
            except Exception as error:  # noqa: BLE001  # of any kind: it is raised on the caller's thread
                errors[place] = error
            place = None

    threads = [
        Thread(target=copy_context().run, args=(work,), name="zkcore-rpc", daemon=True)
        for _ in range(min(at_once, len(tasks)) - here)
    ]
    for thread in threads:
        thread.start()
    try:
        if here and tasks:
            work(0)
        for thread in threads:
            thread.join(None if here else max(0.0, until - monotonic()))
    finally:
        left.clear()
    done, failed = dict(values), dict(errors)  # as they are now: a thread that is late may add to them
    if failed:
        raise failed[min(failed)]
    return [done[place] if here or place in done else late[place] for place in range(len(tasks))]


async def side_by_side_async(tasks: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await tasks at once; their values in order. If one fails or the caller is cancelled, the others are cancelled,
    and waited for.
    """
    import asyncio

    if len(tasks) == 1:
        return [await tasks[0]]
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        return await asyncio.gather(*running)
    except BaseException:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        raise
