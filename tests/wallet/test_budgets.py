"""How often the nodes are asked: the budgets of the design, over the devnet, with a profile that pins only the bridgehub.

A wave is what is asked at once, of one node or of both: an HTTP request to each where batches are allowed. Waves and calls
include the send and `eth_chainId`, and exclude waiting. What a session has learned it does not ask again ("warm").
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from msgspec import Struct

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, opened
from zkcore import ETH, Wallet, ether
from zkcore.protocol.chains import ChainProfile
from zkcore.rpc.http import HttpTransport
from zkcore.rpc.transport import Limits
from zkcore.testing import Counting
from zkcore.testing.devnet import Devnet

PRESETS = pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth", "era-eth@31", "zksync-os-eth@31"], indirect=True)


class Cost(Struct, frozen=True):
    """Waves, calls and HTTP requests, of both nodes together."""

    waves: int
    calls: int
    http_requests: int


class Meter:
    """A wallet whose nodes and driver count."""

    def __init__(self, net: Devnet, *, batch: int = 100) -> None:
        self.l1, self.l2 = (
            Counting(HttpTransport(url, limits=Limits(batch=batch))) for url in (net.l1_url, net.l2_url)
        )
        pinned = ChainProfile(
            l1_chain_id=net.profile.l1_chain_id, l2_chain_id=net.profile.l2_chain_id, bridgehub=net.profile.bridgehub
        )
        signer = PrivateKeySigner(net.accounts[0].private_key)
        self.wallet = Wallet(signer, chain=pinned, l1=self.l1, l2=self.l2)
        opened.append(self.wallet)
        self.waves, self._faults = 0, net.faults
        driver = self.wallet._driver
        self.wallet._driver = type(driver)(driver.l1, driver.l2, on_wave=self._wave)

    def _wave(self, calls: Any) -> None:
        self.waves += 1

    def _read(self) -> tuple[int, int, int]:
        nodes = (self.l1, self.l2)
        told = [
            request for node in ("l1", "l2") for request in self._faults.requests(node)
        ]  # equal calls are asked once
        calls = sum(len(request.calls) for request in told)
        return self.waves + sum(node.sends for node in nodes), calls, sum(node.http_requests for node in nodes)

    def cost(self, order: Callable[[], Any]) -> Cost:
        before = self._read()
        order()
        return Cost(*(after - since for after, since in zip(self._read(), before, strict=True)))


@PRESETS
def test_eth_deposit(net: Devnet) -> None:
    meter = Meter(net)
    first = meter.cost(lambda: meter.wallet.deposit(ETH, AMOUNT))
    warm = meter.cost(lambda: meter.wallet.deposit(ETH, AMOUNT))
    assert first.waves <= 4
    assert first.calls <= 20
    assert warm.waves <= 3
    assert warm.calls <= 12
    assert first.http_requests <= 7  # one to each node a wave, and the send
    assert warm.http_requests <= 4


@PRESETS
def test_erc20_deposit_with_allowance(net: Devnet) -> None:
    token = net.tokens["DAI"]
    Meter(net).wallet.approve(token, 10 * AMOUNT).wait(timeout=30)
    meter = Meter(net)
    first = meter.cost(lambda: meter.wallet.deposit(token, AMOUNT))
    assert first.waves <= 4
    assert first.calls <= 30


@PRESETS
def test_finalize_withdrawal(net: Devnet) -> None:
    rich = Meter(net).wallet
    rich.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = rich.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    meter = Meter(net)
    first = meter.cost(lambda: meter.wallet.finalize_withdrawal(withdrawal.l2_tx_hash))
    assert first.waves <= 4
    assert first.calls <= 18


@PRESETS
def test_status(net: Devnet) -> None:
    rich = Meter(net).wallet
    rich.deposit(ETH, ether("1")).wait(timeout=30)
    deposit, withdrawal = rich.deposit(ETH, AMOUNT), rich.withdraw(ETH, AMOUNT)
    meter = Meter(net)
    there = meter.cost(meter.wallet.resume(deposit.to_json()).status)
    assert there.waves <= 2
    assert there.calls <= 5
    back = meter.cost(meter.wallet.resume(withdrawal.to_json()).status)
    assert back.waves <= 3
    assert back.calls <= 12


VERSIONS = [*[f"era-eth@{minor}" for minor in (26, 28, 31)], "era-eth", "zksync-os-eth", "zksync-os-eth@31"]


@pytest.mark.parametrize("net", VERSIONS, indirect=True)
def test_status_of_what_is_paid_out(net: Devnet) -> None:
    """In the waves of one that is ready; where another had it paid out, who that was is looked for in three waves more."""
    rich = Meter(net).wallet
    rich.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = rich.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    before = withdrawal.to_json()
    done = withdrawal.finalize()
    done.wait(timeout=30)
    for whole, waves, calls in ((withdrawal.to_json(), 3, 12), (before, 6, 17)):
        meter = Meter(net)
        handle = meter.wallet.resume(whole)
        cost = meter.cost(handle.status)
        status = handle.status()
        assert (status.phase, status.finalization) == ("FINALIZED", done.l1_tx_hash)
        assert cost.waves <= waves
        assert cost.calls <= calls
    meter = Meter(net)
    cost = meter.cost(lambda: meter.wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash))
    assert cost.waves <= 3
    assert cost.calls <= 12
    meter = Meter(net)
    cost = meter.cost(lambda: meter.wallet.verify_message(meter.wallet.get_message_proof(withdrawal.l2_tx_hash)))
    assert cost.waves <= 3
    assert cost.calls <= 10


@PRESETS
def test_waves_are_the_same_without_batches_and_each_call_is_a_request(net: Devnet) -> None:
    meter = Meter(net, batch=1)
    first = meter.cost(lambda: meter.wallet.deposit(ETH, AMOUNT))
    warm = meter.cost(lambda: meter.wallet.deposit(ETH, AMOUNT))
    assert (first.waves, first.http_requests) == (4, first.calls)
    assert (warm.waves, warm.http_requests) == (3, warm.calls)
    assert first.calls <= 20
    assert warm.calls <= 12


@pytest.mark.parametrize("net", ["era-eth"], indirect=True)
def test_many_withdrawals_are_looked_up_in_the_waves_of_one(net: Devnet) -> None:
    rich = Meter(net).wallet
    rich.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawals = [(rich.withdraw(ETH, AMOUNT).l2_tx_hash, 0) for _ in range(4)]
    meter = Meter(net)
    cost = meter.cost(lambda: meter.wallet.finalize_withdrawals(withdrawals))
    assert cost.waves <= 3 + len(withdrawals)  # and a send each


@pytest.fixture(params=[("era-erc20", 30), ("era-erc20", 31), ("era-eth", 31), ("zksync-os-eth", 31)], ids=str)
def other(request: pytest.FixtureRequest) -> Iterator[Devnet]:
    """The presets whose base token is an ERC-20, and the version after the devnet's own."""
    preset, version = request.param
    with Devnet(preset, protocol_version=version) as found:
        rich = Meter(found).wallet
        if found.profile.base_token != ETH:
            rich.approve(found.profile.base_token, ether("1000")).wait(timeout=30)
        rich.approve(found.tokens["DAI"], 10**24).wait(timeout=30)
        rich.deposit(found.profile.base_token, ether("10")).wait(timeout=30)
        yield found


def test_every_route_of_either_base_token(other: Devnet) -> None:
    """The rows of an ETH deposit; those that take an ERC-20, the base token too, may ask for its balance and allowance."""
    base, dai = other.profile.base_token, other.tokens["DAI"]
    erc20_based = base != ETH
    routes: dict[str, Callable[[Wallet], Any]] = {
        "base token": lambda wallet: wallet.deposit(base, AMOUNT),
        "ether": lambda wallet: wallet.deposit(ETH, AMOUNT),
        "a call": lambda wallet: wallet.request_execute(other.accounts[1].address, l2_value=1),
        "another token": lambda wallet: wallet.deposit(dai, AMOUNT),
    }
    for name, order in routes.items():
        meter = Meter(other)
        first, warm = (meter.cost(partial(order, meter.wallet)) for _ in range(2))
        tokens = name == "another token"
        assert first.waves <= 4, name
        assert first.calls <= (30 if tokens or erc20_based else 20), name
        assert warm.waves <= 3, name
        assert warm.calls <= (16 if tokens else 12), name


def test_status_of_either_base_token(other: Devnet) -> None:
    rich = Meter(other).wallet
    deposit = rich.deposit(other.profile.base_token, AMOUNT)
    meter = Meter(other)
    there = meter.cost(meter.wallet.resume(deposit.to_json()).status)
    assert there.waves <= 2
    assert there.calls <= 5


@pytest.mark.parametrize("net", ["era-erc20", "era-erc20@31"], indirect=True)
def test_withdrawals_of_a_chain_with_an_erc20_base_token(net: Devnet) -> None:
    rich = Meter(net).wallet
    rich.approve(net.profile.base_token, ether("10")).wait(timeout=30)
    rich.deposit(net.profile.base_token, ether("1")).wait(timeout=30)
    withdrawal = rich.withdraw(net.profile.base_token, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    meter = Meter(net)
    back = meter.cost(meter.wallet.resume(withdrawal.to_json()).status)
    assert back.waves <= 3
    assert back.calls <= 12
    meter = Meter(net)
    first = meter.cost(lambda: meter.wallet.finalize_withdrawal(withdrawal.l2_tx_hash))
    assert first.waves <= 4
    assert first.calls <= 18
