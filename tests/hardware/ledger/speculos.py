"""The real Ethereum app in the speculos emulator: started headless, its screen read and tapped through the REST API."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

MNEMONIC = "test test test test test test test test test test test junk"
_WIDTH = 480  # of a Flex

# What to do about a screen, by a text that stands on it; the first that fits is taken.
SETTINGS = {"Blind signing": 0, "Raw messages": 1, "Debug smart contracts": 2, "Transaction hash": 3}  # on which page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Speculos:
    """A Flex with the app on it. `screens`: what stood on the screen since the last `forget()`, page by page."""

    MODEL, HOME = "flex", "Quit app"  # a text on its home screen

    def __init__(self, elf: Path, *, mnemonic: str = MNEMONIC, log: Path | None = None) -> None:
        program = os.environ.get("ZKCORE_SPECULOS") or shutil.which("speculos")
        if program is None:
            raise RuntimeError("speculos is not on PATH: name it in ZKCORE_SPECULOS")
        self.apdu_port, self.api_port = free_port(), free_port()
        command = [
            program,
            "-m",
            self.MODEL,
            "--display",
            "headless",
            "--apdu-port",
            str(self.apdu_port),
            "--api-port",
            str(self.api_port),
        ]
        self._log = (log or Path(os.devnull)).open("wb")
        self._process = subprocess.Popen([*command, "-s", mnemonic, str(elf)], stdout=self._log, stderr=self._log)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.api_port}", timeout=10)
        self._wait_for(self.HOME, 60)

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def open_dongle(self) -> Any:
        from ledgerblue.commTCP import getDongle

        return getDongle("127.0.0.1", self.apdu_port)

    # ------------------------------------------------------------ the screen
    def events(self) -> list[dict[str, Any]]:
        for _ in range(5):  # the emulator's server drops a connection now and then
            try:
                events: list[dict[str, Any]]
                events = self._http.get("/events", params={"currentscreenonly": "true"}).json()["events"]
            except (httpx.RemoteProtocolError, httpx.ReadError):
                continue
            return events
        raise RuntimeError("speculos does not say what is on the screen")

    def screen(self) -> list[str]:
        return [event["text"] for event in self.events()]

    def finger(self, x: int, y: int, *, seconds: float = 0.1, to_x: int | None = None) -> None:
        body = {
            "action": "press-and-release",
            "x": x,
            "y": y,
            "delay": seconds,
            "x2": x if to_x is None else to_x,
            "y2": y,
        }
        self._http.post("/finger", json=body).raise_for_status()

    def tap(self, text: str, *, seconds: float = 0.1) -> None:
        event = next((event for event in self.events() if text in event["text"]), None)
        if event is None:  # the screen has changed meanwhile
            return
        self.finger(event["x"] + event["w"] // 2, event["y"] + event["h"] // 2, seconds=seconds)

    def swipe(self) -> None:
        self.finger(_WIDTH - 60, 300, to_x=60)

    def turn_on(self, setting: str) -> None:
        """From the home screen and back to it."""
        self.finger(_WIDTH - 50, 60)
        self._wait_for("Transaction Check", 30)
        for _ in range(SETTINGS[setting]):
            before = self.screen()
            self.swipe()
            self._settled(before)
        event = next(event for event in self.events() if event["text"] == setting)
        self.finger(_WIDTH - 60, event["y"] + event["h"] // 2)
        if setting == "Blind signing":
            time.sleep(0.5)
        self.finger(45, 50)  # back
        self._wait_for("Quit app", 30)

    @contextmanager
    def reviewing(self, *, approve: bool = True, skip: bool = False) -> Iterator[list[str]]:
        """Walk through the review that the calls inside bring up, to its end. Yields the lines that stood there.

        `skip`: by the short cut that long reviews have.
        """
        lines: list[str] = []
        done = threading.Event()

        def walk() -> None:
            last: list[str] = []
            while not done.is_set():
                screen = self.screen()
                if screen and screen != last and "Quit app" not in screen:
                    lines.extend(screen)
                    last = screen
                    self._press(screen, approve=approve, skip=skip)
                time.sleep(0.15)

        thread = threading.Thread(target=walk, daemon=True)
        thread.start()
        try:
            yield lines
        finally:
            done.set()
            thread.join(20)
            if self.screen() and "Quit app" not in self.screen():
                self._home()

    def _press(self, screen: list[str], *, approve: bool, skip: bool) -> None:
        text = " ".join(screen)
        if not approve and ("Reject" in screen or "Cancel" in screen):
            self.tap("Reject" if "Reject" in screen else "Cancel")
        elif not approve and "Yes, reject" in screen:
            self.tap("Yes, reject")
        elif "Continue anyway" in screen:
            self.tap("Continue anyway")
        elif "Hold to sign" in screen:
            self.tap("Hold to sign", seconds=2.5)
        elif skip and "Yes, skip" in screen:
            self.tap("Yes, skip")
        elif skip and "Skip" in screen:
            self.tap("Skip")
        elif "Confirm" in screen:
            self.tap("Confirm")
        elif " of " in text:
            self.swipe()

    def _home(self) -> None:
        """Tap away what is left on the screen."""
        until = time.monotonic() + 10
        while "Quit app" not in self.screen() and time.monotonic() < until:
            for text in ("Reject transaction", "Yes, reject", "Reject", "Back to safety"):
                before = self.screen()
                if any(text in line for line in before):
                    self.tap(text)
                    self._settled(before)  # where the button was, the home screen has "Quit app"
                    break
            time.sleep(0.4)

    def _settled(self, before: list[str]) -> None:
        until = time.monotonic() + 5
        while self.screen() == before and time.monotonic() < until:
            time.sleep(0.1)

    def _wait_for(self, text: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError("speculos ended")
            try:
                if any(text in line for line in self.screen()):
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise TimeoutError(f"{text!r} did not appear; the screen: {self.screen()}")
