"""A real T1B1 emulator over UDP, its buttons pressed over the debug link: the port is in ZKCORE_TREZOR_UDP_PORT.

Everything on that emulator is wiped.
"""

from typing import Any, Self

from trezorlib.client import get_default_client
from trezorlib.debuglink import TrezorTestContext, load_device
from trezorlib.transport.udp import UdpTransport

from signers import TrezorSigner
from signers.testing.trezor import RecordingTransport
from tests.hardware.trezor.scenes import MNEMONIC

PIN = "1234"


class LiveRig:
    """See `scenes.Rig`. `guarded`: with a PIN, and asking for a passphrase."""

    def __init__(self, port: int, *, guarded: bool = False) -> None:
        self.path = f"udp:127.0.0.1:{port}"
        self.screens = self.refuse_at = 0
        self.press = True  # False: the user does nothing
        self.recorder: RecordingTransport | None = None
        context = TrezorTestContext(UdpTransport(f"127.0.0.1:{port}"))
        context.wipe_device(reseed=False)
        load_device(
            context.get_seedless_session(),
            mnemonic=MNEMONIC,
            pin=PIN if guarded else None,
            passphrase_protection=guarded,
            label="zkcore",
        )
        context.transport.close()
        self.debug = context.debug

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.debug.close()

    def record(self) -> RecordingTransport:
        self.recorder = RecordingTransport(UdpTransport(self.path.removeprefix("udp:")))
        return self.recorder

    def connect(self, *path: str, **options: Any) -> TrezorSigner:
        given = {"transport": self.recorder or self.path, "on_button": self.on_button, "timeout": 30}
        return TrezorSigner.connect(*path, **{**given, **options})

    def on_button(self, shown: str) -> None:
        self.screens += 1
        if self.screens == self.refuse_at:
            self.debug.press_no()
        elif self.press:
            self.debug.press_yes()

    def pin(self, wanted: str) -> str:
        return self.debug.encode_pin(PIN)

    def lock(self) -> None:
        client = get_default_client("another program", self.path)
        with client:
            client.lock()
