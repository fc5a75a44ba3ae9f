"""What a wallet does, told to one hook: `Wallet(..., observe=hook)`.

Counts, names, times, and the caller's own references: no text of an error, no URL, no parameter, no bytes and no key is told.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from logging import getLogger
from time import monotonic, time
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Call, Reply
from zkcore.journal import Entry, JournalLike, State

__all__ = ["Observe", "ObservedJournal", "Span", "flow_name", "observed", "observed_calls"]

_log = getLogger("zkcore.observe")
_NUMBERS: Final = count(1)
_WITHIN: Final[ContextVar[int | None]] = ContextVar(
    "zkcore_span", default=None
)  # the span that what begins now is part of
_REMEMBERED: Final = 10_000  # orders


class Span(Struct, frozen=True, kw_only=True):
    """Something that a wallet does. The hook is called when it begins, and again, with its `seconds`, when it has ended.

    | name | what | attributes |
    |---|---|---|
    | `flow` | a method of a wallet or of a handle, a round of a keeper | flow, account |
    | `wave` | calls that are asked together | l1, l2: how many |
    | `call` | one of them, told once, ended, with the wave's seconds | chain, method |
    | `sign` | a signature, with the time that people take | reference, kind, chain_id |
    | `send` | signed transactions, to a node | chain, transactions |
    | `state` | a change of an order in the journal, told once | reference, state, kind, account (where they are known) |

    `parent`: the id of the span that it is part of. `at`: seconds since 1970. `error`: the name of the error's class, where it
    ended with one. Ids are this process's.
    """

    name: Literal["flow", "wave", "call", "sign", "send", "state"]
    id: int
    parent: int | None
    at: float
    seconds: float | None = None
    error: str = ""
    attributes: Mapping[str, str | int] = {}


class Observe(Protocol):
    """The hook. It is called on whichever thread does the work, must be quick, and what it raises is logged and ends nothing."""

    def __call__(self, span: Span, /) -> object:
        """Take a span: one that begins (its `seconds` are None), or one that has ended."""
        ...


_Names: TypeAlias = Literal["flow", "wave", "call", "sign", "send", "state"]


def flow_name(step: object) -> str:
    """What a flow is called, for people: `_flow_wait` is "wait"."""
    name = str(getattr(step, "__name__", type(step).__name__))
    return name.removeprefix("_").removeprefix("flow_").removeprefix("draft_")


def _begun(name: _Names, attributes: Mapping[str, str | int]) -> Span:
    return Span(name=name, id=next(_NUMBERS), parent=_WITHIN.get(), at=time(), attributes=attributes)


def _tell(observe: Observe, span: Span) -> None:
    try:
        observe(span)
    except Exception:  # noqa: BLE001  # the rim: somebody else's code beside an order that goes on
        _log.exception("the hook of observe= failed; what it was told of goes on")


@contextmanager
def observed(observe: Observe | None, name: _Names, **attributes: str | int) -> Generator[list[object]]:
    """What happens within is told as a span. What is put into the list are replies: the first exception is its error."""
    found: list[object] = []
    if observe is None:
        yield found
        return
    span, begun, error = _begun(name, attributes), monotonic(), ""
    _tell(observe, span)
    within = _WITHIN.set(span.id)
    try:
        yield found
        error = next((type(one).__name__ for one in found if isinstance(one, Exception)), "")
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        _WITHIN.reset(within)
        _tell(observe, replace(span, seconds=monotonic() - begun, error=error))


@contextmanager
def observed_calls(observe: Observe | None, calls: Sequence[Call[Any]]) -> Generator[list[Reply]]:
    """A wave: the list takes the replies to its calls."""
    found: list[Reply] = []
    if observe is None:
        yield found
        return
    chains = [call.chain for call in calls]
    begun = monotonic()
    with observed(observe, "wave", l1=chains.count("l1"), l2=chains.count("l2")):
        yield found
        seconds = monotonic() - begun
        for call, reply in zip(calls, found, strict=False):
            error = type(reply).__name__ if isinstance(reply, Exception) else ""
            span = _begun("call", {"chain": call.chain, "method": call.method})
            _tell(observe, replace(span, at=span.at - seconds, seconds=seconds, error=error))


class ObservedJournal:
    """A journal whose changes of state are told, each once, as far as they are made by this wallet."""

    def __init__(self, journal: JournalLike, observe: Observe) -> None:
        self.of, self._observe = journal, observe
        self._states: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    def ask(self, entry: Entry) -> Entry | None:
        """As `JournalLike.ask`."""
        kept = self.of.ask(entry)
        if kept is None:
            self._changed(entry.reference, "asked", entry)
        return kept

    def sign(self, entry: Entry, nonces: Iterable[tuple[int, int]]) -> bool:
        """As `JournalLike.sign`."""
        done = self.of.sign(entry, nonces)
        if done:
            self._changed(entry.reference, entry.state, entry)
        return done

    def move(self, reference: str, state: State, **fields: Any) -> bool:
        """As `JournalLike.move`."""
        done = self.of.move(reference, state, **fields)
        if done:
            self._changed(reference, state)
        return done

    def drop(self, entry: Entry) -> None:
        """As `JournalLike.drop`."""
        self.of.drop(entry)
        self._changed(entry.reference, "dropped", entry)

    def _changed(self, reference: str, state: str, entry: Entry | None = None) -> None:
        if self._states.pop(reference, None) != state:
            known = {} if entry is None else {"kind": entry.kind, "account": str(entry.account)}
            span = _begun("state", {"reference": reference, "state": state, **known})
            _tell(self._observe, replace(span, seconds=0.0))
        self._states[reference] = state
        if len(self._states) > _REMEMBERED:
            del self._states[next(iter(self._states))]
