"""The command line `zkcore`: a rim over the public face, which decides nothing that moves money. It needs the extra `cli`."""

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the program with the process's arguments, and end the process with its exit code."""
    try:
        import rich
        import typer

        _ = rich, typer
    except ImportError:
        sys.exit("zkcore: the command line needs its extra: pip install 'zkcore[cli]'")
    from zkcore.cli.app import run

    sys.exit(run(sys.argv[1:]))
