"""EIP-2930: 0x01 || rlp([chain_id, nonce, gas_price, gas_limit, to, value, data, access_list, y_parity, r, s])."""

from typing import ClassVar

from zkcore.errors import UnsupportedProtocol
from zkcore.transactions._base import EMPTY, NONE, Accesses, BaseTransaction, Data, To
from zkcore.types import Stack

__all__ = ["Eip2930Transaction"]


class Eip2930Transaction(BaseTransaction, frozen=True, kw_only=True):
    """A transaction with a gas price and an access list: pairs of an address and its storage keys. Era refuses it.

    `to=None` creates a contract. Price and value in wei. Raises InputError for what does not fit.
    """

    TYPE: ClassVar[int] = 0x01

    chain_id: int
    nonce: int
    gas_price: int
    gas_limit: int
    to: To
    value: int = 0
    data: Data = EMPTY
    access_list: Accesses = NONE

    def check_stack(self, stack: Stack) -> None:
        """Raise UnsupportedProtocol for Era (zksync-era core/lib/types/src/transaction_request.rs)."""
        if stack == "era":
            raise UnsupportedProtocol("Era chains refuse EIP-2930 transactions: use EIP-1559 without an access list")
