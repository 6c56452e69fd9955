"""`tidegate ocpi get`: what leaves and where to, what is remembered, and how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.seeds.ocpi_export import connect, logged_in, queries, touch

from tidegate.formats.records import RecordFormat
from tidegate.gate.takings import takings
from tidegate.model.errors import Interrupted, ServerFault
from tidegate.model.instants import HOUR, MINUTE
from tidegate.services.ocpi.getting import get, get_news, source
from tidegate.services.ocpi.outlet import Wanted
from tidegate.services.ocpi.progress import Exports
from tidegate.services.ocpi.sinks import FileForEachRun, OneFile, RotatingFiles
from tidegate.services.settings import resolve
from tidegate.standins.ocpi import Fault, running

HEAVY = ("duckdb", "pyarrow", "numpy", "pandas", "polars", "xlsxwriter", "keyring", "fastapi")
GET = ("ocpi", "get", "sessions")


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """A 2.2.1 platform with 40 sessions."""
    with logged_in(tmp_path / "store", monkeypatch, sessions=40) as standin:
        yield standin


@pytest.fixture
def platform(standin, tmp_path):
    """The connection to it, as services take it."""
    with source(tmp_path / "store", None, resolve()) as platform:
        yield platform


def test_no_database_is_loaded(standin, tmp_path):
    """Lines, arrays and tables of text go out without a database or dataframe library."""
    script = (
        "import sys; from tidegate.cli import run\n"
        "code = run(sys.argv[1:])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)\n"
    )
    for form in ("jsonl", "json", "csv", "tsv"):
        words = [sys.executable, "-c", script, *GET, "--format", form, "--join", "locations"]
        environment = {
            **os.environ,
            "TIDEGATE_STORE": str(tmp_path / "store"),
            "TIDEGATE_SECRETS": str(tmp_path / "secrets.json"),
        }
        ran = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert ran.stderr == "[] 0\n"
        assert len(ran.stdout) > 1000


def test_d19_each_record_is_a_line(standin, tidegate):
    """Line tools can read what leaves: one JSON object a line, the last line ended too."""
    out = tidegate(*GET, "--page-size", "7").out
    records = [json.loads(line) for line in out.splitlines()]
    assert out.endswith("}\n")
    assert len({record["id"] for record in records}) == len(records) == 40


def test_a_reader_that_goes_away_is_no_error(standin, tmp_path):
    """`| head -1` ends the export without a word, and what was taken is in the journal."""
    program = str(Path(sys.executable).with_name("tidegate"))
    standin.service.grow(4000)
    script = f"set -o pipefail; {program} ocpi get sessions --page-size 50 | head -1"
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    ran = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr, len(ran.stdout.splitlines())) == (0, "", 1)
    (taking,) = takings(tmp_path / "store")
    assert 0 < taking.records < 4000


def test_every_taking_is_in_the_journal(standin, tidegate, tmp_path):
    """Who took how many records of which module, and as what; nothing when nothing was taken."""
    tidegate(*GET)
    tidegate("ocpi", "get", "cdrs", "--out", str(tmp_path / "x.csv"))
    tidegate(*GET, "--date-from", "2100-01-01")
    tidegate(*GET, "--explain")
    found = [
        (one.actor, one.module, one.format, one.channel) for one in takings(tmp_path / "store")
    ]
    assert found == [
        ("owner", "sessions", "jsonl", "ocpi get"),
        ("owner", "cdrs", "csv", "ocpi get"),
    ]
    assert next(takings(tmp_path / "store")).records == 40


def test_a_failure_in_the_middle_is_told(standin, tidegate, tmp_path):
    """Pages before a failure are on standard output and in the journal; the exit code is not 0."""
    standin.faults.add(Fault("code", path="sessions$", after=2, code=2001))
    ran = tidegate(*GET, "--page-size", "10", check=False)
    assert ran.code not in {0, 70}
    assert len(ran.rows) == 20
    assert ran.err.startswith("error[")
    assert [one.records for one in takings(tmp_path / "store")] == [20]


def test_a_failure_leaves_no_file(standin, tidegate, tmp_path):
    """A file that would be cut short does not appear, and an earlier one stays as it was."""
    out = tmp_path / "x.csv"
    out.write_text("earlier")
    standin.faults.add(Fault("code", path="sessions$", after=2, code=2001))
    for name in ("x.csv", "x.parquet", "x.xlsx"):
        ran = tidegate(*GET, "--page-size", "10", "--out", str(tmp_path / name), check=False)
        assert ran.code not in {0, 70}
        assert ran.err.count("\n") <= 2
    assert out.read_text() == "earlier"
    assert [path.name for path in tmp_path.glob("*x*")] == ["x.csv"]
    assert list(takings(tmp_path / "store")) == []


def test_a_table_that_breaks_off_cannot_be_taken_for_whole(standin, tmp_path):
    """Parquet and Excel go through pipes too; of a failed export nobody gets a file to read."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    program = str(Path(sys.executable).with_name("tidegate"))
    environment = {**os.environ, "TIDEGATE_STORE": str(tmp_path / "store")}
    words = [program, *GET, "--page-size", "10", "--format", "parquet"]
    ran = subprocess.run(words, env=environment, capture_output=True)
    assert pq.read_table(io.BytesIO(ran.stdout)).num_rows == 40
    standin.faults.add(Fault("code", path="sessions$", after=2, code=2001))
    for form in ("parquet", "xlsx"):
        ran = subprocess.run([*words[:-1], form], env=environment, capture_output=True)
        assert ran.returncode not in {0, 70}
        assert ran.stderr.count(b"\n") <= 2
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(io.BytesIO(ran.stdout))
        assert not ran.stdout.startswith(b"PK")


def test_files_with_more_than_the_default_are_the_owners_alone(standin, tidegate, tmp_path):
    """A pass list makes the file owner-only; what the default lets out needs no such care."""
    cases = {
        "plain.jsonl": ((), False),
        "passed.jsonl": (("--privacy-pass", "kwh"), True),
        "full.csv": (("--profile", "full"), True),
        "joined.csv": (("--join", "locations"), False),
        "city.csv": (("--join", "locations", "--privacy-pass", "joined.location.city"), True),
    }
    before = os.umask(0o022)
    try:
        for name, (options, is_private) in cases.items():
            tidegate(*GET, "--out", str(tmp_path / name), *options)
            assert ((tmp_path / name).stat().st_mode & 0o777) == (0o600 if is_private else 0o644)
    finally:
        os.umask(before)


def test_what_was_left_out_is_told_by_name_only(standin, tidegate):
    """Unknown fields are counted by path, elements that are no records too; no value is shown."""
    standin.faults.add(Fault("extension", path="sessions", text="XX-99-YY"))
    standin.faults.add(Fault("null-records", path="sessions"))
    ran = tidegate(*GET)
    assert len(ran.rows) == 40
    assert "blanked, since no rule names them: " in ran.err
    assert "elements were no records" in ran.err
    assert "XX-99-YY" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--explode", "charging_periods"), 2, "--explode must be given with csv"),
        (("--explode", "kwh", "--format", "csv"), 2, "charging_periods"),
        (("--join", "tariffs,nothing"), 2, "'nothing' is not a known module to join"),
        (("--privacy-pass", "joined.location.city"), 2, "joined.location.city"),
        (("--privacy-pass", ","), 2, "bad-pass-list"),
        (("--limit", "0"), 2, "--limit"),
        (("--offset", "-1"), 2, "--offset"),
        (("--rotate", "1h"), 2, "--rotate must be left out unless there is --follow"),
        (("--follow", "--format", "parquet"), 2, "--format"),
        (("--since-last", "../x"), 2, "--since-last"),
        (("--since-last", "--date-to", "2024-01-01"), 2, "--date-to"),
        (("--since-last", "--limit", "5"), 2, "--limit"),
        (("--connection", "other"), 2, "other"),
        (("--format", "yaml"), 2, "yaml"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_asked(
    standin, tidegate, words, code, told
):
    """Options that make no sense end in one line, a hint, and no request."""
    ran = tidegate(*GET, *words, check=False)
    assert ran.code == code
    assert told in ran.err
    assert ran.err.count("\n") == 2
    assert standin.log == []
    assert ran.out == ""


def test_without_a_connection_the_way_to_one_is_told(tidegate):
    """Not logged in is one line and a hint."""
    ran = tidegate(*GET, check=False)
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "error[not-logged-in]: not logged in to an OCPI platform",
        "hint: tidegate ocpi login URL --party XX-YYY makes one",
    ]


def test_explaining_asks_nothing(standin, tidegate):
    """What would leave is told without a request: because of the profile, or of the pass list."""
    rows = tidegate(*GET, "--explain", "--json", "--privacy-pass", "kwh").rows
    assert {row["path"]: row["because"] for row in rows}["kwh"] == "pass list"
    assert {row["path"]: row["because"] for row in rows}["currency"] == "profile"
    assert standin.log == []


def test_explaining_tells_that_unknown_fields_leave(standin, tidegate):
    """A structure that passes whole lets out what no rule names: that is said, and is no field."""
    ran = tidegate(*GET, "--explain", "--json", "--privacy-pass", ".")
    rows = ran.rows
    assert rows[-1]["path"] == "*"
    assert rows[-1]["because"] == "pass list"
    known = sum(row["type"] != "unknown fields" for row in rows)
    assert f"{known} fields would leave" in ran.err


def test_joins_find_ids_in_any_case(standin, tidegate):
    """Ids are compared without regard to case, since some platforms change it."""
    passes = ("--join", "locations,tokens", "--privacy-pass", "joined")
    expected = [row["joined"]["location"]["city"] for row in tidegate(*GET, *passes).rows]
    standin.faults.add(Fault("lower-case", path="sessions"))
    rows = tidegate(*GET, *passes).rows
    assert [row["joined"]["location"]["city"] for row in rows] == expected
    assert all(row["joined"]["token"]["uid"] for row in rows)


def test_a_join_that_finds_nothing_keeps_the_record(standin, tidegate):
    """What is not found is null or an empty list; no session is lost."""
    for module in ("locations", "tariffs", "tokens", "cdrs"):
        standin.faults.add(Fault("empty-page", path=module))
        standin.faults.add(Fault("no-link", path=module))
    rows = tidegate(*GET, "--join", "locations,tariffs,tokens,cdrs").rows
    assert len(rows) == 40
    nothing: dict[str, object] = {
        "location": None,
        "evse": None,
        "connector": None,
        "tariffs": [],
        "token": None,
    }
    assert [row["joined"] for row in rows] == [nothing | {"cdrs": []}] * 40


def test_joined_parts_tell_no_more_than_the_record(standin, tidegate):
    """What a session blanks, such as where it was, is blank in what is joined to it as well."""
    whole = tidegate(*GET, "--privacy-pass", ".").rows
    text = tidegate(*GET, "--join", "locations,tokens,cdrs").out
    for row in whole:
        for value in (row["location_id"], row["evse_uid"], row["cdr_token"]["uid"]):
            assert f'"{value}"' not in text


def test_a_session_of_2_1_1_gets_more_of_its_location(tmp_path, monkeypatch, tidegate):
    """In 2.1.1 the embedded location names the one to join."""
    with logged_in(tmp_path / "store", monkeypatch, "2.1.1", sessions=10) as standin:
        rows = tidegate(
            *GET, "--join", "locations,tariffs", "--privacy-pass", "location,joined"
        ).rows
    assert standin.log
    found = [row for row in rows if "location" in row]
    assert len(found) == 9
    for row in found:
        assert row["joined"]["location"]["id"] == row["location"]["id"]
        assert row["joined"]["evse"]["uid"] == row["location"]["evses"][0]["uid"]
        tariff = row["location"]["evses"][0]["connectors"][0]["tariff_id"]
        assert [one["id"] for one in row["joined"]["tariffs"]] == [tariff]


def test_times_are_written_as_jq_reads_them(standin, tidegate):
    """`--times whole` gives the one form of `fromdate` whatever the platform writes."""
    expected = tidegate(*GET, "--privacy-pass", "start_date_time").rows
    for kind in ("offset-times", "space-times", "fraction-times"):
        standin.faults.clear()
        standin.faults.add(Fault(kind))
        rows = tidegate(*GET, "--privacy-pass", "start_date_time", "--times", "whole").rows
        assert rows == expected


# ---- since the last run --------------------------------------------------------------------------


def test_a_run_ends_at_the_platforms_clock(standin, tidegate):
    """A run asks up to the platform's present; the next begins there, less the overlap."""
    tidegate(*GET, "--since-last")
    clock, first = queries(standin)
    assert (clock["limit"], "date_to" in clock) == ("1", False)
    assert "date_to" in first
    standin.log.clear()
    tidegate(*GET, "--since-last")
    second = queries(standin)[1]
    assert second["date_from"] == _minus(first["date_to"])


def _minus(text):
    from tidegate.model.instants import parse, to_text

    return to_text(parse(text) - 10 * MINUTE)


def test_a_run_that_fails_is_not_remembered(standin, tidegate):
    """After a failure the next run gives everything again, for nothing was confirmed."""
    standin.faults.add(Fault("code", path="sessions$", after=2, code=2001))
    assert tidegate(*GET, "--since-last", "--page-size", "10", check=False).code != 0
    standin.faults.clear()
    assert len(tidegate(*GET, "--since-last").rows) == 40


def test_late_records_come_and_none_twice(standin, tidegate):
    """A record that was committed late, with a time before the last run, still comes; once."""
    ids = [row["id"] for row in tidegate(*GET, "--since-last").rows]
    clock = standin.service.clock.now()
    standin.service.touch("sessions", 5, clock - 3 * MINUTE)
    assert [row["id"] for row in tidegate(*GET, "--since-last").rows] == [ids[5]]
    assert tidegate(*GET, "--since-last").rows == []
    touch(standin, 5)
    assert [row["id"] for row in tidegate(*GET, "--since-last").rows] == [ids[5]]


def test_a_platform_that_lets_its_end_through_gives_none_twice(standin, tidegate):
    """Where `date_to` itself is let through, the record at the border comes once all the same."""
    standin.service.clock.set(standin.service.clock.now() // 1_000_000 * 1_000_000, still=True)
    standin.faults.add(Fault("inclusive-end"))
    standin.service.touch("sessions", 5)
    assert len(tidegate(*GET, "--since-last").rows) == 40
    assert tidegate(*GET, "--since-last").rows == []


def test_what_is_remembered_tells_nothing(standin, tidegate, tmp_path):
    """State is the owner's alone and holds hashes in place of ids."""
    touch(standin, *range(10))
    ids = [row["id"] for row in tidegate(*GET, "--since-last").rows]
    (path,) = (tmp_path / "store" / "exports").glob("*.json")
    state = json.loads(path.read_text())
    assert len(state["seen"]) == 10
    assert not any(one in path.read_text() for one in ids)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_export_runs_once_at_a_time(standin, tidegate, tmp_path):
    """A second process is told that the export is running."""
    (tmp_path / "store" / "exports").mkdir()
    with (tmp_path / "store" / "exports" / ".ocpi-sessions.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = tidegate(*GET, "--since-last", check=False)
    assert ran.code == 2
    assert "is running already" in ran.err


def test_a_name_belongs_to_one_module(standin, tidegate):
    """An export's name cannot be used for another module, whose records it would pass over."""
    tidegate(*GET, "--since-last", "mine")
    ran = tidegate("ocpi", "get", "cdrs", "--since-last", "mine", check=False)
    assert ran.code == 2
    assert "mine" in ran.err


def test_damaged_state_is_told(standin, tidegate, tmp_path):
    """A state that cannot be read is no reason to begin anew silently."""
    (tmp_path / "store" / "exports").mkdir()
    (tmp_path / "store" / "exports" / "ocpi-sessions.json").write_text("{")
    ran = tidegate(*GET, "--since-last", check=False)
    assert "is no state of an export" in ran.err


# ---- files of exports without end ----------------------------------------------------------------

WANTED = Wanted(module="sessions", format=RecordFormat.CSV)


def _export(platform):
    return Exports(platform.folder).running("x", platform.name, "sessions")


def test_rotated_files_hold_each_record_once(platform, standin, tmp_path):
    """Runs of one interval share a file with one header; what a broken run left is cut off."""
    with _export(platform) as export:
        sink = RotatingFiles(tmp_path / "files", HOUR, export)
        get_news(platform, WANTED, sink, export)
        touch(standin, 3, 4)
        (part,) = (tmp_path / "files").iterdir()
        with part.open("ab") as stream:
            stream.write(b"half a li")
    with _export(platform) as export:
        sink = RotatingFiles(tmp_path / "files", HOUR, export)
        get_news(platform, WANTED, sink, export)
        sink.finish(export)
    (file,) = (tmp_path / "files").iterdir()
    assert file.name.startswith("sessions-")
    assert file.suffix == ".csv"
    header, *rows = file.read_text().splitlines()
    assert header.startswith("country_code,")
    assert len(rows) == 42


def test_an_interval_that_is_over_gets_its_file(platform, standin, tmp_path, monkeypatch):
    """The file of an earlier interval appears when a run falls into the next one."""
    instant = [HOUR * 1000]
    monkeypatch.setattr("tidegate.services.ocpi.sinks.now", lambda: instant[0])
    with _export(platform) as export:
        sink = RotatingFiles(tmp_path / "files", HOUR, export)
        get_news(platform, WANTED, sink, export)
        instant[0] += HOUR
        touch(standin, 3)
        get_news(platform, WANTED, sink, export)
        names = sorted(path.name for path in (tmp_path / "files").iterdir())
        assert names == [".sessions-19700211T170000Z.csv.part", "sessions-19700211T160000Z.csv"]
        sink.finish(export)
    lengths = [
        len(path.read_text().splitlines()) for path in sorted((tmp_path / "files").iterdir())
    ]
    assert lengths == [41, 2]


def test_a_run_without_records_leaves_no_file(platform, tmp_path):
    """An interval in which nothing happened costs no empty file."""
    with _export(platform) as export:
        sink = FileForEachRun(tmp_path / "files")
        get_news(platform, WANTED, sink, export)
        get_news(platform, WANTED, sink, export)
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_stopping_ends_at_a_page(platform, tmp_path):
    """Stopped within a run, whole pages were taken, and a file in part does not appear."""
    asked = []

    def stop():
        asked.append(1)
        return len(asked) == 2

    wanted = Wanted(module="sessions", page_size=10)
    with pytest.raises(Interrupted, match="20 records"):
        get(platform, wanted, OneFile(tmp_path / "x.jsonl"), stop=stop)
    assert not (tmp_path / "x.jsonl").exists()


def test_a_run_that_the_platform_fails_is_made_good(platform, standin, tmp_path, caplog):
    """An export without end tells a failure and goes on with the next run."""
    import threading

    from tidegate.services.ocpi.following import follow

    standin.faults.add(Fault("status", path="sessions", status=400, times=1))
    stop = threading.Event()
    with _export(platform) as export:
        sink = FileForEachRun(tmp_path / "files")
        runs = follow(platform, WANTED, sink, export, step=1, stop=stop)
        assert next(runs).records == 40
        stop.set()
        assert list(runs) == []
    assert "the next run makes up for it" in caplog.text


def test_a_platform_that_stays_away_is_an_error(standin, tidegate):
    """Without `--follow`, a platform that fails ends the command with its error."""
    standin.faults.add(Fault("status", path="sessions", status=500))
    assert tidegate(*GET, check=False).code == ServerFault.exit_code


# ---- through a view ------------------------------------------------------------------------------


@pytest.fixture
def viewed(tmp_path, monkeypatch, tidegate):
    """A store with a view `city` that shows energy of sessions, live."""
    monkeypatch.setenv("TIDEGATE_TOKEN", "demo-token")
    with running(sessions=40, seed=1) as standin:
        tidegate("ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--version", "2.2.1")
        tidegate(
            "view", "create", "city", "--module", "sessions", "--pass", "sessions.kwh",
            "--source", "live", "--exclude", "nothing",
        )  # fmt: skip
        yield tidegate


def test_a_view_decides_what_leaves(viewed, tmp_path):
    """Through a view leave its fields and nothing else, as lines or as a table."""
    rows = viewed(*GET, "--view", "city").rows
    assert len(rows) == 40
    assert all(isinstance(row["kwh"], float | int) for row in rows)
    assert not any(row.get("start_date_time", "#NA") != "#NA" for row in rows)
    viewed(*GET, "--view", "city", "--out", str(tmp_path / "x.csv"))
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 41
    assert {one.view for one in takings(tmp_path / "store")} == {"city"}


def test_a_view_cannot_be_widened(viewed):
    """A pass list, a profile or a join beside a view is refused."""
    for words in (("--privacy-pass", "."), ("--profile", "full"), ("--join", "locations")):
        ran = viewed(*GET, "--view", "city", *words, check=False)
        assert ran.code == 2
        assert "the view decides it" in ran.err
        assert ran.out == ""
    assert viewed("ocpi", "get", "cdrs", "--view", "city", check=False).code == 2


def test_connections_have_exports_of_their_own(standin, tidegate, tmp_path):
    """A connection of another name has another usual export."""
    tidegate(*GET, "--since-last")
    connect(tmp_path / "store", standin, "2.2.1", name="second")
    assert len(tidegate(*GET, "--since-last").rows) == 40
