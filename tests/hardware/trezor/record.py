"""`python -m tests.hardware.trezor.record PORT`: play every scene on a T1B1 emulator (wiped), write recorded.json."""

import json
import sys
from pathlib import Path

from tests.hardware.trezor.live import LiveRig
from tests.hardware.trezor.scenes import SCENES

RECORDED = Path(__file__).parent / "recorded.json"


def main(port: int) -> None:
    scenes: dict[str, list[str]] = {}
    for name, (scene, guarded) in SCENES.items():
        with LiveRig(port, guarded=guarded) as rig:
            recorder = rig.record()
            scene(rig)
        scenes[name] = [" ".join(line) for line in recorder.lines]
    firmware = "trezor-firmware legacy 1.14.2, emulator, debug link"
    RECORDED.write_text(json.dumps({"device": "T1B1", "firmware": firmware, "scenes": scenes}, indent=0) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
