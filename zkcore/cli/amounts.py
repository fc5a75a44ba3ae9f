"""Amounts as people write them."""

from typing import TYPE_CHECKING

from msgspec import Struct

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.state import State
from zkcore.protocol.chains import Token
from zkcore.types import ETH, Address, format_units, parse_units

if TYPE_CHECKING:
    from zkcore.wallet.wallet import Wallet

__all__ = ["Meant", "decimals_of", "meant", "shown", "token_of"]


_ALL = 2**256 - 1  # zkcore.MAX


class Meant(Struct, frozen=True, kw_only=True):
    """An amount of a token, and where its symbol and decimals come from."""

    token: Address
    amount: int
    symbol: str
    decimals: int
    vouched: str

    def words(self) -> str:
        """`5 USDC (6 decimals, the contract says)`."""
        amount = "all that can be moved of" if self.amount == _ALL else format_units(self.amount, self.decimals)
        return f"{amount} {self.symbol} ({self.vouched})"


def token_of(run: State, text: str) -> tuple[Address, Token | None]:
    """The token that is meant: `eth`, a symbol that the profile vouches for, an address, a bookmark. Raises StopError."""
    tokens = run.known.tokens if run.known else ()
    if text.lower() == "eth":
        return ETH, None
    if text.lower().startswith("0x") or text in run.settings.bookmarks:
        address = run.settings.address(text)
        return address, next((token for token in tokens if address in (token.l1_address, token.l2_address)), None)
    found = [token for token in tokens if token.symbol.lower() == text.lower()]
    if len(found) != 1:
        known = ", ".join(["eth", *(token.symbol.lower() for token in tokens)])
        hint = f"give its address; anybody can name a token so. Vouched for here: {known}"
        raise StopError(f"token: nobody vouches for {text!r}", Exit.USAGE, hint)
    address = found[0].l1_address or found[0].l2_address
    if address is None:
        raise StopError(f"token: {text!r} has no address in the profile", Exit.USAGE)
    return address, found[0]


def meant(run: State, wallet: "Wallet", amount: str, token: str, *, side: str = "l1") -> Meant:
    """The amount in the token's smallest unit; its decimals are read from the contract. Raises StopError, InputError."""
    address, vouched = token_of(run, token)
    if address == ETH:
        symbol, decimals, source = "ETH", 18, "ether"
    else:
        decimals, said = decimals_of(wallet, address, side)
        if vouched is not None and vouched.decimals != decimals:
            text = f"token: {vouched.symbol} has {vouched.decimals} decimals in the profile, {decimals} in its contract"
            raise StopError(text, Exit.USAGE, "give the token's address, and check it")
        symbol = vouched.symbol if vouched else "of " + str(address)
        source = f"{decimals} decimals, the contract{said} says"
    return Meant(token=address, amount=_number(amount, decimals), symbol=symbol, decimals=decimals, vouched=source)


def _number(text: str, decimals: int) -> int:
    if text.lower() not in {"max", "all"}:
        return parse_units(text.replace("_", ""), decimals)
    import zkcore

    greatest: int | None = getattr(zkcore, "MAX", None)
    if greatest is None:
        raise StopError("amount: `max` is not known to this version of zkcore", Exit.USAGE, "give the number")
    return greatest


def decimals_of(wallet: "Wallet", token: Address, side: str) -> tuple[int, str]:
    """What the token's contract says, on L1 or else on L2, and where it said so. Raises StopError, NodeError."""
    from zkcore.errors import MalformedReply, NoContract, Reverted
    from zkcore.methods import calls
    from zkcore.protocol.contracts import ERC20

    for chain in dict.fromkeys(("l1", side)):
        try:
            (decimals,) = wallet.run(calls.eth_call("l2" if chain == "l2" else "l1", token, ERC20.decimals))
        except (Reverted, MalformedReply, NoContract):
            continue
        return int(decimals), "" if chain == "l1" else " on L2"
    where = "L1" if side == "l1" else "L1 or L2"
    raise StopError(f"token: {token} is no token on {where}: it does not tell its decimals", Exit.USAGE)


def shown(amount: int, decimals: int, symbol: str) -> str:
    """`0.1 ETH (100000000000000000)`."""
    return f"{format_units(amount, decimals)} {symbol} ({amount})"
