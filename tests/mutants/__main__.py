"""`nox -s mutants [-- MODULE ...]`: does a test fail for each small fault that one could make in a module?

Each mutant is one change of one place of the source. The tests that are named for a module are collected once, and a first
run notes which of them run which of its lines, and how long they take. Each mutant is then a fork of that process, in which
the changed function takes the place of the real one and the tests that run its line are run until one fails. What survives
that, and what runs when the module is imported (constants, defaults, fields), is run again in a process that has imported
nothing of ours yet, and gets the changed module in place of the file. A mutant that no test fails for is printed.
What is no fault (an equal program) stands in `equal.txt`, each with the reason.
"""

import argparse
import importlib
import importlib.abc
import importlib.util
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.mutants.forks import forked
from tests.mutants.mutate import Mutant, mutants
from tests.mutants.session import Chosen, Warm, run_pytest
from tests.mutants.targets import SAMPLES, TARGETS

ROOT = Path(__file__).resolve().parents[2]
EQUAL = Path(__file__).with_name("equal.txt")
SEED = 27  # of the samples
PATIENCE = 40.0  # seconds of tests for each mutant of a sample
# What children use and no mutant changes: imported once, before they are forked.
SHARED = (
    "hypothesis.strategies", "hypothesis.internal.conjecture.engine", "_hypothesis_pytestplugin", "pytest", "asyncio", "sqlite3",
    "eth_abi", "faster_eth_abi", "eth_keys", "coincurve", "httpx", "msgspec", "Crypto.Hash.keccak", "http.server", "rich.console",
)  # fmt: skip


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module, whoever imports it."""

    def __init__(self, name: str, code: CodeType, path: Path) -> None:
        self._name, self._code, self._path = name, code, path

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        return (
            importlib.util.spec_from_loader(fullname, self, origin=str(self._path)) if fullname == self._name else None
        )

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._path)
        exec(self._code, vars(module))


def name_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def fails_when_imported(path: str, mutant: Mutant, chosen: Chosen) -> bool:
    """Whether a test fails where the changed module was imported in the place of the file's."""

    def work() -> str:
        sys.meta_path.insert(0, Changed(name_of(path), mutant.code, ROOT / path))
        return chosen.killer()

    killer = forked(work, seconds=3600, late="too long")
    Chosen.KILLS[killer] += 1
    return killer != ""


def known_equal() -> dict[str, str]:
    """Of each mutant that is no fault: its key, and why."""
    if not EQUAL.exists():
        return {}
    rows = (line.split(" # ", 1) for line in EQUAL.read_text(encoding="utf-8").splitlines() if line.strip())
    return {key.strip(): why for key, why in rows}


def survivors(path: str, found: Sequence[Mutant]) -> list[Mutant] | None:
    """The mutants that no test fails for; None if one fails without any change."""
    tests = TARGETS[path]
    warm = Warm(ROOT / path, found, PATIENCE if path in SAMPLES else None)
    done = forked(lambda: run_pytest(tests, warm) or (warm.alive, warm.left), seconds=4 * 3600, late=None)
    if not isinstance(done, tuple):
        return None
    numbers, left = done
    alive = [found[number] for number in numbers]
    for mutant in alive:
        tell(path, mutant)
    for number, chosen in left.items():
        if not fails_when_imported(path, found[number], chosen):
            alive.append(found[number])
            tell(path, found[number])
    return alive


def tell(path: str, mutant: Mutant) -> None:
    print(f"  survived  {path}:{mutant.line}  {mutant.text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="paths; all that have tests named for them, if none is given")
    parser.add_argument("--only", default="", help="mutants whose description has this in it")
    parser.add_argument(
        "--sample", type=int, help="so many of each module at most; 0: all, of those too that take hours"
    )
    given = parser.parse_args()
    for name in SHARED:
        importlib.import_module(name)
    equal, missed, killed = known_equal(), 0, 0
    for path in given.modules or TARGETS:
        began = time.monotonic()
        source = (ROOT / path).read_text(encoding="utf-8")
        found = [one for one in mutants(source, str(ROOT / path)) if given.only in one.text]
        found = [one for one in found if f"{path}: {one.text}" not in equal]
        of = len(found)
        most = SAMPLES.get(path, of) if given.sample is None else given.sample or of
        if of > most:
            found = sorted(random.Random(SEED).sample(found, most), key=lambda one: one.line)
        alive = survivors(path, found)
        if alive is None:
            print(f"{path}: its tests fail without any change")
            return 2
        missed, killed = missed + len(alive), killed + len(found) - len(alive)
        score = 100 * (len(found) - len(alive)) / max(1, len(found))
        sample = f" (a sample of {of})" if len(found) < of else ""
        each = (time.monotonic() - began) / max(1, len(found))
        print(
            f"{path}: {len(found) - len(alive)} of {len(found)}{sample} killed ({score:.1f} %), {each:.2f} s each",
            flush=True,
        )
    print(f"{killed} passed, {missed} failed")
    return int(missed > 0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as elsewhere:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # children end as their parents do
        tempfile.tempdir = elsewhere  # what killed children leave behind
        sys.dont_write_bytecode, sys.pycache_prefix = False, elsewhere  # what is unchanged is compiled once
        sys.exit(main())
