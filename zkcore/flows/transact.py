"""Transactions that ask nothing of a bridge's fees: approvals, transfers, withdrawals, finalizations, claims."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Struct

from zkcore.effects import Chain, Flow, gather
from zkcore.errors import InputError, UnsupportedProtocol, ZkCoreError
from zkcore.flows.approvals import approve_calls, refuses
from zkcore.flows.l1 import (
    AccountState,
    Lack,
    TxOptions,
    Unsigned,
    account_state,
    fixes_all,
    gas_limits,
    l2_state,
    lacking,
    lacking_ether,
    receiver,
    refusal,
)
from zkcore.flows.session import ChainFacts, Session, chain_facts, named
from zkcore.flows.tokens import l2_token
from zkcore.methods import calls
from zkcore.plans.facts import PlanFacts, PlanKind, PlanStep, StepKind
from zkcore.plans.plan import Draft, Plan
from zkcore.protocol.assets import l1_token
from zkcore.protocol.contracts import ERC20
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, Transaction
from zkcore.types import ETH, Address, AddressLike, uint
from zkcore.words import Told

__all__ = ["TxQuote", "draft_approve", "draft_calls", "draft_l1_transfer", "draft_transfer", "plan_calls", "plan_facts"]

Q = TypeVar("Q")


class TxQuote(Told, Struct, frozen=True, kw_only=True, dict=True):
    """What transactions cost, in wei of the chain's own currency. `value` is what leaves the account beside the fee.

    `contract`: where a deployment at this nonce creates its contract.
    `missing`: what the account does not hold of all this. `left`: with `MAX`, what it is left of the token when the highest fee
    is paid; of the chain's own currency, what of that fee is not paid stays beside it.
    """

    chain: Chain
    gas_limits: tuple[int, ...]
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    value: int
    max_fee: int
    max_total: int
    paymaster: Address | None = None
    contract: Address | None = None
    notes: tuple[str, ...] = ()
    missing: tuple[Lack, ...] = ()
    left: int | None = None


def draft_calls(
    session: Session,
    facts: ChainFacts,
    state: AccountState,
    chain: Chain,
    kind: PlanKind,
    steps: Sequence[tuple[StepKind, Unsigned]],
    options: TxOptions | None,
    *,
    paymaster: Paymaster | None = None,
    lacks: Sequence[Lack] = (),
    refused: ZkCoreError | None = None,
    **more: Any,
) -> Flow[Draft[TxQuote]]:
    """Estimate, check the balance, and plan calls of one account on one chain. One wave. `more` goes into the plan's facts.

    `lacks`: what else the account is known not to hold. `refused`: why this is quoted, and no more.
    """
    what = "paymaster" if paymaster is not None else "factory_deps" if any(s.factory_deps for _, s in steps) else ""
    if what and facts.stack != "era":
        raise UnsupportedProtocol(f"{what}: only Era has these (transaction type 0x71), this chain is ZKsync OS")
    rate = (1, 1)
    if chain == "l2":
        state, rate = yield from l2_state(session, facts, state, options)
    value, purpose = sum(step.value for _, step in steps), "the amount and the fee"
    # before the estimate, which a node refuses in words of its own
    short = bool(
        lacks or lacking_ether(state, value=value, gas=0 if paymaster else 21_000, purpose=purpose, chain=chain)
    )
    gas = yield from gas_limits(session, chain, steps, state, options, paymaster=paymaster, short=short)
    highest = [limit * state.fees.max_fee_per_gas for limit in gas]
    session.fees.check_total(chain, highest, fixed=fixes_all(options), rate=rate)
    fee = sum(highest)
    ether = lacking_ether(state, value=value, gas=0 if paymaster else sum(gas), purpose=purpose, chain=chain)
    missing = (*ether, *lacks)
    quote = TxQuote(
        chain=chain,
        gas_limits=gas,
        max_fee_per_gas=state.fees.max_fee_per_gas,
        max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
        value=value,
        max_fee=fee,
        max_total=value + (0 if paymaster else fee),
        paymaster=paymaster.address if paymaster else None,
        notes=more.get("notes", ()),
        missing=missing,
    )
    no = refused or refusal(session, missing)
    made = (session, facts, state, chain, kind, steps, gas, options, quote)
    return plan_calls(*made, paymaster=paymaster, refusal=no, **more)


def plan_calls(
    session: Session,
    facts: ChainFacts,
    state: AccountState,
    chain: Chain,
    kind: PlanKind,
    steps: Sequence[tuple[StepKind, Unsigned]],
    gas: Sequence[int],
    options: TxOptions | None,
    quote: Q,
    *,
    paymaster: Paymaster | None = None,
    refusal: ZkCoreError | None = None,
    **more: Any,
) -> Draft[Q]:
    """The plan of calls whose gas is known, with consecutive nonces: as type 2, or as 0x71 if a paymaster pays."""
    chain_id = facts.contracts.l1_chain_id if chain == "l1" else facts.contracts.l2_chain_id
    planned: list[PlanStep] = []
    for place, ((step_kind, step), limit) in enumerate(zip(steps, gas, strict=True)):
        fields: dict[str, Any] = {"to": step.to, "value": step.value, "data": step.data, "gas_limit": limit}
        fields |= {name: getattr(state.fees, name) for name in ("max_fee_per_gas", "max_priority_fee_per_gas")}
        fields |= {"chain_id": chain_id, "nonce": state.nonce + place}
        tx: Transaction = Eip1559Transaction(access_list=step.access_list, **fields)
        if paymaster is not None or step.factory_deps:
            fields |= {"paymaster": paymaster, "factory_deps": step.factory_deps}
            tx = Eip712Transaction(from_address=session.address, **fields)
        planned.append(PlanStep(kind=step_kind, chain=chain, transaction=tx, after=(place - 1,) if place else ()))
    known_facts = plan_facts(session, facts, l1_block=state.fees.block if chain == "l1" else None, **more)
    plan: Plan[Any] = Plan(kind=kind, sender=session.address, steps=tuple(planned), facts=known_facts)
    return Draft(quote, plan, nonce_fixed=options is not None and options.nonce is not None, refusal=refusal)


def plan_facts(session: Session, facts: ChainFacts, **more: Any) -> PlanFacts:
    """The chain's facts as a plan keeps them."""
    known = session.known.contracts or facts.contracts
    kept: dict[str, Any] = {
        name: getattr(known, name) for name in ("l1_chain_id", "l2_chain_id", "bridgehub", "diamond", "asset_router")
    }
    kept |= {name: getattr(session.known, name) for name in ("nullifier", "native_token_vault")}
    kept |= {"base_token": known.base_token, "origins": known.origins}
    kept |= {"stack": facts.stack, "protocol_version": facts.protocol_version, "reference": session.reference, **more}
    return PlanFacts(**kept)


# ---------------------------------------------------------------- approve, transfer
def draft_approve(
    session: Session,
    token: AddressLike,
    amount: int,
    spender: AddressLike | None = None,
    *,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Let a spender (the asset router, by default) take exactly this much of a token on L1.

    A token that refuses to change an allowance that is not zero gets it set to zero first. Raises InputError, NodeError.
    """
    session = named(session, reference)
    _ = uint(amount, "amount")
    if Address(token) == ETH or not any(Address(token)):
        raise InputError("token: ether needs no approval")
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    who, erc20 = facts.contracts.asset_router if spender is None else Address(spender), Address(token)
    reset = yield from refuses(session, erc20, who, amount)
    steps: list[tuple[StepKind, Unsigned]] = [
        ("approve", step) for step in approve_calls(erc20, who, amount, reset_first=reset)
    ]
    return (yield from draft_calls(session, facts, state, "l1", "transaction", steps, l1))


def draft_l1_transfer(
    session: Session,
    to: AddressLike,
    amount: int,
    token: AddressLike = ETH,
    *,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Send ether or an ERC-20 to an account on L1. Raises InputError, InsufficientBalance, Reverted, NodeError."""
    session = named(session, reference)
    _ = uint(amount, "amount")
    who = receiver(to)
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    what = l1_token(token, facts.contracts.base_token)
    step, lacks = yield from _transfer(session, "l1", None if what == ETH else what, who, amount)
    steps: list[tuple[StepKind, Unsigned]] = [("transfer", step)]
    return (yield from draft_calls(session, facts, state, "l1", "transaction", steps, l1, lacks=lacks))


def draft_transfer(
    session: Session,
    to: AddressLike,
    amount: int,
    token: AddressLike | None = None,
    *,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Send the base token (None) or another, by its L2 address, to an account on L2. As 0x71 if a paymaster pays.

    A token's L1 address is enough where the profile has its L2 address too: else the L2 node would choose what is sent.
    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    _ = uint(amount, "amount")
    who = receiver(to)
    facts, state, found = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), l2_token(session, token)
    )
    if found.named_by == "the L2 node":
        raise InputError(
            f"token: {token} is none on L2, where the node says that {found.address} stands for it. That cannot be checked here: "
            "give the token by its L2 address, or both in the profile's tokens"
        )
    step, lacks = yield from _transfer(session, "l2", None if found.is_base else found.address, who, amount)
    steps: list[tuple[StepKind, Unsigned]] = [("transfer", step)]
    more: dict[str, Any] = {"notes": (f"the token's address on L2 is named by {found.named_by}",), "lacks": lacks}
    return (yield from draft_calls(session, facts, state, "l2", "transaction", steps, l2, paymaster=paymaster, **more))


def _transfer(
    session: Session, chain: Chain, token: Address | None, to: Address, amount: int
) -> Flow[tuple[Unsigned, tuple[Lack, ...]]]:
    if token is None:
        return Unsigned(to=to, data=b"", value=amount), ()
    (balance,) = yield from calls.eth_call(chain, token, ERC20.balance_of, session.address)
    return Unsigned(to=token, data=ERC20.transfer.encode(to, amount)), lacking(token, balance, amount)
