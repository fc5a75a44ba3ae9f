"""Each test over the devnet runs twice: with the wallet that blocks, and with the one that is awaited."""

import asyncio
from collections.abc import Callable, Iterator
from inspect import isawaitable
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet import tools
from zkcore import AsyncWallet, Wallet
from zkcore.testing.devnet import Devnet
from zkcore.wallet.handles import Handle

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def _nets() -> Iterator[dict[str, Devnet]]:
    """One devnet a preset for the whole run, started when first wanted."""
    nets: dict[str, Devnet] = {}
    yield nets
    for net in nets.values():
        net.__exit__()


@pytest.fixture(params=["era-eth", "era-erc20", "zksync-os-eth"])
def net(request: pytest.FixtureRequest, _nets: dict[str, Devnet]) -> Iterator[Devnet]:
    """A devnet of each preset; what a test did is undone after it. "era-eth@31": of another protocol version."""
    if request.param not in _nets:
        preset, _, version = request.param.partition("@")
        _nets[request.param] = Devnet(preset, protocol_version=int(version or 0) or None).__enter__()
    found = _nets[request.param]
    snapshot = found.snapshot()
    yield found
    found.faults.clear()
    found.revert(snapshot)
    for node in ("l1", "l2"):
        found.faults.requests(node).clear()


class Awaited:
    """An AsyncWallet (or a handle of it) as if it blocked, so that one test serves both."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.inner, self._loop = inner, loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            return self._wrapped(self._loop.run_until_complete(result) if isawaitable(result) else result)

        return call

    def _wrapped(self, result: Any) -> Any:
        if isinstance(result, list):
            return [self._wrapped(one) for one in result]
        return Awaited(result, self._loop) if isinstance(result, Handle) else result


@pytest.fixture(params=["sync", "async"])
def open_wallet(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Makes a wallet of an account of a devnet: `open_wallet(net, 0)`; an address makes it watch-only."""
    opened: list[Any] = []
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def make(net: Devnet, who: Any = 0, **options: Any) -> Any:
            signer = PrivateKeySigner(net.accounts[who].private_key) if isinstance(who, int) else who
            nodes = {"chain": net.profile, "l1": net.l1_url, "l2": net.l2_url} | options
            if request.param == "sync":
                wallet: Any = Wallet(signer, **nodes)
            else:
                wallet = Awaited(AsyncWallet(signer, **nodes), loop)
            opened.append(wallet)
            return wallet

        yield make
        for wallet in opened:
            wallet.close() if isinstance(wallet, Wallet) else wallet.aclose()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """What `wallet_of` opened is closed."""
    yield
    while tools.opened:
        tools.opened.pop().close()
