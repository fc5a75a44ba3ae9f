"""A piece of work in a process of its own."""

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

FORK = multiprocessing.get_context("fork")


def forked(work: Callable[[], Any], *, seconds: float, late: Any) -> Any:
    """What `work` gives back there; `late` where it takes longer, or dies. Whatever it started dies with it."""
    ours, theirs = FORK.Pipe(duplex=False)

    def child() -> None:
        os.setsid()
        ours.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            theirs.send((work(), None))
        except Exception:  # noqa: BLE001  (told where it is waited for)
            theirs.send((None, traceback.format_exc()))

    process = FORK.Process(target=child)
    process.start()
    theirs.close()
    try:
        found, error = ours.recv() if ours.poll(seconds) else (late, None)
    except EOFError:
        return late
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        ours.close()
    if error:
        raise RuntimeError(error)
    return found
