"""What every hardware wallet is here: one account of a device, its neighbours, consent, and signatures that fit it."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final, NoReturn, Self, cast

from msgspec import Struct

from signers.paths import Indices, Scheme, format_path, parse_path, scheme_path
from zkcore.errors import BlindSigningRequired, DeviceFault, InputError, WrongDevice
from zkcore.ethereum.signature import Signature, recover
from zkcore.signer import Capability
from zkcore.types import Address, AddressLike, uint

__all__ = [
    "CAPABILITIES",
    "DEFAULT_TIMEOUT",
    "DeviceAccount",
    "DeviceSigner",
    "check_account",
    "check_timeout",
    "told_address",
]

# What each of them signs, typed data apart.
CAPABILITIES: Final = frozenset({Capability.LEGACY, Capability.EIP1559, Capability.MESSAGE, Capability.CONFIRM_ADDRESS})

DEFAULT_TIMEOUT: Final = 180.0  # seconds: time to read some twenty screens


class DeviceAccount(Struct, frozen=True):
    """An account on a device: where it is derived, and its address."""

    path: str
    address: Address


def told_address(told: object, device: str) -> Address:
    """The address in a device's answer. Raises DeviceFault if it is none."""
    try:
        return Address(cast("AddressLike", told))
    except InputError as error:
        raise DeviceFault(f"expected an address from the {device}, got {told!r}") from error


def check_account(expected: Address | None, got: Address) -> Address:
    """The address that a device answers with. Raises WrongDevice if it is another than the one expected."""
    if expected not in {None, got}:
        raise WrongDevice(expected=expected, got=got)
    return got


def check_timeout(timeout: object) -> float:
    """Seconds to wait for a person. Raises InputError for anything that is no number of them."""
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not 0 < timeout < 1e7:
        raise InputError(f"timeout: expected seconds above 0, got {timeout!r}")
    return float(timeout)


class DeviceSigner(ABC):
    """Signs with the account at one path of a device. A context manager that gives the device back."""

    _schemes: ClassVar[tuple[Scheme, ...]]  # in which `find` looks, the usual one first

    def __init__(self, path: Indices, address: Address, *, allow_blind_signing: bool) -> None:
        self._path, self._address, self._allow_blind_signing = path, address, allow_blind_signing

    @property
    def address(self) -> Address:
        """The account it signs for."""
        return self._address

    @property
    def path(self) -> str:
        """Where the account is derived, for instance m/44'/60'/0'/0/0."""
        return format_path(self._path)

    def accounts(self, scheme: Scheme | None = None, count: int = 5) -> list[DeviceAccount]:
        """The first accounts of a scheme: "bip44" m/44'/60'/0'/0/i, "ledger-live" i'/0/0, or "legacy" 0'/i.

        Without one: of the usual scheme of the device. Raises InputError, SignerError.
        """
        if not uint(count, "count", 31):
            raise InputError("count: expected at least 1, got 0")
        chosen = self._schemes[0] if scheme is None else scheme
        paths = [scheme_path(chosen, index) for index in range(count)]
        addresses = self._addresses([parse_path(path) for path in paths])
        return [DeviceAccount(path, address) for path, address in zip(paths, addresses, strict=True)]

    def find(self, address: AddressLike, *, count: int = 20) -> Self:
        """A signer for `address`, if it is among the first `count` accounts of a scheme; it shares the connection.

        Raises WrongDevice if it is not.
        """
        wanted = Address(address)
        for scheme in self._schemes:
            for account in self.accounts(scheme, count):
                if account.address == wanted:
                    return self._at(parse_path(account.path), wanted)
        raise WrongDevice(expected=wanted, got=f"none of the first {count} accounts of {', '.join(self._schemes)}")

    @abstractmethod
    def close(self) -> None:
        """Give the device back, for good; signers from `find` close with it."""

    @abstractmethod
    def _addresses(self, paths: list[Indices]) -> list[Address]:
        """The addresses at some paths, of the device that has our account."""

    @abstractmethod
    def _at(self, path: Indices, address: Address) -> Self:
        """A signer for another account of the device."""

    def _need_consent(self, why: str) -> None:
        if not self._allow_blind_signing:
            advice = "give allow_blind_signing=True to consent, and compare what it shows with the preview"
            raise BlindSigningRequired(f"{why}: {advice}")

    def _fitting(self, digest: bytes, r: int, s: int, clear: bool | None) -> Signature | None:
        """The signature, with the parity that makes it ours, whatever the device says; None if neither does."""
        candidates = [Signature(r, s, parity, clear) for parity in (0, 1)]
        return next((made for made in candidates if recover(digest, made) == self._address), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied: it holds a device and perhaps a passphrase")
