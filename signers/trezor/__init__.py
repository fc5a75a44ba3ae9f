"""Sign with a Trezor: `TrezorSigner.connect()`. trezorlib (the extra `trezor`) is loaded when one is connected."""

from signers.device import DeviceAccount as TrezorAccount
from signers.trezor.definitions import Definitions
from signers.trezor.pairing import CredentialFile, Credentials, PairingCredential, Passphrase
from signers.trezor.signer import TrezorSigner

# fmt: off
__all__ = [
    "CredentialFile", "Credentials", "Definitions", "PairingCredential", "Passphrase", "TrezorAccount", "TrezorSigner",
]
# fmt: on
