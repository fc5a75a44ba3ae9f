"""Methods made of flows. A bound method cannot forget to pass a parameter on, and looks like one written by hand.

`quoting` and `planning` make flows of drafts into flows of their quote and their plan; each wallet binds the rest.
"""

import inspect
from collections.abc import Callable, Coroutine
from os import urandom
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast, get_args

from msgspec.structs import replace

from zkcore.effects import Flow, Step
from zkcore.flows.session import Session
from zkcore.plans.plan import Draft, Plan
from zkcore.words import knowing

__all__ = ["Awaited", "awaited", "blocking", "dress", "planning", "quoting", "unlike"]

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
H = TypeVar("H")
M = TypeVar("M", bound=Callable[..., Any])


class _OfWallet(Protocol):
    _wallet: Any


S = TypeVar("S", bound=_OfWallet)
Awaited: TypeAlias = Coroutine[Any, Any, T]
Drafting: TypeAlias = Callable[Concatenate[Session, P], Flow[Draft[Q]]]


def blocking(flow: Callable[Concatenate[S, P], Flow[T]]) -> Callable[Concatenate[S, P], T]:
    """A handle's flow as a method that blocks."""

    def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._wallet._run_submission(flow(self, *args, **kwargs))  # type: ignore[no-any-return]

    return dress(method, flow)


def awaited(flow: Callable[Concatenate[S, P], Flow[T]]) -> Callable[Concatenate[S, P], Awaited[T]]:
    """A handle's flow as a method that is awaited."""

    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._wallet._run_submission(flow(self, *args, **kwargs))  # type: ignore[no-any-return]

    return dress(method, flow)


def quoting(draft: Drafting[P, Q]) -> Callable[Concatenate[Session, P], Flow[Q]]:
    """What it costs and does; nothing is signed or sent, and no key is needed."""

    def flow(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> Flow[Q]:
        from zkcore.flows.naming import names_of

        return knowing((yield from draft(session, *args, **kwargs)).quote, names_of(session))  # type: ignore[no-any-return]

    return dress(flow, draft, "quote_", returns=lambda drafted: Flow[get_args(drafted)[0]])  # type: ignore[misc]


def accepted(draft: Step[Draft[Q]]) -> Flow[Draft[Q]]:
    """The draft, to plan or to do. Raises its refusal."""
    return (yield from draft).accepted()


def planning(draft: Drafting[P, Q], handle: type[H]) -> Callable[Concatenate[Session, P], Flow[Plan[H]]]:
    """The plan, to preview, sign and submit; nothing is signed or sent."""

    def flow(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> Flow[Plan[H]]:
        from zkcore.flows.naming import names_of

        plan: Plan[H] = (yield from draft(unlike(session), *args, **kwargs)).accepted().plan
        return knowing(plan, names_of(session))  # type: ignore[no-any-return]

    return dress(flow, draft, "prepare_", returns=lambda _: Flow[Plan[handle]])  # type: ignore[valid-type]


_UNLIKE = 1 << 20  # wei per gas: a thousandth of a gwei


def unlike(session: Session) -> Session:
    """The session for drafting an order: its bytes are like no other's, be it of the same amount in the same block."""
    return replace(session, unlike=1 + int.from_bytes(urandom(4)) % _UNLIKE)


def dress(
    method: M, flow: Callable[..., Any], prefix: str = "", *, returns: Callable[[Any], Any] = lambda got: got
) -> M:
    """Give the method the flow's name, docstring and parameters; `returns` makes its return type of the flow's."""
    shape = inspect.signature(flow)
    first, *parameters = shape.parameters.values()
    name = prefix + flow.__name__.removeprefix("_flow_").removeprefix("draft_")
    bound = shape.replace(
        parameters=[first.replace(name="self", annotation=inspect.Parameter.empty), *parameters],
        return_annotation=returns(get_args(shape.return_annotation)[-1]),
    )

    def fitting(*args: Any, **kwargs: Any) -> None:
        """What does not fit is told of the method that was called, not of the flow behind it."""
        try:
            _ = bound.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}(): {error}") from None

    async def awaited_call(*args: Any, **kwargs: Any) -> Any:
        fitting(*args, **kwargs)
        return await method(*args, **kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        fitting(*args, **kwargs)
        return method(*args, **kwargs)

    method.__name__ = name  # its generators are called so, where it makes a flow of a flow
    dressed: Any = awaited_call if inspect.iscoroutinefunction(method) else call
    dressed.__name__ = dressed.__qualname__ = name
    dressed.__doc__ = flow.__doc__
    dressed.__signature__ = bound
    return cast("M", dressed)
