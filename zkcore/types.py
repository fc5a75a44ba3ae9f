"""The values everything else is made of, parsed once at the edge: addresses, hashes, hex data, amounts."""

import re
from functools import lru_cache
from math import inf, isnan, nan
from typing import Final, Literal, Self, TypeAlias, cast

from zkcore._keccak import keccak
from zkcore.errors import InputError, decimal_text

# fmt: off
__all__ = [
    "ELEMENTARY_TYPES", "ETH", "MAX", "Address", "AddressLike", "Hash32", "HexLike", "Stack", "check_nesting", "ether",
    "format_units", "gwei", "hex_bytes", "parse_units", "seconds", "to_hex", "uint",
]
# fmt: on

Stack: TypeAlias = Literal[
    "era", "zksync-os"
]  # what runs a chain: it decides the rules of fees, hashes and transactions

_HEX = frozenset("0123456789abcdefABCDEF")
# the types that are neither arrays nor structs, of the ABI and of EIP-712
ELEMENTARY_TYPES = frozenset(
    ["bool", "address", "string", "bytes"]
    + [f"bytes{size}" for size in range(1, 33)]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in range(8, 257, 8)]
)


def hex_bytes(value: "HexLike", name: str = "data") -> bytes:
    """The bytes of a 0x-prefixed hex string (even length, any case); bytes are returned as they are."""
    if isinstance(value, bytes):
        return bytes(value)
    if not isinstance(value, str):
        raise InputError(f"{name}: expected bytes or a 0x hex string, got {value!r}")
    digits = value[2:]
    if not value.startswith("0x") or len(digits) % 2 or not _HEX.issuperset(digits):
        raise InputError(f"{name}: expected 0x and an even number of hex digits, got {_shown(value)}")
    return bytes.fromhex(digits)


def to_hex(value: bytes) -> str:
    """0x and two lower-case digits a byte."""
    return "0x" + value.hex()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"


class Hash32(bytes):
    """32 bytes: a hash, a key, a salt. `str()` is 0x and 64 digits."""

    __slots__ = ()

    def __new__(cls, value: "HexLike") -> Self:
        """Parse 32 bytes or their 0x hex string. Raises InputError."""
        raw = hex_bytes(value, "hash")
        if len(raw) != 32:
            raise InputError(f"hash: expected 32 bytes, got {len(raw)}: {_shown(value)}")
        return super().__new__(cls, raw)

    def __str__(self) -> str:
        return to_hex(self)

    def __repr__(self) -> str:
        return f"Hash32('{self}')"


class Address(bytes):
    """20 bytes. `str()` is the EIP-55 checksummed form."""

    __slots__ = ()

    def __new__(cls, value: "AddressLike | bytes") -> Self:
        """Parse 20 bytes or a 0x string: all lower or upper case, or mixed with the right EIP-55 checksum. Raises InputError."""
        if isinstance(value, cls):
            return value
        return super().__new__(cls, _address(value) if isinstance(value, str) else _twenty(value))

    def __str__(self) -> str:
        return _checksummed(self)

    def __repr__(self) -> str:
        return f"Address('{self}')"


def _twenty(value: object) -> bytes:
    raw = hex_bytes(value, "address")  # type: ignore[arg-type]  # whatever it is, it says so
    if len(raw) == 32:  # not shown: it may be a key
        raise InputError("address: expected 20 bytes, got 32, as a hash or a private key has: it is not shown")
    if len(raw) != 20:
        raise InputError(f"address: expected 20 bytes, got {len(raw)}: {_shown(value)}")
    return raw


@lru_cache(maxsize=4096)  # few are in use, each many times
def _address(text: str) -> bytes:
    raw, digits = _twenty(text), text[2:]
    if digits not in (digits.lower(), digits.upper()) and (right := _checksummed(raw)) != text:
        raise InputError(f"address: {text!r} has a wrong EIP-55 checksum; by the checksum it would be {right}")
    return raw


@lru_cache(maxsize=4096)
def _checksummed(address: bytes) -> str:
    # EIP-55: a letter is upper case where the digit of keccak(lower-case hex) at its place is 8 or more
    digits = address.hex()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(c.upper() if m >= "8" else c for c, m in zip(digits, marks, strict=False))


AddressLike: TypeAlias = Address | str
HexLike: TypeAlias = bytes | str

ETH = Address(bytes(19) + b"\x01")  # as the contracts have it: era-contracts l1-contracts/contracts/common/Config.sol


MAX: Final = 2**256 - 1  # as an amount: all of it


def check_nesting(text: bytes | str, limit: int = 200) -> None:
    """Raise InputError for JSON that is nested deeper than the limit, before anything recurses into it.

    msgspec goes down the C stack as deep as the text does. On Python 3.11 nothing holds it but the interpreter's recursion
    limit, which other libraries raise (py_ecc to 100,000): past the stack's end the process dies.
    """
    body = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    left = re.sub(rb'"[^"\\]*(?:\\.[^"\\]*)*"', b"", body, flags=re.DOTALL).translate(None, _NOT_BRACKETS)
    for _ in range(limit):  # each time round, the innermost brackets go
        left = left.replace(b"[]", b"-").replace(b"{}", b"-").replace(b"-", b"")
    if left:
        raise InputError(f"JSON nested deeper than {limit}")


_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def uint(value: int, name: str, bits: int = 256) -> int:
    """The value, if it is an int (no bool, no float) with 0 <= value < 2**bits. Raises InputError."""
    if type(value) is not int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputError(f"{name}: expected an int, got {_shown(value)} ({type(value).__name__})")
        value = int(value)
    if not 0 <= value < 1 << bits:
        raise InputError(f"{name}: expected 0 <= {name} < 2**{bits}, got {value}")
    return value


# seconds: more than anybody waits, and no clock or thread refuses it (a socket takes less: rpc.http)
_AGES: Final = 10.0**9


def seconds(value: object, name: str) -> float:
    """The number of seconds; of infinitely many, so many that it is the same. Raises InputError for what is no number."""
    try:
        found = nan if isinstance(value, str | bytes) else float(cast("float", value))
    except OverflowError:
        found = inf
    except (TypeError, ValueError):
        found = nan
    if isnan(found):
        raise InputError(f"{name}: expected seconds, got {_shown(value)} ({type(value).__name__})")
    return value if isinstance(value, int | float) and found <= _AGES else min(found, _AGES)


def parse_units(amount: str, decimals: int) -> int:
    """A decimal text in units of 10**decimals as an exact int: parse_units("1.5", 6) == 1_500_000. Raises InputError."""
    uint(decimals, "decimals", 8)
    if not isinstance(amount, str):
        raise InputError(f"amount: expected a decimal text such as '0.1', got {amount!r}")
    whole, point, fraction = amount.partition(".")
    digits = whole + fraction
    if not digits.isascii() or not digits.isdigit() or (point and not (whole and fraction)):
        raise InputError(f"amount: expected digits with at most one point between them, got {_shown(amount)}")
    if len(fraction.rstrip("0")) > decimals:
        raise InputError(f"amount: {amount} has more than {decimals} decimals")
    return int(whole + fraction[:decimals].ljust(decimals, "0"))


def format_units(amount: int, decimals: int) -> str:
    """The exact decimal text of an amount in units of 10**decimals: format_units(1_500_000, 6) == "1.5"."""
    uint(decimals, "decimals", 8)
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise InputError(f"amount: expected an int, got {amount!r}")
    return decimal_text(amount, decimals)


def ether(amount: str) -> int:
    """Wei of a decimal text in ether: ether("0.1") == 10**17."""
    return parse_units(amount, 18)


def gwei(amount: str) -> int:
    """Wei of a decimal text in gwei: gwei("1.5") == 1_500_000_000."""
    return parse_units(amount, 9)
