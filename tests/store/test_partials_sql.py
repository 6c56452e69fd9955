"""The text of the sum statements: pinned, and within the portable subset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tidegate.model.instants import DAY
from tidegate.model.partials import Lane, PartialsRequest
from tidegate.model.windows import Window
from tidegate.store.partials_sql import statement

TEXTS = Path(__file__).parent / "sql"
YEAR = Window(0, 365 * DAY)
CYCLIC = Lane(number=0, whole=True, weighted=False, scaled=False)
ALWAYS = Lane(number=0, always=True, scaled=False)
CUT = Lane(number=1, levels=True)
HELD = Lane(number=2, spontaneous=True, levels=True)
MEANS = Lane(number=3, levels=True, mean=True, given=True)
HELD_MEANS = Lane(number=4, spontaneous=True, mean=True, levels=True, scaled=False)
CASES = {
    "amounts": PartialsRequest(lanes=(CYCLIC,)),
    "always": PartialsRequest(lanes=(ALWAYS,)),
    "levels": PartialsRequest(lanes=(CUT, HELD), covered=True),
    "steps": PartialsRequest(lanes=(MEANS, HELD_MEANS), step_membership=True),
    "several": PartialsRequest(lanes=(CYCLIC, CUT, HELD), several=True),
    "by_series": PartialsRequest(lanes=(CUT, HELD), by_series=True, covered=True),
}
FUNCTIONS = {
    "bit_or",
    "cast",
    "coalesce",
    "count",
    "fsum",
    "greatest",
    "lead",
    "least",
    "max",
    "min",
    "nullif",
    "sum",
}
WORDS = {"as", "from", "in", "join", "on", "over", "select", "then", "union", "where", "and", "all"}


def text(name: str) -> str:
    request = CASES[name]
    windows = {lane.number: YEAR for lane in request.lanes if not lane.spontaneous}
    return statement(request, request.lanes, readings="readings", windows=windows, bounds=YEAR)


@pytest.mark.parametrize("name", CASES)
def test_the_statement_is_the_one_reviewed(name: str) -> None:
    """A changed statement shows as a changed file."""
    kept = TEXTS / f"{name}.sql"

    assert text(name) + "\n" == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_only_portable_functions_are_used(name: str) -> None:
    """Every function is on the list that each engine's dialect is held to."""
    called = set(re.findall(r"([a-z_]+)\s*\(", text(name).lower()))

    assert called - WORDS - {table for table in called if table.startswith("lane_")} <= FUNCTIONS


@pytest.mark.parametrize("name", CASES)
def test_lines_fit_a_reader(name: str) -> None:
    """No line of a statement is longer than code may be."""
    assert max(len(line) for line in text(name).splitlines()) <= 110
