"""Withdrawals: from L2 towards L1, where they are finalized once their batch is executed."""

from os import urandom
from typing import Any

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import BASE_TOKEN, InputError, MalformedReply, Reverted, UnsupportedProtocol
from zkcore.ethereum.hashing import keccak256
from zkcore.flows.bridges import beside, known_bridges, token_pair, verified
from zkcore.flows.bundles import interop_handler
from zkcore.flows.greatest import draft_greatest, leaving, something
from zkcore.flows.l1 import Lack, TxOptions, Unsigned, account_state, lacking, receiver
from zkcore.flows.session import Contracts, Session, chain_facts, check_receivers, contracts, named
from zkcore.flows.tokens import L2Token, asset_id, l2_token
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.protocol.assets import TransferData
from zkcore.protocol.bundles import FIRST_WITH_BUNDLES, BundleRequest
from zkcore.protocol.chains import Bridge
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
from zkcore.types import MAX, Address, AddressLike, Hash32, uint

__all__ = ["draft_withdraw"]


def draft_withdraw(
    session: Session,
    token: AddressLike,
    amount: int,
    *,
    to: AddressLike | None = None,
    paymaster: Paymaster | None = None,
    bridge: Bridge | None = None,
    as_native: bool = False,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Move the base token or an ERC-20 from L2 to L1: as type 2, or as 0x71 if a paymaster pays (Era only).

    `token`: its L2 or its L1 address; 0x800A, or what the base token is on L1, for the base token. `amount`: in the token's
    smallest unit; `MAX`: all of it, of the base token what is left behind the highest fee.
    `to`: the receiver on L1, the account itself if None (a contract must name one). `l2`: nonce, gas and fees
    to keep. A token that is native to this L2 is approved to the native token vault first. `bridge`: a pair beside the vault
    that the token goes by, such as USDC's. `as_native`: let a token that came by such a bridge, or from its issuer, leave by
    the vault all the same, though it arrives on L1 as a newly made ERC-20 that is not the token there.
    By interop bundle where L1 has a handler for those and L2 their attribute parser (since v33), else by the older calls: no
    version number decides, but that before v32 there are none.

    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    if uint(amount, "amount") == 0:
        raise InputError("amount: expected more than 0")
    pair = beside(bridge)
    if pair and as_native:
        raise InputError(
            "as_native: the token is to leave by the vault, and a bridge beside it is named: say one of them"
        )
    if amount == MAX:
        more: dict[str, Any] = {"to": to, "paymaster": paymaster, "bridge": bridge, "as_native": as_native}
        return (yield from _draft_all(session, token, pair, l2, more))
    facts, state, found, parser = yield from gather(
        chain_facts(session),
        account_state(session, "l2", l2),
        l2_token(session, token) if pair is None else _of_bridge(session, pair, token),
        calls.get_code("l2", INTEROP_ATTRIBUTE_PARSER_ADDRESS),
    )
    if to is None and state.kind == "contract":
        raise InputError(f"to: {session.address} is a contract, which is not the same account on L1: name the receiver")
    who = session.address if to is None else receiver(to)
    yield from check_receivers(session, facts.contracts, to=who)
    more, handler, asked = {}, None, False
    if pair is not None:
        more = {"bridge": pair.l1_address, "l2_bridge": pair.l2_address}
        call = Unsigned(to=pair.l2_address, data=L2_ASSET_ROUTER.withdraw_legacy.encode(who, found.address, amount))
        spender, takes = pair.l2_address, pair.kind == "usdc"
    else:
        note = f"the token's address on L2 is named by {found.named_by}; its asset id is checked by the vault there"
        more = {"notes": () if found.is_base else (note,)}
        wrong_door = yield from _wrong_door(session, found)
        if wrong_door:
            refusal = None if as_native else InputError(f"token: {wrong_door}. Name its bridge, or say as_native=True")
            more = {"notes": (wrong_door, note), "refused": refusal}
        # what code there is on L2 is the L2 node's word; that there can be any is L1's: ether sent to where none is, is lost
        asked = bool(parser) and facts.protocol_version >= FIRST_WITH_BUNDLES
        handler = (yield from interop_handler(session, facts.contracts)) if asked else None
        call = _by_call(found, amount, who)
        if handler:
            call = yield from _by_bundle(session, facts.contracts, found, amount, who)
        spender, takes = L2_NATIVE_TOKEN_VAULT_ADDRESS, found.native
    base = found.is_base and pair is None
    steps, lacks = yield from _approved(session, None if base else found.address, amount, spender, call, needed=takes)
    draft = draft_calls(session, facts, state, "l2", "withdrawal", steps, l2, paymaster=paymaster, lacks=lacks, **more)
    drafted = yield from attempt(draft, Reverted)
    if not isinstance(drafted, Reverted):
        return drafted
    if drafted.name is not None or drafted.data or handler or pair:
        raise drafted
    raise UnsupportedProtocol(
        f"chain {facts.contracts.l2_chain_id} (v{facts.protocol_version}) has no way to withdraw that is known here: the call of "
        f"{call.to} reverts without a reason; by interop bundle, L2 has {'an' if parser else 'no'} attribute parser at "
        f"{INTEROP_ATTRIBUTE_PARSER_ADDRESS} and L1 {'no interop handler' if asked else 'was not asked for a handler'}"
    ) from drafted


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


def _draft_all(
    session: Session, token: AddressLike, pair: Bridge | None, l2: TxOptions | None, more: dict[str, Any]
) -> Flow[Draft[TxQuote]]:
    found = yield from (l2_token(session, token) if pair is None else _of_bridge(session, pair, Address(token)))
    if found.is_base:
        balance = yield from calls.get_balance("l2", session.address)
    else:
        (balance,) = yield from calls.eth_call("l2", found.address, ERC20.balance_of, session.address)

    def draft(amount: int, options: TxOptions | None, _: TxQuote | None) -> Flow[Draft[TxQuote]]:
        return draft_withdraw(session, token, amount, l2=options, **more)

    if not found.is_base or more["paymaster"] is not None:  # the fee is not of it
        return leaving((yield from draft(something(session, found.address, balance), l2, None)), 0)
    return (yield from draft_greatest(session, BASE_TOKEN, balance, draft, l2, _cost))


def _cost(quote: TxQuote) -> int:
    return quote.max_total - quote.value


def _of_bridge(session: Session, bridge: Bridge, token: AddressLike) -> Flow[L2Token]:
    """The bridge's token on L2, by either address; its pair verified on L1."""
    known = yield from contracts(session)
    _, (_, on_l2) = yield from gather(verified(known, bridge), token_pair(bridge, Address(token)))
    return L2Token(address=on_l2, asset_id=None)


def _wrong_door(session: Session, token: L2Token) -> Flow[str]:
    """Why a token that the vault takes for this L2's own should not leave by the vault; empty if it may.

    A token of a pinned bridge is that bridge's. One whose issuer made it here for one on L1 can be told by its symbol alone.
    """
    if not token.native:
        return ""
    pairs = yield from gather(
        *[attempt(token_pair(bridge, token.address), InputError) for bridge in known_bridges(session, None)],
    )
    for bridge, pair in zip(known_bridges(session, None), pairs, strict=True):
        if not isinstance(pair, InputError):
            return (
                f"{token.address} is of the bridge {bridge.l2_address}, and on L1 {pair[0]}: by the vault it would arrive "
                "there as a newly made ERC-20"
            )
    symbol = yield from attempt(attempt(calls.eth_call("l2", token.address, ERC20.symbol), Reverted), MalformedReply)
    if not isinstance(symbol, Exception) and symbol[0] in _ISSUED_ELSEWHERE:
        return (
            f"{token.address} calls itself {symbol[0]}, which comes from elsewhere, but to the vault it is this L2's: it would "
            "arrive on L1 as a newly made ERC-20"
        )
    return ""


_ISSUED_ELSEWHERE = frozenset(
    {"USDC", "USDC.e", "USDT", "EURC", "PYUSD"}
)  # their issuers, or bridges of theirs, mint on L2


def _approved(
    session: Session, token: Address | None, amount: int, spender: Address, last: Unsigned, *, needed: bool
) -> Flow[tuple[list[tuple[StepKind, Unsigned]], tuple[Lack, ...]]]:
    """The call, after the approval that it needs on L2; and what is lacking of the token."""
    if token is None:  # the base token: value of the call itself
        return [("withdraw", last)], ()
    (allowance,), (balance,) = yield from gather(
        calls.eth_call("l2", token, ERC20.allowance, session.address, spender),
        calls.eth_call("l2", token, ERC20.balance_of, session.address),
    )
    approve = Unsigned(to=token, data=ERC20.approve.encode(spender, amount))
    first: list[tuple[StepKind, Unsigned]] = [("approve", approve)] if needed and allowance < amount else []
    return [*first, ("withdraw", last)], lacking(token, balance, amount)
