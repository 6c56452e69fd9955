"""What holds a decision is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"[\w*-]*[./][\w./*-]*")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_what_holds_a_decision_exists(page: Path):
    """Every path under "Held by" leads to something; patterns match at least one file."""
    held = page.read_text(encoding="utf-8").partition("## Held by")[2].partition("\n## ")[0]
    paths = [text for text in re.findall(r"`([^`]+)`", held) if PATH.fullmatch(text)]

    assert held.strip()
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


def test_decisions_are_found():
    """There are decisions, and most name a path."""
    named = [page for page in DECISIONS if re.search(r"`(tests|benchmarks)/", page.read_text())]

    assert len(named) > len(DECISIONS) // 2
