"""Definitions: files signed by the vendor that tell a Trezor what it does not know, such as the unit of a network.

Without one a Trezor signs for a ZKsync chain all the same, and shows its amounts as UNKN. The vendor's signature is
left to the device: its development builds have keys of their own. All else of a network's definition is checked here,
so a bad file is named; tokens and display formats (ERC-7730) are passed on as they are, when the device asks for them.
"""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct

from signers.files import Read, reader
from zkcore.errors import InvalidDefinition

__all__ = ["VENDOR_URL", "Definitions", "NetworkDefinition"]

VENDOR_URL: Final = "https://data.trezor.io/firmware/definitions/"

_LARGEST: Final = 1024  # bytes of a network's: the buffer of the Model One (legacy/.../messages-ethereum.options)
_NETWORK: Final = 0  # messages-definitions.proto: DefinitionType.ETHEREUM_NETWORK


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

        encoded = encoded[: _LARGEST + 1]
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
    """A source of definitions: `of`. Those of networks are read once, when first needed. `given`: whether it has any."""

    def __init__(self, name: str, read: Read, *, given: bool = True) -> None:
        self._name, self._read, self.given = name, read, given
        self._known: dict[int, NetworkDefinition | None] = {}

    @classmethod
    def of(cls, source: "Definitions | Path | str | Read | None") -> "Definitions":
        """Those of a folder or tar archive with eth/chain-id/NUMBER/network.dat in it, of one such file (read at once),
        of a function from such names to bytes, of an https:// URL such as VENDOR_URL, whose server learns what is asked
        for; or none.

        Raises InputError, InvalidDefinition.
        """
        if isinstance(source, Definitions):
            return source
        if source is None:
            return cls("none", lambda _: None, given=False)
        name, read = reader(source, "definitions")
        if read is not None:
            return cls(name, read)
        only = NetworkDefinition.parse(Path(name).read_bytes(), name)
        return cls(name, lambda inner: only.encoded if inner == _inner(only.chain_id) else None)

    def source(self) -> Any:
        """As trezorlib takes it."""
        from trezorlib.definitions import Source

        read = self._read

        class Relay(Source):
            def fetch_path(self, *components: str) -> bytes | None:
                return read("/".join(components))

        return Relay()

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
