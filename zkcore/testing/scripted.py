"""Nodes that are a list: `play` feeds a flow without a clock or a socket, `ScriptedTransport` stands in for a node."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from zkcore.effects import Call, Effect, Now, Reply, Report, Sleep, Step, Wave
from zkcore.rpc.transport import Request, sends
from zkcore.wallet.drivers import drive

__all__ = ["AsyncScriptedTransport", "Played", "ScriptedTransport", "play", "reply_of"]

T = TypeVar("T")


class Played(Struct, Generic[T]):
    """What a played flow did: its value, the calls it asked wave by wave, its reports, and the seconds it slept."""

    value: T
    waves: list[tuple[Call[object], ...]]
    reports: list[object]
    clock: float

    @property
    def methods(self) -> list[list[str]]:
        """The methods asked, wave by wave."""
        return [[call.method for call in wave] for wave in self.waves]


def reply_of(value: object) -> Reply:
    """A reply from a plain value: its JSON; an exception stays one, and a Raw is taken as it is."""
    return value if isinstance(value, Exception | Raw) else Raw(msgspec.json.encode(value))


def play(step: Step[T], *script: Sequence[object]) -> Played[T]:
    """Run a step on replies written as plain values, one list a wave; an exception among them is that call's failure.

    The clock stands at 0 and moves with what the flow sleeps. Raises AssertionError if the flow does not ask for just
    the waves of the script.
    """
    waves: list[tuple[Call[object], ...]] = []
    reports: list[object] = []
    clock = 0.0

    def perform(effect: Effect) -> object:
        nonlocal clock
        match effect:
            case Wave(calls):
                waves.append(calls)
                planned = script[len(waves) - 1] if len(waves) <= len(script) else ()
                if len(planned) != len(calls):
                    asked = [f"{call.chain} {call.method} {call.params}" for call in calls]
                    raise AssertionError(f"wave {len(waves)}: {len(planned)} replies are scripted for {asked}")
                return [reply_of(value) for value in planned]
            case Now():
                return clock
            case Sleep(seconds):
                clock += seconds
            case Report(progress):
                reports.append(progress)
        return None

    value = drive(step, perform)
    if len(waves) != len(script):
        raise AssertionError(f"{len(script)} waves are scripted, {len(waves)} were asked")
    return Played(value, waves, reports, clock)


Answer = Callable[[Request], object]  # gives the value of a call, or the exception that it fails with


class ScriptedTransport:
    """A node that answers a wave from the next list, or each call by a function of it. Remembers what it was asked."""

    def __init__(self, *script: Sequence[object], answer: Answer | None = None) -> None:
        self._script = deque(script)
        self._answer = answer
        self.waves: list[tuple[Request, ...]] = []
        self.sent: list[bytes] = []
        self.closed = False

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """The replies that are scripted. Raises AssertionError if there is none for each call."""
        if refused := [request.method for request in requests if sends(request.method)]:
            raise AssertionError(f"{refused} in a wave: only send_raw may send")
        self.waves.append(tuple(requests))
        if self._answer is not None:
            return [reply_of(self._answer(request)) for request in requests]
        planned = self._script.popleft() if self._script else ()
        if len(planned) != len(requests):
            raise AssertionError(f"{len(planned)} replies are scripted for {[request.method for request in requests]}")
        return [reply_of(value) for value in planned]

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """The reply that is scripted for a wave of one, or by the function for `eth_sendRawTransaction`."""
        self.sent.append(raw)
        if self._answer is not None:
            return reply_of(self._answer(Request("eth_sendRawTransaction", ("0x" + raw.hex(),))))
        planned = self._script.popleft() if self._script else ()
        if len(planned) != 1:
            raise AssertionError(f"{len(planned)} replies are scripted for eth_sendRawTransaction")
        return reply_of(planned[0])

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class AsyncScriptedTransport:
    """The same for asyncio; what it remembers is in `inner`."""

    def __init__(self, *script: Sequence[object], answer: Answer | None = None) -> None:
        self.inner = ScriptedTransport(*script, answer=answer)

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `ScriptedTransport.ask`."""
        return self.inner.ask(requests)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `ScriptedTransport.send_raw`."""
        return self.inner.send_raw(raw)

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.inner.close()
