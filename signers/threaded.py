"""A device for asyncio: each call runs on a worker thread, so the loop goes on while the user reads the screen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from zkcore.ethereum.signature import Signature
from zkcore.signer import Capability, Signer
from zkcore.types import Address

if TYPE_CHECKING:
    import asyncio

    from zkcore.ethereum.eip712 import TypedData
    from zkcore.transactions import Transaction

__all__ = ["ThreadedSigner"]

_A = TypeVar("_A")
_LOOK: Final = 0.1  # seconds between two looks at a call that is being cancelled


class ThreadedSigner:
    """An `AsyncSigner` over a `Signer`, one call at a time. For one event loop.

    A cancelled call ends the call in hand on a signer that has `cancel` (a Trezor), and waits until the device is free.
    """

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._turn: asyncio.Lock | None = None

    @property
    def address(self) -> Address:
        """The account it signs for."""
        return self._signer.address

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign."""
        return self._signer.capabilities

    async def sign_transaction(self, tx: "Transaction") -> Signature:
        """Sign a transaction of any type the signer supports. Raises SignerError."""
        return await self._run(self._signer.sign_transaction, tx)

    async def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data. Raises SignerError."""
        return await self._run(self._signer.sign_typed_data, data)

    async def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        return await self._run(self._signer.sign_message, message)

    async def _run(self, method: Callable[[_A], Signature], what: _A) -> Signature:
        import asyncio

        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            running = asyncio.ensure_future(asyncio.to_thread(method, what))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                cancel: Any = getattr(self._signer, "cancel", None)
                while cancel is not None and not running.done():
                    cancel()  # again, because the thread may not have got so far as to have a call in hand
                    await asyncio.wait({running}, timeout=_LOOK)
                if running.done() and not running.cancelled():
                    running.exception()  # the call was cancelled: how it ended on the thread is nobody's concern
                raise

    def __repr__(self) -> str:
        return f"ThreadedSigner({self._signer!r})"
