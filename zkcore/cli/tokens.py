"""The few well-known tokens of the pinned chains whose symbols are vouched for here."""

from typing import Final

from msgspec.structs import replace

from zkcore.protocol.chains import ChainProfile, Token
from zkcore.types import Address

__all__ = ["with_tokens"]

# by L1: symbol, decimals, address; each with who says so (read 2026-11-27). Decimals are compared with the contract's.
_TOKENS: Final[dict[int, tuple[tuple[str, int, str], ...]]] = {
    1: (
        ("USDC", 6, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),  # Circle: developers.circle.com, USDC addresses
        ("USDT", 6, "0xdAC17F958D2ee523a2206206994597C13D831ec7"),  # Tether: tether.to, supported protocols
        ("DAI", 18, "0x6B175474E89094C44Da98b954EedeAC495271d0F"),  # MakerDAO: chainlog.makerdao.com, MCD_DAI
        ("WBTC", 8, "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"),  # WBTC: wbtc.network, the token's contract
    ),
    11155111: (
        ("USDC", 6, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"),  # Circle: developers.circle.com, testnet addresses
    ),
}


def with_tokens(profile: ChainProfile) -> ChainProfile:
    """The profile with the tokens of its L1 that are vouched for here, beside its own."""
    if not profile.ecosystem:  # only for the pinned chains
        return profile
    own = {token.symbol.lower() for token in profile.tokens}
    more = tuple(
        Token(symbol=symbol, decimals=decimals, l1_address=Address(address))
        for symbol, decimals, address in _TOKENS.get(profile.l1_chain_id, ())
        if symbol.lower() not in own
    )
    return replace(profile, tokens=(*profile.tokens, *more))
