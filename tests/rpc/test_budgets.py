"""What operations ask of the two nodes, counted on the wire: calls, HTTP requests, waves; with batches and without."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from zkcore import ETH, Wallet
from zkcore.rpc import HttpTransport, Limits
from zkcore.testing.devnet import Devnet


class Counted:
    """A wallet without a past, and what an operation of it takes."""

    def __init__(self, net: Devnet, batch: int) -> None:
        limits = Limits(batch=batch)
        l1, l2 = HttpTransport(net.l1_url, limits=limits), HttpTransport(net.l2_url, limits=limits)
        self.net = net
        self.wallet = Wallet(PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=l1, l2=l2)
        self._waves: list[Sequence[Any]] = []
        self.wallet._driver = replace(self.wallet._driver, on_wave=self._waves.append)
        self.waves = self.calls = self.http = 0

    def of(self, act: Callable[[], Any]) -> Any:
        self._waves.clear()
        nodes = [self.net.faults.requests("l1"), self.net.faults.requests("l2")]
        for node in nodes:
            node.clear()
        value = act()
        self.waves = len(self._waves) + sum(len(node.sends) for node in nodes)
        self.calls = sum(len(node.calls()) for node in nodes)
        self.http = sum(len(node) for node in nodes)
        return value


@pytest.fixture(params=["era-eth", "zksync-os-eth"], scope="module")
def net(request: pytest.FixtureRequest) -> Iterator[Devnet]:
    with Devnet(request.param, l2_balance=10**18) as net:
        yield net


@pytest.mark.parametrize("batch", [100, 1], ids=["batches", "no batches"])
def test_budgets(net: Devnet, batch: int) -> None:
    counted = Counted(net, batch)
    wallet = counted.wallet

    def within(waves: int, calls: int) -> None:
        assert counted.waves <= waves
        assert counted.calls <= calls
        if batch == 1:
            assert counted.http == counted.calls
        else:
            assert counted.http <= 2 * counted.waves

    with wallet:
        deposit = counted.of(lambda: wallet.deposit(ETH, 10**12))
        within(4, 20)
        deposit.wait()
        again = counted.of(lambda: wallet.deposit(ETH, 10**12))
        within(3, 12)
        counted.of(again.status)
        within(2, 5)
        withdrawal = counted.of(lambda: wallet.withdraw(ETH, 10**9))
        withdrawal.wait("ready")
        counted.of(withdrawal.status)
        within(3, 12)
    fresh = Counted(net, batch)
    counted = fresh
    with fresh.wallet:
        fresh.of(lambda: fresh.wallet.finalize_withdrawal(withdrawal.l2_tx_hash))
        within(4, 18)


def test_batches_change_no_call(net: Devnet) -> None:
    asked = []
    for batch in (100, 7, 1):
        counted = Counted(net, batch)
        with counted.wallet:
            counted.of(lambda: counted.wallet.quote_deposit(ETH, 10**12))  # noqa: B023
        asked.append(sorted(str(call) for node in ("l1", "l2") for call in net.faults.requests(node).calls()))
    assert [method for method in asked[0] if "eth_send" in method] == []
    assert [len(calls) for calls in asked] == [len(asked[0])] * 3
