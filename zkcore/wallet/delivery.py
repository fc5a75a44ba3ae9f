"""From signed bytes to the one truth about them: the nodes have them, or refuse them for good, or nobody can tell.

The same bytes cannot be included twice, so they are sent again as often as it takes; what would pay twice is to conclude that
they are nowhere when they are not. See `answers` for what is concluded from what a node says.
"""

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from zkcore.effects import Chain, Effect, Flow, Reply, attempt, gather, sleep
from zkcore.errors import FeeTooLow, NodeError, NonceTaken, RpcError, SendUncertain
from zkcore.flows.fate import lookup
from zkcore.flows.market import fee_market
from zkcore.methods.answers import answer, says_too_cheap
from zkcore.plans.plan import SignedPlan
from zkcore.transactions.parse import highest_gas_price

__all__ = ["Delivery", "Send", "deliver"]

_SENDS = 4  # of the same bytes, before it is called uncertain
_PAUSE = 0.5  # seconds before sending again; doubles
_LONGEST_PAUSE = 6.0


class Send(Struct, frozen=True):
    """Send signed transactions to a chain's node. The answer is a row of replies, as that of a wave."""

    chain: Chain
    raws: tuple[bytes, ...]


class _Ordered(Protocol):
    signed: Any  # its SignedPlan
    error: Exception | None


class Delivery:
    """One signed step of an order on its way. `doubt`: its bytes may be out, whatever a node says from here on."""

    def __init__(self, order: _Ordered, place: int, *, doubt: bool = False) -> None:
        signed: SignedPlan[Any] = order.signed
        step = signed.plan.steps[place]
        self.order, self.doubt, self.heard, self.reply = order, doubt, 0, Exception("no answer")
        self.chain: Chain = step.chain
        self.sender, self.nonce = signed.plan.sender, step.transaction.nonce
        self.max_fee = highest_gas_price(step.transaction)
        self.tip: int = getattr(step.transaction, "max_priority_fee_per_gas", self.max_fee)
        self.raw, self.tx_hash = signed.raw_transactions[place], signed.tx_hashes[place]

    def taken(self, next_nonce: int) -> NonceTaken:
        """Another transaction has its nonce."""
        return NonceTaken(chain=self.chain, address=self.sender, nonce=self.nonce, next_nonce=next_nonce)


def deliver(deliveries: Sequence[Delivery]) -> "Generator[Effect | Send, Any, None]":
    """Send to one chain, in this order, until each is with the nodes or has an error: refused for good, or SendUncertain."""
    waiting, pause = list(deliveries), _PAUSE
    for left in reversed(range(_SENDS)):
        replies: Sequence[Reply] = yield Send(waiting[0].chain, tuple(one.raw for one in waiting))
        answers = [(one, reply, answer(reply, one.tx_hash)) for one, reply in zip(waiting, replies, strict=True)]
        open_answers = [row for row in answers if row[2] != "taken"]
        found = yield from gather(
            *[attempt(lookup(one.chain, one.tx_hash, one.sender), NodeError) for one, _, _ in open_answers]
        )
        rows = zip(open_answers, found, strict=True)
        waiting = [one for (one, reply, said), truth in rows if not _settled(one, reply, said, truth)]
        cheap = [one for one in deliveries if isinstance(one.order.error, RpcError) and says_too_cheap(one.order.error)]
        if cheap:
            yield from _priced(cheap)
        if not waiting:
            return
        if left:
            yield from sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
    for one in waiting:
        one.order.error = SendUncertain(signed=one.order.signed, why=one.reply)
        one.order.error.__cause__ = one.reply


def _priced(cheap: Sequence[Delivery]) -> Flow[None]:
    """Say what is too low, and what the chain asks by now, of those that were refused for their fees."""
    market = yield from attempt(fee_market(cheap[0].chain, (None, None)), NodeError)
    base_fee = None if isinstance(market, NodeError) else market.base_fee_per_gas[-1]
    for one in cheap:
        said = one.order.error
        if isinstance(said, RpcError) and not isinstance(said, FeeTooLow):
            words: dict[str, Any] = {"where": said.where, "code": said.code, "message": said.message, "data": said.data}
            one.order.error = FeeTooLow(max_fee=one.max_fee, tip=one.tip, base_fee=base_fee, **words)
            one.order.error.__cause__ = said


def _settled(one: Delivery, reply: Reply, said: str, truth: tuple[bool, int] | NodeError) -> bool:
    """Whether what became of it is known now."""
    one.reply = (
        reply
        if isinstance(reply, Exception)
        else NodeError(f"eth_sendRawTransaction of {one.tx_hash} gave {bytes(reply)[:80]!r}")
    )
    known, count = (False, 0) if isinstance(truth, NodeError) else truth
    if known:
        return True
    if said == "there":
        one.heard += 1
        one.doubt = True
        return one.heard > 1  # a node that has it and does not show it may lag; one that says so twice is believed
    if isinstance(truth, NodeError) or said == "unknown":
        one.doubt = True
    elif not one.doubt and said == "refused":
        one.order.error = one.reply
    elif not one.doubt and count > one.nonce:  # occupied
        one.order.error = one.taken(count)
        one.order.error.__cause__ = one.reply
    return one.order.error is not None
