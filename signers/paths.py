"""BIP-32 derivation paths: text to indices, indices to the bytes an APDU carries, and the schemes wallets use."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from zkcore.errors import InputError
from zkcore.types import uint

__all__ = ["DEFAULT_PATH", "SCHEMES", "Indices", "Scheme", "format_path", "pack_path", "parse_path", "scheme_path"]

DEFAULT_PATH: Final = "m/44'/60'/0'/0/0"

_HARDENED: Final = 1 << 31  # BIP-32: indices from 2**31 on are hardened
_MAX_DEPTH: Final = 10  # app-ethereum: MAX_BIP32_PATH

Indices: TypeAlias = tuple[int, ...]
Scheme: TypeAlias = Literal["ledger-live", "legacy", "bip44"]

# Where wallets put their accounts; the second is what MyEtherWallet and the old Ledger Chrome app used.
SCHEMES: Final[dict[Scheme, Callable[[int], str]]] = {
    "ledger-live": lambda index: f"m/44'/60'/{index}'/0/0",
    "legacy": lambda index: f"m/44'/60'/0'/{index}",
    "bip44": lambda index: f"m/44'/60'/0'/0/{index}",
}


def scheme_path(scheme: Scheme, index: int) -> str:
    """The path of account `index` (from 0) in a scheme. Raises InputError."""
    if scheme not in SCHEMES:
        raise InputError(f"scheme: expected one of {', '.join(SCHEMES)}, got {scheme!r}")
    return SCHEMES[scheme](uint(index, "index", 31))


def parse_path(path: str) -> Indices:
    """The indices of a path such as m/44'/60'/0'/0/0: 1 to 10 levels; ', h and H mark a hardened one.

    "m/" may be left out. Raises InputError.
    """
    levels = path.removeprefix("m/").split("/")
    if not 1 <= len(levels) <= _MAX_DEPTH:
        raise InputError(f"path: expected 1 to {_MAX_DEPTH} levels such as {DEFAULT_PATH}, got {path!r}")
    return tuple(_index(level, path) for level in levels)


def _index(level: str, path: str) -> int:
    hardened = level[-1:] in {"'", "h", "H"}
    digits = level[:-1] if hardened else level
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) < _HARDENED):
        raise InputError(f"path: expected numbers below 2**31, hardened ones marked ', got {level!r} in {path!r}")
    return int(digits) + _HARDENED * hardened


def format_path(indices: Indices) -> str:
    """The canonical text of a path: m/44'/60'/0'/0/0."""
    return "/".join(["m", *(f"{index - _HARDENED}'" if index >= _HARDENED else str(index) for index in indices)])


def pack_path(indices: Indices) -> bytes:
    """One byte with the number of levels, then four bytes, big-endian, for each."""
    return bytes([len(indices)]) + b"".join(index.to_bytes(4) for index in indices)
