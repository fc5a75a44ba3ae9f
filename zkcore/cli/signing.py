"""Who signs: one of the ways to name a signer, opened, and told of on the way."""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.state import State

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.ethereum.signature import Signature
    from zkcore.signer import Capability
    from zkcore.transactions import Transaction
    from zkcore.types import Address

__all__ = ["DEVICES", "opened", "password", "signer", "signers_of"]

DEVICES = ("ledger", "trezor")
_WAYS = ("ledger", "trezor", "keystore", "key_file", "signer")
_NOBODY = "0x000000000000000000000000000000000000dEaD"


@contextmanager
def opened(run: State, *, required: bool, anyone: bool) -> Generator[Any, None, None]:
    """The signer, or the address that is watched. Raises StopError where nobody is named."""
    account = run.settings.text("account")
    expected = None if account is None else run.settings.address(account)
    named = [way for way in _WAYS if run.settings.text(way)]
    if not named or (not required and expected is not None):  # what only reads needs no device
        if required:
            raise StopError("who signs?", Exit.USAGE, _HOW)
        if expected is None and not anyone:
            raise StopError("whose account?", Exit.USAGE, f"--account ADDRESS, or who signs: {_HOW}")
        yield _NOBODY if expected is None else expected
        return
    if anyone and not required:
        yield _NOBODY
        return
    with signer(run, named, expected) as made:
        yield _Narrated(made, run) if required else made


_HOW = "--ledger, --trezor, --keystore FILE, --key-file FILE or --signer URI"


def signers_of(run: State) -> Iterator[Any]:
    """Every signer that is named, for a command that takes several: each a context that closes it."""
    settings = run.settings
    named = [way for way in _WAYS if settings.many(way)]
    named = [way for way in named if settings.said(way)] or named
    for way in named:
        for place, value in enumerate(settings.many(way)):
            made = _made(run, way, value, None, place)
            yield _closing(_Narrated(made, run), made)


@contextmanager
def _closing(made: Any, inner: Any) -> Generator[Any, None, None]:
    try:
        yield made
    finally:
        getattr(inner, "close", lambda: None)()


@contextmanager
def signer(run: State, named: list[str] | None = None, expected: "Address | None" = None) -> Generator[Any, None, None]:
    """The one signer that was named. Raises StopError, InputError, SignerError."""
    settings = run.settings
    named = [way for way in _WAYS if settings.text(way)] if named is None else named
    if len(said := [way for way in named if settings.said(way)]) == 1:
        named = said  # the command line comes before the configuration
    if len(named) != 1:
        many = " and ".join("--" + way.replace("_", "-") for way in named)
        raise StopError(f"one signs, not {many}" if named else "who signs?", Exit.USAGE, _HOW)
    (way,) = named
    made = _made(run, way, settings.text(way) or "", expected)
    try:
        if expected is not None and made.address != expected:
            raise StopError(f"account: {expected} was named, the signer is {made.address}", Exit.USAGE)
        yield made
    finally:
        getattr(made, "close", lambda: None)()


def _made(run: State, way: str, value: str, expected: "Address | None", place: int = 0) -> Any:
    import signers
    from signers import PrivateKeySigner

    blind = run.settings.flag("blind")
    if way == "ledger":
        from signers import LedgerSigner

        return LedgerSigner.connect(value, expected_address=expected, allow_blind_signing=blind)
    if way == "trezor":
        from signers import TrezorSigner

        return TrezorSigner.connect(
            value,
            expected_address=expected,
            allow_blind_signing=blind,
            on_pin=lambda _: _asked(run, "PIN, as the positions on the device's matrix"),
            on_button=lambda _: run.voice.say("look at the Trezor: it waits for you"),
            on_pairing=lambda _: _asked(run, "the code that the device shows"),
        )
    if way == "keystore":
        return PrivateKeySigner.from_keystore(value, password(run, value, place))
    if way == "key_file":
        return PrivateKeySigner.from_file(value)
    from_uri = getattr(signers, "from_uri", None)
    if from_uri is None:
        raise StopError("--signer: this version knows no signers by URI", Exit.USAGE)
    return from_uri(value)


def password(run: State, of: str, place: int = 0) -> str:
    """The password of a keystore: from the descriptor or the file in the same place, or asked for without showing it."""
    if place < len(numbers := run.settings.many("password_fd")):
        number = numbers[place]
        if not number.isdecimal():
            raise StopError(f"--password-fd: expected the number of a descriptor, got {number!r}", Exit.USAGE)
        with os.fdopen(int(number), encoding="utf-8") as stream:
            return stream.readline().rstrip("\r\n")
    if place < len(paths := run.settings.many("password_file")):
        return (Path(paths[place]).read_text(encoding="utf-8").splitlines() or [""])[0]
    return _asked(run, f"password of {of}")


def _asked(run: State, what: str) -> str:
    if not sys.stdin.isatty():
        hint = "give --password-file FILE or --password-fd N" if "password" in what else ""
        raise StopError(f"{what}: there is no terminal to ask on", Exit.USAGE, hint)
    run.voice.err.file.flush()
    return getpass(f"{what}: ", stream=sys.stderr)


class _Narrated:
    """A signer that says, before each signature, what its screen will show."""

    def __init__(self, inner: Any, run: State) -> None:
        self._inner, self._run = inner, run

    @property
    def address(self) -> "Address":
        return self._inner.address  # type: ignore[no-any-return]

    @property
    def capabilities(self) -> "frozenset[Capability]":
        return self._inner.capabilities  # type: ignore[no-any-return]

    def sign_transaction(self, tx: "Transaction") -> "Signature":
        if self._run.confirms:
            self._confirm(tx)
        self._tell(tx)
        signature: Signature = self._inner.sign_transaction(tx)
        self._run.sent = True  # from now on it may be out
        return signature

    def sign_typed_data(self, data: "TypedData") -> "Signature":
        self._tell(data)
        return self._inner.sign_typed_data(data)  # type: ignore[no-any-return]

    def sign_message(self, message: bytes) -> "Signature":
        self._tell(message)
        return self._inner.sign_message(message)  # type: ignore[no-any-return]

    def _confirm(self, tx: "Transaction") -> None:
        """Where the library makes the transaction and signs it in one step: shown here, from the bytes that are signed."""
        from zkcore import preview

        self._run.voice.preview(preview(tx, self._run.known))
        if self._run.settings.flag("dry_run"):
            raise StopError("dry run: nothing was signed or sent", Exit.DONE)
        self._run.ask("send?")

    def _tell(self, what: Any) -> None:
        view = getattr(self._inner, "view", None)
        if view is not None:
            for line in str(view(what)).splitlines():
                self._run.voice.say(line)
            self._run.voice.say("compare, and press the button", "bold")
        elif getattr(self._inner, "path", None) is not None:
            digest = what.signing_hash() if hasattr(what, "signing_hash") else ""
            self._run.voice.say(f"look at the device; to compare: {digest}", "bold")
