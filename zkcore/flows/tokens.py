"""Tokens and accounts: balances, allowances, addresses on both sides, asset ids."""

from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import InputError, MalformedReply, Reverted
from zkcore.ethereum.abi import Function
from zkcore.flows.session import Contracts, Session, Vaults, chain_facts, contracts, nullifier_of, vault_of, vaults
from zkcore.methods import calls
from zkcore.protocol.assets import era_bridged_token, l1_token, ntv_asset_id
from zkcore.protocol.contracts import (
    BRIDGED_TOKEN,
    BRIDGEHUB,
    ERC20,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    L2_LEGACY_BRIDGE,
    L2_NATIVE_TOKEN_VAULT,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
    LEGACY_BRIDGE,
    NATIVE_TOKEN_VAULT,
    NONCE_HOLDER,
    NONCE_HOLDER_ADDRESS,
    ZERO_ADDRESS,
)
from zkcore.types import ETH, Address, AddressLike, Hash32

# fmt: off
__all__ = [
    "BridgeAddresses", "L2Token", "asset_id", "computed", "get_balance", "get_balances", "get_base_token", "get_bridge_addresses",
    "get_deployment_nonce", "get_l1_allowance", "get_l1_balance", "is_eth_based_chain", "l1_token_address", "l2_token",
    "l2_token_address",
]
# fmt: on


_HASH_BY_VAULT: Final = L2_NATIVE_TOKEN_VAULT.l2_token_proxy_bytecode_hash
_HASH_BY_BRIDGE: Final = L2_LEGACY_BRIDGE.l2_token_proxy_bytecode_hash


class L2Token(Struct, frozen=True, kw_only=True):
    """A token as L2 has it: 0x800A for the base token. `native`: L2 is where it comes from. `asset_id`: None for the base token.

    Whether it `is_base` follows from what the caller gave and from L1, never from L2. `named_by`: whose word its address is.
    """

    address: Address
    asset_id: Hash32 | None
    native: bool = False
    is_base: bool = False
    named_by: Literal["the caller", "the profile", "its asset id on L1", "its create2", "the L2 node"] = "the caller"


class BridgeAddresses(Struct, frozen=True, kw_only=True):
    """The chain's contracts on L1, verified there, and the fixed ones on L2."""

    bridgehub: Address
    diamond: Address
    l1_asset_router: Address
    l1_nullifier: Address
    l1_native_token_vault: Address
    l2_asset_router: Address = L2_ASSET_ROUTER_ADDRESS
    l2_native_token_vault: Address = L2_NATIVE_TOKEN_VAULT_ADDRESS


# ---------------------------------------------------------------- which token
def l2_token(session: Session, token: AddressLike | None) -> Flow[L2Token]:
    """A token given by its L2 or its L1 address (None: the base token). Raises InputError if it is neither.

    An address that is a token on L2 counts as that, and so does what the profile says it is there; else it is looked up as a
    token of L1: then its address is the L2 node's word (`named_by`), good for a balance, and for a withdrawal, where the vault
    compares it with the asset id (NativeTokenVaultBase.sol, _decodeBurnAndCheckAssetId).
    """
    known = yield from contracts(session)
    named: Any
    given = known.base_token if token is None else l1_token(token, known.base_token)
    if given == known.base_token:
        if token is not None and Address(token) != L2_BASE_TOKEN_ADDRESS:
            yield from _check_base_token(session, known)
        return L2Token(address=L2_BASE_TOKEN_ADDRESS, asset_id=None, is_base=True)
    pinned = _pinned_on_l2(session, given)
    if pinned is not None:
        (registered,) = yield from calls.eth_call(
            "l2", L2_NATIVE_TOKEN_VAULT_ADDRESS, NATIVE_TOKEN_VAULT.asset_id, pinned
        )
        native_id = ntv_asset_id(known.l2_chain_id, pinned)
        found = Hash32(registered) if any(registered) else native_id
        named = "the caller" if pinned == given else "the profile"
        if named == "the profile" and found not in (native_id, (yield from _id_by_l1(session, known, given))):
            raise InputError(
                f"token: the profile has {pinned} on L2 for {given}, where the vault has it for another asset, {found}"
            )
        return L2Token(address=pinned, asset_id=found, native=found == native_id, named_by=named)
    vault = L2_NATIVE_TOKEN_VAULT_ADDRESS
    (registered,), (bridged,), code = yield from gather(
        calls.eth_call("l2", vault, NATIVE_TOKEN_VAULT.asset_id, given),
        calls.eth_call("l2", vault, L2_NATIVE_TOKEN_VAULT.l2_token_address, given),
        calls.get_code("l2", given),
    )
    native_id = ntv_asset_id(known.l2_chain_id, given)
    if any(registered):
        return L2Token(address=given, asset_id=registered, native=registered == native_id)
    if bridged == L2_BASE_TOKEN_ADDRESS:
        raise MalformedReply(
            f"the L2 node names the base token {bridged} for {given}, which is not it: do not use this node"
        )
    if bridged != ZERO_ADDRESS:
        return L2Token(address=bridged, asset_id=ntv_asset_id(known.l1_chain_id, given), named_by="the L2 node")
    on_l1 = yield from _asset_on_l1(session, known, given)
    if any(on_l1):  # it stands on L1 for a token of this or of another L2
        (address,) = yield from calls.eth_call("l2", vault, NATIVE_TOKEN_VAULT.token_address, on_l1)
        if address != ZERO_ADDRESS:
            native = on_l1 == ntv_asset_id(known.l2_chain_id, address)
            # an asset id of this chain is made of the address: it cannot be another
            named = "its asset id on L1" if native else "the L2 node"
            return L2Token(address=address, asset_id=on_l1, native=native, named_by=named)
    elif code:  # the vault has not met it: the first withdrawal registers it
        return L2Token(address=given, asset_id=native_id, native=True)
    raise InputError(f"token: {given} is neither a token on L2 nor one of L1 that was bridged to L2")


def computed(session: Session, token: AddressLike, found: L2Token) -> Flow[L2Token]:
    """The token, if the L2 node's word for its address follows on Era from the token itself: then it is nobody's word.

    By whom it was deployed is fixed, or L1's word: the vault on L2, or the chain's legacy bridge.
    """
    known = yield from contracts(session)
    given = l1_token(token, known.base_token)
    vault, nullifier, asset = yield from gather(
        _proxies(L2_NATIVE_TOKEN_VAULT_ADDRESS, L2_NATIVE_TOKEN_VAULT.bridged_token_beacon, _HASH_BY_VAULT),
        nullifier_of(session, known),
        _asset_on_l1(session, known, given),
    )
    (bridge,) = yield from calls.eth_call("l1", nullifier, LEGACY_BRIDGE.l2_bridge_address, known.l2_chain_id)
    made = [vault]
    if bridge != ZERO_ADDRESS:
        made.append((yield from _proxies(bridge, L2_LEGACY_BRIDGE.l2_token_beacon, _HASH_BY_BRIDGE)))
    origin, original = known.l1_chain_id, given
    if asset not in {Hash32(bytes(32)), ntv_asset_id(known.l1_chain_id, given)}:
        origin, original = yield from _origin(session, known, "l1", asset, given)
    where: dict[str, Any] = {"origin": origin, "token": original, "l1_chain_id": known.l1_chain_id}
    if any(found.address == era_bridged_token(*one, **where) for one in made if one):
        return replace(found, named_by="its create2")
    return found


def _proxies(deployer: Address, beacon: Function, code: Function) -> Flow[tuple[Address, bytes, Address] | None]:
    """Who deploys tokens on L2, and what; None for one that has no such getters."""
    named = yield from attempt(
        gather(calls.eth_call("l2", deployer, beacon), calls.eth_call("l2", deployer, code)), Reverted
    )
    return None if isinstance(named, Reverted) else (deployer, named[1][0], named[0][0])


def _asset_on_l1(session: Session, known: Contracts, token: Address) -> Flow[Hash32]:
    """The asset id that the vault on L1 has for a token there; zero if it has not met it."""
    vault = yield from vault_of(session, known)
    (asset,) = yield from calls.eth_call("l1", vault, NATIVE_TOKEN_VAULT.asset_id, token)
    return Hash32(asset)


def _id_by_l1(session: Session, known: Contracts, token: Address) -> Flow[Hash32]:
    """The asset id of a token on L1, also of one that the vault has not met."""
    found = yield from _asset_on_l1(session, known, token)
    return found if any(found) else ntv_asset_id(known.l1_chain_id, token)


def _check_base_token(session: Session, known: Contracts) -> Flow[None]:
    """That a token is sent as value is no one node's word: the profile says it beside L1, or L2 does."""
    if session.profile is not None and session.profile.base_token is not None:
        return
    (on_l2,) = yield from calls.eth_call("l2", L2_ASSET_ROUTER_ADDRESS, L2_ASSET_ROUTER.base_token_asset_id)
    if on_l2 != ntv_asset_id(known.l1_chain_id, known.base_token):
        raise MalformedReply(
            f"the base token is {known.base_token} by L1, by L2 what has the asset id {Hash32(on_l2)}: one of the nodes lies. "
            "0x800A is the base token, whatever it is"
        )


def _pinned_on_l2(session: Session, given: Address) -> Address | None:
    """The L2 address of a token that the profile has both sides of, by either."""
    for token in session.profile.tokens if session.profile else ():
        if token.l2_address is not None and given in (token.l1_address, token.l2_address):
            return token.l2_address
    return None


def l2_token_address(session: Session, token: AddressLike) -> Flow[Address]:
    """The L2 address of a token of L1; the predicted one if it was never bridged. 0x800A for the base token.

    A token that is on L1 only for one of an L2 is that token, or what stands for it here.
    """
    known = yield from contracts(session)
    given = l1_token(token, known.base_token)
    if given == known.base_token:
        return L2_BASE_TOKEN_ADDRESS
    (there,), asset = yield from gather(
        calls.eth_call("l2", L2_ASSET_ROUTER_ADDRESS, L2_ASSET_ROUTER.l2_token_address, given),  # of an L1 origin
        _asset_on_l1(session, known, given),
    )
    if asset in {Hash32(bytes(32)), ntv_asset_id(known.l1_chain_id, given)}:
        return Address(there)
    return (yield from _on(session, known, "l2", asset, *(yield from _origin(session, known, "l1", asset, given))))


def _origin(
    session: Session, known: Contracts, chain: Chain, asset: Hash32, token: Address
) -> Flow[tuple[int, Address]]:
    """The chain a token comes from, and its address there, by what stands for it on a chain."""
    vault = L2_NATIVE_TOKEN_VAULT_ADDRESS if chain == "l2" else (yield from vault_of(session, known))
    (origin,), original = yield from gather(
        calls.eth_call(chain, vault, NATIVE_TOKEN_VAULT.origin_chain_id, asset),
        attempt(
            calls.eth_call(chain, token, BRIDGED_TOKEN.origin_token), Reverted
        ),  # a token at home has no such getter
    )
    at_home = origin in {0, known.l2_chain_id if chain == "l2" else known.l1_chain_id}
    if at_home or isinstance(original, Reverted):
        return origin or known.l2_chain_id, token
    return origin, Address(original[0])


def _on(session: Session, known: Contracts, chain: Chain, asset: Hash32, origin: int, token: Address) -> Flow[Address]:
    """Where an asset is on a chain, or will be: the vault there tells."""
    vault = L2_NATIVE_TOKEN_VAULT_ADDRESS if chain == "l2" else (yield from vault_of(session, known))
    if origin == (known.l2_chain_id if chain == "l2" else known.l1_chain_id):
        return token
    (there,), (predicted,) = yield from gather(
        calls.eth_call(chain, vault, NATIVE_TOKEN_VAULT.token_address, asset),
        calls.eth_call(chain, vault, NATIVE_TOKEN_VAULT.calculate_create2_token_address, origin, token),
    )
    return Address(predicted if there == ZERO_ADDRESS else there)


def l1_token_address(session: Session, token: AddressLike) -> Flow[Address]:
    """The L1 address of a token on L2; of one that comes from an L2, that of what stands for it on L1, or will stand.

    Raises InputError if it is no token on L2.
    """
    known = yield from contracts(session)
    if l1_token(token, known.base_token) == known.base_token:
        return known.base_token
    found = yield from l2_token(session, token)
    if found.asset_id is None:
        return known.base_token
    origin = yield from _origin(session, known, "l2", found.asset_id, found.address)
    return (yield from _on(session, known, "l1", found.asset_id, *origin))


def asset_id(session: Session, token: AddressLike) -> Flow[Hash32]:
    """The asset id of a token, given by its L1 or its L2 address."""
    known = yield from contracts(session)
    given = l1_token(token, known.base_token)
    if given == known.base_token:
        return (yield from _base_asset_id(known))
    on_l1, (on_l2,) = yield from gather(
        _asset_on_l1(session, known, given),
        calls.eth_call("l2", L2_NATIVE_TOKEN_VAULT_ADDRESS, NATIVE_TOKEN_VAULT.asset_id, given),
    )
    if any(on_l1) or any(on_l2):
        return Hash32(on_l2 if any(on_l2) else on_l1)
    if given == ETH or (yield from calls.get_code("l1", given)):
        return ntv_asset_id(known.l1_chain_id, given)
    return (yield from l2_token(session, given)).asset_id or (yield from _base_asset_id(known))


def _base_asset_id(known: Contracts) -> Flow[Hash32]:
    (asset,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.base_token_asset_id, known.l2_chain_id)
    return Hash32(asset)


# ---------------------------------------------------------------- balances
def get_balance(session: Session, token: AddressLike | None = None, *, address: AddressLike | None = None) -> Flow[int]:
    """The balance on L2, in the token's smallest unit. `token`: its L1 or L2 address; None: the base token."""
    owner = session.address if address is None else Address(address)
    if token is None or Address(token) == L2_BASE_TOKEN_ADDRESS:
        return (yield from calls.get_balance("l2", owner))
    return (yield from _balance((yield from l2_token(session, token)), owner))


def _balance(token: L2Token, owner: Address) -> Flow[int]:
    if token.is_base:
        return (yield from calls.get_balance("l2", owner))
    (balance,) = yield from calls.eth_call("l2", token.address, ERC20.balance_of, owner)
    return int(balance)


def get_balances(session: Session, *, address: AddressLike | None = None) -> Flow[dict[Address, int]]:
    """The balances on L2 of the base token (0x800A) and of the profile's tokens that are there, by L2 address."""
    owner = session.address if address is None else Address(address)
    tokens = session.profile.tokens if session.profile else ()
    given = [token.l2_address or token.l1_address for token in tokens]
    found = yield from gather(*[_if_there(session, address) for address in (L2_BASE_TOKEN_ADDRESS, *given) if address])
    there = {token.address: token for token in found if token is not None}
    balances = yield from gather(*[_balance(token, owner) for token in there.values()])
    return dict(zip(there, balances, strict=True))


def _if_there(session: Session, token: Address) -> Flow[L2Token | None]:
    try:
        return (yield from l2_token(session, token))
    except InputError:
        return None


def get_l1_balance(session: Session, token: AddressLike = ETH, *, address: AddressLike | None = None) -> Flow[int]:
    """The balance on L1, in the token's smallest unit. `ETH` for ether; 0x800A: the chain's base token."""
    owner = session.address if address is None else Address(address)
    given = Address(token)
    if given == L2_BASE_TOKEN_ADDRESS:
        given = (yield from contracts(session)).base_token
    if given in {ETH, ZERO_ADDRESS}:
        return (yield from calls.get_balance("l1", owner))
    (balance,) = yield from calls.eth_call("l1", given, ERC20.balance_of, owner)
    return int(balance)


def get_l1_allowance(session: Session, token: AddressLike, spender: AddressLike | None = None) -> Flow[int]:
    """What the account lets a spender take of a token on L1; by default the asset router, which deposits go through."""
    if spender is None:
        spender = (yield from contracts(session)).asset_router
    (allowance,) = yield from calls.eth_call("l1", Address(token), ERC20.allowance, session.address, Address(spender))
    return int(allowance)


# ---------------------------------------------------------------- the chain
def get_base_token(session: Session) -> Flow[Address]:
    """The L1 address of the chain's base token; `ETH` for ether."""
    return (yield from contracts(session)).base_token


def is_eth_based_chain(session: Session) -> Flow[bool]:
    """Whether ether is the chain's base token."""
    return (yield from contracts(session)).eth_based


def get_bridge_addresses(session: Session) -> Flow[BridgeAddresses]:
    """The contracts of the bridge, read from the bridgehub on L1 and compared with what the profile pins."""
    known = yield from contracts(session)
    found: Vaults = yield from vaults(session, known)
    return BridgeAddresses(
        bridgehub=known.bridgehub,
        diamond=known.diamond,
        l1_asset_router=known.asset_router,
        l1_nullifier=found.nullifier,
        l1_native_token_vault=found.native_token_vault,
    )


def get_deployment_nonce(session: Session, *, address: AddressLike | None = None) -> Flow[int]:
    """The next deployment nonce of an account on Era, which its CREATE addresses follow from. ZKsync OS: the account's nonce."""
    owner = session.address if address is None else Address(address)
    if (yield from chain_facts(session)).stack == "zksync-os":
        return (yield from calls.get_transaction_count("l2", owner))
    (nonce,) = yield from calls.eth_call("l2", NONCE_HOLDER_ADDRESS, NONCE_HOLDER.get_deployment_nonce, owner)
    return int(nonce)
