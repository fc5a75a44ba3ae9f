"""The drivers: they run any flow, by blocking or by awaiting, and hold no rule of their own."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from time import monotonic, sleep
from typing import Any, TypeAlias, TypeVar, cast

from msgspec import Struct

from zkcore.effects import Call, Chain, Done, Effect, Now, Reply, Report, Sleep, Step, Wave, advance, start
from zkcore.errors import NodeTimeout
from zkcore.rpc.http import running_loop, side_by_side, side_by_side_async
from zkcore.rpc.transport import AsyncTransport, Request, Transport
from zkcore.types import seconds
from zkcore.wallet.observing import Observe, observed, observed_calls
from zkcore.wallet.submission import Send, Sign, Submission

__all__ = ["AsyncDriver", "Driver", "Watch", "drive", "send_raws", "send_raws_async"]

T = TypeVar("T")
Watch: TypeAlias = Callable[[Any], object]  # is called with what flows report
OnWave: TypeAlias = Callable[[Sequence[Call[object]]], object]

_GRACE = 0.1  # seconds that a transport has to say itself that the time is over


def drive(step: Step[T], perform: Callable[[Effect], object]) -> T:
    """Run a step to its value, with `perform` carrying out its effects.

    What `perform` raises is thrown into the flow where it asked; an interrupt only closes the flow.
    """
    with closing(start(step)) as flow:
        effect = advance(flow)
        while not isinstance(effect, Done):
            try:
                answer = perform(effect)
            except NodeTimeout:  # the driver's own: a node's would be a reply. The flow is not asked about it
                raise
            except Exception as error:  # noqa: BLE001  # the rim: whatever a callback raises is the flow's to see
                answer = error
            effect = advance(flow, answer)
        return effect.value


class Driver(Struct, frozen=True):
    """Runs flows by blocking: L1 on the calling thread, L2 on another only while both are asked.

    `on_wave` is called with the calls of each wave before they are asked: for logs and counts.
    """

    l1: Transport
    l2: Transport
    on_wave: OnWave | None = None
    observe: Observe | None = None

    def run(
        self,
        step: Step[T] | Submission[T],
        *,
        on_progress: Watch | None = None,
        timeout: float | None = None,
        own: Callable[[Any], object] | None = None,
    ) -> T:
        """The value of a step. `on_progress` is called with its reports; what that raises ends the flow.

        `own` carries out the effects that only submissions have; a wallet gives it, nobody else.

        After `timeout` seconds the flow is ended with NodeTimeout, at the latest when what a node was asked is
        answered or given up, which the transports do in that time too.
        """
        deadline = _Deadline(timeout)

        def perform(effect: object) -> object:
            match effect:
                case Wave(calls, seconds):
                    return self._wave(calls, deadline.left(seconds))
                case Now():
                    return monotonic()
                case Sleep(seconds):
                    sleep(deadline.cut(seconds))
                case Report(progress):
                    if on_progress is not None:
                        on_progress(progress)
                case _:
                    with _effect(self.observe, effect) as told:
                        answer = _for_wallets(own)(effect)
                        told.extend(_replies(effect, answer))
                    return answer
            return None

        return drive(cast("Step[T]", step), perform)

    def _wave(self, calls: Sequence[Call[object]], seconds: float | None) -> list[Reply]:
        asked = _by_chain(calls, self.on_wave)
        nodes = {"l1": self.l1, "l2": self.l2}
        tasks: list[Callable[[], Sequence[Reply]]] = [
            partial(nodes[chain].ask, requests, **_options(seconds)) for chain, requests in asked.items()
        ]
        late: list[Sequence[Reply]] = [_late(chain, requests, seconds) for chain, requests in asked.items()]
        with observed_calls(self.observe, calls) as replies:
            rows = side_by_side(tasks, 2, seconds if seconds is None else seconds + _GRACE, late)
            replies.extend(_in_order(calls, dict(zip(asked, rows, strict=True))))
        return replies


class AsyncDriver(Struct, frozen=True):
    """Runs flows on asyncio. A cancelled `run` closes its flow and leaves nothing running."""

    l1: AsyncTransport
    l2: AsyncTransport
    on_wave: OnWave | None = None
    observe: Observe | None = None

    async def run(
        self,
        step: Step[T] | Submission[T],
        *,
        on_progress: Watch | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the flow's own, as in Driver
        own: Callable[[Any], Awaitable[object]] | None = None,
    ) -> T:
        """As `Driver.run`, awaited."""
        import asyncio

        _ = running_loop()
        deadline = _Deadline(timeout)

        async def perform(effect: object) -> object:
            match effect:
                case Wave(calls, seconds):
                    return await self._wave(calls, deadline.left(seconds))
                case Now():
                    return monotonic()
                case Sleep(seconds):
                    await asyncio.sleep(deadline.cut(seconds))
                case Report(progress):
                    if on_progress is not None:
                        on_progress(progress)
                case _:
                    with _effect(self.observe, effect) as told:
                        answer = await _for_wallets(own)(effect)
                        told.extend(_replies(effect, answer))
                    return answer
            return None

        with closing(start(cast("Step[T]", step))) as flow:
            effect = advance(flow)
            while not isinstance(effect, Done):
                try:
                    answer = await perform(effect)
                except NodeTimeout:
                    raise
                except Exception as error:  # noqa: BLE001  # the rim, as in `drive`
                    answer = error
                effect = advance(flow, answer)
            return effect.value

    async def _wave(self, calls: Sequence[Call[object]], seconds: float | None) -> list[Reply]:
        asked = _by_chain(calls, self.on_wave)
        tasks = [self._asked(chain, requests, seconds) for chain, requests in asked.items()]
        with observed_calls(self.observe, calls) as replies:
            replies.extend(_in_order(calls, dict(zip(asked, await side_by_side_async(tasks), strict=True))))
        return replies

    async def _asked(self, chain: Chain, requests: Sequence[Request], seconds: float | None) -> Sequence[Reply]:
        import asyncio

        node = self.l1 if chain == "l1" else self.l2
        try:
            async with asyncio.timeout(seconds if seconds is None else seconds + _GRACE):
                return await node.ask(requests, **_options(seconds))
        except TimeoutError:
            return _late(chain, requests, seconds)


def _for_wallets(own: Callable[[Any], T] | None) -> Callable[[Any], T]:
    if own is None:
        raise TypeError("a submission is run by a wallet: flows do not sign or send")
    return own


def _effect(observe: Observe | None, effect: object) -> AbstractContextManager[list[Any]]:
    """The span of what only submissions ask for: of a signature, and of what is sent; nothing else is told."""
    match effect:
        case Sign(transaction, reference, plan):
            known: dict[str, str | int] = {"kind": plan.kind, "chain_id": transaction.chain_id or 0}
            return observed(observe, "sign", reference=reference, **known)
        case Send(chain, raws):
            return observed(observe, "send", chain=chain, transactions=len(raws))
        case _:
            return nullcontext([])


def _replies(effect: object, answer: Any) -> Sequence[object]:
    return answer if isinstance(effect, Send) else ()


def _options(seconds: float | None) -> dict[str, float]:
    """What transports are told of the time; one of the user's own may not know of it."""
    return {} if seconds is None else {"timeout": seconds}


def _late(chain: Chain, requests: Sequence[Request], seconds: float | None) -> list[Reply]:
    """For a transport that does not keep to its time, such as one that looks up a name."""
    return [NodeTimeout(f"{chain} {request.method}: no answer within {seconds} s") for request in requests]


class _Deadline:
    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._until = None if timeout is None else monotonic() + seconds(timeout, "timeout")

    def left(self, seconds: float | None) -> float | None:
        """So much of the seconds (None: of all time) as is left. Raises NodeTimeout if nothing is."""
        if seconds is None:
            return None if self._until is None else self.cut(self._until - monotonic())
        return self.cut(seconds)

    def cut(self, seconds: float) -> float:
        """So much of the seconds as is left. Raises NodeTimeout if nothing is."""
        if self._until is None:
            return seconds
        left = self._until - monotonic()
        if left <= 0:
            raise NodeTimeout(f"not done within {self._timeout} s")
        return min(seconds, left)


def _by_chain(calls: Sequence[Call[object]], on_wave: OnWave | None) -> dict[Chain, list[Request]]:
    if on_wave is not None:
        on_wave(calls)
    asked: dict[Chain, list[Request]] = {}
    for call in sorted(calls, key=lambda call: call.chain):  # L1 first: it runs on the calling thread
        asked.setdefault(call.chain, []).append(Request(call.method, call.params))
    return asked


def _in_order(calls: Sequence[Call[object]], replies: dict[Chain, Sequence[Reply]]) -> list[Reply]:
    rows = {chain: iter(row) for chain, row in replies.items()}
    return [next(rows[call.chain]) for call in calls]


def send_raws(node: Transport, raws: Sequence[bytes]) -> Sequence[Reply]:
    """Send one after the other."""
    return [node.send_raw(raw) for raw in raws]


async def send_raws_async(node: AsyncTransport, raws: Sequence[bytes]) -> Sequence[Reply]:
    """Send them side by side: a pool keeps those whose turn is later."""
    return await side_by_side_async([node.send_raw(raw) for raw in raws])
