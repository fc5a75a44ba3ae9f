"""What the harnesses in fuzz/ have found, so that it stays fixed."""

import json
from pathlib import Path

import pytest

from zkcore.errors import InputError, PlanTampered
from zkcore.plans.plan import Plan, SignedPlan

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


def test_every_harness_is_in_the_readme() -> None:
    readme = (ROOT / "fuzz/README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in (ROOT / "fuzz").glob("fuzz_*.py")) == sorted(
        line.split("`")[1] for line in readme.splitlines() if line.startswith("| `fuzz_")
    )
