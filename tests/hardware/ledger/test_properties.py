"""Whatever the typed data are: the device gets what rebuilds them, or is not asked."""

from hypothesis import given, settings

from signers import LedgerSigner
from signers.ledger import device_view
from signers.testing.ledger import FakeLedger
from tests.hardware.ledger.typed_strategies import typed_data
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import recover


@given(typed_data())
@settings(max_examples=100, deadline=None)
def test_any_typed_data(data: TypedData) -> None:
    blind = device_view(data).mode == "blind"
    signer = LedgerSigner.connect(open_dongle=FakeLedger(blind_signing=blind).open, allow_blind_signing=True)
    signature = signer.sign_typed_data(data)
    assert recover(data.digest(), signature) == signer.address
    assert signature.clear is not blind
