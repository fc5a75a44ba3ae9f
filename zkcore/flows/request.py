"""What deposits and calls from L1 have in common: L2 gas, base cost, mint value, approvals, checks, and the plan.

The waves: the account and the contracts; the chain's rules, the L2 gas and the allowances; the checks on L1. Then the send.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from zkcore import calls
from zkcore.calls import CallRequest
from zkcore.chains import Stack
from zkcore.contracts import BRIDGEHUB, ERC20, NATIVE_TOKEN_VAULT, ZKSYNC_OS_PRIORITY_TX_TYPE
from zkcore.effects import Flow, attempt, gather
from zkcore.errors import (
    BaseCostMismatch,
    InputError,
    InsufficientAllowance,
    InsufficientBalance,
    InsufficientBaseCost,
    NodeError,
    NodeTimeout,
    Reverted,
)
from zkcore.fees import (
    L2_GAS_MARGIN_PERCENT,
    FeeParams,
    base_cost,
    check_l2_gas,
    highest_l1_gas_price,
    l2_gas_price,
    maximal_l2_gas_limit,
    minimal_l2_gas_limit,
    protocol_note,
    suggested_l2_gas_limit,
)
from zkcore.flows.l1 import (
    BLOCKS_A_PLAN_HOLDS,
    AccountState,
    TxOptions,
    Unsigned,
    account_kind,
    check_ether,
    fixes_nonce,
    gas_limits,
)
from zkcore.flows.session import ChainFacts, Contracts, Session, facts_of, fee_params, known_stack, vaults
from zkcore.plan import Draft, Plan, PlanFacts, PlanStep, StepKind
from zkcore.priority import AccountKind, l2_refund_recipient, refund_is_lost
from zkcore.types import Address, uint

# fmt: off
__all__ = [
    "Approval", "L2Call", "Quote", "Request", "SecondBridge", "Spend", "plan_facts", "quote_request", "refund_code",
    "request_draft",
]
# fmt: on

Route: TypeAlias = Literal[
    "eth-to-eth-chain",
    "erc20-to-eth-chain",
    "eth-to-erc20-chain",
    "base-token-to-erc20-chain",
    "erc20-to-erc20-chain",
    "custom-bridge",
    "call",
]

UNESTIMATED_L2_GAS = 3_000_000  # for a node that has no estimate of priority operations


class L2Call(Struct, frozen=True, kw_only=True):
    """What runs on L2: `from_address` as L2 sees it (aliased where it is), `value` in base-token wei."""

    from_address: Address
    to: Address
    value: int
    data: bytes
    factory_deps: tuple[bytes, ...] = ()


class SecondBridge(Struct, frozen=True, kw_only=True):
    """The second bridge of a two-bridges request: `value` in wei of ether."""

    address: Address
    value: int
    calldata: bytes


class Spend(Struct, frozen=True, kw_only=True):
    """ERC-20 amounts that the request takes from the sender, and who takes them. `burned` needs no allowance."""

    token: Address
    amount: int
    spender: Address
    burned: bool = False


class Request(Struct, frozen=True, kw_only=True):
    """A deposit or a call, routed: all that is known before fees. `mint_value` None: as much as is needed."""

    kind: Literal["deposit", "execution"]
    route: Route
    why: str
    l2_call: L2Call
    second_bridge: SecondBridge | None = None
    spend: Spend | None = None
    asset_id: bytes | None = None
    to: Address
    token: Address
    amount: int
    l2_gas_limit: int | None
    gas_per_pubdata: int
    operator_tip: int
    mint_value: int | None = None
    refund_recipient: Address | None
    refund_kind: AccountKind
    approve: bool | int
    first_deposit: bool = False


class Approval(Struct, frozen=True, kw_only=True):
    """An approval that is needed: `amount` exactly, `allowance` now, and whether the token wants it set to zero first."""

    token: Address
    spender: Address
    amount: int
    allowance: int
    reset_first: bool = False


class Quote(Struct, frozen=True, kw_only=True):
    """What a deposit or a call from L1 costs and does. Nothing was signed or sent.

    Wei of ether: `l1_value` (msg.value), `max_l1_fee`, `max_total`, the gas prices. Wei of the base token: `base_cost`,
    `mint_value`, `operator_tip`, `l2_value`, `l2_gas_price`. The mint value is priced at exactly `max_fee_per_gas`; it holds
    up to `holds_up_to_gas_price`. What of it is not used is refunded on L2, at `refund_lands_at`.
    """

    route: Route
    why: str
    token: Address
    amount: int
    to: Address
    refund_recipient: Address
    refund_lands_at: Address
    base_token: Address
    l2_sender: Address
    l2_gas_limit: int
    minimal_l2_gas_limit: int
    gas_per_pubdata: int
    l2_gas_price: int
    base_cost: int
    operator_tip: int
    l2_value: int
    mint_value: int
    l1_value: int
    l1_gas_limit: int
    gas_limits: tuple[int, ...]
    base_fee_per_gas: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    holds_up_to_gas_price: int | None
    max_l1_fee: int
    max_total: int
    approvals: tuple[Approval, ...]
    protocol_version: int
    stack: Stack
    notes: tuple[str, ...]


class Quoted(Struct, frozen=True, kw_only=True):
    """A quote with what a plan is made of."""

    quote: Quote
    request: Request
    state: AccountState
    facts: ChainFacts
    steps: tuple[tuple[StepKind, Unsigned], ...]


def refund_code(session: Session, refund_recipient: Address | None) -> Flow[AccountKind | None]:
    """The kind of an explicit refund recipient on L1; None where it is the sender."""
    if refund_recipient is None or refund_recipient == session.address:
        return None
    return account_kind((yield from calls.get_code("l1", refund_recipient)))


# ---------------------------------------------------------------- the quote
def quote_request(
    session: Session, known: Contracts, state: AccountState, request: Request, options: TxOptions | None
) -> Flow[Quoted]:
    """Price a routed request and check everything that can be checked before money moves."""
    tokens = _tokens(known, request)
    facts, (params, ceiling), estimate, holdings = yield from gather(
        facts_of(session, known),
        fee_params(known),
        _l2_estimate(session, request),
        gather(*[_holding(session, token, spender) for token, spender in tokens.items()]),
    )
    gas_price = state.fees.max_fee_per_gas
    notes = [note for note in (protocol_note(facts.protocol_version, facts.stack),) if note]
    limit, minimum = _l2_gas_limit(request, params, ceiling, facts, estimate, notes)
    cost = base_cost(params, gas_price, limit, request.gas_per_pubdata)
    mint = _mint_value(request, params, cost, limit, gas_price)
    recipient, lands_at = _refund(session, state, request, facts)
    bridgehub_call = _bridgehub_call(known, request, mint, limit, recipient)
    spends = _spends(known, request, mint)
    _check_balances(session, spends, holdings)
    check_ether(session, state, value=bridgehub_call.value, gas=21_000, purpose=f"the {request.kind} and its L1 fee")
    approvals = yield from _approvals(session, known, spends, holdings, request.approve)
    steps: list[tuple[StepKind, Unsigned]] = [("approve", step) for step in _approve_calls(approvals)]
    steps.append(("deposit" if request.kind == "deposit" else "execute", bridgehub_call))
    gas, _ = yield from gather(
        gas_limits(session, "l1", [step for _, step in steps], state, options),
        _check_base_cost(known, gas_price, limit, request.gas_per_pubdata, cost),
    )
    max_l1_fee = sum(gas) * gas_price
    check_ether(session, state, value=bridgehub_call.value, gas=sum(gas), purpose=f"the {request.kind} and its L1 fee")
    quote = Quote(
        route=request.route,
        why=request.why,
        token=request.token,
        amount=request.amount,
        to=request.to,
        refund_recipient=recipient,
        refund_lands_at=lands_at,
        base_token=known.base_token,
        l2_sender=request.l2_call.from_address,
        l2_gas_limit=limit,
        minimal_l2_gas_limit=minimum,
        gas_per_pubdata=request.gas_per_pubdata,
        l2_gas_price=l2_gas_price(params, gas_price, request.gas_per_pubdata),
        base_cost=cost,
        operator_tip=request.operator_tip,
        l2_value=request.l2_call.value,
        mint_value=mint,
        l1_value=bridgehub_call.value,
        l1_gas_limit=gas[-1],
        gas_limits=gas,
        base_fee_per_gas=state.fees.base_fee,
        max_fee_per_gas=gas_price,
        max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
        holds_up_to_gas_price=_holds_up_to(request, params, mint, limit),
        max_l1_fee=max_l1_fee,
        max_total=bridgehub_call.value + max_l1_fee,
        approvals=approvals,
        protocol_version=facts.protocol_version,
        stack=facts.stack,
        notes=tuple(notes),
    )
    return Quoted(quote=quote, request=request, state=state, facts=facts, steps=tuple(steps))


def _tokens(known: Contracts, request: Request) -> dict[Address, Address]:
    """The ERC-20s that the request takes, with who takes them."""
    tokens: dict[Address, Address] = {} if known.eth_based else {known.base_token: known.asset_router}
    if request.spend is not None:
        tokens[request.spend.token] = request.spend.spender
    return tokens


class Holding(Struct, frozen=True):
    """What the sender holds of a token, and allows its spender."""

    balance: int
    allowance: int


def _holding(session: Session, token: Address, spender: Address) -> Flow[Holding]:
    (balance,), (allowance,) = yield from gather(
        calls.eth_call("l1", token, ERC20.balance_of, session.address),
        calls.eth_call("l1", token, ERC20.allowance, session.address, spender),
    )
    return Holding(balance, allowance)


# ---------------------------------------------------------------- L2 gas
def _l2_estimate(session: Session, request: Request) -> Flow[Mapping[Stack, int | Exception]]:
    """The node's estimate in the form of either stack, or of both while the stack is not known; empty if the caller set it.

    Era: zks_estimateGasL1ToL2. ZKsync OS: eth_estimateGas with type 0x7f. The sender is given as L2 will see it.
    """
    if request.l2_gas_limit is not None:
        return {}
    call = request.l2_call
    asked = CallRequest(
        from_address=call.from_address,
        to=call.to,
        data=call.data,
        value=call.value,
        gas_per_pubdata=request.gas_per_pubdata,
        factory_deps=call.factory_deps,
    )
    os_asked = CallRequest(
        from_address=call.from_address, to=call.to, data=call.data, value=call.value, type=ZKSYNC_OS_PRIORITY_TX_TYPE
    )
    both = {"era": calls.estimate_gas_l1_to_l2(asked), "zksync-os": calls.estimate_gas("l2", os_asked)}
    known = known_stack(session)
    stacks: Sequence[Any] = [known] if known else list(both)
    estimates = yield from gather(*[attempt(both[stack], Exception) for stack in stacks])
    return dict(zip(stacks, estimates, strict=True))


def _l2_gas_limit(
    request: Request,
    params: FeeParams,
    ceiling: int,
    facts: ChainFacts,
    estimates: Mapping[Stack, int | Exception],
    notes: list[str],
) -> tuple[int, int]:
    """The L2 gas limit and the validator's minimum: the caller's if given, else from the node's estimate."""
    # on ZKsync OS the minimum rises as the price falls: take it at the lowest price the request may be included at
    price = l2_gas_price(params, 0, request.gas_per_pubdata) or 1  # 0 is refused, and would ask for less than 1 does
    shape: dict[str, Any] = {
        "stack": facts.stack,
        "calldata_length": len(request.l2_call.data),
        "factory_deps": len(request.l2_call.factory_deps),
        "gas_per_pubdata": request.gas_per_pubdata,
    }
    minimum = minimal_l2_gas_limit(protocol_version=facts.protocol_version, l2_gas_price=price, **shape)
    limit = request.l2_gas_limit
    if limit is None:
        limit = suggested_l2_gas_limit(
            estimate=_estimated(estimates[facts.stack], notes),
            minimum=minimum,
            maximum=maximal_l2_gas_limit(params, priority_tx_max_gas_limit=ceiling, **shape),
            first_token_deposit=request.first_deposit,
        )
        if request.first_deposit:
            notes.append(f"the first deposit of this token deploys its contract on L2: {limit} L2 gas")
    check_l2_gas(
        params,
        limit,
        protocol_version=facts.protocol_version,
        priority_tx_max_gas_limit=ceiling,
        l2_gas_price=price,
        **shape,
    )
    return limit, minimum


def _estimated(estimate: int | Exception, notes: list[str]) -> int:
    if isinstance(estimate, NodeError) and not isinstance(estimate, NodeTimeout):
        notes.append(f"the L2 node gave no estimate ({estimate}): {UNESTIMATED_L2_GAS} L2 gas taken")
        return UNESTIMATED_L2_GAS
    if isinstance(estimate, Exception):
        raise estimate  # what is asked would fail on L2 (or the node is gone): say so before money moves
    notes.append(f"L2 gas: the node's estimate of {estimate}, and {L2_GAS_MARGIN_PERCENT} % on it")
    return estimate


# ---------------------------------------------------------------- value
def _mint_value(request: Request, params: FeeParams, cost: int, limit: int, gas_price: int) -> int:
    needed = cost + request.l2_call.value
    if request.mint_value is None:
        return needed + request.operator_tip
    if request.mint_value < needed:
        raise InsufficientBaseCost(
            base_cost=cost,
            l2_value=request.l2_call.value,
            mint_value=request.mint_value,
            gas_price=gas_price,
            enough_up_to=_holds_up_to(request, params, request.mint_value, limit),
        )
    return request.mint_value


def _holds_up_to(request: Request, params: FeeParams, mint: int, limit: int) -> int | None:
    return highest_l1_gas_price(
        params,
        mint_value=mint,
        l2_value=request.l2_call.value,
        l2_gas_limit=limit,
        gas_per_pubdata=request.gas_per_pubdata,
    )


def _check_base_cost(known: Contracts, gas_price: int, limit: int, gas_per_pubdata: int, cost: int) -> Flow[None]:
    (on_l1,) = yield from calls.eth_call(
        "l1", known.bridgehub, BRIDGEHUB.l2_transaction_base_cost, known.l2_chain_id, gas_price, limit, gas_per_pubdata
    )
    if on_l1 != cost:
        raise BaseCostMismatch(computed=cost, on_l1=on_l1)


def _refund(session: Session, state: AccountState, request: Request, facts: ChainFacts) -> tuple[Address, Address]:
    """The refund recipient as it is sent (never 0: resolved here) and the L2 address where the refund lands."""
    recipient = request.refund_recipient or session.address
    kind = state.kind if recipient == session.address else request.refund_kind
    lands_at = l2_refund_recipient(
        recipient,
        sender=session.address,
        sender_kind=state.kind,
        recipient_kind=kind,
        protocol_version=facts.protocol_version,
    )
    if refund_is_lost(kind, facts.protocol_version):
        raise InputError(
            f"refund_recipient: {recipient} delegates its code (EIP-7702): before v31 the refund would land at its alias "
            f"{lands_at}, of which nobody has the key. Name an address without code on L1"
        )
    return recipient, lands_at


def _bridgehub_call(known: Contracts, request: Request, mint: int, limit: int, recipient: Address) -> Unsigned:
    call, second = request.l2_call, request.second_bridge
    eth = mint if known.eth_based else 0
    if second is None:
        data = BRIDGEHUB.request_l2_transaction_direct.encode(
            (
                known.l2_chain_id,
                mint,
                call.to,
                call.value,
                call.data,
                limit,
                request.gas_per_pubdata,
                call.factory_deps,
                recipient,
            )
        )
        return Unsigned(to=known.bridgehub, data=data, value=eth)
    data = BRIDGEHUB.request_l2_transaction_two_bridges.encode(
        (
            known.l2_chain_id,
            mint,
            call.value,
            limit,
            request.gas_per_pubdata,
            recipient,
            second.address,
            second.value,
            second.calldata,
        )
    )
    return Unsigned(to=known.bridgehub, data=data, value=eth + second.value)


# ---------------------------------------------------------------- tokens
def _spends(known: Contracts, request: Request, mint: int) -> tuple[Spend, ...]:
    base = () if known.eth_based else (Spend(token=known.base_token, amount=mint, spender=known.asset_router),)
    return base if request.spend is None else (*base, request.spend)


def _check_balances(session: Session, spends: Sequence[Spend], holdings: Sequence[Holding]) -> None:
    for spend, holding in zip(spends, holdings, strict=True):
        if holding.balance < spend.amount:
            raise InsufficientBalance(
                address=session.address, token=spend.token, balance=holding.balance, needed=spend.amount
            )


def _approvals(
    session: Session, known: Contracts, spends: Sequence[Spend], holdings: Sequence[Holding], approve: bool | int
) -> Flow[tuple[Approval, ...]]:
    """The approvals that are needed: router allowance >= amount, or vault allowance >= amount, is enough.

    Source: era-contracts l1-contracts/contracts/bridge/asset-router/L1AssetRouter.sol, transferFundsToNTV.
    """
    short = [
        (spend, holding.allowance)
        for spend, holding in zip(spends, holdings, strict=True)
        if not spend.burned and holding.allowance < spend.amount
    ]
    if not short:
        return ()
    found = yield from gather(*[_missing(session, known, spend, allowance, approve) for spend, allowance in short])
    return tuple(approval for approval in found if approval is not None)


def _missing(
    session: Session, known: Contracts, spend: Spend, allowance: int, approve: bool | int
) -> Flow[Approval | None]:
    me = session.address
    if spend.spender == known.asset_router:
        vault = (yield from vaults(session, known)).native_token_vault
        (vault_allowance,) = yield from calls.eth_call("l1", spend.token, ERC20.allowance, me, vault)
        if vault_allowance >= spend.amount:
            return None
    if approve is False:
        raise InsufficientAllowance(
            token=spend.token, owner=me, spender=spend.spender, allowance=allowance, needed=spend.amount
        )
    amount = spend.amount if approve is True else uint(approve, "approve")
    if amount < spend.amount:
        raise InputError(f"approve: {amount} is less than the {spend.amount} of {spend.token} that is taken")
    reset = False
    if allowance:  # some tokens (USDT) refuse to change one that is not zero
        trial = CallRequest(from_address=me, to=spend.token, data=ERC20.approve.encode(spend.spender, amount))
        reset = isinstance((yield from attempt(calls.call_raw("l1", trial), Reverted)), Reverted)
    return Approval(token=spend.token, spender=spend.spender, amount=amount, allowance=allowance, reset_first=reset)


def _approve_calls(approvals: Sequence[Approval]) -> list[Unsigned]:
    steps: list[Unsigned] = []
    for approval in approvals:
        amounts = (0, approval.amount) if approval.reset_first else (approval.amount,)
        steps += [
            Unsigned(to=approval.token, data=ERC20.approve.encode(approval.spender, amount)) for amount in amounts
        ]
    return steps


def bridged_asset_id(known: Contracts, vault: Address, token: Address) -> Flow[tuple[bytes, int]]:
    """The asset id under which the vault knows a token, and its origin chain; zeroes if it does not know it."""
    (asset_id,) = yield from calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.asset_id, token)
    (origin,) = yield from calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.origin_chain_id, asset_id)
    return asset_id, origin


# ---------------------------------------------------------------- the plan
def request_draft(session: Session, quoted: Quoted, options: TxOptions | None) -> Draft[Quote]:
    """The quote with its plan: approvals, then the request, with consecutive nonces."""
    quote, known, fees = quoted.quote, quoted.facts.contracts, quoted.state.fees
    nonce = quoted.state.nonce
    steps = [
        PlanStep(
            kind=kind,
            chain="l1",
            transaction=step.transaction(chain_id=known.l1_chain_id, nonce=nonce + place, gas_limit=gas, fees=fees),
            after=(place - 1,) if place else (),
        )
        for place, ((kind, step), gas) in enumerate(zip(quoted.steps, quote.gas_limits, strict=True))
    ]
    facts = plan_facts(
        session,
        quoted.facts,
        l1_block=fees.block,
        holds_up_to_gas_price=quote.holds_up_to_gas_price,
        expires_after_l1_block=fees.block + BLOCKS_A_PLAN_HOLDS,
        route=quote.route,
        notes=(quote.why, *quote.notes),
    )
    plan: Plan[Any] = Plan(kind=quoted.request.kind, sender=session.address, steps=tuple(steps), facts=facts)
    return Draft(quote, plan, nonce_fixed=fixes_nonce(options))


def plan_facts(session: Session, facts: ChainFacts, **more: Any) -> PlanFacts:
    """The chain's facts as a plan keeps them."""
    known, found = session.known.contracts or facts.contracts, session.known.vaults
    kept = {name: getattr(known, name) for name in ("l1_chain_id", "l2_chain_id", "bridgehub", "diamond", "asset_router")}
    kept |= {name: getattr(found, name, None) for name in ("nullifier", "native_token_vault")}
    kept |= {"base_token": known.base_token, "origins": known.origins}
    return PlanFacts(**{**kept, "stack": facts.stack, "protocol_version": facts.protocol_version, **more})
