"""Who acts, on which chain, and what of that chain has been learned: the ground every flow stands on."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Chain, Done, Effect, Flow, Reply, Step, Wave, advance, attempt, gather, start
from zkcore.errors import (
    AddressMismatch,
    ChainIdMismatch,
    InputError,
    NodeError,
    Reverted,
    UnknownChain,
    UntrustedBridgehub,
)
from zkcore.ethereum.abi import Function
from zkcore.methods import calls
from zkcore.plans.facts import UNPINNED
from zkcore.protocol.addresses import undo_alias
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.contracts import (
    ASSET_ROUTER,
    BRIDGEHUB,
    DIAMOND,
    NULLIFIER,
    SLOT_BASE_TOKEN_MULTIPLIER,
    SLOT_FEE_PARAMS,
    SLOT_ZKSYNC_OS,
    ZERO_ADDRESS,
)
from zkcore.protocol.fees import FeeParams, FeePolicy, check_protocol_version
from zkcore.protocol.pinned import known_chains, known_profile
from zkcore.protocol.priority import AccountKind
from zkcore.types import ETH, Address, Hash32, Stack

# fmt: off
__all__ = [
    "ChainFacts", "Contracts", "Known", "Session", "Vaults", "chain_facts", "check_ids", "check_nodes", "check_receivers",
    "checked", "contracts", "facts_of", "fee_params", "message_root", "named", "nullifier_of", "protocol_version", "vault_of",
    "vaults",
]
# fmt: on

T = TypeVar("T")
_CHAINS: Final[tuple[Chain, ...]] = ("l1", "l2")


class Contracts(Struct, frozen=True, kw_only=True):
    """The chain's ids and its contracts on L1, verified there. `origins`: where each address came from."""

    l1_chain_id: int
    l2_chain_id: int
    bridgehub: Address
    diamond: Address
    asset_router: Address
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

    __slots__ = (
        "base_cost_of", "chain_ids", "contracts", "gas_ceiling", "interop_handler", "message_root", "metadata",
        "native_token_vault", "nullifier", "on_l2", "profile", "sender_kind", "signed", "stack",
    )  # fmt: skip

    def __init__(self) -> None:
        self.chain_ids: dict[Chain, int] = {}  # of the nodes, compared with the chain that the caller named
        self.contracts: Contracts | None = None
        self.signed: dict[Hash32, bytes] = {}  # by this account: see zkcore.flows.signed
        self.profile: ChainProfile | None = None
        self.base_cost_of: int | None = None  # the version whose rule for it was compared with the bridgehub's
        self.interop_handler: Address | None = None
        self.message_root: Address | None = None
        self.stack: Stack | None = None
        self.sender_kind: AccountKind | None = None
        self.nullifier: Address | None = None
        self.native_token_vault: Address | None = None
        self.gas_ceiling: int | None = None
        self.metadata: dict[Address, bytes] = {}  # of tokens of L1: their name, symbol and decimals
        self.on_l2: set[Address] = set()  # those that have a contract on L2


class Session(Struct, frozen=True, kw_only=True):
    """An account on a chain: what a wallet was constructed with, and what it has learned.

    `bridgehub` is None where the L2 node may name it (`trust_l2`), or nobody has.
    """

    address: Address
    chain_id: int
    profile: ChainProfile | None
    bridgehub: Address | None
    trust_l2: bool
    fees: FeePolicy
    known: Known
    unlike: int = 0  # wei of fee that make the bytes of an order unlike those of any other; 0: none, as in a quote
    account: bytes | None = None  # of an account that is a contract: what stands for its signature in estimates
    reference: str | None = None  # the caller's own name of the order that is drafted

    def check_pinned(self, what: str, on_l1: Address) -> Address:
        """The address that L1 names, if the profile pins none or the same. Raises AddressMismatch."""
        pinned: Address | None = getattr(self.known.profile, what, None)
        if pinned not in (None, on_l1):
            raise AddressMismatch(what=what, pinned=pinned, on_l1=on_l1)
        return on_l1


def named(session: Session, reference: str | None) -> Session:
    """The session for drafting the order that the caller calls so. Raises InputError for what is no name."""
    if reference is None:
        return session
    given: object = reference
    if not isinstance(given, str) or not reference.strip() or len(reference) > 200 or not reference.isprintable():
        raise InputError(f"reference: expected a printable text of 1 to 200 characters, got {reference!r}")
    return replace(session, reference=reference)


# ---------------------------------------------------------------- the nodes are those of the chain that was named
def checked(session: Session, step: Step[T] | Generator[Any, Any, T]) -> Flow[T]:
    """The step, with each node's chain id asked in the wave that first asks it, and compared before the step sees an answer.

    Raises ChainIdMismatch. Where the chain id is not to be had, neither is any answer of that wave.
    """
    if len(session.known.chain_ids) == 2:
        return (yield from step)  # pyright: ignore[reportUnknownVariableType]  # of the two, one has no type to yield from
    with closing(start(step)) as flow:
        effect = advance(flow)
        while not isinstance(effect, Done):
            answer = yield from _asked(session, effect) if isinstance(effect, Wave) else _passed(effect)
            effect = advance(flow, answer)
    return effect.value


def _passed(effect: Effect) -> Flow[Any]:
    """The answer to an effect; what is thrown in for one is the step's to see."""

    def ask() -> Flow[Any]:
        return (yield effect)

    return (yield from attempt(ask(), Exception))


def _asked(session: Session, wave: Wave) -> Flow[Sequence[Reply] | Exception]:
    asked: set[Chain] = {call.chain for call in wave.calls}
    new: list[Chain] = [chain for chain in _CHAINS if chain in asked and chain not in session.known.chain_ids]
    probes = [calls.chain_id(chain) for chain in new]
    replies: Sequence[Reply] | Exception = yield from _passed(Wave((*probes, *wave.calls), wave.seconds))
    if isinstance(replies, Exception):
        return replies
    dead: dict[Chain, Exception] = {}
    for chain, probe, reply in zip(new, probes, replies, strict=False):
        flow = start(probe)
        _ = advance(flow)
        try:
            got: Any = advance(flow, [reply])
        except NodeError as error:
            dead[chain] = error
            continue
        _check_chain_id(session, chain, got.value)
        session.known.chain_ids[chain] = got.value
    rest = replies[len(probes) :]
    return [dead.get(call.chain, reply) for call, reply in zip(wave.calls, rest, strict=True)]


def check_nodes(session: Session, chains: Iterable[Chain]) -> Flow[None]:
    """The nodes are those of the chain: before something is signed whose plan was made elsewhere. Raises ChainIdMismatch."""
    _ = yield from gather(*[calls.chain_id(chain) for chain in chains if chain not in session.known.chain_ids])


def _check_chain_id(session: Session, chain: Chain, got: int) -> None:
    profile = session.profile
    ids = {"l1": profile.l1_chain_id if profile else None, "l2": session.chain_id}
    expected, other = ids[chain], ids["l1" if chain == "l2" else "l2"]
    if got != expected and (expected is not None or got == other):
        called = next((pinned.name for pinned in known_chains() if pinned.l2_chain_id == got), "")
        raise ChainIdMismatch(
            what=f"the {chain.upper()} node",
            expected=f"the L1 of chain {other}" if expected is None else expected,
            got=got,
            called=called,
            swapped=got == other,
        )


def check_ids(session: Session, what: str, chain_ids: Mapping[Chain, int]) -> None:
    """What was made elsewhere is of this session's chains, as far as they are known. Raises ChainIdMismatch."""
    ours = {"l2": session.chain_id, **session.known.chain_ids}
    if session.profile is not None:
        ours["l1"] = session.profile.l1_chain_id
    for chain, expected in chain_ids.items():
        if ours.get(chain, expected) != expected:
            raise ChainIdMismatch(what=f"this wallet, unlike {what},", expected=expected, got=ours[chain])


# ---------------------------------------------------------------- the contracts: one wave where the bridgehub is named
def contracts(session: Session) -> Flow[Contracts]:
    """The chain's contracts. What the profile pins is verified on L1 in the same wave; a difference is an error."""
    if session.known.contracts is None:
        hub, named = session.bridgehub, None
        if hub is None:  # no profile, and the caller has not named one
            hub = yield from calls.get_bridgehub_contract()
            named = hub
            if hub is None or not session.trust_l2:
                raise UntrustedBridgehub(chain_id=session.chain_id, named=named)
        session.known.contracts = yield from _discover(session, hub, named)
    return session.known.contracts


def _discover(session: Session, hub: Address, named: Address | None) -> Flow[Contracts]:
    chain, profile = session.chain_id, session.profile
    l1_chain_id, named_now, on_l1 = yield from gather(
        known_or(profile.l1_chain_id if profile else session.known.chain_ids.get("l1"), calls.chain_id("l1")),
        known_or(named, attempt(calls.get_bridgehub_contract(), NodeError)),
        gather(
            calls.eth_call("l1", hub, BRIDGEHUB.get_zk_chain, chain),
            calls.eth_call("l1", hub, BRIDGEHUB.asset_router),
            attempt(calls.eth_call("l1", hub, BRIDGEHUB.base_token, chain), Reverted),
        ),
    )
    if isinstance(named_now, Address) and named_now != hub:
        raise UntrustedBridgehub(chain_id=chain, named=named_now, expected=hub)
    profile = profile or ChainProfile(l1_chain_id=l1_chain_id, l2_chain_id=chain, bridgehub=hub)
    session.known.profile = profile
    (diamond,), (router,), base = on_l1
    base_token = ZERO_ADDRESS if isinstance(base, Reverted) else base[0]
    if ZERO_ADDRESS in (diamond, base_token):  # nor does a chain without a base token's handler take anything
        raise UnknownChain(chain_id=chain, bridgehub=hub)
    found: dict[str, Address] = {"diamond": diamond, "asset_router": router, "base_token": base_token}
    origins = {"bridgehub": _bridgehub_origin(session)}
    for what, address in found.items():
        _ = session.check_pinned(what, address)
        origins[what] = "the profile, verified on L1" if getattr(profile, what) else "the bridgehub on L1"
    return Contracts(
        l1_chain_id=profile.l1_chain_id,
        l2_chain_id=chain,
        bridgehub=hub,
        origins=origins,
        **found,
    )


def known_or(value: T | None, step: Step[T]) -> Flow[T]:
    """The value, or what the step gives if there is none."""
    return (yield from step) if value is None else value


def _bridgehub_origin(session: Session) -> str:
    profile = session.profile
    if profile is not None:
        pinned = known_profile(profile.l1_chain_id, profile.l2_chain_id)
        if pinned is None:
            return "the profile"
        return "the pinned profile" if pinned.bridgehub == profile.bridgehub else UNPINNED
    return "the caller" if session.bridgehub is not None else "the L2 node, trusted by the caller"


# ---------------------------------------------------------------- the chain's rules: one wave more
def chain_facts(session: Session) -> Flow[ChainFacts]:
    """The contracts with the stack and the protocol version. Raises UnsupportedProtocol for versions before v26."""
    known = yield from contracts(session)
    return (yield from facts_of(session, known))


def facts_of(session: Session, known: Contracts) -> Flow[ChainFacts]:
    """The rules of the chain with these contracts; one wave the first time, none after."""
    version, stack = yield from gather(protocol_version(known), _stack(session, known))
    return ChainFacts(contracts=known, stack=stack, protocol_version=check_protocol_version(version, stack))


def protocol_version(known: Contracts) -> Flow[int]:
    """The minor protocol version as it is now: a chain upgrades while a wallet lives. In a wave that is there anyway."""
    _, version, _ = yield from calls.eth_call("l1", known.diamond, DIAMOND.get_semver_protocol_version)
    return int(version)


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


def fee_params(session: Session, known: Contracts) -> Flow[tuple[FeeParams, int]]:
    """The fee parameters as they are now, from the diamond's storage (there is no getter), and the priority gas ceiling.

    The ceiling is asked once a session: where a chain has lowered it since, the estimate on L1 reverts with its rule.
    """
    packed, multiplier, ceiling = yield from gather(
        calls.get_storage_at("l1", known.diamond, SLOT_FEE_PARAMS),
        calls.get_storage_at("l1", known.diamond, SLOT_BASE_TOKEN_MULTIPLIER),
        known_or(session.known.gas_ceiling, _ceiling(session, known)),
    )
    return FeeParams.from_storage(packed, multiplier), ceiling


def _ceiling(session: Session, known: Contracts) -> Flow[int]:
    (ceiling,) = yield from calls.eth_call("l1", known.diamond, DIAMOND.get_priority_tx_max_gas_limit)
    session.known.gas_ceiling = ceiling
    return int(ceiling)


# ---------------------------------------------------------------- nullifier, vault, message root
def message_root(session: Session, known: Contracts) -> Flow[Address]:
    """L1MessageRoot, from the bridgehub; one call the first time, none after."""
    if session.known.message_root is None:
        (found,) = yield from calls.eth_call("l1", known.bridgehub, BRIDGEHUB.message_root)
        session.known.message_root = session.check_pinned("message_root", Address(found))
    return session.known.message_root


def vaults(session: Session, known: Contracts) -> Flow[Vaults]:
    """The nullifier and the native token vault, read from the asset router; one wave the first time, none after."""
    nullifier, vault = yield from gather(nullifier_of(session, known), vault_of(session, known))
    return Vaults(nullifier=nullifier, native_token_vault=vault)


def nullifier_of(session: Session, known: Contracts) -> Flow[Address]:
    """The nullifier alone."""
    return (yield from _of_router(session, known, "nullifier", ASSET_ROUTER.l1_nullifier))


def vault_of(session: Session, known: Contracts) -> Flow[Address]:
    """The native token vault; with the nullifier, where that is pinned and not verified yet."""
    vault = _of_router(session, known, "native_token_vault", ASSET_ROUTER.native_token_vault)
    if session.profile is None or session.profile.nullifier is None:
        return (yield from vault)
    return (yield from gather(vault, nullifier_of(session, known)))[0]


def _of_router(session: Session, known: Contracts, what: str, getter: Function) -> Flow[Address]:
    found: Address | None = getattr(session.known, what)
    if found is None:
        (on_l1,) = yield from calls.eth_call("l1", known.asset_router, getter)
        found = session.check_pinned(what, on_l1)
        setattr(session.known, what, found)
        latest = session.known.contracts or known
        session.known.contracts = replace(latest, origins={**latest.origins, what: "the asset router on L1"})
    return found


def check_receivers(session: Session, known: Contracts, **named: Address | None) -> Flow[None]:
    """None of them is a contract of the bridge, or its alias: what arrives there is lost. One wave at most; none for oneself."""
    others = [(name, to) for name, to in named.items() if to is not None and to != session.address]
    if not others:
        return
    ours = {known.bridgehub, known.diamond, known.asset_router}
    handler = attempt(calls.eth_call("l1", known.asset_router, NULLIFIER.l1_interop_handler), Reverted)  # since v33
    nullifier, vault, pays = yield from gather(nullifier_of(session, known), vault_of(session, known), handler)
    ours |= {nullifier, vault, *(() if isinstance(pays, Reverted) else pays)} - {ZERO_ADDRESS}
    for name, to in others:
        if {to, undo_alias(to)} & ours:
            raise InputError(
                f"{name}: {to} is a contract of the bridge on L1, or its alias: what is sent there is lost"
            )
