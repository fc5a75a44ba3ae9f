"""What the firmware refuses, said before anything is sent to it, and what its screen calls an amount.

Read in trezor-firmware: legacy/firmware/ethereum.c and protob/messages-ethereum.options (Model One),
core/src/apps/ethereum (sign_tx.py, sign_tx_eip1559.py, keychain.py, networks.py: all other models) and
core/src/apps/common/paths.py.
"""

import re
from typing import Any, Final

from signers.paths import Indices, format_path
from zkcore.errors import UnsupportedBySigner
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.transactions import Eip1559Transaction, LegacyTransaction

__all__ = ["BUILT_IN", "check_message", "check_path", "check_transaction", "coins", "path_coin", "streamed_form"]

_HARDENED: Final = 1 << 31
_ETHEREUM, _TESTNET = 60, 1  # SLIP-44
_COIN, _ACCOUNT, _INDEX = "(?:60|1)", "(?:[0-9]{1,2}|100)", "(?:[0-9]{1,6}|1000000)"
# BIP-44 and SEP-5, m/44'/60'/0'/index, and Casa's
_ALLOWED: Final = re.compile(
    f"m/44'/{_COIN}'/(?:{_ACCOUNT}'(?:/[01]/{_INDEX})?|0'/{_ACCOUNT})|m/45'/{_COIN}/{_ACCOUNT}/[01]/{_INDEX}"
)

# The networks the firmware knows by itself: chain id -> (unit, SLIP-44 coin). networks.py, ethereum_networks.c.mako
BUILT_IN: Final[dict[int, tuple[str, int]]] = {
    1: ("ETH", 60),
    10: ("ETH", 614),
    56: ("BNB", 714),
    61: ("ETC", 61),
    137: ("POL", 966),
    8453: ("ETH", 8453),
    42161: ("ETH", 9001),
    560048: ("tHOD", 60),
    11155111: ("tSEP", 60),
}

_MAX_DATA: Final = 16_000_000  # bytes of calldata
_MAX_GAS_BYTES: Final = 30  # of a fee per gas and the gas limit together
_MAX_ACCESS_LIST: Final = 12  # entries, and keys of an entry: the arrays of Model One
_NAMES: Final = {"T1B1": "Model One", "T3W1": "Safe 7"}
_LONGEST_ARRAY: Final = 0xFFFF  # its length goes out as two bytes: trezorlib/ethereum.py, sign_typed_data
_MAX_MESSAGE: Final = {"T1B1": 1024, "T3W1": 8_600}  # bytes
# A Safe 7 drops what does not fit into its buffer without a word: core/src/trezor/wire/thp/memory_manager.py. These are
# bytes of one value of typed data, or of the definition of one struct.
_MAX_BUFFERED: Final = {"T3W1": 8_650}


def coins(slip44: int) -> frozenset[int]:
    """The SLIP-44 coins a path may have on a network whose own is `slip44` (keychain.py, _schemas_from_network)."""
    return frozenset({slip44, _TESTNET if slip44 == _ETHEREUM else _ETHEREUM})


def path_coin(path: Indices) -> int:
    """The SLIP-44 coin of a path."""
    return path[1] & ~_HARDENED


def check_path(path: Indices) -> None:
    """Raise UnsupportedBySigner for a path that the firmware forbids: it allows the usual ones, accounts 0 to 100."""
    if not _ALLOWED.fullmatch(format_path(path)):
        raise UnsupportedBySigner(
            f"a Trezor forbids the path {format_path(path)}: for Ethereum it has m/44'/60'/account'/change/index, "
            "m/44'/60'/account', m/44'/60'/0'/account and m/45'/60/account/change/index (coin 1 as well), with "
            "accounts 0 to 100, change 0 or 1, index 0 to 1000000"
        )


def check_transaction(tx: LegacyTransaction | Eip1559Transaction, path: Indices, *, model: str) -> None:
    """Raise UnsupportedBySigner, naming the limit, for a transaction that the firmware would refuse."""
    if isinstance(tx, LegacyTransaction):
        fees, keys = {"gas_price": tx.gas_price}, list[int]()
    else:
        fees = {"max_fee_per_gas": tx.max_fee_per_gas, "max_priority_fee_per_gas": tx.max_priority_fee_per_gas}
        keys = [len(entry_keys) for _, entry_keys in tx.access_list]
    name = max(fees, key=lambda fee: fees[fee])
    gas_bytes = _bytes(fees[name]) + _bytes(tx.gas_limit)
    allowed = coins(BUILT_IN[tx.chain_id][1]) if tx.chain_id in BUILT_IN else {path_coin(path)}
    most, longest = _MAX_ACCESS_LIST, max(keys, default=0)
    many = f"Model One takes access lists of {most} entries with {most} keys, not {len(keys)} with {longest}"
    coin = f"signs for chain {tx.chain_id} with a coin of {sorted(allowed)} in the path, not {format_path(path)}"
    for limit, broken in {
        f"takes {name} and gas_limit of {_MAX_GAS_BYTES} bytes together, not {gas_bytes}": gas_bytes > _MAX_GAS_BYTES,
        f"takes up to {_MAX_DATA} bytes of data, not {len(tx.data)}": len(tx.data) > _MAX_DATA,
        "refuses the creation of a contract without data": tx.to is None and not tx.data,
        "signs no legacy transaction without a chain id (EIP-155), and none of chain 0": not tx.chain_id,
        many: model == "T1B1" and max(len(keys), longest) > most,
        coin: path_coin(path) not in allowed,
    }.items():
        if broken:
            raise UnsupportedBySigner(f"a Trezor {limit}")


def check_message(message: bytes, *, model: str) -> None:
    """Raise UnsupportedBySigner for a message that is too long for the model."""
    if len(message) > (most := _MAX_MESSAGE.get(model, len(message))):
        raise UnsupportedBySigner(f"a Trezor {_NAMES[model]} takes messages of {most} bytes, not {len(message)}")


def streamed_form(data: TypedData, model: str) -> dict[str, Any]:
    """A dict of our own for trezorlib, with EIP712Domain: without it trezorlib has the device sign an empty domain.

    Raises UnsupportedBySigner for arrays of arrays or of too many members, for names that trezorlib misreads, and for
    what does not fit into the model's buffer.
    """
    most = _MAX_BUFFERED.get(model, 1 << 62)
    for struct in data.types:
        if struct.name.startswith(("int", "uint", "bytes")):
            raise UnsupportedBySigner(f"trezorlib takes a struct whose name begins so for a number: {struct.name}")
        for field in struct.fields:
            if len(field.dimensions) > 1:
                raise UnsupportedBySigner(
                    f"a Trezor signs no arrays of arrays: {struct.name}.{field.name} is {field.type}"
                )
        if sum(len(field.name) + len(field.base) + 20 for field in struct.fields) > most:
            raise UnsupportedBySigner(f"a Trezor Safe 7 takes structs of about {most} bytes: {struct.name} is larger")
    for item in (*data.walk(DOMAIN), *data.walk(data.primary_type)):
        value = "" if isinstance(item, int) else item[1]
        if isinstance(value, str | bytes) and len(value.encode() if isinstance(value, str) else value) > most:
            raise UnsupportedBySigner(f"a Trezor Safe 7 takes values of {most} bytes: one has more")
        if isinstance(item, int) and item > _LONGEST_ARRAY:
            raise UnsupportedBySigner(f"a Trezor signs arrays of up to {_LONGEST_ARRAY} members, this one has {item}")
    return data.to_dict()


def _bytes(value: int) -> int:
    return (value.bit_length() + 7) // 8
