"""The one truth about transactions of which at most one can be in a block: they have the same sender and the same nonce."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from zkcore.effects import Chain, Flow, Step, attempt, gather, now, report, sleep, within
from zkcore.errors import InputError, NodeError, NodeTimeout, NonceTaken, TransactionFailed, WaitTimeout
from zkcore.methods import calls
from zkcore.methods.replies import Receipt
from zkcore.plans.plan import SignedPlan
from zkcore.types import Address, Hash32, seconds

__all__ = ["DROPPED", "Fate", "Outcome", "Slot", "displaced", "fate", "included", "is_sent", "lookup", "missing"]
__all__ += ["LEAST_LOOK", "trouble_of", "unincluded", "was_cut"]

_STEP_TIMEOUT = 1_800.0  # seconds for an approval to be included
_PAUSE, _LONGEST_PAUSE = 0.5, 6.0  # seconds between two questions
LEAST_LOOK = 0.5  # seconds that the first question of a wait gets, however short it is
DROPPED = 3  # looks in a row that find it with no node, before it is sent again

Outcome: TypeAlias = Literal[
    "included",  # there is a receipt
    "pending",  # a node has one of them
    "dropped",  # no node that was asked has one, and the nonce is free: the same bytes can be sent again
    "unknown",  # the nonce is used, and no node shows by what: one that lags, or a block that may yet go away
    "replaced",  # another transaction has used the nonce in a block that is final, and there is no receipt even then
]


class Fate(Struct, frozen=True):
    """What became of them; the receipt if one is included."""

    outcome: Outcome
    receipt: Receipt | None = None


class Slot(NamedTuple):
    """Whose nonce it is."""

    sender: Address
    nonce: int


def fate(chain: Chain, hashes: Sequence[Hash32], slot: Slot | None) -> Flow[Fate]:
    """What became of them: one wave where one is included, at most three. No slot: who sent them is not known, and no more."""
    receipts = yield from gather(*[calls.get_receipt(chain, tx_hash) for tx_hash in hashes])
    receipt = _decisive(receipts)
    if receipt is not None:
        return Fate("included", receipt)
    return Fate("pending") if slot is None else (yield from unincluded(chain, hashes, *slot))


def displaced(chain: Chain, tx_hash: Hash32, slot: Slot) -> TransactionFailed:
    """The error of one that was replaced."""
    reason = f"another transaction of {slot.sender} has used its nonce {slot.nonce}; it was never included"
    return TransactionFailed(chain=chain, tx_hash=tx_hash, reason=reason)


def unincluded(chain: Chain, hashes: Sequence[Hash32], sender: Address, nonce: int) -> Flow[Fate]:
    """What became of them, where a moment ago there was no receipt. At most two waves.

    That a node shows none says little: it may lag behind the one that counts the nonces. Only a count of a final block says that
    the nonce is gone for good; then the receipts are asked for again, from nodes that are that far.
    """
    known, count, settled = yield from gather(
        gather(*[calls.get_transaction(chain, tx_hash) for tx_hash in hashes]),
        calls.get_transaction_count(chain, sender),
        attempt(calls.get_transaction_count(chain, sender, block="finalized"), NodeError),
    )
    if any(known):
        return Fate("pending")
    if count <= nonce:
        return Fate("dropped")
    if isinstance(settled, NodeError) or settled <= nonce:
        return Fate("unknown")
    receipts = yield from gather(*[calls.get_receipt(chain, tx_hash) for tx_hash in hashes])
    receipt = _decisive(receipts)
    return Fate("replaced") if receipt is None else Fate("included", receipt)


def _decisive(receipts: Sequence[Receipt | None]) -> Receipt | None:
    """The one that succeeded: what was replaced under a lower nonce may have been included, and the last one then has failed."""
    found = [receipt for receipt in receipts if receipt is not None]
    return next((receipt for receipt in found if receipt.status == 1), found[0] if found else None)


# ---------------------------------------------------------------- of signed plans
def lookup(chain: Chain, tx_hash: Hash32, sender: Address) -> Flow[tuple[bool, int]]:
    """Whether the node knows the transaction, and the sender's next nonce, counting those that wait."""
    transaction, receipt, count = yield from gather(
        calls.get_transaction(chain, tx_hash),
        calls.get_receipt(chain, tx_hash),
        calls.get_transaction_count(chain, sender, block="pending"),
    )
    return transaction is not None or receipt is not None, count


def is_sent(signed: SignedPlan[Any]) -> Flow[bool]:
    """Whether a node knows a plan that was made a while ago. Raises NonceTaken, or InputError if it is too old, if none does."""
    plan, step = signed.plan, signed.plan.steps[0]
    hashes = zip(plan.steps, signed.tx_hashes, strict=True)
    found, block, used = yield from gather(
        gather(*[lookup(one.chain, tx_hash, plan.sender) for one, tx_hash in hashes]),
        calls.block_number("l1"),
        calls.get_transaction_count(step.chain, plan.sender),
    )
    if any(known for known, _ in found):
        return True
    count = used if plan.facts.replaces else found[0][1]  # one that is to be replaced is pending itself
    if count > step.transaction.nonce:
        raise NonceTaken(chain=step.chain, address=plan.sender, nonce=step.transaction.nonce, next_nonce=count)
    last = plan.facts.expires_after_l1_block
    if last is not None and block > last:
        raise InputError(f"the plan expired with L1 block {last}, it is now {block}: prepare a new one")
    return False


def missing(plans: Iterable[SignedPlan[Any]]) -> Flow[Mapping[Hash32, Sequence[int]]]:
    """By the hash of the plan, the steps that no node knows and whose nonce is not used in a block. One wave."""
    steps = [(plan, *step) for plan in plans for step in enumerate(zip(plan.plan.steps, plan.tx_hashes, strict=True))]
    accounts: list[tuple[Chain, Address]] = sorted({(step.chain, plan.plan.sender) for plan, _, (step, _) in steps})
    known, counts = yield from gather(
        gather(*[calls.get_transaction(step.chain, tx_hash) for _, _, (step, tx_hash) in steps]),
        gather(*[calls.get_transaction_count(chain, sender) for chain, sender in accounts]),
    )
    used = dict(zip(accounts, counts, strict=True))
    found: dict[Hash32, list[int]] = {}
    for (plan, place, (step, _)), transaction in zip(steps, known, strict=True):
        if transaction is None and step.transaction.nonce >= used[step.chain, plan.plan.sender]:
            found.setdefault(plan.hash, []).append(place)
    return found


def included(
    chain: Chain,
    tx_hash: Hash32,
    check: Callable[[Receipt], None],
    *,
    slot: Slot | None = None,
    resend: Callable[[], Step[None]] | None = None,
    learn: Callable[[Fate], object] | None = None,
    timeout: float = _STEP_TIMEOUT,
    poll: float = _PAUSE,
) -> Flow[Receipt]:
    """The receipt, once there is one that `check` takes. Raises TransactionFailed if its status is 0, or its nonce another's;
    WaitTimeout.

    `learn` is told each look; `resend` is what is done when no node has it any more.
    """
    timeout, poll, dropped = seconds(timeout, "timeout"), seconds(poll, "poll"), 0
    begun = yield from now()
    deadline, had = begun + timeout, max(timeout, LEAST_LOOK)
    until = begun + had  # a question at least
    trouble: NodeError | None = None
    while True:
        found = yield from attempt(within(_checked(fate(chain, (tx_hash,), slot), check), until), NodeError)
        if isinstance(found, Fate):
            if learn is not None:
                _ = learn(found)
            if found.receipt is not None and found.receipt.status != 1:
                raise TransactionFailed(chain=chain, tx_hash=tx_hash, receipt=found.receipt)
            if found.receipt is not None:
                return found.receipt
            if found.outcome == "replaced" and slot is not None:
                raise displaced(chain, tx_hash, slot)
            dropped = dropped + 1 if found.outcome == "dropped" else 0
            if dropped >= DROPPED and resend is not None:
                yield from resend()
        left = deadline - (yield from now())
        trouble = trouble_of(found, trouble, had)
        if left <= 0:
            raise WaitTimeout(what=f"{chain} to include {tx_hash}", seconds=timeout, trouble=trouble)
        yield from report(f"waiting for {chain} to include {tx_hash}{f': {trouble}' if trouble else ''}")
        yield from sleep(min(poll, left))
        had, until = left - poll, deadline
        poll = min(1.5 * poll, _LONGEST_PAUSE)


def was_cut(answer: object, had: float) -> bool:
    """Whether a look at the end of a wait got no answer for want of time: no word on the node."""
    return isinstance(answer, NodeTimeout) and had < LEAST_LOOK


def trouble_of(answer: object, before: NodeError | None, had: float) -> NodeError | None:
    """What troubles a wait: the last reply, if it was no answer, and had the time to be one."""
    return before if was_cut(answer, had) else answer if isinstance(answer, NodeError) else None


def _checked(asked: Flow[Fate], check: Callable[[Receipt], None]) -> Flow[Fate]:
    found = yield from asked
    if found.receipt is not None:
        check(found.receipt)
    return found
