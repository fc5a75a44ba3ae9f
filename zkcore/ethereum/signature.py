"""An ECDSA signature over secp256k1, whose it is, and the check that each one passes before it is used."""

from typing import Self

from msgspec import Struct

from zkcore.errors import BadSignature, WrongDevice
from zkcore.types import Address, uint

__all__ = ["SECP256K1_N", "CustomSignature", "Signature", "check_signature", "recover"]

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # the order of the curve: SEC 2, 2.4.1


class Signature(Struct, frozen=True):
    """An ECDSA signature over secp256k1: 0 < r < n, 0 < s <= n/2 (EIP-2), y_parity 0 or 1. Raises BadSignature.

    `clear`: True if a device showed the fields, False if only hashes, None if it depends on a device setting or no device signed.
    """

    r: int
    s: int
    y_parity: int
    clear: bool | None = None

    def __post_init__(self) -> None:
        for name, value in (("r", self.r), ("s", self.s)):
            if not 0 < uint(value, name) < SECP256K1_N:
                raise BadSignature(f"{name} = {value:#x} is not between 1 and n - 1")
        if self.s > SECP256K1_N // 2:
            raise BadSignature(f"s = {self.s:#x} is above n/2: EIP-2 allows only the lower one")
        if uint(self.y_parity, "y_parity") > 1:
            raise BadSignature(f"y_parity is {self.y_parity}, expected 0 or 1")

    def to_bytes(self) -> bytes:
        """65 bytes: r || s || v with v = 27 or 28, as EIP-191, EIP-712 and ZKsync's custom signatures have it."""
        return self.r.to_bytes(32) + self.s.to_bytes(32) + bytes([27 + self.y_parity])

    @classmethod
    def from_bytes(cls, raw: bytes, *, clear: bool | None = None) -> Self:
        """Parse 65 bytes r || s || v, v one of 0, 1, 27, 28, or 64 with y_parity as the top bit of s (EIP-2098).

        v = 35 + 2 * chain_id + y_parity (EIP-155) is read too, in more bytes where it needs them; of which chain it is is
        for the transaction to say. Raises BadSignature.
        """
        if len(raw) == 64:
            raw = raw[:32] + bytes([raw[32] & 0x7F]) + raw[33:] + bytes([raw[32] >> 7])
        v, length = int.from_bytes(raw[64:]), len(raw)
        # a chain id has 64 bits (EIP-2294 has them fit): v has at most nine bytes, and no zeros before it
        if length != 65 and not (65 < length <= 73 and raw[64]):
            raise BadSignature(f"expected a signature of 65 bytes, or 64 in compact form, got {length}")
        parity = {0: 0, 1: 1, 27: 0, 28: 1}.get(v, (v + 1) % 2 if v >= 35 else None)
        if parity is None:
            raise BadSignature(f"expected v to be 0, 1, 27 or 28, or 35 and above (EIP-155), got {v}")
        return cls(int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), parity, clear)


class CustomSignature(Struct, frozen=True):
    """What an account that is a contract takes for its signature, in its own form. Only the account can say whether it is one.

    `clear`: as in `Signature`, of all who signed.
    """

    data: bytes
    clear: bool | None = None

    def __post_init__(self) -> None:
        if not self.data:
            raise BadSignature("expected a signature of the account, got none")

    def to_bytes(self) -> bytes:
        """The bytes, as they are sent."""
        return self.data


def recover(digest: bytes, signature: Signature) -> Address:
    """The address whose key made the signature over the 32-byte digest. Raises BadSignature."""
    from eth_keys.exceptions import BadSignature as NotRecoverable
    from eth_keys.main import KeyAPI
    from eth_utils.exceptions import ValidationError

    if len(digest) != 32:
        raise BadSignature(f"expected a digest of 32 bytes, got {len(digest)}")
    keys = KeyAPI()
    try:
        made = keys.Signature(vrs=(signature.y_parity, signature.r, signature.s))
        public_key = keys.ecdsa_recover(bytes(digest), made)
    except (NotRecoverable, ValidationError, ValueError) as error:
        raise BadSignature(f"no key can have made this signature: {error}") from error
    return Address(public_key.to_canonical_address())


def check_signature(digest: bytes, signature: Signature, expected: Address) -> Signature:
    """The signature, if it recovers to the expected address. Raises WrongDevice with both addresses, or BadSignature."""
    got = recover(digest, signature)
    if got != expected:
        raise WrongDevice(expected=expected, got=got)
    return signature
