"""A wallet over several nodes a side: one that is dead, lags or lies holds nothing up."""

from typing import Any

import pytest

from tests.wallet.tools import AMOUNT, ERA, sends
from zkcore import ETH, ether
from zkcore.errors import InputError, NodesDisagree
from zkcore.rpc import AsyncFailover, AsyncHttpTransport, AsyncQuorum, Failover, HttpTransport, Limits, Quorum
from zkcore.testing.devnet import Devnet, Lie
from zkcore.testing.devnet.faults import NodeFaults
from zkcore.testing.devnet.server import Front

DEAD = "http://127.0.0.1:1"


@pytest.fixture
def mirrors(net: Devnet) -> Any:
    """A second front before each chain: the same chain, with faults of its own."""
    fronts = {name: Front(node.front.dispatch, NodeFaults()) for name, node in (("l1", net.l1), ("l2", net.l2))}
    yield fronts
    for front in fronts.values():
        front.close()


@ERA
def test_the_first_node_is_dead(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net, l1=[DEAD, net.l1_url], l2=[DEAD, net.l2_url])
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait(timeout=30)
    assert withdrawal.finalize().wait(timeout=30).status == 1
    assert len(sends(net)) == 3


@ERA
def test_the_first_node_lags(net: Devnet, open_wallet: Any, mirrors: Any) -> None:
    """It knows neither transactions nor receipts nor proofs yet: that is not believed."""
    nodes = {"l1": [net.l1_url, mirrors["l1"].url], "l2": [net.l2_url, mirrors["l2"].url]}
    wallet = open_wallet(net, **nodes)
    for node in ("l1", "l2"):
        for method in ("eth_getTransactionReceipt", "eth_getTransactionByHash", "zks_getL2ToL1LogProof"):
            net.faults.add(Lie(lambda _: None), node=node, method=method)  # type: ignore[arg-type]
        net.faults.add(Lie(lambda _: []), node=node, method="eth_getLogs")  # type: ignore[arg-type]
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait(timeout=30)
    (found,) = wallet.find_withdrawals(from_block=0)
    assert found.l2_tx_hash == withdrawal.l2_tx_hash
    assert withdrawal.finalize().wait(timeout=30).status == 1


@ERA
def test_two_must_say_the_same(net: Devnet, open_wallet: Any, mirrors: Any) -> None:
    asynchronous = hasattr(open_wallet(net), "inner")
    kind: Any = AsyncQuorum if asynchronous else Quorum
    wallet = open_wallet(
        net, l1=kind([net.l1_url, mirrors["l1"].url], agree=2), l2=kind([net.l2_url, mirrors["l2"].url], agree=2)
    )
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    wallet.deposit(net.tokens["DAI"], AMOUNT).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait(timeout=30)
    assert withdrawal.finalize().wait(timeout=30).status == 1
    before = len(sends(net))
    net.faults.add(Lie(lambda balance: hex(int(balance, 16) + 1)), node="l1", method="eth_getBalance")
    with pytest.raises(NodesDisagree, match="eth_getBalance: 2 nodes must say the same"):
        wallet.deposit(ETH, AMOUNT)
    assert len(sends(net)) == before


@ERA
def test_a_list_of_none(net: Devnet, open_wallet: Any) -> None:
    with pytest.raises(InputError, match="nodes: expected a list"):
        open_wallet(net, l1=[])


@ERA
def test_a_failover_of_ones_own(net: Devnet, open_wallet: Any) -> None:
    asynchronous = hasattr(open_wallet(net), "inner")
    one: Any = AsyncHttpTransport if asynchronous else HttpTransport
    several: Any = AsyncFailover if asynchronous else Failover
    node = several([one(DEAD, limits=Limits(attempts=1)), net.l1_url])
    assert open_wallet(net, l1=node).get_l1_balance() > 0
