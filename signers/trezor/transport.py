"""A trezorlib transport on which nothing hangs: every operation ends by the deadline of the call it belongs to.

trezorlib has no such deadline: `Session.call(timeout=)` does not cover the wait after a button request, a USB write to
a device that does not read is repeated for ever, a bridge is asked without a timeout, and over UDP a device that died
cannot be told from a user who thinks. So each operation runs on a daemon thread that can be left behind, and reads are
cut into short ones, between which the calling thread looks at the clock. Callbacks and Ctrl-C stay on that thread.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread
from typing import Final, TypeVar

from trezorlib.exceptions import TrezorException
from trezorlib.transport import Timeout, Transport, TransportException, get_transport

from zkcore.errors import SignerTimeout, UserRejected

__all__ = ["Deadline", "GuardedTransport", "find_transport"]

T = TypeVar("T")

_SLICE: Final = 0.25  # seconds between two looks at the clock
_GRACE: Final = 1.0  # seconds for cancelling and closing after the deadline


class Deadline:
    """When the call in hand must have ended, and whether somebody wants it to end now. One for each connection."""

    def __init__(self) -> None:
        self._seconds = self._until = 0.0
        self._cancelled = Event()

    def start(self, seconds: float, until: float) -> None:
        """A call of so many seconds begins. `until` is on the monotonic clock."""
        self._seconds, self._until = seconds, until
        self._cancelled.clear()

    def grace(self) -> None:
        """The call is over: there is a little time for cancelling and closing."""
        self.start(_GRACE, time.monotonic() + _GRACE)

    def cancel(self) -> None:
        """End the call in hand at its next look at the clock. Safe from any thread."""
        self._cancelled.set()

    def left(self) -> float:
        """Seconds that are left. Raises SignerTimeout, or UserRejected after `cancel`."""
        if self._cancelled.is_set():
            raise UserRejected("the program cancelled the call")
        left = self._until - time.monotonic()
        if left <= 0:
            raise SignerTimeout(f"the Trezor, or its user, did not answer within {self._seconds:g} s")
        return left


class _IoThread:
    """One daemon thread that does blocking operations for a caller who may stop waiting for them."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=self._work, name="trezor-io", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def end(self) -> None:
        self._jobs.put(None)

    def call(self, deadline: Deadline, function: Callable[..., T], *args: object, **options: object) -> T:
        done, results, errors = Event(), list[T](), list[BaseException]()

        def job() -> None:
            try:
                results.append(function(*args, **options))
            except BaseException as error:
                errors.append(error)
                if not isinstance(error, Exception):
                    raise  # ends this thread; the caller is told below
            finally:
                done.set()

        self._jobs.put(job)
        while not done.wait(min(deadline.left(), _SLICE)):
            pass
        for error in errors:
            if isinstance(error, TrezorException):
                raise error
            # OSError, requests' and usb1's errors: trezorlib lets some of them through
            raise TransportException(f"{type(error).__name__}: {error}") from error
        return results[0]


class GuardedTransport(Transport):
    """Another transport, whose operations end by the deadline. Raises TrezorException, or the deadline's error."""

    PATH_PREFIX = "guarded"
    ENABLED = False  # not to be found by enumeration

    def __init__(self, inner: Transport, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline
        setattr(self, "CHUNK_SIZE", inner.CHUNK_SIZE)  # noqa: B010 - a constant of the class: here of the wrapped one
        self._io: _IoThread | None = None

    def get_path(self) -> str:
        """The path of the wrapped transport."""
        return self._inner.get_path()

    def is_open(self) -> bool:
        """Whether the wrapped transport is open."""
        return self._io is not None and self._inner.is_open()

    def renew(self) -> None:
        """Leave the thread behind that may be stuck, with a little more time: to cancel what the device still shows."""
        self._deadline.grace()
        if self._io is not None:
            self._io.end()
            self._io = _IoThread()

    def _call(self, function: Callable[..., T], *args: object, **options: object) -> T:
        if self._io is None:
            raise TransportException("the connection to the Trezor is closed")
        return self._io.call(self._deadline, function, *args, **options)

    def _open(self) -> None:
        self._io = _IoThread()
        try:
            self._call(self._inner.open)
        except BaseException:
            self._io.end()
            self._io = None
            raise

    def _close(self) -> None:
        self._deadline.grace()
        with suppress(Exception):  # a signature that is there is not lost because the line cannot be closed
            self._call(self._inner.close)
        if self._io is not None:
            self._io.end()
        self._io = None

    def write_chunk(self, chunk: bytes, /) -> None:
        """Write one chunk."""
        self._call(self._inner.write_chunk, chunk)

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        """Read one chunk. Raises trezorlib's Timeout only for a timeout given here, shorter than the deadline."""
        asked_until = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = min(self._deadline.left(), max(0.0, asked_until - time.monotonic()))
            try:
                # a bridge is asked over HTTP, where a read given up may lose the message: it gets all the time there is
                wait = left if self.CHUNK_SIZE is None else min(left, _SLICE)
                return self._call(self._inner.read_chunk, timeout=wait)
            except Timeout:
                if time.monotonic() >= asked_until:
                    raise
            except TransportException as error:
                self._deadline.left()  # a bridge's own timeout (of requests) is the deadline's, or the one asked for
                if time.monotonic() >= asked_until:
                    raise Timeout(str(error)) from error
                raise


def find_transport(where: str | Transport | None, deadline: Deadline) -> GuardedTransport:
    """The transport of a path such as "webusb", "bridge:1", "udp:127.0.0.1:21324"; None: the first one found.

    Raises TransportException if no device answers there.
    """
    if isinstance(where, Transport):
        return GuardedTransport(where, deadline)
    io = _IoThread()
    try:
        # an emulator may be there and yet miss the 0.1 s that trezorlib gives it to answer
        for _ in range(4 if where is not None and where.startswith("udp") else 0):
            with suppress(TransportException):
                return GuardedTransport(io.call(deadline, get_transport, where, prefix_search=True), deadline)
        return GuardedTransport(io.call(deadline, get_transport, where, prefix_search=True), deadline)
    finally:
        io.end()
