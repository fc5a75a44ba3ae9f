"""What a hardware wallet will show of one request, as data; and the digest to compare where it shows only hashes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from zkcore.ethereum.eip712 import Value
from zkcore.types import Address

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Eip712Transaction

__all__ = ["DeviceView", "Mode", "Row", "decimals", "hashes", "printable", "rows"]

Row: TypeAlias = tuple[str, str]  # label and value

# "clear": all that matters; "blind": not all of it; "depends": all of it or hashes, by settings that cannot be asked
Mode: TypeAlias = Literal["clear", "blind", "depends"]

_CLEAR: Final[dict[Mode, bool | None]] = {"clear": True, "blind": False, "depends": None}


class DeviceView(Struct, frozen=True):
    """The screens of one request: how clear they are, labels and values in order, and what to know of them.

    `lines` are what stands on the screen (the sender's address, which is shown first, left out), `notes` what does not.
    `reason`, one of the notes: why the view is not clear; then the signer wants consent.
    `str()` is for people: nobody's text in it makes lines of its own or moves a terminal's cursor.
    """

    mode: Mode
    lines: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    reason: str = ""
    device: str = "Ledger"

    @property
    def clear(self) -> bool | None:
        """What `clear` of the signature will be: whether all that matters is shown; None if that cannot be known."""
        return _CLEAR[self.mode]

    def __str__(self) -> str:
        rows = [*(f"{label}: {value}" for label, value in self.lines), *(f"({note})" for note in self.notes)]
        return "\n".join([f"on the {self.device} ({self.mode}):", *(f"  {printable(row)}" for row in rows)])


def printable(text: str) -> str:
    """The text on one line: what is no letter, digit, sign or space is written as an escape."""
    return text if text.isprintable() else repr(text)[1:-1]


def decimals(tx: "Eip712Transaction") -> tuple[str, ...]:
    """Which address each of the decimals is that stand for one in a 0x71 transaction's typed data."""
    paymaster = Address(tx.paymaster.address) if tx.paymaster else None
    places = (("from", tx.from_address), ("to", tx.to), ("paymaster", paymaster))
    return tuple(f"{name} {int.from_bytes(address)} is {address}" for name, address in places if address)


def hashes(data: "TypedData") -> tuple[Row, Row]:
    """The two hashes of typed data, as screens have them."""
    return ("Domain hash", _text(data.domain_separator())), ("Message hash", _text(data.struct_hash()))


def rows(data: "TypedData", type_: str, label: str, value: Value) -> Iterator[Row]:
    """Every value of typed data within another, in order, whole: hex in capitals, integers as decimals."""
    if not isinstance(value, tuple):
        yield label, _text(value)
    elif type_.endswith("]"):
        for member in value:
            yield from rows(data, type_[: type_.rindex("[")], label, member)
    else:
        for field, member in zip(data.fields(type_), value, strict=True):
            yield from rows(data, field.type, field.name, member)


def _text(value: Value) -> str:
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "0x" + value.hex().upper() if isinstance(value, bytes) else str(value)
