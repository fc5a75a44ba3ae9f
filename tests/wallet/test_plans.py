"""Plans as data: canonical JSON that loads to the same plan or not at all."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.property.strategies import addresses, hashes, uints
from tests.wallet.tools import told
from zkcore import AsyncClaim, AsyncDeposit, Deposit, Execution, Withdrawal
from zkcore.errors import BadSignature, ChainIdMismatch, InputError, PlanTampered, SignerError, WrongDevice
from zkcore.ethereum.hashing import keccak256
from zkcore.plans.facts import UNPINNED, PlanFacts, PlanStep
from zkcore.plans.plan import Plan, SignedPlan, sign_plan
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
)
from zkcore.protocol.contracts import NULLIFIER as NULLIFIER_CALLS
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, Eip1559Transaction
from zkcore.types import ETH, Address, Hash32

SIGNER = PrivateKeySigner(b"\x11" * 32)
HUB, ROUTER, TOKEN, NULLIFIER = (Address(bytes([number]) * 20) for number in (0xA2, 0xA3, 0xA4, 0xA5))
FACTS = PlanFacts(
    l1_chain_id=1,
    l2_chain_id=324,
    bridgehub=HUB,
    diamond=HUB,
    asset_router=ROUTER,
    nullifier=NULLIFIER,
    base_token=ETH,
    stack="era",
    protocol_version=30,
    origins={"bridgehub": "the profile"},
    l1_block=100,
    holds_up_to_gas_price=10**10,
    expires_after_l1_block=200,
    notes=('words, with "quotes" and ü',),
)
FEES = {"max_priority_fee_per_gas": 1, "max_fee_per_gas": 10**9, "gas_limit": 10**6}
APPROVE = PlanStep(
    kind="approve",
    chain="l1",
    transaction=Eip1559Transaction(chain_id=1, nonce=4, to=TOKEN, data=ERC20.approve.encode(ROUTER, 5), **FEES),
)


def request(*, chain_id: int = 324, bridge: Address = ROUTER, data: bytes = b"") -> bytes:
    return BRIDGEHUB.request_l2_transaction_two_bridges.encode(
        (chain_id, 9, 0, 10**6, 800, SIGNER.address, bridge, 0, data)
    )


DEPOSIT = PlanStep(
    kind="deposit",
    chain="l1",
    transaction=Eip1559Transaction(chain_id=1, nonce=5, to=HUB, data=request(), value=9, **FEES),
    after=(0,),
)
PLAN: Plan[Any] = Plan(kind="deposit", sender=SIGNER.address, steps=(APPROVE, DEPOSIT), facts=FACTS)
SIGNED = sign_plan(PLAN, SIGNER)


def edited(change: Any, *, rehash: bool = True) -> str:
    """The plan's JSON with something changed in it, under a hash that fits again."""
    content = json.loads(PLAN.to_json())
    change(content)
    if rehash:
        content.pop("hash", None)
        content["hash"] = str(keccak256(msgspec.json.encode(content, order="sorted")))
    return msgspec.json.encode(content, order="sorted").decode()


# ---------------------------------------------------------------- canonical
def test_the_json_of_a_plan_is_canonical() -> None:
    text = PLAN.to_json()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert not re.search(r"[^\"\w]\d{10,}", text)  # no number that another language would round: they are strings
    assert json.loads(text)["hash"] == str(PLAN.hash)
    body = {key: value for key, value in json.loads(text).items() if key != "hash"}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert keccak256(canonical.encode()) == PLAN.hash  # anyone can compute it
    assert Plan.from_json(text) == PLAN
    assert Plan.from_json(text.encode() + b"\n") == PLAN  # as editors and `echo` leave it
    assert SignedPlan.from_json(SIGNED.to_json()) == SIGNED


def test_a_plan_of_another_handle_is_refused_by_name() -> None:
    assert Plan.from_json(PLAN.to_json(), Deposit) == PLAN
    assert SignedPlan.from_json(SIGNED.to_json(), AsyncDeposit) == SIGNED
    for handle in (Execution, Withdrawal, AsyncClaim):
        with pytest.raises(InputError, match=f"a plan of kind deposit, expected one that gives a {handle.__name__}"):
            Plan.from_json(PLAN.to_json(), handle)
        with pytest.raises(
            InputError, match=f"a signed plan of kind deposit, expected one that gives a {handle.__name__}"
        ):
            SignedPlan.from_json(SIGNED.to_json(), handle)
    assert (SIGNED.hash, SIGNED.kind) == (PLAN.hash, PLAN.kind)


@pytest.mark.parametrize("text", [PLAN.to_json(), SIGNED.to_json()], ids=["plan", "signed"])
def test_a_plan_with_any_byte_changed_is_refused(text: str) -> None:
    kind: Any = SignedPlan if "signatures" in text else Plan
    raw = text.encode()
    for place in range(len(raw)):
        for flip in (0x01, 0x20, 0x80):  # another digit, the other case, no ASCII
            with pytest.raises((InputError, SignerError)):
                kind.from_json(raw[:place] + bytes([raw[place] ^ flip]) + raw[place + 1 :])
        with pytest.raises((InputError, SignerError)):
            kind.from_json(raw[:place] + raw[place + 1 :])


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: json.dumps(json.loads(text)),
        lambda text: json.dumps(json.loads(text), sort_keys=True, indent=1),
        lambda text: text.replace('"l1_block":"100"', '"l1_block":"0100"'),
        lambda text: text.replace('"l1_block":"100"', '"l1_block":100'),
        lambda text: text.replace('"l1_block":"100"', '"l1_block":" 100"'),
        lambda text: text.replace('"l1_block":"100"', '"l1_block":"1_00"'),
        lambda text: text.replace('"kind":"deposit",', '"kind":"deposit","kind":"deposit",', 1),
        lambda text: text.replace(str(HUB), str(HUB).lower()),
        lambda text: text.replace("0x02f9", "0x02F9").replace("0x02f8", "0x02F8").replace("abcd", "ABCD"),
        lambda text: text.replace('"after":[0]', '"after":["0"]'),
        lambda text: text.replace('"zkcore_plan":1', '"zkcore_plan":1.0'),
    ],
    ids=range(11),
)
def test_there_is_one_spelling_of_a_plan(spelling: Any) -> None:
    text = spelling(PLAN.to_json())
    if text == PLAN.to_json():
        pytest.skip("spelled the same")
    with pytest.raises(InputError):
        Plan.from_json(text)


# ---------------------------------------------------------------- what a plan may be
def step(place: int, **changes: Any) -> Any:
    def change(content: Any) -> None:
        content["steps"][place] |= changes

    return change


def fact(**changes: Any) -> Any:
    return lambda content: content["facts"].update(changes)


def raw(**changes: Any) -> str:
    return "0x" + replace(DEPOSIT.transaction, **changes).unsigned_bytes().hex()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content.update(steps=[]), "at least one step"),
        (lambda content: content.update(kind="gift"), "Invalid enum value 'gift'"),
        (lambda content: content.update(sender="0x1234"), "malformed"),
        (lambda content: content.update(zkcore_plan=2), "version 2"),
        (lambda content: content.update(more=1), "expected the keys"),
        (lambda content: content.pop("facts"), "expected the keys"),
        (lambda content: content["steps"].reverse(), "step 0 waits for"),
        (step(1, after=[1]), "not all before it"),
        (step(1, after=[-1]), "after"),
        (step(1, after=[7]), "not all before it"),
        (step(1, kind="steal"), "Invalid enum value 'steal'"),
        (step(1, chain="l3"), "Invalid enum value 'l3'"),
        (step(1, chain="l2"), "on chain 1, expected chain 324"),
        (step(1, unsigned=raw(to=TOKEN)), r"step 1 \(deposit\) calls " + str(TOKEN)),
        (step(1, unsigned=raw(to=None)), r"step 1 \(deposit\) calls None"),
        (step(1, unsigned=raw(chain_id=5)), "on chain 5, expected chain 1"),
        (step(1, unsigned=raw(nonce=6)), "nonce 6, expected 5"),
        (step(1, unsigned="0x" + DEPOSIT.transaction.signed_bytes(SIGNED.signatures[1]).hex()), "is signed"),
        (step(1, unsigned="0x02c0"), "malformed"),
        (step(0, kind="deposit"), r"step 0 \(deposit\) calls"),
        (step(1, kind="approve"), "named an approval, and calls the function 0x24fd57fb"),
        (fact(bridgehub=str(TOKEN)), r"step 1 \(deposit\) calls " + str(HUB)),
        (fact(l1_chain_id="5"), "expected chain 5"),
        (fact(l1_chain_id="-1"), "expected chain -1"),
        (fact(more="x"), "malformed"),
        (lambda content: content["facts"].pop("bridgehub"), "malformed"),
        (lambda content: content.update(facts=[]), "malformed"),
        (lambda content: content.update(steps=5), "malformed"),
    ],
    ids=range(28),
)
def test_an_edited_plan_with_a_hash_that_fits_is_refused_where_its_parts_contradict(change: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as refused:
        Plan.from_json(edited(change))
    assert isinstance(refused.value, PlanTampered | ChainIdMismatch) or "version" in told


def test_the_hash_is_checked() -> None:
    with pytest.raises(PlanTampered, match=f"its content gives {PLAN.hash}"):
        Plan.from_json(edited(lambda content: content.update(hash="0x" + "11" * 32), rehash=False))


def approving(spender: Address, data: bytes, route: str = "") -> Plan[Any]:
    facts = replace(FACTS, route=route)
    approve = replace(APPROVE, transaction=replace(APPROVE.transaction, data=ERC20.approve.encode(spender, 5)))
    deposit = replace(DEPOSIT, transaction=replace(DEPOSIT.transaction, data=data))
    return replace(PLAN, steps=(approve, deposit), facts=facts)


def test_a_plan_approves_the_bridge_or_who_its_request_names() -> None:
    assert approving(ROUTER, request())
    custom = approving(NULLIFIER, request(bridge=NULLIFIER), "custom-bridge")
    unpinned = replace(custom, facts=replace(custom.facts, origins={"bridgehub": UNPINNED}))
    assert told(unpinned.preview()).startswith(f"Plan: deposit THROUGH THE CUSTOM BRIDGE {NULLIFIER} in 2")
    with pytest.raises(PlanTampered, match=f"step 0 approves {NULLIFIER}, expected {ROUTER}"):
        approving(NULLIFIER, request(bridge=NULLIFIER))
    with pytest.raises(PlanTampered, match=f"the second bridge {NULLIFIER}, expected {ROUTER}"):
        approving(ROUTER, request(bridge=NULLIFIER))
    for data in (request(), request(bridge=TOKEN), request(data=bytes(12) + NULLIFIER)):
        for route in ("", "custom-bridge"):
            with pytest.raises(PlanTampered, match=f"step 0 approves {NULLIFIER}, expected {ROUTER}"):
                approving(NULLIFIER, data, route)
    approve = PlanStep(
        kind="approve", chain="l1", transaction=replace(APPROVE.transaction, data=ERC20.approve.encode(NULLIFIER, 5))
    )
    assert replace(PLAN, kind="transaction", steps=(approve,))  # `approve` itself is for whomever


def test_a_request_is_for_the_plans_chain() -> None:
    """The same bridgehub serves many chains: the wrong number in the calldata is another chain's money."""
    with pytest.raises(ChainIdMismatch, match="the request of step 1 is on chain 271, expected chain 324"):
        approving(ROUTER, request(chain_id=271))
    with pytest.raises(PlanTampered, match="another function of the bridgehub: 0xabcdef01"):
        approving(ROUTER, b"\xab\xcd\xef\x01")


def test_a_0x71_step_is_the_senders() -> None:
    tx = Eip712Transaction(chain_id=324, nonce=0, to=TOKEN, from_address=TOKEN, **FEES)
    with pytest.raises(PlanTampered, match=f"is from {TOKEN}"):
        Plan(
            kind="transaction",
            sender=SIGNER.address,
            steps=(PlanStep(kind="transfer", chain="l2", transaction=tx),),
            facts=FACTS,
        )


@pytest.mark.parametrize(
    "text",
    [b"", b'{"a":' + b"[" * 9_000, b"null", b"[]", b"{", b"{}", b"\xff\xfe", b'{"zkcore_plan":1}', "\ud800"],
    ids=range(9),
)
def test_what_is_no_plan(text: Any) -> None:
    for kind in (Plan, SignedPlan):
        with pytest.raises(InputError):
            kind.from_json(text)


# ---------------------------------------------------------------- signatures
def test_signing_is_of_the_plan_that_was_approved() -> None:
    assert sign_plan(PLAN, SIGNER, expected_hash=PLAN.hash) == SIGNED
    assert sign_plan(PLAN, SIGNER, expected_hash=str(PLAN.hash)) == SIGNED
    with pytest.raises(PlanTampered, match="the one approved was"):
        sign_plan(PLAN, SIGNER, expected_hash=Hash32(bytes(32)))
    with pytest.raises(InputError, match=f"the plan is for {SIGNER.address}"):
        sign_plan(PLAN, PrivateKeySigner(b"\x12" * 32))


def test_signatures_are_the_senders_and_of_these_bytes() -> None:
    other = PrivateKeySigner(b"\x12" * 32)
    strange = tuple(other.sign_transaction(one.transaction) for one in PLAN.steps)
    with pytest.raises((WrongDevice, BadSignature)):
        SignedPlan(plan=PLAN, signatures=strange)
    with pytest.raises((WrongDevice, BadSignature)):
        SignedPlan(plan=PLAN, signatures=SIGNED.signatures[::-1])
    for signatures in (SIGNED.signatures[:1], (*SIGNED.signatures, SIGNED.signatures[0]), ()):
        with pytest.raises(PlanTampered, match=r"2 steps, \d signatures"):
            SignedPlan(plan=PLAN, signatures=signatures)


def test_a_signed_plan_of_another_plan_is_refused() -> None:
    content = json.loads(SIGNED.to_json())
    other = json.loads(edited(step(1, unsigned=raw(value=10))))
    forged = msgspec.json.encode({**other, "signatures": content["signatures"]}, order="sorted")
    with pytest.raises((WrongDevice, BadSignature)):
        SignedPlan.from_json(forged)


# ---------------------------------------------------------------- any plan
_prices = st.tuples(uints(200), uints(200)).map(sorted)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def plans(draw: st.DrawFn) -> Plan[Any]:
    facts = PlanFacts(
        l1_chain_id=draw(uints(63, least=1)),
        l2_chain_id=draw(uints(63, least=1)),
        bridgehub=draw(addresses),
        diamond=draw(addresses),
        asset_router=draw(addresses),
        nullifier=draw(st.none() | addresses),
        native_token_vault=draw(st.none() | addresses),
        base_token=draw(addresses),
        stack=draw(st.sampled_from(["era", "zksync-os"])),
        protocol_version=draw(st.integers(26, 31)),
        origins=draw(st.dictionaries(_texts, _texts, max_size=2)),
        l1_block=draw(st.none() | uints(64)),
        holds_up_to_gas_price=draw(st.none() | uints(256)),
        expires_after_l1_block=draw(st.none() | uints(64)),
        l2_tx_hash=draw(st.none() | hashes),
        l2_index=draw(uints(16)),
        replaces=tuple(draw(st.lists(hashes, max_size=2))),
        route=draw(_texts),
        notes=tuple(draw(st.lists(_texts, max_size=2))),
    )
    nonces = {"l1": draw(uints(32)), "l2": draw(uints(32))}
    steps: list[PlanStep] = []
    for place in range(draw(st.integers(1, 3))):
        chain: Any = draw(st.sampled_from(["l1", "l2"]))
        tip, most = draw(_prices)
        common: Any = {
            "chain_id": facts.l1_chain_id if chain == "l1" else facts.l2_chain_id,
            "nonce": nonces[chain],
            "gas_limit": draw(uints(64)),
            "max_priority_fee_per_gas": tip,
            "max_fee_per_gas": most,
            "value": draw(uints(256)),
            "to": draw(addresses),
            "data": draw(st.binary(max_size=80)),
        }
        nonces[chain] += 1
        if chain == "l2" and draw(st.booleans()):
            pay = draw(st.none() | st.builds(Paymaster, addresses, st.binary(max_size=40)))
            tx: Any = Eip712Transaction(from_address=SIGNER.address, paymaster=pay, **common)
        else:
            tx = Eip1559Transaction(**common)
        after = tuple(sorted(draw(st.sets(st.integers(0, place - 1))))) if place else ()
        steps.append(PlanStep(kind="transfer", chain=chain, transaction=tx, after=after))
    return Plan(kind="transaction", sender=SIGNER.address, steps=tuple(steps), facts=facts)


@given(plans())
@settings(max_examples=60)
def test_any_plan_survives_its_json_and_its_signing(plan: Plan[Any]) -> None:
    again = Plan.from_json(plan.to_json())
    assert (again, again.hash, again.to_json()) == (plan, plan.hash, plan.to_json())
    assert str(again.preview()) == str(plan.preview())
    signed = sign_plan(plan, SIGNER)
    loaded = SignedPlan.from_json(signed.to_json())
    assert (loaded, loaded.tx_hashes, loaded.raw_transactions) == (signed, signed.tx_hashes, signed.raw_transactions)
    for one, text in zip(plan.steps, signed.raw_transactions, strict=True):
        assert one.transaction.signing_hash() in {f.raw for f in plan.preview().fields} or text[:1] == b"\x71"


@given(plans(), plans())
@settings(max_examples=30)
def test_different_plans_have_different_hashes(one: Plan[Any], other: Plan[Any]) -> None:
    assert (one == other) == (one.hash == other.hash)


@given(plans(), st.integers(0, 2**40))
@settings(max_examples=30)
def test_another_nonce_changes_nothing_else(plan: Plan[Any], nonce: int) -> None:
    chain = plan.steps[0].chain
    moved = plan.at_nonce(chain, nonce)
    assert next(s.transaction.nonce for s in moved.steps if s.chain == chain) == nonce
    assert moved.at_nonce(chain, plan.steps[0].transaction.nonce) == plan


# ---------------------------------------------------------------- the table
THIEF = Address(b"\xee" * 20)
DIRECT = BRIDGEHUB.request_l2_transaction_direct
SELECTORS = {
    "approve": ERC20.approve.encode(THIEF, (1 << 256) - 1),
    "transfer": ERC20.transfer.encode(THIEF, 5),
    "increaseAllowance": bytes.fromhex("39509351") + bytes(12) + THIEF + bytes([255]) * 32,
    "setApprovalForAll": bytes.fromhex("a22cb465") + bytes(12) + THIEF + bytes(31) + b"\1",
    "transferFrom": bytes.fromhex("23b872dd") + bytes(12) + SIGNER.address + bytes(12) + THIEF + bytes(32),
    "request": request(),
    "two bridges of a thief": request(bridge=THIEF),
    "direct": DIRECT.encode((324, 9, SIGNER.address, 5, b"", 10**6, 800, (), SIGNER.address)),
    "direct with a call": DIRECT.encode((324, 9, THIEF, 5, b"\1\2\3\4", 10**6, 800, (), SIGNER.address)),
    "withdraw base": L2_BASE_TOKEN.withdraw.encode(THIEF),
    "withdraw": L2_ASSET_ROUTER.withdraw.encode(Hash32(bytes(32)), b""),
    "finalize": NULLIFIER_CALLS.finalize_deposit.encode((324, 1, 1, THIEF, 1, b"", ())),
    "claim": NULLIFIER_CALLS.bridge_recover_failed_transfer.encode(
        324, THIEF, Hash32(bytes(32)), b"", Hash32(bytes(32)), 1, 1, 1, ()
    ),
    "unknown": b"\xde\xad\xbe\xef",
    "nothing": b"",
}
WHERE = {"bridgehub": HUB, "router": ROUTER, "nullifier": NULLIFIER, "token": TOKEN, "0x800A": L2_BASE_TOKEN_ADDRESS}
WHERE |= {"0x10003": L2_ASSET_ROUTER_ADDRESS}
# the only ones that a step of a kind may be, on the chain of its kind
FITTING = (
    {("approve", "approve", where) for where in WHERE}
    | {
        ("deposit", "request", "bridgehub"),
        ("deposit", "direct", "bridgehub"),
        ("execute", "direct", "bridgehub"),
        ("execute", "direct with a call", "bridgehub"),
        ("withdraw", "withdraw base", "0x800A"),
        ("withdraw", "withdraw", "0x10003"),
        ("finalize", "finalize", "nullifier"),
        ("claim", "claim", "nullifier"),
    }
    | {("transfer", what, where) for what in ("transfer", "unknown", "nothing") for where in WHERE}
)
KINDS = {
    "deposit": "deposit", "execution": "execute", "withdrawal": "withdraw", "finalization": "finalize", "claim": "claim",
    "transaction": "transfer",
}  # fmt: skip


@pytest.mark.parametrize("called", SELECTORS)
@pytest.mark.parametrize("kind", ["approve", "deposit", "execute", "withdraw", "finalize", "claim", "transfer"])
def test_what_a_step_of_a_kind_may_call(kind: Any, called: str) -> None:
    chain: Any = "l2" if kind == "withdraw" else "l1"
    of_plan: Any = next((name for name, last in KINDS.items() if last == kind), "transaction")
    for where, to in WHERE.items():
        tx = Eip1559Transaction(chain_id=324 if chain == "l2" else 1, nonce=0, to=to, data=SELECTORS[called], **FEES)
        step = PlanStep(kind=kind, chain=chain, transaction=tx)
        if (kind, called, where) in FITTING:
            assert Plan(kind=of_plan, sender=SIGNER.address, steps=(step,), facts=FACTS)
        else:
            with pytest.raises(PlanTampered):
                Plan(kind=of_plan, sender=SIGNER.address, steps=(step,), facts=FACTS)


@pytest.mark.parametrize("kind", KINDS)
def test_which_steps_a_plan_of_a_kind_may_have(kind: Any) -> None:
    """Nothing comes after what the plan is for, and before it only what that needs."""
    calls = {
        "approve": ("l1", TOKEN, ERC20.approve.encode(ROUTER, 5)),
        "deposit": ("l1", HUB, request()),
        "execute": ("l1", HUB, SELECTORS["direct with a call"]),
        "withdraw": ("l2", L2_BASE_TOKEN_ADDRESS, L2_BASE_TOKEN.withdraw.encode(SIGNER.address)),
        "finalize": ("l1", NULLIFIER, SELECTORS["finalize"]),
        "claim": ("l1", NULLIFIER, SELECTORS["claim"]),
        "transfer": ("l1", TOKEN, SELECTORS["transfer"]),
    }

    def steps(*kinds: str) -> tuple[PlanStep, ...]:
        made: list[PlanStep] = []
        nonces = {"l1": 0, "l2": 0}
        for one in kinds:
            chain, to, data = calls[one]
            ids = {"l1": 1, "l2": 324}
            tx = Eip1559Transaction(chain_id=ids[chain], nonce=nonces[chain], to=to, data=data, **FEES)
            nonces[chain] += 1
            made.append(PlanStep(kind=one, chain=chain, transaction=tx))  # type: ignore[arg-type]
        return tuple(made)

    last = KINDS[kind]
    assert Plan(kind=kind, sender=SIGNER.address, steps=steps(last), facts=FACTS)
    free = {"approve", "transfer"}
    for other in calls:
        if not (kind == "transaction" and other in free):
            with pytest.raises(PlanTampered, match=f"of a plan of kind {kind} is"):
                Plan(kind=kind, sender=SIGNER.address, steps=steps(last, other), facts=FACTS)
        if other != "approve" and not (kind == "transaction" and other in free):
            with pytest.raises(PlanTampered, match=f"step 0 of a plan of kind {kind} is {other}"):
                Plan(kind=kind, sender=SIGNER.address, steps=steps(other, last), facts=FACTS)
    if kind in ("finalization", "claim"):
        with pytest.raises(PlanTampered, match="no step before the last"):
            Plan(kind=kind, sender=SIGNER.address, steps=steps("approve", last), facts=FACTS)


def test_a_plan_prints_what_it_claims_as_claimed() -> None:
    facts = replace(
        FACTS, route="eth-to-eth-chain", l1_chain_id=9, origins={"bridgehub": "the pinned profile", "diamond": "L1"}
    )
    steps = tuple(replace(one, transaction=replace(one.transaction, chain_id=9)) for one in PLAN.steps)
    plan = replace(PLAN, facts=facts, steps=steps)
    fields = plan.preview().fields
    claims = [field.value for field in fields if field.label == "claimed"]
    assert any("route eth-to-eth-chain" in claim for claim in claims)
    assert "bridgehub from the pinned profile" in claims
    assert "diamond from L1" in claims
    assert any("protocol v30, era" in claim for claim in claims)
    shown = {field.label: field.value for field in fields}
    assert shown["bridgehub"] == f"{HUB} (the plan's word: from the pinned profile)"
    assert "the plan claims" in shown["holds up to"]
    assert "the plan claims" in shown["expires after"]


def test_contracts_that_are_not_the_pinned_ones_are_said_to_be_others() -> None:
    with pytest.raises(InputError, match="the plan's bridgehub is"):
        PLAN.preview()
    shown = str(replace(PLAN, facts=replace(FACTS, origins={"bridgehub": UNPINNED})).preview())
    assert "these are NOT the contracts pinned for era" in shown
