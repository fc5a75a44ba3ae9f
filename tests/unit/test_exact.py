"""What mutants survived once: exact numbers, defaults, frozen data, and every number checked before it is used."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import signers
import zkcore
from tests.unit.test_fees import PARAMS as ROLLUP
from zkcore.errors import BadSignature, InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N, Signature
from zkcore.protocol import assets, fees
from zkcore.protocol.addresses import era_create2
from zkcore.protocol.priority import CanonicalTransaction
from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction
from zkcore.types import Address

NO_UINTS = [-1, True, 1.0, "7", None, 2**256]


def structs() -> list[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = set()
    for package in (zkcore, signers):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if ".testing" in module.name or module.name.endswith("__main__"):
                continue
            try:
                names = vars(importlib.import_module(module.name))
            except ImportError:  # of an extra that is not installed here
                continue
            kinds = (kind for kind in names.values() if inspect.isclass(kind) and kind.__module__ == module.name)
            found |= {kind for kind in kinds if issubclass(kind, msgspec.Struct)}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def test_all_data_is_frozen() -> None:
    assert len(structs()) > 80
    assert [kind.__qualname__ for kind in structs() if not kind.__struct_config__.frozen] == []


def test_a_transaction_pays_and_says_nothing_that_was_not_given() -> None:
    common: dict[str, Any] = {"nonce": 0, "gas_limit": 21_000, "to": None, "chain_id": 1}
    for tx in (
        Eip1559Transaction(max_fee_per_gas=0, max_priority_fee_per_gas=0, **common),
        Eip2930Transaction(gas_price=0, **common),
        LegacyTransaction(gas_price=0, **common),
    ):
        assert (tx.value, tx.data) == (0, b"")
        assert getattr(tx, "access_list", ()) == ()


# What of the pure rooms may be made with fields by place: few, and of unlike kinds. By place, a fee would be taken for a
# nonce where a kind of transaction has one field more.
BY_PLACE = {
    "CustomSignature", "Draft", "ErrorType", "Event", "Field", "Function", "Parameter", "Paymaster", "Preview", "Signature",
    "StructType", "TransferData",
}  # fmt: skip


def test_fields_are_given_by_name() -> None:
    rooms = ("zkcore.ethereum", "zkcore.transactions", "zkcore.protocol", "zkcore.plans", "zkcore.journal")
    kinds = [kind for kind in structs() if kind.__module__.startswith(rooms) and kind.__name__[0] != "_"]
    by_place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = {
        kind.__name__
        for kind in kinds
        if by_place in {parameter.kind for parameter in inspect.signature(kind).parameters.values()}
    }
    assert found == BY_PLACE


def test_a_canonical_transaction_says_nothing_that_was_not_given() -> None:
    here, numbers = "0x" + "11" * 20, {"gas_limit": 1, "max_fee_per_gas": 2, "nonce": 3, "value": 4}
    tx = CanonicalTransaction(tx_type=255, from_address=Address(here), to=Address(here), **numbers)
    assert (tx.max_priority_fee_per_gas, tx.reserved, tx.gas_per_pubdata_byte_limit) == (0, (0, 0, 0, 0), 800)
    assert (tx.data, tx.signature, tx.factory_deps, tx.paymaster_input) == (b"", b"", (), b"")
    assert tx.paymaster == Address(bytes(20))


# ---------------------------------------------------------------- assets
def test_the_highest_amount_of_a_message_is_read_whole() -> None:
    receiver, token, amount = Address(b"\x81" * 20), Address(b"\x82" * 20), 2**256 - 1
    base = assets.BaseTokenWithdrawal(receiver=receiver, amount=amount)
    legacy = assets.LegacyWithdrawal(receiver=receiver, l1_token=token, amount=amount)
    for message in (base, legacy):
        assert assets.parse_withdrawal_message(message.encode()) == message


def test_addresses_of_what_is_moved_are_parsed() -> None:
    moved: Any = assets.TransferData(1, "0x" + "ab" * 20, "0x" + "cd" * 20)  # type: ignore[arg-type]
    assert (type(moved.receiver), type(moved.token)) == (Address, Address)
    for bad in ("0x" + "ab" * 19, "0x" + "aB" * 20):
        for place in (1, 2):
            fields: list[Any] = [1, "0x" + "ab" * 20, "0x" + "cd" * 20]
            fields[place] = bad
            with pytest.raises(InputError, match="address"):
                assets.TransferData(*fields)


def test_an_encoding_of_another_version_is_named() -> None:
    for version in (2, 3, 0x7F, 0xFF):
        with pytest.raises(InputError, match="unknown encoding version 0x" + bytes([version]).hex()):
            assets.SecondBridgeDeposit.decode(bytes([version]) + bytes(95))


def test_the_salt_of_a_bridged_token_is_the_token_if_it_is_l1_s() -> None:
    deployer, beacon, token = (Address(bytes([number]) * 20) for number in (1, 2, 3))
    code, constructor = bytes([1, 0, 0, 1]) + b"\x07" * 28, bytes(12) + beacon + bytes(31) + b"\x40" + bytes(32)
    salt = bytes(12) + token
    for origin, expected in ((1, salt), (5, bytes(keccak256(bytes(31) + b"\x05" + salt)))):
        found = assets.era_bridged_token(deployer, code, beacon, origin=origin, token=token, l1_chain_id=1)
        assert found == era_create2(deployer, expected, code, constructor)


# ---------------------------------------------------------------- fees
SHAPE: dict[str, Any] = {"stack": "era", "calldata_length": 4, "factory_deps": 1}
FUNCTIONS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (fees.l2_gas_price, {"l1_gas_price": 5, "gas_per_pubdata": 800}),
    (fees.base_cost, {"l1_gas_price": 5, "l2_gas_limit": 7, "gas_per_pubdata": 800}),
    (fees.highest_l1_gas_price, {"mint_value": 10**18, "l2_value": 1, "l2_gas_limit": 7, "gas_per_pubdata": 800}),
    (fees.minimal_l2_gas_limit, {**SHAPE, "protocol_version": 31, "l2_gas_price": 9, "gas_per_pubdata": 800}),
    (fees.maximal_l2_gas_limit, {**SHAPE, "priority_tx_max_gas_limit": 72_000_000, "gas_per_pubdata": 800}),
    (
        fees.check_l2_gas,
        {
            **SHAPE,
            "l2_gas_limit": 10**6,
            "protocol_version": 31,
            "priority_tx_max_gas_limit": 72_000_000,
            "l2_gas_price": 9,
        },
    ),
    (fees.encoded_length, {"calldata_length": 4, "factory_deps": 1}),
    (fees.suggested_l2_gas_limit, {"estimate": 5, "minimum": 5, "maximum": 10}),
]


def call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return (
        function(ROLLUP, **arguments) if "params" in inspect.signature(function).parameters else function(**arguments)
    )


@pytest.mark.parametrize(("function", "arguments"), FUNCTIONS, ids=[function.__name__ for function, _ in FUNCTIONS])
def test_every_number_of_a_rule_of_fees_is_checked(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    call(function, arguments)
    for name, value in arguments.items():
        if isinstance(value, str):
            continue
        for bad in NO_UINTS:
            if bad is None and name == "estimate":
                continue  # None is a node without one
            with pytest.raises(
                (InputError, zkcore.errors.UnsupportedProtocol, zkcore.errors.L2GasLimitTooHigh)
            ) as told:
                call(function, {**arguments, name: bad})
            assert not isinstance(bad, float | str | bool) or isinstance(told.value, InputError), (name, bad)


@pytest.mark.parametrize(
    ("version", "length", "price", "minimum"),
    [
        # by hand from TransactionValidator.sol: max(21,000 + 16 a byte, native gas + 88 or 351 bytes of pubdata at 800)
        (29, 0, 10**9, 200_000),
        (29, 20_000, 10**9, 21_000 + 16 * 20_000),
        (29, 0, 1, (132_500 + 6 * 17_500) * 10 + 88 * 800),
        (30, 0, 10**9, 21_000 + 0 + 0 if 88 * 800 < 21_000 else 88 * 800),
        (30, 4, 1, (132_500 + 7 * 17_500 + 4) * 10 + 88 * 800),
        (31, 0, 10**9, 351 * 800),
        (31, 0, 1, (2_875_420 + 6 * 17_500) * 10 + 351 * 800),
        (31, 0, 0, (2_875_420 + 6 * 17_500) // 10_000 + 351 * 800),
        (33, 0, 10**9, 281_144),
        (33, 10_000, 10**9, 21_000 + 40 * 10_000),
    ],
)
def test_the_minimum_of_each_version_to_the_unit(version: int, length: int, price: int, minimum: int) -> None:
    found = fees.minimal_l2_gas_limit(
        stack="zksync-os", protocol_version=version, calldata_length=length, l2_gas_price=price
    )
    assert found == minimum


def test_the_highest_price_pays_and_one_wei_more_does_not() -> None:
    for budget in (10**14, 10**15 + 7, 123_456_789_012_345_678):
        for limit in (1, 72_001, 500_000):
            highest = fees.highest_l1_gas_price(ROLLUP, mint_value=budget + 3, l2_value=3, l2_gas_limit=limit)
            if highest is None:
                assert fees.base_cost(ROLLUP, 0, limit) > budget
                continue
            assert fees.base_cost(ROLLUP, highest, limit) <= budget
            assert fees.base_cost(ROLLUP, highest + 1, limit) > budget


# ---------------------------------------------------------------- signatures
@pytest.mark.parametrize("name", ["r", "s", "y_parity"])
@pytest.mark.parametrize("bad", NO_UINTS)
def test_every_number_of_a_signature_is_checked(name: str, bad: Any) -> None:
    good = {"r": 1, "s": 1, "y_parity": 0}
    with pytest.raises(InputError, match=name):
        Signature(**{**good, name: bad})


@pytest.mark.parametrize(
    "change", [{"r": SECP256K1_N}, {"s": SECP256K1_N // 2 + 1}, {"r": 0}, {"s": 0}, {"y_parity": 2}]
)
def test_what_is_beyond_the_curve_or_malleable_is_refused(change: dict[str, int]) -> None:
    good = {"r": SECP256K1_N - 1, "s": SECP256K1_N // 2, "y_parity": 1}
    assert Signature(**good).y_parity == 1
    with pytest.raises(BadSignature):
        Signature(**{**good, **change})
