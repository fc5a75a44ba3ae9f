"""What can be made of `observe=`: structured logs, and spans and counts of OpenTelemetry (the extra `otel`)."""

from typing import TYPE_CHECKING, Any

from zkcore.observe.logs import JsonLines, Logs
from zkcore.wallet.observing import Observe, Span

if TYPE_CHECKING:
    from zkcore.observe.otel import OpenTelemetry

__all__ = ["JsonLines", "Logs", "Observe", "OpenTelemetry", "Span"]


def __getattr__(name: str) -> Any:
    if name != "OpenTelemetry":
        raise AttributeError(f"module 'zkcore.observe' has no attribute {name!r}")
    from zkcore.observe.otel import OpenTelemetry

    return OpenTelemetry
