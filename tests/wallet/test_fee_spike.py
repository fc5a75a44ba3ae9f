"""The base fee jumps between planning and sending: what is too low by then is said with its numbers, and nothing is out."""

from typing import Any

import pytest

from tests.wallet.tools import AMOUNT, ERA, count
from zkcore import ETH, Journal, ether
from zkcore.errors import FeeTooLow, RpcError
from zkcore.methods.answers import answer, says_too_cheap
from zkcore.testing.devnet import Devnet, Failure
from zkcore.types import Hash32

# as `answers` has them, with where they are from
SAID = {
    "geth": "max fee per gas less than block base fee: address 0x01, maxFeePerGas: 5, baseFee: 7",
    "geth's pool": "transaction underpriced: gas tip cap 1, minimum needed 2",
    "erigon": "fee cap 5 is below the minimum",
    "nethermind": "FeeTooLow, MaxFeePerGas too low",
    "besu": "Gas price below current base fee",
    "parity": "Transaction gas price 5wei is too low: below configured minimum gas price",
    "era": "failed to validate the transaction. reason: max fee per gas less than block base fee",
}


@pytest.mark.parametrize("said", SAID.values(), ids=[*SAID])
def test_the_words_of_nodes(net: Devnet, open_wallet: Any, said: str, tmp_path: Any) -> None:
    assert says_too_cheap(RpcError(where="l1", code=-32000, message=said))
    with Journal(tmp_path / "journal") as journal:
        wallet = open_wallet(net, journal=journal)
        plan = wallet.prepare_l1_transfer(net.accounts[1].address, AMOUNT)
        net.faults.add(Failure(-32000, said), node="l1", method="eth_sendRawTransaction", times=1)
        net.l1.base_fee *= 3
        with pytest.raises(FeeTooLow, match="Nothing is out") as caught:
            wallet.submit(plan)
        offered: Any = plan.steps[0].transaction
        assert caught.value.max_fee_per_gas == offered.max_fee_per_gas
        assert caught.value.max_priority_fee_per_gas == offered.max_priority_fee_per_gas
        assert caught.value.base_fee == net.l1.base_fee
        for number in (offered.max_fee_per_gas, net.l1.base_fee):
            assert str(number) in str(caught.value)
        assert said in caught.value.message
        assert [entry.state for entry in journal.history()] == ["refused"]
        wallet.l1_transfer(net.accounts[1].address, AMOUNT).wait(timeout=30)
        assert count(net) == 1


@ERA
@pytest.mark.parametrize("how", ["prepared", "at once"])
def test_a_spike_on_l2(net: Devnet, open_wallet: Any, how: str) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    plan = wallet.prepare_withdraw(ETH, AMOUNT)
    net.l2.base_fee *= 20
    with pytest.raises(FeeTooLow, match="by now") as caught:
        wallet.submit(plan)
    assert caught.value.base_fee is not None
    assert caught.value.base_fee > caught.value.max_fee_per_gas
    net.l2.base_fee //= 20
    assert wallet.withdraw(ETH, AMOUNT).wait("l2", timeout=30)
    assert count(net, chain="l2") == 1


@ERA
def test_a_node_that_does_not_tell_its_base_fee(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    plan = wallet.prepare_l1_transfer(net.accounts[1].address, AMOUNT)
    net.faults.add(Failure(-32000, SAID["geth"]), node="l1", method="eth_sendRawTransaction", times=1)
    for method in ("eth_feeHistory", "eth_getBlockByNumber"):
        net.faults.add(Failure(-32000, "not now"), node="l1", method=method)
    with pytest.raises(FeeTooLow) as caught:
        wallet.submit(plan)
    assert caught.value.base_fee is None
    assert "the base fee is" not in str(caught.value)
    assert not count(net)


@pytest.mark.parametrize(
    "said",
    [
        "replacement transaction underpriced",
        "already known",
        "insufficient funds for gas * price + value",
        "nonce too low",
    ],
)
def test_other_words_are_not_about_the_fee(said: str) -> None:
    error = RpcError(where="l1", code=-32000, message=said)
    assert not says_too_cheap(error)
    assert answer(error, Hash32(bytes(32))) in {"occupied", "there", "refused", "unknown"}
