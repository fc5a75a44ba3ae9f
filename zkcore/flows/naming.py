"""What a session knows of its chain's tokens, for words alone: no amount is computed from it."""

from collections.abc import Iterator

from zkcore.errors import InputError
from zkcore.ethereum import abi
from zkcore.flows.session import Session
from zkcore.protocol.chains import Token
from zkcore.words import Names

__all__ = ["names_of"]

_LONGEST = 24  # characters of a symbol that says nothing but a symbol


def names_of(session: Session) -> Names:
    """The tokens that the wallet's profile vouches for, and those that were asked for their symbol and decimals."""
    return Names(session.profile or session.known.profile, tuple(_stated(session)))


def _stated(session: Session) -> Iterator[Token]:
    for address, getters in session.known.metadata.items():
        try:
            _, told, decimals = abi.decode(("bytes", "bytes", "bytes"), getters)
            (symbol,), (places,) = abi.decode(("string",), told), abi.decode(("uint8",), decimals)
            if symbol.isprintable() and 0 < len(symbol) <= _LONGEST and " " not in symbol:
                yield Token(symbol=symbol, decimals=places, l1_address=address, vouched=False)
        except InputError:
            continue  # it states neither, or not as EIP-20 has it
