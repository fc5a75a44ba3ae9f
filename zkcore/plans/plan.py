"""A plan: what is to be signed, in order, with the facts it was built on. Frozen data, canonical JSON, one hash.

The transactions are kept as their unsigned bytes, and everything shown about them is decoded from those bytes: a plan
cannot say one thing and sign another. Loading a plan checks all of it again.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar, cast, overload

import msgspec
from msgspec import Struct

from zkcore.effects import Chain
from zkcore.errors import BadSignature, ChainIdMismatch, InputError, PlanTampered, ZkCoreError
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import CustomSignature, Signature, check_signature
from zkcore.plans.facts import PlanFacts, PlanKind, PlanStep, StepKind
from zkcore.plans.rules import check_steps
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.contracts import BRIDGEHUB
from zkcore.signer import CustomSigner, Signer
from zkcore.transactions import Eip712Transaction, Transaction, parse_transaction
from zkcore.types import Address, Hash32, check_nesting, hex_bytes, to_hex
from zkcore.words import NOBODY, Names, Told, knowing

if TYPE_CHECKING:
    from zkcore.plans.preview import Preview

__all__ = ["Draft", "Plan", "SignedPlan", "check_kind", "essence", "sign_plan"]

VERSION: Final = 1
_CUSTOM: Final = "custom:"

H = TypeVar("H")
H_co = TypeVar("H_co", covariant=True)  # the handle that submitting the plan gives
Q = TypeVar("Q")


def check_kind(kind: PlanKind, handle: type[Any] | None, what: str) -> None:
    """Raise InputError if the class is not that of the handles of this kind."""
    if handle is not None and kind != (asked := getattr(handle, "_kind", None)):
        raise InputError(f"this is {what} of kind {kind}, expected one that gives a {handle.__name__} ({asked})")


class Plan(Told, Struct, Generic[H_co], frozen=True, kw_only=True, dict=True):
    """Ordered unsigned transactions of one sender. Raises PlanTampered where its parts contradict one another."""

    kind: PlanKind
    sender: Address
    steps: tuple[PlanStep, ...]
    facts: PlanFacts

    def __post_init__(self) -> None:
        if not self.steps:
            raise PlanTampered("a plan has at least one step")
        check_steps(self.kind, self.sender, self.steps, self.facts)
        nonces: dict[Chain, int] = {}
        for place, step in enumerate(self.steps):
            nonce = step.transaction.nonce
            if nonces.setdefault(step.chain, nonce) != nonce:
                raise PlanTampered(
                    f"step {place} has nonce {nonce}, expected {nonces[step.chain]}: they are consecutive"
                )
            nonces[step.chain] += 1

    @property
    def hash(self) -> Hash32:
        """Keccak-256 of the canonical JSON without the hash itself: compare it on both machines."""
        return keccak256(_canonical(_body(self)))

    def to_json(self) -> str:
        """Canonical JSON (sorted keys, no spaces, integers as decimal strings), with the hash."""
        return _canonical({**_body(self), "hash": str(self.hash)}).decode()

    @overload
    @classmethod
    def from_json(cls, text: str | bytes) -> "Plan[Any]": ...
    @overload
    @classmethod
    def from_json(cls, text: str | bytes, handle: type[H]) -> "Plan[H]": ...
    @classmethod
    def from_json(cls, text: str | bytes, handle: type[Any] | None = None) -> "Plan[Any]":
        """Load and check everything again; a plan of another `handle` than the class given is refused.

        Raises PlanTampered or InputError.
        """
        data = _loaded(text, _PLAN_KEYS | {"hash"})
        plan = _plan(data)
        if data["hash"] != str(plan.hash):
            raise PlanTampered(f"the plan says its hash is {data['hash']}, its content gives {plan.hash}")
        _check_canonical(plan, text)
        check_kind(plan.kind, handle, "a plan")
        return plan

    def preview(self, profile: ChainProfile | None = None) -> "Preview":
        """What will be signed, in words, decoded from the very bytes; with the token names that a profile vouches for.

        `profile`: by default that of the wallet which made the plan; of one that was loaded, what is pinned for its chain.
        """
        from zkcore.plans.preview import preview_plan

        names = Names(profile) if profile else self.__dict__.get("_names", NOBODY)
        return preview_plan(self.kind, self.hash, self.sender, self.steps, self.facts, names)

    def at_nonce(self, chain: Chain, nonce: int) -> "Plan[H_co]":
        """The same plan with its steps on that chain numbered from this nonce."""
        steps = list(self.steps)
        for place, step in enumerate(steps):
            if step.chain == chain:
                steps[place] = msgspec.structs.replace(
                    step, transaction=msgspec.structs.replace(step.transaction, nonce=nonce)
                )
                nonce += 1
        moved: Plan[H_co] = knowing(
            msgspec.structs.replace(self, steps=tuple(steps)), self.__dict__.get("_names", NOBODY)
        )
        return moved


class SignedPlan(Told, Struct, Generic[H_co], frozen=True, kw_only=True):
    """A plan with one signature a step. Raises WrongDevice or BadSignature if one is not the sender's.

    Whether a `CustomSignature` is the sender's only the account itself can say: submitting asks it first.
    """

    plan: Plan[H_co]
    signatures: tuple[Signature | CustomSignature, ...]

    def __post_init__(self) -> None:
        if len(self.signatures) != len(self.plan.steps):
            raise PlanTampered(f"{len(self.plan.steps)} steps, {len(self.signatures)} signatures")
        for step, signature in zip(self.plan.steps, self.signatures, strict=True):
            if isinstance(signature, Signature):
                check_signature(step.transaction.signing_hash(), signature, self.plan.sender)
            elif not isinstance(step.transaction, Eip712Transaction):
                raise BadSignature("only transactions of type 0x71 have signatures of an account's own")

    @property
    def custom(self) -> "list[tuple[Transaction, CustomSignature]]":
        """The transactions that have a signature of the account's own, with it."""
        pairs = zip(self.plan.steps, self.signatures, strict=True)
        return [(step.transaction, given) for step, given in pairs if isinstance(given, CustomSignature)]

    @property
    def kind(self) -> PlanKind:
        """The kind of the plan."""
        return self.plan.kind

    @property
    def hash(self) -> Hash32:
        """The hash of the plan."""
        return self.plan.hash

    @property
    def tx_hashes(self) -> tuple[Hash32, ...]:
        """The transaction hash of each step."""
        return tuple(s.transaction.hash(cast("Any", g)) for s, g in zip(self.plan.steps, self.signatures, strict=True))

    @property
    def raw_transactions(self) -> tuple[bytes, ...]:
        """The signed bytes of each step, as `eth_sendRawTransaction` takes them."""
        pairs = zip(self.plan.steps, self.signatures, strict=True)
        return tuple(step.transaction.signed_bytes(cast("Any", given)) for step, given in pairs)

    def to_json(self) -> str:
        """Canonical JSON of the plan, its hash and the signatures: 65 bytes each, or `custom:` and what the account takes."""
        signatures = [
            (_CUSTOM if isinstance(signature, CustomSignature) else "") + to_hex(signature.to_bytes())
            for signature in self.signatures
        ]
        return _canonical({**_body(self.plan), "hash": str(self.hash), "signatures": signatures}).decode()

    @overload
    @classmethod
    def from_json(cls, text: str | bytes) -> "SignedPlan[Any]": ...
    @overload
    @classmethod
    def from_json(cls, text: str | bytes, handle: type[H]) -> "SignedPlan[H]": ...
    @classmethod
    def from_json(cls, text: str | bytes, handle: type[Any] | None = None) -> "SignedPlan[Any]":
        """As `Plan.from_json`, and the signatures too. Raises PlanTampered, InputError, WrongDevice, BadSignature."""
        data = _loaded(text, _PLAN_KEYS | {"hash", "signatures"})
        signatures = data.pop("signatures")
        plan = Plan[Any].from_json(_canonical(data))
        if not isinstance(signatures, list):
            raise PlanTampered("signatures: expected a list")
        raw = cast("list[str]", signatures)
        signed = cls(plan=plan, signatures=tuple(_signature(text) for text in raw))
        _check_canonical(signed, text)
        check_kind(signed.kind, handle, "a signed plan")
        return signed


def _signature(text: str) -> Signature | CustomSignature:
    if text.startswith(_CUSTOM):
        return CustomSignature(hex_bytes(text.removeprefix(_CUSTOM), "signature"))
    return Signature.from_bytes(hex_bytes(text, "signature"))


class Draft(Struct, Generic[Q], frozen=True):
    """What a flow makes of an order: what it costs and does, and the plan to do it.

    `nonce_fixed`: the nonce is the caller's; else it is the node's next one, and a one-shot method may move it.
    `refusal`: why it can be quoted and not done, as things are. `held`: of the chain's own coin, when it was drafted.
    """

    quote: Q
    plan: Plan[Any]
    nonce_fixed: bool = False
    refusal: ZkCoreError | None = None
    held: int | None = None

    def accepted(self) -> "Draft[Q]":
        """Itself, to plan or to do. Raises its refusal."""
        if self.refusal is not None:
            raise self.refusal
        return self


def sign_plan(
    plan: Plan[H], signer: Signer | CustomSigner, *, expected_hash: Hash32 | str | None = None
) -> SignedPlan[H]:
    """Sign every step, offline. `expected_hash` is the hash seen in the preview, if it was read elsewhere.

    Raises PlanTampered if the hash differs, InputError if the signer is not the plan's sender, SignerError.
    """
    if expected_hash is not None and Hash32(expected_hash) != plan.hash:
        raise PlanTampered(f"the plan to sign has the hash {plan.hash}, the one approved was {expected_hash}")
    if signer.address != plan.sender:
        raise InputError(f"the plan is for {plan.sender}, the signer is {signer.address}")
    return SignedPlan(plan=plan, signatures=tuple(signer.sign_transaction(step.transaction) for step in plan.steps))


# ---------------------------------------------------------------- what a plan is for
_DIRECT, _TWO_BRIDGES = BRIDGEHUB.request_l2_transaction_direct, BRIDGEHUB.request_l2_transaction_two_bridges


def essence(plan: Plan[Any]) -> tuple[object, ...]:
    """What a plan is for, whatever it pays for it: drafted twice, one order has the same."""
    tx, facts = plan.steps[-1].transaction, plan.facts
    of = (plan.kind, plan.sender, facts.l1_chain_id, facts.l2_chain_id)
    if facts.l2_tx_hash is not None:
        return (*of, facts.l2_tx_hash, facts.l2_index)
    for function in (_DIRECT, _TWO_BRIDGES):
        if function.selector == tx.data[:4] and tx.to == facts.bridgehub:
            names = (part.name for part in function.inputs[0].components)
            fields = dict(zip(names, function.decode_arguments(tx.data)[0], strict=True))
            return (*of, *[value for name, value in fields.items() if name not in {"mintValue", "l2GasLimit"}])
    return (*of, plan.steps[-1].chain, tx.to, tx.value, tx.data)


# ---------------------------------------------------------------- JSON
# what came later than the first plans is written only where it is said
_LEFT_OUT: Final = {"bridge": None, "l2_bridge": None, "reference": None, "deployment_nonce": None, "approves": True}
_PLAN_KEYS = {"zkcore_plan", "kind", "sender", "steps", "facts"}


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _plain(value: object) -> object:
    """Struct fields as JSON: integers as decimal strings (no language rounds them), bytes as 0x hex."""
    match value:
        case Address() | Hash32():
            return str(value)
        case int():
            return str(value)
        case tuple():
            return [_plain(item) for item in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return value


def _body(plan: Plan[Any]) -> dict[str, object]:
    facts = {name: _plain(getattr(plan.facts, name)) for name in PlanFacts.__struct_fields__}
    for name, default in _LEFT_OUT.items():
        if getattr(plan.facts, name) == default:
            del facts[name]
    steps = [
        {"kind": s.kind, "chain": s.chain, "unsigned": to_hex(s.transaction.unsigned_bytes()), "after": list(s.after)}
        for s in plan.steps
    ]
    return {"zkcore_plan": VERSION, "kind": plan.kind, "sender": str(plan.sender), "steps": steps, "facts": facts}


def _loaded(text: str | bytes, keys: set[str]) -> dict[str, Any]:
    check_nesting(text)
    try:
        data = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InputError(f"this is not the JSON of a plan: {error}") from error
    if set(data) != keys:
        raise PlanTampered(f"expected the keys {sorted(keys)}, got {sorted(data)}")
    if data["zkcore_plan"] != VERSION:
        raise InputError(f"the plan is of version {data['zkcore_plan']!r}, this zkcore reads version {VERSION}")
    return data


def _check_canonical(loaded: "Plan[Any] | SignedPlan[Any]", text: str | bytes) -> None:
    """What was loaded writes the very same bytes: no second spelling of a plan is taken for it."""
    if loaded.to_json().encode() != (text.encode() if isinstance(text, str) else text).strip():
        raise PlanTampered("the JSON is not in its canonical form: it was edited")


class _Step(Struct, frozen=True, forbid_unknown_fields=True):
    kind: StepKind
    chain: Chain
    unsigned: str
    after: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]


class _Document(Struct, frozen=True):
    kind: PlanKind
    sender: Address
    steps: tuple[_Step, ...]
    facts: PlanFacts


def _plan(data: Mapping[str, Any]) -> Plan[Any]:
    try:
        # not strict: integers are decimal strings here. Another spelling of one is not what `to_json` writes
        read = msgspec.convert(data, _Document, strict=False, dec_hook=_parsed)
        steps = tuple(_step(step) for step in read.steps)
        return Plan(kind=read.kind, sender=read.sender, steps=steps, facts=read.facts)
    except (msgspec.MsgspecError, ValueError, BadSignature) as error:
        if isinstance(error, PlanTampered | ChainIdMismatch):
            raise
        raise PlanTampered(f"the plan is malformed: {error}") from error


def _parsed(kind: type[Address | Hash32], value: Any) -> Address | Hash32:
    return kind(value)


def _step(data: _Step) -> PlanStep:
    transaction, signature = parse_transaction(data.unsigned)
    if signature is not None:
        raise PlanTampered("a step of an unsigned plan is signed")
    return PlanStep(kind=data.kind, chain=data.chain, transaction=transaction, after=data.after)
