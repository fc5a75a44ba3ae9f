"""An order: what is asked for, what becomes of it, and what the journal has of it."""

from collections.abc import Callable
from time import time
from typing import Any

from msgspec.structs import replace

from zkcore.effects import Step
from zkcore.errors import InputError
from zkcore.journal import Entry, State
from zkcore.plans.plan import Draft, Plan, SignedPlan, essence
from zkcore.plans.records import Record, record_of, record_to_json
from zkcore.types import Address

__all__ = ["Order", "entry_of"]


class Order:
    """What is asked for, and what becomes of it: at the end a `record`, an `error`, or both if it is uncertain.

    `draft`: a flow that makes its plan; or the `plan` itself, signed or not. `reference`: the caller's name of it. `ask`: what is
    asked for, to compare with what was asked under the same reference. `wanted`: whether anybody waits for it still.
    """

    def __init__(
        self,
        draft: Any = None,
        *,
        plan: Plan[Any] | SignedPlan[Any] | None = None,
        reference: str | None = None,
        ask: str = "",
    ) -> None:
        self.draft: Step[Draft[Any]] = draft
        self.reference, self.ask = reference, ask
        self.wanted: Callable[[], bool] = lambda: True
        self.signed: SignedPlan[Any] | None = plan if isinstance(plan, SignedPlan) else None
        self.plan: Any = plan.plan if isinstance(plan, SignedPlan) else plan  # None until it is drafted
        self.fixed = plan is not None  # its nonces are the caller's
        self.again = plan is not None or reference is not None  # asked for again, it is the same order
        self.held: int | None = None  # of the chain's own coin, when it was drafted
        self.kept = False  # it is in the journal, signed, and was before
        self.sent = False  # it is with the nodes
        self.before: Entry | None = None  # what it replaces there
        self.overdue = False  # an approval was in no block when the rest was sent behind it
        self.out = False  # one of its steps is with the nodes, and may be included
        self.record: Record | None = None
        self.error: Exception | None = None

    @property
    def name(self) -> str:
        """What the journal knows it by."""
        return self.reference or str(self.plan.hash)

    @property
    def account(self) -> tuple[int, Address]:
        """The chain id and the address whose nonces it takes."""
        return self.plan.steps[0].transaction.chain_id or 0, self.plan.sender

    @property
    def nonces(self) -> list[tuple[int, int]]:
        """Chain id and nonce of each step."""
        return _nonces(self.plan)

    @property
    def cancels(self) -> bool:
        """Whether its nonces are another order's, which it is to end."""
        return bool(self.plan.facts.replaces) and self.plan.kind == "transaction"

    @property
    def nonces_before(self) -> list[tuple[int, int]]:
        """Those of what it replaces in the journal."""
        return _nonces(self.before.plan.plan) if self.before and self.before.plan else []

    def known(self, entry: Entry) -> None:
        """It was signed before: that stands. Raises InputError if something else was asked for under its reference."""
        same = not (self.ask and entry.ask) or self.ask == entry.ask
        if not same or (self.plan and entry.plan and essence(self.plan) != essence(entry.plan.plan)):
            was = entry.ask or (entry.plan and f"a {entry.kind}, {essence(entry.plan.plan)}")
            raise InputError(f"reference: {entry.reference!r} was given to another order: {was}")
        if entry.state == "dropped" or entry.plan is None:
            raise InputError(f"reference: {entry.reference!r} is {entry.state}: order it under another one")
        self.reference, self.plan, self.signed, self.kept = entry.reference, entry.plan.plan, entry.plan, True


def _nonces(plan: Plan[Any]) -> list[tuple[int, int]]:
    return [(step.transaction.chain_id or 0, step.transaction.nonce) for step in plan.steps]


def entry_of(order: Order) -> Entry:
    """Of an order as it is: asked, or signed."""
    facts, at, before = order.plan.facts, time(), order.before
    entry = before or Entry(
        reference=order.name,
        state="asked",
        kind=order.plan.kind,
        account=order.plan.sender,
        l1_chain_id=facts.l1_chain_id,
        l2_chain_id=facts.l2_chain_id,
        asked_at=at,
        changed_at=at,
        ask=order.ask,
    )
    if order.signed is None:
        return entry
    order.record = record_of(order.signed, order.name)
    hashes = (*entry.hashes, order.signed.hash, order.signed.tx_hashes[-1])
    signed: State = "signed"
    return replace(
        entry, state=signed, changed_at=at, hashes=hashes, plan=order.signed, handle=record_to_json(order.record)
    )
