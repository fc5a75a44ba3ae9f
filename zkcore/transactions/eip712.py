"""ZKsync's own transaction type 0x71 (EIP-712): factory deps, paymasters and accounts with signatures of their own.

    0x71 || rlp([nonce, max_priority_fee_per_gas, max_fee_per_gas, gas_limit, to, value, data,
                 y_parity or chain_id, r, s, chain_id, from, gas_per_pubdata, [factory_dep, ...], custom_signature,
                 [] or [paymaster, paymaster_input]])

What is signed is the digest of EIP-712 typed data; the transaction hash is keccak256(digest || keccak256(signature)).
Source: zksync-era core/lib/types/src/transaction_request.rs. Era chains only: ZKsync OS does not have the type.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from msgspec.structs import force_setattr

from zkcore import rlp
from zkcore._keccak import keccak
from zkcore.bytecode import versioned_hash
from zkcore.chains import Stack
from zkcore.eip712 import DOMAIN, Field, StructType, TypedData
from zkcore.errors import BadSignature, InputError, UnsupportedProtocol
from zkcore.paymaster import Paymaster
from zkcore.signer import Signature
from zkcore.transactions._base import (
    BaseTransaction,
    as_bytes,
    as_list,
    check_count,
    hold_field,
    parse_fields,
    signature_items,
)
from zkcore.types import Address, AddressLike, Hash32, HexLike

__all__ = ["DEFAULT_GAS_PER_PUBDATA", "Eip712Transaction"]

DEFAULT_GAS_PER_PUBDATA = 50_000  # zksync-era core/lib/constants/src/ethereum.rs: DEFAULT_GAS_PER_PUBDATA_LIMIT

_TYPES = (
    StructType(DOMAIN, (Field("name", "string"), Field("version", "string"), Field("chainId", "uint256"))),
    StructType(
        "Transaction",
        (
            Field("txType", "uint256"),
            Field("from", "uint256"),
            Field("to", "uint256"),
            Field("gasLimit", "uint256"),
            Field("gasPerPubdataByteLimit", "uint256"),
            Field("maxFeePerGas", "uint256"),
            Field("maxPriorityFeePerGas", "uint256"),
            Field("paymaster", "uint256"),
            Field("nonce", "uint256"),
            Field("value", "uint256"),
            Field("data", "bytes"),
            Field("factoryDeps", "bytes32[]"),
            Field("paymasterInput", "bytes"),
        ),
    ),
)
_DOMAIN_NAME, _DOMAIN_VERSION = "zkSync", "2"
_TYPE_HASH = bytes.fromhex("848e1bfa1ac4e3576b728bda6721b215c70a7799a5b4866282a71bab954baac8")  # of _TYPES[1]
_EMPTY = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")  # keccak256 of nothing


class Eip712Transaction(BaseTransaction, frozen=True, kw_only=True):
    """A ZKsync transaction of an Era chain, from an account that may have a signature of its own kind.

    `factory_deps` are bytecodes, `custom_signature` replaces the ECDSA signature where the account wants another one.
    `to=None` is serialized as such and signed as the zero address. Fees and value in wei, `gas_per_pubdata` in gas per
    byte. Raises InputError for what does not fit, among it bytecodes that cannot be hashed (`zkcore.bytecode`).
    """

    TYPE: ClassVar[int] = 0x71
    WIRE: ClassVar[tuple[str, ...]] = (
        "nonce",
        "max_priority_fee_per_gas",
        "max_fee_per_gas",
        "gas_limit",
        "to",
        "value",
        "data",
    )

    chain_id: int
    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas_limit: int
    to: Address | None
    from_address: Address
    value: int = 0
    data: bytes = b""
    gas_per_pubdata: int = DEFAULT_GAS_PER_PUBDATA
    factory_deps: tuple[bytes, ...] = ()
    paymaster: Paymaster | None = None
    custom_signature: bytes = b""

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(
            self,
            *,
            chain_id: int,
            nonce: int,
            max_priority_fee_per_gas: int,
            max_fee_per_gas: int,
            gas_limit: int,
            to: AddressLike | None,
            from_address: AddressLike,
            value: int = 0,
            data: HexLike = b"",
            gas_per_pubdata: int = DEFAULT_GAS_PER_PUBDATA,
            factory_deps: Sequence[HexLike] = (),
            paymaster: Paymaster | None = None,
            custom_signature: HexLike = b"",
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("chain_id", "from_address", "gas_per_pubdata", "factory_deps", "custom_signature"):
            force_setattr(self, name, hold_field(name, getattr(self, name)))
        self._dep_hashes()  # refuses what cannot be hashed

    # ------------------------------------------------------------ what is signed
    def signing_hash(self) -> Hash32:
        """The EIP-712 digest; the same as `typed_data().digest()`, without the detour."""
        return Hash32(keccak(b"\x19\x01" + _domain_separator(self.chain_id) + self._struct_hash()))

    def typed_data(self) -> TypedData:
        """The typed data whose digest is signed, for devices that show it."""
        return TypedData(
            types=_TYPES,
            primary_type="Transaction",
            domain=(_DOMAIN_NAME, _DOMAIN_VERSION, self.chain_id),
            message=(*self._words(), self.data, self._dep_hashes(), self._paymaster()[1]),
        )

    def _words(self) -> tuple[int, ...]:
        """The first ten members: addresses are widened to uint256, what is missing is 0."""
        return (
            self.TYPE,
            int.from_bytes(self.from_address),
            int.from_bytes(self.to or b""),
            self.gas_limit,
            self.gas_per_pubdata,
            self.max_fee_per_gas,
            self.max_priority_fee_per_gas,
            int.from_bytes(self._paymaster()[0]),
            self.nonce,
            self.value,
        )

    def _struct_hash(self) -> bytes:
        words = b"".join([word.to_bytes(32) for word in self._words()])
        deps = b"".join(self._dep_hashes())
        return keccak(_TYPE_HASH + words + _hash(self.data) + _hash(deps) + _hash(self._paymaster()[1]))

    def _dep_hashes(self) -> tuple[Hash32, ...]:
        return tuple(versioned_hash(code) for code in self.factory_deps)

    def _paymaster(self) -> tuple[bytes, bytes]:
        return (self.paymaster.address, self.paymaster.input) if self.paymaster else (b"", b"")

    # ------------------------------------------------------------ what is sent
    def unsigned_bytes(self) -> bytes:
        """The transaction without an ECDSA signature. This is not what is signed: that is `signing_hash`."""
        return self._serialize([rlp.from_uint(self.chain_id), b"", b""], self.custom_signature)

    def signed_bytes(self, signature: Signature | None = None, form: Literal["custom", "ecdsa"] = "custom") -> bytes:
        """What is sent with eth_sendRawTransaction. Whether the signature fits is not checked here: see `sender`.

        Nodes take an ECDSA signature in two forms, as 65 bytes in the place of a custom signature or as y_parity, r, s;
        the hash is the same. With a `custom_signature` give none. Raises InputError if there is none, or both.
        """
        self._signature_bytes(signature)
        if form not in {"custom", "ecdsa"}:
            raise InputError(f"form: expected 'custom' or 'ecdsa', got {form!r}")
        if signature is None:
            return self.unsigned_bytes()
        if form == "ecdsa":
            return self._serialize(signature_items(signature, signature.y_parity), b"")
        return self._serialize([rlp.from_uint(self.chain_id), b"", b""], signature.to_bytes())

    def hash(self, signature: Signature | None = None) -> Hash32:
        """The transaction hash: keccak256(digest || keccak256(signature)), with v = 27 or 28 in an ECDSA signature."""
        return Hash32(keccak(self.signing_hash() + keccak(self._signature_bytes(signature))))

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol for ZKsync OS (no 0x71 in zksync-os-server lib/types/src/transaction)."""
        if stack != "era":
            raise UnsupportedProtocol("ZKsync OS chains have no transactions of type 0x71: use EIP-1559")

    def _signature_bytes(self, signature: Signature | None) -> bytes:
        if (signature is None) == (not self.custom_signature):
            raise InputError("a 0x71 transaction has either a signature or a custom_signature that is not empty")
        return self.custom_signature if signature is None else signature.to_bytes()

    def _serialize(self, signature: list[rlp.Item], custom_signature: bytes) -> bytes:
        items: list[rlp.Item] = [
            *self._items(),
            *signature,
            rlp.from_uint(self.chain_id),
            bytes(self.from_address),
            rlp.from_uint(self.gas_per_pubdata),
            list(self.factory_deps),
            custom_signature,
            list(self._paymaster()) if self.paymaster else [],
        ]
        return bytes([self.TYPE]) + rlp.encode(items)

    @classmethod
    def from_items(cls, items: list[rlp.Decoded]) -> tuple[Self, Signature | None]:
        """The transaction and, if there is one, the signature in a decoded payload. `parse_transaction` calls it.

        A custom signature that is the ECDSA signature of `from` over the digest is taken for that.
        """
        check_count(cls.__name__, items, 16)
        paymaster = as_list(items[15], "paymaster")
        check_count("paymaster", paymaster, 0, 2)
        transaction = cls(
            **parse_fields(cls.WIRE, items[:7]),
            chain_id=rlp.to_uint(items[10], "chain_id"),
            from_address=Address(as_bytes(items[11], "from")),
            gas_per_pubdata=rlp.to_uint(items[12], "gas_per_pubdata"),
            factory_deps=[as_bytes(code, "factory dep") for code in as_list(items[13], "factory_deps")],
            paymaster=_parse_paymaster(paymaster),
        )
        custom = as_bytes(items[14], "custom_signature")
        v, r, s = map(rlp.to_uint, items[7:10], ("y_parity", "r", "s"))
        if r or s:
            if custom:
                raise InputError("custom_signature: expected none beside y_parity, r, s")
            return transaction, Signature(r, s, v)
        if v != transaction.chain_id:
            raise InputError(f"y_parity: expected the chain id {transaction.chain_id} where r and s are empty, got {v}")
        if (signature := transaction._ecdsa(custom)) is not None:
            return transaction, signature
        force_setattr(transaction, "custom_signature", custom)
        return transaction, None

    def _ecdsa(self, custom: bytes) -> Signature | None:
        """The bytes as an ECDSA signature, if they are one of `from` over the digest."""
        try:
            signature = Signature.from_bytes(custom)
            fits = signature.to_bytes() == custom and self.sender(signature) == self.from_address
        except BadSignature:
            return None
        return signature if fits else None


def _parse_paymaster(items: list[rlp.Decoded]) -> Paymaster | None:
    if not items:
        return None
    return Paymaster(address=Address(as_bytes(items[0], "paymaster")), input=as_bytes(items[1], "paymaster_input"))


@lru_cache(maxsize=64)
def _domain_separator(chain_id: int) -> bytes:
    empty = (0,) * 10 + (b"", (), b"")
    domain = (_DOMAIN_NAME, _DOMAIN_VERSION, chain_id)
    return TypedData(types=_TYPES, primary_type="Transaction", domain=domain, message=empty).domain_separator()


def _hash(data: bytes) -> bytes:
    return keccak(data) if data else _EMPTY
