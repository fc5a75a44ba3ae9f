"""JSON-RPC over HTTP without the I/O: from calls to HTTP requests and back, and what to do when a node misbehaves.

`Core.ask` is a generator: it yields `Post` (bodies to be sent side by side) and is sent one `Http | Fault` for each, or
`Pause` and is sent whether there was time for it. Both transports run it, so what can go wrong is decided here, once.
"""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import count
from logging import DEBUG, getLogger
from math import ceil
from typing import Any, TypeAlias, cast

import msgspec
from msgspec import MsgspecError, Raw, Struct, UnsetType

from zkcore.effects import Reply
from zkcore.errors import HttpStatusError, InputError, MalformedReply, RateLimited
from zkcore.rpc.endpoint import Endpoint
from zkcore.rpc.faults import error_of, is_rate_limit, parts_of
from zkcore.rpc.transport import Limits, Request, sends
from zkcore.types import check_nesting

__all__ = ["Core", "Exchange", "Fault", "Http", "Pause", "Post"]

_log = getLogger("zkcore.rpc")


class Http(Struct, frozen=True):
    """An HTTP response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fault(Struct, frozen=True):
    """Why there is no answer. `error` makes an exception for each call, from the words for what was asked.

    `again`: whether it may pass, and after how many seconds at least. `late`: there was none in time.
    """

    error: Callable[[str], Exception]
    again: bool = False
    late: bool = False
    after: float = 0.0


class Post(Struct, frozen=True):
    """Send these bodies to the node side by side."""

    bodies: tuple[bytes, ...]


class Pause(Struct, frozen=True):
    """Wait so many seconds, if there is time."""

    seconds: float


Exchange: TypeAlias = Generator[Post | Pause, Any, list[Reply]]
_Outcome: TypeAlias = Raw | Fault
_Chunk: TypeAlias = dict[int, Request]  # the calls of one HTTP request, by id


class _Row(Struct, frozen=True):
    id: Any = None
    result: Raw | UnsetType = msgspec.UNSET
    error: Any = None


class _Read(Struct, frozen=True):
    """What an HTTP response said: outcomes by id. The ids that have none go into batches of at most `limit`.

    `learn`: whether the limit is the node's for good, and not perhaps a passing failure.
    """

    outcomes: dict[int, _Outcome]
    limit: int = 0
    learn: bool = True


_one = msgspec.json.Decoder(_Row).decode
_many = msgspec.json.Decoder(list[_Row]).decode

# 52x, 530: Cloudflare's, for a server behind it that is away (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/)
_TRY_LATER = frozenset({408, 425, 502, 503, 504, *range(520, 525), 529, 530})
_REPEATABLE = ("eth_", "zks_", "net_", "web3_", "unstable_")  # not anvil_, evm_ and their like, which change things
_BATCH_LIMIT = re.compile(r"(?=.*batch)(?=.*(limit|large|size|exceed|many|max|more than))", re.IGNORECASE | re.DOTALL)
_TOO_LARGE = frozenset({-32003, -32008, -32011})  # the response to a batch is: geth's code, and two of jsonrpsee


class Core:
    """The rules of one client, and what it has learned of its node: the most calls it takes in a batch."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self.batch = limits.batch
        self._broke = 0  # waves of which a batch found no answer, and its parts did
        self._ids = count(1)

    # ------------------------------------------------------------ asking
    def ask(self, requests: Sequence[Request]) -> Exchange:
        """The replies to calls, equal ones asked once. Raises InputError for a call that would send."""
        if sending := next((request.method for request in requests if sends(request.method)), None):
            raise InputError(f"{sending}: a wave only reads; transactions go through send_raw")
        keys = [msgspec.json.encode((request.method, request.params)) for request in requests]
        unique = dict(zip(keys, requests, strict=True))
        ended: dict[bytes, _Outcome] = {}
        limit, learn, attempt = self.batch, True, 1
        while waiting := [key for key in unique if key not in ended]:
            numbered = {next(self._ids): key for key in waiting}
            ids = list(numbered)
            chunks = [{i: unique[numbered[i]] for i in ids[at : at + limit]} for at in range(0, len(ids), limit)]
            answers: Sequence[Http | Fault] = yield Post(tuple(map(_body, chunks)))
            reads = [self._read(chunk, answer) for chunk, answer in zip(chunks, answers, strict=True)]
            outcomes = {i: outcome for read in reads for i, outcome in read.outcomes.items()}
            broken = [len(chunk) for chunk, answer in zip(chunks, answers, strict=True) if _broke(answer)]
            if len(outcomes) < len(ids):  # each time with a lower limit: a single call is never refused
                limit = min(read.limit for read in reads if read.limit)
                learn = learn and all(read.learn for read in reads)
            elif broken and (attempt > 1 or max(broken) > 3):  # perhaps by its size; a small one has a second chance
                late = any(isinstance(answer, Fault) and answer.late for answer in answers)
                least = len(ids) / self.limits.connections if late else 1
                limit, learn = max(ceil(least), max(broken) // 4), self._broke > 0
            elif limit < self.batch and any(isinstance(outcome, Raw) for outcome in outcomes.values()):
                self._broke += not learn
                if learn:
                    _log.info("%s takes batches of at most %d", self.endpoint, limit)
                    self.batch = limit
            passing = {i: o for i, o in outcomes.items() if isinstance(o, Fault) and o.again}
            passing = {i: o for i, o in passing.items() if unique[numbered[i]].method.startswith(_REPEATABLE)}
            if passing and attempt < self.limits.attempts:
                delay = self._delay(attempt, max(fault.after for fault in passing.values()))
                attempt += 1
                if delay is not None and (yield Pause(delay)):
                    why = next(iter(passing.values())).error(f"{self.endpoint} {', '.join(f'#{i}' for i in passing)}")
                    _log.info("%s; attempt %d", why, attempt)
                    outcomes = {i: outcome for i, outcome in outcomes.items() if i not in passing}
            ended |= {numbered[i]: outcome for i, outcome in outcomes.items()}
        return [self._reply(request, ended[key]) for key, request in zip(keys, requests, strict=True)]

    def send(self, raw: bytes) -> Generator[Post, Any, Reply]:
        """The reply to `eth_sendRawTransaction`, asked once, whatever happens."""
        number = next(self._ids)
        chunk = {number: Request("eth_sendRawTransaction", ("0x" + raw.hex(),))}
        answers: Sequence[Http | Fault] = yield Post((_body(chunk),))
        return self._reply(chunk[number], self._read(chunk, answers[0]).outcomes[number])

    def _delay(self, attempt: int, after: float) -> float | None:
        """Seconds until the next attempt: exponential, half of it random; None if the node wants more than we wait."""
        from random import uniform

        backoff = min(self.limits.first_delay * 2 ** (attempt - 1), self.limits.longest_delay)
        delay = max(backoff * uniform(0.5, 1), after)  # noqa: S311
        return delay if delay <= self.limits.longest_delay else None

    def _reply(self, request: Request, outcome: _Outcome) -> Reply:
        if isinstance(outcome, Raw):
            return outcome
        first: Any = request.params[0] if request.params else None
        to = cast("dict[str, object]", first).get("to") if isinstance(first, dict) else None
        return outcome.error(f"{self.endpoint} {request.method}{f' to {to}' if to else ''}")

    # ------------------------------------------------------------ reading
    def _read(self, chunk: _Chunk, answer: Http | Fault) -> _Read:
        if isinstance(answer, Fault):
            return _Read(dict.fromkeys(chunk, answer))
        good = 200 <= answer.status < 300
        if _log.isEnabledFor(DEBUG):
            asked = ", ".join(f"#{number} {request.method}" for number, request in chunk.items())
            _log.debug("%s %s: HTTP %d, %d bytes", self.endpoint, asked, answer.status, len(answer.body))
        if answer.status in {401, 403, 429, *_TRY_LATER} or 300 <= answer.status < 400:
            return _Read(dict.fromkeys(chunk, self._status(answer)))
        try:
            check_nesting(answer.body, self.limits.depth)
            rows = _many(answer.body) if answer.body.lstrip()[:1] == b"[" else [_one(answer.body)]
        except (MsgspecError, ValueError, RecursionError) as error:
            if len(chunk) > 1 and not good:  # a refusal of the batch in words of its own, or a failure
                words = "batch too large" if answer.status == 413 else self._excerpt(answer.body)
                return _refused(chunk, words, learn=answer.status < 500)
            return _Read(dict.fromkeys(chunk, self._malformed(str(error), answer) if good else self._status(answer)))
        if len(rows) == 1 and (len(chunk) == 1 or rows[0].error is not None or not good):
            return self._only(chunk, rows[0], answer)
        return self._matched(chunk, rows, answer)

    def _only(self, chunk: _Chunk, row: _Row, answer: Http) -> _Read:
        """One row for all: the reply to the one call, or an error that is about the batch."""
        if len(chunk) > 1:
            code, message, _ = parts_of(row.error)
            if code == 429 or (is_rate_limit(code, message) and not _BATCH_LIMIT.search(message)):
                return _Read(dict.fromkeys(chunk, self._failed(row)))
            return _refused(chunk, message)
        if row.error is None and not 200 <= answer.status < 300:
            return _Read(dict.fromkeys(chunk, self._status(answer)))
        if row.error is not None and row.id is None:  # it could not read the id: there is only one
            return _Read(dict.fromkeys(chunk, self._failed(row)))
        return self._matched(chunk, [row], answer)

    def _matched(self, chunk: _Chunk, rows: Sequence[_Row], answer: Http) -> _Read:
        by_id: dict[int, list[_Row]] = {number: [] for number in chunk}
        strays = [row for row in rows if type(row.id) is not int or row.id not in by_id]
        for row in rows:
            if type(row.id) is int and row.id in by_id:
                by_id[row.id].append(row)
        if strays:
            _log.warning("%s: %d replies to no call among %s", self.endpoint, len(strays), list(chunk))
        outcomes: dict[int, _Outcome] = {}
        for number, found in by_id.items():
            if len(found) != 1:
                outcomes[number] = self._malformed(f"{len(found)} replies to the call #{number}", answer)
            elif found[0].error is not None:
                if len(chunk) > 1 and _wants_less(found[0].error):
                    continue
                outcomes[number] = self._failed(found[0])
            elif isinstance(found[0].result, UnsetType):
                outcomes[number] = self._malformed(f"neither result nor error in the reply #{number}", answer)
            else:
                outcomes[number] = found[0].result
        return _Read(outcomes, len(chunk) // 2 if len(outcomes) < len(chunk) else 0)

    def _failed(self, row: _Row) -> Fault:
        code, message, data = parts_of(row.error)
        masked = {"code": code, "message": self.endpoint.mask(message), "data": data}
        return Fault(lambda where: error_of(masked, where), again=is_rate_limit(code, message))

    def _malformed(self, why: str, answer: Http) -> Fault:
        text = f"{why}, in {self._excerpt(answer.body)}"
        return Fault(lambda where: MalformedReply(f"{where}: {text}"))

    def _status(self, answer: Http) -> Fault:
        status, text = answer.status, f"HTTP {answer.status}: {self._excerpt(answer.body)}"
        if 300 <= status < 400:
            text += " (redirects are not followed)"
        again = status in {429, *_TRY_LATER}
        after = _retry_after(answer.headers.get("retry-after", "")) if again else None

        def error(where: str) -> Exception:
            if status == 429:
                return RateLimited(f"{where}: {text}", retry_after=after)
            return HttpStatusError(f"{where}: {text}", status=status)

        return Fault(error, again=again, after=after or 0.0)

    def _excerpt(self, body: bytes) -> str:
        return self.endpoint.mask(repr(body[:200].decode(errors="replace")))


def _body(chunk: _Chunk) -> bytes:
    rows = [{"jsonrpc": "2.0", "id": i, "method": r.method, "params": r.params} for i, r in chunk.items()]
    return msgspec.json.encode(rows if len(rows) > 1 else rows[0])


def _refused(chunk: _Chunk, message: str, *, learn: bool = True) -> _Read:
    """The node did not take the batch: the limit it names, half of it if it names none, or no batches at all."""
    if not _BATCH_LIMIT.search(message):
        return _Read({}, 1, learn)
    named = [int(digits) for digits in re.findall(r"\b\d{1,4}\b", message)]
    return _Read({}, min([n for n in named if 1 < n < len(chunk)], default=len(chunk) // 2), learn)


def _broke(answer: Http | Fault) -> bool:
    return isinstance(answer, Fault) or answer.status in _TRY_LATER


def _wants_less(error: object) -> bool:
    code, message, _ = parts_of(error)
    return code in _TOO_LARGE and re.search(r"too (large|big)", message, re.IGNORECASE) is not None


def _retry_after(value: str) -> float | None:
    """Seconds from a Retry-After header: a number, or a date (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value, re.ASCII):
        return float(value)
    if not value:
        return None
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
