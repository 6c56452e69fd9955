"""The page of bulk downloads: `createXLS`, its workbook and its examples (rows N2 to N33)."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import load_workbook

from tidegate.cli import run
from tidegate.model.instants import parse
from tidegate.onc import createXLS
from tidegate.plans.workbook.reading import read_workbook
from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tidegate.standins.onc import Standin

RANGE = ("--begin=2017-05-01T00:00:00.000Z", "--end=2017-06-01T00:00:00.000Z")
USDDL = ("--locationCode=USDDL", "--deviceCategoryCode=CTD", *RANGE)
BY_LOCATION = [
    "locationCode",
    "locationName",
    "deviceCategoryCode",
    "deviceCategoryName",
    "propertyCode",
    "download",
    "begin",
    "end",
    "deviceCode",
    "latitude",
    "longitude",
    "depth",
    "dataProductCode",
    "dataProductName",
    "extension",
    "data product options",
    "helpDocument",
    "Data Search",
    "Device Listing",
]
BY_DEVICE = [
    "deviceCode",
    "deviceName",
    "propertyCode",
    "download",
    "begin",
    "end",
    "locationCode",
    "latitude",
    "longitude",
    "depth",
    "dataProductCode",
    "dataProductName",
    "extension",
    "data product options",
    "helpDocument",
    "Device Listing",
]
BOLD = {
    "locationCode",
    "deviceCategoryCode",
    "propertyCode",
    "download",
    "begin",
    "end",
    "dataProductCode",
    "extension",
    "data product options",
}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    with running(any_token=True) as one:
        yield one


@pytest.fixture
def create(
    tmp_path: Path,
    standin: Standin,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Run `tidegate onc createXLS` as the page does, with a folder of this system."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
    monkeypatch.setenv("ONC_TOKEN", "00000000-0000-4000-8000-000000000000")
    monkeypatch.chdir(tmp_path)
    standin.service.log.clear()

    def command(*words: str, out: str = "--outPath=data", code: int = 0) -> Ran:
        found = run(("onc", "createXLS", out, *words))
        said = Ran(found, *capfd.readouterr())
        assert found == code, said.err
        return said

    return command


def sheet(path: Path, name: str = "By Location") -> list[dict[str, Any]]:
    head, *rows = load_workbook(str(path)).get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, head), cells, strict=True)) for cells in rows]


def codes(path: Path, *names: str) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in names) for row in sheet(path)}


def part(path: Path, number: int) -> str:
    """The XML of one sheet."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_n2_n12_the_example_of_the_command(create, tmp_path, standin):
    """CTD data of USDDL in May 2017: a workbook, one row for each request, a tab to configure."""
    said = create("--token=YOUR_TOKEN_HERE", *USDDL)
    path = tmp_path / "data" / "download.xlsx"
    rows = sheet(path)
    assert {row["locationCode"] for row in rows} == {"USDDL"}
    assert {row["deviceCategoryCode"] for row in rows} == {"CTD"}
    assert len({row["rowId"] for row in rows}) == len(rows) == 18
    book = read_workbook(path)
    assert book.problems == ()
    assert all(parse("2017-05-01") <= one.begin < one.end for one in book.definitions)
    assert all(one.end <= parse("2017-06-01") for one in book.definitions)
    assert json.loads(create("--json", "-a", *USDDL).out)["rows"] == 18
    assert "YOUR_TOKEN_HERE" not in said.out + said.err
    assert said.err.count("warning: others on this machine can see --token") == 1


def test_n4_letters_of_all_options(create, tmp_path):
    said = create(
        *("-t", "T-1", "-b", "2017-05-01", "-e", "2017-06-01", "-a", "-f", "mine.xlsx"),
        *("-m", "all", "-l", "USDDL", "-c", "CTD", "-d", "SBECTD19p4686", "-v", "salinity"),
        *("-p", "TSSD", "-x", "csv"),
        out="-odata",
    )
    path = tmp_path / "data" / "mine.xlsx"
    (row,) = sheet(path)
    wanted = ("USDDL", "CTD", "SBECTD19p4686", "salinity", "TSSD", "csv")
    names = (
        "locationCode",
        "deviceCategoryCode",
        "deviceCode",
        "propertyCode",
        "dataProductCode",
        "extension",
    )
    assert tuple(row[name] for name in names) == wanted
    assert "By Device" in said.out


def test_n4_help(capfd):
    assert run(("onc", "createXLS", "-h")) == 0
    said = capfd.readouterr().out
    for option in ("--outPath, -o", "--begin, -b", "--append, -a", "--downloadMethod, -m"):
        assert option in said


@pytest.mark.parametrize("spelling", ["--outpath", "--outPath", "--OUTPATH", "--out-path"])
@pytest.mark.parametrize("joint", ["=", " "])
def test_n5_long_names_in_any_letter_case(create, tmp_path, spelling, joint):
    words = f"{spelling}{joint}here --LOCATIONcode{joint}USDDL --devicecategorycode{joint}CTD"
    first, *others = words.split()
    create(*others, *RANGE, out=first)
    assert (tmp_path / "here" / "download.xlsx").exists()


def test_n6_append_makes_a_workbook_and_adds_to_it(create, tmp_path):
    path = tmp_path / "data" / "download.xlsx"
    narrow = (*USDDL, "--dataProductCode=TSSD", "--extension=csv")
    create("-a", *narrow)
    assert len(sheet(path)) == 2
    create("-a", *USDDL)
    assert len(sheet(path)) == 18
    assert [row["extension"] for row in sheet(path)[:2]] == ["csv", "csv"], "old rows stay first"


def test_n7_without_append_a_workbook_is_not_replaced(create, tmp_path, standin):
    path = tmp_path / "data" / "download.xlsx"
    create(*USDDL)
    before, asked = path.read_bytes(), len(standin.log)
    refused = create(*USDDL, code=2)
    assert "-a adds to it; --force replaces it and keeps the old one as download.bak" in refused.err
    assert path.read_bytes() == before
    assert len(standin.log) == asked, "nothing was asked"
    create("--force", "--locationCode=SOG", "--dataProductCode=TSSD", *RANGE)
    assert (tmp_path / "data" / "download.bak.xlsx").read_bytes() == before
    assert len(sheet(path)) != 18


def test_n8_file(create, tmp_path):
    """A bare name lies in the folder of the data; one with a folder where it says."""
    create("--file=mine.xlsx", *USDDL)
    create("--file=./books/other.xlsx", *USDDL)
    for path in (tmp_path / "data" / "mine.xlsx", tmp_path / "books" / "other.xlsx"):
        settings = read_workbook(path).configuration
        assert settings.download_folder == tmp_path / "data"
        assert settings.log_file == tmp_path / "data" / f"{path.stem}.json"


@pytest.mark.parametrize(
    ("method", "tabs"),
    [
        (None, ["By Location", "Configuration"]),
        ("byLocation", ["By Location", "Configuration"]),
        ("byDevice", ["By Device", "Configuration"]),
        ("all", ["By Location", "By Device", "Configuration"]),
    ],
)
def test_n9_n15_tabs_by_method(create, tmp_path, method, tabs):
    create(*USDDL, *([f"--downloadMethod={method}"] if method else []))
    assert load_workbook(str(tmp_path / "data" / "download.xlsx")).sheet_names == tabs


def test_n10_qa_is_another_server(create):
    refused = create("-q", "--base-url=http://127.0.0.1:1/", *USDDL, code=2)
    assert "without --base-url" in refused.err


def test_n11_lists_in_every_filter(create, tmp_path):
    create(
        "--locationCode=USDDL,BACAX",
        "--deviceCategoryCode=CTD,HYDROPHONE",
        "--dataProductCode=TSSD,AD",
        "--extension=csv,wav",
        *RANGE,
    )
    found = codes(tmp_path / "data" / "download.xlsx", "locationCode", "dataProductCode")
    assert found == {("USDDL", "TSSD"), ("BACAX", "TSSD"), ("BACAX", "AD")}


def test_n13_n14_the_same_as_class(create, tmp_path, standin):
    """The class of the page writes the rows that the command writes, on whatever server."""
    create(*USDDL)
    x = createXLS("T-1", tmp_path / "class", baseUrl=standin.base_url)
    x.locationCode = "USDDL"
    x.deviceCategoryCode = "CTD"
    x.begin = "2017-05-01T00:00:00.000Z"
    x.end = "2017-06-01T00:00:00.000Z"
    made = x.createWorkbook(tmp_path / "class" / "download.xlsx")
    assert sheet(made.path) == sheet(tmp_path / "data" / "download.xlsx")
    assert "T-1" not in repr(vars(x))


def test_n15_a_row_is_cut_by_split_date_range(create, tmp_path, capfd):
    create(*USDDL, "--dataProductCode=TSSD", "--extension=csv", "--json")
    path = tmp_path / "data" / "download.xlsx"
    assert run(("plan", "check", str(path), "--offline")) == 0
    assert "2 rows, 2 to download in 2 requests" in capfd.readouterr().err


def test_n16_by_location(create, tmp_path):
    """19 columns in order, those of requests bold, the example row of the page among the rows."""
    create(
        *("-l", "BACAX", "-c", "HYDROPHONE", "-p", "AD", "-x", "wav"),
        *("-b", "2011-07-13 0:00:00", "-e", "2011-07-14 0:00:00"),
    )
    path = tmp_path / "data" / "download.xlsx"
    (row,) = sheet(path)
    assert list(row)[:19] == BY_LOCATION
    assert row["locationName"] == "Axis"
    assert row["deviceCategoryName"] == "Hydrophone"
    assert (row["deviceCode"], row["depth"]) == ("NAXYS_HYD_007", 981)
    assert (row["latitude"], row["longitude"]) == (48.316758, -126.050183)
    assert (row["dataProductName"], row["download"]) == ("Audio Data", "T")
    (one,) = read_workbook(path).definitions
    assert (one.begin, one.end) == (parse("2011-07-13"), parse("2011-07-14"))
    assert bold_headings(path, 1, list(row)) == BOLD


def bold_headings(path: Path, number: int, headings: list[str]) -> set[str]:
    """The headings whose cells have another style than the plain one."""
    first = part(path, number).split("<row ")[1]
    cells = first.split("<c ")[1:]
    return {
        name for name, cell in zip(headings, cells, strict=True) if ' s="1"' in cell.split(">")[0]
    }


def test_n17_by_device(create, tmp_path):
    create(*("-m", "byDevice", "-d", "NAXYS_HYD_007", "-p", "AD"), *RANGE)
    path = tmp_path / "data" / "download.xlsx"
    rows = sheet(path, "By Device")
    assert list(rows[0])[:16] == BY_DEVICE
    assert rows[0]["deviceName"] == "Naxys Hydrophone 02345 (S/N 007)"
    assert {row["locationCode"] for row in rows} == {"LSDDL.E1"}
    assert rows[0]["latitude"] == "", "a deployment without a position has none"
    assert bold_headings(path, 1, list(rows[0])) == (
        BOLD - {"locationCode", "deviceCategoryCode"} | {"deviceCode"}
    )


def test_n18_download_is_written_as_t_and_chosen_from_a_list(create, tmp_path):
    create(*USDDL)
    path = tmp_path / "data" / "download.xlsx"
    assert {row["download"] for row in sheet(path)} == {"T"}
    assert '<formula1>"T,F"</formula1>' in part(path, 1)
    assert '<formula1>"all,year,month,week,day"</formula1>' in part(path, 2)
    assert '<formula1>"MO,TU,WE,TH,FR,SA,SU"</formula1>' in part(path, 2)


def test_n19_options_are_filled_with_defaults_and_say_what_else_there_is(create, tmp_path):
    create(*USDDL, "-p", "TSSD,LF", "-x", "csv,txt")
    path = tmp_path / "data" / "download.xlsx"
    options = {
        (row["dataProductCode"], row["extension"]): row["data product options"]
        for row in sheet(path)
    }
    assert options["LF", "txt"] == ""
    assert options["TSSD", "csv"] == "dpo_qualityControl=1; dpo_resample=none; dpo_dataGaps=1"
    with zipfile.ZipFile(path) as archive:
        comments = archive.read("xl/comments1.xml").decode()
    assert "dpo_resample: none, average, minMax" in comments


def test_n20_edited_workbooks_are_read(create, tmp_path):
    """Edited bold cells count, unbold columns may go, own columns may come."""
    from tidegate.plans.workbook.grids import read_grids
    from tidegate.plans.workbook.writing import write_workbook

    create(*USDDL, "-p", "TSSD", "-x", "csv")
    path = tmp_path / "data" / "download.xlsx"
    grids = read_grids(path)
    kept = [at for at, name in enumerate(grids[0].rows[0]) if name in BOLD]
    grids[0].rows = [[row[at] for at in kept] for row in grids[0].rows]
    grids[0].rows[0].append("why")
    grids[0].rows[1].append("for the talk")
    grids[0].rows[1][3] = "F"
    write_workbook(path, grids)
    first, second = read_workbook(path).definitions
    assert (first.download, second.download) == (False, True)
    assert first.notes == {"why": "for the talk"}


def test_n21_links(create, tmp_path, standin):
    create(
        "-l", "BACAX", "-c", "HYDROPHONE", "-p", "AD", "-x", "wav", "-b2012-01-01", "-e2012-02-01"
    )
    path = tmp_path / "data" / "download.xlsx"
    (row,) = sheet(path)
    base = standin.base_url
    assert row["helpDocument"].startswith("https://")
    assert row["Data Search"] == f"{base}DataSearch?location=BACAX&deviceCategory=HYDROPHONE"
    assert row["Device Listing"] == f"{base}DeviceListing?DeviceId=11207"
    assert part(path, 1).count("<hyperlink ") == 3


def test_n22_n25_configuration(create, tmp_path):
    create(*USDDL)
    path = tmp_path / "data" / "download.xlsx"
    values = {row["Configuration"]: row["Value"] for row in sheet(path, "Configuration")}
    assert list(values)[:10] == [
        "token",
        "downloadFolder",
        "logFile",
        "splitDateRange",
        "dayOfWeek",
        "runThreads",
        "downloadThreads",
        "downloadQueueSize",
        "beginRun",
        "endRun",
    ]
    assert values["downloadFolder"] == str(tmp_path / "data")
    assert values["logFile"] == str(tmp_path / "data" / "download.json")
    assert [values[name] for name in ("splitDateRange", "dayOfWeek")] == ["all", "SU"]
    assert [values[name] for name in ("runThreads", "downloadThreads")] == ["4", "10"]
    assert values["downloadQueueSize"] == "unlimited"
    assert (values["beginRun"], values["endRun"]) == ("00:00:00", "00:00:00")


def test_n23_the_token_stays_out_of_the_workbook(create, tmp_path):
    """It is kept with a connection; with --token-in-workbook in a file of its owner alone."""
    path = tmp_path / "data" / "download.xlsx"
    create("--token=secret-1", *USDDL)
    assert b"secret-1" not in unpacked(path)
    configuration = read_workbook(path).configuration
    assert (configuration.token, configuration.connection) == (None, "onc")
    assert "secret-1" in (tmp_path / "secrets.json").read_text()

    create("--force", "--token=secret-2", "--token-in-workbook", *USDDL)
    token = read_workbook(path).configuration.token
    assert token is not None
    assert token.reveal() == "secret-2"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    create("-a", "-l", "BACAX", "-c", "CTD", *RANGE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "also once it was added to"
    create("--token-in-workbook", "-f", "x.xlsx", *USDDL, code=2)


def test_n23_the_kept_token_serves_the_next_time(create, monkeypatch, standin):
    create("--token=secret-1", *USDDL)
    monkeypatch.delenv("ONC_TOKEN")
    monkeypatch.delenv("TIDEGATE_ONC_URL")
    create("-f", "second.xlsx", *USDDL)
    create("-f", "third.xlsx", "--connection=onc", *USDDL)


def test_n23_a_wrong_token_is_refused_and_not_kept(create, tmp_path, monkeypatch):
    with running() as strict:
        monkeypatch.setenv("TIDEGATE_ONC_URL", strict.base_url)
        refused = create("--token=wrong-token", *USDDL, code=29)
        assert "wrong-token" not in refused.err + "".join(one.query for one in strict.log)
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "secrets.json").exists()


def test_n23_the_token_does_not_travel_by_plain_http(create):
    refused = create("--base-url=http://192.0.2.1/", *USDDL, code=10)
    assert "--allow-http" in refused.err


def unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.skipif(os.name == "nt", reason="there are drives")
def test_n24_drives_are_refused_where_there_are_none(create, standin):
    for out in ("--outPath=c:/temp", "--outPath=C:/ONC/Data", r"--outPath=C:\ONC"):
        refused = create(*USDDL, out=out, code=2)
        assert "names a drive, and this system has none" in refused.err
        assert "hint: name a path of this system, such as ~/" in refused.err
    refused = create(*USDDL, "-f", "C:/ONC/Data/download.xlsx", code=2)
    assert "--file" in refused.err
    assert standin.log == []


def test_n30_whale(create, tmp_path):
    """Every hydrophone below NEP that was there in the year, clipped to it."""
    create(
        *("--locationCode=NEP", "--deviceCategoryCode=HYDROPHONE", "--dataProductCode=AD"),
        *("--extension=mp3", "--begin=2016-06-01T00:00:00.000Z", "--end=2017-05-31T23:59:59.999Z"),
    )
    path = tmp_path / "data" / "download.xlsx"
    begin, end = parse("2016-06-01"), parse("2017-05-31T23:59:59.999Z")
    changed, began = parse("2016-09-12T22:05:30Z"), parse("2016-10-01T17:20:00Z")
    assert [
        (one.filters["locationCode"], one.notes["deviceCode"], one.begin, one.end)
        for one in read_workbook(path).definitions
    ] == [
        ("BACAX", "ICLISTENHF1251", begin, changed),
        ("BACAX", "ICLISTENHF1354", changed, end),
        ("FGPD", "ICLISTENHF1251", began, end),
        ("NCBC", "ICLISTENAF2523", begin, end),
    ]
    assert codes(path, "dataProductCode", "extension") == {("AD", "mp3")}


def test_n31_geoscience(create, tmp_path, standin):
    """The date of the page is refused with what it means, and runs with that."""
    words = ("--locationCode=LSDDL", "--extension=mat", "--end=2017-05-31T23:59:59.999Z")
    refused = create(*words, "--begin=2013-20-23T00:00:00.000Z", code=2)
    assert "2013-10-23?" in refused.err
    assert standin.log == []
    create(*words, "--begin=2013-10-23T00:00:00.000Z")
    path = tmp_path / "data" / "download.xlsx"
    assert codes(path, "extension") == {("mat",)}
    assert codes(path, "locationCode") == {("LSDDL",), ("LSDDL.E1",)}
    assert len(codes(path, "dataProductCode")) >= 2


def test_n32_scalar(create, tmp_path):
    """All formats of TSSD in the region."""
    create(
        *("--locationCode=SOG", "--dataProductCode=TSSD"),
        *("--begin=2016-06-01T00:00:00.000Z", "--end=2017-05-31T23:59:59.999Z"),
    )
    path = tmp_path / "data" / "download.xlsx"
    assert codes(path, "dataProductCode") == {("TSSD",)}
    assert codes(path, "extension") == {("csv",), ("json",), ("mat",), ("nc",), ("txt",)}


def test_n33_imaging(create, tmp_path):
    """MP4V,TSSD by mp4,json gives the pairs that there are: MP4V/mp4 and TSSD/json."""
    create(
        *("--locationCode=ONC", "--deviceCategoryCode=VIDEOCAM", "--dataProductCode=MP4V,TSSD"),
        *("--extension=mp4,json", "--begin=2017-05-31T00:00:00.000Z"),
        "--end=2017-05-31T23:59:59.999Z",
    )
    path = tmp_path / "data" / "download.xlsx"
    pairs = codes(path, "dataProductCode", "extension")
    assert pairs == {("MP4V", "mp4"), ("TSSD", "json")}
    assert codes(path, "deviceCategoryCode") == {("VIDEOCAM",)}


def test_wrong_codes_and_empty_answers_are_told(create, tmp_path):
    assert "XXXX" in create("-l", "XXXX", *RANGE, code=31).err
    nothing = create("-l", "USDDL", "-p", "NOPE", *RANGE, code=2)
    assert "nothing passes these filters" in nothing.err
    missing = create("-l", "USDDL", "-b", "2017-05-01", code=2)
    assert "--end is missing" in missing.err
    assert not (tmp_path / "data").exists()


def test_u7_events_make_rows_that_name_them(create, tmp_path):
    """Times and places of calls: windows around them, those that overlap as one row."""
    (tmp_path / "calls.csv").write_text(
        "time,place,padding\n"
        "2012-01-10T00:00:00Z,BACAX,5m\n"
        "2012-01-10T00:08:00Z,BACAX,5m\n"
        "2012-09-01T00:00:00Z,NAXYS_HYD_007,30s\n"
        "2010-01-01T00:00:00Z,BACAX,30s\n"
    )
    said = create("-c", "HYDROPHONE", "-p", "AD", "-x", "wav", "--events", "calls.csv")
    found = read_workbook(tmp_path / "data" / "download.xlsx").definitions
    assert [
        (one.notes["deviceCode"], one.notes["events"], one.begin, one.end) for one in found
    ] == [
        ("NAXYS_HYD_007", "2, 3", parse("2012-01-09T23:55Z"), parse("2012-01-10T00:13Z")),
        ("NAXYS_HYD_007", "4", parse("2012-08-31T23:59:30Z"), parse("2012-09-01T00:00:30Z")),
    ]
    assert "warning: event 5: there is nothing at 'BACAX' then" in said.err


def test_u7_a_longer_list_of_events_adds_rows_to_any_workbook(create, tmp_path):
    path, events = tmp_path / "data" / "download.xlsx", tmp_path / "calls.csv"
    words = ("-l", "BACAX", "-c", "HYDROPHONE", "-p", "AD", "-x", "wav")
    create(*words, "-b", "2012-01-01", "-e", "2012-01-02")
    events.write_text("time\n2012-01-10T00:00:00Z\n")
    more = ("-a", "--events", "calls.csv", "--padding", "5m")
    create(*words, *more)
    with events.open("a") as stream:
        stream.write("2012-01-10T00:04:00Z\n2012-01-11T00:00:00Z\n")
    create(*words, *more)
    create(*words, *more)
    assert [row["events"] for row in sheet(path)] == ["", "2", "2, 3", "4"]
    assert read_workbook(path).errors == ()


def test_u7_events_in_the_class(create, tmp_path, standin):
    (tmp_path / "calls.csv").write_text("time\n2012-01-10T00:00:00Z\n")
    x = createXLS("T-1", tmp_path, baseUrl=standin.base_url, store=tmp_path / "store")
    x.locationCode, x.dataProductCode, x.extension = ["BACAX"], ["AD"], ["wav"]
    x.events, x.padding = tmp_path / "calls.csv", "1m"
    (one,) = read_workbook(x.createWorkbook().path).definitions
    assert (one.begin, one.end) == (parse("2012-01-09T23:59Z"), parse("2012-01-10T00:01Z"))


def test_u10_relative_ranges_stay_relative(create, tmp_path):
    create("-l", "BACAX", "-c", "CTD", "-p", "TSSD", "-x", "csv", "-b=-P1D", "-e", "now[1h")
    (row,) = sheet(tmp_path / "data" / "download.xlsx")
    assert (row["begin"], row["end"]) == ("-P1D", "now[1h")
