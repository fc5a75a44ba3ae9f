"""Status words: what the device answers when it does not answer 9000, as errors of ours that say what to do."""

from typing import Final

from zkcore import errors

__all__ = ["INCORRECT_DATA", "INS_NOT_SUPPORTED", "status_error"]

INCORRECT_DATA: Final = 0x6A80  # the app's answer to malformed data and to what its settings forbid alike
INS_NOT_SUPPORTED: Final = 0x6D00

_OLD: Final = "this Ethereum app does not know the command: update it in Ledger Live"
_REFUSED: Final = "the Ethereum app refuses the data: beyond it, or forbidden by its settings"

# The app: src/apdu_constants.h and the SDK's status_words.h. The operating system: developers.ledger.com.
_MEANINGS: Final[tuple[tuple[type[errors.SignerError], str, set[int]], ...]] = (
    (errors.UserRejected, "refused on the Ledger", {0x5501}),
    (errors.UserRejected, "rejected on the Ledger", {0x6985}),
    (errors.DeviceLocked, "the Ledger is locked: enter its PIN, and open the Ethereum app", {0x5515, 0x6804, 0x6982}),
    (errors.AppNotOpen, "the Ethereum app is not open on the Ledger: open it", {0x6511, 0x6D02, 0x6E00, 0x6E01}),
    (errors.FirmwareTooOld, _OLD, {0x6B00, INS_NOT_SUPPORTED, 0x911C}),
    (errors.UnsupportedBySigner, "the Ethereum app does not know this transaction type", {0x6501}),
    (errors.UnsupportedBySigner, "an amount is too large for the Ethereum app to show", {0x6807}),
    (errors.UnsupportedBySigner, _REFUSED, {INCORRECT_DATA}),
    (errors.UnsupportedBySigner, "the Ethereum app does not allow this path: it has m/44'/60'/...", {0x6A12, 0x6A15}),
    (errors.UnsupportedBySigner, "this is more than fits into the memory of the Ethereum app", {0x6A84}),
    (errors.DeviceFault, "the Ethereum app says a command has a wrong length", {0x6700}),
    (errors.DeviceFault, "the Ethereum app was in the middle of something else; try again", {0x6980}),
    (errors.DeviceFault, "the Ethereum app failed and does not say why; try again", {0x6A00}),
    (errors.DeviceFault, "the Ethereum app misses data it was to be sent before", {0x6A88}),
)
_STATUS: Final = {status: (kind, text) for kind, text, statuses in _MEANINGS for status in statuses}


def status_error(status: int) -> errors.SignerError:
    """The error of a status word, with the word in its text."""
    kind, text = _STATUS.get(status, (errors.DeviceFault, "the Ledger answers with an error"))
    return kind(f"{text} (status {status:04X})")
