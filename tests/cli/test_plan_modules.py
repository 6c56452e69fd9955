"""`tidegate plan create|check|run|status` for OCPI connections: a row for each module."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import pytest
from tests.seeds.ocpi_export import logged_in, queries

from tidegate.plans.workbook.grids import read_grids
from tidegate.plans.workbook.reading import read_workbook
from tidegate.plans.workbook.writing import write_workbook
from tidegate.services.ocpi.planning import run_modules
from tidegate.services.plan_logs import read_plan
from tidegate.services.settings import resolve
from tidegate.standins.ocpi import running

RANGE = ("--from", "2015-01-01", "--to", "now")


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """A 2.2.1 platform with 40 sessions, logged in to as `ocpi`."""
    with logged_in(tmp_path / "store", monkeypatch, sessions=40) as standin:
        yield standin


@pytest.fixture
def book(standin, tidegate, tmp_path):
    """A workbook of all its modules."""
    path = tmp_path / "plans" / "ocpi.xlsx"
    tidegate("plan", "create", "ocpi", "--book", str(path), *RANGE)
    return path


def set_options(path: Path, module: str, options: str) -> None:
    """Write the options of the row of a module."""
    grids = read_grids(path)
    at = grids[0].places()["options"]
    next(row for row in grids[0].rows if row[0] == module)[at] = options
    write_workbook(path, grids)


def test_a_row_for_each_module(book, standin, tidegate, tmp_path):
    found = read_workbook(book)
    modules = [one.filters["module"] for one in found.definitions]
    assert modules == ["sessions", "cdrs", "locations", "tariffs", "tokens"]
    assert found.configuration.connection == "ocpi"
    assert tidegate("plan", "check", str(book)).out == ""
    assert standin.log == []
    few = tmp_path / "few.xlsx"
    tidegate("plan", "create", "ocpi", "cdrs", "--book", str(few), "--format", "json")
    (row,) = read_workbook(few).definitions
    assert (row.filters["module"], row.options) == ("cdrs", {"format": "json"})
    tidegate("plan", "create", "ocpi", "--book", str(few), "-a")
    assert len(read_workbook(few).definitions) == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("meters",), "meters"),
        (("--format", "mat"), "mat"),
        (("--kind", "register"), "--kind"),
        (("--from", "2013-20-23"), "2013-20-23"),
    ],
)
def test_what_cannot_be_planned_is_refused(standin, tidegate, tmp_path, words, told):
    path = tmp_path / "x.xlsx"
    refused = tidegate("plan", "create", "ocpi", "--book", str(path), *words, check=False)
    assert (refused.code, told in refused.err) == (2, True)
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("format=pdf", "pdf"),
        ("formt=csv", "formt"),
        ("privacy-pass=no_such_field", "no_such_field"),
        ("profile=secret", "secret"),
        ("join=tokens,meters", "meters"),
    ],
)
def test_check_names_the_cell_and_nothing_runs(book, standin, tidegate, options, told):
    set_options(book, "sessions", options)
    bad = tidegate("plan", "check", str(book), "--json", check=False)
    (row,) = bad.rows
    assert (bad.code, row["sheet"], row["cell"]) == (2, "By Module", "E2")
    assert told in row["problem"]
    refused = tidegate("plan", "run", str(book), check=False)
    assert (refused.code, "By Module!E2" in refused.err) == (2, True)
    assert standin.log == []


def test_a_wrong_module_or_connection_is_told(book, tidegate):
    grids = read_grids(book)
    grids[0].rows[1][0] = "meters"
    write_workbook(book, grids)
    (row,) = tidegate("plan", "check", str(book), "--json", check=False).rows
    assert (row["cell"], "'meters' is no module" in row["problem"]) == ("A2", True)
    at = next(row for row in grids[1].rows if row[0] == "connection")
    at[1] = "other"
    write_workbook(book, grids)
    (row,) = tidegate("plan", "check", str(book), "--json", check=False).rows
    assert (row["sheet"], "other" in row["problem"]) == ("Configuration", True)


def test_run_exports_a_file_each_private_by_default(book, standin, tidegate, tmp_path):
    set_options(book, "cdrs", "format=jsonl; privacy-pass=id,last_updated; join=locations")
    due = tidegate("plan", "run", str(book), "--dry-run", "--json").rows
    assert [row["isThere"] for row in due] == [False] * 5
    assert standin.log == []
    ran = tidegate("plan", "run", str(book), "--json")
    files = {row["module"]: row["file"] for row in ran.rows}
    assert all(row["problem"] is None for row in ran.rows)
    sessions = Path(files["sessions"]).read_text()
    assert ran.rows[0]["records"] == len(list(csv.DictReader(sessions.splitlines()))) == 40
    assert {row["start_date_time"] for row in csv.DictReader(sessions.splitlines())} == {"#NA"}
    assert queries(standin)[0]["date_from"].startswith("2015-01-01")
    text = tidegate("ocpi", "get", "cdrs", "--privacy-pass", "id,last_updated", "--join",
                    "locations", "--date-from", "2015-01-01").out  # fmt: skip
    assert Path(files["cdrs"]).read_text() == text
    since = ("--date-from", "2015-01-01")
    assert sessions == tidegate("ocpi", "get", "sessions", "--format", "csv", *since).out
    shown = tidegate("plan", "status", str(book), "--json").rows
    assert [row["module"] for row in shown] == list(files)
    assert not (tmp_path / "store" / "tidegate.duckdb").exists()


def test_a_row_that_fails_leaves_the_file_of_before(book, tidegate, monkeypatch):
    again = read_grids(book)
    for row in again[0].rows[3:]:
        row[again[0].places()["download"]] = "F"
    write_workbook(book, again)
    assert len(tidegate("plan", "run", str(book), "--json").rows) == 2
    monkeypatch.setenv("TIDEGATE_TOKEN", "wrong")
    failed = tidegate("plan", "run", str(book), "--json", check=False)
    assert failed.code == 1
    assert all(row["problem"] for row in failed.rows)
    shown = tidegate("plan", "status", str(book), "--json").rows
    assert all(row["isThere"] for row in shown)


def test_a_run_that_is_stopped_says_so(book, standin, tmp_path):
    stop = threading.Event()
    stop.set()
    done = run_modules(tmp_path / "store", read_plan(book), settings=resolve(), stop=stop)
    assert (done.exit_code, done.failed) == (130, 5)
    assert {row["problem"] for row in done.rows} == {"stopped"}
    assert standin.log == []


def test_download_says_which_command_runs_it(book, tidegate):
    refused = tidegate("onc", "download", "-f", str(book), check=False)
    assert (refused.code, "asks for modules" in refused.err) == (2, True)
    assert "tidegate plan run" in refused.err


def test_a_view_decides_what_a_row_lets_out(tidegate, tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEGATE_TOKEN", "demo-token")
    book = tmp_path / "ocpi.xlsx"
    with running(sessions=10, seed=1) as standin:
        tidegate("ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--version", "2.2.1")
        fields = ("--module", "sessions", "--pass", "sessions.kwh")
        tidegate("view", "create", "city", *fields, "--source", "live", "--exclude", "nothing")
        name = tidegate("connections", "--json").rows[0]["name"]
        tidegate("plan", "create", name, "sessions", "--book", str(book), *RANGE)
        set_options(book, "sessions", "view=city")
        (row,) = tidegate("plan", "run", str(book), "--json").rows
        set_options(book, "sessions", "view=town")
        (wrong,) = tidegate("plan", "check", str(book), "--json", check=False).rows
        set_options(book, "sessions", "view=city; privacy-pass=kwh,id")
        (both,) = tidegate("plan", "check", str(book), "--json", check=False).rows
    assert (wrong["cell"], "no view 'town'" in wrong["problem"]) == ("E2", True)
    assert (both["cell"], "given without privacy-pass" in both["problem"]) == ("E2", True)
    rows = list(csv.DictReader(Path(row["file"]).read_text().splitlines()))
    assert len(rows) == row["records"] == 10
    assert all(float(one["kwh"]) >= 0 for one in rows)
    assert {one.get("start_date_time", "") for one in rows} <= {"", "#NA"}
