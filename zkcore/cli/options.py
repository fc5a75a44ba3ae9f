"""The options that commands share, as a table, and how a function becomes a command that has them."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import typer

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.run import Run

__all__ = ["FLAGS", "OPTIONS", "arranged", "command"]

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_PATH: Final = "m/44'/60'/0'/0/0"
_Text: Final = str | None
_Many: Final = list[str] | None


class _Row(NamedTuple):
    name: str
    kind: Any
    text: str
    metavar: str | None = None
    env: bool = True


_YES: Final = _Row("yes", bool, "Do not ask before signing.", env=False)
_MAX_FEE: Final = _Row("max_fee", _Text, "The most that a transaction may cost in fees, in ether.", "AMOUNT")
_REFERENCE: Final = _Row(
    "reference", _Text, "Your own name of the order: asked for again, it is paid once.", "NAME", env=False
)
_TIMEOUT: Final = _Row("timeout", _Text, "Stop waiting after so many seconds.", "SECONDS")
_TABLE: Final[dict[str, tuple[str, tuple[_Row, ...]]]] = {
    "where": (
        "Where",
        (
            _Row("chain", _Text, "A pinned chain, a network of the configuration, an id, or a profile.toml.", "NAME"),
            _Row("l1", _Many, "A node of L1. Several: failover.", "URL"),
            _Row("l2", _Many, "A node of L2. Several: failover.", "URL"),
            _Row("bridgehub", _Text, "Whom to pay on L1, for a chain that is not pinned.", "ADDRESS"),
            _Row("trust_l2", bool, "Let the L2 node name the bridgehub."),
            _Row(
                "l1_header",
                _Many,
                "A header for L1 nodes: 'Name: value', 'Name: env:VAR', 'Name: file:PATH'.",
                "HEADER",
            ),
            _Row("l2_header", _Many, "The same for L2 nodes.", "HEADER"),
        ),
    ),
    "who": (
        "Who",
        (
            _Row("account", _Text, "Whose account: watched, or the one that must sign.", "ADDRESS"),
            _Row("ledger", _Text, "A Ledger signs (the path may be left out).", "[PATH]"),
            _Row("trezor", _Text, "A Trezor signs (the path may be left out).", "[PATH]"),
            _Row("keystore", _Text, "An encrypted key file signs; its password is asked for.", "FILE"),
            _Row("password_file", _Text, "The keystore's password is the first line of this file.", "FILE"),
            _Row("password_fd", _Text, "The keystore's password is read from this descriptor.", "N", env=False),
            _Row("key_file", _Text, "A key in a file of mode 600 signs.", "FILE"),
            _Row("signer", _Text, "Any other signer, by its URI (awskms:..., web3signer:...).", "URI"),
            _Row("blind", bool, "Consent to what a device shows only as a hash."),
        ),
    ),
    "bridge": (
        "Where",
        (
            _Row(
                "bridge", _Many, "A bridge beside the vault, such as USDC's: its side on L1, and on L2.", "L1:L2[:KIND]"
            ),
        ),
    ),
    "keepers": (
        "Who",
        (
            _Row(
                "account",
                _Many,
                "Whose orders. Several; else of those that sign, or have something in flight.",
                "ADDRESS",
            ),
            _Row("ledger", _Text, "A Ledger signs (the path may be left out).", "[PATH]"),
            _Row("trezor", _Text, "A Trezor signs (the path may be left out).", "[PATH]"),
            _Row("keystore", _Many, "An encrypted key file signs; its password is asked for. Several.", "FILE"),
            _Row("password_file", _Many, "The password of the keystore in the same place. Several.", "FILE"),
            _Row("password_fd", _Many, "The same, from a descriptor. Several.", "N", env=False),
            _Row("key_file", _Many, "A key in a file of mode 600 signs. Several.", "FILE"),
            _Row("signer", _Many, "Any other signer, by its URI (awskms:..., web3signer:...). Several.", "URI"),
            _Row("blind", bool, "Consent to what a device shows only as a hash."),
        ),
    ),
    "journal": (
        "Who",
        (
            _Row(
                "journal", _Text, "Where what is in flight is kept: a file, a PostgreSQL DSN; `none`: nowhere.", "FILE"
            ),
        ),
    ),
    "send": (
        "Sending",
        (
            _YES,
            _Row("dry_run", bool, "Show what would be signed, and end.", env=False),
            _Row("no_wait", bool, "End as soon as it is sent.", env=False),
            _TIMEOUT,
            _REFERENCE,
            _MAX_FEE,
        ),
    ),
    "yes": ("Sending", (_YES,)),
    "max_fee": ("Sending", (_MAX_FEE,)),
    "reference": ("Sending", (_REFERENCE,)),
    "timeout": ("Sending", (_TIMEOUT,)),
    "out": (
        "Output",
        (
            _Row("json", bool, "One JSON object on stdout; all else goes to stderr.", env=False),
            _Row("config", _Text, "The configuration file.", "FILE"),
            _Row("debug", bool, "Show the traceback of an error.", env=False),
        ),
    ),
}


def _option(panel: str, row: _Row) -> Any:
    text = f"{row.text} (env ZKCORE_{row.name.upper()})" if row.env else row.text
    flag = f"--{row.name.replace('_', '-')}"
    more: dict[str, Any] = {"autocompletion": _chains} if row.name == "chain" else {}
    return Annotated[
        row.kind,
        typer.Option(flag, help=text, metavar=row.metavar, rich_help_panel=panel, show_default=False, **more),
    ]


def _chains(incomplete: str) -> list[str]:
    """The names that the shell completes."""
    from zkcore import known_chains
    from zkcore.cli.settings import Settings

    names = [*Settings({}).networks, *(profile.name for profile in known_chains())]
    return [name for name in names if name.startswith(incomplete)]


OPTIONS: Final[dict[str, dict[str, Any]]] = {
    group: {row.name: _option(panel, row) for row in rows} for group, (panel, rows) in _TABLE.items()
}
FLAGS: Final = frozenset(row.name for _, rows in _TABLE.values() for row in rows if row.kind is bool)


def command(
    app: typer.Typer, name: str, *, example: str, options: Sequence[str] = (), hidden: bool = False
) -> Callable[[F], F]:
    """Make a command of a function that takes a `Run` first, then arguments and options of its own."""

    def register(function: F) -> F:
        shape = inspect.signature(function)
        own = list(shape.parameters.values())[1:]
        shared = {name: kind for group in (*options, "out") for name, kind in OPTIONS[group].items()}
        keyword = inspect.Parameter.KEYWORD_ONLY
        more = [
            inspect.Parameter(n, keyword, annotation=kind, default=False if n in FLAGS else None)
            for n, kind in shared.items()
        ]

        def call(**given: Any) -> None:
            run = Run({n: given.pop(n) for n in shared}, command=name)
            raise typer.Exit(run.guarded(function, given))

        parameters = [parameter.replace(kind=keyword) for parameter in own] + more
        vars(call)["__signature__"] = inspect.Signature(parameters)
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        text = inspect.getdoc(function) or ""
        app.command(name, help=text, epilog=f"Example: {example}", hidden=hidden)(call)
        return function

    return register


# ---------------------------------------------------------------- what click cannot do
_PATH: Final = re.compile(r"(m/)?\d+['hH]?(/\d+['hH]?)+")
_PASSWORD: Final = re.compile(r"^[a-z]+://[^/@]*:[^@]*@|[?&]password=")
_KEY: Final = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def arranged(arguments: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The arguments as click takes them: the path of a device filled in, shared options moved behind the command's name.

    Raises StopError for a key on the command line: every program of the machine, and the shell's history, can read it.
    """
    found = list(arguments)
    for place, word in enumerate(found):
        if word == "--":
            break
        name, _, value = word.partition("=")
        if name in {"--key", "--private-key", "--privatekey", "--secret"}:
            raise _key_shown(name)
        if name in {"--key-file", "--keystore", "--signer", "--password-file"}:
            text = value or (found[place + 1] if place + 1 < len(found) else "")
            if _KEY.fullmatch(text.removeprefix("key:")):
                raise _key_shown(name)
        if name == "--journal" and _PASSWORD.search(value or (found[place + 1] if place + 1 < len(found) else "")):
            raise StopError(
                "--journal: no password is taken from the command line, where every program can read it",
                Exit.USAGE,
                "give it by ZKCORE_JOURNAL, the configuration, PGPASSWORD or ~/.pgpass",
            )
        if word in {"--ledger", "--trezor"} and not (place + 1 < len(found) and _PATH.fullmatch(found[place + 1])):
            found[place] = f"{word}={_DEFAULT_PATH}"
    shared = {f"--{name.replace('_', '-')}": name in FLAGS for kinds in OPTIONS.values() for name in kinds}
    moved: list[str] = []
    while found and (name := found[0].partition("=")[0]) in shared:
        taken = 1 if shared[name] or "=" in found[0] or len(found) < 2 else 2
        moved += found[:taken]
        found = found[taken:]
    at = 2 if found[:1] and found[0] in groups and len(found) > 1 and not found[1].startswith("-") else 1
    return [*found[:at], *moved, *found[at:]]


def _key_shown(name: str) -> StopError:
    return StopError(
        f"{name}: no key is taken from the command line, where every program and the shell's history can read it",
        Exit.USAGE,
        "put it into a file of mode 600 (--key-file FILE), or better an encrypted one (--keystore FILE)",
    )
