"""What a hardware wallet will show of one request, as data; and the digest to compare where it shows only hashes."""

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from zkcore.ethereum.hashing import keccak256
from zkcore.types import Hash32

__all__ = ["DeviceView", "Mode", "calldata_digest", "printable"]

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
    lines: tuple[tuple[str, str], ...]
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


def calldata_digest(data: bytes) -> Hash32:
    """ERC-8213: keccak256 of the length of the calldata, as 32 bytes, and the calldata."""
    return keccak256(len(data).to_bytes(32) + data)
