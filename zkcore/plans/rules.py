"""What a plan may be: by its kind, which steps it has, what each calls, and whom an approval lets take tokens. One table.

A plan comes from elsewhere, with a hash that its maker computed: what does not fit the table is refused before it is shown.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from zkcore.effects import Chain
from zkcore.errors import ChainIdMismatch, InputError, PlanTampered
from zkcore.plans.facts import PlanFacts, PlanKind, PlanStep, StepKind
from zkcore.protocol.bundles import BundleRequest
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    ERC20,
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    LEGACY_BRIDGE,
    NULLIFIER,
    functions,
)
from zkcore.protocol.deployments import created, deploys
from zkcore.transactions import Eip712Transaction
from zkcore.types import Address

__all__ = ["CUSTOM_BRIDGE", "RIGHTS", "check_steps", "second_bridge"]

CUSTOM_BRIDGE: Final = "custom-bridge"  # the route of a request whose second bridge is the caller's own

_DIRECT, _TWO_BRIDGES = BRIDGEHUB.request_l2_transaction_direct, BRIDGEHUB.request_l2_transaction_two_bridges


class _Rule(NamedTuple):
    """A kind of plan: the chain of its steps (None: either), what its last step is, and what may come before that."""

    chain: Chain | None
    last: frozenset[StepKind]
    before: frozenset[StepKind]


def _rule(chain: Chain | None, last: StepKind, *before: StepKind) -> _Rule:
    return _Rule(chain, frozenset({last}), frozenset(before))


_PLANS: Final[dict[PlanKind, _Rule]] = {
    "deposit": _rule("l1", "deposit", "approve"),
    "execution": _rule("l1", "execute", "approve"),
    "withdrawal": _rule("l2", "withdraw", "approve"),
    "finalization": _rule("l1", "finalize"),
    "claim": _rule("l1", "claim"),
    "deployment": _rule("l2", "deploy"),
    "transaction": _Rule(None, frozenset({"approve", "transfer", "call"}), frozenset({"approve", "transfer"})),
}


class _Call(NamedTuple):
    """What a step calls: a fact of the plan, or a fixed address, each with its functions; None: anyone, and any function.

    `payable`: the functions that take ether along; None: all.
    """

    targets: dict[Address | str, tuple[Any, ...]] | None
    payable: tuple[Any, ...] | None = ()


_STEPS: Final[dict[StepKind, _Call]] = {
    "approve": _Call(None),
    "deposit": _Call({"bridgehub": (_DIRECT, _TWO_BRIDGES)}, (_DIRECT, _TWO_BRIDGES)),
    "execute": _Call({"bridgehub": (_DIRECT,)}, (_DIRECT,)),
    "withdraw": _Call(
        {
            "l2_bridge": (L2_ASSET_ROUTER.withdraw_legacy,),
            L2_BASE_TOKEN_ADDRESS: (L2_BASE_TOKEN.withdraw, L2_BASE_TOKEN.withdraw_with_message),
            L2_ASSET_ROUTER_ADDRESS: (L2_ASSET_ROUTER.withdraw, L2_ASSET_ROUTER.withdraw_legacy),
            INTEROP_CENTER_ADDRESS: (INTEROP_CENTER.send_bundle,),
        },
        (L2_BASE_TOKEN.withdraw, L2_BASE_TOKEN.withdraw_with_message, INTEROP_CENTER.send_bundle),
    ),
    "finalize": _Call(
        {
            "bridge": (LEGACY_BRIDGE.finalize_withdrawal,),
            "interop_handler": (L1_INTEROP_HANDLER.execute_bundle,),
            "nullifier": (NULLIFIER.finalize_deposit,),
        }
    ),
    "claim": _Call(
        {"bridge": (LEGACY_BRIDGE.claim_failed_deposit,), "nullifier": (NULLIFIER.bridge_recover_failed_transfer,)}
    ),
    "transfer": _Call(None, None),
    "call": _Call(None, None),  # of any contract, and any function of it, but what is a deployment
    "deploy": _Call(None, None),  # CREATE, the two deployers: see zkcore.protocol.deployments
}
# what gives others a right to tokens, by names that no step here calls: never under the name of a transfer
RIGHTS: Final = frozenset(
    bytes.fromhex(selector)
    for selector in (
        "095ea7b3",
        "39509351",
        "a22cb465",
        "23b872dd",
        "d505accf",
        "8fcbaf0c",
        "42842e0e",
        "b88d4fde",
        "87517c45",
    )
)


def check_steps(kind: PlanKind, sender: Address, steps: Sequence[PlanStep], facts: PlanFacts) -> None:
    """Raise PlanTampered or ChainIdMismatch for a step that a plan of this kind does not have."""
    for place, step in enumerate(steps):
        _check_step(kind, sender, place, step, steps, facts)
    rule = _PLANS[kind]
    for place, step in enumerate(steps):
        allowed = rule.last if place == len(steps) - 1 else rule.before
        if step.kind not in allowed or rule.chain not in (None, step.chain):
            raise PlanTampered(
                f"step {place} of a plan of kind {kind} is {step.kind} on {step.chain}, expected {_words(allowed)}"
                + (f" on {rule.chain}" if rule.chain else "")
            )


def _words(kinds: frozenset[StepKind]) -> str:
    return " or ".join(sorted(kinds)) or "no step before the last"


def _check_step(
    kind: PlanKind, sender: Address, place: int, step: PlanStep, steps: Sequence[PlanStep], facts: PlanFacts
) -> None:
    tx, rule = step.transaction, _STEPS[step.kind]
    expected = facts.l1_chain_id if step.chain == "l1" else facts.l2_chain_id
    if tx.chain_id != expected:
        raise ChainIdMismatch(what=f"step {place} of the plan", expected=expected, got=tx.chain_id or 0)
    if any(not 0 <= earlier < place for earlier in step.after):
        raise PlanTampered(f"step {place} waits for {step.after}, which are not all before it")
    if isinstance(tx, Eip712Transaction) and tx.from_address != sender:
        raise PlanTampered(f"step {place} is from {tx.from_address}, the plan from {sender}")
    if step.kind in ("call", "deploy"):
        _check_own(place, step, sender)
        return
    known = {getattr(facts, at) if isinstance(at, str) else at: said for at, said in (rule.targets or {}).items()}
    if tx.to is None or (known and tx.to not in known):
        raise PlanTampered(f"step {place} ({step.kind}) calls {tx.to}, expected one of {[*known]}")
    function = functions().get(tx.data[:4])
    if step.kind == "approve" and tx.data[:4] != ERC20.approve.selector:
        raise PlanTampered(f"step {place} is named an approval, and calls the function 0x{tx.data[:4].hex()}")
    if known and function not in known[tx.to]:
        raise PlanTampered(
            f"step {place} ({step.kind}) calls another function of the {_name(step)}: 0x{tx.data[:4].hex()}"
        )
    if step.kind == "transfer" and (tx.data[:4] in RIGHTS or function not in (None, ERC20.transfer)):
        called = function.name if function else f"0x{tx.data[:4].hex()}"
        raise PlanTampered(f"step {place} is named a transfer, and calls {called}")
    if tx.value and rule.payable is not None and function not in rule.payable:
        raise PlanTampered(f"step {place} ({step.kind}) sends {tx.value} wei along, which it never needs")
    try:
        arguments: tuple[Any, ...] = function.decode_arguments(tx.data) if function and step.kind != "transfer" else ()
    except InputError as error:
        raise PlanTampered(f"step {place} ({step.kind}): {error}") from error
    if step.kind == "approve" and kind != "transaction":
        _check_spender(place, step, steps, facts, arguments[0])
    if step.kind in ("deposit", "execute"):
        _check_request(place, step, facts, arguments[0])
    if step.kind == "withdraw" and tx.data[:4] == INTEROP_CENTER.send_bundle.selector:
        _check_bundle(place, step, facts)


def _check_own(place: int, step: PlanStep, sender: Address) -> None:
    """On L2 alone: a call of whatever contract, and a deployment, are told apart."""
    tx = step.transaction
    if step.chain != "l2":
        raise PlanTampered(f"step {place} ({step.kind}) is on {step.chain}, expected l2")
    if step.kind == "call" and deploys(tx.to, tx.data):
        raise PlanTampered(f"step {place} is named a call, and deploys a contract")
    try:
        _ = created(tx, sender) if step.kind == "deploy" else None
    except InputError as error:
        raise PlanTampered(f"step {place} is named a deployment: {error}") from error


def _name(step: PlanStep) -> str:
    return "bridgehub" if step.kind in ("deposit", "execute") else "contract"


def _check_spender(place: int, step: PlanStep, steps: Sequence[PlanStep], facts: PlanFacts, spender: Address) -> None:
    """Who may take tokens is the bridge, or the custom bridge that the request itself names."""
    taker, pair = facts.asset_router, facts.bridge
    if step.chain == "l2":
        taker, pair = L2_NATIVE_TOKEN_VAULT_ADDRESS, facts.l2_bridge
    custom = second_bridge(steps[-1].transaction.data) if facts.route == CUSTOM_BRIDGE else pair
    if spender not in (taker, custom):
        raise PlanTampered(f"step {place} approves {spender}, expected {taker}")


def _check_request(place: int, step: PlanStep, facts: PlanFacts, request: tuple[Any, ...]) -> None:
    if request[0] != facts.l2_chain_id:
        raise ChainIdMismatch(what=f"the request of step {place}", expected=facts.l2_chain_id, got=request[0])
    bridge = second_bridge(step.transaction.data)
    if bridge not in (None, facts.asset_router, facts.bridge) and facts.route != CUSTOM_BRIDGE:
        raise PlanTampered(
            f"step {place} goes through the second bridge {bridge}, expected {facts.asset_router}: the route is not custom-bridge"
        )
    if step.kind == "deposit" and bridge is None and (request[4] or request[7]):
        raise PlanTampered(f"step {place} is named a deposit, and calls {request[2]} on L2")


def _check_bundle(place: int, step: PlanStep, facts: PlanFacts) -> None:
    """By bundle anything can be sent anywhere: here it is one withdrawal to L1, with what it takes along."""
    try:
        asked = BundleRequest.decode(step.transaction.data)
    except InputError as error:
        raise PlanTampered(f"step {place} is named a withdrawal: {error}") from error
    told, sent = (asked.l1_chain_id, asked.value), (facts.l1_chain_id, step.transaction.value)
    if told != sent:
        raise PlanTampered(
            f"step {place} withdraws to chain {told[0]} with {told[1]} wei, expected {sent[0]} and {sent[1]}"
        )


def second_bridge(data: bytes) -> Address | None:
    """The second bridge of a two-bridges request; None for other calls, and for what is no canonical request."""
    if data[:4] != _TWO_BRIDGES.selector:
        return None
    try:
        ((*_, bridge, _, _),) = _TWO_BRIDGES.decode_arguments(data)
    except InputError:
        return None
    return Address(bridge)
