"""A call given up between any two chunks, in every way: nothing is left half written or half read, the next one works."""

import _thread
import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from signers.threaded import ThreadedSigner
from tests.hardware.trezor.scenes import MAIL, transfer
from zkcore.errors import SignerTimeout, UserRejected

SOON = 10.0  # seconds, on a busy machine: a call that takes longer after one that was given up hangs


class AtAChunk:
    """For a transport: does something at the chunk of a number, before it is written or read."""

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self.count, self.at = 0, -1
        self.act: Callable[[], Any] = lambda: None

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.act()

    def write_chunk(self, chunk: bytes, /) -> None:
        self._tick()
        super().write_chunk(chunk)  # type: ignore[misc]  # the transport's

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        self._tick()
        return super().read_chunk(timeout=timeout)  # type: ignore[misc, no-any-return]


class Watched(AtAChunk, FakeTrezor):
    """The fake."""


CALLS: dict[str, Callable[[Any], Any]] = {
    "data": lambda signer: signer.sign_transaction(transfer(data=bytes(range(256)) * 12)),
    "access list": lambda signer: signer.sign_transaction(
        transfer(access_list=[("0x" + "11" * 20, [b"\1" * 32] * 12)])
    ),
    "message": lambda signer: signer.sign_message(b"x" * 1000),
    "typed data": lambda signer: signer.sign_typed_data(MAIL),
}


def in_time(device: FakeTrezor, signer: TrezorSigner) -> None:
    device.user = lambda shown: True
    started = time.monotonic()
    tx = transfer()
    assert tx.sender(signer.sign_transaction(tx)) == signer.address
    assert time.monotonic() - started < SOON


def give_up(how: str, device: Watched, signer: TrezorSigner, call: Callable[[Any], Any]) -> None:
    match how:
        case "cancel":
            device.act = signer.cancel
            with contextlib.suppress(UserRejected):
                call(signer)
        case "timeout":
            device.act = lambda: signer._connection._deadline.extend(0)
            with contextlib.suppress(SignerTimeout):
                call(signer)
        case "Ctrl-C":
            device.act = _thread.interrupt_main
            with contextlib.suppress(KeyboardInterrupt):
                call(signer)
                time.sleep(0.5)  # it may come late
        case "callback":
            timer = threading.Timer(0.4, signer.cancel)

            def fall_silent() -> None:
                device.user = lambda shown: None
                timer.start()

            device.act = fall_silent
            with contextlib.suppress(UserRejected):
                call(signer)
            timer.cancel()  # it is not for the next call
        case _:
            asyncio.run(cancelled_task(device, signer, call))


async def cancelled_task(device: Watched, signer: TrezorSigner, call: Callable[[Any], Any]) -> None:
    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    device.act = lambda: loop.call_soon_threadsafe(reached.set)  # type: ignore[assignment, return-value]
    task = asyncio.ensure_future(call(ThreadedSigner(signer)))
    ended = asyncio.ensure_future(reached.wait())
    await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    ended.cancel()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, UserRejected):
        await task


@pytest.mark.parametrize("how", ["cancel", "timeout", "Ctrl-C", "callback", "task"])
@given(
    model=st.sampled_from(["T1B1", "T3T1"]),
    steps=st.lists(st.tuples(st.sampled_from(sorted(CALLS)), st.integers(1, 90)), min_size=1, max_size=3),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_given_up_at_any_chunk(how: str, model: str, steps: list[tuple[str, int]]) -> None:
    device = Watched(model)
    signer = TrezorSigner.connect(transport=device, timeout=20, allow_blind_signing=True)
    for name, at in steps:
        device.count, device.at = 0, at
        give_up(how, device, signer, CALLS[name])
        device.at = -1
        assert not device._incoming, "a message is half written: the device takes all that comes for data"
        in_time(device, signer)
    assert sum(thread.name == "device-io" for thread in threading.enumerate()) <= 1


def test_the_fake_is_wedged_by_a_message_broken_off() -> None:
    device = FakeTrezor("T1B1")
    device.open()
    device.write_chunk(b"?##" + (55).to_bytes(2) + (200).to_bytes(4) + bytes(55))
    for _ in range(2):
        device.write_chunk((b"?##" + (20).to_bytes(2) + bytes(4)).ljust(64, b"\0"))  # Cancel
    assert not device.received
    for _ in range(2):
        device.write_chunk(b"?".ljust(64, b"\0"))
    device.write_chunk((b"?##" + (20).to_bytes(2) + bytes(4)).ljust(64, b"\0"))
    assert [type(message).__name__ for message in device.received][-1] == "Cancel"


def test_a_second_cancel_does_not_stop_the_first_from_cleaning_up() -> None:
    device = FakeTrezor("T1B1")
    signer = TrezorSigner.connect(transport=device, timeout=20)
    device.user = lambda shown: None
    stop = threading.Event()

    def keep_cancelling() -> None:
        while not stop.wait(0.01):
            signer.cancel()

    canceller = threading.Thread(target=keep_cancelling)
    canceller.start()
    try:
        with pytest.raises(UserRejected):
            signer.sign_message(b"x" * 1000)
    finally:
        stop.set()
        canceller.join()
    assert not device._incoming
    in_time(device, signer)


def test_cancelling_when_nothing_goes_on_does_nothing() -> None:
    device = FakeTrezor()
    signer = TrezorSigner.connect(transport=device, timeout=20)
    signer.cancel()
    in_time(device, signer)
