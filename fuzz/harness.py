"""What the harnesses share: seeds made by code, libFuzzer's command line, and the one rule that holds for every parser.

The rule: bytes from outside are either refused with an error of zkcore's own, or give a value that writes the same
bytes again (or another property that the harness states). Anything else that is raised is a bug.
"""

import re
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


def json_tokens(*texts: bytes) -> set[bytes]:
    """The strings, numbers and punctuation of JSON seeds: what a mutation should put in, rather than single bytes."""
    return {token for text in texts for token in re.findall(rb'"[^"]{0,40}"|-?[0-9]{1,20}|true|null|[][{}:,]', text)}


def kept() -> list[bytes]:
    """What earlier runs of this harness found new, if that is kept: corpus/NAME.txt, an input a line, in hex."""
    path = Path(__file__).parent / "corpus" / f"{Path(sys.argv[0]).stem}.txt"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.is_file() else []


def fuzz(check: Callable[[bytes], object], seeds: Iterable[bytes], tokens: Iterable[bytes] = ()) -> None:
    """Run libFuzzer with the command line's options and corpus folders; seeds and tokens go to a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "tokens")
        corpus.mkdir()
        for number, seed in enumerate([*seeds, *kept()]):
            (corpus / f"seed{number:03}").write_bytes(seed)
            check(seed)  # a harness that fails on its own seeds would say nothing about the parser
        escaped = ["".join(f"\\x{byte:02x}" for byte in token) for token in sorted(tokens)]
        words.write_text("".join(f'"{token}"\n' for token in escaped))
        prefix = Path(tempfile.gettempdir(), "zkcore-fuzz-")  # reports outlive the folder
        options = [f"-artifact_prefix={prefix}", "-rss_limit_mb=4096", *([f"-dict={words}"] if escaped else [])]
        rerun = any(Path(argument).is_file() for argument in sys.argv[1:])  # named inputs are run once, without seeds
        atheris.Setup([sys.argv[0], *options, *sys.argv[1:], *([] if rerun else [str(corpus)])], check)
        atheris.Fuzz()  # ends the process
