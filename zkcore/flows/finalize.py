"""What comes back to L1: how far a withdrawal is, its parameters from the message itself, its proof checked here first."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

from zkcore import calls
from zkcore.assets import AssetWithdrawal, BaseTokenWithdrawal, parse_withdrawal_message
from zkcore.calls import CallRequest
from zkcore.contracts import (
    ASSET_ROUTER,
    BRIDGEHUB,
    DIAMOND,
    L1_MESSENGER,
    L1_MESSENGER_ADDRESS,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    MESSAGE_ROOT,
    NULLIFIER,
)
from zkcore.effects import Flow, attempt, gather
from zkcore.errors import (
    AlreadyFinalized,
    InputError,
    InvalidProof,
    MalformedReply,
    NotReady,
    Reverted,
    TransactionFailed,
)
from zkcore.flows.l1 import TxOptions, Unsigned, account_state
from zkcore.flows.session import Contracts, Session, chain_facts, contracts, protocol_version
from zkcore.flows.status import poll
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.plan import Draft
from zkcore.proofs import deciding_batch, message_log, verify_proof
from zkcore.replies import Log, LogProof, Receipt
from zkcore.types import Address, Hash32, HexLike, uint

# fmt: off
__all__ = [
    "FinalizeParams", "WithdrawalPhase", "WithdrawalStatus", "draft_finalize_withdrawal",
    "get_finalize_withdrawal_params", "get_message_proof", "is_proved", "is_withdrawal_finalized", "place_in_batch",
    "verify_message", "wait_for_withdrawal", "withdrawal_status", "withdrawals_in",
]
# fmt: on

WithdrawalPhase: TypeAlias = Literal[
    "L2_PENDING",  # no receipt on L2 yet
    "L2_FAILED",
    "BATCH_PENDING",  # not in a batch yet
    "PROOF_PENDING",  # in a batch that is not executed on L1 yet
    "READY",  # the proof leads to the root on L1, and the call simulates
    "FINALIZING",  # the finalization is sent, not included
    "FINALIZED",
]


class FinalizeParams(Struct, frozen=True, kw_only=True):
    """A message from L2 and the proof that it is in a batch: what L1Nullifier.finalizeDeposit takes (FinalizeL1DepositParams)."""

    chain_id: int
    l2_batch_number: int
    l2_message_index: int
    l2_sender: Address
    l2_tx_number_in_batch: int
    message: bytes
    merkle_proof: tuple[Hash32, ...]

    def calldata(self) -> bytes:
        """The call of finalizeDeposit."""
        return NULLIFIER.finalize_deposit.encode(tuple(getattr(self, name) for name in self.__struct_fields__))

    @property
    def leaf(self) -> Hash32:
        """The leaf of the batch's tree of logs that the message is."""
        return message_log(self.l2_sender, self.message, self.l2_tx_number_in_batch).leaf()


class WithdrawalStatus(Struct, frozen=True, kw_only=True):
    """How far a withdrawal is, why it is not ready, and its parameters once there is a proof.

    `blocked`: what L1 says to the call although the proof is right, such as a paused bridge.
    """

    phase: WithdrawalPhase
    reason: str = ""
    l2_receipt: Receipt | None = None
    params: FinalizeParams | None = None
    blocked: Reverted | None = None
    finalization: Hash32 | None = None


# ---------------------------------------------------------------- from the receipt
def _messages(receipt: Receipt) -> list[Log]:
    topic = L1_MESSENGER.l1_message_sent.topic
    return [log for log in receipt.logs if log.address == L1_MESSENGER_ADDRESS and log.topics[:1] == (topic,)]


# Who announces a withdrawal of a kind: anybody can send a message that looks like one. L1Nullifier.sol, _verifyWithdrawal
_SENDERS: dict[type, Address] = {BaseTokenWithdrawal: L2_BASE_TOKEN_ADDRESS, AssetWithdrawal: L2_ASSET_ROUTER_ADDRESS}


def _is_withdrawal(log: Log) -> bool:
    fields = L1_MESSENGER.l1_message_sent.decode(log.topics, log.data)
    try:
        kind = type(parse_withdrawal_message(fields["message"]))
    except InputError:
        return False
    return bool(fields["sender"] == _SENDERS.get(kind, fields["sender"]))  # a legacy bridge has an address of its own


def withdrawals_in(l2_tx_hash: HexLike) -> Flow[tuple[Receipt | None, int]]:
    """The receipt of an L2 transaction, and how many withdrawals it makes; none if it failed or is not included."""
    receipt = yield from calls.get_receipt("l2", l2_tx_hash)
    if receipt is None or receipt.status != 1:
        return None, 0
    return receipt, sum(map(_is_withdrawal, _messages(receipt)))


def _log_index(receipt: Receipt, log: Log) -> int:
    """The place of a message among the L2->L1 logs of its transaction: by its content, never by position.

    Equal messages of one sender are equal logs: the nth of them is the nth.
    """
    key, value = log.topics[1], log.topics[2]
    same = [place for place, entry in enumerate(receipt.l2_to_l1_logs) if (entry.key, entry.value) == (key, value)]
    twins = [other for other in _messages(receipt) if other.topics[1:3] == log.topics[1:3]]
    if len(same) < len(twins):
        raise MalformedReply(
            f"the L2 receipt of {receipt.transaction_hash} lacks the L2->L1 log of one of its messages"
        )
    return same[twins.index(log)]


def place_in_batch(receipt: Receipt, proof: LogProof) -> tuple[int, int]:
    """The batch of a transaction and its number there, by the stack: Era counts in the batch, ZKsync OS in the block."""
    batch = proof.batch_number if proof.batch_number is not None else receipt.l1_batch_number
    number = receipt.transaction_index if receipt.l1_batch_number is None else receipt.l1_batch_tx_index
    if batch is None or number is None:
        raise MalformedReply(f"neither the proof nor the receipt of {receipt.transaction_hash} names the batch")
    return batch, number


def _proved(chain_id: int, receipt: Receipt, log: Log, proof: LogProof) -> FinalizeParams:
    fields = L1_MESSENGER.l1_message_sent.decode(log.topics, log.data)
    batch, number = place_in_batch(receipt, proof)
    return FinalizeParams(
        chain_id=chain_id,
        l2_batch_number=batch,
        l2_message_index=proof.id,
        l2_sender=fields["sender"],  # from the topic: whoever sent the message, not whom the transaction called
        l2_tx_number_in_batch=number,
        message=fields["message"],
        merkle_proof=proof.proof,
    )


# ---------------------------------------------------------------- the root on L1
def is_proved(
    known: Contracts, version: int, *, batch: int, index: int, leaf: Hash32, proof: tuple[Hash32, ...]
) -> Flow[bool]:
    """Whether L1 holds the root that decides about a proof. Raises InvalidProof if the proof does not lead to it.

    Up to v30 the diamond of that chain keeps it (l2LogsRootHash); from v31 on MessageRoot, for older batches still the diamond.
    A proof through a settlement layer takes one wave more.
    """
    chain, number = deciding_batch(known.l2_chain_id, batch, proof)
    root = yield from _root(known, version, chain, number)
    if not any(root):
        return False
    trusted = {(chain, number): Hash32(root)}
    if not verify_proof(
        chain_id=known.l2_chain_id,
        batch=batch,
        index=index,
        leaf=leaf,
        proof=proof,
        roots=lambda of_chain, of_batch: trusted.get((of_chain, of_batch)),
    ):
        raise InvalidProof(
            f"the L2 node's proof for batch {batch} does not lead to the root {Hash32(root)} on L1: nothing was sent"
        )
    return True


def _root(known: Contracts, version: int, chain: int, batch: int) -> Flow[bytes]:
    if version >= 31:
        (message_root,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.message_root)
        (root,) = yield from calls.eth_call("l1", message_root, MESSAGE_ROOT.chain_batch_roots, chain, batch)
        if any(root):
            return bytes(root)
    diamond = known.diamond
    if chain != known.l2_chain_id:
        (diamond,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.get_zk_chain, chain)
        if not any(diamond):
            raise InvalidProof(f"the proof leads to chain {chain}, which the bridgehub does not know")
    (root,) = yield from calls.eth_call("l1", diamond, DIAMOND.l2_logs_root_hash, batch)
    return bytes(root)


def _is_proved(known: Contracts, version: int, said: FinalizeParams) -> Flow[bool]:
    where = {"batch": said.l2_batch_number, "index": said.l2_message_index}
    return is_proved(known, version, leaf=said.leaf, proof=said.merkle_proof, **where)


# ---------------------------------------------------------------- status
class _Place(Struct, frozen=True, kw_only=True):
    known: Contracts
    version: int
    nullifier: Address


def nullifier_of(session: Session, known: Contracts) -> Flow[Address]:
    """The nullifier, from the asset router."""
    found = session.known.vaults
    if found is not None:
        return found.nullifier
    (nullifier,) = yield from calls.eth_call("l1", known.asset_router, ASSET_ROUTER.l1_nullifier)
    return session.check_pinned("nullifier", Address(nullifier))


def _looked_up(
    session: Session, l2_tx_hash: HexLike, index: int
) -> Flow[WithdrawalStatus | tuple[_Place, FinalizeParams, Receipt]]:
    """Where there is a proof: it, and the contracts; else the status that says why not. Two waves."""
    _ = uint(index, "index", 16)
    known, receipt = yield from gather(contracts(session), calls.get_receipt("l2", l2_tx_hash))
    if receipt is None:
        return WithdrawalStatus(phase="L2_PENDING", reason=f"L2 has no receipt of {Hash32(l2_tx_hash)} yet")
    if receipt.status != 1:
        return WithdrawalStatus(phase="L2_FAILED", reason="the transaction failed on L2", l2_receipt=receipt)
    withdrawals = [log for log in _messages(receipt) if _is_withdrawal(log)]
    if index >= len(withdrawals):
        raise InputError(
            f"index: {receipt.transaction_hash} makes {len(withdrawals)} withdrawals, there is no number {index}"
        )
    log = withdrawals[index]
    version, nullifier, proof = yield from gather(
        protocol_version(session, known),
        nullifier_of(session, known),
        calls.get_l2_to_l1_log_proof(receipt.transaction_hash, _log_index(receipt, log)),
    )
    if proof is None:
        batch = receipt.l1_batch_number
        if batch is None:
            return WithdrawalStatus(phase="BATCH_PENDING", reason="it is in no batch yet", l2_receipt=receipt)
        reason = f"batch {batch} is not executed on L1 yet"
        return WithdrawalStatus(phase="PROOF_PENDING", reason=reason, l2_receipt=receipt)
    place = _Place(known=known, version=version, nullifier=nullifier)
    return place, _proved(known.l2_chain_id, receipt, log, proof), receipt


def withdrawal_status(
    session: Session, l2_tx_hash: HexLike, index: int = 0, *, finalization: Hash32 | None = None
) -> Flow[WithdrawalStatus]:
    """Three waves, one more if the chain settles on another. Raises InvalidProof if the node's proof is not right."""
    found, sent = yield from gather(_looked_up(session, l2_tx_hash, index), _finalization(finalization))
    if isinstance(found, WithdrawalStatus):
        return found
    place, params, receipt = found
    call = CallRequest(from_address=session.address, to=place.nullifier, data=params.calldata())
    executed, outcome = yield from gather(
        _is_proved(place.known, place.version, params),
        attempt(calls.call_raw("l1", call), Reverted),
    )
    blocked = outcome if isinstance(outcome, Reverted) else None
    phase: WithdrawalPhase = "READY"
    reason = ""
    if blocked is not None and blocked.name == "WithdrawalAlreadyFinalized":
        phase, blocked = "FINALIZED", None
    elif not executed:
        phase, reason = "PROOF_PENDING", f"L1 has no root of batch {params.l2_batch_number} yet: it is not executed"
    elif sent:
        phase = "FINALIZING"
    elif blocked is not None:
        phase, reason = "PROOF_PENDING", f"L1 would not take it now: {blocked}"
    return WithdrawalStatus(
        phase=phase, reason=reason, l2_receipt=receipt, params=params, blocked=blocked, finalization=finalization
    )


def _finalization(tx_hash: Hash32 | None) -> Flow[bool]:
    """Whether a finalization is on its way: known to L1, not failed."""
    if tx_hash is None:
        return False
    transaction, receipt = yield from gather(calls.get_transaction("l1", tx_hash), calls.get_receipt("l1", tx_hash))
    return transaction is not None and (receipt is None or receipt.status == 1)


def wait_for_withdrawal(
    session: Session,
    l2_tx_hash: HexLike,
    index: int,
    *,
    until: Literal["l2", "ready", "finalized"],
    finalization: Hash32 | None,
    timeout: float,
    interval: float | None,
    on_progress: Callable[[WithdrawalStatus], object] | None,
) -> Flow[WithdrawalStatus]:
    """Until it is so far. Raises TransactionFailed if it failed on L2, WaitTimeout, InvalidProof."""
    beyond = {"finalized": 1, "ready": 2, "l2": 5}
    if until not in beyond:
        raise InputError(f"until: expected one of {', '.join(beyond)}, got {until!r}")
    phases = ("FINALIZED", "READY", "PROOF_PENDING", "BATCH_PENDING", "FINALIZING")
    ended = {"L2_FAILED", *phases[: beyond[until]], *(("FINALIZING",) if until == "ready" else ())}
    status = yield from poll(
        lambda: withdrawal_status(session, l2_tx_hash, index, finalization=finalization),
        lambda status: status.phase in ended,
        what=f"the withdrawal {Hash32(l2_tx_hash)} to be {until}",
        timeout=timeout,
        interval=interval,
        on_progress=on_progress,
    )
    if status.phase == "L2_FAILED":
        raise TransactionFailed(chain="l2", tx_hash=Hash32(l2_tx_hash), receipt=status.l2_receipt)
    return status


def _ready(session: Session, l2_tx_hash: HexLike, index: int) -> Flow[tuple[_Place, FinalizeParams]]:
    found = yield from _looked_up(session, l2_tx_hash, index)
    if isinstance(found, WithdrawalStatus):
        if found.phase == "L2_FAILED":
            raise TransactionFailed(chain="l2", tx_hash=Hash32(l2_tx_hash), receipt=found.l2_receipt)
        raise NotReady(found.reason, state=found.phase)
    return found[:2]


def get_finalize_withdrawal_params(session: Session, l2_tx_hash: HexLike, index: int = 0) -> Flow[FinalizeParams]:
    """What L1Nullifier.finalizeDeposit takes for the `index`th withdrawal of an L2 transaction.

    Raises NotReady, with its state, while there is no proof; InputError, TransactionFailed, NodeError.
    """
    return (yield from _ready(session, l2_tx_hash, index))[1]


def is_withdrawal_finalized(session: Session, l2_tx_hash: HexLike, index: int = 0) -> Flow[bool]:
    """Whether L1 has paid it out. One that is not ready is not finalized. Raises InvalidProof, InputError, NodeError."""
    found = yield from _looked_up(session, l2_tx_hash, index)
    if isinstance(found, WithdrawalStatus):
        return False
    place, params, _ = found
    asked = (params.chain_id, params.l2_batch_number, params.l2_message_index)
    (finalized,), _ = yield from gather(
        calls.eth_call("l1", place.nullifier, NULLIFIER.is_withdrawal_finalized, *asked),
        _is_proved(place.known, place.version, params),  # else L2 could name the place of another that is finalized
    )
    return bool(finalized)


def draft_finalize_withdrawal(
    session: Session, l2_tx_hash: HexLike, index: int = 0, *, l1: TxOptions | None = None
) -> Flow[Draft[TxQuote]]:
    """Have L1 pay out the `index`th withdrawal of an L2 transaction. Anyone may: the receiver is in the message.

    The proof is verified here against the root on L1 before anything is signed. One that is finalized already is reported
    as done by `finalize_withdrawal` (its handle has no L1 transaction); planning it raises AlreadyFinalized.
    Raises NotReady, InvalidProof, Reverted, InsufficientBalance, InputError, NodeError.
    """
    (place, params), state, facts = yield from gather(
        _ready(session, l2_tx_hash, index), account_state(session, "l1", l1), chain_facts(session)
    )
    call = Unsigned(to=place.nullifier, data=params.calldata())
    drafted: Draft[TxQuote] | Reverted
    executed, drafted = yield from gather(
        _is_proved(place.known, place.version, params),
        attempt(
            draft_calls(
                session,
                facts,
                state,
                "l1",
                "finalization",
                [("finalize", call)],
                l1,
                nullifier=place.nullifier,
                l2_tx_hash=Hash32(l2_tx_hash),
                l2_index=index,
            ),
            Reverted,
        ),
    )
    if isinstance(drafted, Reverted):
        if drafted.name == "WithdrawalAlreadyFinalized":
            raise AlreadyFinalized(l2_tx_hash=Hash32(l2_tx_hash), index=index)
        if executed:
            raise drafted
    if not executed or isinstance(drafted, Reverted):
        raise NotReady(
            f"L1 has no root of batch {params.l2_batch_number} yet: it is not executed", state="PROOF_PENDING"
        )
    return drafted


# ---------------------------------------------------------------- any message
def get_message_proof(session: Session, l2_tx_hash: HexLike, index: int = 0) -> Flow[FinalizeParams]:
    """The proof of the `index`th message that an L2 transaction sent to L1, withdrawal or not. Raises NotReady, InputError."""
    known, receipt = yield from gather(contracts(session), calls.get_receipt("l2", l2_tx_hash))
    if receipt is None:
        raise NotReady(f"L2 has no receipt of {Hash32(l2_tx_hash)} yet", state="L2_PENDING")
    messages = _messages(receipt)
    if uint(index, "index", 16) >= len(messages):
        raise InputError(
            f"index: {receipt.transaction_hash} sends {len(messages)} messages, there is no number {index}"
        )
    proof = yield from calls.get_l2_to_l1_log_proof(receipt.transaction_hash, _log_index(receipt, messages[index]))
    if proof is None:
        raise NotReady("the batch of the message is not executed on L1 yet", state="PROOF_PENDING")
    return _proved(known.l2_chain_id, receipt, messages[index], proof)


def verify_message(session: Session, proof: FinalizeParams) -> Flow[bool]:
    """Whether the message is in a batch that L1 has executed: checked here, against the root read from L1.

    Raises NotReady if L1 has no such root yet, InputError if it is of another chain.
    """
    known = yield from contracts(session)
    if proof.chain_id != known.l2_chain_id:
        raise InputError(f"the message is of chain {proof.chain_id}, this wallet's is {known.l2_chain_id}")
    version = yield from protocol_version(session, known)
    proved = yield from attempt(_is_proved(known, version, proof), InvalidProof)
    if proved is False:
        raise NotReady(f"L1 has no root of batch {proof.l2_batch_number} yet", state="PROOF_PENDING")
    return proved is True
