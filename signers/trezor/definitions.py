"""Network definitions: files signed by the vendor that tell a Trezor the name and unit of a network it does not know.

Without one a Trezor signs for a ZKsync chain all the same, and shows its amounts as UNKN. The vendor's signature is
left to the device: its development builds have keys of their own. All else is checked here, so a bad file is named.
"""

import struct
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final, Self

from msgspec import Struct

from zkcore.errors import InputError, InvalidDefinition

__all__ = ["VENDOR_URL", "Definitions", "NetworkDefinition"]

VENDOR_URL: Final = "https://data.trezor.io/firmware/definitions/"

_LARGEST: Final = 1024  # bytes: the buffer of the Model One (legacy/firmware/protob/messages-ethereum.options)
_NETWORK: Final = 0  # messages-definitions.proto: DefinitionType.ETHEREUM_NETWORK
_FETCH_SECONDS: Final = 20.0


class NetworkDefinition(Struct, frozen=True, kw_only=True):
    """What a Trezor will show for a chain, and the signed bytes that make it do so."""

    chain_id: int
    unit: str
    slip44: int
    name: str
    encoded: bytes

    @classmethod
    def parse(cls, encoded: bytes, source: str) -> Self:
        """Read a definition. Raises InvalidDefinition, naming the source.

        trezor-firmware docs/common/external-definitions.md: "trzd1" || type || timestamp (u32, little-endian) ||
        length (u16) || protobuf || count || count * 32 bytes of Merkle proof || mask || signature (64).
        """
        from trezorlib.messages import EthereumNetworkInfo
        from trezorlib.protobuf import load_message

        if len(encoded) > _LARGEST:
            raise InvalidDefinition(f"{source} is no network definition: it has more than {_LARGEST} bytes")
        try:
            magic, kind, _, length = struct.unpack_from("<5sBIH", encoded)
            proof = encoded[12 + length]
        except (struct.error, IndexError):
            raise InvalidDefinition(f"{source} is no network definition: {len(encoded)} bytes are too few") from None
        if magic != b"trzd1" or len(encoded) != 12 + length + 1 + 32 * proof + 1 + 64:
            raise InvalidDefinition(f"{source} is no network definition: it does not have the format trzd1")
        if kind != _NETWORK:
            raise InvalidDefinition(f"{source} is a definition of another kind ({kind}) than a network")
        try:
            info = load_message(BytesIO(encoded[12 : 12 + length]), EthereumNetworkInfo)
        except (ValueError, TypeError, OSError) as error:
            raise InvalidDefinition(
                f"{source} is no network definition: its payload cannot be read ({error})"
            ) from error
        return cls(chain_id=info.chain_id, unit=info.symbol, slip44=info.slip44, name=info.name, encoded=encoded)


class Definitions:
    """A source of network definitions: `from_path` or `from_url`. Each is read once, when first needed."""

    def __init__(self, read: Callable[[int], tuple[bytes | None, str]]) -> None:
        self._read = read
        self._known: dict[int, NetworkDefinition | None] = {}

    @classmethod
    def of(cls, source: "Definitions | Path | str | None") -> "Definitions":
        """As `definitions=` takes it: one of these, a path, an https:// URL, or None for no definitions."""
        if isinstance(source, Definitions):
            return source
        if source is None:
            return cls(lambda _: (None, ""))
        if isinstance(source, str) and source.startswith("https://"):
            return cls.from_url(source)
        return cls.from_path(source)

    @classmethod
    def from_path(cls, path: Path | str) -> Self:
        """A folder or a tar archive with eth/chain-id/NUMBER/network.dat in it, or one such file. Raises InputError.

        A single file is read at once (InvalidDefinition).
        """
        path = Path(path)
        if path.is_dir():
            return cls(lambda chain_id: _in_folder(path / _inner(chain_id)))
        if not path.is_file():
            raise InputError(f"definitions: there is no {path}")
        if tarfile.is_tarfile(path):
            return cls(lambda chain_id: _in_archive(path, _inner(chain_id)))
        definition = NetworkDefinition.parse(_head(path), str(path))
        return cls(lambda chain_id: (definition.encoded if chain_id == definition.chain_id else None, str(path)))

    @classmethod
    def from_url(cls, url: str = VENDOR_URL) -> Self:
        """The vendor's server or a mirror of it, which learns the chains asked for. Raises InputError if not https."""
        if not url.startswith("https://"):
            raise InputError(f"definitions: expected an https:// URL, got {url!r}")
        return cls(lambda chain_id: _fetched(url.rstrip("/") + "/" + _inner(chain_id)))

    def network(self, chain_id: int) -> NetworkDefinition | None:
        """The definition of a chain, None if the source has none. Raises InvalidDefinition for one that is unusable."""
        if chain_id not in self._known:
            encoded, source = self._read(chain_id)
            definition = None if encoded is None else NetworkDefinition.parse(encoded, source)
            if definition is not None and definition.chain_id != chain_id:
                raise InvalidDefinition(f"{source} defines chain {definition.chain_id}, expected chain {chain_id}")
            self._known[chain_id] = definition
        return self._known[chain_id]


def _inner(chain_id: int) -> str:
    return f"eth/chain-id/{chain_id}/network.dat"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)


def _in_folder(path: Path) -> tuple[bytes | None, str]:
    return (_head(path) if path.is_file() else None), str(path)


def _in_archive(path: Path, inner: str) -> tuple[bytes | None, str]:
    with tarfile.open(path) as archive:
        for name in (inner, f"./{inner}"):
            try:
                file = archive.extractfile(name)
            except KeyError:
                continue
            return (None if file is None else file.read(_LARGEST + 1)), f"{path}:{name}"
    return None, f"{path}:{inner}"


def _fetched(url: str) -> tuple[bytes | None, str]:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=_FETCH_SECONDS) as reply:  # noqa: S310 - from_url takes https only
            return reply.read(_LARGEST + 1), url
    except HTTPError as error:
        if error.code == 404:
            return None, url
        raise InvalidDefinition(f"{url} answers with HTTP status {error.code}") from error
    except OSError as error:
        raise InvalidDefinition(
            f"{url} cannot be fetched ({error}); without definitions= a Trezor signs all the same"
        ) from error
