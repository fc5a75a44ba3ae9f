"""House rules that no linter here knows, over everything that ships."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import signers
import zkcore
from tests.repo.money_path import ROOT, room, shipped

RIM = {
    "zkcore/rpc",
    "zkcore/wallet",
    "zkcore/testing",
    "zkcore/cli",
}  # rooms where a foreign exception may be met whole
DEVICE_RIM = {"signers/ledger/connection.py", "signers/trezor/connection.py", "signers/trezor/transport.py"}


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", [path for path in shipped() if room(path) != "zkcore/testing"], ids=str)
def test_no_assert_and_no_catch_all(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        assert not isinstance(node, ast.Assert), f"{path}:{node.lineno}: python -O drops it; raise an error of the tree"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            rethrown = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            broad = caught in {"everything", "Exception", "BaseException"}
            assert not broad or rethrown or room(path) in RIM or str(path) in DEVICE_RIM, (
                f"{path}:{node.lineno}: catches {caught}"
            )


def offered() -> Iterator[tuple[str, object]]:
    """Every public name of every module that ships, with what it is."""
    for package in (zkcore, signers):
        names = [
            package.__name__,
            *(found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")),
        ]
        for name in names:
            inside_devnet = name.startswith("zkcore.testing.devnet.")  # its parts are not offered, Devnet is
            if not inside_devnet and not any(part.startswith("_") for part in name.split(".")):
                module = importlib.import_module(name)
                yield name, module
                for public in getattr(module, "__all__", ()):
                    yield f"{name}.{public}", getattr(module, public)


def test_every_public_name_is_documented() -> None:
    silent = []
    for name, thing in offered():
        if inspect.ismodule(thing) or inspect.isfunction(thing):
            if not inspect.getdoc(thing):
                silent.append(name)
        elif inspect.isclass(thing) and thing.__module__.partition(".")[0] in {"zkcore", "signers"}:
            if not thing.__doc__:
                silent.append(name)
            for attribute, member in vars(thing).items():
                function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
                documents_itself = inspect.isfunction(function) or isinstance(function, property)
                if documents_itself and not attribute.startswith("_") and not inspect.getdoc(getattr(thing, attribute)):
                    silent.append(f"{name}.{attribute}")
    assert not sorted(set(silent))
