"""One Trezor: found, unlocked, its session kept ours, given back after every call. Imports trezorlib."""
# pyright: reportUnknownVariableType=false

import logging
import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from msgspec import Struct
from trezorlib import exceptions, messages
from trezorlib.client import AppManifest, PassphraseSetting, Session, TrezorClient, get_client
from trezorlib.messages import FailureType
from trezorlib.protocol_v1 import SessionV1
from trezorlib.thp.client import TrezorClientThp
from trezorlib.thp.credentials import StaticCredential
from trezorlib.thp.exceptions import ThpError, ThpErrorCode
from trezorlib.thp.pairing import default_pairing_flow
from trezorlib.transport import DeviceIsBusy, Timeout, Transport, TransportException

from signers.deadline import Deadline
from signers.trezor.pairing import Credentials, PairingCredential, Passphrase
from signers.trezor.transport import GuardedTransport, find_transport
from zkcore import errors

__all__ = ["AnySession", "Connection", "Hooks", "signer_error"]

T = TypeVar("T")
AnyClient: TypeAlias = TrezorClient[Any]
AnySession: TypeAlias = Session[Any, Any]

_BUSY_RETRIES: Final = 6  # with doubled pauses between them: trezorlib's twenty would sleep past every deadline
_LOCKS: Final[WeakValueDictionary[str, Lock]] = WeakValueDictionary()  # by path, as long as a signer uses it


class Hooks(Struct, frozen=True):
    """What the user of a signer provides. `passphrase`, called for each new session, holds the secret."""

    passphrase: Callable[[], str | Passphrase]
    on_button: Callable[[str], object] | None
    on_pin: Callable[[str], str] | None
    on_pairing: Callable[[str], str] | None
    credentials: Credentials | None


class Connection:
    """A device that calls are made on, one at a time, each within `timeout` seconds (the time its user takes included).

    The transport is open only during a call, so other programs may use the device in between. Our session is then
    taken up again, or made anew if the device has dropped it. After a call that may have left a prompt on the screen
    the device is cancelled, and the next call begins from nothing.
    """

    def __init__(self, where: str | Transport | None, hooks: Hooks, timeout: float) -> None:
        key = where.get_path() if isinstance(where, Transport) else str(where)
        self._lock = _LOCKS.setdefault(key, Lock())
        self._where, self._hooks, self._timeout = where, hooks, timeout
        self._deadline = Deadline("Trezor")
        self._transport: GuardedTransport | None = None
        self._client: AnyClient | None = None
        self._session: AnySession | None = None
        self._closed = False
        self._hook_error: BaseException | None = None

    def call(self, operation: Callable[[AnySession], T]) -> T:
        """Do something in our session. Raises SignerError, or what a callback raised."""
        until = time.monotonic() + self._timeout
        if not self._lock.acquire(timeout=self._timeout):
            raise errors.DeviceBusy(f"another call on this Trezor took all of the {self._timeout:g} s")
        try:
            lost = self._client is None
            while True:
                self._deadline.start(self._timeout, until)
                try:
                    with self._opened():
                        return operation(self._resumed() or self._begun())
                except ThpError as error:  # of an earlier call's channel: another program's has taken its place
                    if lost or error.code != ThpErrorCode.UNALLOCATED_CHANNEL:
                        raise
                    lost = True
        except BaseException as error:
            foreign = error is not self._hook_error or isinstance(error, exceptions.TrezorException)
            mapped = signer_error(error) if foreign else None
            if mapped is None:
                raise
            raise mapped from error
        finally:
            self._hook_error = None
            self._deadline.grace()
            self._lock.release()

    def cancel(self) -> None:
        """End the call in hand with UserRejected, and cancel the device. Safe from any thread."""
        self._deadline.cancel()

    def close(self) -> None:
        """Forget the device. Nothing is open between calls."""
        self._closed = True
        self._drop()

    # ------------------------------------------------------------ a session of ours
    @contextmanager
    def _opened(self) -> Generator[None]:
        """The transport, open; and the device without a prompt at the end, however it ends."""
        if self._closed:
            raise errors.DeviceNotFound("this Trezor signer was closed: connect again")
        _quiet_trezorlib()
        with ExitStack() as stack:
            for attempt in (self._transport, None):
                try:
                    self._transport = attempt or find_transport(self._where, self._deadline)
                    stack.enter_context(self._transport)
                    break
                except TransportException:
                    self._drop()  # plugged out and in again, it is another one to the system
                    if attempt is None:
                        raise
            try:
                yield
            except BaseException as error:
                if error is self._hook_error or not _idle_after(error):
                    self._cancel()
                elif isinstance(error, errors.WrongDevice):
                    self._session = None  # the next call asks for the passphrase again
                raise

    def _resumed(self) -> AnySession | None:
        """The session of the last call, if the device still has it: another program may have begun its own since."""
        if isinstance(self._session, SessionV1):
            try:
                self._session.initialize()
            except exceptions.InvalidSessionError:
                self._session = None
        return self._session

    def _begun(self) -> AnySession:
        """A new session, of a new connection if there is none."""
        client = self._client = self._client or self._connected()
        if client.features.bootloader_mode:
            raise errors.DeviceFault("the Trezor is in its bootloader: plug it in again without pressing a button")
        if client.version < (oldest := _OLDEST.get(client.version[0], _OLDEST[2])):
            found, needed = (".".join(map(str, version)) for version in (client.version, oldest))
            old = f"the Trezor's firmware is {found}, expected {needed} or newer, which shows messages whole"
            raise errors.FirmwareTooOld(f"{old}: update it in Trezor Suite")
        if not client.features.initialized:
            raise errors.DeviceFault(_NO_WALLET)
        client.ensure_unlocked()  # asks for the PIN; only then the device says whether it wants a passphrase
        passphrase = self._hooked(self._hooks.passphrase)
        setting = PassphraseSetting.ON_DEVICE if isinstance(passphrase, Passphrase) else passphrase
        session: AnySession = client.get_session(passphrase=setting)
        self._session = session
        return session

    def _connected(self) -> AnyClient:
        hooks, transport = self._hooks, self._transport
        if transport is None:
            raise errors.DeviceNotFound(_LOST)
        saved: Sequence[PairingCredential] = () if hooks.credentials is None else self._hooked(hooks.credentials.load)
        kept = [StaticCredential(c.trezor_pubkey, c.host_privkey, c.credential) for c in saved]
        manifest = AppManifest("zkcore", button_callback=self._on_button, pin_callback=self._on_pin, credentials=kept)
        client: AnyClient = get_client(manifest, transport)
        if isinstance(client, TrezorClientThp):
            client.channel.BUSY_RETRIES = _BUSY_RETRIES
        client.connect()  # unlocks a device whose channel needs that before it tells whether it is paired
        if not client.pairing.is_paired():
            self._pair(client)
        return client

    def _pair(self, client: AnyClient) -> None:
        """Pair by the code that the device shows, and keep the credential."""
        on_pairing, store, name = self._hooks.on_pairing, self._hooks.credentials, client.model.name
        if on_pairing is None:
            raise errors.NotPaired("pair this Trezor with zkcore first: give on_pairing=, and credentials= to keep it")

        def code() -> str:
            given = self._hooked(lambda: on_pairing(name))
            if type(given) is not str or not re.fullmatch("[0-9]{6}", given):
                raise errors.InputError("on_pairing: expected the six digits that the Trezor shows, or an exception")
            return given

        try:
            paired = default_pairing_flow(client.pairing, code_entry_callback=code, request_credential=True)
        except (exceptions.TrezorFailure, exceptions.ProtocolError) as error:
            raise errors.NotPaired(f"the Trezor did not take that code: call again for another ({error})") from error
        if store is not None:
            credential = PairingCredential(paired.trezor_pubkey, paired.host_privkey, paired.credential)
            self._hooked(lambda: store.save(credential))

    # ------------------------------------------------------------ callbacks
    def _hooked(self, hook: Callable[[], T]) -> T:
        """Call something of the user's; what it raises passes through unmapped, and the device is cancelled."""
        try:
            return hook()
        except BaseException as error:
            self._hook_error = error
            raise

    def _on_button(self, request: messages.ButtonRequest) -> None:
        if (hook := self._hooks.on_button) is not None:
            # newer firmware may know more codes than trezorlib, and says "Other" for most screens, but names them
            shown = str(request.name or getattr(request.code, "name", "Other"))
            self._hooked(lambda: hook(shown))

    def _on_pin(self, request: messages.PinMatrixRequest) -> str:
        if (hook := self._hooks.on_pin) is None:
            raise errors.DeviceLocked("the Trezor asks for its PIN: unlock it first, or give on_pin=")
        wanted: str = getattr(request.type, "name", "Current")
        pin = self._hooked(lambda: hook(wanted))
        if type(pin) is not str or not re.fullmatch("[1-9]{1,50}", pin):
            raise errors.InputError("on_pin: expected positions on the matrix (1 to 50 digits 1 to 9), or an exception")
        return pin

    # ------------------------------------------------------------ the way back
    def _cancel(self) -> None:
        """Take off the screen what may still be there, and forget the connection. The device may be gone: no error."""
        client, transport = self._client, self._transport
        if transport is not None:
            transport.settle()
            with suppress(Exception):
                # an unfinished pairing keeps the transport open
                transport.close() if client is None else client.cancel()
        self._drop()

    def _drop(self) -> None:
        self._transport = self._client = self._session = None


def _quiet_trezorlib() -> None:
    log = logging.getLogger("trezorlib")
    if log.getEffectiveLevel() < logging.INFO:
        log.setLevel(logging.INFO)  # its records below carry every message, and so the PIN and the passphrase


def _idle_after(error: BaseException) -> bool:
    """Whether no prompt of ours can be left and our session stands: the device said no, or was not asked."""
    if isinstance(error, exceptions.TrezorFailure):
        return error.code in _FAILURES
    return isinstance(error, exceptions.Cancelled | exceptions.PinException | errors.WrongDevice)


# Since when long messages are shown whole (1.10.4, 2.3.5), and typed data can be signed: legacy/firmware/CHANGELOG.md,
# core/CHANGELOG.md. By major version: the first is Model One's.
_OLDEST: Final = {1: (1, 10, 5), 2: (2, 4, 3)}
_NO_WALLET: Final = "the Trezor has no wallet yet: set it up in Trezor Suite"
_LOST: Final = "the Trezor does not answer: plug it in (Linux: udev rules, see docs/trezor.md) and call again"
_ERRORS: Final[tuple[tuple[type[BaseException], type[errors.SignerError], str], ...]] = (
    (exceptions.Cancelled, errors.UserRejected, "rejected on the Trezor"),
    (exceptions.PinException, errors.DeviceLocked, "the Trezor does not accept the PIN"),
    (exceptions.DeviceLockedError, errors.DeviceLocked, "the Trezor is locked: unlock it"),
    (exceptions.OutdatedFirmwareError, errors.FirmwareTooOld, "the firmware is too old: update it in Trezor Suite"),
    (exceptions.MissingCapability, errors.UnsupportedBySigner, "this Trezor's firmware cannot do that"),
    (exceptions.PassphraseError, errors.UnsupportedBySigner, "the Trezor's settings take no passphrase from here"),
    (exceptions.NotPairedError, errors.NotPaired, "the Trezor is not paired with this program"),
    (exceptions.InvalidSessionError, errors.DeviceBusy, "another program took over the Trezor's session: call again"),
    (DeviceIsBusy, errors.DeviceBusy, "another program (Trezor Suite, a browser) holds the Trezor"),
    (Timeout, errors.SignerTimeout, "the Trezor does not answer"),
    (TransportException, errors.DeviceNotFound, _LOST),
    (ThpError, errors.DeviceFault, "the encrypted channel to the Trezor failed: call again"),
    (exceptions.TrezorException, errors.DeviceFault, "the Trezor answers something unexpected"),
    (OSError, errors.DeviceNotFound, _LOST),
    (Exception, errors.DeviceFault, "trezorlib failed"),
)
_FAILURES: Final[dict[int | None, tuple[type[errors.SignerError], str]]] = {
    FailureType.UnexpectedMessage: (errors.UnsupportedBySigner, "this Trezor's firmware does not know the request"),
    FailureType.DataError: (errors.UnsupportedBySigner, "the Trezor refuses the data"),
    FailureType.NotInitialized: (errors.DeviceFault, _NO_WALLET),
    FailureType.PinExpected: (errors.DeviceLocked, "the Trezor wants its PIN"),
    FailureType.PinInvalid: (errors.DeviceLocked, "the Trezor does not accept the PIN"),
    FailureType.ProcessError: (errors.DeviceFault, "the Trezor cannot do that"),
}


def signer_error(error: BaseException) -> errors.SignerError | None:
    """Ours for one of trezorlib's or of what is under it; None for one that is to pass: ours, or no Exception."""
    if isinstance(error, errors.ZkCoreError) or not isinstance(error, Exception):
        return None
    if isinstance(error, exceptions.TrezorFailure):
        said = str(error.message or error.code)
        kind, text = _FAILURES.get(error.code, (errors.DeviceFault, "the Trezor failed"))
        if "efinition" in said:
            kind, text = errors.InvalidDefinition, "the Trezor refuses the definition: connect without definitions="
        return kind(f"{text} ({said})")
    kind, text = next((kind, text) for foreign, kind, text in _ERRORS if isinstance(error, foreign))
    said = str(error)
    if isinstance(error, exceptions.UnexpectedMessageError):  # its text has the whole message, and what may be in it
        said = f"expected {error.expected.__name__}, got {type(error.actual).__name__}"
    return kind(text if isinstance(error, exceptions.Cancelled) else f"{text} ({type(error).__name__}: {said})")
