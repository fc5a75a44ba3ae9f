"""Any signer by one text: `from_uri("ledger:m/44'/60'/0'/0/0?blind=1")`. Others add their schemes by an entry point.

A text never holds a secret: keys and passwords come from a file, the environment, or an option. Errors show no more of it than
its scheme and the names of its parameters, as it may be a key in the wrong place.
"""

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from signers.sealed import sealed, shown
from zkcore.errors import InputError
from zkcore.signer import AsyncSigner, Signer

if TYPE_CHECKING:
    from signers.remote import Api

__all__ = ["ENTRY_POINTS", "from_uri", "schemes"]

ENTRY_POINTS: Final = "zkcore.signers"  # the group: name = scheme, object = a function (rest, **options) -> Signer

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}")
_NAMES: Final = {"blind": "allow_blind_signing", "address": "expected_address"}
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
# what to install where a name is not known: by the first word of the scheme
_EXTRAS: Final = {"aws": "aws", "gcp": "gcp", "google": "gcp", "azure": "azure", "ledger": "ledger", "trezor": "trezor"}


@sealed
def from_uri(uri: str, **options: Any) -> Signer | AsyncSigner:
    """The signer that a text names. `options`: what its constructor takes beside, a client or a callback; they win.

    | text | parameters |
    |---|---|
    | `ledger:PATH`, `trezor:PATH` | blind=1, address, timeout |
    | `file:PATH` (a key in hex), `env:NAME` | address |
    | `keystore:PATH` | password_env or password_file (or the option password), address |
    | `awskms:KEY` | region, endpoint, address, timeout |
    | `gcpkms:projects/.../cryptoKeyVersions/1`, `azurekey:https://VAULT/keys/NAME/VERSION` | address, timeout |
    | `web3signer:URL`, `web3signer-rest:URL`, `clef:URL` | address (else its only account), timeout |

    `address`: another one raises WrongDevice. Raises InputError for an unknown scheme or parameter, and what the signer raises.
    """
    given: object = uri
    scheme, colon, rest = given.partition(":") if isinstance(given, str) else ("", "", "")
    if not colon or not _SCHEME.fullmatch(scheme):
        known = ", ".join(schemes())
        raise InputError(f"signer: expected SCHEME:..., the scheme one of {known}; what was given is not shown")
    make = _SCHEMES.get(scheme) or _others().get(scheme)
    if make is None:
        extra = next((extra for start, extra in _EXTRAS.items() if scheme.startswith(start)), "")
        advice = f"pip install 'zkcore[{extra}]', or " if extra else ""
        raise InputError(
            f"signer: no scheme {scheme!r}: {advice}install what offers it (an entry point of {ENTRY_POINTS}). "
            f"Known: {', '.join(schemes())}"
        )
    signer: Signer | AsyncSigner = make(rest, **options)
    return signer


def schemes() -> list[str]:
    """The schemes that `from_uri` knows here, those of others included."""
    return [*_SCHEMES, *(name for name in _others() if name not in _SCHEMES)]


def _others() -> Mapping[str, Callable[..., Any]]:
    """What other distributions offer: it is loaded when it is used. What is known here is not replaced."""
    from importlib.metadata import entry_points

    def load_and_make(point: Any, rest: str, **options: Any) -> Any:
        return point.load()(rest, **options)

    return {point.name: partial(load_and_make, point) for point in entry_points(group=ENTRY_POINTS)}


# ---------------------------------------------------------------- one text
def _parameters(scheme: str, rest: str, known: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What stands before the parameters, and these by the names of constructors, under the options. Raises InputError."""
    place, _, query = rest.partition("?")
    found: dict[str, Any] = {}
    for name, value in _pairs(query):
        if name not in known.split():
            given = repr(name) if re.fullmatch(r"[a-z_]{1,20}", name) else "something else"
            raise InputError(f"signer {scheme}: expected parameters among {known}, got {given}")
        _put(found, scheme, name, value)
    if not place:
        raise InputError(f"signer {scheme}: expected something after the colon")
    return unquote(place), found | options


def _pairs(query: str) -> list[tuple[str, str]]:
    """A query's names and values. A plus is a plus, as before the question mark: this is no form, and names of files have it."""
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def _put(found: dict[str, Any], scheme: str, name: str, value: str) -> None:
    """Keep a parameter. Raises InputError for one that is given twice: which of two accounts is meant is not for us to choose."""
    if _NAMES.get(name, name) in found:
        raise InputError(f"signer {scheme}: expected {name} once, got it twice")
    found[_NAMES.get(name, name)] = _value(scheme, name, value)


def _value(scheme: str, name: str, value: str) -> object:
    if name == "blind":
        if value.lower() not in _FLAGS:
            raise InputError(f"signer {scheme}: expected blind to be 1 or 0")
        return _FLAGS[value.lower()]
    if name == "timeout":
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < 1e6:
            raise InputError(f"signer {scheme}: expected timeout to be seconds above 0")
        return seconds
    return value


def _made(scheme: str, home: str, name: str, known: str) -> Callable[..., Any]:
    """What makes a signer whose constructor, or `name` of it, takes the place first and the parameters by name."""

    def make(rest: str, **options: Any) -> Any:
        place, found = _parameters(scheme, rest, known, options)
        of: Any = import_module(f"signers.{home}")
        for attribute in name.split("."):
            of = getattr(of, attribute)
        return of(place, **found)

    return make


def _key(scheme: str, name: str) -> Callable[..., Any]:
    def make(rest: str, **options: Any) -> Any:
        known = "address password_env password_file" if scheme == "keystore" else "address"
        place, found = _parameters(scheme, rest, known, options)
        expected = found.pop("expected_address", None)
        if scheme == "keystore":
            found["password"] = _password(found)
        from signers.device import check_account
        from signers.private_key import PrivateKeySigner
        from zkcore.types import Address

        signer = getattr(PrivateKeySigner, name)(place, **found)
        found.clear()  # a password has no business in the frame of what is raised below
        check_account(None if expected is None else Address(expected), signer.address)
        return signer

    return make


def _password(found: dict[str, Any]) -> object:
    """Of a keystore: the option (a text, bytes, or what is called for one), a variable, or the first line of a file."""
    variable, file = found.pop("password_env", None), found.pop("password_file", None)
    if variable is not None and file is not None:
        raise InputError("signer keystore: expected password_env or password_file, got both")
    password = found.pop("password", None)
    if password is None and variable is not None:
        password = os.environ.get(variable)
        if password is None:
            raise InputError(f"signer keystore: the environment variable {shown(variable)} is not set")
    if password is None and file is not None:
        try:
            with open(file, encoding="utf-8") as lines:
                password = lines.readline().rstrip("\r\n")
        except (OSError, ValueError) as error:  # of the system, of the encoding, of a name with a zero in it
            raise InputError(f"signer keystore: {shown(file)} cannot be read: {type(error).__name__}") from error
    if password is None:
        raise InputError("signer keystore: expected password_env=NAME or password_file=PATH, or the option password")
    return password() if callable(password) else password


def _remote(scheme: "Api") -> Callable[..., Any]:
    def make(rest: str, **options: Any) -> Any:
        from signers.remote import RemoteSigner
        from zkcore.types import Address

        place, _, query = rest.partition("?")
        ours: dict[str, Any] = {}
        theirs: list[str] = []  # as they were given: to the letter
        for part in query.split("&"):
            if part.partition("=")[0] not in {"address", "timeout"}:
                theirs.append(part)
            else:
                for name, value in _pairs(part):
                    _put(ours, scheme, name, value)
        url = place + (f"?{'&'.join(theirs)}" if any(theirs) else "")
        found: dict[str, Any] = ours | options
        address = found.pop("expected_address", None) or found.pop("address", None)
        if address is None:
            with RemoteSigner(url, Address(bytes(20)), api=scheme, **found) as asked:
                accounts = asked.accounts()
            if len(accounts) != 1:
                known = ", ".join(map(str, accounts)) or "none that it has"
                raise InputError(f"signer {scheme}: expected address= to be one of its accounts: {known}")
            address = accounts[0]
        return RemoteSigner(url, address, api=scheme, **found)

    return make


_DEVICE: Final = "blind address timeout"
_SCHEMES: Final[dict[str, Callable[..., Any]]] = {
    "ledger": _made("ledger", "ledger", "LedgerSigner.connect", _DEVICE),
    "trezor": _made("trezor", "trezor", "TrezorSigner.connect", _DEVICE),
    "file": _key("file", "from_file"),
    "keystore": _key("keystore", "from_keystore"),
    "env": _key("env", "from_env"),
    "awskms": _made("awskms", "aws_kms", "AwsKmsSigner", "region endpoint address timeout"),
    "gcpkms": _made("gcpkms", "gcp_kms", "GcpKmsSigner", "address timeout"),
    "azurekey": _made("azurekey", "azure_key", "AzureKeySigner", "address timeout"),
    "web3signer": _remote("web3signer"),
    "web3signer-rest": _remote("web3signer-rest"),
    "clef": _remote("clef"),
}
