"""What JSON-RPC methods are asked with: call requests and blocks; checked and turned into JSON."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from zkcore.errors import InputError
from zkcore.transactions import AccessList
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, to_hex, uint

__all__ = ["BlockId", "BlockTag", "CallRequest", "block_id", "quantity"]

BlockTag: TypeAlias = Literal[
    "earliest", "latest", "pending", "safe", "finalized", "committed", "precommitted", "l1_committed", "fast_finalized"
]
BlockId: TypeAlias = BlockTag | int | Hash32  # the last four tags exist on Era only; a hash goes as EIP-1898 has it

_TAGS = frozenset(get_args(BlockTag))


class CallRequest(Struct, frozen=True, kw_only=True):
    """What `eth_call`, the estimates and simulations are asked about. What is None is not sent.

    `gas_per_pubdata` or a `paymaster` make it an EIP-712 request of Era (type 0x71), with `factory_deps` as bytecodes.
    """

    to: AddressLike | None = None
    from_address: AddressLike | None = None
    data: HexLike = b""
    value: int | None = None
    gas: int | None = None
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    nonce: int | None = None
    type: int | None = None
    gas_per_pubdata: int | None = None
    factory_deps: Sequence[HexLike] = ()
    paymaster: AddressLike | None = None
    paymaster_input: HexLike = b""
    access_list: AccessList = ()
    custom_signature: HexLike = b""

    def parameter(self) -> dict[str, object]:
        """The JSON object. Raises InputError for a value that does not fit."""
        meta = self._meta()
        quantities = {
            "value": self.value, "gas": self.gas, "gasPrice": self.gas_price, "maxFeePerGas": self.max_fee_per_gas,
            "maxPriorityFeePerGas": self.max_priority_fee_per_gas, "nonce": self.nonce,
            "type": 0x71 if meta and self.type is None else self.type,
        }  # fmt: skip
        addresses = {"from": self.from_address, "to": self.to}
        data = hex_bytes(self.data)
        fields: dict[str, object] = {name: str(Address(at)) for name, at in addresses.items() if at is not None}
        if data:
            fields["data"] = to_hex(data)
        fields |= {name: quantity(amount, name) for name, amount in quantities.items() if amount is not None}
        if self.access_list:
            listed = [(str(at), [str(key) for key in keys]) for at, keys in self.access_list]
            fields["accessList"] = [{"address": at, "storageKeys": keys} for at, keys in listed]
        return fields | ({"eip712Meta": meta} if meta else {})

    def _meta(self) -> dict[str, object]:
        # Byte vectors are arrays of numbers here, not hex: serde's Vec<u8>
        # (zksync-era core/lib/types/src/transaction_request.rs, Eip712Meta)
        meta: dict[str, object] = {}
        if self.factory_deps:
            meta["factoryDeps"] = [list(hex_bytes(code, "factory_deps")) for code in self.factory_deps]
        if self.custom_signature:
            meta["customSignature"] = list(hex_bytes(self.custom_signature, "custom_signature"))
        if self.paymaster is not None:
            meta["paymasterParams"] = {
                "paymaster": str(Address(self.paymaster)),
                "paymasterInput": list(hex_bytes(self.paymaster_input, "paymaster_input")),
            }
        if meta or self.gas_per_pubdata is not None:  # the server wants the field: DEFAULT_GAS_PER_PUBDATA_LIMIT
            limit = 50_000 if self.gas_per_pubdata is None else self.gas_per_pubdata
            meta["gasPerPubdata"] = quantity(limit, "gas_per_pubdata")
        return meta


def quantity(value: int, name: str) -> str:
    """An int as 0x hex. Raises InputError, naming it."""
    return hex(uint(value, name))


def block_id(block: BlockId) -> object:
    """A block as methods take it. Raises InputError."""
    if isinstance(block, bytes):
        return {"blockHash": str(Hash32(block))}
    if isinstance(block, str):
        if block not in _TAGS:
            raise InputError(f"block: expected a number, a Hash32 or one of {', '.join(sorted(_TAGS))}, got {block!r}")
        return block
    return quantity(block, "block")
