"""How often the nodes are asked: the budgets of the design, over the devnet, with a profile that pins only the bridgehub.

A wave is what is asked at once, of one node or of both: an HTTP request to each where batches are allowed. Waves and calls
include the send and `eth_chainId`, and exclude waiting. What a session has learned it does not ask again ("warm").
"""

from collections.abc import Callable
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

PRESETS = pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)


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
