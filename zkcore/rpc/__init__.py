"""JSON-RPC: nodes to talk to, and what carries the calls. httpx is imported with the first request."""

from zkcore.rpc.client import AsyncClient, Client
from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.transport import AsyncTransport, Limits, Request, Transport

# fmt: off
__all__ = [
    "AsyncClient", "AsyncHttpTransport", "AsyncTransport", "Client", "HttpTransport", "Limits", "Request", "Transport",
]
# fmt: on
