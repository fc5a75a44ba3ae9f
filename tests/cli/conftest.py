"""One devnet for the program, and homes in which it is known as `--chain devnet`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.tool import Cli
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.__main__ import configuration


@pytest.fixture(scope="session")
def _net() -> Iterator[Devnet]:
    with Devnet("era-eth") as net:
        yield net


@pytest.fixture
def net(_net: Devnet) -> Iterator[Devnet]:
    """The devnet; what a test did is undone after it."""
    snapshot = _net.snapshot()
    for node in ("l1", "l2"):
        _net.faults.requests(node).clear()  # type: ignore[arg-type]
    yield _net
    _net.faults.clear()
    _net.revert(snapshot)


@pytest.fixture
def bare(tmp_path: Path) -> Cli:
    """The program in an empty home."""
    return Cli(tmp_path)


@pytest.fixture
def cli(tmp_path: Path, net: Devnet) -> Cli:
    """The program in a home whose configuration knows the devnet, and a key with ether."""
    made = Cli(tmp_path)
    key = tmp_path / "one.key"
    write_key(key, net.accounts[0].private_key)
    made.config.parent.mkdir(parents=True)
    made.config.write_text(configuration(net, key) + '[defaults]\nchain = "devnet"\n', encoding="utf-8")
    return made


def write_key(path: Path, key: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(key)
