"""The promise of a code base that can be read in an afternoon."""

import pytest

from tests.repo.money_path import PARTS, ROOT, main, money_path, parts, room, shipped
from zkcore.audit import code_lines

LONGEST_MODULE = 420
LONGER = {
    "zkcore/errors.py": 585,  # the one tree of errors, a class of few lines each: no second place to look
    "zkcore/wallet/submission.py": 442,  # one order of effects, read as one
}


def test_the_money_path_is_held(capsys: pytest.CaptureFixture[str]) -> None:
    """Part by part, to the design's ceilings."""
    assert not main(), f"\n{capsys.readouterr().out}"
    assert all(count > 0 for count, _ in parts().values())
    named = {room for rooms, _ in PARTS.values() for room in rooms}
    assert {room for room in money_path() if not room.startswith("signers/")} <= named


def test_what_a_line_of_code_is() -> None:
    source = '''"""Docstring
of two lines."""

import os  # code

# comment
def f(a,
      b):
    """Docstring."""
    text = """not a
docstring"""
    return os.path.join(a, b, text)


field = 1
"""A field's docstring."""
'''
    assert code_lines(source) == 7


@pytest.mark.parametrize("path", shipped(), ids=str)
def test_a_long_module_is_two_modules(path: object) -> None:
    assert len((ROOT / str(path)).read_text(encoding="utf-8").splitlines()) <= LONGER.get(str(path), LONGEST_MODULE)


def test_the_test_kit_is_not_money_path() -> None:
    assert all(not name.endswith("/testing") for name in money_path())
    assert any(room(path) == "zkcore/types" for path in shipped())
