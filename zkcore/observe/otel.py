"""Spans and counts of OpenTelemetry. The extra `otel` brings its API; which SDK and exporter is yours to say."""

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from zkcore.errors import InputError
from zkcore.wallet.observing import Span

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["OpenTelemetry"]

# of each metric the attributes that it is told by: few values each, so none of an order or an account
_BY: Final = {
    "flow": ("flow",),
    "wave": (),
    "call": ("chain", "method"),
    "sign": ("kind", "chain_id"),
    "send": ("chain",),
    "state": ("state",),
}


class OpenTelemetry:
    """A hook for `Wallet(..., observe=OpenTelemetry())`: with the global providers, or those that are given.

    Traces: a span for each flow, wave, signature and send, one within the other; calls and changes of state are events of the
    span that they happen in. Metrics: of each kind the counter `zkcore.<name>.count` and the histogram `zkcore.<name>.duration`
    (seconds), by what has few values (method, chain, state, `error.type`); `zkcore.send.transactions`, how many were sent.

    Raises InputError if the extra is not installed.
    """

    def __init__(
        self, *, tracer_provider: "TracerProvider | None" = None, meter_provider: "MeterProvider | None" = None
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise InputError("OpenTelemetry needs the extra: pip install 'zkcore[otel]'") from error
        self._trace: Any = trace
        self._tracer = trace.get_tracer("zkcore", tracer_provider=tracer_provider)
        meter = metrics.get_meter("zkcore", meter_provider=meter_provider)
        self._counts = {name: meter.create_counter(f"zkcore.{name}.count") for name in _BY}
        self._durations = {
            name: meter.create_histogram(f"zkcore.{name}.duration", unit="s") for name in _BY if name != "state"
        }
        self._sent = meter.create_counter("zkcore.send.transactions")
        self._open: dict[int, Any] = {}  # the spans that have begun, by their ids
        self._lock = Lock()

    def __call__(self, span: Span, /) -> None:
        """Begin a span, or end it and count it."""
        if span.seconds is None:
            begun = self._begin(span)
            with self._lock:
                self._open[span.id] = begun
            return
        self._count(span)
        with self._lock:
            ended, around = self._open.pop(span.id, None), self._open.get(span.parent or 0)
        if ended is not None:
            self._end(ended, span)
        elif around is not None:
            error = {"error.type": span.error} if span.error else {}
            around.add_event(f"zkcore.{span.name}", {**span.attributes, **error}, timestamp=_nanoseconds(span.at))

    def _begin(self, span: Span) -> Any:
        with self._lock:
            around = self._open.get(span.parent or 0)
        context = None if around is None else self._trace.set_span_in_context(around)
        return self._tracer.start_span(
            f"zkcore.{span.name}", context, attributes=dict(span.attributes), start_time=_nanoseconds(span.at)
        )

    def _end(self, ended: Any, span: Span) -> None:
        if span.error:
            ended.set_attribute("error.type", span.error)
            ended.set_status(self._trace.StatusCode.ERROR, span.error)
        ended.end(_nanoseconds(span.at + (span.seconds or 0.0)))

    def _count(self, span: Span) -> None:
        by = {name: span.attributes[name] for name in _BY[span.name] if name in span.attributes}
        by |= {"error.type": span.error} if span.error else {}
        self._counts[span.name].add(1, by)
        if span.name in self._durations:
            self._durations[span.name].record(span.seconds or 0.0, by)
        if span.name == "send":
            self._sent.add(int(span.attributes["transactions"]), by)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
