"""Functions that are given a secret: what they raise has none of it, not even in the local variables of its traceback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from zkcore.errors import InputError

__all__ = ["sealed"]

P = ParamSpec("P")
T = TypeVar("T")


def sealed(function: Callable[P, T]) -> Callable[P, T]:
    """The function, whose InputError is raised anew where nothing secret is in reach: reporters of errors send locals along."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            text = str(error)
        del args, kwargs  # and past the except block, so that the first error is no context of the second
        raise InputError(text)

    return call
