"""Any call on L2: `execute`, its quote and its plan, by both wallets, on both stacks, signed by a key and by both devices."""

from typing import Any

import pytest

from tests.wallet.conftest import Open
from tests.wallet.tools import ERA, SIGNERS, count, deployed, fund, sends, signer_of, told
from zkcore import ETH, SentTransaction, TxOptions, Wallet, ether
from zkcore.errors import InputError, InsufficientBalance, PlanTampered, Reverted, UnsupportedProtocol
from zkcore.ethereum.abi import Function
from zkcore.methods import calls
from zkcore.plans.plan import Plan
from zkcore.protocol.contracts import CONTRACT_DEPLOYER_ADDRESS, DETERMINISTIC_DEPLOYER_ADDRESS, ERC20
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Eip712Transaction, Eip1559Transaction
from zkcore.types import Address

INCREMENT = Function("increment(uint256 by) payable")
COUNT = Function("count() view returns (uint256 count)")
BYTECODE = bytes(32)  # one word: the shortest bytecode that can be hashed
OS = pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)


@SIGNERS
def test_a_call(net: Devnet, open_wallet: Open, kind: str) -> None:
    counter = deployed(net, "Counter")
    with signer_of(kind, net) as signer:
        wallet = open_wallet(net, signer)
        data = INCREMENT.encode(7)
        quote = wallet.quote_execute(counter, data, 5)
        plan = wallet.prepare_execute(counter, data, 5)
        assert (quote.chain, quote.value, quote.contract) == ("l2", 5, None)
        assert quote.max_total == 5 + quote.gas_limits[0] * quote.max_fee_per_gas
        (step,) = plan.steps
        tx = step.transaction
        assert type(tx) is Eip1559Transaction
        assert (step.kind, step.chain, tx.to, tx.data, tx.value) == ("call", "l2", counter, data, 5)
        words = str(plan.preview())
        assert "call, on chain" in words
        assert "UNKNOWN calldata of 36 bytes" in words
        assert Plan.from_json(plan.to_json(), SentTransaction) == plan
        sent = wallet.submit(plan)
        assert sent.wait(timeout=30).status == 1
        assert wallet.run(calls.eth_call("l2", counter, COUNT)) == (7,)
        assert wallet.get_balance(address=counter) == 5
        again = wallet.execute(counter, data.hex() and "0x" + data.hex())
        assert again.wait(timeout=30).status == 1
        assert wallet.run(calls.eth_call("l2", counter, COUNT)) == (14,)
        assert (sent.kind, sent.chain, wallet.resume(sent.to_json()).tx_hash) == ("transaction", "l2", sent.tx_hash)


def test_one_reference_is_one_call(net: Devnet, open_wallet: Open) -> None:
    counter = deployed(net, "Counter")
    wallet = open_wallet(net)
    first = wallet.execute(counter, INCREMENT.encode(1), reference="count once")
    assert wallet.execute(counter, INCREMENT.encode(1), reference="count once").tx_hash == first.tx_hash
    with pytest.raises(InputError, match="was given to another order"):
        wallet.execute(counter, INCREMENT.encode(2), reference="count once")
    first.wait(timeout=30)
    assert wallet.run(calls.eth_call("l2", counter, COUNT)) == (1,)


def test_what_reverts_is_not_signed(net: Devnet, open_wallet: Open) -> None:
    reverter, wallet = deployed(net, "Reverter"), open_wallet(net)
    before = len(sends(net))
    for options in (None, TxOptions(gas_limit=1_000_000)):
        with pytest.raises(Reverted):
            wallet.execute(reverter, INCREMENT.encode(1), l2=options)
    assert len(sends(net)) == before


def test_what_cannot_be_paid_is_quoted_and_refused(net: Devnet, open_wallet: Open) -> None:
    counter, wallet = deployed(net, "Counter"), open_wallet(net, 3)
    fund(net, wallet.address, 10)
    quote = wallet.quote_execute(counter, INCREMENT.encode(1), 11)
    assert quote.missing[0].balance == 10
    with pytest.raises(InsufficientBalance):
        wallet.execute(counter, INCREMENT.encode(1), 11)
    assert count(net, 3, "l2") == 0


def test_what_is_given_is_kept(net: Devnet, open_wallet: Open) -> None:
    counter, wallet = deployed(net, "Counter"), open_wallet(net)
    fixed = TxOptions(nonce=40, gas_limit=345_678, max_fee_per_gas=10**9, max_priority_fee_per_gas=3)
    tx = wallet.prepare_execute(counter, INCREMENT.encode(1), 2, l2=fixed).steps[0].transaction
    assert (tx.nonce, tx.gas_limit, tx.max_fee_per_gas, tx.max_priority_fee_per_gas, tx.value) == (
        40,
        345_678,
        10**9,
        3,
        2,
    )


@pytest.mark.parametrize(
    ("to", "data", "text"),
    [
        ("0x" + "00" * 20, b"\x01", "the zero address"),
        ("0x" + "00" * 20, b"", "zero or a system contract"),
        (CONTRACT_DEPLOYER_ADDRESS, bytes.fromhex("3cda3351") + bytes(160), "deploy_era"),
        (DETERMINISTIC_DEPLOYER_ADDRESS, bytes(40), "deploy_era"),
        ("0x12", b"", "20 bytes"),
    ],
)
@ERA
def test_what_is_no_call_is_refused(net: Devnet, open_wallet: Open, to: Any, data: bytes, text: str) -> None:
    with pytest.raises(InputError, match=text):
        open_wallet(net).prepare_execute(to, data, 1)


@ERA
def test_where_nothing_stands_it_is_said(net: Devnet, open_wallet: Open) -> None:
    nobody = Address(b"\x77" * 20)
    fund(net, net.accounts[0].address)
    plan = open_wallet(net).prepare_execute(nobody, INCREMENT.encode(1))
    assert f"there is no code at {nobody}: the call does nothing but send its value" in told(plan.preview())
    assert "there is no code" not in str(open_wallet(net).prepare_execute(nobody, b"", 1).preview())


@OS
def test_an_access_list_is_of_zksync_os(net: Devnet, open_wallet: Open) -> None:
    counter, wallet = deployed(net, "Counter"), open_wallet(net)
    given = [(counter, [bytes(32), "0x" + "01" * 32])]
    plan = wallet.prepare_execute(counter, INCREMENT.encode(1), access_list=given)
    tx = plan.steps[0].transaction
    assert tx.access_list == ((counter, (bytes(32), b"\x01" * 32)),)
    bare = wallet.prepare_execute(counter, INCREMENT.encode(1)).steps[0].transaction
    assert tx.gas_limit > bare.gas_limit  # it was estimated with it
    assert wallet.submit(plan).wait(timeout=30).status == 1


@ERA
def test_era_takes_no_access_list(net: Devnet, open_wallet: Open) -> None:
    with pytest.raises(UnsupportedProtocol, match="access_list: Era takes no access lists"):
        open_wallet(net).execute(net.l2_tokens["CROWN"], ERC20.name.encode(), access_list=[(ETH, [])])


@OS
@pytest.mark.parametrize(
    "more", [{"paymaster": Paymaster.general("0x" + "11" * 20)}, {"factory_deps": [BYTECODE]}], ids=str
)
def test_zksync_os_has_no_0x71(net: Devnet, open_wallet: Open, more: Any) -> None:
    with pytest.raises(UnsupportedProtocol, match=f"{next(iter(more))}: only Era has these"):
        open_wallet(net).execute(net.l2_tokens["CROWN"], ERC20.name.encode(), **more)


@ERA
@SIGNERS
def test_factory_deps_go_by_0x71(net: Devnet, open_wallet: Open, kind: str) -> None:
    counter = deployed(net, "Counter")
    with signer_of(kind, net) as signer:
        wallet = open_wallet(net, signer)
        plan = wallet.prepare_execute(counter, INCREMENT.encode(3), factory_deps=[BYTECODE])
        tx = plan.steps[0].transaction
        assert type(tx) is Eip712Transaction
        assert (tx.from_address, tx.factory_deps, tx.gas_per_pubdata) == (wallet.address, (BYTECODE,), 50_000)
        assert "1 bytecodes" in str(plan.preview())
        assert wallet.submit(plan).wait(timeout=30).status == 1
    assert open_wallet(net).run(calls.eth_call("l2", counter, COUNT)) == (3,)


@ERA
@pytest.mark.parametrize(
    ("deps", "text"),
    [
        ([bytes(31)], "multiple of 32"),
        ([bytes(64)], "odd number"),
        ([n.to_bytes(32) for n in range(65)], "65 bytecodes, nodes take at most 64"),
        ([bytes(32 * 15_001), bytes(32 * 16_249)], "below 1000000 bytes"),
    ],
    ids=["rest", "even", "many", "large"],
)
def test_factory_deps_that_no_node_takes(net: Devnet, open_wallet: Open, deps: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        open_wallet(net).execute(net.l2_tokens["CROWN"], ERC20.name.encode(), factory_deps=deps)


@ERA
def test_rights_are_warned_of(net: Devnet) -> None:
    with Wallet(net.accounts[0].address, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        fund(net, wallet.address)
        crown = net.l2_tokens["CROWN"]
        permit = bytes.fromhex("a22cb465") + bytes(12) + b"\x33" * 20 + bytes(31) + b"\1"
        quiet = wallet.prepare_execute(net.accounts[4].address, permit)
        assert "others get a right to tokens" in str(quiet.preview())
        approving = wallet.prepare_execute(crown, ERC20.approve.encode(net.accounts[4].address, ether("1")))
        assert "approve" in str(approving.preview())


@ERA
def test_a_call_is_a_call_and_nothing_else(net: Devnet) -> None:
    """Of the plan's table: on L2, to somebody, and no deployment."""
    from msgspec.structs import replace

    with Wallet(net.accounts[0].address, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        fund(net, wallet.address)
        plan = wallet.prepare_execute(net.l2_tokens["CROWN"], ERC20.name.encode())
        (step,) = plan.steps
    other = replace(step.transaction, to=None)
    elsewhere = replace(step, chain="l1", transaction=replace(step.transaction, chain_id=plan.facts.l1_chain_id))
    deployer = replace(step.transaction, to=DETERMINISTIC_DEPLOYER_ADDRESS, data=bytes(40))
    for changed, text in (
        (replace(step, transaction=other), "named a call, and deploys"),
        (replace(step, transaction=deployer), "named a call, and deploys"),
        (elsewhere, "is on l1, expected l2"),
        (replace(step, kind="deploy"), "is no deployment"),
        (replace(step, kind="transfer"), "named a transfer, and calls"),
    ):
        with pytest.raises(PlanTampered, match=text):
            replace(plan, steps=(changed,))
    for kind in ("withdrawal", "deposit", "deployment"):
        with pytest.raises(PlanTampered):
            replace(plan, kind=kind)
