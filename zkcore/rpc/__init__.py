"""JSON-RPC: the transports to nodes. httpx is imported with the first request."""
