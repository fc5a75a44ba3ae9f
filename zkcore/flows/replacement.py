"""Replacing a request that is stuck: the same with higher fees, re-quoted, or nothing at all under its nonce."""

from typing import Any

from msgspec.structs import replace

from zkcore.effects import Flow, gather
from zkcore.errors import InputError, InsufficientAllowance
from zkcore.flows.l1 import Fees, TxOptions, account_state, fixes_all, lacking_ether, refusal
from zkcore.flows.session import Contracts, Session, chain_facts, fee_params
from zkcore.flows.transact import plan_facts
from zkcore.methods import calls
from zkcore.plans.facts import PlanStep
from zkcore.plans.plan import Draft, Plan
from zkcore.plans.records import RequestRecord
from zkcore.plans.rules import CUSTOM_BRIDGE, second_bridge
from zkcore.protocol.contracts import BRIDGEHUB, ERC20
from zkcore.protocol.fees import base_cost
from zkcore.transactions import Eip1559Transaction, parse_transaction

__all__ = ["draft_cancel", "draft_speed_up"]

_CALLS = (BRIDGEHUB.request_l2_transaction_direct, BRIDGEHUB.request_l2_transaction_two_bridges)
_MINT = 1  # the place of mintValue in both requests


def draft_speed_up(session: Session, record: RequestRecord, *, l1: TxOptions | None = None) -> Flow[Draft[int]]:
    """The same request with fees that replace it (an eighth more, or what the market asks), and its mint value re-quoted.

    The base cost follows the gas price: with the old mint value the replacement could revert. The quote is the new mint value.
    """
    old = _transaction(session, record)
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    known, fees = facts.contracts, _bumped(session, old, state.fees, l1)
    params, _ = yield from fee_params(session, known)
    function = next(function for function in _CALLS if function.selector == old.data[:4])
    (request,) = function.decode_arguments(old.data)
    named: dict[str, Any] = dict(zip((part.name for part in function.inputs[0].components), request, strict=True))
    gas = (named["l2GasLimit"], named["l2GasPerPubdataByteLimit"])
    cost = base_cost(params, fees.max_fee_per_gas, *gas)
    rise = max(cost - base_cost(params, old.max_fee_per_gas, *gas), 0)
    mint = max(named["mintValue"] + rise, cost + named["l2Value"])  # the chain's rules may have changed since
    yield from _check_allowance(session, known, mint)
    new = _again(
        old,
        l1,
        fees,
        data=function.encode((*request[:_MINT], mint, *request[_MINT + 1 :])),
        value=old.value + (mint - named["mintValue"] if known.eth_based else 0),
    )
    parked = mint - named["l2Value"] if known.eth_based else 0
    highest = new.gas_limit * fees.max_fee_per_gas
    session.fees.check_total("l1", (highest,), fixed=fixes_all(l1), l2_gas=min(parked, cost + rise))
    purpose = "the replacement"
    lacks = lacking_ether(replace(state, fees=fees), value=new.value, gas=new.gas_limit, purpose=purpose)
    kind: Any = "deposit" if record.kind == "deposit" else "execute"
    custom = second_bridge(new.data) not in (None, known.asset_router)
    kept: dict[str, Any] = {"replaces": (record.l1_tx_hash, *record.replaced), "route": CUSTOM_BRIDGE if custom else ""}
    more = plan_facts(session, facts, l1_block=fees.block, **kept)
    steps = (PlanStep(kind=kind, chain="l1", transaction=new),)
    plan: Plan[Any] = Plan(kind=record.kind, sender=session.address, steps=steps, facts=more)
    return Draft(mint, plan, nonce_fixed=True, refusal=refusal(session, lacks))


def draft_cancel(session: Session, record: RequestRecord, *, l1: TxOptions | None = None) -> Flow[Draft[int]]:
    """A transfer of nothing to oneself under the nonce of the request, so that it can no longer be included.

    The quote is the highest fee in wei. Whichever of the two is included first, wins: the handle's status tells.
    """
    old = _transaction(session, record)
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    fees = _bumped(session, old, state.fees, l1)
    new = _again(old, l1, fees, to=session.address, data=b"", value=0, gas_limit=21_000)
    session.fees.check_total("l1", (new.gas_limit * fees.max_fee_per_gas,), fixed=fixes_all(l1))
    more = plan_facts(session, facts, replaces=(record.l1_tx_hash, *record.replaced), l1_block=fees.block)
    steps = (PlanStep(kind="transfer", chain="l1", transaction=new),)
    plan: Plan[Any] = Plan(kind="transaction", sender=session.address, steps=steps, facts=more)
    return Draft(new.gas_limit * fees.max_fee_per_gas, plan, nonce_fixed=True)


def _transaction(session: Session, record: RequestRecord) -> Eip1559Transaction:
    """What was sent, from the record: what the account has not signed before is not made into something it signs now."""
    transaction, signature = parse_transaction(record.signed)
    if (
        not isinstance(transaction, Eip1559Transaction)
        or signature is None
        or transaction.sender(signature) != session.address
    ):
        raise InputError(f"only an EIP-1559 transaction that {session.address} has signed can be replaced here")
    return transaction


def _bumped(session: Session, old: Eip1559Transaction, now: Fees, options: TxOptions | None) -> Fees:
    """Fees that replace the old ones; the caller's are kept or refused. Raises InputError, FeeTooHigh."""
    said, policy = options or TxOptions(), session.fees
    if said.nonce not in (None, old.nonce):
        raise InputError(f"nonce: {said.nonce} is not that of the transaction to replace, {old.nonce}")
    tip, most = (policy.replacing(name, *(getattr(o, name) for o in (old, now, said))) for name in _PRICES)
    if tip > most and said.max_fee_per_gas is not None:
        raise InputError(f"max_fee_per_gas: {most} is below the tip that replaces, {tip}")
    return replace(now, max_fee_per_gas=max(most, tip), max_priority_fee_per_gas=tip)


_PRICES = ("max_priority_fee_per_gas", "max_fee_per_gas")


def _again(old: Eip1559Transaction, options: TxOptions | None, fees: Fees, **fields: Any) -> Eip1559Transaction:
    """The old transaction with these fields and fees, and the caller's gas limit if there is one."""
    fields |= {name: getattr(fees, name) for name in _PRICES}
    if options is not None and options.gas_limit is not None:
        fields["gas_limit"] = options.gas_limit
    return replace(old, **fields)


def _check_allowance(session: Session, known: Contracts, mint: int) -> Flow[None]:
    if known.eth_based:
        return
    token, me, router = known.base_token, session.address, known.asset_router
    (allowance,) = yield from calls.eth_call("l1", token, ERC20.allowance, me, router)
    if allowance < mint:
        raise InsufficientAllowance(token=token, owner=me, spender=router, allowance=allowance, needed=mint)
