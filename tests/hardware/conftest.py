"""What all tests of devices need."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def ctrl_c_arrives() -> Iterator[None]:
    """Python ignores Ctrl-C, `_thread.interrupt_main` too, where the shell that started it in the background does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
