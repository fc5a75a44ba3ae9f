"""What was said to the real app and shown by it, and what must have come of it.

In recorded/: on app 1.22.0-dev of a Flex; in recorded/nanosp-1.22.1/: on that app of a Nano S Plus; in recorded/refused/:
on apps too old to be trusted, of the model and version that a file is named for. All under speculos.
"""

from pathlib import Path

from msgspec import Struct

from signers.ledger import device_view
from signers.testing.ledger import Exchange
from tests.hardware.ledger.cases import ACCOUNT, Case
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import Signature, recover

RECORDED = Path(__file__).parent / "recorded"
NANO = RECORDED / "nanosp-1.22.1"
_SHOWN = 90  # characters of a value that surely stand on one page


class Recording(Struct, frozen=True, kw_only=True):
    """One case: settings that were on, lines of the screen, commands and answers."""

    settings: tuple[str, ...]
    screen: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


def check_result(case: Case, result: object) -> None:
    if case.error is not None:
        assert type(result) is case.error, result
        return
    if case.what is None:
        assert result == ACCOUNT
        return
    assert isinstance(result, Signature), result
    assert result.clear is case.clear
    match case.what:
        case bytes():
            digest = message_hash(case.what)
        case TypedData():
            digest = case.what.digest()
        case _:
            digest = case.what.signing_hash()
    assert recover(digest, result) == ACCOUNT


def check_screen(case: Case, screen: list[str] | tuple[str, ...], *, nano: bool = False) -> None:
    """What stood on the screen is what `device_view` says will stand there, in this order."""
    if case.error is not None:
        return
    text = "".join(screen).replace(" ", "")
    if case.what is None:
        assert str(ACCOUNT) in text
        return
    view = device_view(case.what)
    assert ("Blindsigningahead" in text) == (view.mode != "clear" and not isinstance(case.what, bytes))
    lines = view.lines
    if nano:  # long labels are cut and numbered, hints stand between
        lines = tuple(("Txhash" if label == "Transaction hash" else label[:6], value) for label, value in lines)
        if "Blind signing" in case.settings and view.mode == "depends":
            assert "contents" not in text, "a Nano shows no field of the message"
            assert "Messagehash" in text
            return
    position = 0
    for label, value in lines:
        for part in (label, value[:_SHOWN]):
            wanted = "".join(part.split())
            found = text.find(wanted, position)
            if nano and found < 0:  # further pages have the label again, between parts of the value
                found = text.find(wanted[:20], position)
            assert found >= 0, f"{label} {value} after {text[:position][-60:]}: {text}"
            position = found
