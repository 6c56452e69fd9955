"""A run against a real store and a platform whose every reading is known."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from tests.plans.conftest import STEP, KnownPlatform, enrol, readings_of, stored

from tidegate.model.connector import Capabilities, Fetched, Task
from tidegate.model.coverage import PROVISIONAL, CoverageState
from tidegate.model.errors import (
    DiskFull,
    Forbidden,
    Interrupted,
    MalformedAnswer,
    NotSignedIn,
    Throttled,
    TimedOut,
    Unreachable,
)
from tidegate.model.instants import DAY, parse
from tidegate.model.windows import Window, WindowSet
from tidegate.plans.interrupts import Brake
from tidegate.plans.runner import Batching, run
from tidegate.plans.splitting import plan
from tidegate.store.messages import Counts, RunState
from tidegate.transport.progress import Tally

if TYPE_CHECKING:
    from tidegate.plans.report import RunReport
    from tidegate.store.local import LocalStore

START = parse("2024-01-01")
WEEK = Window(START, START + 7 * DAY)
LATER = START + 100 * DAY


def pull(
    store: LocalStore,
    platform: KnownPlatform,
    subjects: list[str],
    window: Window = WEEK,
    *,
    now: int = LATER,
    again: bool = False,
    **options: Any,
) -> RunReport:
    """Plan and run, as the service does."""
    keys = enrol(store, subjects)
    coverage = store.coverage("known", subjects=subjects)
    tasks = plan(subjects, window, coverage, platform.capabilities, now=now, again=again)
    options.setdefault("clock", lambda: now)
    return run(store, platform, "known", tasks, keys, **options)


def assert_complete(
    store: LocalStore, subjects: list[str], window: Window = WEEK, version: int = 0
) -> None:
    """Every reading of the platform is stored, once, and nothing else."""
    keys = enrol(store, subjects)
    for (subject, quantity), key in keys.items():
        expected = readings_of(subject, quantity, window, version)
        assert stored(store, key, Window(0, LATER)).equals(expected)


class TestGoodRun:
    """Everything works."""

    def test_complete(self, store: LocalStore, platform: KnownPlatform):
        """A run stores every reading of every subject and says so."""
        report = pull(store, platform, ["R1", "R2", "R3"])
        assert_complete(store, ["R1", "R2", "R3"])
        assert report.states == {CoverageState.DONE: 21}
        assert report.received == report.counts.inserted == 3 * 2 * 7 * 48
        assert (report.exit_code, report.left, report.causes) == (0, 0, ())
        assert report.state is RunState.COMPLETE

    def test_coverage_is_recorded(self, store: LocalStore, platform: KnownPlatform):
        """What was fetched is done, with the instant it was asked for."""
        pull(store, platform, ["R1"])
        rows = store.coverage("known")
        assert WindowSet(row.window for row in rows) == WindowSet([WEEK])
        assert {(row.state, row.asked_at, row.detail) for row in rows} == {
            (CoverageState.DONE, LATER, "")
        }

    def test_second_run_asks_nothing(self, store: LocalStore, platform: KnownPlatform):
        """What is done is not asked for again, and nothing new is its own exit code."""
        pull(store, platform, ["R1"])
        platform.asked.clear()
        report = pull(store, platform, ["R1"])
        assert platform.asked == []
        assert (report.run, report.exit_code, report.planned) == (None, 3, 0)

    def test_gap_is_filled(self, store: LocalStore, platform: KnownPlatform):
        """A wider window asks only for what is missing around the old one."""
        middle = Window(START + 2 * DAY, START + 4 * DAY)
        pull(store, platform, ["R1"], middle)
        platform.asked.clear()
        pull(store, platform, ["R1"])
        asked = WindowSet(task.window for task in platform.asked)
        assert asked == WindowSet([WEEK]) - WindowSet([middle])
        assert_complete(store, ["R1"])

    def test_same_again_writes_nothing(self, store: LocalStore, platform: KnownPlatform):
        """Asking for everything once more finds all readings equal and writes none."""
        pull(store, platform, ["R1"])
        report = pull(store, platform, ["R1"], again=True)
        assert report.counts == Counts(equal=2 * 7 * 48)
        assert report.exit_code == 3

    def test_corrections_are_kept(self, store: LocalStore, platform: KnownPlatform):
        """A changed reading replaces the old one and is counted as changed."""
        pull(store, platform, ["R1"])
        platform.version = 1
        report = pull(store, platform, ["R1"], again=True)
        assert report.counts.changed == 2 * 7 * 48
        assert_complete(store, ["R1"], version=1)

    def test_no_more_threads_than_allowed(self, store: LocalStore, platform: KnownPlatform):
        """No more requests are open at once than the platform allows."""

        def slow(task: Task) -> None:
            time.sleep(0.005)

        platform.trouble = slow
        platform.capabilities = Capabilities(max_window=DAY // 2, parallel=2)
        pull(store, platform, ["R1", "R2"])
        assert platform.most_open == 2

    def test_quantities_without_series_are_not_kept(
        self, store: LocalStore, platform: KnownPlatform
    ):
        """Of an answer only the quantities that have a series are stored."""
        keys = enrol(store, ["R1"])
        only = {("R1", "total"): keys["R1", "total"]}
        report = run(store, platform, "known", [Task("R1", WEEK)], only)
        assert report.counts.inserted == 7 * 48
        assert stored(store, keys["R1", "period"], WEEK).num_rows == 0

    def test_readings_outside_the_window_are_left(self, store: LocalStore, platform: KnownPlatform):
        """A platform that sends more than asked for fills the asked window only."""
        wider = Window(WEEK.start - DAY, WEEK.end + DAY)

        def generous(task: Task) -> Fetched:
            return Fetched(
                task=task,
                state=CoverageState.DONE,
                readings={"total": readings_of("R1", "total", wider)},
            )

        platform.trouble = generous
        keys = enrol(store, ["R1"])
        run(store, platform, "known", [Task("R1", WEEK)], keys)
        found = stored(store, keys["R1", "total"], Window(0, LATER))
        assert found.equals(readings_of("R1", "total", WEEK))

    def test_progress_is_told(self, store: LocalStore, platform: KnownPlatform):
        """Each task and each stored reading is an event."""
        tally = Tally()
        pull(store, platform, ["R1"], progress=tally)
        assert (tally["task.done"], tally["readings.stored"]) == (7, 2 * 7 * 48)

    def test_run_is_recorded(self, store: LocalStore, platform: KnownPlatform):
        """The store knows the run, how it ended and what it did."""
        report = pull(store, platform, ["R1"])
        (recorded,) = store.runs("known")
        assert (recorded.run, recorded.state) == (report.run, RunState.COMPLETE)
        assert recorded.summary == report.summary()
        assert recorded.summary["inserted"] == 2 * 7 * 48

    def test_small_batches(self, store: LocalStore, platform: KnownPlatform):
        """However small the batches and the room between, the result is the same."""
        batching = Batching(readings=1, seconds=0.01, ahead=1)
        pull(store, platform, ["R1", "R2"], batching=batching)
        assert_complete(store, ["R1", "R2"])


class TestLateData:
    """What may still change is asked for again."""

    LAG = Capabilities(max_window=DAY, parallel=2, lag=2 * DAY, alignment=STEP)

    def test_young_windows_are_provisional(self, store: LocalStore, platform: KnownPlatform):
        """What was asked for within the lag is marked, from the very instant on."""
        platform.capabilities = self.LAG
        now = START + 7 * DAY + 10 * STEP
        pull(store, platform, ["R1"], Window(START, LATER), now=now)
        rows = store.coverage("known")
        marked = WindowSet(row.window for row in rows if row.detail == PROVISIONAL)
        assert marked == WindowSet([Window(now - 2 * DAY, now)])
        assert WindowSet(row.window for row in rows) == WindowSet([Window(START, now)])

    def test_late_data_are_found_however_late_the_next_run(
        self, store: LocalStore, platform: KnownPlatform
    ):
        """A run long after asks again for what was too young then, even if another came between."""
        platform.capabilities = self.LAG
        now = START + 7 * DAY
        pull(store, platform, ["R1"], Window(START, LATER), now=now)
        pull(store, platform, ["R1"], Window(now, LATER), now=now + 30 * DAY)
        platform.version = 1
        platform.asked.clear()
        pull(store, platform, ["R1"], Window(START, LATER), now=now + 60 * DAY)
        asked = WindowSet(task.window for task in platform.asked)
        assert asked == WindowSet(
            [Window(now - 2 * DAY, now), Window(now + 28 * DAY, now + 60 * DAY)]
        )

    def test_row_count_stays_small(self, store: LocalStore, platform: KnownPlatform):
        """Many runs one after the other leave two rows, what is final and what is not."""
        platform.capabilities = self.LAG
        for number in range(8):
            pull(store, platform, ["R1"], Window(START, LATER), now=START + 4 * DAY + number * STEP)
        rows = store.coverage("known")
        assert [row.detail for row in rows] == ["", PROVISIONAL]


class TestTrouble:
    """Some tasks fail; the others do not notice."""

    def test_causes(self, store: LocalStore, platform: KnownPlatform):
        """Failures are recorded with their code, grouped by cause, and due again."""

        def trouble(task: Task) -> Fetched | None:
            if task.subject == "R2":
                error = Forbidden("no way to R2", hint="ask", status=403)
                return Fetched(task=task, state=CoverageState.REFUSED, error=error)
            if task.subject == "R3" and task.window.start < START + 2 * DAY:
                raise TimedOut("too late for R3")
            return None

        platform.trouble = trouble
        report = pull(store, platform, ["R1", "R2", "R3"])
        assert report.states == {
            CoverageState.DONE: 12,
            CoverageState.REFUSED: 7,
            CoverageState.FAILED: 2,
        }
        assert [(c.code, c.count, c.hint, c.subjects) for c in report.causes] == [
            ("forbidden", 7, "ask", ("R2",)),
            ("timed-out", 2, None, ("R3",)),
        ]
        assert (report.exit_code, report.state) == (1, RunState.FAILED)
        assert {row.detail for row in store.coverage("known", subjects=["R3"])} == {
            "",
            "timed-out: too late for R3",
        }
        platform.trouble = lambda _task: None
        pull(store, platform, ["R1", "R2", "R3"])
        assert_complete(store, ["R1", "R2", "R3"])

    def test_unforeseen_error(
        self, store: LocalStore, platform: KnownPlatform, caplog: pytest.LogCaptureFixture
    ):
        """A fault of our own fails its task, is logged whole, and stops nothing else."""

        def trouble(task: Task) -> Fetched | None:
            if task.window.start == START:
                raise ZeroDivisionError("secret=geheim")
            return None

        platform.trouble = trouble
        report = pull(store, platform, ["R1"])
        assert report.states == {CoverageState.DONE: 6, CoverageState.FAILED: 1}
        assert report.causes[0].code == "internal"
        assert store.coverage("known")[0].detail == "internal"
        assert "ZeroDivisionError" in caplog.text

    def test_empty_is_recorded(self, store: LocalStore, platform: KnownPlatform):
        """Nothing there is recorded as empty, keeps what is stored, and is not asked again."""
        pull(store, platform, ["R1"], Window(START, START + DAY))
        platform.trouble = lambda task: Fetched(task=task, state=CoverageState.EMPTY)
        report = pull(store, platform, ["R1"], again=True)
        assert report.states == {CoverageState.EMPTY: 7}
        assert (report.exit_code, report.counts) == (3, Counts())
        assert_complete(store, ["R1"], Window(START, START + DAY))
        assert {row.asked_at for row in store.coverage("known")} == {LATER}
        assert pull(store, platform, ["R1"]).planned == 0

    def test_failure_keeps_what_is_stored(self, store: LocalStore, platform: KnownPlatform):
        """A failed second asking takes nothing away."""
        pull(store, platform, ["R1"])
        error = MalformedAnswer("cut")
        platform.trouble = lambda task: Fetched(task=task, state=CoverageState.FAILED, error=error)
        pull(store, platform, ["R1"], again=True)
        assert_complete(store, ["R1"])

    def test_readings_the_store_refuses(self, store: LocalStore, platform: KnownPlatform):
        """A task whose readings cannot be stored fails alone, not with its batch."""
        bad = pa.table(
            {
                "ts": pa.array([START], pa.int64()),
                "value": pa.array([float("inf")]),
                "flag": pa.array([9], pa.int16()),
            }
        )

        def trouble(task: Task) -> Fetched | None:
            if task.window.start == START:
                return Fetched(task=task, state=CoverageState.DONE, readings={"total": bad})
            return None

        platform.trouble = trouble
        report = pull(store, platform, ["R1"])
        assert report.states == {CoverageState.DONE: 6, CoverageState.FAILED: 1}
        assert report.causes[0].code == "bad-value"
        rest = Window(START + DAY, WEEK.end)
        assert_complete(store, ["R1"], rest)

    @pytest.mark.parametrize("raised", [True, False])
    def test_sign_in_lost(self, store: LocalStore, platform: KnownPlatform, raised: bool):
        """When the platform wants a sign-in the run stops; what came before is kept."""

        def trouble(task: Task) -> Fetched | None:
            if task.window.start < START + 3 * DAY:
                return None
            error = NotSignedIn("expired", status=401)
            if raised:
                raise error
            return Fetched(task=task, state=CoverageState.REFUSED, error=error)

        platform.trouble = trouble
        platform.capabilities = Capabilities(max_window=DAY)
        report = pull(store, platform, ["R1"])
        assert isinstance(report.fatal, NotSignedIn)
        assert (report.exit_code, report.left) == (NotSignedIn.exit_code, 4)
        assert len(platform.asked) == 4
        assert store.runs("known")[0].state is RunState.FAILED
        assert_complete(store, ["R1"], Window(START, START + 3 * DAY))

    def test_platform_that_wants_to_be_left_alone(self, store: LocalStore, platform: KnownPlatform):
        """A pause that is too long ends the run as one to take up later."""

        def trouble(task: Task) -> Fetched | None:
            if task.window.start < START + 3 * DAY:
                return None
            raise Throttled("pause", status=429, retry_after=3600.0)

        platform.trouble = trouble
        platform.capabilities = Capabilities(max_window=DAY)
        report = pull(store, platform, ["R1"])
        assert (report.exit_code, report.left) == (Throttled.exit_code, 4)
        assert len(platform.asked) == 4
        assert_complete(store, ["R1"], Window(START, START + 3 * DAY))

    def test_platform_that_is_gone(self, store: LocalStore, platform: KnownPlatform):
        """When nothing answers for several subjects the run stops; what failed is recorded."""

        def trouble(task: Task) -> Fetched:
            error = Unreachable("no connection")
            return Fetched(task=task, state=CoverageState.FAILED, error=error)

        platform.trouble = trouble
        platform.capabilities = Capabilities()
        report = pull(store, platform, [f"R{number}" for number in range(1, 31)])
        assert isinstance(report.fatal, Unreachable)
        assert (report.failed, report.left) == (5, 25)

    def test_platform_that_breaks_on_one_subject(self, store: LocalStore, platform: KnownPlatform):
        """A subject that never answers does not keep the others from being asked."""

        def trouble(task: Task) -> None:
            if task.subject == "R1":
                raise Unreachable("the connection broke")

        platform.trouble = trouble
        report = pull(store, platform, ["R1", "R2"])
        assert (report.fatal, report.failed, report.exit_code) == (None, 7, 1)
        found = stored(store, enrol(store, ["R1", "R2"])["R2", "total"], WEEK)
        assert found.equals(readings_of("R2", "total", WEEK))

    def test_one_cause_for_all(self, store: LocalStore, platform: KnownPlatform):
        """When every task fails for one cause the run ends with the exit code of that cause."""

        def trouble(task: Task) -> None:
            raise MalformedAnswer("a web page")

        platform.trouble = trouble
        report = pull(store, platform, ["R1", "R2"])
        assert report.exit_code == MalformedAnswer.exit_code
        assert (report.failed, report.left) == (14, 0)

    def test_full_disk_stops_the_run(
        self, store: LocalStore, platform: KnownPlatform, monkeypatch: pytest.MonkeyPatch
    ):
        """An error of the store ends the run as such; what was confirmed stays, the rest is due."""
        confirm = store.confirm
        calls = []

        def filling(*arguments: Any) -> Counts:
            calls.append(arguments)
            if len(calls) > 2:
                raise DiskFull("store")
            return confirm(*arguments)

        monkeypatch.setattr(store, "confirm", filling)
        batching = Batching(readings=1, ahead=1)
        platform.capabilities = Capabilities(max_window=DAY)
        with pytest.raises(DiskFull):
            pull(store, platform, ["R1"], batching=batching)
        assert store.runs("known")[0].state is RunState.FAILED
        monkeypatch.undo()
        platform.asked.clear()
        pull(store, platform, ["R1"])
        assert 1 <= len(platform.asked) <= 5
        assert_complete(store, ["R1"])


class TestStopping:
    """Stopped runs lose nothing and can be taken up."""

    @pytest.mark.parametrize("by_signal", [True, False])
    def test_once(self, store: LocalStore, platform: KnownPlatform, by_signal: bool):
        """Stopped once, a run finishes and confirms what is in flight and begins nothing more."""
        brake = Brake()

        def trouble(task: Task) -> None:
            if task.window.start == START + 2 * DAY:
                if by_signal:
                    os.kill(os.getpid(), signal.SIGINT)
                    assert brake.stop.wait(5)
                else:
                    brake.press()

        platform.trouble = trouble
        platform.capabilities = Capabilities(max_window=DAY)
        report = pull(store, platform, ["R1"], brake=brake)
        assert (report.interrupted, report.exit_code, report.left) == (True, 130, 4)
        assert store.runs("known")[0].state is RunState.INTERRUPTED
        assert_complete(store, ["R1"], Window(START, START + 3 * DAY))
        platform.trouble = lambda _task: None
        pull(store, platform, ["R1"])
        assert_complete(store, ["R1"])
        assert len(platform.asked) == 7

    def test_stopped_after_the_last_task_is_complete(
        self, store: LocalStore, platform: KnownPlatform
    ):
        """A run stopped when all was asked for is simply complete."""
        brake = Brake()
        platform.trouble = lambda _task: brake.press()
        report = pull(store, platform, ["R1"], Window(START, START + DAY), brake=brake)
        assert (report.interrupted, report.exit_code) == (False, 0)

    def test_twice(self, store: LocalStore, platform: KnownPlatform):
        """Stopped twice, a run ends at once though a request hangs; nothing confirmed is lost."""
        brake = Brake()
        release = threading.Event()

        def trouble(task: Task) -> None:
            if task.window.start == START + 2 * DAY:
                brake.press()
                brake.press()
                release.wait(10)

        platform.trouble = trouble
        platform.capabilities = Capabilities(max_window=DAY)
        began = time.monotonic()
        try:
            with pytest.raises(Interrupted):
                pull(store, platform, ["R1"], brake=brake, batching=Batching(readings=1))
        finally:
            release.set()
        assert time.monotonic() - began < 5
        assert store.runs("known")[0].state is RunState.INTERRUPTED
        platform.trouble = lambda _task: None
        pull(store, platform, ["R1"])
        assert_complete(store, ["R1"])


def test_memory_is_bounded_by_the_batch(
    store: LocalStore, platform: KnownPlatform, monkeypatch: pytest.MonkeyPatch
):
    """While writing is slow, fetching pauses: no more waits than the batching allows."""
    confirm = store.confirm
    waiting: list[int] = []
    confirmed = 0

    def slow(*arguments: Any) -> Counts:
        nonlocal confirmed
        time.sleep(0.02)
        waiting.append(len(platform.asked) - confirmed)
        confirmed += len(arguments[2])
        return confirm(*arguments)

    monkeypatch.setattr(store, "confirm", slow)
    platform.capabilities = Capabilities(max_window=DAY, parallel=2)
    batching = Batching(readings=300, ahead=600)
    pull(store, platform, ["R1"], Window(START, START + 60 * DAY), batching=batching)
    # A day is 96 readings and counts 196: four fit in, two are in hand, two batches are out.
    assert max(waiting) <= 4 + 2 + 4
