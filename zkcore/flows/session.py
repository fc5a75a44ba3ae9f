"""Who acts, on which chain, and what of that chain has been learned: the ground every flow stands on."""

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import AddressMismatch, ChainIdMismatch, NodeError, UnknownChain, UntrustedBridgehub
from zkcore.methods import calls
from zkcore.protocol.assets import ntv_asset_id
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.contracts import (
    ASSET_ROUTER,
    BRIDGEHUB,
    DIAMOND,
    SLOT_BASE_TOKEN_MULTIPLIER,
    SLOT_FEE_PARAMS,
    SLOT_ZKSYNC_OS,
    ZERO_ADDRESS,
)
from zkcore.protocol.fees import FeeParams, FeePolicy, check_protocol_version
from zkcore.protocol.pinned import known_profile
from zkcore.protocol.priority import AccountKind
from zkcore.types import ETH, Address, Hash32, Stack

# fmt: off
__all__ = [
    "ChainFacts", "Contracts", "Known", "Session", "Vaults", "chain_facts", "check_chains", "contracts", "facts_of",
    "fee_params", "vaults",
]
# fmt: on


class Contracts(Struct, frozen=True, kw_only=True):
    """The chain's ids and its contracts on L1, verified there. `origins`: where each address came from."""

    l1_chain_id: int
    l2_chain_id: int
    bridgehub: Address
    diamond: Address
    asset_router: Address
    base_token_asset_id: Hash32
    base_token: Address
    origins: dict[str, str]

    @property
    def eth_based(self) -> bool:
        """Whether ether is the chain's base token."""
        return self.base_token == ETH


class ChainFacts(Struct, frozen=True, kw_only=True):
    """What does not change while a session lasts: the contracts, the stack, the minor protocol version."""

    contracts: Contracts
    stack: Stack
    protocol_version: int


class Vaults(Struct, frozen=True, kw_only=True):
    """The contracts on L1 that hold tokens and settle withdrawals."""

    nullifier: Address
    native_token_vault: Address


class Known:
    """What a session has learned and need not ask again. Each attribute is set once, to a value that any asker would get.

    But `sender_kind`: what the account was on L1 when it was last seen. It routes a request; every draft looks again.
    """

    __slots__ = ("chain_ids", "contracts", "profile", "sender_kind", "stack", "vaults", "version")

    def __init__(self) -> None:
        self.chain_ids: tuple[int, int] | None = None
        self.contracts: Contracts | None = None
        self.profile: ChainProfile | None = None
        self.version: int | None = None
        self.stack: Stack | None = None
        self.sender_kind: AccountKind | None = None
        self.vaults: Vaults | None = None


class Session(Struct, frozen=True, kw_only=True):
    """An account on a chain: what a wallet was constructed with, and what it has learned."""

    address: Address
    profile: ChainProfile | None
    bridgehub: Address | None
    trust_l2: bool
    fees: FeePolicy
    known: Known

    def check_pinned(self, what: str, on_l1: Address) -> Address:
        """The address that L1 names, if the profile pins none or the same. Raises AddressMismatch."""
        pinned: Address | None = getattr(self.known.profile, what, None)
        if pinned not in (None, on_l1):
            raise AddressMismatch(what=what, pinned=pinned, on_l1=on_l1)
        return on_l1


# ---------------------------------------------------------------- the contracts: one wave where there is a profile
def contracts(session: Session) -> Flow[Contracts]:
    """The chain's contracts. What the profile pins is verified on L1 in the same wave; a difference is an error."""
    if session.known.contracts is None:
        session.known.profile = yield from _profile(session)
        session.known.contracts = yield from _discover(session, session.known.profile)
    return session.known.contracts


def _profile(session: Session) -> Flow[ChainProfile]:
    """The caller's profile, that of a known chain, or one of the bridgehub that the caller (or, if told to, L2) names."""
    if session.profile is not None:
        return session.profile
    l1, l2, named = yield from gather(calls.chain_id("l1"), calls.chain_id("l2"), calls.get_bridgehub_contract())
    session.known.chain_ids = (l1, l2)
    profile, stated = known_profile(l1, l2), session.bridgehub
    if profile is not None:
        if stated not in (None, profile.bridgehub):
            raise UntrustedBridgehub(chain_id=l2, named=stated, expected=profile.bridgehub)
        return profile
    if stated is None and session.trust_l2:
        stated = named
    if stated is None:
        raise UntrustedBridgehub(chain_id=l2, named=named)
    return ChainProfile(l1_chain_id=l1, l2_chain_id=l2, bridgehub=stated)


def check_chains(session: Session, l1_chain_id: int, l2_chain_id: int) -> Flow[None]:
    """Once a session: the nodes are those of these chains. Raises ChainIdMismatch."""
    if session.known.chain_ids is None:
        session.known.chain_ids = yield from gather(calls.chain_id("l1"), calls.chain_id("l2"))
    pairs = zip(("the L1 node", "the L2 node"), (l1_chain_id, l2_chain_id), session.known.chain_ids, strict=True)
    for what, expected, got in pairs:
        if expected != got:
            raise ChainIdMismatch(what=what, expected=expected, got=got)


def _discover(session: Session, profile: ChainProfile) -> Flow[Contracts]:
    hub, chain = profile.bridgehub, profile.l2_chain_id
    _, named, on_l1 = yield from gather(
        check_chains(session, profile.l1_chain_id, chain),
        attempt(calls.get_bridgehub_contract(), NodeError),
        gather(
            calls.eth_call("l1", hub, BRIDGEHUB.get_zk_chain, chain),
            calls.eth_call("l1", hub, BRIDGEHUB.asset_router),
            calls.eth_call("l1", hub, BRIDGEHUB.base_token_asset_id, chain),
        ),
    )
    if isinstance(named, Address) and named != hub:
        raise UntrustedBridgehub(chain_id=chain, named=named, expected=hub)
    (diamond,), (router,), (asset_id,) = on_l1
    if diamond == ZERO_ADDRESS:
        raise UnknownChain(chain_id=chain, bridgehub=hub)
    if asset_id == ntv_asset_id(profile.l1_chain_id, ETH):
        base_token = ETH
    else:
        (base_token,) = yield from calls.eth_call("l1", hub, BRIDGEHUB.base_token, chain)
    found: dict[str, Address] = {"diamond": diamond, "asset_router": router, "base_token": base_token}
    origins = {"bridgehub": _bridgehub_origin(session)}
    for what, address in found.items():
        _ = session.check_pinned(what, address)
        origins[what] = "the profile, verified on L1" if getattr(profile, what) else "the bridgehub on L1"
    return Contracts(
        l1_chain_id=profile.l1_chain_id,
        l2_chain_id=chain,
        bridgehub=hub,
        base_token_asset_id=asset_id,
        origins=origins,
        **found,
    )


def _bridgehub_origin(session: Session) -> str:
    if session.profile is not None:
        return "the profile"
    if session.bridgehub is not None:
        return "the caller"
    return "the L2 node, trusted by the caller" if session.trust_l2 else "the pinned profile of this chain"


# ---------------------------------------------------------------- the chain's rules: one wave more
def chain_facts(session: Session) -> Flow[ChainFacts]:
    """The contracts with the stack and the protocol version. Raises UnsupportedProtocol for versions before v26."""
    known = yield from contracts(session)
    return (yield from facts_of(session, known))


def facts_of(session: Session, known: Contracts) -> Flow[ChainFacts]:
    """The rules of the chain with these contracts; one wave the first time, none after."""
    version, stack = yield from gather(_version(session, known), _stack(session, known))
    return ChainFacts(contracts=known, stack=stack, protocol_version=check_protocol_version(version, stack))


def protocol_version(session: Session, known: Contracts) -> Flow[int]:
    """The minor protocol version; one call the first time. Raises UnsupportedProtocol for versions before v26."""
    return check_protocol_version((yield from _version(session, known)), "era")


def _version(session: Session, known: Contracts) -> Flow[int]:
    version = session.known.version
    if version is None:
        _, version, _ = yield from calls.eth_call("l1", known.diamond, DIAMOND.get_semver_protocol_version)
        session.known.version = version
    return version


def _stack(session: Session, known: Contracts) -> Flow[Stack]:
    """The flag is in storage before its getter exists (v31): ZKChainStorage.sol."""
    if session.known.stack is None:
        flag = yield from calls.get_storage_at("l1", known.diamond, SLOT_ZKSYNC_OS)
        stack: Stack = "zksync-os" if flag[31] == 1 else "era"
        pinned = session.known.profile.stack if session.known.profile else None
        if pinned not in (None, stack):
            raise AddressMismatch(what="the stack", pinned=pinned, on_l1=stack)
        session.known.stack = stack
        return stack
    return session.known.stack


def known_stack(session: Session) -> Stack | None:
    """The stack, as far as it was learned or the profile says."""
    return session.known.stack or (session.profile.stack if session.profile else None)


def fee_params(known: Contracts) -> Flow[tuple[FeeParams, int]]:
    """The fee parameters as they are now, from the diamond's storage (there is no getter), and the priority gas ceiling."""
    packed, multiplier, (ceiling,) = yield from gather(
        calls.get_storage_at("l1", known.diamond, SLOT_FEE_PARAMS),
        calls.get_storage_at("l1", known.diamond, SLOT_BASE_TOKEN_MULTIPLIER),
        calls.eth_call("l1", known.diamond, DIAMOND.get_priority_tx_max_gas_limit),
    )
    return FeeParams.from_storage(packed, multiplier), ceiling


# ---------------------------------------------------------------- nullifier and vault
def vaults(session: Session, known: Contracts) -> Flow[Vaults]:
    """The nullifier and the native token vault, read from the asset router; one wave the first time, none after."""
    if session.known.vaults is None:
        (nullifier,), (vault,) = yield from gather(
            calls.eth_call("l1", known.asset_router, ASSET_ROUTER.l1_nullifier),
            calls.eth_call("l1", known.asset_router, ASSET_ROUTER.native_token_vault),
        )
        _ = session.check_pinned("nullifier", nullifier)
        _ = session.check_pinned("native_token_vault", vault)
        session.known.vaults = Vaults(nullifier=nullifier, native_token_vault=vault)
        origins = dict.fromkeys(("nullifier", "native_token_vault"), "the asset router on L1")
        session.known.contracts = replace(known, origins={**known.origins, **origins})
    return session.known.vaults
