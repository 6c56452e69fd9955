"""Connections, runs and confirmations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.model.catalogue import Entry
from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.errors import BadValue, NotFound
from tidegate.model.windows import Window
from tidegate.store.messages import Confirmation, ConnectionRecord, Counts, RunState
from tidegate.store.verbs import NO_READINGS

if TYPE_CHECKING:
    from tidegate.model.series import SeriesKey
    from tidegate.store.local import LocalStore

CAMPUS = ConnectionRecord(name="campus", platform="dcs", url="http://x", settings={"lag": 3})


@pytest.fixture
def run(store: LocalStore) -> int:
    """A run of the connection `campus`."""
    store.put_connection(CAMPUS)
    return store.start_run("campus", "{}")


def confirmed(
    subject: str,
    window: Window,
    *keys: SeriesKey,
    state: CoverageState = CoverageState.DONE,
) -> Confirmation:
    coverage = Coverage(subject=subject, window=window, state=state, asked_at=1)
    return Confirmation(coverage=coverage, replaced=keys)


def test_connections_are_put_in_place(store):
    """A connection comes back with its settings, and is replaced under its name."""
    store.put_connection(CAMPUS)
    store.put_connection(CAMPUS)
    moved = ConnectionRecord(name="campus", platform="dcs", url="https://y")
    assert store.connections() == [CAMPUS]
    store.put_connection(moved)
    assert store.connections() == [moved]
    with pytest.raises(BadValue):
        store.put_connection(ConnectionRecord(name=" ", platform="dcs", url="u"))


def test_forgetting_a_connection_keeps_its_readings(store, keys, readings, run):
    """Catalogue and coverage go with a connection; series and readings stay."""
    store.record_catalogue("campus", [Entry(subject="R1", kind="register", name="r")])
    batch = readings([(keys[0], 0, 1.0, 9)])
    store.confirm("campus", run, [confirmed("R1", Window(0, 9), keys[0])], batch)
    store.remove_connection("campus")
    assert store.connections() == []
    assert store.read(keys, Window(0, 9)).read_all() == batch
    store.put_connection(CAMPUS)
    assert (store.coverage("campus"), store.catalogue("campus")) == ([], [])
    with pytest.raises(NotFound):
        store.remove_connection("depot")


def test_runs_are_listed_latest_first(store, run):
    """A run is running until it ends with a state and a summary."""
    store.end_run(run, RunState.COMPLETE, {"readings": 5, "causes": {"timed-out": 1}})
    second = store.start_run("campus", "{}")
    listed = store.runs("campus")
    assert [(one.run, one.state) for one in listed] == [
        (second, RunState.RUNNING),
        (run, RunState.COMPLETE),
    ]
    assert listed[1].summary == {"readings": 5, "causes": {"timed-out": 1}}
    assert listed[0].ended_at is None
    assert listed[1].ended_at >= listed[1].started_at
    assert (store.runs(), store.runs("depot")) == (listed, [])


def test_a_run_that_never_ended_was_interrupted(store, run):
    """The next run of a connection marks one that was killed; should it live, it says so."""
    second = store.start_run("campus", "{}")
    states = {one.run: one.state for one in store.runs()}
    assert states == {run: RunState.INTERRUPTED, second: RunState.RUNNING}
    store.confirm("campus", run, [], NO_READINGS)
    assert {one.run: one.state for one in store.runs()}[run] is RunState.RUNNING


def test_unknown_runs_and_connections_are_not_found(store, keys, readings, run):
    """Neither a run nor a connection is made by being named, and nothing is confirmed."""
    with pytest.raises(NotFound, match="no connection 'depot'"):
        store.start_run("depot", "{}")
    with pytest.raises(NotFound, match="no run '99'"):
        store.end_run(99, RunState.FAILED, {})
    batch = readings([(keys[0], 0, 1.0, 9)])
    with pytest.raises(NotFound, match="no run '99'"):
        store.confirm("campus", 99, [confirmed("R1", Window(0, 9), keys[0])], batch)
    assert store.status().readings == 0
    assert store.coverage("campus") == []


def test_a_confirmation_replaces_its_own_windows(store, keys, readings, run):
    """Each done task replaces its series in its window; the revision knows its run."""
    a, b, _ = keys
    store.merge_readings(readings([(k, t, 1.0, 9) for k in (a, b) for t in range(6)]))
    counts = store.confirm(
        "campus",
        run,
        [confirmed("R1", Window(0, 2), a), confirmed("R2", Window(4, 9), b)],
        readings([(a, 0, 1.0, 9), (b, 4, 2.0, 9), (b, 8, 3.0, 9)]),
    )
    assert counts == Counts(inserted=1, changed=1, removed=2, equal=1, revision=2)
    assert [one.state for one in store.coverage("campus")] == [CoverageState.DONE] * 2
    assert store.read([a], Window(0, 9)).read_all()["ts"].to_pylist() == [0, 2, 3, 4, 5]
    assert store.read([b], Window(4, 9)).read_all()["value"].to_pylist() == [2.0, 3.0]


@pytest.mark.parametrize(
    "state", [CoverageState.EMPTY, CoverageState.FAILED, CoverageState.REFUSED]
)
def test_only_done_touches_readings(store, keys, readings, run, state):
    """A window that is empty, failed or refused leaves what is stored as it is."""
    batch = readings([(keys[0], 0, 1.0, 9)])
    store.merge_readings(batch)
    confirmation = confirmed("R1", Window(0, 9), keys[0], state=state)
    assert store.confirm("campus", run, [confirmation], NO_READINGS) == Counts()
    assert store.read(keys, Window(0, 9)).read_all() == batch
    assert [one.state for one in store.coverage("campus")] == [state]


def test_readings_without_a_done_window_are_refused(store, keys, readings, run):
    """A reading that no confirmed window holds is an error, and nothing is confirmed."""
    batch = readings([(keys[0], 9, 1.0, 9)])
    with pytest.raises(BadValue):
        store.confirm("campus", run, [confirmed("R1", Window(0, 9), keys[0])], batch)
    assert store.coverage("campus") == []


def test_the_audit_trail_begins_where_it_is_asked_to(store):
    """Records come in order, from an instant on."""
    store.create_repository("one")
    middle = store.audit_trail()[-1].at
    store.create_repository("two")
    resources = [record.resource for record in store.audit_trail(since=middle + 1)]
    assert resources == ["repository two"]
    assert [one.at for one in store.audit_trail()] == sorted(one.at for one in store.audit_trail())
