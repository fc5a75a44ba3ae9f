"""What comes back to L1, in the shapes that others got wrong: many in one transaction, by contracts, tampered, claimed."""

from typing import Any

import pytest

from zkcore import ETH, Paymaster, ether
from zkcore.errors import InputError, InsufficientBalance, InvalidProof, NotReady, UnsupportedProtocol
from zkcore.ethereum.abi import Function
from zkcore.protocol.assets import BaseTokenWithdrawal, SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.contracts import BRIDGEHUB, L1_MESSENGER_ADDRESS
from zkcore.testing.devnet import Devnet, Lie, artifact
from zkcore.transactions import Eip712Transaction, Eip1559Transaction
from zkcore.types import Address, Hash32

WITHDRAW_BASE = Function("withdrawBase(address l1Receiver, uint256[] amounts) payable")
SEND_TO_L1 = Function("sendToL1(bytes message) returns (bytes32 hash)")


def only(*presets: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("net", presets, indirect=True)


def sent(
    net: Devnet, side: str, who: int, to: Address | None, data: bytes, value: int = 0, gas: int = 3_000_000
) -> Any:
    """A transaction of a test account, by the devnet's own hands; its receipt."""
    from tests.devnet.client import send

    url = net.l1_url if side == "l1" else net.l2_url
    return send(url, net.accounts[who], to, data, value, gas_limit=gas)


@pytest.fixture
def funded(net: Devnet, open_wallet: Any) -> Any:
    wallet = open_wallet(net)
    wallet.deposit(net.profile.base_token or ETH, ether("3")).wait(timeout=30)
    return wallet


def test_several_withdrawals_of_one_contract_call_each_by_its_index(net: Devnet, funded: Any) -> None:
    """peers.md A5.3 and A5.4: the sender is in the topic, and the second withdrawal can be finalized too."""
    receiver, base = net.accounts[6].address, net.profile.base_token or ETH
    contract = Address(sent(net, "l2", 0, None, artifact("Withdrawer"))["contractAddress"])
    receipt = sent(net, "l2", 0, contract, WITHDRAW_BASE.encode(receiver, [5, 5, 9]), 19)
    tx_hash = Hash32(receipt["transactionHash"])
    before = funded.get_l1_balance(base, address=receiver)
    params = [funded.get_finalize_withdrawal_params(tx_hash, index) for index in range(3)]
    assert len({one.l2_message_index for one in params}) == 3  # two of them are equal to the byte
    found = {(h.l2_tx_hash, h.index) for h in funded.find_withdrawals(contract, from_block=0)}
    assert {(tx_hash, index) for index in range(3)} <= found
    for index, amount in ((1, 5), (2, 14), (0, 19)):
        assert not funded.is_withdrawal_finalized(tx_hash, index)
        funded.finalize_withdrawal(tx_hash, index).wait(timeout=30)
        assert funded.is_withdrawal_finalized(tx_hash, index)
        assert funded.get_l1_balance(base, address=receiver) - before == amount
    with pytest.raises(InputError, match="makes 3 withdrawals, there is no number 3"):
        funded.finalize_withdrawal(tx_hash, 3)
    assert (tx_hash, 0) not in {(h.l2_tx_hash, h.index) for h in funded.find_withdrawals(contract, from_block=0)}


def test_one_bad_withdrawal_holds_up_none_of_the_others(net: Devnet, funded: Any) -> None:
    base = net.profile.base_token or ETH
    good = [funded.withdraw(base, amount) for amount in (11, 12, 13)]
    for one in good:
        one.wait("ready", timeout=30)
    wanted = [(good[0].l2_tx_hash, 0), (Hash32(b"\1" * 32), 0), (good[1].l2_tx_hash, 7), (good[2].l2_tx_hash, 0)]
    done = funded.finalize_withdrawals(wanted)
    assert isinstance(done[1], NotReady)
    assert isinstance(done[2], InputError)
    assert [done[i].wait(timeout=30).status for i in (0, 3)] == [1, 1]
    assert good[0].status().phase == good[2].status().phase == "FINALIZED"
    assert good[1].status().phase == "READY"


@only("era-eth", "zksync-os-eth")
def test_not_ready_is_a_state_with_its_reason(net: Devnet, open_wallet: Any, make_devnet: Any) -> None:
    stepwise = make_devnet("era-eth" if net.profile.stack == "era" else "zksync-os-eth", automatic_batches=False)
    wallet = open_wallet(stepwise)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, 5)
    assert withdrawal.wait("l2", timeout=30).phase == "BATCH_PENDING"
    with pytest.raises(NotReady) as early:
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    assert early.value.state == "BATCH_PENDING"
    stepwise.seal_batch()
    waiting = withdrawal.status()
    assert waiting.phase == ("PROOF_PENDING" if stepwise.profile.stack == "era" else "BATCH_PENDING")
    assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    stepwise.execute_batch()
    ready = withdrawal.status()
    assert ready.phase == "READY"
    assert ready.reason == ""
    finalization = withdrawal.finalize()
    assert withdrawal._record.finalization == finalization.l1_tx_hash
    finalization.wait(timeout=30)
    assert withdrawal.wait("finalized", timeout=30).phase == "FINALIZED"


def test_a_tampered_proof_is_caught_before_any_l1_transaction(net: Devnet, funded: Any) -> None:
    withdrawal = funded.withdraw(net.profile.base_token or ETH, 5)
    withdrawal.wait("ready", timeout=30)
    net.faults.requests("l1").clear()

    def other_sibling(proof: Any) -> Any:
        words = list(proof["proof"])
        words[3] = "0x" + "42" * 32
        return {**proof, "proof": words}

    with net.faults.add(Lie(other_sibling), node="l2", method="zks_getL2ToL1LogProof"):
        with pytest.raises(InvalidProof, match="does not lead to the root"):
            withdrawal.finalize()
        with pytest.raises(InvalidProof):
            withdrawal.status()
    assert not net.faults.requests("l1").sends
    assert withdrawal.finalize().wait(timeout=30).status == 1


def claimable(net: Devnet, wallet: Any, calldata: bytes, token: Address, amount: int) -> Hash32:
    """A failing deposit whose second-bridge calldata is another client's."""
    from zkcore.protocol.priority import priority_requests

    plan = wallet.prepare_deposit(token, amount)
    *approvals, request = plan.steps
    for step in approvals:
        sent(net, "l1", 0, step.transaction.to, step.transaction.data)
    function = BRIDGEHUB.request_l2_transaction_two_bridges
    (fields,) = function.decode_arguments(request.transaction.data)
    net.fail_next_deposit()
    data = function.encode((*fields[:-1], calldata))
    receipt = sent(net, "l1", 0, net.profile.bridgehub, data, request.transaction.value)
    from zkcore.methods import calls

    parsed = wallet.run(calls.get_receipt("l1", receipt["transactionHash"]))
    (found,) = priority_requests(parsed, net.profile.diamond)
    return found.l2_tx_hash


@pytest.mark.parametrize("encoding", ["legacy", "new", "new without the token"])
def test_a_failed_deposit_is_claimed_under_each_encoding(net: Devnet, open_wallet: Any, encoding: str) -> None:
    wallet, token, amount = open_wallet(net), net.tokens["DAI"], 4321
    me, stranger = net.accounts[0].address, open_wallet(net, 7)
    wallet.deposit(token, 1).wait(timeout=30)  # registered: with the token left out only a known one passes
    asset_id = None if encoding == "legacy" else ntv_asset_id(net.profile.l1_chain_id, token)
    named = Address(bytes(20)) if encoding == "new without the token" else token
    calldata = SecondBridgeDeposit(asset_id=asset_id, transfer=TransferData(amount, me, named)).encode()
    before = wallet.get_l1_balance(token)
    l2_tx_hash = claimable(net, wallet, calldata, token, amount)
    assert before - wallet.get_l1_balance(token) == amount
    stranger.claim_failed_deposit(l2_tx_hash).wait(timeout=30)
    assert wallet.get_l1_balance(token) == before


def test_any_message_is_proved(net: Devnet, funded: Any) -> None:
    receipt = sent(net, "l2", 0, L1_MESSENGER_ADDRESS, SEND_TO_L1.encode(b"hello"))
    proof = funded.get_message_proof(receipt["transactionHash"])
    assert (proof.message, proof.l2_sender) == (b"hello", net.accounts[0].address)
    assert funded.verify_message(proof)
    from msgspec.structs import replace

    assert not funded.verify_message(replace(proof, message=b"hallo"))
    with pytest.raises(InputError, match="makes 0 withdrawals"):
        funded.finalize_withdrawal(receipt["transactionHash"])


def test_a_message_that_looks_like_a_withdrawal_shifts_no_index(net: Devnet, funded: Any) -> None:
    fake = BaseTokenWithdrawal(receiver=net.accounts[5].address, amount=10**30).encode()
    receipt = sent(net, "l2", 0, L1_MESSENGER_ADDRESS, SEND_TO_L1.encode(fake))
    with pytest.raises(InputError, match="makes 0 withdrawals"):
        funded.finalize_withdrawal(receipt["transactionHash"])


@only("era-eth")
def test_a_paymaster_pays_for_a_withdrawal(net: Devnet, funded: Any, open_wallet: Any) -> None:
    funded.transfer(net.built_ins.general_paymaster, ether("1")).wait(timeout=30)
    poor, token = open_wallet(net, 8), net.tokens["DAI"]
    funded.deposit(token, 1000, to=poor.address).wait(timeout=30)
    assert poor.get_balance() == 0
    plan = poor.prepare_withdraw(token, 400, paymaster=Paymaster.general(net.built_ins.general_paymaster))
    (step,) = plan.steps
    assert isinstance(step.transaction, Eip712Transaction)
    withdrawal = poor.submit(plan)
    assert withdrawal.wait("ready", timeout=30).phase == "READY"
    assert (poor.get_balance(), poor.get_balance(token)) == (0, 600)
    withdrawal.finalize().wait(timeout=30)


@only("zksync-os-eth")
def test_zksync_os_has_no_paymasters(net: Devnet, funded: Any) -> None:
    with pytest.raises(UnsupportedProtocol, match="paymaster"):
        funded.prepare_withdraw(ETH, 5, paymaster=Paymaster.general(net.accounts[1].address))
    (step,) = funded.prepare_withdraw(ETH, 5).steps
    assert isinstance(step.transaction, Eip1559Transaction)


def test_what_the_account_lacks_is_named(net: Devnet, open_wallet: Any) -> None:
    poor = open_wallet(net, 9)
    with pytest.raises(InsufficientBalance) as missing:
        poor.withdraw(net.profile.base_token or ETH, 5)
    assert missing.value.missing > 5
    with pytest.raises(InputError, match="neither a token on L2"):
        poor.withdraw(net.accounts[5].address, 5)
