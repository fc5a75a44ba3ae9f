"""The program: every command under its name."""

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import typer

from zkcore.cli import files, keep, local, orders, reads, settle
from zkcore.cli.exits import Exit, StopError
from zkcore.cli.options import arranged
from zkcore.cli.words import Voice

__all__ = ["app", "run"]

_HELP = """Move value and calls between Ethereum (L1) and ZKsync chains (L2).

New here? `zkcore demo` shows it on a local devnet; `zkcore devnet` is one that stays, for your own first deposit.
"""
_EPILOG = """Each command has --help with an example. Exit codes: 0 done, 1 failed, 2 usage, 3 not ready,
4 rejected by user or device, 5 node trouble, 6 uncertain (it may have been sent)."""

app = typer.Typer(
    name="zkcore",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
)
_groups = {
    "quote": typer.Typer(no_args_is_help=True, help="What an order costs and does; nothing is signed."),
    "prepare": typer.Typer(no_args_is_help=True, help="A plan to sign elsewhere: `zkcore sign`, `zkcore send`."),
}


def _told(asked: bool) -> None:
    if asked:
        try:
            print(f"zkcore {version('zkcore')}")  # noqa: T201  # what was asked for
        except PackageNotFoundError:
            print("zkcore, not installed as a distribution")  # noqa: T201
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", callback=_told, is_eager=True, help="The version."),
) -> None:
    pass


reads.register(app)
orders.register(app, _groups["quote"], _groups["prepare"])
settle.register(app, _groups["prepare"])
keep.register(app)
files.register(app)
local.register(app)
for _name, _group in _groups.items():
    app.add_typer(_group, name=_name)


def run(arguments: Sequence[str]) -> int:
    """Run the program with these arguments. The exit code."""
    voice = Voice(as_json="--json" in arguments)
    try:
        code = app(arranged(arguments, tuple(_groups)), prog_name="zkcore", standalone_mode=False)
    except StopError as error:
        voice.error(error)
        return error.code
    except Exception as error:
        # typer's own errors of usage: click's, or its copy of click
        told: Callable[[], str] | None = getattr(error, "format_message", None)
        if told is None:
            raise
        text, asked = told(), getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            voice.say(text)
            return Exit.USAGE
        path = asked.command_path if asked is not None else "zkcore"
        voice.error(StopError(text, Exit.USAGE, f"{path} --help"))
        return Exit.USAGE
    return code if isinstance(code, int) else Exit.DONE
