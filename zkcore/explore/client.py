"""A node to talk to, without a wallet: typed by the calls it is given.

with Client("https://...") as node:
    receipt = node.run(calls.get_receipt("l1", tx_hash))            # Receipt | None
    block, price = node.run(gather(calls.block_number("l2"), calls.gas_price("l2")))       # one batch
"""

from contextlib import closing
from typing import Self, TypeVar

from zkcore.effects import Done, Effect, Step, Wave, advance, start
from zkcore.errors import InputError
from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.transport import AsyncTransport, Request, Transport

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")


class Client:
    """One node. It answers whatever chain a call names."""

    def __init__(self, node: str | Transport) -> None:
        """The node's URL, or a transport. No I/O."""
        self.transport = HttpTransport(node) if isinstance(node, str) else node

    def run(self, step: Step[T]) -> T:
        """The value of a call, or of a `gather` of calls. Raises what the call's function says, and NodeError."""
        with closing(start(step)) as flow:
            effect = advance(flow)
            while not isinstance(effect, Done):
                effect = advance(flow, self.transport.ask(_requests(effect)))
            return effect.value

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio."""

    def __init__(self, node: str | AsyncTransport) -> None:
        """The node's URL, or a transport. No I/O."""
        self.transport = AsyncHttpTransport(node) if isinstance(node, str) else node

    async def run(self, step: Step[T]) -> T:
        """As `Client.run`."""
        with closing(start(step)) as flow:
            effect = advance(flow)
            while not isinstance(effect, Done):
                effect = advance(flow, await self.transport.ask(_requests(effect)))
            return effect.value

    async def aclose(self) -> None:
        """Close the connections."""
        await self.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _requests(effect: Effect) -> list[Request]:
    if not isinstance(effect, Wave):
        raise InputError(f"a client runs calls, and this step asks for {effect!r}: that takes a wallet's driver")
    return [Request(call.method, call.params) for call in effect.calls]
