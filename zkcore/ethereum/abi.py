"""Typed descriptors of functions, events and errors, from human-readable signatures, over eth-abi.

The ABI: https://docs.soliditylang.org/en/latest/abi-spec.html. eth-abi does the coding; this module adds what money
asks for: values are checked and never padded, cut or guessed, and decoding is strict.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from importlib import import_module
from itertools import repeat
from typing import Any, NoReturn, Protocol, cast

import msgspec

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.types import ELEMENTARY_TYPES, Address, Hash32, hex_bytes, to_hex, uint

__all__ = ["ErrorType", "Event", "Function", "Parameter", "decode", "encode", "named"]

_TOKEN = re.compile(r"\s*([A-Za-z_$][\w$]*|\[\d*\]|[(),])")
_NOISE = frozenset({"memory", "calldata", "storage", "tuple"})
_ALIASES = {"uint": "uint256", "int": "int256"}


class Parameter(msgspec.Struct, frozen=True):
    """One input or output. `components` are those of the tuple, or of the tuple that an array is made of."""

    type: str
    name: str = ""
    indexed: bool = False
    components: tuple["Parameter", ...] = ()

    @property
    def item(self) -> "Parameter":
        """What an array is made of."""
        return Parameter(self.type.rpartition("[")[0], self.name, components=self.components)

    @property
    def is_array(self) -> bool:
        """Whether this is an array, of fixed or free length."""
        return self.type.endswith("]")


class _Signature(msgspec.Struct, frozen=True):
    name: str
    inputs: tuple[Parameter, ...]
    words: tuple[str, ...]
    outputs: tuple[Parameter, ...]


# ---------------------------------------------------------------- signatures
class _Tokens:
    def __init__(self, text: str) -> None:
        self._text, self._tokens = text, _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            self.fail("unexpected characters")
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            self.fail(f"expected {token!r}")

    def words(self) -> Iterator[str]:
        while self.next and self.next not in "(),":
            yield self.take()

    def fail(self, why: str) -> NoReturn:
        raise InputError(f"ABI signature {self._text!r}: {why}")


def _parameter(tokens: _Tokens) -> Parameter:
    if tokens.next == "tuple":
        tokens.take()
    if tokens.next == "(":
        components = _parameters(tokens)
        kind = f"({','.join(part.type for part in components)})"
    else:
        components, kind = (), tokens.take()
        kind = _ALIASES.get(kind, kind)
        if kind not in ELEMENTARY_TYPES:
            tokens.fail(f"unknown type {kind!r}")
    while tokens.next.startswith("["):
        kind += tokens.take()
    words = [word for word in tokens.words() if word not in _NOISE]
    indexed = bool(words) and words[0] == "indexed"
    names = words[indexed:]
    if len(names) > 1:
        tokens.fail(f"one name expected, got {' '.join(names)!r}")
    return Parameter(kind, names[0] if names else "", indexed, components)


def _parameters(tokens: _Tokens) -> tuple[Parameter, ...]:
    tokens.expect("(")
    parameters: list[Parameter] = []
    while tokens.next != ")":
        if parameters:
            tokens.expect(",")
        parameters.append(_parameter(tokens))
    tokens.expect(")")
    return tuple(parameters)


def _signature(text: str) -> _Signature:
    tokens = _Tokens(text)
    name = tokens.take()
    if not name.isidentifier():
        tokens.fail("expected a name")
    inputs = _parameters(tokens)
    words = tuple(tokens.words())
    outputs: tuple[Parameter, ...] = ()
    if words and words[-1] == "returns":
        words, outputs = words[:-1], _parameters(tokens)
    if tokens.next:
        tokens.fail(f"unexpected {tokens.next!r}")
    return _Signature(name, inputs, words, outputs)


@lru_cache(maxsize=256)
def _of_types(types: tuple[str, ...]) -> tuple[Parameter, ...]:
    return _signature(f"types({','.join(types)})").inputs


# ---------------------------------------------------------------- values
def _given(parameter: Parameter, value: Any, name: str) -> Any:
    """The value as eth-abi takes it, checked; InputError names the argument."""
    kind = parameter.type
    if parameter.is_array or kind.startswith("("):
        if isinstance(value, (list, tuple)):
            return _given_many(parameter, cast("Sequence[Any]", value), name)
        raise InputError(f"{name}: expected a list or tuple for {kind}, got {value!r}")
    if kind == "address":
        try:
            return bytes(Address(value))
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    if kind.startswith("bytes"):
        raw = hex_bytes(value, name)
        if kind != "bytes" and len(raw) != int(kind[5:]):
            raise InputError(f"{name}: expected {kind[5:]} bytes, got {len(raw)}: {to_hex(raw)[:80]}")
        return raw
    if kind.startswith("uint"):
        return uint(value, name, int(kind[4:]))
    wanted = {"bool": bool, "string": str}.get(kind, int)
    if type(value) is not wanted:
        raise InputError(f"{name}: expected {wanted.__name__} for {kind}, got {value!r}")
    if isinstance(value, int) and wanted is int:
        bits = int(kind[3:])
        uint(value + (1 << bits - 1), f"{name} + 2**{bits - 1}", bits)  # two's complement's range
    return value


def _given_many(parameter: Parameter, values: Sequence[Any], name: str) -> tuple[Any, ...]:
    parts = [parameter.item] * len(values) if parameter.is_array else parameter.components
    size = parameter.type[:-1].rpartition("[")[2] if parameter.is_array else str(len(parts))
    if size and len(values) != int(size):
        raise InputError(f"{name}: expected {size} values for {parameter.type}, got {len(values)}")
    suffix = (f"[{i}]" if parameter.is_array or not part.name else f".{part.name}" for i, part in enumerate(parts))
    return tuple(_given(part, value, name + end) for part, value, end in zip(parts, values, suffix, strict=True))


def _taken(parameter: Parameter, value: Any) -> Any:
    """A value decoded by eth-abi in our types."""
    if parameter.is_array:
        return tuple(map(_taken, repeat(parameter.item), value))
    if parameter.components:
        return tuple(map(_taken, parameter.components, value))
    if parameter.type == "address":
        return Address(bytes.fromhex(value[2:]))
    return Hash32(value) if parameter.type == "bytes32" else value


class _Codec(Protocol):
    __name__: str

    def encode(self, types: Iterable[str], args: Iterable[Any], /) -> bytes: ...
    def decode(self, types: Iterable[str], data: bytes, /, *, strict: bool) -> tuple[Any, ...]: ...


@cache
def codec() -> _Codec:
    """eth-abi, or faster-eth-abi (the extra `fast`), which gives the same bytes and raises subclasses of its errors."""
    try:
        return cast("_Codec", import_module("faster_eth_abi.abi"))
    except ImportError:
        return cast("_Codec", import_module("eth_abi.abi"))


def _encode(parameters: Sequence[Parameter], values: Sequence[Any], what: str) -> bytes:
    if len(values) != len(parameters):
        raise InputError(f"{what}: expected {len(parameters)} arguments, got {len(values)}")
    names = (f"{what}: {parameter.name or f'argument {i}'}" for i, parameter in enumerate(parameters))
    return codec().encode([p.type for p in parameters], list(map(_given, parameters, values, names)))


def _decode(parameters: Sequence[Parameter], data: bytes, what: str, *, canonical: bool) -> tuple[Any, ...]:
    from eth_abi.exceptions import DecodingError

    eth_abi = codec()
    types = [p.type for p in parameters]
    try:
        values = eth_abi.decode(types, data, strict=True)
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        shown = f"{to_hex(data[:64])} ({len(data)} bytes)"
        raise InputError(f"{what}: {shown} is not ({','.join(types)}): {error}") from None
    if canonical and eth_abi.encode(types, values) != data:
        raise InputError(f"{what}: {len(data)} bytes are not the canonical encoding of ({','.join(types)})")
    return tuple(map(_taken, parameters, values))


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """`abi.encode` of the values. Raises InputError for a value that does not fit its type exactly."""
    return _encode(_of_types(tuple(types)), values, "abi.encode")


def decode(types: Sequence[str], data: bytes, *, canonical: bool = True) -> tuple[Any, ...]:
    """The values of `abi.encode`d data; addresses as `Address`, bytes32 as `Hash32`, arrays and structs as tuples.

    `canonical` refuses all bytes but those that `encode` gives for these values (trailing bytes, odd offsets); padding
    is checked always. Raises InputError.
    """
    return _decode(_of_types(tuple(types)), data, "abi.decode", canonical=canonical)


def named(parameters: Sequence[Parameter], values: Sequence[Any]) -> dict[str, Any]:
    """Decoded values by parameter name, structs as dicts; a nameless one is called by its position."""
    return {p.name or str(i): _named(p, value) for i, (p, value) in enumerate(zip(parameters, values, strict=True))}


def _named(parameter: Parameter, value: Any) -> Any:
    if not parameter.components:
        return value
    if parameter.is_array:
        return tuple(map(_named, repeat(parameter.item), value))
    return named(parameter.components, value)


# ---------------------------------------------------------------- descriptors
class _Descriptor(msgspec.Struct, frozen=True, dict=True):
    text: str

    @cached_property
    def _parsed(self) -> _Signature:
        return _signature(self.text)

    @property
    def name(self) -> str:
        """The bare name."""
        return self._parsed.name

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """The parameters, with their names and components."""
        return self._parsed.inputs

    @cached_property
    def signature(self) -> str:
        """The canonical signature: the name and the types."""
        return f"{self.name}({','.join(parameter.type for parameter in self.inputs)})"

    @cached_property
    def _hash(self) -> Hash32:
        return keccak256(self.signature.encode())

    def __str__(self) -> str:
        return self.signature


class _Selected(_Descriptor, frozen=True, dict=True):
    @cached_property
    def selector(self) -> bytes:
        """The first four bytes of the signature's hash, which the data begins with."""
        return bytes(self._hash[:4])

    def encode(self, *arguments: Any) -> bytes:
        """The selector and the arguments. Raises InputError, naming the argument that does not fit."""
        return self.selector + _encode(self.inputs, arguments, self.name)

    def _decoded(self, data: bytes, *, canonical: bool) -> tuple[Any, ...]:
        if data[:4] != self.selector:
            raise InputError(f"{self.name}: expected the selector {to_hex(self.selector)}, got {to_hex(data[:4])}")
        return _decode(self.inputs, data[4:], self.name, canonical=canonical)


class Function(_Selected, frozen=True, dict=True):
    """A function: `Function("transfer(address to,uint256 amount) returns (bool)")`; `encode` gives calldata."""

    @property
    def outputs(self) -> tuple[Parameter, ...]:
        """What it returns."""
        return self._parsed.outputs

    @property
    def payable(self) -> bool:
        """Whether it takes value."""
        return "payable" in self._parsed.words

    def decode_arguments(self, calldata: bytes) -> tuple[Any, ...]:
        """The arguments of calldata that is exactly what `encode` gives for them. Raises InputError."""
        return self._decoded(calldata, canonical=True)

    def decode_result(self, data: bytes) -> tuple[Any, ...]:
        """What a call returned. Bytes after it are ignored, as contracts do; padding is checked. Raises InputError."""
        return _decode(self.outputs, data, f"result of {self.name}", canonical=False)


class ErrorType(_Selected, frozen=True, dict=True):
    """A custom error: `ErrorType("MsgValueTooLow(uint256 required,uint256 provided)")`; `encode` gives revert data."""

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """The arguments of revert data. Raises InputError."""
        return self._decoded(data, canonical=False)


class Event(_Descriptor, frozen=True, dict=True):
    """An event: `Event("Transfer(address indexed from,address indexed to,uint256 value)")`."""

    @property
    def topic(self) -> Hash32:
        """topic0: the hash of the signature."""
        return self._hash

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """The values by name; an indexed string, bytes, array or struct is only a hash there. Raises InputError."""
        indexed = [parameter for parameter in self.inputs if parameter.indexed]
        if len(topics) != len(indexed) + 1 or topics[0] != self.topic:
            given = [to_hex(topic) for topic in topics]
            raise InputError(f"{self.name}: the topics {given} are not of {self.signature}")
        plain = [parameter for parameter in self.inputs if not parameter.indexed]
        values = iter(_decode(plain, data, self.name, canonical=True))
        hashed = iter(topics[1:])
        return {p.name: self._topic_value(p, next(hashed)) if p.indexed else next(values) for p in self.inputs}

    def _topic_value(self, parameter: Parameter, topic: bytes) -> Any:
        if parameter.components or parameter.is_array or parameter.type in ("bytes", "string"):
            return Hash32(topic)
        return _decode([parameter], topic, f"{self.name}.{parameter.name}", canonical=True)[0]
