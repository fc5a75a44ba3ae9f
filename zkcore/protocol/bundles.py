"""Withdrawals by interop bundle, as chains make them since v33: what is sent on L2, and what comes to L1.

Sources, in matter-labs/era-contracts, l1-contracts/contracts, release/v0.33.0-atomic-interop: interop/InteropCenter.sol,
InteropAttributeParser.sol, L1InteropHandler.sol, common/libraries/InteropDataEncoding.sol. Interoperable addresses: ERC-7930.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, Self

import msgspec
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.ethereum import abi
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import BridgeMint, SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.contracts.constants import INTEROP_CENTER_ADDRESS, L2_ASSET_ROUTER_ADDRESS
from zkcore.protocol.contracts.interop import INTEROP_ATTRIBUTES, INTEROP_CENTER, L1_INTEROP_HANDLER
from zkcore.protocol.contracts.l2 import L2_ASSET_ROUTER
from zkcore.types import ETH, Address, AddressLike, Hash32, HexLike, hex_bytes, to_hex, uint

# fmt: off
__all__ = [
    "FIRST_WITH_BUNDLES", "BundleRequest", "BundleWithdrawal", "bundle_told", "interoperable_address", "is_bundle_of_v31",
    "parse_interoperable_address",
]
# fmt: on

# No earlier minor version can have them; that one is of this, or higher, does not mean that it has
FIRST_WITH_BUNDLES: Final = 32
_VERSION: Final = b"\x01"  # of a bundle, of a call, and what a message that is a bundle begins with (BUNDLE_IDENTIFIER)
_EVM: Final = b"\x00\x01\x00\x00"  # ERC-7930: version 1, chains of the type eip155


# ---------------------------------------------------------------- ERC-7930
def interoperable_address(chain_id: int | None = None, address: AddressLike | None = None) -> bytes:
    """An account of a chain, a chain, or an account of whichever chain: version | type | length, chain | length, address.

    The chain id is written big-endian without leading zeros. Raises InputError.
    """
    reference = b""
    if chain_id is not None:
        if uint(chain_id, "chain_id") == 0:
            raise InputError("chain_id: expected more than 0")
        reference = chain_id.to_bytes((chain_id.bit_length() + 7) // 8)
    account = b"" if address is None else bytes(Address(address))
    return _EVM + bytes([len(reference)]) + reference + bytes([len(account)]) + account


def parse_interoperable_address(data: HexLike) -> tuple[int | None, Address | None]:
    """The chain id and the address, each None if absent; only what `interoperable_address` writes. Raises InputError."""
    raw = hex_bytes(data, "interoperable address")
    size = raw[4] if raw[:4] == _EVM and len(raw) > 4 else 0
    reference, account = raw[5 : 5 + size], raw[6 + size :]
    chain_id = int.from_bytes(reference) if reference else None
    fits = len(account) in (0, 20) and chain_id != 0 and size <= 32
    address = Address(account) if fits and account else None
    if not fits or interoperable_address(chain_id, address) != raw:
        raise InputError(f"{to_hex(raw[:64])} ({len(raw)} bytes) is not an ERC-7930 address of an EVM chain")
    return chain_id, address


# ---------------------------------------------------------------- what is sent on L2
class BundleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal as `InteropCenter.sendBundle` takes it: one indirect call of the asset router, to L1.

    `value`: what is sent along, the amount of the base token, 0 for any other; `transfer.token` is then the token on L2,
    and 0x0 for the base token. `salt`: no account can use one twice. `executor` and `unbundler`: the only account on L1
    that may execute it, and the one that may cancel it (which returns nothing); zkcore sets neither. Raises InputError.
    """

    l1_chain_id: int
    asset_id: Hash32
    transfer: TransferData
    value: int
    salt: Hash32
    executor: Address | None = None
    unbundler: Address | None = None

    def __post_init__(self) -> None:
        if uint(self.value, "value") != (0 if any(self.transfer.token) else self.transfer.amount):
            raise InputError(f"value: expected the amount of the base token, or 0 with a token, got {self.value}")
        force_setattr(self, "asset_id", Hash32(self.asset_id))
        force_setattr(self, "salt", Hash32(self.salt))

    def encode(self) -> bytes:
        """The calldata."""
        call_attributes = [
            INTEROP_ATTRIBUTES.indirect_call.encode(self.value),
            INTEROP_ATTRIBUTES.interop_call_value.encode(0),
        ]
        attributes = [INTEROP_ATTRIBUTES.interop_bundle_salt.encode(self.salt)]
        for attribute, who in (
            (INTEROP_ATTRIBUTES.execution_address, self.executor),
            (INTEROP_ATTRIBUTES.unbundler_address, self.unbundler),
        ):
            if who is not None:
                attributes.append(attribute.encode(interoperable_address(self.l1_chain_id, who)))
        burn = SecondBridgeDeposit(asset_id=self.asset_id, transfer=self.transfer).encode()
        call = (interoperable_address(address=L2_ASSET_ROUTER_ADDRESS), burn, call_attributes)
        return INTEROP_CENTER.send_bundle.encode(interoperable_address(self.l1_chain_id), [call], attributes)

    @classmethod
    def decode(cls, calldata: HexLike) -> Self:
        """Read it; the attributes may come in any order. Raises InputError for calldata that is no withdrawal to L1."""
        destination, calls, attributes = INTEROP_CENTER.send_bundle.decode_arguments(hex_bytes(calldata, "calldata"))
        l1_chain_id, account = parse_interoperable_address(destination)
        if l1_chain_id is None or account is not None:
            raise InputError(f"sendBundle: the destination {to_hex(destination)} is not a chain")
        if len(calls) != 1:
            raise InputError(f"sendBundle: {len(calls)} calls, a withdrawal is one")
        ((to, data, call_attributes),) = calls
        if parse_interoperable_address(to) != (None, L2_ASSET_ROUTER_ADDRESS):
            raise InputError(f"sendBundle: the call is to {to_hex(to)}, a withdrawal's is to the asset router")
        if data[:1] != _VERSION:
            raise InputError(f"sendBundle: unknown encoding version {to_hex(data[:1])}")
        burn = SecondBridgeDeposit.decode(data)
        asked = _attributes(call_attributes, "indirect_call", "interop_call_value")
        wanted = _attributes(
            attributes, "interop_bundle_salt", "execution_address", "unbundler_address", "use_fixed_fee"
        )
        if asked.get("interop_call_value") or "indirect_call" not in asked or "interop_bundle_salt" not in wanted:
            raise InputError("sendBundle: a withdrawal is an indirect call without value, with a salt")
        if burn.asset_id is None:
            raise InputError("sendBundle: a withdrawal names its asset id")
        return cls(
            l1_chain_id=l1_chain_id,
            asset_id=burn.asset_id,
            transfer=burn.transfer,
            value=asked["indirect_call"],
            salt=wanted["interop_bundle_salt"],
            executor=_on_l1(wanted.get("execution_address"), l1_chain_id),
            unbundler=_on_l1(wanted.get("unbundler_address"), l1_chain_id),
        )


def _attributes(attributes: tuple[bytes, ...], *known: str) -> dict[str, Any]:
    functions = {getattr(INTEROP_ATTRIBUTES, name).selector: name for name in known}
    found: dict[str, Any] = {}
    for attribute in attributes:
        name = functions.get(attribute[:4])
        if name is None or name in found:
            raise InputError(f"sendBundle: the attribute {to_hex(attribute[:4])} is unknown, twice or not in its place")
        (found[name],) = getattr(INTEROP_ATTRIBUTES, name).decode_arguments(attribute)
    return found


def _on_l1(account: bytes | None, l1_chain_id: int) -> Address | None:
    """An account that must be of L1, or of whichever chain."""
    if account in (None, b""):
        return None
    chain_id, address = parse_interoperable_address(account)
    if chain_id not in (None, l1_chain_id) or address is None:
        raise InputError(f"{to_hex(account)} is no account of L1 (chain {l1_chain_id})")
    return address


# ---------------------------------------------------------------- what comes to L1
_BUNDLE: Final = INTEROP_CENTER.interop_bundle_sent.inputs[2].type
# fmt: off
_FIXED: Final = (  # what every withdrawal's bundle has, by what it is called in an error
    ("version", _VERSION), ("number of calls", 1), ("call's version", _VERSION), ("shadow account", False),
    ("call's sender", L2_ASSET_ROUTER_ADDRESS), ("call's value", 0),
)
# fmt: on


class BundleWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal as a bundle tells of it: the message, sent by 0x1000d, is 0x01 | abi.encode(InteropBundle).

    `salt`: keccak(whoever sent it | `sender_salt`, the one of the request). `execution_address`: who may execute it, as an
    ERC-7930 address, empty for anybody; `unbundler_address`: who may cancel it. The call of the asset router on L1 is
    finalizeDeposit(source_chain_id, asset_id, transfer_data). Raises InputError.
    """

    IDENTIFIER: ClassVar[bytes] = _VERSION

    source_chain_id: int
    l1_chain_id: int
    l1_asset_router: Address
    asset_id: Hash32
    transfer_data: bytes
    salt: Hash32
    sender_salt: Hash32
    execution_address: bytes = b""
    unbundler_address: bytes
    use_fixed_fee: bool = False

    @property
    def bundle(self) -> bytes:
        """abi.encode(InteropBundle), which `executeBundle` takes."""
        payload = L2_ASSET_ROUTER.finalize_deposit.encode(self.source_chain_id, self.asset_id, self.transfer_data)
        call = (_VERSION, False, self.l1_asset_router, L2_ASSET_ROUTER_ADDRESS, 0, payload)
        ids = (self.source_chain_id, self.l1_chain_id, ntv_asset_id(self.l1_chain_id, ETH))
        attributes = (self.execution_address, self.unbundler_address, self.use_fixed_fee, self.sender_salt)
        return abi.encode((_BUNDLE,), ((_VERSION, *ids, self.salt, [call], attributes),))

    def encode(self) -> bytes:
        """The message."""
        return self.IDENTIFIER + self.bundle

    @property
    def mint(self) -> BridgeMint:
        """Receiver, token and amount. Raises InputError if the asset is not of the native token vaults."""
        return BridgeMint.decode(self.transfer_data)

    @property
    def executor(self) -> Address | None:
        """The only account on L1 that may execute it; None if anybody may. Raises InputError if nobody on L1 can."""
        return _on_l1(self.execution_address, self.l1_chain_id)

    @property
    def hashes(self) -> tuple[Hash32, Hash32]:
        """The hash in the two forms that contracts of this line have: of the bundle, and of the chain id and the bundle.

        Which one a chain takes is in its event InteropBundleSent.
        """
        bundle = self.bundle
        return keccak256(bundle), keccak256(abi.encode(("uint256", "bytes"), (self.source_chain_id, bundle)))

    def execution(self, *, batch: int, index: int, tx_number: int, proof: Sequence[HexLike]) -> bytes:
        """The calldata that has L1 pay it out: `executeBundle`, with the place of its message and the proof of it.

        The handler makes the message of the bundle itself: its bytes are not sent twice.
        """
        message = (tx_number, INTEROP_CENTER_ADDRESS, b"")
        where = (self.source_chain_id, batch, index, message, proof)
        return L1_INTEROP_HANDLER.execute_bundle.encode(self.bundle, where)

    @staticmethod
    def send_id(bundle_hash: HexLike) -> Hash32:
        """The id of the bundle's one call: keccak(bundle hash | 0)."""
        return keccak256(Hash32(bundle_hash) + bytes(32))

    @classmethod
    def decode(cls, message: HexLike) -> Self:
        """Read a message. Raises InputError, naming what is strange, for any but a withdrawal in its canonical encoding."""
        raw = hex_bytes(message, "message")
        if raw[:1] != cls.IDENTIFIER:
            raise InputError(f"bundle: a message begins with 0x01, got {to_hex(raw[:1])}")
        ((version, source, destination, base_token, salt, calls, attributes),) = abi.decode((_BUNDLE,), raw[1:])
        call_version, shadow, to, sender, value, payload = calls[0] if calls else (_VERSION, False, ETH, ETH, 0, b"")
        found = (version, len(calls), call_version, shadow, sender, value)
        for (what, expected), got in zip(_FIXED, found, strict=True):
            if got != expected:
                raise InputError(f"bundle: expected {_shown(expected)} as {what}, got {_shown(got)}")
        if base_token != ntv_asset_id(destination, ETH):
            raise InputError(f"bundle: chain {destination} with the base token {base_token} is no L1")
        chain, asset_id, transfer_data = L2_ASSET_ROUTER.finalize_deposit.decode_arguments(payload)
        if chain != source:
            raise InputError(f"bundle: it is of chain {source}, the withdrawal in it of chain {chain}")
        execution_address, unbundler_address, use_fixed_fee, sender_salt = attributes
        return cls(
            source_chain_id=source,
            l1_chain_id=destination,
            l1_asset_router=to,
            asset_id=asset_id,
            transfer_data=transfer_data,
            salt=salt,
            sender_salt=sender_salt,
            execution_address=execution_address,
            unbundler_address=unbundler_address,
            use_fixed_fee=use_fixed_fee,
        )


def bundle_told(
    message: bytes, events: Iterable[tuple[Sequence[bytes], bytes]], **expected: object
) -> tuple[BundleWithdrawal, Hash32]:
    """The withdrawal that a message is, and its hash: as InteropBundleSent has it, in one of the two forms.

    `events`: topics and data of the events InteropBundleSent of its transaction. `expected`: fields that it must have. Raises
    InputError.
    """
    bundle, digest = BundleWithdrawal.decode(message), keccak256(message)
    for name, value in expected.items():
        if getattr(bundle, name) != value:
            raise InputError(f"bundle: its {name} is {getattr(bundle, name)}, expected {value}")
    told = [INTEROP_CENTER.interop_bundle_sent.decode(*event) for event in events]
    hashes = {event["interopBundleHash"] for event in told if event["l2l1MsgHash"] == digest}
    if len(hashes) != 1 or not hashes < {*bundle.hashes}:
        named, either = sorted(map(str, hashes)), " or ".join(map(str, bundle.hashes))
        raise InputError(f"bundle: its event names {named}, and it hashes to {either}")
    return bundle, Hash32(hashes.pop())


def is_bundle_of_v31(message: bytes) -> bool:
    """Whether a message is a bundle as v31 made them, to other chains than L1: without the salt among its attributes."""
    older = _BUNDLE.replace("(bytes,bytes,bool,bytes32)", "(bytes,bytes,bool)")
    try:
        _ = abi.decode((older,), message[1:])
    except InputError:
        return False
    return True


def _shown(value: object) -> object:
    return to_hex(value) if type(value) is bytes else value
