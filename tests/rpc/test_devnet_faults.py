"""The devnet's faults, over real HTTP and real chains, against both transports: what is raised, what is retried."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from tests.rpc.node import QUICK
from zkcore.errors import HttpStatusError, MalformedReply, NodeTimeout, NodeUnreachable, RateLimited, Reverted, RpcError
from zkcore.rpc import Request
from zkcore.testing.devnet import (
    BatchRefused,
    Body,
    Devnet,
    Drop,
    DuplicateId,
    Failure,
    Fault,
    HalfJson,
    Latency,
    MissingMember,
    Shuffle,
    Status,
    Timeout,
    WrongId,
)

PATIENT = replace(QUICK, timeout=20.0)  # a busy machine is no fault
CALLS = (Request("eth_chainId"), Request("eth_blockNumber"), Request("eth_gasPrice"))
GOOD = [Raw] * 3

# the fault, of which method, how often, what the three calls give, and the HTTP requests it takes
MATRIX: dict[str, tuple[Fault, str, int | None, list[type], int]] = {
    "latency": (Latency(0.02), "*", None, GOOD, 1),
    "timeout": (Timeout(), "*", None, [NodeTimeout] * 3, 5),
    "timeout once": (Timeout(), "*", 1, GOOD, 2),
    "drop": (Drop(), "*", None, [NodeUnreachable] * 3, 5),
    "drop once": (Drop(), "*", 1, GOOD, 2),
    "drop afterwards": (Drop(after=True), "*", 1, GOOD, 2),
    "429": (Status(429), "*", None, [RateLimited] * 3, 3),
    "429 once": (Status(429, retry_after=0), "*", 1, GOOD, 2),
    "429 for a minute": (Status(429, retry_after=60), "*", None, [RateLimited] * 3, 1),
    "502": (Status(502), "*", 1, GOOD, 2),
    "503": (Status(503), "*", None, [HttpStatusError] * 3, 5),
    "504": (Status(504), "*", 2, GOOD, 5),
    "500 in words": (Status(500), "*", None, [HttpStatusError] * 3, 4),  # perhaps of the batch: each alone, too
    "403": (Status(403), "*", None, [HttpStatusError] * 3, 1),
    "a page": (Body(), "*", None, [MalformedReply] * 3, 1),
    "half": (HalfJson(), "*", None, [MalformedReply] * 3, 1),
    "half, and closed": (HalfJson(short=True), "*", 1, GOOD, 2),
    "wrong id": (WrongId(), "eth_blockNumber", None, [Raw, MalformedReply, Raw], 1),
    "null id": (WrongId(null=True), "eth_blockNumber", None, [Raw, MalformedReply, Raw], 1),
    "duplicate id": (DuplicateId(), "eth_gasPrice", None, [Raw, Raw, MalformedReply], 1),
    "missing": (MissingMember(), "eth_chainId", None, [MalformedReply, Raw, Raw], 1),
    "shuffled": (Shuffle(), "*", None, GOOD, 1),
    "no batches": (BatchRefused(), "*", None, GOOD, 4),
    "no batches, with 400": (BatchRefused(status=400), "*", None, GOOD, 4),
    "batches of two": (BatchRefused(2, message="batch limit 2 exceeded"), "*", None, GOOD, 3),
    "an error": (Failure(-32000, "header not found"), "eth_chainId", None, [RpcError, Raw, Raw], 1),
    "a revert": (Failure(3, "execution reverted", "0x"), "eth_chainId", None, [Reverted, Raw, Raw], 1),
    "rate limit of a call": (Failure(-32005, "rate limit"), "eth_chainId", 1, GOOD, 2),
}


@pytest.fixture
def net(shared_devnet: Devnet) -> Iterator[Devnet]:
    yield shared_devnet
    shared_devnet.faults.clear()


@pytest.mark.parametrize("at", ["l1", "l2"])
@pytest.mark.parametrize("name", MATRIX)
def test_a_fault(net: Devnet, ask: Any, name: str, at: Any) -> None:
    fault, method, times, expected, count = MATRIX[name]
    net.faults.requests(at).clear()
    net.faults.add(fault, node=at, method=method, times=times)
    (replies,) = ask(
        net.l1_url if at == "l1" else net.l2_url, [CALLS], limits=QUICK if isinstance(fault, Timeout) else PATIENT
    )
    assert [type(reply) for reply in replies] == expected
    assert len(net.faults.requests(at)) == count
