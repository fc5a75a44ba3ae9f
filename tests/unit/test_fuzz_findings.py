"""What the harnesses in fuzz/ have found, so that it stays fixed."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from zkcore import Journal
from zkcore.cli.exits import StopError
from zkcore.cli.settings import Settings
from zkcore.errors import InputError, PlanTampered
from zkcore.journal.entries import Entry
from zkcore.plans.plan import Plan, SignedPlan
from zkcore.types import Address

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", [Plan, SignedPlan])
def test_a_plan_that_is_not_utf8_is_refused_by_name(kind: type[Plan[str]]) -> None:
    with pytest.raises(InputError, match="this is not the JSON of a plan"):
        kind.from_json(b'{"kind":"\xaa"}')


def test_an_impossible_signature_in_a_step_is_a_tampered_plan() -> None:
    signed = "0x02f401808080809435353535353535353535353535353535353535358080c080" + "a0" + "ff" * 32 + "01"
    step = {"kind": "transfer", "chain": "l1", "unsigned": signed, "after": []}
    facts = {"l1_chain_id": "1", "l2_chain_id": "324"}
    plan = {"zkcore_plan": 1, "kind": "transaction", "sender": "0x" + "35" * 20, "steps": [step], "facts": facts}
    text = json.dumps({**plan, "hash": "0x" + "00" * 32}, sort_keys=True, separators=(",", ":"))
    with pytest.raises(PlanTampered):
        Plan.from_json(text)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "theft"),
        ("note", b"\xff"),
        ("asked_at", "yesterday"),
        ("l1_chain_id", "one"),
        ("state", "paid"),
        ("handle", 7),
    ],
)
def test_a_row_of_another_type_is_left_out_and_told(tmp_path: Path, column: str, value: object) -> None:
    """SQLite keeps any type in any column."""
    common: dict[str, Any] = {
        "kind": "deposit",
        "l1_chain_id": 1,
        "l2_chain_id": 324,
        "asked_at": 1.0,
        "changed_at": 1.0,
    }
    with Journal(tmp_path / "journal") as journal:
        for reference in ("good", "bad"):
            journal.ask(Entry(reference=reference, state="asked", account=Address("0x" + "35" * 20), **common))
        with sqlite3.connect(tmp_path / "journal") as database:
            database.execute(f"update orders set {column} = ? where reference = 'bad'", (value,))
        database.close()
        assert [entry.reference for entry in journal.history()] == ["good"]
        assert list(journal.unreadable) == ["bad"]
        with pytest.raises(PlanTampered, match="bad"):
            journal.find("bad")


def test_a_configuration_nested_too_deep_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("a = " + "[" * 20_000 + "]" * 20_000, encoding="utf-8")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # as it is where no library raised it, as py_ecc does
    try:
        with pytest.raises(StopError, match="the configuration"):
            Settings({"config": str(tmp_path / "config.toml")})
    finally:
        sys.setrecursionlimit(before)


def test_every_harness_is_in_the_readme() -> None:
    readme = (ROOT / "fuzz/README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in (ROOT / "fuzz").glob("fuzz_*.py")) == sorted(
        line.split("`")[1] for line in readme.splitlines() if line.startswith("| `fuzz_")
    )
