"""`tidegate onc download` and `tidegate plan run|status|update`, against the stand-ins."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.standins.dcs import running as dcs_running
from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.onc import Standin

USDDL = ("-l", "USDDL", "-c", "CTD", "-b", "2017-05-01", "-e", "2017-05-03")


@pytest.fixture
def onc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in of Ocean Networks Canada, with address and token in the environment."""
    from tidegate.plans import download_desk

    monkeypatch.setattr(download_desk.Pace, "__init__", _hasty(download_desk.Pace.__init__))
    with running() as standin:
        monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
        monkeypatch.setenv("ONC_TOKEN", standin.token)
        yield standin


def _hasty(init: Any) -> Any:
    """Ask after runs without pauses, which only people need."""

    def quick(self: Any, **choices: Any) -> None:
        init(self, **{**choices, "poll": (0.0, 0.01), "back_off": (0.0, 0.01)})

    return quick


def _files(folder: Path) -> list[str]:
    endings = (".xlsx", ".json", ".lock", ".jsonl", ".bib", ".citations.txt")
    return sorted(one.name for one in folder.iterdir() if not one.name.endswith(endings))


def test_u1_a_workbook_is_downloaded_and_then_nothing_is_new(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv,json")
    book = str(data / "download.xlsx")
    first = tidegate("onc", "download", "-f", book, "--json")
    assert first.rows[0]["tasks"] == {"complete": 2}
    log = json.loads((data / "download.json").read_text())
    files = [
        one
        for row in log["definitions"]
        for task in row["tasks"]
        for run in task["runs"]
        for one in run["files"]
    ]
    assert len(files) == first.rows[0]["files"] == 4
    for one in files:
        body = (data / one["path"]).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (one["size"], one["sha256"])
    asked = len(onc.log)
    second = tidegate("onc", "download", "-f", str(data / "download.json"), check=False)
    assert second.code == 3
    assert not [entry for entry in onc.log[asked:] if "dataProductDelivery" in entry.path]
    shown = tidegate("plan", "status", book, "--json").rows
    assert [row["complete"] for row in shown] == [1, 1]


def test_no_token_is_written_anywhere(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), "--debug")
    assert onc.token not in ran.out + ran.err
    for one in data.iterdir():
        assert onc.token.encode() not in one.read_bytes()
    assert (data / "download.provenance.json").exists()
    text = (data / "download.citations.txt").read_text()
    assert "doi.org" in text
    assert (data / "download.citations.bib").read_text().startswith("@misc{")


def test_dry_run_orders_nothing(onc: Standin, tidegate: Callable[..., Any], tmp_path: Path) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL)
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), "--dry-run", "--json")
    routes = {row["row"]: row["route"] for row in ran.rows}
    assert routes["USDDL CTD LF.txt"] == "archive"
    assert routes["USDDL CTD TSSD.csv"] == "order"
    assert not [entry for entry in onc.log if "dataProductDelivery" in entry.path]
    assert not (data / "download.json").exists()


def test_layout_and_archive(onc: Standin, tidegate: Callable[..., Any], tmp_path: Path) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    tidegate(
        *("onc", "download", "-f", str(data / "download.xlsx")),
        *("--layout", "{location}/{product}/{yyyy}/{mm}"),
    )
    assert len(list((data / "USDDL" / "LF" / "2017" / "05").iterdir())) == 2
    (cited,) = (data / "download.citations.txt").read_text().splitlines()
    deployed = tidegate(
        *("onc", "deployments", "-l", "USDDL", "-c", "CTD"),
        *("--base-url", onc.base_url, "--from", "2017-05-01", "--to", "2017-06-01", "--json"),
    )
    assert cited.startswith(deployed.rows[0]["citation"]["citation"])
    assert (data / "download.citations.bib").read_text().count("@misc{") == 1
    told = json.loads((data / "download.provenance.json").read_text())
    assert [one["citation"] for one in told["citations"]] == [
        deployed.rows[0]["citation"]["citation"]
    ]
    assert not [entry for entry in onc.log if "dataProductDelivery" in entry.path]
    wrong = tidegate(
        "onc", "download", "-f", str(data / "download.xlsx"), "--layout", "../{x}", check=False
    )
    assert wrong.code == 2


def test_n28_a_task_added_by_hand_is_completed_and_run(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    path = data / "download.json"
    tidegate("onc", "download", "-f", str(data / "download.xlsx"))
    log = json.loads(path.read_text())
    added = {
        "filters": {**log["definitions"][0]["filters"], "extension": "txt"},
        "begin": "2017-05-01",
        "end": "2017-05-02",
    }
    bad = {"filters": {"dataProductCode": "TSSD"}, "begin": "2017-05-01", "end": "2017-05-02"}
    log["definitions"] += [added, bad]
    path.write_text(json.dumps(log))
    updated = tidegate("plan", "update", str(path), "--json", check=False)
    assert updated.code == 1
    assert "extension is missing" in updated.rows[0]["problem"]
    assert len(json.loads(path.read_text())["definitions"][1]["tasks"]) == 1
    ran = tidegate("onc", "download", "-f", str(path), "--json", check=False)
    assert ran.code == 1  # the bad one is told of
    assert ran.rows[0]["tasks"] == {"complete": 1, "invalid": 1}, ran.err
    again = tidegate("plan", "status", str(data / "download.xlsx"), "--json").rows
    assert [row["state"] for row in again] == ["active", "active", "invalid"]


def test_n29_the_class_does_the_same(onc: Standin, tmp_path: Path) -> None:
    from tidegate.onc import createXLS, download

    x = createXLS(outPath=tmp_path / "data")
    x.locationCode, x.deviceCategoryCode, x.dataProductCode = "USDDL", "CTD", "TSSD"
    x.extension, x.begin, x.end = "csv", "2017-05-01", "2017-05-02"
    x.createWorkbook()
    report = download().execute(tmp_path / "data" / "download.xlsx")
    assert (report.exit_code, report.files) == (0, 2)
    assert len(_files(tmp_path / "data")) == 2


def test_v11_a_pause_that_the_server_asks_for_is_kept(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    from tidegate.standins.onc.faults import parse_fault

    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    onc.faults.add(parse_fault("status:status=429,retry_after=1,path=archivefile/download,times=1"))
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), "--json")
    assert ran.rows[0]["files"] == 2
    assert ran.rows[0]["seconds"] >= 1


def test_a_wrong_token_stops_at_once(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    monkeypatch.setenv("ONC_TOKEN", "11111111-0000-4000-8000-000000000000")
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), check=False)
    assert ran.code == 29
    assert "11111111" not in ran.err


def test_a_plan_of_registers_is_pulled_and_exported(
    tidegate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.faults.campus import OPTIONS

    book = tmp_path / "registers.xlsx"
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    with dcs_running(OPTIONS) as standin:
        tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
        tidegate("discover", "campus")
        words = ("--book", str(book), "--from", "2024-01-01", "--to", "2024-01-02")
        tidegate("plan", "create", "campus", "%", *words, "--kind", "register")
        due = tidegate("plan", "run", str(book), "--dry-run", "--json").rows
        assert all(row["due"] > 0 for row in due)
        ran = tidegate("plan", "run", str(book), "--json", check=False)
        assert len(ran.rows) == len(due)
        good = [row for row in ran.rows if row["problem"] is None]
        assert good
        for row in good:
            with Path(row["file"]).open() as file:
                assert len(file.readlines()) == row["readings"] + 1
        again = tidegate("plan", "run", str(book), check=False)
        assert again.code in {1, 3}


def test_a_stopped_plan_of_registers_ends_its_watch(
    tidegate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from tests.faults.campus import OPTIONS

    from tidegate.services.opened import Store

    book = tmp_path / "registers.xlsx"
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    whole = Store.pull

    def stopped(self: Store, *words: Any, **choices: Any) -> Any:
        return replace(whole(self, *words, **choices), interrupted=True)

    with dcs_running(OPTIONS) as standin:
        tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
        tidegate("discover", "campus")
        words = ("--book", str(book), "--from", "2024-01-01", "--to", "2024-01-02")
        tidegate("plan", "create", "campus", "%", *words, "--kind", "register")
        monkeypatch.setattr(Store, "pull", stopped)
        ran = tidegate("plan", "run", str(book), "--every", "1d", "--json", check=False)
    assert ran.code == 130
    assert all(row["problem"] for row in ran.rows)
    assert "stopped; run the same command again" in ran.err


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("short:bytes=100,path=archivefile/download,times=1", (0, "complete")),
        ("cut:bytes=100,path=archivefile/download,times=1", (0, "complete")),
        ("reset:path=archivefile/download,times=1", (0, "complete")),
        ("status:status=503,path=archivefile/download,times=1", (0, "complete")),
        ("truncate:bytes=100,path=archivefile/download", (1, "error")),
        ("gzip:path=archivefile/download", (0, "complete")),
    ],
)
def test_a_bad_server_leaves_no_wrong_file_of_the_archive(
    onc: Standin,
    tidegate: Callable[..., Any],
    tmp_path: Path,
    fault: str,
    expected: tuple[int, str],
) -> None:
    from tidegate.standins.onc.faults import parse_fault

    code, outcome = expected
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    onc.faults.add(parse_fault(fault))
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), "--json", check=False)
    assert (ran.code, ran.rows[0]["tasks"]) == (code, {outcome: 1}), ran.err
    names = [name for name in _files(data) if name.endswith((".txt", ".part"))]
    if outcome == "error":
        assert names == []
    elif fault.startswith("gzip"):
        assert len(ran.rows[0]["complaints"]) == 2
    else:
        assert [(data / name).stat().st_size for name in names] == [8192, 8192]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("run-error", (1, "error")),
        ("run-cancelled", (1, "cancelled")),
        ("no-data", (3, "noData")),
        ("gone:path=dataProductDelivery/download,times=1", (0, "complete")),
        ("name:path=dataProductDelivery/download", (1, "error")),
        ("runs:items=2", (0, "complete")),
    ],
)
def test_every_end_of_an_order_is_told(
    onc: Standin,
    tidegate: Callable[..., Any],
    tmp_path: Path,
    fault: str,
    expected: tuple[int, str],
) -> None:
    from tidegate.standins.onc.faults import parse_fault

    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    code, outcome = expected
    onc.faults.add(parse_fault(fault))
    ran = tidegate("onc", "download", "-f", str(data / "download.xlsx"), "--json", check=False)
    assert (ran.code, ran.rows[0]["tasks"]) == (code, {outcome: 1}), ran.err
    assert all(one.parent in {data, tmp_path} for one in tmp_path.rglob("*else*"))
    assert not list(data.glob("*.part"))


def test_a_watch_fetches_what_the_workbook_gains_until_ctrl_c(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidegate.cli import run
    from tidegate.services import watching

    data = tmp_path / "data"
    rounds: list[int] = []
    book = str(data / "download.xlsx")
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    monkeypatch.setattr(watching, "elapsed", lambda _text: 1)
    whole = watching.watch

    def three(every: str, once: Callable[[], int], **how: Any) -> int:
        def counted() -> int:
            rounds.append(once())
            if len(rounds) == 1:
                add = ("-a", "-p", "TSSD", "-x", "csv")
                assert run(("onc", "createXLS", "-o", str(data), *USDDL, *add)) == 0
            return 130 if len(rounds) == 3 else rounds[-1]

        return whole(every, counted, **how)

    monkeypatch.setattr(watching, "watch", three)
    ran = tidegate("onc", "download", "-f", book, "--every", "15m", check=False)
    assert (ran.code, rounds) == (130, [0, 0, 3]), ran.err
    both = tidegate("onc", "download", "-f", book, "--every", "15m", "--dry-run", check=False)
    assert both.code == 2


def test_a_second_start_during_a_round_is_refused(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    from tidegate.plans.journal import LogBusy, locked

    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    with locked(data / "download.json"):
        ran = tidegate("plan", "run", str(data / "download.xlsx"), "--every", "15m", check=False)
    assert ran.code == LogBusy.exit_code
    assert "another process works on" in ran.err


def test_links_are_for_download_managers(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    from urllib.request import urlopen

    data, links = tmp_path / "data", tmp_path / "links.txt"
    book = str(data / "download.xlsx")
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF,TSSD", "-x", "txt,csv")
    plain = tidegate("onc", "download", "-f", book, "--links", str(links), "--json")
    assert (plain.rows[0]["links"], plain.rows[0]["unmade"]) == (2, 2)
    assert onc.token not in links.read_text() + plain.out + plain.err
    words = ("--links", str(links), "--token-in-links")
    told = tidegate("plan", "run", book, *words, "--json")
    assert onc.token not in told.out + told.err
    assert links.stat().st_mode & 0o777 == 0o600
    assert not [entry for entry in onc.log if "dataProductDelivery" in entry.path]
    addresses = links.read_text().splitlines()
    assert len(addresses) == 2
    with urlopen(addresses[0]) as answer:
        (data / addresses[0].split("filename=")[1].split("&")[0]).write_bytes(answer.read())
    tidegate("onc", "download", "-f", book, "--links", str(links))
    assert links.read_text().splitlines() == [addresses[1].split("&token")[0]]
    asked = len(onc.log)
    tidegate("onc", "download", "-f", book)
    fetched = [one for one in onc.log[asked:] if one.path.endswith("archivefile/download")]
    assert len(fetched) == 1  # what the download manager brought is taken as it is
    alone = tidegate("onc", "download", "-f", book, "--token-in-links", check=False)
    assert alone.code == 2


def test_links_of_products_that_are_made(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    from tidegate.standins.onc.faults import parse_fault

    data, links = tmp_path / "data", tmp_path / "links.txt"
    book = str(data / "download.xlsx")
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    onc.faults.add(parse_fault("name:path=dataProductDelivery/download,times=2"))
    assert tidegate("onc", "download", "-f", book, check=False).code == 1
    tidegate("onc", "download", "-f", book, "--links", str(links), "--json")
    assert "dataProductDelivery/download?dpRunId=" in links.read_text()


@pytest.mark.parametrize("setting", ["F", "T"])
def test_the_setting_overwrite_takes_effect(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path, setting: str
) -> None:
    from tidegate.plans.workbook.grids import read_grids
    from tidegate.plans.workbook.writing import write_workbook

    data = tmp_path / "data"
    book = data / "download.xlsx"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF")
    grids = read_grids(book)
    row = next(row for grid in grids for row in grid.rows if row and row[0] == "overwrite")
    row[1] = setting
    write_workbook(book, grids)
    tidegate("onc", "download", "-f", str(book))
    first = next(iter(sorted(data.glob("*.txt"))))
    whole = first.read_bytes()
    (data / "download.json").unlink()
    first.write_text("notes of somebody")
    tidegate("onc", "download", "-f", str(book))
    assert first.read_bytes() == whole
    assert len(list(data.glob("*.old-*"))) == (setting == "F")


def _events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_progress_as_lines_for_other_programs(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    from tidegate.standins.onc.faults import parse_fault

    data = tmp_path / "data"
    book = str(data / "download.xlsx")
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF,TSSD", "-x", "txt,csv")
    onc.faults.add(parse_fault("truncate:bytes=100,path=archivefile/download"))
    words = ("download", "-f", book, "--progress", "jsonl")
    ran = tidegate("onc", *words, "--json", check=False)
    assert len(ran.rows) == 1  # standard output holds the report alone
    events = _events(ran.err)
    assert all(one["time"].endswith("Z") and onc.token not in str(one) for one in events)
    tasks = [(one["task"], one["state"]) for one in events if one["event"] == "task"]
    product = [state for task, state in tasks if "TSSD.csv" in task]
    assert (product[0], product[-2:]) == ("requested", ["downloading", "complete"])
    assert [state for task, state in tasks if "LF.txt" in task][-1] == "error"
    files = [one for one in events if one["event"] == "file"]
    failed = {one["file"] for one in files if one["state"] == "failed"}
    assert len(failed) == 2
    assert all(name.endswith(".txt") for name in failed)
    whole = {one["file"]: one["bytes"] for one in files if one["state"] == "complete"}
    assert whole == {name: (data / name).stat().st_size for name in whole} != {}
    plan = [(one["done"], one["total"]) for one in events if one["event"] == "plan"]
    assert plan == [(number, len(plan)) for number in range(1, len(plan) + 1)]


def test_a_bar_goes_when_its_file_is_done() -> None:
    from rich.progress import Progress

    from tidegate.cli.download_progress import FileBars

    tasks, files = Progress(), Progress()
    bars = FileBars(tasks, files)
    bars.update("state.running", subject="row")
    for name, end in (("a.csv", "file.done"), ("b.csv", "file.failed")):
        bars.update("file.received", amount=10, subject=name)
        assert len(files.tasks) == 2
        bars.update(end, subject=name)
        assert len(files.tasks) == 1
    bars.update("task.complete", total=3)
    assert (tasks.tasks[0].completed, tasks.tasks[0].total) == (1, 3)
    assert files.tasks[0].completed == 20
