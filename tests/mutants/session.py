"""What runs inside of pytest: the first run that notes lines, the mutants as forks of it, and chosen tests alone."""

import gc
import itertools
import os
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, ClassVar

import pytest

from tests.mutants.forks import forked
from tests.mutants.mutate import Mutant

SLACK = 10  # seconds: a mutant that loops is killed after this and three times what the test takes


def run_pytest(tests: Sequence[str], plugin: object) -> int:
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)  # a failure is enough: nobody reads the smallest one
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None, max_examples=30, phases=phases)
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=--import-mode=importlib",
        "-m",
        "not soak",
        "-k",
        "not postgres",
    ]
    # nobody reads what an assertion compared, nor wants other plugins than these two
    options += ["--assert=plain", "-p", "no:unraisableexception", "-p", "no:threadexception"]
    options += ["-p", "_hypothesis_pytestplugin", "--hypothesis-profile", "mutants"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return int(pytest.main([*options, *tests], plugins=[plugin]))


class Chosen:
    """A plugin: these tests alone, in this order, those of `KILLS` first."""

    KILLS: ClassVar[Counter[str]] = Counter()

    def __init__(self, names: Mapping[str, float]) -> None:
        """The names of the tests, each with its seconds."""
        self.names, self.failed = names, ""

    def killer(self) -> str:
        """Run them until one fails: its name."""
        signal.alarm(60)  # for what loops when it is imported
        files = list(dict.fromkeys(name.partition("::")[0] for name in self.names))
        return self.failed or "no test" if run_pytest(files, self) else ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = {name: (-self.KILLS[name], number) for number, name in enumerate(self.names)}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.alarm(alarm_after(self.names[item.nodeid]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid


class Warm:
    """A plugin that runs the mutants of one module in place of the tests; `left` is what must be run from a fresh start."""

    def __init__(self, path: Path, found: Sequence[Mutant], patience: float | None) -> None:
        """`patience`: seconds of tests for each mutant, where all that there are take too long; none is run again then."""
        self._path, self._found, self._patience = str(path), found, patience
        self._kills: Counter[str] = Counter()
        self.left: dict[int, Chosen] = {}
        self.alive: list[int] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        noted = forked(lambda: self._note(session.items), seconds=3600, late=None)
        if session.testsfailed or noted is None:
            raise pytest.UsageError("a test fails without any change")
        lines, seconds = noted
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        functions = [one for one in functions if one.__code__.co_filename == self._path]
        gc.freeze()  # so that forks share what is there
        for number, mutant in enumerate(self._found):
            names = set().union(*(lines.get(line, ()) for line in mutant.lines)) if mutant.in_function else set(seconds)
            chosen = sorted(names, key=lambda name: (-self._kills[name], seconds[name]))
            if self._patience is not None:
                spent = itertools.accumulate(seconds[name] for name in chosen)
                chosen = [name for name, sofar in zip(chosen, spent, strict=True) if sofar <= self._patience]
            if mutant.in_function and (killer := self._killer(session, functions, mutant.code, chosen, seconds)):
                self._kills[killer] += 1
            elif self._patience is not None and chosen and mutant.in_function:
                self.alive.append(number)
            else:
                # what is run at import may be run again by any test
                chosen = chosen or sorted(seconds, key=lambda name: seconds[name])
                self.left[number] = Chosen({name: seconds[name] for name in chosen})
        return True

    def _killer(
        self,
        session: pytest.Session,
        functions: Sequence[FunctionType],
        code: CodeType,
        names: Sequence[str],
        seconds: Mapping[str, float],
    ) -> str | None:
        items = {item.nodeid: item for item in session.items}

        def work() -> str | None:
            if not exchange(functions, code):
                return None
            chosen = [items[name] for name in names]
            pairs = itertools.zip_longest(chosen, chosen[1:])
            return next((one.nodeid for one, following in pairs if fails(one, seconds[one.nodeid], following)), None)

        return forked(work, seconds=3600, late="too long")  # type: ignore[no-any-return]

    def _note(self, items: Sequence[pytest.Item]) -> tuple[dict[int, set[str]], dict[str, float]] | None:
        """Of each line, the tests that run it; of each test, how long it takes. None if one fails."""
        lines: dict[int, set[str]] = defaultdict(set)
        seconds: dict[str, float] = {}
        for item, following in itertools.zip_longest(items, items[1:]):

            def note(frame: FrameType, event: str, arg: object, name: str = item.nodeid) -> Callable[..., Any] | None:
                if frame.f_code.co_filename != self._path:
                    return None
                lines[frame.f_lineno].add(name)
                return note

            began = time.monotonic()
            threading.settrace(note)
            sys.settrace(note)
            try:
                if fails(item, 600, following):
                    return None
            finally:
                sys.settrace(None)
                threading.settrace(None)  # type: ignore[arg-type]
            seconds[item.nodeid] = time.monotonic() - began
        return dict(lines), seconds


def alarm_after(seconds: float) -> int:
    return SLACK + int(3 * seconds)


def fails(item: pytest.Item, seconds: float, following: pytest.Item | None) -> bool:
    """Whether it does; a test that takes too long ends the process."""
    from _pytest.runner import runtestprotocol

    signal.alarm(alarm_after(seconds))
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes(constant)


def exchange(functions: Sequence[FunctionType], code: CodeType) -> bool:
    """Put the code of the changed module into its functions; False where two of them cannot be told apart."""
    named: dict[tuple[str, int], CodeType | None] = {}
    for one in codes(code):
        key = (one.co_qualname, one.co_firstlineno)
        named[key] = None if key in named else one
    for function in functions:
        changed = named.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if changed is None or changed.co_freevars != function.__code__.co_freevars:
            return False
        function.__code__ = changed
    return True
