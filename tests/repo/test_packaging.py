"""What the distribution says of itself is so."""

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo.money_path import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def test_run_time_dependencies_are_the_five() -> None:
    assert sorted(Requirement(line).name for line in PROJECT["dependencies"]) == [
        "eth-abi",
        "eth-keys",
        "httpx",
        "msgspec",
        "pycryptodome",
    ]
    extras = {
        extra: sorted(Requirement(line).name for line in lines)
        for extra, lines in PROJECT["optional-dependencies"].items()
    }
    assert extras == {
        "aws": ["boto3"],
        "azure": ["azure-identity", "azure-keyvault-keys"],
        "cli": ["rich", "typer"],
        "fast": ["coincurve", "faster-eth-abi", "safe-pysha3"],
        "gcp": ["google-cloud-kms"],
        "ledger": ["ledgereth"],
        "otel": ["opentelemetry-api"],
        "postgres": ["psycopg"],
        "socks": ["socksio"],
        "trezor": ["trezor"],
    }


def test_no_upper_bounds() -> None:
    """Others in the environment may need older ones: eth-account its pycryptodome, ledgereth its eth-utils."""
    lines = [*PROJECT["dependencies"], *(line for lines in PROJECT["optional-dependencies"].values() for line in lines)]
    assert all(bound.operator == ">=" for line in lines for bound in Requirement(line).specifier)


def test_classifiers_name_versions_that_nox_runs() -> None:
    classified = set(re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"])))
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    others = set(re.findall(r'"(3\.\d+)"', noxfile))
    assert classified == others | {"3.11"}
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_locks_have_hashes_and_name_no_place(lock: object) -> None:
    text = (ROOT / str(lock)).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*==[^\n]*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
    assert "://" not in text
    assert "--index" not in text


def test_bare_core_is_22_distributions() -> None:
    """web3 peers bring 42. `nox -s core` installs them and compares."""
    pins = re.findall(
        r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / "requirements/core.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(pins) == 22


def test_web3_is_not_here() -> None:
    names = {canonicalize_name(distribution.name) for distribution in importlib.metadata.distributions()}
    assert not names & {"web3", "zksync2", "eth-account"}


def test_both_packages_are_typed() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in ("zkcore", "signers"))


def test_this_python_is_supported() -> None:
    assert sys.version_info >= (3, 11)


def test_readme_has_both_lines() -> None:
    """`.ci/run` runs these two as they stand."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for session in ("demo", "tests"):
        assert len(re.findall(rf"^python3 -m venv .* -s {session}$", readme, re.MULTILINE)) == 1


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_workflows_hold_no_secret_and_pin_what_they_run(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert "secrets." not in text
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)
    parsed = yaml.safe_load(text)
    assert parsed["permissions"] == {}
    granted = {
        right for job in parsed["jobs"].values() for right, level in job["permissions"].items() if level == "write"
    }
    assert granted <= {"id-token", "attestations"}
