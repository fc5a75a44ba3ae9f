"""Our contracts at the addresses at which the real ones stood when they were recorded, on chain 31337."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.devnet.l1_chain import ETH, ROLLUP, VALIDIUM, L1Chain, asset_id, call_data
from zkcore.ethereum.hashing import keccak256

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "l1_transactions.json").read_text("utf-8"))
BOOK: dict[str, str] = {name: address for address, name in RECORDED["address_book"].items()}
TOKENS = {
    "tokens.erc20_18": ("Rig Token Eighteen", "RT18", 18),
    "tokens.erc20_6": ("Rig Token Six", "RT6", 6),
    "chains.271.baseToken": ("Base Token A", "BTA", 18),
    "chains.273.baseToken": ("Base Token B", "BTB", 18),
}
BOOK["chains.273.baseToken"] = "0x00000000000000000000000000000000000b0273"  # not in the recordings
# zksyncOS, base token, multiplier, fee parameters
CHAINS: dict[int, tuple[bool, str, tuple[int, int], tuple[int, ...]]] = {
    270: (True, ETH, (1, 1), ROLLUP),
    271: (True, BOOK["chains.271.baseToken"], (1000, 1), ROLLUP),
    272: (False, ETH, (1, 1), ROLLUP),
    273: (False, BOOK["chains.273.baseToken"], (5, 2), VALIDIUM),
}
ACCOUNTS = [
    "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
]
ERA_CHAIN_ID = 272
# protocol.md 3.1
TRANSACTION = "(" + "uint256," * 10 + "uint256[4],bytes,bytes,uint256[],bytes,bytes)"
CHANGE_FEE_PARAMS = "changeFeeParams((uint8,uint32,uint32,uint32,uint32,uint64))"


@contextmanager
def real_world() -> Iterator[L1Chain]:
    """A fresh L1 with everything placed and wired."""
    l1 = L1Chain()
    try:
        deploy_real_world(l1)
        yield l1
    finally:
        l1.close()


def deploy_real_world(l1: L1Chain) -> None:
    """Place and wire everything, and give the accounts tokens and allowances for the vault."""
    hub, router, nullifier, vault = (
        BOOK[name] for name in ("bridgehub", "assetRouter", "nullifier", "nativeTokenVault")
    )
    weth, beacon, erc20_bridge = BOOK["weth"], BOOK["beacon"], BOOK["erc20Bridge"]
    four = ("address",) * 4
    l1.place(weth, "Weth")
    l1.place(hub, "Bridgehub")
    l1.place(BOOK["messageRoot"], "MessageRoot", ("address",), hub)
    l1.place(nullifier, "L1Nullifier", ("address",), hub)
    l1.place(router, "L1AssetRouter", (*four[:3], "uint256"), hub, nullifier, weth, ERA_CHAIN_ID)
    l1.place(beacon, "Beacon", ("address",), l1.deploy("BridgedToken"))
    l1.place(vault, "L1NativeTokenVault", (*four, "address"), hub, router, nullifier, weth, beacon)
    l1.place(erc20_bridge, "L1ERC20Bridge", ("address",), router)
    l1.place(BOOK["relayContract"], "Relay")
    l1.send(hub, call_data("setAddresses(address,address)", router, BOOK["messageRoot"]))
    l1.send(nullifier, call_data("setAddresses(address,address,address)", router, vault, erc20_bridge))
    l1.send(router, call_data("setAddresses(address,address)", vault, erc20_bridge))
    l1.send(vault, call_data("registerEthToken()"))
    for name, fields in TOKENS.items():
        token = l1.place(BOOK[name], "TestToken", ("string", "string", "uint8"), *fields)
        for account in ACCOUNTS:
            l1.send(token, call_data("mint(address,uint256)", account, 10**30))
            for spender in (vault, erc20_bridge):
                l1.send(token, call_data("approve(address,uint256)", spender, 2**256 - 1), sender=account)
    for chain_id, (zksync_os, base, multiplier, fees) in CHAINS.items():
        if base != ETH:
            l1.send(vault, call_data("registerToken(address)", base))
        types = ("uint256", "address", "bytes32", "bool", "uint256", "uint256")
        chain = l1.place(
            diamond(chain_id), "ZKChain", types, chain_id, hub, asset_id(base), zksync_os, 30, ERA_CHAIN_ID
        )
        l1.send(chain, call_data("setTokenMultiplier(uint128,uint128)", *multiplier))
        l1.send(chain, call_data(CHANGE_FEE_PARAMS, fees))
        l1.send(hub, call_data("registerChain(address)", chain))
    l1.send(nullifier, call_data("setL2BridgeAddress(uint256,address)", 272, BOOK["legacyL2SharedBridge.272"]))


def diamond(chain_id: int) -> str:
    return BOOK[f"chains.{chain_id}.diamond"]


def log_leaf(tx_number: int, sender: int, key: bytes, value: bytes) -> bytes:
    packed = bytes([0, 1]) + tx_number.to_bytes(2, "big") + sender.to_bytes(20, "big") + key + value
    return bytes(keccak256(packed))


def message_leaf(tx_number: int, sender: str, message: bytes) -> bytes:
    return log_leaf(tx_number, 0x8008, bytes(12) + bytes.fromhex(sender[2:]), bytes(keccak256(message)))


def status_leaf(tx_number: int, l2_hash: bytes, status: int) -> bytes:
    return log_leaf(tx_number, 0x8001, l2_hash, status.to_bytes(32, "big"))


def path_root(leaf: bytes, index: int, path: list[bytes]) -> bytes:
    """The root of a bare Merkle path."""
    for sibling in path:
        leaf = bytes(keccak256(sibling + leaf if index & 1 else leaf + sibling))
        index >>= 1
    return leaf


def proven_root(leaf: bytes, index: int, proof: Sequence[bytes]) -> bytes:
    """The root that a final proof of either format leads to."""
    path = [bytes(node) for node in proof]
    return path_root(leaf, index, path[1:] if path[0][4:] == bytes(28) else path)
