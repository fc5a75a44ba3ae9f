"""Signatures that people approve, in minutes or hours: each request has an id, and who asks again under it gets the answer that
was given, not a second signature.

The id is the digest to be signed, so it is as lasting as the plan. A wallet's journal keeps the plan before people are
asked: a process that died orders the same again, under its reference, comes by the same plan and id, and finds its request open
or answered. While one is open, the account's nonces wait for it.
"""

from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from msgspec import Struct

from signers.digest import fitting
from zkcore.errors import BadSignature, InputError, SignerTimeout, SignerUnavailable
from zkcore.ethereum.eip191 import message_hash
from zkcore.signer import Capability
from zkcore.types import Address, AddressLike, Hash32

if TYPE_CHECKING:
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.ethereum.signature import Signature
    from zkcore.transactions import Transaction

__all__ = ["Approval", "ApprovalSigner", "Custodian"]

_CAPABILITIES: Final = frozenset(
    {Capability.LEGACY, Capability.EIP2930, Capability.EIP1559, Capability.TYPED_DATA, Capability.MESSAGE}
)
_FIRST_PAUSE: Final = 0.25  # seconds between two questions; doubles


class Approval(Struct, frozen=True, kw_only=True):
    """What a custodian is asked to sign. `id` is the 0x digest; `content` what has it, for people and policies to look at.

    That is the unsigned bytes of a transaction, the dict of typed data (0x71 transactions among them), or a message.
    """

    id: str
    kind: Literal["transaction", "typed data", "message"]
    digest: Hash32
    address: Address
    content: Any


class Custodian(Protocol):
    """A custody service, in two questions: write them over its API. Both may be asked again and again."""

    async def open(self, approval: Approval) -> None:
        """Make the request known under `approval.id`; if it is known, do nothing: that id is never signed for twice.

        Raises SignerError.
        """
        ...

    async def answer(self, id: str) -> bytes | None:  # noqa: A002
        """The signature of 65 bytes, r || s || v; None as long as nobody has decided. Raises UserRejected, SignerError."""
        ...


class ApprovalSigner:
    """An `AsyncSigner` over a custodian. A call opens a request, or finds it open, and waits for the answer.

    `timeout`: seconds to wait for one; then SignerTimeout, and the request stays open: the same order, asked for again, takes its
    answer. `longest_pause`: seconds between two questions at most. Every answer is made low-s and recovered.
    """

    def __init__(
        self, custodian: Custodian, address: AddressLike, *, timeout: float = 3_600.0, longest_pause: float = 15.0
    ) -> None:
        if not timeout > 0 or not longest_pause > 0:
            raise InputError(f"timeout, longest_pause: expected seconds above 0, got {timeout!r} and {longest_pause!r}")
        self._custodian, self._address = custodian, Address(address)
        self._timeout, self._longest_pause = timeout, longest_pause

    @property
    def address(self) -> Address:
        """The account it signs for."""
        return self._address

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign: everything that the custodian does."""
        return _CAPABILITIES

    @staticmethod
    def request_id(tx: "Transaction") -> str:
        """The id under which the custodian is asked for this transaction's signature."""
        return str(tx.signing_hash())

    async def sign_transaction(self, tx: "Transaction") -> "Signature":
        """Sign a transaction; one of type 0x71 as typed data. Raises UserRejected, SignerTimeout and other SignerErrors."""
        from zkcore.transactions import Eip712Transaction

        tx.check_signable()
        if isinstance(tx, Eip712Transaction):
            return await self.sign_typed_data(tx.typed_data())
        return await self._approved("transaction", tx.signing_hash(), tx.unsigned_bytes())

    async def sign_typed_data(self, data: "TypedData") -> "Signature":
        """Sign EIP-712 typed data. Raises as `sign_transaction`."""
        return await self._approved("typed data", data.digest(), data.to_dict())

    async def sign_message(self, message: bytes) -> "Signature":
        """Sign an EIP-191 personal message. Raises as `sign_transaction`."""
        return await self._approved("message", message_hash(message), message)

    async def _approved(
        self, kind: Literal["transaction", "typed data", "message"], digest: Hash32, content: object
    ) -> "Signature":
        import asyncio

        name = str(digest)
        approval = Approval(id=name, kind=kind, digest=digest, address=self._address, content=content)
        pause = min(_FIRST_PAUSE, self._longest_pause)
        try:
            async with asyncio.timeout(self._timeout):
                while (raw := await self._asked(approval)) is None:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, self._longest_pause)
        except TimeoutError as error:
            raise SignerTimeout(
                f"no answer to the request {name} within {self._timeout} s: it stays open. Order the same again, by its "
                "reference or its plan, to take the answer; another plan would be another request"
            ) from error
        if len(raw) != 65:
            raise BadSignature(f"the request {name}: expected a signature of 65 bytes, got {len(raw)}")
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64])
        return fitting(digest, r, s, self._address, f"the custodian's answer to {name}")

    async def _asked(self, approval: Approval) -> bytes | None:
        """The answer, if there is one. In hours a service is out of reach now and then: that is no answer."""
        try:
            await self._custodian.open(approval)
            return await self._custodian.answer(approval.id)
        except SignerUnavailable:
            return None

    def __repr__(self) -> str:
        return f"ApprovalSigner({type(self._custodian).__name__}, {self._address})"
