"""The page of bulk downloads: `download`, its log, its threads and its class (rows N1 to N29)."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.cli import run
from tidegate.onc import createXLS, download
from tidegate.plans import download_desk
from tidegate.standins.onc import running
from tidegate.standins.onc.faults import parse_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.onc import Standin


@pytest.fixture
def onc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Standin]:
    """A stand-in that the environment names; runs are asked after without the usual pauses."""
    init: Any = download_desk.Pace.__init__

    def hasty(self: Any, **choices: Any) -> None:
        init(self, **{**choices, "poll": (0.0, 0.01)})

    monkeypatch.setattr(download_desk.Pace, "__init__", hasty)
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    with running() as standin:
        monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
        monkeypatch.setenv("ONC_TOKEN", standin.token)
        yield standin


@pytest.fixture
def book(onc: Standin, tmp_path: Path) -> Path:
    """A workbook of two products of one instrument over two days."""
    x = createXLS(outPath=tmp_path / "data")
    x.locationCode, x.deviceCategoryCode, x.dataProductCode = "USDDL", "CTD", "TSSD"
    x.extension, x.begin, x.end = "csv,txt", "2017-05-01", "2017-05-03"
    return x.createWorkbook().path


def test_n03_the_log_is_made_and_goes_on(onc: Standin, book: Path) -> None:
    onc.faults.add(parse_fault("run-error"))
    first = download().execute(book)
    assert first.tasks == {"error": 2}
    onc.faults.clear()
    log = json.loads(book.with_suffix(".json").read_text())
    assert log["totals"]["tasks"] == 2
    assert "token" not in log["configuration"]
    second = download().execute(book)
    assert (second.planned, second.tasks) == (2, {"complete": 2})


def test_n03_edits_of_the_workbook_are_followed(onc: Standin, book: Path) -> None:
    download().execute(book)
    x = createXLS(outPath=book.parent)
    x.locationCode, x.deviceCategoryCode, x.dataProductCode = "USDDL", "CTD", "TSSD"
    x.extension, x.begin, x.end, x.append = "nc", "2017-05-01", "2017-05-03", True
    x.createWorkbook(book)
    report = download().execute(book)
    assert (report.planned, report.tasks) == (1, {"complete": 1})


def test_n19_a_row_that_is_refused_is_printed_and_logged(
    onc: Standin, book: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = book.with_suffix(".json")
    download().execute(book)
    log = json.loads(path.read_text())
    filters = {**log["definitions"][0]["filters"], "extension": "mat"}
    for name in [name for name in filters if name.startswith("dpo_")]:
        del filters[name]
    row = {"filters": filters, "begin": "2017-05-01", "end": "2017-05-02"}
    log["definitions"].append(row)
    path.write_text(json.dumps(log))
    assert run(["onc", "download", "--file", str(path)]) == 1
    assert "dpo_" in capfd.readouterr().err
    error = json.loads(path.read_text())["definitions"][2]["tasks"][0]["error"]
    assert "dpo_" in error["message"]


def test_n25_no_more_than_run_threads_are_at_the_platform(
    onc: Standin, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidegate.platforms.onc.client import OncClient

    open_now: set[int] = set()
    most, lock, inner = 0, threading.Lock(), OncClient.run

    def watched(self: OncClient, order: int) -> Any:
        nonlocal most
        with lock:
            open_now.add(order)
            most = max(most, len(open_now))
        runs = inner(self, order)
        if all(one.status.is_over for one in runs):
            with lock:
                open_now.discard(order)
        return runs

    monkeypatch.setattr(OncClient, "run", watched)
    assert download().execute(book).exit_code == 0
    assert 1 <= most <= 4


def test_n27_workbook_and_json_are_taken(onc: Standin, book: Path) -> None:
    assert run(["onc", "download", f"--file={book}"]) == 0
    assert run(["onc", "download", "-f", str(book.with_suffix(".json"))]) == 3
    assert run(["onc", "download", "-f", str(book.with_suffix(".txt"))]) == 2
