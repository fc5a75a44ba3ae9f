"""What signs for a wallet: a private key, a Ledger, a Trezor. Each is loaded when it is first named."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signers.ledger import LedgerSigner
    from signers.private_key import PrivateKeySigner
    from signers.trezor import CredentialFile, Passphrase, TrezorSigner

__all__ = ["CredentialFile", "LedgerSigner", "Passphrase", "PrivateKeySigner", "TrezorSigner"]

_HOMES = {
    "CredentialFile": "signers.trezor",
    "LedgerSigner": "signers.ledger",
    "Passphrase": "signers.trezor",
    "PrivateKeySigner": "signers.private_key",
    "TrezorSigner": "signers.trezor",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
