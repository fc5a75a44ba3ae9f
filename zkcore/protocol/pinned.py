"""The chains that are pinned: which contracts on L1 are theirs, by whom that is said and when it was read. Never downloaded.

A pinned chain is verified on L1 like any other. Stack, version and base token change or are read there: none is pinned.
"""

from functools import cache
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from zkcore.errors import InputError
from zkcore.protocol.chains import PINNED, Bridge, ChainProfile
from zkcore.types import Address, AddressLike, uint

__all__ = ["ChosenChain", "chosen_chain", "known_chain", "known_chains", "known_profile"]


class _Ecosystem(NamedTuple):
    name: str
    l1_chain_id: int
    source: str
    contracts: dict[str, Any]
    chains: dict[int, str]


# "envs" below: matter-labs/era-contracts, l1-contracts/upgrade-envs. Ids and names of the shared ecosystems' chains:
# zksync-docs data/chains.json. Left out: 6252, 99999, 212000 and 555272, whose bridgehub none of these names, nor (looked at
# on 2026-11-28) envs and their histories, zksync-era etc/env/ecosystems, zksync-docs zk-chain-addresses, ethereum-lists/chains,
# DefiLlama/chainlist, docs.adi.foundation ("deployed per ecosystem"), sandchain.gitbook.io: name it with `bridgehub=`.
# fmt: off
_ECOSYSTEMS: Final = (
    _Ecosystem(
        "mainnet", 1, "envs v0.29.2-interopA-ff output/mainnet, permanent-values/mainnet.toml@018efa47; read 2026-11-27",
        {
            "bridgehub": "0x303a465B659cBB0ab36eE643eA362c509EEb5213",
            "asset_router": "0x8829AD80E425C646DAB305381ff105169FeEcE56",
            "nullifier": "0xD7f9f54194C633F36CCD5F3da84ad4a1c38cB2cB",
            "native_token_vault": "0xbeD1EB542f9a5aA6419Ff3deb921A372681111f6",
            "message_root": "0x5Ce9257755391D1509cD4eC1899d3F88A57BB4aD",
        },
        {
            232: "lens", 320: "zkcandy", 324: "era", 325: "grvt", 375: "zkxpla", 388: "cronos", 1345: "openzk",
            2741: "abstract", 50104: "sophon", 51888: "memento", 543210: "zero",
        },
    ),
    _Ecosystem(
        "adi", 1, "envs permanent-values/adi.toml@1a58126, which read the chain on 2026-09-04; read 2026-11-27",
        {
            "bridgehub": "0x7a38c18a229Ef8a0AE7104Ba272A46280f2d59Cb",
            "asset_router": "0xf25227EFAD2046d19777A4CA540b5C016Df7fe7A",
            "native_token_vault": "0x0A0F8912162Ff83A036883dbaDA42efF647a3065",
        },
        {36900: "adi"},
    ),
    _Ecosystem(
        "battlechain", 1, "envs permanent-values/battlechain.toml@03fb0dd, the chain's list of contracts of 2026-06-04; "
        "read 2026-11-27",
        {
            "bridgehub": "0x6f85C08e2DabB6b0B8B3587D3628FCfb5b10BE19",
            "asset_router": "0x7A8564a540f063bd1eB4508E6BcbAa58969DBDeb",
            "nullifier": "0xE8137D2b42E4CADE22E74ae3Cb1c1De162CE28f3",
            "native_token_vault": "0xADD8491aE88B1dfE30d316999141bfBeAC587E07",
            "message_root": "0x26b80c551595DF4405281BF3D55C81384C1DEf42",
        },
        {626: "battlechain"},
    ),
    _Ecosystem(
        "sepolia", 11155111, "envs v0.29.1-interopA-ff output/testnet, v0.29.x outputs for the router; read 2026-11-27",
        {
            "bridgehub": "0x35A54c8C757806eB6820629bc82d90E056394C92",
            "asset_router": "0xF2a49545C5B1A85d2fB018cC39103661639a9B06",
            "nullifier": "0x3E8b2fe58675126ed30d0d12dea2A9bda72D18Ae",
            "native_token_vault": "0x746DBBa1edfBe1b547c87189eFE91B77d53d9E39",
            "message_root": "0x30B8CD9F0948aBe3E2Dab4B007C063f4D89e8f4A",
        },
        {
            240: "cronos-sepolia", 300: "era-sepolia", 326: "grvt-sepolia", 475: "zkxpla-sepolia", 2129: "memento-sepolia",
            4681: "openzk-sepolia", 11124: "abstract-sepolia", 37111: "lens-sepolia", 43210: "zero-sepolia",
            531050104: "sophon-sepolia",
        },
    ),
    _Ecosystem(
        "zksync-os-sepolia", 11155111, "envs permanent-values/testnet.toml@1252aa68, v0.33.0-atomic-interop "
        "ecosystem.toml@2c08edcf and chain-upgrades/README@0fa9f3a8; read 2026-11-27",
        {
            "bridgehub": "0xc4FD2580C3487bba18D63f50301020132342fdbD",
            "asset_router": "0xB5d9C3F41E434b91295BD7962db5c873cEcCE2be",
            "nullifier": "0x9e24E2c23933d30eF2DEB70A0D977Fb1Ca20AbEa",
            "native_token_vault": "0xF8d4A5195737043f45F998539D5C62Eee02E3426",
            "message_root": "0xe7047cD9979D053ceb6dB637bc0383b87A3C7f58",
        },
        {
            301: "zksync-os-sepolia-era", 4221: "genlayer-sepolia", 278701: "creator-sepolia", 579029: "xsolla-sepolia",
            8022833: "zksync-os-preview",
        } | {  # those that the source gives no name
            chain: f"zksync-os-sepolia-{chain}" for chain in (
                1326, 1327, 1401, 1913, 2905, 7186, 17218, 17219, 17986, 29538, 36900, 42111, 88288, 272363, 579028,
                788621, 7187817, 7567979, 8022832, 8022834, 531050204,
            )
        },
    ),
)
_OF_ONE_CHAIN: Final[dict[str, dict[str, Any]]] = {
    # viem src/zksync chain definitions and envs; the same addresses since 2021 and 2023
    "era": {"diamond": "0x32400084C286CF3E17e7B677ea9583e60a000324"},
    "era-sepolia": {"diamond": "0x9A6DE0f62Aa270A8bCB1e2610078650D539B1Ef9"},
    "adi": {"diamond": "0x0583Ef2B6416cb7B287406438B940E4d99680C5B"},
    "battlechain": {"diamond": "0xB44d26D227e0bD028d893BEc16DC1C7B168eCdE3"},
    # era-contracts, the scripts that try atomic interop on the test network
    "creator-sepolia": {"diamond": "0xFFb5327A449c1FFDF38b611c96392E58e009c639"},
    "zksync-os-preview": {"diamond": "0x02B1ac1Cf0A592aefD3C2246B2431388365dB272"},
    "sophon": {
        "no_deposits": "Sophon announced its shutdown on 2026-06-25 and takes no deposits since; withdraw from it",
    },
}
_USDC: Final = {  # bridges beside the vault, on L1 and on L2
    # docs.sophon.xyz build/tokens/USDC, and the tokens of its portal; read 2026-11-28
    "sophon": ("0xf553E6D903AA43420ED7e3bc2313bE9286A8F987", "0x0F44bac3ec514BE912aa4359017593B35E868d74"),
    # matter-labs/usdc-bridge deployments/{11155111,531050104}@ce4c523; read 2026-11-28
    "sophon-sepolia": ("0x3f842b5FaD08Bac49D0517C975d393f5f466Fd3b", "0x72591d4135B712861d8d4513a2f6860Ac30A684D"),
}
# fmt: on


def _bridges(name: str) -> tuple[Bridge, ...]:
    if name not in _USDC:
        return ()
    l1_address, l2_address = map(Address, _USDC[name])
    return (Bridge(l1_address=l1_address, l2_address=l2_address),)


@cache
def _all() -> tuple[ChainProfile, ...]:
    return tuple(
        ChainProfile(
            l1_chain_id=ecosystem.l1_chain_id,
            l2_chain_id=chain,
            name=name,
            ecosystem=ecosystem.name,
            source=ecosystem.source,
            **ecosystem.contracts,
            bridges=_bridges(name),
            **_OF_ONE_CHAIN.get(name, {}),
        )
        for ecosystem in _ECOSYSTEMS
        for chain, name in ecosystem.chains.items()
    )


def known_chains() -> list[ChainProfile]:
    """Every pinned chain: its name (which `chain=` takes), ids, ecosystem, contracts, and who says so."""
    return list(_all())


def known_chain(chain: int | str) -> ChainProfile | None:
    """The pinned chain of a name, or of an L2 chain id; None for an id that is not pinned.

    Raises InputError for a name that is not pinned, and for an id that two ecosystems have.
    """
    if isinstance(chain, str):
        found = [profile for profile in _all() if profile.name == chain]
        if not found:
            from difflib import get_close_matches

            close = get_close_matches(chain, [profile.name for profile in _all()])
            meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise InputError(f"chain: no pinned chain is called {chain!r}{meant} (known_chains(), or `zkcore chains`)")
        return found[0]
    found = [profile for profile in _all() if profile.l2_chain_id == chain]
    if len(found) > 1:
        names = " and ".join(f"{profile.name!r} (on L1 {profile.l1_chain_id})" for profile in found)
        raise InputError(f"chain: {chain} is the id of {names}: give the name")
    return found[0] if found else None


def known_profile(l1_chain_id: int, l2_chain_id: int) -> ChainProfile | None:
    """The pinned chain with these ids, or None. No two pinned chains of one L1 share an id."""
    ids = (l1_chain_id, l2_chain_id)
    return next((profile for profile in _all() if (profile.l1_chain_id, profile.l2_chain_id) == ids), None)


# ---------------------------------------------------------------- what a wallet's caller says of its chain
class ChosenChain(NamedTuple):
    """The chain that was named: its id, its profile if there is one, and the bridgehub if somebody has named it."""

    chain_id: int
    profile: ChainProfile | None
    bridgehub: Address | None


def chosen_chain(chain: int | str | ChainProfile, bridgehub: AddressLike | None = None) -> ChosenChain:
    """The chain that a caller means, by its name, L2 chain id or profile. Raises InputError where it contradicts the pins.

    What a profile leaves open is taken from the pinned one of the same ids; only `unpinned=True` lets it say otherwise.
    """
    hub = None if bridgehub is None else Address(bridgehub)
    if isinstance(chain, ChainProfile):
        profile: ChainProfile | None = _with_pins(chain)
    else:
        if not isinstance(chain, str):
            _ = uint(chain, "chain (a ChainProfile, the name of a pinned chain, or an L2 chain id)", 64)
        profile = known_chain(chain)
    if profile is None:  # an id: a name that is not pinned is refused
        return ChosenChain(int(chain), None, hub)  # type: ignore[arg-type]
    if hub not in (None, profile.bridgehub):
        called = profile.name or f"chain {profile.l2_chain_id}"
        raise InputError(
            f"bridgehub: {hub} is not the profile's: {called} has {profile.bridgehub}. For contracts of your own, "
            "give chain=ChainProfile(..., unpinned=True)"
        )
    return ChosenChain(profile.l2_chain_id, profile, profile.bridgehub)


_OPEN: Final = ("no_deposits", "bridges")  # what a caller may say otherwise


def _with_pins(profile: ChainProfile) -> ChainProfile:
    pinned = known_profile(profile.l1_chain_id, profile.l2_chain_id)
    if profile.l1_chain_id == profile.l2_chain_id:
        raise InputError(f"chain: {profile.l1_chain_id} cannot be the id of both L1 and L2")
    if pinned is None or profile.unpinned:
        return profile
    taken: dict[str, Any] = {}
    for name in ("bridgehub", *PINNED, *_OPEN):
        ours, theirs = getattr(pinned, name), getattr(profile, name)
        if ours and not theirs:
            taken[name] = ours
        elif ours and ours != theirs and name not in _OPEN:
            raise InputError(
                f"chain: the profile's {name} is {theirs}, {pinned.name} is pinned with {ours}. "
                "For contracts of your own, say unpinned=True in the profile"
            )
    return replace(profile, **taken)
