"""Network definitions: files signed by the vendor that tell a Trezor the name and unit of a network it does not know.

Without one a Trezor signs for a ZKsync chain all the same, and shows its amounts as UNKN. The vendor's signature is
left to the device: its development builds have keys of their own. All else is checked here, so a bad file is named.
"""

import struct
import tarfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final, Self, TypeAlias

from msgspec import Struct

from zkcore.errors import InputError, InvalidDefinition

__all__ = ["VENDOR_URL", "Definitions", "NetworkDefinition"]

VENDOR_URL: Final = "https://data.trezor.io/firmware/definitions/"

_LARGEST: Final = 1024  # bytes: the buffer of the Model One (legacy/firmware/protob/messages-ethereum.options)
_NETWORK: Final = 0  # messages-definitions.proto: DefinitionType.ETHEREUM_NETWORK
_FETCH_SECONDS: Final = 20.0

Read: TypeAlias = Callable[[str], bytes | None]  # of a file's name inside a source; None: it is not there


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

        try:
            magic, kind, _, length = struct.unpack_from("<5sBIH", encoded)
            size = 12 + length + 1 + 32 * encoded[12 + length] + 1 + 64
            info = load_message(BytesIO(encoded[12 : 12 + length]), EthereumNetworkInfo)
        except (ValueError, TypeError, OSError, EOFError, IndexError, struct.error) as error:
            raise InvalidDefinition(f"{source} is no definition of a network for a Trezor ({error!r})") from error
        if magic != b"trzd1" or kind != _NETWORK or size != len(encoded) or size > _LARGEST:
            found = f"{len(encoded)} bytes for {size}, magic {magic!r}, type {kind}"
            raise InvalidDefinition(f"{source} is no definition of a network for a Trezor ({found})")
        return cls(chain_id=info.chain_id, unit=info.symbol, slip44=info.slip44, name=info.name, encoded=encoded)


class Definitions:
    """A source of network definitions: `of`. Each is read once, when first needed."""

    def __init__(self, name: str, read: Read) -> None:
        self._name, self._read = name, read
        self._known: dict[int, NetworkDefinition | None] = {}

    @classmethod
    def of(cls, source: "Definitions | Path | str | None") -> "Definitions":
        """Those of a folder or tar archive with eth/chain-id/NUMBER/network.dat in it, of one such file (read at once),
        of an https:// URL such as VENDOR_URL, whose server learns which chains are asked for; or none.

        Raises InputError, InvalidDefinition.
        """
        if isinstance(source, Definitions):
            return source
        if source is None:
            return cls("none", lambda _: None)
        if "://" in str(source):
            url = str(source).rstrip("/")
            if not url.startswith("https://"):
                raise InputError(f"definitions: expected a path or an https:// URL, got {source!r}")
            return cls(url, lambda inner: _fetched(f"{url}/{inner}"))
        path = Path(source)
        if path.is_dir():
            return cls(str(path), lambda inner: _head(path / inner) if (path / inner).is_file() else None)
        if not path.is_file():
            raise InputError(f"definitions: there is no {path}")
        if tarfile.is_tarfile(path):
            return cls(str(path), lambda inner: _unpacked(path, inner))
        only = NetworkDefinition.parse(_head(path), str(path))
        return cls(str(path), lambda inner: only.encoded if inner == _inner(only.chain_id) else None)

    def network(self, chain_id: int) -> NetworkDefinition | None:
        """The definition of a chain, None if the source has none. Raises InvalidDefinition for one that is unusable."""
        if chain_id not in self._known:
            encoded, source = self._read(_inner(chain_id)), f"{self._name}/{_inner(chain_id)}"
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


def _unpacked(path: Path, inner: str) -> bytes | None:
    with tarfile.open(path) as archive:
        for name in (inner, f"./{inner}"):
            with suppress(KeyError):
                file = archive.extractfile(name)
                return None if file is None else file.read(_LARGEST + 1)
    return None


def _fetched(url: str) -> bytes | None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=_FETCH_SECONDS) as reply:  # noqa: S310 - https only, see `of`
            return bytes(reply.read(_LARGEST + 1))
    except OSError as error:
        if isinstance(error, HTTPError) and error.code == 404:
            return None
        raise InvalidDefinition(
            f"{url} cannot be fetched ({error}): without definitions= a Trezor signs too"
        ) from error
