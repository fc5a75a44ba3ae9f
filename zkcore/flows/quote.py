"""What a request from L1 costs and does, before anything is signed."""

from typing import Literal, TypeAlias

from msgspec import Struct

from zkcore.flows.approvals import Approval
from zkcore.flows.l1 import Lack
from zkcore.types import Address, Stack
from zkcore.words import Told

__all__ = ["Quote", "Route"]

Route: TypeAlias = Literal[
    "eth-to-eth-chain", "erc20-to-eth-chain", "eth-to-erc20-chain", "base-token-to-erc20-chain", "erc20-to-erc20-chain",
    "bridge", "custom-bridge", "call",
]  # fmt: skip


class Quote(Told, Struct, frozen=True, kw_only=True, dict=True):
    """What a deposit or a call from L1 costs and does. Nothing was signed or sent.

    Wei of ether: `l1_value` (msg.value), `max_l1_fee`, `max_total`, the gas prices. Wei of the base token: `base_cost`,
    `mint_value`, `operator_tip`, `l2_value`, `l2_gas_price`. The mint value is priced at exactly `max_fee_per_gas`; it holds
    up to `holds_up_to_gas_price`. What of it is not used is refunded on L2, at `refund_lands_at`. `gas_limits`: of the
    approvals and, last, of the request itself. `missing`: what the account does not hold of all this; where something is
    missing, and the call cannot be tried for it, its gas is a bound. `left`: with `MAX`, what the account is left of the token
    when the highest fee is paid; of ether, what of that fee is not paid stays beside it.
    """

    route: Route
    why: str
    token: Address
    amount: int
    to: Address
    refund_recipient: Address
    refund_lands_at: Address
    base_token: Address
    l2_sender: Address
    l2_gas_limit: int
    minimal_l2_gas_limit: int
    gas_per_pubdata: int
    l2_gas_price: int
    base_cost: int
    operator_tip: int
    l2_value: int
    mint_value: int
    l1_value: int
    l1_gas_limit: int
    gas_limits: tuple[int, ...]
    base_fee_per_gas: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    holds_up_to_gas_price: int | None
    max_l1_fee: int
    max_total: int
    approvals: tuple[Approval, ...]
    protocol_version: int
    stack: Stack
    notes: tuple[str, ...]
    missing: tuple[Lack, ...] = ()
    left: int | None = None
