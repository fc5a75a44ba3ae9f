"""The next nonce, and what gas costs now: by whatever the node has for it. What the caller fixed is not asked for."""

import re
from collections.abc import Sequence

from zkcore.effects import Chain, Flow, attempt, gather
from zkcore.errors import MalformedReply, NodeError, RpcError
from zkcore.methods import calls
from zkcore.methods.replies import FeeHistory
from zkcore.types import Address

__all__ = ["fee_market", "next_nonce"]

_BLOCKS, _PERCENTILE = 4, 50
_TIP_UNSEEN = 10**9  # wei per gas on L1, of a node that suggests nothing at all
_NO_PENDING = re.compile(r"pending|tag|block|param|argument|support|implement", re.IGNORECASE)


def next_nonce(chain: Chain, address: Address, given: int | None) -> Flow[int]:
    """The nonce that was given, or the next one: counting what waits in the node's pool, if the node can tell that."""
    if given is not None:
        return given
    pending = yield from attempt(calls.get_transaction_count(chain, address, block="pending"), RpcError)
    if isinstance(pending, RpcError):
        if not _NO_PENDING.search(pending.message):
            raise pending
        return (yield from calls.get_transaction_count(chain, address))
    return pending


def fee_market(chain: Chain, fees: Sequence[int | None]) -> Flow[FeeHistory]:
    """The base fee of the block to come, and the tips of the last ones, in one wave; two where a node has no `eth_feeHistory`.

    `fees`: what the caller fixed, the highest fee and the tip. Where both are given a header is enough. Without the method, the
    tip is what the node suggests, by either of the two methods for that.
    """
    if None not in fees:
        header = yield from calls.get_header(chain)
        known = header.base_fee_per_gas or 0
        return FeeHistory(oldest_block=header.number, base_fee_per_gas=(known, known))
    history = yield from attempt(calls.fee_history(chain, _BLOCKS, percentiles=(_PERCENTILE,)), NodeError)
    if isinstance(history, FeeHistory):
        return history
    if not isinstance(history, RpcError | MalformedReply):
        raise history  # no word of the node at all
    header, suggested, price = yield from gather(
        calls.get_header(chain),
        attempt(calls.max_priority_fee_per_gas(chain), NodeError),
        attempt(calls.gas_price(chain), NodeError),
    )
    base, tip = header.base_fee_per_gas, _TIP_UNSEEN if chain == "l1" else 0
    if base is None:
        if isinstance(price, NodeError):
            raise price
        base, tip = price, 0
    elif not isinstance(suggested, NodeError):
        tip = suggested
    elif not isinstance(price, NodeError):
        tip = max(price - base, 0)
    return FeeHistory(oldest_block=header.number, base_fee_per_gas=(base, base), reward=((tip,),))
