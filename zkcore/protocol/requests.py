"""A request from L1 as a value, and the one place where it becomes calldata.

As chains take it up to v33: by the bridgehub's two functions. v34's `L1InteropCenter.sendMessage` will be another place.
Source: matter-labs/era-contracts, l1-contracts/contracts/core/bridgehub/L1Bridgehub.sol.
"""

import msgspec

from zkcore.protocol.contracts.l1 import BRIDGEHUB
from zkcore.types import Address

__all__ = ["BridgehubRequest", "DirectCall", "SecondBridge"]


class DirectCall(msgspec.Struct, frozen=True, kw_only=True):
    """What runs on L2 by itself: `value` in base-token wei."""

    to: Address
    value: int
    data: bytes
    factory_deps: tuple[bytes, ...] = ()


class SecondBridge(msgspec.Struct, frozen=True, kw_only=True):
    """Who says on L1 what runs on L2: the asset router or a bridge of the user's own. `value` in wei of ether."""

    address: Address
    value: int
    calldata: bytes


class BridgehubRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a chain: what runs there, the gas it may take, what is put in for all of it (base-token wei).

    `l2_value`: of the mint value, what the second bridge's call takes along; 0 by the asset router.
    """

    chain_id: int
    mint_value: int
    l2_gas_limit: int
    gas_per_pubdata: int
    refund_recipient: Address
    call: DirectCall | SecondBridge
    l2_value: int = 0

    def calldata(self) -> bytes:
        """The call of the bridgehub. Raises InputError."""
        call, head = self.call, (self.chain_id, self.mint_value)
        gas = (self.l2_gas_limit, self.gas_per_pubdata)
        if isinstance(call, DirectCall):
            fields = (call.to, call.value, call.data, *gas, call.factory_deps, self.refund_recipient)
            return BRIDGEHUB.request_l2_transaction_direct.encode((*head, *fields))
        bridge = (call.address, call.value, call.calldata)
        return BRIDGEHUB.request_l2_transaction_two_bridges.encode(
            (*head, self.l2_value, *gas, self.refund_recipient, *bridge)
        )

    def value(self, *, eth_based: bool) -> int:
        """The wei of ether to send along: the mint value where ether is the base token, and what the second bridge takes."""
        own = self.call.value if isinstance(self.call, SecondBridge) else 0
        return own + (self.mint_value if eth_based else 0)
