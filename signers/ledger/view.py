"""What the Ledger will show before it signs, as data: pure, so that previews and tests can ask without a device.

The same words decide what needs consent: `DeviceView.mode` is about what a person can see, whatever was sent.
"""

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from signers.ledger.typed_data import lengths_show, unshowable
from signers.view import DeviceView, Mode, Row, decimals, hashes, rows
from zkcore.errors import InputError
from zkcore.ethereum.eip712 import DOMAIN
from zkcore.ethereum.hashing import calldata_digest
from zkcore.types import format_units, to_hex

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["App", "DeviceView", "by_hashes", "device_view"]

Version: TypeAlias = tuple[int, int, int]

_ERC20: Final = {bytes.fromhex("a9059cbb"), bytes.fromhex("095ea7b3")}  # transfer, approve: erc20_plugin.c

# app-ethereum src/network.c, as far as bridging goes; cut at 19 characters as it does;
# of other chains it shows the number, and ??? for the token
_NETWORKS: Final = {1: "Ethereum", 300: "ZKsync Sepolia Test", 324: "ZKsync Era", 11155111: "Sepolia"}

# From which version on a value of typed data is cut after so many characters, on the models that show the fewest:
# src/shared_context.h, SHARED_CTX_FIELD_1_SIZE. Stax and Flex have shown 379 since 1.11.
_SHOWN: Final[tuple[tuple[Version, int], ...]] = (((1, 18, 0), 379), ((0, 0, 0), 255))
_TX_HASH_SETTING: Final = (1, 18, 0)  # CHANGELOG.md: "New setting to see TX hash / EIP-712 domain & message hashes"
_FEE: Final = 10**35  # wei: more may be left out (shared_context.h: maxFee[50]); from 2**256 on another one is shown
_CRASHES: Final[tuple[Version, Version]] = (1, 18, 2), (1, 19, 0)  # on empty values: CHANGELOG.md, 1.19.1
_LABEL: Final = (
    39  # characters of a member's name: SHARED_CTX_FIELD_2_SIZE before 1.19; a Nano shortens more, with dots
)
_LETTERS: Final = frozenset(
    map(chr, range(0x20, 0x7F))
)  # of its font; others are dropped or doubled, NUL ends the text
_HEX: Final = re.compile(b"0x(?:[0-9a-fA-F]{2})*")
_EVERY_FIELD: Final = (
    "turn on 'Raw messages' and turn off 'Blind signing' in the settings of the Ethereum app, and it shows every field"
)


class App(Struct, frozen=True):
    """What the device says of itself: the version of its app, and whether blind signing is on; None: not asked yet."""

    version: Version = (1, 22, 1)
    blind_signing: bool | None = None


def device_view(what: "Transaction | TypedData | bytes", app: App = App()) -> DeviceView:  # noqa: B008 - frozen
    """The view of a transaction, typed data, or a personal message. Raises InputError for anything else."""
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Eip712Transaction, Eip1559Transaction, Eip2930Transaction, LegacyTransaction

    match what:
        case Eip712Transaction():
            return _typed_data(what.typed_data(), app, decimals(what))
        case LegacyTransaction() | Eip2930Transaction() | Eip1559Transaction():
            return _transaction(what)
        case TypedData():
            return _typed_data(what, app, ())
        case bytes():
            return _message(what)
        case _:
            raise InputError(f"expected a transaction, typed data or bytes, got {type(what).__name__}")


def _transaction(tx: "Transaction") -> DeviceView:
    from zkcore.transactions import Eip1559Transaction, Eip2930Transaction
    from zkcore.transactions.parse import highest_gas_price

    ticker = "ETH" if tx.chain_id in _NETWORKS else "???"
    lines = [("Amount", f"{format_units(tx.value, 18)} {ticker}")] if tx.value or not tx.data else []
    fee = tx.gas_limit * highest_gas_price(tx)
    fees = ("Max fees", f"{format_units(fee, 18)} {ticker}")
    lines += [("To", "Contract" if tx.to is None else str(tx.to)), fees]
    if tx.chain_id != 1:
        lines.append(("Network", _NETWORKS.get(tx.chain_id or 0, str(tx.chain_id))))
    notes: list[str] = []
    if isinstance(tx, Eip2930Transaction | Eip1559Transaction) and tx.access_list:
        notes.append(f"not shown: the access list of {len(tx.access_list)} addresses")
    reason = f"not shown: a fee of {fees[1]}, but nothing or another amount: it is too large" if fee >= _FEE else ""
    notes += [reason] if reason else []
    if not tx.data:
        return DeviceView("blind" if reason else "clear", tuple(lines), tuple(notes), reason)
    hashed, digest = ("Transaction hash", str(tx.signing_hash())), calldata_digest(tx.data)
    if tx.data[:4] in _ERC20:  # the app waits for token data signed by Ledger, and without them shows nothing instead
        reason = "not shown of an ERC-20 call: token, recipient, amount, or any hash"
        notes += [reason, f"'Debug smart contracts' (Nano: 'Debug contracts') shows them, and the hash {hashed[1]}"]
        lines, hashed = lines[-1:] if tx.chain_id != 1 else [], fees
    else:
        reason = f"not shown: {len(tx.data)} bytes of calldata; compare the transaction hash (Nano: Tx hash)"
        notes.append(reason)
    notes.append(f"not shown: the digest of the calldata (ERC-8213) {digest}")
    return DeviceView("blind", (*lines, hashed), tuple(notes), reason)


def by_hashes(data: "TypedData", app: App) -> str | None:
    """Why typed data can go to this app by their two hashes only; None if they can go field by field."""
    first, last = _CRASHES
    return "app 1.19.0 crashes on empty values" if first <= app.version <= last else unshowable(data)


def _typed_data(data: "TypedData", app: App, notes: tuple[str, ...]) -> DeviceView:
    hashed = hashes(data)
    reason = by_hashes(data, app)
    if reason is not None:
        reason = f"the Ledger shows only the hashes of these typed data ({reason})"
        return DeviceView("blind", hashed, (*notes, reason), reason)
    limit = next(limit for version, limit in _SHOWN if app.version >= version)
    lines: list[Row] = []
    hidden: list[str] = []
    for name, value in ((DOMAIN, data.domain), (data.primary_type, data.message)):
        lines.append(("Review struct", name))
        values = list(rows(data, name, name, value))
        if name != DOMAIN and not lengths_show(data, [label for label, _ in values]):
            hidden.append("where one array ends and the next begins")
        for label, text in values:
            if len(label) > _LABEL:
                hidden.append(f"the name {label} is cut after {_LABEL} characters")
            lines.append((label, text if len(text) <= limit else text[: limit - 3] + "..."))
            if len(text) > limit:
                hidden.append(f"{label} is cut after {limit} characters")
            if not _LETTERS.issuperset(text):
                hidden.append(f"{label} has characters that it cannot show")
    setting = "adds these hashes" if app.version >= _TX_HASH_SETTING else "is missing in this app, and these hashes"
    notes += (f"the setting 'Transaction hash' {setting}", *(f"{label}: {value}" for label, value in hashed))
    mode: Mode = "clear"
    reason = "every field is shown"
    if hidden:
        mode, reason = "blind", f"the Ledger does not show all: {'; '.join(hidden)}"
    elif app.blind_signing is not False:
        mode, reason = "depends", f"a Nano may show no field of the message, but its hash: {_EVERY_FIELD}"
    return DeviceView(mode, tuple(lines), (*notes, reason), reason)


def _message(message: bytes) -> DeviceView:
    # cmd_sign_message.c: text if isprint or isspace holds for every byte; a Nano makes a space of each isspace
    spaces = set(b"\t\n\v\f\r").intersection(message)
    if any(not 0x20 <= byte < 0x7F for byte in set(message) - spaces):
        return DeviceView("clear", (("Message", to_hex(message)),), ("as hex, because it is not plain text",))
    reason = "a Nano shows every line break and tab as a space" if spaces else ""
    if _HEX.fullmatch(message):
        reason = "the Ledger would show the bytes that this text writes in hex just so"
    lines = (("Message", message.decode("ascii")),)
    return DeviceView("depends" if reason else "clear", lines, (reason,) if reason else (), reason)
