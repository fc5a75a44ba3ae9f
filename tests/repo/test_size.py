"""The promise of a code base that can be read in an afternoon."""

import pytest

from tests.repo.money_path import BUDGET, CEILING, ROOT, main, money_path, room, shipped
from zkcore.audit import code_lines

LONGEST_MODULE = 420


def test_the_money_path_is_held(capsys: pytest.CaptureFixture[str]) -> None:
    """To the ceiling, which may only go down, towards the budget; and the ceiling is close to what there is."""
    lines = money_path()
    over = main()
    assert not over, f"\n{capsys.readouterr().out}"
    assert {"zkcore/errors", "zkcore/types", "zkcore/effects"} <= lines.keys()
    total = sum(lines.values())
    assert 0 < total <= CEILING
    assert total > BUDGET, "the budget is met: hold the code to it"
    assert CEILING - total < 200, f"the ceiling can come down to {total}"


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
    assert len((ROOT / str(path)).read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_the_test_kit_is_not_money_path() -> None:
    assert all(not name.endswith("/testing") for name in money_path())
    assert any(room(path) == "zkcore/types" for path in shipped())
