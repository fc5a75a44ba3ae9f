"""Bringing up the journal of an older version, one version after the other, in the transaction that opens it: all, or nothing."""

from collections.abc import Callable, Mapping
from time import time
from typing import Any, Final

import msgspec

from zkcore.errors import JournalError, PlanTampered, ZkCoreError
from zkcore.ethereum.hashing import keccak256
from zkcore.journal.entries import Entry, State
from zkcore.journal.sql import TABLES, VERSION, Execute, keep
from zkcore.plans.plan import SignedPlan
from zkcore.plans.records import record_of, record_to_json
from zkcore.types import Hash32

__all__ = ["bring_up"]


def bring_up(execute: Execute, version: int | None, name: str) -> None:
    """Make the tables (`version` None: there are none yet), or make of an older journal one of this version.

    Raises JournalError for a newer one, and for one that holds what this version cannot read: nothing is changed then.
    """
    if version is not None and not min(_FROM) <= version <= VERSION:
        known = f"this zkcore keeps version {VERSION} and brings up those from {min(_FROM)} on"
        raise JournalError(f"the journal {name} is of version {version}, {known}")
    for table in TABLES:
        execute(table, ())
    for older in range(VERSION if version is None else version, VERSION):
        _FROM[older](execute, name)


def _from_entries(execute: Execute, name: str) -> None:
    """Version 1: a table of plans. What is in flight becomes an order under the hash of its plan; the table is kept, renamed.

    What was planned and never signed is no order: asking for it orders it. What had ended is done, for all that is known.
    """
    for plan_hash, state, content, finished in execute("select plan_hash, state, content, finished from entries", ()):
        if state == "planned":
            continue
        try:
            signed = _signed(content, plan_hash)
        except ZkCoreError as error:
            if finished:
                continue
            words = f"the journal {name}: its entry {plan_hash}, which is in flight, cannot be read by this zkcore ({error})"
            raise JournalError(f"{words}: end it with the version that wrote it, then bring the journal up") from error
        ended: State = "done" if finished else "sent" if state == "sent" else "signed"
        _keep(execute, signed, Hash32(plan_hash), ended)
    execute("alter table entries rename to entries_of_version_1", ())


def _keep(execute: Execute, signed: SignedPlan[Any], known_by: Hash32, state: State) -> None:
    facts, reference, at = signed.plan.facts, str(signed.hash), time()
    entry = Entry(
        reference=reference,
        state=state,
        kind=signed.kind,
        account=signed.plan.sender,
        l1_chain_id=facts.l1_chain_id,
        l2_chain_id=facts.l2_chain_id,
        asked_at=at,
        changed_at=at,
        hashes=tuple(dict.fromkeys((known_by, signed.hash, signed.tx_hashes[-1]))),
        plan=signed,
        handle=record_to_json(record_of(signed, reference)),
        note="from a journal of version 1",
    )
    for step in signed.plan.steps:
        at_nonce = (step.transaction.chain_id, str(entry.account), step.transaction.nonce, reference)
        execute("insert into nonces values (?, ?, ?, ?) on conflict do nothing", at_nonce)
    keep(execute, entry)


def _signed(content: str, plan_hash: str) -> SignedPlan[Any]:
    """The plan, as it is written now: its facts have one more name, and so another hash. Raises PlanTampered, InputError."""
    try:
        data: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        own, signatures = data.pop("hash"), data.pop("signatures")
        if not own == plan_hash == str(_hash(data)):
            raise PlanTampered("its hash is another one's")
        data["facts"].setdefault("interop_handler", None)
    except (msgspec.MsgspecError, KeyError, AttributeError) as error:
        raise PlanTampered(f"it is no signed plan: {error}") from error
    return SignedPlan[Any].from_json(_canonical({**data, "hash": str(_hash(data)), "signatures": signatures}))


def _canonical(data: object) -> bytes:
    return msgspec.json.encode(data, order="sorted")


def _hash(data: object) -> Hash32:
    return keccak256(_canonical(data))


_FROM: Final[Mapping[int, Callable[[Execute, str], None]]] = {1: _from_entries}
