"""Ledger devices with the Ethereum app. Nothing heavy is imported before `connect`."""

from signers.device import DeviceAccount as LedgerAccount
from signers.ledger.connection import Dongle, OpenDongle
from signers.ledger.signer import LedgerSigner
from signers.ledger.view import DeviceView, device_view
from signers.paths import DEFAULT_PATH, Scheme

# fmt: off
__all__ = [
    "DEFAULT_PATH", "DeviceView", "Dongle", "LedgerAccount", "LedgerSigner", "OpenDongle", "Scheme", "device_view",
]
# fmt: on
