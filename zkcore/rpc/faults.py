"""What a JSON-RPC error means: a contract said no, the node wants fewer calls, lacks the method, or has failed.

The shapes differ between nodes. geth, erigon, reth, anvil, ZKsync OS: code 3, "execution reverted[: why]", data in hex.
Nethermind: -32015 "VM execution error.", data "Reverted 0x...", "revert" or "revert: why" (its issue 2098), or as geth. Besu:
-32000 "Execution reverted". Hardhat, Ganache: "VM Exception while processing transaction: ... revert ...", data in an object.
Gateways: -32603 "Internal JSON-RPC error.", and as data the error that they were given. Era: as geth, but there code 3
also stands for whatever is wrong with a transaction, with empty data, so that the code alone says nothing
(zksync-era core/node/api_server/src/web3/backend_jsonrpsee/mod.rs).
"""

import re
from collections.abc import Iterator
from typing import Any, cast

from zkcore.errors import MethodNotFound, NodeError, RateLimited, Reverted, RpcError
from zkcore.protocol.reverts import decode_revert

__all__ = ["error_of", "is_rate_limit", "parts_of"]

_REVERTED = re.compile(
    r"(?i)execution reverted|transaction reverted|VM Exception while processing.*revert|^reverted(?=:| |$)|^revert(?=:|$)"
)
_REASON = re.compile(
    r"(?is)\brevert(?:ed)?\b(?: with reason string|: revert)?:?\s+['\"]?(?!0x|custom error|revert(?:ed)?$)(\S.*?)['\"]?\s*$"
)
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_HEX_IN_TEXT = re.compile(r"0x((?:[0-9a-fA-F]{2}){4,})\b")
_SPENT = r"\b(?:capacity|quota|credits?|daily|monthly|concurrent)\b"  # of a plan at a provider
_OVER = r"\b(?:limit|exceeded|exceeds|exhausted|reached)\b"
_RATE = re.compile(
    r"(?i)rate.?limit|request rate|too many requests?\b|throughput|compute units|request limit|requests? per |/ ?second|slow down"
    rf"|{_SPENT}.*{_OVER}|{_OVER}.*{_SPENT}"
)
# right behind the method's name: "method x failed: block not found" is of a method that there is, and may have sent something
_NO_METHOD = re.compile(
    r"(?i)unsupported method|\b(?:method\b:?|(?:eth|zks|net)_\w+)\W+(?:\w+\W+)?(?:(?:is|has|been|currently|does)\W+)*"
    r"(?:not (?:exist|found|supported|available|implemented|enabled|(?:white|allow).?listed)|disabled|blocked)"
)


def parts_of(error: object) -> tuple[int | None, str, object]:
    """Code, message and data of an error, which should be an object, but is a bare text at times."""
    if not isinstance(error, dict):
        return None, _text(error), None
    fields = cast("dict[str, Any]", error)
    code, message = fields.get("code"), fields.get("message")
    return code if type(code) is int else None, _text(message), fields.get("data")


def _text(message: object) -> str:
    """A message fit to be printed: not endless, and without what moves a terminal's cursor."""
    text = message[:10_000] if isinstance(message, str) else repr(message)[:10_000]
    return text if text.isprintable() else repr(text)[1:-1]


def error_of(error: object, where: str) -> NodeError | Reverted:
    """The exception for the `error` of a JSON-RPC reply; `where` says what was asked."""
    code, message, data = parts_of(error)
    payload = _payload(data)
    said = next((text for text in (message, *_messages(data)) if _REVERTED.search(text)), None)
    if said is not None or (code == 3 and payload):
        return _reverted(said or message, payload, where)
    if is_rate_limit(code, message):
        return RateLimited(f"{where}: {message} (code {code})")
    if code == -32601 or _NO_METHOD.search(message):
        return MethodNotFound(where=where, code=code, message=message, data=data)
    return RpcError(where=where, code=code, message=message, data=data)


def is_rate_limit(code: int | None, message: str) -> bool:
    """Whether the node only wants to be asked later. (-32005 also stands for other limits.)"""
    return code == 429 or _RATE.search(message) is not None


def _reverted(message: str, payload: bytes | None, where: str) -> Reverted:
    if not payload:
        if reason := _REASON.search(message):
            return Reverted("Error", (reason[1],), where=where)
        in_text = _HEX_IN_TEXT.findall(message)
        payload = bytes.fromhex(in_text[-1]) if in_text else b""
    return decode_revert(payload, where=where)


def _messages(data: object) -> Iterator[str]:
    """What the data of an error says in words, also that of an error within it."""
    if isinstance(data, str):
        yield _text(data)
    elif isinstance(data, dict):
        for name, value in cast("dict[str, Any]", data).items():
            if isinstance(value, dict) or name == "message":
                yield from _messages(cast("object", value))


def _payload(data: object) -> bytes | None:
    """The revert data: hex, perhaps after a word, or somewhere in an object; None if there is none."""
    if isinstance(data, str):
        text = data.removeprefix("Reverted ")
        return bytes.fromhex(text[2:]) if _HEX.fullmatch(text) else None
    if not isinstance(data, dict):
        return None
    payloads = [
        _payload(value)
        for name, value in cast("dict[str, Any]", data).items()
        if name in {"data", "result", "return", "output"} or not isinstance(value, str)
    ]
    return max([payload for payload in payloads if payload is not None], key=len, default=None)
