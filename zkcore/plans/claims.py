"""What a plan says of itself that nothing here has checked, and whose word its bridgehub is."""

from collections.abc import Iterator

from zkcore.errors import InputError
from zkcore.plans.facts import PlanFacts
from zkcore.protocol.chains import ChainProfile, Token

__all__ = ["claims", "profile_of", "vouched_by"]


def vouched_by(facts: PlanFacts, given: ChainProfile | None, pinned: ChainProfile | None) -> str:
    """Whose word the bridgehub is, on this machine: the plan's own words are no more than its own."""
    if pinned is not None and facts.bridgehub == pinned.bridgehub:
        return f"pinned for {pinned.name}"
    if given is not None:
        return "from the profile"
    return f"the plan's word: from {facts.origins.get('bridgehub', 'an unknown source')}"


def claims(facts: PlanFacts) -> Iterator[str]:
    """What else the plan says of itself, and nothing here has checked."""
    made = "" if facts.l1_block is None else f", made at L1 block {facts.l1_block}"
    yield f"protocol v{facts.protocol_version}, {facts.stack}{made}"
    if facts.route:
        yield f"route {facts.route}"
    if facts.bridge or facts.l2_bridge:
        yield f"a bridge beside the vault: {facts.bridge} on L1, {facts.l2_bridge} on L2"
    for name, origin in sorted(facts.origins.items()):
        yield f"{name} from {origin}"
    if facts.l2_tx_hash is not None:
        yield f"settles {facts.l2_tx_hash}, number {facts.l2_index}"
    for tx_hash in facts.replaces:
        yield f"replaces {tx_hash}"


def profile_of(facts: PlanFacts, vouched: ChainProfile | None, stated: tuple[Token, ...]) -> ChainProfile:
    """The plan's chain, with the names that are vouched for, and the tokens that speak for themselves. Raises InputError."""
    kept = {name: getattr(facts, name) for name in ChainProfile.__struct_fields__ if hasattr(facts, name)}
    for name, theirs in kept.items():
        ours = getattr(vouched, name, None)
        if None not in (ours, theirs) and ours != theirs:
            raise InputError(f"the plan's {name} is {theirs}, the profile's {ours}")
    tokens = vouched.tokens if vouched else ()
    known = {token.l1_address for token in tokens}
    tokens += tuple(token for token in stated if token.l1_address not in known)
    return ChainProfile(name=vouched.name if vouched else "", tokens=tokens, **kept)
