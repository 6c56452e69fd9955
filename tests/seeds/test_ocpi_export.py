"""What the description of the exporter asks of `get`; names carry the ids of the requirements."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import Ran, tidegate
from tests.platforms.ocpi.vectors import DOCUMENTED_SESSION as RECORD
from tests.seeds.ocpi_export import connect, logged_in, queries, touch

from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.ocpi import Standin

__all__ = ["Ran", "tidegate"]

PROGRAM = str(Path(sys.executable).with_name("tidegate"))
OPEN = ("id", "currency", "auth_method")


def printed(**passed):
    """The printed record with everything but some fields blank."""
    record = {name: value if name in OPEN else "#NA" for name, value in RECORD.items()}
    period = {"dimensions": [{"type": "#NA", "volume": "#NA"}], "start_date_time": "#NA"}
    return json.dumps(record | {"charging_periods": [period]} | passed, separators=(",", ":"))


def whole(record):
    return json.dumps(record, separators=(",", ":"))


TIMES = {name: RECORD[name] for name in ("start_datetime", "end_datetime")}


def period(type, volume):
    return [{"dimensions": [{"type": type, "volume": volume}], "start_date_time": "#NA"}]


@pytest.fixture
def old(tmp_path, monkeypatch) -> Iterator[Standin]:
    """A 2.1.1 platform whose first session is the documented one."""
    with logged_in(tmp_path / "store", monkeypatch, "2.1.1", sessions=40) as standin:
        yield standin


@pytest.fixture
def new(tmp_path, monkeypatch) -> Iterator[Standin]:
    """A 2.2.1 platform."""
    with logged_in(tmp_path / "store", monkeypatch, sessions=40) as standin:
        yield standin


def test_o9_get_gives_all_data_of_a_module_for_pipes(old, tidegate):
    """O9: every module goes to standard output whole, a record a line, and nothing else does."""
    for module in ("sessions", "cdrs", "locations", "tariffs", "tokens"):
        ran = tidegate("ocpi", "get", module)
        assert len(ran.rows) == _total(old, module)
        assert ran.err == ""


def _total(standin, module):
    """How many records the platform has."""
    return standin.service.platform.modules[module].source.count()


def test_o10_the_pipeline_as_printed(tmp_path):
    """O10: the printed command line gives the average duration; 11 seconds for the record alone."""
    assert shutil.which("jq"), "jq is needed: apt-get install jq"
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    with running(sessions=1) as standin:
        connect(tmp_path / "store", standin, "2.1.1")
        line = (
            "tidegate ocpi get --privacy-pass start_datetime,end_datetime sessions | jq -s "
            '\'map(select(has("end_datetime")) | (.end_datetime | fromdate) - '
            "(.start_datetime | fromdate)) | add / length'"
        )
        ran = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            env={
                **environment,
                "TIDEGATE_TOKEN": standin.token,
                "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=50,
        )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "11\n", "")


def test_o11_everything_sensitive_is_blank(old, tidegate):
    """O11: of no session anything leaves that tells who, where, when or how much."""
    text = tidegate("ocpi", "get", "sessions").out
    for row in tidegate("ocpi", "get", "sessions", "--privacy-pass", ".").rows:
        for name in ("start_datetime", "end_datetime", "auth_id", "meter_id", "last_updated"):
            assert row.get(name) is None or f'"{row[name]}"' not in text
        for name in ("address", "city", "postal_code", "id"):
            value = (row.get("location") or {}).get(name)
            assert value is None or f'"{value}"' not in text


def test_o12_default_output(old, tidegate):
    """O12: the printed default output, in one line."""
    assert tidegate("ocpi", "get", "sessions").out.splitlines()[0] == printed()


def test_o13_named_fields_are_open(old, tidegate):
    """O13: the second printed output."""
    passes = "start_datetime,end_datetime,charging_periods.dimensions.type"
    ran = tidegate("ocpi", "get", "--privacy-pass", passes, "sessions")
    expected = printed(**TIMES, charging_periods=period("ENERGY", "#NA"))
    assert ran.out.splitlines()[0] == expected


def test_o14_names_ignore_arrays(old, tidegate):
    """O14: a dotted name opens the field of every element of the lists on its way."""
    ran = tidegate("ocpi", "get", "sessions", "--privacy-pass", "charging_periods.dimensions.type")
    for row in ran.rows:
        for one in row["charging_periods"]:
            assert all(part["type"] != "#NA" for part in one["dimensions"])
            assert all(part["volume"] == "#NA" for part in one["dimensions"])


def test_o15_whole_structures_are_open(old, tidegate):
    """O15: the third printed output."""
    passes = "start_datetime,end_datetime,charging_periods.dimensions"
    ran = tidegate("ocpi", "get", "--privacy-pass", passes, "sessions")
    expected = printed(**TIMES, charging_periods=period("ENERGY", 16))
    assert ran.out.splitlines()[0] == expected


def test_o16_a_dot_opens_everything(old, tidegate):
    """O16: the fourth printed output."""
    ran = tidegate("ocpi", "get", "--privacy-pass", ".", "sessions")
    assert ran.out.splitlines()[0] == whole(RECORD)


@pytest.mark.parametrize("module", ["sessions", "cdrs"])
def test_o17_cost_fields_of_2_2_1(new, tidegate, module):
    """O17: costs of sessions and CDRs are objects in 2.2.1; every record survives, costs blank."""
    rows = tidegate("ocpi", "get", module).rows
    opened = tidegate("ocpi", "get", module, "--privacy-pass", "total_cost.excl_vat").rows
    assert len(rows) == len(opened) == _total(new, module)
    costs = [row["total_cost"] for row in rows if "total_cost" in row]
    assert costs
    assert {cost["excl_vat"] for cost in costs} == {"#NA"}
    amounts = [row["total_cost"]["excl_vat"] for row in opened if "total_cost" in row]
    assert all(isinstance(amount, int | float) for amount in amounts)


@pytest.mark.parametrize("module", ["sessions", "cdrs"])
def test_o17_costs_of_the_other_shape(new, tidegate, module):
    """O17: a number where 2.2.1 has an object costs nobody a record."""
    new.faults.add(Fault("price-shape"))
    rows = tidegate("ocpi", "get", module).rows
    assert len(rows) == _total(new, module)
    assert {row["total_cost"] for row in rows if "total_cost" in row} == {"#NA"}


def test_o18_sessions_with_their_stations(new, tidegate):
    """O18: sessions get the location, EVSE and connector that they name."""
    places = {}
    for location in tidegate("ocpi", "get", "locations", "--privacy-pass", ".").rows:
        for evse in location["evses"]:
            places[location["id"], evse["uid"]] = location["city"], evse["evse_id"]
    passes = "location_id,evse_uid,joined.location.city,joined.evse.evse_id"
    rows = tidegate("ocpi", "get", "sessions", "--join", "locations", "--privacy-pass", passes).rows
    found = [(row["joined"]["location"]["city"], row["joined"]["evse"]["evse_id"]) for row in rows]
    assert found == [places[row["location_id"], row["evse_uid"]] for row in rows]
    assert {row["joined"]["location"]["address"] for row in rows} == {"#NA"}


def test_o19_everything_since_the_last_export(new, tidegate):
    """O19: the second run gives only what came or changed meanwhile; then nothing."""
    first = tidegate("ocpi", "get", "sessions", "--since-last").rows
    touch(new, 3)
    second = tidegate("ocpi", "get", "sessions", "--since-last").rows
    third = tidegate("ocpi", "get", "sessions", "--since-last").rows
    assert len(first) == 40
    assert [row["id"] for row in second] == [first[3]["id"]]
    assert third == []


def test_o19_weekly_exports_are_exports_of_their_own(new, tidegate):
    """O19: each name remembers its own last run, so a daily one does not disturb a weekly one."""
    daily = ("ocpi", "get", "sessions", "--since-last", "daily")
    weekly = ("ocpi", "get", "sessions", "--since-last", "weekly")
    assert len(tidegate(*daily).rows) == 40
    assert len(tidegate(*daily).rows) == 0
    assert len(tidegate(*weekly).rows) == 40


def test_o20_export_without_end(new, tmp_path, monkeypatch):
    """O20: the tool keeps running, gives out what is new, and stops cleanly when it is told to."""
    words = [PROGRAM, "ocpi", "get", "sessions", "--follow", "--every", "1s"]
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        first = [running.stdout.readline() for _ in range(40)]
        new.service.touch("sessions", 7)
        again = running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        rest = running.stdout.read()
    assert json.loads(again)["id"] == json.loads(first[7])["id"]
    assert (rest, running.returncode) == ("", 0)


def test_o20_periodic_files(new, tmp_path):
    """O20: with a folder, each run that has records leaves one file, whole under its name."""
    folder = tmp_path / "files"
    words = [PROGRAM, "ocpi", "get", "sessions", "--follow", "--every", "1s", "--out", str(folder)]
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    with subprocess.Popen(words, env=environment) as running:
        _until(lambda: list(folder.glob("*.jsonl")))
        new.service.touch("sessions", 7)
        _until(lambda: len(list(folder.glob("*.jsonl"))) == 2)
        running.send_signal(signal.SIGINT)
    assert running.returncode == 0
    first, second = (path.read_text().splitlines() for path in sorted(folder.iterdir()))
    assert (len(first), len(second)) == (40, 1)


def _until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_o21_csv_and_other_formats(new, tidegate, tmp_path):
    """O21: the same records as CSV, TSV, a JSON array, Parquet and Excel."""
    import pyarrow.parquet as pq
    from python_calamine import CalamineWorkbook

    ids = [row["id"] for row in tidegate("ocpi", "get", "sessions").rows]
    assert _column(tidegate("ocpi", "get", "sessions", "--format", "csv").out, ",") == ids
    assert _column(tidegate("ocpi", "get", "sessions", "--format", "tsv").out, "\t") == ids
    text = tidegate("ocpi", "get", "sessions", "--format", "json").out
    assert [row["id"] for row in json.loads(text)] == ids
    for name in ("x.parquet", "x.xlsx"):
        tidegate("ocpi", "get", "sessions", "--out", str(tmp_path / name))
    assert pq.read_table(tmp_path / "x.parquet")["id"].to_pylist() == ids
    header, *rows = (
        CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_index(0).to_python()
    )
    assert [row[header.index("id")] for row in rows] == ids


def _column(text, separator):
    header, *rows = csv.reader(io.StringIO(text), delimiter=separator)
    return [row[header.index("id")] for row in rows]


@pytest.mark.parametrize("text", ["200ms", "0.2", "0.2s"])
def test_o26_a_delay_between_pages(new, tidegate, text):
    """O26: the starts of two page requests lie at least so far apart."""
    tidegate("ocpi", "get", "sessions", "--page-size", "10", "--throttle", text)
    times = [entry.at for entry in new.log]
    assert len(times) == 4
    assert min(b - a for a, b in pairwise(times)) >= 0.19


def test_o29_one_page(new, tidegate):
    """O29: offset and size pick one page; how many there are is told beside it."""
    ids = [row["id"] for row in tidegate("ocpi", "get", "sessions").rows]
    new.log.clear()
    ran = tidegate("ocpi", "get", "sessions", "--offset", "10", "--limit", "5")
    assert [row["id"] for row in ran.rows] == ids[10:15]
    assert ran.err == "records here 5, X-Total-Count 40, X-Limit 1000, next --offset 15\n"
    assert [(q["offset"], q["limit"]) for q in queries(new)] == [("10", "5")]


def test_o31_stream_all(new, tidegate):
    """O31: all pages come, each record once and in the order of the platform."""
    one = tidegate("ocpi", "get", "sessions").out
    many = tidegate("ocpi", "get", "sessions", "--page-size", "7").out
    assert many == one
    assert len(one.splitlines()) == 40


def test_o31_the_first_record_comes_within_one_page(new, tmp_path):
    """O31: output begins with the first page, long before the last one is asked for."""
    new.faults.add(Fault("hang", path="sessions$", after=1))
    words = [PROGRAM, "ocpi", "get", "sessions", "--page-size", "7"]
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        lines = [running.stdout.readline() for _ in range(7)]
        running.kill()
    assert all(json.loads(line)["currency"] == "EUR" for line in lines)


def test_o32_from_a_date(new, tidegate):
    """O32: only records updated at the cutoff or later; a day means its first instant in UTC."""
    rows = tidegate("ocpi", "get", "sessions", "--privacy-pass", "last_updated").rows
    cutoff = sorted(row["last_updated"] for row in rows)[25]
    later = tidegate(
        "ocpi", "get", "sessions", "--privacy-pass", "last_updated", "--date-from", cutoff
    ).rows
    assert [row for row in rows if row["last_updated"] >= cutoff] == later
    new.log.clear()
    tidegate("ocpi", "get", "sessions", "--date-from", "2024-01-01", "--date-to", "2024-02-01")
    assert queries(new)[0]["date_from"] == "2024-01-01T00:00:00Z"
    assert queries(new)[0]["date_to"] == "2024-02-01T00:00:00Z"
    assert tidegate("ocpi", "get", "sessions", "--date-from", "nonsense", check=False).code == 2
