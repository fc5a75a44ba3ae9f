"""Withdrawals by bundle: what is written is what is read, and a strange one is refused by what is strange about it.

The bytes themselves are compared with the contracts' in tests/vectors/v33.json.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from zkcore.errors import InputError, InvalidProof
from zkcore.ethereum import abi
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import BridgeMint, SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.bundles import (
    BundleRequest,
    BundleWithdrawal,
    interoperable_address,
    parse_interoperable_address,
)
from zkcore.protocol.contracts import INTEROP_ATTRIBUTES, INTEROP_CENTER, L2_ASSET_ROUTER, L2_ASSET_ROUTER_ADDRESS
from zkcore.protocol.proofs import parse_proof
from zkcore.types import ETH, Address, Hash32

L1, L2, OTHER = 11155111, 8022833, 324
ROUTER, ALICE, BOB = (Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xB0))
SALT = Hash32(b"\x07" * 32)
ETHER = ntv_asset_id(L1, ETH)

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
UINT256 = st.integers(0, 2**256 - 1)
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)


# ---------------------------------------------------------------- ERC-7930
@given(st.none() | st.integers(1, 2**256 - 1), st.none() | ADDRESSES)
def test_an_interoperable_address_is_read_as_it_was_written(chain: int | None, address: Address | None) -> None:
    assert parse_interoperable_address(interoperable_address(chain, address)) == (chain, address)


@pytest.mark.parametrize(
    "strange",
    [
        "",
        "0x00",
        "0x000100000101",  # no length of an address
        "0x0001000001010001",  # something after it
        "0x00010000010013" + "11" * 19,
        "0x00010000010115" + "11" * 21,
        "0x000200000101" + "00",  # another version
        "0x000100020101" + "00",  # chains of another type
        "0x00010000010000",  # chain 0
        "0x0001000002000100",  # a leading zero
        "0x00010000050101",  # shorter than it says
        "0x0001000021" + "11" * 33 + "00",  # no number of 256 bits
    ],
)
def test_a_strange_interoperable_address(strange: str) -> None:
    with pytest.raises(InputError, match=r"is not an ERC-7930 address|hex"):
        parse_interoperable_address(strange)


@pytest.mark.parametrize("chain", [0, -1, 2**256, True, 1.0])
def test_a_chain_that_is_none(chain: Any) -> None:
    with pytest.raises(InputError, match="chain_id"):
        interoperable_address(chain)


# ---------------------------------------------------------------- what is sent
@st.composite
def requests(draw: st.DrawFn) -> BundleRequest:
    amount, token = draw(UINT256), draw(st.just(Address(bytes(20))) | ADDRESSES)
    return BundleRequest(
        l1_chain_id=draw(st.integers(1, 2**64 - 1)),
        asset_id=draw(HASHES),
        transfer=TransferData(amount, draw(ADDRESSES), token),
        value=0 if any(token) else amount,
        salt=draw(HASHES),
        executor=draw(st.none() | ADDRESSES),
        unbundler=draw(st.none() | ADDRESSES),
    )


@given(requests())
def test_a_request_is_read_as_it_was_written(request: BundleRequest) -> None:
    assert BundleRequest.decode(request.encode()) == request


REQUEST = BundleRequest(l1_chain_id=L1, asset_id=ETHER, transfer=TransferData(5, BOB, ALICE), value=0, salt=SALT)
DESTINATION, CALLS, WANTED = INTEROP_CENTER.send_bundle.decode_arguments(REQUEST.encode())
((TO, DATA, ASKED),) = CALLS
OF_BASE = SecondBridgeDeposit(asset_id=ETHER, transfer=TransferData(5, BOB, Address(bytes(20)))).encode()
UNKNOWN = abi.Function("deadbeef(uint256 x)").encode(1)
FIXED = INTEROP_ATTRIBUTES.use_fixed_fee.encode(True)


@pytest.mark.parametrize(
    ("destination", "calls", "attributes", "says"),
    [
        (interoperable_address(L1, ALICE), CALLS, WANTED, "is not a chain"),
        (interoperable_address(), CALLS, WANTED, "is not a chain"),
        (b"", CALLS, WANTED, "ERC-7930"),
        (DESTINATION, (), WANTED, "0 calls"),
        (DESTINATION, CALLS * 2, WANTED, "2 calls"),
        (
            DESTINATION,
            [(interoperable_address(address=BOB), DATA, ASKED)],
            WANTED,
            "a withdrawal's is to the asset router",
        ),
        (DESTINATION, [(interoperable_address(L1, L2_ASSET_ROUTER_ADDRESS), DATA, ASKED)], WANTED, "asset router"),
        (DESTINATION, [(TO, b"\x00" + DATA[1:], ASKED)], WANTED, "encoding version 0x00"),
        (DESTINATION, [(TO, b"", ASKED)], WANTED, "encoding version 0x"),
        (DESTINATION, [(TO, DATA + bytes(32), ASKED)], WANTED, "canonical"),
        (DESTINATION, [(TO, DATA, ())], WANTED, "indirect call"),
        (DESTINATION, [(TO, DATA, ASKED[1:])], WANTED, "indirect call"),
        (DESTINATION, [(TO, DATA, (*ASKED, ASKED[0]))], WANTED, "twice"),
        (
            DESTINATION,
            [(TO, DATA, (ASKED[0], INTEROP_ATTRIBUTES.interop_call_value.encode(1)))],
            WANTED,
            "without value",
        ),
        (
            DESTINATION,
            [(TO, DATA, (INTEROP_ATTRIBUTES.indirect_call.encode(4),))],
            WANTED,
            "expected the amount of the base token, or 0 with a token, got 4",
        ),
        (DESTINATION, [(TO, DATA, (INTEROP_ATTRIBUTES.indirect_call.encode(5),))], WANTED, "0 with a token, got 5"),
        (
            DESTINATION,
            [(TO, OF_BASE, ASKED)],
            WANTED,
            "expected the amount of the base token, or 0 with a token, got 0",
        ),
        (
            DESTINATION,
            [(TO, OF_BASE, (INTEROP_ATTRIBUTES.indirect_call.encode(6),))],
            WANTED,
            "expected the amount of the base token",
        ),
        (DESTINATION, [(TO, DATA, (*ASKED, WANTED[0]))], WANTED, "not in its place"),
        (DESTINATION, CALLS, (), "with a salt"),
        (DESTINATION, CALLS, (*WANTED, UNKNOWN), "is unknown"),
        (DESTINATION, CALLS, (*WANTED, b"\x01"), "is unknown"),
        (DESTINATION, CALLS, (*WANTED, ASKED[0]), "not in its place"),
        (
            DESTINATION,
            CALLS,
            (*WANTED, INTEROP_ATTRIBUTES.execution_address.encode(interoperable_address(OTHER, BOB))),
            "no account of L1",
        ),
        (DESTINATION, CALLS, (*WANTED, INTEROP_ATTRIBUTES.execution_address.encode(DESTINATION)), "no account of L1"),
    ],
)
def test_a_strange_request(destination: bytes, calls: Any, attributes: Any, says: str) -> None:
    calldata = INTEROP_CENTER.send_bundle.encode(destination, list(calls), list(attributes))
    with pytest.raises(InputError, match=says):
        BundleRequest.decode(calldata)


def test_the_attributes_may_come_in_any_order() -> None:
    calls = [(TO, DATA, tuple(reversed(ASKED)))]
    assert BundleRequest.decode(INTEROP_CENTER.send_bundle.encode(DESTINATION, calls, [FIXED, *WANTED])) == REQUEST
    without = [(TO, DATA, ASKED[:1])]
    assert BundleRequest.decode(INTEROP_CENTER.send_bundle.encode(DESTINATION, without, list(WANTED))) == REQUEST


# ---------------------------------------------------------------- what comes
MINT = BridgeMint(original_caller=ALICE, receiver=BOB, origin_token=ETH, amount=5, metadata=b"\x01" * 7)
WITHDRAWAL = BundleWithdrawal(
    source_chain_id=L2,
    l1_chain_id=L1,
    l1_asset_router=ROUTER,
    asset_id=ETHER,
    transfer_data=MINT.encode(),
    salt=keccak256(ALICE + SALT),
    sender_salt=SALT,
    unbundler_address=interoperable_address(L2, ALICE),
)


@st.composite
def withdrawals(draw: st.DrawFn) -> BundleWithdrawal:
    return BundleWithdrawal(
        source_chain_id=draw(UINT256),
        l1_chain_id=draw(UINT256),
        l1_asset_router=draw(ADDRESSES),
        asset_id=draw(HASHES),
        transfer_data=draw(st.binary(max_size=200)),
        salt=draw(HASHES),
        sender_salt=draw(HASHES),
        execution_address=draw(st.binary(max_size=40)),
        unbundler_address=draw(st.binary(max_size=40)),
        use_fixed_fee=draw(st.booleans()),
    )


@given(withdrawals())
def test_a_withdrawal_is_read_as_it_was_written(withdrawal: BundleWithdrawal) -> None:
    assert BundleWithdrawal.decode(withdrawal.encode()) == withdrawal
    assert withdrawal.encode() == b"\x01" + withdrawal.bundle
    assert len(set(withdrawal.hashes)) == 2


BUNDLE = INTEROP_CENTER.interop_bundle_sent.inputs[2].type
(PARTS,) = abi.decode((BUNDLE,), WITHDRAWAL.bundle)
(CALL,) = PARTS[5]
PAYLOAD = CALL[5]


def message(place: int | None = None, value: Any = None, *, call: tuple[int, Any] | None = None) -> bytes:
    """The withdrawal with a part of it changed, in the canonical encoding of what it then is."""
    parts = list(PARTS)
    if call is not None:
        parts[5] = [tuple(call[1] if call[0] == i else member for i, member in enumerate(CALL))]
    if place is not None:
        parts[place] = value
    return b"\x01" + abi.encode((BUNDLE,), (tuple(parts),))


@pytest.mark.parametrize(
    ("strange", "says"),
    [
        (b"", "begins with 0x01"),
        (WITHDRAWAL.bundle, "begins with 0x01"),
        (b"\x02" + WITHDRAWAL.bundle, "begins with 0x01, got 0x02"),
        (b"\x01", "is not"),
        (WITHDRAWAL.encode()[:-32], "is not"),
        (WITHDRAWAL.encode() + bytes(32), "canonical"),
        (WITHDRAWAL.encode()[:-1] + b"\x01", "is not"),  # padding
        (message(0, b"\x02"), "expected 0x01 as version, got 0x02"),
        (message(1, OTHER), "it is of chain 324, the withdrawal in it of chain 8022833"),
        (message(2, L2), "chain 8022833 with the base token .* is no L1"),
        (message(3, bytes(32)), "is no L1"),
        (message(3, ntv_asset_id(L2, ETH)), "is no L1"),
        (message(5, []), "expected 1 as number of calls, got 0"),
        (message(5, [CALL, CALL]), "expected 1 as number of calls, got 2"),
        (message(call=(0, b"\x00")), "expected 0x01 as call's version, got 0x00"),
        (message(call=(1, True)), "expected False as shadow account, got True"),
        (message(call=(3, BOB)), f"as call's sender, got {BOB}"),
        (message(call=(4, 1)), "expected 0 as call's value, got 1"),
        (message(call=(5, b"")), "finalizeDeposit: expected the selector"),
        (message(call=(5, L2_ASSET_ROUTER.withdraw.encode(ETHER, b""))), "finalizeDeposit: expected the selector"),
        (message(call=(5, PAYLOAD + bytes(32))), "canonical"),
        (message(call=(5, PAYLOAD[:-32])), "is not"),
        (
            message(call=(5, L2_ASSET_ROUTER.finalize_deposit.encode(OTHER, ETHER, MINT.encode()))),
            "it is of chain 8022833, the withdrawal in it of chain 324",
        ),
    ],
)
def test_a_strange_bundle(strange: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        BundleWithdrawal.decode(strange)


def test_a_bundle_of_v31_is_none_of_ours() -> None:
    """It has no salt among its attributes, and goes to another chain than L1."""
    older = BUNDLE.replace("(bytes,bytes,bool,bytes32)", "(bytes,bytes,bool)")
    parts = [*PARTS[:-1], PARTS[-1][:3]]
    with pytest.raises(InputError, match="is not"):
        BundleWithdrawal.decode(b"\x01" + abi.encode((older,), (tuple(parts),)))


@pytest.mark.parametrize(
    ("account", "executor"),
    [
        (b"", None),
        (interoperable_address(L1, BOB), BOB),
        (interoperable_address(address=BOB), BOB),
    ],
)
def test_who_may_execute_it(account: bytes, executor: Address | None) -> None:
    assert replace(WITHDRAWAL, execution_address=account).executor == executor


@pytest.mark.parametrize("account", [interoperable_address(OTHER, BOB), interoperable_address(L1), b"\x00"])
def test_nobody_on_l1_may_execute_it(account: bytes) -> None:
    withdrawal = BundleWithdrawal.decode(replace(WITHDRAWAL, execution_address=account).encode())
    with pytest.raises(InputError, match=r"no account of L1|ERC-7930"):
        _ = withdrawal.executor


# ---------------------------------------------------------------- proofs
@pytest.mark.parametrize("siblings", [15, 17])
def test_the_length_of_a_proof_is_that_of_its_first_word(siblings: int) -> None:
    words = [bytes([1, siblings, 0, 1]) + bytes(28), *[SALT] * 20]
    (node,) = parse_proof(words)
    assert (node.final, len(node.path), node.length) == (True, siblings, siblings + 1)
    with pytest.raises(InvalidProof, match=f"announces {siblings + 1} words"):
        parse_proof(words[:siblings])
