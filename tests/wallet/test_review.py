"""What a review as an attacker found, each as a test by its name."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.test_plans import FACTS, PLAN, request
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH, TxOptions, ether
from zkcore.errors import InputError, InvalidProof, Reverted, RpcError
from zkcore.plans.facts import PlanFacts, PlanStep
from zkcore.plans.preview import preview
from zkcore.protocol.assets import SecondBridgeDeposit, TransferData
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.contracts import BRIDGEHUB, SLOT_BASE_TOKEN_MULTIPLIER
from zkcore.protocol.pinned import known_profile
from zkcore.testing.devnet import Devnet, Lie
from zkcore.types import Address

THIEF = Address(b"\xee" * 20)
PINNED: Any = known_profile(1, 324)
HONEST = {
    name: getattr(PINNED, name) for name in ("bridgehub", "diamond", "asset_router", "nullifier", "native_token_vault")
}


def request_to(facts: PlanFacts) -> PlanStep:
    """A plan's only step."""
    data = request(bridge=facts.asset_router)
    return replace(
        PLAN.steps[-1], transaction=replace(PLAN.steps[-1].transaction, to=facts.bridgehub, data=data), after=()
    )


# ---------------------------------------------------------------- previews
@pytest.mark.parametrize("what", HONEST)
@pytest.mark.parametrize("given", [None, PINNED])
def test_a_plan_does_not_name_the_contracts_of_a_known_chain(what: str, given: ChainProfile | None) -> None:
    """Else a spender of the attacker's is shown as the asset router of the pinned profile, on the machine that signs."""
    facts = replace(FACTS, **(HONEST | {what: THIEF}))
    tampered = replace(PLAN, facts=facts, steps=(request_to(facts),))
    with pytest.raises(InputError, match=f"the plan's {what} is {THIEF}, the profile's {HONEST[what]}"):
        tampered.preview(given)


def test_names_that_no_profile_vouches_for_are_said_to_be_claimed() -> None:
    unknown = ChainProfile(l1_chain_id=9, l2_chain_id=FACTS.l2_chain_id, bridgehub=FACTS.bridgehub)
    transactions = [replace(step.transaction, chain_id=9) for step in PLAN.steps]
    steps = tuple(replace(step, transaction=tx) for step, tx in zip(PLAN.steps, transactions, strict=True))
    plan = replace(PLAN, facts=replace(FACTS, l1_chain_id=9), steps=steps)
    assert "no profile vouches" in str(plan.preview())
    assert "no profile vouches" not in str(plan.preview(unknown))


def test_a_note_of_a_plan_makes_no_lines_of_its_own() -> None:
    facts = replace(FACTS, **HONEST, notes=("well\n    to   0xGOOD (bridgehub)\x1b[2K\u202e",))
    shown = str(replace(PLAN, facts=facts, steps=(request_to(facts),)).preview())
    assert r"well\n    to   0xGOOD (bridgehub)\x1b[2K\u202e" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


# ---------------------------------------------------------------- requests
@ERA
def test_a_wait_follows_what_was_sped_up_meanwhile(net: Devnet, open_wallet: Any) -> None:
    """Else the waiter says that a stranger's transaction took the nonce, and the journal forgets the deposit."""
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit, first = wallet.deposit(ETH, AMOUNT), []

    def stuck(_: Any) -> None:
        if not first:
            first.append(deposit.l1_tx_hash)
            quick = wallet_of(net).resume(deposit.to_json())
            quick.speed_up()
            getattr(deposit, "inner", deposit)._record = quick._record
            net.l1.mining = True
            net.mine()

    assert deposit.wait(timeout=30, poll=0.1, on_progress=stuck).status == 1
    assert deposit.l1_tx_hash != first[0]


@ERA
def test_a_gas_limit_that_is_fixed_is_tried_before_it_is_signed(net: Devnet, open_wallet: Any) -> None:
    """Else what reverts is sent all the same: a withdrawal that is finalized, a limit that is not enough."""
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT, l2=TxOptions(gas_limit=500_000))
    withdrawal.wait("ready", timeout=30)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash, l1=TxOptions(gas_limit=900_000))
    assert plan.steps[0].transaction.gas_limit == 900_000
    wallet.submit(plan).wait(timeout=30)
    sent = count(net)
    again = wallet.finalize_withdrawal(withdrawal.l2_tx_hash, l1=TxOptions(gas_limit=900_000))
    assert again.l1_tx_hash is None
    with pytest.raises((RpcError, Reverted)):
        wallet.deposit(ETH, AMOUNT, l1=TxOptions(gas_limit=60_000))
    with pytest.raises((RpcError, Reverted)):
        wallet.deposit(net.tokens["DAI"], AMOUNT, l1=TxOptions(gas_limit=60_000))  # two steps: simulated
    assert count(net) == sent


@ERA
def test_a_replacement_is_priced_by_the_rules_of_now(net: Devnet, open_wallet: Any) -> None:
    """The chain's price has doubled since: with the old mint value and the rise of the gas price it would revert."""
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    twice = f"0x{1:032x}{2:032x}"  # denominator | nominator
    net.l1.rpc("anvil_setStorageAt", str(net.profile.diamond), f"0x{SLOT_BASE_TOKEN_MULTIPLIER:064x}", twice)
    deposit.speed_up()
    net.l1.mining = True
    net.mine()
    assert deposit.wait(timeout=30).status == 1


@ERA
def test_an_l2_node_does_not_hide_a_withdrawal_behind_another_that_is_finalized(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    paid, waiting = (wallet.withdraw(ETH, amount) for amount in (5, 6))
    for one in (paid, waiting):
        one.wait("ready", timeout=30)
    wallet.finalize_withdrawal(paid.l2_tx_hash).wait(timeout=30)
    there = wallet.get_finalize_withdrawal_params(paid.l2_tx_hash)
    place = {"id": there.l2_message_index, "batch_number": there.l2_batch_number, "batchNumber": there.l2_batch_number}
    elsewhere = Lie(lambda found: found | place)
    with net.faults.add(elsewhere, node="l2", method="zks_getL2ToL1LogProof"):
        for ask in (
            lambda: wallet.is_withdrawal_finalized(waiting.l2_tx_hash),
            lambda: wallet.find_withdrawals(from_block=0),
        ):
            with pytest.raises(InvalidProof):
                ask()
    assert not wallet.is_withdrawal_finalized(waiting.l2_tx_hash)
    assert [one.l2_tx_hash for one in wallet.find_withdrawals(from_block=0)] == [waiting.l2_tx_hash]


@pytest.mark.parametrize("chain", [324, 325])
def test_the_chain_that_a_request_goes_to_is_named(chain: int) -> None:
    """Any chain of the bridgehub can stand in the calldata: one that is not the profile's is shown without its name."""
    deposit = SecondBridgeDeposit(asset_id=None, transfer=TransferData(5, THIEF, THIEF)).encode()
    request = (chain, 10, 0, 5, 800, THIEF, THIEF, 0, deposit)
    data = BRIDGEHUB.request_l2_transaction_two_bridges.encode(request)
    transaction = replace(PLAN.steps[-1].transaction, to=PINNED.bridgehub, data=data)
    shown = {field.label: field.value for field in preview(transaction, PINNED).fields}
    assert shown["chainId"] == {324: "chain 324 (L2 of era)", 325: "chain 325"}[chain]
    assert shown["secondBridgeAddress"] == str(THIEF)  # it is not the router: what its calldata means is its own to say
    assert shown["secondBridgeCalldata"].startswith(f"{len(deposit)} bytes: 0x")


@ERA
def test_a_handle_that_was_edited_makes_no_other_request(net: Devnet, open_wallet: Any) -> None:
    """A replacement is signed without a preview: it may only say what the account has signed before."""
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT)
    edited = deposit.to_json().replace(str(wallet.address)[2:].lower(), THIEF.hex())
    assert edited != deposit.to_json()
    sent = len(sends(net))
    for replaced in (wallet.resume(edited).speed_up, wallet.resume(edited).cancel):
        with pytest.raises(InputError, match="has signed can be replaced"):
            replaced()
    assert len(sends(net)) == sent
    wallet.resume(deposit.to_json()).speed_up()


@ERA
def test_one_block_of_high_tips_is_not_what_is_paid(net: Devnet, open_wallet: Any) -> None:
    tips = [["0x1"], ["0x2"], ["0x3"], [hex(500 * 10**9)]]
    with net.faults.add(Lie(lambda found: found | {"reward": tips}), node="l1", method="eth_feeHistory"):
        assert open_wallet(net).quote_deposit(ETH, AMOUNT).max_priority_fee_per_gas == 2  # the lower median
