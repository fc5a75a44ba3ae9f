"""The four kinds of transactions: build, hash, serialize, parse back."""

from zkcore.transactions._base import AccessList, AccessListLike
from zkcore.transactions.eip712 import Eip712Transaction
from zkcore.transactions.eip1559 import Eip1559Transaction
from zkcore.transactions.eip2930 import Eip2930Transaction
from zkcore.transactions.legacy import LegacyTransaction
from zkcore.transactions.parse import Transaction, parse_transaction

# fmt: off
__all__ = [
    "AccessList", "AccessListLike", "Eip1559Transaction", "Eip2930Transaction", "Eip712Transaction",
    "LegacyTransaction", "Transaction", "parse_transaction",
]
# fmt: on
