"""Flows: what can be asked for, and how the asking composes. Pure: no sockets, no clock, no threads.

A flow is a generator that yields effects and is sent their answers. A `Step` is whatever `yield from` takes: a flow, or a
`Call`, which is a flow of one wave. `gather` runs steps side by side and merges their waves, so they nest:

    price, (nonce, owed) = yield from gather(gas_price("l1"), gather(nonce_of(me), attempt(debt_of(me), Reverted)))

A reply is the JSON of an answer, or the exception that stands for its absence: **an expected failure is a reply, an
exception thrown in is a fault** (of a callback, or a bug). Only `errors.Reverted` is an answer of a contract.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from inspect import GEN_CREATED, getgeneratorstate
from itertools import islice
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, overload

from msgspec import MsgspecError, Raw, Struct

from zkcore.errors import MalformedReply

# fmt: off
__all__ = [
    "Call", "Chain", "Done", "Effect", "Flow", "Now", "Reply", "Report", "Sleep", "Step", "Wave", "advance", "attempt",
    "gather", "now", "report", "sleep", "start", "within",
]
# fmt: on

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
X = TypeVar("X", bound=Exception)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")

Chain: TypeAlias = Literal["l1", "l2"]
Reply: TypeAlias = Raw | Exception


class Call(Struct, Generic[T_co], frozen=True):
    """One JSON-RPC request to one of the two nodes, and how its reply becomes a value. A flow of one wave."""

    chain: Chain
    method: str
    params: tuple[object, ...]
    decode: Callable[[Raw], T_co]

    def __iter__(self) -> Generator["Effect", Any, T_co]:
        replies: Sequence[Reply] = yield Wave((self,))
        (reply,) = replies
        if isinstance(reply, Exception):
            raise reply
        try:
            return self.decode(reply)
        except (MsgspecError, ValueError) as error:  # before msgspec 0.20 its errors are no ValueErrors
            shown = bytes(memoryview(reply)[:200]).decode(errors="replace")  # Raw has a buffer, but no len
            raise MalformedReply(f"{self.chain} {self.method}: {error}, in the reply {shown}") from error


class Wave(Struct, frozen=True):
    """Calls that do not depend on one another. The answer is one `Reply` for each, in their order.

    `seconds`: what has no answer by then has none.
    """

    calls: tuple[Call[object], ...]
    seconds: float | None = None


class Sleep(Struct, frozen=True):
    """The answer comes after so many seconds."""

    seconds: float


class Now(Struct, frozen=True):
    """The answer is monotonic seconds: good for a deadline in this process, never to be stored."""


class Report(Struct, frozen=True):
    """Progress, for whoever watches."""

    progress: object


Effect: TypeAlias = Wave | Sleep | Now | Report
Flow: TypeAlias = Generator[Effect, Any, T]  # Any: each effect has an answer of its own; flows never meet it


class Step(Protocol[T_co]):
    """What `yield from` takes to give a T."""

    def __iter__(self) -> Generator[Effect, Any, T_co]: ...


class Done(Struct, Generic[T], frozen=True):
    """The end of a flow, with its value."""

    value: T


def start(step: Step[T]) -> Flow[T]:
    """The flow of a step, not yet begun. Refuses one that was begun before: it would end at once, with None for a T."""
    flow = iter(step)
    if getgeneratorstate(flow) != GEN_CREATED:
        raise RuntimeError("a flow runs once: make another")
    return flow


def advance(flow: Flow[T], answer: object = None) -> Effect | Done[T]:
    """Send the answer, or throw it if it is an exception; get the next effect, or the end."""
    try:
        return flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
    except StopIteration as stop:
        return Done(stop.value)


def sleep(seconds: float) -> Flow[None]:
    """Wait; not at all if the time is negative."""
    yield Sleep(max(0.0, seconds))


def now() -> Flow[float]:
    """Monotonic seconds."""
    at: float = yield Now()
    return at


def report(progress: object) -> Flow[None]:
    """Tell whoever watches."""
    yield Report(progress)


def within(step: Step[T], deadline: float) -> Flow[T]:
    """Run a step whose waves end at the deadline, in the seconds of `now`: what is not answered by then is a NodeTimeout."""
    with closing(start(step)) as flow:
        effect = advance(flow)
        while not isinstance(effect, Done):
            if isinstance(effect, Wave):
                left = max(0.0, deadline - (yield from now()))
                effect = Wave(effect.calls, left if effect.seconds is None else min(left, effect.seconds))
            effect = advance(flow, (yield effect))
        return effect.value


def attempt(step: Step[T], kind: type[X]) -> Flow[T | X]:
    """Make this kind of failure a value, so that it does not end what runs beside the step. Others pass through."""
    try:
        return (yield from step)
    except kind as error:
        return error


# fmt: off
@overload
def gather(a: Step[A], /) -> Flow[tuple[A]]: ...
@overload
def gather(a: Step[A], b: Step[B], /) -> Flow[tuple[A, B]]: ...
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], /) -> Flow[tuple[A, B, C]]: ...
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], d: Step[D], /) -> Flow[tuple[A, B, C, D]]: ...
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], d: Step[D], e: Step[E], /) -> Flow[tuple[A, B, C, D, E]]: ...
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], d: Step[D], e: Step[E], f: Step[F], /) -> Flow[tuple[A, B, C, D, E, F]]: ...
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], d: Step[D], e: Step[E], f: Step[F], g: Step[G], /) -> Flow[tuple[A, B, C, D, E, F, G]]: ...  # noqa: E501
@overload
def gather(a: Step[A], b: Step[B], c: Step[C], d: Step[D], e: Step[E], f: Step[F], g: Step[G], h: Step[H], /) -> Flow[tuple[A, B, C, D, E, F, G, H]]: ...  # noqa: E501
@overload
def gather(*steps: Step[T]) -> Flow[tuple[T, ...]]: ...
# fmt: on
def gather(*steps: Step[Any]) -> Flow[tuple[Any, ...]]:
    """Run steps side by side: the waves of all that can go on are one wave, and who sleeps wakes between waves.

    The first failure closes the other steps and is raised, unless `attempt` made it a value.
    """
    with ExitStack() as stack:
        flows = [stack.enter_context(closing(start(step))) for step in steps]
        ended: dict[int, Any] = {}
        ready: dict[int, Any] = dict.fromkeys(range(len(flows)))  # each that can go on, with its answer
        asleep: dict[int, float] = {}  # each that waits, until when
        while ready or asleep:
            # one reading of the clock for all: pollers that began together must not drift into a wave each
            at: float = (yield Now()) if asleep else 0.0
            for i in [i for i, until in asleep.items() if until <= at]:
                del asleep[i]
                ready[i] = None
            waves: dict[int, Wave] = {}
            naps: dict[int, float] = {}
            for i in sorted(ready):
                effect = yield from _until_it_waits(flows[i], ready[i])
                match effect:
                    case Done(value):
                        ended[i] = value
                    case Wave():
                        waves[i] = effect
                    case Sleep(seconds):
                        naps[i] = seconds
            if naps and not asleep:
                at = yield Now()
            asleep |= {i: at + seconds for i, seconds in naps.items()}
            ready = {}
            if waves:
                ends = [wave.seconds for wave in waves.values() if wave.seconds is not None]
                merged = Wave(tuple(c for wave in waves.values() for c in wave.calls), min(ends, default=None))
                replies: Iterator[Reply] = iter((yield merged))
                ready = {i: list(islice(replies, len(wave.calls))) for i, wave in waves.items()}
            elif asleep:
                yield from sleep(min(asleep.values()) - at)
    return tuple(ended[i] for i in range(len(flows)))


def _until_it_waits(flow: Flow[T], answer: object) -> Flow[Wave | Sleep | Done[T]]:
    """Advance a flow, passing on what is answered at once."""
    effect = advance(flow, answer)
    while isinstance(effect, Now | Report):
        effect = advance(flow, (yield effect))
    return effect
