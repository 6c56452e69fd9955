"""The runner of downloads, against a platform in this process."""

from __future__ import annotations

import hashlib
import threading
import time as _time
from datetime import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.plans.products import Platform, content

from tidegate.model.errors import NotSignedIn, Refused
from tidegate.model.instants import DAY, parse
from tidegate.model.products import ArchiveFile, Citation, Stay
from tidegate.model.windows import Window
from tidegate.plans.citations import as_text
from tidegate.plans.daily_window import DailyWindow
from tidegate.plans.download_desk import Pace
from tidegate.plans.downloading import download
from tidegate.plans.files import Folder
from tidegate.plans.interrupts import Brake
from tidegate.plans.journal import Journal, read_log
from tidegate.plans.log import COMPLETE, DefinitionEntry, Log, TaskEntry
from tidegate.plans.merging import Cut, recut
from tidegate.plans.resuming import due_tasks

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.plans.download_report import DownloadReport

NOW = parse("2020-02-01")
ALWAYS = DailyWindow(time(0), time(0), ZoneInfo("UTC"))
QUICK = Pace(poll=(0.0, 0.0), back_off=(0.0, 0.0))


class QuickClock:
    """Waits for nothing; its wall begins at `NOW` and goes on by what is waited."""

    def __init__(self, start: int = NOW) -> None:
        self.seconds = start / 1_000_000
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.seconds += seconds
        return event.is_set()


def definition(source: str = "CTD1", *, split: str = "day", **filters: str) -> DefinitionEntry:
    entry = DefinitionEntry(
        row_id=source,
        tab="By Device",
        filters={
            "deviceCode": source,
            "dataProductCode": "TSSD",
            "extension": "dat",
            "dpo_qualityControl": "1",
            **filters,
        },
        begin="2020-01-01T00:00:00.000Z",
        end="2020-01-04T00:00:00.000Z",
    )
    from tidegate.plans.date_pieces import Split

    recut(entry, Cut(Split(split)))
    return entry


class Bench:
    """A log, a folder and a platform in a temporary folder."""

    def __init__(self, path: Path, *entries: DefinitionEntry) -> None:
        self.path = path / "plan.json"
        self.root = path / "data"
        self.root.mkdir()
        self.clock = QuickClock()
        self.platform = Platform()
        self.pace = QUICK
        self.window = ALWAYS
        self.keep_old = self.overwrite = False
        Journal(self.path, Log(definitions=list(entries))).save()

    def run(self, brake: Brake | None = None, **choices: Any) -> DownloadReport:
        log = read_log(self.path)
        folder = Folder(
            self.root,
            reserved=[self.path],
            keep_old=self.keep_old,
            overwrite=self.overwrite,
        )
        due = due_tasks(log, folder, now=NOW, **choices)
        return download(
            self.platform,
            Journal(self.path, log),
            folder,
            due,
            window=self.window,
            pace=self.pace,
            brake=brake,
            clock=self.clock,
        )

    @property
    def log(self) -> Log:
        return read_log(self.path)

    def names(self) -> list[str]:
        return sorted(
            one.relative_to(self.root).as_posix() for one in self.root.rglob("*") if one.is_file()
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, definition())


def archive_of(*names: str, size: int = 1000) -> dict[str, ArchiveFile]:
    start = parse("2020-01-01")
    return {
        name: ArchiveFile(
            name=name,
            size=size,
            window=Window(start + n * DAY // 4, start + (n + 1) * DAY // 4),
            modified=start,
        )
        for n, name in enumerate(names)
    }


def test_every_file_comes_with_its_hash(bench: Bench) -> None:
    report = bench.run()
    assert (report.exit_code, report.files, report.tasks) == (0, 9, {"complete": 3})
    entries = [entry for _, task in bench.log.tasks() for entry in task.files()]
    assert sorted(entry.path for entry in entries) == bench.names()
    for entry in entries:
        body = (bench.root / entry.path).read_bytes()
        assert hashlib.sha256(body).hexdigest() == entry.sha256
        assert body == content(entry.name, len(body))
    assert bench.log.totals.complete == 3


def test_a_second_run_asks_for_nothing(bench: Bench) -> None:
    bench.run()
    before = dict(bench.platform.asked)
    report = bench.run()
    assert report.exit_code == 3
    assert dict(bench.platform.asked) == before


def test_a_missing_or_cut_file_is_fetched_again_alone(bench: Bench) -> None:
    bench.run()
    names = bench.names()
    (bench.root / names[0]).unlink()
    (bench.root / names[4]).write_bytes(content(names[4], 7))
    asked = bench.platform.asked["order"]
    assert bench.run().files == 2
    assert bench.platform.asked["order"] == asked
    assert bench.names() == names
    assert all(
        (bench.root / name).read_bytes() == content(name, (bench.root / name).stat().st_size)
        for name in names
    )


def test_v07_run_polling(bench: Bench) -> None:
    bench.platform.waits = 3
    bench.pace = Pace(poll=(2.0, 30.0))
    bench.run()
    waits = bench.clock.waits
    assert len(waits) == 9
    assert all(1.6 <= one <= 2.4 for one in waits)


def test_v08_a_cancelled_run_is_told_and_nothing_crashes(bench: Bench) -> None:
    bench.platform.cancelled = {0}
    report = bench.run()
    assert report.tasks == {"cancelled": 3}
    assert report.exit_code == 1
    bench.platform.cancelled = set()
    assert bench.run().exit_code == 3  # cancelled tasks wait until somebody asks
    assert bench.run(retry_failed=True).tasks == {"complete": 3}


def test_v09_a_truncated_file_of_an_earlier_tool_is_fetched_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, archive_definition())
    bench.platform.archived = archive_of("A_1.dat", "A_2.dat", size=1_048_576)
    (bench.root / "A_1.dat").write_bytes(content("A_1.dat", 1_048_576)[:1000])
    (bench.root / "A_2.dat").write_bytes(content("A_2.dat", 1_048_576))
    assert bench.run().exit_code == 0
    assert bench.names() == ["A_1.dat", "A_2.dat"]
    assert (bench.root / "A_1.dat").read_bytes() == content("A_1.dat", 1_048_576)
    assert bench.platform.asked["fetch A_2.dat"] == 0


def test_v10_a_short_body_is_tried_again_and_leaves_no_final_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path, archive_definition())
    bench.platform.archived = archive_of("A_1.dat", "A_2.dat")
    bench.platform.short = {"A_1.dat"}
    assert bench.run().files == 2
    assert bench.platform.asked["ranges"] == 1  # it goes on where it broke
    assert (bench.root / "A_1.dat").read_bytes() == content("A_1.dat", 1000)


def test_v18_one_refused_row_does_not_stop_the_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path, definition("BAD", split="all"), definition("GOOD", split="all"))
    bench.platform.failing = {"BAD": Refused("dpo_resample is missing (128)", status=400)}
    report = bench.run()
    assert report.tasks == {"complete": 1, "error": 1}
    assert report.exit_code == 1
    first, second = bench.log.definitions
    assert first.tasks[0].error is not None
    assert "dpo_resample is missing" in first.tasks[0].error.message
    assert second.tasks[0].status == COMPLETE
    bench.platform.failing = {}
    assert bench.run().planned == 0
    assert bench.run(retry_failed=True).tasks == {"complete": 1}


def test_a_refused_token_ends_the_run_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, *(definition(f"D{n}", split="all") for n in range(20)))
    bench.platform.failing = {f"D{n}": NotSignedIn("no", status=401) for n in range(20)}
    bench.pace = Pace(run_threads=1)
    report = bench.run()
    assert report.exit_code == 29
    assert bench.platform.asked["order"] == 1


def test_files_that_are_gone_are_ordered_again_once(bench: Bench) -> None:
    bench.pace = Pace(run_threads=1, poll=(0, 0))
    bench.platform.gone = {1}
    report = bench.run()
    assert report.tasks == {"complete": 3}
    assert bench.platform.asked["order"] == 4


def test_an_order_of_an_earlier_run_is_not_made_twice(bench: Bench) -> None:
    bench.platform.waits = 10**9
    brake = Brake()

    def wait(event: threading.Event, _seconds: float) -> bool:
        brake.stop.set()
        return event.is_set()

    bench.clock.wait = wait  # type: ignore[method-assign, assignment]
    report = bench.run(brake)
    assert report.interrupted
    assert report.exit_code == 130
    ordered = bench.platform.asked["order"]
    assert ordered >= 1
    bench.clock = QuickClock()
    bench.platform.waits = 0
    bench.run()
    assert bench.platform.asked["order"] == 3


def archive_definition() -> DefinitionEntry:
    entry = definition(split="all")
    del entry.filters["dpo_qualityControl"]
    return entry


def test_the_archive_is_preferred_and_one_file_of_two_pieces_comes_once(tmp_path: Path) -> None:
    entry = definition(split="day")
    del entry.filters["dpo_qualityControl"]
    bench = Bench(tmp_path, entry)
    start = parse("2020-01-01T12:00:00Z")
    bench.platform.archived = {
        "A.dat": ArchiveFile(name="A.dat", size=10, window=Window(start, start + DAY))
    }
    report = bench.run()
    assert bench.platform.asked["fetch A.dat"] == 1
    assert bench.platform.asked["order"] == 1  # the third day is not in the archive
    assert report.tasks == {"complete": 3}


def test_changes_in_the_archive_are_told_and_the_old_file_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path, archive_definition())
    bench.keep_old = True
    bench.platform.archived = archive_of("A_1.dat", "A_2.dat", "A_3.dat")
    bench.run()
    bench.platform.archived = archive_of("A_1.dat", "A_2.dat", "A_4.dat")
    bench.platform.archived["A_2.dat"] = ArchiveFile(
        name="A_2.dat", size=500, window=Window(parse("2020-01-01"), parse("2020-01-02"))
    )
    report = bench.run(recheck=60 * DAY)
    assert (report.new, report.changed, report.vanished) == (["A_4.dat"], ["A_2.dat"], ["A_3.dat"])
    assert (bench.root / "A_2.dat").stat().st_size == 500
    kept = next(name for name in bench.names() if ".old-" in name)
    assert (bench.root / kept).read_bytes() == content("A_2.dat", 1000)
    assert bench.run(recheck=60 * DAY).exit_code == 3


@pytest.mark.parametrize(
    ("overwrite", "keep_old", "kept"),
    [(False, False, True), (True, False, False), (True, True, True)],
)
def test_a_file_of_unknown_content_is_kept_aside_or_replaced(
    tmp_path: Path, overwrite: bool, keep_old: bool, kept: bool
) -> None:
    bench = Bench(tmp_path, archive_definition())
    bench.overwrite, bench.keep_old = overwrite, keep_old
    bench.platform.archived = archive_of("A_1.dat")
    (bench.root / "A_1.dat").write_bytes(b"notes of somebody")
    assert bench.run().files == 1
    assert (bench.root / "A_1.dat").read_bytes() == content("A_1.dat", 1000)
    aside = [name for name in bench.names() if ".old-" in name]
    assert len(aside) == len(bench.names()) - 1 == int(kept)
    for name in aside:
        assert (bench.root / name).read_bytes() == b"notes of somebody"


@pytest.mark.parametrize("overwrite", [False, True])
def test_same_names_of_two_tasks_do_not_overwrite_each_other(bench: Bench, overwrite: bool) -> None:
    bench.overwrite = overwrite
    bench.platform.rename = "same.dat"
    bench.platform.files = 1
    bench.platform.metadata = False
    assert bench.run().files == 3
    bodies = {(bench.root / name).read_bytes() for name in bench.names()}
    assert len(bench.names()) == len(bodies) == 3


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "C:\\x", "/etc/passwd", ""])
def test_v03_a_name_that_leads_elsewhere_is_refused(bench: Bench, name: str) -> None:
    bench.platform.rename = name or "."
    bench.platform.metadata = False
    report = bench.run()
    assert report.tasks == {"error": 3}
    assert list(report.failures) == ["unsafe-name"]
    assert bench.names() == []


def test_the_log_is_never_replaced_by_a_file_of_its_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path, definition(split="all"))
    bench.root = tmp_path
    bench.platform.rename, bench.platform.files = "plan.json", 1
    bench.platform.metadata = False
    assert bench.run().exit_code == 0
    assert bench.log.definitions[0].tasks[0].runs[0].files[0].path.startswith("plan-")


def test_v17_nothing_begins_outside_the_daily_window(bench: Bench) -> None:
    bench.window = DailyWindow(time(22), time(6), ZoneInfo("UTC"))
    bench.clock = QuickClock(parse("2020-02-01T12:00:00Z"))
    starts: list[float] = []
    inner = bench.platform.order

    def order(filters: Any, window: Any) -> Any:
        starts.append(bench.clock.wall())
        return inner(filters, window)

    bench.platform.order = order  # type: ignore[method-assign]
    assert bench.run().exit_code == 0
    assert len(starts) == 3
    assert all(parse("2020-02-01T22:00:00Z") <= at * 1e6 for at in starts)


def test_told_not_to_wait_a_closed_window_ends_the_run(bench: Bench) -> None:
    bench.window = DailyWindow(time(22), time(6), ZoneInfo("UTC"))
    bench.clock = QuickClock(parse("2020-02-01T12:00:00Z"))
    bench.pace = Pace(wait=False)
    assert bench.run().exit_code == 4
    assert bench.platform.asked["order"] == 0


def test_no_more_runs_are_open_than_run_threads(tmp_path: Path) -> None:
    bench = Bench(tmp_path, *(definition(f"D{n}", split="all") for n in range(12)))
    bench.pace = Pace(run_threads=2, poll=(0, 0), queue_size=1, download_threads=3)
    bench.platform.waits = 3
    active: set[int] = set()
    most = 0
    lock = threading.Lock()
    inner = bench.platform.run

    def run(order: int) -> Any:
        nonlocal most
        with lock:
            active.add(order)
            most = max(most, len(active))
        runs = inner(order)
        if runs[0].status.is_over:
            with lock:
                active.discard(order)
        return runs

    bench.platform.run = run  # type: ignore[method-assign]
    assert bench.run().files == 36
    assert most <= 2


def test_no_data_is_recorded_and_not_asked_for_again(bench: Bench) -> None:
    bench.platform.files, bench.platform.metadata = 0, False
    assert bench.run().tasks == {"noData": 3}
    asked = bench.platform.asked["order"]
    assert bench.run().planned == 0
    assert bench.platform.asked["order"] == asked


def test_the_log_can_be_read_with_a_torn_journal(bench: Bench) -> None:
    log = bench.log
    journal = Journal(bench.path, log)
    journal.start()
    task = log.definitions[0].tasks[0]
    task.status = "requested"
    journal.task(task)
    torn = max(bench.path.parent.glob(".plan.json.journal-*"))
    with torn.open("ab") as file:
        file.write(b'{"id": "half')
    assert read_log(bench.path).definitions[0].tasks[0].status == "requested"
    journal.close()
    assert not list(bench.path.parent.glob(".plan.json.journal-*"))


def test_a_log_has_the_keys_of_the_description(bench: Bench) -> None:
    bench.run()
    log = msgspec.json.decode(bench.path.read_bytes())
    assert {"formatVersion", "workbook", "configuration", "definitions", "totals"} <= log.keys()
    task = log["definitions"][0]["tasks"][0]
    wanted = {"taskId", "dateFrom", "dateTo", "status", "dpRequestId", "requestedAt", "estimate"}
    assert wanted | {"runs", "times", "attempts", "nextAttemptAt", "error", "citations"} <= set(
        task
    )
    run = task["runs"][0]
    assert {"dpRunId", "status", "fileCount", "startedAt", "endedAt", "messages", "files"} <= set(
        run
    )
    assert {"index", "name", "size", "sha256", "status", "downloadedAt", "attempts"} <= set(
        run["files"][0]
    )


def test_resume_of_100_000_tasks_decides_in_time(tmp_path: Path) -> None:
    tasks = [
        TaskEntry(
            task_id=f"{n:016x}",
            date_from="2020-01-01T00:00:00.000Z",
            date_to="2020-01-02T00:00:00.000Z",
            status="complete",
        )
        for n in range(100_000)
    ]
    tasks[77].status = "pending"
    entry = definition(split="all")
    entry.tasks = tasks
    path = tmp_path / "plan.json"
    Journal(path, Log(definitions=[entry])).save()
    began = _time.process_time()
    due = due_tasks(read_log(path), Folder(tmp_path), now=NOW)
    assert [one.task.task_id for one in due] == [f"{77:016x}"]
    assert _time.process_time() - began < 3


def stay(device: str, begin: str, end: str) -> Stay:
    cited = Citation(citation=f"Society. {begin[:4]}. {device} from {begin}.", doi="10.34943/x")
    return Stay(device=device, window=Window(parse(begin), parse(end)), citation=cited)


def test_files_of_the_archive_are_cited_by_their_deployments_once(tmp_path: Path) -> None:
    """By device and time of the files; asked for once, however many requests there are."""
    entry = definition(split="day")
    del entry.filters["dpo_qualityControl"]
    bench = Bench(tmp_path, entry)
    days = [parse(f"2020-01-0{day}") for day in (1, 2, 3)]
    bench.platform.archived = {
        f"A_{number}.dat": ArchiveFile(
            name=f"A_{number}.dat", size=10, window=Window(at, at + DAY), device="A"
        )
        for number, at in enumerate(days)
    }
    bench.platform.deployed = [
        stay("A", "2019-01-01", "2020-01-02"),
        stay("A", "2020-01-02", "2021-01-01"),
        stay("B", "2019-01-01", "2021-01-01"),
        stay("A", "2021-01-01", "2022-01-01"),
    ]
    bench.run()
    assert bench.platform.asked["stays"] == 1
    assert bench.platform.asked["order"] == 0
    assert as_text(bench.log).splitlines() == [
        "Society. 2019. A from 2019-01-01. https://doi.org/10.34943/x",
        "Society. 2020. A from 2020-01-02. https://doi.org/10.34943/x",
    ]


def test_a_platform_that_does_not_say_how_to_cite_keeps_no_file_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, archive_definition())
    bench.platform.archived = archive_of("A_1.dat")
    bench.platform.failing["stays"] = Refused("no deployments")
    assert bench.run().exit_code == 0
    assert as_text(bench.log) == ""
