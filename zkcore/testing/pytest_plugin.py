"""Fixtures with a devnet, for your own tests: `pytest_plugins = ["zkcore.testing.pytest_plugin"]` in your conftest.py.

def test_deposit(devnet): ...                       # a fresh era-eth devnet

@pytest.mark.devnet("zksync-os-eth", automatic_batches=False)
def test_withdrawal(devnet): ...                    # with the arguments of Devnet

def test_two(make_devnet):                          # as many as wanted
    first, second = make_devnet(), make_devnet("era-erc20")

def test_read(shared_devnet): ...                   # one era-eth devnet for the whole run, reverted after each test
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:  # loaded by the first test that wants one
    from zkcore.testing.devnet import Devnet

__all__ = ["MakeDevnet", "devnet", "make_devnet", "shared_devnet"]

MakeDevnet: TypeAlias = "Callable[..., Devnet]"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "devnet(preset, **options): the arguments of the Devnet that the `devnet` fixture starts"
    )


@pytest.fixture(autouse=True)
def _no_orders_in_flight() -> None:
    """A test does not go on with what another left in flight."""
    from zkcore.wallet.nonces import REGISTER

    REGISTER.forget()


@pytest.fixture
def make_devnet() -> Iterator[MakeDevnet]:
    """Starts a devnet with the given arguments of `Devnet`; all are stopped after the test."""
    from zkcore.testing.devnet import Devnet

    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(Devnet(*arguments, **options))


@pytest.fixture
def devnet(request: pytest.FixtureRequest, make_devnet: MakeDevnet) -> "Devnet":
    """A fresh devnet, as the `devnet` marker says or with Devnet's defaults."""
    marker = request.node.get_closest_marker("devnet")
    return make_devnet(*marker.args, **marker.kwargs) if marker else make_devnet()


@pytest.fixture(scope="session")
def _devnet_of_session() -> "Iterator[Devnet]":
    from zkcore.testing.devnet import Devnet

    with Devnet() as net:
        yield net


@pytest.fixture
def shared_devnet(_devnet_of_session: "Devnet") -> "Iterator[Devnet]":
    """One era-eth devnet for all tests: what a test did is undone after it, its faults and records too."""
    net = _devnet_of_session
    snapshot = net.snapshot()
    yield net
    net.faults.clear()
    net.revert(snapshot)
    net.faults.requests("l1").clear()
    net.faults.requests("l2").clear()
