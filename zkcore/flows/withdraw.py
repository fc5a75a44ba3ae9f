"""Withdrawals: from L2 towards L1, where they are finalized once their batch is executed."""

from zkcore.effects import Flow, gather
from zkcore.errors import InputError
from zkcore.flows.approvals import check_balance
from zkcore.flows.l1 import TxOptions, Unsigned, account_state, receiver
from zkcore.flows.session import Session, chain_facts, named
from zkcore.flows.tokens import L2Token, l2_token
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.protocol.assets import TransferData
from zkcore.protocol.contracts import (
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
)
from zkcore.protocol.paymaster import Paymaster
from zkcore.types import Address, AddressLike, uint

__all__ = ["draft_withdraw"]


def draft_withdraw(
    session: Session,
    token: AddressLike,
    amount: int,
    *,
    to: AddressLike | None = None,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Move the base token or an ERC-20 from L2 to L1: as type 2, or as 0x71 if a paymaster pays (Era only).

    `token`: its L2 or its L1 address; 0x800A, or what the base token is on L1, for the base token. `amount`: in the token's
    smallest unit. `to`: the receiver on L1, the account itself if None (a contract must name one). `l2`: nonce, gas and fees
    to keep. A token that is native to this L2 is approved to the native token vault first.

    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    if uint(amount, "amount") == 0:
        raise InputError("amount: expected more than 0")
    facts, state, found = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), l2_token(session, token)
    )
    if to is None and state.kind == "contract":
        raise InputError(f"to: {session.address} is a contract, which is not the same account on L1: name the receiver")
    who = session.address if to is None else receiver(to)
    steps: list[tuple[StepKind, Unsigned]]
    if found.is_base:
        call = L2_BASE_TOKEN.withdraw.encode(who)
        steps = [("withdraw", Unsigned(to=L2_BASE_TOKEN_ADDRESS, data=call, value=amount))]
    else:
        steps = yield from _by_asset_router(session, found, amount, who)
    return (yield from draft_calls(session, facts, state, "l2", "withdrawal", steps, l2, paymaster=paymaster))


def _by_asset_router(
    session: Session, token: L2Token, amount: int, to: Address
) -> Flow[list[tuple[StepKind, Unsigned]]]:
    """`L2AssetRouter.withdraw(assetId, assetData)` for every token: the legacy call knows those of L1 only.

    The token's address goes along, so that one the vault has not met is registered on the way (AssetRouterBase.sol, _burn).
    """
    data = TransferData(amount, to, token.address).encode()
    call = Unsigned(to=L2_ASSET_ROUTER_ADDRESS, data=L2_ASSET_ROUTER.withdraw.encode(token.asset_id, data))
    (allowance,), (balance,) = yield from gather(
        calls.eth_call("l2", token.address, ERC20.allowance, session.address, L2_NATIVE_TOKEN_VAULT_ADDRESS),
        calls.eth_call("l2", token.address, ERC20.balance_of, session.address),
    )
    check_balance(session, token.address, balance, amount)
    if not token.native or allowance >= amount:
        return [("withdraw", call)]
    approve = ERC20.approve.encode(L2_NATIVE_TOKEN_VAULT_ADDRESS, amount)
    return [("approve", Unsigned(to=token.address, data=approve)), ("withdraw", call)]
