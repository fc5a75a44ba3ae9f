"""What the Ledger will show before it signs, as data: pure, so that previews and tests can ask without a device."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from signers.ledger.typed_data import MAX_SHOWN, unshowable
from zkcore.errors import InputError
from zkcore.ethereum.eip712 import DOMAIN, Value
from zkcore.types import Address, format_units, to_hex

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["DeviceView", "Mode", "device_view"]

_ERC20: Final = {bytes.fromhex("a9059cbb"), bytes.fromhex("095ea7b3")}  # transfer, approve: erc20_plugin.c

# "clear": every field; "blind": only hashes; "depends": every field if the Nano models' verbose EIP-712 setting is on
Mode: TypeAlias = Literal["clear", "blind", "depends"]

# app-ethereum src/network.c, as far as bridging goes; cut at 19 characters as it does;
# of other chains it shows the number, and ??? for the token
_NETWORKS: Final = {1: "Ethereum", 300: "ZKsync Sepolia Test", 324: "ZKsync Era", 11155111: "Sepolia"}


class DeviceView(Struct, frozen=True):
    """The screens of one request: how clear they are, labels and values in order, and what to know of them.

    `lines` are what stands on the screen (the sender's address, which is shown first, left out), `notes` what does not.
    """

    mode: Mode
    lines: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = (f"  {label}: {value}" for label, value in self.lines)
        return "\n".join([f"on the Ledger ({self.mode}):", *shown, *(f"  ({note})" for note in self.notes)])


def device_view(what: "Transaction | TypedData | bytes") -> DeviceView:
    """The view of a transaction, typed data, or a personal message. Raises InputError for anything else."""
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Eip712Transaction, Eip1559Transaction, Eip2930Transaction, LegacyTransaction

    match what:
        case Eip712Transaction():
            paymaster = Address(what.paymaster.address) if what.paymaster else None
            places = (("from", what.from_address), ("to", what.to), ("paymaster", paymaster))
            decimals = tuple(f"{name} {int.from_bytes(address)} is {address}" for name, address in places if address)
            return _typed_data(what.typed_data(), decimals)
        case LegacyTransaction() | Eip2930Transaction() | Eip1559Transaction():
            return _transaction(what)
        case TypedData():
            return _typed_data(what, ())
        case bytes():
            return DeviceView("clear", (("Message", _message(what)),))
        case _:
            raise InputError(f"expected a transaction, typed data or bytes, got {type(what).__name__}")


def _transaction(tx: "Transaction") -> DeviceView:
    from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction

    gas_price = tx.gas_price if isinstance(tx, LegacyTransaction | Eip2930Transaction) else tx.max_fee_per_gas
    ticker = "ETH" if tx.chain_id in _NETWORKS else "???"
    lines = [("Amount", f"{format_units(tx.value, 18)} {ticker}")] if tx.value or not tx.data else []
    fees = ("Max fees", f"{format_units(tx.gas_limit * gas_price, 18)} {ticker}")
    lines += [("To", "Contract" if tx.to is None else str(tx.to)), fees]
    if tx.chain_id != 1:
        lines.append(("Network", _NETWORKS.get(tx.chain_id or 0, str(tx.chain_id))))
    notes: list[str] = []
    if isinstance(tx, Eip2930Transaction | Eip1559Transaction) and tx.access_list:
        notes.append(f"not shown: the access list of {len(tx.access_list)} addresses")
    if not tx.data:
        return DeviceView("clear", tuple(lines), tuple(notes))
    if tx.data[:4] in _ERC20:  # the app waits for token data signed by Ledger, and without them shows nothing instead
        notes.append("not shown: token, recipient, amount, or any hash; 'Debug smart contracts' shows them")
        network = lines[-1:] if tx.chain_id != 1 else []
        return DeviceView("blind", (*network, fees), tuple(notes))
    notes.append(f"not shown: {len(tx.data)} bytes of calldata; compare the transaction hash")
    return DeviceView("blind", (*lines, ("Transaction hash", str(tx.signing_hash()))), tuple(notes))


def _typed_data(data: "TypedData", notes: tuple[str, ...]) -> DeviceView:
    hashes = (("Domain hash", _text(data.domain_separator())), ("Message hash", _text(data.struct_hash())))
    reason = unshowable(data)
    if reason is not None:
        return DeviceView("blind", hashes, (*notes, f"the app cannot show the fields: {reason}"))
    lines: list[tuple[str, str]] = []
    for name, value in ((DOMAIN, data.domain), (data.primary_type, data.message)):
        lines += [("Review struct", name), *_rows(data, name, name, value)]
    setting = "every field is shown on Stax, Flex and Apex; on the Nano models only with 'Verbose EIP-712' on"
    return DeviceView("depends", tuple(lines), (*notes, setting, *(f"{label}: {value}" for label, value in hashes)))


def _rows(data: "TypedData", type_: str, label: str, value: Value) -> Iterator[tuple[str, str]]:
    if not isinstance(value, tuple):
        yield label, _text(value)
    elif type_.endswith("]"):
        for member in value:
            yield from _rows(data, type_[: type_.rindex("[")], label, member)
    else:
        for field, member in zip(data.fields(type_), value, strict=True):
            yield from _rows(data, field.type, field.name, member)


def _text(value: Value) -> str:
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    text = "0x" + value.hex().upper() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _message(message: bytes) -> str:
    # cmd_sign_message.c: text if isprint or isspace holds for every byte
    text = all(0x20 <= byte < 0x7F or 0x09 <= byte <= 0x0D for byte in message)
    return message.decode("ascii") if text else to_hex(message)
