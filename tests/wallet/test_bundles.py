"""Withdrawals by interop bundle: there and back, across an upgrade, and what a hostile node can show of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from signers import LedgerSigner, TrezorSigner
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from tests.devnet.client import send
from tests.wallet.test_finality import as_if
from tests.wallet.test_versions import SET_VERSION
from tests.wallet.tools import AMOUNT, CountingSigner, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import (
    AlreadyFinalized,
    BlindSigningRequired,
    InputError,
    InvalidBundle,
    InvalidProof,
    L2GasLimitTooLow,
    MalformedReply,
    NotReady,
    UnsupportedProtocol,
    WithdrawalCancelled,
)
from zkcore.ethereum.abi import Function, decode, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.plans.preview import preview
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.bundles import BundleRequest, BundleWithdrawal
from zkcore.protocol.contracts import (
    ERC20,
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    L1_MESSENGER,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    NULLIFIER,
)
from zkcore.testing.devnet import Devnet, Lie
from zkcore.testing.devnet.deploy import artifact
from zkcore.types import Address, Hash32, hex_bytes, to_hex

UNBUNDLE = Function("unbundleBundle(bytes bundle,uint8[] callStatus)")


@pytest.fixture(scope="module")
def _nets33() -> Iterator[dict[str, Devnet]]:
    nets: dict[str, Devnet] = {}
    yield nets
    for net in nets.values():
        net.__exit__()


@pytest.fixture(params=["zksync-os-eth", "era-erc20"])
def net(request: pytest.FixtureRequest, _nets33: dict[str, Devnet]) -> Iterator[Devnet]:
    """A devnet of v33; with an ERC-20 base token it has the other form of the hash. What a test did is undone after it."""
    if request.param not in _nets33:
        older = request.param == "era-erc20"
        _nets33[request.param] = Devnet(request.param, protocol_version=33, older_bundle_hash=older).__enter__()
    found = _nets33[request.param]
    snapshot = found.snapshot()
    yield found
    found.faults.clear()
    found.revert(snapshot)
    for node in ("l1", "l2"):
        found.faults.requests(node).clear()


OS = pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)


def funded(net: Devnet, open_wallet: Callable[..., Any], who: int = 0) -> Any:
    """A wallet with base token and DAI on L2."""
    wallet = open_wallet(net, who)
    wallet.deposit(net.profile.base_token, ether("2")).wait(timeout=60)
    wallet.deposit(net.tokens["DAI"], 10 * AMOUNT).wait(timeout=60)
    return wallet


def test_every_kind_there_and_back(net: Devnet, open_wallet: Any) -> None:
    wallet, to = funded(net, open_wallet), net.accounts[5].address
    base, dai, crown = net.profile.base_token, net.tokens["DAI"], net.l2_tokens["CROWN"]
    for token, at_l1 in ((base, base), (dai, dai), (crown, None)):
        before = wallet.get_l1_balance(at_l1, address=to) if at_l1 else 0
        plan = wallet.prepare_withdraw(token, AMOUNT, to=to)
        assert [step.kind for step in plan.steps] == (["approve"] if token == crown else []) + ["withdraw"]
        last = plan.steps[-1].transaction
        request = BundleRequest.decode(last.data)
        assert (last.to, last.value) == (INTEROP_CENTER_ADDRESS, AMOUNT if token == base else 0)
        assert (request.transfer.receiver, request.transfer.amount, request.value) == (to, AMOUNT, last.value)
        if token == crown:
            assert ERC20.approve.decode_arguments(plan.steps[0].transaction.data) == (
                L2_NATIVE_TOKEN_VAULT_ADDRESS,
                AMOUNT,
            )
        withdrawal = wallet.submit(plan)
        assert withdrawal.wait("ready", timeout=60).phase == "READY"
        assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
        params = wallet.get_finalize_withdrawal_params(withdrawal.l2_tx_hash)
        assert params.bundle_hash is not None
        assert len(params.merkle_proof) == 18
        assert wallet.verify_message(params)
        receipt = withdrawal.finalize().wait(timeout=60)
        assert receipt.status == 1
        assert withdrawal.status().phase == "FINALIZED"
        assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
        assert wallet.finalize_withdrawal(withdrawal.l2_tx_hash).l1_tx_hash is None  # done before
        with pytest.raises(AlreadyFinalized):
            wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash)
        if at_l1:
            assert wallet.get_l1_balance(at_l1, address=to) - before == AMOUNT


def test_the_preview_says_what_is_withdrawn_and_what_is_paid_out(net: Devnet) -> None:
    wallet = funded(net, wallet_of)
    to = net.accounts[5].address
    for token in (net.profile.base_token, net.tokens["DAI"]):
        plan = wallet.prepare_withdraw(token, AMOUNT, to=to)
        shown = {field.label: field for field in preview(plan.steps[-1].transaction, net.profile).fields}
        assert shown["call"].raw == "sendBundle"
        assert shown["receiver"].raw == to
        assert shown["amount"].raw == AMOUNT
        assert "(L1 of devnet)" in shown["destination"].value
        assert shown["salt"].raw == BundleRequest.decode(plan.steps[-1].transaction.data).salt
        withdrawal = wallet.submit(plan)
        withdrawal.wait("ready", timeout=60)
        paid = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash)
        shown = {field.label: field for field in preview(paid.steps[-1].transaction, net.profile).fields}
        assert shown["call"].raw == "executeBundle"
        assert (shown["receiver"].raw, shown["amount"].raw) == (to, AMOUNT)


def test_each_order_has_a_salt_of_its_own(net: Devnet) -> None:
    """One with a name has the same each time: the chain takes it once."""
    wallet, token = funded(net, wallet_of), L2_BASE_TOKEN_ADDRESS

    def salt(**named: Any) -> Hash32:
        return BundleRequest.decode(wallet.prepare_withdraw(token, 1, **named).steps[0].transaction.data).salt

    assert len({salt() for _ in range(3)}) == 3
    assert salt(reference="order 17") == salt(reference="order 17") != salt(reference="order 18")


def test_withdrawals_are_found_and_finalized_together(net: Devnet, open_wallet: Any) -> None:
    wallet, other = funded(net, open_wallet), funded(net, wallet_of, 1)
    ours = [wallet.withdraw(token, AMOUNT).l2_tx_hash for token in (L2_BASE_TOKEN_ADDRESS, net.tokens["DAI"])]
    theirs = other.withdraw(L2_BASE_TOKEN_ADDRESS, AMOUNT).l2_tx_hash
    found = wallet.find_withdrawals(from_block=0)
    assert [one.l2_tx_hash for one in found] == ours
    assert [one.l2_tx_hash for one in other.find_withdrawals(from_block=0)] == [theirs]
    for done in wallet.finalize_withdrawals([(tx_hash, 0) for tx_hash in ours]):
        done.wait(timeout=60)
    assert wallet.find_withdrawals(from_block=0) == []


@OS
def test_several_by_a_contract_and_both_kinds_in_one_transaction(net: Devnet, open_wallet: Any) -> None:
    """A chain that still has the old call of the base token beside its bundles: each is finalized as its message says."""
    wallet, to = funded(net, open_wallet), net.accounts[5].address
    decimals = "0x" + "12".zfill(64)  # and beside them, that the old call is there
    net.l2.anvil.rpc("anvil_setStorageAt", str(L2_BASE_TOKEN_ADDRESS), hex(2), decimals)
    made = send(net.l2_url, net.accounts[0], None, artifact("Withdrawer"), gas_limit=4_000_000)
    contract = Address(made["contractAddress"])
    first = BundleRequest.decode(wallet.prepare_withdraw(ETH, AMOUNT, to=to).steps[0].transaction.data)
    calls = [
        (INTEROP_CENTER_ADDRESS, AMOUNT, first.encode()),
        (L2_BASE_TOKEN_ADDRESS, 2 * AMOUNT, L2_BASE_TOKEN.withdraw.encode(to)),
        (INTEROP_CENTER_ADDRESS, AMOUNT, replace(first, salt=Hash32(b"\x05" * 32)).encode()),
    ]
    call_all = Function("callAll(address[] a,uint256[] b,bytes[] c)")
    data = call_all.encode(*[list(column) for column in zip(*calls, strict=True)])
    receipt = send(net.l2_url, net.accounts[0], contract, data, value=4 * AMOUNT, gas_limit=4_000_000)
    tx_hash, before = Hash32(receipt["transactionHash"]), wallet.get_l1_balance(ETH, address=to)
    found = wallet.find_withdrawals(contract, from_block=0)
    assert [(one.l2_tx_hash, one.index) for one in found] == [(tx_hash, index) for index in range(3)]
    params = [wallet.get_finalize_withdrawal_params(tx_hash, index) for index in range(3)]
    assert [one.bundle_hash is not None for one in params] == [True, False, True]
    for done in wallet.finalize_withdrawals([(tx_hash, index) for index in range(3)]):
        done.wait(timeout=60)
    assert wallet.get_l1_balance(ETH, address=to) - before == 4 * AMOUNT
    assert wallet.find_withdrawals(contract, from_block=0) == []


@OS
def test_the_minimal_l2_gas_of_a_deposit(net: Devnet, open_wallet: Any) -> None:
    wallet, to = open_wallet(net), net.accounts[4].address
    with pytest.raises(L2GasLimitTooLow, match="281144"):
        wallet.request_execute(to, l2_gas_limit=281_143)
    wallet.request_execute(to, l2_gas_limit=281_144).wait(timeout=60)
    long = bytes(10_000)
    with pytest.raises(L2GasLimitTooLow, match="421000"):
        wallet.request_execute(to, long, l2_gas_limit=420_999)
    wallet.request_execute(to, long, l2_gas_limit=421_000).wait(timeout=60)


# ---------------------------------------------------------------- an upgrade
@pytest.mark.parametrize("preset", ["zksync-os-eth", "era-eth"])
def test_across_the_upgrade(preset: Any, make_devnet: Any, open_wallet: Any) -> None:
    """Withdrawn before and finalized after, by one wallet that lives through it; between the two upgrades all is as before."""
    net = make_devnet(preset, protocol_version=31)
    wallet = funded(net, open_wallet)
    early, late = wallet.withdraw(ETH, AMOUNT), wallet.withdraw(net.tokens["DAI"], AMOUNT)
    late.wait("ready", timeout=60)
    early.finalize().wait(timeout=60)
    net.upgrade_ecosystem()
    between = wallet.withdraw(ETH, AMOUNT)
    assert between.wait("ready", timeout=60).params.bundle_hash is None
    between.finalize().wait(timeout=60)
    waiting = wallet.withdraw(ETH, 3 * AMOUNT)
    net.upgrade_chain()
    after = wallet.withdraw(ETH, 2 * AMOUNT)
    assert wallet.quote_deposit(ETH, 1).protocol_version == 33
    assert after.wait("ready", timeout=60).params.bundle_hash is not None
    assert len(wallet.get_finalize_withdrawal_params(late.l2_tx_hash).merkle_proof) == 16
    assert early.status().phase == between.status().phase == "FINALIZED"
    assert {one.l2_tx_hash for one in wallet.find_withdrawals(from_block=0)} == {
        one.l2_tx_hash for one in (late, waiting, after)
    }
    for handle in (late, waiting, after):
        handle.finalize().wait(timeout=60)
        assert handle.status().phase == "FINALIZED"
    wallet.deposit(net.tokens["DAI"], AMOUNT).wait(timeout=60)
    confirmed = wallet.deposit(ETH, AMOUNT)
    confirmed.wait(timeout=60)
    assert wallet.get_priority_op_confirmation(confirmed.status().l2_tx_hash).succeeded


def test_a_failed_deposit_is_claimed_after_the_upgrade(make_devnet: Any) -> None:
    net = make_devnet("zksync-os-eth", protocol_version=33)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    net.fail_next_deposit()
    deposit = wallet.deposit(token, AMOUNT)
    deposit.wait_l1(timeout=60)
    held = wallet.get_l1_balance(token)
    wallet.claim_failed_deposit(deposit.status().l2_tx_hash).wait(timeout=60)
    assert wallet.get_l1_balance(token) - held == AMOUNT


def test_an_early_v32_withdraws_as_v31_does(make_devnet: Any, open_wallet: Any) -> None:
    """Whatever L1 has by then."""
    net = make_devnet("zksync-os-eth", protocol_version=32)
    wallet = funded(net, open_wallet)
    for _ in range(2):
        withdrawal = wallet.withdraw(ETH, AMOUNT)
        assert withdrawal.wait("ready", timeout=60).params.bundle_hash is None
        withdrawal.finalize().wait(timeout=60)
        net.upgrade_ecosystem()


def test_no_way_that_is_known_is_said_by_name(make_devnet: Any) -> None:
    """L2 has lost the old calls, and L1 has no handler."""
    net = make_devnet("zksync-os-eth", protocol_version=31)
    wallet = funded(net, wallet_of)
    net.upgrade_chain()
    before = len(sends(net))
    with pytest.raises(
        UnsupportedProtocol, match=r"no way to withdraw .* an attribute parser at .* no interop handler"
    ):
        wallet.withdraw(ETH, AMOUNT)
    assert len(sends(net)) == before


@OS
def test_a_chain_that_takes_no_deposits_says_so(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net, chain=replace(net.profile, no_deposits="it is shut down"))
    assert wallet.quote_deposit(ETH, AMOUNT).notes[0] == "it is shut down"
    before = len(sends(net))
    for order in (wallet.prepare_deposit, wallet.deposit):
        for token in (ETH, net.tokens["DAI"]):
            with pytest.raises(InputError, match=f"chain {net.chain_id} takes no deposits: it is shut down"):
                order(token, AMOUNT)
    assert len(sends(net)) == before
    # what is there is moved by a call from L1 as ever, and out
    assert "it is shut down" in str(wallet.prepare_request_execute(net.accounts[1].address).preview())
    funded(net, wallet_of)
    assert wallet.withdraw(ETH, AMOUNT).wait("ready", timeout=60).phase == "READY"


@pytest.mark.parametrize("ask", ["deposit", "withdraw"])
def test_v34_is_refused_before_anything_is_signed(make_devnet: Any, open_wallet: Any, ask: str) -> None:
    net = make_devnet("zksync-os-eth", protocol_version=33)
    wallet = open_wallet(net, signer := CountingSigner(net))
    send(net.l1_url, net.accounts[9], net.profile.diamond, SET_VERSION.encode(34, 0))
    with pytest.raises(UnsupportedProtocol, match="v34"):
        getattr(wallet, ask)(ETH, AMOUNT)
    assert not signer.signed


def test_the_window_in_which_a_chain_has_no_route(make_devnet: Any, open_wallet: Any) -> None:
    """The ecosystem has v34's center and no request functions, the chain is not there yet."""
    net = make_devnet("zksync-os-eth", protocol_version=33)
    wallet = open_wallet(net, signer := CountingSigner(net))
    set_center = Function("setInteropCenter(address a)").encode(net.accounts[8].address)
    send(net.l1_url, net.accounts[9], net.profile.bridgehub, set_center)
    for order in (lambda: wallet.deposit(ETH, AMOUNT), lambda: wallet.request_execute(net.accounts[3].address)):
        with pytest.raises(UnsupportedProtocol, match="interop center"):
            order()
    assert not signer.signed


# ---------------------------------------------------------------- what L1 did with it
def sent(net: Devnet, wallet: Any, **asked: Any) -> Any:
    """A withdrawal whose request names an executor or an unbundler, which zkcore never does itself."""
    plan = wallet.prepare_withdraw(L2_BASE_TOKEN_ADDRESS, AMOUNT)
    (step,) = plan.steps
    request = replace(BundleRequest.decode(step.transaction.data), **asked)
    transaction = replace(step.transaction, data=request.encode(), gas_limit=2 * step.transaction.gas_limit)
    handle = wallet.submit(replace(plan, steps=(replace(step, transaction=transaction),)))
    handle.wait("l2", timeout=60)
    return handle


@OS
def test_a_cancelled_bundle_is_lost_by_its_own_name(net: Devnet, open_wallet: Any) -> None:
    unbundler = net.accounts[7]
    wallet = funded(net, open_wallet)
    withdrawal = sent(net, wallet, unbundler=unbundler.address)
    params = wallet.get_finalize_withdrawal_params(withdrawal.l2_tx_hash)
    handler = net._shared.ecosystem.interop_handler
    send(net.l1_url, unbundler, handler, L1_INTEROP_HANDLER.verify_bundle.selector + params.calldata()[4:])
    assert withdrawal.status().phase == "READY"  # verified, and still to be executed
    send(net.l1_url, unbundler, handler, UNBUNDLE.encode(params.message[1:], [2]))
    assert withdrawal.status().phase == "CANCELLED"
    assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    with pytest.raises(WithdrawalCancelled, match=str(params.bundle_hash)):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    with pytest.raises(WithdrawalCancelled):
        withdrawal.wait("finalized", timeout=60)


@OS
def test_a_verified_bundle_goes_on(net: Devnet, open_wallet: Any) -> None:
    wallet = funded(net, open_wallet)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    params = wallet.get_finalize_withdrawal_params(withdrawal.l2_tx_hash)
    handler = net._shared.ecosystem.interop_handler
    verify = L1_INTEROP_HANDLER.verify_bundle.selector + params.calldata()[4:]
    send(net.l1_url, net.accounts[9], handler, verify)
    withdrawal.finalize().wait(timeout=60)
    assert withdrawal.status().phase == "FINALIZED"


@OS
def test_another_executor_is_refused_before_anything_is_signed(net: Devnet, open_wallet: Any) -> None:
    other = net.accounts[6].address
    withdrawal = sent(net, funded(net, open_wallet), executor=other)
    wallet = open_wallet(net, signer := CountingSigner(net))
    with pytest.raises(InputError, match=f"only {other} may"):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    assert not signer.signed
    open_wallet(net, 6).finalize_withdrawal(withdrawal.l2_tx_hash).wait(timeout=60)
    assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)


@OS
def test_a_paused_handler_and_a_chain_balance_that_is_too_low_are_later(net: Devnet, open_wallet: Any) -> None:
    wallet = funded(net, open_wallet)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    handler, vault = net._shared.ecosystem.interop_handler, net.profile.native_token_vault
    send(net.l1_url, net.accounts[9], handler, Function("pause()").encode())
    assert "paused" in withdrawal.status().reason
    send(net.l1_url, net.accounts[9], handler, Function("unpause()").encode())
    rich = wallet_of(net, 2)
    net.l2.anvil.rpc("anvil_setBalance", str(rich.address), hex(10**24))  # it did not come from L1
    much = rich.withdraw(ETH, ether("900000"))
    assert much.status().blocked is not None
    with pytest.raises(
        NotReady, match=f"too little of asset {BundleRequest.decode(_calldata(net, much)).asset_id}"
    ) as later:
        rich.finalize_withdrawal(much.l2_tx_hash)
    assert later.value.state == "BALANCE_PENDING"
    assert vault is not None


def _calldata(net: Devnet, withdrawal: Any) -> bytes:
    return bytes.fromhex(net.l2.rpc("eth_getTransactionByHash", str(withdrawal.l2_tx_hash))["input"][2:])


# ---------------------------------------------------------------- a node that shows another bundle
MESSAGE_SENT, BUNDLE_SENT = str(L1_MESSENGER.l1_message_sent.topic), str(INTEROP_CENTER.interop_bundle_sent.topic)
Change = Callable[[BundleWithdrawal], BundleWithdrawal]


def showing(bundle: Change, *, hashed: Callable[[bytes], Hash32] = keccak256) -> Lie:
    """A receipt in which the bundle is another, everywhere that a receipt has it: the message, its log, the event."""

    def change(receipt: Any) -> Any:
        if not receipt:
            return receipt
        logs = [dict(log) for log in receipt["logs"]]
        for log in logs:
            if log["topics"][0] != MESSAGE_SENT or not log["topics"][1].endswith("1000d"):
                continue
            (message,) = decode(("bytes",), hex_bytes(log["data"]))
            other = bundle(BundleWithdrawal.decode(message))
            told, digest = other.encode(), keccak256(other.encode())
            old = log["topics"][2]
            log["data"], log["topics"] = to_hex(encode(("bytes",), (told,))), [*log["topics"][:2], str(digest)]
            for event in logs:
                if event["topics"][0] == BUNDLE_SENT:
                    event["data"] = to_hex(digest + hashed(other.bundle) + (0x60).to_bytes(32) + other.bundle[32:])
            entries = [e | ({"value": str(digest)} if e["value"] == old else {}) for e in receipt["l2ToL1Logs"]]
            receipt = receipt | {"l2ToL1Logs": entries}
        return receipt | {"logs": logs}

    return Lie(change)


def of(other: BundleWithdrawal, **changes: Any) -> BundleWithdrawal:
    return replace(other, **changes)


def minting(other: BundleWithdrawal, **changes: Any) -> BundleWithdrawal:
    return replace(other, transfer_data=replace(other.mint, **changes).encode())


THIEF = Address(b"\xee" * 20)


@OS
@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda b: of(b, source_chain_id=324), InvalidBundle, "source_chain_id is 324"),
        (lambda b: of(b, l1_chain_id=1), InvalidBundle, "l1_chain_id is 1"),
        (lambda b: of(b, l1_asset_router=THIEF), InvalidBundle, f"l1_asset_router is {THIEF}"),
        (lambda b: minting(b, receiver=THIEF), InvalidProof, "does not lead to the root"),  # another user's
        (lambda b: minting(b, amount=1), InvalidProof, "does not lead to the root"),
        (lambda b: of(b, sender_salt=Hash32(b"\x01" * 32)), InvalidProof, "does not lead to the root"),
    ],
)
def test_a_node_that_shows_another_bundle(net: Devnet, open_wallet: Any, change: Change, error: Any, says: str) -> None:
    withdrawal = funded(net, open_wallet).withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    wallet = open_wallet(net, signer := CountingSigner(net))
    net.faults.add(showing(change), node="l2", method="eth_getTransactionReceipt")
    for ask in (wallet.finalize_withdrawal, wallet.is_withdrawal_finalized):
        with pytest.raises(error, match=says):
            ask(withdrawal.l2_tx_hash)
    # who has signed it knows before there is a proof that it is another
    with pytest.raises((error, MalformedReply), match=f"{says}|not the one that was signed"):
        withdrawal.status()
    assert not signer.signed


@OS
def test_a_bundle_under_a_hash_that_is_not_its_own(net: Devnet, open_wallet: Any) -> None:
    """Else the node could name the hash of one that L1 has paid out."""
    withdrawal = funded(net, open_wallet).withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    wallet = open_wallet(net)
    lie = showing(lambda bundle: bundle, hashed=lambda _: Hash32(b"\x11" * 32))
    net.faults.add(lie, node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(InvalidBundle, match="its event names"):
        wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)


@OS
def test_a_bundle_without_its_event(net: Devnet) -> None:
    wallet = funded(net, wallet_of)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)

    def silent(receipt: Any) -> Any:
        return receipt and receipt | {"logs": [log for log in receipt["logs"] if log["topics"][0] != BUNDLE_SENT]}

    net.faults.add(Lie(silent), node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(InvalidBundle, match=r"its event names \[\]"):
        withdrawal.status()


@OS
@pytest.mark.parametrize(
    ("message", "says"),
    [(b"\x01", "is not"), (b"\x01" + bytes(320), "is not"), (b"\x01" + b"\xff" * 64, "is not")],
)
def test_a_message_of_the_center_that_is_no_bundle(net: Devnet, message: bytes, says: str) -> None:
    """It is named, not passed over."""
    wallet = funded(net, wallet_of)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    digest = str(keccak256(message))

    def change(receipt: Any) -> Any:
        logs = [
            log | {"data": to_hex(encode(("bytes",), (message,))), "topics": [*log["topics"][:2], digest]}
            if log["topics"][0] == MESSAGE_SENT
            else log
            for log in receipt["logs"]
        ]
        return receipt | {"logs": logs, "l2ToL1Logs": [entry | {"value": digest} for entry in receipt["l2ToL1Logs"]]}

    net.faults.add(Lie(lambda receipt: receipt and change(receipt)), node="l2", method="eth_getTransactionReceipt")
    with pytest.raises(InvalidBundle, match=says):
        withdrawal.status()


def test_too_early_and_wrong_are_told_apart(make_devnet: Any, open_wallet: Any) -> None:
    """Both are one error of the handler's."""
    net = make_devnet("zksync-os-eth", protocol_version=33, automatic_batches=False)
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("l2", timeout=60)
    assert withdrawal.status().phase == "BATCH_PENDING"
    net.seal_batch()
    with pytest.raises(NotReady):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    net.execute_batch()

    def early(proof: Any) -> Any:
        return proof and proof | {"batchNumber": 99}

    def wrong(proof: Any) -> Any:
        return proof and proof | {"proof": [*proof["proof"][:-1], "0x" + "5a" * 32]}

    with net.faults.add(Lie(early), node="l2", method="zks_getL2ToL1LogProof"):
        assert withdrawal.status().phase == "PROOF_PENDING"
        with pytest.raises(NotReady, match="no root of batch 99"):
            wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    with (
        net.faults.add(Lie(wrong), node="l2", method="zks_getL2ToL1LogProof"),
        pytest.raises(InvalidProof, match="does not lead to the root"),
    ):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    withdrawal.finalize().wait(timeout=60)


# ---------------------------------------------------------------- devices
def ledger(*, consent: bool) -> Any:
    return LedgerSigner.connect(open_dongle=FakeLedger(blind_signing=True).open, allow_blind_signing=consent)


def trezor(*, consent: bool) -> Any:
    return TrezorSigner.connect(transport=FakeTrezor("T3T1"), timeout=20, allow_blind_signing=consent)


@OS
@pytest.mark.parametrize("device", [ledger, trezor])
def test_a_device_withdraws_by_bundle_and_sees_a_hash_of_it_at_most(net: Devnet, open_wallet: Any, device: Any) -> None:
    """`sendBundle` is calldata that no device knows: blind signing is consented to, or nothing is signed."""
    rich = funded(net, open_wallet)
    with device(consent=True) as signer:
        rich.transfer(signer.address, ether("1")).wait(timeout=60)
        wallet = wallet_of(net, signer)
        plan = wallet.prepare_withdraw(ETH, AMOUNT)
        assert "blind" in str(plan.preview())
        withdrawal = wallet.submit(plan)
        withdrawal.wait("ready", timeout=60)
        rich.finalize_withdrawal(withdrawal.l2_tx_hash).wait(timeout=60)
        assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    with device(consent=False) as signer, pytest.raises(BlindSigningRequired):
        wallet_of(net, signer).withdraw(ETH, AMOUNT)


def test_a_bundle_of_ours_does_not_stand_for_another_of_ours(net: Devnet, open_wallet: Any) -> None:
    """What a bundle withdraws is compared with the request that was signed: amount, receiver, asset, salt; after a resume too."""
    wallet = funded(net, open_wallet)
    base, dai = net.profile.base_token, net.tokens["DAI"]
    ours = wallet.withdraw(dai, AMOUNT)
    others = [wallet.withdraw(dai, AMOUNT + 1), wallet.withdraw(dai, AMOUNT, to=THIEF), wallet.withdraw(base, AMOUNT)]
    others.append(wallet.withdraw(dai, AMOUNT))  # the same again: another salt
    for other in (ours, *others):
        other.wait("ready", timeout=60)
    others[-1].finalize().wait(timeout=60)
    before = len(sends(net))
    for other in others:
        net.faults.clear()
        as_if(net, ours, other)
        for handle in (ours, open_wallet(net).resume(ours.to_json())):
            for ask in (handle.status, handle.finalize):
                with pytest.raises(MalformedReply, match="not the one that was signed"):
                    ask()
        with pytest.raises(MalformedReply, match="not the one that was signed"):
            wallet.is_withdrawal_finalized(ours.l2_tx_hash)
    net.faults.clear()
    assert len(sends(net)) == before
    assert ours.status().phase == "READY"
    assert ours.finalize().wait(timeout=60).status == 1


def test_the_interop_handler_receives_nothing(net: Devnet, open_wallet: Any) -> None:
    wallet = funded(net, open_wallet)
    ((handler,), before) = decode(("address",), _handler_of(net)), len(sends(net))
    base = net.profile.base_token
    for to in (Address(handler), apply_alias(handler)):
        for order in (
            lambda t=to: wallet.withdraw(base, AMOUNT, to=t),
            lambda t=to: wallet.withdraw(net.tokens["DAI"], AMOUNT, to=t),
            lambda t=to: wallet.deposit(base, AMOUNT, to=t),
            lambda t=to: wallet.deposit(net.tokens["DAI"], AMOUNT, to=t),
        ):
            with pytest.raises(InputError, match=f"to: {to} is a contract of the bridge on L1, or its alias"):
                order()
    assert len(sends(net)) == before


def _handler_of(net: Devnet) -> bytes:
    call = {"to": str(net.profile.asset_router), "data": to_hex(NULLIFIER.l1_interop_handler.encode())}
    return hex_bytes(net.l1.rpc("eth_call", call, "latest"), "handler")
