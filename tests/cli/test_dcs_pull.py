"""Pulling what is due, knowing what is there, and reading meanwhile."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time

import pytest
from tests.faults.campus import OPTIONS, REGISTERS, SPAN, asked, assert_whole, the_error

from tidegate.model.instants import MINUTE, now, parse, to_text
from tidegate.standins.dcs import Fault, Limits, Options, running
from tidegate.standins.dcs.slots import SLOT_US, slot_of

NAME = "Sample meter: Active Energy (import)"


def test_pull_fetches_everything_once(campus, standin, tmp_path):
    """The first pull fetches every register; the second has nothing to do and says so by exit 3."""
    first = campus("pull", *SPAN)
    second = campus("pull", *SPAN, check=False)

    assert first.out == ""
    assert "8 of 8 requests done; readings: 20,832 new" in first.err
    assert (second.code, second.err) == (3, "nothing was due\n")
    assert sorted(asked(standin)) == sorted(REGISTERS)
    assert_whole(standin, tmp_path / "store")


def test_pull_reports_as_json(web_campus):
    """`--json` prints the report as one object on standard output."""
    (report,) = web_campus("pull", *SPAN, "--json").rows

    assert report["planned"] == 8
    assert report["tasks"] == {"done": 8}
    assert report["inserted"] == 20_832
    assert report["errors"] == []


def test_dry_run_asks_for_nothing(web_campus, standin):
    """`--dry-run` lists what would be asked for, a line a request, and asks for no reading."""
    ran = web_campus("pull", *SPAN, "--dry-run", "--json")

    assert {row["subject"] for row in ran.rows} == set(REGISTERS)
    assert {(row["from"], row["to"]) for row in ran.rows} == {
        ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")
    }
    assert ran.err == "8 requests would be sent\n"
    assert standin.log == []


@pytest.mark.parametrize(
    ("selection", "subjects"),
    [
        (("R733",), ["R733"]),
        (("R733", "R126"), ["R126", "R733"]),
        (("Library%",), ["R123", "R124", "R125", "R126"]),
        (("Sample meter",), ["R733"]),
        (("VM9",), ["R1156", "R1164", "R1168"]),
        (("Virtual Meter of Interest",), ["R123", "R733"]),
        (("%", "--kind", "virtual-meter"), ["R1156", "R1164", "R1168", "R123", "R124", "R125"]),
    ],
)
def test_selection(web_campus, selection, subjects):
    """Subjects, names, patterns, meters and virtual meters stand for the registers behind them."""
    rows = web_campus("pull", "campus", *selection, *SPAN, "--dry-run", "--json").rows

    assert set(subjects) <= {row["subject"] for row in rows}
    assert len(rows) == len(subjects) or "--kind" in selection


def test_first_pull_without_a_start_goes_back_a_year(web_campus):
    """How far a first pull goes is said; later ones begin where it began."""
    first = web_campus("pull", "campus", "R733", "--dry-run", "--json")
    web_campus("pull", "campus", "R733", "--from", "2024-03-01")
    later = web_campus("pull", "campus", "R733", "--dry-run", "--json")

    assert "first pull of 'campus': going back 366 days; --from asks for more" in first.err
    assert now() - parse(str(first.rows[0]["from"])) < 368 * 48 * SLOT_US
    assert "first pull" not in later.err


def test_again_keeps_corrections_beside_the_old_values(campus, standin):
    """A value corrected on the server replaces the old one, which `--as-of` still shows."""
    campus("pull", "campus", "R124", *SPAN)
    before = to_text(now())
    name = "Library: Active Power"
    slot = slot_of("2024-01-15T12:00:00Z")
    standin.service.estate.registers[124].imported[slot] = (7_250_000, 0)

    ran = campus("pull", "campus", "R124", *SPAN, "--again")

    assert "1 changed, 1,487 equal" in ran.err
    noon = ("--from", "2024-01-15T12:00:00Z", "--to", "2024-01-15T12:30:00Z")
    assert campus("read", name, *noon, "--json").rows[0]["value"] == 7.25
    old = campus("read", name, *noon, "--as-of", before, "--json").rows[0]["value"]
    assert old not in {7.25, None}


def test_late_data_are_asked_for_again(tidegate, monkeypatch):
    """What lies within the lag of the connection is due at every pull, and nothing before it."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    start = (now() // SLOT_US - 10 * 48) * SLOT_US
    with running(Options(meters=0, examples=False, start=start)) as standin:
        words = ("connect", "dcs", "campus", standin.base_web, "--user", "demo", "--lag", "2d")
        tidegate(*words)
        tidegate("discover")
        tidegate("pull", "campus", "R124", "--from", to_text(start))
        late = now() // SLOT_US - 10
        standin.service.estate.registers[124].imported[late] = (7_250_000, 0)
        (due,) = tidegate("pull", "campus", "R124", "--dry-run", "--json").rows
        ran = tidegate("pull", "campus", "R124")
        rows = tidegate("coverage", "campus", "R124", "--json").rows

    assert "1 changed" in ran.err
    lag = now() - parse(due["from"])
    assert 2 * 48 * SLOT_US <= lag < 2 * 48 * SLOT_US + 35 * MINUTE
    assert [row["detail"] for row in rows] == [None, "late data may still come"]


def test_a_wider_pull_asks_for_the_difference(web_campus, standin):
    """Extending the window at both ends asks only for the ends."""
    web_campus("pull", "campus", "R733", "--from", "2024-01-10", "--to", "2024-01-20")
    rows = web_campus("pull", "campus", "R733", *SPAN, "--dry-run", "--json").rows

    assert [(row["from"][:10], row["to"][:10]) for row in rows] == [
        ("2024-01-01", "2024-01-10"),
        ("2024-01-20", "2024-02-01"),
    ]


def test_the_server_limit_is_learned(tidegate, monkeypatch, tmp_path):
    """Where the server refuses long windows, shorter ones are found; the data are whole."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    options = dataclasses.replace(OPTIONS, limits=Limits(signed_in_days=10))
    with running(options) as standin:
        tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
        tidegate("discover")
        tidegate("pull", *SPAN)
        assert_whole(standin, tmp_path / "store")


def test_coverage_by_subject(web_campus):
    """Coverage says per subject what is done and what is due; formulas are not fetched."""
    web_campus("pull", "campus", "R733", *SPAN)
    rows = web_campus("coverage", "--json").rows

    states = {row["subject"]: row["state"] for row in rows}
    assert states == dict.fromkeys(REGISTERS, "due") | {"R733": "done"}
    assert {(row["from"], row["to"]) for row in rows} == {
        ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")
    }
    (half,) = web_campus("coverage", "campus", "Sample%", "--from", "2024-01-20", "--json").rows
    assert (half["from"], half["to"]) == ("2024-01-20T00:00:00Z", "2024-02-01T00:00:00Z")


def test_empty_is_not_failed(web_campus):
    """Time for which the server has nothing is recorded as empty, with the instant it was asked."""
    web_campus("pull", "campus", "R733", "--from", "2023-01-01", "--to", "2023-02-01", check=False)

    (row,) = web_campus("coverage", "campus", "R733", "--json").rows
    assert row["state"] == "empty"
    assert str(row["asked_at"]).startswith("20")
    assert row["detail"] is None


def test_gaps_are_where_no_number_is(web_campus, standin):
    """`coverage --gaps` shows the spans of a series without a number, and their points."""
    standin.service.estate.registers[124].invalid.append(
        (slot_of("2024-01-05T00:00:00Z"), slot_of("2024-01-05T06:00:00Z"))
    )
    web_campus("pull", *SPAN)

    rows = web_campus("coverage", "campus", "--gaps", "--json").rows

    assert rows == [
        {
            "series": "Library: Active Power",
            "from": "2024-01-05T00:00:00Z",
            "to": "2024-01-05T06:00:00Z",
            "points": 12,
        }
    ]
    assert web_campus("coverage", "campus", "Sample%", "--gaps", "--json").rows == []


def test_virtual_meter_equals_that_of_the_server(web_campus):
    """A virtual meter calculated here equals the server's own, reading by reading."""
    web_campus("pull", *SPAN)
    for number, name in ((9, "Sample Virtual Meter"), (12, "Virtual Meter of Interest")):
        ours = web_campus("read", name, *SPAN, "--json").rows
        theirs = web_campus(
            "dcs", "readings", str(number), "--virtual",
            "--start", "2024-01-01", "--end", "2024-02-01", "--json",
        ).rows  # fmt: skip
        assert len(ours) == 1488
        assert [(row["from"], row["value"]) for row in ours] == [
            (row["startTime"], pytest.approx(row["periodValue"], abs=1e-9)) for row in theirs
        ]


def test_reading_while_another_process_pulls(web_campus, standin, tmp_path):
    """`tidegate read` answers from the same store while another process pulls into it."""
    web_campus("pull", "campus", "R733", *SPAN)
    standin.faults.add(Fault("delay", query="id=R1168", seconds=60))
    standin.log.clear()
    tidegate = (sys.executable, "-m", "tidegate")
    puller = subprocess.Popen([*tidegate, "pull", "campus", *SPAN], stderr=subprocess.DEVNULL)
    try:
        while "R1168" not in asked(standin):
            assert puller.poll() is None
            time.sleep(0.02)
        read = subprocess.run(
            [*tidegate, "read", NAME, *SPAN, "--json"], capture_output=True, text=True, timeout=30
        )
        assert puller.poll() is None
    finally:
        puller.kill()
        puller.communicate()

    assert (read.returncode, read.stderr) == (0, "")
    assert len([json.loads(line) for line in read.stdout.splitlines()]) == 1488
    standin.faults.clear()
    web_campus("pull", *SPAN)
    assert_whole(standin, tmp_path / "store")


def test_two_pulls_at_once_share_the_store(web_campus, standin, tmp_path):
    """Two pulls of different registers at the same time both end well, on one store."""
    tidegate = (sys.executable, "-m", "tidegate", "pull", "campus")
    children = [
        subprocess.Popen([*tidegate, *names, *SPAN], stderr=subprocess.PIPE, text=True)
        for names in (REGISTERS[:4], REGISTERS[4:])
    ]
    ended = [(child.communicate(timeout=60)[1], child.returncode) for child in children]

    assert [code for _, code in ended] == [0, 0], ended
    assert_whole(standin, tmp_path / "store")


def test_interrupt_finishes_what_is_in_flight(web_campus, standin, tmp_path):
    """Ctrl-C lets the requests in flight end, keeps them and says how to go on; exit code 130."""
    standin.faults.add(Fault("delay", path="readings", seconds=0.5))
    child = subprocess.Popen(
        [sys.executable, "-m", "tidegate", "pull", "campus", *SPAN],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not asked(standin):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)

    assert child.returncode == 130
    assert "left for the next run" in told
    assert "Traceback" not in told
    done = len(asked(standin))
    standin.faults.clear()
    standin.log.clear()
    web_campus("pull", *SPAN)
    assert len(asked(standin)) == len(REGISTERS) - done
    assert_whole(standin, tmp_path / "store")


def test_interrupt_ends_a_pause_that_the_server_asks_for(web_campus, standin, tmp_path):
    """Ctrl-C while the server wants to be left alone ends the pull; nothing is recorded wrongly."""
    standin.faults.add(Fault("throttle", path="readings", retry_after="100"))
    child = subprocess.Popen(
        [sys.executable, "-m", "tidegate", "pull", "campus", *SPAN],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not asked(standin):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=80)

    assert child.returncode == 130
    assert "left for the next run" in told
    standin.faults.clear()
    web_campus("pull", *SPAN)
    assert_whole(standin, tmp_path / "store")


def test_nothing_pulled_before_discovery_is_needed(tidegate, standin, monkeypatch, tmp_path):
    """A pull of a connection never discovered asks for the catalogue first and says so."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")

    ran = tidegate("pull", *SPAN)

    assert "'campus' was never discovered; asking for its catalogue first" in ran.err
    assert_whole(standin, tmp_path / "store")


def test_a_pull_without_any_connection(tidegate):
    """Without a connection the way to make one is named."""
    ran = tidegate("pull", check=False)

    code, _, hint = the_error(ran)
    assert (ran.code, code) == (2, "not-found")
    assert "tidegate connect dcs NAME URL" in hint
