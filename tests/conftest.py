"""What the whole suite shares."""

import os

from hypothesis import settings

# CI repeats itself: the same examples every time, and no deadline on a machine that others use too.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

pytest_plugins = [
    "zkcore.testing.pytest_plugin"
]  # the fixtures that users have too: devnet, make_devnet, shared_devnet
