"""The committed artifacts are what the sources compile to, with the pinned compiler."""

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zkcore.testing

SOLIDITY = Path(zkcore.testing.__path__[0]) / "solidity"
BUILT_INS = ("L1Messenger", "L2BaseToken", "NonceHolder", "L2AssetRouter", "L2NativeTokenVault")


@pytest.fixture(scope="module")
def compiler() -> ModuleType:
    spec = importlib.util.spec_from_file_location("devnet_compile", SOLIDITY / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def artifacts() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SOLIDITY / "artifacts.json").read_text("utf-8"))
    return loaded


@pytest.mark.slow
def test_artifacts_are_up_to_date(compiler: ModuleType, artifacts: dict[str, Any]) -> None:
    """Ten seconds, and node with npm; without them it fails and says so."""
    assert compiler.differences(artifacts, compiler.compile_all()) == []


def test_a_difference_is_named(compiler: ModuleType, artifacts: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(artifacts))
    changed["contracts"]["Weth"]["runtime"] += "00"
    del changed["contracts"]["Counter"]
    changed["sources"] = "other"
    found = compiler.differences(changed, artifacts)
    assert found == [f"sources: other is committed, {artifacts['sources']} compiled", "Counter differs", "Weth differs"]


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_a_missing_tool_is_named(
    compiler: ModuleType, missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = shutil.which

    def which(name: str) -> str | None:
        return None if name == missing else found(name)

    monkeypatch.setattr(shutil, "which", which)
    if missing == "npm":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(compiler.CompileError, match=f"`{missing}` is not on the PATH"):
        compiler.compile_all()


def test_built_ins_can_be_placed(artifacts: dict[str, Any]) -> None:
    for name in BUILT_INS:
        assert not artifacts["contracts"][name]["immutables"], name


def test_contracts_fit_mainnet(artifacts: dict[str, Any]) -> None:
    """EIP-170."""
    for name, contract in artifacts["contracts"].items():
        assert len(contract["runtime"]) // 2 - 1 <= 24_576, name


def test_the_lock_names_no_index() -> None:
    lock = json.loads((SOLIDITY / "package-lock.json").read_text("utf-8"))
    packages = {path: package for path, package in lock["packages"].items() if path}
    assert not [path for path, package in packages.items() if "resolved" in package]
    manifest = json.loads((SOLIDITY / "package.json").read_text("utf-8"))
    for name, version in (manifest["devDependencies"] | manifest["optionalDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version
