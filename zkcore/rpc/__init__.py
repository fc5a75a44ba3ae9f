"""JSON-RPC: what carries the calls to a node. httpx is imported with the first request."""

from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.transport import AsyncTransport, Limits, Request, Transport

__all__ = ["AsyncHttpTransport", "AsyncTransport", "HttpTransport", "Limits", "Request", "Transport"]
