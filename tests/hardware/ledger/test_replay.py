"""The exchanges of the real app, recorded by test_app.py: the same commands, in the same order, the same result."""

from pathlib import Path

import msgspec
import pytest

from signers import LedgerSigner
from signers.testing.ledger import Replay
from tests.hardware.ledger.cases import ACCOUNT, CASES
from tests.hardware.ledger.replay import NANO, RECORDED, Recording, check_result, check_screen
from zkcore import errors

RECORDINGS = [*(RECORDED / f"{name}.json" for name in CASES), *sorted(NANO.glob("*.json"))]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_replay(path: Path) -> None:
    case = CASES[path.stem]
    recording = msgspec.json.decode(path.read_bytes(), type=Recording, strict=True)
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
    check_screen(case, recording.screen, nano=path.parent == NANO)
    assert not replay.left


def test_every_recording_has_its_case() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == set(CASES)
    assert len(list(NANO.glob("*.json"))) >= 16


@pytest.mark.parametrize("path", sorted((RECORDED / "refused").glob("*.json")), ids=lambda path: path.stem)
def test_an_app_that_cannot_be_trusted_is_refused_by_name(path: Path) -> None:
    """Of real apps, seen under speculos: what they answer to the first two commands, and nothing more is asked of them."""
    version = path.stem.partition("-")[2]
    replay = Replay(msgspec.json.decode(path.read_bytes(), type=Recording, strict=True).exchanges)
    needed = rf"the Ethereum app is {version}, expected 1\.14\.0 or newer.*update it in Ledger Live"
    with pytest.raises(errors.FirmwareTooOld, match=needed):
        LedgerSigner.connect(open_dongle=replay.open, allow_blind_signing=True)
    assert not replay.left
