from collections.abc import Iterator

import pytest

from tests.rpc.node import Node, ask_async, ask_sync, node


@pytest.fixture(name="node")
def _node() -> Iterator[Node]:
    with node() as server:
        yield server


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> object:
    return request.param
