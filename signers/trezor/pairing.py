"""How a wallet is opened, by a passphrase; and how a program is let in, by pairing, and what it keeps of that."""

import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from signers.sealed import write_secret
from zkcore.errors import InputError

__all__ = ["CredentialFile", "Credentials", "PairingCredential", "Passphrase"]


class Passphrase(Enum):
    """Where else than here the passphrase comes from."""

    ON_DEVICE = "entered on the Trezor itself"


class PairingCredential(Struct, frozen=True):
    """One pairing with a Trezor that speaks THP (Safe 7): no new code is asked for. `host_privkey` is a secret."""

    trezor_pubkey: bytes
    host_privkey: bytes
    credential: bytes

    def __repr__(self) -> str:
        return f"PairingCredential(trezor_pubkey={self.trezor_pubkey.hex()})"


class Credentials(Protocol):
    """Where pairings are kept: a file, a keyring, a database."""

    def load(self) -> Sequence[PairingCredential]:
        """All that are kept."""
        ...

    def save(self, credential: PairingCredential) -> None:
        """Keep one more."""
        ...


class CredentialFile:
    """Pairings in a JSON file that only its owner may read (mode 600). Raises InputError if it holds something else."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> list[PairingCredential]:
        """All pairings in the file; none if there is no file yet."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[PairingCredential])
        except FileNotFoundError:
            return []
        except msgspec.MsgspecError as error:
            raise InputError(f"{self._path} holds no pairing credentials of a Trezor") from error

    def save(self, credential: PairingCredential) -> None:
        """Keep one more. The file is replaced as a whole."""
        write_secret(self._path, msgspec.json.encode([*self.load(), credential]), replace=True)
