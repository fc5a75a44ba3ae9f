"""What the replies of several nodes to one call are worth: which says the most, and whether so many say the same."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from msgspec import MsgspecError, Raw

from zkcore.effects import Reply
from zkcore.errors import NodeError, Reverted, RpcError

__all__ = ["agreed", "rank", "shown"]

# What differs from node to node: of the answers in order, the first that as many nodes reach as must agree
_RANKED = {
    *("eth_blockNumber", "eth_gasPrice", "eth_maxPriorityFeePerGas", "eth_estimateGas", "eth_feeHistory"),
    *("eth_getTransactionCount", "zks_estimateGasL1ToL2"),
}
_NOTHING = {"eth_getLogs": b"[]", "eth_call": b'"0x"'}  # beside null


def rank(method: str, reply: Reply) -> int:
    """An answer, 3; that there is nothing, 2; that the node will not say, 1; no answer, 0."""
    if isinstance(reply, Raw):
        return 2 if bytes(memoryview(reply)) in {b"null", _NOTHING.get(method)} else 3
    return int(isinstance(reply, RpcError)) if isinstance(reply, NodeError) else 3


def agreed(method: str, replies: Sequence[Reply], agree: int) -> Reply | None:
    """What so many say; None if they do not. Of numbers that differ from node to node, the one that so many reach."""
    answers = [reply for reply in replies if not isinstance(reply, NodeError)]
    try:
        if method in _RANKED and len(answers) >= agree:
            return sorted(answers, key=_number, reverse=method == "eth_blockNumber")[agree - 1]
    except (ValueError, TypeError, LookupError, MsgspecError):
        pass  # what is no number is compared as anything else
    plain = [_plain(answer) for answer in answers]
    return next((a for a, one in zip(answers, plain, strict=True) if sum(_same(one, p) for p in plain) >= agree), None)


def shown(reply: Reply) -> str:
    """What a node says, for an error's text."""
    return str(_plain(reply))[:100]


def _plain(reply: Reply) -> object:
    """What is compared: JSON without capitals, or what a contract said."""
    if isinstance(reply, Raw):
        return msgspec.json.decode(bytes(memoryview(reply)).lower())
    return [reply.name, reply.data.hex(), *map(str, reply.args)] if isinstance(reply, Reverted) else str(reply)


def _same(a: object, b: object) -> bool:
    """Equal, but for fields that only one of them has: nodes add their own."""
    if isinstance(a, dict) and isinstance(b, dict):
        one, other = cast("dict[str, object]", a), cast("dict[str, object]", b)
        return all(_same(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(a, list) and isinstance(b, list):
        some, others = cast("list[object]", a), cast("list[object]", b)
        return len(some) == len(others) and all(map(_same, some, others))
    return a == b


def _number(reply: Reply) -> int:
    """A quantity; of a fee history, the base fee of the block to come. Raises ValueError and its like."""
    plain: Any = _plain(reply)
    value: Any = cast("dict[str, Any]", plain)["basefeepergas"][-1] if isinstance(plain, dict) else plain
    return value if isinstance(value, int) else int(value, 16)
