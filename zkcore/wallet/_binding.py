"""Methods made of flows: for the wallets, whose flows begin with the session, and for handles, whose flows are their own.

A bound method cannot forget to pass a parameter on, and looks like one written by hand: name, docstring, signature.
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar, get_args

from zkcore.effects import Flow
from zkcore.plan import Plan

if TYPE_CHECKING:
    from zkcore.wallet.handles import Handle

__all__ = ["Awaited", "awaited", "blocking", "dress", "kind_of_plan", "kind_of_quote"]

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=Callable[..., Any])
S = TypeVar("S", bound="Handle[Any]")

Awaited: TypeAlias = Coroutine[Any, Any, T]


def blocking(flow: Callable[Concatenate[S, P], Flow[T]]) -> Callable[Concatenate[S, P], T]:
    """A handle's flow as a method that blocks."""

    def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.wallet.run(flow(self, *args, **kwargs))  # type: ignore[no-any-return]

    return dress(method, flow)


def awaited(flow: Callable[Concatenate[S, P], Flow[T]]) -> Callable[Concatenate[S, P], Awaited[T]]:
    """A handle's flow as a method that is awaited."""

    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.wallet.run(flow(self, *args, **kwargs))  # type: ignore[no-any-return]

    return dress(method, flow)


def dress(
    method: M, flow: Callable[..., Any], prefix: str = "", *, returns: Callable[[Any], Any] = lambda got: got
) -> M:
    """Give the method the flow's name, docstring and parameters; `returns` makes its return type of the flow's."""
    shape = inspect.signature(flow)
    first, *parameters = shape.parameters.values()
    method.__name__ = method.__qualname__ = prefix + flow.__name__.removeprefix("flow_").removeprefix("draft_")
    method.__doc__ = flow.__doc__
    vars(method)["__signature__"] = shape.replace(
        parameters=[first.replace(name="self", annotation=inspect.Parameter.empty), *parameters],
        return_annotation=returns(get_args(shape.return_annotation)[-1]),
    )
    return method


def kind_of_quote(draft: Any) -> Any:
    """The quote's type of a draft's."""
    return get_args(draft)[0]


def kind_of_plan(draft: Any) -> Any:
    """The plan's type of a draft's."""
    kind: Any = get_args(draft)[1]
    return Plan[kind]
