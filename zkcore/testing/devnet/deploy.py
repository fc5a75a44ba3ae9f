"""Puts the contracts in their places: an ecosystem on L1, and for each chain a diamond and the built-ins of L2."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zkcore.ethereum.abi import Function, encode
from zkcore.protocol.addresses import create
from zkcore.protocol.assets import ntv_asset_id
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import (
    DETERMINISTIC_DEPLOYER_ADDRESS,
    INTEROP_ATTRIBUTE_PARSER_ADDRESS,
    INTEROP_CENTER_ADDRESS,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    MULTICALL3_ADDRESS,
    NATIVE_TOKEN_VAULT,
)
from zkcore.protocol.deployments import DETERMINISTIC_DEPLOYER_CODE
from zkcore.testing.devnet.l1 import OPERATOR
from zkcore.testing.devnet.node import quantity, to_int
from zkcore.testing.devnet.upstream import Upstream
from zkcore.types import ETH, Address, to_hex

# fmt: off
__all__ = [
    "BuiltIns", "Ecosystem", "TokenSpec", "artifact", "deploy_bridge", "deploy_chain", "deploy_ecosystem", "deploy_l2",
    "early_v32", "upgrade_ecosystem", "upgrade_l2",
]
# fmt: on

_ARTIFACTS = Path(__file__).parent.parent / "solidity" / "artifacts.json"

_SET_ADDRESSES_2 = Function("setAddresses(address first, address second)")
_SET_ADDRESSES_3 = Function("setAddresses(address first, address second, address third)")
_SET_L2_BRIDGE = Function("initializeChainGovernance(uint256 chainId, address l2Bridge)")
_REGISTER_ETH = Function("registerEthToken()")
_REGISTER_CHAIN = Function("registerChain(address chain)")
_REGISTER_TOKEN = Function("registerToken(address token)")
_NOTHING = "0x" + "00" * 32
_MINT = Function("mint(address to, uint256 amount)")
_INITIALIZE_ROUTER = Function(
    "initialize(uint256 l1ChainId, address l1AssetRouter, bytes32 baseTokenAssetId, address legacySharedBridge)"
)
_INITIALIZE_VAULT = Function(
    "initialize(uint256 l1ChainId, bytes32 baseTokenAssetId, address weth, address legacySharedBridge)"
)
_INITIALIZE_HANDLER = Function("initialize(address messageRoot, address router, bool older)")
_SET_HANDLER = Function("setL1InteropHandler(address handler)")
_SET_MULTIPLIER = Function("setTokenMultiplier(uint128 nominator, uint128 denominator)")


class TokenSpec(Struct, frozen=True):
    """A test token: its contract's artifact, symbol and decimals, and its name unless the contract has its own."""

    artifact: str
    symbol: str
    decimals: int
    name: str = ""


TOKENS = (
    TokenSpec("TestToken", "DAI", 18, "Dai Stablecoin"),
    TokenSpec("TestToken", "USDC", 6, "USD Coin"),
    TokenSpec("TetherLike", "USDT", 6),
    TokenSpec("FeeToken", "FEE", 18, "Fee on transfer"),
    TokenSpec("MoodyToken", "MOODY", 18, "Refuses on demand"),
    TokenSpec("TestToken", "BASE", 18, "Base token"),
)
_L2_TOKEN = TokenSpec("TestToken", "CROWN", 18, "Crown")  # native to each L2


class Ecosystem(Struct, frozen=True, kw_only=True):
    """The contracts on L1 that all chains share, and the test tokens by symbol."""

    bridgehub: Address
    asset_router: Address
    nullifier: Address
    native_token_vault: Address
    message_root: Address
    interop_handler: Address
    weth: Address
    tokens: dict[str, Address]


@cache
def _artifacts() -> dict[str, Any]:
    contracts: dict[str, Any] = msgspec.json.decode(_ARTIFACTS.read_bytes())["contracts"]
    return contracts


def artifact(name: str, part: Literal["creation", "runtime"] = "creation") -> bytes:
    """The creation or runtime bytecode of a contract of the devnet."""
    return bytes.fromhex(_artifacts()[name][part][2:])


class _Builder:
    """Sends the devnet's own transactions to an anvil, many to a block."""

    def __init__(self, rpc: Upstream) -> None:
        self.rpc = rpc
        self._nonce = to_int(rpc("eth_getTransactionCount", str(OPERATOR), "latest"))
        self._sent: list[str] = []
        rpc("anvil_setBalance", str(OPERATOR), quantity(10**24))

    def call(self, to: Address | None, data: bytes, value: int = 0) -> None:
        """Send one; `mine` runs it."""
        fields = {
            "from": str(OPERATOR),
            "data": to_hex(data),
            "value": quantity(value),
            "gas": quantity(10_000_000 if to is None else 2_000_000),
            "maxFeePerGas": quantity(10**11),
            "maxPriorityFeePerGas": "0x0",
            "nonce": quantity(self._nonce),
        } | ({} if to is None else {"to": str(to)})
        self._sent.append(self.rpc("eth_sendUnsignedTransaction", fields))
        self._nonce += 1

    def deploy(self, name: str, types: tuple[str, ...] = (), values: tuple[Any, ...] = ()) -> Address:
        """Send the creation of a contract; the address it will have."""
        address = create(OPERATOR, self._nonce)
        self.call(None, artifact(name) + (encode(types, values) if types else b""))
        return address

    def token(self, spec: TokenSpec, owners: Iterable[Address]) -> Address:
        """Deploy a test token, and mint a million of it to each owner."""
        named = (("string", "string", "uint8"), (spec.name, spec.symbol, spec.decimals)) if spec.name else ((), ())
        token = self.deploy(spec.artifact, named[0], named[1])
        for owner in owners:
            self.call(token, _MINT.encode(owner, 10 ** (spec.decimals + 6)))
        return token

    def mine(self) -> None:
        """Run what was sent. Raises RuntimeError if something failed."""
        for _ in range(len(self._sent)):  # a block may not hold all
            self.rpc("evm_mine")
            if self.rpc("eth_getTransactionReceipt", self._sent[-1]) is not None:
                break
        for transaction_hash in self._sent:
            receipt = self.rpc("eth_getTransactionReceipt", transaction_hash)
            if receipt is None or receipt["status"] != "0x1":
                raise RuntimeError(f"the devnet's own transaction failed: {receipt}")
        self._sent.clear()


def deploy_ecosystem(
    rpc: Upstream, era_chain_id: int, owners: Sequence[Address], *, older_hash: bool = False
) -> Ecosystem:
    """Deploy and wire on L1 what all chains share. `older_hash`: of bundles."""
    rpc("anvil_setCode", str(MULTICALL3_ADDRESS), to_hex(artifact("Multicall", "runtime")))
    build, nobody = _Builder(rpc), Address(bytes(20))
    weth = build.deploy("Weth")
    bridgehub = build.deploy("Bridgehub")
    message_root = build.deploy("MessageRoot", ("address",), (bridgehub,))
    nullifier = build.deploy("L1Nullifier", ("address",), (bridgehub,))
    router = build.deploy(
        "L1AssetRouter", ("address", "address", "address", "uint256"), (bridgehub, nullifier, weth, era_chain_id)
    )
    beacon = build.deploy("Beacon", ("address",), (build.deploy("BridgedToken"),))
    vault = build.deploy("L1NativeTokenVault", ("address",) * 5, (bridgehub, router, nullifier, weth, beacon))
    build.call(bridgehub, _SET_ADDRESSES_2.encode(router, message_root))
    build.call(nullifier, _SET_ADDRESSES_3.encode(router, vault, nobody))
    build.call(router, _SET_ADDRESSES_2.encode(vault, nobody))
    build.call(vault, _REGISTER_ETH.encode())
    handler = build.deploy("L1InteropHandler")
    build.call(handler, _INITIALIZE_HANDLER.encode(message_root, router, older_hash))
    tokens = {spec.symbol: build.token(spec, owners) for spec in TOKENS}
    build.mine()
    return Ecosystem(
        bridgehub=bridgehub,
        asset_router=router,
        nullifier=nullifier,
        native_token_vault=vault,
        message_root=message_root,
        interop_handler=handler,
        weth=weth,
        tokens=tokens,
    )


def deploy_chain(
    rpc: Upstream,
    ecosystem: Ecosystem,
    *,
    l1_chain_id: int,
    chain_id: int,
    base_token: Address,
    zksync_os: bool,
    protocol_minor: int,
    era_chain_id: int,
    multiplier: tuple[int, int],
) -> Address:
    """Deploy a chain's diamond on L1 and register it; the diamond's address."""
    build, base = _Builder(rpc), ntv_asset_id(l1_chain_id, base_token)
    known = _call(ecosystem.native_token_vault, NATIVE_TOKEN_VAULT.asset_id.encode(base_token))
    if base_token != ETH and rpc("eth_call", known, "latest") == _NOTHING:
        build.call(ecosystem.native_token_vault, _REGISTER_TOKEN.encode(base_token))
    types = ("uint256", "address", "bytes32", "bool", "uint256", "uint256")
    diamond = build.deploy(
        "ZKChain", types, (chain_id, ecosystem.bridgehub, base, zksync_os, protocol_minor, era_chain_id)
    )
    build.call(diamond, _SET_MULTIPLIER.encode(*multiplier))
    build.call(ecosystem.bridgehub, _REGISTER_CHAIN.encode(diamond))
    build.mine()
    return diamond


def upgrade_ecosystem(rpc: Upstream, ecosystem: Ecosystem) -> None:
    """The first half of the way to v33: nullifier and asset router know the interop handler, roots of batches come into trees.

    Its chains go on as before.
    """
    build = _Builder(rpc)
    build.call(ecosystem.message_root, Function("upgradeToTrees()").encode())
    for contract in (ecosystem.nullifier, ecosystem.asset_router):
        build.call(contract, _SET_HANDLER.encode(ecosystem.interop_handler))
    build.mine()


def upgrade_l2(rpc: Upstream, l1_chain_id: int, base_token: Address, *, older_hash: bool = False) -> None:
    """The second half, on L2: withdrawals go by bundle, and the functions that made them before are gone."""
    build = _Builder(rpc)
    for at, contract in ((INTEROP_CENTER_ADDRESS, "InteropCenter"), (INTEROP_ATTRIBUTE_PARSER_ADDRESS, _PARSER)):
        rpc("anvil_setCode", str(at), to_hex(artifact(contract, "runtime")))
    build.call(
        INTEROP_CENTER_ADDRESS, Function("initialize(uint256 l1ChainId, bool older)").encode(l1_chain_id, older_hash)
    )
    build.call(L2_ASSET_ROUTER_ADDRESS, Function("upgradeToBundles(address origin)").encode(base_token))
    build.call(L2_BASE_TOKEN_ADDRESS, Function("upgradeToBundles()").encode())
    build.mine()
    rpc("anvil_setBalance", str(OPERATOR), "0x0")


_PARSER = "InteropAttributeParser"


def early_v32(rpc: Upstream) -> None:
    """A chain of the development version before: atomic flows' contracts are there, the attribute parser is not."""
    for at in (INTEROP_CENTER_ADDRESS, Address((0x10014).to_bytes(20))):
        rpc("anvil_setCode", str(at), to_hex(artifact(_PARSER, "runtime")))  # any code that does not withdraw


def deploy_bridge(l1: Upstream, l2: Upstream, ecosystem: Ecosystem, chain_id: int) -> tuple[Bridge, Address]:
    """A bridge of USDC beside the vault, on both sides; and the token that it mints on L2."""
    there, here, usdc = _Builder(l2), _Builder(l1), ecosystem.tokens["USDC"]
    bridge = here.deploy("L1UsdcBridge", ("address", "address"), (usdc, ecosystem.bridgehub))
    token = there.deploy("BurnableToken", ("string", "string", "uint8"), ("USD Coin", "USDC", 6))
    other = there.deploy("L2UsdcBridge", ("address",) * 3, (usdc, token, bridge))
    here.call(bridge, _SET_L2_BRIDGE.encode(chain_id, other))
    for build in (there, here):
        build.mine()
    l2("anvil_setBalance", str(OPERATOR), "0x0")
    return Bridge(l1_address=bridge, l2_address=other), token


def _call(to: Address, data: bytes) -> dict[str, str]:
    return {"to": str(to), "data": to_hex(data)}


class BuiltIns(Struct, frozen=True, kw_only=True):
    """What stands on an L2 for tests besides the built-in contracts."""

    native_token: Address
    general_paymaster: Address | None
    approval_paymaster: Address | None


def deploy_l2(
    rpc: Upstream,
    ecosystem: Ecosystem,
    *,
    l1_chain_id: int,
    base_token: Address,
    symbol: str,
    era: bool,
    owners: Sequence[Address],
) -> BuiltIns:
    """Place the built-in contracts of an L2, and the test token and paymasters."""
    base, nobody, build = ntv_asset_id(l1_chain_id, base_token), Address(bytes(20)), _Builder(rpc)
    name = "Ether" if symbol == "ETH" else next(spec.name for spec in TOKENS if spec.symbol == symbol)
    placed: dict[int, tuple[str, bytes]] = {
        0x8008: ("L1Messenger", Function("initialize(bool era)").encode(era)),
        0x800A: (
            "L2BaseToken",
            Function("initialize(string name, string symbol, uint8 decimals)").encode(name, symbol, 18),
        ),
        0x10003: ("L2AssetRouter", _INITIALIZE_ROUTER.encode(l1_chain_id, ecosystem.asset_router, base, nobody)),
        0x10004: ("L2NativeTokenVault", _INITIALIZE_VAULT.encode(l1_chain_id, base, nobody, nobody)),
        **({0x8003: ("NonceHolder", b""), 0x8006: ("ContractDeployer", b"")} if era else {}),
    }
    for at, (contract, call) in placed.items():
        address = Address(at.to_bytes(20))
        rpc("anvil_setCode", str(address), to_hex(artifact(contract, "runtime")))
        if call:
            build.call(address, call)
    rpc("anvil_setCode", str(MULTICALL3_ADDRESS), to_hex(artifact("Multicall", "runtime")))
    rpc("anvil_setCode", str(DETERMINISTIC_DEPLOYER_ADDRESS), to_hex(DETERMINISTIC_DEPLOYER_CODE))
    token = build.token(_L2_TOKEN, owners)
    general = approval = None
    if era:
        general = build.deploy("GeneralPaymaster")
        approval = build.deploy("ApprovalPaymaster", ("address", "uint256"), (token, 10**18))
    build.mine()
    for paymaster in (general, approval):
        if paymaster is not None:
            rpc("anvil_setBalance", str(paymaster), quantity(10**20))
    rpc("anvil_setBalance", str(OPERATOR), "0x0")
    return BuiltIns(native_token=token, general_paymaster=general, approval_paymaster=approval)
