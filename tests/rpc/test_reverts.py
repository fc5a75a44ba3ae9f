"""The shapes in which nodes say that a contract said no, and what only looks like it."""

from typing import Any

import pytest

from tests.rpc.node import Error, Node
from zkcore.errors import MethodNotFound, NodeError, RateLimited, Reverted, RpcError
from zkcore.rpc import Request

REASON = "0x08c379a0" + f"{32:064x}" + f"{12:064x}" + b"Not enough $".hex().ljust(64, "0")
PANIC = "0x4e487b71" + f"{0x12:064x}"
CUSTOM = "0x826fb11e"  # InsufficientChainBalance()
UNKNOWN = "0x5a80ad6f" + "00" * 32
TEXT = ("Error", ("Not enough $",))

SHAPES: dict[str, tuple[Any, tuple[str | None, tuple[Any, ...]]]] = {
    "geth": (Error(3, "execution reverted: Not enough $", REASON), TEXT),
    "geth, custom error": (Error(3, "execution reverted", CUSTOM), ("InsufficientChainBalance", ())),
    "geth, no reason": (Error(3, "execution reverted", "0x"), (None, ())),
    "geth, no data": (Error(-32000, "execution reverted"), (None, ())),
    "geth, data null": (Error(-32000, "execution reverted", None), (None, ())),
    "old geth, reason in the text": (Error(-32000, "execution reverted: Not enough $"), TEXT),
    "erigon": (Error(3, "execution reverted: Not enough $", REASON), TEXT),
    "reth": (Error(3, "execution reverted: revert: Not enough $", REASON), TEXT),
    "besu": (Error(-32000, "Execution reverted", REASON), TEXT),
    "nethermind": (Error(-32015, "VM execution error.", f"Reverted {REASON}"), TEXT),
    "nethermind, 2020, no reason": (Error(-32015, "VM execution error.", "revert"), (None, ())),
    "nethermind, 2020": (Error(-32015, "VM execution error.", "revert: Not enough $"), TEXT),
    "nethermind, 2026, no reason": (Error(3, "execution reverted: revert", "0x"), (None, ())),
    "a gateway's, data": (
        Error(
            -32603,
            "Internal JSON-RPC error.",
            {"code": 3, "message": "execution reverted: Not enough $", "data": REASON},
        ),
        TEXT,
    ),
    "a gateway's, words alone": (
        Error(
            -32603, "Internal error", {"originalError": {"code": -32000, "message": "execution reverted: Not enough $"}}
        ),
        TEXT,
    ),
    "nethermind, new": (Error(3, "execution reverted: Not enough $", REASON), TEXT),
    "anvil": (Error(3, "execution reverted: Not enough $", REASON), TEXT),
    "anvil, panic": (
        Error(3, "execution reverted: panic: division or modulo by zero (0x12)", PANIC),
        ("Panic", (0x12,)),
    ),
    "anvil, unknown error with raw bytes in the text": (
        Error(3, "execution reverted: custom error 0x5a80ad6f: \0\0\0", UNKNOWN),
        (None, ()),
    ),
    "hardhat": (
        Error(
            -32603,
            "Error: VM Exception while processing transaction: reverted with reason string 'Not enough $'",
            {"message": "Error: VM Exception while processing transaction", "data": REASON},
        ),
        TEXT,
    ),
    "hardhat, nothing but the text": (
        Error(-32603, "VM Exception while processing transaction: reverted with reason string 'Not enough $'"),
        TEXT,
    ),
    "ganache": (
        Error(
            -32000,
            "VM Exception while processing transaction: revert Not enough $",
            {"0x" + "11" * 32: {"error": "revert", "return": REASON, "reason": "Not enough $"}, "name": "RuntimeError"},
        ),
        TEXT,
    ),
    "nested data": (Error(-32603, "execution reverted", {"originalError": {"code": 3, "data": REASON}}), TEXT),
    "data in the text alone": (Error(-32000, f"execution reverted: {CUSTOM}"), ("InsufficientChainBalance", ())),
    "Era": (Error(3, "execution reverted: Not enough $", REASON), TEXT),
    "ZKsync OS": (Error(3, "execution reverted", CUSTOM), ("InsufficientChainBalance", ())),
    "code 3 with data and other words": (Error(3, "call failed", REASON), TEXT),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_revert(node: Node, ask: Any, name: str) -> None:
    node.results["eth_call"], expected = SHAPES[name]
    ((reply, other),) = ask(node.url, [[Request("eth_call", ({"to": "0x11"}, "latest")), Request("eth_chainId")]])
    assert type(reply) is Reverted
    assert (reply.name, reply.args) == expected
    assert reply.where == f"{node.url} eth_call to 0x11"
    assert bytes(memoryview(other)) == b'"0x5"'


def test_the_data_of_an_unknown_error_is_kept(node: Node, ask: Any) -> None:
    node.results["eth_call"] = Error(3, "execution reverted", UNKNOWN)
    ((reply,),) = ask(node.url, [[Request("eth_call", ({}, "latest"))]])
    assert reply.data == bytes.fromhex(UNKNOWN[2:])


NO_REVERTS: dict[str, tuple[Any, type[NodeError]]] = {
    "Era, code 3 without data": (Error(3, "nonce too high. allowed nonce range: 0 - 5, actual: 9", "0x"), RpcError),
    "Era, code 3, funds": (
        Error(3, "insufficient funds for gas + value. balance: 0, fee: 1, value: 1", "0x"),
        RpcError,
    ),
    "geth, funds": (Error(-32000, "insufficient funds for gas * price + value"), RpcError),
    "geth, out of gas": (Error(-32000, "out of gas"), RpcError),
    "anvil, out of gas": (Error(-32603, "EVM error ReentrancySentryOOG"), RpcError),
    "anvil, estimate": (Error(-32003, "Out of gas: gas required exceeds allowance: 21000"), RpcError),
    "header": (Error(-32000, "header not found"), RpcError),
    "internal": (Error(-32603, "Internal error"), RpcError),
    "data that is no hex": (Error(-32000, "failed", "reverted? who knows"), RpcError),
    "data that tells of a reorg": (Error(-32603, "failed", {"message": "the head was reverted"}), RpcError),
    "method": (Error(-32601, "Method not found"), MethodNotFound),
    "a proxy's method": (Error(-32000, "rpc method is not whitelisted"), MethodNotFound),
    "a method that was switched off": (Error(-32004, "This method is disabled"), MethodNotFound),
    "a method, after its name": (
        Error(-32600, "eth_simulateV1 is not available on the ETH_MAINNET network"),
        MethodNotFound,
    ),
    "a method that failed": (Error(-32000, "method eth_call failed: header not found"), RpcError),
    "a method that lacks a block": (Error(-32603, "method handler: block 0x5 not found"), RpcError),
    "a word with a line below": (Error(-32000, "block_hash not found"), RpcError),
    "alchemy's method": (Error(-32600, "Unsupported method: zks_L1ChainId on ETH_MAINNET"), MethodNotFound),
    "geth's method": (Error(-32000, "the method zks_L1ChainId does not exist/is not available"), MethodNotFound),
    "not supported there": (Error(-32004, "Method not supported: eth_simulateV1"), MethodNotFound),
    "alchemy's rate": (Error(429, "Your app has exceeded its compute units per second capacity"), RateLimited),
    "infura's rate": (Error(-32005, "daily request count exceeded, request rate limited"), RateLimited),
    "infura's rate, of late": (Error(-32005, "project ID request rate exceeded", {"rate": {}}), RateLimited),
    "too many request": (Error(15, "Too many request, try again later"), RateLimited),
    "a quota": (Error(-32050, "request quota exceeded"), RateLimited),
    "a day's": (Error(-32097, "Reached the daily API calls limit"), RateLimited),
    "a month's": (Error(-32001, "Monthly capacity limit exceeded"), RateLimited),
    "at once": (Error(-32000, "Your app has exceeded its concurrent requests capacity"), RateLimited),
    "a range that is too long": (Error(-32005, "query returned more than 10000 results"), RpcError),
    "another": (Error(35, "ranges over 10000 blocks are not supported on freetier"), RpcError),
    "quicknode's rate": (Error(-32007, "50/second request limit reached - reduce calls per second"), RateLimited),
}


@pytest.mark.parametrize("name", NO_REVERTS)
def test_no_revert(node: Node, ask: Any, name: str) -> None:
    node.results["eth_call"], kind = NO_REVERTS[name]
    ((reply,),) = ask(node.url, [[Request("eth_call", ({}, "latest"))]])
    assert type(reply) is kind
