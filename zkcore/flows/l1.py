"""The account on L1: its nonce, ether and kind, the fees of the next block, and how much gas a transaction will take."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import BASE_TOKEN, InputError, InsufficientBalance, NodeError, Reverted
from zkcore.flows.market import fee_market, next_nonce
from zkcore.flows.session import ChainFacts, Session
from zkcore.flows.unseen import estimated_in_order
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest, Overrides
from zkcore.methods.replies import FeeHistory, SimulatedBlock
from zkcore.plans.facts import StepKind
from zkcore.protocol.contracts import SLOT_BASE_TOKEN_MULTIPLIER
from zkcore.protocol.paymaster import Paymaster
from zkcore.protocol.priority import AccountKind
from zkcore.protocol.reverts import decode_revert
from zkcore.transactions import AccessList
from zkcore.types import Address, AddressLike, uint

# fmt: off
__all__ = [
    "AccountState", "Fees", "Lack", "Rate", "TxOptions", "Unsigned", "account_kind", "account_state", "fixes_all",
    "gas_limits", "l2_state", "lacking", "lacking_ether", "receiver", "refusal", "sender_kind",
]
# fmt: on

GAS_MARGIN_PERCENT = 20  # over what the node estimates or simulates; unused gas is not paid for
# And what others may make a call cost more before it is included. A word that was in use costs 17,100 more once it is empty:
# of a balance, an allowance. The chain's priority tree grows by a level at every power of two, which costs a request 60,362
# more, measured on v30 (DynamicIncrementalMerkle.sol, push): one deposit of a stranger in between is enough.
_GAS_OF_OTHERS: Mapping[StepKind, int] = {
    "approve": 20_000, "transfer": 20_000, "finalize": 40_000, "claim": 40_000, "deposit": 65_000, "execute": 65_000,
}  # fmt: skip
_SIMULATED_GAS = {"approve": 500_000}  # what a simulated call may take: without it, a node takes its block's limit
_SIMULATED_GAS_OF_REQUEST = 10_000_000
_PLENTY = 10**30  # wei, for a simulation: what the account holds is checked here, by the limits that it gives
# for a call whose approval is not mined, on a node that cannot simulate: a two-bridges deposit of a token never bridged
# before takes less than 1,000,000 (peers' recommendation: zksync-ethers src/utils.ts)
GAS_UNSEEN = 1_500_000
APPROVE_GAS_UNSEEN = 100_000
BLOCKS_A_PLAN_HOLDS = 7_200  # a day of L1 blocks

Rate: TypeAlias = tuple[int, int]  # nominator, denominator: base-token wei for wei of ether


class TxOptions(Struct, frozen=True, kw_only=True):
    """What the caller fixes of a transaction: kept exactly, or refused. Prices in wei per gas. Raises InputError."""

    nonce: int | None = None
    gas_limit: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None:
                _ = uint(value, name, 64 if name in {"nonce", "gas_limit"} else 256)


def fixes_all(options: TxOptions | None) -> bool:
    """Whether the caller fixed all that makes the highest fee."""
    return options is not None and None not in (options.gas_limit, options.max_fee_per_gas)


class Fees(Struct, frozen=True):
    """The fees of a transaction in wei per gas, the base fee they were derived from, and the block they were read at."""

    base_fee: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    block: int


class AccountState(Struct, frozen=True, kw_only=True):
    """An account as it is now: its next nonce (pending ones counted), its wei, whether it has code, the fees to pay."""

    nonce: int
    balance: int
    kind: AccountKind
    fees: Fees


class Unsigned(Struct, frozen=True, kw_only=True):
    """A call that will become a transaction once its gas, fees and nonce are known. `value` in wei.

    `to` is None for a creation. `factory_deps` make it 0x71; an `access_list` goes with type 2 alone.
    """

    to: Address | None
    data: bytes
    value: int = 0
    factory_deps: tuple[bytes, ...] = ()
    access_list: AccessList = ()


def receiver(to: AddressLike, name: str = "to") -> Address:
    """The address, if somebody can have its key: not zero, a precompile, a system or a built-in contract."""
    address = Address(to)
    if int.from_bytes(address) <= 0x1FFFF:
        raise InputError(f"{name}: {address} is zero or a system contract: what is sent there is lost")
    return address


def account_kind(code: bytes) -> AccountKind:
    """No code: an EOA. 0xef0100 and an address: an EOA that delegates (EIP-7702). Else a contract."""
    if not code:
        return "eoa"
    return "delegated" if len(code) == 23 and code.startswith(b"\xef\x01\x00") else "contract"


def sender_kind(session: Session) -> Flow[tuple[AccountKind, AccountKind | None]]:
    """What the account was on L1 when this session last saw it; and again, if that is just now: one call the first time."""
    if session.known.sender_kind is not None:
        return session.known.sender_kind, None
    session.known.sender_kind = yield from _kind(session, "l1", None)
    return session.known.sender_kind, session.known.sender_kind


def _kind(session: Session, chain: Chain, seen: AccountKind | None) -> Flow[AccountKind]:
    return seen or account_kind((yield from calls.get_code(chain, session.address)))


def account_state(
    session: Session, chain: Chain, options: TxOptions | None, *, seen: AccountKind | None = None
) -> Flow[AccountState]:
    """The account of the session on a chain, in one wave. `seen`: its kind, if it was asked a moment ago."""
    me = session.address
    options = options or TxOptions()
    nonce, balance, kind, history = yield from gather(
        next_nonce(chain, me, options.nonce),
        calls.get_balance(chain, me),
        _kind(session, chain, seen),
        fee_market(chain, (options.max_fee_per_gas, options.max_priority_fee_per_gas)),
    )
    if session.account is not None and chain == "l2":
        kind = "eoa"  # it pays for itself
    policy = session.fees
    rewards = sorted(block[0] for block in history.reward or () if block)
    tip = rewards[(len(rewards) - 1) // 2] if rewards else 0  # the lower median: two odd blocks of four set no tip
    if chain == "l2":
        tip = min(tip, policy.l2_max_priority_fee_per_gas)
    elif options.max_priority_fee_per_gas is None:
        policy.check("max_priority_fee_per_gas", "the priority fee on L1", tip)
    fees = _fees(session, history, options, tip)
    if chain == "l1" and options.max_fee_per_gas is None:
        policy.check("max_fee_per_gas", "the gas price on L1", fees.max_fee_per_gas)
    return AccountState(nonce=nonce, balance=balance, kind=kind, fees=fees)


def l2_state(
    session: Session, facts: ChainFacts, state: AccountState, options: TxOptions | None
) -> Flow[tuple[AccountState, Rate]]:
    """The account on L2 with no tip where none is charged (Era), and the rate at which ether's ceilings are the base token's.

    The rate is L1's word: the L2 node has no part in it. Raises FeeTooHigh.
    """
    options, rate = options or TxOptions(), (1, 1)
    if not facts.contracts.eth_based:
        packed = yield from calls.get_storage_at("l1", facts.contracts.diamond, SLOT_BASE_TOKEN_MULTIPLIER)
        denominator, nominator = divmod(int.from_bytes(packed), 1 << 128)
        rate = (nominator, denominator) if nominator and denominator else rate
    fees = state.fees
    if facts.stack == "era" and options.max_priority_fee_per_gas is None:
        highest = options.max_fee_per_gas or session.fees.fee_per_gas(fees.base_fee, 0)
        state = replace(state, fees=replace(fees, max_fee_per_gas=highest, max_priority_fee_per_gas=0))
    if options.max_fee_per_gas is None:
        session.fees.check("l2_max_fee_per_gas", "the gas price on L2", state.fees.max_fee_per_gas, rate)
    return state, rate


def _fees(session: Session, history: FeeHistory, options: TxOptions, tip: int) -> Fees:
    """max_fee_per_gas = next base fee with the policy's headroom + priority fee, unless the caller fixed them."""
    base_fee = history.base_fee_per_gas[-1]
    priority = tip if options.max_priority_fee_per_gas is None else options.max_priority_fee_per_gas
    highest = options.max_fee_per_gas
    if highest is None:
        highest = session.fees.fee_per_gas(base_fee, priority)
    elif options.max_priority_fee_per_gas is None:
        priority = min(priority, highest)
    if priority > highest:
        raise InputError(f"max_priority_fee_per_gas {priority} is above max_fee_per_gas {highest}")
    if highest < base_fee:
        raise InputError(
            f"max_fee_per_gas {highest} is below the base fee {base_fee}: the transaction would not be included"
        )
    highest, priority = _unlike(session.unlike, highest, priority, options)
    block = history.oldest_block + len(history.base_fee_per_gas) - 2  # the last base fee is of the block to come
    return Fees(base_fee, highest, priority, block)


def _unlike(wei: int, highest: int, priority: int, options: TxOptions) -> tuple[int, int]:
    """Fees of which no other order has the same, by as little as that: the priority fee, unless the caller fixed it.

    The highest fee stays, and with it the mint value; it is moved only where it alone is free. Where both are fixed, the gas
    limit is moved, if that is free.
    """
    if options.max_priority_fee_per_gas is None:
        return highest, priority - wei if priority >= 2 * wei else priority + wei % (highest - priority + 1)
    return (highest + wei if options.max_fee_per_gas is None else highest), priority


# ---------------------------------------------------------------- gas
def gas_limits(
    session: Session,
    chain: Chain,
    steps: Sequence[tuple[StepKind, Unsigned]],
    state: AccountState,
    options: TxOptions | None,
    *,
    paymaster: Paymaster | None = None,
    short: bool = False,
) -> Flow[tuple[int, ...]]:
    """The gas limit of each call, in one wave. Only the last one may be fixed by the caller: it is tried with just that.

    One call is estimated. Several are simulated in their order (`eth_simulateV1`), so that the last sees the approvals of
    the first; where the node cannot, each is estimated with them put into the state; where it cannot do that, documented bounds
    are taken. The gas price is given: without one the base cost is checked at price 0, and an underfunded request would pass.
    But a contract pays no gas, and may hold no ether.
    `short`: the account is known to lack something, so that nothing can be tried but with more ether than it has, and what
    reverts even then is given a bound. Raises Reverted with the contract's reason.
    """
    fixed = options.gas_limit if options else None
    requests = [
        CallRequest(
            from_address=session.address,
            to=s.to,
            data=s.data,
            value=s.value,
            gas=fixed if at == len(steps) - 1 else None,
            gas_price=None if state.kind == "contract" else state.fees.max_fee_per_gas,  # its caller pays
            paymaster=paymaster.address if paymaster else None,
            paymaster_input=paymaster.input if paymaster else b"",
            factory_deps=s.factory_deps,
            custom_signature=session.account or b"",
            access_list=s.access_list,
        )
        for at, (_, s) in enumerate(steps)
    ]
    if len(steps) == 1 and not short:
        estimate = yield from calls.estimate_gas(chain, requests[0])  # at a fixed limit too: a revert is not sent
        return (_with_margin(estimate, steps[0]) + _more_gas(session, options) if fixed is None else fixed,)
    with_gas = [
        replace(request, gas=request.gas or _SIMULATED_GAS.get(kind, _SIMULATED_GAS_OF_REQUEST))
        for request, (kind, _) in zip(requests, steps, strict=True)
    ]
    rich: Overrides = {str(session.address): {"balance": hex(_PLENTY)}}
    simulated = yield from attempt(calls.simulate(chain, with_gas, overrides=rich), NodeError)
    failed = None if isinstance(simulated, NodeError) else _first_failure(chain, steps, simulated[0])
    if failed is not None and not short:
        raise failed
    if failed is not None or isinstance(simulated, NodeError):  # the method is not there, or the node would not
        bounds = [APPROVE_GAS_UNSEEN if kind == "approve" else GAS_UNSEEN for kind, _ in steps]
        estimates: Sequence[int | None] = (None,) * len(steps)
        if not short:
            estimates = yield from estimated_in_order(chain, session.address, requests)
        found = zip(estimates, bounds, steps, strict=True)
        limits = [bound if gas is None else _with_margin(gas, step) for gas, bound, step in found]
    else:
        # what is used is told after refunds, of a fifth of it at most (EIP-3529), and is needed before them
        used = [call.gas_used * 5 // 4 for call in simulated[0].calls]
        limits = [_with_margin(gas, step) for gas, step in zip(used, steps, strict=True)]
    limits[-1] = limits[-1] + _more_gas(session, options) if fixed is None else fixed
    return tuple(limits)


def _more_gas(session: Session, options: TxOptions | None) -> int:
    """A little gas that makes the bytes unlike others, where the caller fixed both fees."""
    fixed = options is not None and None not in (options.max_fee_per_gas, options.max_priority_fee_per_gas)
    return session.unlike % 1_024 if fixed else 0


def _first_failure(chain: Chain, steps: Sequence[tuple[StepKind, Unsigned]], block: SimulatedBlock) -> Reverted | None:
    for (_, step), call in zip(steps, block.calls, strict=True):
        if call.status != 1:
            data = (call.error.data if call.error and call.error.data else None) or call.return_data
            return decode_revert(data, where=f"{chain} simulation of the call to {step.to}")
    return None


def _with_margin(gas: int, step: tuple[StepKind, Unsigned]) -> int:
    kind, call = step
    return gas * (100 + GAS_MARGIN_PERCENT) // 100 + (_GAS_OF_OTHERS.get(kind, 0) if call.data else 0)


class Lack(Struct, frozen=True, kw_only=True):
    """What an account does not hold enough of: of ether, or of the base token of L2, by that name."""

    token: Address | str
    balance: int
    needed: int
    purpose: str = ""


def lacking(token: Address | str, balance: int, needed: int, purpose: str = "") -> tuple[Lack, ...]:
    """Nothing, if the account holds what is needed."""
    return () if balance >= needed else (Lack(token=token, balance=balance, needed=needed, purpose=purpose),)


def lacking_ether(state: AccountState, *, value: int, gas: int, purpose: str, chain: Chain = "l1") -> tuple[Lack, ...]:
    """Nothing, if the account holds the value and the highest fee: of ether, on L2 of the base token.

    The fee of a contract is paid by whoever calls it.
    """
    needed = value + (0 if state.kind == "contract" else gas * state.fees.max_fee_per_gas)
    return lacking("ETH" if chain == "l1" else BASE_TOKEN, state.balance, needed, purpose)


def refusal(session: Session, lacks: Sequence[Lack]) -> InsufficientBalance | None:
    """The error that stands for what is lacking first; None if nothing is."""
    if not lacks:
        return None
    one = lacks[0]
    return InsufficientBalance(
        address=session.address, token=one.token, balance=one.balance, needed=one.needed, purpose=one.purpose
    )
