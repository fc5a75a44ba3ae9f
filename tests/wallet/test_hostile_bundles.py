"""Bundles, statuses and chains as no honest node shows them: each is refused by name, or goes right."""

# ruff: noqa: F811  # a fixture is named twice: where it is imported, and where a test takes it
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.devnet.client import call as asked
from tests.devnet.client import send
from tests.wallet.test_bundles import UNBUNDLE, _nets33, funded, net, of, sent, showing  # noqa: F401  # two are fixtures
from tests.wallet.tools import AMOUNT, CountingSigner, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import (
    AddressMismatch,
    InputError,
    InvalidBundle,
    InvalidProof,
    NotReady,
    PlanTampered,
    Reverted,
    UnsupportedProtocol,
    WithdrawalCancelled,
)
from zkcore.ethereum.abi import Function, decode, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.bundles import BundleRequest, BundleWithdrawal, interoperable_address
from zkcore.protocol.contracts import (
    INTEROP_ATTRIBUTE_PARSER_ADDRESS,
    INTEROP_ATTRIBUTES,
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    L1_MESSENGER,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
)
from zkcore.testing.devnet import Devnet, Lie
from zkcore.testing.devnet.deploy import artifact
from zkcore.types import Address, Hash32, hex_bytes, to_hex

OS = pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)
THIEF = Address(b"\xee" * 20)
BUNDLE = INTEROP_CENTER.interop_bundle_sent.inputs[2].type
SENT, MESSAGE = str(INTEROP_CENTER.interop_bundle_sent.topic), str(L1_MESSENGER.l1_message_sent.topic)
SET_HANDLER = Function("setL1InteropHandler(address handler)")


# ---------------------------------------------------------------- what L2 shows
def instead(change: Callable[[bytes], bytes], *, event: Callable[[bytes], list[bytes]] | None = None) -> Lie:
    """A receipt whose message from the center is another, in log, event and L2->L1 logs; `event`: the data of the events."""

    def lie(receipt: Any) -> Any:
        logs: list[dict[str, Any]] = []
        swapped: dict[str, str] = {}
        for log in receipt["logs"]:
            if log["topics"][0] == MESSAGE and log["topics"][1].endswith("1000d"):
                (message,) = decode(("bytes",), hex_bytes(log["data"]))
                told = change(message)
                digest, old = str(keccak256(told)), log["topics"][2]
                swapped[old] = digest
                logs.append(log | {"data": to_hex(encode(("bytes",), (told,))), "topics": [*log["topics"][:2], digest]})
                continue
            if log["topics"][0] == SENT:
                hashed = keccak256(told[1:])
                datas = event(told) if event else [keccak256(told) + hashed + (0x60).to_bytes(32) + told[33:]]
                logs += [log | {"data": to_hex(data)} for data in datas]
                continue
            logs.append(log)
        entries = [e | {"value": swapped.get(e["value"], e["value"])} for e in receipt["l2ToL1Logs"]]
        return receipt | {"logs": logs, "l2ToL1Logs": entries}

    return Lie(lambda receipt: receipt and lie(receipt))


def reshaped(place: int | None = None, other: Any = None, **of_call: Any) -> Callable[[bytes], bytes]:
    """A part of the bundle, or of its one call, is another; written canonically."""
    names = ("version", "shadow", "to", "sender", "value", "data")

    def change(message: bytes) -> bytes:
        ((*parts,),) = decode((BUNDLE,), message[1:])
        (one,) = parts[5]
        parts[5] = [tuple(of_call.get(name, member) for name, member in zip(names, one, strict=True))]
        if place is not None:
            parts[place] = other(parts[place]) if callable(other) else other
        return b"\x01" + encode((BUNDLE,), (tuple(parts),))

    return change


def foreign(calls: Any) -> Any:
    """And a second call, of anything."""
    return [*calls, (b"\x01", False, THIEF, THIEF, 5, b"\xde\xad\xbe\xef")]


SHAPES: list[tuple[Callable[[bytes], bytes], str]] = [
    (reshaped(0, b"\x02"), "expected 0x01 as version"),
    (reshaped(1, 324), "of chain 324"),
    (reshaped(2, 324), "is no L1|l1_chain_id is 324"),
    (reshaped(3, bytes(32)), "is no L1"),
    (reshaped(5, []), "number of calls, got 0"),
    (reshaped(5, foreign), "number of calls, got 2"),
    (reshaped(5, lambda calls: foreign(calls)[::-1]), "number of calls, got 2"),
    (reshaped(version=b"\x00"), "call's version"),
    (reshaped(shadow=True), "shadow account"),
    (reshaped(to=THIEF), f"l1_asset_router is {THIEF}"),
    (reshaped(sender=THIEF), "call's sender"),
    (reshaped(value=1), "call's value"),
    (reshaped(data=b""), "finalizeDeposit"),
    (reshaped(data=L2_ASSET_ROUTER.withdraw.encode(Hash32(bytes(32)), b"")), "finalizeDeposit"),
    (
        reshaped(data=L2_ASSET_ROUTER.finalize_deposit.encode(324, Hash32(bytes(32)), b"")),
        "the withdrawal in it of chain 324",
    ),
    (lambda message: message + bytes(32), "canonical"),
    (lambda message: message[:-32], "is not"),
    (lambda message: message[:33] + message[65:], "is not|canonical|begins"),
    (lambda message: b"\x02" + message[1:], "begins with 0x01|makes 0 withdrawals"),
    (lambda _: b"\x01", "is not"),
]


@OS
def test_no_other_shape_is_taken_for_a_withdrawal(net: Devnet, open_wallet: Any) -> None:
    withdrawal = funded(net, open_wallet).withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    wallet, before = open_wallet(net, signer := CountingSigner(net)), len(sends(net))
    for change, says in SHAPES:
        with net.faults.add(instead(change), node="l2", method="eth_getTransactionReceipt"):
            for ask in (
                wallet.finalize_withdrawal,
                wallet.is_withdrawal_finalized,
                wallet.get_finalize_withdrawal_params,
            ):
                with pytest.raises((InvalidBundle, InputError), match=says):
                    ask(withdrawal.l2_tx_hash)
    # what v31 sent to other chains is no withdrawal
    older = BUNDLE.replace("(bytes,bytes,bool,bytes32)", "(bytes,bytes,bool)")

    def as_v31(message: bytes) -> bytes:
        ((*parts, attributes),) = decode((BUNDLE,), message[1:])
        return b"\x01" + encode((older,), ((*parts, attributes[:3]),))

    with (
        net.faults.add(instead(as_v31), node="l2", method="eth_getTransactionReceipt"),
        pytest.raises(InputError, match="makes 0 withdrawals"),
    ):
        wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    assert (signer.signed, len(sends(net))) == ([], before)
    assert withdrawal.finalize().wait(timeout=60).status == 1


@OS
def test_no_other_event_names_its_hash(net: Devnet, open_wallet: Any) -> None:
    """One event, of this message, with one of the two hashes that it has."""
    withdrawal = funded(net, open_wallet).withdraw(ETH, AMOUNT)
    other = wallet_of(net).withdraw(ETH, AMOUNT)
    for one in (withdrawal, other):
        one.wait("ready", timeout=60)
    other.finalize().wait(timeout=60)
    paid = other.status().params.bundle_hash
    wallet, before = open_wallet(net), len(sends(net))

    def event(message: bytes, of_message: bytes, named: bytes) -> bytes:
        return keccak256(of_message) + named + (0x60).to_bytes(32) + message[33:]

    forms: list[Callable[[bytes], list[bytes]]] = [
        lambda m: [event(m, m, paid)],  # of one that L1 has paid out
        lambda m: [event(m, m, one) for one in BundleWithdrawal.decode(m).hashes],  # both: which is it
        lambda m: [event(m, b"another", keccak256(m[1:]))],
        lambda m: [event(m, m, keccak256(m[1:])), event(m, m, paid)],
        lambda m: [event(m, m, keccak256(m))],
    ]
    for form in forms:
        lie = instead(lambda message: message, event=form)
        with net.faults.add(lie, node="l2", method="eth_getTransactionReceipt"):
            for ask in (wallet.finalize_withdrawal, wallet.is_withdrawal_finalized):
                with pytest.raises(InvalidBundle, match="its event names"):
                    ask(withdrawal.l2_tx_hash)
    for told in ([], [b"\x00"], [bytes(96)]):
        lie = instead(lambda message: message, event=lambda _, told=told: told)
        with (
            net.faults.add(lie, node="l2", method="eth_getTransactionReceipt"),
            pytest.raises(InvalidBundle, match="cannot be finalized"),
        ):
            wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
    assert len(sends(net)) == before
    # the same twice is the same
    twice = instead(lambda message: message, event=lambda m: [event(m, m, keccak256(m[1:]))] * 2)
    with net.faults.add(twice, node="l2", method="eth_getTransactionReceipt"):
        assert not wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    assert withdrawal.finalize().wait(timeout=60).status == 1


@OS
def test_the_proof_of_another_leaf_batch_or_chain(net: Devnet, open_wallet: Any) -> None:
    wallet = funded(net, open_wallet)
    withdrawals = [wallet.withdraw(ETH, AMOUNT) for _ in range(2)]
    first, second = (one.wait("ready", timeout=60).params for one in withdrawals)
    other_chain = (324).to_bytes(32)
    words = [str(word) for word in second.merkle_proof]
    through = [*words[1:], "0x" + "00" * 32, "0x" + (400 << 128).to_bytes(32).hex(), "0x" + other_chain.hex()]
    lies: list[tuple[dict[str, Any], Any, str]] = [
        ({"proof": [*words[:3], words[4], *words[4:]]}, InvalidProof, "does not lead to the root"),
        ({"id": 1}, InvalidProof, "does not lead to the root"),
        ({"id": 1 << 17}, InvalidProof, "does not fit a path"),
        ({"batchNumber": second.l2_batch_number}, InvalidProof, "does not lead to the root"),
        ({"batchNumber": 0}, NotReady, "no root of batch 0"),
        ({"batchNumber": 1 << 60}, NotReady, "no root of batch"),
        ({"proof": words[:-1]}, InvalidProof, "announces 18 words, has 17"),
        ({"proof": []}, InvalidProof, "empty"),
        ({"proof": ["0x0200" + words[0][6:], *words[1:]]}, InvalidProof, "version 2"),
        ({"proof": ["0x01110000" + "00" * 28, *through, "0x01000001" + "00" * 28]}, InvalidProof, "chain 324"),
    ]
    before = len(sends(net))
    for change, error, says in lies:
        lie = Lie(lambda proof, change=change: proof and proof | change)
        with net.faults.add(lie, node="l2", method="zks_getL2ToL1LogProof"):
            with pytest.raises(error, match=says):
                wallet.finalize_withdrawal(withdrawals[0].l2_tx_hash)
            if error is InvalidProof:
                with pytest.raises(InvalidProof, match=says):
                    wallet.is_withdrawal_finalized(withdrawals[0].l2_tx_hash)
                with pytest.raises(InvalidProof, match=says):
                    withdrawals[0].status()
            else:
                assert withdrawals[0].status().phase == "PROOF_PENDING"
    assert len(sends(net)) == before
    assert withdrawals[0].finalize().wait(timeout=60).status == 1
    assert first.bundle_hash != second.bundle_hash


# ---------------------------------------------------------------- what L1 says
def at(net: Devnet, handler: Address, bundle_hash: Hash32, status: int, call: int) -> None:
    """The handler's two words about a bundle."""
    for slot in range(8):
        place = keccak256(bundle_hash + slot.to_bytes(32))
        inner = keccak256(bytes(32) + place)
        for where, number, getter, arguments in (
            (place, status, L1_INTEROP_HANDLER.bundle_status, (bundle_hash,)),
            (inner, call, L1_INTEROP_HANDLER.call_status, (bundle_hash, 0)),
        ):
            if asked(net.l1_url, handler, getter, *arguments) == number:
                continue
            held = net.l1.rpc("eth_getStorageAt", str(handler), str(where), "latest")
            net.l1.rpc("anvil_setStorageAt", str(handler), str(where), "0x" + number.to_bytes(32).hex())
            if asked(net.l1_url, handler, getter, *arguments) != number:
                net.l1.rpc("anvil_setStorageAt", str(handler), str(where), held)
    assert asked(net.l1_url, handler, L1_INTEROP_HANDLER.bundle_status, bundle_hash) == status
    assert asked(net.l1_url, handler, L1_INTEROP_HANDLER.call_status, bundle_hash, 0) == call


@OS
def test_each_pair_of_statuses(net: Devnet, open_wallet: Any) -> None:
    """One unbundled without its call being touched can be paid out by its unbundler alone: blocked, neither lost nor done."""
    wallet = funded(net, open_wallet)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    bundle_hash = withdrawal.wait("ready", timeout=60).params.bundle_hash
    handler = net._shared.ecosystem.interop_handler
    for (status, call), phase in {
        (0, 0): "READY",
        (1, 0): "READY",
        (2, 1): "FINALIZED",
        (3, 1): "FINALIZED",
        (3, 2): "CANCELLED",
        (3, 0): "BLOCKED",
    }.items():
        at(net, handler, bundle_hash, status, call)
        told = withdrawal.status()
        assert told.phase == phase, (status, call)
        assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash) == (phase == "FINALIZED")
        if phase == "BLOCKED":
            assert "BundleAlreadyProcessed" in told.reason
            with pytest.raises(Reverted, match="BundleAlreadyProcessed"):
                wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
            with pytest.raises(NotReady, match="BundleAlreadyProcessed"):
                withdrawal.wait("finalized", timeout=5)
        if phase == "CANCELLED":
            with pytest.raises(WithdrawalCancelled):
                wallet.finalize_withdrawal(withdrawal.l2_tx_hash)
        if phase == "FINALIZED":
            assert wallet.finalize_withdrawal(withdrawal.l2_tx_hash).l1_tx_hash is None
    at(net, handler, bundle_hash, 1, 0)
    assert withdrawal.finalize().wait(timeout=60).status == 1


@OS
def test_one_that_its_unbundler_pays_out_is_paid_out(net: Devnet, open_wallet: Any) -> None:
    unbundler = net.accounts[7]
    wallet = funded(net, open_wallet)
    withdrawal = sent(net, wallet, unbundler=unbundler.address)
    params = wallet.get_finalize_withdrawal_params(withdrawal.l2_tx_hash)
    handler = net._shared.ecosystem.interop_handler
    send(net.l1_url, unbundler, handler, L1_INTEROP_HANDLER.verify_bundle.selector + params.calldata()[4:])
    send(net.l1_url, unbundler, handler, UNBUNDLE.encode(params.message[1:], [1]))
    assert withdrawal.status().phase == "FINALIZED"
    assert wallet.is_withdrawal_finalized(withdrawal.l2_tx_hash)
    assert wallet.finalize_withdrawal(withdrawal.l2_tx_hash).l1_tx_hash is None


EXECUTORS = [
    interoperable_address(324, THIEF),  # of another chain
    interoperable_address(31337),  # of nobody
    interoperable_address(),
    b"\x00\x01\x00\x02\x00\x14" + THIEF,  # another type of chain
    b"\x00\x02\x00\x00\x00\x14" + THIEF,  # another version
    b"\x00\x01\x00\x00\x00\x20" + bytes(12) + THIEF,  # a long address
    b"\x00\x01\x00\x00\x00\x13" + THIEF[1:],  # a short one
    interoperable_address(address=THIEF) + b"\x00",  # and something after it
    bytes(THIEF),
]


@OS
def test_nobody_known_may_execute_it(net: Devnet, open_wallet: Any) -> None:
    """Refused beforehand, whoever it is; in a list it holds up none of the others."""
    rich = funded(net, wallet_of)
    fine, withdrawal = rich.withdraw(ETH, AMOUNT), rich.withdraw(ETH, AMOUNT)
    for one in (fine, withdrawal):
        one.wait("ready", timeout=60)
    wallet = open_wallet(net, signer := CountingSigner(net, 3))
    for executor in EXECUTORS:
        lie = showing(lambda bundle, executor=executor: of(bundle, execution_address=executor))
        with net.faults.add(lie, node="l2", method="eth_getTransactionReceipt"):
            for ask in (wallet.finalize_withdrawal, wallet.prepare_finalize_withdrawal):
                with pytest.raises(InputError, match=r"no account of L1|ERC-7930"):
                    ask(withdrawal.l2_tx_hash)
            (outcome,) = wallet.finalize_withdrawals([(withdrawal.l2_tx_hash, 0)])
            assert isinstance(outcome, InputError)
    assert not signer.signed
    refused, done = wallet.finalize_withdrawals([("0x" + "5a" * 32, 0), (fine.l2_tx_hash, 0)])
    assert isinstance(refused, Exception)
    assert done.wait(timeout=60).status == 1


@OS
def test_another_handler_by_the_time_it_is_paid_out(net: Devnet, open_wallet: Any) -> None:
    """L1 changes its handler between: the one that it names by then pays; where it names two, nothing is signed."""
    wallet = funded(net, open_wallet)
    withdrawals = [wallet.withdraw(ETH, AMOUNT) for _ in range(3)]
    for one in withdrawals:
        one.wait("ready", timeout=60)
    withdrawals[0].finalize().wait(timeout=60)
    old = wallet.prepare_finalize_withdrawal(withdrawals[1].l2_tx_hash)
    made = send(net.l1_url, net.accounts[9], None, artifact("L1InteropHandler"), gas_limit=4_000_000)
    other = Address(made["contractAddress"])
    router, nullifier = net.profile.asset_router, net.profile.nullifier
    initialize = Function("initialize(address messageRoot, address router, bool older)")
    send(net.l1_url, net.accounts[9], other, initialize.encode(net.profile.message_root, router, False))
    send(net.l1_url, net.accounts[9], router, SET_HANDLER.encode(other))
    before = len(sends(net))
    for ask in (withdrawals[1].status, withdrawals[1].finalize):
        with pytest.raises(AddressMismatch, match="interop handler"):
            ask()
    with pytest.raises(AddressMismatch, match="interop handler"):
        wallet.is_withdrawal_finalized(withdrawals[1].l2_tx_hash)
    assert len(sends(net)) == before
    send(net.l1_url, net.accounts[9], nullifier, SET_HANDLER.encode(other))
    assert withdrawals[1].status().phase == "READY"
    done = withdrawals[1].finalize()
    assert done.wait(timeout=60).to == other
    assert asked(net.l1_url, other, L1_INTEROP_HANDLER.bundle_status, withdrawals[1].status().params.bundle_hash) == 2
    assert old.facts.interop_handler != other
    withdrawals[2].finalize().wait(timeout=60)


# ---------------------------------------------------------------- what is to be signed
def calldata(
    plan: Any,
    *,
    destination: Any = None,
    to: Any = None,
    data: Any = None,
    of_call: Any = None,
    of_bundle: Any = None,
    more: Any = (),
) -> bytes:
    """The plan's bundle with parts of it changed."""
    where, calls, attributes = INTEROP_CENTER.send_bundle.decode_arguments(plan.steps[-1].transaction.data)
    ((at_l2, burn, asks),) = calls
    one = (to or at_l2, data(burn) if data else burn, of_call(list(asks)) if of_call else list(asks))
    return INTEROP_CENTER.send_bundle.encode(
        destination or where, [one, *more], of_bundle(list(attributes)) if of_bundle else list(attributes)
    )


UNKNOWN = Function("deadbeef(uint256 x)").encode(1)
ATOMIC = bytes.fromhex("e6b4aade") + bytes(64)
FOREIGN = (interoperable_address(address=THIEF), b"\x01" + bytes(64), [INTEROP_ATTRIBUTES.interop_call_value.encode(5)])
VALUE = INTEROP_ATTRIBUTES.interop_call_value
BUNDLES: list[tuple[dict[str, Any], str]] = [
    ({"of_bundle": lambda a: [*a, UNKNOWN]}, "is unknown"),
    ({"of_bundle": lambda a: [*a, a[0]]}, "twice"),
    ({"of_bundle": lambda a: []}, "with a salt"),
    ({"of_bundle": lambda a: [*a, ATOMIC]}, "is unknown"),
    ({"of_bundle": lambda a: [*a, VALUE.encode(0)]}, "not in its place"),
    (
        {"of_bundle": lambda a: [*a, INTEROP_ATTRIBUTES.execution_address.encode(interoperable_address(324, THIEF))]},
        "no account of L1",
    ),
    ({"of_call": lambda a: [*a, a[0]]}, "twice"),
    ({"of_call": lambda a: [*a, UNKNOWN[:3]]}, "is unknown"),
    ({"of_call": lambda a: a[1:]}, "indirect call"),
    ({"of_call": lambda a: [a[0], VALUE.encode(1)]}, "without value"),
    ({"of_call": lambda a: [INTEROP_ATTRIBUTES.indirect_call.encode(0), a[1]]}, "the amount of the base token"),
    (
        {"of_call": lambda a: [INTEROP_ATTRIBUTES.indirect_call.encode(2 * AMOUNT), a[1]]},
        "the amount of the base token",
    ),
    ({"more": [FOREIGN]}, "2 calls"),
    ({"to": interoperable_address(address=THIEF)}, "is to the asset router"),
    ({"to": interoperable_address(31337, L2_ASSET_ROUTER_ADDRESS)}, "is to the asset router"),
    ({"to": b"\x00\x01\x00\x02\x00\x14" + L2_ASSET_ROUTER_ADDRESS}, "ERC-7930"),
    ({"destination": interoperable_address(324)}, "to chain 324"),
    ({"destination": interoperable_address(31337, THIEF)}, "is not a chain"),
    ({"destination": b"\x00\x01\x00\x00\x04" + (31337).to_bytes(4) + b"\x00"}, "ERC-7930"),  # not minimal
    ({"data": lambda burn: b"\x00" + burn[1:]}, "encoding version"),
    ({"data": lambda burn: burn + bytes(32)}, "canonical"),
]


@OS
def test_a_plan_with_another_bundle_is_no_withdrawal(net: Devnet, open_wallet: Any) -> None:
    """A plan that came from elsewhere and says "withdrawal" is one: to L1, of what it takes along, by the center itself."""
    funded(net, wallet_of)
    wallet = open_wallet(net, signer := CountingSigner(net))
    plan, before = wallet.prepare_withdraw(ETH, AMOUNT), len(sends(net))
    (step,) = plan.steps

    def other(facts: Any = plan.facts, **changes: Any) -> Any:
        return replace(plan, facts=facts, steps=(replace(step, transaction=replace(step.transaction, **changes)),))

    burn = SecondBridgeDeposit(
        asset_id=ntv_asset_id(net.l1.chain_id, net.tokens["DAI"]),
        transfer=TransferData(AMOUNT, THIEF, Address(bytes(20))),
    ).encode()
    nothing = [INTEROP_ATTRIBUTES.indirect_call.encode(0)]
    of_dai = calldata(
        plan, data=lambda _: burn, of_call=lambda _: nothing
    )  # a token, named as if it were the base token
    through = replace(plan.facts, l2_bridge=THIEF)
    hostile: list[tuple[dict[str, Any], str]] = [
        *[({"data": calldata(plan, **change)}, says) for change, says in BUNDLES],
        ({"data": of_dai, "value": 0}, "the amount of the base token"),
        ({"value": AMOUNT - 1}, f"with {AMOUNT} wei, expected .* and {AMOUNT - 1}"),
        ({"value": 0}, "expected .* and 0"),
        ({"value": 2 * AMOUNT}, f"and {2 * AMOUNT}"),
        ({"to": L2_BASE_TOKEN_ADDRESS}, "another function of the contract"),
        ({"to": THIEF}, f"calls {THIEF}"),
        ({"to": THIEF, "facts": through}, "another function of the contract"),
        (
            {"to": THIEF, "facts": through, "data": L2_BASE_TOKEN.withdraw.encode(THIEF)},
            "another function of the contract",
        ),
        (
            {"to": THIEF, "facts": through, "data": L2_ASSET_ROUTER.withdraw_legacy.encode(THIEF, THIEF, 1)},
            "which it never needs",
        ),
    ]
    for changes, says in hostile:
        with pytest.raises(PlanTampered, match=says):
            _ = other(**changes)
    assert (signer.signed, len(sends(net))) == ([], before)
    # in another order they are the same
    turned = other(data=calldata(plan, of_call=lambda a: a[::-1], of_bundle=lambda a: a[::-1]))
    assert BundleRequest.decode(turned.steps[0].transaction.data) == BundleRequest.decode(step.transaction.data)
    withdrawal = wallet.submit(turned)
    withdrawal.wait("ready", timeout=60)
    assert withdrawal.finalize().wait(timeout=60).status == 1


# ---------------------------------------------------------------- which way there is
def claims_bundles(net: Devnet, yes: bool = True) -> None:
    """The L2 node says that the attribute parser is there, or that it is not."""
    code = to_hex(artifact("InteropAttributeParser", "runtime")) if yes else "0x"
    net.l2.anvil.rpc("anvil_setCode", str(INTEROP_ATTRIBUTE_PARSER_ADDRESS), code)


@pytest.mark.parametrize(("preset", "minor"), [("zksync-os-eth", 30), ("era-eth", 31)])
def test_a_node_that_claims_bundles(preset: Any, minor: int, make_devnet: Any, open_wallet: Any) -> None:
    """Before v32, which is L1's word, no chain has them: else ether would go to a center that is not there, and be lost."""
    net = make_devnet(preset, protocol_version=minor)
    wallet = open_wallet(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    claims_bundles(net)
    for _ in range(2):  # with L1 as it was, and with L1 upgraded
        withdrawal = wallet.withdraw(ETH, AMOUNT)
        assert withdrawal.wait("ready", timeout=60).params.bundle_hash is None
        withdrawal.finalize().wait(timeout=60)
        net.upgrade_ecosystem()
    assert int(net.l2.rpc("eth_getBalance", str(INTEROP_CENTER_ADDRESS), "latest"), 16) == 0


def test_an_early_v32_whose_node_claims_bundles(make_devnet: Any, open_wallet: Any) -> None:
    """Its center is another: what it says to the bundle is told, and nothing is signed."""
    net = make_devnet("zksync-os-eth", protocol_version=32)
    wallet = open_wallet(net, signer := CountingSigner(net))
    wallet_of(net).deposit(ETH, ether("1")).wait(timeout=60)
    net.upgrade_ecosystem()
    claims_bundles(net)
    with pytest.raises((Reverted, UnsupportedProtocol)):
        wallet.withdraw(ETH, AMOUNT)
    assert not signer.signed


@OS
def test_a_node_that_hides_bundles(net: Devnet, open_wallet: Any) -> None:
    """The old call is gone, and is not signed; what was sent by bundle before is paid out as one."""
    wallet = funded(net, open_wallet)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    claims_bundles(net, yes=False)
    before = len(sends(net))
    with pytest.raises(UnsupportedProtocol, match="no attribute parser"):
        wallet.withdraw(ETH, AMOUNT)
    assert len(sends(net)) == before
    assert withdrawal.status().phase == "READY"
    assert withdrawal.finalize().wait(timeout=60).status == 1
