"""What can sign: the `Signer` protocols, and what each signer says that it can."""

from enum import Enum
from typing import Protocol, runtime_checkable

from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import CustomSignature, Signature
from zkcore.transactions import Transaction
from zkcore.types import Address

__all__ = ["AsyncCustomSigner", "AsyncSigner", "Capability", "CustomSignature", "CustomSigner", "Signature", "Signer"]


class Capability(Enum):
    """What a signer can do. A device that lacks one refuses by name, before any prompt."""

    LEGACY = "legacy transactions (EIP-155)"
    EIP2930 = "EIP-2930 transactions"
    EIP1559 = "EIP-1559 transactions"
    TYPED_DATA = "EIP-712 typed data, every field known to the signer"
    TYPED_DATA_HASH = "EIP-712 typed data, by its two hashes only"
    MESSAGE = "EIP-191 personal messages"
    CONFIRM_ADDRESS = "shows its address on a screen of its own"


class _Account(Protocol):
    @property
    def address(self) -> Address:
        """The account it signs for."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign."""
        ...


@runtime_checkable
class Signer(_Account, Protocol):
    """Signs for one address. Every signature it returns recovers to that address and is low-s."""

    def sign_transaction(self, tx: Transaction) -> Signature:
        """Sign a transaction of any type it supports. Raises SignerError."""
        ...

    def sign_typed_data(self, data: TypedData) -> Signature:
        """Sign EIP-712 typed data. Raises SignerError."""
        ...

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        ...


@runtime_checkable
class AsyncSigner(_Account, Protocol):
    """The same with async methods: for a KMS, an MPC service, or a device on a worker thread."""

    async def sign_transaction(self, tx: Transaction) -> Signature:
        """Sign a transaction of any type it supports. Raises SignerError."""
        ...

    async def sign_typed_data(self, data: TypedData) -> Signature:
        """Sign EIP-712 typed data. Raises SignerError."""
        ...

    async def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        ...


@runtime_checkable
class CustomSigner(_Account, Protocol):
    """Signs for an account of Era that is a contract: its transactions alone, all of them 0x71."""

    @property
    def placeholder(self) -> bytes:
        """What stands for a signature in estimates: of the same length."""
        ...

    def sign_transaction(self, tx: Transaction) -> CustomSignature:
        """Sign a 0x71 transaction of the account. Raises SignerError."""
        ...


@runtime_checkable
class AsyncCustomSigner(_Account, Protocol):
    """The same with an async method."""

    @property
    def placeholder(self) -> bytes:
        """What stands for a signature in estimates: of the same length."""
        ...

    async def sign_transaction(self, tx: Transaction) -> CustomSignature:
        """Sign a 0x71 transaction of the account. Raises SignerError."""
        ...
