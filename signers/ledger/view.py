"""What the Ledger will show before it signs, as data: pure, so that previews and tests can ask without a device."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from signers.ledger.typed_data import unshowable

if TYPE_CHECKING:
    from zkcore.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["DeviceView", "Mode", "device_view"]

# "clear": every field; "blind": only hashes stand for what is signed; "depends": on the Nano's verbose EIP-712 setting
Mode: TypeAlias = Literal["clear", "blind", "depends"]


class DeviceView(Struct, frozen=True):
    """The screens of one request: how clear they are, their label and value pairs in order, and what to know of them."""

    mode: Mode
    lines: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [f"on the Ledger ({self.mode}):", *(f"  {label}: {value}" for label, value in self.lines)]
        return "\n".join([*shown, *(f"  ({note})" for note in self.notes)])


def device_view(what: "Transaction | TypedData | bytes") -> DeviceView:
    """The view of a transaction, typed data, or a personal message."""
    raise NotImplementedError
