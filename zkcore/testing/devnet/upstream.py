"""JSON-RPC to anvil, one call at a time over one kept connection; the callers hold the network's lock."""

import contextlib
import http.client
from typing import Any

import msgspec

__all__ = ["RpcError", "Upstream"]


class RpcError(Exception):
    """A JSON-RPC error, from anvil or to a client."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.data = code, message, data


class Upstream:
    """A connection to an anvil on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, method: str, *params: Any) -> Any:
        """Call a method; its result. Raises RpcError."""
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        reply = msgspec.json.decode(self._connection.getresponse().read())
        if "error" in reply:
            error = reply["error"]
            raise RpcError(error["code"], error["message"], error.get("data"))
        return reply.get("result")

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._connection.close()
