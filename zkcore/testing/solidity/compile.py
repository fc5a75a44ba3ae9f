"""Compile the devnet's contracts with the pinned compiler, or check the committed artifacts against them.

    python zkcore/testing/solidity/compile.py            write artifacts.json
    python zkcore/testing/solidity/compile.py --check    compare, exit 1 and name what differs

Node and npm are needed for this and for nothing else; the devnet itself reads artifacts.json only.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CONTRACTS = HERE / "contracts"
ARTIFACTS = HERE / "artifacts.json"
SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": True, "runs": 200},
    # Without metadata the bytecode depends on neither path nor comment.
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["evm.bytecode.object", "evm.deployedBytecode"]}},
}


class CompileError(Exception):
    """The contracts cannot be compiled here, or do not compile."""


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise CompileError(
            f"`{name}` is not on the PATH: Node.js 20 or newer, with npm, is needed to compile the devnet's contracts"
        )
    return path


def _run(command: list[str], cwd: Path, text: str = "") -> str:
    # Files, not pipes: solc.js neither waits for its input nor, on leaving, for its output to be taken.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as source,
        tempfile.TemporaryFile("w+", encoding="utf-8") as answer,
    ):
        source.write(text)
        source.seek(0)
        status = subprocess.run(
            command, cwd=cwd, stdin=source, stdout=answer, stderr=subprocess.STDOUT, check=False
        ).returncode
        answer.seek(0)
        output = answer.read()
    if status != 0:
        raise CompileError(f"{' '.join(command)} failed with {status}:\n{output.strip()}")
    return output


def _compiler() -> Path:
    """The folder of the pinned compiler, installed once per lock file."""
    manifest, lock = HERE / "package.json", HERE / "package-lock.json"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zkcore"
    home = cache / f"solc-{hashlib.sha256(manifest.read_bytes() + lock.read_bytes()).hexdigest()[:16]}"
    if not home.exists():
        npm = _tool("npm")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="install-", dir=cache) as scratch:
            installing = Path(scratch) / "solc"
            installing.mkdir()
            for file in (manifest, lock):
                shutil.copy(file, installing)
            _run([npm, "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"], installing)
            with contextlib.suppress(OSError):  # another process was quicker
                installing.rename(home)
    return home


def sources() -> dict[str, str]:
    """Every source file's text by its path under contracts/."""
    return {
        path.relative_to(CONTRACTS).as_posix(): path.read_text("utf-8") for path in sorted(CONTRACTS.rglob("*.sol"))
    }


def compile_all() -> dict[str, Any]:
    """What artifacts.json should hold."""
    texts = sources()
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in texts.items()},
        "settings": SETTINGS,
    }
    home = _compiler()
    output = _run([_tool("node"), "node_modules/solc/solc.js", "--standard-json"], home, json.dumps(request))
    answer = json.loads(output[output.index("{") :])
    problems = [item["formattedMessage"] for item in answer.get("errors", [])]
    if problems:
        raise CompileError("\n".join(problems))  # warnings too: the sources are to compile without any
    contracts: dict[str, Any] = {}
    for path, units in answer["contracts"].items():
        for name, unit in units.items():
            creation = unit["evm"]["bytecode"]["object"]
            # interfaces and abstract contracts have no code; libraries of internal functions only a stub
            if not creation or f"\nlibrary {name} " in texts[path]:
                continue
            if name in contracts:
                raise CompileError(f"two contracts are named {name}")
            runtime = unit["evm"]["deployedBytecode"]
            contracts[name] = {
                "source": path,
                "creation": "0x" + creation,
                "runtime": "0x" + runtime["object"],
                "immutables": bool(runtime["immutableReferences"]),
            }
    digest = hashlib.sha256("".join(f"{path}\0{text}\0" for path, text in texts.items()).encode()).hexdigest()
    compiler = json.loads((home / "node_modules" / "solc" / "package.json").read_text("utf-8"))["version"]
    return {
        "compiler": compiler,
        "evmVersion": SETTINGS["evmVersion"],
        "sources": digest,
        "contracts": dict(sorted(contracts.items())),
    }


def differences(committed: dict[str, Any], compiled: dict[str, Any]) -> list[str]:
    """What differs, in words; empty if nothing does."""
    found = [
        f"{key}: {committed.get(key)} is committed, {compiled[key]} compiled"
        for key in compiled
        if key != "contracts" and committed.get(key) != compiled[key]
    ]
    old, new = committed.get("contracts", {}), compiled["contracts"]
    return found + [f"{name} differs" for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


def main(arguments: list[str]) -> int:
    """Run as a program."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    try:
        compiled = compile_all()
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments:
        found = differences(json.loads(ARTIFACTS.read_text("utf-8")), compiled)
        print("\n".join(found) or f"{len(compiled['contracts'])} contracts are as committed")
        return 1 if found else 0
    ARTIFACTS.write_text(json.dumps(compiled, indent=1) + "\n", "utf-8")
    print(f"{len(compiled['contracts'])} contracts written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
