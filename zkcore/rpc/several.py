"""Several nodes for one side: one after another (`Failover`), or so many of them that must say the same (`Quorum`).

What is asked next is decided in a generator, which both kinds of transport run. A send goes to one node: whether the same bytes
go to another as well is for who sends to say (`zkcore.wallet`), and a node that failed is not the next one's.
"""

from collections.abc import Generator, Sequence
from functools import partial
from time import monotonic, sleep
from typing import Any, ClassVar, TypeAlias

from zkcore.effects import Reply
from zkcore.errors import InputError, NodeError, NodesDisagree
from zkcore.methods.agreement import agreed, rank, shown
from zkcore.rpc.http import AsyncHttpTransport, HttpTransport, side_by_side, side_by_side_async
from zkcore.rpc.transport import Limits, Request

__all__ = ["AsyncFailover", "AsyncQuorum", "Failover", "Quorum"]

# after how many seconds to ask what of which nodes, side by side: (node, calls, seconds that they have)
_Asking: TypeAlias = Generator[tuple[float, list[tuple[int, Sequence[Request], float | None]]], Any, list[Reply]]

_AWAY = 30.0  # seconds for which a node that did not answer is asked last
_LIMITS = Limits(timeout=10.0, attempts=2)  # of nodes that are given as URLs: there are others
_PAUSES = (0.0, 1.0, 3.0)  # before nodes are asked, and asked again that disagree, perhaps by a block


class _Several:
    """The nodes, and which of them did not answer of late."""

    _http: ClassVar[Any]

    def __init__(self, nodes: Sequence[Any]) -> None:
        """URLs or transports, the one to ask first in front. No I/O. Raises InputError."""
        if isinstance(nodes, str) or not nodes:
            raise InputError("nodes: expected a list of at least one URL or transport")
        self.nodes: list[Any] = [self._http(n, limits=_LIMITS) if isinstance(n, str) else n for n in nodes]
        self._away = dict[int, float]()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.nodes})"

    def _order(self) -> list[int]:
        return sorted(range(len(self.nodes)), key=lambda place: (self._away.get(place, 0.0) > monotonic(), place))

    def _note(self, place: int, row: Sequence[Reply]) -> None:
        """An answer, if only that it has none to give, is a sign of life."""
        self._away[place] = monotonic() + _AWAY if all(rank("", reply) == 0 for reply in row) else 0.0

    def _asking(self, requests: Sequence[Request], timeout: float | None) -> _Asking:
        """What one node fails at, or knows nothing of, the next one is asked: it may be the first that lags."""
        until, replies = monotonic() + (timeout or 0.0), dict[int, Reply]()
        for left, place in zip(range(len(self.nodes), 0, -1), self._order(), strict=True):
            enough = 2 if self._away.get(place, 0.0) > monotonic() else 3  # one that is away confirms no absence
            wanted = [i for i, r in enumerate(requests) if i not in replies or rank(r.method, replies[i]) < enough]
            if wanted:
                share = None if timeout is None else max(0.0, until - monotonic()) / left
                (row,) = yield 0.0, [(place, [requests[i] for i in wanted], share)]
                self._note(place, row)
                for i, reply in zip(wanted, row, strict=True):
                    replies[i] = max(replies.get(i, reply), reply, key=partial(rank, requests[i].method))
        return [replies[i] for i in range(len(requests))]


class Failover(_Several):
    """Nodes in order: who fails is asked last for a while. See `Transport`."""

    _http = HttpTransport

    def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:
        """As `Transport.ask`."""
        asking, rows = self._asking(requests, timeout), None
        try:
            while True:
                pause, asks = asking.send(rows)
                sleep(pause)
                rows = side_by_side([partial(self.nodes[n].ask, row, timeout=s) for n, row, s in asks], len(asks))
        except StopIteration as end:
            return list[Reply](end.value)

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:
        """As `Transport.send_raw`: to the first node that is not away."""
        reply: Reply = self.nodes[place := self._order()[0]].send_raw(raw, timeout=timeout)
        self._note(place, [reply])
        return reply

    def close(self) -> None:
        """Close them all."""
        for node in self.nodes:
            node.close()


class AsyncFailover(_Several):
    """The same for asyncio."""

    _http = AsyncHttpTransport

    async def ask(self, requests: Sequence[Request], *, timeout: float | None = None) -> Sequence[Reply]:  # noqa: ASYNC109
        """As `Transport.ask`."""
        import asyncio

        asking, rows = self._asking(requests, timeout), None
        try:
            while True:
                pause, asks = asking.send(rows)
                await asyncio.sleep(pause)
                rows = await side_by_side_async([self.nodes[n].ask(row, timeout=s) for n, row, s in asks])
        except StopIteration as end:
            return list[Reply](end.value)

    async def send_raw(self, raw: bytes, *, timeout: float | None = None) -> Reply:  # noqa: ASYNC109
        """As `Failover.send_raw`."""
        reply: Reply = await self.nodes[place := self._order()[0]].send_raw(raw, timeout=timeout)
        self._note(place, [reply])
        return reply

    async def aclose(self) -> None:
        """Close them all."""
        for node in self.nodes:
            await node.aclose()


class _Agreeing(_Several):
    """Each call is asked of all nodes."""

    def __init__(self, nodes: Sequence[Any], *, agree: int = 2) -> None:
        """As `Failover`; `agree`: so many nodes must say the same. Raises InputError."""
        super().__init__(nodes)
        if type(agree) is not int or not 1 <= agree <= len(self.nodes):
            raise InputError(f"agree: expected 1 to {len(self.nodes)}, the number of nodes, got {agree}")
        self.agree = agree

    def _asking(self, requests: Sequence[Request], timeout: float | None) -> _Asking:
        until, replies, wanted = monotonic() + (timeout or 0.0), dict[int, Reply](), list(range(len(requests)))
        for pause in _PAUSES:
            share = None if timeout is None else until - monotonic() - pause
            if wanted and (not replies or share is None or share > 0):
                asked: list[Any] = [(place, [requests[i] for i in wanted], share) for place in range(len(self.nodes))]
                rows: list[list[Reply]] = yield pause, asked
                for i, said in zip(wanted, zip(*rows, strict=True), strict=True):
                    replies[i] = self._agreed(requests[i].method, said)
                wanted = [i for i in wanted if isinstance(replies[i], NodesDisagree)]
        return [replies[i] for i in range(len(requests))]

    def _agreed(self, method: str, said: Sequence[Reply]) -> Reply:
        reply = agreed(method, said, self.agree)
        if reply is None and all(isinstance(one, NodeError) for one in said):
            return max(said, key=partial(rank, method))
        told = "; ".join(f"{node}: {shown(one)}" for node, one in zip(self.nodes, said, strict=True))
        words = f"{method}: {self.agree} nodes must say the same, and they say: {told}"
        return NodesDisagree(words) if reply is None else reply


class Quorum(_Agreeing, Failover):
    """Nodes of which `agree` must say the same before it is believed; NodesDisagree if they do not. See `Failover`."""


class AsyncQuorum(_Agreeing, AsyncFailover):
    """The same for asyncio."""
