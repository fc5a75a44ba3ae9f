"""What can go wrong between a client and a node, on request; and the record of what the client asked.

net.faults.add(Status(429, retry_after=1), node="l1", method="eth_sendRawTransaction", times=2)
"""

import random
import threading
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, Literal, Self, TypeAlias, cast

from msgspec import Struct

# fmt: off
__all__ = [
    "NOTHING", "WITHOUT_ZEROS", "WRONG_BRIDGEHUB", "WRONG_PROOF", "WRONG_RECEIPT", "BatchRefused", "Body", "Breaks",
    "Drop", "DuplicateId", "Failure", "Fault", "Faults", "HalfJson", "Lacks", "Latency", "Lie", "MissingMember",
    "Narrow", "NodeFaults", "Request", "Requests", "Shuffle", "Stale", "Status", "Timeout", "WrongId", "leaves_out", "null",
]
# fmt: on


# ---------------------------------------------------------------- the kinds
class Latency(Struct, frozen=True):
    """Wait this many seconds, then answer as always."""

    seconds: float


class Timeout(Struct, frozen=True):
    """Never answer: the connection stays open until the client closes it or the devnet ends.

    `after`: the request is carried out first, so a transaction is sent although its sender hears nothing.
    """

    after: bool = False


class Drop(Struct, frozen=True):
    """Reset the connection; with `after` once the request was carried out."""

    after: bool = False


class Status(Struct, frozen=True):
    """Answer with this HTTP status, a plain text body and, if given, a Retry-After header in seconds."""

    code: int
    retry_after: float | None = None
    body: str = "try again later"


class Body(Struct, frozen=True):
    """Answer 200 with this body instead of JSON."""

    body: str = "<html><body><h1>Welcome</h1></body></html>"


class HalfJson(Struct, frozen=True):
    """Send the right answer cut in half; with `short` under the whole Content-Length, then close the connection."""

    short: bool = False


class WrongId(Struct, frozen=True):
    """The first matching reply carries an id that nobody asked with (`null` if `null`)."""

    null: bool = False


class DuplicateId(Struct, frozen=True):
    """The first matching reply of a batch comes twice."""


class MissingMember(Struct, frozen=True):
    """The matching replies are left out of a batch."""


class Shuffle(Struct, frozen=True):
    """The replies of a batch come in reverse order, which the specification allows."""


class BatchRefused(Struct, frozen=True):
    """A batch of more than `limit` members is answered with one error object; with `status` as HTTP status."""

    limit: int = 0
    status: int = 200
    code: int = -32600
    message: str = "batch requests are not supported"


class Failure(Struct, frozen=True):
    """The call answers with this JSON-RPC error; with `only`, if that is true of its parameters."""

    code: int
    message: str
    data: Any = None
    only: Callable[[Any], bool] | None = None


class Stale(Struct, frozen=True):
    """The call is answered as by a node that lags this many blocks behind."""

    blocks: int = 1


class Lie(Struct, frozen=True):
    """The result of the call is replaced by `change(result)`."""

    change: Callable[[Any], Any]


class Lacks(Struct, frozen=True):
    """The node does not have the method, and says so in its own words."""


class Breaks(Struct, frozen=True):
    """A batch of more than `limit` calls has its connection reset; with `silent` it has no answer at all."""

    limit: int = 10
    silent: bool = False


class Narrow(Struct, frozen=True):
    """`eth_getLogs` over more than so many blocks ends in `by`: a Timeout, a Drop, a Status, a Failure."""

    blocks: int
    by: "Timeout | Drop | Status | Failure" = Timeout()


def leaves_out(*fields: str) -> Lie:
    """The results come without these fields, wherever they stand in them."""
    return Lie(lambda result: _walked(result, lambda row: {k: v for k, v in row.items() if k not in fields}))


def null(*fields: str) -> Lie:
    """The results have null for these fields, wherever they stand in them."""
    return Lie(lambda result: _walked(result, lambda row: row | {k: None for k in fields if k in row}))


def _walked(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change({key: _walked(one, change) for key, one in cast("dict[str, Any]", value).items()})
    if isinstance(value, list):
        return [_walked(one, change) for one in cast("list[object]", value)]
    return value


def _other_status(receipt: Any) -> Any:
    return receipt and receipt | {"status": "0x0" if receipt["status"] == "0x1" else "0x1"}


def _other_sibling(proof: Any) -> Any:
    if not proof:
        return proof
    path = list(proof["proof"])
    path[1] = "0x" + "5a" * 32
    return proof | {"proof": path}


WITHOUT_ZEROS = Lie(lambda word: "0x" + word[2:].lstrip("0"))  # for eth_getStorageAt: words without leading zeros
NOTHING = Lie(lambda result: [] if isinstance(result, list) else None)  # as a replica that lags: it knows of nothing
WRONG_BRIDGEHUB = Lie(lambda _: "0x" + "5a" * 20)  # for zks_getBridgehubContract
WRONG_RECEIPT = Lie(_other_status)  # for eth_getTransactionReceipt: success is failure and failure success
WRONG_PROOF = Lie(_other_sibling)  # for zks_getL2ToL1LogProof: one node of the path is another

Fault: TypeAlias = (
    Latency
    | Timeout
    | Drop
    | Status
    | Body
    | HalfJson
    | WrongId
    | DuplicateId
    | MissingMember
    | Shuffle
    | BatchRefused
    | Failure
    | Stale
    | Lie
    | Lacks
    | Breaks
    | Narrow
)
Node: TypeAlias = Literal["l1", "l2"]


# ---------------------------------------------------------------- what was asked
class Request(Struct, frozen=True):
    """One HTTP request: its calls as (method, params) in order, and whether they came as a batch."""

    calls: tuple[tuple[str, Any], ...]
    batch: bool

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods in order."""
        return tuple(method for method, _ in self.calls)


class Requests(list[Request]):
    """The HTTP requests that a node has had, in order; `clear()` starts anew."""

    def calls(self, method: str = "*") -> list[tuple[str, Any]]:
        """Every call whose method matches the pattern, as (method, params)."""
        return [call for request in self for call in request.calls if fnmatchcase(call[0], method)]

    @property
    def sends(self) -> list[str]:
        """The raw transactions that were sent, duplicates included."""
        return [params[0] for _, params in self.calls("eth_sendRawTransaction*")]


# ---------------------------------------------------------------- what is injected
class _Active:
    """A fault in force. `hits` counts the HTTP requests it was applied to."""

    def __init__(self, fault: Fault, method: str, times: int | None, probability: float, owner: "NodeFaults") -> None:
        self.fault, self.method, self.times, self.probability = fault, method, times, probability
        self.hits = 0
        self._owner = owner

    def remove(self) -> None:
        """Take it away."""
        self._owner.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class NodeFaults:
    """The faults of one node and the record of its requests."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._active: list[_Active] = []
        self._lock = threading.Lock()
        self.requests = Requests()

    def add(self, fault: Fault, method: str = "*", times: int | None = None, probability: float = 1.0) -> _Active:
        """Put it in force for calls that match the pattern, for `times` HTTP requests (None: until removed)."""
        active = _Active(fault, method, times, probability, self)
        with self._lock:
            self._active.append(active)
        return active

    def remove(self, active: _Active) -> None:
        """Take one away, if it is still there."""
        with self._lock:
            if active in self._active:
                self._active.remove(active)

    def clear(self) -> None:
        """Take all away."""
        with self._lock:
            self._active.clear()

    def take(self, request: Request) -> "list[tuple[Fault, frozenset[int]]]":
        """Record a request; the faults that apply to it, each with the positions of the calls it matches."""
        chosen: list[tuple[Fault, frozenset[int]]] = []
        with self._lock:
            self.requests.append(request)
            for active in list(self._active):
                positions = frozenset(
                    i for i, method in enumerate(request.methods) if fnmatchcase(method, active.method)
                )
                if isinstance(active.fault, Narrow):
                    positions &= _wide(request, active.fault.blocks)
                if isinstance(active.fault, Failure) and (only := active.fault.only) is not None:
                    positions = frozenset(place for place in positions if only(request.calls[place][1]))
                if not positions or not _concerns(active.fault, request) or self._random.random() >= active.probability:
                    continue
                chosen.append((_applied(active.fault), positions))
                active.hits += 1
                if active.times is not None and active.hits >= active.times:
                    self._active.remove(active)
        return chosen


def _concerns(fault: Fault, request: Request) -> bool:
    """Whether a fault of batches has a batch before it."""
    if isinstance(fault, BatchRefused | Breaks):
        return request.batch and len(request.calls) > fault.limit
    return request.batch or not isinstance(fault, DuplicateId | MissingMember | Shuffle)


def _applied(fault: Fault) -> Fault:
    """What the client meets of it."""
    if isinstance(fault, Breaks):
        return Timeout() if fault.silent else Drop()
    return fault.by if isinstance(fault, Narrow) else fault


def _wide(request: Request, blocks: int) -> frozenset[int]:
    """The calls that ask for the logs of more than so many blocks."""
    wide: set[int] = set()
    for place, (method, params) in enumerate(request.calls):
        if method == "eth_getLogs" and params:
            ends = [str(params[0].get(end, "")) for end in ("fromBlock", "toBlock")]
            if not all(end.startswith("0x") for end in ends) or int(ends[1], 16) - int(ends[0], 16) >= blocks:
                wide.add(place)
    return frozenset(wide)


class Faults:
    """The faults of a devnet: `add` puts one in force at a node, `clear` ends them all."""

    def __init__(self, l1: NodeFaults, l2: NodeFaults) -> None:
        self._nodes: dict[str, NodeFaults] = {"l1": l1, "l2": l2}

    def add(
        self, fault: Fault, *, node: Node, method: str = "*", times: int | None = None, probability: float = 1.0
    ) -> _Active:
        """Put a fault in force at a node for the methods that match a pattern (`"eth_get*"`).

        `times`: for so many HTTP requests, then it is over; None: until `remove()`, the end of its `with` block, or
        `clear()`. `probability` is drawn for each request from a generator with a fixed seed.
        """
        return self._nodes[node].add(fault, method, times, probability)

    def requests(self, node: Node) -> Requests:
        """The HTTP requests that a node has had since the start, or since `requests(node).clear()`."""
        return self._nodes[node].requests

    def clear(self) -> None:
        """End all faults. The record of requests stays."""
        for node in self._nodes.values():
            node.clear()


def first(faults: "Iterable[tuple[Fault, frozenset[int]]]", *kinds: type) -> Any:
    """The first fault of these kinds, or None."""
    return next((fault for fault, _ in faults if isinstance(fault, kinds)), None)
