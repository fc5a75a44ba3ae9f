"""One Ledger: its dongle, opened when needed, used by one thread at a time, and dropped after any failure."""

import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, cast

from signers.deadline import SLICE, Deadline
from signers.ledger.status import status_error
from signers.ledger.view import App
from zkcore.errors import DeviceBusy, DeviceFault, DeviceNotFound, SignerError, SignerTimeout

__all__ = ["Connection", "Dongle", "OpenDongle", "Refusals", "open_usb"]

_ANSWER_SECONDS: Final = 15.0  # for commands that no screen waits for
_SETUP: Final = "Linux: udev rules; WSL: usbipd; see docs/ledger.md"

Refusals: TypeAlias = Mapping[int, Callable[[], SignerError]]
_NO_REFUSALS: Final[Refusals] = MappingProxyType({})


class Dongle(Protocol):
    """What ledgerblue's dongles are. A status other than 9000 is raised, as an exception that has it in `sw`."""

    def exchange(self, apdu: bytearray, timeout: float = ...) -> bytes | bytearray:
        """Send a command and wait for its answer, without the status word."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


OpenDongle: TypeAlias = Callable[[], Dongle]


def open_usb() -> Dongle:
    """The Ledger on USB; or, with LEDGER_PROXY_ADDRESS and LEDGER_PROXY_PORT in the environment, an emulator."""
    try:
        from ledgerblue.comm import getDongle  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
    except ImportError as error:
        raise SignerError(
            f"the Ledger signer needs the extra 'ledger' (pip install 'zkcore[ledger]') and its libraries: {error}"
        ) from error
    return cast("Dongle", getDongle())


class _Wait:
    """How ledgerblue's dongles wait for an answer: here in short pieces, between which a call can be given up."""

    def __init__(self, dongle: Any, deadline: Deadline) -> None:
        self._dongle, self._deadline = dongle, deadline

    def waitFirstResponse(self, _: float) -> Any:  # noqa: N802 - ledgerblue's name
        while True:
            try:
                return self._dongle.waitFirstResponse(min(self._deadline.left(), SLICE))
            except Exception as error:
                if "Timeout" not in str(error):
                    raise


class Connection:
    """A device, used by one request at a time. `timeout`: seconds that a person may take over one command."""

    def __init__(self, open_dongle: OpenDongle, *, timeout: float) -> None:
        self._lock = threading.RLock()
        self._deadline, self.app = Deadline("Ledger"), App()  # what the device said of itself when last asked
        self._open, self._timeout = open_dongle, timeout
        self._dongle: Dongle | None = None
        self._closed = self.fresh = False  # fresh: opened by this request

    @contextmanager
    def request(self) -> Generator[None, None, None]:
        """All commands of one request, and the reading of their answers.

        Whatever ends it early ends the line as well: an answer that makes no sense may be that to an older question.
        """
        with self._lock:
            self._deadline.start(self._timeout, float("inf"))
            self.fresh = self._dongle is None
            try:
                yield
            except BaseException:
                self._drop()
                raise
            finally:
                self._deadline.grace()

    def cancel(self) -> None:
        """End the request in hand, in whatever thread, with UserRejected: the next one takes it off the screen."""
        line = getattr(self._dongle, "socket", None)  # of an emulator: there is no waiting for it in short pieces
        if self._deadline.cancel() and line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def exchange(
        self,
        command: int,
        data: bytes = b"",
        p1: int = 0,
        p2: int = 0,
        *,
        prompts: bool = False,
        refusals: Refusals = _NO_REFUSALS,
        any_status: bool = False,
    ) -> bytes:
        """One command within a request: its class and instruction, with at most 255 bytes of data.

        `refusals`: what a status means here, before the general table. `any_status`: an error is an answer as good as
        any. Raises SignerError.
        """
        apdu = bytearray([*command.to_bytes(2), p1, p2, len(data)]) + data
        dongle = self._opened()
        limit = self._timeout if prompts else _ANSWER_SECONDS
        self._deadline.extend(limit)
        line = getattr(dongle, "socket", None)  # ledgerblue's TCP dongle has no time limit of its own
        if line is not None:
            line.settimeout(limit)
        try:
            self._deadline.left()
            return bytes(dongle.exchange(apdu, timeout=limit))
        except SignerError:
            raise
        except BaseException as error:  # ledgerblue raises even bare BaseException
            if any_status and _status(error) is not None:
                return b""
            if isinstance(error, Exception) and _status(error) is None:
                self._deadline.left()  # cancelled, and therefore broken off
            mapped = _exchange_error(error, refusals)
            if mapped is None:
                raise
            raise mapped from error

    def _opened(self) -> Dongle:
        if self._closed:
            raise DeviceNotFound("this Ledger signer was closed: connect again")
        if self._dongle is None:
            try:
                self._dongle = self._open()
            except SignerError:
                raise
            except Exception as error:
                raise _open_error(error) from error
            if hasattr(self._dongle, "waitImpl"):
                setattr(self._dongle, "waitImpl", _Wait(self._dongle, self._deadline))  # noqa: B010 - not all have it
        return self._dongle

    def reopen(self, pause: float) -> None:
        """Let go of the line, and take it again with the next command. Raises SignerTimeout, UserRejected."""
        self._drop()
        time.sleep(pause)
        self._deadline.left()

    def _drop(self) -> None:
        dongle, self._dongle = self._dongle, None
        if dongle is not None:
            with suppress(Exception):  # it is being thrown away: how it dies does not matter
                dongle.close()

    def close(self) -> None:
        """Give the device back, for good."""
        with self._lock:
            self._closed = True
            self._drop()


def _status(error: BaseException) -> int | None:
    # ledgerblue's CommException has `sw` = 6F00 also where there was no answer; only its message tells them apart
    status: object = getattr(error, "sw", None)
    if not isinstance(status, int) or (status == 0x6F00 and "Invalid status" not in str(error)):
        return None
    return status


def _exchange_error(error: BaseException, refusals: Refusals) -> SignerError | None:
    """Ours for one of ledgerblue's (or hidapi's, or the socket's); None: not a failure of the device."""
    status = _status(error)
    if status is not None:
        return refusals[status]() if status in refusals else status_error(status)
    if isinstance(error, TimeoutError) or "Timeout" in str(error):
        return SignerTimeout("no answer in time from the Ledger or its user: try again, and it forgets what it shows")
    if (isinstance(error, Exception) and not isinstance(error, AssertionError)) or type(error) is BaseException:
        return DeviceNotFound(f"the Ledger is gone: plugged out, switched off, or its app was left ({_shown(error)})")
    return None


def _open_error(error: Exception) -> SignerError:
    if isinstance(error, OSError):
        return DeviceBusy(
            "cannot open the Ledger: another program (Ledger Live, a browser) holds it, or the system does not allow "
            f"it ({_SETUP}) ({_shown(error)})"
        )
    if "No dongle found" in str(error) or "Proxy connection failed" in str(error):
        return DeviceNotFound(f"no Ledger found: plug it in, unlock it and open the Ethereum app ({_SETUP})")
    return DeviceFault(f"cannot open the Ledger ({_shown(error)})")


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
