"""Transactions of every type: what is parsed is written again as the same bytes, and hashes without complaint."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import BadSignature, InputError
    from zkcore.ethereum.signature import Signature
    from zkcore.protocol.paymaster import Paymaster
    from zkcore.transactions import (
        Eip712Transaction,
        Eip1559Transaction,
        Eip2930Transaction,
        LegacyTransaction,
        Transaction,
        parse_transaction,
    )
    from zkcore.types import Address, Hash32


def check(data: bytes) -> None:
    try:
        tx, signature = parse_transaction(data)
    except (InputError, BadSignature):
        return
    written = [tx.unsigned_bytes()] if signature is None else [tx.signed_bytes(signature)]
    if isinstance(tx, Eip712Transaction):
        require(tx.signing_hash() == tx.typed_data().digest(), tx)
        if signature is not None:
            written.append(tx.signed_bytes(signature, form="ecdsa"))
    require(data in written, tx)
    require(parse_transaction(data) == (tx, signature), tx)


TO, FROM = Address(b"\x35" * 20), Address(b"\x36" * 20)
SIGNATURE = Signature(2**200, 2**201 + 1, 1)
ACCESS = ((TO, (Hash32(bytes(32)),)), (FROM, ()))
TRANSACTIONS: list[Transaction] = [
    LegacyTransaction(chain_id=324, nonce=1, gas_price=10**9, gas_limit=21_000, to=TO, value=1, data=b"\x01\x02"),
    LegacyTransaction(chain_id=None, nonce=0, gas_price=0, gas_limit=0, to=None),
    Eip2930Transaction(chain_id=1, nonce=1, gas_price=10**9, gas_limit=21_000, to=TO, access_list=ACCESS),
]
for to in (TO, None):
    fees = {"max_priority_fee_per_gas": 1, "max_fee_per_gas": 10**9, "gas_limit": 10**6, "nonce": 300}
    TRANSACTIONS += [
        Eip1559Transaction(chain_id=2**40, to=to, data=b"a" * 60, access_list=ACCESS, **fees),
        Eip712Transaction(chain_id=324, to=to, from_address=FROM, factory_deps=[bytes(32)], **fees),
        Eip712Transaction(chain_id=324, to=to, from_address=FROM, paymaster=Paymaster(TO, b"\x01" * 60), **fees),
    ]
SEEDS = [tx.unsigned_bytes() for tx in TRANSACTIONS] + [tx.signed_bytes(SIGNATURE) for tx in TRANSACTIONS]
SEEDS += [tx.signed_bytes(SIGNATURE, form="ecdsa") for tx in TRANSACTIONS if isinstance(tx, Eip712Transaction)]

if __name__ == "__main__":
    fuzz(check, SEEDS)
