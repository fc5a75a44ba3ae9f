"""`nox -s mutants [-- MODULE ...]`: does a test fail for each small fault that one could make in a module?

Each mutant is one change of one place of the source. It is run in a process of its own, which is given the changed module in
place of the file, with the tests that are named for it; a mutant that no test fails for has survived, and is printed.
What is no fault (an equal program) stands in `equal.txt`, each with the reason.
"""

import argparse
import importlib
import importlib.abc
import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.mutants.mutate import Mutant, mutants
from tests.mutants.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
EQUAL = Path(__file__).with_name("equal.txt")
SECONDS = 120  # a mutant that loops is killed
# What children use and no mutant changes: imported once, before they are forked.
SHARED = ("hypothesis.strategies", "pytest", "eth_abi", "eth_keys", "httpx", "msgspec", "xdist", "Crypto.Hash.keccak")


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed source for one module, whoever imports it."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self._name, self._source, self._path = name, source, path

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        return (
            importlib.util.spec_from_loader(fullname, self, origin=str(self._path)) if fullname == self._name else None
        )

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._path)
        exec(compile(self._source, str(self._path), "exec"), vars(module))


def name_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def survives(path: str, source: str, tests: Sequence[str]) -> bool:
    """Whether all the tests pass with this source in the place of the file's."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            import pytest
            from hypothesis import settings

            settings.register_profile("mutants", derandomize=True, database=None, deadline=None, max_examples=30)
            settings.load_profile("mutants")
            sys.meta_path.insert(0, Changed(name_of(path), source, ROOT / path))
            options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
            options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is loaded before pytest here
            status = int(pytest.main([*options, *tests]))
        finally:
            os._exit(status)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(code) == 0
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def known_equal() -> dict[str, str]:
    """Of each mutant that is no fault: its key, and why."""
    if not EQUAL.exists():
        return {}
    rows = (line.split(" # ", 1) for line in EQUAL.read_text(encoding="utf-8").splitlines() if line.strip())
    return {key.strip(): why for key, why in rows}


def run(path: str, workers: int, only: str) -> Iterator[tuple[Mutant, bool]]:
    tests = TARGETS[path]
    found = [one for one in mutants((ROOT / path).read_text(encoding="utf-8")) if only in one.text]
    with ThreadPoolExecutor(workers) as pool:
        yield from zip(found, pool.map(lambda one: survives(path, one.source, tests), found), strict=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="paths; all that have tests named for them, if none is given")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose description has this in it")
    given = parser.parse_args()
    for name in SHARED:
        importlib.import_module(name)
    equal, missed, killed = known_equal(), 0, 0
    for path in given.modules or TARGETS:
        if survives(path, (ROOT / path).read_text(encoding="utf-8"), TARGETS[path]) is False:
            print(f"{path}: its tests fail without any change")
            return 2
        alive = 0
        of = 0
        for mutant, survived in run(path, given.workers, given.only):
            key = f"{path}: {mutant.text}"
            if key in equal:
                continue
            of += 1
            if survived:
                alive += 1
                print(f"  survived  {path}:{mutant.line}  {mutant.text}", flush=True)
        missed, killed = missed + alive, killed + of - alive
        print(f"{path}: {of - alive} of {of} killed ({100 * (of - alive) / max(1, of):.1f} %)", flush=True)
    print(f"{killed} passed, {missed} failed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
