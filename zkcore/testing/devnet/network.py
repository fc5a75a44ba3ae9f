"""The devnet: an L1 with the bridge contracts, and an L2 of one of the two stacks, each behind a JSON-RPC front."""

import threading
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Literal, Self, TypeAlias, cast

from msgspec import Struct

from zkcore.ethereum.abi import Function
from zkcore.methods.replies import Receipt
from zkcore.protocol.chains import Bridge, ChainProfile, Token
from zkcore.protocol.contracts import DIAMOND
from zkcore.protocol.priority import PriorityRequest, priority_requests
from zkcore.testing.devnet.accounts import Account, accounts
from zkcore.testing.devnet.batches import Batch, Form
from zkcore.testing.devnet.deploy import (
    TOKENS,
    Ecosystem,
    deploy_bridge,
    deploy_chain,
    deploy_ecosystem,
    deploy_l2,
    early_v32,
    upgrade_ecosystem,
    upgrade_l2,
)
from zkcore.testing.devnet.era import Era
from zkcore.testing.devnet.faults import Faults
from zkcore.testing.devnet.l1 import L1
from zkcore.testing.devnet.l2 import L2
from zkcore.testing.devnet.node import Node, quantity, to_int
from zkcore.testing.devnet.process import Anvil
from zkcore.testing.devnet.zksync_os import ZksyncOs
from zkcore.types import ETH, Address, Hash32, hex_bytes

__all__ = ["PRESETS", "Devnet", "Preset", "Snapshot"]

Preset: TypeAlias = Literal["era-eth", "era-erc20", "zksync-os-eth"]

_L1_CHAIN_ID = 31337
_ERA_CHAIN_ID = 270
_L1_BASE_FEE, _L1_PRIORITY_FEE = 10**9, 10**8
_L2_BASE_FEE = 100_000_000
_EXECUTE_BATCH = Function("executeBatch(uint256 batch, bytes32 root)")
_SET_VERSION = Function("setProtocolVersion(uint256 minor, uint256 patch)")
_SET_COMMITTED = Function("setBatchesCommitted(uint256 batches)")
_COMMON = (
    "--no-mining",
    "--order",
    "fifo",
    "--accounts",
    "1",
    "--max-persisted-states",
    "0",
    "--no-request-size-limit",
)


class _Preset(Struct, frozen=True, kw_only=True):
    stack: Literal["era", "zksync-os"]
    chain_id: int
    base_symbol: str
    multiplier: tuple[int, int]  # base token wei per wei of ether


PRESETS: dict[str, _Preset] = {
    "era-eth": _Preset(stack="era", chain_id=_ERA_CHAIN_ID, base_symbol="ETH", multiplier=(1, 1)),
    "era-erc20": _Preset(stack="era", chain_id=272, base_symbol="BASE", multiplier=(5, 2)),
    "zksync-os-eth": _Preset(stack="zksync-os", chain_id=6565, base_symbol="ETH", multiplier=(1, 1)),
}


class _Log(Struct, frozen=True):
    address: Address
    topics: list[Hash32]
    data: bytes


class _Logs(Struct, frozen=True):
    logs: list[_Log]


class Snapshot(Struct, kw_only=True):
    """A state to go back to: see `Devnet.snapshot`."""

    nodes: list[Node]
    ids: list[Any]
    saved: list[Any]


class _Shared(Struct, kw_only=True):
    """The L1 that one or more devnets stand on."""

    node: L1
    lock: threading.RLock
    ecosystem: Ecosystem
    chains: list[L2] = []


class Devnet:
    """A local L1 and L2, as a context manager.

        with Devnet("era-eth") as net:
            Wallet(PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url)

    Starts in about a second, leaves no process and no file. Everything is done at once unless it is asked to wait: a
    transaction sent to either layer is in a block when its hash is returned, a deposit has run on L2 when L1 has its
    receipt, and an L2 block is in an executed batch.
    """

    def __init__(
        self,
        preset: Preset = "era-eth",
        *,
        l1: "Devnet | None" = None,
        chain_id: int | None = None,
        protocol_version: int | None = None,
        automatic_batches: bool = True,
        automatic_deposits: bool = True,
        l1_confirmations: int = 0,
        zksync_os_rpc: Literal["2025", "2026"] = "2026",
        bare_proofs: bool = False,
        older_bundle_hash: bool = False,
        l2_balance: int = 0,
        l1_port: int = 0,
        l2_port: int = 0,
    ) -> None:
        """Nothing is started here, but by `with`.

        `l1`: another, running devnet, whose L1 this one's chain joins. `chain_id`: of the L2. `protocol_version`: 26 to
        33, whose rules the contracts follow (30 by default); 32 is the early one, which withdraws as v31 does. A chain of
        v31 can be upgraded: `upgrade_ecosystem()`, `upgrade_chain()`. `older_bundle_hash`: the other form of that hash.
        `automatic_batches=False`: batches wait for `seal_batch()` and `execute_batch()`. `automatic_deposits=False`:
        priority operations wait for `run_deposits()`. `l1_confirmations`: so many L1 blocks must follow that of a deposit
        before it runs. `zksync_os_rpc`: the year whose spellings a ZKsync OS node has. `bare_proofs`: proofs as before
        v26. `l2_balance`: wei of the base token that each account has on L2 from the start (it did not come from L1, so
        it cannot go there). `l1_port`, `l2_port`: where
        to listen; 0 is a free port. Raises ValueError.
        """
        if preset not in PRESETS:
            raise ValueError(f"preset: expected one of {', '.join(PRESETS)}, got {preset!r}")
        self._preset = PRESETS[preset]
        self._joined = l1
        self.chain_id = chain_id or self._preset.chain_id
        self.protocol_version = protocol_version or 30
        if not 26 <= self.protocol_version <= 33:
            raise ValueError(f"protocol_version: expected 26 to 33, got {self.protocol_version}")
        if zksync_os_rpc not in ("2025", "2026"):
            raise ValueError(f"zksync_os_rpc: expected 2025 or 2026, got {zksync_os_rpc!r}")
        self._automatic = automatic_batches, automatic_deposits
        self._l1_confirmations = l1_confirmations
        self._rpc_form: Literal["2025", "2026"] = zksync_os_rpc
        self._form: Form = "bare" if bare_proofs else "two"
        self._older_hash, self._l2_balance = older_bundle_hash, l2_balance
        self._ports = l1_port, l2_port
        self._open = ExitStack()
        self._shared: _Shared
        self.running = False
        self.accounts: tuple[Account, ...] = accounts(10)
        self._minted_by_bridges: dict[str, Address] = {}
        self._owners = [account.address for account in self.accounts]

    # ------------------------------------------------------------ life
    def __enter__(self) -> Self:
        if self._joined is not None and not self._joined.running:
            raise RuntimeError("l1: expected a devnet that is running, got one that is not")
        with ExitStack() as stack:
            self._shared = self._joined._shared if self._joined else self._start_l1(stack)
            with self._shared.lock:
                self._start_l2(stack)
            self._open = stack.pop_all()
        self.running = True
        _begin_anew()
        return self

    def __exit__(self, *_: object) -> None:
        self.running = False
        self._open.close()

    def _start_l1(self, stack: ExitStack) -> _Shared:
        anvil = stack.enter_context(
            Anvil(
                *_COMMON,
                "--chain-id",
                str(_L1_CHAIN_ID),
                "--hardfork",
                "prague",
                "--slots-in-an-epoch",
                "1",
                "--gas-limit",
                "60000000",
            )
        )
        lock = threading.RLock()
        node = L1(anvil, lock, base_fee=_L1_BASE_FEE, priority_fee=_L1_PRIORITY_FEE, port=self._ports[0])
        stack.callback(node.close)
        node.rpc("anvil_setBlockTimestampInterval", 1)
        ecosystem = deploy_ecosystem(anvil.rpc, _ERA_CHAIN_ID, self._owners, older_hash=self._older_hash)
        for owner in self._owners:
            node.rpc("anvil_setBalance", str(owner), quantity(10_000 * 10**18))
        return _Shared(node=node, lock=lock, ecosystem=ecosystem)

    def _start_l2(self, stack: ExitStack) -> None:
        shared, preset, era = self._shared, self._preset, self._preset.stack == "era"
        ecosystem = shared.ecosystem
        base_token = ETH if preset.base_symbol == "ETH" else ecosystem.tokens[preset.base_symbol]
        diamond = deploy_chain(
            shared.node.anvil.rpc,
            ecosystem,
            l1_chain_id=_L1_CHAIN_ID,
            chain_id=self.chain_id,
            base_token=base_token,
            zksync_os=not era,
            protocol_minor=min(self.protocol_version, 32),
            era_chain_id=_ERA_CHAIN_ID,
            multiplier=preset.multiplier,
        )
        anvil = stack.enter_context(
            Anvil(*_COMMON, "--chain-id", str(self.chain_id), "--hardfork", "cancun", "--gas-limit", "100000000")
        )
        anvil.rpc("anvil_setBlockTimestampInterval", 1)
        self.built_ins = deploy_l2(
            anvil.rpc,
            ecosystem,
            l1_chain_id=_L1_CHAIN_ID,
            base_token=base_token,
            symbol=preset.base_symbol,
            era=era,
            owners=self._owners,
        )
        node = (Era if era else ZksyncOs)(
            anvil,
            shared.lock,
            l1=shared.node,
            diamond=diamond,
            requests=self._requests,
            execute=self._execute,
            commit=self._commit,
            base_fee=_L2_BASE_FEE,
            priority_fee=0,
            automatic_batches=self._automatic[0],
            automatic_deposits=self._automatic[1],
            l1_confirmations=self._l1_confirmations,
            form=self._form,
            port=self._ports[1],
        )
        stack.callback(node.close)
        shared.chains.append(node)
        stack.callback(shared.chains.remove, node)
        if isinstance(node, Era):
            node.contracts = {
                "bridgehub": str(ecosystem.bridgehub),
                "diamond": str(diamond),
                "asset_router": str(ecosystem.asset_router),
                "base_token": str(base_token),
                "testnet_paymaster": str(self.built_ins.approval_paymaster),
                "protocol_minor": str(self.protocol_version),
            }
        elif isinstance(node, ZksyncOs):
            node.bridgehub, node.message_root = str(ecosystem.bridgehub), ecosystem.message_root
            node.speak(self._rpc_form)
        for owner in self._owners if self._l2_balance else ():
            anvil.rpc("anvil_setBalance", str(owner), quantity(self._l2_balance))
        self._diamond, self._base_token = diamond, base_token
        self.l2: L2 = node
        self.l1: L1 = shared.node
        self.faults = Faults(self.l1.faults, self.l2.faults)
        if self.protocol_version == 32:
            early_v32(anvil.rpc)
        elif self.protocol_version > 32:
            self.upgrade_ecosystem()
            self.upgrade_chain()

    # ------------------------------------------------------------ L1 and L2 about each other
    def _requests(self, first: int, last: int) -> list[PriorityRequest]:
        query = {
            "address": str(self._diamond),
            "topics": [str(DIAMOND.new_priority_request.topic)],
            "fromBlock": quantity(first),
            "toBlock": quantity(last),
        }
        logs = [
            _Log(Address(log["address"]), [Hash32(log["topics"][0])], hex_bytes(log["data"]))
            for log in self.l1.rpc("eth_getLogs", query)
        ]
        return priority_requests(cast("Receipt", _Logs(logs)), self._diamond)  # its logs are all that is read

    def _execute(self, batch: Batch) -> str:
        return str(self.l1.send(self._diamond, _EXECUTE_BATCH.encode(batch.number, batch.root))["transactionHash"])

    def _commit(self, batch: Batch) -> str:
        return str(self.l1.send(self._diamond, _SET_COMMITTED.encode(batch.number))["transactionHash"])

    # ------------------------------------------------------------ what to connect to
    @property
    def l1_url(self) -> str:
        """Where L1 answers."""
        return self.l1.front.url

    @property
    def l2_url(self) -> str:
        """Where L2 answers."""
        return self.l2.front.url

    @property
    def tokens(self) -> dict[str, Address]:
        """The test tokens on L1 by symbol; each account has a million of each."""
        return self._shared.ecosystem.tokens | {"WETH": self._shared.ecosystem.weth}

    @property
    def l2_tokens(self) -> dict[str, Address]:
        """Test tokens that are native to L2, by symbol; each account has a million of each."""
        return {"CROWN": self.built_ins.native_token} | self._minted_by_bridges

    def usdc_bridge(self) -> Bridge:
        """A bridge of its own for USDC, beside the vault, deployed now; what it mints on L2 is `l2_tokens["USDC"]`."""
        with self._shared.lock:
            upstreams = self.l1.anvil.rpc, self.l2.anvil.rpc
            bridge, token = deploy_bridge(*upstreams, self._shared.ecosystem, self.chain_id)
            self._minted_by_bridges["USDC"] = token
        return bridge

    @property
    def profile(self) -> ChainProfile:
        """The chain's profile, every address pinned."""
        ecosystem = self._shared.ecosystem
        return ChainProfile(
            l1_chain_id=self.l1.chain_id,
            l2_chain_id=self.chain_id,
            bridgehub=ecosystem.bridgehub,
            diamond=self._diamond,
            asset_router=ecosystem.asset_router,
            nullifier=ecosystem.nullifier,
            native_token_vault=ecosystem.native_token_vault,
            message_root=ecosystem.message_root,
            base_token=self._base_token,
            stack=self._preset.stack,
            name="devnet",
            tokens=tuple(
                Token(symbol=spec.symbol, decimals=spec.decimals, l1_address=ecosystem.tokens[spec.symbol])
                for spec in TOKENS
            ),
        )

    # ------------------------------------------------------------ step by step
    def seal_batch(self) -> Batch:
        """Seal the L2 blocks since the last batch into one."""
        return self.l2.seal_batch()

    def execute_batch(self) -> Batch:
        """Execute the oldest sealed batch on L1: its root is there, its proofs are given out."""
        return self.l2.execute_batch()

    def upgrade_ecosystem(self) -> None:
        """Upgrade L1's shared contracts to v33, which the chains on it follow each by itself, or never."""
        with self._shared.lock:
            upgrade_ecosystem(self.l1.anvil.rpc, self._shared.ecosystem)

    def upgrade_chain(self) -> None:
        """Upgrade this chain to v33: what is on the way is executed, then withdrawals go by bundle."""
        with self._shared.lock:
            self.l2.settle()
            upgrade_l2(self.l2.anvil.rpc, _L1_CHAIN_ID, self._base_token, older_hash=self._older_hash)
            self.l2.state.first_unsealed = self.l2.block_number() + 1
            self.l2.state.form, self.protocol_version = "eight", 33
            _ = self.l1.send(self._diamond, _SET_VERSION.encode(33, 0))

    def run_deposits(self) -> int:
        """Run the priority operations that wait (with `automatic_deposits=False`); how many."""
        return self.l2.run_deposits()

    def one_l2_block(self) -> AbstractContextManager[None]:
        """A `with` block: what is sent to L2 in it, deposits too, comes into one L2 block when it ends."""
        return self.l2.together()

    # ------------------------------------------------------------ time
    def mine(self, blocks: int = 1) -> None:
        """Mine L1 blocks: the first takes what waits, the others are empty."""
        self.l1.mine(blocks)

    def increase_time(self, seconds: int) -> None:
        """Let so many seconds pass: the next block of each layer, mined now, is that much later than the last."""
        with self._shared.lock:
            for node in (self.l1, self.l2):
                last = node.rpc("eth_getBlockByNumber", "latest", False)
                node.rpc("evm_setNextBlockTimestamp", to_int(last["timestamp"]) + seconds)
            self.l1.mine()
            self.l2.run([])

    def snapshot(self) -> "Snapshot":
        """The state of L1 and of all its chains, to `revert` to as often as wanted."""
        with self._shared.lock:
            nodes: list[Node] = [self.l1, *self._shared.chains]
            return Snapshot(
                nodes=nodes, ids=[node.rpc("evm_snapshot") for node in nodes], saved=[node.saved() for node in nodes]
            )

    def revert(self, snapshot: "Snapshot") -> None:
        """Go back to a snapshot: blocks, transactions, batches and time are as they were; faults stay as they are."""
        with self._shared.lock:
            for i, node in enumerate(snapshot.nodes):
                if not node.rpc("evm_revert", snapshot.ids[i]):
                    raise RuntimeError(
                        "a snapshot taken before the one that was reverted to is gone with what came after"
                    )
                snapshot.ids[i] = node.rpc("evm_snapshot")  # anvil uses a snapshot up
                node.restore(snapshot.saved[i])
        _begin_anew()

    def fail_next_deposit(self, count: int = 1) -> None:
        """Make the next priority operations revert on L2."""
        with self._shared.lock:
            self.l2.state.failing += count


def _begin_anew() -> None:
    """The chains of devnets have the same ids: what wallets of this process signed on another one, or before, is nowhere."""
    from zkcore.wallet.nonces import REGISTER

    REGISTER.forget()
