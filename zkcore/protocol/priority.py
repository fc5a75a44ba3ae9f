"""The L1->L2 canonical transaction and its hash, which is the L2 transaction hash on both stacks.

Source: matter-labs/era-contracts, l1-contracts/contracts: common/Messaging.sol (L2CanonicalTransaction),
state-transition/chain-deps/facets/Mailbox.sol (_serializeL2Transaction, _validateTx), the same from v26 to v31.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Literal, Protocol, Self, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from zkcore.errors import InputError, L2HashMismatch
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import constants
from zkcore.protocol.contracts.l1 import DIAMOND
from zkcore.protocol.fees import FeeParams, l2_gas_price
from zkcore.types import Address, AddressLike, Hash32, HexLike, Stack, hex_bytes, uint

# fmt: off
__all__ = [
    "AccountKind", "CanonicalTransaction", "L2TransactionRequest", "PriorityRequest", "l2_refund_recipient",
    "l2_sender", "predict_l2_hash", "predict_transaction", "priority_requests", "refund_is_lost",
]
# fmt: on

_HEAD = 19 * 32  # the words of the struct before its tails
_PAD = bytes(12)  # an address is a word with it before


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _offsets(start: int, tails: Sequence[bytes]) -> list[bytes]:
    """Where each tail begins, if they follow one another from `start`."""
    return [_word(offset) for offset in accumulate(map(len, tails[:-1]), initial=start)] if tails else []


class CanonicalTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """The sixteen fields of L2CanonicalTransaction. Amounts are base-token wei, `nonce` is the priority id.

    `reserved` is (mint value, refund recipient as a number, 0, 0); `factory_deps` are versioned bytecode hashes.
    Addresses may be given as 0x strings or numbers, bytes as 0x strings. Raises InputError.
    """

    tx_type: int
    from_address: Address
    to: Address
    gas_limit: int
    gas_per_pubdata_byte_limit: int = constants.REQUIRED_GAS_PER_PUBDATA
    max_fee_per_gas: int
    max_priority_fee_per_gas: int = 0
    paymaster: Address = constants.ZERO_ADDRESS
    nonce: int
    value: int
    reserved: tuple[int, int, int, int] = (0, 0, 0, 0)
    data: bytes = b""
    signature: bytes = b""
    factory_deps: tuple[Hash32, ...] = ()
    paymaster_input: bytes = b""
    reserved_dynamic: bytes = b""

    def __post_init__(self) -> None:
        for name in _ADDRESSES:
            if type(value := getattr(self, name)) is not Address:
                force_setattr(self, name, _address(value, name))
        for name in _NUMBERS:
            uint(getattr(self, name), name)
        for name in _BYTES:
            if type(value := getattr(self, name)) is not bytes:
                force_setattr(self, name, hex_bytes(value, name))
        if len(self.reserved) != 4:
            raise InputError(f"reserved: expected 4 numbers, got {len(self.reserved)}")
        for number in self.reserved:
            uint(number, "reserved")
        if self.factory_deps:
            force_setattr(self, "factory_deps", tuple(_hash(dep) for dep in self.factory_deps))

    @property
    def mint_value(self) -> int:
        """The base-token wei minted on L2: `reserved[0]`."""
        return self.reserved[0]

    @property
    def refund_recipient(self) -> Address:
        """Who gets on L2 what is not spent, and the value if the transaction fails: `reserved[1]`."""
        return _address(self.reserved[1], "reserved[1]")

    def encode(self) -> bytes:
        """`abi.encode(transaction)`: the offset word 0x20, 19 words of head, five tails in order."""
        deps = b"".join((_word(len(self.factory_deps)), *self.factory_deps))
        tails = [_tail(self.data), _tail(self.signature), deps, _tail(self.paymaster_input)]
        tails.append(_tail(self.reserved_dynamic))
        # fmt: off
        words = [
            _word(0x20), _word(self.tx_type), _PAD + self.from_address, _PAD + self.to, _word(self.gas_limit),
            _word(self.gas_per_pubdata_byte_limit), _word(self.max_fee_per_gas), _word(self.max_priority_fee_per_gas),
            _PAD + self.paymaster, _word(self.nonce), _word(self.value), *map(_word, self.reserved),
        ]
        # fmt: on
        return b"".join((*words, *_offsets(_HEAD, tails), *tails))

    def hash(self) -> Hash32:
        """The L2 transaction hash: keccak256(abi.encode(transaction))."""
        return keccak256(self.encode())

    @classmethod
    def decode(cls, data: HexLike) -> Self:
        """The transaction that `encode` gives exactly these bytes for. Raises InputError for any others."""
        raw = hex_bytes(data)
        words = _Words(raw)
        try:
            _, *scalars = (words.number() for _ in range(11))
            *reserved, _, _, _, _, _ = (words.number() for _ in range(9))  # the offsets follow from the lengths
            tails = (words.tail(), words.tail(), words.hashes(), words.tail(), words.tail())
            values: tuple[Any, ...] = (*scalars, tuple(reserved), *tails)
            tx = cls(**dict(zip(cls.__struct_fields__, values, strict=True)))
        except InputError as error:
            raise InputError(f"canonical transaction: {error}") from None
        if tx.encode() != raw:
            raise InputError(f"canonical transaction: {len(raw)} bytes are not its canonical encoding")
        return tx


_ADDRESSES = ("from_address", "to", "paymaster")
# fmt: off
_NUMBERS = (
    "tx_type", "gas_limit", "gas_per_pubdata_byte_limit", "max_fee_per_gas", "max_priority_fee_per_gas", "nonce", "value",
)
# fmt: on
_BYTES = ("data", "signature", "paymaster_input", "reserved_dynamic")


def _address(value: "AddressLike | int", name: str) -> Address:
    return Address(uint(value, name, 160).to_bytes(20, "big") if isinstance(value, int) else value)


def _hash(value: "HexLike | int") -> Hash32:
    return Hash32(_word(uint(value, "factory_deps")) if isinstance(value, int) else value)


def _tail(data: bytes) -> bytes:
    return _word(len(data)) + data + bytes(-len(data) % 32) if data else bytes(32)


class _Words:
    """Reads what was written one after the other; padding and offsets are left to the comparison with `encode`."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def _take(self, length: int) -> bytes:
        part = self._raw[self._at : self._at + length]
        if len(part) != length:
            raise InputError(f"expected {length} bytes at {self._at}, got {len(part)}")
        self._at += length
        return part

    def number(self) -> int:
        return int.from_bytes(self._take(32), "big")

    def tail(self) -> bytes:
        length = self.number()
        return self._take(length + -length % 32)[:length]

    def hashes(self) -> tuple[Hash32, ...]:
        joined = self._take(32 * self.number())
        return tuple(Hash32(joined[i : i + 32]) for i in range(0, len(joined), 32))


# ---------------------------------------------------------------- from the receipt of L1
class PriorityRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the chain's diamond recorded it; `factory_deps` are bytecodes, `expiration` a timestamp (v31: 0)."""

    l2_tx_hash: Hash32
    transaction: CanonicalTransaction
    factory_deps: tuple[bytes, ...] = ()
    expiration: int = 0


class _Log(Protocol):
    @property
    def address(self) -> Address: ...
    @property
    def topics(self) -> Sequence[Hash32]: ...
    @property
    def data(self) -> bytes: ...


class _Receipt(Protocol):  # as `zkcore.methods.replies.Receipt` is
    @property
    def logs(self) -> Sequence[_Log]: ...


def priority_requests(receipt: _Receipt, diamond: AddressLike) -> list[PriorityRequest]:
    """The requests to one chain in the receipt of an L1 transaction, in order, each hashed again.

    Only events of the chain's own diamond count: one transaction may make requests to other chains, and on a chain
    that settles on a gateway the gateway's diamond emits a second event. An event of that topic whose data is no
    request is no request. Raises L2HashMismatch if a request's hash is not that of its transaction.
    """
    emitter = Address(diamond)
    topic = DIAMOND.new_priority_request.topic
    logs = (log for log in receipt.logs if log.address == emitter and tuple(log.topics) == (topic,))
    return [request for log in logs if (request := _request(log.data))]


def _request(data: bytes) -> PriorityRequest | None:
    """Of (uint256 txId, bytes32 txHash, uint64 expiration, transaction, bytes[] factoryDeps), if it is just that."""
    try:
        words = _Words(data)
        _, tx_hash, expiration, start, end = (words.number() for _ in range(5))  # the first is the nonce again
        # the struct in place is its abi.encode without the leading offset word
        transaction = CanonicalTransaction.decode(_word(0x20) + data[start:end])
        bytecodes = _bytes_array(data[end:])
        uint(expiration, "expiration", 64)
    except InputError:
        return None
    if start != 5 * 32:
        return None
    claimed, computed = Hash32(_word(tx_hash)), transaction.hash()
    if claimed != computed:
        raise L2HashMismatch(computed=computed, claimed=claimed)
    return PriorityRequest(l2_tx_hash=computed, transaction=transaction, factory_deps=bytecodes, expiration=expiration)


def _bytes_array(raw: bytes) -> tuple[bytes, ...]:
    """A `bytes[]` at the end of an encoding. Raises InputError unless it is the canonical one."""
    words = _Words(raw)
    offsets = words.hashes()
    items = tuple(words.tail() for _ in offsets)
    tails = [_tail(item) for item in items]
    if b"".join((_word(len(items)), *_offsets(32 * len(items), tails), *tails)) != raw:
        raise InputError(f"{len(raw)} bytes are not the canonical encoding of bytes[]")
    return items


# ---------------------------------------------------------------- before it is sent
AccountKind: TypeAlias = Literal["eoa", "delegated", "contract"]  # no code; an EIP-7702 delegation; any other code


def l2_sender(
    account: AddressLike, *, kind: AccountKind, is_origin: bool | None = None, protocol_version: int
) -> Address:
    """Who the sender of a direct request is on L2: the caller of the bridgehub, aliased unless it is tx.origin.

    `is_origin`: whether the account sends the L1 transaction itself; by default, whether it can. Since v31 an account
    with an EIP-7702 delegation is never aliased. In a two-bridges request the sender is always the alias of the second
    bridge. Source: Mailbox.sol, _requestL2TransactionSender. Raises InputError.
    """
    origin = kind != "contract" if is_origin is None else is_origin
    plain = origin or (kind == "delegated" and protocol_version >= _AWARE_OF_7702)
    return Address(account) if plain else apply_alias(account)


def l2_refund_recipient(
    requested: AddressLike | None,
    *,
    sender: AddressLike,
    sender_kind: AccountKind,
    recipient_kind: AccountKind = "eoa",
    protocol_version: int,
) -> Address:
    """Who gets the refund on L2: the one requested, or the sender if none (or zero) is; aliased if it has code on L1.

    The kinds are those of the accounts on L1. Before v31 an EIP-7702 delegation counts as code, so a delegated
    account's refund goes to its alias, which nobody has a key of: see `refund_is_lost`. Source: AddressAliasHelper.sol
    (actualRefundRecipient), applied by the bridgehub and again by the mailbox. Raises InputError.
    """
    given = None if requested is None else Address(requested)
    if given is None or given == constants.ZERO_ADDRESS:
        given, recipient_kind = Address(sender), sender_kind
    aliased = recipient_kind == "contract" or refund_is_lost(recipient_kind, protocol_version)
    return apply_alias(given) if aliased else given


def refund_is_lost(kind: AccountKind, protocol_version: int) -> bool:
    """Whether a refund to an L1 account of this kind would land at an L2 address that nobody controls."""
    return kind == "delegated" and protocol_version < _AWARE_OF_7702


_AWARE_OF_7702 = 31  # EIP_7702_CHECKER in Mailbox.sol


class L2TransactionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the bridgehub hands to the chain's mailbox (BridgehubL2TransactionRequest in common/Messaging.sol).

    `sender` and `refund_recipient` are those on L2 (`l2_sender`, `l2_refund_recipient`). In a two-bridges request by
    the asset router the sender is the router's alias, the contract 0x10003, the L2 value 0 and the calldata that of
    `zkcore.protocol.assets.deposit_calldata`. `factory_deps` are bytecodes, amounts base-token wei.
    """

    sender: Address
    l2_contract: Address
    mint_value: int
    l2_value: int = 0
    l2_calldata: bytes = b""
    l2_gas_limit: int
    l2_gas_per_pubdata_byte_limit: int = constants.REQUIRED_GAS_PER_PUBDATA
    factory_deps: tuple[bytes, ...] = ()
    refund_recipient: Address


def predict_transaction(
    request: L2TransactionRequest, *, stack: Stack, priority_id: int, l2_gas_price: int
) -> CanonicalTransaction:
    """The canonical transaction that the mailbox makes of a request (_serializeL2Transaction). Raises InputError."""
    return CanonicalTransaction(
        tx_type=constants.ZKSYNC_OS_PRIORITY_TX_TYPE if stack == "zksync-os" else constants.ERA_PRIORITY_TX_TYPE,
        from_address=request.sender,
        to=request.l2_contract,
        gas_limit=request.l2_gas_limit,
        gas_per_pubdata_byte_limit=request.l2_gas_per_pubdata_byte_limit,
        max_fee_per_gas=l2_gas_price,
        nonce=priority_id,
        value=request.l2_value,
        reserved=(request.mint_value, int.from_bytes(Address(request.refund_recipient), "big"), 0, 0),
        data=request.l2_calldata,
        factory_deps=tuple(versioned_hash(bytecode) for bytecode in request.factory_deps),
    )


def predict_l2_hash(
    request: L2TransactionRequest, params: FeeParams, *, stack: Stack, priority_id: int, effective_gas_price: int
) -> Hash32:
    """The L2 hash of a request that is mined as this priority operation at this effective L1 gas price (wei).

    Neither is certain before it is mined, so until then this is a prediction. Raises InputError.
    """
    price = l2_gas_price(params, effective_gas_price, request.l2_gas_per_pubdata_byte_limit)
    return predict_transaction(request, stack=stack, priority_id=priority_id, l2_gas_price=price).hash()
