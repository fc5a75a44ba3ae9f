"""What nodes lack and leave out, and the words for it: the fallbacks one by one, and that what was given is not asked for."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, wallet_of
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import (
    InputError,
    MalformedReply,
    MethodNotFound,
    NoContract,
    NodeError,
    NodeUnreachable,
    NotReady,
    RpcError,
)
from zkcore.flows.l1 import TxOptions
from zkcore.flows.market import fee_market, next_nonce
from zkcore.rpc import HttpTransport, Limits
from zkcore.testing import play
from zkcore.testing.devnet import Devnet, Drop, Failure, Lacks, Lie, Narrow, Stale, Status, Timeout, null
from zkcore.types import Address

ME = Address("0x" + "5a" * 20)
LACKS = MethodNotFound(where="l1", code=-32601, message="the method does not exist")
HISTORY = {"oldestBlock": "0x5", "baseFeePerGas": ["0x7", "0x8"], "reward": [["0x2"]]}
HEADER = {"number": "0x9", "baseFeePerGas": "0x64", "hash": "0x" + "11" * 32}


# ---------------------------------------------------------------- fees and nonces
def market(fees: tuple[int | None, int | None], *script: Any) -> tuple[tuple[int, ...], int, list[int]]:
    found = play(fee_market("l1", fees), *script).value
    block = found.oldest_block + len(found.base_fee_per_gas) - 2
    return found.base_fee_per_gas[-1:], block, [tip for row in found.reward or () for tip in row or ()]


def test_fees_by_their_history() -> None:
    assert market((None, None), [HISTORY]) == ((8,), 5, [2])
    assert market((None, 3), [HISTORY | {"reward": None}]) == ((8,), 5, [])


@pytest.mark.parametrize(
    "lacking", [LACKS, RpcError(where="l1", code=-32000, message="unsupported"), {"oldestBlock": None}]
)
def test_fees_of_a_node_without_history(lacking: Any) -> None:
    assert market((None, None), [lacking], [HEADER, "0x3", "0x70"]) == ((100,), 9, [3])
    assert market((None, None), [lacking], [HEADER, LACKS, "0x70"]) == ((100,), 9, [12])
    assert market((None, None), [lacking], [HEADER, LACKS, "0x10"]) == ((100,), 9, [0])
    assert market((None, None), [lacking], [HEADER, LACKS, LACKS]) == ((100,), 9, [10**9])
    assert market((None, None), [lacking], [HEADER | {"baseFeePerGas": None}, LACKS, "0x70"]) == ((112,), 9, [0])
    with pytest.raises(MethodNotFound):
        market((None, None), [lacking], [HEADER | {"baseFeePerGas": None}, LACKS, LACKS])


def test_fees_that_are_given_need_a_header_only() -> None:
    assert market((50, 2), [HEADER]) == ((100,), 9, [])


def test_a_node_that_is_away_is_no_node_without_the_method() -> None:
    with pytest.raises(NodeError, match="gone"):
        play(fee_market("l1", (None, None)), [NodeError("gone")])


def test_nonces() -> None:
    assert play(next_nonce("l1", ME, 7)).value == 7
    assert play(next_nonce("l1", ME, None), ["0x5"]).value == 5
    for words in (
        "unsupported block tag: pending",
        "invalid params",
        "pending block is not available",
        "not implemented",
    ):
        refused = RpcError(where="l1", code=-32602, message=words)
        assert play(next_nonce("l1", ME, None), [refused], ["0x4"]).value == 4
    with pytest.raises(RpcError):  # a failure is no word about the tag
        play(next_nonce("l1", ME, None), [RpcError(where="l1", code=-32603, message="Internal error")])


@ERA
def test_what_was_given_is_not_asked_for(net: Devnet, open_wallet: Any) -> None:
    given = TxOptions(nonce=0, max_fee_per_gas=50 * 10**9, max_priority_fee_per_gas=10**9)
    for method in ("eth_feeHistory", "eth_maxPriorityFeePerGas", "eth_gasPrice"):
        net.faults.add(Lacks(), node="l1", method=method)
    net.faults.add(
        Failure(-32602, "no such tag", only=lambda asked: "pending" in asked),
        node="l1",
        method="eth_getTransactionCount",
    )
    plan = open_wallet(net).prepare_deposit(ETH, AMOUNT, l1=given)
    assert plan.steps[0].transaction.max_fee_per_gas == given.max_fee_per_gas
    asked = net.faults.requests("l1")
    assert not asked.calls("eth_feeHistory")
    assert not asked.calls("eth_getTransactionCount")


@ERA
def test_a_token_of_l2_is_withdrawn_with_gas_that_was_estimated(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    approve, withdraw = wallet.quote_withdraw(net.l2_tokens["CROWN"], AMOUNT).gas_limits
    assert approve < 100_000
    assert withdraw < 1_000_000
    assert wallet.withdraw(net.l2_tokens["CROWN"], AMOUNT).wait("l2", timeout=30).l2_receipt.status == 1


# ---------------------------------------------------------------- ranges
@ERA
@pytest.mark.parametrize(
    "by", [Timeout(), Drop(), Status(504), Status(413), Failure(-32005, "query returned too much")], ids=str
)
def test_ranges_are_narrowed_whatever_the_node_does(net: Devnet, by: Any) -> None:
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    made = [wallet.withdraw(ETH, AMOUNT + n).l2_tx_hash for n in range(3)]
    net.faults.add(Narrow(2, by), node="l2", method="eth_getLogs")
    quick = wallet_of(net, l2=HttpTransport(net.l2_url, limits=Limits(timeout=0.3, attempts=1)))
    found = quick.find_withdrawals(from_block=0)
    assert [one.l2_tx_hash for one in found] == made


@ERA
def test_a_dead_node_is_no_narrow_one(net: Devnet) -> None:
    wallet = wallet_of(net, l2=HttpTransport(net.l2_url, limits=Limits(attempts=1)))
    net.faults.add(Drop(), node="l2", method="eth_getLogs")
    with pytest.raises(NodeUnreachable):
        wallet.find_withdrawals(from_block=0, to_block=9_999_999)
    assert sum("eth_getLogs" in request.methods for request in net.faults.requests("l2")) <= 6


@ERA
def test_blocks_that_a_replica_has_not_are_not_empty(net: Devnet, open_wallet: Any) -> None:
    """A balancer asks one replica for the head and another, which lags, for the logs."""
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    block = withdrawal.wait("l2", timeout=30).l2_receipt.block_number
    for blocks, times in ((1, 3), (2, 2)):
        net.faults.add(Stale(blocks), node="l2", times=times)
        looked: list[int] = []
        found = wallet.find_withdrawals(from_block=0, to_block=block, on_progress=looked.append)
        assert [one.l2_tx_hash for one in found] == [withdrawal.l2_tx_hash]
        assert looked[-1] == block
    with pytest.raises(NotReady, match=f"is {block}, it has not {block + 7} yet") as behind:
        wallet.find_withdrawals(from_block=0, to_block=block + 7)
    assert behind.value.state == "BEHIND"


# ---------------------------------------------------------------- words
@ERA
def test_a_bridgehub_without_code(net: Devnet, open_wallet: Any) -> None:
    profile = replace(net.profile, bridgehub=Address("0x" + "12" * 20), name="other")
    wallet = open_wallet(net, chain=profile)
    with pytest.raises(NoContract, match=f"l1: nothing answers .* at {profile.bridgehub}"):
        wallet.quote_deposit(ETH, AMOUNT)


def test_a_batch_that_is_executed_without_a_proof(net: Devnet, open_wallet: Any) -> None:
    """On L1 it is: that the node gives no proof is the node's."""
    wallet = open_wallet(net)
    base = net.profile.base_token or ETH
    wallet.deposit(base, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(base, AMOUNT)
    withdrawal.wait("l2", timeout=30)
    net.faults.add(Lie(lambda _: None), node="l2", method="zks_getL2ToL1LogProof")
    status = withdrawal.status()
    era = net.profile.stack == "era"
    assert status.phase == ("PROOF_PENDING" if era else "BATCH_PENDING")
    assert ("is executed on L1, but the L2 node gives no proof" if era else "names no batch") in status.reason
    with pytest.raises(NotReady, match="gives no proof|names no batch"):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)


@ERA
def test_a_malformed_message_is_the_nodes_fault(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    tx_hash = wallet.withdraw(ETH, AMOUNT).l2_tx_hash

    def short(receipt: Any) -> Any:
        return receipt and receipt | {"logs": [log | {"data": log["data"][:66]} for log in receipt["logs"]]}

    with net.faults.add(Lie(short), node="l2", method="eth_getTransactionReceipt"), pytest.raises(MalformedReply):
        wallet.finalize_withdrawal(tx_hash)


@ERA
def test_a_receipt_without_a_block_is_waited_for(net: Devnet, open_wallet: Any) -> None:
    deposit = open_wallet(net).deposit(ETH, AMOUNT)
    with net.faults.add(null("blockHash", "blockNumber"), node="l1", method="eth_getTransactionReceipt"):
        assert deposit.status().phase == "L1_PENDING"
    assert deposit.wait(timeout=30).status == 1


# ---------------------------------------------------------------- what the caller wrote
@ERA
def test_what_does_not_fit_is_told_of_the_method_that_was_called(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    for name in ("deposit", "quote_deposit", "prepare_deposit"):
        with pytest.raises(TypeError, match=rf"^{name}\(\): too many positional arguments"):
            getattr(wallet, name)(ETH, AMOUNT, ME)
        with pytest.raises(TypeError, match=rf"^{name}\(\): missing a required argument: 'amount'"):
            getattr(wallet, name)(ETH)
        with pytest.raises(TypeError, match=rf"^{name}\(\): got an unexpected keyword argument 'recipient'"):
            getattr(wallet, name)(ETH, AMOUNT, recipient=ME)
    with pytest.raises(TypeError, match=r"^wait\(\): got an unexpected keyword argument 'forever'"):
        wallet.deposit(ETH, AMOUNT).wait(forever=True)


@ERA
def test_one_wallet_in_one_event_loop_after_another(net: Devnet) -> None:
    wallet = AsyncWallet(PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url)

    async def there() -> list[int]:
        try:
            deposits = await asyncio.gather(*[wallet.deposit(ETH, AMOUNT + n) for n in range(3)])
            return [(await deposit.wait(timeout=30)).status for deposit in deposits]
        finally:
            await wallet.aclose()

    for _ in range(3):
        assert asyncio.run(there()) == [1, 1, 1]


def test_urls_as_in_a_readme() -> None:
    for kind in (Wallet, AsyncWallet):
        with pytest.raises(InputError, match="url: expected"):
            kind(ME, chain="era", l1="https://...", l2="https://...")
