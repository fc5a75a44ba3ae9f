"""The account on L1: its nonce, ether and kind, the fees of the next block, and how much gas a transaction will take."""

from collections.abc import Sequence

from msgspec import Struct

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import InputError, InsufficientBalance, NodeError
from zkcore.flows.market import fee_market, next_nonce
from zkcore.flows.session import Session
from zkcore.flows.unseen import estimated_in_order
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.methods.replies import FeeHistory
from zkcore.protocol.paymaster import Paymaster
from zkcore.protocol.priority import AccountKind
from zkcore.protocol.reverts import decode_revert
from zkcore.types import Address, AddressLike, uint

# fmt: off
__all__ = [
    "AccountState", "Fees", "TxOptions", "Unsigned", "account_kind", "account_state", "check_ether", "sender_kind",
    "gas_limits",
]
# fmt: on

GAS_MARGIN_PERCENT = 20  # over what the node estimates or simulates; unused gas is not paid for
# for a call whose approval is not mined, on a node that cannot simulate: a two-bridges deposit of a token never bridged
# before takes less than 1,000,000 (peers' recommendation: zksync-ethers src/utils.ts)
GAS_UNSEEN = 1_500_000
APPROVE_GAS_UNSEEN = 100_000
BLOCKS_A_PLAN_HOLDS = 7_200  # a day of L1 blocks


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
    """A call that will become a transaction once its gas, fees and nonce are known. `value` in wei."""

    to: Address
    data: bytes
    value: int = 0


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
    return AccountState(
        nonce=nonce,
        balance=balance,
        kind=kind,
        fees=_fees(session, history, options),
    )


def _fees(session: Session, history: FeeHistory, options: TxOptions) -> Fees:
    """max_fee_per_gas = next base fee with the policy's headroom + priority fee, unless the caller fixed them."""
    base_fee = history.base_fee_per_gas[-1]
    rewards = [block[0] for block in history.reward or () if block]
    priority = options.max_priority_fee_per_gas
    if priority is None:
        priority = sorted(rewards)[len(rewards) // 2] if rewards else 0  # of one odd block nobody pays the tips
    highest = options.max_fee_per_gas
    if highest is None:
        highest = session.fees.max_fee_per_gas(base_fee, priority)
    elif options.max_priority_fee_per_gas is None:
        priority = min(priority, highest)
    if priority > highest:
        raise InputError(f"max_priority_fee_per_gas {priority} is above max_fee_per_gas {highest}")
    if highest < base_fee:
        raise InputError(
            f"max_fee_per_gas {highest} is below the base fee {base_fee}: the transaction would not be included"
        )
    block = history.oldest_block + len(history.base_fee_per_gas) - 2  # the last base fee is of the block to come
    return Fees(base_fee, highest, priority, block)


# ---------------------------------------------------------------- gas
def gas_limits(
    session: Session,
    chain: Chain,
    steps: Sequence[Unsigned],
    state: AccountState,
    options: TxOptions | None,
    *,
    paymaster: Paymaster | None = None,
) -> Flow[tuple[int, ...]]:
    """The gas limit of each call, in one wave. Only the last one may be fixed by the caller: it is tried with just that.

    One call is estimated. Several are simulated in their order (`eth_simulateV1`), so that the last sees the approvals of
    the first; where the node cannot, each is estimated with them put into the state; where it cannot do that, documented bounds
    are taken. The gas price is given: without one the base cost is
    checked at price 0, and an underfunded request would pass. But a contract pays no gas, and may hold no ether.
    Raises Reverted with the contract's reason.
    """
    fixed = options.gas_limit if options else None
    requests = [
        CallRequest(
            from_address=session.address,
            to=s.to,
            data=s.data,
            value=s.value,
            gas=fixed if s is steps[-1] else None,
            gas_price=None if state.kind == "contract" else state.fees.max_fee_per_gas,  # its caller pays
            paymaster=paymaster.address if paymaster else None,
            paymaster_input=paymaster.input if paymaster else b"",
        )
        for s in steps
    ]
    if len(steps) == 1:
        estimate = yield from calls.estimate_gas(chain, requests[0])  # at a fixed limit too: a revert is not sent
        return (_with_margin(estimate) if fixed is None else fixed,)
    simulated = yield from attempt(calls.simulate(chain, requests), NodeError)
    if isinstance(simulated, NodeError):  # the method is not there, or the node would not
        bounds = [APPROVE_GAS_UNSEEN] * (len(steps) - 1) + [GAS_UNSEEN]
        estimates = yield from estimated_in_order(chain, session.address, requests)
        limits = [bound if gas is None else _with_margin(gas) for gas, bound in zip(estimates, bounds, strict=True)]
    else:
        (block,) = simulated
        for step, call in zip(steps, block.calls, strict=True):
            if call.status != 1:
                error = call.error
                data = (error.data if error and error.data else None) or call.return_data
                raise decode_revert(data, where=f"{chain} simulation of the call to {step.to}")
        limits = [_with_margin(call.gas_used) for call in block.calls]
    if fixed is not None:
        limits[-1] = fixed
    return tuple(limits)


def _with_margin(gas: int) -> int:
    return gas * (100 + GAS_MARGIN_PERCENT) // 100


def check_ether(
    session: Session, state: AccountState, *, value: int, gas: int, purpose: str, chain: Chain = "l1"
) -> None:
    """Raise InsufficientBalance unless the account holds the value and the highest fee: of ether, on L2 of the base token.

    The fee of a contract is paid by whoever calls it.
    """
    needed = value + (0 if state.kind == "contract" else gas * state.fees.max_fee_per_gas)
    if state.balance < needed:
        token = "ETH" if chain == "l1" else "the base token of L2"
        raise InsufficientBalance(
            address=session.address, token=token, balance=state.balance, needed=needed, purpose=purpose
        )
