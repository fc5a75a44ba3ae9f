"""The gas of calls that build on approvals, on a node that cannot simulate them: estimated as if those before were done.

An allowance is a word of the token's storage. Which one is found by asking the token under an override that puts another number
into each place where it may be: it answers with that of the right one. Nothing else of the state is touched.
"""

from collections.abc import Iterator, Sequence

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import NodeError, Reverted
from zkcore.ethereum.hashing import keccak256
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest, Overrides
from zkcore.protocol.contracts import ERC20
from zkcore.types import Address, Hash32, hex_bytes

__all__ = ["estimated_in_order"]

_MARK = 1 << 64  # the first number that is put there; no allowance in use is likely to be it
# Where tokens keep their mapping of allowances: OpenZeppelin's and their like at small numbers (52: upgradeable, as the bridged
# ones are), OpenZeppelin 5's in a place of its own (ERC-7201, "openzeppelin.storage.ERC20", the second word)
_PLACES = (*range(16), 51, 52, 101, 102, 0x52C63247E1F47DB19D5CE0460030C497F067CA4CEBF71BA98EEADABE20BACE01)
_SOLADY = 0x7F5E9F20  # solady src/tokens/ERC20.sol, _ALLOWANCE_SLOT_SEED


def _slots(owner: Address, spender: Address) -> Iterator[Hash32]:
    who, whom = owner.rjust(32, b"\0"), spender.rjust(32, b"\0")
    for place in _PLACES:
        word = place.to_bytes(32)
        yield keccak256(whom + keccak256(who + word))  # Solidity
        yield keccak256(keccak256(word + who) + whom)  # Vyper
    yield keccak256(owner + _SOLADY.to_bytes(12) + spender)


def _slot(chain: Chain, token: Address, owner: Address, spender: Address) -> Flow[Hash32 | None]:
    """Where the token keeps this allowance; None if it is not found, or the node takes no overrides."""
    slots = list(_slots(owner, spender))
    marks = {str(slot): str(Hash32((_MARK + n).to_bytes(32))) for n, slot in enumerate(slots)}
    asked = CallRequest(to=token, data=ERC20.allowance.encode(owner, spender))
    call = calls.call_raw(chain, asked, overrides={str(token): {"stateDiff": marks}})
    answer = yield from attempt(attempt(call, NodeError), Reverted)
    if not isinstance(answer, bytes) or len(answer) != 32:
        return None
    found = int.from_bytes(answer) - _MARK
    return slots[found] if 0 <= found < len(slots) else None


def estimated_in_order(chain: Chain, owner: Address, requests: Sequence[CallRequest]) -> Flow[list[int | None]]:
    """The gas of each call, those before it done; None where that cannot be told. Two waves. Raises Reverted."""
    approvals = [_approval(request) for request in requests[:-1]]
    found = yield from gather(*[_slot(chain, one[0], owner, one[1]) for one in approvals if one])
    slots = iter(found)
    overrides: list[Overrides | None] = [{}]
    for approval in approvals:
        before = overrides[-1]
        if approval is None:  # nothing that those behind it build on
            overrides.append(before)
            continue
        (token, _, amount), slot = approval, next(slots)
        if before is None or slot is None:
            overrides.append(None)
            continue
        words: dict[str, object] = dict(before.get(str(token), {}).get("stateDiff", {}))  # type: ignore[call-overload]
        overrides.append({**before, str(token): {"stateDiff": {**words, str(slot): str(Hash32(amount.to_bytes(32)))}}})
    return list((yield from gather(*[_estimate(chain, *one) for one in zip(requests, overrides, strict=True)])))


def _estimate(chain: Chain, request: CallRequest, overrides: Overrides | None) -> Flow[int | None]:
    if overrides is None:
        return None
    estimate = yield from attempt(calls.estimate_gas(chain, request, overrides=overrides), NodeError)
    return estimate if isinstance(estimate, int) else None


def _approval(request: CallRequest) -> tuple[Address, Address, int] | None:
    """Token, spender and amount of a call that approves; None of any other."""
    data = hex_bytes(request.data)
    if request.to is None or data[:4] != ERC20.approve.selector:
        return None
    spender, amount = ERC20.approve.decode_arguments(data)
    return Address(request.to), spender, amount
