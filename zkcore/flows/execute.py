"""Any call on L2, from L1: `requestL2TransactionDirect` with value, calldata and factory deps."""

from collections.abc import Sequence

from msgspec.structs import replace

from zkcore.effects import Flow, gather
from zkcore.errors import InputError
from zkcore.fees import OLDEST_PROTOCOL_VERSION, base_cost
from zkcore.flows.l1 import TxOptions, account_state
from zkcore.flows.request import L2Call, Quote, Quoted, Request, quote_request, refund_code, request_draft
from zkcore.flows.session import Session, contracts, fee_params
from zkcore.plan import Draft
from zkcore.priority import l2_sender
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
    l1: TxOptions | None = None,
) -> Flow[Draft[Quote]]:
    """Call a contract on L2 from L1: the approval of the base token if it is an ERC-20, and the request.

    `contract`, `calldata`, `l2_value` (base-token wei): the call. `factory_deps`: bytecodes it deploys (Era; ZKsync OS
    ignores them). `mint_value` (base-token wei): all that is put in, kept if given and enough; None: base cost + L2 value +
    `operator_tip`. The sender of the call is the account itself; a contract's is its alias. The rest as in `deposit`.

    Raises InputError, InsufficientBaseCost, InsufficientBalance, InsufficientAllowance, L2GasLimitTooLow, Reverted, NodeError.
    """
    if mint_value is not None and operator_tip:
        raise InputError(f"operator_tip: {operator_tip} has no place beside a mint_value: put it in there")
    to = Address(contract)
    call = L2Call(
        from_address=session.address,  # aliased below, if it is a contract
        to=to,
        value=uint(l2_value, "l2_value"),
        data=hex_bytes(calldata, "calldata"),
        factory_deps=tuple(hex_bytes(code, "factory_deps") for code in factory_deps),
    )
    request = Request(
        kind="execution",
        route="call",
        why=f"a call of {to} on L2",
        l2_call=call,
        to=to,
        token=to,
        amount=call.value,
        l2_gas_limit=None if l2_gas_limit is None else uint(l2_gas_limit, "l2_gas_limit"),
        gas_per_pubdata=uint(gas_per_pubdata, "gas_per_pubdata"),
        operator_tip=uint(operator_tip, "operator_tip"),
        mint_value=None if mint_value is None else uint(mint_value, "mint_value"),
        refund_recipient=None if refund_recipient is None else Address(refund_recipient),
        refund_kind="eoa",
        approve=approve,
    )
    return request_draft(session, (yield from _quoted(session, request, l1)), l1)


def _quoted(session: Session, request: Request, options: TxOptions | None) -> Flow[Quoted]:
    known, state, refund_kind = yield from gather(
        contracts(session), account_state(session, "l1", options), refund_code(session, request.refund_recipient)
    )
    sender = l2_sender(session.address, kind=state.kind, protocol_version=OLDEST_PROTOCOL_VERSION)
    request = replace(
        request,
        l2_call=replace(request.l2_call, from_address=sender),
        refund_kind=refund_kind or state.kind,
        token=known.base_token,
    )
    return (yield from quote_request(session, known, state, request, options))


def get_base_cost(
    session: Session, l2_gas_limit: int, *, gas_per_pubdata: int = 800, l1_gas_price: int | None = None
) -> Flow[int]:
    """What so much L2 gas costs a request from L1, in base-token wei, at an L1 gas price in wei.

    Without a price: at the highest that a request made now might pay, by the wallet's fee policy. Raises InputError, NodeError.
    """
    uint(l2_gas_limit, "l2_gas_limit")
    known, state = yield from gather(contracts(session), account_state(session, "l1", None))
    params, _ = yield from fee_params(known)
    price = state.fees.max_fee_per_gas if l1_gas_price is None else uint(l1_gas_price, "l1_gas_price")
    return base_cost(params, price, l2_gas_limit, gas_per_pubdata)
