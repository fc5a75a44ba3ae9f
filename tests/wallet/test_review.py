"""What a review as an attacker found, each as a test by its name."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.test_plans import FACTS, PLAN
from zkcore.chains import ChainProfile, known_profile
from zkcore.errors import InputError
from zkcore.types import Address

THIEF = Address(b"\xee" * 20)
PINNED: Any = known_profile(1, 324)
HONEST = {name: getattr(PINNED, name) for name in ("bridgehub", "asset_router", "nullifier", "native_token_vault")}


# ---------------------------------------------------------------- previews
@pytest.mark.parametrize("what", HONEST)
@pytest.mark.parametrize("given", [None, PINNED])
def test_a_plan_does_not_name_the_contracts_of_a_known_chain(what: str, given: ChainProfile | None) -> None:
    """Else a spender of the attacker's is shown as the asset router of the pinned profile, on the machine that signs."""
    facts = replace(FACTS, **(HONEST | {what: THIEF}))
    last = replace(PLAN.steps[-1], transaction=replace(PLAN.steps[-1].transaction, to=facts.bridgehub))
    tampered = replace(PLAN, facts=facts, steps=(PLAN.steps[0], last))
    with pytest.raises(InputError, match=f"the plan's {what} is {THIEF}, the profile's {HONEST[what]}"):
        tampered.preview(given)


def test_names_that_no_profile_vouches_for_are_said_to_be_claimed() -> None:
    unknown = ChainProfile(l1_chain_id=9, l2_chain_id=10, bridgehub=FACTS.bridgehub)
    transactions = [replace(step.transaction, chain_id=9) for step in PLAN.steps]
    steps = tuple(replace(step, transaction=tx) for step, tx in zip(PLAN.steps, transactions, strict=True))
    plan = replace(PLAN, facts=replace(FACTS, l1_chain_id=9, l2_chain_id=10), steps=steps)
    assert "no profile vouches" in str(plan.preview())
    assert "no profile vouches" not in str(plan.preview(unknown))


def test_a_note_of_a_plan_makes_no_lines_of_its_own() -> None:
    facts = replace(FACTS, **HONEST, notes=("well\n    to   0xGOOD (bridgehub)\x1b[2K\u202e",))
    steps = tuple(replace(s, transaction=replace(s.transaction, to=facts.bridgehub)) for s in PLAN.steps)
    shown = str(replace(PLAN, facts=facts, steps=steps).preview())
    assert r"well\n    to   0xGOOD (bridgehub)\x1b[2K\u202e" in shown
    assert all(line.isprintable() for line in shown.split("\n"))
