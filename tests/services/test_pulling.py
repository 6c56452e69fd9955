"""What a pull asks for: selections, starts, and the beat of repeated pulls."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.faults.campus import OPTIONS

from tidegate.model.errors import NotFound, UnknownName
from tidegate.model.instants import DAY, now, parse
from tidegate.model.secret import Secret
from tidegate.services.discovering import kind_named, matches
from tidegate.services.opened import Store
from tidegate.standins.dcs import running
from tidegate.standins.dcs.options import Limits

CLOCK = "tidegate.services.repeating.time"
SPAN: dict[str, Any] = {"start": "2024-01-01", "end": "2024-02-01"}


@pytest.fixture
def standin():
    with running(OPTIONS) as standin:
        yield standin


@pytest.fixture
def campus(tmp_path, standin, monkeypatch):
    """An open store with a discovered connection."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    with Store.open(tmp_path / "store") as opened:
        opened.connect_dcs("campus", standin.base_web, user="demo", password=Secret("demo"))
        opened.discover()
        yield opened


def subjects(tasks):
    return sorted({task.subject for task in tasks})


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), True),
        (("R733",), True),
        (("r733",), True),
        (("sample meter: %",), True),
        (("%(import)",), True),
        (("R73_",), True),
        (("R73",), False),
        (("%[import]",), False),
        (("R7*",), False),
        (("Library", "R733"), True),
    ],
)
def test_patterns(patterns, expected):
    """Patterns are those of SQL, in any case, for the name or the subject as a whole."""
    assert matches("Sample meter: Active Energy (import)", "R733", patterns) is expected


def test_kinds_are_named_in_any_spelling(campus):
    """A kind may be written with blanks, hyphens or underscores; others are refused."""
    entries = campus.verbs.catalogue("campus")

    assert kind_named("Virtual-Meter", entries) == "virtual meter"
    assert kind_named("virtual_meter", entries) == "virtual meter"
    assert kind_named(None, entries) is None
    with pytest.raises(UnknownName):
        kind_named("gauge", entries)


def test_what_names_nothing_is_an_error(campus):
    """A selection that nothing answers to is an error, not an empty run."""
    with pytest.raises(NotFound):
        campus.plan_pull(subjects=["R404"], **SPAN)


def test_a_meter_stands_for_its_registers(campus):
    """The name or subject of a meter selects what hangs below it."""
    for name in ("M101", "Library"):
        tasks = campus.plan_pull(subjects=[name], **SPAN)
        assert subjects(tasks) == ["R123", "R124", "R125", "R126"]


def test_a_virtual_meter_stands_for_what_it_is_made_of(campus):
    """Selecting a formula fetches the registers behind its aliases, each once."""
    tasks = campus.plan_pull(subjects=["VM9", "Sample Virtual Meter"], **SPAN)

    assert [task.subject for task in tasks] == ["R1156", "R1164", "R1168"]


def test_a_pull_never_asked_before_goes_back_a_year(campus):
    """Without a start the first pull goes back a year, to the beginning of a day."""
    (first, *_) = campus.plan_pull(subjects=["R733"], end="2027-01-01")

    assert first.window.start % DAY == 0
    assert 365 * DAY < now() - first.window.start < 368 * DAY


def test_later_pulls_begin_where_any_began(campus):
    """Without a start everything is completed from the earliest time asked for anything."""
    campus.pull(subjects=["R733"], **SPAN)

    tasks = campus.plan_pull(end="2024-02-01")

    assert {task.window.start for task in tasks} == {parse("2024-01-01")}
    assert "R733" not in subjects(tasks)
    assert len(subjects(tasks)) == 7


def test_the_same_pull_again_has_nothing_to_ask(campus, standin):
    """A pull that is complete sends no request for readings."""
    first = campus.pull(**SPAN)
    standin.log.clear()
    second = campus.pull(**SPAN)

    assert (first.exit_code, second.exit_code) == (0, 3)
    assert second.planned == 0
    assert not [entry for entry in standin.log if "readings" in entry.path]


def test_pull_every_goes_on(campus, monkeypatch):
    """`pull_every` pulls once in each interval, for as long as it is asked to."""
    pauses: list[float] = []
    monkeypatch.setattr(CLOCK, SimpleNamespace(sleep=pauses.append))

    reports = list(itertools.islice(campus.pull_every("15m", **SPAN), 3))

    assert [report.exit_code for report in reports] == [0, 3, 3]
    assert len(pauses) == 2
    assert all(0 < pause <= 900 for pause in pauses)


def test_what_a_server_gives_at_once_is_kept(tmp_path, monkeypatch):
    """The span that a server has taught is asked for from the first request of the next pull on."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    options = replace(OPTIONS, limits=Limits(signed_in_days=7))
    with running(options) as standin, Store.open(tmp_path / "store") as store:
        store.connect_dcs("campus", standin.base_web, user="demo", password=Secret("demo"))
        store.discover()
        assert store.pull(subjects=["R733"], **SPAN).exit_code == 0
        (kept,) = store.verbs.connections()
        known = json.loads((tmp_path / "store" / "connections.json").read_text())
        standin.log.clear()
        assert store.pull(subjects=["R123"], **SPAN).exit_code == 0
        asked = [one for one in standin.log if "readings" in one.path]
        assert {one.status for one in asked} == {200}
        assert kept.settings["max_window"] in {f"{days}d" for days in range(1, 8)}
        assert known["connections"][0]["settings"]["max_window"] == kept.settings["max_window"]
