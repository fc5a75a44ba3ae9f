"""ERC-4337 user operations: what an account that is a contract signs on ZKsync OS. Offline: nothing here speaks to a bundler.

The hash of EntryPoint v0.7 is keccak256(abi.encode(keccak256(fields), entry point, chain id)), signed as its account
likes, mostly as an EIP-191 message; that of v0.8 is the digest of EIP-712 typed data, and a device can show it.
Source: eth-infinitism/account-abstraction, contracts/core/{EntryPoint,UserOperationLib,Eip7702Support}.sol, v0.7.0 and v0.8.0.
"""

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.ethereum.eip712 import DOMAIN, Field, StructType, TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, uint

__all__ = ["ENTRY_POINT_V07", "ENTRY_POINT_V08", "UserOperation"]

ENTRY_POINT_V07: Final = Address("0x0000000071727De22E5E9d8BAf0edAc6f37da032")
ENTRY_POINT_V08: Final = Address("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108")
_DELEGATED: Final = b"\x77\x02" + bytes(18)  # instead of a factory: the account is an EOA that delegates (EIP-7702)
_DOMAIN = "string name,string version,uint256 chainId,address verifyingContract"
_MEMBERS = (
    "address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,"
    "bytes32 gasFees,bytes paymasterAndData"
)
_TYPES: Final = tuple(
    StructType(name, tuple(Field(member, type_) for type_, member in map(str.split, members.split(","))))
    for name, members in ((DOMAIN, _DOMAIN), ("PackedUserOperation", _MEMBERS))
)


class UserOperation(Struct, frozen=True, kw_only=True):
    """A user operation as the EntryPoints take it: `init_code` is the factory and its data, `paymaster_and_data` packed.

    Gas in gas, fees in wei per gas. Raises InputError for what does not fit: a gas limit or fee has 128 bits.
    """

    sender: Address
    nonce: int
    init_code: bytes = b""
    call_data: bytes = b""
    verification_gas_limit: int
    call_gas_limit: int
    pre_verification_gas: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    paymaster_and_data: bytes = b""

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(
            self,
            *,
            sender: AddressLike,
            nonce: int,
            init_code: HexLike = b"",
            call_data: HexLike = b"",
            verification_gas_limit: int,
            call_gas_limit: int,
            pre_verification_gas: int,
            max_priority_fee_per_gas: int,
            max_fee_per_gas: int,
            paymaster_and_data: HexLike = b"",
        ) -> None: ...

    def __post_init__(self) -> None:
        force_setattr(self, "sender", Address(self.sender))
        for name in ("init_code", "call_data", "paymaster_and_data"):
            force_setattr(self, name, hex_bytes(getattr(self, name), name))
        for name in ("nonce", "pre_verification_gas"):
            _ = uint(getattr(self, name), name)
        for name in ("verification_gas_limit", "call_gas_limit", "max_priority_fee_per_gas", "max_fee_per_gas"):
            _ = uint(getattr(self, name), name, 128)

    def hash_v07(self, chain_id: int, entry_point: AddressLike = ENTRY_POINT_V07) -> Hash32:
        """The hash of EntryPoint v0.7. Raises InputError."""
        if self._delegates():
            raise InputError("init_code: an account that delegates (0x7702) needs EntryPoint v0.8")
        gas, fees = self._packed()
        first = self.sender.rjust(32, b"\0") + self.nonce.to_bytes(32) + keccak256(self.init_code)
        then = keccak256(self.call_data) + gas + self.pre_verification_gas.to_bytes(32) + fees
        inner = keccak256(first + then + keccak256(self.paymaster_and_data))
        return keccak256(inner + Address(entry_point).rjust(32, b"\0") + uint(chain_id, "chain_id").to_bytes(32))

    def typed_data_v08(
        self, chain_id: int, entry_point: AddressLike = ENTRY_POINT_V08, *, delegate: AddressLike | None = None
    ) -> TypedData:
        """The typed data of EntryPoint v0.8, whose digest is its hash. Raises InputError.

        `delegate`: of an account by EIP-7702.
        """
        code = self.init_code
        if self._delegates() != (delegate is not None):
            raise InputError("delegate: is given for an account by EIP-7702 (init_code 0x7702...), and for no other")
        if delegate is not None:
            code = Address(delegate) + code[20:]
        gas, fees = self._packed()
        message = (self.sender, self.nonce, code, self.call_data, gas, self.pre_verification_gas, fees)
        domain = ("ERC4337", "1", uint(chain_id, "chain_id"), Address(entry_point))
        message_all = (*message, self.paymaster_and_data)
        return TypedData(types=_TYPES, primary_type="PackedUserOperation", domain=domain, message=message_all)

    def _packed(self) -> tuple[bytes, bytes]:
        pairs = (
            (self.verification_gas_limit, self.call_gas_limit),
            (self.max_priority_fee_per_gas, self.max_fee_per_gas),
        )
        gas, fees = (high.to_bytes(16) + low.to_bytes(16) for high, low in pairs)
        return gas, fees

    def _delegates(self) -> bool:
        return self.init_code[:20].ljust(20, b"\0") == _DELEGATED
