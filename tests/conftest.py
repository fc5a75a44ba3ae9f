"""What the whole suite shares."""

import os
import signal

from hypothesis import settings

# Where the suite runs in the background of a shell, Ctrl-C is ignored, here and in every program that is started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# CI repeats itself: the same examples every time, and no deadline on a machine that others use too.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

pytest_plugins = [
    "zkcore.testing.pytest_plugin"
]  # the fixtures that users have too: devnet, make_devnet, shared_devnet
