"""What devices cannot be told of is refused by name, or signed by its hashes where that was consented to."""

from typing import Any

import pytest
from msgspec.structs import force_setattr

from signers import LedgerSigner, TrezorSigner
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from tests.unit.test_eip712_edges import PERSON, data, person
from zkcore.errors import BlindSigningRequired, InputError, UnsupportedBySigner
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.signature import recover
from zkcore.transactions import Eip1559Transaction

ALONE = TypedData.parse(data(DOMAIN, {}))
FAMILY = TypedData.parse(data("Person", person("Jon", person("Lyanna")), Person=PERSON))


def ledger(*, blind: bool) -> LedgerSigner:
    fake = FakeLedger(blind_signing=True)
    return LedgerSigner.connect(open_dongle=fake.open, allow_blind_signing=blind)


def trezor(model: str, *, blind: bool = True) -> TrezorSigner:
    return TrezorSigner.connect(transport=FakeTrezor(model), timeout=20, allow_blind_signing=blind)


SIGNERS: list[Any] = [
    lambda: ledger(blind=True), lambda: ledger(blind=False), lambda: trezor("T1B1"), lambda: trezor("T3T1"),
]  # fmt: skip


@pytest.mark.parametrize("make", SIGNERS)
def test_a_domain_alone_and_chain_zero_are_refused(make: Any) -> None:
    signer = make()
    with pytest.raises(InputError, match="signs the domain alone"):
        signer.sign_typed_data(ALONE)
    tx = Eip1559Transaction(
        chain_id=1, nonce=1, max_priority_fee_per_gas=1, max_fee_per_gas=1, gas_limit=1, to="0x" + "11" * 20
    )
    force_setattr(tx, "chain_id", 0)  # as parse_transaction reads it
    with pytest.raises((InputError, UnsupportedBySigner), match="chain_id: 0|none of chain 0"):
        signer.sign_transaction(tx)


def test_a_struct_that_holds_itself_by_its_hashes_only() -> None:
    with pytest.raises(BlindSigningRequired, match="Person holds itself"):
        ledger(blind=False).sign_typed_data(FAMILY)
    for signer in (ledger(blind=True), trezor("T1B1")):
        assert recover(FAMILY.digest(), signer.sign_typed_data(FAMILY)) == signer.address
    with pytest.raises(UnsupportedBySigner, match="a reference to a struct Person is null"):
        trezor("T3T1").sign_typed_data(FAMILY)
