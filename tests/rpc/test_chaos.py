"""Replies to sends are dropped at random: no transaction is lost, and none is sent twice."""

from collections.abc import Callable

import pytest

from tests.rpc.chaos import Chaos, Ledger, disturb, run_async, run_sync
from zkcore.testing.devnet import Devnet


@pytest.mark.parametrize("run", [run_sync, run_async], ids=["sync", "async"])
@pytest.mark.parametrize("devnet", ["era-eth", "zksync-os-eth"])
def test_no_transaction_is_lost_or_sent_twice(
    run: Callable[..., Ledger], devnet: str, make_devnet: Callable[..., Devnet]
) -> None:
    net = make_devnet(devnet, l2_balance=10**18)
    sender, receiver = net.accounts[0], net.accounts[1].address
    chaos = Chaos(net, sender.address, receiver)
    lost = disturb(net)
    ledger = run(net, sender.private_key, receiver, [10**15 + i for i in range(4)])
    net.faults.clear()
    chaos.check(ledger)
    chaos.check_sends()
    assert lost() >= 2
