"""Following what was sent: where it is, in words, with the time it has taken and usually takes."""

from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from zkcore.cli.exits import Exit, StopError
from zkcore.errors import printable

if TYPE_CHECKING:
    from zkcore.cli.run import Run

__all__ = ["PHASES", "follow", "identity", "seconds"]

# what a phase means, and how long it usually lasts
PHASES: Final[dict[str, tuple[str, str]]] = {
    "L1_PENDING": ("sent: L1 has not included it yet", "usually under a minute"),
    "L1_DROPPED": ("no L1 node knows it any more: `zkcore resume` sends it again", ""),
    "L1_REPLACED": ("another transaction has its nonce: it was never included", ""),
    "L1_UNKNOWN": ("its nonce is used, and no node shows by what yet", "usually a few minutes"),
    "L1_FAILED": ("it failed on L1", ""),
    "L1_INCLUDED": ("L1 has included it; L2 has not taken it up yet", "usually 1 to 5 minutes"),
    "L2_PENDING": ("L2 has not included it yet", "usually seconds"),
    "L2_DROPPED": ("no L2 node knows it any more: `zkcore resume` sends it again", ""),
    "L2_UNKNOWN": ("its nonce is used, and no node shows by what yet", "hours, until its batch is executed"),
    "L2_REPLACED": ("another transaction has its nonce: it was never included", ""),
    "L2_EXECUTED": ("done: it ran on L2", ""),
    "L2_FAILED": ("it failed on L2", ""),
    "BATCH_PENDING": ("it ran on L2 and waits to be put into a batch", "usually minutes, up to an hour"),
    "PROOF_PENDING": ("its batch waits to be proved and executed on L1", "usually hours, up to a day"),
    "READY": ("ready to be finalized on L1: `zkcore finalize`", ""),
    "BLOCKED": ("L1 refuses it, and waiting does not help", ""),
    "CANCELLED": ("its bundle was cancelled on L1: it will never be paid out", ""),
    "FINALIZING": ("its finalization is sent; L1 has not included it yet", "usually under a minute"),
    "FINALIZED": ("done: L1 has paid it out", ""),
    "PENDING": ("not included yet", "usually under a minute"),
    "INCLUDED": ("done: included", ""),
    "UNKNOWN": ("no node has answered yet", ""),
}


def seconds(text: str | None, name: str = "--timeout") -> float | None:
    """A time to wait. Raises StopError for what is none."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise StopError(f"{name}: expected seconds, got {text!r}", Exit.USAGE)
    return value


def identity(handle: Any) -> str:
    """The hash to ask for it again by."""
    if handle.kind in {"deposit", "execution"}:
        return str(handle.l1_tx_hash)
    if handle.kind == "withdrawal":
        return str(handle.l2_tx_hash)
    if handle.kind in ("transaction", "deployment"):
        return str(handle.tx_hash)
    return str(handle.l1_tx_hash or "")


def clock(passed: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = int(passed)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Line:
    """One line on a terminal that changes in place; NDJSON for programs; nothing elsewhere."""

    def __init__(self, run: "Run", handle: Any) -> None:
        self._voice, self._handle = run.voice, handle
        self._begun, self._phase, self._last = monotonic(), "", ""

    def __call__(self, status: Any) -> None:
        phase = getattr(status, "phase", "PENDING")
        trouble = getattr(status, "trouble", None)
        self.show(phase, trouble)

    def show(self, phase: str, trouble: object = None) -> None:
        passed = monotonic() - self._begun
        words, usual = PHASES.get(phase, (phase, ""))
        event = {"kind": self._handle.kind, "phase": phase, "seconds": round(passed, 1)}
        if trouble is not None:
            event["trouble"] = str(trouble)
        told = f"{phase}{trouble}"
        if told != self._phase:
            self._voice.progress({**event, "words": words})
            if self._phase and self._voice.watched:
                self._voice.err.file.write("\n")
        self._phase = told
        if self._voice.watched and not self._voice.as_json:
            note = f"a node: {trouble}" if trouble else usual
            text = f"  {words} ({clock(passed)}{'; ' + note if note else ''})"
            text = printable(text)[: self._voice.width - 1]
            self._voice.err.file.write("\r\033[K" + text)
            self._voice.err.file.flush()

    def end(self) -> None:
        if self._phase and self._voice.watched and not self._voice.as_json:
            self._voice.err.file.write("\n")
            self._voice.err.file.flush()


def follow(run: "Run", handle: Any, *, until: str | None = None, timeout: float | None = None) -> Any:
    """Wait for it, telling where it is; Ctrl-C ends the waiting alone. What `wait` returns, or raises."""
    further = f" --until {until}" if until and run.command == "wait" else ""
    run.going_on = f"zkcore wait {identity(handle)}{further}{run.again()}"
    how: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    line = _Line(run, handle)
    try:
        if handle.kind in {"deposit", "execution", "withdrawal"}:
            if until is not None:
                how["until"] = until
            return handle.wait(**how, on_progress=line)
        line.show("PENDING")
        return handle.wait(**how)
    finally:
        line.end()
