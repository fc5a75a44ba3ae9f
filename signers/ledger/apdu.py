"""The commands of app-ethereum (doc/ethapp.adoc) as data: how payloads are cut, and where a transaction must not be."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from zkcore.errors import UnsupportedBySigner
from zkcore.ethereum import rlp
from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction

if TYPE_CHECKING:
    from zkcore.transactions import Transaction

# fmt: off
__all__ = [
    "GET_ADDRESS", "GET_CONFIGURATION", "RUNNING_APP", "SIGN_MESSAGE", "SIGN_TRANSACTION", "SIGN_TYPED_DATA",
    "STRUCT_DEFINITION", "STRUCT_VALUE", "chunks", "transaction_chunks",
]
# fmt: on

# Class and instruction. The first is the operating system's.
RUNNING_APP: Final = 0xB001
GET_ADDRESS: Final = 0xE002
SIGN_TRANSACTION: Final = 0xE004
GET_CONFIGURATION: Final = 0xE006
SIGN_MESSAGE: Final = 0xE008
SIGN_TYPED_DATA: Final = 0xE00C
STRUCT_DEFINITION: Final = 0xE01A
STRUCT_VALUE: Final = 0xE01C

_MAX_DATA: Final = 255  # bytes after the header of an APDU: their number is one byte

_CHAIN_ID_LIMIT: Final = 10**19  # src/shared_context.h: NETWORK_STRING_MAX_SIZE; the app answers 6A84 beyond

# Where the calldata stands among the fields. Type 0x71 is not among them: the app signs it as typed data only.
_DATA_FIELD: Final = {LegacyTransaction.TYPE: 5, Eip2930Transaction.TYPE: 6, Eip1559Transaction.TYPE: 7}


def chunks(payload: bytes, no_cut: frozenset[int] = frozenset()) -> Iterator[bytes]:
    """The payload in pieces of at most 255 bytes, never an empty one, never cut at the offsets in `no_cut`."""
    start = 0
    while start < len(payload):
        end = min(start + _MAX_DATA, len(payload))
        while end < len(payload) and end in no_cut:
            end -= 1
        yield payload[start:end]
        start = end


def transaction_chunks(path: bytes, tx: "Transaction") -> Iterator[bytes]:
    """The packed path and the unsigned transaction, cut where every version of the app reads them right.

    Three cuts are dangerous. Before or within the chain id of a legacy transaction: older apps take what came before
    for one without a chain id, and sign that (app-ethereum#409). Within the first four bytes of calldata: the app wants
    the selector in one piece. Before the last byte of calldata: if that is zero the app forgets that there was any, and
    leaves out its warning (ethUstream.c, processData: copySize == 1). Raises UnsupportedBySigner.
    """
    field = _DATA_FIELD.get(tx.TYPE)
    if field is None or not tx.chain_id:  # 0 is read (parse_transaction), never signed
        name = "legacy transaction without a chain id, and none of chain 0" if field else type(tx).__name__
        raise UnsupportedBySigner(f"the Ledger app signs no {name}")
    if tx.chain_id >= _CHAIN_ID_LIMIT:
        raise UnsupportedBySigner(f"the Ledger app shows chain ids of at most 19 digits, got {tx.chain_id}")
    unsigned = tx.unsigned_bytes()
    items = cast("list[rlp.Item]", rlp.decode(unsigned if tx.TYPE == LegacyTransaction.TYPE else unsigned[1:]))
    payload = path + unsigned
    end = len(payload) - sum(len(rlp.encode(item)) for item in items[field + 1 :])
    start = end - len(tx.data)
    no_cut = {*range(start, min(start + 4, end)), end - 1} if tx.data else set[int]()
    if tx.TYPE == LegacyTransaction.TYPE:
        no_cut |= set(range(end, len(payload) - 2))  # nor within the chain id; after it come two empty items
    return chunks(payload, frozenset(no_cut))
