"""Real Trezor emulators over UDP, their users played over the debug link. Everything on such an emulator is wiped.

ZKCORE_TREZOR_UDP_PORT: of a T1B1; ZKCORE_TREZOR_CORE_UDP_PORT: of a core model (T2T1, T3B1, T3T1, or T3W1, which is paired with).
"""

import os
import re
import time
from contextlib import suppress
from typing import Any, Self

from trezorlib.client import get_default_client
from trezorlib.debuglink import DebugLinkNotFound, TrezorTestContext, load_device
from trezorlib.transport import TransportException
from trezorlib.transport.udp import UdpTransport

from signers import TrezorSigner
from signers.testing.trezor import RecordingTransport
from signers.trezor import PairingCredential
from tests.hardware.trezor.scenes import MNEMONIC

PIN = "1234"
PORT, CORE_PORT = os.environ.get("ZKCORE_TREZOR_UDP_PORT"), os.environ.get("ZKCORE_TREZOR_CORE_UDP_PORT")


class LiveRig:
    """See `scenes.Rig`. `guarded`: with a PIN, and asking for a passphrase. `names`: of the screens, of a core model."""

    def __init__(self, port: int, *, guarded: bool = False) -> None:
        self.path = f"udp:127.0.0.1:{port}"
        self.screens = self.refuse_at = 0
        self.press = True  # False: the user does nothing
        self.recorder: RecordingTransport | None = None
        self.names: list[str] = []
        self.pairings: list[PairingCredential] = []
        context = _found(port)
        context.wipe_device(reseed=False)
        load_device(
            context.get_seedless_session(),
            mnemonic=MNEMONIC,
            pin=PIN if guarded else None,
            passphrase_protection=guarded,
            label="zkcore",
        )
        context.transport.close()
        self.debug, self.model = context.debug, context.model.internal_name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.debug.close()

    def record(self) -> RecordingTransport:
        self.recorder = RecordingTransport(UdpTransport(self.path.removeprefix("udp:")))
        return self.recorder

    def connect(self, *path: str, **options: Any) -> TrezorSigner:
        given: dict[str, Any] = {"transport": self.recorder or self.path, "on_button": self.on_button, "timeout": 30}
        if self.model != "T3W1":
            return TrezorSigner.connect(*path, **{**given, **options})
        given |= {"on_pairing": self.code, "credentials": self, "timeout": 90}
        screens, names = self.screens, len(self.names)
        signer = TrezorSigner.connect(*path, **{**given, **options})
        self.screens = screens  # those of pairing are none of a scene's
        del self.names[names:]
        return signer

    def code(self, _: str) -> str:
        """The one that a Safe 7 shows."""
        return "".join(re.findall(r"[0-9]", self.text())[-6:])

    def load(self) -> list[PairingCredential]:
        return self.pairings

    def save(self, credential: PairingCredential) -> None:
        self.pairings.append(credential)

    def on_button(self, shown: str) -> None:
        self.screens += 1
        self.names.append(shown)
        if self.screens == self.refuse_at:
            self.debug.press_no()
        elif self.press:
            self.yes()

    def yes(self) -> None:
        """Yes to the screen, whatever it is, at its last page."""
        if self.names[-1] == "sign_message":
            for _ in range(self.debug.read_layout().page_count() - 1):
                self.debug.swipe_up()
        self.debug.press_yes()

    def text(self) -> str:
        """What stands on the screen of a core model."""
        layout = self.debug.read_layout()
        return f"{layout.title()}: {layout.screen_content()}"

    def pin(self, wanted: str) -> str:
        return self.debug.encode_pin(PIN)

    def lock(self) -> None:
        client = get_default_client("another program", self.path)
        with client:
            client.lock()


def _found(port: int) -> TrezorTestContext:
    """The emulator, which does not answer for a second or more after each workflow that ended early."""
    for _ in range(20):
        with suppress(DebugLinkNotFound, TransportException):
            return TrezorTestContext(UdpTransport(f"127.0.0.1:{port}"))
        time.sleep(0.5)
    return TrezorTestContext(UdpTransport(f"127.0.0.1:{port}"))
