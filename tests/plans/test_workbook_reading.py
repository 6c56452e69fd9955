"""Workbooks read: every cell checked, wrong ones told by sheet and cell."""

from __future__ import annotations

import os
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.model.errors import BadFile
from tidegate.model.instants import parse
from tidegate.model.secret import Secret
from tidegate.plans.date_pieces import DayOfWeek, Split
from tidegate.plans.definitions import BY_DEVICE, BY_LOCATION, WrongCells, require_sound
from tidegate.plans.workbook.columns import TABS
from tidegate.plans.workbook.configuring import configuration_of
from tidegate.plans.workbook.grids import Grid
from tidegate.plans.workbook.reading import read_workbook
from tidegate.plans.workbook.writing import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

NOW = parse("2020-06-01T00:00:00Z")
ROW: dict[str, Any] = {
    "locationCode": "BACAX",
    "deviceCategoryCode": "HYDROPHONE",
    "download": "T",
    "begin": "2011-07-13 0:00:00",
    "end": "2011-07-14 0:00:00",
    "dataProductCode": "AD",
    "extension": "wav",
    "data product options": "dpo_hydrophoneDataDiversionMode=All",
}
BOLD = [column.heading for column in TABS[BY_LOCATION] if column.is_bold]


def book(path: Path, *rows: dict[str, Any], headings=BOLD, settings=(), name=BY_LOCATION):
    """A workbook of rows, read."""
    grid = Grid(name, [list(headings), *([row.get(one, "") for one in headings] for row in rows)])
    configuration = Grid("Configuration", [["Configuration", "Value"], *map(list, settings)])
    write_workbook(path, [grid, configuration])
    return read_workbook(path, now=NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "download.xlsx"


def test_a_row(path):
    (one,) = book(path, ROW).definitions
    assert one.filters == {
        "locationCode": "BACAX",
        "deviceCategoryCode": "HYDROPHONE",
        "dataProductCode": "AD",
        "extension": "wav",
    }
    assert one.options == {"dpo_hydrophoneDataDiversionMode": "All"}
    assert (one.begin, one.end) == (parse("2011-07-13"), parse("2011-07-14"))
    assert (one.tab, one.row, one.download) == (BY_LOCATION, 2, True)


def test_columns_are_found_by_heading_in_any_order_and_case(path):
    headings = ["My notes", *(f" {name.upper()} " for name in reversed(BOLD))]
    row = {f" {name.upper()} ": value for name, value in ROW.items()} | {"My notes": "see 7"}
    found = book(path, {}, row, headings=headings, name="by location")
    (one,) = found.definitions
    assert found.problems == ()
    assert one.notes == {"My notes": "see 7"}
    assert one.row == 3, "the empty row is passed over"


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        *((word, True) for word in ("T", "true", "Y", "yes", "1", 1, True)),
        *((word, False) for word in ("F", "False", "n", "NO", "0", 0, False, "")),
    ],
)
def test_download_cells(path, cell, wanted):
    (one,) = book(path, ROW | {"download": cell}).definitions
    assert one.download is wanted


@pytest.mark.parametrize(
    ("changes", "place", "why"),
    [
        ({"download": "maybe"}, "D2", "T or F"),
        ({"begin": "2013-20-23"}, "E2", "did you mean 2013-10-23"),
        ({"begin": ""}, "E2", "begin is no date"),
        ({"begin": True}, "E2", "begin is no date"),
        ({"end": "2011-07-13"}, "E2", "one that begins before it ends"),
        ({"begin": "1969-12-31"}, "E2", "before 1970"),
        ({"end": "2020-06-03"}, "F2", "in the future"),
        ({"locationCode": ""}, "A2", "locationCode is blank"),
        ({"deviceCategoryCode": ""}, "B2", "are both blank"),
        ({"dataProductCode": " "}, "G2", "dataProductCode is blank"),
        ({"extension": "mp3,,wav"}, "H2", "extension is blank"),
        ({"data product options": "foo=1"}, "I2", "begins with dpo_"),
        ({"data product options": "dpo_a=1;dpo_a=2"}, "I2", "given once"),
    ],
)
def test_wrong_cells_are_told_by_place(path, changes, place, why):
    found = book(path, ROW | changes, ROW | {"locationCode": "NEP"})
    assert [one.cell for one in found.errors] == [place]
    assert found.errors[0].sheet == BY_LOCATION
    assert why in found.errors[0].message
    assert [one.filters["locationCode"] for one in found.definitions] == ["NEP"]
    with pytest.raises(WrongCells, match=f"one cell is wrong: {BY_LOCATION}!{place}"):
        require_sound(path, found)


def test_every_wrong_cell_of_a_row_is_told(path):
    found = book(path, ROW | {"download": "?", "begin": "x", "extension": ""})
    assert [one.cell for one in found.errors] == ["D2", "H2", "E2"]


def test_a_missing_bold_column_is_told(path):
    found = book(path, ROW, headings=[name for name in BOLD if name != "extension"])
    assert [str(one) for one in found.errors] == ["By Location: the column extension is missing"]
    assert found.definitions == ()


def test_unbold_columns_may_go(path):
    assert book(path, ROW).errors == ()


def test_a_list_of_codes_is_a_definition_for_each(path):
    row = ROW | {"dataProductCode": "AD, HSD", "extension": "wav,mp3"}
    found = book(path, row).definitions
    pairs = [(one.filters["dataProductCode"], one.filters["extension"]) for one in found]
    assert pairs == [("AD", "wav"), ("AD", "mp3"), ("HSD", "wav"), ("HSD", "mp3")]
    assert len({one.row_id for one in found}) == 4


def test_row_ids_outlast_dates_but_not_filters(path):
    first, second = book(path, ROW, ROW | {"extension": "mp3"}).definitions
    (moved,) = book(path, ROW | {"begin": "2011-07-12"}).definitions
    assert moved.row_id == first.row_id != second.row_id
    twice = book(path, ROW, ROW).definitions
    assert [one.row_id for one in twice] == [first.row_id, f"{first.row_id}:2"]


def test_numbers_become_texts(path):
    (one,) = book(path, ROW | {"locationCode": 12.0}).definitions
    assert one.filters["locationCode"] == "12"


def test_dates_of_excel(path):
    row = ROW | {"begin": 40737.0, "end": datetime(2011, 7, 13, 6, 0, 0, 250_000)}  # noqa: DTZ001
    (one,) = book(path, row).definitions
    assert (one.begin, one.end) == (parse("2011-07-13"), parse("2011-07-13T06:00:00.250Z"))


def test_relative_dates_are_read_anew_each_time(path):
    (one,) = book(path, ROW | {"begin": "-P1D", "end": "now[1h"}).definitions
    assert (one.begin, one.end) == (parse("2020-05-31"), parse("2020-06-01"))
    later = parse("2020-06-02T05:30:00Z")
    (moved,) = read_workbook(path, now=later).definitions
    assert (moved.begin, moved.end) == (parse("2020-06-01T05:00Z"), parse("2020-06-02T05:00Z"))
    assert moved.row_id == one.row_id


def test_formulas_give_what_they_last_gave(path):
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet(BY_LOCATION)
        for at, name in enumerate(BOLD):
            sheet.write(0, at, name)
            sheet.write(1, at, ROW.get(name, ""))
        sheet.write_formula(1, 0, '="BAC"&"AX"', None, "BACAX")
        sheet.set_row(1, None, None, {"hidden": True})
    (one,) = read_workbook(path, now=NOW).definitions
    assert one.filters["locationCode"] == "BACAX"


def test_by_device(path):
    headings = [column.heading for column in TABS[BY_DEVICE] if column.is_bold]
    row = {name: value for name, value in ROW.items() if name in headings}
    found = book(path, row | {"deviceCode": "NAXYS_HYD_007"}, headings=headings, name=BY_DEVICE)
    assert found.definitions[0].filters["deviceCode"] == "NAXYS_HYD_007"
    assert "locationCode" not in found.definitions[0].filters
    assert [one.cell for one in book(path, row, headings=headings, name=BY_DEVICE).errors] == ["A2"]


def test_configuration_of_the_page(path):
    settings = [
        ("token", "aaaa-bbbb"),
        ("downloadFolder", "hydrophones"),
        ("logFile", "hydrophones/download.json"),
        ("splitDateRange", "Week"),
        ("dayOfWeek", "we"),
        ("runThreads", 2.0),
        ("downloadThreads", "3"),
        ("downloadQueueSize", 7),
        ("beginRun", time(22)),
        ("endRun", "6:00"),
        ("timezone", "America/Vancouver"),
        ("includeMetadataFile", "F"),
    ]
    found = book(path, ROW, settings=settings).configuration
    assert found.token == Secret("aaaa-bbbb")
    assert found.download_folder == path.parent / "hydrophones"
    assert found.log_file == path.parent / "hydrophones" / "download.json"
    assert (found.split, found.day_of_week) == (Split.WEEK, DayOfWeek.WE)
    assert (found.run_threads, found.download_threads, found.download_queue_size) == (2, 3, 7)
    assert (found.begin_run, found.end_run) == (time(22), time(6))
    assert found.zone.key == "America/Vancouver"
    assert not found.include_metadata
    assert "aaaa" not in repr(found)
    assert "token" not in found.plain()
    again, faults = configuration_of(found.plain(), path)
    assert faults == []
    assert again.plain() == found.plain()


def test_defaults_without_a_configuration(path):
    found = book(path, ROW).configuration
    assert (found.run_threads, found.download_threads) == (4, 10)
    assert (found.split, found.day_of_week, found.download_queue_size) == ("all", "SU", None)
    assert found.begin_run == found.end_run == time(0)
    assert (found.download_folder, found.log_file) == (path.parent, path.with_suffix(".json"))


def test_keys_may_lie_in_the_first_row(path):
    lying: list[Grid] = [
        Grid(BY_LOCATION, [[*BOLD], [ROW.get(name, "") for name in BOLD]]),
        Grid("configuration", [["runThreads", "dayOfWeek", "other"], [3, "FR", "x"]]),
    ]
    write_workbook(path, lying)
    found = read_workbook(path, now=NOW)
    assert (found.configuration.run_threads, found.configuration.day_of_week) == (3, "FR")
    assert [(one.cell, one.level) for one in found.problems] == [("C2", "warning")]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("splitDateRange", "hour", "all, year, month, week, day"),
        ("dayOfWeek", "Sunday", "MO, TU, WE, TH, FR, SA, SU"),
        ("runThreads", 0, "from 1 to 20"),
        ("runThreads", 21, "from 1 to 20"),
        ("downloadThreads", 1.5, "from 1 on"),
        ("downloadQueueSize", "many", "unlimited or a whole number"),
        ("beginRun", "25:00", "22:00:00"),
        ("logFile", "download.txt", "ends in .json"),
        ("timezone", "Mars/Crater", "is not a time zone"),
        ("token", "two words", "other than letters"),
        ("baseUrl", "data.example.org", "https://"),
    ],
)
def test_bad_values_are_told_with_what_is_allowed(path, key, value, why):
    (problem,) = book(path, ROW, settings=[("runThreads", 4), (key, value)]).errors
    assert (problem.sheet, problem.cell) == ("Configuration", "B3")
    assert why in problem.message
    if key == "token":
        assert str(value) not in problem.message


@pytest.mark.parametrize(
    ("key", "value"), [("runThreads", 5), ("downloadThreads", 11), ("mine", 1)]
)
def test_unusual_values_are_warned_of(path, key, value):
    found = book(path, ROW, settings=[(key, value)])
    assert [(one.cell, one.level) for one in found.problems] == [("B2", "warning")]
    require_sound(path, found)


@pytest.mark.skipif(os.name == "nt", reason="there are drives")
@pytest.mark.parametrize("key", ["downloadFolder", "logFile"])
def test_the_letter_of_a_drive_is_refused_where_there_are_none(path, key):
    (problem,) = book(path, ROW, settings=[(key, "C:/ONC/Data/download.json")]).errors
    assert "this system has none: name a path of this system" in problem.message


def test_other_files_are_refused(path, tmp_path):
    with pytest.raises(BadFile, match="there is no such file"):
        read_workbook(path)
    path.write_text("locationCode,download\n")
    with pytest.raises(BadFile, match="it is no workbook"):
        read_workbook(path)
    write_workbook(path, [Grid("Sheet1", [["a"]])])
    (problem,) = read_workbook(path).errors
    assert "has no sheet 'By Location' or" in problem.message
