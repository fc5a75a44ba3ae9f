"""The reference has every public name once, each with a docstring; the signatures are those that were agreed on."""

import re

import pytest

import zkcore
import zkcore.errors
from tools import reference, tables


def test_every_public_name_is_there_once() -> None:
    paths = [one.path for page in reference.names().values() for one in page]
    assert len(paths) == len(set(paths))
    things = {id(one.thing) for page in reference.names().values() for one in page}
    import signers

    for package in (zkcore, signers, zkcore.errors):
        assert not [name for name in package.__all__ if id(getattr(package, name)) not in things], (
            "tools/reference.py: PAGES"
        )


def test_every_public_name_has_a_docstring() -> None:
    assert not reference.undocumented()


@pytest.mark.parametrize("key", reference.PAGES)
def test_a_page_has_no_dunder_and_nothing_twice(key: str) -> None:
    text = reference.page(key)
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    assert len(headings) == len(set(headings)) > 0
    assert not [heading for heading in headings if "._" in heading or "__" in heading]
    anchors = re.findall(r"\{ #([^ ]+) \}", text)
    assert len(anchors) == len(set(anchors)) == len(headings)
    assert "/work/" not in text
    assert not re.search(r" at 0x[0-9a-f]{6,}[>)]", text)


def test_fields_and_inherited_methods_are_told() -> None:
    text = reference.page("handles")
    for name in (
        "Deposit.wait_l1",
        "Deposit.l2_tx_hash",
        "Withdrawal.finalize",
        "Deposit.to_json",
        "AsyncWithdrawal.wait",
    ):
        assert f"### `{name}`" in text
    assert "| `l1_receipt` | `Receipt \\| None` | `None` |" in text
    assert "async def wait(" in text


def test_the_signatures_are_those_agreed_on() -> None:
    now = list(reference.lines())
    agreed = reference.SNAPSHOT.read_text(encoding="utf-8").splitlines()
    new, gone = [line for line in now if line not in agreed], [line for line in agreed if line not in now]
    told = "if that is meant: python -m tools.reference --write"
    assert not new + gone, f"the public face has changed; {told}\n" + "\n".join(
        [*(f"+ {n}" for n in new), *(f"- {g}" for g in gone)]
    )


def test_the_tables_of_the_pages_are_up_to_date() -> None:
    pages = (tables.ROOT / "docs").rglob("*.md")
    old = [page.name for page in pages if tables.filled(text := page.read_text(encoding="utf-8")) != text]
    assert not old, "python -m tools.tables --write"


def test_every_error_has_a_remedy() -> None:
    assert tables.REMEDIES.keys() == {*zkcore.errors.__all__} - {"ZkCoreError"}, "tools/tables.py: REMEDIES"
