"""Runs files of test vectors in the shared format against the public functions.

A file is {"suite", "cases": [{"name", "input", "expect"}]}; without "suite" its stem is the suite. `input.kind` is the
kind of a case where a suite has several. Integers are decimal strings, bytes 0x hex. A case that expects
`"error": true` must be refused with an error of zkcore's own. Every other field that it expects must be computed and
be equal, but for those that only tell about peers (`TOLD`): a field that nothing here computes is a failure, and so is
a suite or kind not known.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests.vectors import v33_groups
from zkcore.errors import ZkCoreError

Rule = Callable[[Any, Any], Mapping[str, Any]]
"""What a kind of case does: the outputs of an input, by the names that the cases expect. The second argument is what is
expected, for the few kinds whose input lacks what only the chain knew."""

TOLD = frozenset({"peers", "zksync_js", "solidity", "proof_data_error", "reason", "note", "ethers_getAddress"})
TOLD_PREFIXES = ("peer_", "eth_utils_")


class Mismatch(Exception):
    """Two public functions that should agree do not: parsing back gives something else, for instance."""


def same(what: str, got: object, expected: object) -> None:
    """For a rule: compare beyond what the case expects."""
    if plain(got) != plain(expected):
        raise Mismatch(f"{what}: expected {expected!r}, got {got!r}")


def number(text: Any) -> Any:
    """The int of a decimal string; anything else as it is, for the function under test to refuse."""
    return int(text) if isinstance(text, str) and re.fullmatch("-?[0-9]+", text) else text


def plain(value: object) -> object:
    """A value in the form of the files."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex() if type(value) is bytes else str(value)
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    raise TypeError(f"a rule gives {type(value).__name__}, which is not in the files' format")


@dataclass
class Tally:
    """What came of the cases."""

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)


def run_paths(paths: Iterable[Path], suites: Mapping[str, Mapping[str | None, Rule]]) -> Tally:
    """Run every file, and every .json file in every folder."""
    tally = Tally()
    for path in paths:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            tally.failures.append(f"{path}: no vector files in it")
        for file in files:
            run_file(file, suites, tally)
    return tally


def read(path: Path) -> tuple[str, list[Any]]:
    """The suite and the cases of a file: in the shared format, or in the groups that those of v33 were made in."""
    content = json.loads(path.read_bytes())
    if "cases" not in content and "_about" in content:
        return "v33", v33_groups.cases(content)
    return content.get("suite", path.stem), content["cases"]


def run_file(path: Path, suites: Mapping[str, Mapping[str | None, Rule]], tally: Tally) -> None:
    try:
        suite, cases = read(path)
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        tally.failures.append(f"{path}: not a file of vectors: {error!r}")
        return
    kinds = suites.get(suite)
    if kinds is None:
        tally.failures.append(f"{path}: unknown suite {suite!r}")
        return
    for number, case in enumerate(cases):
        try:
            name, given, expected = f"{suite}/{case['name']}", case["input"], case["expect"]
            rule = kinds.get(given.get("kind"))
        except (LookupError, AttributeError, TypeError) as error:
            tally.failures.append(f"{suite}, case {number}: not a case: {error!r}")
            continue
        if rule is None:
            tally.failures.append(f"{name}: unknown kind {given.get('kind')!r}")
        else:
            run_case(name, rule, given, expected, tally, ambiguous=bool(case.get("ambiguous")))


def run_case(name: str, rule: Rule, given: Any, expected: Any, tally: Tally, *, ambiguous: bool) -> None:
    problem, got = verdict(rule, given, expected)
    if ambiguous:
        tally.ambiguous.append(f"{name}: {'we differ: ' + problem if problem else 'we agree'}")
    elif problem:
        tally.failures.append(f"{name}: {problem}\n  input    {given}\n  expected {expected}\n  got      {got}")
    else:
        tally.passed += 1


def verdict(rule: Rule, given: Any, expected: Any) -> tuple[str, object]:
    """What is wrong with the case, empty if nothing, and what came out."""
    try:
        got: object = plain(rule(given, expected))
    except ZkCoreError as error:
        return ("" if expected.get("error") else f"refused: {error}"), repr(error)
    except Exception as error:  # noqa: BLE001 - whatever else is raised is a bug, which the report must show
        return f"{type(error).__name__}: {error}", repr(error)
    if expected.get("error"):
        return "accepted what must be refused", got
    if not isinstance(got, dict):
        return "the rule gives no object", got
    checked = {key: value for key, value in expected.items() if key not in TOLD and not key.startswith(TOLD_PREFIXES)}
    if not checked:
        return "the case expects nothing", got
    for key, value in checked.items():
        if key not in got:
            return f"nothing computes {key!r}", got
        if got[key] != value:
            return f"{key} differs", {**got, "differs": key}
    return "", got


def report(tally: Tally, out: TextIO) -> int:
    """Print what failed and the counts; the exit status."""
    for failure in tally.failures:
        print(f"FAILED {failure}", file=out)
    if tally.ambiguous:
        print(f"{len(tally.ambiguous)} ambiguous, not counted: {'; '.join(tally.ambiguous)}", file=out)
    print(f"{tally.passed} passed, {len(tally.failures)} failed", file=out)
    return 1 if tally.failures else 0


def main(arguments: list[str]) -> int:
    from tests.vectors.suites import SUITES

    if not arguments:
        print("usage: python -m tests.vectors PATH... (files or folders of vectors)", file=sys.stderr)
        return 2
    return report(run_paths(map(Path, arguments), SUITES), sys.stdout)
