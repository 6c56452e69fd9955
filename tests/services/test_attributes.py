"""Attributes assigned by patterns, and files of attributes that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadFile
from tidegate.model.series import NewSeries
from tidegate.services.attributes import assign, import_csv

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.store.local import LocalStore


@pytest.fixture
def meters(store: LocalStore) -> LocalStore:
    """A store with two meters, each with a running total, and the attribute `Supplier`."""
    store.create_attribute("Supplier")
    for meter in ("Meter 1", "Meter 2"):
        moment = Aggregation.AT_THE_MOMENT
        store.create_series(
            [
                NewSeries(name=meter, unit="kWh", aggregation=Aggregation.SUM),
                NewSeries(name=f"{meter} total", unit="kWh", aggregation=moment),
            ]
        )
    return store


def assigned(store: LocalStore) -> list[str]:
    """The series with any attribute, by name."""
    series = store.find_series()
    found = store.assignments([one.key for one in series])
    return sorted(one.name for one in series if found.get(one.key))


def test_a_pattern_leaves_running_totals_out(meters, caplog):
    """Totals that a pattern catches beside consumption are left out, which is said."""
    assert assign(meters, "Supplier", "X", series=["Meter%"]) == 2

    assert assigned(meters) == ["Meter 1", "Meter 2"]
    assert caplog.messages == [
        "left out 2 series of running totals, such as 'Meter 1 total';"
        " name them exactly to include them"
    ]


@pytest.mark.parametrize("names", [["Meter 1 total", "Meter 2 total"], ["% total"]])
def test_running_totals_that_are_meant_are_assigned(meters, caplog, names):
    """Totals named exactly, or by a pattern of totals only, are assigned without a word."""
    assign(meters, "Supplier", "X", series=names)

    assert assigned(meters) == ["Meter 1 total", "Meter 2 total"]
    assert not caplog.messages


def test_a_total_named_beside_a_pattern_is_assigned(meters, caplog):
    """A name beside a pattern brings its total in; the others stay out."""
    assign(meters, "Supplier", "X", series=["Meter%", "Meter 2 total"])

    assert assigned(meters) == ["Meter 1", "Meter 2", "Meter 2 total"]
    assert "left out 1 series" in caplog.text


def test_a_pattern_in_a_file_leaves_running_totals_out(meters, tmp_path: Path, caplog):
    """A file of attributes follows the same rule as the command."""
    path = tmp_path / "suppliers.csv"
    path.write_text("series,attribute,from,value\nMeter%,Supplier,,X\n")

    assert import_csv(meters, path) == 2
    assert assigned(meters) == ["Meter 1", "Meter 2"]


@pytest.mark.parametrize("text", ["name,value\n", "series,attribute,from,value\na,b\n"])
def test_a_file_of_another_form_says_what_to_do(meters, tmp_path: Path, text: str):
    """A header or a line of another form is refused with a hint."""
    path = tmp_path / "suppliers.csv"
    path.write_text(text)

    with pytest.raises(BadFile) as refused:
        import_csv(meters, path)
    assert refused.value.hint
