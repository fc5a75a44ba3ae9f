"""A node's URL, with its secrets kept out of sight."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from zkcore.errors import InputError

__all__ = ["Endpoint"]

# Path segments and query names that tell nothing. Whatever else stands in a path may be a key.
_WORDS = "l1|l2|eth|ethereum|zksync|zksync-era|era|mainnet|sepolia|testnet|rpc|jsonrpc|json-rpc|api|http|web3"
_PLAIN = re.compile(rf"|v\d|{_WORDS}", re.IGNORECASE)
_HIDDEN = "***"


class Endpoint:
    """An http(s) URL. `str()` hides user, password, keys in the path, and what the query says; `url` does not."""

    __slots__ = ("_secrets", "_shown", "url")

    def __init__(self, url: str, *, secrets: tuple[str, ...] = ()) -> None:
        """Raises InputError for anything but an absolute http or https URL. `secrets` are hidden by `mask` as well."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            _ = host.encode("idna")  # as httpx and the resolver will have it
        except (ValueError, TypeError, AttributeError):  # of which no more is said: it may hold a key
            raise InputError("url: expected an http(s) URL, got something that cannot be parsed as one") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise InputError(f"url: expected http:// or https:// and a host, got the scheme {parts.scheme!r}")
        if re.search(r"[\s\\]", url):
            raise InputError("url: expected no blanks or backslashes in it")
        segments = parts.path.split("/")
        query = parse_qsl(parts.query, keep_blank_values=True)
        labels = [_HIDDEN if re.fullmatch(r"(?=.*\d)[\w-]{20,}", label) else label for label in host.split(".")]
        hidden = [segment for segment in segments if not _PLAIN.fullmatch(segment)]
        hidden += [value for _, value in query] + [parts.username or "", parts.password or ""]
        hidden += [label for label in host.split(".") if label not in labels]
        self.url = url
        secret = {text for text in (*hidden, *map(unquote, hidden), *secrets) if len(text) > 3}
        self._secrets = sorted(secret, key=len, reverse=True)
        path = "/".join(segment if _PLAIN.fullmatch(segment) else _HIDDEN for segment in segments)
        at = f"[{host}]" if ":" in host else ".".join(labels)
        self._shown = f"{parts.scheme}://{at}{f':{port}' if port else ''}{path}{'?' + _HIDDEN if parts.query else ''}"

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"Endpoint('{self}')"

    def mask(self, text: str) -> str:
        """The text without this URL's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text
