"""The scenes, replayed from what a real T1B1 firmware (1.14.2, emulator) answered: we must send the recorded bytes."""

import json
from typing import Any

import pytest
from trezorlib.mapping import DEFAULT_MAPPING

from signers import TrezorSigner
from signers.testing.trezor import ReplayTransport
from tests.hardware.trezor.record import RECORDED
from tests.hardware.trezor.scenes import SCENES

LINES: dict[str, list[str]] = json.loads(RECORDED.read_text())["scenes"]


class ReplayRig:
    """See `scenes.Rig`. What its user pressed is in the recording."""

    def __init__(self, name: str) -> None:
        self.screens = self.refuse_at = 0
        self.transport = ReplayTransport([(who, what, data) for who, what, data in map(split, LINES[name])])

    def connect(self, *path: str, **options: Any) -> TrezorSigner:
        given = {"transport": self.transport, "on_button": self.on_button, "timeout": 30}
        return TrezorSigner.connect(*path, **{**given, **options})

    def on_button(self, shown: str) -> None:
        self.screens += 1

    def pin(self, wanted: str) -> str:
        ack = next(data for who, what, data in self.transport.left if what == "PinMatrixAck")
        return str(DEFAULT_MAPPING.decode(19, bytes.fromhex(ack)[6:]).pin)  # type: ignore[attr-defined]

    def lock(self) -> None: ...


def split(line: str) -> tuple[str, str, str]:
    who, what, data = line.split(" ")
    return who, what, data


@pytest.mark.parametrize("name", SCENES)
def test_scene(name: str) -> None:
    rig = ReplayRig(name)
    SCENES[name][0](rig)
    assert not rig.transport.left


def test_every_recorded_scene_is_replayed() -> None:
    assert LINES.keys() == SCENES.keys()


def test_a_replay_notices_a_changed_byte() -> None:
    rig = ReplayRig("transfers")
    with rig.connect() as signer, pytest.raises(Exception, match="the host sends"):
        signer.sign_message(b"something else")
