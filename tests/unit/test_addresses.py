import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256, sha256
from zkcore.protocol.addresses import apply_alias, create, create2, era_create, era_create2, undo_alias
from zkcore.protocol.bytecode import versioned_hash
from zkcore.types import Address

SENDER = "0x36615Cf349d7F6344891B1e7CA7C72883F5dc049"
ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)


@pytest.mark.parametrize(
    ("address", "alias"),
    [
        ("0x702942B8205E5dEdCD3374E5f4419843adA76Eeb", "0x813A42B8205E5DedCd3374e5f4419843ADa77FFC"),
        ("0xeeeeffffffffffffffffffffffffffffffffeeef", "0x0000000000000000000000000000000000000000"),
        ("0xeeeeffffffffffffffffffffffffffffffffeef0", "0x0000000000000000000000000000000000000001"),
        ("0xffffffffffffffffffffffffffffffffffffffff", "0x1111000000000000000000000000000000001110"),
        ("0x0000000000000000000000000000000000000000", "0x1111000000000000000000000000000000001111"),
    ],
)
def test_alias_wraps_around(address: str, alias: str) -> None:
    assert apply_alias(address) == Address(alias)
    assert undo_alias(alias) == Address(address)


@given(ADDRESSES)
def test_undo_is_the_inverse_of_alias(address: Address) -> None:
    assert undo_alias(apply_alias(address)) == address == apply_alias(undo_alias(address))
    assert apply_alias(address) != address


def test_created_addresses() -> None:
    deployer = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert create(deployer, 0) == Address("0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d")
    assert create(deployer, 1) == Address("0x343c43a37d37dff08ae8c4a11544c718abb4fcf8")
    assert era_create(SENDER, 1) == Address("0x4B5DF730c2e6b28E17013A1485E5d9BC41Efe021")
    # EIP-1014, the example with the sender 0x...deadbeef, the salt 0x...cafebabe and the init code 0xdeadbeef
    salt = bytes(28) + bytes.fromhex("cafebabe")
    example = create2("0x00000000000000000000000000000000deadbeef", salt, keccak256(bytes.fromhex("deadbeef")))
    assert example == Address("0x60f3f640a8508fC6a86d45DF051962668E1e8AC7")


def test_creation_takes_whole_values_only() -> None:
    for nonce in (-1, True, 2**64):
        with pytest.raises(InputError):
            create(SENDER, nonce)
    with pytest.raises(InputError):
        era_create(SENDER, 2**256)
    for salt in ("0x01", b"", bytes(33)):
        with pytest.raises(InputError):
            create2(SENDER, salt, bytes(32))
        with pytest.raises(InputError):
            era_create2(SENDER, salt, bytes(32))


@given(ADDRESSES, st.integers(0, 2**32))
def test_each_rule_gives_another_address(sender: Address, nonce: int) -> None:
    word = nonce.to_bytes(32, "big")
    made = {
        create(sender, nonce),
        create2(sender, word, word),
        era_create(sender, nonce),
        era_create2(sender, word, word),
    }
    assert len(made) == 4


@given(st.integers(0, 40).map(lambda half: 2 * half + 1))
def test_versioned_hash_is_sha256_with_a_head(words: int) -> None:
    code = bytes(range(32)) * words
    hashed = versioned_hash(code)
    assert hashed[:4] == b"\x01\x00" + words.to_bytes(2, "big")
    assert hashed[4:] == sha256(code)[4:]


@pytest.mark.parametrize(
    ("length", "told"), [(0, "odd"), (64, "odd"), (33, "multiple of 32"), (31, "multiple of 32"), (65537 * 32, "65536")]
)
def test_malformed_bytecode(length: int, told: str) -> None:
    with pytest.raises(InputError, match=told):
        versioned_hash(bytes(length))


def test_the_longest_bytecode() -> None:
    assert versioned_hash(bytes(65535 * 32))[:4] == b"\x01\x00\xff\xff"
