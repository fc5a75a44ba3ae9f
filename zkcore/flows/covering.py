"""Approvals of the moment: an order's allowance must be there when its request runs, whatever else is in flight.

Requests of one account run in the order of their nonces. So what each of them will find can be told: the allowance as it is, set
by every approval and lowered by every request in between. An order that would find too little gets an approval of its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from zkcore.effects import Flow, gather
from zkcore.errors import InputError, InsufficientAllowance
from zkcore.methods import calls
from zkcore.plans.facts import PlanStep
from zkcore.plans.plan import Plan
from zkcore.protocol.assets import SecondBridgeDeposit, ntv_asset_id
from zkcore.protocol.contracts import BRIDGEHUB, ERC20
from zkcore.transactions import Eip1559Transaction
from zkcore.types import ETH, Address

__all__ = ["covered", "taken_tokens", "takes_tokens", "uncovered"]

_APPROVE_GAS = 100_000  # where the plan has no approval of this token to take it from


class _Taken(NamedTuple):
    """What a request takes of a token, and who takes it."""

    token: Address
    spender: Address
    amount: int


def _taken(plan: Plan[Any]) -> list[_Taken]:
    """By the request itself. Source: as `zkcore.flows.deposit`."""
    data, facts = plan.steps[-1].transaction.data, plan.facts
    if plan.steps[-1].chain != "l1":
        return []
    two = data[:4] == BRIDGEHUB.request_l2_transaction_two_bridges.selector
    if not two and data[:4] != BRIDGEHUB.request_l2_transaction_direct.selector:
        return []
    function = BRIDGEHUB.request_l2_transaction_two_bridges if two else BRIDGEHUB.request_l2_transaction_direct
    fields = dict(
        zip((part.name for part in function.inputs[0].components), function.decode_arguments(data)[0], strict=True)
    )
    found = [] if facts.base_token == ETH else [_Taken(facts.base_token, facts.asset_router, fields["mintValue"])]
    if not two:
        return found
    bridge = fields["secondBridgeAddress"]
    try:
        deposit = SecondBridgeDeposit.decode(fields["secondBridgeCalldata"])
    except InputError:  # a bridge of its own: what it takes is what it was allowed for this request
        approved = [_approval(step) for step in plan.steps[:-1]]
        return found + [one for one in approved if one.spender == bridge and one.amount]
    token, amount = deposit.transfer.token, deposit.transfer.amount
    at_home = deposit.asset_id in (None, ntv_asset_id(facts.l1_chain_id, token))  # any other is burned, and needs none
    return found + ([_Taken(token, bridge, amount)] if token != ETH and at_home else [])


def _approval(step: PlanStep) -> _Taken:
    spender, amount = ERC20.approve.decode_arguments(step.transaction.data)
    return _Taken(Address(step.transaction.to or b""), spender, amount)


def _takers(plan: Plan[Any], one: _Taken) -> list[Address]:
    """Who may take it: instead of the router the vault, if it may. Source: L1AssetRouter.sol, transferFundsToNTV."""
    vault = plan.facts.native_token_vault
    return [vault, one.spender] if vault and one.spender == plan.facts.asset_router else [one.spender]


def _taker(plan: Plan[Any], one: _Taken, left: dict[tuple[Address, Address], int]) -> Address:
    enough = (who for who in _takers(plan, one) if left.get((one.token, who), 0) >= one.amount)
    return next(enough, one.spender)


def takes_tokens(plan: Plan[Any]) -> bool:
    """Whether an allowance must be there for it."""
    return bool(_taken(plan))


def taken_tokens(plan: Plan[Any]) -> list[tuple[Address, int]]:
    """What its request takes of which tokens of L1."""
    return [(one.token, one.amount) for one in _taken(plan)]


def covered(
    plans: Sequence[Plan[Any]], in_flight: Sequence[Plan[Any]]
) -> Flow[list[Plan[Any] | InsufficientAllowance]]:
    """The plans, in the order in which they are to be signed, with just the approvals that they need behind what is in flight.

    One that was told not to approve, and would have to, is an error. Two waves: what the count of the first has not seen is
    subtracted, so that an allowance is never taken for more than it is.
    """
    _, left = yield from _left_behind(plans, in_flight)
    return [_behind(plan, left) for plan in plans]


def uncovered(plan: Plan[Any], in_flight: Sequence[Plan[Any]]) -> Flow[InsufficientAllowance | None]:
    """Of a plan whose steps stand: that it would find too little behind what is in flight under lower nonces. Two waves."""
    first = plan.steps[0].transaction.nonce
    earlier = [one for one in in_flight if one.steps[0].transaction.nonce < first]
    count, left = yield from _left_behind([plan], earlier)
    if count > first:  # it is sent, or another is
        return None
    left |= {(one.token, one.spender): one.amount for one in map(_approval, plan.steps[:-1])}
    short = (one for one in _taken(plan) if left.get((one.token, _taker(plan, one, left)), 0) < one.amount)
    return next((_refused(plan, one, left.get((one.token, one.spender), 0)) for one in short), None)


def _refused(plan: Plan[Any], one: _Taken, allowance: int) -> InsufficientAllowance:
    return InsufficientAllowance(
        token=one.token, owner=plan.sender, spender=one.spender, allowance=allowance, needed=one.amount
    )


def _left_behind(
    plans: Sequence[Plan[Any]], in_flight: Sequence[Plan[Any]]
) -> Flow[tuple[int, dict[tuple[Address, Address], int]]]:
    """The sender's nonce in blocks, and the allowances that plans find behind what is in flight."""
    sender = plans[0].sender
    count = yield from calls.get_transaction_count("l1", sender)
    wanted = {(one.token, who) for plan in plans for one in _taken(plan) for who in _takers(plan, one)}
    pairs = sorted(wanted)
    answers = yield from gather(
        *[calls.eth_call("l1", token, ERC20.allowance, sender, spender) for token, spender in pairs]
    )
    left: dict[tuple[Address, Address], int] = {
        pair: allowance for pair, (allowance,) in zip(pairs, answers, strict=True)
    }
    before = [plan for plan in in_flight if plan.steps[-1].transaction.nonce >= count and plan.steps[0].chain == "l1"]
    for plan in sorted(before, key=lambda plan: plan.steps[0].transaction.nonce):
        for step in plan.steps:
            if step.transaction.nonce >= count and step.kind == "approve":
                one = _approval(step)
                left[one.token, one.spender] = one.amount
        for one in _taken(plan):
            taker = _taker(plan, one, left)
            left[one.token, taker] = max(0, left.get((one.token, taker), 0) - one.amount)
    return count, left


def _behind(plan: Plan[Any], left: dict[tuple[Address, Address], int]) -> Plan[Any] | InsufficientAllowance:
    steps: list[PlanStep] = []
    last = plan.steps[-1]
    own = {(one.token, one.spender): (one, step) for step in plan.steps[:-1] if (one := _approval(step)).amount}
    resets = {(one.token, one.spender) for step in plan.steps[:-1] if not (one := _approval(step)).amount}
    for one in _taken(plan):
        pair = one.token, _taker(plan, one, left)
        allowance = left.get(pair, 0)
        if allowance < one.amount:
            if not plan.facts.approves:
                return _refused(plan, one, allowance)
            wanted, step = own.get(pair, (one, None))
            amounts = (0, wanted.amount) if allowance or pair in resets else (wanted.amount,)
            steps += [_approve(last, step, one.token, one.spender, amount) for amount in amounts]
            left[pair] = wanted.amount
        left[pair] -= one.amount
    numbered = [replace(step, after=(at - 1,) if at else ()) for at, step in enumerate((*steps, last))]
    nonce = plan.steps[0].transaction.nonce
    placed = [
        replace(step, transaction=replace(step.transaction, nonce=nonce + at)) for at, step in enumerate(numbered)
    ]
    return replace(plan, steps=tuple(placed))


def _approve(last: PlanStep, like: PlanStep | None, token: Address, spender: Address, amount: int) -> PlanStep:
    gas = like.transaction.gas_limit if like else _APPROVE_GAS
    tx: Any = last.transaction
    made: Eip1559Transaction = replace(tx, to=token, value=0, data=ERC20.approve.encode(spender, amount), gas_limit=gas)
    return PlanStep(kind="approve", chain="l1", transaction=made)
