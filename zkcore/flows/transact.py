"""Transactions that ask nothing of a bridge's fees: approvals, transfers, withdrawals, finalizations, claims."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Struct

from zkcore.effects import Chain, Flow, gather
from zkcore.errors import InputError, UnsupportedProtocol, ZkCoreError
from zkcore.flows.accounts import check_account
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
from zkcore.flows.tokens import computed, l2_token
from zkcore.methods import calls
from zkcore.plans.facts import PlanFacts, PlanKind, PlanStep, StepKind
from zkcore.plans.plan import Draft, Plan
from zkcore.protocol.assets import l1_token
from zkcore.protocol.contracts import ERC20, L2_BASE_TOKEN_ADDRESS
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, Transaction
from zkcore.types import ETH, Address, AddressLike, uint
from zkcore.words import Told

# fmt: off
__all__ = [
    "TxQuote", "draft_approve", "draft_calls", "draft_l1_transfer", "draft_l2_approve", "draft_l2_revoke", "draft_revoke",
    "draft_transfers", "draft_transfer", "plan_calls", "plan_facts",
]
# fmt: on

Q = TypeVar("Q")


class TxQuote(Told, Struct, frozen=True, kw_only=True, dict=True):
    """What transactions cost, in wei of the chain's own currency. `value` is what leaves the account beside the fee.

    `paymaster_token`, `paymaster_allowance`: what a paymaster may take instead of a fee, of each transaction.
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
    paymaster_token: Address | None = None
    paymaster_allowance: int = 0
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
    deps = any(step.factory_deps for _, step in steps)
    asked = {"paymaster": paymaster is not None, "factory_deps": deps, "an account": session.account is not None}
    what = next((name for name, is_asked in asked.items() if is_asked), "")
    if what and facts.stack != "era":
        raise UnsupportedProtocol(f"{what}: only Era has these (transaction type 0x71), this chain is ZKsync OS")
    rate = (1, 1)
    if session.account is not None and chain == "l2":
        yield from check_account(session)
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
    missing, allowed = (*ether, *lacks), paymaster.approval if paymaster else None
    quote = TxQuote(
        chain=chain,
        gas_limits=gas,
        max_fee_per_gas=state.fees.max_fee_per_gas,
        max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
        value=value,
        max_fee=fee,
        max_total=value + (0 if paymaster else fee),
        paymaster=paymaster.address if paymaster else None,
        paymaster_token=allowed[0] if allowed else None,
        paymaster_allowance=allowed[1] if allowed else 0,
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
    if session.account is not None and chain == "l1":
        raise InputError(f"{session.address} is an account of L2 that is a contract: nothing is sent from it on L1")
    planned: list[PlanStep] = []
    for place, ((step_kind, step), limit) in enumerate(zip(steps, gas, strict=True)):
        fields: dict[str, Any] = {"to": step.to, "value": step.value, "data": step.data, "gas_limit": limit}
        fields |= {name: getattr(state.fees, name) for name in ("max_fee_per_gas", "max_priority_fee_per_gas")}
        fields |= {"chain_id": chain_id, "nonce": state.nonce + place}
        tx: Transaction = Eip1559Transaction(access_list=step.access_list, **fields)
        if paymaster is not None or step.factory_deps or session.account is not None:
            fields |= {"paymaster": paymaster, "factory_deps": step.factory_deps}
            tx = Eip712Transaction(from_address=session.address, **fields)
        planned.append(PlanStep(kind=step_kind, chain=chain, transaction=tx, after=(place - 1,) if place else ()))
    known_facts = plan_facts(session, facts, l1_block=state.fees.block if chain == "l1" else None, **more)
    plan: Plan[Any] = Plan(kind=kind, sender=session.address, steps=tuple(planned), facts=known_facts)
    fixed = options is not None and options.nonce is not None
    return Draft(quote, plan, nonce_fixed=fixed, refusal=refusal, held=state.balance)


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


def draft_revoke(
    session: Session,
    token: AddressLike,
    spender: AddressLike | None = None,
    *,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Let a spender (the asset router, by default) take nothing of a token on L1 any more. Raises InputError, NodeError."""
    return (yield from draft_approve(session, token, 0, spender, reference=reference, l1=l1))


def draft_l2_approve(
    session: Session,
    token: AddressLike,
    amount: int,
    spender: AddressLike,
    *,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Let a spender take exactly this much of a token on L2, given by its address there. As 0x71 if a paymaster pays.

    A token that refuses to change an allowance that is not zero gets it set to zero first. Raises InputError, NodeError.
    """
    session = named(session, reference)
    _, who, erc20 = uint(amount, "amount"), Address(spender), Address(token)
    if erc20 in (ETH, L2_BASE_TOKEN_ADDRESS) or not any(erc20):
        raise InputError("token: the base token needs no approval")
    facts, state, reset, code = yield from gather(
        chain_facts(session),
        account_state(session, "l2", l2),
        refuses(session, erc20, who, amount, "l2"),
        calls.get_code("l2", erc20),
    )
    if not code:
        raise InputError(f"token: there is no contract at {erc20} on L2: give the token's address there")
    steps: list[tuple[StepKind, Unsigned]] = [
        ("approve", step) for step in approve_calls(erc20, who, amount, reset_first=reset)
    ]
    return (yield from draft_calls(session, facts, state, "l2", "transaction", steps, l2, paymaster=paymaster))


def draft_l2_revoke(
    session: Session,
    token: AddressLike,
    spender: AddressLike,
    *,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Let a spender take nothing of a token on L2 any more. Raises InputError, NodeError."""
    more: dict[str, Any] = {"paymaster": paymaster, "reference": reference, "l2": l2}
    return (yield from draft_l2_approve(session, token, 0, spender, **more))


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

    A token's L1 address is enough where the profile has its L2 address too, or where that follows from it (Era): else the L2 node
    would choose what is sent.
    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    more: dict[str, Any] = {"paymaster": paymaster, "reference": reference, "l2": l2}
    return (yield from draft_transfers(session, ((to, amount),), token, **more))


def draft_transfers(
    session: Session,
    transfers: Sequence[tuple[AddressLike, int]],
    token: AddressLike | None = None,
    *,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Send of one token to many on L2, each receiver with an amount: one plan, a transaction each, one after the other.

    One that fails ends the order, and none behind it is sent. The rest as in `transfer`.
    """
    session = named(session, reference)
    many = [(receiver(to), uint(amount, "amount")) for to, amount in transfers]
    if not many:
        raise InputError("transfers: expected one at least")
    facts, state, found = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), l2_token(session, token)
    )
    if token is not None and found.named_by == "the L2 node" and facts.stack == "era":
        found = yield from computed(session, token, found)
    if found.named_by == "the L2 node":
        raise InputError(
            f"token: {token} is none on L2, where the node says that {found.address} stands for it. That cannot be checked here: "
            "give the token by its L2 address, or both in the profile's tokens"
        )
    at = None if found.is_base else found.address
    _, lacks = yield from _transfer(session, "l2", at, many[0][0], sum(amount for _, amount in many))
    steps: list[tuple[StepKind, Unsigned]] = [("transfer", _transferring(at, *one)) for one in many]
    more: dict[str, Any] = {"notes": (f"the token's address on L2 is named by {found.named_by}",), "lacks": lacks}
    return (yield from draft_calls(session, facts, state, "l2", "transaction", steps, l2, paymaster=paymaster, **more))


def _transfer(
    session: Session, chain: Chain, token: Address | None, to: Address, amount: int
) -> Flow[tuple[Unsigned, tuple[Lack, ...]]]:
    if token is None:
        return _transferring(token, to, amount), ()
    (balance,) = yield from calls.eth_call(chain, token, ERC20.balance_of, session.address)
    return _transferring(token, to, amount), lacking(token, balance, amount)


def _transferring(token: Address | None, to: Address, amount: int) -> Unsigned:
    if token is None:
        return Unsigned(to=to, data=b"", value=amount)
    return Unsigned(to=token, data=ERC20.transfer.encode(to, amount))
