"""Differential tests: what we compute against libraries that do the same by other means.

`nox -s oracles` runs them all, in an environment of its own (eth-account needs other versions of what zkcore uses)
with ZKCORE_ORACLES set: there a missing oracle is an error. Elsewhere those whose oracle is not installed are left out.
"""

import os
from importlib.util import find_spec

_ORACLES = {"test_rlp.py": "rlp", "test_eth_account.py": "eth_account", "test_typed_data_edges.py": "eth_account"}

collect_ignore = [
    file for file, oracle in _ORACLES.items() if "ZKCORE_ORACLES" not in os.environ and find_spec(oracle) is None
]
if "ZKCORE_ORACLES" not in os.environ:
    collect_ignore.append("test_clients.py")  # its oracles come from npm
