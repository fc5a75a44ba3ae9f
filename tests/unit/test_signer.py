"""Signatures: their bounds, their bytes, and whose they are."""

import pytest

from signers import PrivateKeySigner
from zkcore.errors import BadSignature, WrongDevice
from zkcore.ethereum.signature import SECP256K1_N, Signature, check_signature, recover
from zkcore.types import Address

SIGNER = PrivateKeySigner(b"\x46" * 32)
DIGEST = bytes(range(32))
SIGNATURE = SIGNER._signed(DIGEST)


@pytest.mark.parametrize(
    ("r", "s", "parity"),
    [
        *((r, 1, 0) for r in (0, SECP256K1_N, 2**256 - 1)),
        *((1, s, 0) for s in (0, SECP256K1_N // 2 + 1, SECP256K1_N - 1, SECP256K1_N, 2**256 - 1)),
        *((1, 1, parity) for parity in (2, 27, 28)),
    ],
)
def test_what_no_signature_can_be_is_refused(r: int, s: int, parity: int) -> None:
    with pytest.raises(BadSignature):
        Signature(r, s, parity)


def test_the_bytes_have_v_27_or_28_and_may_come_with_others() -> None:
    raw = SIGNATURE.to_bytes()
    assert len(raw) == 65
    assert raw[64] == 27 + SIGNATURE.y_parity
    for v in (raw[64], raw[64] - 27):
        assert Signature.from_bytes(raw[:64] + bytes([v])) == SIGNATURE
    compact = raw[:32] + (SIGNATURE.s | SIGNATURE.y_parity << 255).to_bytes(32)
    assert Signature.from_bytes(compact, clear=True) == Signature(SIGNATURE.r, SIGNATURE.s, SIGNATURE.y_parity, True)


@pytest.mark.parametrize("raw", [b"", bytes(63), bytes(66), bytes(65), bytes(64), SIGNATURE.to_bytes()[:64] + b"\x02"])
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        Signature.from_bytes(raw)


def test_a_signature_is_checked_against_its_signer() -> None:
    assert recover(DIGEST, SIGNATURE) == SIGNER.address
    assert check_signature(DIGEST, SIGNATURE, SIGNER.address) is SIGNATURE
    other = Address(bytes(20))
    with pytest.raises(WrongDevice) as caught:
        check_signature(DIGEST, SIGNATURE, other)
    assert (caught.value.expected, caught.value.got) == (other, SIGNER.address)
    flipped = Signature(SIGNATURE.r, SIGNATURE.s, 1 - SIGNATURE.y_parity)
    with pytest.raises(WrongDevice):
        check_signature(DIGEST, flipped, SIGNER.address)


def test_no_key_for_an_r_that_is_on_no_point() -> None:
    with pytest.raises(BadSignature, match="no key can have made this signature"):
        recover(DIGEST, Signature(5, 1, 0))


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_only_32_bytes_are_a_digest(digest: bytes) -> None:
    with pytest.raises(BadSignature, match="expected a digest of 32 bytes"):
        recover(digest, SIGNATURE)
