"""What went wrong in the other libraries, each as a test of that name. The numbers are those of the comparison of peers."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, count, impatient, readable, sends, wallet_of
from zkcore import ETH, Wallet, ether
from zkcore.errors import (
    DepositFailed,
    InputError,
    InsufficientBalance,
    InsufficientBaseCost,
    InvalidProof,
    MalformedReply,
    NodeError,
    NotReady,
    Reverted,
)
from zkcore.flows.l1 import TxOptions
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.contracts import BRIDGEHUB, L2_BASE_TOKEN_ADDRESS
from zkcore.protocol.fees import FeePolicy
from zkcore.testing.devnet import WRONG_PROOF, Devnet, Drop, Failure, Lie, Status
from zkcore.types import Address

STRANGER = Address("0x00000000000000000000000000000000DeaDBeef")


def direct_request(plan: Any) -> Any:
    return BRIDGEHUB.request_l2_transaction_direct.decode_arguments(plan.steps[-1].transaction.data)[0]


def test_1_wait_resolves_although_the_deposit_failed(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    for token, claimable in [(net.profile.base_token or ETH, False), (net.tokens["DAI"], True)]:
        net.fail_next_deposit()
        deposit = wallet.deposit(token, AMOUNT)
        with pytest.raises(DepositFailed) as failed:
            deposit.wait("l2", timeout=30)
        assert failed.value.receipt.status == 0  # the L2 receipt, and what can be claimed
        assert failed.value.receipt.transaction_hash == deposit.l2_tx_hash
        assert failed.value.claimable == claimable
        assert deposit.status().phase == "L2_FAILED"


@ERA
def test_2_the_l2_hash_is_taken_from_any_contracts_log(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    honest = wallet.deposit(ETH, AMOUNT)
    honest.status()

    def with_a_strangers_log(receipt: Any) -> Any:
        request = max(receipt["logs"], key=lambda log: len(log["data"]))
        forged = request | {"address": str(STRANGER), "data": request["data"][:66] + "5a" * 32 + request["data"][130:]}
        return receipt | {"logs": [forged, *receipt["logs"]]}

    with net.faults.add(Lie(with_a_strangers_log), node="l1", method="eth_getTransactionReceipt"):
        fresh = open_wallet(net).resume(honest.to_json())
        assert fresh.status().l2_tx_hash == honest.l2_tx_hash

    def only_a_strangers_log(receipt: Any) -> Any:
        return receipt | {"logs": [log | {"address": str(STRANGER)} for log in receipt["logs"]]}

    with (
        net.faults.add(Lie(only_a_strangers_log), node="l1", method="eth_getTransactionReceipt"),
        pytest.raises(MalformedReply, match=f"no request to {net.profile.diamond}"),
    ):
        honest.status()


def test_3_the_l2_sender_of_a_withdrawal_is_assumed(net: Devnet, open_wallet: Any) -> None:
    """The base token's messages come from 0x800A, a token's from the asset router: the topic says which."""
    wallet, base = open_wallet(net), net.profile.base_token or ETH
    wallet.deposit(base, ether("2")).wait(timeout=30)
    hashes = [wallet.withdraw(token, AMOUNT).l2_tx_hash for token in (base, net.l2_tokens["CROWN"])]
    senders = []
    for tx_hash in hashes:
        wallet.resume(
            f'{{"finalization":null,"index":0,"kind":"withdrawal","l1_chain_id":{net.profile.l1_chain_id},"l2_chain_id":{net.chain_id},"l2_tx_hash":"{tx_hash}","zkcore_handle":1}}'
        ).wait("ready", timeout=30)
        senders.append(wallet.get_finalize_withdrawal_params(tx_hash).l2_sender)
    assert senders == [L2_BASE_TOKEN_ADDRESS, Address("0x0000000000000000000000000000000000010003")]
    for outcome in wallet.finalize_withdrawals([(tx_hash, 0) for tx_hash in hashes]):
        assert outcome.wait(timeout=30).status == 1


@ERA
def test_4_one_bad_withdrawal_blocks_the_rest_or_is_sent_all_the_same(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    good = [wallet.withdraw(ETH, AMOUNT + n).l2_tx_hash for n in range(2)]
    for tx_hash in good:
        wallet.get_finalize_withdrawal_params(tx_hash)
    before = len(sends(net))
    unknown = "0x" + "11" * 32
    outcomes = wallet.finalize_withdrawals([(good[0], 0), (unknown, 0), (good[0], 7), (good[1], 0)])
    assert isinstance(outcomes[1], NotReady)
    assert isinstance(outcomes[2], InputError)
    assert "makes 1 withdrawals" in str(outcomes[2])
    assert [outcomes[place].wait(timeout=30).status for place in (0, 3)] == [1, 1]
    assert len(sends(net)) == before + 2  # what cannot be finalized is not sent
    net.faults.add(WRONG_PROOF, node="l2", method="zks_getL2ToL1LogProof")
    late = wallet.withdraw(ETH, 5).l2_tx_hash
    with pytest.raises(InvalidProof):
        wallet.finalize_withdrawal(late)


@ERA
def test_5_the_users_gas_price_is_replaced(net: Devnet, open_wallet: Any) -> None:
    wallet, gwei = open_wallet(net), 10**9
    asked = TxOptions(nonce=3, gas_limit=700_001, max_fee_per_gas=7 * gwei, max_priority_fee_per_gas=gwei + 1)
    plan = wallet.prepare_deposit(ETH, AMOUNT, l1=asked, l2_gas_limit=765_432, operator_tip=99)
    transaction = plan.steps[0].transaction
    for name in asked.__struct_fields__:
        assert getattr(transaction, name) == getattr(asked, name)
    request = direct_request(plan)
    assert (request[5], request[6]) == (765_432, 800)
    quote = wallet.quote_deposit(ETH, AMOUNT, l1=asked, l2_gas_limit=765_432, operator_tip=99)
    assert quote.mint_value == quote.base_cost + AMOUNT + 99 == request[1]
    with pytest.raises(InputError, match="max_priority_fee_per_gas"):
        wallet.deposit(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=2 * gwei, max_priority_fee_per_gas=3 * gwei))


@ERA
def test_6_a_zero_balance_gets_a_normal_quote(net: Devnet, open_wallet: Any) -> None:
    poor = open_wallet(net, STRANGER)
    for quote in (poor.quote_deposit(ETH, AMOUNT), poor.quote_withdraw(ETH, AMOUNT)):
        assert quote.max_total == quote.missing[0].needed > AMOUNT
    for order in (poor.prepare_deposit, poor.prepare_withdraw):
        with pytest.raises(InsufficientBalance) as empty:
            order(ETH, AMOUNT)
        assert empty.value.balance == 0
        assert empty.value.missing == empty.value.needed > 0


def test_7_preparing_sends_approvals(net: Devnet) -> None:
    signer = CountingSigner(net)
    wallet = wallet_of(net, signer, **readable(net, Wallet))  # transports that refuse to send
    plan = wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    assert plan.steps[0].kind == "approve"
    assert not signer.signed
    assert count(net) == 0


@ERA
@pytest.mark.parametrize(
    "fault", [Status(500), Drop(), Failure(-32603, "internal error"), Failure(-32000, "header not found")], ids=repr
)
def test_8_a_network_hiccup_is_read_as_an_answer(net: Devnet, fault: Any) -> None:
    """Whatever L1 is asked before money moves: a fault of the network is an error, and no other route is taken."""
    signer = CountingSigner(net)
    history = () if isinstance(fault, Failure) else ("eth_feeHistory",)  # a node that has none is asked for its prices
    for method in ("eth_call", "eth_getStorageAt", "eth_getCode", *history):
        wallet = wallet_of(net, signer, l1=impatient(net.l1_url), l2=impatient(net.l2_url))
        with net.faults.add(fault, node="l1", method=method), pytest.raises(NodeError) as told:
            wallet.deposit(net.tokens["DAI"], AMOUNT)
        assert not isinstance(told.value, Reverted)
    with net.faults.add(fault, node="l2", method="eth_call"), pytest.raises(NodeError):
        wallet_of(net, signer, l2=impatient(net.l2_url)).deposit(net.tokens["DAI"], AMOUNT)
    assert not signer.signed


def test_9_the_refund_recipient_is_left_as_zero(net: Devnet, open_wallet: Any) -> None:
    wallet, other = open_wallet(net), net.accounts[5].address
    base = net.profile.base_token or ETH
    for asked, expected in [(None, wallet.address), (other, other)]:
        plan = wallet.prepare_deposit(base, AMOUNT, to=STRANGER, refund_recipient=asked)
        assert direct_request(plan)[-1] == expected  # in the bytes, and shown
        assert plan.preview()["refundRecipient"] == expected
        quote = wallet.quote_deposit(base, AMOUNT, to=STRANGER, refund_recipient=asked)
        assert quote.refund_recipient == quote.refund_lands_at == expected
    if base == ETH:
        contract = net.tokens["DAI"]  # has code on L1: on L2 the refund lands at its alias, and the quote says so
        quote = wallet.quote_deposit(base, AMOUNT, refund_recipient=contract)
        assert (quote.refund_recipient, quote.refund_lands_at) == (contract, apply_alias(contract))


@ERA
def test_10_gas_per_pubdata_is_dropped_and_the_l2_bridge_read_from_the_token(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    plan = wallet.prepare_request_execute(STRANGER, b"\x01", l2_gas_limit=1_000_000, gas_per_pubdata=800)
    assert direct_request(plan)[6] == 800
    with pytest.raises((InputError, Reverted), match=r"800|Pubdata"):  # kept, and then refused: never altered
        wallet.request_execute(STRANGER, b"\x01", l2_gas_limit=1_000_000, gas_per_pubdata=799)
    deposit = wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    arguments = BRIDGEHUB.request_l2_transaction_two_bridges.decode_arguments(deposit.steps[-1].transaction.data)[0]
    assert arguments[6] == net.profile.asset_router
    assert not sends(net)


def test_11_the_message_value_is_too_low(net: Devnet, open_wallet: Any) -> None:
    """One policy of fees, said in the quote; a typed error names base cost, value and the price at which it is not enough."""
    wallet, base = open_wallet(net), net.profile.base_token or ETH
    quote = wallet.quote_deposit(base, AMOUNT)
    assert quote.base_cost == wallet.get_base_cost(quote.l2_gas_limit, l1_gas_price=quote.max_fee_per_gas)
    assert quote.holds_up_to_gas_price >= quote.max_fee_per_gas  # what the transaction can pay at most
    until = quote.holds_up_to_gas_price
    assert wallet.get_base_cost(quote.l2_gas_limit, l1_gas_price=until) + AMOUNT <= quote.mint_value
    assert wallet.get_base_cost(quote.l2_gas_limit, l1_gas_price=until + 1) + AMOUNT > quote.mint_value
    wide = open_wallet(net, fees=FeePolicy(headroom_percent=300)).quote_deposit(base, AMOUNT)
    assert wide.base_fee_per_gas == quote.base_fee_per_gas
    assert wide.max_fee_per_gas == 4 * wide.base_fee_per_gas + wide.max_priority_fee_per_gas
    with pytest.raises(InsufficientBaseCost) as low:
        wallet.request_execute(STRANGER, l2_value=AMOUNT, mint_value=AMOUNT + 1)
    assert low.value.mint_value == AMOUNT + 1
    for part in (low.value.base_cost, low.value.l2_value, low.value.mint_value, low.value.gas_price):
        assert str(part) in str(low.value)


@pytest.mark.devnet(automatic_batches=False)
def test_12_log_proof_not_found_for_what_is_not_ready(devnet: Devnet) -> None:
    wallet = wallet_of(devnet)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)

    def not_ready() -> NotReady:
        with pytest.raises(NotReady) as early:
            wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
        assert withdrawal.status().phase == early.value.state
        assert early.value.reason
        return early.value

    assert not_ready().state == "BATCH_PENDING"
    batch = devnet.seal_batch()
    sealed = not_ready()
    assert sealed.state == "PROOF_PENDING"
    assert f"batch {batch.number}" in sealed.reason
    assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    devnet.execute_batch()
    assert withdrawal.status().phase == "READY"
    assert withdrawal.finalize().wait(timeout=30).status == 1  # type: ignore[union-attr]
    assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)


def test_13_a_token_is_named_in_many_ways(net: Devnet, open_wallet: Any) -> None:
    """0x0, 0x1 and 0x800A, in any case, are ether on a chain of ether, and 0x800A the base token elsewhere."""
    wallet, base = open_wallet(net), net.profile.base_token or ETH
    zero, one = "0x" + "00" * 20, "0x" + "00" * 19 + "01"
    names = [str(L2_BASE_TOKEN_ADDRESS), str(L2_BASE_TOKEN_ADDRESS).lower(), str(base), str(base).lower()]
    if base == ETH:
        names += [zero, one]
    quotes = {
        (quote.route, quote.token, quote.mint_value) for quote in (wallet.quote_deposit(name, 5) for name in names)
    }
    assert {token for _, token, _ in quotes} == {base}
    assert len({route for route, _, _ in quotes}) == 1
    ether_quotes = {wallet.quote_deposit(name, 5).route for name in (zero, one)}
    assert ether_quotes == {"eth-to-eth-chain" if base == ETH else "eth-to-erc20-chain"}
    dai = str(net.tokens["DAI"])
    assert wallet.quote_deposit(dai, 5).token == wallet.quote_deposit(dai.lower(), 5).token
    wallet.deposit(base, ether("1")).wait(timeout=30)
    balances = {wallet.get_balance(name) for name in [*names, None]}
    assert len(balances) == 1


@BASE_ERC20
def test_14_a_base_token_that_is_an_erc20_is_approved_and_never_asked_for_its_symbol(
    net: Devnet, open_wallet: Any
) -> None:
    wallet = open_wallet(net)
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    assert [step.kind for step in plan.steps] == ["approve", "deposit"]
    assert plan.steps[0].transaction.to == net.profile.base_token
    asked = [call for node in ("l1", "l2") for call in net.faults.requests(node).calls("eth_call")]  # type: ignore[arg-type]
    assert all(call[1][0]["to"].lower() != str(L2_BASE_TOKEN_ADDRESS).lower() for call in asked)
    exact = replace(plan, kind="transaction", steps=plan.steps[:1])
    assert "UNLIMITED" not in str(exact.preview())
