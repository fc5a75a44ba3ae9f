"""Each row of the trust model names the test that holds it; the rows without one say that a word is believed."""

import re

from tests.repo.money_path import ROOT

ROW = re.compile(r"^\| (?P<who>[^|]+) \| (?P<what>[^|]+) \| (?P<happens>[^|]+) \| ?(?P<test>[^|]*)\|$", re.MULTILINE)


def rows() -> list[re.Match[str]]:
    page = (ROOT / "docs/trust-model.md").read_text(encoding="utf-8")
    table = page.split("## Who lies, about what, and what happens")[1].split("\n## ")[0]
    return [row for row in ROW.finditer(table) if row["who"] not in ("who", "---")]


def test_every_row_is_held_by_a_test_or_says_that_it_is_believed() -> None:
    found = rows()
    assert {row["who"] for row in found} == {
        "L2 node", "L1 node", "either node", "both nodes", "a plan", "a handle", "a journal", "a profile", "you",
    }  # fmt: skip
    for row in found:
        named = row["test"].strip().strip("`")
        if not named:
            assert "believed" in row["happens"], row["what"]
            continue
        path, _, test = named.partition("::")
        source = (ROOT / "tests/wallet" / path).read_text(encoding="utf-8")
        assert f"def {test}(" in source, named
