"""JSON-RPC: what carries the calls to a node. httpx is imported with the first request."""

from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.several import AsyncFailover, AsyncQuorum, Failover, Quorum
from zkcore.rpc.transport import AsyncTransport, Limits, Request, Transport

# fmt: off
__all__ = [
    "AsyncFailover", "AsyncHttpTransport", "AsyncQuorum", "AsyncTransport", "Failover", "HttpTransport", "Limits",
    "Quorum", "Request", "Transport",
]
# fmt: on
