"""The exchanges of the real app, recorded by test_app.py: the same commands, in the same order, the same result."""

import msgspec
import pytest

from signers import LedgerSigner
from signers.testing.ledger import Replay
from tests.hardware.ledger.cases import ACCOUNT, CASES
from tests.hardware.ledger.replay import RECORDED, Recording, check_result, check_screen
from zkcore import errors


@pytest.mark.parametrize("name", CASES)
def test_replay(name: str) -> None:
    case = CASES[name]
    recording = msgspec.json.decode((RECORDED / f"{name}.json").read_bytes(), type=Recording, strict=True)
    assert recording.settings == case.settings
    replay = Replay(recording.exchanges)
    with LedgerSigner.connect(
        open_dongle=replay.open, expected_address=ACCOUNT, allow_blind_signing=case.consent
    ) as signer:
        result: object
        try:
            result = case.run(signer)
        except errors.SignerError as error:
            result = error
    check_result(case, result)
    check_screen(case, recording.screen)
    assert not replay.left


def test_every_recording_has_its_case() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == set(CASES)
