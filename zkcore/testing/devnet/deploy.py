"""Puts the devnet's contracts on its chains: an ecosystem on L1 once, then each chain's diamond, and its built-in contracts on L2."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zkcore.abi import Function, encode
from zkcore.hashing import keccak256
from zkcore.testing.devnet.l1 import L1
from zkcore.types import ETH, Address, Hash32

__all__ = ["Ecosystem", "TokenSpec", "artifact", "deploy_chain", "deploy_ecosystem"]

_ARTIFACTS = Path(__file__).parent.parent / "solidity" / "artifacts.json"
_L2_VAULT = Address(bytes(17) + b"\x01\x00\x04")

_SET_ADDRESSES_2 = Function("setAddresses(address first, address second)")
_SET_ADDRESSES_3 = Function("setAddresses(address first, address second, address third)")
_REGISTER_ETH = Function("registerEthToken()")
_REGISTER_CHAIN = Function("registerChain(address chain)")
_REGISTER_TOKEN = Function("registerToken(address token)")
_SET_MULTIPLIER = Function("setTokenMultiplier(uint128 nominator, uint128 denominator)")


class TokenSpec(Struct, frozen=True):
    """A test token: its contract's artifact, name, symbol and decimals."""

    artifact: str
    name: str
    symbol: str
    decimals: int


TOKENS = (
    TokenSpec("TestToken", "Dai Stablecoin", "DAI", 18),
    TokenSpec("TestToken", "USD Coin", "USDC", 6),
    TokenSpec("TetherLike", "Tether USD", "USDT", 6),
    TokenSpec("FeeToken", "Fee on transfer", "FEE", 18),
    TokenSpec("MoodyToken", "Refuses on demand", "MOODY", 18),
    TokenSpec("TestToken", "Base token", "BASE", 18),
)


class Ecosystem(Struct, frozen=True, kw_only=True):
    """The contracts on L1 that all chains share, and the test tokens by symbol."""

    bridgehub: Address
    asset_router: Address
    nullifier: Address
    native_token_vault: Address
    message_root: Address
    weth: Address
    tokens: dict[str, Address]


@cache
def _artifacts() -> dict[str, Any]:
    contracts: dict[str, Any] = msgspec.json.decode(_ARTIFACTS.read_bytes())["contracts"]
    return contracts


def artifact(name: str, part: Literal["creation", "runtime"] = "creation") -> bytes:
    """The creation or runtime bytecode of a contract of the devnet."""
    return bytes.fromhex(_artifacts()[name][part][2:])


def _deploy(l1: L1, name: str, types: tuple[str, ...] = (), values: tuple[Any, ...] = ()) -> Address:
    receipt = l1.send(None, artifact(name) + (encode(types, values) if types else b""))
    return Address(receipt["contractAddress"])


def deploy_ecosystem(l1: L1, era_chain_id: int) -> Ecosystem:
    """Deploy and wire what all chains share."""
    bridgehub = _deploy(l1, "Bridgehub")
    message_root = _deploy(l1, "MessageRoot", ("address",), (bridgehub,))
    nullifier = _deploy(l1, "L1Nullifier", ("address",), (bridgehub,))
    weth = _deploy(l1, "Weth")
    router = _deploy(l1, "L1AssetRouter", ("address", "address", "address", "uint256"), (bridgehub, nullifier, weth, era_chain_id))
    beacon = _deploy(l1, "Beacon", ("address",), (_deploy(l1, "BridgedToken"),))
    vault = _deploy(l1, "L1NativeTokenVault", ("address",) * 5, (bridgehub, router, nullifier, weth, beacon))
    nobody = Address(bytes(20))
    l1.send(bridgehub, _SET_ADDRESSES_2.encode(router, message_root))
    l1.send(router, _SET_ADDRESSES_2.encode(vault, nobody))
    l1.send(nullifier, _SET_ADDRESSES_3.encode(router, vault, nobody))
    l1.send(vault, _REGISTER_ETH.encode())
    tokens = {
        spec.symbol: _deploy(l1, spec.artifact, ("string", "string", "uint8"), (spec.name, spec.symbol, spec.decimals)) for spec in TOKENS
    }
    return Ecosystem(
        bridgehub=bridgehub,
        asset_router=router,
        nullifier=nullifier,
        native_token_vault=vault,
        message_root=message_root,
        weth=weth,
        tokens=tokens,
    )


def asset_id(l1_chain_id: int, token: Address) -> Hash32:
    """The vault's id of an L1 token: keccak(abi.encode(chain id, 0x10004, token))."""
    return keccak256(encode(("uint256", "address", "address"), (l1_chain_id, _L2_VAULT, token)))


def deploy_chain(
    l1: L1,
    ecosystem: Ecosystem,
    *,
    chain_id: int,
    base_token: Address,
    zksync_os: bool,
    protocol_minor: int,
    era_chain_id: int,
    multiplier: tuple[int, int],
) -> Address:
    """Deploy a chain's diamond and register it; the diamond's address."""
    if base_token != ETH:
        l1.send(ecosystem.native_token_vault, _REGISTER_TOKEN.encode(base_token))
    types = ("uint256", "address", "bytes32", "bool", "uint256", "uint256")
    base = asset_id(l1.chain_id, base_token)
    diamond = _deploy(l1, "ZKChain", types, (chain_id, ecosystem.bridgehub, base, zksync_os, protocol_minor, era_chain_id))
    l1.send(diamond, _SET_MULTIPLIER.encode(*multiplier))
    l1.send(ecosystem.bridgehub, _REGISTER_CHAIN.encode(diamond))
    return diamond
