"""Handles as JSON: loaded only if all of it fits, and then they say the same again."""

import json

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import InputError
    from zkcore.plans.records import (
        RequestRecord,
        SettlementRecord,
        TransactionRecord,
        WithdrawalRecord,
        last_transaction,
        record_from_json,
        record_to_json,
    )
    from zkcore.types import Address, Hash32


def check(data: bytes) -> None:
    load(data)
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(fields, dict):  # a few fields, in the place of a good handle's
        for good in GOOD:
            load(json.dumps({**good, **fields}).encode())


def load(data: bytes) -> None:
    try:
        record = record_from_json(data)
    except InputError:
        return
    again = record_from_json(record_to_json(record))
    require((type(again), again) == (type(record), record), record)
    require(isinstance(last_transaction(record), Hash32 | None), record)
    require(json.loads(record_to_json(record))["kind"] == record.kind, record)


HASH, ADDRESS = Hash32(b"\x11" * 32), Address(b"\xa1" * 20)
CHAINS = {"l1_chain_id": 1, "l2_chain_id": 324}
RECORDS = [
    RequestRecord(
        kind="deposit",
        diamond=ADDRESS,
        sender=ADDRESS,
        nonce=7,
        l1_tx_hash=HASH,
        replaced=(HASH,),
        claimable=True,
        signed="0x02c0",
        **CHAINS,
    ),
    WithdrawalRecord(l2_tx_hash=HASH, index=1, finalization=HASH, **CHAINS),
    SettlementRecord(kind="claim", l2_tx_hash=HASH, l1_tx_hash=None, **CHAINS),
    TransactionRecord(chain="l1", chain_id=1, tx_hash=HASH),
]
GOOD = [json.loads(record_to_json(record)) for record in RECORDS]
SEEDS = [json.dumps(record).encode() for record in GOOD]
SEEDS += [json.dumps({name: value}).encode() for record in GOOD for name, value in record.items()]

if __name__ == "__main__":
    fuzz(check, SEEDS)
