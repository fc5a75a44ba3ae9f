"""The order to have L1 pay a withdrawal out: its proof is checked here first."""

from typing import Any, Final

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import (
    AlreadyFinalized,
    InvalidProof,
    NotReady,
    Reverted,
    UnsupportedProtocol,
    WithdrawalCancelled,
    ZkCoreError,
)
from zkcore.flows.bridges import is_done
from zkcore.flows.bundles import check_executor
from zkcore.flows.finalize import Place, not_executed, ready
from zkcore.flows.l1 import TxOptions, Unsigned, account_state
from zkcore.flows.messages import message_is_proved
from zkcore.flows.session import ChainFacts, Session, contracts, known_stack, named, protocol_version
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.plans.plan import Draft
from zkcore.protocol.chains import Bridge
from zkcore.protocol.fees import check_protocol_version
from zkcore.types import Hash32, HexLike

__all__ = ["draft_finalize_withdrawal"]

# how L1 says that a chain does not settle where the proof leads
_NO_LAYER: Final = frozenset({"NotSettlementLayer", "InvalidSettlementLayerForBatch"})


def draft_finalize_withdrawal(
    session: Session,
    l2_tx_hash: HexLike,
    index: int = 0,
    *,
    bridge: Bridge | None = None,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Have L1 pay out the `index`th withdrawal of an L2 transaction. Anyone may: the receiver is in the message.

    The proof is verified here against the root on L1 before anything is signed. One that is finalized already is reported
    as done by `finalize_withdrawal` (its handle has no L1 transaction); planning it raises AlreadyFinalized.
    Raises NotReady, InvalidProof, Reverted, InsufficientBalance, InputError, NodeError.
    """
    session = named(session, reference)
    (place, params, receipt), state, version = yield from gather(
        ready(session, l2_tx_hash, index, bridge), account_state(session, "l1", l1), _version(session)
    )
    # the stack decides nothing here: as the receipt is written, if it is not known
    stack = known_stack(session) or ("zksync-os" if receipt.l1_batch_number is None else "era")
    facts = ChainFacts(contracts=place.known, stack=stack, protocol_version=check_protocol_version(version, stack))
    if place.handler is not None:
        check_executor(session, params.message)
    call = Unsigned(to=place.payer, data=place.calldata(params))
    settled: dict[str, Any] = {"l2_tx_hash": Hash32(l2_tx_hash), "l2_index": index, "nullifier": place.nullifier}
    settled["interop_handler"] = place.handler
    if place.bridge is not None:
        settled |= {"bridge": place.bridge.l1_address, "l2_bridge": place.bridge.l2_address}
    drafting = draft_calls(session, facts, state, "l1", "finalization", [("finalize", call)], l1, **settled)
    executed, bundle, drafted = yield from gather(
        message_is_proved(session, place.known, params),
        place.bundle_state(params),
        attempt(drafting, Reverted),
    )
    if executed and (bundle == "executed" or (isinstance(drafted, Reverted) and is_done(drafted))):
        raise AlreadyFinalized(l2_tx_hash=Hash32(l2_tx_hash), index=index)
    if executed and bundle == "cancelled":
        raise WithdrawalCancelled(l2_tx_hash=Hash32(l2_tx_hash), index=index, bundle_hash=params.bundle_hash)
    if isinstance(drafted, Reverted) and drafted.name in _NO_LAYER:
        raise drafted
    if not executed:
        raise NotReady(not_executed(params), state="PROOF_PENDING")
    if isinstance(drafted, Reverted):
        raise _why_not(place, drafted) from drafted
    return drafted


def _version(session: Session) -> Flow[int]:
    return (yield from protocol_version((yield from contracts(session))))


def _why_not(place: Place, refused: Reverted) -> ZkCoreError:
    """What it means that L1 refuses what is proved."""
    if refused.name == "InsufficientChainBalance":
        asset = f"asset {refused.args[1]}" if len(refused.args) == 3 else "this token"
        return NotReady(
            f"L1 counts too little of {asset} for this chain for now. Nothing is lost: try again later",
            state="BALANCE_PENDING",
        )
    if (refused.name or "").startswith(("Merkle", "MessageNotIncluded", "InvalidProof", "DepthMoreThanOne")):
        return InvalidProof(
            f"the proof leads to the root on L1, but L1 does not take its form ({refused}): nothing was sent"
        )
    if refused.name is None and not refused.data:
        return UnsupportedProtocol(
            f"{place.payer} on L1 does not know how to pay this withdrawal out (it reverts without a reason)"
        )
    return refused
