"""What signs for a wallet: a key in memory, on a Ledger or a Trezor, in a cloud, or on another machine. Loaded on use."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signers.account import AccountSigner, AsyncAccountSigner
    from signers.approval import ApprovalSigner, Custodian
    from signers.aws_kms import AwsKmsSigner
    from signers.azure_key import AzureKeySigner
    from signers.digest import DigestSigner
    from signers.gcp_kms import GcpKmsSigner
    from signers.ledger import LedgerSigner
    from signers.private_key import PrivateKeySigner
    from signers.remote import RemoteSigner
    from signers.threaded import ThreadedSigner
    from signers.trezor import CredentialFile, Passphrase, TrezorSigner
    from signers.uri import from_uri

# fmt: off
__all__ = [
    "AccountSigner", "ApprovalSigner", "AsyncAccountSigner", "AwsKmsSigner", "AzureKeySigner", "CredentialFile", "Custodian",
    "DigestSigner", "GcpKmsSigner", "LedgerSigner", "Passphrase", "PrivateKeySigner", "RemoteSigner", "ThreadedSigner",
    "TrezorSigner", "from_uri",
]
# fmt: on

_HOMES = {
    "AccountSigner": "signers.account",
    "AsyncAccountSigner": "signers.account",
    "ApprovalSigner": "signers.approval",
    "AwsKmsSigner": "signers.aws_kms",
    "AzureKeySigner": "signers.azure_key",
    "Custodian": "signers.approval",
    "DigestSigner": "signers.digest",
    "GcpKmsSigner": "signers.gcp_kms",
    "RemoteSigner": "signers.remote",
    "ThreadedSigner": "signers.threaded",
    "from_uri": "signers.uri",
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
