"""What was asked for, told apart from how it is paid for: by that two askings under one reference are compared."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from zkcore.types import ETH

__all__ = ["asked"]

_HOW = frozenset({"session", "reference", "l1", "l2", "approve", "l2_gas_limit"})


def asked(draft: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
    """What is asked for, in JSON: all that is not about how it is paid for. The same spelled otherwise gives the same."""
    shape = inspect.signature(draft)
    given = shape.bind(None, *args, **kwargs).arguments
    defaults = {name: parameter.default for name, parameter in shape.parameters.items()}
    what = {n: _plain(v) for n, v in given.items() if n not in _HOW and (v is not defaults[n] and v != defaults[n])}
    if "token" in what and set(what["token"]) == set("0x"):
        what["token"] = _plain(ETH)
    return msgspec.json.encode({draft.__name__.removeprefix("draft_"): what}, order="sorted").decode()


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return "0x" + value.hex()
        case str():
            return value.lower()
        case Struct():
            return {name: _plain(field) for name, field in msgspec.structs.asdict(value).items()}
        case bool() | None:
            return value
        case int():
            return str(value)
        case Iterable():
            return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return str(value)
