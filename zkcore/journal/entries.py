"""What a journal is told, and what it tells."""

from typing import Any, Literal

from msgspec import Struct

from zkcore.plans.plan import Plan, SignedPlan
from zkcore.types import Hash32

__all__ = ["Entry", "Store"]


class Entry(Struct, frozen=True, kw_only=True):
    """What the journal knows of a plan: "planned" (nothing is signed), "signed" (perhaps sent), or "sent".

    Give `plan` to `Wallet.submit`: it sends what is unsent, sends nothing twice, and returns the handle.
    """

    state: Literal["planned", "signed", "sent"]
    plan: Plan[Any] | SignedPlan[Any]


class Store(Struct, frozen=True):
    """Written to the journal, if there is one, before the answer comes: the plan as it was signed before, or None.

    `content` is the JSON of a plan or a signed plan.
    """

    plan_hash: Hash32
    state: Literal["planned", "signed", "sent"]
    content: str
    tx_hash: Hash32 | None = None  # of the last step, once it is signed
