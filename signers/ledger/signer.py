"""The Ledger as a signer: app-ethereum over ledgerblue's transport, every signature recovered and compared."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Final, Self

from signers.device import CAPABILITIES, DEFAULT_TIMEOUT, DeviceSigner, check_account, check_timeout
from signers.ledger import apdu
from signers.ledger.connection import Connection, OpenDongle, Refusals, open_usb
from signers.ledger.status import INCORRECT_DATA, INS_NOT_SUPPORTED
from signers.ledger.typed_data import stream
from signers.ledger.view import App, DeviceView, by_hashes, device_view
from signers.paths import DEFAULT_PATH, Indices, Scheme, pack_path, parse_path
from zkcore import errors
from zkcore.errors import BlindSigningRequired, DeviceFault, SignerError
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.signature import Signature, check_signature
from zkcore.signer import Capability
from zkcore.types import Address, AddressLike

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["LedgerSigner"]

_APP: Final = "Ethereum"
# What is true of every version from here on, by its CHANGELOG.md and as seen on 1.9.19 to 1.10.4: typed data are not
# signed as bare hashes while blind signing is off (1.12.0), calldata come with the transaction's hash (1.14.0), messages
# are shown whole (1.9.20) and do not get stuck (1.12.1), chain ids of 2**53 are taken (1.10.4), and empty arrays of
# typed data neither fail nor freeze the app (1.11.0). Every model, the Nano S too, has an app this new.
_MIN_VERSION: Final = (1, 14, 0)
_KNOWN: Final = 1  # of another major version nobody has seen what it shows
_PAUSES: Final = (0.1, 0.3, 0.6)  # seconds for old answers to come, before a line is opened again
_BLIND_SIGNING_ON: Final = 0x01  # app-ethereum src/apdu_constants.h: APP_FLAG_DATA_ALLOWED
_MAX_MESSAGE: Final = 0xFFFF

_CAPABILITIES: Final = CAPABILITIES | {Capability.EIP2930, Capability.TYPED_DATA}
_TURN_ON: Final = "turn on 'Blind signing' in the settings of the Ethereum app, and turn it off again afterwards"
_RAW_MESSAGES: Final = (
    "turn on 'Raw messages' in the settings of the Ethereum app: it shows every field. "
    "'Blind signing' would let pass what the Ledger cannot show as well"
)


class _NoFields(errors.FirmwareTooOld):
    """The app takes typed data by their hashes only."""


class LedgerSigner(DeviceSigner):
    """Signs with the account at one path of a Ledger. Made by `connect`; a context manager that gives the device back.

    Before each request it asks for the app, its settings and the account again, so that another device, a locked one or
    another app is found out before anything is shown. Safe to use from several threads: one request at a time.
    """

    _schemes: ClassVar[tuple[Scheme, ...]] = ("ledger-live", "bip44", "legacy")

    def __init__(self, connection: Connection, path: Indices, address: Address, *, allow_blind_signing: bool) -> None:
        super().__init__(path, address, allow_blind_signing=allow_blind_signing)
        self._connection = connection

    @classmethod
    def connect(
        cls,
        path: str = DEFAULT_PATH,
        *,
        expected_address: AddressLike | None = None,
        allow_blind_signing: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        open_dongle: OpenDongle = open_usb,
    ) -> Self:
        """Open the Ledger, check that it is ready, and read the address at `path`. Nothing is shown on it.

        `expected_address`: another one raises WrongDevice. `allow_blind_signing`: consent to sign calldata and typed
        data that the Ledger does not show in full, or may not. `timeout`: seconds a person may take over one review.
        `open_dongle`: another way to reach the device than ledgerblue's. Raises SignerError (DeviceNotFound,
        DeviceBusy, DeviceLocked, AppNotOpen, FirmwareTooOld, ...), InputError.
        """
        indices = parse_path(path)
        expected = None if expected_address is None else Address(expected_address)
        connection = Connection(open_dongle, timeout=check_timeout(timeout))
        with connection.request():
            _preflight(connection)
            address = check_account(expected, _read_address(connection, indices))
        return cls(connection, indices, address, allow_blind_signing=allow_blind_signing)

    def cancel(self) -> None:
        """End the call in hand, in whatever thread, with UserRejected. The next call takes it off the screen."""
        self._connection.cancel()

    def close(self) -> None:
        """Give the device back, for good; signers from `find` close with it."""
        self._connection.close()

    def __repr__(self) -> str:
        return f"LedgerSigner(path={self.path!r}, address='{self._address}')"

    # ------------------------------------------------------------ what it is
    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign; typed data by their hashes only if that was consented to."""
        return _CAPABILITIES | {Capability.TYPED_DATA_HASH} if self._allow_blind_signing else _CAPABILITIES

    def view(self, what: "Transaction | TypedData | bytes") -> DeviceView:
        """What the Ledger will show of a transaction, typed data or a message, by its app and settings when last used.

        Asks nothing of the device.
        """
        return device_view(what, self._connection.app)

    # ------------------------------------------------------------ accounts
    def confirm_address(self) -> Address:
        """Show the address on the Ledger and wait until it is confirmed there. Raises UserRejected, WrongDevice."""
        with self._ready():
            return check_account(self._address, _read_address(self._connection, self._path, confirm=True))

    def _addresses(self, paths: list[Indices]) -> list[Address]:
        with self._ready():
            return [_read_address(self._connection, path) for path in paths]

    def _at(self, path: Indices, address: Address) -> Self:
        return type(self)(self._connection, path, address, allow_blind_signing=self._allow_blind_signing)

    # ------------------------------------------------------------ signing
    def sign_transaction(self, tx: "Transaction") -> Signature:
        """Sign a transaction; one of type 0x71 as typed data. `clear` of the result: whether all of it was shown.

        Raises BlindSigningRequired for calldata without consent, before anything is shown; UserRejected and other
        SignerErrors.
        """
        from zkcore.transactions import Eip712Transaction

        if isinstance(tx, Eip712Transaction):
            return check_signature(tx.signing_hash(), self.sign_typed_data(tx.typed_data()), self._address)
        pieces = list(apdu.transaction_chunks(pack_path(self._path), tx))
        clear = self._agreed(device_view(tx))
        with self._ready():
            if tx.data and not self._connection.app.blind_signing:
                raise BlindSigningRequired(f"the Ledger refuses calldata that it cannot show: {_TURN_ON}")
            return self._checked(self._send(apdu.SIGN_TRANSACTION, pieces), tx.signing_hash(), clear)

    def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data, every field shown on the Ledger; by the two hashes where it cannot, with consent.

        Consent is needed, too, where values are cut or not of letters that the Ledger has, and while its blind signing
        is on: then a Nano may show hashes only. `clear` of the result: True if every field was shown in full, False if
        not, None where that depends on settings that cannot be asked. Raises SignerError.
        """
        if (view := device_view(data)).mode == "blind":
            self._need_consent(view.reason)
        with self._ready():
            clear, reason = self._agreed(device_view(data, self._connection.app)), by_hashes(data, self._connection.app)
            if reason is None:
                try:
                    return self._checked(self._stream(data), data.digest(), clear)
                except _NoFields:
                    reason = "its app does not know the fields of typed data"
                    self._need_consent(f"the Ledger shows only the hashes of typed data ({reason})")
            if not self._connection.app.blind_signing:
                raise BlindSigningRequired(f"the Ledger refuses typed data that it cannot show ({reason}): {_TURN_ON}")
            hashes = data.domain_separator() + data.struct_hash()
            answer = self._connection.exchange(apdu.SIGN_TYPED_DATA, pack_path(self._path) + hashes, prompts=True)
            return self._checked(answer, data.digest(), clear=False)

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message of at most 65,535 bytes, which the Ledger shows. Raises SignerError.

        `clear` of the result: True, or None where white space may be shown as other white space.
        """
        digest = message_hash(message)
        if len(message) > _MAX_MESSAGE:
            limit = f"the Ledger app takes messages of at most {_MAX_MESSAGE} bytes"
            raise errors.UnsupportedBySigner(f"{limit}, got {len(message)}")
        payload = pack_path(self._path) + len(message).to_bytes(4) + message
        with self._ready():
            return self._checked(
                self._send(apdu.SIGN_MESSAGE, apdu.chunks(payload)), digest, device_view(message).clear
            )

    # ------------------------------------------------------------ inside
    @contextmanager
    def _ready(self) -> Generator[None, None, None]:
        """The device, for one request: asked whether it is ready, and whether it still holds our account."""
        with self._connection.request():
            _preflight(self._connection)
            check_account(self._address, _read_address(self._connection, self._path))
            yield

    def _agreed(self, view: DeviceView) -> bool | None:
        """What `clear` of the signature will be, once there is consent to it."""
        if view.mode != "clear":
            self._need_consent(view.reason)
        return view.clear

    def _send(self, command: int, pieces: Iterable[bytes]) -> bytes:
        answer = b""
        for index, piece in enumerate(pieces):
            answer = self._connection.exchange(command, piece, p1=0x80 if index else 0, prompts=True)
        return answer

    def _stream(self, data: "TypedData") -> bytes:
        refusals: Refusals = {
            INCORRECT_DATA: _refused_data if self._connection.app.blind_signing else _refused_setting,
            INS_NOT_SUPPORTED: _NoFields,  # the first command then, before anything is shown
        }
        for command in stream(data):
            self._connection.exchange(*command, prompts=True, refusals=refusals)
        path = pack_path(self._path)
        return self._connection.exchange(apdu.SIGN_TYPED_DATA, path, p2=1, prompts=True, refusals=refusals)

    def _checked(self, answer: bytes, digest: bytes, clear: bool | None) -> Signature:
        """The signature in v || r || s: the parity is the one that recovers, whatever v says (app-ethereum#283)."""
        if len(answer) != 65:
            raise errors.BadSignature(f"expected 65 bytes from the Ledger, got {len(answer)}")
        r, s, v = int.from_bytes(answer[1:33]), int.from_bytes(answer[33:]), answer[0]
        claimed = (v + 1) % 2 if v >= 27 else v % 2
        return self._fitting(digest, r, s, clear) or check_signature(digest, Signature(r, s, claimed), self._address)


def _refused_setting() -> SignerError:
    return BlindSigningRequired(f"the Ledger's present settings keep it from showing these typed data: {_RAW_MESSAGES}")


def _refused_data() -> SignerError:
    status = f"status {INCORRECT_DATA:04X}"
    return errors.UnsupportedBySigner(f"the Ethereum app refuses these typed data ({status}): beyond its limits")


def _preflight(connection: Connection) -> None:
    """See `_ask`. Over a line just opened may come, late, what another one was to be told that was given up meanwhile."""
    for pause in _PAUSES if connection.fresh else ():
        try:
            return _ask(connection)
        except (DeviceFault, errors.UserRejected):
            connection.reopen(pause)
    return _ask(connection)


def _ask(connection: Connection) -> None:
    """That the Ethereum app is open on an unlocked device, its version, and its flags. Raises SignerError.

    What an earlier request left in the app or on its screen is forgotten only on an error: here, 1C with p2 = 01, which
    does not exist. App 1.22 crashes if it is asked for an address instead, and then a button is pressed.
    """
    name, told = _running_app(connection.exchange(apdu.RUNNING_APP))
    if name != _APP:
        raise errors.AppNotOpen(f"the app {name!r} is open on the Ledger: open the Ethereum app", running=name)
    answer = connection.exchange(apdu.GET_CONFIGURATION)
    if len(answer) != 4:
        raise DeviceFault(f"expected 4 bytes of configuration from the Ledger, got {len(answer)}")
    version, found = (answer[1], answer[2], answer[3]), ".".join(map(str, answer[1:]))
    if told.startswith(found) and told[len(found) :].strip("\0"):  # 1.14.0-dev came before 1.14.0
        version, found = (answer[1], answer[2], answer[3] - 1), told
    if version < _MIN_VERSION:
        old = f"the Ethereum app is {found}, expected {'.'.join(map(str, _MIN_VERSION))} or newer, which shows what it signs"
        raise errors.FirmwareTooOld(f"{old}: update it in Ledger Live")
    if version[0] != _KNOWN:
        raise errors.UnsupportedBySigner(f"the Ethereum app is {found}: zkcore knows what 1.x shows; update zkcore")
    connection.exchange(apdu.STRUCT_VALUE, p2=1, any_status=True)
    connection.app = App(version, bool(answer[0] & _BLIND_SIGNING_ON))


def _running_app(answer: bytes) -> tuple[str, str]:
    """Name and version in the operating system's answer to B0 01: format 1, then each after its length."""
    if len(answer) < 2 or answer[0] != 1 or len(answer) < (end := 2 + answer[1]):
        raise DeviceFault(f"the Ledger does not say which app is open: {answer.hex()}")
    version = answer[end + 1 :][: answer[end]] if len(answer) > end else b""
    return answer[2:end].decode(errors="replace"), version.decode(errors="replace")


def _read_address(connection: Connection, path: Indices, *, confirm: bool = False) -> Address:
    """The address at a path. The answer is a public key and the address in hex, each after its length."""
    answer = connection.exchange(apdu.GET_ADDRESS, pack_path(path), p1=int(confirm), prompts=confirm)
    key_end = 1 + answer[0] if answer else 0
    text = answer[key_end + 1 :]
    if len(answer) <= key_end or answer[key_end] != 40 or len(text) != 40:
        raise DeviceFault(f"expected a public key and an address from the Ledger, got {answer.hex()}")
    try:
        return Address(bytes.fromhex(text.decode()))
    except ValueError as error:
        raise DeviceFault(f"expected an address from the Ledger, got {text!r}") from error
