"""Every ABI fragment, address and constant of the protocol that zkcore uses, one namespace a contract.

`BRIDGEHUB.request_l2_transaction_direct.encode(...)`, `DIAMOND.new_priority_request.topic`. Selectors and topics are
computed when first asked for; a test compares each with the literal of the published contracts.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeVar, cast

from zkcore.ethereum.abi import Event, Function
from zkcore.protocol.contracts import constants, custom_errors, interop, l1, l2
from zkcore.protocol.contracts.constants import *  # noqa: F403
from zkcore.protocol.contracts.custom_errors import *  # noqa: F403
from zkcore.protocol.contracts.interop import *  # noqa: F403
from zkcore.protocol.contracts.l1 import *  # noqa: F403
from zkcore.protocol.contracts.l2 import *  # noqa: F403

__all__ = ["events", "functions"]
__all__ += constants.__all__
__all__ += custom_errors.__all__
__all__ += interop.__all__
__all__ += l1.__all__
__all__ += l2.__all__

_F = TypeVar("_F", Function, Event)


def _fragments(kind: type[_F]) -> Iterator[_F]:
    for module in (l1, l2, interop):
        for contract in module.__all__:
            fragments = cast("dict[str, object]", vars(getattr(module, contract)))
            yield from (fragment for fragment in fragments.values() if isinstance(fragment, kind))


@cache
def functions() -> Mapping[bytes, Function]:
    """Every function above by selector: what calldata is, where the address does not tell."""
    return MappingProxyType({function.selector: function for function in _fragments(Function)})


@cache
def events() -> Mapping[bytes, Event]:
    """Every event above by topic0."""
    return MappingProxyType({bytes(event.topic): event for event in _fragments(Event)})
