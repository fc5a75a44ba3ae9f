"""`python -m tests.hardware.trezor.record PORT [SCENE...]`: play scenes on an emulator (wiped), write recorded/MODEL.json."""

import json
import sys
import traceback
from pathlib import Path

from tests.hardware.trezor.core_scenes import CORE_SCENES
from tests.hardware.trezor.live import LiveRig
from tests.hardware.trezor.scenes import SCENES
from zkcore.errors import SignerError

RECORDED = Path(__file__).parent / "recorded"


def main(port: int, *only: str) -> None:
    with LiveRig(port) as rig, rig.connect() as signer:
        model = rig.model
        version = signer._connection._client.version  # type: ignore[union-attr]
    firmware = f"trezor-firmware {'.'.join(map(str, version))}, emulator, debug link"
    path, all_scenes = RECORDED / f"{model}.json", SCENES if model == "T1B1" else CORE_SCENES
    scenes = json.loads(path.read_text())["scenes"] if only and path.exists() else {}
    for name in only or all_scenes:
        scene, guarded = all_scenes[name]
        with LiveRig(port, guarded=guarded) as rig:
            recorder = rig.record()
            try:
                scene(rig)
            except (AssertionError, SignerError):
                traceback.print_exc()
                continue
        scenes[name] = [" ".join(line) for line in recorder.lines]
        print(name, len(scenes[name]), flush=True)
        path.write_text(json.dumps({"device": model, "firmware": firmware, "scenes": scenes}, indent=0) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
