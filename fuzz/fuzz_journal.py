"""Rows of a journal that somebody wrote to: left out and reported, or an order of which all parts agree."""

import json
from contextlib import suppress
from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from fuzz_plan import APPROVE, FACTS
    from harness import fuzz, json_tokens, require

    from signers import PrivateKeySigner
    from zkcore.errors import PlanTampered
    from zkcore.journal import sql
    from zkcore.journal.entries import Entry
    from zkcore.plans.facts import PlanStep
    from zkcore.plans.plan import Plan, sign_plan
    from zkcore.plans.records import record_of, record_to_json


def check(data: bytes) -> None:
    """One column of a good row, by the first byte, is what the others are: as JSON, or else as a text."""
    if not data:
        return
    name = NAMES[data[0] % len(NAMES)]
    text = data[1:].decode(errors="replace")
    values: list[Any] = [text, text.encode()]
    with suppress(ValueError, RecursionError):
        values.append(json.loads(text))
    for good in GOOD:
        for value in values:
            load({**good, name: value})


def load(row: dict[str, Any]) -> None:
    try:
        entry = sql._entry(list(row.values()))  # noqa: SLF001  # what every listing does with a row
    except PlanTampered:
        return
    require(sql._entry(sql._row(entry)) == entry, entry)  # noqa: SLF001
    for name, kinds in KINDS.items():
        require(isinstance(getattr(entry, name), kinds), (name, getattr(entry, name)))


KINDS: dict[str, Any] = {
    **dict.fromkeys(("reference", "state", "kind", "ask", "note"), str),
    **dict.fromkeys(("l1_chain_id", "l2_chain_id"), int),
    **dict.fromkeys(("asked_at", "changed_at"), float),
    **dict.fromkeys(("handle", "approval"), str | None),
}
KEY = PrivateKeySigner(b"\x46" * 32)
STEP = PlanStep(kind="approve", chain="l1", transaction=APPROVE)
SIGNED = sign_plan(Plan(kind="transaction", sender=KEY.address, steps=(STEP,), facts=FACTS), KEY)
COMMON: dict[str, Any] = {
    "kind": SIGNED.kind,
    "account": KEY.address,
    "l1_chain_id": FACTS.l1_chain_id,
    "l2_chain_id": FACTS.l2_chain_id,
    "asked_at": 1.5,
    "changed_at": 2.5,
}
HANDLE = record_to_json(record_of(SIGNED, "sent"))
ENTRIES = [
    Entry(reference="asked", state="asked", ask='{"amount":"1"}', **COMMON),
    Entry(
        reference="sent", state="sent", plan=SIGNED, handle=HANDLE, hashes=(SIGNED.hash, *SIGNED.tx_hashes), **COMMON
    ),
]
GOOD = [dict(zip(Entry.__struct_fields__, sql._row(entry), strict=True)) for entry in ENTRIES]  # noqa: SLF001
NAMES = list(GOOD[0])
SEEDS = [bytes([NAMES.index(name)]) + str(value).encode() for row in GOOD for name, value in row.items()]

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))
