"""What a Trezor will show before it signs, as data. Read in trezor-firmware and seen on emulators: docs/trezor.md."""

import re
from contextlib import suppress
from typing import Final

from signers.view import DeviceView, Row, decimals, hashes, rows
from zkcore.errors import InputError
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.hashing import calldata_digest
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, LegacyTransaction
from zkcore.transactions.parse import highest_gas_price
from zkcore.types import format_units, to_hex

__all__ = ["MODEL_ONE", "device_view"]

MODEL_ONE: Final = "T1B1"
_SHOWN: Final = {MODEL_ONE: 120}  # bytes of calldata that are shown; 24 to 36 on all others, without asking for more
_LINE: Final = 109  # pixels of a Model One for an amount: six a digit, four between them; legacy/firmware/ethereum.c
_MOST: Final = 10**48  # wei: a fee of more is left out there, though it may take several lines (value[64])
_HEX: Final = re.compile(b"hex\\((?:[0-9a-f]{2})*\\)")  # how core models write bytes: apps/common/signverify.py
_TOKENS: Final = "of an ERC-20 call: its amount instead, without the transaction's own before firmware 2.12.2"


def device_view(what: object, model: str, unit: str) -> DeviceView:
    """The view of a transaction, typed data or a personal message on a model, whose screen calls the unit so.

    Raises InputError for anything else.
    """
    match what:
        case Eip712Transaction():
            return _typed_data(what.typed_data(), model, decimals(what))
        case LegacyTransaction() | Eip1559Transaction():
            return _transaction(what, model, unit)
        case TypedData():
            return _typed_data(what, model, ())
        case bytes():
            return _message(what, model)
        case _:
            raise InputError(f"expected a transaction a Trezor signs, typed data or bytes, got {type(what).__name__}")


def _transaction(tx: LegacyTransaction | Eip1559Transaction, model: str, unit: str) -> DeviceView:
    amount = f"{tx.value} Wei {unit}" if tx.value < 10**9 else f"{format_units(tx.value, 18)} {unit}"
    cost = tx.gas_limit * highest_gas_price(tx)
    fee = f"{format_units(cost, 18)} {unit}"
    lines: list[Row] = [("Recipient", str(tx.to or "a new contract")), ("Amount", amount), ("Maximum fee", fee)]
    notes = ["not shown: the chain (but for the unit), an access list; behind 'Fee info': gas limit and prices"]
    cut = model == MODEL_ONE and (_is_cut(tx.value) or cost >= _MOST or (tx.TYPE == 0 and _is_cut(cost)))
    reason = f"a Model One does not show {tx.value} wei, or a fee of {cost} wei, whole" if cut else ""
    notes += [reason] if reason else []
    if not tx.data:
        return DeviceView("blind" if cut else "clear", tuple(lines), tuple(notes), reason, f"Trezor ({model})")
    shown = tx.data[: _SHOWN.get(model, 24)]
    reason = f"this Trezor ({model}) shows {len(tx.data)} bytes of calldata only as hex or hashes"
    notes += [reason, f"one yes is for all bytes, after the first {len(shown)} were shown", _TOKENS]
    notes.append(f"not shown: the digest of the calldata (ERC-8213) {calldata_digest(tx.data)}")
    return DeviceView("blind", (("Data", to_hex(shown)), *lines), tuple(notes), reason, f"Trezor ({model})")


def _is_cut(wei: int) -> bool:
    """Whether a Model One leaves out more of an amount than its last nine decimals."""
    whole, part = divmod(wei // 10**9, 10**9)
    text = f"{whole:,}.{part:09}".rstrip("0").rstrip(".")
    return sum(6 if char.isdigit() else 4 for char in text) > _LINE


def _typed_data(data: TypedData, model: str, notes: tuple[str, ...]) -> DeviceView:
    domain, message = hashes(data)
    if model == MODEL_ONE:
        reason = f"this Trezor ({model}) shows typed data ({data.primary_type}) only as hex or hashes"
        return DeviceView("blind", (domain, message), (*notes, reason), reason, f"Trezor ({model})")
    roots = ((DOMAIN, data.domain), (data.primary_type, data.message))
    lines = [row for name, value in roots for row in rows(data, name, name, value)]
    reason = "every field is shown if you choose 'Show full' at the domain, the message and each part of them"
    notes += (reason, f"not shown: {': '.join(domain)}", "firmware before 2.9.1 does not show the message hash")
    return DeviceView("depends", (*lines, message), notes, reason, f"Trezor ({model})")


def _message(message: bytes, model: str) -> DeviceView:
    # legacy: text if it is printable ASCII; core: if it is UTF-8, in which its fonts may lack letters; or else hex
    plain, text = all(0x20 <= byte < 0x7F for byte in message.replace(b"\n", b" ")), to_hex(message)
    if model != MODEL_ONE or all(0x20 <= byte < 0x7F for byte in message):
        with suppress(UnicodeDecodeError):
            text = message.decode()
    like_bytes = model != MODEL_ONE and _HEX.fullmatch(message)
    if not like_bytes and (plain or text == to_hex(message)):
        return DeviceView("clear", (("Message", text),), (), "", f"Trezor ({model})")
    reason = "bytes would look like this text" if like_bytes else "letters that its font lacks are not told apart"
    return DeviceView("depends", (("Message", text),), (reason,), reason, f"Trezor ({model})")
