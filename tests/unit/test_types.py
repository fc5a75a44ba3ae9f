"""Addresses, hashes, hex and amounts: parsed once at the edge, loud on nonsense."""

import pickle
from typing import Any

import pytest

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256, sha256
from zkcore.types import (
    ELEMENTARY_TYPES,
    ETH,
    MAX,
    Address,
    Hash32,
    ether,
    format_units,
    gwei,
    hex_bytes,
    parse_units,
    to_hex,
    uint,
)

# the examples of EIP-55
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_addresses_print_and_check_their_checksum(text: str) -> None:
    address = Address(text)
    assert str(address) == text
    assert repr(address) == f"Address('{text}')"
    assert f"{address}" == text
    assert Address(text.lower()) == Address("0x" + text[2:].upper()) == Address(bytes(address)) == address
    assert Address(address) is address
    assert pickle.loads(pickle.dumps(address)) == address
    swapped = "0x" + text[2:].swapcase()
    if swapped[2:] not in {swapped[2:].lower(), swapped[2:].upper()}:
        with pytest.raises(InputError, match=f"wrong EIP-55 checksum; by the checksum it would be {text}"):
            Address(swapped)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0x",
        CHECKSUMMED[0][:-1],
        CHECKSUMMED[0] + "0",
        CHECKSUMMED[0][2:],
        " " + CHECKSUMMED[0],
        CHECKSUMMED[0] + "\n",
        "0X" + CHECKSUMMED[0][2:],
        "0x" + "g" * 40,
        "vitalik.eth",
        bytes(19),
        bytes(21),
        0,
        1,
        None,
        [1],
        bytearray(20),
    ],
)
def test_what_is_no_address_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="address"):
        Address(value)


@pytest.mark.parametrize("value", ["", "0x00", "0x" + "00" * 33, bytes(31), bytes(33), 5, None])
def test_what_is_no_hash_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="hash"):
        Hash32(value)


def test_hashes_print_as_hex() -> None:
    text = "0x" + "aB" * 32
    assert str(Hash32(text)) == text.lower()
    assert repr(Hash32(text)) == f"Hash32('{text.lower()}')"
    assert pickle.loads(pickle.dumps(Hash32(text))) == Hash32(text)
    assert str(ETH) == "0x0000000000000000000000000000000000000001"


def test_the_two_hash_functions() -> None:
    assert str(keccak256(b"")) == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert str(sha256(b"")) == "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_hex_is_0x_and_whole_bytes() -> None:
    assert hex_bytes("0x") == b""
    assert hex_bytes("0xaB01") == b"\xab\x01"
    assert type(hex_bytes(ETH)) is bytes
    assert to_hex(b"\xab\x01") == "0xab01"
    for wrong in ("0x0", "ab", "0X00", "0xzz", "0x 0", "0x0\n", 5, None, bytearray(1)):
        with pytest.raises(InputError, match="calldata: expected"):
            hex_bytes(wrong, "calldata")  # type: ignore[arg-type]


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(InputError) as caught:
        hex_bytes("0x" + "zz" * 10_000, "data")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [-1, 2**8, True, 1.0, "1", None, b"\x01"])
def test_integers_are_ints_in_their_range(value: Any) -> None:
    assert uint(255, "n", 8) == 255
    with pytest.raises(InputError, match="n: expected"):
        uint(value, "n", 8)


# ---------------------------------------------------------------- amounts
@pytest.mark.parametrize(
    ("text", "decimals", "amount"),
    [
        ("0", 18, 0),
        ("1", 0, 1),
        ("0.1", 18, 10**17),
        ("1.000", 0, 1),
        ("00.50", 2, 50),
        ("123456789.123456789123456789", 18, 123456789123456789123456789),
        ("0.000000000000000001", 18, 1),
    ],
)
def test_amounts_are_exact(text: str, decimals: int, amount: int) -> None:
    assert parse_units(text, decimals) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".1",
        "-1",
        "+1",
        "1e18",
        "1,5",
        "1 000",
        " 1",
        "1_0",
        "0x1",
        chr(0x661),
        "nan",
        "inf",
        "1.1.1",
        "0.1234567",
        1,
        1.5,
        None,
        b"1",
    ],
)
def test_what_is_no_amount_is_refused(text: Any) -> None:
    with pytest.raises(InputError, match="amount"):
        parse_units(text, 6)


def test_the_units() -> None:
    assert ether("0.1") == 10**17
    assert gwei("1.5") == 1_500_000_000
    with pytest.raises(InputError, match="has more than 18 decimals"):
        ether("0.0000000000000000001")


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (0, 18, "0"),
        (10**17, 18, "0.1"),
        (1, 18, "0.000000000000000001"),
        (100, 0, "100"),
        (-15, 1, "-1.5"),
        (10, 1, "1"),
    ],
)
def test_amounts_print_as_they_are_read(amount: int, decimals: int, text: str) -> None:
    assert format_units(amount, decimals) == text


def test_only_ints_are_amounts() -> None:
    for wrong in (1.0, True, "1", None):
        with pytest.raises(InputError, match="amount: expected an int"):
            format_units(wrong, 18)  # type: ignore[arg-type]
    for decimals in (-1, 256, 1.0):
        with pytest.raises(InputError, match="decimals"):
            parse_units("1", decimals)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0x" + "5e" * 32, b"\x5e" * 32])
def test_a_key_given_as_an_address_is_not_repeated(value: bytes | str) -> None:
    with pytest.raises(InputError, match="expected 20 bytes, got 32") as told:
        Address(value)
    assert "5e5e" not in str(told.value)
    assert "^^" not in str(told.value)


def test_the_elementary_types_are_those_of_solidity() -> None:
    whole = {f"{sign}int{bits}" for sign in ("", "u") for bits in range(8, 264, 8) if bits <= 256}
    expected = {"bool", "address", "string", "bytes", *whole, *(f"bytes{size + 1}" for size in range(32))}
    assert expected == ELEMENTARY_TYPES
    assert len(ELEMENTARY_TYPES) == 4 + 32 + 64
    assert {"bytes1", "bytes32", "int8", "int256", "uint8", "uint256"} <= ELEMENTARY_TYPES


def test_all_of_it_is_the_highest_uint256() -> None:
    assert int("f" * 64, 16) == MAX


def test_an_error_shows_a_hundred_characters_whole_and_eighty_of_more() -> None:
    for length, cut in ((98, False), (99, True)):  # and two quotes
        with pytest.raises(InputError) as told:
            parse_units("x" * length, 18)
        assert str(told.value).endswith(
            "'" + "x" * 79 + f"... ({length + 2} characters)" if cut else f"'{'x' * length}'"
        )


@pytest.mark.parametrize("place", range(40))
def test_one_letter_in_another_case_is_a_checksum(place: int) -> None:
    text = "0x" + "b" * place + "B" + "b" * (39 - place)
    with pytest.raises(InputError, match="wrong EIP-55 checksum"):
        Address(text)
    assert Address(text.lower()) == bytes([0xBB] * 20)


@pytest.mark.parametrize("scale", [parse_units, format_units])
def test_decimals_are_a_byte(scale: Any) -> None:
    amount = "7" if scale is parse_units else 7
    assert scale(amount, 255) == (7 * 10**255 if scale is parse_units else "0." + "0" * 254 + "7")
    for bad in (256, -1, True, 1.0):
        with pytest.raises(InputError, match="decimals"):
            scale(amount, bad)
