"""Formulas, formula series, events and hooks by commands."""

from __future__ import annotations

import csv
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from tidegate.model.instants import HOUR, now, to_text
from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from pathlib import Path

SPAN = ("--from", "2020-01-01", "--to", "2020-01-01T04:00")


@pytest.fixture
def halls(tidegate, tmp_path):
    """Two series of four hours."""
    path = tmp_path / "hours.csv"
    lines = [
        f"{name},2020-01-01T0{hour}:00:00Z,{value}"
        for name, values in (("Hall A", (1, 5, 7, 2)), ("Hall B", (10, 20, 30, 40)))
        for hour, value in enumerate(values)
    ]
    path.write_text("\n".join(["series,from,value", *lines]) + "\n")
    tidegate("write", str(path), "--create", "--unit", "kWh", "--interval", "1h")
    return tidegate


def values(ran):
    return [(row["value"], row["flag"]) for row in ran.rows]


def test_calc_prints_the_values_of_a_formula(halls):
    """References, aliases by name and id, and constants give one value a step."""
    number = halls("series", "show", "Hall B", "--json").rows[0]["id"]
    options = ("--alias", "R1=Hall A", "--alias", f"R2={number}", "--json")
    ran = halls("calc", "[Hall A] + R1*0 + R2", *SPAN, *options)

    assert values(ran) == [(11, 9), (25, 9), (37, 9), (42, 9)]
    assert ran.rows[0]["from"] == "2020-01-01T00:00:00Z"


def test_calc_sums_by_attribute(halls, tmp_path):
    """TSAA gives what `sum` gives."""
    (tmp_path / "sites.csv").write_text("series,attribute,from,value\nHall A,Site,,X\n")
    halls("attributes", "import", str(tmp_path / "sites.csv"), "--create")
    formula = 'TSAA("kWh","TRUE","Site|X")'
    calculated = halls("calc", formula, *SPAN, "--calculation-interval", "hour", "--json")
    summed = halls("sum", "--attribute", "Site|X", *SPAN, "--interval", "hour", "--json")

    assert calculated.rows == summed.rows


def test_calc_takes_two_rasters(halls):
    """The formula is evaluated on one and shown on another."""
    by_two = ("--calculation-interval", "hour", "--calculation-interval-multiplier", "2")
    ran = halls("calc", "Max([Hall A],3)", *SPAN, *by_two, "--json")
    shown = halls(
        "calc", "Max([Hall A],3)", *SPAN, "--interval", "total", "--unit", "kWh", "--json"
    )

    assert values(ran) == [(6, 9), (9, 9)]
    assert values(shown) == [(18, 9)]


def test_calc_draws(halls, tmp_path):
    """`--plot FILE` makes a picture."""
    halls("calc", "[Hall A]*2", *SPAN, "--plot", str(tmp_path / "plot.png"))

    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_calc_refuses_with_a_position(halls):
    """A syntax error ends with exit code 2, where it stands and what was expected."""
    ran = halls("calc", "[Hall A] [Hall B]", *SPAN, check=False)

    assert ran.code == 2
    assert "error[bad-expression]: two operands without an operator" in ran.err
    assert "at position 9" in ran.err
    assert "hint: expected" in ran.err
    assert halls("calc", "R1", *SPAN, "--alias", "R1", check=False).code == 2


def test_calc_writes_events(halls, tmp_path):
    """`--events` writes start, end and peak of each span in which the condition holds."""
    path = tmp_path / "events.csv"
    ran = halls("calc", "[Hall A] > 4", *SPAN, "--events", str(path))
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))

    assert rows == [{"start": "2020-01-01T01:00:00Z", "end": "2020-01-01T03:00:00Z", "peak": "7"}]
    assert "wrote 1 events" in ran.err


def test_series_create_makes_a_formula_series(halls, tmp_path):
    """It takes the raster of its coarsest series, and holds from its instant on."""
    made = halls(
        "series", "create", "Sum", "--unit", "kWh", "--formula", "[Hall A]+r",
        "--formula-from", "2020-01-01T01:00:00Z", "--alias", "R=Hall B", "--json",
    )  # fmt: skip
    out = tmp_path / "out.csv"
    halls("export", "Sum", *SPAN, "--out", str(out))

    assert made.rows[0]["interval"] == "hour"
    expected = [(0, 0), (25, 9), (37, 9), (42, 9)]
    assert values(halls("read", "Sum", *SPAN, "--json")) == expected
    with out.open(newline="") as stream:
        exported = [row["value"] for row in csv.DictReader(stream)]
    assert exported == ["0", "25", "37", "42"]


def test_series_create_refuses_a_formula_that_cannot_be(halls):
    """Syntax errors and unknown series are refused at once."""
    create = ("series", "create", "F", "--formula")

    assert halls(*create, "[Hall A]+", check=False).code == 2
    assert "there is no series 'Hall C'" in halls(*create, "[Hall C]", check=False).err
    assert "calculation interval" in halls(*create, "1", check=False).err
    assert len(halls("series", "list", "--json").rows) == 2


# ---- hooks --------------------------------------------------------------------------------------


@pytest.fixture
def watched(tidegate, tmp_path, monkeypatch):
    """A connection, a series with two events of the last hours, and a hook that notes calls."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    with running() as standin:
        tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
        path = tmp_path / "load.csv"
        start = now() // HOUR * HOUR - 8 * HOUR
        loads = [1, 50, 60, 1, 1, 70, 1]
        lines = [f"Load,{to_text(start + hour * HOUR)},{load}" for hour, load in enumerate(loads)]
        path.write_text("\n".join(["series,from,value", *lines]) + "\n")
        tidegate("write", str(path), "--create", "--unit", "kW", "--interval", "1h")
        yield tidegate


def hook(tmp_path: Path) -> tuple[str, Path]:
    """A command that appends what it is told to a file."""
    noted = tmp_path / "noted.jsonl"
    script = tmp_path / "hook.py"
    script.write_text(
        "import os, sys\n"
        "assert not [name for name in os.environ if 'PASSWORD' in name]\n"
        f"with open({str(noted)!r}, 'a') as stream:\n"
        "    stream.write(os.environ['TIDEGATE_EVENT_PEAK'] + ' ' + sys.stdin.read())\n"
    )
    return f"'{sys.executable}' '{script}'", noted


def pull(tidegate, command, condition="[Load] > 40", check=False):
    words = ("pull", "campus", "R123", "--from", "today", "--to", "now")
    return tidegate(*words, "--when", condition, "--run", command, check=check)


def test_pull_calls_a_hook_once_for_each_event(watched, tmp_path):
    """Two events are two calls; a later pull, another process, calls only for what is new."""
    command, noted = hook(tmp_path)
    pull(watched, command)
    pull(watched, command)
    calls = [line.split(" ", 1) for line in noted.read_text().splitlines()]

    assert [peak for peak, _ in calls] == ["60.0", "70.0"]
    told = msgspec.json.decode(calls[0][1])
    assert told["condition"] == "[Load] > 40"
    assert (told["peak"], sorted(told)) == (60, ["condition", "end", "id", "peak", "start"])

    late = tmp_path / "late.csv"
    hour = to_text(now() // HOUR * HOUR - 5 * HOUR)
    late.write_text(f"from,value\n{hour},99\n")
    watched("write", "Load", str(late))
    pull(watched, command)
    assert len(noted.read_text().splitlines()) == 2


def test_an_event_told_again_after_a_kill_has_the_same_id(watched, tmp_path):
    """Killed while the command runs, the next pull tells the event again, by the same id."""
    noted, script = tmp_path / "ids", tmp_path / "kills.py"
    script.write_text(
        "import os, pathlib, signal\n"
        f"noted = pathlib.Path({str(noted)!r})\n"
        "is_first = not noted.exists()\n"
        "with noted.open('a') as stream:\n"
        "    stream.write(os.environ['TIDEGATE_EVENT_ID'] + '\\n')\n"
        "if is_first:\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    command = (sys.executable, "-m", "tidegate", "pull", "campus", "R123", "--from", "today")
    watch = ("--to", "now", "--when", "[Load] > 40", "--run", f"'{sys.executable}' '{script}'")
    words = (*command, *watch, "--store", str(tmp_path / "store"))
    codes = [subprocess.run(words, check=False, capture_output=True).returncode for _ in range(2)]

    first, again, second = noted.read_text().split()
    assert codes[0] == -9
    assert codes[1] in {0, 3}
    assert first == again != second


def test_a_hook_that_fails_stops_nothing(watched, tmp_path):
    """What the command answers is logged; the event counts as reported."""
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit(3)")
    ran = pull(watched, f"'{sys.executable}' '{script}'")

    assert ran.code in {0, 3}
    assert "ended with 3" in ran.err


def test_watching_is_checked_before_anything_is_fetched(watched):
    """A condition that is none, a command that is none, or one without the other is refused."""
    assert "bad-expression" in pull(watched, "true", "[Load] >").err
    assert "error[bad-value]: run" in pull(watched, "no-such-command-anywhere").err
    assert watched("pull", "campus", "--when", "[Load] > 1", check=False).code == 2
