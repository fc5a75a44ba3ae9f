"""Who lies, and that it ends before a signature and before a send: a signer that counts, and the record of the nodes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import (
    AddressMismatch,
    BadSignature,
    BaseCostMismatch,
    ChainIdMismatch,
    InputError,
    InvalidProof,
    L2GasLimitTooHigh,
    L2HashMismatch,
    MalformedReply,
    NothingToClaim,
    NotReady,
    PlanTampered,
    UntrustedBridgehub,
    WrongDevice,
    ZkCoreError,
)
from zkcore.ethereum.hashing import keccak256
from zkcore.plans.plan import Plan, SignedPlan, sign_plan
from zkcore.protocol.contracts import ERC20
from zkcore.testing.devnet import WRONG_BRIDGEHUB, WRONG_PROOF, Devnet, Lie
from zkcore.types import Address

THIEF = Address("0x00000000000000000000000000000000DeaDBeef")


class Watched:
    """A wallet whose signer counts, and a mark from which nothing may be signed or sent."""

    def __init__(self, net: Devnet, **options: Any) -> None:
        self.net, self.signer = net, CountingSigner(net)
        self.wallet = wallet_of(net, self.signer, **options)
        self.mark()

    def mark(self) -> None:
        self._before = (len(self.signer.signed), len(sends(self.net)))

    def untouched(self) -> bool:
        return (len(self.signer.signed), len(sends(self.net))) == self._before


@pytest.fixture
def watched(net: Devnet) -> Iterator[Watched]:
    watched = Watched(net)
    yield watched
    assert watched.untouched()


def lie(watched: Watched, node: Any, method: str, change: Callable[[Any], Any]) -> None:
    """From here on the node lies, and nothing may be signed or sent."""
    watched.mark()
    watched.net.faults.add(Lie(change), node=node, method=method)


# ---------------------------------------------------------------- a lying L2 node
def test_a_lying_l2_node_names_another_bridgehub(net: Devnet, watched: Watched) -> None:
    net.faults.add(WRONG_BRIDGEHUB, node="l2", method="zks_getBridgehubContract")
    net.faults.add(WRONG_BRIDGEHUB, node="l2", method="*ridgehub*")
    for order in (
        lambda wallet: wallet.deposit(ETH, AMOUNT),
        lambda wallet: wallet.request_execute(wallet.address, l2_value=1),
        lambda wallet: wallet.withdraw(ETH, AMOUNT),
        lambda wallet: wallet.quote_deposit(ETH, AMOUNT),
    ):
        with pytest.raises(UntrustedBridgehub) as untrusted:
            order(watched.wallet)
        assert str(net.profile.bridgehub) in str(untrusted.value)  # the error shows both
        assert str(Address(b"\x5a" * 20)) in str(untrusted.value)


@ERA
def test_a_bridgehub_that_the_caller_named_is_not_the_nodes_to_choose(net: Devnet, watched: Watched) -> None:
    net.faults.add(WRONG_BRIDGEHUB, node="l2", method="zks_getBridgehubContract")
    wallet = wallet_of(net, watched.signer, chain=net.chain_id, bridgehub=net.profile.bridgehub)
    with pytest.raises(UntrustedBridgehub, match=f"expected {net.profile.bridgehub}"):
        wallet.deposit(ETH, AMOUNT)
    with pytest.raises(UntrustedBridgehub, match="trust_l2=True"):
        wallet_of(net, watched.signer, chain=net.chain_id).deposit(ETH, AMOUNT)


@ERA
def test_a_known_chain_has_a_pinned_bridgehub_whatever_anyone_says(
    net: Devnet, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zkcore.protocol.pinned._all", lambda: (replace(net.profile, name="ours"),))  # as mainnet's
    for chain in ("ours", net.chain_id, net.profile, replace(net.profile, diamond=None, name="")):
        with pytest.raises(
            InputError, match=rf"{THIEF} is not the profile's: .* has {net.profile.bridgehub}.*unpinned"
        ):
            wallet_of(net, watched.signer, chain=chain, bridgehub=THIEF)
    for name in ("bridgehub", "diamond", "asset_router", "nullifier"):
        other = replace(net.profile, **{name: THIEF})
        with pytest.raises(InputError, match=f"{name} is {THIEF}, ours is pinned with .*unpinned=True"):
            wallet_of(net, watched.signer, chain=other)
        _ = wallet_of(net, watched.signer, chain=replace(other, unpinned=True))
    net.faults.add(WRONG_BRIDGEHUB, node="l2", method="zks_getBridgehubContract")
    with pytest.raises(UntrustedBridgehub, match=f"expected {net.profile.bridgehub}"):
        wallet_of(net, watched.signer, chain=net.chain_id, trust_l2=True).deposit(ETH, AMOUNT)


def test_a_lying_l2_node_names_another_base_token(net: Devnet, watched: Watched) -> None:
    before = watched.wallet.prepare_deposit(ETH, AMOUNT)
    lie(watched, "l2", "zks_getBaseTokenL1Address", lambda _: str(net.tokens["DAI"]))
    fresh = wallet_of(net, watched.signer)
    after = fresh.prepare_deposit(ETH, AMOUNT)
    assert fresh.get_base_token() == net.profile.base_token  # it is read on L1
    assert [s.transaction.to for s in after.steps] == [s.transaction.to for s in before.steps]
    assert after.facts.base_token == before.facts.base_token


@ERA
def test_a_lying_l2_node_changes_a_withdrawal_in_its_receipt(net: Devnet, watched: Watched) -> None:
    wallet = watched.wallet
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)

    def to_the_thief(receipt: Any) -> Any:
        return json.loads(json.dumps(receipt).replace(str(wallet.address)[2:].lower(), str(THIEF)[2:].lower()))

    lie(watched, "l2", "eth_getTransactionReceipt", to_the_thief)
    for order in (
        lambda: wallet.finalize_withdrawal(withdrawal.l2_tx_hash),
        lambda: wallet.quote_finalize_withdrawal(withdrawal.l2_tx_hash),
        withdrawal.status,
        withdrawal.finalize,
    ):
        with pytest.raises((InvalidProof, MalformedReply)):
            order()
    (outcome,) = wallet.finalize_withdrawals([(withdrawal.l2_tx_hash, 0)])
    assert isinstance(outcome, InvalidProof | MalformedReply)


@ERA
@pytest.mark.parametrize("claimed", ["success", "failure"])
def test_a_lying_l2_node_tells_another_outcome_of_a_deposit(net: Devnet, watched: Watched, claimed: str) -> None:
    wallet = watched.wallet
    if claimed == "success":
        net.fail_next_deposit()
    deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    deposit.status()

    def other(receipt: Any) -> Any:
        value = "0x" + ("1" if claimed == "success" else "0").zfill(64)
        logs = [
            log | ({"value": value} if log["key"] == str(deposit.l2_tx_hash) else {}) for log in receipt["l2ToL1Logs"]
        ]
        return receipt | {"status": "0x1" if claimed == "success" else "0x0", "l2ToL1Logs": logs}

    lie(watched, "l2", "eth_getTransactionReceipt", other)
    with pytest.raises(InvalidProof):  # what the node says of the outcome is not what L1 has the root of
        wallet.get_priority_op_confirmation(deposit.l2_tx_hash)
    with pytest.raises(InvalidProof if claimed == "failure" else NothingToClaim):
        wallet.claim_failed_deposit(deposit.l2_tx_hash)


@ERA
def test_a_lying_l2_node_gives_another_proof(net: Devnet, watched: Watched) -> None:
    wallet = watched.wallet
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    proof = wallet.get_message_proof(withdrawal.l2_tx_hash)
    assert wallet.verify_message(proof)
    assert not wallet.verify_message(replace(proof, message=proof.message + b"\x00"))
    assert not wallet.verify_message(replace(proof, l2_sender=THIEF))
    watched.mark()
    with net.faults.add(WRONG_PROOF, node="l2", method="zks_getL2ToL1LogProof"):
        for order in (lambda: wallet.finalize_withdrawal(withdrawal.l2_tx_hash), withdrawal.status):
            with pytest.raises(InvalidProof, match="does not lead to the root 0x[0-9a-f]{64} on L1"):
                order()
    other_batch = Lie(lambda found: found | {"batch_number": 1, "batchNumber": 1} if found else found)
    with net.faults.add(other_batch, node="l2", method="zks_getL2ToL1LogProof"), pytest.raises(ZkCoreError) as stopped:
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    assert isinstance(stopped.value, InvalidProof | NotReady)
    short = Lie(lambda found: found | {"proof": found["proof"][:2]})
    with net.faults.add(short, node="l2", method="zks_getL2ToL1LogProof"), pytest.raises(InvalidProof):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    index = Lie(lambda found: found | {"id": found["id"] + 1})
    with net.faults.add(index, node="l2", method="zks_getL2ToL1LogProof"), pytest.raises(InvalidProof):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)


@pytest.mark.parametrize("estimate", ["0xffffffffff", "0x" + "ff" * 32, "-0x1", "0x", None, "many", 1.5], ids=repr)
def test_a_lying_l2_node_estimates_what_cannot_be(net: Devnet, watched: Watched, estimate: Any) -> None:
    for method in ("zks_estimateGasL1ToL2", "eth_estimateGas"):
        net.faults.add(Lie(lambda _: estimate), node="l2", method=method)
    with pytest.raises((L2GasLimitTooHigh, MalformedReply)):
        watched.wallet.deposit(ETH, AMOUNT)


def test_a_lying_l2_node_estimates_too_little_and_the_chains_minimum_stands(net: Devnet, watched: Watched) -> None:
    for method in ("zks_estimateGasL1ToL2", "eth_estimateGas"):
        net.faults.add(Lie(lambda _: "0x1"), node="l2", method=method)
    quote = watched.wallet.quote_deposit(ETH, AMOUNT)
    assert quote.l2_gas_limit >= quote.minimal_l2_gas_limit > 1


@ERA
def test_a_lying_l2_node_estimates_much_and_it_is_in_the_preview_and_refunded_to_us(
    net: Devnet, watched: Watched
) -> None:
    honest = watched.wallet.quote_deposit(ETH, AMOUNT)
    lie(watched, "l2", "zks_estimateGasL1ToL2", lambda _: hex(20_000_000))
    plan, quote = watched.wallet.prepare_deposit(ETH, AMOUNT), watched.wallet.quote_deposit(ETH, AMOUNT)
    assert quote.l2_gas_limit > honest.l2_gas_limit
    assert str(quote.mint_value) in str(plan.preview())  # what it costs is what is shown
    assert quote.refund_recipient == watched.wallet.address
    assert any("estimate of 20000000" in note for note in plan.facts.notes)


# ---------------------------------------------------------------- a lying L1 node
@ERA
def test_an_l1_node_of_the_wrong_chain(net: Devnet, watched: Watched) -> None:
    net.faults.add(Lie(lambda _: "0x1"), node="l1", method="eth_chainId")
    with pytest.raises(ChainIdMismatch, match="the L1 node is on chain 1, expected chain 31337"):
        watched.wallet.deposit(ETH, AMOUNT)


@pytest.mark.parametrize("what", ["diamond", "asset_router", "base_token", "nullifier", "native_token_vault"])
@ERA
def test_a_profile_whose_pinned_address_is_not_what_l1_says(net: Devnet, watched: Watched, what: str) -> None:
    wallet = wallet_of(net, watched.signer, chain=replace(net.profile, **{what: THIEF}))
    # a deposit has nothing to do with the nullifier
    ask = wallet.get_bridge_addresses if what == "nullifier" else lambda: wallet.deposit(net.tokens["DAI"], AMOUNT)
    with pytest.raises(AddressMismatch) as mismatch:
        ask()
    assert (mismatch.value.what, mismatch.value.pinned) == (what, THIEF)
    assert mismatch.value.on_l1 == getattr(net.profile, what)
    assert str(THIEF) in str(mismatch.value)
    assert str(mismatch.value.on_l1) in str(mismatch.value)


@ERA
def test_a_profile_of_the_other_stack(net: Devnet, watched: Watched) -> None:
    with pytest.raises(AddressMismatch, match="the stack"):
        wallet_of(net, watched.signer, chain=replace(net.profile, stack="zksync-os")).deposit(ETH, AMOUNT)


@ERA
def test_a_profile_with_another_bridgehub(net: Devnet, watched: Watched) -> None:
    with pytest.raises(ZkCoreError):
        wallet_of(net, watched.signer, chain=replace(net.profile, bridgehub=THIEF)).deposit(ETH, AMOUNT)
    with pytest.raises(InputError, match="is not the profile's"):
        wallet_of(net, watched.signer, bridgehub=THIEF)


@ERA
def test_an_l1_node_that_lies_about_the_fee_rule(net: Devnet, watched: Watched) -> None:
    # the rule is compared once a session: another's quote tells the cost
    cost = wallet_of(net, 1).quote_deposit(ETH, AMOUNT).base_cost
    as_word = "0x" + cost.to_bytes(32).hex()
    watched.mark()
    net.faults.add(Lie(lambda got: "0x" + (2 * cost).to_bytes(32).hex() if got == as_word else got), node="l1")
    with pytest.raises(BaseCostMismatch, match=f"computed here is {cost}, .* says {2 * cost}"):
        wallet_of(net, watched.signer).deposit(ETH, AMOUNT)  # one that has not compared it yet


@ERA
def test_the_l2_hash_is_recomputed_from_the_event(net: Devnet, watched: Watched) -> None:
    deposit = watched.wallet.deposit(ETH, AMOUNT)

    def other_hash(receipt: Any) -> Any:
        for log in receipt["logs"]:  # the second word of NewPriorityRequest is the hash
            if len(log["data"]) > 700:
                log["data"] = log["data"][: 2 + 64] + "5a" * 32 + log["data"][2 + 128 :]
        return receipt

    lie(watched, "l1", "eth_getTransactionReceipt", other_hash)
    with pytest.raises(L2HashMismatch, match="5a5a"):
        deposit.status()


# ---------------------------------------------------------------- a plan tampered with in transit
def edited(plan: Plan[Any], change: Callable[[Any], Any]) -> str:
    """The plan with something changed, under a hash that fits."""
    content = json.loads(plan.to_json())
    change(content)
    content.pop("hash")
    content["hash"] = str(keccak256(msgspec.json.encode(content, order="sorted")))
    return msgspec.json.encode(content, order="sorted").decode()


def other_recipient(plan: Plan[Any]) -> str:
    """The same deposit to the thief, as bytes edited in transit; everything else fits, the hash too."""
    mine, thief = str(plan.sender)[2:].lower(), str(THIEF)[2:].lower()
    return edited(
        plan,
        lambda content: content["steps"][-1].update(unsigned=content["steps"][-1]["unsigned"].replace(mine, thief)),
    )


@ERA
def test_a_plan_tampered_with_in_transit(net: Devnet, watched: Watched) -> None:
    text = watched.wallet.prepare_deposit(net.tokens["DAI"], AMOUNT).to_json().encode()
    for place in range(0, len(text), 7):
        flipped = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises(InputError):
            sign_plan(Plan.from_json(flipped), watched.signer)


def test_a_recipient_swapped_between_preview_and_signing(net: Devnet, watched: Watched) -> None:
    plan = watched.wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    seen, approved = str(plan.preview()), plan.hash
    assert str(plan.sender) in seen
    tampered = Plan.from_json(other_recipient(plan))
    assert str(THIEF) in str(tampered.preview())  # the preview is of the bytes, and cannot show the old recipient
    assert tampered.preview()["receiver"] == THIEF
    with pytest.raises(PlanTampered, match=str(approved)):
        sign_plan(tampered, watched.signer, expected_hash=approved)


@ERA
def test_a_signed_plan_whose_recipient_was_swapped(net: Devnet, watched: Watched) -> None:
    key = PrivateKeySigner(net.accounts[0].private_key)
    plan = watched.wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    content = json.loads(other_recipient(plan))
    content["signatures"] = json.loads(sign_plan(plan, key).to_json())["signatures"]
    with pytest.raises((WrongDevice, BadSignature)):
        SignedPlan.from_json(msgspec.json.encode(content, order="sorted"))


@ERA
@pytest.mark.parametrize("what", ["bridgehub", "diamond", "asset_router", "native_token_vault", "base_token"])
def test_a_plan_for_other_contracts_is_refused_by_the_wallet(net: Devnet, watched: Watched, what: str) -> None:
    plan = watched.wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    ours, thief = str(getattr(net.profile, what)), str(THIEF)

    def change(content: Any) -> None:
        content["facts"][what] = thief
        for step in content["steps"] if what != "base_token" else ():  # ether's 0x..01 stands for much else
            step["unsigned"] = step["unsigned"].replace(ours[2:].lower(), thief[2:].lower())

    tampered = Plan.from_json(edited(plan, change))
    for wallet in (watched.wallet, wallet_of(net, watched.signer)):
        with pytest.raises(PlanTampered, match=f"{thief} for its {what}, this wallet's chain has {ours}"):
            wallet.submit(tampered)
    with pytest.raises(ChainIdMismatch, match="unlike the plan"):
        wallet_of(net, watched.signer, chain=replace(net.profile, l2_chain_id=5)).submit(plan)
    if what == "bridgehub":
        with pytest.raises(InputError, match=f"the plan's bridgehub is {thief}"):
            tampered.preview(net.profile)
        with pytest.raises(PlanTampered, match=thief):
            wallet_of(net, watched.signer, chain=net.chain_id, bridgehub=ours).submit(tampered)


@BASE_ERC20
def test_an_approval_that_was_edited(net: Devnet, watched: Watched) -> None:
    plan = watched.wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)

    def with_approval(spender: Address, amount: int) -> str:
        data = ERC20.approve.encode(spender, amount)
        step = replace(plan.steps[0], transaction=replace(plan.steps[0].transaction, data=data))
        raw = "0x" + step.transaction.unsigned_bytes().hex()
        return edited(plan, lambda content: content["steps"][0].update(unsigned=raw))

    with pytest.raises(PlanTampered, match=f"step 0 approves {THIEF}, expected {net.profile.asset_router}"):
        Plan.from_json(with_approval(THIEF, AMOUNT))
    endless = Plan.from_json(with_approval(net.profile.asset_router, (1 << 256) - 1))
    assert "UNLIMITED" in str(endless.preview(net.profile))  # shown as what it is
    with pytest.raises(PlanTampered):
        sign_plan(endless, watched.signer, expected_hash=plan.hash)


@ERA
def test_a_plan_of_somebody_else(net: Devnet, watched: Watched) -> None:
    other = wallet_of(net, 1)
    plan = other.prepare_deposit(ETH, AMOUNT)
    with pytest.raises(InputError, match=f"the plan is {other.address}'s, this wallet is {watched.wallet.address}'s"):
        watched.wallet.submit(plan)
    with pytest.raises(InputError, match="the signer is"):
        sign_plan(plan, watched.signer)


# ---------------------------------------------------------------- a lying signer
class Forger(CountingSigner):
    """Signs something else than it was given."""

    def sign_transaction(self, tx: Any) -> Any:
        return super().sign_transaction(replace(tx, value=tx.value + 1))


@ERA
def test_a_signer_that_signs_something_else(net: Devnet) -> None:
    with pytest.raises((WrongDevice, BadSignature)):
        wallet_of(net, Forger(net)).deposit(ETH, AMOUNT)
    assert not sends(net)
