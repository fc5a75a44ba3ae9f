"""What MkDocs asks while it builds the site: the pages of the reference, which are files of no folder."""

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.reference import PAGES, index, page  # noqa: E402  # MkDocs loads this file by its path


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them."""
    made = {"reference/index.md": index(), **{f"reference/{key}.md": page(key) for key in PAGES}}
    made["changelog.md"] = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files
