"""Messages from L2 to L1: out of a receipt, into a batch, under a root that L1 holds."""

from typing import Any

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, InvalidProof, MalformedReply, NodeError, NotReady, Reverted
from zkcore.flows.bundles import bundle_in
from zkcore.flows.session import Contracts, Session, contracts, message_root
from zkcore.methods import calls
from zkcore.methods.replies import Log, LogProof, Receipt
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    DIAMOND,
    L1_MESSENGER,
    L1_MESSENGER_ADDRESS,
    MESSAGE_ROOT,
)
from zkcore.protocol.proofs import deciding_batch, verify_proof
from zkcore.protocol.settlement import FinalizeParams, is_bundle, is_withdrawal
from zkcore.types import Hash32, HexLike, uint

# fmt: off
__all__ = [
    "FinalizeParams", "absent_from_l2", "get_message_proof", "is_proved", "log_index", "message_is_proved", "message_of",
    "messages_of",
    "place_in_batch", "proved_message", "verify_message", "why_unproved", "withdrawal_logs", "withdrawals_in",
]
# fmt: on


def absent_from_l2(tx_hash: Hash32, *, known: bool = True) -> Flow[str]:
    """What to say of a transaction of which L2 has no receipt: where it is instead. One wave.

    Raises InputError if it is one of L1; if it must be `known`, NotReady if no node knows it.
    """
    on_l2, on_l1 = yield from gather(calls.get_transaction("l2", tx_hash), calls.get_transaction("l1", tx_hash))
    if on_l1 is not None and on_l2 is None:
        raise InputError(
            f"l2_tx_hash: {tx_hash} is a transaction of L1, not of L2: deposits_in(...) gives what it requested of L2, "
            "with the hashes there"
        )
    if on_l2 is not None:
        return f"L2 has no receipt of {tx_hash} yet"
    if known:
        raise NotReady(f"neither L2 nor L1 knows {tx_hash}", state="UNKNOWN")
    return f"neither L2 nor L1 knows {tx_hash} yet"


# ---------------------------------------------------------------- from the receipt
def messages_of(receipt: Receipt) -> list[Log]:
    """The messages that a transaction sent to L1."""
    topic = L1_MESSENGER.l1_message_sent.topic
    return [log for log in receipt.logs if log.address == L1_MESSENGER_ADDRESS and log.topics[:1] == (topic,)]


def _fields(log: Log) -> dict[str, Any]:
    """Sender, hash and message; a log that does not fit is the node's fault."""
    try:
        return L1_MESSENGER.l1_message_sent.decode(log.topics, log.data)
    except InputError as error:
        raise MalformedReply(f"the L1MessageSent of {log.transaction_hash}: {error}") from error


def message_of(log: Log) -> bytes:
    """What a message says."""
    return bytes(_fields(log)["message"])


def withdrawal_logs(receipt: Receipt) -> list[Log]:
    """The messages of a transaction that announce withdrawals."""
    told = [(log, _fields(log)) for log in messages_of(receipt)]
    return [log for log, fields in told if is_withdrawal(fields["sender"], fields["message"])]


def withdrawals_in(l2_tx_hash: HexLike) -> Flow[tuple[Receipt | None, int]]:
    """The receipt of an L2 transaction, and how many withdrawals it makes; none if it failed or is not included.

    Raises InputError for a transaction of L1, NotReady for one that no node knows.
    """
    receipt = yield from calls.get_receipt("l2", l2_tx_hash)
    if receipt is None:
        _ = yield from absent_from_l2(Hash32(l2_tx_hash))
    if receipt is None or receipt.status != 1:
        return None, 0
    return receipt, len(withdrawal_logs(receipt))


def log_index(receipt: Receipt, log: Log) -> int:
    """The place of a message among the L2->L1 logs of its transaction: by its content, never by position.

    Equal messages of one sender are equal logs: the nth of them is the nth. Where the node leaves the logs out, the place is that
    among the messages: a proof that is of another log does not lead to the root on L1.
    """
    if not receipt.l2_to_l1_logs:  # an empty list is no word of a transaction that sends one
        return messages_of(receipt).index(log)
    _ = _fields(log)  # what does not fit is the node's fault
    key, value = log.topics[1], log.topics[2]
    same = [place for place, entry in enumerate(receipt.l2_to_l1_logs) if (entry.key, entry.value) == (key, value)]
    twins = [other for other in messages_of(receipt) if other.topics[1:3] == log.topics[1:3]]
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


def proved_message(known: Contracts, receipt: Receipt, log: Log, proof: LogProof) -> FinalizeParams:
    """A message with the proof that the node gives for it, not yet checked: see `message_is_proved`."""
    fields = _fields(log)
    batch, number = place_in_batch(receipt, proof)
    sender, message = fields["sender"], fields["message"]
    return FinalizeParams(
        chain_id=known.l2_chain_id,
        l2_batch_number=batch,
        l2_message_index=proof.id,
        l2_sender=sender,  # from the topic: whoever sent the message, not whom the transaction called
        l2_tx_number_in_batch=number,
        message=message,
        merkle_proof=proof.proof,
        bundle_hash=bundle_in(known, receipt, message)[1] if is_bundle(sender, message) else None,
    )


# ---------------------------------------------------------------- the root on L1
def is_proved(
    session: Session, known: Contracts, *, batch: int, index: int, leaf: Hash32, proof: tuple[Hash32, ...]
) -> Flow[bool]:
    """Whether L1 holds the root that decides about a proof. Raises InvalidProof if the proof does not lead to it.

    A proof through a settlement layer decides only where L1 has that on its list.
    """
    chain, number = deciding_batch(known.l2_chain_id, batch, proof)
    root, decides = yield from gather(_root(session, known, chain, number), _decides(known, chain))
    if not (any(root) and decides):
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


def _decides(known: Contracts, chain: int) -> Flow[bool]:
    """Whether L1 lets a root of this chain decide: its own, or a settlement layer's (Mailbox.sol, _proveL2LeafInclusion)."""
    if chain == known.l2_chain_id:
        return True
    (allowed,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.whitelisted_settlement_layers, chain)
    return bool(allowed)


def _root(session: Session, known: Contracts, chain: int, batch: int) -> Flow[bytes]:
    """The root that a chain's diamond keeps of a batch, of whatever version it is; where it has none, MessageRoot's.

    Since v31 the latter decides. Who executes a batch writes both at once: Executor.sol, _executeOneBatch, _appendMessageRoot.
    """
    diamond = known.diamond
    if chain == known.l1_chain_id:
        raise InvalidProof(
            "the L2 node's proof ends in what L1 shows to other chains ('messageRoot'): L1 takes no such proof"
        )
    if chain != known.l2_chain_id:
        (diamond,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.get_zk_chain, chain)
        if not any(diamond):
            raise InvalidProof(f"the proof leads to chain {chain}, which the bridgehub does not know")
    kept = yield from attempt(calls.eth_call("l1", diamond, DIAMOND.l2_logs_root_hash, batch), Reverted)
    if isinstance(kept, Reverted) or not any(kept[0]):
        holder = yield from message_root(session, known)
        kept = yield from attempt(calls.eth_call("l1", holder, MESSAGE_ROOT.chain_batch_roots, chain, batch), Reverted)
    return b"" if isinstance(kept, Reverted) else bytes(kept[0])


def message_is_proved(session: Session, known: Contracts, said: FinalizeParams) -> Flow[bool]:
    """As `is_proved`, of a message."""
    where = {"batch": said.l2_batch_number, "index": said.l2_message_index}
    return is_proved(session, known, leaf=said.leaf, proof=said.merkle_proof, **where)


def why_unproved(known: Contracts, batch: int | None) -> Flow[str]:
    """Why the L2 node gives no proof. Whether the batch is executed is L1's to say, not what follows from that."""
    if batch is None:
        return "the L2 node names no batch of it yet"
    executed = yield from attempt(calls.eth_call("l1", known.diamond, DIAMOND.get_total_batches_executed), NodeError)
    if isinstance(executed, NodeError):
        return f"the L2 node gives no proof of it yet: it is in batch {batch}"
    if executed[0] < batch:
        return f"batch {batch} is not executed on L1 yet"
    return f"batch {batch} is executed on L1, but the L2 node gives no proof of it: it lags, or another node has it"


# ---------------------------------------------------------------- any message
def get_message_proof(session: Session, l2_tx_hash: HexLike, index: int = 0) -> Flow[FinalizeParams]:
    """The proof of the `index`th message that an L2 transaction sent to L1, withdrawal or not. Raises NotReady, InputError."""
    known, receipt = yield from gather(contracts(session), calls.get_receipt("l2", l2_tx_hash))
    if receipt is None:
        raise NotReady((yield from absent_from_l2(Hash32(l2_tx_hash))), state="L2_PENDING")
    messages = messages_of(receipt)
    if uint(index, "index", 16) >= len(messages):
        raise InputError(
            f"index: {receipt.transaction_hash} sends {len(messages)} messages, there is no number {index}"
        )
    proof = yield from calls.get_l2_to_l1_log_proof(receipt.transaction_hash, log_index(receipt, messages[index]))
    if proof is None:
        reason = yield from why_unproved(known, receipt.l1_batch_number)
        raise NotReady(reason, state="PROOF_PENDING")
    return proved_message(known, receipt, messages[index], proof)


def verify_message(session: Session, proof: FinalizeParams) -> Flow[bool]:
    """Whether the message is in a batch that L1 has executed: checked here, against the root read from L1.

    Raises NotReady if L1 has no such root yet, InputError if it is of another chain.
    """
    known = yield from contracts(session)
    if proof.chain_id != known.l2_chain_id:
        raise InputError(f"the message is of chain {proof.chain_id}, this wallet's is {known.l2_chain_id}")
    proved = yield from attempt(message_is_proved(session, known, proof), InvalidProof)
    if proved is False:
        raise NotReady(f"L1 has no root of batch {proof.l2_batch_number} yet", state="PROOF_PENDING")
    return proved is True
