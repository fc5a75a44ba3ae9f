"""An L1 node that cannot be relied on: it loses answers, says what means nothing, and does not show what it has."""

from typing import Any

from msgspec import Raw

from zkcore.errors import HttpStatusError, NodeTimeout
from zkcore.rpc.faults import error_of
from zkcore.rpc.http import HttpTransport
from zkcore.testing.devnet import Devnet


class Unsure:
    """L1 by a node that loses the answer to the first send, `out` or not, and then says one thing; `blind`: it shows nothing."""

    def __init__(self, net: Devnet, said: Any, *, out: bool = True, blind: int = 0) -> None:
        self.inner, self.said, self.out, self.blind, self.sends = HttpTransport(net.l1_url), said, out, blind, 0

    def ask(self, requests: Any, **more: Any) -> Any:
        replies = list(self.inner.ask(requests, **more))
        shows = {"eth_getTransactionByHash", "eth_getTransactionReceipt"}
        if self.blind and shows & {request.method for request in requests}:
            self.blind -= 1
            replies = [Raw(b"null") if r.method in shows else reply for r, reply in zip(requests, replies, strict=True)]
        return replies

    def send_raw(self, raw: bytes, **more: Any) -> Any:
        self.sends += 1
        if self.sends == 1 and self.out:
            self.inner.send_raw(raw)
        if self.said is None:
            return self.inner.send_raw(raw, **more)
        if self.sends == 1:
            return NodeTimeout("l1 eth_sendRawTransaction: no answer")
        code, message = self.said if isinstance(self.said, tuple) else (0, "")
        return error_of({"code": code, "message": message}, "l1") if message else self.said

    def close(self) -> None:
        self.inner.close()


# what may be said to a send whatever became of the one before it
VAGUE: dict[str, Any] = {
    "nothing": NodeTimeout("no answer"),
    "HTTP 502": HttpStatusError("HTTP 502", status=502),
    "timed out": (-32000, "request timed out"),
    "internal": (-32603, "Internal error"),
    "null": Raw(b"null"),
    "another hash": Raw(b'"0x' + b"5a" * 32 + b'"'),
    "reverted": (3, "execution reverted"),
    "reverted in words": (-32000, "VM Exception while processing transaction: reverted"),
    "nonce too low": (-32000, "nonce too low: next nonce 1, tx nonce 0"),
    "replacement": (-32000, "replacement transaction underpriced"),
    "pool is full": (-32000, "txpool is full"),
    "insufficient, of the second copy": (-32000, "insufficient funds for gas * price + value"),
}
