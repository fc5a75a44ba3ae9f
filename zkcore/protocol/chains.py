"""Chain profiles: which contracts on L1 belong to a chain, pinned (`zkcore.protocol.pinned`) or the user's own.

What a profile pins is used, and verified on L1; what it does not pin is read from its bridgehub on L1.
"""

from os import PathLike, fspath
from typing import Any, Final, Literal, Self, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.types import ETH, Address, Stack, uint

__all__ = ["PINNED", "Bridge", "BridgeKind", "ChainProfile", "Token"]

_STACKS = ("era", "zksync-os", None)


class Token(Struct, frozen=True, kw_only=True):
    """A token whose symbol and decimals the user vouches for: previews show its amounts with them.

    `vouched`: False of one whose symbol and decimals are only what its contract says.
    """

    symbol: str
    decimals: int
    l1_address: Address | None = None
    l2_address: Address | None = None
    vouched: bool = True

    def __post_init__(self) -> None:
        _typed(self, str, "symbol")
        uint(self.decimals, "decimals", 8)
        _addresses(self, "l1_address", "l2_address")


BridgeKind: TypeAlias = Literal["shared", "usdc", "custom"]


class Bridge(Struct, frozen=True, kw_only=True):
    """A pair of contracts that move a token beside the vault. Addresses may be given as 0x strings. Raises InputError.

    `usdc`: requests and withdrawals as matter-labs/usdc-bridge has them (those of L1SharedBridge before v26). `custom`: the same,
    but a deposit's calldata, and so its L2 gas, are the caller's to know. `shared`: the asset router itself, as without a bridge.
    """

    l1_address: Address
    l2_address: Address
    kind: BridgeKind = "usdc"

    def __post_init__(self) -> None:
        if self.kind not in get_args(BridgeKind):
            raise InputError(f"kind: expected one of {get_args(BridgeKind)}, got {self.kind!r}")
        _addresses(self, "l1_address", "l2_address")


class ChainProfile(Struct, frozen=True, kw_only=True):
    """A chain and its contracts on L1. Addresses may be given as 0x strings. Raises InputError.

    `base_token` is the L1 address of the chain's base token (`ETH` for ether). `no_deposits`: why the chain takes none.
    `unpinned`: its contracts are meant to be others than those pinned for this chain (a fork, a test deployment).
    `bridges`: those beside the vault, which withdrawals and claims are then told by.
    `ecosystem` and `source` say of a pinned chain whose it is, and by whom its contracts are named and when that was read.
    """

    l1_chain_id: int
    l2_chain_id: int
    bridgehub: Address
    diamond: Address | None = None
    asset_router: Address | None = None
    nullifier: Address | None = None
    native_token_vault: Address | None = None
    message_root: Address | None = None
    base_token: Address | None = None
    stack: Stack | None = None
    name: str = ""
    tokens: tuple[Token, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    ecosystem: str = ""
    source: str = ""
    no_deposits: str = ""
    unpinned: bool = False

    def __post_init__(self) -> None:
        uint(self.l1_chain_id, "l1_chain_id", 64)
        uint(self.l2_chain_id, "l2_chain_id", 64)
        _typed(self, str, "name", "ecosystem", "source", "no_deposits")
        _typed(self, bool, "unpinned")
        _all_of(self, "tokens", Token)
        _all_of(self, "bridges", Bridge)
        if self.bridgehub is None:
            raise InputError("bridgehub: expected an address, got None")
        if self.stack not in _STACKS:
            raise InputError(f"stack: expected one of {_STACKS}, got {self.stack!r}")
        _addresses(self, "bridgehub", *PINNED)

    def contracts(self) -> dict[Address, str]:
        """The pinned contracts on L1 with what they are called."""
        pinned = {name: getattr(self, name) for name in ("bridgehub", *PINNED)}
        return {address: name for name, address in pinned.items() if address not in (None, ETH)}

    @classmethod
    def from_toml(cls, path: "str | PathLike[str]") -> Self:
        """Read a profile from a TOML file with these fields; `[[tokens]]`, `[[bridges]]`: tables. Raises InputError."""
        import tomllib

        try:
            with open(fspath(path), "rb") as file:
                fields: dict[str, Any] = tomllib.load(file)
            tokens = tuple(Token(**token) for token in fields.pop("tokens", ()))
            bridges = tuple(Bridge(**bridge) for bridge in fields.pop("bridges", ()))
            return cls(**fields, tokens=tokens, bridges=bridges)
        except (OSError, TypeError, ValueError, RecursionError) as error:  # also what is no TOML, no UTF-8, no profile
            raise InputError(f"chain profile {path}: {error}") from error


PINNED: Final = ("diamond", "asset_router", "nullifier", "native_token_vault", "message_root", "base_token")


def _addresses(struct: Struct, *names: str) -> None:
    for name in names:
        value = getattr(struct, name)
        if value is not None:
            force_setattr(struct, name, Address(value))


def _typed(struct: Struct, kind: type, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(struct, name), kind):
            raise InputError(f"{name}: expected {kind.__name__}, got {getattr(struct, name)!r}")


def _all_of(struct: Struct, name: str, kind: type) -> None:
    """Several of a kind, as a tuple."""
    given: Any = getattr(struct, name)
    if type(given) not in (list, tuple) or not all(isinstance(one, kind) for one in given):
        raise InputError(f"{name}: expected each to be a {kind.__name__}, got {given!r}")
    force_setattr(struct, name, tuple(given))
