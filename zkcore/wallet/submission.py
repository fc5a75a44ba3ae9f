"""Sending a plan, once: a small executor, as a generator, so that a test can kill it at each of its steps.

It yields the effects of flows and four of its own: `Hold`, `Sign`, `Send`, `Store`. A submission may run a flow; the types
refuse the reverse, so nothing named quote or prepare can ever sign or send.
"""

from collections.abc import Generator
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Raw, Struct

from zkcore.effects import Chain, Effect, Flow, Reply, attempt, gather, now, report, sleep, within
from zkcore.errors import (
    InputError,
    MalformedReply,
    NodeError,
    NodeTimeout,
    NonceTaken,
    RpcError,
    TransactionFailed,
    WaitTimeout,
)
from zkcore.ethereum.signature import Signature
from zkcore.journal.entries import Store
from zkcore.methods import calls
from zkcore.methods.decoding import decoder
from zkcore.methods.replies import Receipt
from zkcore.plans.facts import PlanStep
from zkcore.plans.plan import Plan, SignedPlan
from zkcore.transactions import Transaction
from zkcore.types import Hash32

__all__ = ["Hold", "Send", "Sign", "Submission", "submission"]

T = TypeVar("T")

_SENDS = 4  # of one signed transaction, if replies are lost: the same bytes cannot be included twice
_PAUSE = 0.5  # seconds before asking again; doubles
_LONGEST_PAUSE = 6.0
_STEP_TIMEOUT = 1_800.0  # seconds for an approval to be included


class Hold(Struct, frozen=True):
    """Take the wallet's lock on the nonces of a chain, and give up the one held before; the end gives it up too."""

    chain: Chain


class Sign(Struct, frozen=True):
    """The answer is the signature of the wallet's signer."""

    transaction: Transaction


class Send(Struct, frozen=True):
    """The answer is a row of one reply, as that of a wave: of the node, or the exception that stands for its absence."""

    chain: Chain
    raw: bytes


Submission: TypeAlias = Generator[Effect | Hold | Sign | Send | Store, Any, T]


def submission(plan: Plan[Any] | SignedPlan[Any], *, fresh: bool = False) -> Submission[SignedPlan[Any]]:
    """Sign what is unsigned, and send what is unsent, in order; run again, it sends nothing twice.

    `fresh`: the nonces were taken under a lock a moment ago, so that nothing can have been sent under them yet.
    Raises NonceTaken, TransactionFailed (an earlier step failed), InputError (the plan has expired), SignerError, NodeError.
    """
    if isinstance(plan, SignedPlan):
        signed = plan
    else:
        # signed again, it may be another transaction (a KMS picks its nonces at random): the first may have been sent
        before: SignedPlan[Any] | None = yield Store(plan.hash, "planned", plan.to_json())
        signatures: list[Signature] = []
        for step in () if before else plan.steps:
            signatures.append((yield Sign(step.transaction)))  # noqa: PERF401  # no comprehension can yield
        signed = before or SignedPlan(plan=plan, signatures=tuple(signatures))
    content, last = signed.to_json(), signed.tx_hashes[-1]
    yield Store(signed.hash, "signed", content, last)
    steps, hashes = signed.plan.steps, signed.tx_hashes
    unsent = set(range(len(steps))) if fresh else (yield from _unsent(signed))
    for place, (step, tx_hash, raw) in enumerate(zip(steps, hashes, signed.raw_transactions, strict=True)):
        if place not in unsent:
            continue
        for earlier in step.after:
            yield from included(steps[earlier].chain, hashes[earlier])
        yield from _deliver(signed.plan, step, raw, tx_hash)
    yield Store(signed.hash, "sent", content, last)
    return signed


def _unsent(signed: SignedPlan[Any]) -> Flow[set[int]]:
    """The places of the steps that the nodes do not know. Raises NonceTaken if the nonce of such a step is in use."""
    steps, sender, facts = signed.plan.steps, signed.plan.sender, signed.plan.facts
    chains: list[Chain] = sorted({step.chain for step in steps})
    # a replaced one is pending itself
    counted: Literal["latest", "pending"] = "latest" if facts.replaces else "pending"
    known, counts, block = yield from gather(
        gather(*[calls.get_transaction(s.chain, h) for s, h in zip(steps, signed.tx_hashes, strict=True)]),
        gather(*[calls.get_transaction_count(chain, sender, block=counted) for chain in chains]),
        calls.block_number("l1"),
    )
    unsent = {place for place, transaction in enumerate(known) if transaction is None}
    pending = dict(zip(chains, counts, strict=True))
    for place in sorted(unsent):
        step = steps[place]
        if pending[step.chain] > step.transaction.nonce:
            raise _taken(signed.plan, step, pending[step.chain])
    if len(unsent) == len(steps) and facts.expires_after_l1_block is not None and block > facts.expires_after_l1_block:
        raise InputError(
            f"the plan expired with L1 block {facts.expires_after_l1_block}, it is now {block}: prepare a new one"
        )
    return unsent


def _taken(plan: Plan[Any], step: PlanStep, next_nonce: int) -> NonceTaken:
    return NonceTaken(chain=step.chain, address=plan.sender, nonce=step.transaction.nonce, next_nonce=next_nonce)


def _deliver(plan: Plan[Any], step: PlanStep, raw: bytes, tx_hash: Hash32) -> Submission[None]:
    """Send, and find out the truth about the hash whatever the node answers."""
    pause = _PAUSE
    for left in reversed(range(_SENDS)):
        replies: tuple[Reply] = yield Send(step.chain, raw)
        (reply,) = replies
        if isinstance(reply, Raw):
            _check_hash(reply, tx_hash)
            return
        if not isinstance(reply, NodeError):
            raise reply
        truth = yield from attempt(_truth(plan, step, tx_hash), NodeError)
        if isinstance(truth, tuple):
            found, count = truth
            if found:
                return
            if count > step.transaction.nonce:
                raise _taken(plan, step, count) from reply
            if isinstance(reply, RpcError):
                raise reply  # refused, and not known: nothing was sent
        if not left:
            raise NodeTimeout(
                f"{tx_hash} was sent to {step.chain} and may or may not arrive ({reply}). Submit the same plan again: "
                "it is sent at most once"
            ) from reply
        yield from sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _truth(plan: Plan[Any], step: PlanStep, tx_hash: Hash32) -> Flow[tuple[bool, int]]:
    """Whether the node knows the transaction, and the sender's next nonce."""
    transaction, count = yield from gather(
        calls.get_transaction(step.chain, tx_hash),
        calls.get_transaction_count(step.chain, plan.sender),
    )
    return transaction is not None, count


def _check_hash(reply: Raw, tx_hash: Hash32) -> None:
    try:
        said = decoder(Hash32)(reply)
    except ValueError as error:
        raise MalformedReply(f"eth_sendRawTransaction: {error}") from error
    if said != tx_hash:
        raise MalformedReply(f"eth_sendRawTransaction: the node says the hash is {said}, the bytes give {tx_hash}")


def included(chain: Chain, tx_hash: Hash32, *, timeout: float = _STEP_TIMEOUT, poll: float = _PAUSE) -> Flow[Receipt]:
    """The receipt, once there is one. Raises TransactionFailed if its status is 0, WaitTimeout."""
    deadline = (yield from now()) + max(timeout, poll)  # a question at least
    while True:
        receipt = yield from attempt(within(calls.get_receipt(chain, tx_hash), deadline), NodeError)
        if isinstance(receipt, Receipt):
            if receipt.status != 1:
                raise TransactionFailed(chain=chain, tx_hash=tx_hash, receipt=receipt)
            return receipt
        left = deadline - (yield from now())
        if left <= 0:
            raise WaitTimeout(what=f"{chain} to include {tx_hash}", seconds=timeout, trouble=receipt)
        trouble = f": {receipt}" if receipt else ""
        yield from report(f"waiting for {chain} to include {tx_hash}{trouble}")
        yield from sleep(min(poll, left))
        poll = min(1.5 * poll, _LONGEST_PAUSE)
