"""`tidegate plan create` and `plan check`: workbooks of every platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.plans.workbook.grids import read_grids
from tidegate.plans.workbook.reading import read_workbook
from tidegate.plans.workbook.writing import write_workbook
from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran

    from tidegate.standins.dcs import Standin as Dcs


@pytest.fixture
def campus(tidegate: Callable[..., Ran], standin: Dcs) -> str:
    tidegate("connect", "dcs", "campus", standin.base_web)
    tidegate("discover", "campus")
    return "campus"


def edit(path: Path, **cells: str) -> None:
    """Change cells of the first row."""
    grids = read_grids(path)
    places = grids[0].places()
    for heading, cell in cells.items():
        grids[0].rows[1][places[heading.lower()]] = cell
    write_workbook(path, grids)


def test_a_workbook_of_a_connection(tidegate, campus, tmp_path):
    path = tmp_path / "campus.xlsx"
    (told,) = tidegate("plan", "create", campus, "--book", str(path), "--json").rows
    subjects = tidegate("discover", campus, "--offline", "--json").rows
    asked = {row["subject"] for row in subjects if row["series"]}
    found = read_workbook(path)
    assert told["rows"] == len(found.definitions) == len(asked)
    assert {one.filters["subject"] for one in found.definitions} == asked
    assert all(one.options == {"format": "csv"} for one in found.definitions)
    assert found.configuration.connection == "campus"
    assert read_grids(path)[0].rows[1][5:7] == ["today-7d", "today"]


def test_only_some_subjects_in_a_range(tidegate, campus, tmp_path):
    path = tmp_path / "campus.xlsx"
    range_ = ("--from", "2024-01-01", "--to", "2024-02-01", "--format", "parquet")
    tidegate("plan", "create", campus, "--book", str(path), "--kind", "register", *range_)
    found = read_workbook(path).definitions
    assert {one.notes["kind"] for one in found} == {"register"}
    assert all((one.end - one.begin) == 31 * 86_400_000_000 for one in found)
    again = tidegate("plan", "create", campus, "--book", str(path), *range_, check=False)
    assert again.code == 2
    assert "--force" in again.err
    tidegate("plan", "create", campus, "--book", str(path), "-a", *range_)
    kinds = {one.notes["kind"] for one in read_workbook(path).definitions}
    assert "register" in kinds
    assert len(kinds) > 1


def test_events_at_a_subject(tidegate, campus, tmp_path):
    path, events = tmp_path / "campus.xlsx", tmp_path / "events.csv"
    subjects = tidegate("discover", campus, "--offline", "--kind", "register", "--json").rows
    place = subjects[0]["subject"]
    events.write_text(
        f"time,place,padding\n2024-01-01T00:00:00Z,{place},5m\n"
        f"2024-01-01T00:04:00Z,{place},5m\n2024-01-01T00:04:00Z,nowhere,5m\n"
    )
    words = ("--book", str(path), "--events", str(events))
    said = tidegate("plan", "create", campus, *words)
    (one,) = read_workbook(path).definitions
    assert one.notes["events"] == "2, 3"
    assert one.end - one.begin == 14 * 60_000_000
    assert "event 4: there is nothing at 'nowhere'" in said.err


def test_what_was_never_discovered_is_said(tidegate, standin, tmp_path):
    tidegate("connect", "dcs", "campus", standin.base_web)
    path = str(tmp_path / "campus.xlsx")
    refused = tidegate("plan", "create", "campus", "--book", path, check=False)
    assert (refused.code, "tidegate discover campus" in refused.err) == (2, True)
    wrong = tidegate("plan", "create", "campus", "--book", "campus.csv", check=False)
    assert "end it in .xlsx" in wrong.err


def test_a_format_that_nobody_writes_is_refused(tidegate, campus, tmp_path):
    words = ("--book", str(tmp_path / "campus.xlsx"), "--format", "pdf")
    refused = tidegate("plan", "create", campus, *words, check=False)
    assert (refused.code, "pdf" in refused.err) == (2, True)
    assert not (tmp_path / "campus.xlsx").exists()


def test_check_tells_every_wrong_cell(tidegate, campus, tmp_path):
    path = tmp_path / "campus.xlsx"
    tidegate("plan", "create", campus, "--book", str(path))
    good = tidegate("plan", "check", str(path))
    assert good.out == ""
    assert "to download in" in good.err
    edit(path, download="perhaps", begin="2017-13-01")
    bad = tidegate("plan", "check", str(path), "--json", check=False)
    assert bad.code == 2
    assert [(row["sheet"], row["cell"]) for row in bad.rows] == [
        ("By Subject", "E2"),
        ("By Subject", "F2"),
    ]


def test_check_asks_the_catalogue_if_it_answers(tidegate, tmp_path, monkeypatch):
    path = tmp_path / "download.xlsx"
    monkeypatch.setenv("ONC_TOKEN", "T-1")
    with running(any_token=True) as onc:
        words = ("-l", "USDDL", "-c", "CTD", "-p", "TSSD", "-x", "csv", "-b", "2017-05-01")
        where = ("-o", str(tmp_path), "--base-url", onc.base_url)
        tidegate("onc", "createXLS", *where, *words, "-e", "2017-06-01")
        tidegate("plan", "check", str(path))
        edit(path, **{"data product options": "dpo_resample=average;dpo_qualityControl=1"})
        failing = tidegate("plan", "check", str(path), "--json", check=False)
        assert failing.code == 1
        assert {(row["cell"], row["problem"]) for row in failing.rows} == {
            ("P2", "dpo_average missing"),
            ("P2", "dpo_dataGaps missing"),
        }
        edit(path, extension="xyz")
        (row,) = tidegate("plan", "check", str(path), "--json", check=False).rows
        assert (row["cell"], row["level"]) == ("O2", "warning")
        assert "TSSD is not offered as xyz there, only as csv, json, mat, nc, txt" in row["problem"]
        assert tidegate("plan", "check", str(path), "--offline").out == ""
    monkeypatch.setenv("TIDEGATE_SILENCE_BUDGET", "0.2")
    silent = tidegate("plan", "check", str(path))
    assert "the platform was not asked" in silent.err


def test_the_workbook_names_the_server_or_the_connection(tidegate, tmp_path, monkeypatch):
    """A workbook goes back to where it came from, without any option."""
    with running(any_token=True) as onc:
        source = ("-l", "USDDL", "-c", "CTD", "-p", "TSSD", "-x", "csv")
        words = (*source, "-b", "2017-05-01", "-e", "2017-06-01")
        where = ("-o", str(tmp_path), "--base-url", onc.base_url)
        tidegate("onc", "createXLS", *where, *words, "-t", "T-1")
        onc.service.log.clear()
        tidegate("plan", "check", str(tmp_path / "download.xlsx"))
        monkeypatch.setenv("ONC_TOKEN", "T-2")
        tidegate("plan", "check", str(tmp_path / "download.xlsx"))
        assert len([one for one in onc.log if "dataProducts" in one.path]) == 2


def test_products_are_ordered_by_workbooks_of_createxls(tidegate, tmp_path, monkeypatch):
    monkeypatch.setenv("ONC_TOKEN", "T-1")
    with running(any_token=True) as onc:
        tidegate("connect", "onc", "sea", onc.base_url)
    path = str(tmp_path / "sea.xlsx")
    refused = tidegate("plan", "create", "sea", "--book", path, check=False)
    assert "tidegate onc createXLS --connection sea" in refused.err
