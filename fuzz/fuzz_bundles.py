"""Bundles as L2 nodes show them and as devices are asked to sign them: refused by name, or written as the same bytes."""

from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import InputError
    from zkcore.ethereum.abi import encode
    from zkcore.ethereum.hashing import keccak256
    from zkcore.protocol.assets import BridgeMint, TransferData, ntv_asset_id
    from zkcore.protocol.bundles import (
        BundleRequest,
        BundleWithdrawal,
        bundle_told,
        interoperable_address,
        is_bundle_of_v31,
        parse_interoperable_address,
    )
    from zkcore.protocol.contracts import INTEROP_ATTRIBUTES, INTEROP_CENTER, L2_ASSET_ROUTER, L2_ASSET_ROUTER_ADDRESS
    from zkcore.types import ETH, Address, Hash32


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    try:
        if kind == b"\x00":
            chain, address = parse_interoperable_address(rest)
            require(interoperable_address(chain, address) == rest, rest)
        elif kind == b"\x01":
            request = BundleRequest.decode(rest)
            require(BundleRequest.decode(request.encode()) == request, request)
        elif kind == b"\x03":
            _told(rest)
        elif kind == b"\x04":
            _asked(rest)
        elif kind == b"\x05":
            _shaped(rest)
        else:
            require(not (is_bundle_of_v31(rest) and _is_ours(rest)), rest)
            withdrawal = BundleWithdrawal.decode(rest)
            require(withdrawal.encode() == rest, withdrawal)
            require(len(set(withdrawal.hashes)) == 2, withdrawal)
            _ = withdrawal.mint, withdrawal.executor
    except InputError:
        return


def _is_ours(message: bytes) -> bool:
    try:
        _ = BundleWithdrawal.decode(message)
    except InputError:
        return False
    return True


def _told(event: bytes) -> None:
    """An event is believed of this withdrawal only if it names its message, and one of its two hashes."""
    message = WITHDRAWAL.encode()
    bundle, named = bundle_told(message, [((INTEROP_CENTER.interop_bundle_sent.topic,), event)], source_chain_id=L2)
    require(bundle == WITHDRAWAL and named in WITHDRAWAL.hashes, named)
    require(event[:32] == keccak256(message) and event[32:64] == named, event)


def _asked(choice: bytes) -> None:
    """Attributes chosen, cut short, repeated and put in any order by the bytes: what is taken has each at most once."""
    split = choice[:1] and choice[0] % 8
    chosen = [_attribute(byte) for byte in choice[1:9]]
    of_call, of_bundle = chosen[: split or 0], chosen[split or 0 :]
    call = (CALL[0], CALL[1], tuple(of_call))
    request = BundleRequest.decode(INTEROP_CENTER.send_bundle.encode(DESTINATION, [call], of_bundle))
    for attributes in (of_call, of_bundle):
        selectors = [one[:4] for one in attributes]
        require(len(set(selectors)) == len(selectors), selectors)
    require(all(any(one == whole for whole in ATTRIBUTES) for one in chosen), chosen)
    require(BundleRequest.decode(request.encode()) == request, request)
    require(request.transfer == REQUEST.transfer and request.asset_id == REQUEST.asset_id, request)


def _shaped(data: bytes) -> None:
    """A bundle of any shape in its canonical encoding: only one that is a withdrawal to this L1 is read, and as what it says."""
    take = atheris.FuzzedDataProvider(data)

    def some(usual: Any, other: Callable[[], Any]) -> Any:
        return other() if take.ConsumeIntInRange(0, 7) == 0 else usual

    def number() -> int:
        return take.ConsumeIntInRange(0, 2**256 - 1)

    def raw(size: int) -> bytes:
        return take.ConsumeBytes(size).ljust(size, b"\x00")

    def text() -> bytes:
        return take.ConsumeBytes(take.ConsumeIntInRange(0, 70))

    source, destination = some(L2, number), some(L1, number)
    base = some(ntv_asset_id(destination, ETH), lambda: raw(32))
    mint = some(WITHDRAWAL.transfer_data, text)
    payload = some(L2_ASSET_ROUTER.finalize_deposit.encode(some(source, number), raw(32), mint), text)
    call = (
        some(b"\x01", lambda: raw(1)),
        some(False, take.ConsumeBool),
        Address(raw(20)),
        some(L2_ASSET_ROUTER_ADDRESS, lambda: Address(raw(20))),
        some(0, number),
        payload,
    )
    calls = [call] * some(1, lambda: take.ConsumeIntInRange(0, 3))
    attributes = (
        some(b"", text),
        some(interoperable_address(source or 1, ALICE), text),
        some(False, take.ConsumeBool),
        raw(32),
    )
    parts = (some(b"\x01", lambda: raw(1)), source, destination, base, raw(32), calls, attributes)
    message = b"\x01" + encode((INTEROP_CENTER.interop_bundle_sent.inputs[2].type,), (parts,))
    withdrawal = BundleWithdrawal.decode(message)  # or an InputError
    require(withdrawal.encode() == message, message)
    fixed = (parts[0], len(calls), *call[:2], call[3], call[4], parts[3])
    wanted = (b"\x01", 1, b"\x01", False, L2_ASSET_ROUTER_ADDRESS, 0, ntv_asset_id(destination, ETH))
    require(fixed == wanted, fixed)
    require((withdrawal.source_chain_id, withdrawal.l1_chain_id) == (source, destination), withdrawal)
    _ = withdrawal.executor, withdrawal.mint


def _attribute(byte: int) -> bytes:
    whole = ATTRIBUTES[byte % len(ATTRIBUTES)]
    return whole[: -(byte >> 5)] if byte >> 5 else whole


L1, L2 = 11155111, 8022833
ALICE, BOB = Address(b"\xa1" * 20), Address(b"\xb0" * 20)
SALT = Hash32(b"\x07" * 32)
REQUEST = BundleRequest(
    l1_chain_id=L1,
    asset_id=ntv_asset_id(L1, ETH),
    transfer=TransferData(5, BOB, Address(bytes(20))),
    value=5,
    salt=SALT,
    executor=BOB,
    unbundler=ALICE,
)
WITHDRAWAL = BundleWithdrawal(
    source_chain_id=L2,
    l1_chain_id=L1,
    l1_asset_router=ALICE,
    asset_id=REQUEST.asset_id,
    transfer_data=BridgeMint(
        original_caller=ALICE, receiver=BOB, origin_token=ETH, amount=5, metadata=b"\x01"
    ).encode(),
    salt=SALT,
    sender_salt=SALT,
    execution_address=interoperable_address(L1, BOB),
    unbundler_address=interoperable_address(L2, ALICE),
)
DESTINATION, (CALL,), _ = INTEROP_CENTER.send_bundle.decode_arguments(REQUEST.encode())
ATTRIBUTES = [
    INTEROP_ATTRIBUTES.indirect_call.encode(0),
    INTEROP_ATTRIBUTES.interop_call_value.encode(0),
    INTEROP_ATTRIBUTES.interop_bundle_salt.encode(SALT),
    INTEROP_ATTRIBUTES.execution_address.encode(interoperable_address(L1, BOB)),
    INTEROP_ATTRIBUTES.unbundler_address.encode(interoperable_address(address=ALICE)),
    INTEROP_ATTRIBUTES.use_fixed_fee.encode(True),
    INTEROP_ATTRIBUTES.indirect_call.encode(5),
    INTEROP_ATTRIBUTES.interop_call_value.encode(1),
]
EVENTS = [
    keccak256(WITHDRAWAL.encode()) + one + (0x60).to_bytes(32) + WITHDRAWAL.bundle[32:] for one in WITHDRAWAL.hashes
]
SEEDS = [
    b"\x00" + interoperable_address(L1, BOB),
    b"\x00" + interoperable_address(address=BOB),
    b"\x00" + interoperable_address(L1),
    b"\x01" + REQUEST.encode(),
    b"\x02" + WITHDRAWAL.encode(),
    *[b"\x03" + event for event in EVENTS],
    b"\x04" + bytes([2, 6, 1, 2]),
    b"\x04" + bytes([1, 6, 5, 4, 3, 2]),
    *[b"\x05" + bytes(byte for byte in range(start, start + 200)) for start in (0, 50)],
    b"\x05" + b"\xff" * 300,
]

if __name__ == "__main__":
    fuzz(check, SEEDS)
