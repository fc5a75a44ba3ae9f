"""What many orders of one account take together: none is signed that those before it leave too little for."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from zkcore.effects import Chain, Flow, gather
from zkcore.errors import BASE_TOKEN, InsufficientBalance
from zkcore.flows.covering import taken_tokens
from zkcore.methods import calls
from zkcore.plans.facts import PlanStep
from zkcore.plans.plan import Plan
from zkcore.protocol.contracts import ERC20
from zkcore.transactions.parse import highest_cost
from zkcore.types import ETH, Address

__all__ = ["lacking_together"]


def _sent(step: PlanStep) -> Counter[Address]:
    """What a transfer sends of a token."""
    data, token = step.transaction.data, step.transaction.to
    if step.kind != "transfer" or token is None or data[:4] != ERC20.transfer.selector:
        return Counter()
    return Counter({Address(token): ERC20.transfer.decode_arguments(data)[1]})


def _costs(plan: Plan[Any], first: int = 0) -> Counter[Address]:
    """What the steps from this nonce on take at most: of the chain's own coin (`ETH`), and of tokens."""
    steps = [step for step in plan.steps if step.transaction.nonce >= first]
    costs = Counter({ETH: sum(highest_cost(step.transaction) for step in steps)})
    for step in steps:
        costs.update(_sent(step))
    for token, amount in taken_tokens(plan) if steps else ():
        costs[token] += amount
    return costs


def lacking_together(
    plans: Sequence[Plan[Any]], in_flight: Sequence[Plan[Any]], held: int | None = None
) -> Flow[list[InsufficientBalance | None]]:
    """For each plan, in the order in which they are to be signed, what it lacks behind what is in flight and those before it,
    all of one account on one chain.

    One that lacks something takes nothing: a smaller one behind it may fit. `held`: what the account held of the chain's own
    coin a moment ago; where they take nothing else, and nothing is in flight, no wave. Else one.
    """
    chain: Chain = plans[0].steps[0].chain
    sender, costs = plans[0].sender, [_costs(plan) for plan in plans]
    tokens = sorted({token for cost in costs for token in cost} - {ETH})
    left = Counter({ETH: held or 0})
    if tokens or in_flight or held is None:
        count, coin, balances = yield from gather(
            calls.get_transaction_count(chain, sender),
            calls.get_balance(chain, sender),
            gather(*[calls.eth_call(chain, token, ERC20.balance_of, sender) for token in tokens]),
        )
        left = Counter({ETH: coin}) + Counter(dict(zip(tokens, (balance for (balance,) in balances), strict=True)))
        for plan in in_flight:  # what is in a block of it takes nothing more
            left.subtract(_costs(plan, count))
    found: list[InsufficientBalance | None] = []
    for cost in costs:
        short = next((token for token, needed in cost.items() if needed > left[token]), None)
        if short is None:
            left.subtract(cost)
            found.append(None)
            continue
        named = short if short != ETH else "ETH" if chain == "l1" else BASE_TOKEN
        purpose = "this order, behind those that were asked for before it"
        needed, balance = cost[short], max(left[short], 0)
        found.append(InsufficientBalance(address=sender, token=named, balance=balance, needed=needed, purpose=purpose))
    return found
