"""A call given up at any command, in every way: the next one works, and nothing crashes what it finds on the screen."""

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

from signers import LedgerSigner
from signers.testing.ledger import FakeLedger, StatusError
from signers.threaded import ThreadedSigner
from tests.hardware.ledger.cases import ERA, TYPED, eip1559
from zkcore import errors
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.signature import recover

SIGN_MESSAGE = 0x08
SOON = 10.0  # seconds, on a busy machine: a call that takes longer after one that was given up hangs

CALLS: dict[str, Callable[[Any], Any]] = {
    "transfer": lambda signer: signer.sign_transaction(eip1559()),
    "calldata": lambda signer: signer.sign_transaction(eip1559(data=bytes(900))),
    "message": lambda signer: signer.sign_message(b"x" * 900),
    "typed data": lambda signer: signer.sign_typed_data(TYPED["mail"]),
    "0x71": lambda signer: signer.sign_transaction(ERA["paymaster"]),
}


def connect(fake: FakeLedger, **options: Any) -> LedgerSigner:
    return LedgerSigner.connect(**{"open_dongle": fake.open, "allow_blind_signing": True, "timeout": 20, **options})


def in_time(fake: FakeLedger, signer: LedgerSigner) -> None:
    fake.approve, fake.before = True, None
    started = time.monotonic()
    assert recover(message_hash(b"next"), signer.sign_message(b"next")) == signer.address
    assert time.monotonic() - started < SOON


def give_up(how: str, fake: FakeLedger, signer: LedgerSigner, call: Callable[[Any], Any], at: int) -> None:
    act: Callable[[], object] = {
        "cancel": signer.cancel,
        "timeout": lambda: signer._connection._deadline.extend(0),
        "Ctrl-C": _thread.interrupt_main,
        "task": lambda: None,
    }[how]

    def before(number: int, command: bytes) -> bytes | None:
        nonlocal act
        if number >= at:  # whatever waits for a person from now on waits for nobody
            fake.approve = None
            act()
        return None

    del fake.commands[:]
    fake.before = before
    if how == "task":
        asyncio.run(cancelled_task(fake, signer, call, at))
        return
    if how == "timeout":
        signer._connection._timeout = 0.4
    with contextlib.suppress(errors.SignerTimeout, errors.UserRejected, KeyboardInterrupt):
        call(signer)
    signer._connection._timeout = 20


async def cancelled_task(fake: FakeLedger, signer: LedgerSigner, call: Callable[[Any], Any], at: int) -> None:
    task = asyncio.ensure_future(call(ThreadedSigner(signer)))
    until = time.monotonic() + 5
    while len(fake.commands) <= at and not task.done() and time.monotonic() < until:  # noqa: ASYNC110 - the fake has no loop
        await asyncio.sleep(0.005)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, errors.UserRejected):
        await task


@pytest.mark.parametrize("how", ["cancel", "timeout", "Ctrl-C", "task"])
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(CALLS)), st.integers(0, 60)), min_size=1, max_size=3))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_given_up_at_any_command(how: str, steps: list[tuple[str, int]]) -> None:
    fake = FakeLedger(blind_signing=True)
    signer = connect(fake)
    for name, at in steps:
        give_up(how, fake, signer, CALLS[name], at)
        fake.press()  # its user presses a button on what still stands there
        assert not fake.crashed
        in_time(fake, signer)


def test_a_button_on_an_old_review_crashes_nothing() -> None:
    fake = FakeLedger()
    signer = connect(fake, timeout=0.3)
    for call in (signer.confirm_address, lambda: CALLS["typed data"](signer), lambda: CALLS["transfer"](signer)):
        fake.approve = None
        with pytest.raises(errors.SignerTimeout):
            call()
        assert fake.reviewing
        with contextlib.suppress(errors.SignerTimeout):
            call()  # asks for the address, which must not stand beside the old review
        fake.press()
        assert not fake.crashed
    in_time(fake, signer)


def test_the_fake_crashes_as_the_app_does() -> None:
    fake = FakeLedger(approve=None)
    signer = connect(fake, timeout=0.3)
    with pytest.raises(errors.SignerTimeout):
        signer.sign_message(b"m")
    fake.exchange(bytearray.fromhex("e002000015058000002c8000003c800000000000000000000000"))
    fake.press()
    assert fake.crashed
    with pytest.raises(errors.DeviceNotFound):
        signer.sign_message(b"m")


def test_another_program_that_connects_finds_the_old_review_gone() -> None:
    fake = FakeLedger(approve=None)
    with pytest.raises(errors.SignerTimeout):
        connect(fake, timeout=0.3).sign_message(b"m")
    assert fake.reviewing
    signer = connect(fake)
    fake.press()
    assert not fake.crashed
    in_time(fake, signer)


@pytest.mark.parametrize("late", [b"\x1b" + bytes(64), b"", b"\1\x09E", b"\1" * 65])
@pytest.mark.parametrize("command", [0x01, 0x06, 0x02])
def test_one_stale_answer_ends_the_line_and_nothing_else(late: bytes, command: int) -> None:
    fake = FakeLedger()
    signer = connect(fake)
    stale = [late]

    def before(number: int, apdu: bytes) -> bytes | None:
        return stale.pop() if apdu[1] == command and stale else None

    fake.before = before
    opened = fake.opened
    with pytest.raises(errors.SignerError):
        signer.sign_message(b"m")
    assert recover(message_hash(b"m"), signer.sign_message(b"m")) == signer.address
    assert fake.opened == opened + 1


STALE = {
    "address": b"\x41" + bytes(65) + b"\x28" + b"0" * 40,
    "nothing": b"",
    "signature": b"\x1b" + bytes(64),
    "configuration": b"\2\1\x16\0",
    "rejected": StatusError(0x6985),
}


@pytest.mark.parametrize("late", STALE)
@pytest.mark.parametrize("more", range(3))
def test_an_answer_to_a_call_given_up_comes_over_the_next_line(late: str, more: int) -> None:
    """As speculos and USB have it: whoever is there gets what the app answers, and then is one answer behind."""
    answers: list[bytes | StatusError] = [STALE[late]] * (1 + more)

    def before(number: int, apdu: bytes) -> bytes | None:
        if not answers:
            return None
        answer = answers.pop()
        if isinstance(answer, StatusError):
            raise answer
        return answer

    signer = connect(fake := FakeLedger(before=before))
    in_time(fake, signer)
    assert fake.opened == 2 + more
    answers[:] = [STALE[late]]
    signer._connection._drop()  # as a call does that is given up
    fake.before = before
    assert signer.confirm_address() == signer.address
    assert not answers


def test_a_rejection_or_a_cancelled_call_is_not_asked_for_again() -> None:
    fake = FakeLedger(approve=False)
    signer = connect(fake)
    with pytest.raises(errors.UserRejected):
        signer.sign_message(b"m")
    opened = fake.opened
    fake.before = lambda number, apdu: signer.cancel()  # type: ignore[func-returns-value]
    with pytest.raises(errors.UserRejected, match="the program cancelled"):
        signer.sign_message(b"m")
    assert fake.opened == opened + 1


def test_cancelled_from_another_thread() -> None:
    fake = FakeLedger()
    signer = connect(fake)
    fake.approve = None

    def before(_: int, command: bytes) -> None:
        if command[1] == SIGN_MESSAGE:
            threading.Timer(0.2, signer.cancel).start()

    fake.before = before
    started = time.monotonic()
    with pytest.raises(errors.UserRejected, match="the program cancelled the call"):
        signer.sign_message(b"m")
    assert time.monotonic() - started < SOON
    in_time(fake, signer)
    signer.cancel()  # nothing goes on
    in_time(fake, signer)


def test_the_time_for_a_person_ends_without_being_asked_for() -> None:
    assert connect(FakeLedger(), timeout=1)._connection._timeout == 1
    signer = LedgerSigner.connect(open_dongle=FakeLedger().open)
    assert 60 <= signer._connection._timeout <= 600
