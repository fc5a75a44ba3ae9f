"""A call ends within its time whatever the device, the line, a callback or the user do; and the next call works."""

import _thread
import asyncio
import copy
import logging
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from trezorlib import exceptions, messages
from trezorlib.client import PassphraseSetting
from trezorlib.transport import DeviceIsBusy, Timeout, TransportException

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from signers.threaded import ThreadedSigner
from signers.trezor.connection import signer_error
from tests.hardware.trezor.scenes import MAIL, transfer
from zkcore.errors import (
    DeviceBusy,
    DeviceFault,
    DeviceLocked,
    DeviceNotFound,
    FirmwareTooOld,
    InputError,
    InvalidDefinition,
    NotPaired,
    SignerError,
    SignerTimeout,
    UnsupportedBySigner,
    UserRejected,
)
from zkcore.signer import AsyncSigner

SOON = 0.3  # seconds: the timeout of calls that are to run into it
LATE = 8.0  # a call that ends later than this hangs


def connected(device: FakeTrezor, **options: Any) -> TrezorSigner:
    return TrezorSigner.connect(**{"transport": device, "timeout": 20, "allow_blind_signing": True, **options})


def ends(call: Callable[[], object], error: type[BaseException], match: str | None = None) -> BaseException:
    started = time.monotonic()
    with pytest.raises(error, match=match) as caught:
        call()
    assert time.monotonic() - started < LATE
    return caught.value


def works(device: FakeTrezor, signer: TrezorSigner) -> None:
    device.user = lambda shown: True
    tx = transfer()
    assert tx.sender(signer.sign_transaction(tx)) == signer.address


def silent(device: FakeTrezor, then: Callable[[], object]) -> None:
    """Its user does nothing from now on, and a little after the first screen something happens."""

    def user(shown: str) -> None:
        threading.Timer(0.2, then).start()

    device.user = user


def hurry(signer: TrezorSigner) -> None:
    signer._connection._timeout = SOON


@pytest.mark.parametrize("model", ["T1B1", "T3T1"])
def test_a_user_who_does_nothing(model: str) -> None:
    device = FakeTrezor(model)
    signer = connected(device)
    device.user = lambda shown: None
    for call in (
        lambda: signer.sign_transaction(transfer()),
        lambda: signer.sign_typed_data(MAIL),
        lambda: signer.sign_message(b"hello"),
        signer.confirm_address,
    ):
        hurry(signer)
        ends(call, SignerTimeout, "did not answer within 0.3 s")
        assert isinstance(device.received[-1], messages.Cancel)
    signer._connection._timeout = 20
    works(device, signer)


@pytest.mark.parametrize("screen", ["confirm_data", "confirm_output", "confirm_total"])
def test_a_user_who_says_no(screen: str) -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    device.user = lambda shown: shown != screen
    error = ends(lambda: signer.sign_transaction(transfer(data=b"\x01")), UserRejected, "rejected on the Trezor")
    assert isinstance(error.__cause__, exceptions.Cancelled)
    assert device.shown[-1] == screen
    works(device, signer)


@pytest.mark.parametrize(
    "raised", [RuntimeError("the window was closed"), KeyboardInterrupt(), UserRejected("given up")]
)
def test_a_callback_that_raises(raised: BaseException) -> None:
    device = FakeTrezor("T1B1")
    broken: list[BaseException] = []

    def on_button(shown: str) -> None:
        assert shown == "SignTx"
        if broken:
            raise broken.pop()

    signer = connected(device, on_button=on_button)
    device.user = lambda shown: None
    broken.append(raised)
    assert ends(lambda: signer.sign_transaction(transfer()), type(raised)) is raised
    assert isinstance(device.received[-1], messages.Cancel)
    works(device, signer)


def test_ctrl_c_while_waiting() -> None:
    device = FakeTrezor("T1B1")
    signer = connected(device)
    silent(device, _thread.interrupt_main)
    ends(lambda: signer.sign_transaction(transfer()), KeyboardInterrupt)
    assert isinstance(device.received[-1], messages.Cancel)
    works(device, signer)


def test_a_device_unplugged_in_the_middle_of_a_prompt() -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    silent(device, device.unplug)
    error = ends(lambda: signer.sign_transaction(transfer()), DeviceNotFound, "the Trezor does not answer: plug it in")
    assert isinstance(error.__cause__, TransportException)
    ends(lambda: signer.sign_transaction(transfer()), DeviceNotFound)
    device.restart()
    works(device, signer)


def test_a_device_unplugged_between_calls() -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    device.unplug()
    ends(signer.accounts, DeviceNotFound, "plug it in")
    device.restart()
    works(device, signer)


class Stuck(FakeTrezor):
    """Reads and writes, and then one of them blocks for ever, as a USB write to a device that does not read."""

    stuck = ""

    def write_chunk(self, chunk: bytes, /) -> None:
        if self.stuck == "write":
            threading.Event().wait()
        super().write_chunk(chunk)

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        if self.stuck == "read":
            threading.Event().wait()
        return super().read_chunk(timeout=timeout)


@pytest.mark.parametrize("what", ["write", "read"])
def test_a_line_that_blocks_for_ever(what: str) -> None:
    device = Stuck("T1B1")
    signer = connected(device)
    hurry(signer)
    device.stuck = what
    ends(lambda: signer.sign_transaction(transfer()), SignerTimeout)
    device.stuck = ""
    signer._connection._timeout = 20
    works(device, signer)


class Strange(FakeTrezor):
    """Raises something foreign."""

    error: Exception | None = None

    def write_chunk(self, chunk: bytes, /) -> None:
        if self.error is not None:
            raise self.error
        super().write_chunk(chunk)


class USBError(Exception):
    """usb1's errors are of no family."""


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "refused"), USBError("LIBUSB_ERROR_PIPE"), KeyError("x")]
)
def test_foreign_errors_of_the_line(error: Exception) -> None:
    device = Strange("T1B1")
    signer = connected(device)
    device.error = error
    caught = ends(lambda: signer.sign_transaction(transfer()), DeviceNotFound, type(error).__name__)
    assert caught.__cause__ is not None
    assert caught.__cause__.__cause__ is error
    device.error = None
    works(device, signer)


def test_cancelled_from_another_thread() -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    silent(device, signer.cancel)
    ends(lambda: signer.sign_transaction(transfer()), UserRejected, "the program cancelled")
    assert isinstance(device.received[-1], messages.Cancel)
    works(device, signer)


def test_one_call_at_a_time_on_a_device() -> None:
    device = FakeTrezor("T3T1")
    first, second = connected(device), connected(device)
    hurry(second)
    inside, done = threading.Event(), threading.Event()

    def user(shown: str) -> bool:
        inside.set()
        return done.wait(LATE)

    device.user = user
    signed: list[Any] = []
    worker = threading.Thread(target=lambda: signed.append(first.sign_transaction(transfer())))
    worker.start()
    assert inside.wait(LATE)
    ends(second.accounts, DeviceBusy, "another call on this Trezor took all of the 0.3 s")
    done.set()
    worker.join(LATE)
    assert transfer().sender(signed[0]) == first.address
    second._connection._timeout = 20
    works(device, second)


def test_many_threads() -> None:
    device = FakeTrezor("T1B1")
    signer = connected(device)
    signed: list[Any] = []
    txs = [transfer(nonce=nonce) for nonce in range(6)]
    workers = [threading.Thread(target=lambda tx=tx: signed.append((tx, signer.sign_transaction(tx)))) for tx in txs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LATE)
    assert len(signed) == 6
    assert all(tx.sender(signature) == signer.address for tx, signature in signed)


def test_asyncio() -> None:
    device = FakeTrezor("T3T1")
    inner = connected(device)
    signer = ThreadedSigner(inner)
    assert isinstance(signer, AsyncSigner)
    assert (signer.address, signer.capabilities) == (inner.address, inner.capabilities)

    seen, go = threading.Event(), threading.Event()

    def user(shown: str) -> bool:
        seen.set()
        return go.wait(LATE)  # until the loop, which goes on meanwhile, lets it

    async def play() -> None:
        device.user = user
        both = asyncio.gather(signer.sign_transaction(transfer()), signer.sign_message(b"hello"))
        assert await asyncio.to_thread(seen.wait, LATE)
        go.set()
        first, _ = await both
        assert transfer().sender(first) == signer.address
        assert (await signer.sign_typed_data(MAIL)).clear is None
        device.user = lambda shown: seen.set()
        seen.clear()
        waiting = asyncio.create_task(signer.sign_transaction(transfer()))
        assert await asyncio.to_thread(seen.wait, LATE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert isinstance(device.received[-1], messages.Cancel)
        device.user = lambda shown: True
        assert transfer().sender(await signer.sign_transaction(transfer())) == signer.address

    asyncio.run(play())


# ---------------------------------------------------------------- PIN
def test_pin() -> None:
    device = FakeTrezor("T1B1", pin="739")
    asked: list[str] = []
    ends(lambda: connected(device), DeviceLocked, "give on_pin=")
    ends(lambda: connected(device, on_pin=lambda wanted: "1"), DeviceLocked, "does not accept the PIN")
    signer = connected(device, on_pin=lambda wanted: asked.append(wanted) or "739")
    assert asked == ["Current"]
    works(device, signer)
    device.locked = True
    works(device, signer)
    assert len(asked) == 2


@pytest.mark.parametrize("pin", ["", "120", "abc", "1" * 51, None, 1234])
def test_what_is_no_pin(pin: Any) -> None:
    device = FakeTrezor("T1B1", pin="739")
    error = ends(lambda: connected(device, on_pin=lambda wanted: pin), InputError, "on_pin: expected positions")
    assert str(pin) not in str(error).replace("1 to 50 digits from 1 to 9", "") or not pin
    assert isinstance(device.received[-1], messages.Cancel)
    works(device, connected(device, on_pin=lambda wanted: "739"))


def test_giving_up_the_pin() -> None:
    def on_pin(wanted: str) -> str:
        raise exceptions.Cancelled

    ends(lambda: connected(FakeTrezor("T1B1", pin="1"), on_pin=on_pin), UserRejected)


# ---------------------------------------------------------------- what does not leak
def test_no_secret_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("trezorlib").setLevel(logging.NOTSET)
    caplog.set_level(1)
    records: list[logging.LogRecord] = caplog.records
    device = FakeTrezor("T1B1", pin="7391", passphrase_protection=True)
    signer = connected(device, on_pin=lambda wanted: "7391", passphrase="correct horse")
    works(device, signer)
    device.user = lambda shown: False
    with pytest.raises(UserRejected) as caught:
        signer.sign_transaction(transfer())
    seen = [repr(signer), str(signer), repr(signer._connection), repr(caught.value), repr(vars(signer))]
    # all of a record but its numbers: the digits of a clock are no PIN
    texts = [
        {name: held for name, held in vars(record).items() if not isinstance(held, int | float)} for record in records
    ]
    seen += [str(text) + record.getMessage() for text, record in zip(texts, records, strict=True)]
    for text in seen:
        assert "horse" not in text
        assert "7391" not in text
        assert b"correct horse".hex() not in text
    assert any(record.name.startswith("trezorlib") for record in records)
    for copying in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="not pickled or copied"):
            copying(signer)


def test_trezorlib_is_loaded_by_connect_alone() -> None:
    script = (
        "import sys, signers.trezor, signers.threaded; from signers import TrezorSigner\n"
        "try: TrezorSigner.connect('nonsense')\n"
        "except ValueError: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "{'trezorlib', 'usb1', 'requests', 'httpx', 'eth_keys', 'asyncio', 'Crypto', 'eth_abi'}])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_closed() -> None:
    device = FakeTrezor()
    with connected(device) as signer:
        assert repr(signer) == f"TrezorSigner(T3T1, m/44'/60'/0'/0/0, {signer.address})"
    ends(lambda: signer.sign_message(b"x"), DeviceNotFound, "was closed")


@pytest.mark.parametrize("timeout", [0, -1, True, "5", float("nan"), float("inf")])
def test_timeouts_that_are_none(timeout: Any) -> None:
    with pytest.raises(InputError, match="timeout: expected seconds above 0"):
        connected(FakeTrezor(), timeout=timeout)


def test_nothing_there() -> None:
    error = ends(
        lambda: TrezorSigner.connect(transport="udp:127.0.0.1:9", timeout=5), DeviceNotFound, "udp:127.0.0.1:9"
    )
    assert isinstance(error.__cause__, TransportException)
    ends(lambda: TrezorSigner.connect(transport="smoke signals", timeout=5), DeviceNotFound, "smoke signals")


# ---------------------------------------------------------------- every exception of trezorlib is one of ours
def failure(code: messages.FailureType, text: str | None = "fsm.c:1:text") -> exceptions.TrezorFailure:
    return exceptions.TrezorFailure(messages.Failure(code=code, message=text))


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (exceptions.Cancelled(), UserRejected, "rejected on the Trezor"),
        (exceptions.PinException(7, "PIN invalid"), DeviceLocked, "does not accept the PIN"),
        (exceptions.DeviceLockedError(), DeviceLocked, "unlock it"),
        (exceptions.OutdatedFirmwareError(), FirmwareTooOld, "update it"),
        (exceptions.MissingCapability((1, 0, 0), 17), UnsupportedBySigner, "cannot do that"),
        (exceptions.PassphraseError("disabled"), UnsupportedBySigner, "take no passphrase.*disabled"),
        (exceptions.NotPairedError(), NotPaired, "not paired"),
        (exceptions.InvalidSessionError(b"x"), DeviceBusy, "call again"),
        (exceptions.ProtocolError("magic"), DeviceFault, "magic"),
        (exceptions.StateMismatchError("phase"), DeviceFault, "phase"),
        (
            exceptions.UnexpectedMessageError(messages.Success, messages.PassphraseAck(passphrase="horse")),
            DeviceFault,
            "expected Success, got PassphraseAck\\)$",
        ),
        (exceptions.TrezorException("odd"), DeviceFault, "odd"),
        (DeviceIsBusy("1"), DeviceBusy, "holds the Trezor"),
        (Timeout("late"), SignerTimeout, "late"),
        (TransportException("pulled"), DeviceNotFound, "pulled"),
        (BrokenPipeError("pipe"), DeviceNotFound, "pipe"),
        (AssertionError("inside"), DeviceFault, "trezorlib failed.*AssertionError: inside"),
        (NotImplementedError("nested"), DeviceFault, "nested"),
        (USBError("pipe"), DeviceFault, "pipe"),
        (failure(messages.FailureType.UnexpectedMessage), UnsupportedBySigner, "does not know the request"),
        (failure(messages.FailureType.DataError, "Forbidden key path"), UnsupportedBySigner, "Forbidden key path"),
        (
            failure(messages.FailureType.DataError, "Invalid definition"),
            InvalidDefinition,
            "without definitions= .Invalid definition",
        ),
        (failure(messages.FailureType.DataError, "Network definition mismatch"), InvalidDefinition, "mismatch"),
        (failure(messages.FailureType.NotInitialized), DeviceFault, "no wallet yet"),
        (failure(messages.FailureType.PinExpected), DeviceLocked, "wants its PIN"),
        (failure(messages.FailureType.ProcessError), DeviceFault, "cannot do that"),
        (failure(messages.FailureType.FirmwareError, None), DeviceFault, "the Trezor failed"),
        (failure(messages.FailureType.Busy, None), DeviceFault, "the Trezor failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_exceptions(error: Exception, kind: type[SignerError], text: str) -> None:
    mapped = signer_error(error)
    assert type(mapped) is kind
    with pytest.raises(kind, match=text):
        raise mapped


def test_what_passes_unmapped() -> None:
    for error in (InputError("x"), SignerTimeout("x"), KeyboardInterrupt(), SystemExit()):
        assert signer_error(error) is None


def test_passphrase_settings_are_what_we_take_them_for() -> None:
    assert PassphraseSetting.STANDARD_WALLET.value == ""
