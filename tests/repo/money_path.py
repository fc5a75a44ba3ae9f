"""How much code touches money: `python -m tests.repo.money_path` prints it room by room.

A line of code holds a token that is neither comment nor docstring (a string that is a statement of its own).
The money path is everything that ships but the test kit and the command line.
"""

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 7_000
OUTSIDE = {"zkcore/testing", "zkcore/cli", "zkcore/audit", "zkcore/__main__", "signers/testing"}
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    docstrings = {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT and token.start not in docstrings:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def shipped() -> list[Path]:
    """Every module that goes into the wheel, relative to the root."""
    return sorted(
        path.relative_to(ROOT) for package in ("zkcore", "signers") for path in (ROOT / package).rglob("*.py")
    )


def room(path: Path) -> str:
    return "/".join(path.with_suffix("").parts[:2])


def money_path() -> Counter[str]:
    lines: Counter[str] = Counter()
    for path in shipped():
        if room(path) not in OUTSIDE:
            lines[room(path)] += code_lines((ROOT / path).read_text(encoding="utf-8"))
    return lines


def main() -> int:
    lines = money_path()
    for name, count in sorted(lines.items(), key=lambda item: -item[1]):
        print(f"{count:6,}  {name}")
    print(f"{lines.total():6,}  of at most {BUDGET:,}")
    return int(lines.total() > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
