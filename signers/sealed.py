"""Functions that are given a secret: what they raise has none of it, not even in the local variables of its traceback.

And files that keep one.
"""

import os
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from zkcore.errors import InputError

__all__ = ["sealed", "shown", "write_secret"]

P = ParamSpec("P")
T = TypeVar("T")


def sealed(function: Callable[P, T]) -> Callable[P, T]:
    """The function, whose InputError or OSError is raised anew out of reach of secrets: reporters send locals along."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            again: Exception = InputError(str(error))
        except OSError as error:
            again = OSError(
                error.errno, error.strerror, error.filename
            )  # of the same class, which follows from the number
        del args, kwargs  # and past the except block, so that the first error is no context of the second
        raise again

    return call


def shown(name: object) -> str:
    """A name or a path for an error; not one that looks like a key, or like the words of one, in the wrong place."""
    text = str(name)
    secret = re.search("[0-9a-fA-F]{48}", text) or len(text.split()) >= 12  # an address, as in names of files, has 40
    return "what was given (not shown, as it looks like a key)" if secret else text


@sealed
def write_secret(path: str | os.PathLike[str], content: bytes, *, replace: bool) -> None:
    """Write a file for its owner alone (mode 600): whole and durable when this returns, or not at all.

    A key is used, and given money, as soon as it is written: what a crash may still take away must not be called written.
    `replace`: what was there goes, whatever its mode. Raises FileExistsError without it, OSError.
    """
    target = Path(path)
    name = target.with_name(f".{target.name}.{os.urandom(8).hex()}") if replace else target
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        if replace:
            name.replace(target)
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # its name is durable once its folder is; elsewhere folders cannot be opened
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
