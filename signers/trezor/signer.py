"""A Trezor as a signer: each model by its own right path, every signature recovered before it is returned."""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeAlias, TypeVar

from signers.device import CAPABILITIES, DEFAULT_TIMEOUT, DeviceSigner, check_account, check_timeout
from signers.files import Read
from signers.paths import DEFAULT_PATH, Indices, Scheme, parse_path
from signers.trezor import limits, wire
from signers.trezor.definitions import Definitions, NetworkDefinition
from signers.trezor.pairing import Credentials, Passphrase
from signers.trezor.view import MODEL_ONE, device_view
from signers.view import DeviceView
from zkcore.errors import BadSignature, InputError, SignerError, UnsupportedBySigner
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.signature import Signature
from zkcore.signer import Capability
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, LegacyTransaction, Transaction
from zkcore.types import Address, AddressLike, Hash32

if TYPE_CHECKING:
    from pathlib import Path

    from trezorlib.transport import Transport

    from signers.trezor.connection import AnySession, Connection
    from zkcore.ethereum.eip712 import TypedData

__all__ = ["TrezorSigner"]

T = TypeVar("T")

_PASSPHRASE_BYTES: Final = 50  # of UTF-8 after NFKD: MAX_PASSPHRASE_LENGTH in trezor-firmware


_Device: TypeAlias = "tuple[Connection, str, Definitions]"  # what the signers for one device share: also its model


class TrezorSigner(DeviceSigner):
    """Signs with the account at one path of a Trezor. Made by `connect`; a context manager.

    Nothing hangs: a call ends within its timeout, the user's time included. After a timeout, an exception of a
    callback, Ctrl-C or a lost device the device is cancelled, and the next call connects anew. One call at a time.
    """

    _schemes: ClassVar[tuple[Scheme, ...]] = ("bip44", "ledger-live", "legacy")

    def __init__(self, device: _Device, path: Indices, address: Address, *, allow_blind_signing: bool) -> None:
        super().__init__(path, address, allow_blind_signing=allow_blind_signing)
        self._connection, self._model, self._definitions = self._device = device

    @classmethod
    def connect(
        cls,
        path: str = DEFAULT_PATH,
        *,
        transport: "str | Transport | None" = None,
        expected_address: AddressLike | None = None,
        allow_blind_signing: bool = False,
        passphrase: str | Callable[[], str] | Passphrase | None = None,
        on_pin: Callable[[str], str] | None = None,
        on_button: Callable[[str], object] | None = None,
        on_pairing: Callable[[str], str] | None = None,
        credentials: Credentials | None = None,
        definitions: "Definitions | Path | str | Read | None" = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Self:
        """Find a Trezor, unlock it, and read the address at the path.

        transport: "webusb", "hid", "bridge", "udp:127.0.0.1:21324" (an emulator), a longer path as `trezorctl list`
            prints it, a trezorlib Transport, or None for the first device found that is no emulator.
        expected_address: whose account this must be, else WrongDevice. Another passphrase is another wallet: give it.
        allow_blind_signing: consent to sign what the device shows only as hex or hashes: any calldata, and typed data
            on a Model One.
        passphrase: the text, a function that asks for it, Passphrase.ON_DEVICE, or None: the wallet without one.
        on_pin: returns the PIN of a Model One as positions on its matrix.
        on_button: called when the device waits for its user, with the firmware's name of what it shows, such as
            "confirm_data", or, of a Model One, of the kind of request, such as "SignTx".
        on_pairing: returns the code that a Safe 7 shows; called with the model's name. `credentials` keeps the pairing.
        definitions: names, units and display formats signed for the device's screen: a file, folder or tar archive, an
            https:// URL, or a function from their names to their bytes or None.
        timeout: seconds for each call.
        Raises SignerError, InputError, or what a callback raises.
        """
        indices = parse_path(path)
        limits.check_path(indices)
        expected = None if expected_address is None else Address(expected_address)
        seconds, source, asked = check_timeout(timeout), Definitions.of(definitions), _passphrase(passphrase)
        try:
            from signers.trezor.connection import Connection, Hooks
        except ImportError as error:
            raise SignerError(f"the Trezor signer needs the extra: pip install 'zkcore[trezor]' ({error})") from error

        hooks = Hooks(asked, on_button, on_pin, on_pairing, credentials)
        connection = Connection(transport, hooks, seconds)

        def read(session: "AnySession") -> tuple[Address, str]:
            # trezorlib takes a model that it does not know, if it names itself only by its new name, for a Model One
            model = session.features.internal_model or session.model.internal_name
            return check_account(expected, wire.get_address(session, indices)), model

        address, model = connection.call(read)
        return cls((connection, model, source), indices, address, allow_blind_signing=allow_blind_signing)

    # ------------------------------------------------------------ what it is
    @property
    def model(self) -> str:
        """The vendor's name of the model: T1B1 is the Model One, T2T1 the Model T, the others are the Safes."""
        return self._model

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign: typed data by hash on a Model One, in full on all others."""
        return CAPABILITIES | {Capability.TYPED_DATA_HASH if self._is_model_one else Capability.TYPED_DATA}

    @property
    def _is_model_one(self) -> bool:
        return self._model == MODEL_ONE

    def unit(self, chain_id: int) -> str:
        """What the device calls the unit of a chain's amounts: UNKN for one it does not know and has no definition of.

        No model shows a chain id. Raises InvalidDefinition.
        """
        if chain_id in limits.BUILT_IN:
            return limits.BUILT_IN[chain_id][0]
        definition = self._definition(chain_id)
        return "UNKN" if definition is None else definition.unit

    def view(self, what: "Transaction | TypedData | bytes") -> DeviceView:
        """What the Trezor will show of a transaction, typed data or a message. Asks nothing of the device."""
        chain_id = getattr(what, "chain_id", None)
        return device_view(what, self._model, "" if chain_id is None else self.unit(chain_id))

    # ------------------------------------------------------------ accounts
    def confirm_address(self) -> Address:
        """Show the address on the device until its user confirms it. A Model One takes "no" as "show the QR code"."""
        return self._in_our_wallet(lambda session: wire.get_address(session, self._path, show=True))

    def _addresses(self, paths: list[Indices]) -> list[Address]:
        for path in paths:
            limits.check_path(path)
        return self._connection.call(lambda session: [wire.get_address(session, path) for path in paths])

    def _at(self, path: Indices, address: Address) -> Self:
        return type(self)(self._device, path, address, allow_blind_signing=self._allow_blind_signing)

    # ------------------------------------------------------------ signing
    def sign_transaction(self, tx: Transaction) -> Signature:
        """Sign an EIP-1559, a legacy (EIP-155), or, as typed data, a ZKsync 0x71 transaction. Raises SignerError."""
        if isinstance(tx, Eip712Transaction):
            return self.sign_typed_data(tx.typed_data())
        if not isinstance(tx, LegacyTransaction | Eip1559Transaction):
            raise UnsupportedBySigner(f"a Trezor signs EIP-1559, legacy and ZKsync 0x71, no {type(tx).__name__}")
        limits.check_transaction(tx, self._path, model=self._model)
        definition = None if tx.chain_id is None else self._definition(tx.chain_id)
        network = None if definition is None else definition.encoded
        relay = None if self._is_model_one else self._definitions
        ask = partial(wire.sign_transaction, path=self._path, tx=tx, network=network, definitions=relay)
        return self._signed(tx.signing_hash(), ask, self._agreed(tx))

    def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data: by its two hashes on a Model One, which shows only them; in full on all others.

        There `clear` of the result is None: its user may choose not to see every field. Raises SignerError.
        """
        if self._is_model_one:
            ask = partial(wire.sign_hashes, path=self._path, hashes=(data.domain_separator(), data.struct_hash()))
        else:
            form = limits.streamed_form(data, self._model)
            ask = partial(wire.sign_streamed, path=self._path, form=form, struct_hash=data.struct_hash())
        return self._signed(data.digest(), ask, self._agreed(data))

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        digest = message_hash(message)
        limits.check_message(message, model=self._model)
        ask = partial(wire.sign_message, path=self._path, message=message)
        return self._signed(digest, ask, self._agreed(message))

    # ------------------------------------------------------------ how
    def _agreed(self, what: "Transaction | TypedData | bytes") -> bool | None:
        """What `clear` of the signature will be, once there is consent to what cannot be seen."""
        view = device_view(what, self._model, "")
        if view.mode == "blind":
            self._need_consent(view.reason)
        return view.clear

    def _definition(self, chain_id: int) -> NetworkDefinition | None:
        """The definition to send: none for a network the firmware knows, nor one that would make it refuse our path."""
        definition = None if chain_id in limits.BUILT_IN else self._definitions.network(chain_id)
        if definition is None or limits.path_coin(self._path) not in limits.coins(definition.slip44):
            return None
        return definition

    def _in_our_wallet(self, operation: "Callable[[AnySession], T]") -> T:
        """Call the device once it has answered with our address: a passphrase or a device may have been swapped."""

        def checked(session: "AnySession") -> T:
            check_account(self._address, wire.get_address(session, self._path))
            return operation(session)

        return self._connection.call(checked)

    def _signed(self, digest: Hash32, ask: "Callable[[AnySession], tuple[int, int]]", clear: bool | None) -> Signature:
        """The signature over the digest of our own encoding, with the parity that fits, whatever the device says."""

        def asked(session: "AnySession") -> Signature:
            signature = self._fitting(digest, *ask(session), clear)
            if signature is None:
                # another program may have put its wallet in the place of ours meanwhile
                check_account(self._address, wire.get_address(session, self._path))
                raise BadSignature(f"the Trezor signed something else: no signature of {self._address} over {digest}")
            return signature

        return self._in_our_wallet(asked)

    # ------------------------------------------------------------ the end
    def cancel(self) -> None:
        """End the call in hand, in whatever thread, with UserRejected, and take its prompt off the device."""
        self._connection.cancel()

    def close(self) -> None:
        """Forget the device."""
        self._connection.close()

    def __repr__(self) -> str:
        return f"TrezorSigner({self._model}, {self.path}, {self._address})"


def _passphrase(given: str | Callable[[], str] | Passphrase | None) -> Callable[[], str | Passphrase]:
    """What gives the passphrase for a session, in errors that never show it. One that is there already is checked now."""
    if callable(given):
        return lambda: _checked_passphrase(given())
    fixed = _checked_passphrase("" if given is None else given)
    return lambda: fixed


def _checked_passphrase(given: str | Passphrase) -> str | Passphrase:
    if isinstance(given, Passphrase):
        return given
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"passphrase: expected a text, got {type(given).__name__}")
    size = len(unicodedata.normalize("NFKD", given).encode("utf-8", "replace"))
    if size > _PASSPHRASE_BYTES:
        raise InputError(f"passphrase: a Trezor takes up to {_PASSPHRASE_BYTES} bytes, this one has {size}")
    return given
