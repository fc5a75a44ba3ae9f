"""What addresses, chains and amounts are called in a preview, as far as a profile vouches for it."""

from typing import Final

from zkcore.protocol.addresses import undo_alias
from zkcore.protocol.chains import ChainProfile, Token
from zkcore.protocol.contracts import (
    CONTRACT_DEPLOYER_ADDRESS,
    INTEROP_CENTER_ADDRESS,
    L1_MESSENGER_ADDRESS,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN_ADDRESS,
    L2_NATIVE_TOKEN_VAULT_ADDRESS,
)
from zkcore.types import ETH, Address, format_units
from zkcore.words import units

__all__ = ["OnChain"]

_NETWORKS: Final = {1: "Ethereum", 11155111: "Sepolia"}
_BUILT_IN: Final = {
    L1_MESSENGER_ADDRESS: "L1 messenger of L2",
    L2_BASE_TOKEN_ADDRESS: "base token of L2",
    L2_ASSET_ROUTER_ADDRESS: "asset router of L2",
    L2_NATIVE_TOKEN_VAULT_ADDRESS: "native token vault of L2",
    INTEROP_CENTER_ADDRESS: "interop center of L2",
    CONTRACT_DEPLOYER_ADDRESS: "contract deployer of L2",
}


class OnChain:
    """What addresses and chains are called, as far as the profile vouches for it.

    An address is another account on another chain: the contracts have their names on L1, tokens theirs on their side.
    """

    def __init__(self, profile: ChainProfile | None, chain_id: int | None) -> None:
        self.profile = profile
        self.router = profile.asset_router if profile else None  # on L1: its calldata is known
        self._on_l2 = profile is not None and chain_id == profile.l2_chain_id
        on_l1 = profile is not None and chain_id == profile.l1_chain_id
        self._aliased = {} if profile is None else profile.contracts()
        self._contracts = self._aliased if on_l1 else {}
        self.tokens: dict[Address | None, Token] = {}
        for token in profile.tokens if profile and (on_l1 or self._on_l2) else ():
            if self._on_l2 and profile and token.l1_address == profile.base_token:
                self.tokens[L2_BASE_TOKEN_ADDRESS] = token
            self.tokens[token.l1_address if on_l1 else token.l2_address] = token
        self.tokens.pop(None, None)

    def on_l2(self) -> "OnChain":
        """What addresses on L2 are called."""
        return OnChain(self.profile, self.profile.l2_chain_id if self.profile else None)

    def network(self, chain_id: int | None) -> str:
        """A chain, and whether it is the profile's."""
        if chain_id is None:
            return "any chain (no chain id: it can be repeated elsewhere)"
        profile = self.profile
        if profile is not None and chain_id in (profile.l1_chain_id, profile.l2_chain_id):
            side = "L1" if chain_id == profile.l1_chain_id else "L2"
            return f"chain {chain_id} ({side} of {profile.name or profile.l2_chain_id})"
        return f"chain {chain_id}" + (f" ({_NETWORKS[chain_id]})" if chain_id in _NETWORKS else "")

    def address(self, address: Address) -> str:
        """An address, with its name if it has one here."""
        name = self._contracts.get(address) or _BUILT_IN.get(address)
        if name is None and address in self.tokens:
            token = self.tokens[address]
            name = f"token {token.symbol}" if token.vouched else f"token; its contract says {token.symbol}"
        if name is None and address == ETH and not self._on_l2:
            name = "ether"
        if name is None and undo_alias(address) in self._aliased:
            name = f"alias of the {self._aliased[undo_alias(address)]}"
        return f"{address}" + (f" ({name})" if name else "")

    def amount(self, amount: int, token: Address | None) -> str:
        """An amount, in the token's own units if they are known."""
        known = self.tokens.get(token)
        if token == ETH and known is None:
            return f"{format_units(amount, 18)} ETH ({amount} wei)"
        return units(amount, known) + (f" ({amount})" if known and known.vouched else "")

    def base_token(self, chain_id: int | None) -> Address | None:
        """The token that a chain counts its value in; None if it is not known."""
        profile = self.profile
        if profile is not None and chain_id == profile.l2_chain_id:
            return L2_BASE_TOKEN_ADDRESS if profile.base_token not in (None, ETH) else profile.base_token
        return ETH if chain_id in {*_NETWORKS, profile and profile.l1_chain_id} else None
