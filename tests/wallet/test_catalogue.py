"""Every way in which nodes were seen to misbehave, through every flow, by both wallets: nothing lost, nothing doubled."""

from typing import Any

import pytest

from tests.wallet.tools import AMOUNT, ERA, count
from zkcore import ETH, ether
from zkcore.errors import NodeError, NotReady, WaitTimeout
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits
from zkcore.testing.devnet import CATALOGUE, Devnet

# one of each kind is always run, the others take minutes: `nox -s soak`
ALWAYS = {"reset", "429", "500", "zks_getL2ToL1LogProof", "the block", "of three", "by 504", "a block"}
EXAMPLES = [
    pytest.param(kind, name, id=f"{kind}: {name}", marks=() if name in ALWAYS else pytest.mark.soak)
    for kind, examples in CATALOGUE.items()
    for name in examples
]
LASTING = {"it lacks a method", "it takes no large batches", "it takes no long ranges"}  # and not for a while only
LASTING_TOO = {
    "L2->L1 logs",
    "L2->L1 logs, null",
    "L2->L1 logs, empty",
    "the price",
    "the price, null",
    "the root",
    "the tips",
    "the details",
    "zeros",
}


def patient(act: Any) -> Any:
    """Until it is done: what is raised before that is named, and of a node."""
    for _ in range(8):
        try:
            return act()
        except (NodeError, NotReady) as error:
            told = error
    raise told


def test_one_of_each_kind_is_always_run() -> None:
    for kind, examples in CATALOGUE.items():
        assert len(ALWAYS & examples.keys()) == 1, kind


@ERA
@pytest.mark.parametrize(("kind", "name"), EXAMPLES)
def test_there_and_back(net: Devnet, open_wallet: Any, kind: str, name: str) -> None:
    one: Any = AsyncHttpTransport if hasattr(open_wallet(net), "inner") else HttpTransport
    limits = Limits(attempts=2, first_delay=0.005, longest_delay=0.05)
    wallet = open_wallet(net, l1=one(net.l1_url, limits=limits), l2=one(net.l2_url, limits=limits))
    fault, method = CATALOGUE[kind][name]
    lasting = kind in LASTING or name in LASTING_TOO
    net.mine(3)  # one that lags by a block has the contracts
    before = {chain: count(net, chain=chain) for chain in ("l1", "l2")}

    def misbehave() -> None:
        net.faults.clear()
        for node in ("l1", "l2"):
            net.faults.add(fault, node=node, method=method, times=None if lasting else 3)  # type: ignore[arg-type]

    dai, crown = net.tokens["DAI"], net.l2_tokens["CROWN"]
    misbehave()
    deposit = patient(lambda: wallet.deposit(ETH, ether("1")))
    misbehave()
    assert deposit.wait(timeout=20, poll=0.02).status == 1
    misbehave()
    assert patient(lambda: wallet.deposit(dai, AMOUNT)).wait(timeout=20, poll=0.02).status == 1
    misbehave()
    execution = patient(lambda: wallet.request_execute(net.accounts[1].address, l2_value=7))
    misbehave()
    assert execution.wait(timeout=20, poll=0.02).status == 1
    withdrawals = []
    for token in (ETH, crown):
        misbehave()
        withdrawals.append(patient(lambda token=token: wallet.withdraw(token, AMOUNT)))  # type: ignore[misc]
        misbehave()
        ran = withdrawals[-1].wait("l2", timeout=20, poll=0.02).l2_receipt
    misbehave()
    if name == "zks_getL2ToL1LogProof":
        with pytest.raises(WaitTimeout, match=name):
            withdrawals[0].wait(timeout=4, poll=0.02)  # long enough to be told why, on a busy machine
        net.faults.clear()  # without it, nothing can be finalized
        method = "no method"
    withdrawals[0].wait(timeout=20, poll=0.02)
    misbehave()
    finalization = patient(withdrawals[0].finalize)
    assert finalization.wait(timeout=20, poll=0.02).status == 1
    misbehave()
    # up to a block that is known: that a node has it not yet is no answer about it
    found = patient(lambda: wallet.find_withdrawals(from_block=0, to_block=ran.block_number))
    hashes = [one.l2_tx_hash for one in found]
    assert hashes[-1] == withdrawals[1].l2_tx_hash
    assert len(hashes) == 1 or kind == "it lags" or name == "the block"  # what is not seen to be finalized is listed
    misbehave()
    assert patient(lambda: wallet.get_balance(dai)) == AMOUNT
    net.faults.clear()
    # each once: two deposits with an approval, an execution and a finalization; two withdrawals with an approval
    assert {chain: count(net, chain=chain) - n for chain, n in before.items()} == {"l1": 5, "l2": 3}
    assert wallet.get_balance(address=net.accounts[1].address) == 7


@ERA
@pytest.mark.parametrize("name", sorted(CATALOGUE["it leaves something out"]))
def test_a_failed_deposit_is_claimed(net: Devnet, open_wallet: Any, name: str) -> None:
    """What is left out turns no claimable deposit into nothing to claim."""
    wallet, dai = open_wallet(net), net.tokens["DAI"]
    held = wallet.get_l1_balance(dai)
    net.fail_next_deposit()
    deposit = wallet.deposit(dai, AMOUNT)
    status = deposit.status()
    assert status.phase == "L2_FAILED"
    fault, method = CATALOGUE["it leaves something out"][name]
    for node in ("l1", "l2"):
        net.faults.add(fault, node=node, method=method, times=None if name in LASTING_TOO else 2)  # type: ignore[arg-type]
    claim = patient(lambda: wallet.claim_failed_deposit(status.l2_tx_hash))
    assert claim.wait(timeout=30, poll=0.02).status == 1
    assert wallet.get_l1_balance(dai) == held
