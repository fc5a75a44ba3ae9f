"""The pages tell the truth about names. That their snippets run is tests/docs."""

import inspect
import re

import pytest
import yaml

import zkcore
import zkcore.errors
from tests.repo.money_path import ROOT
from zkcore import AsyncWallet, Wallet

MIGRATION = (ROOT / "docs/migration.md").read_text(encoding="utf-8")


def test_migration_names_real_methods() -> None:
    table = MIGRATION.partition("## Wallet\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    names = {name for _, ours in rows for name in re.findall(r"`([a-z_0-9]+)`", ours)} - {"l2_tx_hash"}
    assert len(names) > 20
    for wallet in (Wallet, AsyncWallet):
        assert not {name for name in names if not hasattr(wallet, name)}


def test_migration_from_zksync_ethers_names_real_methods() -> None:
    table = MIGRATION.partition("## From zksync-ethers\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")][:-1]  # the last is a handle's
    names = {name for _, ours, *_ in rows for name in re.findall(r"`([a-z_0-9]+)`", ours)}
    assert len(names) > 15
    assert not {name for name in names if not hasattr(Wallet, name) or not hasattr(AsyncWallet, name)}


def test_migration_names_real_parameters() -> None:
    table = MIGRATION.partition("## Parameters\n")[2].partition("\n## ")[0]
    ours = {
        name
        for line in table.splitlines()
        if line.startswith("| ")
        for name in re.findall(r"`([a-z_0-9]+)`", line.split(" | ")[1])
    }
    methods = (Wallet.deposit, Wallet.request_execute, Wallet.withdraw)
    assert ours
    assert ours <= {parameter for method in methods for parameter in inspect.signature(method).parameters}


def test_names_of_the_public_face_in_pages_exist() -> None:
    """Imports in prose and code: `from zkcore... import a, b`."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    found = [
        pair
        for page in pages
        for pair in re.findall(r"^from (zkcore|signers) import (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    import signers

    assert len(found) > 3
    for package, names in found:
        module = {"zkcore": zkcore, "signers": signers}[package]
        assert not [name for name in names.split(", ") if name not in module.__all__], names


def test_every_page_is_in_the_navigation() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    entries = [page for entry in config["nav"] for page in entry.values()]
    pages = {
        page
        for entry in entries
        for page in ([entry] if isinstance(entry, str) else [p for e in entry for p in e.values()])
    }
    from tools.reference import PAGES

    made = {"changelog.md", "reference/index.md", *(f"reference/{key}.md" for key in PAGES)}
    assert pages == {page.name for page in (ROOT / "docs").glob("*.md")} | made


@pytest.mark.parametrize(
    "page", ["Deposit", "Request execute", "Base cost", "Claim failed deposit", "Finalize withdrawal", "Withdraw"]
)
def test_the_six_old_headings_are_pages(page: str) -> None:
    """People search for them: they are the vocabulary of the SDKs before this one."""
    slug = page.lower().replace(" ", "-")
    assert (ROOT / f"docs/{slug}.md").read_text(encoding="utf-8").startswith(f"# {page}\n")


def test_every_error_is_on_the_page() -> None:
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert not [name for name in zkcore.errors.__all__ if f"`{name}`" not in page and f"{name}:" not in page]
