"""Bridges beside the vault: who pays a withdrawal out, which token stands for which, what a claim is made of there.

Source: matter-labs/usdc-bridge, src/L1USDCBridge.sol and src/L2USDCBridge.sol; era-contracts, L1SharedBridge before v26.
"""

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import AddressMismatch, InputError, Reverted
from zkcore.flows.messages import FinalizeParams
from zkcore.flows.session import Contracts, Session, nullifier_of
from zkcore.methods import calls
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import (
    INTEROP_CENTER_ADDRESS,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    LEGACY_BRIDGE,
    ZERO_ADDRESS,
)
from zkcore.types import Address

__all__ = ["beside", "bridge_of", "finalizes", "is_done", "is_passing", "known_bridges", "token_pair", "verified"]


def finalizes(params: FinalizeParams) -> bytes:
    """The call by which a bridge on L1 pays out."""
    place = (params.chain_id, params.l2_batch_number, params.l2_message_index, params.l2_tx_number_in_batch)
    return LEGACY_BRIDGE.finalize_withdrawal.encode(*place, params.message, params.merkle_proof)


def is_done(refusal: Reverted | None) -> bool:
    """Whether the nullifier or a bridge refuses because it has paid before."""
    said = () if refusal is None else (refusal.name, *refusal.args)
    return "WithdrawalAlreadyFinalized" in said or "Withdrawal is already finalized" in said


def is_passing(refusal: Reverted) -> bool:
    """Whether waiting may cure it: a contract that is paused, a chain of which L1 counts too little for now."""
    return "paused" in f"{refusal.name} {refusal.args}".lower() or refusal.name == "InsufficientChainBalance"


def beside(bridge: Bridge | None) -> Bridge | None:
    """The bridge, if it is not the asset router itself. Raises InputError for what is none."""
    if not isinstance(bridge, Bridge | None):
        raise InputError(f"bridge: expected a Bridge, got {bridge!r}")
    return None if bridge is None or bridge.kind == "shared" else bridge


def known_bridges(session: Session, bridge: Bridge | None) -> tuple[Bridge, ...]:
    """The one that the caller names, or those that the profile pins."""
    pinned = session.profile.bridges if session.profile else ()
    return tuple(one for one in ((bridge,) if bridge else pinned) if beside(one))


def verified(known: Contracts, bridge: Bridge) -> Flow[Bridge]:
    """The bridge, if its side on L1 says so of the one on L2. Raises AddressMismatch, InputError."""
    asked = calls.eth_call("l1", bridge.l1_address, LEGACY_BRIDGE.l2_bridge_address, known.l2_chain_id)
    answer = yield from attempt(asked, Reverted)
    if isinstance(answer, Reverted):
        raise InputError(f"bridge: {bridge.l1_address} on L1 is no bridge: it knows no l2BridgeAddress: {answer}")
    if answer[0] != bridge.l2_address:
        raise AddressMismatch(what="the bridge on L2", pinned=bridge.l2_address, on_l1=answer[0])
    return bridge


def bridge_of(session: Session, known: Contracts, sender: Address, bridge: Bridge | None) -> Flow[Bridge | str | None]:
    """The bridge that pays what this sender on L2 has announced; None: the vault. Or why nobody that is known does."""
    given = beside(bridge)
    if given is not None and sender != given.l2_address:
        raise InputError(f"bridge: the withdrawal was made by {sender}, not by {given.l2_address}")
    if sender in (L2_BASE_TOKEN_ADDRESS, L2_ASSET_ROUTER_ADDRESS, INTEROP_CENTER_ADDRESS):
        return None
    found = next((one for one in known_bridges(session, given) if one.l2_address == sender), None)
    if found is not None:
        return (yield from verified(known, found))
    nullifier = yield from nullifier_of(session, known)
    (legacy,) = yield from calls.eth_call("l1", nullifier, LEGACY_BRIDGE.l2_bridge_address, known.l2_chain_id)
    if legacy == sender:  # the chain's own, from before v26
        return None
    return (
        f"it was made by {sender} on L2, a bridge of its own: its side on L1 pays it out. "
        "Name the pair, bridge=Bridge(l1_address=..., l2_address=...), or pin it in the profile"
    )


def token_pair(bridge: Bridge, token: Address) -> Flow[tuple[Address, Address]]:
    """A bridge's token on L1 and on L2, by either address. Raises InputError if it is none of this bridge."""
    l1_token, l2_token = yield from gather(
        attempt(calls.eth_call("l2", bridge.l2_address, L2_ASSET_ROUTER.l1_token_address, token), Reverted),
        attempt(calls.eth_call("l2", bridge.l2_address, L2_ASSET_ROUTER.l2_token_address, token), Reverted),
    )
    if not isinstance(l1_token, Reverted) and l1_token[0] != ZERO_ADDRESS:
        return Address(l1_token[0]), token
    if not isinstance(l2_token, Reverted) and l2_token[0] != ZERO_ADDRESS:
        return token, Address(l2_token[0])
    raise InputError(f"token: {token} is none of the bridge {bridge.l2_address} on L2")
