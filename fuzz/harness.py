"""What the harnesses share: seeds made by code, libFuzzer's command line, and the one rule that holds for every parser.

The rule: bytes from outside are either refused with an error of zkcore's own, or give a value that writes the same
bytes again (or another property that the harness states). Anything else that is raised is a bug.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the working tree, also where it is not installed


class Broken(Exception):
    """A property that does not hold."""


def require(holds: bool, otherwise: object) -> None:
    if not holds:
        raise Broken(otherwise)


def fuzz(check: Callable[[bytes], object], seeds: Iterable[bytes]) -> None:
    """Run libFuzzer with the command line's options and corpus folders; the seeds go to a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / f"seed{number:03}").write_bytes(seed)
            check(seed)  # a harness that fails on its own seeds would say nothing about the parser
        # reports go where the run does, unless the caller says otherwise
        options = ["-artifact_prefix=" + str(Path(tempfile.gettempdir()) / "zkcore-fuzz-"), "-rss_limit_mb=4096"]
        rerun = any(Path(argument).is_file() for argument in sys.argv[1:])  # named inputs are run once, without seeds
        atheris.Setup([sys.argv[0], *options, *sys.argv[1:], *([] if rerun else [folder])], check)
        atheris.Fuzz()  # ends the process
