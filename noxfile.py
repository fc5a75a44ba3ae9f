"""What maintainers and CI run: `nox -l` lists it. Every session installs from a lock with hashes (requirements/)."""

import os
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False  # in CI too, where nox would
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))  # for each harness
WORKERS = os.environ.get("PYTEST_WORKERS", "2")


def install(session: nox.Session, *locks: str, package: bool = True) -> None:
    """Make the environment exactly what the locks say, with the working tree on top (built by a locked backend)."""
    session.run_install("uv", "pip", "sync", "--quiet", "--require-hashes", *map(lock, locks), external=True)
    if package:
        session.install("--quiet", "--no-deps", "--build-constraints", lock("build"), "--editable", ".")


def lock(name: str) -> str:
    return f"requirements/{name}.txt"


def without_nodes() -> list[str]:
    """The tests that need no node, no device library, and little time: they run in several environments."""
    rooms = ("unit", "property", "vectors")
    return [f"tests/{room}" for room in rooms if (ROOT / "tests" / room).is_dir()]


@nox.session
def demo(session: nox.Session) -> None:
    """Deposit ETH on a local devnet, from set-up to the receiver's balance."""
    install(session, "core")
    session.run("python", "examples/deposit_demo.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite, with both device libraries."""
    install(session, "dev")
    session.run("pytest", "-n", WORKERS, "--dist", "worksteal", *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"])
def pythons(session: nox.Session) -> None:
    """What needs no node, on the other interpreters that the classifiers name, where they are installed."""
    if session.python == "3.14":  # of the extras, coincurve has no wheel for it yet
        install(session, "core")
        session.install("--quiet", "--require-hashes", "-r", lock("core-tests"))
        session.run("pytest", "-q", *without_nodes(), *session.posargs)
        return
    install(session, "dev")
    devices = ["tests/hardware"] if session.python == "3.13" else []  # once is enough of what takes longest
    session.run("pytest", "-q", "-n", WORKERS, *without_nodes(), *devices, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, the rooms' import contracts, and what must not be in the repository (host names, paths, secrets)."""
    install(session, "dev")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache", "--no-logo")
    session.run("python", "-m", "tests.repo.money_path")
    session.run("pytest", "-q", "tests/repo")


@nox.session
def types(session: nox.Session) -> None:
    """Both checkers, strict, over what ships and over the typing tests."""
    install(session, "dev")
    session.run("mypy")
    # or it takes the .venv beside pyproject.toml, which holds nox alone
    session.run("basedpyright", "--pythonpath", str(Path(session.bin) / "python"))


@nox.session
@nox.parametrize("versions", ["core", "lowest"])
def core(session: nox.Session, versions: str) -> None:
    """The built wheel with the five dependencies and what they bring, nothing more; newest and lowest versions."""
    install(session, versions, package=False)
    session.install("--quiet", "--no-deps", "--build-constraints", lock("build"), "--reinstall-package", "zkcore", ".")
    with (
        tempfile.TemporaryDirectory() as elsewhere,
        session.chdir(elsewhere),
    ):  # so that the wheel is imported, not the tree
        session.run("python", ROOT / "tests/repo/smoke_core.py", ROOT / lock(versions))
    session.install("--quiet", "--require-hashes", "-r", lock("core-tests"))
    session.run("pytest", "-q", *without_nodes(), *session.posargs)


@nox.session
def oracles(session: nox.Session) -> None:
    """The differential tests, and the unit tests, beside eth-account (which holds pycryptodome at 3)."""
    install(session, "oracles")
    env = {"ZKCORE_ORACLES": "1"}
    session.run("pytest", "-q", "tests/oracles", "tests/unit", *session.posargs, env=env)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Each harness in fuzz/ for FUZZ_SECONDS (60)."""
    install(session, "fuzz")
    for harness in sorted(ROOT.glob("fuzz/fuzz_*.py")):
        session.log(f"{harness.name}: {FUZZ_SECONDS} s")
        session.run("python", harness, f"-max_total_time={FUZZ_SECONDS}", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """What takes minutes: many devnets at once, chaos, long runs."""
    install(session, "dev")
    session.run("pytest", "-m", "soak", "-o", "addopts=--import-mode=importlib", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Each small fault that one could make in the pure modules: does a test fail for it? (`-- PATH --only TEXT`)"""
    install(session, "dev")
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Ours beside the peers in one run; writes docs/performance.md (`-- --dry` writes nothing)."""
    install(session, "peers")
    with session.chdir("bench/peers"):
        session.run_install("npm", "ci", "--silent", external=True)
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def operations(session: nox.Session) -> None:
    """Orders a second by workers, and the journal's cost, over SQLite and PostgreSQL; fills in docs/operations.md."""
    install(session, "dev")
    session.run("python", "-m", "bench.keepers", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """What a release is made of, into dist/: sdist and wheel, built twice and compared, the bill of materials, the hashes."""
    install(session, "release", package=False)
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    # the time of the commit, whoever builds it, wherever: reproducible-builds.org/specs/source-date-epoch
    epoch = str(session.run("git", "log", "-1", "--format=%ct", external=True, silent=True)).strip()
    with tempfile.TemporaryDirectory() as again:
        for place in (dist, Path(again)):
            session.run(
                "python",
                "-m",
                "build",
                "--no-isolation",
                "--outdir",
                str(place),
                env={"SOURCE_DATE_EPOCH": epoch},
                silent=True,
            )
        for first in sorted(dist.iterdir()):
            if first.read_bytes() != (Path(again) / first.name).read_bytes():
                session.error(f"{first.name} is not reproducible: two builds of one commit differ")
    with tempfile.TemporaryDirectory() as bare:
        session.run("uv", "venv", "--quiet", bare, external=True)
        python = f"{bare}/bin/python"
        session.run("uv", "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock("core"), external=True)
        session.run(
            *("cyclonedx-py", "environment", bare, "--pyproject", "pyproject.toml", "--mc-type", "library"),
            *("--output-reproducible", "--output-file", str(dist / "zkcore.cdx.json")),
        )
    sums = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(dist.iterdir()))
    (dist / "SHA256SUMS").write_text(sums, encoding="utf-8")
    session.log(f"dist/:\n{sums}")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, into site/: spelling, links and warnings as errors; built twice, the same, and without a path of this machine."""
    install(session, "docs")
    session.run(
        "codespell",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs",
        "examples",
        "zkcore",
        "signers",
    )
    # the time of the commit: the search index and the site map say when they were made
    epoch = str(session.run("git", "log", "-1", "--format=%ct", external=True, silent=True)).strip()
    env = {"NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": epoch}
    site = ROOT / "site"
    with tempfile.TemporaryDirectory() as again:
        for place in (str(site), again):
            session.run("mkdocs", "build", "--strict", "--quiet", "--site-dir", place, *session.posargs, env=env)
        for path in sorted(one for one in site.rglob("*") if one.is_file()):
            made = path.read_bytes()
            if made != (Path(again) / path.relative_to(site)).read_bytes():
                session.error(f"{path.name} is not reproducible: two builds of one commit differ")
            if str(ROOT).encode() in made:
                session.error(f"{path.relative_to(ROOT)} has a path of this machine in it")


if __name__ == "__main__":
    sys.exit("run me as: nox -s SESSION (nox -l lists the sessions)")
