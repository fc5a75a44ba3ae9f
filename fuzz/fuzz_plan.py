"""Plans and signed plans as JSON: loaded only if all of it fits, and then they say the same again."""

import json

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, json_tokens, require

    from zkcore.errors import InputError, SignerError
    from zkcore.ethereum.signature import Signature
    from zkcore.plans import plan as room
    from zkcore.plans.facts import PlanFacts, PlanStep
    from zkcore.plans.plan import Plan, SignedPlan
    from zkcore.protocol.contracts import BRIDGEHUB, ERC20, ZERO_ADDRESS
    from zkcore.transactions import Eip712Transaction, Eip1559Transaction
    from zkcore.types import ETH, Address


def check(data: bytes) -> None:
    for kind in (Plan, SignedPlan):
        try:
            loaded = kind.from_json(data)
        except (InputError, SignerError):
            continue
        require(kind.from_json(loaded.to_json()) == loaded, loaded)
    try:  # past the hash, which no mutation keeps
        content = json.loads(data)
        known = content.keys() >= room._PLAN_KEYS  # noqa: SLF001
    except (ValueError, AttributeError, RecursionError):
        return
    if not known:
        return
    try:
        plan = room._plan(content)  # noqa: SLF001
    except InputError:
        return
    require(Plan.from_json(plan.to_json()) == plan, plan)


SENDER, HUB, TOKEN = (Address(bytes([number]) * 20) for number in (1, 2, 3))
FACTS = PlanFacts(
    l1_chain_id=1,
    l2_chain_id=324,
    bridgehub=HUB,
    diamond=HUB,
    asset_router=TOKEN,
    base_token=ETH,
    stack="era",
    protocol_version=29,
    origins={"bridgehub": "profile"},
    notes=("a note",),
)
FEES = {"max_priority_fee_per_gas": 1, "max_fee_per_gas": 10**9, "gas_limit": 10**6}
APPROVE = Eip1559Transaction(chain_id=1, nonce=4, to=TOKEN, data=ERC20.approve.encode(TOKEN, 5), **FEES)
REQUEST = BRIDGEHUB.request_l2_transaction_direct.encode((324, 9, TOKEN, 1, b"", 10**6, 800, [], SENDER))
DEPOSIT = Eip1559Transaction(chain_id=1, nonce=5, to=HUB, data=REQUEST, value=9, **FEES)
L2 = Eip712Transaction(chain_id=324, nonce=0, to=ZERO_ADDRESS, from_address=SENDER, **FEES)
STEPS = [
    PlanStep(kind="approve", chain="l1", transaction=APPROVE),
    PlanStep(kind="deposit", chain="l1", transaction=DEPOSIT, after=(0,)),
    PlanStep(kind="transfer", chain="l2", transaction=L2),
]
PLANS = [
    Plan(kind="transaction", sender=SENDER, steps=(STEPS[0], STEPS[2]), facts=FACTS),
    Plan(kind="deposit", sender=SENDER, steps=tuple(STEPS[:2]), facts=FACTS),
    Plan(kind="transaction", sender=SENDER, steps=tuple(STEPS[2:]), facts=FACTS),
]
SEEDS = [plan.to_json().encode() for plan in PLANS]
SIGNED = {**json.loads(SEEDS[0]), "signatures": ["0x" + Signature(5, 6, 0).to_bytes().hex()]}
SEEDS.append(json.dumps(SIGNED, sort_keys=True, separators=(",", ":")).encode())

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))
