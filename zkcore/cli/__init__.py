"""The command line `zkcore`: a rim over the public face, which decides nothing that moves money. It needs the extra `cli`."""

import signal
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the program with the process's arguments, and end the process with its exit code."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is under way is told, in JSON too
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:  # before a command began, which tells by itself how it was stopped
        print("zkcore: stopped before it began", file=sys.stderr)  # noqa: T201
        sys.exit(4)


def _run(arguments: list[str]) -> int:
    try:
        import rich
        import typer

        _ = rich, typer
    except ImportError:
        sys.exit("zkcore: the command line needs its extra: pip install 'zkcore[cli]'")
    from zkcore.cli.app import run

    return run(arguments)
