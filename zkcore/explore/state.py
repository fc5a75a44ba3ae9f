"""State overrides: calls run as if some accounts were in another state."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar, cast

from msgspec import Struct

from zkcore.effects import Call
from zkcore.errors import InputError
from zkcore.methods.parameters import quantity
from zkcore.types import Address, Hash32, HexLike, hex_bytes, to_hex

__all__ = ["AccountOverride", "StateOverride", "with_state"]

T = TypeVar("T")


class AccountOverride(Struct, frozen=True, kw_only=True):
    """What to take for the state of an account in a call: balance in wei, code, nonce, single storage slots."""

    balance: int | None = None
    nonce: int | None = None
    code: HexLike | None = None
    state_diff: Mapping[Hash32, Hash32] | None = None

    def parameter(self) -> dict[str, object]:
        """The JSON object. Raises InputError for a value that does not fit."""
        fields: dict[str, object] = {}
        if self.balance is not None:
            fields["balance"] = quantity(self.balance, "balance")
        if self.nonce is not None:
            fields["nonce"] = quantity(self.nonce, "nonce")
        if self.code is not None:
            fields["code"] = to_hex(hex_bytes(self.code, "code"))
        if self.state_diff is not None:
            fields["stateDiff"] = {str(Hash32(slot)): str(Hash32(word)) for slot, word in self.state_diff.items()}
        return fields


StateOverride: TypeAlias = Mapping[Address, AccountOverride]


def with_state(call: Call[T], state: StateOverride) -> Call[T]:
    """The same call, run with these accounts in this state: `eth_call`, the estimates, `simulate`.

    Raises InputError for a call that takes no overrides.
    """
    accounts = {str(Address(at)): account.parameter() for at, account in state.items()}
    match call.method:
        case "eth_call" | "eth_estimateGas":  # the overrides follow the block
            params = (*(call.params if len(call.params) > 1 else (*call.params, "pending")), accounts)
        case "zks_estimateFee" | "zks_estimateGasL1ToL2":
            params = (*call.params, accounts)
        case "eth_simulateV1":
            ((block,), where) = cast("Any", call.params[0])["blockStateCalls"], call.params[1]
            params = ({"blockStateCalls": [block | {"stateOverrides": accounts}]}, where)
        case _:
            raise InputError(f"with_state: expected a call, an estimate or a simulation, got {call.method}")
    return Call(call.chain, call.method, params, call.decode)
