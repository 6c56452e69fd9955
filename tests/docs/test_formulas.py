"""The page on formulas names every function, and what it shows can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tidegate.calc.formula.library import KEYWORDS, function_names
from tidegate.calc.formula.tsm import parse

PAGE = (Path(__file__).parents[2] / "docs" / "formulas.md").read_text("utf-8")


@pytest.mark.parametrize("name", function_names())
def test_every_function_is_documented(name):
    """Each function stands in the table of functions."""
    table = PAGE.split("## Functions")[1].split("\n## ")[0]

    assert re.search(rf"`(?:[^`|]|\\\|)*\b{re.escape(name)}\b", table)


def test_every_keyword_is_documented():
    """Each word of the grammar stands on the page."""
    words = {word.casefold() for word in re.findall(r"\w+", PAGE)}

    assert set(KEYWORDS) <= words


@pytest.mark.parametrize("formula", re.findall(r"(?:calc|--formula|--when) '([^']+)'", PAGE))
def test_examples_are_formulas(formula):
    """Each example of the page can be read."""
    assert parse(formula).size() > 0
