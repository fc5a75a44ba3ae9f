"""What carries calls to a node: two small protocols, so that failover, quorums and metrics can be the user's own."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from zkcore.effects import Reply
from zkcore.errors import InputError
from zkcore.types import seconds, uint

__all__ = ["AsyncTransport", "Limits", "Request", "Transport", "sends"]

Params: TypeAlias = tuple[object, ...]


class Request(Struct, frozen=True):
    """One JSON-RPC call."""

    method: str
    params: Params = ()


class Transport(Protocol):
    """A way to one node. What fails is a reply, not raised: one exception instance for each call."""

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """The replies to calls that do not depend on one another, in their order, within so many seconds.

        Raises InputError, and asks nothing, if a call would send a transaction: only `send_raw` may.
        """
        ...

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """Send a signed transaction, once: never repeated here, whatever happens. The reply is its hash."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class AsyncTransport(Protocol):
    """The same for asyncio. A cancelled call leaves nothing running."""

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `Transport.ask`."""
        ...

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `Transport.send_raw`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Limits(Struct, frozen=True, kw_only=True):
    """How much to ask of a node, and how much to take from it."""

    timeout: float = 30.0  # seconds for one HTTP request
    attempts: int = 5  # of a call that may be repeated
    first_delay: float = 0.25  # seconds before the second attempt; doubles, with jitter
    longest_delay: float = 10.0  # seconds; a node that says "Retry-After" more than this is not waited for
    batch: int = 100  # calls in one HTTP request; 1: no batches
    connections: int = 16  # HTTP requests at once
    response_bytes: int = 64 << 20
    depth: int = 64  # of nested JSON

    def __post_init__(self) -> None:
        for name, default in zip(self.__struct_fields__, self.__struct_defaults__, strict=True):
            value = getattr(self, name)
            if seconds(value, f"limits: {name}") <= 0:
                raise InputError(f"limits: expected {name} > 0, got {value}")
            if isinstance(default, int):
                _ = uint(value, f"limits: {name}")


def sends(method: str) -> bool:
    """Whether a method sends a transaction, by its name: eth_sendRawTransaction and all its kin."""
    return method.partition("_")[2].lower().startswith("send")
