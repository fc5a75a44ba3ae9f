"""Who pays with what: paymasters of both flows, allowances on L2, and transfers to many; by both wallets."""

from typing import Any

import pytest

from tests.wallet.conftest import Open
from tests.wallet.tools import ERA, SIGNERS, deployed, fund, sends, signer_of, told
from zkcore import ether
from zkcore.errors import InputError, InsufficientBalance, NodeError, Reverted, TransactionFailed, UnsupportedProtocol
from zkcore.ethereum.abi import Function
from zkcore.methods import calls
from zkcore.protocol.contracts import ERC20
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet, Lacks
from zkcore.transactions import Eip712Transaction
from zkcore.types import Address

INCREMENT = Function("increment(uint256 by) payable")
WHO = Address(b"\x71" * 20)


def approval_based(net: Devnet, allowance: int = 10**18, token: Any = None) -> Paymaster:
    """The devnet's, which takes one token of its own of whoever it pays for."""
    at, of = net.built_ins.approval_paymaster, token or net.l2_tokens["CROWN"]
    assert at is not None
    return Paymaster.approval_based(at, token=of, minimal_allowance=allowance)


@ERA
@SIGNERS
def test_a_paymaster_takes_its_token(net: Devnet, open_wallet: Open, kind: str) -> None:
    counter, crown = deployed(net, "Counter"), net.l2_tokens["CROWN"]
    with signer_of(kind, net) as signer:
        if kind != "key":
            open_wallet(net).transfer(signer.address, 3 * 10**18, crown).wait(timeout=30)
        fund(net, signer.address, 0)  # not a wei of its own
        wallet, paymaster = open_wallet(net, signer), approval_based(net)
        before = wallet.get_balance(crown)
        quote = wallet.quote_execute(counter, INCREMENT.encode(1), paymaster=paymaster)
        assert (quote.paymaster, quote.paymaster_token) == (paymaster.address, crown)
        assert (quote.paymaster_allowance, quote.max_total, quote.missing) == (10**18, 0, ())
        assert quote.max_fee > 0
        plan = wallet.prepare_execute(counter, INCREMENT.encode(1), paymaster=paymaster)
        tx = plan.steps[0].transaction
        assert isinstance(tx, Eip712Transaction)
        assert tx.paymaster == paymaster
        words = plan.preview(net.profile)
        assert words["lets it take"] == 10**18
        assert f"of {crown}" in told(words)
        assert "by the paymaster" in told(words)
        sent = wallet.submit(plan)
        assert sent.wait(timeout=30).status == 1
        assert wallet.get_balance(crown) == before - 10**18
        assert wallet.get_balance() == 0
        (left,) = wallet.run(calls.eth_call("l2", crown, ERC20.allowance, wallet.address, paymaster.address))
        assert left == 0


@ERA
def test_a_paymaster_for_everybody(net: Devnet, open_wallet: Open) -> None:
    counter, wallet = deployed(net, "Counter"), open_wallet(net)
    fund(net, wallet.address, 7)
    assert net.built_ins.general_paymaster is not None
    paymaster = Paymaster.general(net.built_ins.general_paymaster)
    quote = wallet.quote_execute(counter, INCREMENT.encode(1), 7, paymaster=paymaster)
    assert (quote.paymaster_token, quote.paymaster_allowance, quote.max_total) == (None, 0, 7)
    assert wallet.execute(counter, INCREMENT.encode(1), 7, paymaster=paymaster).wait(timeout=30).status == 1
    assert wallet.get_balance() == 0
    with pytest.raises(InsufficientBalance):  # the value is the account's own
        wallet.execute(counter, INCREMENT.encode(1), 1, paymaster=paymaster)


@ERA
def test_a_paymaster_that_will_not(net: Devnet, open_wallet: Open) -> None:
    counter, wallet = deployed(net, "Counter"), open_wallet(net)
    fund(net, wallet.address)
    for paymaster in (approval_based(net, 10**17), approval_based(net, token=counter)):
        with pytest.raises((NodeError, Reverted)):
            wallet.execute(counter, INCREMENT.encode(1), paymaster=paymaster)
    unlimited = approval_based(net, (1 << 256) - 1)
    assert "UNLIMITED" in str(wallet.prepare_execute(counter, INCREMENT.encode(1), paymaster=unlimited).preview())


# ---------------------------------------------------------------- allowances
def allowance(wallet: Any, token: Address) -> int:
    (found,) = wallet.run(calls.eth_call("l2", token, ERC20.allowance, wallet.address, WHO))
    return int(found)


@SIGNERS
def test_allowances_on_l2(net: Devnet, open_wallet: Open, kind: str) -> None:
    crown = net.l2_tokens["CROWN"]
    with signer_of(kind, net) as signer:
        wallet = open_wallet(net, signer)
        plan = wallet.prepare_l2_approve(crown, 55, WHO)
        assert [(step.kind, step.chain) for step in plan.steps] == [("approve", "l2")]
        wallet.submit(plan).wait(timeout=30)
        assert allowance(wallet, crown) == 55
        assert wallet.quote_l2_revoke(crown, WHO).chain == "l2"
        wallet.l2_revoke(crown, WHO).wait(timeout=30)
        assert allowance(wallet, crown) == 0


def test_a_token_that_wants_nothing_first(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net), deployed(net, "TetherLike")
    fund(net, wallet.address)
    wallet.l2_approve(token, 5, WHO).wait(timeout=30)
    plan = wallet.prepare_l2_approve(token, 6, WHO)
    assert [ERC20.approve.decode_arguments(step.transaction.data)[1] for step in plan.steps] == [0, 6]
    wallet.submit(plan).wait(timeout=30)
    assert allowance(wallet, token) == 6
    assert len(wallet.prepare_l2_revoke(token, WHO).steps) == 1


def test_an_l1_allowance_is_taken_back(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    wallet.approve(token, 9).wait(timeout=30)
    assert wallet.get_l1_allowance(token) == 9
    wallet.revoke(token).wait(timeout=30)
    assert wallet.get_l1_allowance(token) == 0
    wallet.approve(token, 9, WHO).wait(timeout=30)
    wallet.revoke(token, WHO).wait(timeout=30)
    assert wallet.get_l1_allowance(token, WHO) == 0


@pytest.mark.parametrize("token", ["0x" + "00" * 20, "0x" + "00" * 19 + "01", "0x" + "00" * 18 + "800a"])
@ERA
def test_the_base_token_needs_no_approval(net: Devnet, open_wallet: Open, token: str) -> None:
    with pytest.raises(InputError, match="needs no approval"):
        open_wallet(net).l2_approve(token, 1, WHO)
    with pytest.raises(InputError, match="no contract at"):
        open_wallet(net).l2_approve(WHO, 1, WHO)


# ---------------------------------------------------------------- transfers to many
MANY = [(Address(bytes([n]) * 20), 100 + n) for n in range(0x51, 0x56)]


@pytest.mark.parametrize("simulates", [True, False])
def test_transfers_to_many(net: Devnet, open_wallet: Open, simulates: bool) -> None:
    wallet, crown = open_wallet(net), net.l2_tokens["CROWN"]
    fund(net, wallet.address)
    if not simulates:
        net.faults.add(Lacks(), node="l2", method="eth_simulateV1")
    for token in (None, crown):
        quote = wallet.quote_transfers(MANY, token)
        assert len(quote.gas_limits) == len(MANY)
        assert quote.value == (sum(amount for _, amount in MANY) if token is None else 0)
        plan = wallet.prepare_transfers(MANY, token)
        assert [step.kind for step in plan.steps] == ["transfer"] * len(MANY)
        wallet.submit(plan).wait(timeout=60)
        for to, amount in MANY:
            assert wallet.get_balance(token, address=to) == amount


def test_what_all_of_them_take_is_looked_at_first(net: Devnet, open_wallet: Open) -> None:
    wallet, crown = open_wallet(net), net.l2_tokens["CROWN"]
    fund(net, wallet.address, ether("1"))
    held = wallet.get_balance(crown)
    for token, half in ((None, ether("0.6")), (crown, held // 2 + 1)):
        with pytest.raises(InsufficientBalance):
            wallet.transfers([(WHO, half), (MANY[0][0], half)], token)
    assert not sends(net)
    for bad in ([], [("0x" + "00" * 20, 1)], [(WHO, -1)]):
        with pytest.raises(InputError):
            wallet.transfers(bad)


@ERA
def test_one_that_fails_ends_the_order(net: Devnet, open_wallet: Open) -> None:
    reverter, wallet = deployed(net, "Reverter"), open_wallet(net)
    fund(net, wallet.address)
    net.faults.add(Lacks(), node="l2", method="eth_simulateV1")
    with pytest.raises((Reverted, TransactionFailed)):
        wallet.transfers([(reverter, 5), (WHO, 5)])
    assert wallet.get_balance(address=WHO) == 0


@pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)
def test_zksync_os_has_no_paymasters(net: Devnet, open_wallet: Open) -> None:
    wallet, paymaster = open_wallet(net), Paymaster.general(WHO)
    for method, arguments in (
        (wallet.transfers, (MANY,)),
        (wallet.l2_approve, (net.l2_tokens["CROWN"], 1, WHO)),
        (wallet.l2_revoke, (net.l2_tokens["CROWN"], WHO)),
    ):
        with pytest.raises(UnsupportedProtocol, match="paymaster: only Era"):
            method(*arguments, paymaster=paymaster)
