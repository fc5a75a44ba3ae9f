"""Every case of the shared vectors, and the runner itself: it must be able to fail."""

import copy
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.runner import TOLD, TOLD_PREFIXES, Tally, report, run_file, run_paths, verdict
from tests.vectors.suites import SUITES

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.json"))


def cases(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_bytes())["cases"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_case_passes(path: Path) -> None:
    tally = run_paths([path], SUITES)
    assert tally.failures == []
    assert tally.passed + len(tally.ambiguous) == len(cases(path))


def test_every_suite_has_a_file_and_every_kind_a_case() -> None:
    kinds = {path.stem: {case["input"].get("kind") for case in cases(path)} for path in FILES}
    assert kinds == {suite: set(rules) for suite, rules in SUITES.items()}


def altered(value: Any) -> Any:
    """Something else of the same shape."""
    match value:
        case bool() | None:
            return not value
        case str() if value.startswith("0x"):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case str():
            return value + "1"
        case list():
            return [*value, "1"]
        case _:
            return {**value, "and": "more"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_expected_field_of_each_kind_is_checked(path: Path) -> None:
    """Altering what a case expects makes it fail: no rule passes by not looking."""
    seen: set[tuple[Any, str]] = set()
    for case in cases(path):
        kind = case["input"].get("kind")
        rule, expected = SUITES[path.stem][kind], case["expect"]
        if expected.get("error"):
            continue
        for key in expected:
            if (kind, key) in seen or key in TOLD or key.startswith(TOLD_PREFIXES):
                continue
            seen.add((kind, key))
            wrong = copy.deepcopy(expected)
            wrong[key] = altered(wrong[key])
            assert verdict(rule, case["input"], wrong)[0], f"{case['name']}: {key} is not checked"
        if (kind, "error") not in seen:
            seen.add((kind, "error"))
            assert verdict(rule, case["input"], {**expected, "error": True})[0] == "accepted what must be refused"


# ---------------------------------------------------------------- the runner
def outcome(tmp_path: Path, content: object, name: str = "rlp.json") -> Tally:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    tally = Tally()
    run_file(path, SUITES, tally)
    return tally


GOOD = {"name": "a", "input": {"kind": "encode", "item": "0x01"}, "expect": {"rlp": "0x01"}}


def test_the_stem_is_the_suite_where_the_file_names_none(tmp_path: Path) -> None:
    assert outcome(tmp_path, {"cases": [GOOD]}).passed == 1
    assert outcome(tmp_path, {"suite": "rlp", "cases": [GOOD]}, "other.json").passed == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"suite": "nope", "cases": [GOOD]}, "unknown suite 'nope'"),
        ({"cases": [{**GOOD, "input": {"kind": "nope"}}]}, "unknown kind 'nope'"),
        ({"cases": [{**GOOD, "input": {}}]}, "unknown kind None"),
        ({"cases": [{"name": "a", "input": GOOD["input"]}]}, "not a case"),
        ({"cases": [{**GOOD, "expect": {"rlp": "0x02"}}]}, "rlp differs"),
        ({"cases": [{**GOOD, "expect": {"other": "0x02"}}]}, "nothing computes 'other'"),
        ({"cases": [{**GOOD, "expect": {"peers": {}}}]}, "expects nothing"),
        ({"cases": [{**GOOD, "expect": {"error": True}}]}, "accepted what must be refused"),
        ({"cases": [{**GOOD, "input": {"kind": "encode", "item": "0x1"}}]}, "refused"),
        ({"cases": [{**GOOD, "input": {"kind": "encode"}, "expect": {"error": True}}]}, "KeyError"),
        ("{", "not a file of vectors"),
        ([], "not a file of vectors"),
    ],
)
def test_what_is_wrong_is_a_failure(tmp_path: Path, content: object, said: str) -> None:
    tally = outcome(tmp_path, content)
    assert tally.passed == 0
    assert [said in failure for failure in tally.failures] == [True]
    out = io.StringIO()
    assert report(tally, out) == 1
    assert out.getvalue().splitlines()[-1] == "0 passed, 1 failed"


def test_ambiguous_cases_are_told_and_not_counted(tmp_path: Path) -> None:
    tally = outcome(tmp_path, {"cases": [{**GOOD, "ambiguous": True}, GOOD]})
    out = io.StringIO()
    assert report(tally, out) == 0
    assert out.getvalue().splitlines() == ["1 ambiguous, not counted: rlp/a: we agree", "1 passed, 0 failed"]


def test_the_command_runs_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "rlp.json").write_text(json.dumps({"cases": [GOOD]}))
    command = [sys.executable, "-m", "tests.vectors", str(tmp_path)]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 passed, 0 failed\n", "")
    bare = subprocess.run(command[:3], cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert bare.returncode == 2
    (tmp_path / "nope.json").write_text("{}")
    failed = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
