"""The scenes, replayed from what real firmware answered (emulators of the models that recorded/ has): we must send the
recorded bytes. And the fake shows the screens, in the order, that real core models were seen to show.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from trezorlib.mapping import DEFAULT_MAPPING

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor, ReplayTransport
from tests.hardware.trezor import core_scenes
from tests.hardware.trezor.core_scenes import CORE_SCENES
from tests.hardware.trezor.record import RECORDED
from tests.hardware.trezor.scenes import SCENES, Rig
from zkcore.ethereum.hashing import keccak256

LINES: dict[str, dict[str, list[str]]] = {
    path.stem: json.loads(path.read_text())["scenes"] for path in sorted(RECORDED.glob("*.json"))
}
OF_CORE = [n for n, scene in CORE_SCENES.items() if scene[0].__module__ == core_scenes.__name__ and n != "definitions"]
KEYS = (  # of the first two accounts of the mnemonic
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
)


def scenes_of(model: str) -> dict[str, tuple[Callable[[Rig], None], bool]]:
    return SCENES if model == "T1B1" else CORE_SCENES


class ReplayRig:
    """See `scenes.Rig`. What its user pressed is in the recording."""

    def __init__(self, model: str, name: str) -> None:
        self.model, self.names = model, list[str]()
        self.screens = self.refuse_at = 0
        self.transport = ReplayTransport([(who, what, data) for who, what, data in map(split, LINES[model][name])])

    def connect(self, *path: str, **options: Any) -> TrezorSigner:
        given = {"transport": self.transport, "on_button": self.on_button, "timeout": 30}
        return TrezorSigner.connect(*path, **{**given, **options})

    def on_button(self, shown: str) -> None:
        self.screens += 1
        self.names.append(shown)

    def pin(self, wanted: str) -> str:
        ack = next(data for who, what, data in self.transport.left if what == "PinMatrixAck")
        return str(DEFAULT_MAPPING.decode(19, bytes.fromhex(ack)[6:]).pin)  # type: ignore[attr-defined]

    def lock(self) -> None: ...


class FakeRig(ReplayRig):
    """The same on a fake, whose user skips the fields of typed data."""

    def __init__(self, model: str) -> None:
        self.model, self.names = model, []
        self.screens = self.refuse_at = 0
        self.transport: Any = FakeTrezor(model, key=key, user=lambda _: self.screens + 1 != self.refuse_at)
        self.transport.full = False


def key(path: Sequence[int], passphrase: str) -> bytes:
    if [*path[:4]] == [2**31 + 44, 2**31 + 60, 2**31, 0] and path[4] < len(KEYS):
        return bytes.fromhex(KEYS[path[4]])
    return keccak256(repr(tuple(path)).encode())


def split(line: str) -> tuple[str, str, str]:
    who, what, data = line.split(" ")
    return who, what, data


@pytest.mark.parametrize(("model", "name"), [(model, name) for model, scenes in LINES.items() for name in scenes])
def test_scene(model: str, name: str) -> None:
    rig = ReplayRig(model, name)
    scenes_of(model)[name][0](rig)
    assert not rig.transport.left


@pytest.mark.parametrize("model", LINES)
def test_every_recorded_scene_is_replayed(model: str) -> None:
    assert LINES[model].keys() == scenes_of(model).keys()


def test_a_replay_notices_a_changed_byte() -> None:
    rig = ReplayRig("T1B1", "transfers")
    with rig.connect() as signer, pytest.raises(Exception, match="the host sends"):
        signer.sign_message(b"something else")


@pytest.mark.parametrize("model", ["T2T1", "T3B1", "T3T1"])
@pytest.mark.parametrize("name", OF_CORE)
def test_the_fake_shows_what_core_shows(model: str, name: str) -> None:
    CORE_SCENES[name][0](FakeRig(model))
