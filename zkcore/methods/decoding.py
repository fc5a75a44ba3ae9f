"""Strict decoding of JSON replies into types, over msgspec.

Quantities are hex strings in `eth_` methods and JSON numbers in many `zks_` ones, so both are taken everywhere.
What does not fit raises a `ValueError` with the field's path and value, which `effects.Call` makes `MalformedReply`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import msgspec
from msgspec import MsgspecError, Raw

from zkcore.types import Address, Hash32

__all__ = ["Data", "Hooked", "Quantity", "Word", "convert", "decoder", "decoder_or_null", "respelled"]

T = TypeVar("T")


class Hooked(type):
    """The metaclass of types that a field is declared as but never holds: `parse` makes the value.

    msgspec hands the value of a field of an unknown class to our hook, and asks whether the result is an instance of
    that class. Saying yes lets a plain int or bytes through, where a subclass of them could not be encoded again.
    """

    def __instancecheck__(cls, instance: object) -> bool:
        return True


if TYPE_CHECKING:
    Quantity: TypeAlias = int
    Data: TypeAlias = bytes
    Word: TypeAlias = Hash32
else:

    class Word(metaclass=Hooked):
        """A word of storage, which some nodes write without its leading zeros, as a Hash32."""

        @staticmethod
        def parse(value: object) -> Hash32:
            """The word. Raises ValueError."""
            if type(value) is str and re.fullmatch(r"0x[0-9a-fA-F]{0,64}", value, re.ASCII):
                return bytes.__new__(Hash32, bytes.fromhex(value[2:].rjust(64, "0")))
            raise ValueError(f"expected a word of storage (0x and up to 64 hex digits), got {_shown(value)}")

    class Quantity(metaclass=Hooked):
        """0x hex digits or a JSON number below 2**256, as an int."""

        @staticmethod
        def parse(value: object) -> int:
            """The int. Raises ValueError."""
            # int() alone would take signs, blanks, underscores and the digits of other scripts
            if type(value) is str:
                if value[:2] == "0x" and len(value) <= 66 and value.isalnum() and value.isascii():
                    try:
                        return int(value, 16)
                    except ValueError:
                        pass
            elif type(value) is int and 0 <= value < 1 << 256:
                return value
            raise ValueError(f"expected a quantity (0x hex or a number), got {_shown(value)}")

    class Data(metaclass=Hooked):
        """0x and whole bytes in hex, as bytes."""

        @staticmethod
        def parse(value: object) -> bytes:
            """The bytes. Raises ValueError."""
            data = _from_hex(value)
            if data is None:
                raise ValueError(f"expected data (0x and whole bytes in hex), got {_shown(value)}")
            return data


def decoder(kind: type[T]) -> Callable[[Raw], T]:
    """The strict decoder of a reply of this kind. Raises nothing but `ValueError`."""
    return cast("Callable[[Raw], T]", _decoder(cast("Any", kind)))


def decoder_or_null(kind: type[T]) -> Callable[[Raw], T | None]:
    """The same, where a node may answer null."""
    return cast("Callable[[Raw], T | None]", _decoder(cast("Any", kind | None)))


def convert(value: object, kind: type[T]) -> T:
    """Decoded JSON as this kind, as strict as `decoder`."""
    try:
        return msgspec.convert(value, kind, dec_hook=_hook)
    except MsgspecError as error:
        raise ValueError(_with_value(str(error), value)) from error


def respelled(row: object, spellings: Mapping[str, Sequence[str]]) -> object:
    """A JSON object with its snake_case keys in camelCase, and each field under its first spelling that is there."""
    if not isinstance(row, dict):
        return row
    fields = cast("dict[str, Any]", row)
    camel = {re.sub("_([a-z0-9])", lambda found: found[1].upper(), key): value for key, value in fields.items()}
    return camel | {name: camel[key] for name, keys in spellings.items() for key in reversed(keys) if key in camel}


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Callable[[Raw], object]:
    parse = cast("Callable[[Raw], object]", msgspec.json.Decoder(kind, dec_hook=_hook).decode)

    def decode(raw: Raw) -> object:
        try:
            return parse(raw)
        except MsgspecError as error:
            raise ValueError(_with_value(str(error), raw)) from error
        except RecursionError as error:
            raise ValueError("nested too deep") from error

    return decode


def _hook(kind: Any, value: object) -> object:
    size = _SIZES.get(kind)
    if size is None:
        return kind.parse(value)
    data = _from_hex(value)
    if data is None or len(data) != size:
        raise ValueError(f"expected {size} bytes in 0x hex, got {_shown(value)}")
    return bytes.__new__(kind, data)  # past its constructor, which would check all this again


_SIZES: dict[object, int] = {Address: 20, Hash32: 32}


def _from_hex(value: object) -> bytes | None:
    if type(value) is not str or value[:2] != "0x":
        return None
    try:
        data = bytes.fromhex(value[2:])
    except ValueError:
        return None
    return data if 2 + 2 * len(data) == len(value) else None  # fromhex skips blanks


def _with_value(text: str, source: object) -> str:
    """Add to msgspec's text, which ends in the path, the value that is there."""
    found = re.search(r"- at `\$([^`]*)`$", text)
    if found is None or ", got " + "`" not in text:  # ours say what they got, and a missing field has no value
        return text
    try:
        value: Any = msgspec.json.decode(source) if isinstance(source, Raw) else source
        for key, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", found[1]):
            value = value[key] if key else value[int(index)]
    except (LookupError, TypeError, ValueError, MsgspecError, RecursionError):
        return text
    return f"{text}: {_shown(value)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"
