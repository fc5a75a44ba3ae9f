"""What must not be in the repository: places of one machine, package indexes, secrets, binaries."""

import re
import subprocess

import pytest

from tests.repo.money_path import ROOT

TEXT = {
    "a path of one machine": re.compile(rb"/(?:work|home|Users)/(?!\.\.\.)[A-Za-z0-9_.-]+/|/" + rb"root/"),
    "a package index": re.compile(
        rb"(?:files\.python" + rb"hosted|registry\.npm" + rb"js|(?:test\.)?pypi\." + rb"org|deb\." + rb"debian)"
    ),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a token": re.compile(rb"\b(?:ghp_|gho_|glpat-|npm_|xox[bp]-|AKIA)[A-Za-z0-9]{16}"),
    "an RPC key": re.compile(rb"(?:infura\.io/v3|alchemy\.com/v2)/(?!0123456789)[A-Za-z0-9_-]{20}"),
    "trailing space": re.compile(rb"[ \t]+$", re.MULTILINE),
}
LARGEST = 1_000_000


def tracked() -> list[str]:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in run.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="reads git's list of files: needs a clone")
def test_nothing_here_that_should_not_be() -> None:
    found = []
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" in data[:8000] and not (
            name.startswith("docs/images/") and data.startswith(b"\x89PNG")
        ):  # pictures of screens
            found.append(f"{name}: binary")
        if len(data) > LARGEST:
            found.append(f"{name}: {len(data):,} bytes")
        if not data and not name.endswith(("py.typed", "__init__.py")):
            found.append(f"{name}: empty")
        for what, pattern in TEXT.items():
            if match := pattern.search(data):
                line = data.count(b"\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {what}: {match.group()[:40]!r}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a path of one machine", b"see /ro" + b"ot/.cache"),
        ("a package index", b"https://pypi" + b".org/simple"),
        ("a private key", b"-----BEGIN EC PRIV" + b"ATE KEY-----"),
        ("trailing space", b"x" + b" \n"),
    ],
)
def test_the_check_can_fail(what: str, sample: bytes) -> None:
    assert TEXT[what].search(sample)
