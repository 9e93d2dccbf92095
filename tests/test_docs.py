# SPDX-License-Identifier: EUPL-1.2
"""The documentation is true: its links lead somewhere, and every command and room is in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from klantreis.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in COMMANDS if f"klantreis {name}" not in text]


def test_every_source_file_says_under_which_licence() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.js"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    silent = [
        name
        for name in listed.stdout.splitlines()
        if "SPDX-License-Identifier: EUPL-1.2" not in _licence_lines(ROOT / name)
    ]
    assert not silent


def _licence_lines(path: Path) -> str:
    """Where a file's licence stands: on top, or in a file beside it where every byte counts (REUSE)."""
    beside = path.with_name(f"{path.name}.license")
    return (beside if beside.exists() else path).read_text(encoding="utf-8")[:300]
