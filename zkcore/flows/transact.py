"""Transactions that ask nothing of a bridge's fees: approvals, transfers, withdrawals, finalizations, claims."""

from typing import Any, TypeVar

from msgspec import Struct

from zkcore import calls
from zkcore.assets import l1_token
from zkcore.calls import CallRequest
from zkcore.contracts import ERC20
from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import InputError, InsufficientBalance, Reverted, UnsupportedProtocol
from zkcore.flows.l1 import AccountState, TxOptions, Unsigned, account_state, check_ether, fixes_nonce, gas_limits
from zkcore.flows.request import plan_facts
from zkcore.flows.session import ChainFacts, Session, chain_facts
from zkcore.flows.tokens import l2_token
from zkcore.paymaster import Paymaster
from zkcore.plan import Draft, Plan, PlanStep, StepKind
from zkcore.transactions import Eip712Transaction, Transaction
from zkcore.types import ETH, Address, AddressLike, uint

__all__ = ["TxQuote", "check_token_balance", "draft_approve", "draft_calls", "draft_l1_transfer", "draft_transfer", "receiver"]

DEFAULT_GAS_PER_PUBDATA = 50_000  # of L2 transactions: zksync-era core/lib/constants/src/ethereum.rs
Q = TypeVar("Q")


class TxQuote(Struct, frozen=True, kw_only=True):
    """What transactions cost, in wei of the chain's own currency. `value` is what leaves the account beside the fee."""

    chain: Chain
    gas_limits: tuple[int, ...]
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    value: int
    max_fee: int
    max_total: int
    paymaster: Address | None = None


def receiver(to: AddressLike | None, session: Session, kind: str, name: str = "to") -> Address:
    """Who receives: checked not to be zero or a system contract; the account itself if None, unless it is a contract."""
    if to is None:
        if kind == "contract":
            raise InputError(f"{name}: {session.address} is a contract, which is not the same account elsewhere: name one")
        return session.address
    address = Address(to)
    if int.from_bytes(address) <= 0x1FFFF:
        raise InputError(f"{name}: {address} is zero or a system contract: what is sent there is lost")
    return address


def draft_calls(
    session: Session,
    facts: ChainFacts,
    state: AccountState,
    chain: Chain,
    kind: Any,
    steps: list[tuple[StepKind, Unsigned]],
    options: TxOptions | None,
    *,
    paymaster: Paymaster | None = None,
    **more: Any,
) -> Flow[Draft[TxQuote]]:
    """Estimate, check the balance, and plan calls of one account on one chain. One wave. `more` goes into the plan's facts."""
    if paymaster is not None and facts.stack != "era":
        raise UnsupportedProtocol("paymaster: only Era has paymasters (transaction type 0x71), this chain is ZKsync OS")
    gas = yield from gas_limits(session, chain, [step for _, step in steps], state, options, paymaster=paymaster)
    value, fee = sum(step.value for _, step in steps), sum(gas) * state.fees.max_fee_per_gas
    check_ether(session, state, value=value, gas=0 if paymaster else sum(gas), purpose="the amount and the fee", chain=chain)
    quote = TxQuote(
        chain=chain,
        gas_limits=gas,
        max_fee_per_gas=state.fees.max_fee_per_gas,
        max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
        value=value,
        max_fee=fee,
        max_total=value + (0 if paymaster else fee),
        paymaster=paymaster.address if paymaster else None,
    )
    known = facts.contracts
    chain_id = known.l1_chain_id if chain == "l1" else known.l2_chain_id
    planned: list[PlanStep] = []
    for place, ((step_kind, step), limit) in enumerate(zip(steps, gas, strict=True)):
        tx: Transaction = step.transaction(chain_id=chain_id, nonce=state.nonce + place, gas_limit=limit, fees=state.fees)
        if paymaster is not None:
            tx = Eip712Transaction(
                chain_id=chain_id,
                nonce=tx.nonce,
                max_priority_fee_per_gas=state.fees.max_priority_fee_per_gas,
                max_fee_per_gas=state.fees.max_fee_per_gas,
                gas_limit=limit,
                to=step.to,
                value=step.value,
                data=step.data,
                from_address=session.address,
                gas_per_pubdata=DEFAULT_GAS_PER_PUBDATA,
                paymaster=paymaster,
            )
        planned.append(PlanStep(kind=step_kind, chain=chain, transaction=tx, after=(place - 1,) if place else ()))
    plan: Plan[Any] = Plan(kind=kind, sender=session.address, steps=tuple(planned), facts=plan_facts(session, facts, **more))
    return Draft(quote, plan, nonce_fixed=fixes_nonce(options))


def check_token_balance(session: Session, chain: Chain, token: Address, amount: int) -> Flow[None]:
    """Raise InsufficientBalance unless the account holds so much of an ERC-20."""
    (balance,) = yield from calls.eth_call(chain, token, ERC20.balance_of, session.address)
    if balance < amount:
        raise InsufficientBalance(address=session.address, token=token, balance=balance, needed=amount)


# ---------------------------------------------------------------- approve, transfer
def draft_approve(
    session: Session, token: AddressLike, amount: int, spender: AddressLike | None = None, *, l1: TxOptions | None = None
) -> Flow[Draft[TxQuote]]:
    """Let a spender (the asset router, by default) take exactly this much of a token on L1.

    A token that refuses to change an allowance that is not zero gets it set to zero first. Raises InputError, NodeError.
    """
    uint(amount, "amount")
    if Address(token) == ETH or not any(Address(token)):
        raise InputError("token: ether needs no approval")
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    who, erc20 = facts.contracts.asset_router if spender is None else Address(spender), Address(token)
    trial = CallRequest(from_address=session.address, to=erc20, data=ERC20.approve.encode(who, amount))
    refused = yield from attempt(calls.call_raw("l1", trial), Reverted)
    amounts = (0, amount) if isinstance(refused, Reverted) and amount else (amount,)
    steps: list[tuple[StepKind, Unsigned]] = [
        ("approve", Unsigned(to=erc20, data=ERC20.approve.encode(who, each))) for each in amounts
    ]
    return (yield from draft_calls(session, facts, state, "l1", "transaction", steps, l1))


def draft_l1_transfer(
    session: Session, to: AddressLike, amount: int, token: AddressLike = ETH, *, l1: TxOptions | None = None
) -> Flow[Draft[TxQuote]]:
    """Send ether or an ERC-20 to an account on L1. Raises InputError, InsufficientBalance, Reverted, NodeError."""
    uint(amount, "amount")
    who = receiver(to, session, "eoa")
    facts, state = yield from gather(chain_facts(session), account_state(session, "l1", l1))
    what = l1_token(token, facts.contracts.base_token)
    step = yield from _transfer(session, "l1", None if what == ETH else what, who, amount)
    return (yield from draft_calls(session, facts, state, "l1", "transaction", [("transfer", step)], l1))


def draft_transfer(
    session: Session,
    to: AddressLike,
    amount: int,
    token: AddressLike | None = None,
    *,
    paymaster: Paymaster | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Send the base token (None) or another, by its L2 or L1 address, to an account on L2. As 0x71 if a paymaster pays.

    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    uint(amount, "amount")
    who = receiver(to, session, "eoa")
    facts, state, found = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), l2_token(session, token)
    )
    step = yield from _transfer(session, "l2", None if found.is_base else found.address, who, amount)
    steps: list[tuple[StepKind, Unsigned]] = [("transfer", step)]
    return (yield from draft_calls(session, facts, state, "l2", "transaction", steps, l2, paymaster=paymaster))


def _transfer(session: Session, chain: Chain, token: Address | None, to: Address, amount: int) -> Flow[Unsigned]:
    if token is None:
        return Unsigned(to=to, data=b"", value=amount)
    yield from check_token_balance(session, chain, token, amount)
    return Unsigned(to=token, data=ERC20.transfer.encode(to, amount))
