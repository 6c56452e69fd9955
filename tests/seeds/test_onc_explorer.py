"""What the users of the page ask of Ocean Networks Canada, by commands; named by row."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.cli.conftest import Ran

from tidegate.cli import run
from tidegate.model.instants import parse
from tidegate.standins.onc import Fault, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.onc import Standin

Command = Callable[..., Ran]

NOW = parse("2017-06-01T12:00:00Z")
HARBOUR = "49.08,-123.33"
"""Near the delta of the Fraser."""


@pytest.fixture
def standin() -> Iterator[Standin]:
    """The server on 1 June 2017; its clock stands."""
    with running(clock=NOW, clock_rate=0) as found:
        yield found


@pytest.fixture
def tidegate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    standin: Standin,
) -> Command:
    """Run `tidegate WORDS` with the token in the environment."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
    monkeypatch.setenv("ONC_TOKEN", standin.token)

    def command(*words: str, code: int = 0) -> Ran:
        found = run(words)
        out, err = capfd.readouterr()
        assert found == code, err
        assert standin.token not in out + err
        return Ran(found, out, err)

    return command


def codes(ran: Ran, name: str) -> list[object]:
    """One column of the rows."""
    return [row[name] for row in ran.rows]


def test_n1_workflow(tidegate: Command, standin: Standin, monkeypatch: pytest.MonkeyPatch):
    """Instrument, place and time, product and format, options, data, analysis, and again."""
    assert "CTD" in codes(tidegate("onc", "categories", "--json"), "deviceCategoryCode")
    found = tidegate("onc", "locations", "-c", "CTD", "--from", "2016-01-01", "--json")
    assert "USDDL" in codes(found, "locationCode")
    found = tidegate("onc", "products", "-l", "USDDL", "-c", "CTD", "-x", "csv", "--json")
    assert codes(found, "dataProductCode") == ["TSSD"]
    options = tidegate("onc", "products", "-l", "USDDL", "-c", "CTD", "-p", "TSSD", "--options")
    assert "dpo_qualityControl" in options.out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{standin.token}\n"))
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "USDDL", "--token-stdin")
    words = ("pull", "ocean", "USDDL/TURBIDITYMETER", "--from", "2017-05-01", "--to", "2017-05-02")
    tidegate(*words)
    before = len(standin.log)
    tidegate(*words, code=3)
    assert len(standin.log) == before
    words = ("--from", "2017-05-01", "--to", "2017-05-02", "--interval", "day", "--json")
    (mean,) = tidegate("sum", "--attribute", "property|turbidityntu", *words).rows
    assert 1 < float(str(mean["value"])) < 7


def test_n34_places_and_types(tidegate: Command):
    """A list of places and of types of instruments, flat and as a tree."""
    flat = codes(tidegate("onc", "locations", "--json"), "locationCode")
    tree = tidegate("onc", "locations", "--tree", "--json")
    assert sorted(map(str, flat)) == sorted(map(str, codes(tree, "locationCode")))
    assert {row["locationCode"]: row["level"] for row in tree.rows}["BACAX.V1"] == 3
    shown = tidegate("onc", "locations", "--tree").out.splitlines()
    assert "    BACAX " in "\n".join(shown)
    assert tidegate("onc", "categories").out.startswith("deviceCategoryCode")


def test_n34_arctic_sound_of_2012(tidegate: Command):
    """Were there hydrophones in the Arctic in 2012, and what else was there then?"""
    year = ("--from", "2012-01-01", "--to", "2013-01-01")
    found = tidegate("onc", "locations", "-l", "ARCT", "-c", "HYDROPHONE", *year, "--json")
    assert codes(found, "locationCode") == ["CBYIP.H1"]
    stays = tidegate("onc", "deployments", "-l", "ARCT", *year, "--json")
    assert set(codes(stays, "deviceCategoryCode")) == {"HYDROPHONE", "CTD", "ICEPROFILER"}
    early = ("--from", "2010-01-01", "--to", "2011-01-01")
    none = tidegate("onc", "deployments", "-l", "ARCT", *early, "--json")
    assert none.rows == []


def test_n34_formats(tidegate: Command):
    """In which formats do ice thickness and temperature come, and sound?"""
    ice = tidegate("onc", "products", "-l", "CBYIP", "-v", "icethickness", "--json")
    assert "csv" in codes(ice, "extension")
    sound = tidegate("onc", "products", "-l", "CBYIP.H1", "-c", "HYDROPHONE", "-p", "AD", "--json")
    assert set(codes(sound, "extension")) == {"mp3", "wav", "flac"}


def test_n34_availability_by_day(tidegate: Command):
    """Which files there are, by day: as spans, and counted."""
    where = ("-l", "CBYIP.H1", "-c", "HYDROPHONE", "-p", "AD", "-x", "wav")
    days = ("--from", "2012-03-01", "--to", "2012-03-04")
    (span,) = tidegate("onc", "availability", *where, *days, "--json").rows
    assert (span["dataProductCode"], span["extension"]) == ("AD", "wav")
    counted = tidegate("onc", "availability", *where, *days, "--by", "day", "--json")
    assert codes(counted, "day") == ["2012-03-01", "2012-03-02", "2012-03-03"]
    # The file that began the day before reaches into the first day.
    assert codes(counted, "files") == [289, 288, 288]


def test_n36_a_new_scan_or_none(tidegate: Command, standin: Standin, tmp_path: Path):
    """0 and the scan if there is a new one, 3 if there is none, another code for an error."""
    seen = tmp_path / "seen.json"
    words = ("onc", "latest", "-l", "BACAX", "-c", "SONAR", "-p", "RSSI", "--since", str(seen))
    (first,) = tidegate(*words, "--json").rows
    assert first["product"] == "RSSI"
    none = tidegate(*words, code=3)
    assert "no new file" in none.err
    assert none.out == ""
    standin.clock.set(NOW + 3600 * 1_000_000)
    (second,) = tidegate(*words, "--json").rows
    assert parse(str(second["from"])) - parse(str(first["from"])) == 3600 * 1_000_000
    before = seen.read_text()
    standin.faults.add(Fault("status", status=401))
    tidegate(*words, code=29)
    assert seen.read_text() == before
    standin.faults.clear()
    tidegate(*words, code=3)


def test_n36_since_an_instant(tidegate: Command):
    """What was seen may be named by its time."""
    words = ("onc", "latest", "-l", "BACAX", "-c", "SONAR", "--since")
    assert len(tidegate(*words, "2017-05-01", "--json").rows) == 1
    tidegate(*words, "2017-06-02", code=3)


def test_n37_nearby(tidegate: Command, tmp_path: Path):
    """The places near of a position or of a moving platform, nearest first."""
    near = tidegate("onc", "locations", "--near", HARBOUR, "--within", "20km", "--json")
    assert codes(near, "locationCode") == ["USDDL", "LSDDL", "LSDDL.E1", "ECHO"]
    distances = [float(str(km)) for km in codes(near, "distance")]
    assert distances == sorted(distances)
    track = tmp_path / "track.csv"
    track.write_text("time,lat,lon\n2017-06-01T11:00Z,48.3,-126.0\n2017-06-01T10:00Z,49.1,-123.3\n")
    moving = ("--near-file", str(track), "--within", "10km")
    assert codes(tidegate("onc", "locations", *moving, "--json"), "locationCode") == [
        "BACAX",
        "BACAX.V1",
    ]
    words = ("onc", "latest", "--near", HARBOUR, "--within", "5km", "-c", "SONAR", "--json")
    assert codes(tidegate(*words), "locationCode") == ["LSDDL"]
    words = ("onc", "latest", *moving, "-c", "SONAR", "--json")
    assert codes(tidegate(*words), "locationCode") == ["BACAX"]


def test_n37_what_is_near_can_be_pulled(tidegate: Command, standin: Standin):
    """The list of places is a selection of pull."""
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "SOG", "-c", "TURBIDITYMETER")
    words = ("onc", "locations", "--near", HARBOUR, "--within", "600m", "--subjects")
    subjects = tidegate(*words).out.split()
    assert subjects == ["USDDL/%"]
    tidegate("discover", "ocean")
    ran = tidegate("pull", "ocean", *subjects, "--from", "today-1d", "--to", "now", "--dry-run")
    assert "USDDL/TURBIDITYMETER" in ran.out
    assert "LSDDL" not in ran.out


def test_n37_pull_of_what_is_near(tidegate: Command, standin: Standin, tmp_path: Path):
    """A place or a moving platform selects what is pulled, by the rule of `onc locations`."""
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "SOG", "-c", "TURBIDITYMETER")
    tidegate("discover", "ocean")
    span = ("--from", "2017-05-31", "--to", "2017-06-01", "--json")
    near = ("--near", HARBOUR, "--within", "600m")
    listed = tidegate("pull", "ocean", *near, *span, "--dry-run")
    assert set(codes(listed, "subject")) == {"USDDL/TURBIDITYMETER"}
    wide = tidegate("pull", "ocean", "--near", HARBOUR, "--within", "20km", *span, "--dry-run")
    assert set(codes(wide, "subject")) > {"USDDL/TURBIDITYMETER"}
    track = tmp_path / "track.csv"
    track.write_text("time,lat,lon\n2017-06-01T10:00Z,49.08,-123.33\n2017-05-01T10:00Z,10,10\n")
    moving = ("--near-file", str(track), "--within", "600m")
    assert tidegate("pull", "ocean", *moving, *span, "--dry-run").rows == listed.rows
    standin.log.clear()
    tidegate("pull", "ocean", *near, *span)
    asked = [one for one in standin.log if "scalardata" in one.path]
    assert asked
    assert all("locationCode=USDDL&" in f"{one.query}&" for one in asked), asked


def test_n37_nothing_near_pulls_nothing(tidegate: Command, standin: Standin):
    """Where nothing is near, nothing is asked for; subjects beside a place are refused."""
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "SOG", "-c", "TURBIDITYMETER")
    tidegate("discover", "ocean")
    standin.log.clear()
    tidegate("pull", "ocean", "--near", "0,0", "--within", "1km", code=2)
    tidegate("pull", "ocean", "USDDL/%", "--near", HARBOUR, code=2)
    tidegate("pull", "ocean", "--within", "1km", code=2)
    assert not [one for one in standin.log if "scalardata" in one.path]


def test_n38_own_archive(tidegate: Command, standin: Standin):
    """New deployments are found by themselves; files that were made anew are listed as such."""
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "FGPD", "-c", "CTD")
    tidegate("discover", "ocean")
    standin.service.deploy(
        device="SBECTD19p6935", location="FGPD", begin="2017-05-20T00:00:00Z", end=None
    )
    found = tidegate("discover", "ocean", "--changes", "--kind", "sensor", "--json")
    assert "FGPD/CTD/temperature" in codes(found, "subject")
    words = ("onc", "archive", "-l", "BACAX", "-c", "SONAR", "-p", "RSSI")
    window = ("--from", "2017-01-01", "--to", "2017-01-02", "--json")
    names = codes(tidegate(*words, *window), "file")
    assert len(names) == 24
    anew = ("--archived-from", "2017-05-01")
    assert tidegate(*words, *window, *anew).rows == []
    standin.service.archive.reprocess(str(names[3]), standin.clock.now())
    assert codes(tidegate(*words, *window, *anew), "file") == [names[3]]


def test_n43_every_quarter_of_an_hour(tidegate: Command, standin: Standin, tmp_path: Path):
    """Samples and lines since the last run: no gap, none twice, as CSV or JSON lines."""
    seen = str(tmp_path / "seen.json")
    words = ("onc", "scalar", "-l", "BACAX", "-c", "CTD", "-v", "seawatertemperature", "--json")
    spans = [("2017-06-01T11:00", "2017-06-01T11:01"), ("2017-06-01T10:00", "2017-06-01T11:02")]
    taken = [
        row
        for start, end in spans
        for row in tidegate(*words, "--from", start, "--to", end, "--since", seen).rows
    ]
    times = [str(row["time"]) for row in taken]
    assert len(times) == len(set(times)) == 120
    csv = (
        "onc",
        "raw",
        "-l",
        "BACAX",
        "-c",
        "CTD",
        "--csv",
        "--from",
        "2017-06-01",
        "--to",
        "PT2S",
    )
    lines = tidegate(*csv).out.splitlines()
    assert lines[0] == "time,type,line"
    assert len(lines) == 3


def test_n43_into_the_store(tidegate: Command, standin: Standin):
    """Pulls in a row leave each sample once."""
    tidegate("connect", "onc", "ocean", standin.base_url, "-l", "BACAX", "-c", "SONAR")
    for end in ("2017-05-31T00:15", "2017-05-31T00:30"):
        tidegate("pull", "ocean", "--from", "2017-05-31", "--to", end)
    words = ("read", "BACAX SONAR range", "--from", "2017-05-31", "--to", "2017-05-31T01:00")
    rows = tidegate(*words, "--json").rows
    measured = [row["from"] for row in rows if row["flag"] == 9]
    assert len(measured) == len(set(measured))
    assert 28 <= len(measured) <= 30


def test_n14_another_server(tidegate: Command, standin: Standin, monkeypatch: pytest.MonkeyPatch):
    """`--base-url` and `TIDEGATE_ONC_URL` name the server; a token goes to its own server only."""
    monkeypatch.setenv("TIDEGATE_ONC_URL", "http://127.0.0.1:9")
    words = ("onc", "categories", "--base-url", standin.base_url, "--json")
    assert len(tidegate(*words).rows) == 7
    tidegate("connect", "onc", "ocean", standin.base_url)
    monkeypatch.delenv("ONC_TOKEN")
    ran = tidegate("onc", "categories", "--base-url", "http://127.0.0.1:9", code=2)
    assert "another server" in ran.err
    ran = tidegate("onc", "categories", "--base-url", "http://data.example", code=2)
    assert "another server" in ran.err
    monkeypatch.setenv("ONC_TOKEN", "abc")
    ran = tidegate("onc", "categories", "--base-url", "http://data.example", code=10)
    assert "--allow-http" in ran.err


def test_n14_the_only_connection_goes_before_the_variable(
    tidegate: Command, standin: Standin, monkeypatch: pytest.MonkeyPatch
):
    """Without an address its server is asked with its own token, and `ONC_TOKEN` goes nowhere."""
    tidegate("connect", "onc", "ocean", standin.base_url)
    monkeypatch.delenv("TIDEGATE_ONC_URL")
    monkeypatch.setenv("ONC_TOKEN", "of-another-server")
    assert len(tidegate("onc", "categories", "--json").rows) == 7
    monkeypatch.setenv("ONC_TOKEN", standin.token)
    tidegate("connect", "onc", "second", standin.base_url)
    ran = tidegate("onc", "categories", code=2)
    assert "--connection" in ran.err


def test_n10_the_server_for_tests(tidegate: Command):
    """`--qa` and an address exclude each other."""
    ran = tidegate("onc", "categories", "--qa", "--base-url", "https://a.example", code=2)
    assert "--base-url" in ran.err


def test_n31_an_impossible_date(tidegate: Command, standin: Standin):
    """Month 20 is refused with what was meant, before anything is asked."""
    words = ("onc", "deployments", "-l", "LSDDL", "--from", "2013-20-23T00:00:00.000Z")
    ran = tidegate(*words, code=2)
    assert "2013-10-23" in ran.err
    assert standin.log == []


def test_n43_durations(tidegate: Command, standin: Standin):
    """A begin may count back from the end, an end forward from the begin, not both."""
    words = ("onc", "scalar", "-l", "BACAX", "-c", "CTD", "-v", "pressure", "--json")
    noon = "2017-01-01T12:00:00.000Z"
    tidegate(*words, "--from=-PT2H", "--to", noon)
    asked = standin.log[-1].parameters
    assert asked["dateFrom"] == "2017-01-01T10:00:00.000Z"
    assert asked["dateTo"] == noon
    before = len(standin.log)
    assert "durations" in tidegate(*words, "--from=-PT2H", "--to", "PT1H", code=2).err
    assert len(standin.log) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("onc", "locations", "--near", "49"), "--near"),
        (("onc", "locations", "--near", "95,10"), "--near"),
        (("onc", "locations", "--within", "5km"), "--within"),
        (("onc", "locations", "--near", "1,1", "--within", "far"), "--within"),
        (("onc", "archive", "-l", "BACAX"), "--category"),
        (("onc", "scalar", "-d", "A", "-l", "B"), "--device"),
        (("onc", "latest"), "--location"),
        (("onc", "categories", "-d", "A"), "--device"),
    ],
)
def test_n34_options_that_make_no_sense(tidegate: Command, words: tuple[str, ...], said: str):
    """They are refused, by the option's name."""
    assert said in tidegate(*words, code=2).err


def test_n23_the_token_on_the_command_line(tidegate: Command, standin: Standin):
    """It is taken with a warning; what is kept is not shown."""
    run_with = ("connect", "onc", "ocean", standin.base_url, "-t", standin.token, "-l", "FGPD")
    assert "warning" in tidegate(*run_with).err
    (row,) = tidegate("connections", "--json").rows
    assert row["platform"] == "onc"
    assert standin.token not in msgspec.json.encode(row).decode()
