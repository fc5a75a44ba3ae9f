"""Replacing what is stuck of a request: its approvals and itself, the same with higher fees; or nothing under their nonces."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, NodeError, NonceTaken, NotCovered
from zkcore.flows.approvals import refuses
from zkcore.flows.l1 import (
    AccountState,
    Fees,
    Lack,
    TxOptions,
    account_state,
    fixes_all,
    lacking,
    lacking_ether,
    refusal,
)
from zkcore.flows.market import next_nonce
from zkcore.flows.session import ChainFacts, Contracts, Session, chain_facts, fee_params, vault_of
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
_APPROVE_GAS = 100_000  # where the request made no approval of this token to take it from


def draft_speed_up(session: Session, record: RequestRecord, *, l1: TxOptions | None = None) -> Flow[Draft[int]]:
    """The same request with fees that replace it (an eighth more, or what the market asks), and its mint value re-quoted; and its
    approvals that are in no block, with such fees too.

    The base cost follows the gas price: with the old mint value the replacement could revert. The quote is the new mint value.
    """
    sent, state = yield from _stuck(session, record, l1)
    facts = yield from chain_facts(session)
    known, old = facts.contracts, sent[-1]
    *approvals, new = _faster(session, sent, state.fees, l1)
    new, mint, parked = yield from _requoted(session, facts, old, new)
    purpose, after, lacks = "the replacement", tuple[int, ...](), tuple[Lack, ...]()
    if not known.eth_based:
        (held,) = yield from calls.eth_call("l1", known.base_token, ERC20.balance_of, session.address)
        lacks = lacking(known.base_token, held, mint, purpose)
        covering = yield from _covering(session, known, record, approvals, new, mint)
        after = tuple(at for at, each in enumerate(covering) if each not in approvals)[-1:]  # that is needed by it
        new, approvals = replace(new, nonce=old.nonce + len(covering) - len(approvals)), covering
    sending = (*approvals, new)
    session.fees.check_total("l1", _highest(sending), fixed=fixes_all(l1), l2_gas=parked)
    most = replace(state.fees, max_fee_per_gas=max(each.max_fee_per_gas for each in sending))
    gas = sum(each.gas_limit for each in sending)
    lacks += lacking_ether(replace(state, fees=most), value=new.value, gas=gas, purpose=purpose)
    custom = second_bridge(new.data) not in (None, known.asset_router)
    more: dict[str, Any] = {
        "route": CUSTOM_BRIDGE if custom else "",
        "l1_block": state.fees.block,
        "approves": record.approves,
    }
    if record.bridge is not None:
        more |= {"bridge": record.bridge.l1_address, "l2_bridge": record.bridge.l2_address}
    more["replaces"] = (record.l1_tx_hash, *record.replaced)
    last: Any = "deposit" if record.kind == "deposit" else "execute"
    plan: Plan[Any] = Plan(
        kind=record.kind,
        sender=session.address,
        steps=(
            *[PlanStep(kind="approve", chain="l1", transaction=each) for each in approvals],
            PlanStep(kind=last, chain="l1", transaction=new, after=after),
        ),
        facts=plan_facts(session, facts, **more),
    )
    return Draft(mint, plan, nonce_fixed=True, refusal=refusal(session, lacks))


def _requoted(
    session: Session, facts: ChainFacts, old: Eip1559Transaction, new: Eip1559Transaction
) -> Flow[tuple[Eip1559Transaction, int, int]]:
    """The request with the mint value that its fees ask for; that value, and what of it is L2's fee, in ether."""
    known = facts.contracts
    params, _ = yield from fee_params(session, known)
    function = next(function for function in _CALLS if function.selector == old.data[:4])
    (request,) = function.decode_arguments(old.data)
    named: dict[str, Any] = dict(zip((part.name for part in function.inputs[0].components), request, strict=True))
    gas, before = (named["l2GasLimit"], named["l2GasPerPubdataByteLimit"]), int(named["mintValue"])
    cost = base_cost(params, new.max_fee_per_gas, *gas)
    # an ERC-20 has to be approved for more: what the caller gave beyond the cost is used up first
    rise = max(cost - base_cost(params, old.max_fee_per_gas, *gas), 0) if known.eth_based else 0
    mint = max(before + rise, cost + named["l2Value"])  # the chain's rules may have changed since
    value = old.value + (mint - before if known.eth_based else 0)
    data = function.encode((*request[:_MINT], mint, *request[_MINT + 1 :]))
    parked = min(mint - named["l2Value"], cost + rise) if known.eth_based else 0
    return replace(new, data=data, value=value), mint, parked


def _covering(
    session: Session,
    known: Contracts,
    record: RequestRecord,
    approvals: Sequence[Eip1559Transaction],
    request: Eip1559Transaction,
    mint: int,
) -> Flow[list[Eip1559Transaction]]:
    """The approvals that run before a request that pays L2 in an ERC-20, one of enough of that among them. Enough is: router
    allowance >= mint value, or vault allowance >= mint value.

    One that waits is raised. Else the one that is needed takes the nonce of the request, and that the one behind: it can only
    succeed if the approval is included, and then what was sent under its old nonce is not. So it is not paid twice, whatever is
    included, however blocks come and go. Raises NotCovered where that does not hold.
    """
    token, router, me = known.base_token, known.asset_router, session.address
    vault = yield from vault_of(session, known)
    answers = yield from gather(*[calls.eth_call("l1", token, ERC20.allowance, me, who) for who in (router, vault)])
    by_router, by_vault = (int(allowance) for (allowance,) in answers)
    found = list(approvals)
    own = [
        at for at, each in enumerate(found) if each.to == token and _approved(each)[0] == router and _approved(each)[1]
    ]
    if max(by_vault, 0 if own else by_router) >= mint:
        return found
    if own:
        amount = max(_approved(found[own[-1]])[1], mint)
        found[own[-1]] = replace(found[own[-1]], data=ERC20.approve.encode(router, amount))
        return found
    before, following, final = yield from gather(
        calls.get_transaction_count("l1", me),
        next_nonce("l1", me, None),
        attempt(calls.get_transaction_count("l1", me, block="finalized"), NodeError),
    )
    # its approval of 0 would take the nonce of what was sent before, and that of more another: then both could be paid
    reset = bool(by_router) and (yield from refuses(session, token, router, mint))
    # what waits before it may approve more, which pays for both; what waits behind it has the nonce
    alone = before == (*approvals, request)[0].nonce and following <= request.nonce + 1
    # what it replaced may have had a lower nonce: that must be gone for good
    may_return = bool(record.replaced) and (isinstance(final, NodeError) or final < request.nonce)
    if reset or not alone or may_return or not record.approves:
        raise NotCovered(token=token, owner=me, spender=router, allowance=by_router, needed=mint)
    gas = next((each.gas_limit for each in _transactions(session, record)[:-1] if each.to == token), _APPROVE_GAS)
    found.append(replace(request, to=token, value=0, data=ERC20.approve.encode(router, mint), gas_limit=gas))
    return found


def _approved(approval: Eip1559Transaction) -> tuple[object, int]:
    spender, amount = ERC20.approve.decode_arguments(approval.data)
    return spender, int(amount)


def draft_cancel(session: Session, record: RequestRecord, *, l1: TxOptions | None = None) -> Flow[Draft[int]]:
    """A transfer of nothing to oneself under the nonce of the request, so that it can no longer be included; and under those of
    its approvals that are in no block.

    The quote is the highest fee in wei. Whichever is included first, wins: the handle's status tells.
    """
    sent, state = yield from _stuck(session, record, l1)
    facts = yield from chain_facts(session)
    nothing: dict[str, Any] = {"to": session.address, "data": b"", "value": 0, "gas_limit": 21_000}
    sending = _faster(session, sent, state.fees, l1, **nothing)
    session.fees.check_total("l1", _highest(sending), fixed=fixes_all(l1))
    more = plan_facts(session, facts, replaces=(record.l1_tx_hash, *record.replaced), l1_block=state.fees.block)
    steps = tuple(PlanStep(kind="transfer", chain="l1", transaction=each) for each in sending)
    plan: Plan[Any] = Plan(kind="transaction", sender=session.address, steps=steps, facts=more)
    return Draft(sum(_highest(sending)), plan, nonce_fixed=True)


def _stuck(
    session: Session, record: RequestRecord, l1: TxOptions | None
) -> Flow[tuple[list[Eip1559Transaction], AccountState]]:
    """The transactions of a request that are in no block, its own last; and the account. Raises NonceTaken if that one is."""
    sent, state = _transactions(session, record), (yield from account_state(session, "l1", l1))
    used, receipts = yield from gather(
        calls.get_transaction_count("l1", session.address),
        gather(*[calls.get_receipt("l1", tx_hash) for tx_hash in (record.l1_tx_hash, *record.replaced)]),
    )
    if any(receipts):
        nonce = sent[-1].nonce
        raise NonceTaken(chain="l1", address=session.address, nonce=nonce, next_nonce=max(used, nonce + 1))
    return [each for each in sent if each.nonce >= used or each is sent[-1]], state


def _transactions(session: Session, record: RequestRecord) -> list[Eip1559Transaction]:
    """What was sent, from the record: what the account has not signed before is not made into something it signs now."""
    found: list[Eip1559Transaction] = []
    for raw in (*record.approvals, record.signed):
        transaction, signature = parse_transaction(raw)
        if (
            not isinstance(transaction, Eip1559Transaction)
            or signature is None
            or transaction.sender(signature) != session.address
        ):
            raise InputError(f"only an EIP-1559 transaction that {session.address} has signed can be replaced here")
        found.append(transaction)
    return found


def _highest(sending: Sequence[Eip1559Transaction]) -> list[int]:
    return [each.gas_limit * each.max_fee_per_gas for each in sending]


def _faster(
    session: Session, sent: Sequence[Eip1559Transaction], now: Fees, l1: TxOptions | None, **fields: Any
) -> list[Eip1559Transaction]:
    """These with fees that replace them; the caller's nonce and gas limit are the request's alone, which is the last."""
    options = [*[l1 and replace(l1, nonce=None, gas_limit=None) for _ in sent[:-1]], l1]
    pairs = zip(sent, options, strict=True)
    return [_again(each, said, _bumped(session, each, now, said), **fields) for each, said in pairs]


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
