"""Small files by their names: in a folder, in a tar archive, behind an https:// URL, or from a function."""

import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from zkcore.errors import InputError, InvalidDefinition

__all__ = ["Read", "reader"]

Read: TypeAlias = Callable[[str], bytes | None]  # of a file's name inside a source; None: it is not there

_LARGEST: Final = 1 << 16  # bytes that are read
_FETCH_SECONDS: Final = 20.0


def reader(source: Path | str | Read, what: str) -> tuple[str, Read | None]:
    """The name of a source, and what reads from it; None if it is a single file that is no archive.

    `what` it has, for errors. A file that cannot be fetched raises InvalidDefinition when it is read. Raises InputError.
    """
    if callable(source):
        return getattr(source, "__name__", "a function"), source
    if "://" in str(source):
        url = str(source).rstrip("/")
        if not url.startswith("https://"):
            raise InputError(f"{what}: expected a path or an https:// URL, got {source!r}")
        return url, lambda inner: _fetched(f"{url}/{inner}")
    path = Path(source)
    if path.is_dir():
        return str(path), lambda inner: _head(path / inner) if (path / inner).is_file() else None
    if not path.is_file():
        raise InputError(f"{what}: there is no {path}")
    return str(path), (lambda inner: _unpacked(path, inner)) if tarfile.is_tarfile(path) else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)


def _unpacked(path: Path, inner: str) -> bytes | None:
    with tarfile.open(path) as archive:
        for name in (inner, f"./{inner}"):
            with suppress(KeyError):
                file = archive.extractfile(name)
                return None if file is None else file.read(_LARGEST)
    return None


def _fetched(url: str) -> bytes | None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=_FETCH_SECONDS) as reply:  # noqa: S310 - https only, see `reader`
            return bytes(reply.read(_LARGEST))
    except OSError as error:
        if isinstance(error, HTTPError) and error.code == 404:
            return None
        raise InvalidDefinition(
            f"{url} cannot be fetched ({error}): without definitions= a Trezor signs too"
        ) from error
