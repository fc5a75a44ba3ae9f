"""Withdrawals by interop bundle: whether a chain makes them, the bundle in a receipt, and what L1 did with it."""

from typing import Literal, TypeAlias

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import AddressMismatch, InputError, InvalidBundle, Reverted
from zkcore.flows.session import Contracts, Session
from zkcore.methods import calls
from zkcore.methods.replies import Receipt
from zkcore.protocol.bundles import BundleWithdrawal, bundle_told
from zkcore.protocol.contracts import (
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    NULLIFIER,
    ZERO_ADDRESS,
)
from zkcore.types import Address, Hash32

__all__ = ["BundleState", "bundle_in", "bundle_state", "check_executor", "interop_handler"]

BundleState: TypeAlias = Literal["unknown", "verified", "executed", "cancelled"]


def interop_handler(session: Session, known: Contracts) -> Flow[Address | None]:
    """L1InteropHandler, from the asset router; None before the ecosystem's upgrade to v33, which has no such function."""
    found = yield from attempt(calls.eth_call("l1", known.asset_router, NULLIFIER.l1_interop_handler), Reverted)
    session.known.interop_handler = None if isinstance(found, Reverted) or found[0] == ZERO_ADDRESS else found[0]
    return session.known.interop_handler


def bundle_in(known: Contracts, receipt: Receipt, message: bytes) -> tuple[BundleWithdrawal, Hash32]:
    """A bundle and the hash under which L1 will know it: a withdrawal from this chain to its L1. Raises InvalidBundle."""
    topic = INTEROP_CENTER.interop_bundle_sent.topic
    sent = [log for log in receipt.logs if log.address == INTEROP_CENTER_ADDRESS and log.topics[:1] == (topic,)]
    expected = {
        "source_chain_id": known.l2_chain_id,
        "l1_chain_id": known.l1_chain_id,
        "l1_asset_router": known.asset_router,
    }
    try:
        return bundle_told(message, [(log.topics, log.data) for log in sent], **expected)
    except InputError as error:
        raise InvalidBundle(f"the L2 node shows a bundle that cannot be finalized: {error}") from error


def bundle_state(nullifier: Address, handler: Address, bundle_hash: Hash32) -> Flow[BundleState]:
    """What L1 did with a bundle; that router and nullifier mean one handler is seen to in the same wave.

    One that was unbundled is executed or cancelled by its one call. Raises AddressMismatch.
    """
    (status,), (call,), (named,) = yield from gather(
        calls.eth_call("l1", handler, L1_INTEROP_HANDLER.bundle_status, bundle_hash),
        calls.eth_call("l1", handler, L1_INTEROP_HANDLER.call_status, bundle_hash, 0),
        calls.eth_call("l1", nullifier, NULLIFIER.l1_interop_handler),
    )
    if named != handler:
        raise AddressMismatch(what="the asset router's interop handler", pinned=handler, on_l1=named)
    if status == 2 or call == 1:
        return "executed"
    return "cancelled" if call == 2 else "verified" if status else "unknown"


def check_executor(session: Session, message: bytes) -> None:
    """Nobody else is named as the only one who may execute it. Raises InputError."""
    executor = BundleWithdrawal.decode(message).executor
    if executor not in (None, session.address):
        raise InputError(
            f"only {executor} may have this withdrawal paid out: its sender named it; this is {session.address}"
        )
