"""`python -m zkcore.audit`: what is installed, for those who read it before they trust it. `--json` for programs.

`--for deposit --signer ledger` prints just the modules that this use reaches, each after those that it builds on.

It prints the hash of every source file, the lines of code of each room in the order in which to read them, every contract
fragment, address and constant in use with its source file, the pinned chains, and the dependencies. Nothing is
fetched. A line of code holds a token that is neither comment nor docstring (a string that is a statement of its own).
"""

import argparse
import ast
import io
import json
import os
import platform
import re
import sys
import tokenize
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from zkcore._reach import SIGNERS, USES, path_of, reached

__all__ = ["backends", "manifest", "reading"]

_ROOT = Path(__file__).resolve().parents[1]
# Not on the money path, which imports none of it: fakes and devnet, the command line, this, and what only looks at a node.
_OUTSIDE = {
    "zkcore/testing", "zkcore/cli", "zkcore/audit", "zkcore/_reach", "zkcore/__main__", "zkcore/explore", "signers/testing",
    "zkcore/observe",
}  # fmt: skip
# From the ground up: no room knows one below it in this list. Rooms that are not named come after these.
_ORDER = """
    zkcore/_keccak zkcore/errors zkcore/types zkcore/effects zkcore/ethereum zkcore/transactions zkcore/signer
    signers/private_key signers/keystore signers/device signers/ledger signers/trezor
    zkcore/protocol zkcore/words zkcore/methods zkcore/plans zkcore/flows zkcore/rpc zkcore/journal zkcore/wallet zkcore/__init__
""".split()  # noqa: SIM905  # a list to read
_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def manifest() -> dict[str, Any]:
    """All of it as plain data: versions, files, rooms, contracts, constants, chains, dependencies."""
    files = {path.relative_to(_ROOT).as_posix(): path for path in _sources()}
    hashes = {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    rooms: dict[str, int] = {}
    for name, path in files.items():
        if _room(name) not in _OUTSIDE:
            rooms[_room(name)] = rooms.get(_room(name), 0) + code_lines(path.read_text(encoding="utf-8"))
    order = {name: place for place, name in enumerate(_ORDER)}
    listing = "".join(f"{digest}  {name}\n" for name, digest in hashes.items())
    return {
        "zkcore": _version("zkcore"),
        "python": platform.python_version(),
        "sources_sha256": sha256(listing.encode()).hexdigest(),
        "money_path_lines": sum(rooms.values()),
        "rooms": {name: rooms[name] for name in sorted(rooms, key=lambda name: (order.get(name, len(order)), name))},
        "files": hashes,
        "contracts": _contracts(),
        "constants": _constants(),
        "chains": _chains(),
        "dependencies": _dependencies(),
        "backends": backends(),
    }


def reading(use: str, signer: str) -> dict[str, Any]:
    """What to read for one use with one signer: each file with its lines of code, in order. Raises InputError."""
    paths = [path_of(module) for module in reached(use, signer)]
    modules = {path.relative_to(_ROOT).as_posix(): code_lines(path.read_text(encoding="utf-8")) for path in paths}
    return {"use": use, "signer": signer, "lines": sum(modules.values()), "modules": modules}


def code_lines(source: str) -> int:
    """The lines of code of a module, as the money path's budget counts them."""
    docstrings = {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT and token.start not in docstrings:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def _sources() -> Iterator[Path]:
    for package in ("signers", "zkcore"):
        yield from sorted(path for path in (_ROOT / package).rglob("*.py") if "node_modules" not in path.parts)


def _room(name: str) -> str:
    return "/".join(name.removesuffix(".py").split("/")[:2])


def _contracts() -> dict[str, Any]:
    from zkcore.ethereum.abi import Event, Function
    from zkcore.protocol.contracts import interop, l1, l2

    found: dict[str, Any] = {}
    for module in (l1, l2, interop):
        for contract in module.__all__:
            namespace: type = getattr(module, contract)
            fragments = [item for item in vars(namespace).values() if isinstance(item, Function | Event)]
            found[contract] = {
                "source": (namespace.__doc__ or "").partition("\n")[0],
                "functions": {f.signature: f"0x{f.selector.hex()}" for f in fragments if isinstance(f, Function)},
                "events": {e.signature: str(e.topic) for e in fragments if isinstance(e, Event)},
            }
    return found


def _constants() -> dict[str, Any]:
    from zkcore.protocol.contracts import constants

    lines = Path(constants.__file__).read_text(encoding="utf-8").splitlines()
    source = ""
    found: dict[str, Any] = {}
    for line in lines:
        if line.startswith("# ") and not line.startswith("# fmt"):
            source = line[2:]
        match = re.match(r"([A-Z][A-Z0-9_]*): Final = .*?(?:  # (.*))?$", line)
        if match and match[1] in constants.__all__:
            value = getattr(constants, match[1])
            note = f"{source}; {match[2]}" if match[2] else source
            found[match[1]] = {"value": value if isinstance(value, int) else str(value), "source": note}
    return found


def _chains() -> list[dict[str, Any]]:
    import msgspec

    from zkcore.protocol.pinned import known_chains

    return [msgspec.to_builtins(profile, enc_hook=str) for profile in known_chains()]


def _version(name: str) -> str:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return "not installed as a distribution"


def _dependencies() -> dict[str, Any]:
    """Each distribution that the core brings, with what it asks for itself (extras and other platforms left out)."""
    found: dict[str, Any] = {}
    queue = ["zkcore"]
    while queue:
        name = re.sub(r"[-_.]+", "-", queue.pop(0)).lower()
        if name in found:
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        asked = [re.split(r"[ ;<>=!~\[(]", line)[0] for line in installed.requires or () if "extra ==" not in line]
        found[name] = {"version": installed.version, "requires": asked}
        queue += asked
    return found


def backends() -> dict[str, str]:
    """What computes here: the extra `fast` changes it, and no byte of what is computed."""
    from eth_keys.main import KeyAPI

    from zkcore import _keccak
    from zkcore.ethereum.abi import codec

    curve = type(KeyAPI().backend).__name__
    return {
        "keccak256": _keccak.backend()[0],
        "abi": codec().__name__.partition(".")[0].replace("_", "-"),
        "secp256k1": "coincurve" if "CoinCurve" in curve else "eth-keys, in Python",
    }


def main() -> None:
    """Print it; whoever reads only the beginning (`| head`) may close the pipe."""
    try:
        _print()
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered has no reader: python would say so on its way out (docs.python.org, "Note on SIGPIPE")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _print() -> None:
    parser = argparse.ArgumentParser(prog="python -m zkcore.audit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--for", dest="use", choices=USES, help="only what to read for this use")
    parser.add_argument("--signer", choices=SIGNERS, default="key", help="with --for: signed by what (key)")
    given = parser.parse_args()
    found = manifest() if given.use is None else reading(given.use, given.signer)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    if given.use is not None:
        print(f"{given.use}, signed by {given.signer}: {found['lines']:,} lines of code. Read in this order:")
        for name, lines in found["modules"].items():
            print(f"  {lines:6,}  {name}")
        return
    print(f"zkcore {found['zkcore']} on Python {found['python']}; all sources: sha256 {found['sources_sha256']}")
    print(f"\nThe money path: {found['money_path_lines']:,} lines of code. Read in this order:")
    for name, lines in found["rooms"].items():
        print(f"  {lines:6,}  {name}")
    print("\nContracts")
    for contract, fragments in found["contracts"].items():
        print(f"  {contract}: {fragments['source']}")
        for signature, number in (fragments["functions"] | fragments["events"]).items():
            print(f"    {number[:10]}  {signature}")
    print("\nConstants")
    for name, constant in found["constants"].items():
        print(f"  {name} = {constant['value']}  ({constant['source']})")
    print("\nPinned chains")
    for profile in found["chains"]:
        print(f"  {profile['l2_chain_id']}: {', '.join(f'{key} {value}' for key, value in profile.items() if value)}")
    print("\nDependencies")
    for name, one in found["dependencies"].items():
        print(f"  {name} {one['version']}{': ' + ', '.join(one['requires']) if one['requires'] else ''}")
    print("\nComputed by")
    for name, what in found["backends"].items():
        print(f"  {name}: {what}")
    print("\nFiles (sha256)")
    for name, digest in found["files"].items():
        print(f"  {digest}  {name}")


if __name__ == "__main__":
    main()
