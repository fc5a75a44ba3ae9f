"""Paymasters of Era chains: who pays the fee of a 0x71 transaction, and what it is told.

Source: era-contracts system-contracts/contracts/interfaces/IPaymasterFlow.sol. Other paymasters may want other inputs.
"""

from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.contracts import PAYMASTER_FLOW
from zkcore.types import Address, AddressLike, HexLike, hex_bytes

__all__ = ["Paymaster"]


class Paymaster(Struct, frozen=True):
    """The paymaster's address and its input. Raises InputError for what is no address or no bytes."""

    address: Address
    input: bytes = b""

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(self, address: AddressLike, input: HexLike = b"") -> None: ...  # noqa: A002

    def __post_init__(self) -> None:
        force_setattr(self, "address", Address(self.address))
        force_setattr(self, "input", hex_bytes(self.input, "paymaster input"))

    @classmethod
    def general(cls, address: AddressLike, inner_input: HexLike = b"") -> Self:
        """A paymaster that asks for nothing: `general(bytes)`."""
        return cls(address, PAYMASTER_FLOW.general.encode(inner_input))

    @classmethod
    def approval_based(
        cls, address: AddressLike, *, token: AddressLike, minimal_allowance: int, inner_input: HexLike = b""
    ) -> Self:
        """A paymaster paid in a token, which the account lets it take: `approvalBased(address,uint256,bytes)`."""
        return cls(address, PAYMASTER_FLOW.approval_based.encode(token, minimal_allowance, inner_input))
