"""Paymasters pay for ZKsync 0x71 transactions: their address and the input that says on what terms. Era only.

Source: era-contracts system-contracts/contracts/interfaces/IPaymasterFlow.sol.
"""

from typing import TYPE_CHECKING, Self

import msgspec
from msgspec.structs import force_setattr

from zkcore.ethereum.abi import Function
from zkcore.types import Address, AddressLike, HexLike, hex_bytes

__all__ = ["PAYMASTER_FLOW", "Paymaster"]


class PAYMASTER_FLOW:  # noqa: N801
    """system-contracts/contracts/interfaces/IPaymasterFlow.sol."""

    general = Function("general(bytes input)")
    approval_based = Function("approvalBased(address token,uint256 minAllowance,bytes innerInput)")


class Paymaster(msgspec.Struct, frozen=True):
    """A paymaster and its input: a call of one of the flows, or whatever the paymaster takes. Raises InputError."""

    address: Address
    input: bytes = b""

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(self, address: AddressLike, input: HexLike = b"") -> None: ...  # noqa: A002

    def __post_init__(self) -> None:
        force_setattr(self, "address", Address(self.address))
        force_setattr(self, "input", hex_bytes(self.input, "paymaster input"))

    @property
    def approval(self) -> tuple[Address, int] | None:
        """The token, and how much of it, that the account lets the paymaster take; None in another flow than that."""
        if self.input[:4] != PAYMASTER_FLOW.approval_based.selector:
            return None
        token, amount, _ = PAYMASTER_FLOW.approval_based.decode_arguments(self.input)
        return Address(token), amount

    @classmethod
    def general(cls, address: AddressLike, inner_input: HexLike = b"") -> Self:
        """The flow without a token: `general(bytes)`. Raises InputError."""
        return cls(address, PAYMASTER_FLOW.general.encode(inner_input))

    @classmethod
    def approval_based(
        cls, address: AddressLike, *, token: AddressLike, minimal_allowance: int, inner_input: HexLike = b""
    ) -> Self:
        """The flow that has the account approve a token to the paymaster first: `approvalBased(address,uint256,bytes)`.

        The account lets the paymaster take at least `minimal_allowance` of the token (smallest unit). Raises
        InputError.
        """
        return cls(address, PAYMASTER_FLOW.approval_based.encode(token, minimal_allowance, inner_input))
