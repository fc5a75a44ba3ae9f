"""What deposits and calls from L1 have in common: L2 gas, base cost, mint value, refunds, checks, and the plan.

The waves: the account and the contracts; the chain's rules, the L2 gas and the allowances; the checks on L1. Then the send.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import (
    BaseCostMismatch,
    FeeTooHigh,
    InputError,
    InsufficientBaseCost,
    Reverted,
    RpcError,
    UnsupportedProtocol,
    ZkCoreError,
)
from zkcore.flows.approvals import Approval, Holding, Spend, approve_calls, holding, needed_approvals
from zkcore.flows.l1 import (
    BLOCKS_A_PLAN_HOLDS,
    AccountState,
    TxOptions,
    Unsigned,
    account_kind,
    account_state,
    fixes_all,
    gas_limits,
    lacking,
    lacking_ether,
    receiver,
    refusal,
)
from zkcore.flows.quote import Quote, Route
from zkcore.flows.session import ChainFacts, Contracts, Session, facts_of, fee_params, known_stack
from zkcore.flows.transact import plan_calls
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.protocol import fees
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    L2_NATIVE_TOKEN_VAULT,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    ZERO_ADDRESS,
    ZKSYNC_OS_PRIORITY_TX_TYPE,
)
from zkcore.protocol.fees import FeeParams
from zkcore.protocol.priority import AccountKind, l2_refund_recipient, refund_is_lost
from zkcore.protocol.requests import BridgehubRequest, DirectCall, SecondBridge
from zkcore.types import Address, AddressLike, Stack, uint

__all__ = ["L2Call", "Quote", "Request", "SecondBridge", "Terms", "draft_request", "refund_code", "terms"]


_Approved: TypeAlias = tuple[tuple[Approval, ...], list[tuple[StepKind, Unsigned]], tuple[int, ...] | Reverted]

_TRIES = 6  # of what reverts, while the allowances that it was made for change
UNESTIMATED_L2_GAS = 3_000_000  # for a node that has no estimate of priority operations


class Terms(Struct, frozen=True, kw_only=True):
    """What the caller said of cost, checked. `mint_value` None: as much as is needed."""

    l2_gas_limit: int | None
    gas_per_pubdata: int
    operator_tip: int
    mint_value: int | None
    refund_recipient: Address | None
    approve: bool | int


class L2Call(Struct, frozen=True, kw_only=True):
    """What runs on L2: `from_address` as L2 sees it (aliased where it is), `value` in base-token wei."""

    from_address: Address
    to: Address
    value: int
    data: bytes
    factory_deps: tuple[bytes, ...] = ()


class Request(Struct, frozen=True, kw_only=True):
    """A deposit or a call, routed: all that is known before fees. `refund_kind`: what the refund recipient is on L1.

    `sender_seen`: what the sender is, if this draft has asked. `minted_on_l2`: the token is one of L1, whose contract on L2 the
    first deposit deploys. `unseen_on_l1`: L1 counts none of it on the chain, whatever L2 says.
    """

    kind: Literal["deposit", "execution"]
    route: Route
    why: str
    token: Address
    amount: int
    to: Address
    terms: Terms
    refund_kind: AccountKind
    sender_seen: AccountKind | None
    l2_call: L2Call
    second_bridge: SecondBridge | None = None
    spend: Spend | None = None
    minted_on_l2: bool = False
    unseen_on_l1: bool = False
    bridge: Bridge | None = None


# ---------------------------------------------------------------- the caller's words
def terms(
    l2_gas_limit: int | None,
    gas_per_pubdata: int,
    operator_tip: int,
    refund_recipient: AddressLike | None,
    approve: bool | int,
    mint_value: int | None = None,
) -> Terms:
    """Raises InputError."""
    return Terms(
        l2_gas_limit=None if l2_gas_limit is None else uint(l2_gas_limit, "l2_gas_limit"),
        gas_per_pubdata=uint(gas_per_pubdata, "gas_per_pubdata"),
        operator_tip=uint(operator_tip, "operator_tip"),
        mint_value=None if mint_value is None else uint(mint_value, "mint_value"),
        refund_recipient=None if refund_recipient is None else receiver(refund_recipient, "refund_recipient"),
        approve=approve,
    )


def refund_code(session: Session, said: Terms) -> Flow[AccountKind | None]:
    """The kind of an explicit refund recipient on L1; None where it is the sender."""
    if said.refund_recipient in (None, session.address):
        return None
    return account_kind((yield from calls.get_code("l1", said.refund_recipient)))


# ---------------------------------------------------------------- the quote and the plan
def draft_request(
    session: Session, known: Contracts, request: Request, options: TxOptions | None
) -> Flow[Draft[Quote]]:
    """Price a routed request, check everything that can be checked before money moves, and plan it."""
    said, call = request.terms, request.l2_call
    (state, facts), (params, ceiling), estimates, holdings, first = yield from gather(
        gather(account_state(session, "l1", options, seen=request.sender_seen), facts_of(session, known)),
        fee_params(session, known),
        _l2_estimate(session, request),
        _holdings(session, known, request),
        _is_first(session, request),
    )
    session.known.sender_kind = state.kind
    gas_price = state.fees.max_fee_per_gas
    closed = session.known.profile.no_deposits if session.known.profile else ""
    notes = [note for note in (closed, fees.protocol_note(facts.protocol_version, facts.stack)) if note]
    limit, minimum = _l2_gas_limit(request, params, ceiling, facts, estimates, first, notes)
    cost = fees.base_cost(params, gas_price, limit, said.gas_per_pubdata)
    mint, holds_up_to = _mint_value(request, params, cost, limit, gas_price)
    recipient, lands_at = _refund(session, state, request, facts)
    last = _bridgehub_call(known, request, mint, limit, recipient)
    purpose = f"the {request.kind} and its L1 fee"
    spends = _spends(known, request, mint)
    tokens = [
        lack
        for spend, (balance, _) in zip(spends, holdings, strict=True)
        for lack in lacking(spend.token, balance, spend.amount)
    ]
    short = bool(tokens or lacking_ether(state, value=last.value, gas=21_000, purpose=purpose))

    def approved(held: Sequence[Holding]) -> Flow[_Approved]:
        approvals = yield from needed_approvals(session, known, spends, held, said.approve)
        steps: list[tuple[StepKind, Unsigned]] = [
            ("approve", step)
            for one in approvals
            for step in approve_calls(one.token, one.spender, one.amount, reset_first=one.reset_first)
        ]
        steps.append(("deposit" if request.kind == "deposit" else "execute", last))
        gas, _ = yield from gather(
            attempt(gas_limits(session, "l1", steps, state, options, short=short), Reverted),
            _check_base_cost(session, facts, gas_price, limit, said.gas_per_pubdata, cost),
        )
        return approvals, steps, gas

    approvals, steps, gas = yield from approved(holdings)
    tries = _TRIES if spends else 0
    while isinstance(gas, Reverted) and tries:  # other orders may have moved an allowance meanwhile
        fresh = yield from _holdings(session, known, request)
        tries = tries - 1 if fresh != holdings else min(tries - 1, 1)
        holdings = fresh
        approvals, steps, gas = yield from approved(holdings)
    if isinstance(gas, Reverted):
        raise (yield from _why_not(known, gas))
    missing = (*lacking_ether(state, value=last.value, gas=sum(gas), purpose=purpose), *tokens)
    parked = cost if said.mint_value is None else 0
    in_ether = parked * params.multiplier_denominator // (params.multiplier_nominator or 1)
    l2_gas = parked if known.eth_based else in_ether
    session.fees.check_total("l1", [limit * gas_price for limit in gas], fixed=fixes_all(options), l2_gas=l2_gas)
    max_l1_fee = sum(gas) * gas_price
    quote = Quote(
        **{name: getattr(request, name) for name in ("route", "why", "token", "amount", "to")},
        refund_recipient=recipient,
        refund_lands_at=lands_at,
        base_token=known.base_token,
        l2_sender=call.from_address,
        l2_gas_limit=limit,
        minimal_l2_gas_limit=minimum,
        gas_per_pubdata=said.gas_per_pubdata,
        l2_gas_price=fees.l2_gas_price(params, gas_price, said.gas_per_pubdata),
        base_cost=cost,
        operator_tip=said.operator_tip,
        l2_value=call.value,
        mint_value=mint,
        l1_value=last.value,
        l1_gas_limit=gas[-1],
        gas_limits=gas,
        base_fee_per_gas=state.fees.base_fee,
        max_fee_per_gas=gas_price,
        max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
        holds_up_to_gas_price=holds_up_to,
        max_l1_fee=max_l1_fee,
        max_total=last.value + max_l1_fee,
        approvals=approvals,
        protocol_version=facts.protocol_version,
        stack=facts.stack,
        notes=tuple(notes),
        missing=missing,
    )
    more: dict[str, Any] = {
        "holds_up_to_gas_price": holds_up_to,
        "expires_after_l1_block": state.fees.block + BLOCKS_A_PLAN_HOLDS,
        "route": request.route,
        "approves": said.approve is not False,
        "notes": (request.why, *notes),
    }
    if request.bridge is not None:
        more |= {"bridge": request.bridge.l1_address, "l2_bridge": request.bridge.l2_address}
    no = (
        InputError(f"chain {known.l2_chain_id} takes no deposits: {closed}")
        if closed and request.kind == "deposit"
        else None
    )
    more["refusal"] = no or refusal(session, missing)
    return plan_calls(session, facts, state, "l1", request.kind, steps, gas, options, quote, **more)


def _why_not(known: Contracts, refused: Reverted) -> Flow[ZkCoreError]:
    """What it means that L1 would not take the request: without a reason, the bridgehub may have lost its functions (v34)."""
    if refused.name is not None or refused.data:
        return refused
    center = yield from attempt(calls.eth_call("l1", known.bridgehub, BRIDGEHUB.interop_center), Reverted)
    if isinstance(center, Reverted) or not any(center[0]):
        return refused
    return UnsupportedProtocol(
        f"the bridgehub {known.bridgehub} takes no requests any more: they go by the interop center {center[0]} of protocol v34, "
        "which zkcore does not serve, and to a chain that is not upgraded yet by no way at all. Nothing was signed"
    )


def _spends(known: Contracts, request: Request, mint: int) -> tuple[Spend, ...]:
    base = () if known.eth_based else (Spend(token=known.base_token, amount=mint, spender=known.asset_router),)
    return base if request.spend is None else (*base, request.spend)


def _holdings(session: Session, known: Contracts, request: Request) -> Flow[Sequence[Holding]]:
    return gather(*[holding(session, spend.token, spend.spender) for spend in _spends(known, request, 0)])


# ---------------------------------------------------------------- L2 gas
def _l2_estimate(session: Session, request: Request) -> Flow[Mapping[Stack, int | Exception]]:
    """The node's estimate in the form of either stack, or of both while the stack is not known; empty if the caller set it.

    Era: zks_estimateGasL1ToL2. ZKsync OS: eth_estimateGas with type 0x7f. The sender is given as L2 will see it.
    """
    if request.terms.l2_gas_limit is not None:
        return {}
    call = request.l2_call
    common: dict[str, Any] = {name: getattr(call, name) for name in ("from_address", "to", "data", "value")}
    era = CallRequest(**common, gas_per_pubdata=request.terms.gas_per_pubdata, factory_deps=call.factory_deps)
    zksync_os = CallRequest(**common, type=ZKSYNC_OS_PRIORITY_TX_TYPE)
    both = {"era": calls.estimate_gas_l1_to_l2(era), "zksync-os": calls.estimate_gas("l2", zksync_os)}
    known = known_stack(session)
    stacks: Sequence[Any] = [known] if known else list(both)
    estimates = yield from gather(*[attempt(both[stack], Exception) for stack in stacks])
    return dict(zip(stacks, estimates, strict=True))


def _is_first(session: Session, request: Request) -> Flow[bool]:
    """Whether the deposit deploys the token's contract on L2; not asked again of one that was seen there."""
    if not request.minted_on_l2 or request.token in session.known.on_l2:
        return False
    vault = L2_NATIVE_TOKEN_VAULT_ADDRESS
    (address,) = yield from calls.eth_call("l2", vault, L2_NATIVE_TOKEN_VAULT.l2_token_address, request.token)
    if address == ZERO_ADDRESS:
        return True
    session.known.on_l2.add(request.token)
    return False


def _l2_gas_limit(
    request: Request,
    params: FeeParams,
    ceiling: int,
    facts: ChainFacts,
    estimates: Mapping[Stack, int | Exception],
    first: bool,
    notes: list[str],
) -> tuple[int, int]:
    """The L2 gas limit and the validator's minimum: the caller's if given, else from the node's estimate."""
    # on ZKsync OS the minimum rises as the price falls: take it at the lowest price the request may be included at
    # a price of 0 is refused, and would ask for less than 1
    price = fees.l2_gas_price(params, 0, request.terms.gas_per_pubdata) or 1
    call, limit = request.l2_call, request.terms.l2_gas_limit
    shape: dict[str, Any] = {
        "stack": facts.stack,
        "calldata_length": len(call.data),
        "factory_deps": len(call.factory_deps),
    }
    shape["gas_per_pubdata"] = request.terms.gas_per_pubdata
    rule: dict[str, Any] = {"protocol_version": facts.protocol_version, "l2_gas_price": price}
    minimum = fees.minimal_l2_gas_limit(**rule, **shape)
    if limit is None:
        estimate = _estimated(estimates[facts.stack], notes)
        # one that is hardly above what L1 takes is nobody's estimate: nor is the node's word then that the token is there
        doubted = request.unseen_on_l1 or (request.minted_on_l2 and 2 * estimate < 3 * minimum)
        first = first or doubted
        maximum = fees.maximal_l2_gas_limit(params, priority_tx_max_gas_limit=ceiling, **shape)
        limit = fees.suggested_l2_gas_limit(
            estimate=estimate, minimum=minimum, maximum=maximum, first_token_deposit=first
        )
        if doubted:  # the larger one
            limit = max(limit, min(fees.FIRST_TOKEN_DEPOSIT_L2_GAS, maximum))
        if limit > fees.ESTIMATED_L2_GAS_CEILING and request.kind == "deposit":
            what, ceiling = "the L2 gas of a deposit, from the L2 node's estimate,", fees.ESTIMATED_L2_GAS_CEILING
            raise FeeTooHigh(what=what, got=limit, ceiling=ceiling, raised_by="l2_gas_limit=...")
        if first:
            notes.append(f"the first deposit of this token deploys its contract on L2: {limit} L2 gas")
    fees.check_l2_gas(params, limit, priority_tx_max_gas_limit=ceiling, **rule, **shape)
    return limit, minimum


def _estimated(estimate: int | Exception, notes: list[str]) -> int:
    if isinstance(estimate, RpcError):  # its word that it has none; anything else is no word at all
        notes.append(f"the L2 node gave no estimate ({estimate}): {UNESTIMATED_L2_GAS} L2 gas taken")
        return UNESTIMATED_L2_GAS
    if isinstance(estimate, Exception):
        raise estimate  # what is asked would fail on L2 (or the node is gone): say so before money moves
    notes.append(f"L2 gas: the node's estimate of {estimate}, and {fees.L2_GAS_MARGIN_PERCENT} % on it")
    return estimate


# ---------------------------------------------------------------- value
def _mint_value(request: Request, params: FeeParams, cost: int, limit: int, gas_price: int) -> tuple[int, int | None]:
    """The mint value, the caller's if it is enough, and the L1 gas price up to which it is. Raises InsufficientBaseCost."""
    said, l2_value = request.terms, request.l2_call.value
    mint = cost + l2_value + said.operator_tip if said.mint_value is None else said.mint_value
    holds_up_to = fees.highest_l1_gas_price(
        params, mint_value=mint, l2_value=l2_value, l2_gas_limit=limit, gas_per_pubdata=said.gas_per_pubdata
    )
    if mint < cost + l2_value:
        raise InsufficientBaseCost(
            base_cost=cost, l2_value=l2_value, mint_value=mint, gas_price=gas_price, enough_up_to=holds_up_to
        )
    return mint, holds_up_to


def _check_base_cost(
    session: Session, facts: ChainFacts, gas_price: int, limit: int, gas_per_pubdata: int, cost: int
) -> Flow[None]:
    """That our rule is the chain's: once a session and a version of the protocol, for its parameters are read each time."""
    if session.known.base_cost_of == facts.protocol_version:
        return
    asked = (facts.contracts.l2_chain_id, gas_price, limit, gas_per_pubdata)
    (on_l1,) = yield from calls.eth_call("l1", facts.contracts.bridgehub, BRIDGEHUB.l2_transaction_base_cost, *asked)
    if on_l1 != cost:
        raise BaseCostMismatch(computed=cost, on_l1=on_l1)
    session.known.base_cost_of = facts.protocol_version


def _refund(session: Session, state: AccountState, request: Request, facts: ChainFacts) -> tuple[Address, Address]:
    """The refund recipient as it is sent (never 0: resolved here) and the L2 address where the refund lands."""
    recipient, version = request.terms.refund_recipient or session.address, facts.protocol_version
    kind = state.kind if recipient == session.address else request.refund_kind
    lands_at = l2_refund_recipient(
        recipient, sender=session.address, sender_kind=state.kind, recipient_kind=kind, protocol_version=version
    )
    if refund_is_lost(kind, version):
        raise InputError(
            f"refund_recipient: {recipient} delegates its code (EIP-7702): before v31 the refund would land at its alias "
            f"{lands_at}, of which nobody has the key. Name an address without code on L1"
        )
    return recipient, lands_at


def _bridgehub_call(known: Contracts, request: Request, mint: int, limit: int, recipient: Address) -> Unsigned:
    call = request.l2_call
    direct = DirectCall(to=call.to, value=call.value, data=call.data, factory_deps=call.factory_deps)
    asked = BridgehubRequest(
        chain_id=known.l2_chain_id,
        mint_value=mint,
        l2_gas_limit=limit,
        gas_per_pubdata=request.terms.gas_per_pubdata,
        refund_recipient=recipient,
        call=request.second_bridge or direct,
        l2_value=call.value,
    )
    return Unsigned(to=known.bridgehub, data=asked.calldata(), value=asked.value(eth_based=known.eth_based))
