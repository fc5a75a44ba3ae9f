"""httpx with the secrets of a URL out of sight; imported on the first request."""

import httpx

__all__ = ["MaskedURL"]


class MaskedURL(httpx.URL):
    """A URL that works as it is and prints as it may be shown: httpx puts it into its log, and into errors."""

    def __init__(self, url: httpx.URL, shown: str) -> None:
        super().__init__(url)
        self._shown = shown

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"URL('{self._shown}')"
