"""What the firmware refuses, said before anything is sent to it, and what its screen calls an amount.

Read in trezor-firmware: legacy/firmware/ethereum.c and protob/messages-ethereum.options (Model One),
core/src/apps/ethereum (sign_tx.py, sign_tx_eip1559.py, keychain.py, networks.py: all other models) and
core/src/apps/common/paths.py.
"""

from typing import Any, Final

from signers.paths import Indices, format_path
from zkcore.errors import UnsupportedBySigner
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.transactions import Eip1559Transaction, LegacyTransaction

__all__ = ["BUILT_IN", "check_message", "check_path", "check_transaction", "coins", "path_coin", "streamed_form"]

_HARDENED: Final = 1 << 31
_ETHEREUM, _TESTNET = 60, 1  # SLIP-44

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
_LONGEST_ARRAY: Final = 0xFFFF  # its length goes out as two bytes: trezorlib/ethereum.py, sign_typed_data
_MAX_MESSAGE: Final = 1024  # bytes: Model One


def coins(slip44: int) -> frozenset[int]:
    """The SLIP-44 coins a path may have on a network whose own is `slip44` (keychain.py, _schemas_from_network)."""
    return frozenset({slip44, _TESTNET if slip44 == _ETHEREUM else _ETHEREUM})


def path_coin(path: Indices) -> int:
    """The SLIP-44 coin of a path."""
    return path[1] & ~_HARDENED


def check_path(path: Indices) -> None:
    """Raise UnsupportedBySigner for a path that the firmware forbids: it allows the usual ones, accounts 0 to 100."""

    def at(level: int, most: int, hardened: bool = False) -> bool:
        return len(path) <= level or 0 <= path[level] - _HARDENED * hardened <= most

    if len(path) == 5 and path[0] == 45 + _HARDENED:  # Casa: m/45'/60/account/change/index
        allowed = path[1] in {_ETHEREUM, _TESTNET} and at(2, 100) and at(3, 1) and at(4, 1_000_000)
    else:  # BIP-44, SEP-5, and m/44'/60'/0'/index
        allowed = (
            3 <= len(path) <= 5
            and path[0] == 44 + _HARDENED
            and path[1] in {_ETHEREUM + _HARDENED, _TESTNET + _HARDENED}
            and at(2, 100, hardened=True)
            and ((path[2] == _HARDENED and at(3, 100)) if len(path) == 4 else (at(3, 1) and at(4, 1_000_000)))
        )
    if not allowed:
        raise UnsupportedBySigner(
            f"a Trezor forbids the path {format_path(path)}: for Ethereum it has m/44'/60'/account'/change/index, "
            "m/44'/60'/account', m/44'/60'/0'/account and m/45'/60/account/change/index (coin 1 as well), with "
            "accounts 0 to 100, change 0 or 1, index 0 to 1000000"
        )


def check_transaction(tx: LegacyTransaction | Eip1559Transaction, path: Indices, *, model_one: bool) -> None:
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
    for broken, limit in (
        (gas_bytes > _MAX_GAS_BYTES, f"takes {name} and gas_limit of {_MAX_GAS_BYTES} bytes together, not {gas_bytes}"),
        (len(tx.data) > _MAX_DATA, f"takes up to {_MAX_DATA} bytes of data, not {len(tx.data)}"),
        (tx.to is None and not tx.data, "refuses the creation of a contract without data"),
        (tx.chain_id is None, "signs no legacy transaction without a chain id (EIP-155)"),
        (
            model_one and max(len(keys), longest) > most,
            f"Model One takes access lists of {most} entries with {most} keys, not {len(keys)} with {longest}",
        ),
        (
            path_coin(path) not in allowed,
            f"signs for chain {tx.chain_id} with a coin of {sorted(allowed)} in the path, not {format_path(path)}",
        ),
    ):
        if broken:
            raise UnsupportedBySigner(f"a Trezor {limit}")


def check_message(message: bytes, *, model_one: bool) -> None:
    """Raise UnsupportedBySigner for a message that is too long for the Model One. Core models read longer ones."""
    if model_one and len(message) > _MAX_MESSAGE:
        raise UnsupportedBySigner(f"a Trezor Model One takes messages of {_MAX_MESSAGE} bytes, not {len(message)}")


def streamed_form(data: TypedData) -> dict[str, Any]:
    """A dict of our own for trezorlib, with EIP712Domain: without it trezorlib has the device sign an empty domain.

    Raises UnsupportedBySigner for arrays of arrays or of too many members, and for names that trezorlib misreads.
    """
    for struct in data.types:
        if struct.name.startswith(("int", "uint", "bytes")):
            kinds = "a struct whose name begins with int, uint or bytes for such a number"
            raise UnsupportedBySigner(f"trezorlib takes {kinds}: {struct.name}")
        for field in struct.fields:
            if len(field.dimensions) > 1:
                where = f"{struct.name}.{field.name} is {field.type}"
                raise UnsupportedBySigner(f"a Trezor signs no arrays of arrays: {where}")
    for item in (*data.walk(DOMAIN), *data.walk(data.primary_type)):
        if isinstance(item, int) and item > _LONGEST_ARRAY:
            raise UnsupportedBySigner(f"a Trezor signs arrays of up to {_LONGEST_ARRAY} members, this one has {item}")
    return data.to_dict()


def _bytes(value: int) -> int:
    return (value.bit_length() + 7) // 8
