"""The licences of what is installed, by its own metadata, against the policy of docs/licences.md."""

import importlib.metadata
import re

import pytest

from tests.repo.money_path import ROOT

PERMISSIVE = re.compile(
    r"^(MIT|MIT-0|MIT-CMU|MIT License|BSD|BSD License|BSD-[23]-Clause|BSD 2-Clause License|3-Clause BSD License|ISC|"
    r"ISC License( \(ISCL\))?|Apache-2\.0|Apache 2\.0|Apache License - Version 2\.0|Apache Software License|PSF-2\.0|"
    r"Python Software Foundation License|CC0 1\.0 Universal \(CC0 1\.0\) Public Domain Dedication|"
    r"MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|Unlicense|Public [Dd]omain|CNRI-Python|OSI Approved)$"
)
# Named one by one in docs/licences.md, and extras only.
NAMED = {
    "hidapi": {"BSD License", "GNU General Public License v3 (GPLv3)"},
    "ledgereth": {"GNU General Public License v3 or later (GPLv3+)"},
    "libusb1": {"LGPL-2.1-or-later"},
    "nfcpy": {"European Union Public Licence 1.1 (EUPL 1.1)"},
    "psycopg": {"LGPL-3.0-only"},
    "psycopg-binary": {"LGPL-3.0-only"},
    "psycopg-pool": {"LGPL-3.0-only"},
    "trezor": {"LGPL-3.0-only"},
}


def pinned(lock: str) -> list[str]:
    text = (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text, re.MULTILINE)


def licences(distribution: str) -> set[str]:
    """The SPDX expression, else the classifiers, else the licence field."""
    metadata = importlib.metadata.metadata(distribution)
    if expression := metadata.get("License-Expression"):
        return {term.strip("() ") for term in re.split(r" (?:OR|AND) ", expression)}
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License :: ")]
    if classifiers:
        return {line.rpartition(" :: ")[2] for line in classifiers}
    return {term.strip() for term in re.split(r", | or ", metadata.get("License") or "unknown")}


@pytest.mark.parametrize("distribution", pinned("core"))
def test_the_core_is_permissive(distribution: str) -> None:
    assert all(PERMISSIVE.match(licence) for licence in licences(distribution)), licences(distribution)


def test_extras_are_permissive_or_named() -> None:
    page = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    for distribution in pinned("dev"):
        try:
            found = licences(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        if not all(PERMISSIVE.match(licence) for licence in found):
            assert NAMED.get(distribution) == found
            assert distribution in page


def test_named_ones_are_no_part_of_the_core() -> None:
    assert not NAMED.keys() & set(pinned("core"))
