"""The devnet's interop center and handler against what the contracts of v33 did: messages, events, hashes, errors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zkcore.ethereum.abi import Function, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import TransferData
from zkcore.protocol.bundles import BundleRequest, BundleWithdrawal, interoperable_address
from zkcore.protocol.contracts import (
    INTEROP_ATTRIBUTES,
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    L2_ASSET_ROUTER_ADDRESS,
)
from zkcore.testing.devnet.deploy import artifact
from zkcore.testing.devnet.process import Anvil
from zkcore.testing.devnet.upstream import RpcError
from zkcore.types import ETH, Address, Hash32, hex_bytes, to_hex

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "vectors" / "v33.json").read_bytes())["cases"]
WITHDRAWALS = {case["name"]: case for case in CASES if case["input"]["kind"] == "withdrawal"}
BASE = WITHDRAWALS["withdrawal, base"]
REVERTS = {case["name"].removeprefix("revert, "): case["input"]["data"] for case in CASES if "revert" in case["name"]}
L2, L1 = 8022833, 11155111
SENDER, RECEIVER = Address(BASE["input"]["sender"]), Address(BASE["input"]["receiver"])
ROUTER, HANDLER = Address(BASE["input"]["l1_asset_router"]), Address("0xe24e805edfdcb4e6da75a44304d488639f25a159")
EXECUTED = "0xdd0fe78c1153f6af3f72afd04381692d6ee5747db36a59c9fec395ad369d3625"
VERIFIED = "0x2f34edd4f9447fc2e17c3670ad4e71dc46b3bcc01346abdd20d82801d2118c54"
NOBODY = Address(bytes(20))


class World:
    """An anvil, and a few words to talk to it."""

    def __init__(self, anvil: Anvil) -> None:
        self.rpc = anvil.rpc

    def place(self, at: Address, name: str) -> None:
        self.rpc("anvil_setCode", str(at), to_hex(artifact(name, "runtime")))

    def send(self, to: Address, data: bytes, value: int = 0, sender: Address = SENDER) -> dict[str, Any]:
        """The receipt; raises RpcError if it would revert."""
        call = {"from": str(sender), "to": str(to), "data": to_hex(data), "value": hex(value), "gas": hex(5_000_000)}
        self.rpc("eth_call", call, "latest")
        self.rpc("anvil_setBalance", str(sender), hex(10**24))
        tx_hash = self.rpc("eth_sendUnsignedTransaction", call)
        self.rpc("evm_mine")
        receipt: dict[str, Any] = self.rpc("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1"
        return receipt

    def refusal(self, to: Address, data: bytes, value: int = 0, sender: Address = SENDER) -> str:
        with pytest.raises(RpcError) as refused:
            self.send(to, data, value, sender)
        return str(refused.value.data)

    def ask(self, to: Address, function: Function, *arguments: Any) -> Any:
        (answer,) = function.decode_result(
            hex_bytes(self.rpc("eth_call", {"to": str(to), "data": to_hex(function.encode(*arguments))}, "latest"))
        )
        return answer


@pytest.fixture
def l2() -> Iterator[World]:
    with Anvil("--no-mining", "--chain-id", str(L2), "--hardfork", "cancun") as anvil:
        world = World(anvil)
        world.rpc("anvil_setBalance", str(SENDER), hex(10**24))
        ether = Hash32(BASE["expect"]["asset_id"])
        built_in = {
            0x8008: "L1Messenger",
            0x800A: "L2BaseToken",
            0x10003: "L2AssetRouter",
            0x10004: "L2NativeTokenVault",
        }
        for at, name in {**built_in, 0x1000D: "InteropCenter"}.items():
            world.place(Address(at.to_bytes(20)), name)
        router = Function("initialize(uint256 a,address b,bytes32 c,address d)").encode(L1, ROUTER, ether, NOBODY)
        world.send(L2_ASSET_ROUTER_ADDRESS, router)
        vault = Function("initialize(uint256 a,bytes32 b,address c,address d)").encode(L1, ether, NOBODY, NOBODY)
        world.send(Address((0x10004).to_bytes(20)), vault)
        world.send(L2_ASSET_ROUTER_ADDRESS, Function("upgradeToBundles(address a)").encode(ETH))
        world.send(Address((0x800A).to_bytes(20)), Function("upgradeToBundles()").encode())
        world.send(INTEROP_CENTER_ADDRESS, Function("initialize(uint256 a,bool b)").encode(L1, False))
        yield world


def test_the_events_of_a_withdrawal(l2: World) -> None:
    """All but the vault's, which was a stand-in's there."""
    call = BASE["expect"]["originating_call"]
    receipt = l2.send(INTEROP_CENTER_ADDRESS, hex_bytes(call["data"]), int(call["value"]))
    wanted = BASE["input"]["l2_logs"]
    assert len(receipt["logs"]) == len(wanted)
    for got, expected in list(zip(receipt["logs"], wanted, strict=True))[1:]:
        assert {
            key: got[key].lower() if key != "topics" else got[key] for key in ("address", "topics", "data")
        } == expected
    assert l2.rpc("eth_getBalance", str(INTEROP_CENTER_ADDRESS), "latest") == "0x0"
    assert l2.refusal(INTEROP_CENTER_ADDRESS, hex_bytes(call["data"]), int(call["value"])) == REVERTS["salt used twice"]


AMOUNT = 10**18
REQUEST = BundleRequest.decode(BASE["expect"]["originating_call"]["data"])
DESTINATION, CALLS, WANTED = INTEROP_CENTER.send_bundle.decode_arguments(REQUEST.encode())
((TO, DATA, (INDIRECT, _)),) = CALLS
ONE = INTEROP_ATTRIBUTES.interop_call_value.encode(1)
UNKNOWN = bytes.fromhex("deadbeef")


@pytest.mark.parametrize(
    ("name", "destination", "to", "asked", "wanted", "value"),
    [
        ("base token: value too high", DESTINATION, TO, [INDIRECT], WANTED, AMOUNT + 1),
        ("interopCallValue to L1", DESTINATION, TO, [INDIRECT, ONE], WANTED, AMOUNT),
        (
            "other target",
            DESTINATION,
            interoperable_address(None, "0x" + "01234567".zfill(40)),
            [INDIRECT],
            WANTED,
            AMOUNT,
        ),
        (
            "target with a chain",
            DESTINATION,
            interoperable_address(L1, L2_ASSET_ROUTER_ADDRESS),
            [INDIRECT],
            WANTED,
            AMOUNT,
        ),
        ("other L2 without atomicBundle", interoperable_address(324), TO, [INDIRECT], WANTED, AMOUNT),
        ("unknown attribute", DESTINATION, TO, [INDIRECT], [*WANTED, UNKNOWN], AMOUNT),
        ("call attribute on the bundle", DESTINATION, TO, [INDIRECT], [*WANTED, INDIRECT], AMOUNT),
    ],
)
def test_what_the_center_refuses(
    l2: World, name: str, destination: bytes, to: bytes, asked: Any, wanted: Any, value: int
) -> None:
    data = INTEROP_CENTER.send_bundle.encode(destination, [(to, DATA, asked)], list(wanted))
    assert l2.refusal(INTEROP_CENTER_ADDRESS, data, value) == REVERTS[name]


def test_a_bundle_without_a_salt_works_once(l2: World) -> None:
    data = INTEROP_CENTER.send_bundle.encode(DESTINATION, [(TO, DATA, [INDIRECT])], [])
    l2.send(INTEROP_CENTER_ADDRESS, data, AMOUNT)
    assert l2.refusal(INTEROP_CENTER_ADDRESS, data, AMOUNT) == REVERTS["no salt, second time"]


def test_the_old_functions_are_gone(l2: World) -> None:
    for to, data, value in (
        (Address((0x800A).to_bytes(20)), Function("withdraw(address a)").encode(RECEIVER), 1),
        (L2_ASSET_ROUTER_ADDRESS, Function("withdraw(bytes32 a,bytes b)").encode(bytes(32), b""), 0),
    ):
        assert l2.refusal(to, data, value) == "0x"


# ---------------------------------------------------------------- L1
# returns the selector of receiveMessage, whatever it is asked: PUSH4 s, PUSH1 224, SHL, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
YES = "0x632432ef2660e01b5f5260205ff3"


@pytest.fixture
def l1() -> Iterator[World]:
    with Anvil("--no-mining", "--chain-id", str(L1), "--hardfork", "prague") as anvil:
        world = World(anvil)
        world.rpc("anvil_setBalance", str(SENDER), hex(10**24))
        root, hub = Address(b"\x70" * 20), NOBODY  # an immutable of the former, which its runtime code has as zero
        world.rpc("anvil_setCode", str(hub), "0x305f5260205ff3")  # ADDRESS, to whatever is asked: no root of ours
        world.place(root, "MessageRoot")
        world.place(HANDLER, "L1InteropHandler")
        world.rpc("anvil_setCode", str(ROUTER), YES)
        initialize = Function("initialize(address a,address b,bool c)").encode(root, ROUTER, False)
        world.send(HANDLER, initialize)
        for case in WITHDRAWALS.values():
            batch = int(case["input"]["batch"])
            outer = keccak256(encode(("uint256", "uint256"), (L2, 0)))
            slot = keccak256(encode(("uint256", "bytes32"), (batch, outer)))
            world.rpc("anvil_setStorageAt", str(root), str(slot), case["expect"]["chain_batch_root"])
        yield world


@pytest.mark.parametrize("name", WITHDRAWALS)
def test_a_bundle_is_paid_once(l1: World, name: str) -> None:
    case = WITHDRAWALS[name]
    data, bundle_hash = hex_bytes(case["expect"]["executeBundle_calldata"]), case["expect"]["bundle_hash"]
    withdrawal = BundleWithdrawal.decode(case["expect"]["message"])
    executor = withdrawal.executor or SENDER
    l1.rpc("anvil_setBalance", str(executor), hex(10**24))
    receipt = l1.send(HANDLER, data, sender=executor)
    assert [log["topics"] for log in receipt["logs"]] == [[VERIFIED, bundle_hash], [EXECUTED, bundle_hash]]
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.bundle_status, bundle_hash) == 2
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.call_status, bundle_hash, 0) == 1
    if name == BASE["name"]:
        assert l1.refusal(HANDLER, data, sender=executor) == REVERTS["second execute"]
    if withdrawal.executor:
        assert l1.refusal(HANDLER, data).startswith("0xe845be4c")  # ExecutingNotAllowed


def test_one_that_is_verified_goes_on_and_one_that_is_cancelled_is_lost(l1: World) -> None:
    case = WITHDRAWALS["withdrawal, with_permissions"]
    bundle_hash = case["expect"]["bundle_hash"]
    l1.rpc("anvil_setBalance", str(RECEIVER), hex(10**24))
    l1.send(HANDLER, hex_bytes(case["expect"]["verifyBundle_calldata"]))
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.bundle_status, bundle_hash) == 1
    snapshot = l1.rpc("evm_snapshot")
    l1.send(HANDLER, hex_bytes(case["expect"]["executeBundle_calldata"]), sender=RECEIVER)
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.bundle_status, bundle_hash) == 2
    l1.rpc("evm_revert", snapshot)
    l1.send(HANDLER, hex_bytes(case["expect"]["unbundleBundle_calldata_cancel"]), sender=RECEIVER)
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.bundle_status, bundle_hash) == 3
    assert l1.ask(HANDLER, L1_INTEROP_HANDLER.call_status, bundle_hash, 0) == 2
    refused = l1.refusal(HANDLER, hex_bytes(case["expect"]["executeBundle_calldata"]), sender=RECEIVER)
    assert refused == "0x5bba5111" + bundle_hash[2:]


def test_what_the_handler_refuses(l1: World) -> None:
    withdrawal = BundleWithdrawal.decode(BASE["expect"]["message"])
    place = {"index": int(BASE["input"]["message_index"]), "tx_number": int(BASE["input"]["tx_number"])}
    later = withdrawal.execution(batch=999, proof=BASE["input"]["proof"], **place)
    assert l1.refusal(HANDLER, later) == REVERTS["no root yet"]
    proof = (L2, 77, place["index"], (place["tx_number"], L2_ASSET_ROUTER_ADDRESS, b""), BASE["input"]["proof"])
    other = L1_INTEROP_HANDLER.execute_bundle.encode(withdrawal.bundle, proof)
    assert l1.refusal(HANDLER, other) == REVERTS["wrong l2 sender"]


def test_a_transfer_of_the_request_is_what_the_vector_names() -> None:
    assert REQUEST.transfer == TransferData(AMOUNT, RECEIVER, NOBODY)
