"""Raw transactions back into what they say."""

from typing import TypeAlias

from zkcore.errors import InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.signature import Signature
from zkcore.transactions._base import as_list
from zkcore.transactions.eip712 import Eip712Transaction
from zkcore.transactions.eip1559 import Eip1559Transaction
from zkcore.transactions.eip2930 import Eip2930Transaction
from zkcore.transactions.legacy import LegacyTransaction
from zkcore.types import HexLike, hex_bytes

__all__ = ["Transaction", "highest_cost", "highest_gas_price", "parse_transaction"]

Transaction: TypeAlias = LegacyTransaction | Eip2930Transaction | Eip1559Transaction | Eip712Transaction

_TYPED = (Eip2930Transaction, Eip1559Transaction, Eip712Transaction)
_TYPES: dict[int, type[Transaction]] = {kind.TYPE: kind for kind in _TYPED}


def parse_transaction(raw: HexLike) -> tuple[Transaction, Signature | None]:
    """The transaction in its raw form, and its signature unless it is unsigned.

    Strict: only what the types here write themselves is read, so writing it again gives the same bytes. Whether the
    signature fits is not checked: compare `transaction.sender(signature)`. A transaction of chain id 0 is read, and no
    signer here signs it. Raises InputError, and BadSignature for a signature that no key can make.
    """
    raw = hex_bytes(raw, "raw transaction")
    if not raw:
        raise InputError("raw transaction: no bytes")
    if raw[0] >= 0xC0:  # EIP-2718: a list is a legacy transaction
        return LegacyTransaction.from_items(as_list(rlp.decode(raw), "transaction"))
    kind = _TYPES.get(raw[0])
    if kind is None:
        raise InputError(f"raw transaction: unknown type {raw[0]:#04x}; known: legacy, {', '.join(map(hex, _TYPES))}")
    return kind.from_items(as_list(rlp.decode(raw[1:]), "transaction"))


def highest_gas_price(tx: Transaction) -> int:
    """Wei a gas that it pays at most."""
    return tx.gas_price if isinstance(tx, LegacyTransaction | Eip2930Transaction) else tx.max_fee_per_gas


def highest_cost(tx: Transaction) -> int:
    """Wei of the chain's own coin that it takes of its sender at most: a paymaster pays the fee where there is one."""
    paid = isinstance(tx, Eip712Transaction) and tx.paymaster is not None
    return tx.value + (0 if paid else tx.gas_limit * highest_gas_price(tx))
