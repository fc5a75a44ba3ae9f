"""Bad input and faults of nodes: each is an error that names it, before anything is signed or sent."""

import socket
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, impatient, sends, wallet_of
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import (
    ChainIdMismatch,
    DepositFailed,
    InputError,
    InsufficientBalance,
    MalformedReply,
    NodeError,
    NodeUnreachable,
    Reverted,
    TransactionFailed,
    UnknownChain,
    UntrustedBridgehub,
)
from zkcore.flows.l1 import TxOptions
from zkcore.plans.plan import sign_plan
from zkcore.testing.devnet import Body, Devnet, HalfJson, Lie
from zkcore.types import Address

TO = Address("0x00000000000000000000000000000000000abcde")


@pytest.fixture
def signer(net: Devnet) -> Any:
    """Account 0, and after the test: nothing was signed, nothing was sent."""
    signer = CountingSigner(net)
    yield signer
    assert signer.signed == []
    assert sends(net) == []


# ---------------------------------------------------------------- the nodes
def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@ERA
@pytest.mark.parametrize("gone", ["l1", "l2"])
def test_node_unreachable(net: Devnet, signer: Any, gone: str) -> None:
    wallet = wallet_of(net, signer, **{gone: impatient(closed_port())})
    with pytest.raises(NodeUnreachable, match=r"127\.0\.0\.1"):
        wallet.deposit(ETH, AMOUNT)


@ERA
@pytest.mark.parametrize("node", ["l1", "l2"])
@pytest.mark.parametrize("fault", [Body(), HalfJson()], ids=["html", "half-json"])
def test_node_that_answers_no_json(net: Devnet, signer: Any, node: Any, fault: Any) -> None:
    urls = {"l1": net.l1_url, "l2": net.l2_url}
    wallet = wallet_of(net, signer, **{node: impatient(urls[node])})
    net.faults.add(fault, node=node)
    with pytest.raises(MalformedReply, match="html" if isinstance(fault, Body) else "truncated"):
        wallet.deposit(ETH, AMOUNT)


@ERA
def test_wrong_l1_chain(net: Devnet, signer: Any, open_wallet: Any) -> None:
    profile = replace(net.profile, l1_chain_id=1)
    with pytest.raises(ChainIdMismatch, match="the L1 node is on chain 31337, expected chain 1$"):
        open_wallet(net, signer, chain=profile).deposit(ETH, AMOUNT)


@ERA
def test_wrong_l2_chain(net: Devnet, signer: Any, open_wallet: Any) -> None:
    profile = replace(net.profile, l2_chain_id=324)
    with pytest.raises(ChainIdMismatch, match="the L2 node is on chain 270, expected chain 324$"):
        open_wallet(net, signer, chain=profile).deposit(ETH, AMOUNT)


@ERA
def test_nodes_swapped(net: Devnet, signer: Any) -> None:
    for chain, more in [(net.profile, {}), (net.chain_id, {"bridgehub": net.profile.bridgehub})]:
        wallet = wallet_of(net, signer, chain=chain, l1=net.l2_url, l2=net.l1_url, **more)
        for ask in (lambda w: w.deposit(ETH, AMOUNT), lambda w: w.get_l1_balance(), lambda w: w.get_bridge_addresses()):
            with pytest.raises(ChainIdMismatch, match="are the URLs of l1= and l2= swapped, or the same") as swapped:
                ask(wallet)
            assert swapped.value.swapped
        with pytest.raises(ChainIdMismatch, match=f"the L2 node is on chain {net.profile.l1_chain_id}"):
            wallet.get_balance()


@ERA
def test_chain_unknown_to_the_bridgehub(net: Devnet, signer: Any, open_wallet: Any) -> None:
    net.faults.add(Lie(lambda _: hex(999)), node="l2", method="eth_chainId")
    wallet = open_wallet(net, signer, chain=999, bridgehub=net.profile.bridgehub)
    with pytest.raises(UnknownChain, match=f"{net.profile.bridgehub} does not know chain 999") as unknown:
        wallet.deposit(ETH, AMOUNT)
    assert (unknown.value.chain_id, unknown.value.bridgehub) == (999, net.profile.bridgehub)


@ERA
def test_no_profile_and_no_bridgehub(net: Devnet, signer: Any, open_wallet: Any) -> None:
    with pytest.raises(UntrustedBridgehub, match="trust_l2=True") as untrusted:
        open_wallet(net, signer, chain=net.chain_id).deposit(ETH, AMOUNT)
    assert untrusted.value.named == net.profile.bridgehub


@ERA
@pytest.mark.parametrize("url", ["", "ftp://node", "node:8545", "http://", "http://a b"])
def test_malformed_url(net: Devnet, signer: Any, url: str) -> None:
    with pytest.raises(InputError, match="url: expected"):
        wallet_of(net, signer, l1=url)


# ---------------------------------------------------------------- balances
@ERA
def test_too_little_ether_is_named_with_what_is_missing(net: Devnet, signer: Any, open_wallet: Any) -> None:
    wallet = open_wallet(net, signer)
    held = wallet.get_l1_balance()
    with pytest.raises(InsufficientBalance, match=r"ETH \(\d+ wei\) missing$") as poor:
        wallet.deposit(ETH, held)
    assert poor.value.balance == held
    assert poor.value.token == "ETH"
    assert poor.value.missing == poor.value.needed - held > 0
    assert str(poor.value.missing) in str(poor.value)
    assert str(wallet.address) in str(poor.value)


@BASE_ERC20
@pytest.mark.parametrize("symbol", ["DAI", "BASE"])
def test_too_little_of_a_token_is_named_with_what_is_missing(
    net: Devnet, signer: Any, open_wallet: Any, symbol: str
) -> None:
    wallet, token = open_wallet(net, signer), net.tokens[symbol]
    held = wallet.get_l1_balance(token)
    with pytest.raises(InsufficientBalance, match=str(token)) as poor:
        wallet.deposit(token, held + 5)
    assert poor.value.balance == held
    assert poor.value.missing >= 5  # of the base token, the fee comes on top
    assert symbol == "BASE" or poor.value.missing == 5


@ERA
def test_too_little_on_l2(net: Devnet, signer: Any, open_wallet: Any) -> None:
    wallet = open_wallet(net, signer)
    with pytest.raises(InsufficientBalance, match="missing"):
        wallet.withdraw(ETH, ether("1"))
    with pytest.raises(InsufficientBalance, match="missing"):
        wallet.transfer(TO, ether("1"))


# ---------------------------------------------------------------- amounts and addresses
WRONG_AMOUNTS = [0, -1, 1.5, 1.0, True, "1", None, 1 << 256]


@ERA
@pytest.mark.parametrize("amount", WRONG_AMOUNTS, ids=repr)
def test_wrong_amount(net: Devnet, signer: Any, open_wallet: Any, amount: Any) -> None:
    wallet = open_wallet(net, signer)
    for method in ("deposit", "withdraw", "quote_deposit", "prepare_withdraw"):
        with pytest.raises(InputError, match="amount"):
            getattr(wallet, method)(ETH, amount)
    assert not net.faults.requests("l1")  # nobody was asked


@ERA
@pytest.mark.parametrize(
    "options",
    [
        {"operator_tip": -1},
        {"l2_gas_limit": 1.5},
        {"gas_per_pubdata": "800"},
        {"l1": {"nonce": -1}},
        {"l1": {"gas_limit": 1 << 64}},
        {"l1": {"max_fee_per_gas": True}},
    ],
    ids=str,
)
def test_wrong_number(net: Devnet, signer: Any, options: dict[str, Any]) -> None:
    name = next(iter(options["l1"])) if "l1" in options else next(iter(options))
    with pytest.raises(InputError, match=name):
        wallet_of(net, signer).deposit(
            ETH, AMOUNT, **options | ({"l1": TxOptions(**options["l1"])} if "l1" in options else {})
        )


WRONG_ADDRESSES = {
    "short": "0x1234",
    "long": "0x" + "11" * 21,
    "no hex": "0x" + "zz" * 20,
    "a name": "vitalik.eth",
    "bad checksum": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD".replace("5aAe", "5AAe"),
    "bytes of another length": b"\x11" * 19,
    "a number": 5,
    "empty": "",
}


@ERA
@pytest.mark.parametrize("address", WRONG_ADDRESSES.values(), ids=WRONG_ADDRESSES)
def test_malformed_address(net: Devnet, signer: Any, open_wallet: Any, address: Any) -> None:
    wallet = open_wallet(net, signer)
    for arguments, options in [
        ((address, AMOUNT), {}),
        ((ETH, AMOUNT), {"to": address}),
        ((ETH, AMOUNT), {"refund_recipient": address}),
    ]:
        with pytest.raises(InputError) as wrong:
            wallet.deposit(*arguments, **options)
        assert str(address) in str(wrong.value) or repr(address) in str(wrong.value)
    with pytest.raises(InputError):
        Wallet(signer, chain=net.chain_id, l1=net.l1_url, l2=net.l2_url, bridgehub=address)
    assert not net.faults.requests("l1")


@ERA
@pytest.mark.parametrize("lost", [Address(bytes(20)), "0x" + "00" * 18 + "800a", "0x" + "00" * 17 + "010003"], ids=str)
def test_a_receiver_whose_key_nobody_has(net: Devnet, signer: Any, lost: Any) -> None:
    wallet = wallet_of(net, signer)
    for method, arguments in [
        (wallet.deposit, {"token": ETH, "amount": AMOUNT, "to": lost}),
        (wallet.deposit, {"token": ETH, "amount": AMOUNT, "refund_recipient": lost}),
        (wallet.withdraw, {"token": ETH, "amount": AMOUNT, "to": lost}),
        (wallet.l1_transfer, {"to": lost, "amount": AMOUNT}),
    ]:
        with pytest.raises(InputError, match="lost"):
            method(**arguments)  # type: ignore[arg-type]


@ERA
def test_a_contract_of_the_bridge_is_no_receiver(net: Devnet, signer: Any) -> None:
    for contract in (net.profile.bridgehub, net.profile.diamond, net.profile.asset_router):
        with pytest.raises(InputError, match=f"{contract} is a contract of the bridge"):
            wallet_of(net, signer).deposit(ETH, AMOUNT, to=contract)


# ---------------------------------------------------------------- keys
WRONG_KEYS = ["0x" + "ab" * 31, "0x" + "ab" * 33, "zz" * 32, "0x" + "00" * 32, "0x" + "ff" * 32, b"\xab" * 31, ""]


@pytest.mark.parametrize("key", WRONG_KEYS, ids=range(len(WRONG_KEYS)))
def test_a_malformed_key_is_never_shown(key: Any) -> None:
    with pytest.raises(InputError) as wrong:
        PrivateKeySigner(key)
    told = f"{wrong.value} {wrong.value!r} {wrong.value.__cause__!r} {wrong.value.__context__!r}".lower()
    for secret in ("abab", "zzzz", "ffff", "0000", "\\xab"):
        assert secret not in told


@ERA
def test_a_key_where_a_signer_is_wanted_is_never_shown(net: Devnet) -> None:
    key = net.accounts[0].private_key
    for kind in (Wallet, AsyncWallet):
        for given in (key, str(key), bytes(32)):
            with pytest.raises(InputError) as wrong:
                kind(given, chain=net.profile, l1=net.l1_url, l2=net.l2_url)
            assert str(key).removeprefix("0x")[:16] not in str(wrong.value)


# ---------------------------------------------------------------- what fails on a chain
@ERA
def test_a_receipt_with_status_0_on_l1(net: Devnet, open_wallet: Any) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    wallet.approve(token, AMOUNT).wait(timeout=30)
    nonce = wallet.prepare_deposit(token, AMOUNT).steps[0].transaction.nonce
    plan = wallet.prepare_deposit(token, AMOUNT, l1=TxOptions(nonce=nonce + 1))
    signed = sign_plan(plan, PrivateKeySigner(net.accounts[0].private_key))
    wallet.approve(token, 0).wait(timeout=30)  # after the plan was signed: before, it would be refused
    deposit = wallet.submit(signed)
    assert deposit.status().phase == "L1_FAILED"
    for wait in (deposit.wait, deposit.wait_l1):
        with pytest.raises(TransactionFailed, match="ERC20InsufficientAllowance|insufficient allowance") as failed:
            wait(timeout=30)
        assert failed.value.receipt.status == 0
        assert failed.value.reason


@ERA
def test_out_of_gas_on_l1_has_no_reason_and_is_a_failure_all_the_same(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    with pytest.raises((Reverted, NodeError)):  # at the limit given it would fail: it is not sent
        wallet.deposit(ETH, AMOUNT, l1=TxOptions(gas_limit=60_000))
    assert sends(net) == []
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    (step,) = plan.steps
    poor = replace(step, transaction=replace(step.transaction, gas_limit=60_000))
    deposit = wallet.submit(replace(plan, steps=(poor,)))
    with pytest.raises(TransactionFailed) as failed:
        deposit.wait(timeout=30)
    assert failed.value.receipt.status == 0


@ERA
def test_an_earlier_step_that_fails_stops_the_plan(net: Devnet) -> None:
    wallet, token = wallet_of(net), net.tokens["DAI"]
    plan = wallet.prepare_deposit(token, AMOUNT)
    first = replace(plan.steps[0], transaction=replace(plan.steps[0].transaction, gas_limit=23_000))
    with pytest.raises(TransactionFailed, match="l1"):
        wallet.submit(replace(plan, steps=(first, plan.steps[1])))
    assert len(sends(net)) == 1  # the approval; the deposit was never sent


@ERA
def test_a_priority_operation_that_fails(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.fail_next_deposit()
    deposit = wallet.deposit(ETH, AMOUNT)
    with pytest.raises(DepositFailed) as failed:
        deposit.wait(timeout=30)
    assert failed.value.receipt.status == 0
    assert failed.value.l2_tx_hash == deposit.l2_tx_hash
    assert not failed.value.claimable
