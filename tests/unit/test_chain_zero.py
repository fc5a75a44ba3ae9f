"""Reading what others signed is not signing it: chain id 0, and the v of EIP-155 in a signature."""

from typing import Any

import pytest
from msgspec.structs import force_setattr

from signers import PrivateKeySigner
from zkcore.errors import BadSignature, InputError
from zkcore.ethereum import rlp
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature
from zkcore.transactions import (
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
    parse_transaction,
)

SIGNER = PrivateKeySigner(b"\x46" * 32)
COMMON: dict[str, Any] = {"nonce": 7, "gas_limit": 100_000, "to": "0x" + "35" * 20, "value": 10**15, "data": "0x01"}
FEES = {"max_priority_fee_per_gas": 1, "max_fee_per_gas": 2}
KINDS: list[tuple[type[Any], dict[str, Any]]] = [
    (LegacyTransaction, {"gas_price": 5}), (Eip2930Transaction, {"gas_price": 5}), (Eip1559Transaction, FEES),
]  # fmt: skip


def of_chain_zero(kind: type[Any], more: dict[str, Any]) -> tuple[Transaction, bytes, Signature]:
    """As another library makes it."""
    made = kind(chain_id=1, **COMMON, **more)
    force_setattr(made, "chain_id", 0)
    key = PrivateKeySigner(b"\x46" * 32)
    signature = key._sign(bytes(made.signing_hash()))
    return made, made.signed_bytes(signature), signature


@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_chain_zero_is_read_and_never_signed(kind: type[Any], more: dict[str, Any]) -> None:
    made, raw, signature = of_chain_zero(kind, more)
    for given, signed in ((raw, signature), (made.unsigned_bytes(), None)):
        read, found = parse_transaction(given)
        assert (read, found) == (made, signed)
        assert read.chain_id == 0
        assert read.unsigned_bytes() == made.unsigned_bytes()
    read, _ = parse_transaction(raw)
    assert read.sender(signature) == SIGNER.address
    assert read.hash(signature) == keccak256(raw)
    with pytest.raises(InputError, match="chain_id: 0 is no chain's"):
        SIGNER.sign_transaction(read)
    with pytest.raises(InputError, match="chain_id: expected 1 or more, got 0"):
        kind(chain_id=0, **COMMON, **more)


def test_legacy_v_of_chain_zero_is_35_or_36() -> None:
    _, raw, signature = of_chain_zero(*KINDS[0])
    items = rlp.decode(raw)
    assert items[6] == bytes([35 + signature.y_parity])
    with pytest.raises(InputError, match="v: expected 27, 28, or 35"):
        parse_transaction(rlp.encode([*items[:6], b"\x22", *items[7:]]))


@pytest.mark.parametrize("chain_id", [0, 1, 110, 111, 324, 11_155_111, 2**64 - 1])
@pytest.mark.parametrize("parity", [0, 1])
def test_a_signature_with_the_v_of_eip_155(chain_id: int, parity: int) -> None:
    signature = Signature(5, 6, parity)
    v = 35 + 2 * chain_id + parity
    raw = signature.to_bytes()[:64] + v.to_bytes((v.bit_length() + 7) // 8)
    assert Signature.from_bytes(raw) == signature
    assert len(signature.to_bytes()) == 65


@pytest.mark.parametrize("v", ["02", "1a", "1d", "22", "0023", "001b", "01" * 10])
def test_no_other_v_is_read(v: str) -> None:
    with pytest.raises(BadSignature):
        Signature.from_bytes(Signature(5, 6, 0).to_bytes()[:64] + bytes.fromhex(v))
