"""One table: each kind of withdrawal, under each protocol version, by both wallets, with a key and both devices.

A cell is what there is to see: there and back, by the old call or by bundle; or the refusal by its name. A diagonal of it,
in which each kind, version, wallet and signer is, runs with the suite; the whole with `-m soak`.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from inspect import isawaitable
from typing import Any, Final, Literal, TypeAlias

import pytest
from msgspec import Struct

from tests.devnet.client import call as asked
from tests.devnet.client import send
from tests.wallet.conftest import Awaited
from tests.wallet.tools import AMOUNT, sends, signer_of, wallet_of
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import InputError
from zkcore.ethereum.abi import Function
from zkcore.protocol.assets import ntv_asset_id
from zkcore.protocol.contracts import (
    INTEROP_CENTER_ADDRESS,
    L1_MESSENGER_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    NATIVE_TOKEN_VAULT,
)
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.deploy import artifact
from zkcore.types import Address

Kind: TypeAlias = Literal[
    "base ether", "base ERC-20", "ERC-20 of L1", "of L2", "of a third chain", "by contract", "message only"
]
Version: TypeAlias = Literal["v26", "v30", "v31", "early v32", "v33", "upgrade"]
Route: TypeAlias = Literal["call", "bundle", "no withdrawal"]

KINDS: Final[tuple[Kind, ...]] = (
    "base ether", "base ERC-20", "ERC-20 of L1", "of L2", "of a third chain", "by contract", "message only",
)  # fmt: skip
# what a withdrawal goes by; across an upgrade, the one made before it and the one made after
ROUTES: Final[dict[Version, tuple[Route, ...]]] = {
    "v26": ("call",),
    "v30": ("call",),
    "v31": ("call",),
    "early v32": ("call",),
    "v33": ("bundle",),
    "upgrade": ("call", "bundle"),
}
MINOR: Final[dict[Version, int]] = {"v26": 26, "v30": 30, "v31": 31, "early v32": 32, "v33": 33, "upgrade": 31}
WALLETS: Final = ("sync", "async")
SIGNING: Final = ("key", "ledger", "trezor")
CALL_ALL: Final = Function("callAll(address[] a,uint256[] b,bytes[] c)")
RICH: Final = 10**6 * AMOUNT  # of tokens that did come by the bridge


class Cell(Struct, frozen=True):
    """One of them, and what there is to see."""

    kind: Kind
    version: Version
    wallet: str
    signer: str

    @property
    def routes(self) -> tuple[Route, ...]:
        return ("no withdrawal",) * len(ROUTES[self.version]) if self.kind == "message only" else ROUTES[self.version]

    def __str__(self) -> str:
        return f"{self.kind}, {self.version}, {self.wallet}, {self.signer}: {' then '.join(self.routes)}"


TABLE = [Cell(k, v, w, s) for v in ROUTES for k in KINDS for w in WALLETS for s in SIGNING]
DIAGONAL = [
    Cell("base ether", "v26", "sync", "ledger"),
    Cell("base ERC-20", "v30", "async", "key"),
    Cell("of L2", "v31", "sync", "key"),
    Cell("ERC-20 of L1", "early v32", "async", "trezor"),
    Cell("by contract", "upgrade", "async", "ledger"),
    Cell("of a third chain", "v33", "sync", "trezor"),
    Cell("message only", "v33", "async", "key"),
]


class World:
    """An L1 with chains of one version, started as they are wanted; what stands on L2 came from L1."""

    def __init__(self, version: Version) -> None:
        self.version, self.minor, self.open = version, MINOR[version], ExitStack()
        preset: Any = "era-eth" if self.minor < 29 else "zksync-os-eth"
        self.main = self._start(preset, None, self.minor)
        self.found: dict[Kind, tuple[Devnet, Address, Address]] = {}
        self.contract: Address | None = None

    def _start(self, preset: Any, chain_id: int | None, minor: int) -> Devnet:
        l1 = None if chain_id is None else self.main
        net = self.open.enter_context(Devnet(preset, l1=l1, chain_id=chain_id, protocol_version=minor))
        rich = wallet_of(net)
        if net.profile.base_token != ETH:
            rich.approve(net.profile.base_token, ether("10")).wait(timeout=60)
        rich.deposit(net.profile.base_token, ether("5")).wait(timeout=60)
        return net

    def of(self, kind: Kind) -> tuple[Devnet, Address, Address]:
        """The chain, the token on L2 (or the base token by its address on L1), and the token on L1."""
        if kind not in self.found:
            self.found[kind] = self._made(kind)
        return self.found[kind]

    def _made(self, kind: Kind) -> tuple[Devnet, Address, Address]:
        net, rich = self.main, wallet_of(self.main)
        if kind == "base ERC-20":
            net = self._start("era-erc20", 272, self.minor)
            return net, net.profile.base_token, net.profile.base_token
        if kind == "ERC-20 of L1":
            rich.deposit(net.tokens["DAI"], RICH).wait(timeout=60)
            return net, net.tokens["DAI"], net.tokens["DAI"]
        if kind == "of L2":
            crown = net.l2_tokens["CROWN"]
            return net, crown, on_l1(net, rich, crown)
        if kind == "of a third chain":
            third = self._start("era-eth", 300, min(self.minor, 31))
            token = on_l1(third, wallet_of(third), third.l2_tokens["CROWN"])
            rich.deposit(token, RICH).wait(timeout=60)
            asset = ntv_asset_id(third.chain_id, third.l2_tokens["CROWN"])
            return net, asked(net.l2_url, L2_NATIVE_TOKEN_VAULT_ADDRESS, NATIVE_TOKEN_VAULT.token_address, asset), token
        if kind == "by contract":
            made = send(net.l2_url, net.accounts[0], None, artifact("Withdrawer"), gas_limit=4_000_000)
            self.contract = Address(made["contractAddress"])
        return net, ETH, ETH


def on_l1(net: Devnet, rich: Any, token: Address) -> Address:
    """A token of this L2, of which some went to L1: where it is there."""
    withdrawal = rich.withdraw(token, 2 * RICH)
    withdrawal.wait("ready", timeout=60)
    withdrawal.finalize().wait(timeout=60)
    vault = net.profile.native_token_vault
    assert vault is not None
    return Address(asked(net.l1_url, vault, NATIVE_TOKEN_VAULT.token_address, ntv_asset_id(net.chain_id, token)))


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[Version], World]]:
    made: dict[Version, World] = {}

    def world(version: Version) -> World:
        if version not in made:
            made[version] = World(version)
        return made[version]

    yield world
    for one in made.values():
        one.open.close()


@contextmanager
def wallet_by(cell: Cell, net: Devnet) -> Iterator[Any]:
    """The cell's wallet, whose signer has ether on L1 and base token on L2."""
    with signer_of(cell.signer, net) as signer, asyncio.Runner() as runner:
        net.l1.rpc("anvil_setBalance", str(signer.address), hex(10**19))
        nodes: dict[str, Any] = {"chain": net.profile, "l1": net.l1_url, "l2": net.l2_url}
        if cell.wallet == "sync":
            with Wallet(signer, **nodes) as wallet:
                yield wallet
            return
        awaited = AsyncWallet(signer, **nodes)
        yield Awaited(awaited, runner.get_loop())
        closed = awaited.aclose()
        assert isawaitable(closed)
        runner.get_loop().run_until_complete(closed)


def seen(cell: Cell, world: World) -> None:
    """What the cell says is what happens."""
    net, token, at_l1 = world.of(cell.kind)
    to, snapshot = net.accounts[7].address, net.snapshot()
    try:
        with wallet_by(cell, net) as wallet:
            rich = wallet_of(net)
            if cell.kind in ("ERC-20 of L1", "of L2", "of a third chain") and wallet.address != rich.address:
                on_l2 = rich.l2_token_address(token) if cell.kind == "ERC-20 of L1" else token
                rich.transfer(wallet.address, 10 * AMOUNT, token=on_l2).wait(timeout=60)
            made = [ordered(cell, world, net, wallet, token, to)]
            if cell.version == "upgrade":
                net.upgrade_ecosystem()
                net.upgrade_chain()
                made.append(ordered(cell, world, net, wallet, token, to))
            for (tx_hash, account), route in zip(made, cell.routes, strict=True):
                finished(net, wallet, tx_hash, account, route, at_l1, to)
    finally:
        net.revert(snapshot)
        net.protocol_version = world.minor


def ordered(cell: Cell, world: World, net: Devnet, wallet: Any, token: Address, to: Address) -> tuple[Any, Address]:
    """Sent on L2: its hash there, and whose withdrawal it is."""
    if cell.kind == "message only":
        message = Function("sendToL1(bytes message) returns (bytes32 hash)").encode(b"\x01 a bundle it is not")
        sent = wallet.execute(L1_MESSENGER_ADDRESS, message)
        sent.wait(timeout=60)
        return sent.tx_hash, wallet.address
    if cell.kind != "by contract":
        plan = wallet.prepare_withdraw(token, AMOUNT, to=to)
        needed = ["approve"] if cell.kind == "of L2" else []  # what is not native to L2 is burned there
        assert [step.kind for step in plan.steps] == [*needed, "withdraw"]
        withdrawal = wallet.submit(plan)
        assert withdrawal.wait("ready", timeout=60).phase == "READY"
        return withdrawal.l2_tx_hash, wallet.address
    contract, last = world.contract, wallet.prepare_withdraw(token, AMOUNT, to=to).steps[-1].transaction
    assert contract is not None
    data = CALL_ALL.encode([last.to], [last.value], [last.data])
    sent = wallet.execute(contract, data, value=last.value)
    sent.wait(timeout=60)
    return sent.tx_hash, contract


def finished(
    net: Devnet, wallet: Any, tx_hash: Any, account: Address, route: Route, token: Address, to: Address
) -> None:
    """Found, paid out once, and known as paid out; or refused, with nothing sent."""
    if route == "no withdrawal":
        before = len(sends(net))
        assert wallet.verify_message(wallet.get_message_proof(tx_hash))
        assert wallet.find_withdrawals(from_block=0) == []
        for ask in (wallet.finalize_withdrawal, wallet.is_withdrawal_finalized, wallet.prepare_finalize_withdrawal):
            with pytest.raises(InputError, match="makes 0 withdrawals"):
                ask(tx_hash)
        assert len(sends(net)) == before
        return
    params = wallet.get_finalize_withdrawal_params(tx_hash)
    assert (params.bundle_hash is not None, params.l2_sender == INTEROP_CENTER_ADDRESS) == (route == "bundle",) * 2
    assert tx_hash in [one.l2_tx_hash for one in wallet.find_withdrawals(account, from_block=0)]
    held = wallet.get_l1_balance(token, address=to)
    assert wallet.finalize_withdrawal(tx_hash).wait(timeout=60).status == 1
    assert wallet.get_l1_balance(token, address=to) - held == AMOUNT
    assert wallet.is_withdrawal_finalized(tx_hash)
    assert wallet.finalize_withdrawal(tx_hash).l1_tx_hash is None
    assert tx_hash not in [one.l2_tx_hash for one in wallet.find_withdrawals(account, from_block=0)]


@pytest.mark.parametrize("cell", DIAGONAL, ids=str)
def test_the_diagonal(cell: Cell, worlds: Callable[[Version], World]) -> None:
    seen(cell, worlds(cell.version))


def test_the_diagonal_has_each_of_them() -> None:
    for name, all_of_it in (("kind", KINDS), ("version", ROUTES), ("wallet", WALLETS), ("signer", SIGNING)):
        assert {getattr(cell, name) for cell in DIAGONAL} == set(all_of_it)


@pytest.mark.soak
@pytest.mark.parametrize("cell", TABLE, ids=str)
def test_the_table(cell: Cell, worlds: Callable[[Version], World]) -> None:
    seen(cell, worlds(cell.version))
