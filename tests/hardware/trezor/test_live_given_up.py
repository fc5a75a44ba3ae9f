"""Calls given up between any two chunks of a line to a real firmware: it is not wedged, and the next call works. And
the scenes of core models.

T1B1 and core models: see live.py for the ports.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from trezorlib.transport.udp import UdpTransport

from signers import TrezorSigner
from tests.hardware.trezor.core_scenes import CORE_SCENES
from tests.hardware.trezor.live import CORE_PORT, PORT, LiveRig
from tests.hardware.trezor.scenes import KEY, transfer
from tests.hardware.trezor.test_given_up import CALLS, AtAChunk, give_up

LATE = 40.0  # seconds: an emulator of Core imports all of its sources again after each request
RIGS = {name: int(port) for name, port in (("T1B1", PORT), ("core", CORE_PORT)) if port}
pytestmark = [
    pytest.mark.skipif(not RIGS, reason="no emulator: see tests/hardware/trezor/live.py"),
    pytest.mark.slow,
]


class Wire(AtAChunk, UdpTransport):
    """The line to a rig."""

    def __init__(self, rig: LiveRig) -> None:
        super().__init__(rig.path.removeprefix("udp:"))
        self._rig = rig

    @property
    def user(self) -> Callable[[str], bool | None]:
        return lambda _: self._rig.press or None

    @user.setter
    def user(self, user: Callable[[str], bool | None]) -> None:
        self._rig.press = user("any") is True


@pytest.fixture(scope="module", params=RIGS or ["none"])
def rig(request: pytest.FixtureRequest) -> Iterator[LiveRig]:
    with LiveRig(RIGS[request.param]) as made:
        yield made


@pytest.mark.parametrize("how", ["cancel", "timeout", "Ctrl-C", "callback", "task"])
@pytest.mark.parametrize("name", CALLS)
def test_given_up_at_any_chunk(rig: LiveRig, name: str, how: str) -> None:
    wire = Wire(rig)
    with TrezorSigner.connect(transport=wire, timeout=60, allow_blind_signing=True, on_button=rig.on_button) as signer:
        call = CALLS[name]
        wire.count = 0
        call(signer)
        chunks = wire.count
        for at in sorted({1, 2, 3, *range(5, chunks, max(1, chunks // 8)), chunks - 1, chunks}):
            rig.press, wire.count, wire.at = True, 0, at
            give_up(how, wire, signer, call)  # type: ignore[arg-type]
            rig.press, wire.at = True, -1
            started = time.monotonic()
            assert signer.sign_transaction(transfer()).to_bytes() == KEY.sign_transaction(transfer()).to_bytes()
            assert time.monotonic() - started < LATE, f"after {how} at chunk {at} of {chunks}"


@pytest.mark.skipif(CORE_PORT is None, reason="no emulator of a core model: see tests/hardware/trezor/live.py")
@pytest.mark.parametrize("name", CORE_SCENES)
def test_core_scene(name: str) -> None:
    with LiveRig(int(CORE_PORT or 0)) as made:
        CORE_SCENES[name][0](made)
