"""A trezorlib transport on which nothing hangs: every operation ends by the deadline of the call it belongs to.

trezorlib has no such deadline: `Session.call(timeout=)` does not cover the wait after a button request, a USB write to
a device that does not read is repeated for ever, a bridge is asked without a timeout, and over UDP a device that died
cannot be told from a user who thinks. So each operation runs on a daemon thread that can be left behind, and reads are
cut into short ones, between which the calling thread looks at the clock. Callbacks and Ctrl-C stay on that thread.

A call may be given up between any two chunks, and nothing is left half written or half read: the operations of one
connection run on one thread, in order; and a message that was begun is completed, with zeros, before anything else is
said. Firmware that speaks protocol v1 waits for the announced length, and takes all that comes for data, a `Cancel` too.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from trezorlib.exceptions import TrezorException
from trezorlib.transport import Timeout, Transport, TransportException, enumerate_devices, get_transport

from signers.deadline import GRACE, SLICE, Deadline, IoThread
from zkcore.errors import UnsupportedBySigner, ZkCoreError

__all__ = ["GuardedTransport", "find_transport"]

T = TypeVar("T")

_COMPLETION: Final = 10.0  # seconds for the rest of a message: the longest have some thousand chunks
_THP_BUFFER: Final = 8_704  # bytes: core/src/trezor/wire/thp/memory_manager.py; more is dropped without a word
_THP_ENCRYPTED: Final = 0x04  # THP: control byte (but for two bits), channel (2 bytes), length (2), data
_FIRST: Final = b"?##"  # protocol v1: then type (2 bytes), length (4), data; further chunks: "?", data


class GuardedTransport(Transport):
    """Another transport, whose operations end by the deadline. Raises TrezorException, or the deadline's error."""

    PATH_PREFIX = "guarded"
    ENABLED = False  # not to be found by enumeration

    def __init__(self, inner: Transport, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline
        setattr(self, "CHUNK_SIZE", inner.CHUNK_SIZE)  # noqa: B010 - a constant of the class: here of the wrapped one
        self._io: IoThread | None = None
        self._left: IoThread | None = None  # with an operation that did not end in time
        self._owed = 0  # bytes of a message that was begun

    def get_path(self) -> str:
        """The path of the wrapped transport."""
        return self._inner.get_path()

    def is_open(self) -> bool:
        """Whether the wrapped transport is open."""
        return self._io is not None and self._inner.is_open()

    def settle(self) -> None:
        """After a call that was given up: let what it began come to its end, so that the device can be cancelled.

        What cannot be ended so, a write to a device that does not read or the question to a bridge, is left behind on
        its thread, until the device or the end of the connection ends it.
        """
        if (io := self._io) is None:
            return
        self._deadline.grace(_COMPLETION if self._owed else GRACE)
        with suppress(Exception):
            if self.CHUNK_SIZE is not None:
                io.call(self._deadline, self._complete)
                io = None
        if io is not None:
            self._left, self._io = io, IoThread()
        self._deadline.grace()

    def _complete(self) -> None:
        while self._owed > 0:
            self._write(b"?".ljust(self.CHUNK_SIZE or 0, b"\0"))

    def _write(self, chunk: bytes) -> None:
        if self.CHUNK_SIZE is not None:
            if chunk.startswith(_FIRST):
                self._owed = int.from_bytes(chunk[5:9]) + 8
            elif chunk[0] & ~0x18 == _THP_ENCRYPTED and (size := int.from_bytes(chunk[3:5])) > _THP_BUFFER:
                raise UnsupportedBySigner(f"this Trezor takes messages of {_THP_BUFFER} bytes, this one has {size}")
            self._owed = max(0, self._owed - len(chunk) + 1)
        self._inner.write_chunk(chunk)

    def _call(self, function: Callable[..., T], *args: object, **options: object) -> T:
        if self._io is None:
            raise TransportException("the connection to the Trezor is closed")
        try:
            return self._io.call(self._deadline, function, *args, **options)
        except (TrezorException, ZkCoreError):
            raise
        except Exception as error:  # OSError, requests' and usb1's errors: trezorlib lets some of them through
            raise TransportException(f"{type(error).__name__}: {error}") from error

    def _open(self) -> None:
        self._io = IoThread()
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
        # one reader at a time: none of these is left when the next connection begins
        for io in (self._io, self._left):
            if io is not None:
                io.end(GRACE)
        self._io = self._left = None

    def write_chunk(self, chunk: bytes, /) -> None:
        """Write one chunk."""
        self._call(self._write, chunk)

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        """Read one chunk. Raises trezorlib's Timeout only for a timeout given here, shorter than the deadline."""
        asked_until = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = min(self._deadline.left(), max(0.0, asked_until - time.monotonic()))
            try:
                # a bridge is asked over HTTP, where a read given up may lose the message: it gets all the time there is
                wait = left if self.CHUNK_SIZE is None else min(left, SLICE)
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
    emulator = where is not None and where.startswith("udp")  # which may miss the 0.1 s it is given, and is asked again
    until = time.monotonic() + (min(2.0, deadline.left() / 2) if emulator else 0)
    io = IoThread()
    try:
        while time.monotonic() < until:
            with suppress(TransportException):
                return GuardedTransport(io.call(deadline, _found, where), deadline)
        return GuardedTransport(io.call(deadline, _found, where), deadline)
    finally:
        io.end()


def _found(where: str | None) -> Transport:
    if where is not None:
        return get_transport(where, prefix_search=True)
    for device in enumerate_devices():
        if not device.get_path().startswith("udp"):  # an emulator is taken only when asked for
            return device
    raise TransportException("no Trezor found")
