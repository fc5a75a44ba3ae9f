"""Chain profiles: which contracts on L1 belong to a chain. Pinned here with their source, or the user's own; never downloaded.

What a profile pins is used, and verified on L1; what it does not pin is read from its bridgehub on L1.
"""

from os import PathLike
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.types import ETH, Address, Stack, uint

__all__ = ["ChainProfile", "Token", "known_profile"]

_STACKS = ("era", "zksync-os", None)


class Token(Struct, frozen=True, kw_only=True):
    """A token whose symbol and decimals the user vouches for: previews show its amounts with them."""

    symbol: str
    decimals: int
    l1_address: Address | None = None
    l2_address: Address | None = None

    def __post_init__(self) -> None:
        uint(self.decimals, "decimals", 8)
        _addresses(self, "l1_address", "l2_address")


class ChainProfile(Struct, frozen=True, kw_only=True):
    """A chain and its contracts on L1. Addresses may be given as 0x strings. Raises InputError.

    `base_token` is the L1 address of the chain's base token (`ETH` for ether).
    """

    l1_chain_id: int
    l2_chain_id: int
    bridgehub: Address
    diamond: Address | None = None
    asset_router: Address | None = None
    nullifier: Address | None = None
    native_token_vault: Address | None = None
    base_token: Address | None = None
    stack: Stack | None = None
    name: str = ""
    tokens: tuple[Token, ...] = ()

    def __post_init__(self) -> None:
        uint(self.l1_chain_id, "l1_chain_id", 64)
        uint(self.l2_chain_id, "l2_chain_id", 64)
        if self.stack not in _STACKS:
            raise InputError(f"stack: expected one of {_STACKS}, got {self.stack!r}")
        _addresses(self, "bridgehub", *_PINNED)

    def contracts(self) -> dict[Address, str]:
        """The pinned contracts on L1 with what they are called."""
        pinned = {name: getattr(self, name) for name in ("bridgehub", *_PINNED)}
        return {address: name for name, address in pinned.items() if address not in (None, ETH)}

    @classmethod
    def from_toml(cls, path: "str | PathLike[str]") -> Self:
        """Read a profile from a TOML file with these fields; `[[tokens]]` tables for the tokens. Raises InputError."""
        import tomllib

        try:
            with open(path, "rb") as file:
                fields: dict[str, Any] = tomllib.load(file)
            tokens = tuple(Token(**token) for token in fields.pop("tokens", ()))
            return cls(**fields, tokens=tokens)
        except (OSError, TypeError, tomllib.TOMLDecodeError, InputError) as error:
            raise InputError(f"chain profile {path}: {error}") from error


_PINNED = ("diamond", "asset_router", "nullifier", "native_token_vault", "base_token")


def _addresses(struct: Struct, *names: str) -> None:
    for name in names:
        value = getattr(struct, name)
        if value is not None:
            force_setattr(struct, name, Address(value))


class _Ecosystem(Struct, frozen=True):
    contracts: dict[str, Any]
    chains: dict[int, str]


# The addresses: era-contracts l1-contracts/upgrade-envs/v0.29.2-interopA-ff (mainnet.toml and output/mainnet) and
# v0.29.1-interopA-ff/output/testnet. The chain ids: zksync-docs data/chains.json. A chain's diamond is read from the bridgehub.
# fmt: off
_ECOSYSTEMS = {
    1: _Ecosystem(
        contracts={
            "bridgehub": "0x303a465B659cBB0ab36eE643eA362c509EEb5213",
            "asset_router": "0x8829AD80E425C646DAB305381ff105169FeEcE56",
            "nullifier": "0xD7f9f54194C633F36CCD5F3da84ad4a1c38cB2cB",
            "native_token_vault": "0xbeD1EB542f9a5aA6419Ff3deb921A372681111f6",
        },
        chains={
            232: "Lens", 320: "ZKcandy", 324: "ZKsync Era", 325: "GRVT", 375: "zkXPLA", 388: "Cronos zkEVM",
            1345: "OpenZK", 2741: "Abstract", 36900: "ADI", 50104: "Sophon", 51888: "Memento", 543210: "Zero",
        },
    ),
    11155111: _Ecosystem(
        contracts={
            "bridgehub": "0x35A54c8C757806eB6820629bc82d90E056394C92",
            "nullifier": "0x3E8b2fe58675126ed30d0d12dea2A9bda72D18Ae",
            "native_token_vault": "0x746DBBa1edfBe1b547c87189eFE91B77d53d9E39",
        },
        chains={
            240: "Cronos zkEVM Sepolia", 300: "ZKsync Era Sepolia", 326: "GRVT Sepolia", 475: "zkXPLA Sepolia",
            2129: "Memento Sepolia", 4681: "OpenZK Sepolia", 11124: "Abstract Sepolia", 37111: "Lens Sepolia",
            43210: "Zero Sepolia", 99999: "ADI Sepolia", 531050104: "Sophon Sepolia",
        },
    ),
}
# fmt: on


def known_profile(l1_chain_id: int, l2_chain_id: int) -> ChainProfile | None:
    """The pinned profile of a chain of the public ecosystems, or None."""
    ecosystem = _ECOSYSTEMS.get(l1_chain_id)
    if ecosystem is None or l2_chain_id not in ecosystem.chains:
        return None
    name = ecosystem.chains[l2_chain_id]
    return ChainProfile(l1_chain_id=l1_chain_id, l2_chain_id=l2_chain_id, name=name, **ecosystem.contracts)
