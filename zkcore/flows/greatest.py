"""All of it: the greatest amount that leaves enough for the fees, found by a draft of a part of it, whose costs are then kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from zkcore.effects import Flow
from zkcore.errors import InsufficientBalance
from zkcore.flows.l1 import TxOptions
from zkcore.flows.session import Session
from zkcore.plans.plan import Draft

__all__ = ["draft_greatest", "leaving", "something"]

Q = TypeVar("Q")


def something(session: Session, token: object, amount: int, *, needed: int = 1) -> int:
    """The amount, if it is one. Raises InsufficientBalance: there is nothing to move, or nothing behind the fees."""
    if amount <= 0:
        raise InsufficientBalance(
            address=session.address, token=token, balance=needed + amount - 1, needed=needed, purpose="the fees alone"
        )
    return amount


def draft_greatest(
    session: Session,
    token: object,
    balance: int,
    draft: Callable[[int, TxOptions | None, Any], Flow[Draft[Q]]],
    options: TxOptions | None,
    cost: Callable[[Any], int],
) -> Flow[Draft[Q]]:
    """The draft of all that a balance holds, of which the fees are paid too. `cost`: what of it a quote takes beside the amount.

    Half of it is drafted first; its gas and its prices are those of the whole as well, so that nothing is left over but what
    of the highest fee is not paid.
    """
    probe: Any = (yield from draft(something(session, token, balance // 2), options, None)).quote
    kept = options or TxOptions()
    limits = {"gas_limit": probe.gas_limits[-1] if kept.gas_limit is None else kept.gas_limit}
    prices = {name: getattr(probe, name) for name in ("max_fee_per_gas", "max_priority_fee_per_gas")}
    takes = cost(probe)
    amount = something(session, token, balance - takes, needed=takes + 1)
    drafted: Any = yield from draft(amount, replace(kept, **limits, **prices), probe)
    return leaving(drafted, balance - amount - cost(drafted.quote))


def leaving(drafted: Draft[Q], left: int) -> Draft[Q]:
    """The draft, whose quote states what is left."""
    quote: Any = drafted.quote
    return replace(drafted, quote=replace(quote, left=left))
