"""EIP-1559: 0x02 || rlp([chain_id, nonce, max_priority_fee_per_gas, max_fee_per_gas, gas_limit, to, value, data,
access_list, y_parity, r, s]).
"""

from typing import ClassVar

from zkcore.errors import InputError, UnsupportedProtocol
from zkcore.transactions._base import EMPTY, NONE, Accesses, BaseTransaction, Data, To
from zkcore.types import Stack

__all__ = ["Eip1559Transaction"]


class Eip1559Transaction(BaseTransaction, frozen=True, kw_only=True):
    """A transaction with a priority fee and a highest fee. Era refuses it with an access list that is not empty.

    `to=None` creates a contract. Fees and value in wei. Raises InputError for what does not fit, and for a priority fee
    above the highest fee, which EIP-1559 makes invalid.
    """

    TYPE: ClassVar[int] = 0x02

    chain_id: int
    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas_limit: int
    to: To
    value: int = 0
    data: Data = EMPTY
    access_list: Accesses = NONE

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_priority_fee_per_gas > self.max_fee_per_gas:
            above = f"{self.max_priority_fee_per_gas} wei is above max_fee_per_gas = {self.max_fee_per_gas} wei"
            raise InputError(f"max_priority_fee_per_gas: {above}, which EIP-1559 does not allow")

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol for Era and an access list (zksync-era .../types/src/transaction_request.rs)."""
        if stack == "era" and self.access_list:
            raise UnsupportedProtocol(f"Era chains refuse access lists: this one has {len(self.access_list)} entries")
