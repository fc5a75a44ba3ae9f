"""The ERC-20s that a request takes: whether they are there, and what must be approved to whom, exactly."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import InputError, InsufficientAllowance, Reverted
from zkcore.flows.l1 import Unsigned
from zkcore.flows.session import Contracts, Session, vault_of
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.protocol.contracts import ERC20
from zkcore.types import Address, uint

__all__ = ["Approval", "Holding", "Spend", "approve_calls", "holding", "needed_approvals"]

Holding: TypeAlias = tuple[int, int]  # what the account holds of a token, and allows its spender


class Spend(Struct, frozen=True, kw_only=True):
    """What a request takes of an ERC-20, and who takes it. `burned` needs no allowance."""

    token: Address
    amount: int
    spender: Address
    burned: bool = False


class Approval(Struct, frozen=True, kw_only=True):
    """An approval that is needed: `amount` exactly, `allowance` now, and whether the token wants it set to zero first."""

    token: Address
    spender: Address
    amount: int
    allowance: int
    reset_first: bool = False


def holding(session: Session, token: Address, spender: Address) -> Flow[Holding]:
    """Balance and allowance of the account on L1, behind what waits in the node's pool, as the nonce is."""
    (balance,), (allowance,) = yield from gather(
        calls.eth_call("l1", token, ERC20.balance_of, session.address, block="pending"),
        calls.eth_call("l1", token, ERC20.allowance, session.address, spender, block="pending"),
    )
    return balance, allowance


def needed_approvals(
    session: Session, known: Contracts, spends: Sequence[Spend], holdings: Sequence[Holding], approve: bool | int
) -> Flow[tuple[Approval, ...]]:
    """The approvals that are missing; no wave if none are. Raises InsufficientAllowance, InputError.

    Enough is: router allowance >= amount, or vault allowance >= amount.
    Source: era-contracts l1-contracts/contracts/bridge/asset-router/L1AssetRouter.sol, transferFundsToNTV.
    """
    short: list[Flow[Approval | None]] = []
    for spend, (_, allowance) in zip(spends, holdings, strict=True):
        if not spend.burned and allowance < spend.amount:
            short.append(_missing(session, known, spend, allowance, approve))
    return tuple(approval for approval in (yield from gather(*short)) if approval is not None)


def _missing(
    session: Session, known: Contracts, spend: Spend, allowance: int, approve: bool | int
) -> Flow[Approval | None]:
    me, token, spender = session.address, spend.token, spend.spender
    if spender == known.asset_router:
        vault = yield from vault_of(session, known)
        (enough,) = yield from calls.eth_call("l1", token, ERC20.allowance, me, vault)
        if enough >= spend.amount:
            return None
    if approve is False:
        raise InsufficientAllowance(token=token, owner=me, spender=spender, allowance=allowance, needed=spend.amount)
    amount = spend.amount if approve is True else uint(approve, "approve")
    if amount < spend.amount:
        raise InputError(f"approve: {amount} is less than the {spend.amount} of {token} that is taken")
    reset = bool(allowance) and (yield from refuses(session, token, spender, amount))
    return Approval(token=token, spender=spender, amount=amount, allowance=allowance, reset_first=reset)


def refuses(session: Session, token: Address, spender: Address, amount: int, chain: Chain = "l1") -> Flow[bool]:
    """Whether a token refuses this approval now: some (USDT) change no allowance that is not zero."""
    trial = CallRequest(from_address=session.address, to=token, data=ERC20.approve.encode(spender, amount))
    return isinstance((yield from attempt(calls.call_raw(chain, trial), Reverted)), Reverted)


def approve_calls(token: Address, spender: Address, amount: int, *, reset_first: bool) -> list[Unsigned]:
    """The approval, after one of nothing where the token wants that."""
    amounts = (0, amount) if reset_first and amount else (amount,)
    return [Unsigned(to=token, data=ERC20.approve.encode(spender, each)) for each in amounts]
