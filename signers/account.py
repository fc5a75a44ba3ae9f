"""An account of Era that is a contract: its transactions are signed by one or several of our signers, hardware among them."""

from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any, Generic, TypeVar, cast

from signers.threaded import ThreadedSigner
from zkcore.errors import InputError, UnsupportedBySigner
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import CustomSignature, Signature, check_signature
from zkcore.signer import AsyncSigner, Capability, Signer
from zkcore.transactions import Eip712Transaction, Transaction
from zkcore.types import Address, AddressLike

__all__ = ["AccountSigner", "AsyncAccountSigner", "joined"]

S = TypeVar("S", bound=Signer | AsyncSigner)

_ANY = Signature(1, 1, 0)  # no signature of anything, and of the right length


def joined(signatures: Sequence[Signature]) -> bytes:
    """One behind the other, 65 bytes each, in the order of the signers: what most multisig accounts take."""
    return b"".join(signature.to_bytes() for signature in signatures)


class _Account(Generic[S]):
    def __init__(
        self,
        address: AddressLike,
        signers: Sequence[S],
        *,
        encode: Callable[[Sequence[Signature]], bytes] = joined,
    ) -> None:
        self._address, self._signers, self._encode = Address(address), tuple(signers), encode
        if not self._signers:
            raise InputError("signers: expected one at least")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self._address}, by {', '.join(str(signer.address) for signer in self._signers)})"
        )

    @property
    def address(self) -> Address:
        """The account, which is no key's."""
        return self._address

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What all of its signers can do with typed data."""
        able = frozenset({Capability.TYPED_DATA, Capability.TYPED_DATA_HASH})
        return able.intersection(*[signer.capabilities for signer in self._signers])

    @property
    def placeholder(self) -> bytes:
        """What stands for a signature in estimates: of the same length, made as one."""
        return self._encode([_ANY for _ in self._signers])

    def _shown(self, tx: Transaction) -> TypedData:
        """What each of them is shown."""
        if not isinstance(tx, Eip712Transaction):
            raise UnsupportedBySigner(f"an account that is a contract signs 0x71 alone, no {type(tx).__name__}")
        if tx.from_address != self._address:
            raise InputError(f"the transaction is from {tx.from_address}, the account is {self._address}")
        tx.check_signable()
        return tx.typed_data()

    def _made(self, signatures: Sequence[Signature]) -> CustomSignature:
        shown = {signature.clear for signature in signatures}
        return CustomSignature(self._encode(signatures), clear=shown.pop() if len(shown) == 1 else None)


class AccountSigner(_Account[Signer]):
    """Signs the transactions of the account at `address`, each of them of type 0x71, with a signature of the account's own kind.

    Each of `signers` is shown the EIP-712 typed data of the transaction, in this order, and its signature is compared with its
    address. `encode` makes the account's signature of theirs. Whether the account takes it, it is asked by EIP-1271 before
    anything is sent. With an `AsyncSigner` among them it is an `AsyncAccountSigner`. Raises InputError.
    """

    def __init__(
        self,
        address: AddressLike,
        signers: Sequence[Signer],
        *,
        encode: Callable[[Sequence[Signature]], bytes] = joined,
    ) -> None:
        super().__init__(address, signers, encode=encode)
        for signer in self._signers:
            if iscoroutinefunction(signer.sign_typed_data):
                raise InputError(
                    f"signers: {signer!r} is an AsyncSigner: AsyncAccountSigner takes it, for an AsyncWallet"
                )

    def sign_transaction(self, tx: Transaction) -> CustomSignature:
        """Have each signer sign it. Raises SignerError, InputError for a transaction of another account."""
        data, digest = self._shown(tx), tx.signing_hash()
        return self._made([check_signature(digest, one.sign_typed_data(data), one.address) for one in self._signers])

    def sign_typed_data(self, data: TypedData) -> CustomSignature:
        """Not for an account: what it takes for its signature of anything else is its own affair. Raises UnsupportedBySigner."""
        raise UnsupportedBySigner(f"an account that is a contract signs its transactions alone, no {data.primary_type}")


class AsyncAccountSigner(_Account[Signer | AsyncSigner]):
    """As `AccountSigner`, for an `AsyncWallet`: of `signers` of both kinds. One that blocks signs on a worker thread."""

    @property
    def request_id(self) -> Callable[[Transaction], str]:
        """Of the first of its signers that asks people: then the journal keeps the plan before they are asked."""
        asking = [signer for signer in self._signers if hasattr(signer, "request_id")]
        if not asking:
            raise AttributeError("request_id: none of these signers asks people")
        named: Callable[[Transaction], str] = getattr(asking[0], "request_id")  # noqa: B009
        return named

    async def sign_transaction(self, tx: Transaction) -> CustomSignature:
        """Have each signer sign it, one after the other. Raises SignerError, InputError for a transaction of another account."""
        data, digest = self._shown(tx), tx.signing_hash()
        signatures: list[Signature] = []
        for one in self._signers:
            sign: Any = one.sign_typed_data
            signed = await (
                sign(data) if iscoroutinefunction(sign) else ThreadedSigner(cast("Signer", one)).sign_typed_data(data)
            )
            signatures.append(check_signature(digest, signed, one.address))
        return self._made(signatures)
