"""The command line `zkcore`: a rim over the public face, which decides nothing that moves money. It needs the extra `cli`."""

import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the program with the process's arguments, and end the process with its exit code."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is under way is told, in JSON too
        run = _program()
    except KeyboardInterrupt:
        _stopped("before it began", 4)
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # once more, while a command told how it was stopped
        _stopped("while it ended: `zkcore pending` has what may be in flight", 6)
    sys.exit(code)


def _stopped(when: str, code: int) -> NoReturn:
    print(f"zkcore: stopped {when}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


def _program() -> Callable[[Sequence[str]], int]:
    try:
        import rich
        import typer

        _ = rich, typer
    except ImportError:
        sys.exit("zkcore: the command line needs its extra: pip install 'zkcore[cli]'")
    from zkcore.cli.app import run

    return run
