"""What the program says: for people, in lines that fit the terminal; for programs, one JSON object."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from textwrap import wrap
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from zkcore.cli.exits import advice, facts, text_of
from zkcore.errors import printable
from zkcore.types import to_hex
from zkcore.words import nested

if TYPE_CHECKING:
    from rich.console import Console

    from zkcore.plans.preview import Preview

__all__ = ["Voice", "plain"]

_LEAST_WIDTH = 30


def plain(value: object) -> Any:
    """As JSON has it: integers as decimal strings, bytes as 0x hex, structs as objects with the names of the library."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes):
        return str(value) if type(value) is not bytes else to_hex(value)
    if isinstance(value, Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Iterable):
        return [plain(item) for item in cast("Iterable[object]", value)]
    if isinstance(value, Exception):
        return plain(facts(value))
    return str(value)


class Voice:
    """Two channels: results on stdout, everything else on stderr; with `as_json` stdout is for programs alone."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.quiet = False  # one of many: what is said and given in the end is of all

    # ------------------------------------------------------------ where to
    @cached_property
    def out(self) -> "Console":
        """For results."""
        return self._console(to_stderr=False)

    @cached_property
    def err(self) -> "Console":
        """For everything else."""
        return self._console(to_stderr=True)

    def _console(self, *, to_stderr: bool) -> "Console":
        from rich.console import Console

        return Console(stderr=to_stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, width=self.width)

    @property
    def width(self) -> int:
        """Columns to fill: the terminal's, at most 100."""
        return max(_LEAST_WIDTH, min(shutil.get_terminal_size((80, 24)).columns, 100))

    @property
    def watched(self) -> bool:
        """Whether a person looks at stderr."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    # ------------------------------------------------------------ for people
    def say(self, text: str = "", style: str = "") -> None:
        """A line on stderr."""
        self.err.print(text, style=style or None)

    def note(self, text: str) -> None:
        """A sentence on stderr, in lines that fit."""
        for line in wrap(printable(text), self.width, initial_indent="  ", subsequent_indent="  "):
            self.say(line)

    def tell(self, lines: str | Sequence[str]) -> None:
        """The result, for people, on stdout; for programs there is `give`."""
        if not (self.as_json or self.quiet):
            for line in [lines] if isinstance(lines, str) else lines:
                self.out.print(line)

    def preview(self, shown: "Preview") -> None:
        """What will be signed, on stderr, in lines that fit: a value that does not stands on lines of its own."""
        self.say(printable(shown.title), "bold")
        for line in self.rows([(field.label, field.value, field.depth) for field in shown.fields]):
            self.say(line)

    def rows(self, fields: Sequence[tuple[str, str, int]]) -> list[str]:
        """Label and value, nested, in lines that fit."""
        return nested(fields, self.width)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
        """Columns, where they fit; else each row as lines of its own."""
        rows = [[printable(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) <= self.width:
            every = [header, *rows]
            return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in every]
        lines: list[str] = []
        for row in rows:
            lines += [row[0], *self.rows([(name, cell, 0) for name, cell in zip(header[1:], row[1:], strict=True)])]
        return lines

    # ------------------------------------------------------------ for programs
    def give(self, result: object) -> None:
        """The result, for programs: one JSON object on stdout."""
        if self.as_json and not self.quiet:
            self._line(sys.stdout, plain(result))

    def progress(self, event: Mapping[str, object]) -> None:
        """How far it is, for programs: one JSON object a line, on stderr."""
        if self.as_json:
            self._line(sys.stderr, plain(event))

    def error(self, error: BaseException) -> None:
        """What went wrong and what to do about it: two lines on stderr, and for programs an object on stdout."""
        self.trouble(error)
        self.give(facts(error))

    def trouble(self, error: BaseException) -> None:
        """What went wrong and what to do about it, for people, where that ends nothing."""
        self.say(f"error: {text_of(error)}", "red")
        if hint := advice(error):
            self.say(f"  {hint}")

    def _line(self, stream: Any, value: object) -> None:
        stream.write(json.dumps(value) + "\n")
        stream.flush()
