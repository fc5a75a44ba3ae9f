"""Structured logs: a record for each span that has ended, and a formatter that writes any record as one JSON object."""

import json
from datetime import UTC, datetime
from logging import DEBUG, INFO, WARNING, Formatter, Logger, LogRecord, getLogger
from typing import Any, Final

from zkcore.wallet.observing import Span

__all__ = ["JsonLines", "Logs"]

# so that at INFO a log tells of money, and at DEBUG of everything
_LEVELS: Final = {"sign": INFO, "send": INFO, "state": INFO}


class Logs:
    """A hook that logs: `Wallet(..., observe=Logs())`. Signatures, sends and changes of state at INFO, all else at DEBUG.

    What ended with an error is a WARNING. The fields are in `record.zkcore`, for a formatter such as `JsonLines`.
    """

    def __init__(self, logger: Logger | None = None) -> None:
        self._logger = logger or getLogger("zkcore.observe")

    def __call__(self, span: Span, /) -> None:
        """Log it, if it has ended."""
        if span.seconds is None:
            return
        level = WARNING if span.error else _LEVELS.get(span.name, DEBUG)
        if self._logger.isEnabledFor(level):
            told = " ".join(f"{name}={value}" for name, value in span.attributes.items())
            error = f" error={span.error}" if span.error else ""
            text = "%s %s%s (%.3f s)"
            self._logger.log(level, text, span.name, told, error, span.seconds, extra={"zkcore": _fields(span)})


def _fields(span: Span) -> dict[str, Any]:
    error = {"error": span.error} if span.error else {}
    seconds = round(span.seconds or 0.0, 6)
    return {"span": span.name, "id": span.id, "parent": span.parent, "seconds": seconds, **error, **span.attributes}


class JsonLines(Formatter):
    """Writes each record, ours or anybody's, as one JSON object on one line: time, level, logger, message, and ours' fields."""

    def format(self, record: LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        told = {"time": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        told |= getattr(record, "zkcore", {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)
