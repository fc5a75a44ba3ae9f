"""Signatures as bytes: which v is which parity, how many bytes there may be, and what is refused."""

import pytest

from zkcore.errors import BadSignature
from zkcore.ethereum.signature import SECP256K1_N, CustomSignature, Signature, check_signature, recover
from zkcore.transactions import Eip712Transaction
from zkcore.types import Address

R, S = (5).to_bytes(32), (7).to_bytes(32)


@pytest.mark.parametrize(
    ("v", "parity"),
    [
        *[(0, 0), (1, 1), (27, 0), (28, 1), (35, 0), (36, 1), (37, 0), (38, 1), (255, 0), (256, 1), (683, 0), (684, 1)],
        *[(35 + 2 * (2**64 - 1), 0), (36 + 2 * (2**64 - 1), 1), (2**72 - 1, 0)],
    ],
)  # fmt: skip
def test_each_v_has_its_parity(v: int, parity: int) -> None:
    raw = R + S + v.to_bytes(max(1, (v.bit_length() + 7) // 8))
    assert Signature.from_bytes(raw) == Signature(5, 7, parity)
    assert Signature.from_bytes(raw, clear=True).clear is True
    assert Signature.from_bytes(raw).to_bytes() == R + S + bytes([27 + parity])


@pytest.mark.parametrize("v", [2, 3, 26, 29, 30, 33, 34])
def test_any_other_v_is_refused(v: int) -> None:
    with pytest.raises(BadSignature, match=f"expected v to be 0, 1, 27 or 28, or 35 and above .EIP-155., got {v}$"):
        Signature.from_bytes(R + S + bytes([v]))


@pytest.mark.parametrize(
    "v", [b"\0\x1b", b"\0\x25", b"\0\0\0\x25", b"\1" + bytes(9), b"\1" * 10, b"\0" * 9 + b"\x25"], ids=bytes.hex
)
def test_no_zeros_before_v_and_nine_bytes_at_most(v: bytes) -> None:
    with pytest.raises(BadSignature, match=f"65 bytes, or 64 in compact form, got {64 + len(v)}$"):
        Signature.from_bytes(R + S + v)


@pytest.mark.parametrize("length", [0, 1, 32, 63])
def test_what_is_too_short_is_refused(length: int) -> None:
    with pytest.raises(BadSignature, match=f"got {length}$"):
        Signature.from_bytes((R + S)[:length])


@pytest.mark.parametrize("parity", [0, 1])
def test_the_compact_form_has_the_parity_in_the_top_bit(parity: int) -> None:
    for s in (7, 0x7F, 1 << 248, SECP256K1_N // 2):
        raw = R + (s | parity << 255).to_bytes(32)
        assert Signature.from_bytes(raw) == Signature(5, s, parity)


def test_a_signature_of_an_account_is_some_bytes() -> None:
    with pytest.raises(BadSignature, match="expected a signature of the account, got none"):
        CustomSignature(b"")
    assert CustomSignature(b"\0").to_bytes() == b"\0"
    assert CustomSignature(b"\0").clear is None


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_has_32_bytes(length: int) -> None:
    signature = Signature(5, 7, 0)
    told = f"expected a digest of 32 bytes, got {length}"
    with pytest.raises(BadSignature, match=told):
        recover(bytes(length), signature)
    with pytest.raises(BadSignature, match=told):
        check_signature(bytes(length), signature, Address(bytes(20)))


def test_a_transaction_of_an_account_pays_and_says_nothing_that_was_not_given() -> None:
    here = Address(b"\x11" * 20)
    tx = Eip712Transaction(
        nonce=0, max_priority_fee_per_gas=0, max_fee_per_gas=0, gas_limit=1, to=here, chain_id=324, from_address=here
    )
    assert (tx.value, tx.data, tx.factory_deps, tx.gas_per_pubdata) == (0, b"", (), 50_000)
