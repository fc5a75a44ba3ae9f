"""How a command ends: seven exit codes, and for each error one line, with one more that says what to do next."""

from enum import IntEnum
from typing import Any, Final

from zkcore import errors
from zkcore.errors import ZkCoreError, printable

__all__ = ["Exit", "StopError", "advice", "exit_code", "facts"]


class Exit(IntEnum):
    """What the exit code of `zkcore` says. Stable."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_READY = 3
    REJECTED = 4
    NODE = 5
    UNCERTAIN = 6


class StopError(Exception):
    """A command ends here, for a reason of the command line's own. `hint`: what to do next."""

    def __init__(self, text: str, code: Exit, hint: str = "") -> None:
        super().__init__(text)
        self.code, self.hint = code, hint


# the first that fits, from the leaves to the trunk
_CODES: Final[tuple[tuple[str, Exit], ...]] = (
    ("SendUncertain", Exit.UNCERTAIN),
    ("NotReady", Exit.NOT_READY),
    ("WaitTimeout", Exit.NOT_READY),
    ("NoSigner", Exit.USAGE),
    ("InputError", Exit.USAGE),
    ("NodeError", Exit.NODE),
    ("SignerError", Exit.REJECTED),
)


def exit_code(error: BaseException) -> Exit:
    """The code for an error: by its place in the tree of `zkcore.errors`."""
    if isinstance(error, StopError):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return Exit.REJECTED
    if isinstance(error, OSError):  # a file that was named
        return Exit.USAGE
    above = {kind.__name__ for kind in type(error).__mro__}
    return next((code for name, code in _CODES if name in above), Exit.FAILED)


_ADVICE: Final[dict[str, str]] = {
    "SendUncertain": "do not order it again: `zkcore resume` goes on, and pays it once",
    "NotReady": "wait for it with `zkcore wait`",
    "WaitTimeout": "nothing is lost: `zkcore wait` goes on",
    "NoSigner": "name who signs: --ledger, --trezor, --keystore FILE, --key-file FILE or --signer URI",
    "UntrustedBridgehub": "name the contracts yourself: --bridgehub ADDRESS, or --trust-l2",
    "ChainIdMismatch": "check --chain, --l1 and --l2",
    "FeeTooLow": "gas has become dearer: ask again",
    "FeeTooHigh": "raise the ceiling if you mean it: --max-fee AMOUNT (ether, a transaction)",
    "NodeUnreachable": "check the URL, or give a second one: --l1 and --l2 may be repeated",
    "RateLimited": "give a second node: --l1 and --l2 may be repeated",
    "NonceTaken": "ask again: a new plan takes the next nonce",
    "UserRejected": "nothing was sent",
    "BlindSigningRequired": "consent with --blind, and compare the hash on the screen with the preview",
    "DeviceNotFound": "`zkcore doctor` says what is missing",
    "InsufficientBalance": "send the account what is missing, or give `max` as the amount",
    "PlanTampered": "do not sign it: have it prepared again",
    "NothingToClaim": "nothing is left to do on L1",
    "AlreadyFinalized": "nothing is left to do",
}


def advice(error: BaseException) -> str:
    """The next step, in the words of the command line."""
    if isinstance(error, StopError):
        return error.hint
    if isinstance(error, errors.DepositFailed):
        return f"claim it back: zkcore claim {error.l2_tx_hash}" if error.claimable else ""
    if isinstance(error, errors.NotReady) and error.state == "L1":
        return ""
    return next((_ADVICE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _ADVICE), "")


def facts(error: BaseException) -> dict[str, Any]:
    """An error as data: its class, text and attributes, and the exit code."""
    named = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    kept = {name: value for name, value in named.items() if isinstance(value, str | int | bytes | None)}
    told: dict[str, Any] = {"error": type(error).__name__, "message": text_of(error), **kept}
    if hint := advice(error):
        told["hint"] = hint
    told["exit_code"] = int(exit_code(error))
    return told


def text_of(error: BaseException) -> str:
    """What an error says, on one line."""
    if isinstance(error, ZkCoreError | StopError):
        return printable(str(error))
    if isinstance(error, OSError):
        return printable(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: nothing was sent"
    return printable(f"{type(error).__name__}: {error}")
