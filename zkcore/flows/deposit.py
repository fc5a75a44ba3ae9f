"""Deposits from L1: the route of each token, what it costs, and the plan that makes it.

| route | request to the bridgehub | mint value M | msg.value | approvals, to the asset router |
|---|---|---|---|---|
| eth-to-eth-chain | direct | base cost + tip + amount | M | none |
| erc20-to-eth-chain | two bridges | base cost + tip | M | token: amount |
| eth-to-erc20-chain | two bridges | base cost + tip | amount | base token: M |
| base-token-to-erc20-chain | direct | base cost + tip + amount | 0 | base token: M |
| erc20-to-erc20-chain | two bridges | base cost + tip | 0 | base token: M, token: amount |
| bridge | two bridges | base cost + tip | as erc20 above | base token: M; token: amount, to the bridge |
| custom-bridge | two bridges | base cost + tip | as above | base token: M; token: amount, to the custom bridge |

Source: era-contracts l1-contracts/contracts/core/bridgehub/L1Bridgehub.sol, bridge/asset-router/L1AssetRouter.sol.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, Reverted, ZkCoreError
from zkcore.ethereum import abi
from zkcore.flows.approvals import Spend
from zkcore.flows.bridges import beside, token_pair, verified
from zkcore.flows.greatest import draft_greatest, leaving, something
from zkcore.flows.l1 import TxOptions, receiver, sender_kind
from zkcore.flows.request import L2Call, Quote, Request, SecondBridge, Terms, draft_request, refund_code, terms
from zkcore.flows.session import Contracts, Session, check_receivers, contracts, known_or, named, vault_of
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.plans.plan import Draft
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.assets import (
    BridgeMint,
    SecondBridgeDeposit,
    TransferData,
    deposit_calldata,
    erc20_metadata,
    l1_token,
    ntv_asset_id,
)
from zkcore.protocol.chains import Bridge
from zkcore.protocol.contracts import (
    BRIDGED_TOKEN,
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    NATIVE_TOKEN_VAULT,
    ZERO_ADDRESS,
)
from zkcore.protocol.fees import OLDEST_PROTOCOL_VERSION
from zkcore.protocol.priority import AccountKind, l2_sender
from zkcore.types import ETH, MAX, Address, AddressLike, Hash32, HexLike, hex_bytes, uint

__all__ = ["draft_deposit"]


class _Deposit(Struct, frozen=True, kw_only=True):
    """The caller's words, with what the chains said of them."""

    session: Session
    known: Contracts
    token: Address
    amount: int
    to: Address
    said: Terms
    sender_kind: AccountKind
    refund_kind: AccountKind
    sender_seen: AccountKind | None

    def request(self, **more: Any) -> Request:
        """The request with all that no route changes."""
        kept: dict[str, Any] = {"token": self.token, "amount": self.amount, "to": self.to, "terms": self.said}
        return Request(kind="deposit", refund_kind=self.refund_kind, sender_seen=self.sender_seen, **kept, **more)


def draft_deposit(
    session: Session,
    token: AddressLike,
    amount: int,
    *,
    to: AddressLike | None = None,
    operator_tip: int = 0,
    l2_gas_limit: int | None = None,
    gas_per_pubdata: int = 800,
    refund_recipient: AddressLike | None = None,
    approve: bool | int = True,
    bridge_address: AddressLike | None = None,
    custom_bridge_data: HexLike | None = None,
    bridge: Bridge | None = None,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[Quote]]:
    """Move ether or an ERC-20 from L1 to L2: the approvals that are needed, and the request, with consecutive nonces.

    `token`: its L1 address, `ETH` for ether. `amount`: in the token's smallest unit; `MAX`: all that is left behind the highest
    fees, of which what is not paid stays on L1 (more approvals, or a spike before it is sent, may need more than that).
    `to`: the receiver on L2, the sender if
    None (a contract must name it: on L2 it has another address). `operator_tip`: added to the mint value; it is refunded.
    `l2_gas_limit`: kept if given, else the node's estimate with a margin. `gas_per_pubdata`: the chains take only 800.
    `refund_recipient`: who gets on L2 what is not used, the sender if None. `approve`: False raises InsufficientAllowance
    instead of approving; a number approves that much instead of exactly what is taken. `bridge_address` with
    `custom_bridge_data`: a second bridge of your own, with its calldata as it is. `bridge`: a pair beside the vault, such as
    USDC's; one of the kind "custom" needs its `custom_bridge_data` and an `l2_gas_limit`. `l1`: nonce, gas and fees to keep.

    Raises InputError, InsufficientBalance, InsufficientAllowance, L2GasLimitTooLow, Reverted, NodeError.
    """
    session = named(session, reference)
    if uint(amount, "amount") == 0:
        raise InputError("amount: expected more than 0; the bridge refuses an empty deposit")
    if amount == MAX:
        if custom_bridge_data is not None:
            raise InputError("amount: MAX has no place beside custom_bridge_data, which holds an amount of its own")
        more: dict[str, Any] = {"to": to, "operator_tip": operator_tip, "gas_per_pubdata": gas_per_pubdata}
        more |= {"refund_recipient": refund_recipient, "approve": approve, "bridge": bridge}
        return (yield from _draft_all(session, token, l2_gas_limit, l1, more))
    pair = beside(bridge)
    if pair is not None and pair.kind == "custom" and bridge_address is None:
        bridge_address = pair.l1_address
    if pair is not None and pair.kind == "usdc" and (bridge_address or custom_bridge_data):
        raise InputError(
            "bridge: a bridge of this kind makes its own calldata: give no bridge_address, no custom_bridge_data"
        )
    if pair is not None and bridge_address not in (None, pair.l1_address):
        raise InputError(f"bridge_address: {bridge_address} is not the bridge's {pair.l1_address}")
    if (bridge_address is None) != (custom_bridge_data is None):
        raise InputError("bridge_address and custom_bridge_data go together: a custom bridge has calldata of its own")
    if bridge_address is not None and l2_gas_limit is None:
        raise InputError(
            "l2_gas_limit: a custom bridge makes its own L2 call, which cannot be estimated here: give the limit"
        )
    said = terms(l2_gas_limit, gas_per_pubdata, operator_tip, refund_recipient, approve)
    given, target = Address(token), None if to is None else receiver(to)
    custom = None if bridge_address is None else Address(bridge_address)
    calldata = hex_bytes(custom_bridge_data or b"", "custom_bridge_data")
    known, (kind, seen), refund_kind, metadata = yield from gather(
        contracts(session),
        sender_kind(session),
        refund_code(session, said),
        _metadata(session, given),
    )
    deposit = _Deposit(
        session=session,
        known=known,
        token=l1_token(given, known.base_token),
        amount=amount,
        to=_checked_receiver(session, kind, target),
        said=said,
        sender_kind=kind,
        refund_kind=refund_kind or kind,
        sender_seen=seen,
    )
    routed = attempt(_routed(deposit, custom, pair, calldata, metadata, l1), ZkCoreError)
    _, drafted = yield from gather(check_receivers(session, known, to=target), routed)
    if isinstance(drafted, ZkCoreError):
        raise drafted
    return drafted


def _routed(
    deposit: _Deposit,
    custom: Address | None,
    pair: Bridge | None,
    calldata: bytes,
    metadata: bytes,
    l1: TxOptions | None,
) -> Flow[Draft[Quote]]:
    session, known = deposit.session, deposit.known
    if pair is not None:
        _ = yield from verified(known, pair)
    if custom is not None:
        request = _custom(deposit, custom, calldata, pair)
    elif pair is not None:
        request = yield from _by_pair(deposit, pair)
    elif deposit.token == known.base_token:
        request = _direct(deposit)
    else:
        request = _two_bridges(deposit, metadata)
        if deposit.token != ETH:
            return (yield from _draft_token(deposit, request, l1))
    return (yield from draft_request(session, known, request, l1))


def _draft_all(
    session: Session, token: AddressLike, l2_gas_limit: int | None, l1: TxOptions | None, more: dict[str, Any]
) -> Flow[Draft[Quote]]:
    """All of it: a token that pays no fee is moved whole; of ether the L1 fee, and of the base token the mint value is kept."""
    known = yield from contracts(session)
    what = l1_token(token, known.base_token)
    if what == ETH:
        balance = yield from calls.get_balance("l1", session.address)
    else:
        (balance,) = yield from calls.eth_call("l1", what, ERC20.balance_of, session.address)

    def draft(amount: int, options: TxOptions | None, probe: Quote | None) -> Flow[Draft[Quote]]:
        limit = probe.l2_gas_limit if probe else l2_gas_limit
        return draft_deposit(session, token, amount, l2_gas_limit=limit, l1=options, **more)

    def cost(quote: Quote) -> int:
        return (quote.max_total if what == ETH else quote.mint_value) - quote.amount

    if what not in (ETH, known.base_token):
        return leaving((yield from draft(something(session, what, balance), l1, None)), 0)
    return (yield from draft_greatest(session, what, balance, draft, l1, cost))


def _draft_token(deposit: _Deposit, request: Request, options: TxOptions | None) -> Flow[Draft[Quote]]:
    """Draft as a token of L1 while asking the vault whether it is one: most are, and that saves two waves."""
    session, known = deposit.session, deposit.known
    asset_id, drafted, counted = yield from gather(  # in this order: what one learns, the next need not ask
        _registered(deposit),
        attempt(draft_request(session, known, request, options), ZkCoreError),
        _is_counted(deposit),
    )
    if asset_id not in {Hash32(bytes(32)), ntv_asset_id(known.l1_chain_id, deposit.token)}:
        request = yield from _homeward(deposit, asset_id)
        return (yield from draft_request(session, known, request, options))
    if not counted:
        session.known.on_l2.discard(deposit.token)
        return (yield from draft_request(session, known, replace(request, unseen_on_l1=True), options))
    if isinstance(drafted, ZkCoreError):
        raise drafted
    return drafted


def _registered(deposit: _Deposit) -> Flow[Hash32]:
    """The asset id that the vault on L1 has for the token; zero if it has not met it."""
    vault = yield from vault_of(deposit.session, deposit.known)
    (asset_id,) = yield from calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.asset_id, deposit.token)
    return Hash32(asset_id)


def _is_counted(deposit: _Deposit) -> Flow[bool]:
    """Whether L1 counts some of the token on the chain, where L2 says that it is there: which is the first is not L2's to say.

    Up to v30 the vault counts (L1NativeTokenVault.sol, chainBalance), since v31 L1AssetTracker: asked for at once, of a vault
    that is being verified, but on chains where the base token takes calls as well. Where all went back, nothing is counted.
    """
    session, known, token = deposit.session, deposit.known, deposit.token
    if token in session.known.on_l2:
        return True
    profile = session.known.profile
    vault = (profile.native_token_vault if profile else None) or (yield from vault_of(session, known))
    tracker = _or_zero(calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.l1_asset_tracker))
    none: Any = 0
    counter, _ = yield from gather(known_or(None if known.eth_based else none, tracker), vault_of(session, known))
    if token not in session.known.on_l2:
        return True
    asked = (NATIVE_TOKEN_VAULT.chain_balance, known.l2_chain_id, ntv_asset_id(known.l1_chain_id, token))
    held, later = yield from gather(
        _or_zero(calls.eth_call("l1", vault, *asked)),
        _or_zero(calls.eth_call("l1", counter, *asked))
        if counter
        else known_or(none if known.eth_based else None, tracker),
    )
    if later and not counter and not held:
        later = yield from _or_zero(calls.eth_call("l1", later, *asked))
    return bool(held or later)


def _or_zero(call: Any) -> Flow[Any]:
    """The one result of a call; 0 where the contract has no such function."""
    answer = yield from attempt(call, Reverted)
    return 0 if isinstance(answer, Reverted) or not any(answer) or answer[0] == ZERO_ADDRESS else answer[0]


def _checked_receiver(session: Session, kind: AccountKind, to: Address | None) -> Address:
    if to is None:
        if kind == "contract":
            raise InputError(
                f"to: {session.address} is a contract; its address on L2 is another account: name the receiver"
            )
        return session.address
    return to


def _metadata(session: Session, token: Address) -> Flow[bytes]:
    """What a token's name(), symbol() and decimals() on L1 return, asked once a session; nothing of ether and the base token.

    A getter that reverts gives no bytes, as on L1: BridgeHelper.sol, getERC20Getters.
    """
    known, profile = session.known, session.profile
    base = known.contracts.base_token if known.contracts else profile and profile.base_token
    if token in {ETH, ZERO_ADDRESS, L2_BASE_TOKEN_ADDRESS, base}:
        return b""
    if token not in known.metadata:
        requests = [CallRequest(to=token, data=get.encode()) for get in (ERC20.name, ERC20.symbol, ERC20.decimals)]
        answers = yield from gather(*[attempt(calls.call_raw("l1", request), Reverted) for request in requests])
        if not any(answers):  # not even a revert: there is no contract
            raise InputError(f"token: {token} is no contract on L1")
        getters = [b"" if isinstance(answer, Reverted) else answer for answer in answers]
        known.metadata[token] = abi.encode(("bytes", "bytes", "bytes"), getters)
    return known.metadata[token]


# ---------------------------------------------------------------- routes
def _direct(deposit: _Deposit) -> Request:
    sender = l2_sender(deposit.session.address, kind=deposit.sender_kind, protocol_version=OLDEST_PROTOCOL_VERSION)
    ether = deposit.token == ETH
    return deposit.request(
        route="eth-to-eth-chain" if ether else "base-token-to-erc20-chain",
        why=f"{'ether' if ether else deposit.token} is the chain's base token: minted to the receiver, no bridge contract on L2",
        l2_call=L2Call(from_address=sender, to=deposit.to, value=deposit.amount, data=b""),
    )


def _two_bridges(deposit: _Deposit, metadata: bytes) -> Request:
    known, token, amount = deposit.known, deposit.token, deposit.amount
    ether = token == ETH
    # L1NativeTokenVault.sol, getERC20Getters
    metadata = erc20_metadata("Ether", "ETH", 18) if ether else metadata
    return deposit.request(
        route="eth-to-erc20-chain" if ether else "erc20-to-eth-chain" if known.eth_based else "erc20-to-erc20-chain",
        why=f"{'ether' if ether else token} is not the chain's base token: locked on L1, minted by the asset router on L2",
        l2_call=_from_router(deposit, token, metadata, ntv_asset_id(known.l1_chain_id, token), known.l1_chain_id),
        second_bridge=_router_call(deposit, ntv_asset_id(known.l1_chain_id, token)),
        spend=None if ether else Spend(token=token, amount=amount, spender=known.asset_router),
        minted_on_l2=not ether,
    )


def _homeward(deposit: _Deposit, asset_id: Hash32) -> Flow[Request]:
    """A token that is on L1 only as the representation of one of L2: burned here, released there; no allowance is needed."""
    known, token, amount = deposit.known, deposit.token, deposit.amount
    vault = yield from vault_of(deposit.session, known)
    (origin,), (origin_token,) = yield from gather(
        calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.origin_chain_id, asset_id),
        calls.eth_call("l1", token, BRIDGED_TOKEN.origin_token),
    )
    (metadata,) = yield from calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.get_erc20_getters, token, origin)
    return deposit.request(
        route="erc20-to-eth-chain" if known.eth_based else "erc20-to-erc20-chain",
        why=f"{token} stands on L1 for a token of chain {origin}: burned on L1, released or minted on L2; no approval is needed",
        l2_call=_from_router(deposit, origin_token, metadata, asset_id, origin),
        second_bridge=_router_call(deposit, asset_id),
        spend=Spend(token=token, amount=amount, spender=known.asset_router, burned=True),
    )


def _from_router(
    deposit: _Deposit, origin_token: Address, metadata: bytes, asset_id: Hash32, origin_chain_id: int
) -> L2Call:
    known = deposit.known
    mint = BridgeMint(
        original_caller=deposit.session.address,
        receiver=deposit.to,
        origin_token=origin_token,
        amount=deposit.amount,
        metadata=metadata,
    )
    data = deposit_calldata(mint, asset_id=asset_id, origin_chain_id=origin_chain_id, l1_chain_id=known.l1_chain_id)
    # in two bridges the sender is always the alias of the second bridge
    return L2Call(from_address=apply_alias(known.asset_router), to=L2_ASSET_ROUTER_ADDRESS, value=0, data=data)


def _router_call(deposit: _Deposit, asset_id: Hash32) -> SecondBridge:
    # the real token address, so that a token never bridged before is registered on the way: AssetRouterBase.sol, _burn
    transfer = TransferData(deposit.amount, deposit.to, deposit.token)
    calldata = SecondBridgeDeposit(asset_id=asset_id, transfer=transfer).encode()
    value = deposit.amount if deposit.token == ETH else 0
    return SecondBridge(address=deposit.known.asset_router, value=value, calldata=calldata)


def _by_pair(deposit: _Deposit, pair: Bridge) -> Flow[Request]:
    """A token by its own bridge: matter-labs/usdc-bridge src/L1USDCBridge.sol, bridgehubDeposit."""
    token, amount = deposit.token, deposit.amount
    on_l1, on_l2 = yield from token_pair(pair, token)
    if on_l1 != token:
        raise InputError(f"token: {token} is the bridge's token on L2; on L1 it is {on_l1}")
    metadata = abi.encode(("string", "string", "uint8"), ("USD Coin", "USDC", 6))
    minted = (deposit.session.address, deposit.to, token, amount, metadata)
    transfer = TransferData(amount, deposit.to, token)
    return deposit.request(
        route="bridge",
        why=f"by the bridge {pair.l1_address}, beside the vault: locked there, minted on L2 as {on_l2} by {pair.l2_address}",
        l2_call=L2Call(
            from_address=apply_alias(pair.l1_address),
            to=pair.l2_address,
            value=0,
            data=L2_ASSET_ROUTER.finalize_deposit_legacy.encode(*minted),
        ),
        second_bridge=SecondBridge(
            address=pair.l1_address, value=0, calldata=SecondBridgeDeposit(asset_id=None, transfer=transfer).encode()
        ),
        spend=Spend(token=token, amount=amount, spender=pair.l1_address),
        bridge=pair,
    )


def _custom(deposit: _Deposit, bridge: Address, calldata: bytes, pair: Bridge | None) -> Request:
    token, amount = deposit.token, deposit.amount
    return deposit.request(
        route="custom-bridge",
        why=f"the second bridge {bridge} and its calldata are the caller's: what they do on L2 is not checked here",
        l2_call=L2Call(from_address=apply_alias(bridge), to=deposit.to, value=0, data=b""),
        second_bridge=SecondBridge(address=bridge, value=amount if token == ETH else 0, calldata=calldata),
        spend=None if token == ETH else Spend(token=token, amount=amount, spender=bridge),
        bridge=pair,
    )
