"""Workbooks added to: new rows at the end, and every cell that somebody changed kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import load_workbook

from tidegate.model.errors import BadFile, TooMuch, UnknownToPlatform
from tidegate.model.instants import parse
from tidegate.plans.dates import window_of
from tidegate.plans.definitions import BY_LOCATION
from tidegate.plans.workbook.building import Builder, Wanted
from tidegate.plans.workbook.grids import Grid, read_grids
from tidegate.plans.workbook.reading import read_workbook
from tidegate.plans.workbook.sheets import add_rows
from tidegate.plans.workbook.writing import write_workbook
from tidegate.services.planning import Made, Target, WorkbookExists, make_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW = parse("2020-06-01T00:00:00Z")


class Catalogue:
    """A catalogue of one place with a CTD, whose deployments a test changes."""

    def __init__(self) -> None:
        self.stays = [stay("CTD1", "2015-01-01", "2017-03-01"), stay("CTD2", "2017-03-01", None)]
        self.offered = ["csv", "mat"]

    def locations(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if filters.get("locationCode", "ABCDE") != "ABCDE":
            raise UnknownToPlatform("unknown")
        return [{"locationCode": "ABCDE", "locationName": "Alpha Bank"}]

    def categories(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"deviceCategoryCode": "CTD", "deviceCategoryName": "CTD"}]

    def devices(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"deviceCode": filters["deviceCode"], "deviceId": 7, "deviceName": "A CTD"}]

    def deployments(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self.stays

    def products(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"dataProductCode": "TSSD", "extension": one, "dataProductOptions": []}
            for one in self.offered
        ]


def stay(device: str, begin: str, end: str | None) -> dict[str, Any]:
    return {
        "locationCode": "ABCDE",
        "deviceCategoryCode": "CTD",
        "deviceCode": device,
        "begin": f"{begin}T00:00:00.000Z",
        "end": f"{end}T00:00:00.000Z" if end else None,
        "lat": 48.8,
        "lon": -125.3,
        "depth": None,
        "hasDeviceData": True,
    }


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def target(tmp_path) -> Target:
    return Target(path=tmp_path / "download.xlsx", append=True)


def make(target: Target, catalogue: Catalogue, *, end: str = "2018-01-01", now: int = NOW) -> Made:
    wanted = Wanted(
        window=window_of("2016-01-01", end, now=now),
        begin="2016-01-01",
        end=end,
        locations=("ABCDE",),
    )
    rows = Builder(catalogue, "https://data.example.org", now).rows(wanted)
    return make_workbook(target, rows, {})


def edit(path: Path, line: int, **cells: Any) -> None:
    """Change cells of the first sheet, as a person does."""
    grids = read_grids(path)
    places = grids[0].places()
    for heading, cell in cells.items():
        grids[0].rows[line - 1][places[heading]] = cell
    write_workbook(path, grids)


def shown(path: Path) -> list[tuple[str, str, str, str]]:
    head, *rows = load_workbook(str(path)).get_sheet_by_name(BY_LOCATION).to_python()
    names = ("deviceCode", "extension", "begin", "end")
    return [tuple(str(row[head.index(name)])[:10] for name in names) for row in rows]  # type: ignore[misc]


def test_twice_with_the_same_catalogue_leaves_the_file_as_it_is(target, catalogue):
    made = make(target, catalogue)
    assert (made.rows, made.added, made.is_written) == ({BY_LOCATION: 4}, {BY_LOCATION: 4}, True)
    before, inode = target.path.read_bytes(), target.path.stat().st_ino
    again = make(target, catalogue)
    assert (again.added, again.is_written) == ({BY_LOCATION: 0}, False)
    assert (target.path.read_bytes(), target.path.stat().st_ino) == (before, inode)


def test_rows_are_deployments_within_the_range(target, catalogue):
    make(target, catalogue)
    assert shown(target.path) == [
        ("CTD1", "csv", "2016-01-01", "2017-03-01"),
        ("CTD1", "mat", "2016-01-01", "2017-03-01"),
        ("CTD2", "csv", "2017-03-01", "2018-01-01"),
        ("CTD2", "mat", "2017-03-01", "2018-01-01"),
    ]


def test_an_open_deployment_ends_now_at_most(target, catalogue):
    make(target, catalogue, end="2021-01-01")
    assert shown(target.path)[-1] == ("CTD2", "mat", "2017-03-01", "2020-06-01")


def test_a_repeat_makes_an_identical_file(tmp_path, catalogue):
    paths = [tmp_path / name for name in ("one.xlsx", "two.xlsx")]
    for path in paths:
        make(Target(path=path), catalogue)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_new_rows_come_to_the_end_and_edited_cells_stay(target, catalogue):
    make(target, catalogue)
    changed = {"download": "F", "begin": "2016-05-05", "data product options": "dpo_x=1"}
    edit(target.path, 2, **changed)
    catalogue.stays.insert(0, stay("CTD0", "2014-01-01", "2016-02-01"))
    made = make(target, catalogue)
    assert made.added == {BY_LOCATION: 2}
    rows = shown(target.path)
    assert [row[0] for row in rows] == ["CTD1", "CTD1", "CTD2", "CTD2", "CTD0", "CTD0"]
    first = read_workbook(target.path, now=NOW).definitions[0]
    assert (first.download, first.begin) == (False, parse("2016-05-05"))
    assert first.options == {"dpo_x": "1"}


def test_own_columns_rows_sheets_and_settings_stay(target, catalogue):
    make(target, catalogue)
    grids = read_grids(target.path)
    for at, row in enumerate(grids[0].rows):
        row.insert(0, "why" if at == 0 else f"reason {at}")
    own = [""] * len(grids[0].rows[0])
    grids[0].rows.insert(1, own[:1] + list(grids[0].rows[2][1:]))
    grids[0].rows[1][-1] = "mine"
    next(row for row in grids[1].rows if row[0] == "runThreads")[1] = 2
    grids[1].rows.append(["my key", "x", ""])
    grids.append(Grid("Notes", [["a", 1.5], [True, datetime(2020, 1, 2, 3, 4, 5)]]))  # noqa: DTZ001
    write_workbook(target.path, grids)
    catalogue.offered.append("nc")
    assert make(target, catalogue).added == {BY_LOCATION: 2}
    after = read_grids(target.path)
    assert [grid.name for grid in after] == [BY_LOCATION, "Configuration", "Notes"]
    assert after[2].rows == grids[2].rows
    assert after[1].rows == grids[1].rows
    assert after[0].rows[: len(grids[0].rows)] == grids[0].rows
    assert after[0].rows[-1][0] == ""


def test_deleted_columns_stay_deleted_and_rows_are_known_by_what_is_left(target, catalogue):
    make(target, catalogue)
    grids = read_grids(target.path)
    gone = {"rowid", "endatcreation", "deploymentend", "deploymentbegin", "locationname"}
    kept = [at for name, at in grids[0].places().items() if name not in gone]
    grids[0].rows = [[row[at] for at in kept] for row in grids[0].rows]
    write_workbook(target.path, grids)
    assert make(target, catalogue).added == {BY_LOCATION: 0}
    catalogue.offered.append("nc")
    assert make(target, catalogue).added == {BY_LOCATION: 2}
    assert "rowid" not in read_grids(target.path)[0].places()


def test_a_row_without_id_is_known_by_its_deployment(target, catalogue):
    make(target, catalogue)
    edit(target.path, 2, rowid="", begin="2016-07-07")
    assert make(target, catalogue).added == {BY_LOCATION: 0}


def test_the_end_of_a_deployment_that_was_open_comes_to_its_rows(target, catalogue):
    make(target, catalogue)
    catalogue.stays[1] = stay("CTD2", "2017-03-01", "2017-09-01")
    made = make(target, catalogue)
    assert (made.closed, made.left) == (2, ())
    assert [row[3] for row in shown(target.path)[2:]] == ["2017-09-01", "2017-09-01"]
    assert not make(target, catalogue).is_written


def test_but_not_where_somebody_changed_it(target, catalogue):
    make(target, catalogue)
    edit(target.path, 4, end="2017-12-12")
    catalogue.stays[1] = stay("CTD2", "2017-03-01", "2017-09-01")
    made = make(target, catalogue)
    assert made.closed == 1
    assert made.left == (
        "By Location line 4: the deployment has ended at 2017-09-01 00:00:00;"
        " the end 2017-12-12 was changed by hand and stays",
    )
    assert [row[3] for row in shown(target.path)[2:]] == ["2017-12-12", "2017-09-01"]


def test_missing_keys_are_added_and_others_not_reset(target, catalogue):
    make(target, catalogue)
    grids = read_grids(target.path)
    grids[1].rows = [["Configuration", "Value"], ["runThreads", 2]]
    write_workbook(target.path, grids)
    assert make(target, catalogue).is_written
    cells = {str(row[0]): row[1] for row in read_grids(target.path)[1].rows}
    assert (cells["runThreads"], cells["downloadThreads"], cells["dayOfWeek"]) == (2, "10", "SU")


def test_keys_that_lie_in_a_row_are_added_there():
    grids = [Grid("Configuration", [["runThreads", "dayOfWeek"], [2, "MO"]])]
    add_rows(grids, {}, {"logFile": "x.json"})
    cells = dict(zip(*grids[0].rows, strict=True))
    assert (cells["runThreads"], cells["logFile"], cells["endRun"]) == (2, "x.json", "00:00:00")


@pytest.mark.parametrize("lock", [".~lock.download.xlsx#", "~$download.xlsx"])
def test_an_open_workbook_is_written_beside(target, catalogue, lock):
    make(target, catalogue)
    before = target.path.read_bytes()
    (target.path.parent / lock).touch()
    catalogue.offered.append("nc")
    made = make(target, catalogue)
    assert made.path == target.path.with_name("download.new.xlsx")
    assert target.path.read_bytes() == before
    assert len(shown(made.path)) == 6


def test_an_existing_file_is_not_replaced_unless_told(target, catalogue):
    make(target, catalogue)
    with pytest.raises(WorkbookExists):
        make(Target(path=target.path), catalogue)
    target.path.write_text("not a workbook")
    with pytest.raises(BadFile, match="no workbook"):
        make(target, catalogue)
    made = make(Target(path=target.path, force=True), catalogue)
    assert made.backup == target.path.with_name("download.bak.xlsx")
    assert made.backup is not None
    assert made.backup.read_text() == "not a workbook"


def test_a_hidden_source_gives_no_row(target, catalogue):
    catalogue.stays[0]["hasDeviceData"] = False
    assert make(target, catalogue).rows == {BY_LOCATION: 2}


def test_products_are_asked_for_once_for_each_source(
    target: Target, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    answer = catalogue.products

    def products(filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked.append(dict(filters))
        return answer(filters)

    monkeypatch.setattr(catalogue, "products", products)
    make(target, catalogue)
    assert asked == [{"locationCode": "ABCDE", "deviceCategoryCode": "CTD"}]


def test_more_lines_than_sheets_can_have_are_refused(tmp_path):
    path = tmp_path / "download.xlsx"
    with pytest.raises(TooMuch, match="1,048,577, the limit is 1,048,576"):
        write_workbook(path, [Grid(BY_LOCATION, [["T"]] * 1_048_577)])
    assert not path.exists()
