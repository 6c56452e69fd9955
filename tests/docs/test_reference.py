"""The docs name every command, setting and error, and what they show is so."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script that writes the reference pages."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["commands.md", "errors.md", "settings.md", "standins.md"])
def test_reference_pages_are_those_of_the_code(generate, page):
    """Each reference page is what `python docs/generate.py` writes now."""
    written = (ROOT / "docs" / "reference" / page).read_text("utf-8")

    assert written == generate.PAGES[page]()


def test_every_option_has_a_description(generate):
    """No command, argument or option is without a word on what it does."""
    bare = re.findall(
        r"^\* `[^`]+`(?:, `[^`]+`)*: *(?:\[.*\])?$", generate.commands(), re.MULTILINE
    )

    assert bare == []


def test_every_error_code_is_documented_once(generate):
    """Error codes are unique, and each stands in the reference."""
    codes = re.findall(r"^\| `([a-z-]+)` \|", generate.error_codes(), re.MULTILINE)

    assert len(codes) == len(set(codes)) > 30


def test_links_lead_somewhere():
    """Each relative link of a page leads to a file that exists."""
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]

    assert broken == []
