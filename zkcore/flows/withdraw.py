"""Withdrawals: from L2 towards L1, where they are finalized once their batch is executed."""

from os import urandom

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, Reverted, UnsupportedProtocol
from zkcore.ethereum.hashing import keccak256
from zkcore.flows.approvals import check_balance
from zkcore.flows.bundles import interop_handler
from zkcore.flows.l1 import TxOptions, Unsigned, account_state, receiver
from zkcore.flows.session import Contracts, Session, chain_facts, check_receivers, named
from zkcore.flows.tokens import L2Token, asset_id, l2_token
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.protocol.assets import TransferData
from zkcore.protocol.bundles import BundleRequest
from zkcore.protocol.contracts import (
    ERC20,
    INTEROP_ATTRIBUTE_PARSER_ADDRESS,
    INTEROP_CENTER_ADDRESS,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    ZERO_ADDRESS,
)
from zkcore.protocol.paymaster import Paymaster
from zkcore.types import Address, AddressLike, Hash32, uint

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
    to keep. A token that is native to this L2 is approved to the native token vault first. By interop bundle where L1 has a
    handler for those and L2 their attribute parser (since v33), else by the older calls: no version number decides.

    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    if uint(amount, "amount") == 0:
        raise InputError("amount: expected more than 0")
    facts, state, found, parser = yield from gather(
        chain_facts(session),
        account_state(session, "l2", l2),
        l2_token(session, token),
        calls.get_code("l2", INTEROP_ATTRIBUTE_PARSER_ADDRESS),
    )
    if to is None and state.kind == "contract":
        raise InputError(f"to: {session.address} is a contract, which is not the same account on L1: name the receiver")
    who = session.address if to is None else receiver(to)
    yield from check_receivers(session, facts.contracts, to=who)
    allowed = yield from _allowed(session, found, amount)
    handler = (yield from interop_handler(session, facts.contracts)) if parser else None
    call = (
        (yield from _by_bundle(session, facts.contracts, found, amount, who))
        if handler
        else _by_call(found, amount, who)
    )
    steps: list[tuple[StepKind, Unsigned]] = [("withdraw", call)]
    if not allowed:
        approve = ERC20.approve.encode(L2_NATIVE_TOKEN_VAULT_ADDRESS, amount)
        steps.insert(0, ("approve", Unsigned(to=found.address, data=approve)))
    note = f"the token's address on L2 is named by {found.named_by}; its asset id is checked by the vault there"
    notes = () if found.is_base else (note,)
    drafting = draft_calls(session, facts, state, "l2", "withdrawal", steps, l2, paymaster=paymaster, notes=notes)
    drafted = yield from attempt(drafting, Reverted)
    if not isinstance(drafted, Reverted):
        return drafted
    if drafted.name is not None or drafted.data or handler:
        raise drafted
    raise UnsupportedProtocol(
        f"chain {facts.contracts.l2_chain_id} (v{facts.protocol_version}) has no way to withdraw that is known here: the call of "
        f"{call.to} reverts without a reason; by interop bundle, L2 has {'an' if parser else 'no'} attribute parser at "
        f"{INTEROP_ATTRIBUTE_PARSER_ADDRESS} and L1 {'no interop handler' if parser else 'was not asked for a handler'}"
    ) from drafted


def _allowed(session: Session, token: L2Token, amount: int) -> Flow[bool]:
    """Whether the vault may take the token: only one that is native to this L2 it takes; what comes from elsewhere it burns.

    Raises InsufficientBalance.
    """
    if token.is_base:
        return True
    (allowance,), (balance,) = yield from gather(
        calls.eth_call("l2", token.address, ERC20.allowance, session.address, L2_NATIVE_TOKEN_VAULT_ADDRESS),
        calls.eth_call("l2", token.address, ERC20.balance_of, session.address),
    )
    check_balance(session, token.address, balance, amount)
    return not token.native or allowance >= amount


def _by_call(token: L2Token, amount: int, to: Address) -> Unsigned:
    """`L2AssetRouter.withdraw(assetId, assetData)` for every token: the legacy call knows those of L1 only.

    The token's address goes along, so that one the vault has not met is registered on the way (AssetRouterBase.sol, _burn).
    """
    if token.is_base:
        return Unsigned(to=L2_BASE_TOKEN_ADDRESS, data=L2_BASE_TOKEN.withdraw.encode(to), value=amount)
    data = TransferData(amount, to, token.address).encode()
    return Unsigned(to=L2_ASSET_ROUTER_ADDRESS, data=L2_ASSET_ROUTER.withdraw.encode(token.asset_id, data))


def _by_bundle(session: Session, known: Contracts, token: L2Token, amount: int, to: Address) -> Flow[Unsigned]:
    """`InteropCenter.sendBundle`. The salt is of this order alone: the center takes no second bundle with it.

    An order that has a name has the same salt whoever asks for it again, in whatever process: it is paid once.
    """
    asset = token.asset_id or (yield from asset_id(session, L2_BASE_TOKEN_ADDRESS))
    request = BundleRequest(
        l1_chain_id=known.l1_chain_id,
        asset_id=asset,
        transfer=TransferData(amount, to, ZERO_ADDRESS if token.is_base else token.address),
        value=amount if token.is_base else 0,
        salt=keccak256(session.address + session.reference.encode()) if session.reference else Hash32(urandom(32)),
    )
    return Unsigned(to=INTEROP_CENTER_ADDRESS, data=request.encode(), value=request.value)
