"""HTTP bodies of nodes: whatever comes, each call gets one reply, a value or an error of zkcore's own, and asking ends."""

import json
from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, json_tokens, require
    from msgspec import Raw

    from zkcore.errors import ZkCoreError
    from zkcore.rpc.core import Core, Http, Pause
    from zkcore.rpc.endpoint import Endpoint
    from zkcore.rpc.transport import Limits, Request

STATUSES = (200, 200, 200, 400, 413, 429, 500, 503)
CALLS = [Request("eth_call", ({"to": f"0x{i:040x}"}, "latest")) for i in range(3)]
LIMITS = Limits(attempts=2, depth=16)


def check(data: bytes) -> None:
    if not data:
        return
    answer = Http(STATUSES[data[0] % len(STATUSES)], {}, data[1:])
    exchange = Core(Endpoint("http://node"), LIMITS).ask(CALLS)
    sent: Any = None
    for _ in range(20):
        try:
            effect = exchange.send(sent)
        except StopIteration as end:
            replies: list[Any] = end.value
            break
        sent = True if isinstance(effect, Pause) else [answer] * len(effect.bodies)
    else:
        require(False, "the asking does not end")
    require(len(replies) == len(CALLS), replies)
    for reply in replies:
        require(isinstance(reply, Raw | ZkCoreError), reply)
        _ = str(reply)


ERRORS: list[Any] = [
    {"code": 3, "message": "execution reverted: no", "data": "0x08c379a0"},
    {"code": -32015, "message": "VM execution error.", "data": "Reverted 0x"},
    {"code": -32000, "message": "batch limit 2 exceeded", "data": {"data": "0x"}},
    {"code": -32003, "message": "response too large"},
    {"code": 429, "message": "rate limit"},
    "text",
]
BODIES: list[Any] = [
    [{"jsonrpc": "2.0", "id": i, "result": "0x1"} for i in (3, 2, 1)],
    *[[{"id": 1, "error": error}, {"id": 2, "result": None}, {"id": 3, "result": {}}] for error in ERRORS],
    *[{"id": None, "error": error} for error in ERRORS],
    [{"id": 1, "error": ERRORS[2]}],
]
SEEDS = [bytes([status]) + json.dumps(body).encode() for body in BODIES for status in (0, 3)]

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))
