"""Failed deposits: whether L1 holds something to claim, under which encoding it was recorded, and the plan that claims it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import ChainError, InputError, MalformedReply, NoContract, NothingToClaim, NotReady, Reverted
from zkcore.flows.bridges import known_bridges, verified
from zkcore.flows.l1 import TxOptions, Unsigned, account_state
from zkcore.flows.messages import absent_from_l2, is_proved, place_in_batch, why_unproved
from zkcore.flows.session import ChainFacts, Contracts, Session, chain_facts, named, vaults
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.methods.replies import LogProof, NodeTransaction, Receipt
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.plans.records import SettlementRecord
from zkcore.protocol.addresses import undo_alias
from zkcore.protocol.assets import BridgeMint, TransferData, deposit_data_hash, legacy_deposit_data_hash, ntv_asset_id
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import (
    BOOTLOADER,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    LEGACY_BRIDGE,
    NATIVE_TOKEN_VAULT,
    NULLIFIER,
    ZERO_ADDRESS,
    ZKSYNC_OS_PRIORITY_TX_TYPE,
)
from zkcore.protocol.proofs import status_log
from zkcore.types import Address, Hash32, HexLike

_REQUESTS = {0xFF, ZKSYNC_OS_PRIORITY_TX_TYPE}  # the types of transactions that come from L1, of Era and of ZKsync OS

__all__ = ["PriorityOpConfirmation", "claimed", "draft_claim_failed_deposit", "get_priority_op_confirmation"]


class PriorityOpConfirmation(Struct, frozen=True, kw_only=True):
    """The proof of how a request from L1 ended on L2: checked against the root on L1."""

    l2_tx_hash: Hash32
    succeeded: bool
    l2_batch_number: int
    l2_message_index: int
    l2_tx_number_in_batch: int
    proof: tuple[Hash32, ...]


class _Recorded(NamedTuple):
    """A way in which a deposit may have been recorded, and the data that claims it so."""

    stored: Hash32
    asset_data: bytes


def get_priority_op_confirmation(session: Session, l2_tx_hash: HexLike) -> Flow[PriorityOpConfirmation]:
    """How a request from L1 ended on L2, proved: from its status log, against the root that L1 holds.

    Raises NotReady while its batch is not executed, InvalidProof, NothingToClaim if it is not a request from L1.
    """
    facts, receipt = yield from gather(chain_facts(session), calls.get_receipt("l2", l2_tx_hash))
    index, succeeded = yield from _status(Hash32(l2_tx_hash), receipt)
    proof = yield from calls.get_l2_to_l1_log_proof(l2_tx_hash, index)
    yield from _check_proved(facts.contracts, receipt, proof)
    confirmation = _confirmed(Hash32(l2_tx_hash), receipt, succeeded, proof)
    yield from _verify(session, facts, confirmation)
    return confirmation


def _status(l2_tx_hash: Hash32, receipt: Receipt | None) -> Flow[tuple[int, bool]]:
    """The place and the value of the log by which the bootloader tells L1 how a request ended.

    Where the node leaves the logs out, that of a request that failed is the only one: what it sent to L1 is undone.
    """
    if receipt is None:
        raise NotReady((yield from absent_from_l2(l2_tx_hash)), state="L2_PENDING")
    if receipt.l2_to_l1_logs is None or (not receipt.l2_to_l1_logs and receipt.type in _REQUESTS):
        if receipt.status == 0:
            return 0, False
        raise MalformedReply(f"the L2 node leaves out the L2->L1 logs of {l2_tx_hash}: ask another node")
    for place, entry in enumerate(receipt.l2_to_l1_logs):
        if entry.sender == BOOTLOADER and entry.key == l2_tx_hash:
            return place, any(entry.value)
    raise NothingToClaim(f"{l2_tx_hash} is not a request from L1: it has no status log")


def _check_proved(known: Contracts, receipt: Receipt | None, proof: LogProof | None) -> Flow[None]:
    """Raise NotReady, with what L1 says of the batch, where there is no proof."""
    if proof is None:
        reason = yield from why_unproved(known, None if receipt is None else receipt.l1_batch_number)
        raise NotReady(reason, state="PROOF_PENDING")


def _confirmed(
    l2_tx_hash: Hash32, receipt: Receipt | None, succeeded: bool, proof: LogProof | None
) -> PriorityOpConfirmation:
    if receipt is None or proof is None:
        raise NotReady("the L2 node gives no proof of it yet", state="PROOF_PENDING")
    batch, number = place_in_batch(receipt, proof)
    return PriorityOpConfirmation(
        l2_tx_hash=l2_tx_hash,
        succeeded=succeeded,
        l2_batch_number=batch,
        l2_message_index=proof.id,
        l2_tx_number_in_batch=number,
        proof=proof.proof,
    )


def _verify(session: Session, facts: ChainFacts, said: PriorityOpConfirmation) -> Flow[None]:
    leaf = status_log(said.l2_tx_hash, succeeded=said.succeeded, tx_number=said.l2_tx_number_in_batch).leaf()
    proved = yield from is_proved(
        session,
        facts.contracts,
        batch=said.l2_batch_number,
        index=said.l2_message_index,
        leaf=leaf,
        proof=said.proof,
    )
    if not proved:
        raise NotReady(f"L1 has no root of batch {said.l2_batch_number} yet", state="PROOF_PENDING")


# ---------------------------------------------------------------- the claim
def draft_claim_failed_deposit(
    session: Session,
    l2_tx_hash: HexLike,
    *,
    bridge: Bridge | None = None,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Have L1 give back a deposit that failed on L2. Anyone may: the funds go to the depositor.

    `bridge`: the pair beside the vault by which it was made, if it was, and the profile does not pin it.

    Raises NothingToClaim, saying why and where the value is: it succeeded, it was claimed before, or it was a direct request
    (then the value is at the refund recipient on L2). NotReady while the batch is not executed, InvalidProof, NodeError.
    """
    session = named(session, reference)
    tx_hash = Hash32(l2_tx_hash)
    facts, state, receipt, transaction = yield from gather(
        chain_facts(session),
        account_state(session, "l1", l1),
        calls.get_receipt("l2", tx_hash),
        calls.get_transaction("l2", tx_hash),
    )
    known = facts.contracts
    steps: list[tuple[StepKind, Unsigned]]
    index, succeeded = yield from _status(tx_hash, receipt)
    if succeeded:
        raise NothingToClaim(f"{tx_hash} succeeded on L2")
    if transaction is None:
        raise NotReady(f"L2 does not know {tx_hash}", state="L2_PENDING")
    pair = yield from _bridge_of(session, known, transaction, bridge)
    if pair is not None:
        proof = yield from calls.get_l2_to_l1_log_proof(tx_hash, index)
        yield from _check_proved(known, receipt, proof)
        confirmation = _confirmed(tx_hash, receipt, succeeded, proof)
        call, note = yield from _from_bridge(session, facts, transaction, confirmation, pair)
        steps = [("claim", Unsigned(to=pair.l1_address, data=call))]
        more: dict[str, Any] = {"l2_tx_hash": tx_hash, "notes": (note,)}
        more |= {"bridge": pair.l1_address, "l2_bridge": pair.l2_address}
        return (yield from draft_calls(session, facts, state, "l1", "claim", steps, l1, **more))
    mint, asset_id = _minted(known, transaction)
    found, proof = yield from gather(vaults(session, known), calls.get_l2_to_l1_log_proof(tx_hash, index))
    yield from _check_proved(known, receipt, proof)
    confirmation = _confirmed(tx_hash, receipt, succeeded, proof)
    (stored,), (l1_token,), _ = yield from gather(
        calls.eth_call("l1", found.nullifier, NULLIFIER.deposit_happened, known.l2_chain_id, tx_hash),
        calls.eth_call("l1", found.native_token_vault, NATIVE_TOKEN_VAULT.token_address, asset_id),
        _verify(session, facts, confirmation),
    )
    if not any(stored):
        raise NothingToClaim(f"L1 has no record of {tx_hash}: it was claimed before", claimed=True)
    data = next((way.asset_data for way in _ways(mint, asset_id, l1_token) if way.stored == stored), None)
    if data is None:
        raise NothingToClaim(
            f"the deposit is recorded on L1 as {Hash32(stored)}, under an encoding that cannot be rebuilt from L2: "
            "claim it with the transfer data of its L1 transaction"
        )
    call = NULLIFIER.bridge_recover_failed_transfer.encode(
        known.l2_chain_id,
        mint.original_caller,
        asset_id,
        data,
        tx_hash,
        confirmation.l2_batch_number,
        confirmation.l2_message_index,
        confirmation.l2_tx_number_in_batch,
        confirmation.proof,
    )
    note = f"{mint.amount} of {l1_token} go to the depositor {mint.original_caller}, whoever sends this"
    steps = [("claim", Unsigned(to=found.nullifier, data=call))]
    return (yield from draft_calls(session, facts, state, "l1", "claim", steps, l1, l2_tx_hash=tx_hash, notes=(note,)))


def claimed(session: Session, record: SettlementRecord) -> Flow[tuple[bool, None]]:
    """Of a claim that failed on L1: whether another was faster. L1 tells not by whom. Raises NodeError."""
    again = draft_claim_failed_deposit(session, record.l2_tx_hash, bridge=record.bridge)
    drafted = yield from attempt(attempt(again, ChainError), InputError)
    return isinstance(drafted, NothingToClaim) and drafted.claimed, None


def _bridge_of(
    session: Session, known: Contracts, transaction: NodeTransaction, bridge: Bridge | None
) -> Flow[Bridge | None]:
    """The bridge beside the vault that made the deposit, verified on L1; None if none did.

    Raises NothingToClaim for one that is not known: it is not the L2 node that says whom to call.
    """
    caller = undo_alias(transaction.from_address)
    found = next((one for one in known_bridges(session, bridge) if one.l1_address == caller), None)
    if found is not None:
        return (yield from verified(known, found))
    if transaction.to != L2_ASSET_ROUTER_ADDRESS and caller != known.asset_router:
        happened = calls.eth_call("l1", caller, NULLIFIER.deposit_happened, known.l2_chain_id, transaction.hash)
        recorded = yield from attempt(attempt(happened, Reverted), NoContract)
        if not isinstance(recorded, Exception) and any(recorded[0]):
            raise NothingToClaim(
                f"it was deposited by the bridge {caller}, which keeps the tokens on L1 and gives them back: name the pair, "
                f"bridge=Bridge(l1_address={str(caller)!r}, l2_address={str(transaction.to)!r})"
            )
    return None


def _from_bridge(
    session: Session,
    facts: ChainFacts,
    transaction: NodeTransaction,
    confirmation: PriorityOpConfirmation,
    bridge: Bridge,
) -> Flow[tuple[bytes, str]]:
    """The call that claims it there, with the proof of how it ended; and a note of what it gives to whom."""
    known, data = facts.contracts, transaction.input
    function = L2_ASSET_ROUTER.finalize_deposit_legacy
    if data[:4] != function.selector:
        raise NothingToClaim(
            f"what the bridge {bridge.l1_address} asked of L2 cannot be read: claim it with its own means"
        )
    depositor, _, token, amount, _ = function.decode_arguments(data)
    happened = calls.eth_call("l1", bridge.l1_address, NULLIFIER.deposit_happened, known.l2_chain_id, transaction.hash)
    (stored,), _ = yield from gather(happened, _verify(session, facts, confirmation))
    if not any(stored):
        reason = f"the bridge has no record of {transaction.hash}: it was claimed before"
        raise NothingToClaim(reason, claimed=True)
    if stored != legacy_deposit_data_hash(depositor, token, amount):
        raise NothingToClaim(
            f"the bridge has recorded {Hash32(stored)}, which is not what L2 was asked: nothing was sent"
        )
    place = (confirmation.l2_batch_number, confirmation.l2_message_index, confirmation.l2_tx_number_in_batch)
    what = (known.l2_chain_id, depositor, token, amount, transaction.hash)
    call = LEGACY_BRIDGE.claim_failed_deposit.encode(*what, *place, confirmation.proof)
    return call, f"{amount} of {token} go to the depositor {depositor}, whoever sends this"


def _minted(known: Contracts, transaction: NodeTransaction) -> tuple[BridgeMint, Hash32]:
    """What the deposit would have minted on L2, and its asset, from the calldata of the failed transaction."""
    if transaction.to != L2_ASSET_ROUTER_ADDRESS or undo_alias(transaction.from_address) != known.asset_router:
        recipient = transaction.refund_recipient
        where = f" {recipient}" if recipient else ", by default the sender"
        raise NothingToClaim(
            "it was a direct request, not a deposit by the bridge: what it brought is at its refund recipient on L2"
            + where
        )
    data = transaction.input
    if data[:4] == L2_ASSET_ROUTER.finalize_deposit_legacy.selector:
        sender, to, token, amount, metadata = L2_ASSET_ROUTER.finalize_deposit_legacy.decode_arguments(data)
        mint = BridgeMint(original_caller=sender, receiver=to, origin_token=token, amount=amount, metadata=metadata)
        return mint, ntv_asset_id(known.l1_chain_id, token)
    _, asset_id, transfer = L2_ASSET_ROUTER.finalize_deposit.decode_arguments(data)
    return BridgeMint.decode(transfer), Hash32(asset_id)


def _ways(mint: BridgeMint, asset_id: Hash32, l1_token: Address) -> Iterator[_Recorded]:
    """What L1 may have stored: the new encoding, with the token's address or zero for it, or the legacy one.

    In the legacy encoding only the amount of the asset data counts. Source: L1Nullifier.sol, _verifyAndClearFailedTransfer.
    """
    for token in (l1_token, ZERO_ADDRESS):
        data = TransferData(mint.amount, mint.receiver, token).encode()
        yield _Recorded(deposit_data_hash(mint.original_caller, asset_id, data), data)
    legacy = legacy_deposit_data_hash(mint.original_caller, l1_token, mint.amount)
    yield _Recorded(legacy, TransferData(mint.amount, mint.receiver, l1_token).encode())
