"""An anvil for the contract tests, and a few words to talk to it."""

import gzip
import json
from typing import Any

from zkcore.ethereum.abi import encode
from zkcore.ethereum.hashing import keccak256
from zkcore.testing.devnet.deploy import artifact
from zkcore.testing.devnet.process import Anvil
from zkcore.testing.devnet.upstream import RpcError

CHAIN_ID = 31337
DEPLOYER = "0x00000000000000000000000000000000000de910"
ETH = "0x0000000000000000000000000000000000000001"
ROLLUP = (0, 1_000_000, 120_000, 80_000_000, 99_000, 250_000_000)  # default fee parameters
VALIDIUM = (1, *ROLLUP[1:])


def selector(signature: str) -> str:
    """The four bytes of a function or error, as 0x hex."""
    return "0x" + bytes(keccak256(signature.encode()))[:4].hex()


def topic(signature: str) -> str:
    return "0x" + bytes(keccak256(signature.encode())).hex()


def call_data(signature: str, *values: Any) -> str:
    """Calldata of a function given like `transfer(address,uint256)`."""
    inside = signature[signature.index("(") + 1 : -1]
    return selector(signature) + encode(split(inside), values).hex()


def revert_data(signature: str, *values: Any) -> str:
    return call_data(signature, *values)


def split(types: str) -> tuple[str, ...]:
    """The top-level types of a comma-separated list that may hold tuples."""
    parts: list[str] = []
    depth = 0
    for piece in types.split(",") if types else []:
        if depth:
            parts[-1] += "," + piece
        else:
            parts.append(piece)
        depth += piece.count("(") - piece.count(")")
    return tuple(parts)


def alias(address: str) -> str:
    return f"0x{(int(address, 16) + 0x1111000000000000000000000000000000001111) % 2**160:040x}"


def word(value: int | str) -> str:
    return f"0x{value if isinstance(value, int) else int(value, 16):064x}"


def asset_id(token: str, chain_id: int = CHAIN_ID) -> str:
    data = encode(("uint256", "address", "address"), (chain_id, "0x" + "00" * 17 + "010004", token))
    return "0x" + bytes(keccak256(data)).hex()


def mapping_slot(slot: int, *keys: int | str) -> str:
    """The storage slot of an element of a (nested) mapping at `slot`."""
    at = bytes.fromhex(word(slot)[2:])
    for key in keys:
        at = bytes(keccak256(bytes.fromhex(word(key)[2:]) + at))
    return "0x" + at.hex()


class Reverted(Exception):
    """A call or transaction reverted; `data` is what it said."""

    def __init__(self, data: str) -> None:
        super().__init__(data)
        self.data = data


class L1Chain:
    """One anvil, mined by hand: a block for each transaction, at base fee 0, so its gas price is the effective one."""

    def __init__(self, *, timestamp: int = 1_795_000_000, hardfork: str = "prague", chain_id: int = CHAIN_ID) -> None:
        self.anvil = Anvil(
            "--chain-id", str(chain_id), "--base-fee", "0", "--hardfork", hardfork, "--no-mining", "--auto-impersonate",
            "--timestamp", str(timestamp), "--gas-limit", "300000000",
        )  # fmt: skip
        self.rpc = self.anvil.rpc
        self.rpc("anvil_setBalance", DEPLOYER, hex(10**30))
        self._snapshots: list[str] = []

    def close(self) -> None:
        self.anvil.close()

    def push(self) -> None:
        self._snapshots.append(self.rpc("evm_snapshot"))

    def pop(self) -> None:
        self.rpc("evm_revert", self._snapshots.pop())

    def send(
        self,
        to: str | None,
        data: str = "0x",
        *,
        sender: str = DEPLOYER,
        value: int = 0,
        gas_price: int = 0,
        gas: int = 60_000_000,
        ok: bool = True,
    ) -> dict[str, Any]:
        """Send, mine, and give the receipt. Raises Reverted if it fails and `ok` is asked for."""
        request = {"from": sender, "data": data, "value": hex(value), "gas": hex(gas), "gasPrice": hex(gas_price)}
        if to is not None:
            request["to"] = to
        hash_ = self.rpc("eth_sendTransaction", request)
        self.rpc("evm_mine")
        receipt: dict[str, Any] = self.rpc("eth_getTransactionReceipt", hash_)
        if ok and receipt["status"] != "0x1":
            trace = self.rpc("debug_traceTransaction", hash_, {"tracer": "callTracer"})
            raise Reverted(trace.get("output", "0x"))
        return receipt

    def call(self, to: str, data: str, *, sender: str = DEPLOYER, value: int = 0, gas_price: int | None = None) -> str:
        """eth_call on the latest block. Raises Reverted."""
        request = {"from": sender, "to": to, "data": data, "value": hex(value), "gas": hex(60_000_000)}
        if gas_price is not None:
            request["gasPrice"] = hex(gas_price)
        try:
            answer: str = self.rpc("eth_call", request, "latest")
        except RpcError as error:
            if error.code != 3:
                raise
            raise Reverted(error.data) from None
        return answer

    def deploy(self, name: str, types: tuple[str, ...] = (), *values: Any) -> str:
        receipt = self.send(None, "0x" + (artifact(name) + (encode(types, values) if types else b"")).hex())
        address: str = receipt["contractAddress"]
        return address

    def place(self, address: str, name: str, types: tuple[str, ...] = (), *values: Any) -> str:
        """Deploy a contract, then let its code and storage stand at `address`."""
        self.move(self.deploy(name, types, *values), address)
        return address

    def move(self, source: str, target: str) -> None:
        self.rpc("anvil_setCode", target, self.rpc("eth_getCode", source, "latest"))
        state = json.loads(gzip.decompress(bytes.fromhex(self.rpc("anvil_dumpState")[2:])))
        for slot, value in state["accounts"][source.lower()]["storage"].items():
            self.rpc("anvil_setStorageAt", target, word(slot), word(value))

    def storage(self, address: str, slot: int | str) -> int:
        return int(self.rpc("eth_getStorageAt", address, word(slot), "latest"), 16)

    def store(self, address: str, slot: int | str, value: int | str) -> None:
        self.rpc("anvil_setStorageAt", address, word(slot), word(value))
