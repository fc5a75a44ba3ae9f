"""The edges of deposits and calls: contracts as senders, delegated accounts, odd tokens, options kept, rules at their bounds."""

from typing import Any

import pytest

from tests.devnet.client import send
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, count, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import (
    InputError,
    InsufficientAllowance,
    InsufficientBaseCost,
    L2GasLimitTooHigh,
    L2GasLimitTooLow,
    Reverted,
)
from zkcore.ethereum.abi import Function, encode
from zkcore.flows.l1 import APPROVE_GAS_UNSEEN, GAS_UNSEEN, TxOptions
from zkcore.methods import calls
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.assets import SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.contracts import ERC20, SLOT_BASE_TOKEN_MULTIPLIER
from zkcore.protocol.priority import priority_requests
from zkcore.testing.devnet import Devnet, Failure, Lie, artifact
from zkcore.types import Address

EXECUTE = Function("execute(address to, uint256 value, bytes data) payable returns (bytes)")
MINT = Function("mint(address to, uint256 amount)")
VERSION = "setProtocolVersion(uint256 minor, uint256 patch)"


def order(net: Devnet, to: Any, signature: str, *arguments: Any, value: int = 0) -> Any:
    """A transaction on L1 by nobody in particular."""
    receipt = send(net.l1_url, net.accounts[9], to, Function(signature).encode(*arguments), value)
    assert receipt["status"] == "0x1"
    return receipt


def deployed(net: Devnet, name: str, types: tuple[str, ...] = (), *values: Any) -> Address:
    code = artifact(name) + (encode(types, values) if types else b"")
    return Address(send(net.l1_url, net.accounts[9], None, code, gas_limit=5_000_000)["contractAddress"])


@pytest.fixture
def watched(net: Devnet) -> Any:
    """Account 0; what the test then does neither signs nor sends."""
    signer = CountingSigner(net)
    before = len(sends(net))
    yield signer
    assert signer.signed == []
    assert len(sends(net)) == before


# ---------------------------------------------------------------- contracts
def relayed(net: Devnet, relay: Address, plan: Any) -> Any:
    """The plan of a contract, each step made through it by somebody else; the last receipt."""
    receipt: Any = None
    for step in plan.steps:
        tx = step.transaction
        data = EXECUTE.encode(tx.to, tx.value, tx.data)
        receipt = send(net.l1_url, net.accounts[8], relay, data, gas_limit=tx.gas_limit + 100_000)
        assert receipt["status"] == "0x1"
    return receipt


@pytest.mark.parametrize("minor", [30, 31])
def test_a_contract_deposits_by_its_plan(net: Devnet, minor: int) -> None:
    """It is not tx.origin: aliased where it calls L2 itself, and in its refunds; it pays no L1 fee of its own."""
    order(net, net.profile.diamond, VERSION, minor, 0)
    relay, receiver, base = deployed(net, "Relay"), net.accounts[4].address, net.profile.base_token or ETH
    for token in {net.tokens["DAI"], net.profile.base_token} - {ETH}:
        send(net.l1_url, net.accounts[9], token, MINT.encode(relay, ether("100")))
    wallet, reader = wallet_of(net, relay), wallet_of(net, 0)
    with pytest.raises(InputError, match=f"to: {relay} is a contract"):
        wallet.prepare_deposit(ETH, AMOUNT)
    for token in dict.fromkeys([base, ETH, net.tokens["DAI"]]):
        net.l1.rpc("anvil_setBalance", str(relay), hex(ether("1")))
        plan = wallet.prepare_deposit(token, AMOUNT, to=receiver)
        quote = wallet.quote_deposit(token, AMOUNT, to=receiver)
        alias = apply_alias(relay)
        assert quote.refund_recipient == relay
        assert quote.refund_lands_at == alias
        router = apply_alias(net.profile.asset_router)
        assert quote.l2_sender == (alias if token == base else router)
        refunded = reader.get_balance(address=alias)
        received = reader.get_balance(base, address=receiver) if token == base else 0
        raw = relayed(net, relay, plan)
        receipt = reader.run(calls.get_receipt("l1", raw["transactionHash"]))
        (request,) = priority_requests(receipt, net.profile.diamond)
        assert request.transaction.from_address == quote.l2_sender
        done = reader.run(calls.get_receipt("l2", request.l2_tx_hash))
        assert done is not None
        assert done.status == 1
        assert reader.get_balance(token, address=receiver) - received == AMOUNT
        minted, used = request.transaction.reserved[0], done.gas_used * done.effective_gas_price
        assert reader.get_balance(address=alias) - refunded == minted - request.transaction.value - used


@ERA
def test_a_contract_calls_as_its_alias(net: Devnet) -> None:
    relay = deployed(net, "Relay")
    net.l1.rpc("anvil_setBalance", str(relay), hex(ether("1")))
    wallet, target = wallet_of(net, relay), net.accounts[4].address
    plan = wallet.prepare_request_execute(target, l2_value=9, refund_recipient=net.accounts[5].address)
    raw = relayed(net, relay, plan)
    (request,) = priority_requests(wallet.run(calls.get_receipt("l1", raw["transactionHash"])), net.profile.diamond)
    assert request.transaction.from_address == apply_alias(relay)
    assert wallet.get_balance(address=target) == 9
    assert wallet.get_balance(address=net.accounts[5].address) > 0


@BASE_ERC20
def test_a_contract_without_ether_deposits_tokens(net: Devnet) -> None:
    """Whoever calls the contract pays for the L1 gas: a treasury of tokens alone is enough."""
    relay, base = deployed(net, "Relay"), net.profile.base_token
    send(net.l1_url, net.accounts[9], base, MINT.encode(relay, ether("100")))
    wallet = wallet_of(net, relay)
    assert wallet.get_l1_balance() == 0
    plan = wallet.prepare_deposit(base, AMOUNT, to=net.accounts[4].address)
    relayed(net, relay, plan)
    assert wallet.get_balance(address=net.accounts[4].address) == AMOUNT


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
def test_a_contract_on_l2_withdraws_by_its_plan(net: Devnet) -> None:
    """It holds no base token; it names the receiver, for on L1 it is not the same account."""
    wallet, token, receiver = wallet_of(net), net.tokens["DAI"], net.accounts[4].address
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    made = send(net.l2_url, net.accounts[0], None, artifact("Relay"), gas_limit=3_000_000)
    relay = Address(made["contractAddress"])
    wallet.deposit(token, AMOUNT, to=relay).wait(timeout=30)
    contract, before = wallet_of(net, relay), wallet.get_l1_balance(token, address=receiver)
    with pytest.raises(InputError, match=f"to: {relay} is a contract"):
        contract.prepare_withdraw(token, AMOUNT)
    (step,) = contract.prepare_withdraw(token, AMOUNT, to=receiver).steps
    tx = step.transaction
    data = EXECUTE.encode(tx.to, tx.value, tx.data)
    receipt = send(net.l2_url, net.accounts[0], relay, data, gas_limit=tx.gas_limit + 100_000)
    wallet.finalize_withdrawal(receipt["transactionHash"]).wait(timeout=30)
    assert wallet.get_l1_balance(token, address=receiver) - before == AMOUNT


# ---------------------------------------------------------------- EIP-7702
def delegate(net: Devnet, who: int) -> Address:
    address = net.accounts[who].address
    net.l1.rpc("anvil_setCode", str(address), "0xef0100" + bytes(deployed(net, "Relay")).hex())
    return address


def test_a_delegated_sender_names_who_gets_the_refund(net: Devnet) -> None:
    me, wallet = delegate(net, 0), wallet_of(net)
    base = net.profile.base_token or ETH
    other = net.accounts[5].address
    net.faults.requests("l1").clear()
    for options in ({}, {"refund_recipient": me}):
        with pytest.raises(InputError, match=f"refund_recipient: {me} delegates its code") as lost:
            wallet.deposit(base, AMOUNT, **options)
        assert str(apply_alias(me)) in str(lost.value)
    with pytest.raises(InputError, match="delegates its code"):
        wallet.request_execute(other, l2_value=1)
    assert not net.faults.requests("l1").sends
    quote = wallet.quote_deposit(base, AMOUNT, refund_recipient=other)
    assert (quote.refund_lands_at, quote.l2_sender) == (other, me)
    wallet.deposit(base, AMOUNT, refund_recipient=other).wait(timeout=30)
    assert wallet.get_balance() == AMOUNT
    assert wallet.get_balance(address=other) > 0


@ERA
def test_a_delegated_recipient_is_refused_and_a_contract_shown(net: Devnet) -> None:
    wallet, delegated, contract = wallet_of(net), delegate(net, 3), deployed(net, "Relay")
    with pytest.raises(InputError, match=f"refund_recipient: {delegated} delegates"):
        wallet.quote_deposit(ETH, AMOUNT, refund_recipient=delegated)
    assert wallet.quote_deposit(ETH, AMOUNT, refund_recipient=contract).refund_lands_at == apply_alias(contract)
    wallet.deposit(ETH, AMOUNT, refund_recipient=contract).wait(timeout=30)
    assert wallet.get_balance(address=apply_alias(contract)) > 0


def test_since_v31_a_delegated_account_keeps_its_refund(net: Devnet) -> None:
    order(net, net.profile.diamond, VERSION, 31, 0)
    me, wallet = delegate(net, 0), wallet_of(net)
    quote = wallet.quote_deposit(net.profile.base_token or ETH, AMOUNT)
    assert (quote.refund_lands_at, quote.l2_sender) == (me, me)
    wallet.deposit(net.profile.base_token or ETH, AMOUNT).wait(timeout=30)
    assert wallet.get_balance() > AMOUNT


# ---------------------------------------------------------------- approvals
def test_tether_is_reset_first(net: Devnet, open_wallet: Any) -> None:
    wallet, token = open_wallet(net), net.tokens["USDT"]
    wallet.approve(token, AMOUNT - 1).wait(timeout=30)
    quote = wallet.quote_deposit(token, AMOUNT)
    approval = quote.approvals[-1]
    assert (approval.token, approval.allowance, approval.amount, approval.reset_first) == (
        token, AMOUNT - 1, AMOUNT, True,
    )  # fmt: skip
    plan = wallet.prepare_deposit(token, AMOUNT)
    amounts = [
        ERC20.approve.decode_arguments(step.transaction.data)[1] for step in plan.steps if step.transaction.to == token
    ]
    assert amounts == [0, AMOUNT]
    wallet.submit(plan).wait(timeout=30)
    assert wallet.get_l1_allowance(token) == 0
    assert wallet.get_balance(token) == AMOUNT


@ERA
def test_no_approval_where_router_or_vault_may_take_enough(net: Devnet, open_wallet: Any) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    vault = wallet.get_bridge_addresses().l1_native_token_vault
    wallet.approve(token, AMOUNT, vault).wait(timeout=30)
    assert wallet.quote_deposit(token, AMOUNT).approvals == ()
    assert [a.amount for a in wallet.quote_deposit(token, AMOUNT + 1).approvals] == [AMOUNT + 1]
    wallet.deposit(token, AMOUNT, approve=False).wait(timeout=30)
    with pytest.raises(InsufficientAllowance, match=rf"needs 0\.0*{AMOUNT} DAI \({AMOUNT}\)") as short:
        wallet.deposit(token, AMOUNT, approve=False)
    assert (short.value.allowance, short.value.spender) == (0, net.profile.asset_router)
    with pytest.raises(InputError, match=f"approve: {AMOUNT - 1} is less than the {AMOUNT}"):
        wallet.deposit(token, AMOUNT, approve=AMOUNT - 1)
    wallet.deposit(token, AMOUNT, approve=3 * AMOUNT).wait(timeout=30)
    assert wallet.get_l1_allowance(token) == 2 * AMOUNT
    assert wallet.quote_deposit(token, 2 * AMOUNT).approvals == ()


@BASE_ERC20
def test_two_approvals_onto_an_erc20_chain(net: Devnet) -> None:
    wallet, base, token = wallet_of(net), net.profile.base_token, net.tokens["USDT"]
    quote = wallet.quote_deposit(token, AMOUNT)
    router = net.profile.asset_router
    assert [(a.token, a.spender, a.amount) for a in quote.approvals] == [
        (base, router, quote.mint_value), (token, router, AMOUNT),
    ]  # fmt: skip
    assert quote.l1_value == 0
    first = count(net)
    plan = wallet.prepare_deposit(token, AMOUNT)
    assert [step.transaction.nonce for step in plan.steps] == [first, first + 1, first + 2]
    wallet.submit(plan).wait(timeout=30)
    ether_quote = wallet.quote_deposit(ETH, AMOUNT)
    assert (ether_quote.route, ether_quote.l1_value) == ("eth-to-erc20-chain", AMOUNT)
    wallet.deposit(ETH, AMOUNT).wait(timeout=30)
    assert wallet.get_balance(ETH) == AMOUNT


def test_the_base_token_and_ether_in_any_spelling(net: Devnet) -> None:
    wallet = wallet_of(net)
    base = net.profile.base_token or ETH
    on_base = wallet.quote_deposit(base, AMOUNT)
    for spelled in ("0x000000000000000000000000000000000000800A", "0x" + bytes(base).hex(), str(base)):
        quote = wallet.quote_deposit(spelled, AMOUNT)
        assert (quote.token, quote.route) == (base, on_base.route)
    for spelled in ("0x" + "00" * 20, "0x" + "00" * 19 + "01", ETH):
        assert wallet.quote_deposit(spelled, AMOUNT).token == ETH


# ---------------------------------------------------------------- odd tokens
@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("FEE", "TokensWithFeesNotSupported"),
        ("WETH", "BurningNativeWETHNotSupported"),
        ("MOODY", "unknown error 0x7b7a8ab4"),
    ],
)
def test_tokens_that_the_bridge_refuses(net: Devnet, symbol: str, name: str, request: Any) -> None:
    token = net.tokens[symbol]
    if symbol == "MOODY":
        order(net, token, "setRefusing(bool yes)", True)
    if symbol == "WETH":
        send(net.l1_url, net.accounts[0], token, Function("deposit() payable").encode(), AMOUNT)
    signer = request.getfixturevalue("watched")
    with pytest.raises(Reverted, match=name) as refused:
        wallet_of(net, signer).deposit(token, AMOUNT)
    if symbol != "MOODY":
        assert refused.value.name == name


def test_an_old_token_never_bridged_before(net: Devnet, open_wallet: Any) -> None:
    """Name and symbol as bytes32, no decimals; registered on the way, its first deposit gets gas for its L2 contract."""
    token = deployed(net, "OldToken")
    wallet = open_wallet(net)
    send(net.l1_url, net.accounts[9], token, MINT.encode(wallet.address, AMOUNT))
    predicted = wallet.l2_token_address(token)
    quote = wallet.quote_deposit(token, AMOUNT)
    assert quote.l2_gas_limit > 300_000  # the estimate saw the deployment, so no floor is taken
    assert any("first deposit" in note for note in quote.notes)
    wallet.deposit(token, AMOUNT).wait(timeout=30)
    assert wallet.l2_token_address(token) == predicted
    assert wallet.get_balance(token) == AMOUNT
    assert wallet.asset_id(token) == ntv_asset_id(net.profile.l1_chain_id, token)


@ERA
def test_an_account_is_no_token(net: Devnet, watched: Any) -> None:
    with pytest.raises(InputError, match=f"token: {net.accounts[7].address} is no contract on L1"):
        wallet_of(net, watched).deposit(net.accounts[7].address, AMOUNT)


# ---------------------------------------------------------------- a custom bridge
def test_the_routers_own_calldata_by_the_custom_bridge(net: Devnet, open_wallet: Any) -> None:
    wallet, token, receiver = open_wallet(net), net.tokens["DAI"], net.accounts[4].address
    transfer = TransferData(AMOUNT, receiver, token)
    calldata = SecondBridgeDeposit(asset_id=ntv_asset_id(net.profile.l1_chain_id, token), transfer=transfer).encode()
    bridge: dict[str, Any] = {
        "bridge_address": net.profile.asset_router,
        "custom_bridge_data": calldata,
        "to": receiver,
    }
    with pytest.raises(InputError, match="l2_gas_limit"):
        wallet.prepare_deposit(token, AMOUNT, **bridge)
    quote = wallet.quote_deposit(token, AMOUNT, l2_gas_limit=3_000_000, **bridge)
    assert (quote.route, quote.l2_gas_limit) == ("custom-bridge", 3_000_000)
    wallet.deposit(token, AMOUNT, l2_gas_limit=3_000_000, **bridge).wait(timeout=30)
    assert wallet.get_balance(token, address=receiver) == AMOUNT
    for half in ("bridge_address", "custom_bridge_data"):
        with pytest.raises(InputError, match="go together"):
            wallet.deposit(token, AMOUNT, l2_gas_limit=3_000_000, **{half: bridge[half]})


# ---------------------------------------------------------------- options are kept
def fixed(net: Devnet, gas: int = 1_234_567, nonce: int | None = None) -> TxOptions:
    nonce = count(net) if nonce is None else nonce
    return TxOptions(nonce=nonce, gas_limit=gas, max_fee_per_gas=7_654_321_987, max_priority_fee_per_gas=123_456_789)


def kept(options: TxOptions, plan: Any) -> None:
    """Each step has the fees, the first the nonce, the last the gas limit."""
    for place, step in enumerate(plan.steps):
        tx = step.transaction
        assert tx.nonce == options.nonce + place
        assert (tx.max_fee_per_gas, tx.max_priority_fee_per_gas) == (
            options.max_fee_per_gas, options.max_priority_fee_per_gas,
        )  # fmt: skip
    assert plan.steps[-1].transaction.gas_limit == options.gas_limit


def test_options_are_kept_to_the_digit(net: Devnet, open_wallet: Any) -> None:
    wallet, token, base = open_wallet(net), net.tokens["USDT"], net.profile.base_token or ETH
    to = net.accounts[4].address
    for make, arguments in (
        (wallet.prepare_deposit, (base, ether("1"))),
        (wallet.prepare_deposit, (token, AMOUNT)),
        (wallet.prepare_request_execute, (to,)),
        (wallet.prepare_approve, (token, AMOUNT)),
        (wallet.prepare_l1_transfer, (to, AMOUNT)),
        (wallet.prepare_l1_transfer, (to, AMOUNT, token)),
    ):
        options = fixed(net)
        plan = make(*arguments, l1=options)
        kept(options, plan)
        wallet.submit(plan).wait(timeout=30)
    l2 = TxOptions(nonce=0, gas_limit=777_777, max_fee_per_gas=2_345_678_901, max_priority_fee_per_gas=3)
    plan = wallet.prepare_transfer(to, 5, l2=l2)
    kept(l2, plan)
    wallet.submit(plan).wait(timeout=30)
    l2 = TxOptions(nonce=1, gas_limit=777_777, max_fee_per_gas=2_345_678_901, max_priority_fee_per_gas=3)
    plan = wallet.prepare_withdraw(base, AMOUNT, l2=l2)
    kept(l2, plan)
    withdrawal = wallet.submit(plan)
    withdrawal.wait("ready", timeout=30)
    options = fixed(net)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash, l1=options)
    kept(options, plan)
    wallet.submit(plan).wait(timeout=30)
    # done before: known without an estimate of ours too
    again = wallet.finalize_withdrawal(withdrawal.l2_tx_hash, l1=TxOptions(gas_limit=1_000_000))
    assert again.l1_tx_hash is None
    net.fail_next_deposit()
    deposit = wallet.deposit(token, AMOUNT)
    deposit.wait_l1(timeout=30)
    options = fixed(net)
    plan = wallet.prepare_claim_failed_deposit(deposit.l2_tx_hash, l1=options)
    kept(options, plan)
    wallet.submit(plan).wait(timeout=30)


@ERA
def test_fees_that_cannot_be_are_refused(net: Devnet, watched: Any, open_wallet: Any) -> None:
    wallet = open_wallet(net, watched)
    quote = wallet.quote_deposit(ETH, AMOUNT)
    for make in (wallet.deposit, lambda *a, **k: wallet.l1_transfer(net.accounts[4].address, AMOUNT, **k)):
        with pytest.raises(InputError, match=f"max_fee_per_gas {quote.base_fee_per_gas - 1} is below the base fee"):
            make(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=quote.base_fee_per_gas - 1))
        with pytest.raises(InputError, match="max_priority_fee_per_gas 11 is above max_fee_per_gas 10"):
            make(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=10, max_priority_fee_per_gas=11))
    exactly = TxOptions(max_fee_per_gas=quote.base_fee_per_gas, max_priority_fee_per_gas=0)
    assert wallet.quote_deposit(ETH, AMOUNT, l1=exactly).max_fee_per_gas == quote.base_fee_per_gas


# ---------------------------------------------------------------- L2 gas and factory deps
def test_a_given_l2_gas_limit_is_kept_or_named(net: Devnet) -> None:
    wallet, target = wallet_of(net), net.accounts[4].address
    least = wallet.quote_request_execute(target, l2_gas_limit=2_000_000).minimal_l2_gas_limit
    execution = wallet.request_execute(target, l2_gas_limit=least, l2_value=1)
    assert execution.wait_l1(timeout=30).status == 1
    with pytest.raises(L2GasLimitTooLow, match="ValidateTxnNotEnoughGas") as low:
        wallet.request_execute(target, l2_gas_limit=least - 1)
    assert low.value.minimum == least
    with pytest.raises(L2GasLimitTooHigh) as high:
        wallet.request_execute(target, l2_gas_limit=100_000_000)
    most = high.value.maximum
    assert wallet.request_execute(target, l2_gas_limit=most).wait_l1(timeout=30).status == 1
    with pytest.raises(L2GasLimitTooHigh, match="TooMuchGas|PubdataGreaterThanLimit"):
        wallet.request_execute(target, l2_gas_limit=most + 1)
    for other in (0, 799, 801, 50_000):
        with pytest.raises(InputError, match=f"gas_per_pubdata.*{other}"):
            wallet.quote_request_execute(target, gas_per_pubdata=other)


def test_factory_deps_are_taken_in_form_and_refused_by_name(net: Devnet) -> None:
    wallet, target = wallet_of(net), net.accounts[4].address
    good = [bytes(32), b"\1" * 96]
    quote = wallet.quote_request_execute(target, factory_deps=good)
    plain = wallet.quote_request_execute(target)
    if net.profile.stack == "era":
        assert quote.minimal_l2_gas_limit > plain.minimal_l2_gas_limit + 2 * 51_200
    execution = wallet.request_execute(target, factory_deps=good, l2_value=3)
    assert execution.wait(timeout=30).status == 1
    net.faults.requests("l1").clear()
    for bad in (b"\1" * 33, b"\1" * 64, b""):
        with pytest.raises((InputError, Reverted), match="LengthIsNotDivisibleBy32|MalformedBytecode|words|bytecode"):
            wallet.request_execute(target, factory_deps=[bad])
    with pytest.raises(InputError, match="TooManyFactoryDeps"):
        wallet.request_execute(target, factory_deps=[bytes(32)] * 65, l2_gas_limit=60_000_000)
    assert not net.faults.requests("l1").sends


# ---------------------------------------------------------------- mint value
@pytest.mark.parametrize("net", ["era-eth", "era-erc20"], indirect=True)
def test_a_mint_value_is_enough_up_to_just_the_price_that_is_named(net: Devnet) -> None:
    wallet, target = wallet_of(net), net.accounts[4].address
    call: dict[str, Any] = {"l2_gas_limit": 500_000, "l2_value": 10**15}
    mint = wallet.quote_request_execute(target, **call).mint_value * 2 + 12_345
    if net.profile.base_token != ETH:
        wallet.approve(net.profile.base_token, 10 * mint).wait(timeout=30)
    highest = wallet.quote_request_execute(target, mint_value=mint, **call).holds_up_to_gas_price
    assert highest is not None

    def at(price: int) -> TxOptions:
        return TxOptions(max_fee_per_gas=price, max_priority_fee_per_gas=price)  # pays just that

    with pytest.raises(InsufficientBaseCost) as short:
        wallet.request_execute(target, mint_value=mint, l1=at(highest + 1), **call)
    said = short.value
    assert (said.mint_value, said.l2_value, said.gas_price, said.enough_up_to) == (mint, 10**15, highest + 1, highest)
    assert said.base_cost + said.l2_value > mint
    plan = wallet.prepare_request_execute(target, mint_value=mint, l1=at(highest), **call)
    net.l1.base_fee = highest
    execution = wallet.submit(plan)
    receipt = execution.wait_l1(timeout=30)
    assert (receipt.status, receipt.effective_gas_price) == (1, highest)
    done = execution.wait(timeout=30)
    assert done.status == 1
    # one wei above, the chain itself refuses it
    request = {
        "from": str(wallet.address), "to": str(net.profile.bridgehub), "gasPrice": hex(highest + 1),
        "data": "0x" + plan.steps[-1].transaction.data.hex(), "value": hex(plan.steps[-1].transaction.value),
    }  # fmt: skip
    with pytest.raises(Exception, match="revert"):
        net.l1.rpc("eth_call", request, "latest")
    request["gasPrice"] = hex(highest)
    net.l1.rpc("eth_call", request, "latest")


@ERA
def test_a_mint_value_has_the_tip_in_it(net: Devnet, watched: Any) -> None:
    wallet = wallet_of(net, watched)
    with pytest.raises(InputError, match="operator_tip: 7 has no place beside a mint_value"):
        wallet.request_execute(net.accounts[4].address, mint_value=10**18, operator_tip=7)
    assert wallet.quote_request_execute(net.accounts[4].address, mint_value=10**18).l1_value == 10**18


# ---------------------------------------------------------------- chains that refuse
@pytest.mark.parametrize("options", [None, TxOptions(gas_limit=1_000_000)], ids=["estimated", "gas-given"])
def test_a_chain_that_refuses_is_named_before_signing(net: Devnet, options: TxOptions | None) -> None:
    base, diamond, hub = net.profile.base_token or ETH, net.profile.diamond, net.profile.bridgehub
    signer = CountingSigner(net)
    cases: list[tuple[str, list[tuple[Any, str, tuple[Any, ...]]]]] = [
        ("Pausable: paused", [(hub, "pause()", ())]),
        ("Pausable: paused", [(net.profile.asset_router, "pause()", ())]),
        ("DepositsPaused", [(diamond, VERSION, (31, 0)), (diamond, "setDepositsPaused(bool yes)", (True,))]),
        (
            "TransactionNotAllowed",
            [(diamond, "setTransactionFilterer(address to)", (deployed(net, "TransactionFilterer"),))],
        ),
    ]
    for words, orders in cases:
        state = net.snapshot()
        for to, signature, arguments in orders:
            order(net, to, signature, *arguments)
        for token in {base, net.tokens["DAI"]}:
            with pytest.raises(Reverted, match=words):
                wallet_of(net, signer).deposit(token, AMOUNT, l1=options)
        net.revert(state)
    assert signer.signed == []


@ERA
def test_a_chain_without_a_multiplier_is_named(net: Devnet, watched: Any) -> None:
    net.l1.rpc("anvil_setStorageAt", str(net.profile.diamond), hex(SLOT_BASE_TOKEN_MULTIPLIER), "0x" + "00" * 32)
    with pytest.raises(InputError, match="multiplier_denominator is 0: the chain's fee parameters are not set"):
        wallet_of(net, watched).deposit(ETH, AMOUNT)


# ---------------------------------------------------------------- nodes that lack a method
LACKING = Failure(-32601, "the method does not exist/is not available")


def test_without_simulation_each_step_is_estimated_as_if_those_before_were_done(net: Devnet, open_wallet: Any) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    simulated = wallet.quote_deposit(token, AMOUNT).gas_limits
    net.faults.add(LACKING, node="l1", method="eth_simulateV1")
    quote = wallet.quote_deposit(token, AMOUNT)
    assert len(quote.approvals) == (1 if net.profile.base_token == ETH else 2)
    for limit, other in zip(quote.gas_limits, simulated, strict=True):
        assert abs(limit - other) <= max(limit, other) // 4
    wallet.deposit(token, AMOUNT).wait(timeout=30)
    assert wallet.get_balance(token) == AMOUNT


def no_slot(answer: Any) -> Any:
    """Of a token that keeps its allowances where nobody looks."""
    return "0x" + "00" * 32 if answer and int(answer, 16) >> 64 == 1 else answer


WITHOUT = {
    "no estimate": (LACKING, "eth_estimateGas"),
    "no overrides": (Failure(-32602, "too many arguments, want at most 2"), "eth_estimateGas"),
    "no slot": (Lie(no_slot), "eth_call"),
}


@pytest.mark.parametrize("what", WITHOUT)
def test_without_simulation_and_overrides_the_documented_bound_is_taken(
    net: Devnet, open_wallet: Any, what: str
) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    approvals = len(wallet.quote_deposit(token, AMOUNT).approvals)
    net.faults.add(LACKING, node="l1", method="eth_simulateV1")
    fault, method = WITHOUT[what]
    net.faults.add(fault, node="l1", method=method)
    bounded = wallet.quote_deposit(token, AMOUNT)
    assert bounded.gas_limits[-1] == GAS_UNSEEN
    assert all(limit <= APPROVE_GAS_UNSEEN for limit in bounded.gas_limits[:approvals])


def test_without_an_estimate_of_l2_gas_a_bound_is_taken(net: Devnet, open_wallet: Any) -> None:
    for method in ("zks_estimateGasL1ToL2", "eth_estimateGas"):
        net.faults.add(LACKING, node="l2", method=method)
    wallet, base = open_wallet(net), net.profile.base_token or ETH
    quote = wallet.quote_deposit(base, AMOUNT)
    assert any("gave no estimate" in note for note in quote.notes)
    assert quote.l2_gas_limit == 3_600_000
    wallet.deposit(base, AMOUNT).wait(timeout=30)
    assert wallet.get_balance() >= AMOUNT
