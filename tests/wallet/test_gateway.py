"""A chain that settles on another: withdrawals proved through it, deposits whose L1 receipt has the other's event too."""

from typing import Any

import pytest
from msgspec import Struct

from tests.devnet.client import send
from tests.wallet.test_budgets import Meter
from tests.wallet.tools import AMOUNT, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import InvalidProof, NotReady, Reverted
from zkcore.ethereum.abi import Function
from zkcore.methods import calls
from zkcore.protocol.contracts import DIAMOND
from zkcore.protocol.proofs import batch_leaf, chain_id_leaf, merkle_root
from zkcore.testing.devnet import Devnet, Lie
from zkcore.testing.log_tree import metadata
from zkcore.types import Address, Hash32

SET_ROOT = Function("setBatchRoot(uint256 batch, bytes32 root)")
EXECUTE = Function("executeBatch(uint256 batch, bytes32 root)")
SET_LAYER = Function("setSettlementLayer(address diamond)")
REGISTER = Function("registerSettlementLayer(uint256 chainId, bool isWhitelisted)")
BATCH_MASK, CHAIN_MASK, LAYER_BATCH = 0b101, 0b10, 400
BATCH_PATH = [Hash32(bytes([0xB0 + i]) * 32) for i in range(3)]
CHAIN_PATH = [Hash32(bytes([0xC0 + i]) * 32) for i in range(2)]


class Gateway(Struct, frozen=True):
    """Chain A, which settles on chain B; both stand on one L1."""

    chain: Devnet
    layer: Devnet

    def order(self, to: Any, function: Function, *arguments: Any) -> None:
        receipt = send(self.chain.l1_url, self.chain.accounts[9], to, function.encode(*arguments))
        assert receipt["status"] == "0x1"

    def whitelist(self, yes: bool = True) -> None:
        self.order(self.chain.profile.bridgehub, REGISTER, self.layer.chain_id, yes)

    def proof(self, params: Any) -> tuple[list[Hash32], Hash32]:
        """The proof of a withdrawal led on through a batch of B, and the root of that batch (protocol.md 7.6)."""
        first, *path = params.merkle_proof
        assert first == metadata(len(path))
        own = merkle_root(path, params.l2_message_index, params.leaf)
        of_chain = merkle_root(BATCH_PATH, BATCH_MASK, batch_leaf(own, params.l2_batch_number))
        root = merkle_root(CHAIN_PATH, CHAIN_MASK, chain_id_leaf(of_chain, self.chain.chain_id))
        numbers = BATCH_MASK, LAYER_BATCH << 128 | CHAIN_MASK, self.layer.chain_id
        mask, packed, layer = (Hash32(number.to_bytes(32)) for number in numbers)
        head = metadata(len(path), len(BATCH_PATH), final=False)
        return [head, *path, mask, *BATCH_PATH, packed, layer, metadata(len(CHAIN_PATH)), *CHAIN_PATH], root

    def answers(self, proof: list[Hash32]) -> Any:
        """Have A's node answer this proof."""
        words = [str(word) for word in proof]
        lie = Lie(lambda true: {**true, "proof": words})
        return self.chain.faults.add(lie, node="l2", method="zks_getL2ToL1LogProof")


@pytest.fixture(params=[("era-eth", 30), ("zksync-os-eth", 30), ("era-eth", 31)], ids=["era", "zksync-os", "era-v31"])
def gateway(request: pytest.FixtureRequest, make_devnet: Any) -> Gateway:
    preset, minor = request.param
    layer = make_devnet("zksync-os-eth", chain_id=506, protocol_version=minor)
    return Gateway(make_devnet(preset, l1=layer, protocol_version=minor), layer)


def test_a_withdrawal_is_finalized_through_the_settlement_layer(gateway: Gateway) -> None:
    net = gateway.chain
    rich = wallet_of(net)
    rich.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = rich.withdraw(ETH, AMOUNT, to=net.accounts[5].address)
    params = withdrawal.wait("ready", timeout=30).params
    assert params is not None
    proof, root = gateway.proof(params)
    gateway.whitelist()
    gateway.order(net.profile.diamond, SET_ROOT, params.l2_batch_number, Hash32(bytes(32)))
    if net.protocol_version >= 31:  # A's own batch has no root on L1: take it from the MessageRoot too
        gateway.order(net.profile.diamond, EXECUTE, params.l2_batch_number, Hash32(bytes(32)))
    layer, receiver = gateway.layer.profile.diamond, net.accounts[5].address
    before = rich.get_l1_balance(address=receiver)
    with gateway.answers(proof):
        # B's batch is not executed on L1 yet
        assert withdrawal.status().phase == "PROOF_PENDING"
        with pytest.raises(NotReady, match="no root of batch"):
            withdrawal.finalize()
        # executed, but with another root: caught here, nothing is sent
        gateway.order(layer, EXECUTE, LAYER_BATCH, Hash32(b"\7" * 32))
        for node in ("l1", "l2"):
            net.faults.requests(node).clear()
        for refused in (withdrawal.status, withdrawal.finalize):
            with pytest.raises(InvalidProof, match="does not lead to the root"):
                refused()
        assert sends(net) == []
        gateway.order(layer, EXECUTE, LAYER_BATCH, root)
        assert withdrawal.status().phase == "READY"
    spoilt_words = [1, len(proof) - 1, len(proof) - 6, len(proof) - 4]  # log, chain and batch paths; the chain's id
    for place in spoilt_words:
        spoilt = [*proof]
        spoilt[place] = Hash32(bytes([proof[place][0] ^ 1]) + proof[place][1:])
        with gateway.answers(spoilt), pytest.raises(InvalidProof):
            withdrawal.finalize()
    with gateway.answers(proof):
        gateway.whitelist(False)
        with pytest.raises(Reverted, match="NotSettlementLayer|InvalidSettlementLayerForBatch"):
            withdrawal.finalize()
        assert withdrawal.status().phase == "PROOF_PENDING"  # its root is there, and does not decide
        with pytest.raises(NotReady):
            rich.verify_message(rich.get_message_proof(withdrawal.l2_tx_hash))
        gateway.whitelist()
        meter = Meter(net)
        assert meter.wallet.verify_message(meter.wallet.get_message_proof(withdrawal.l2_tx_hash))
        meter = Meter(net)
        cost = meter.cost(lambda: meter.wallet.finalize_withdrawal(withdrawal.l2_tx_hash))
        assert cost.waves <= 5  # the budget of one settled on L1, and a wave more
        assert cost.calls <= 20  # two calls more: the other chain's contract, or where the roots are
        assert withdrawal.status().phase == "FINALIZED"
        assert rich.get_l1_balance(address=receiver) - before == AMOUNT


def test_a_deposit_of_two_events_is_followed_by_that_of_its_own_chain(gateway: Gateway) -> None:
    net, receiver = gateway.chain, gateway.chain.accounts[5].address
    gateway.whitelist()
    gateway.order(net.profile.diamond, SET_LAYER, gateway.layer.profile.diamond)
    wallet = wallet_of(net)
    for token in (ETH, net.tokens["DAI"]):
        deposit = wallet.deposit(token, AMOUNT, to=receiver)
        receipt = wallet.run(calls.get_receipt("l1", deposit.l1_tx_hash))
        topic = DIAMOND.new_priority_request.topic
        emitters = [log.address for log in receipt.logs if log.topics == (topic,)]
        assert sorted(emitters) == sorted([net.profile.diamond, gateway.layer.profile.diamond])
        assert deposit.wait(timeout=30).transaction_hash == deposit.l2_tx_hash
        assert wallet.get_balance(token, address=receiver) == AMOUNT


@pytest.mark.parametrize("gateway", [("era-eth", 31)], ids=["era-v31"], indirect=True)
def test_a_chain_that_moves_there_and_back_in_the_middle(gateway: Gateway, open_wallet: Any) -> None:
    """Each withdrawal is proved where its batch was settled: what waits is paid out wherever the chain is by then."""
    net = gateway.chain
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    before = wallet.withdraw(ETH, AMOUNT)
    before.wait("ready", timeout=30)
    gateway.whitelist()
    gateway.order(net.profile.diamond, SET_LAYER, gateway.layer.profile.diamond)
    there = wallet.withdraw(ETH, 2 * AMOUNT)
    params = there.wait("ready", timeout=30).params
    proof, root = gateway.proof(params)
    gateway.order(net.profile.diamond, EXECUTE, params.l2_batch_number, Hash32(bytes(32)))  # L1 has no root of it
    # the node proves it as if it had settled on L1, or by the other's proof: not yet, or not at all
    assert there.status().phase == "PROOF_PENDING"
    with pytest.raises(NotReady, match="no root of batch"):
        there.finalize()
    gateway.order(gateway.layer.profile.diamond, EXECUTE, LAYER_BATCH, root)
    before.finalize().wait(timeout=30)  # while the chain is there
    gateway.order(net.profile.diamond, SET_LAYER, Address(bytes(20)))
    after = wallet.withdraw(ETH, 3 * AMOUNT)
    assert after.wait("ready", timeout=30).phase == "READY"
    with gateway.answers(proof):
        sent = len(sends(net))
        for other in (before, after):
            with pytest.raises(InvalidProof, match="does not lead to the root"):
                wallet.finalize_withdrawal(other.l2_tx_hash)
        assert len(sends(net)) == sent
        assert there.status().phase == "READY"
        there.finalize().wait(timeout=30)
        assert there.status().phase == "FINALIZED"
    after.finalize().wait(timeout=30)
    assert [one.status().phase for one in (before, after)] == ["FINALIZED"] * 2


@pytest.mark.parametrize("gateway", [("era-eth", 31)], ids=["era-v31"], indirect=True)
def test_a_proof_in_a_form_that_l1_does_not_read_any_more(gateway: Gateway, open_wallet: Any) -> None:
    """L1 is upgraded meanwhile, and reads a word more in a proof through another chain: said by name, nothing sent."""
    net = gateway.chain
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    params = withdrawal.wait("ready", timeout=30).params
    proof, root = gateway.proof(params)
    gateway.whitelist()
    gateway.order(net.profile.diamond, EXECUTE, params.l2_batch_number, Hash32(bytes(32)))
    gateway.order(gateway.layer.profile.diamond, EXECUTE, LAYER_BATCH, root)
    net.upgrade_ecosystem()
    with gateway.answers(proof):
        sent = len(sends(net))
        assert withdrawal.status().phase == "BLOCKED"
        with pytest.raises(InvalidProof, match="L1 does not take its form"):
            withdrawal.finalize()
        assert len(sends(net)) == sent
