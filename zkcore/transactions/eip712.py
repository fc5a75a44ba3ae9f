"""ZKsync's own transaction type 0x71 (EIP-712): factory deps, paymasters and accounts with signatures of their own.

    0x71 || rlp([nonce, max_priority_fee_per_gas, max_fee_per_gas, gas_limit, to, value, data,
                 y_parity or chain_id, r, s, chain_id, from, gas_per_pubdata, [factory_dep, ...], custom_signature,
                 [] or [paymaster, paymaster_input]])

What is signed is the digest of EIP-712 typed data; the transaction hash is keccak256(digest || keccak256(signature)).
Source: zksync-era core/lib/types/src/transaction_request.rs. Era chains only: ZKsync OS does not have the type.
"""

from functools import lru_cache
from typing import ClassVar, Literal, Self

from msgspec.structs import replace

from zkcore._keccak import keccak
from zkcore.errors import BadSignature, InputError, UnsupportedProtocol
from zkcore.ethereum import rlp
from zkcore.ethereum.eip712 import DOMAIN, Field, StructType, TypedData, Value
from zkcore.ethereum.signature import CustomSignature, Signature
from zkcore.transactions import _base
from zkcore.transactions._base import EMPTY, NONE, BaseTransaction, Bytecodes, Data, From, To
from zkcore.transactions._bytecode import versioned_hash
from zkcore.transactions._paymaster import Paymaster
from zkcore.types import Hash32, Stack

__all__ = ["DEFAULT_GAS_PER_PUBDATA", "Eip712Transaction"]

DEFAULT_GAS_PER_PUBDATA = 50_000  # zksync-era core/lib/constants/src/ethereum.rs: DEFAULT_GAS_PER_PUBDATA_LIMIT

_DOMAIN_MEMBERS = "string name,string version,uint256 chainId"
_MEMBERS = (
    "uint256 txType,uint256 from,uint256 to,uint256 gasLimit,uint256 gasPerPubdataByteLimit,uint256 maxFeePerGas,"
    "uint256 maxPriorityFeePerGas,uint256 paymaster,uint256 nonce,uint256 value,bytes data,bytes32[] factoryDeps,"
    "bytes paymasterInput"
)
_TYPES = tuple(
    StructType(struct, tuple(Field(name, type_) for type_, name in map(str.split, members.split(","))))
    for struct, members in ((DOMAIN, _DOMAIN_MEMBERS), ("Transaction", _MEMBERS))
)
_TYPE_HASH = bytes.fromhex("848e1bfa1ac4e3576b728bda6721b215c70a7799a5b4866282a71bab954baac8")  # of Transaction
_EMPTY = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")  # keccak256 of nothing


class Eip712Transaction(BaseTransaction, frozen=True, kw_only=True):
    """A ZKsync transaction of an Era chain, from an account that may have a signature of its own kind.

    `factory_deps` are bytecodes, `custom_signature` replaces the ECDSA signature where the account wants another one.
    `to=None` is serialized as such and signed as the zero address. Fees and value in wei, `gas_per_pubdata` in gas per
    byte. Raises InputError for what does not fit, among it bytecodes that cannot be hashed (`zkcore.transactions._bytecode`).
    """

    TYPE: ClassVar[int] = 0x71
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"to", "paymaster"})

    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas_limit: int
    to: To
    value: int = 0
    data: Data = EMPTY
    chain_id: int
    from_address: From
    gas_per_pubdata: int = DEFAULT_GAS_PER_PUBDATA
    factory_deps: Bytecodes = NONE
    custom_signature: Data = EMPTY
    paymaster: Paymaster | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._dep_hashes()  # refuses what cannot be hashed

    # ------------------------------------------------------------ what is signed
    def signing_hash(self) -> Hash32:
        """The EIP-712 digest; the same as `typed_data().digest()`, without the detour."""
        return Hash32(keccak(b"\x19\x01" + _domain_separator(self.chain_id) + self._struct_hash()))

    def typed_data(self) -> TypedData:
        """The typed data whose digest is signed, for devices that show it."""
        message: tuple[Value, ...] = (*self._words(), self.data, self._dep_hashes(), self._paymaster()[1])
        return _typed_data(self.chain_id, message)

    def _words(self) -> tuple[int, ...]:
        """The first ten members: addresses are widened to uint256, what is missing is 0."""
        sender, to, paymaster = map(int.from_bytes, (self.from_address, self.to or b"", self._paymaster()[0]))
        gas = (self.gas_limit, self.gas_per_pubdata, self.max_fee_per_gas, self.max_priority_fee_per_gas)
        return (self.TYPE, sender, to, *gas, paymaster, self.nonce, self.value)

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

    def signed_bytes(
        self, signature: Signature | CustomSignature | None = None, form: Literal["custom", "ecdsa"] = "custom"
    ) -> bytes:
        """What is sent with eth_sendRawTransaction. Whether the signature fits is not checked here: see `sender`.

        Nodes take an ECDSA signature in two forms, as 65 bytes in the place of a custom signature or as y_parity, r, s;
        the hash is the same. With a `custom_signature` give none. Raises InputError if there is none, or both.
        """
        custom_signature = self._signature_bytes(signature)
        if form not in {"custom", "ecdsa"}:
            raise InputError(f"form: expected 'custom' or 'ecdsa', got {form!r}")
        if isinstance(signature, Signature) and form == "ecdsa":
            return self._serialize(_base.signature_items(signature, signature.y_parity), b"")
        return self._serialize([rlp.from_uint(self.chain_id), b"", b""], custom_signature)

    def hash(self, signature: Signature | CustomSignature | None = None) -> Hash32:
        """The transaction hash: keccak256(digest || keccak256(signature)), with v = 27 or 28 in an ECDSA signature."""
        return Hash32(keccak(self.signing_hash() + keccak(self._signature_bytes(signature))))

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol for ZKsync OS (no 0x71 in zksync-os-server lib/types/src/transaction)."""
        if stack != "era":
            raise UnsupportedProtocol("ZKsync OS chains have no transactions of type 0x71: use EIP-1559")

    def _signature_bytes(self, signature: Signature | CustomSignature | None) -> bytes:
        if (signature is None) == (not self.custom_signature):
            raise InputError("a 0x71 transaction has either a signature or a custom_signature that is not empty")
        return self.custom_signature if signature is None else signature.to_bytes()

    def _serialize(self, signature: list[rlp.Item], custom_signature: bytes) -> bytes:
        items = self._items()
        items[-2:] = custom_signature, list(self._paymaster()) if self.paymaster else []
        items[7:7] = signature
        return bytes([self.TYPE]) + rlp.encode(items)

    @classmethod
    def from_items(cls, items: list[rlp.Decoded]) -> tuple[Self, Signature | None]:
        """The transaction and, if there is one, the signature in a decoded payload. Raises InputError, BadSignature.

        A custom signature that is the ECDSA signature of `from` over the digest is taken for that.
        """
        _base.check_count(cls.__name__, items, 16)
        transaction = cls(**cls.parsed(items[:7] + items[10:]))
        v, r, s = _base.triple(items[7:10])
        if r or s:
            if transaction.custom_signature:
                raise InputError("custom_signature: expected none beside y_parity, r, s")
            return transaction, Signature(r, s, v)
        if v != transaction.chain_id:
            raise InputError(f"y_parity: expected the chain id {transaction.chain_id} where r and s are empty, got {v}")
        signature = transaction._ecdsa()
        return (replace(transaction, custom_signature=b"") if signature else transaction), signature

    def _ecdsa(self) -> Signature | None:
        """The custom signature as an ECDSA signature, if it is one of `from` over the digest."""
        try:
            signature = Signature.from_bytes(self.custom_signature)
            fits = signature.to_bytes() == self.custom_signature and self.sender(signature) == self.from_address
        except BadSignature:
            return None
        return signature if fits else None


@lru_cache(maxsize=64)
def _domain_separator(chain_id: int) -> bytes:
    return _typed_data(chain_id, (*(0,) * 10, b"", (), b"")).domain_separator()


def _typed_data(chain_id: int, message: tuple[Value, ...]) -> TypedData:
    domain = ("zkSync", "2", chain_id)
    return TypedData(types=_TYPES, primary_type="Transaction", domain=domain, message=message)


def _hash(data: bytes) -> bytes:
    return keccak(data) if data else _EMPTY
