"""The real Ethereum app on a Nano S Plus in the speculos emulator: two buttons instead of a touch screen."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hardware.ledger.speculos import Speculos

_YES = ("Sign ", "Accept ", "Confirm", "Blind signing ahead")  # pages that both buttons confirm


class NanoSpeculos(Speculos):
    """See `Speculos`. `reviewing` walks to the right, and confirms or rejects what it comes to."""

    MODEL, HOME = "nanosp", "app is ready"

    def press(self, button: str) -> None:
        self._http.post(f"/button/{button}", json={"action": "press-and-release"}).raise_for_status()
        time.sleep(0.3)

    def turn_on(self, setting: str) -> None:
        """From the home screen and back to it."""
        self.press("right")
        self.press("both")
        for _ in range(8):
            screen = self.screen()
            if screen[:1] == [setting] and screen[-1] == "Disabled":
                self.press("both")
            if screen == ["Back"]:
                break
            self.press("right")
        self.press("both")
        self.press("left")
        self._wait_for(self.HOME, 30)

    @contextmanager
    def reviewing(self, *, approve: bool = True, skip: bool = False) -> Iterator[list[str]]:
        lines: list[str] = []
        done = threading.Event()

        def walk() -> None:
            while not done.is_set():
                screen = self.screen()
                if not screen or self.HOME in screen or screen[0].startswith("App "):
                    time.sleep(0.2)
                    continue
                lines.extend(screen)
                yes = screen[0].startswith(_YES) and (approve or screen[0].startswith("Blind"))
                no = not approve and screen[0].startswith(("Reject", "Cancel"))
                self.press("both" if yes or no else "right")

        thread = threading.Thread(target=walk, daemon=True)
        thread.start()
        try:
            yield lines
        finally:
            done.set()
            thread.join(20)
            for _ in range(4):  # an error that wants to be read
                if self.HOME not in self.screen():
                    self.press("both")


def open_app(elf: Path) -> Speculos:
    """The app on the model that its file is named for: nanosp-1.22.1.elf, flex-1.22.0.elf."""
    return NanoSpeculos(elf) if elf.name.startswith("nano") else Speculos(elf)
