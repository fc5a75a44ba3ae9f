"""Any call on L2, from L1: `requestL2TransactionDirect` with value, calldata and factory deps."""

from collections.abc import Sequence

from zkcore.effects import Flow, gather
from zkcore.errors import InputError
from zkcore.flows.l1 import TxOptions, account_state, sender_kind
from zkcore.flows.request import L2Call, Quote, Request, draft_request, refund_code, terms
from zkcore.flows.session import Session, contracts, fee_params, named
from zkcore.plans.plan import Draft
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.fees import OLDEST_PROTOCOL_VERSION, base_cost
from zkcore.protocol.priority import l2_sender
from zkcore.types import Address, AddressLike, HexLike, hex_bytes, uint

__all__ = ["draft_request_execute", "get_base_cost"]


def draft_request_execute(
    session: Session,
    contract: AddressLike,
    calldata: HexLike = b"",
    *,
    l2_value: int = 0,
    factory_deps: Sequence[HexLike] = (),
    mint_value: int | None = None,
    operator_tip: int = 0,
    l2_gas_limit: int | None = None,
    gas_per_pubdata: int = 800,
    refund_recipient: AddressLike | None = None,
    approve: bool | int = True,
    reference: str | None = None,
    l1: TxOptions | None = None,
) -> Flow[Draft[Quote]]:
    """Call a contract on L2 from L1: the approval of the base token if it is an ERC-20, and the request.

    `contract`, `calldata`, `l2_value` (base-token wei): the call. `factory_deps`: bytecodes it deploys (Era; ZKsync OS
    ignores them). `mint_value` (base-token wei): all that is put in, kept if given and enough; None: base cost + L2 value +
    `operator_tip`. The sender of the call is the account itself; a contract's is its alias. The rest as in `deposit`.

    Raises InputError, InsufficientBaseCost, InsufficientBalance, InsufficientAllowance, L2GasLimitTooLow, Reverted, NodeError.
    """
    session = named(session, reference)
    if mint_value is not None and operator_tip:
        raise InputError(f"operator_tip: {operator_tip} has no place beside a mint_value: put it in there")
    said = terms(l2_gas_limit, gas_per_pubdata, operator_tip, refund_recipient, approve, mint_value)
    to, value = Address(contract), uint(l2_value, "l2_value")
    data, deps = hex_bytes(calldata, "calldata"), tuple(hex_bytes(code, "factory_deps") for code in factory_deps)
    _ = [versioned_hash(code) for code in deps]  # refuses what the mailbox does, on both stacks
    known, (kind, seen), refund_kind = yield from gather(
        contracts(session), sender_kind(session), refund_code(session, said)
    )
    sender = l2_sender(session.address, kind=kind, protocol_version=OLDEST_PROTOCOL_VERSION)
    request = Request(
        kind="execution",
        route="call",
        why=f"a call of {to} on L2",
        token=known.base_token,
        amount=value,
        to=to,
        terms=said,
        refund_kind=refund_kind or kind,
        sender_seen=seen,
        l2_call=L2Call(from_address=sender, to=to, value=value, data=data, factory_deps=deps),
    )
    return (yield from draft_request(session, known, request, l1))


def get_base_cost(
    session: Session, l2_gas_limit: int, *, gas_per_pubdata: int = 800, l1_gas_price: int | None = None
) -> Flow[int]:
    """What so much L2 gas costs a request from L1, in base-token wei, at an L1 gas price in wei.

    Without a price: at the highest that a request made now might pay, by the wallet's fee policy. Raises InputError, NodeError.
    """
    _ = uint(l2_gas_limit, "l2_gas_limit")
    known, state = yield from gather(contracts(session), account_state(session, "l1", None))
    params, _ = yield from fee_params(session, known)
    price = state.fees.max_fee_per_gas if l1_gas_price is None else uint(l1_gas_price, "l1_gas_price")
    return base_cost(params, price, l2_gas_limit, gas_per_pubdata)
