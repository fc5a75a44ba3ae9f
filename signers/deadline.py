"""Operations of a device that may block for ever, under a deadline, and cancelled from other threads.

Each connection has one thread that does its operations in order, and that can be left behind; its caller looks at the
clock meanwhile, so that callbacks and Ctrl-C stay on the thread that called.
"""

import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Final, TypeVar

from zkcore.errors import SignerTimeout, UserRejected

__all__ = ["GRACE", "SLICE", "Deadline", "IoThread"]

T = TypeVar("T")

SLICE: Final = 0.25  # seconds between two looks at the clock
GRACE: Final = 1.0  # seconds for cancelling and closing after the deadline


class Deadline:
    """When the call in hand must have ended, and whether somebody wants it to end now. One for each connection."""

    def __init__(self, device: str) -> None:
        self._device, self._seconds, self._until = device, 0.0, 0.0
        self._lock, self._in_hand, self._cancelled = Lock(), False, False

    def start(self, seconds: float, until: float, *, in_hand: bool = True) -> None:
        """A call begins and has so many seconds. `until` is on the monotonic clock. `in_hand`: it can be cancelled."""
        with self._lock:
            self._in_hand, self._cancelled = in_hand, False
            self._seconds, self._until = seconds, until

    def extend(self, seconds: float) -> None:
        """The call in hand has so many seconds from now on."""
        self._seconds, self._until = seconds, time.monotonic() + seconds

    def grace(self, seconds: float = GRACE) -> None:
        """The call is over: there is a little time for cancelling and closing, which nobody takes away."""
        self.start(seconds, time.monotonic() + seconds, in_hand=False)

    def cancel(self) -> bool:
        """End the call in hand at its next look at the clock, if there is one: whether. Safe from any thread."""
        with self._lock:
            self._cancelled = self._in_hand
        return self._cancelled

    def left(self) -> float:
        """Seconds that are left. Raises SignerTimeout, or UserRejected after `cancel`."""
        if self._cancelled:
            raise UserRejected("the program cancelled the call")
        left = self._until - time.monotonic()
        if left <= 0:
            raise SignerTimeout(f"the {self._device}, or its user, did not answer within {self._seconds:g} s")
        return left


class IoThread:
    """One daemon thread that does blocking operations, in order, for a caller who may stop waiting for them."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="device-io", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def end(self, seconds: float = 0.0) -> None:
        """Do what is waiting, and no more. Wait so long for that."""
        self._jobs.put(None)
        self._thread.join(seconds)

    def call(self, deadline: Deadline, function: Callable[..., T], *args: object, **options: object) -> T:
        """What the function returns or raises. Raises what `deadline` does, and leaves the function to itself."""
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

        deadline.left()
        self._jobs.put(job)
        while not done.wait(min(deadline.left(), SLICE)):
            pass
        for error in errors:
            raise error
        return results[0]
