"""What one use of zkcore reaches: the modules to read for it, and nothing else, each after those that it builds on.

A module is reached if one that is reached imports it, at its top or in a function; imports for annotations alone do not count. A
wallet offers every flow, so its imports of flows are no use of them: what a use runs is named here, and a test runs each under a
profiler and compares.
"""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zkcore.errors import InputError

__all__ = ["SIGNERS", "USES", "path_of", "reached"]

_ROOT = Path(__file__).resolve().parents[1]
_FLOWS: Final = "zkcore.flows."
_SENDING: Final = (
    "fate",
    "covering",
    "signed",
    "accounts",
    "naming",
)  # of every use: what the wallet itself runs, once something is sent, and to show what is signed
USES: Final = {
    "deposit": ("deposit", "status"),
    "execute": ("execute", "status"),
    "base-cost": ("execute",),
    "withdraw": ("withdraw", "finalize", "status"),
    "finalize": ("finalize", "payout", "status"),
    "claim": ("claim", "status"),
    "call": ("calling",),
    "deploy": ("calling",),
    "speed-up": ("replacement", "status"),
}
SIGNERS: Final = {
    "key": ("signers.private_key",),
    "keystore": ("signers.private_key", "signers.keystore"),
    "ledger": ("signers.ledger",),
    "trezor": ("signers.trezor",),
    "aws": ("signers.aws_kms",),
    "gcp": ("signers.gcp_kms",),
    "azure": ("signers.azure_key",),
    "remote": ("signers.remote",),
    "approval": ("signers.approval",),
    "account": ("signers.account",),
    "none": (),
}


# what the first offers and a use may leave alone: it is read where a use names it
_OFFERED: Final = (("zkcore.wallet.", "zkcore.flows"), ("signers.private_key", "signers.keystore"))


def reached(use: str, signer: str) -> list[str]:
    """The modules of a use with a signer, in the order to read them. Raises InputError."""
    for name, given, known in (("for", use, USES), ("signer", signer, SIGNERS)):
        if given not in known:
            raise InputError(f"--{name}: expected one of {', '.join(known)}, got {given!r}")
    flows = (*USES[use], *_SENDING)
    queue = ["zkcore.wallet.wallet", "zkcore.rpc.http", *SIGNERS[signer], *(_FLOWS + flow for flow in flows)]
    arrows: dict[str, set[str]] = {}
    while queue:
        module = queue.pop()
        if module not in arrows:
            arrows[module] = set(_imports(module))
            queue += arrows[module]
    return list(graphlib.TopologicalSorter(arrows).static_order())


def path_of(module: str) -> Path:
    """The file of a module that ships."""
    base = _ROOT.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _imports(module: str) -> Iterator[str]:
    tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
    for node in _without_annotations_only(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in {"zkcore", "signers"}:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                target = inner if path_of(inner).is_file() else node.module
                offered = any(module.startswith(of) and target.startswith(what) for of, what in _OFFERED)
                if not offered and target not in {module, "zkcore", "signers"} and not module.startswith(f"{target}."):
                    yield target


def _without_annotations_only(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from _without_annotations_only(child)
