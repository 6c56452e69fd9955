"""The archive of the ONC stand-in: lists, pages, bytes, and files that change."""

from __future__ import annotations

import pytest

from tidegate.model import instants

SOUND = {"deviceCode": "ICLISTENHF1354", "fileExtension": "mp3"}
TEN_MINUTES = {"dateFrom": "2020-01-02", "dateTo": "2020-01-02T00:10:00.000Z"}
HOUR = {"dateFrom": "2020-01-02", "dateTo": "2020-01-02T00:55:00.000Z"}
NAME = "ICLISTENHF1354_20200102T000403.000Z.wav"


def pages(platform, path, **parameters):
    """All pages of a list, along `next.parameters`."""
    found = []
    while True:
        page = platform.rows(path, **parameters)
        found.append(page)
        if page["next"] is None:
            return found
        parameters = page["next"]["parameters"]
        assert set(parameters) >= {"dateFrom", "dateTo", "token"}
        assert all(isinstance(value, str) for value in parameters.values())


def test_files_that_reach_into_the_window_are_listed(shared):
    """One that began the day before is among them; the end of the window is not included."""
    got = shared.rows("archivefile/device", **SOUND, **TEN_MINUTES)
    assert got["files"] == [
        "ICLISTENHF1354_20200101T235903.000Z.mp3",
        "ICLISTENHF1354_20200102T000403.000Z.mp3",
        "ICLISTENHF1354_20200102T000903.000Z.mp3",
    ]
    assert (got["next"], got["returnOption"]) == (None, "default")
    assert got["citations"][0]["doi"].startswith("10.")
    until = {"dateFrom": "2020-01-02T00:04:03.000Z", "dateTo": "2020-01-02T00:09:03.000Z"}
    assert shared.rows("archivefile/device", **SOUND, **until)["files"] == got["files"][1:2]


def test_a_list_comes_in_pages(shared):
    """Twelve files by five make pages of 5, 5 and 2, which hold what one page holds."""
    path = "archivefile/device"
    whole = shared.rows(path, **SOUND, **HOUR)["files"]
    found = pages(shared, path, **SOUND, **HOUR, rowLimit=5)
    assert [len(page["files"]) for page in found] == [5, 5, 2]
    assert [name for page in found for name in page["files"]] == whole
    old = shared.rows("archivefiles", method="getListByDevice", **SOUND, **HOUR, rowLimit=5)
    assert old["next"]["parameters"]["method"] == "getListByDevice"
    from_url = shared.http.get(old["next"]["url"]).json()
    assert from_url["files"] == found[1]["files"]
    open_ended = shared.rows(path, **SOUND, dateFrom="-PT3H", rowLimit=1)["next"]["parameters"]
    assert open_ended["dateTo"] > open_ended["dateFrom"] > "2026"


def test_what_a_list_tells_of_files(shared):
    """Names, places, or all: dates, sizes and product."""
    path = "archivefile/device"
    places = shared.rows(path, **SOUND, **TEN_MINUTES, returnOptions="archiveLocation")
    assert set(places["files"][0]) == {"archiveLocation", "filename"}
    (_, row, _) = shared.rows(path, **SOUND, **TEN_MINUTES, returnOptions="all")["files"]
    assert row["filename"] == "ICLISTENHF1354_20200102T000403.000Z.mp3"
    assert (row["dateFrom"], row["dateTo"]) == (
        "2020-01-02T00:04:03.000Z", "2020-01-02T00:09:03.000Z",
    )  # fmt: skip
    assert row["archivedDate"] == "2020-01-02T01:09:03.000Z"
    assert (row["dataProductCode"], row["deviceCode"]) == ("AD", "ICLISTENHF1354")
    assert row["uncompressedFileSize"] == 24576 > row["fileSize"]


def test_filters_and_the_newest_file(shared):
    """By product and extension; the newest first, none of the last hour."""
    path = "archivefile/location"
    place = {"locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE"}
    spectra = shared.rows(path, **place, **TEN_MINUTES, dataProductCode="HSD")["files"]
    assert all(name.endswith("-spect.png") for name in spectra)
    assert len(spectra) == 3
    every = shared.rows(path, **place, **TEN_MINUTES)["files"]
    assert len(every) == 3 * 3 + 1
    now = {"getLatest": "true", "rowLimit": 1, "fileExtension": "mp3", "returnOptions": "all"}
    (newest,) = shared.rows(path, **place, **now)["files"]
    pair = pages(shared, path, **place, **now, dateFrom="-PT2H")
    assert len(pair) >= 12
    assert pair[0]["files"][0]["dateFrom"] > pair[1]["files"][0]["dateFrom"]
    age = instants.now() - instants.parse(newest["dateTo"])
    assert instants.HOUR <= age < instants.HOUR + 6 * instants.MINUTE


def test_a_download_has_the_size_that_the_list_tells(shared):
    """Whole, uncompressed, with its name not quoted; HEAD tells the length; the same each time."""
    (row,) = shared.rows("archivefile/device", deviceCode="ICLISTENHF1354", fileExtension="wav",
                         dateFrom="2020-01-02T00:04:03.000Z", returnOptions="all",
                         dateTo="2020-01-02T00:05:00.000Z")["files"]  # fmt: skip
    assert row["filename"] == NAME
    answer = shared.ask("archivefile/download", filename=NAME)
    assert answer.headers["content-disposition"] == f"attachment; filename={NAME}"
    assert int(answer.headers["content-length"]) == len(answer.content) == 98304
    assert row["uncompressedFileSize"] == 98304
    assert (answer.content[:4], answer.content[8:12]) == (b"RIFF", b"WAVE")
    head = shared.ask("archivefile/download", verb="HEAD", filename=NAME)
    assert (head.headers["content-length"], head.content) == ("98304", b"")
    again = shared.ask("archivefile/download", filename=NAME, headers={"Range": "bytes=10-"})
    assert (again.status_code, again.content) == (200, answer.content)
    other = shared.ask("archivefile/download", filename=NAME.replace("0403", "0903"))
    assert len(other.content) == 98304
    assert other.content != answer.content


def test_large_files_are_not_stored(start):
    """A file of any size is made while it is sent; no two of its parts are alike."""
    platform = start(file_bytes=9_000_001)
    content = platform.ask("archivefile/download", filename=NAME).content
    assert len(content) == 9_000_001
    parts = {content[at : at + 4096] for at in range(0, len(content) - 4096, 4096)}
    assert len(parts) == len(content) // 4096


@pytest.mark.parametrize(
    ("asked", "status", "first", "end"),
    [
        ({"Range": "bytes=1000-"}, 206, 1000, None),
        ({"Range": "bytes=300000-300009"}, 206, 300_000, 300_010),
        ({"Range": "bytes=1000-", "If-Range": '"other"'}, 200, 0, None),
        ({"Range": "bytes=999999999-"}, 416, 0, 0),
    ],
)
def test_ranges_can_be_heeded(start, asked, status, first, end):
    """With the option a part is 206, a stale one is the whole file, one past the end is 416."""
    platform = start(ranges=True, file_bytes=700_000)
    whole = platform.ask("archivefile/download", filename=NAME)
    assert whole.headers["accept-ranges"] == "bytes"
    part = platform.ask("archivefile/download", filename=NAME, headers=asked)
    assert (part.status_code, part.content) == (status, whole.content[first:end])
    if status == 206:
        span = f"bytes {first}-{(end or 700_000) - 1}/700000"
        assert part.headers["content-range"] == span


def test_a_file_that_is_made_anew_keeps_its_name(platform):
    """Other bytes, another size, archived now: only a search by archive date finds it as new."""
    name = NAME.replace(".wav", ".mp3")
    before = platform.ask("archivefile/download", filename=name)
    recent = {**SOUND, "dateTo": "2020-02-01", "dateArchivedFrom": "-PT1H", "returnOptions": "all"}
    assert platform.rows("archivefile/device", **recent)["files"] == []
    platform.service.archive.reprocess(name, platform.service.clock.now())
    (row,) = platform.rows("archivefile/device", **recent)["files"]
    assert (row["filename"], row["uncompressedFileSize"]) == (name, 24576 + 64)
    after = platform.ask("archivefile/download", filename=name)
    assert len(after.content) == 24640
    assert after.content[:24576] != before.content
    assert after.headers["etag"] != before.headers["etag"]
    assert len(platform.rows("archivefile/device", **SOUND, **TEN_MINUTES)["files"]) == 3


def test_a_file_can_vanish_and_come_back(platform):
    """A diverted file is in no list and cannot be had; later it is there again, archived then."""
    name = NAME.replace(".wav", ".mp3")
    days = {"deviceCode": "ICLISTENHF1354", "dateFrom": "2020-01-02", "dateTo": "2020-01-03",
            "extension": "mp3"}  # fmt: skip
    path = "dataAvailability/dataproducts"
    assert platform.rows(path, **days)["availableDataProducts"][0]["fileCount"] == 288
    platform.service.archive.remove(name)
    assert name not in platform.rows("archivefile/device", **SOUND, **TEN_MINUTES)["files"]
    assert platform.error("archivefile/download", filename=name) == (400, 96, "filename")
    assert platform.rows(path, **days)["availableDataProducts"][0]["fileCount"] == 287
    platform.service.archive.restore(name, platform.service.clock.now())
    found = platform.rows("archivefile/device", **SOUND, dateArchivedFrom="-PT30M")["files"]
    assert name in found
    assert platform.ask("archivefile/download", filename=name).status_code == 200
    with pytest.raises(KeyError):
        platform.service.archive.remove("no_20200101T000000.000Z.mp3")


def test_recent_files_are_withheld_for_a_while(start):
    """An hour after its end a hydrophone file appears, by the server's clock."""
    platform = start(clock=instants.parse("2020-01-02T01:09:02Z"), clock_rate=0.0)
    listed = platform.rows("archivefile/device", **SOUND, dateFrom="2020-01-02")["files"]
    assert listed == ["ICLISTENHF1354_20200101T235903.000Z.mp3"]
    platform.service.clock.set(instants.parse("2020-01-02T01:09:03Z"))
    listed = platform.rows("archivefile/device", **SOUND, dateFrom="2020-01-02")["files"]
    assert listed[1:] == ["ICLISTENHF1354_20200102T000403.000Z.mp3"]


def test_the_time_between_files_can_be_chosen(start):
    """Fewer files of other sizes, to try long spans on."""
    platform = start(file_every=86_400, file_bytes=1000)
    rows = platform.rows("archivefile/device", **SOUND, dateFrom="2020-01-01", dateTo="2020-02-01",
                         returnOptions="all")["files"]  # fmt: skip
    assert len(rows) == 32
    assert {row["uncompressedFileSize"] for row in rows} == {1000}


def test_availability_counts_files_by_day(shared):
    """Spans of days with files, their coverage and sizes; coverage picks out days that are cut."""
    path = "dataAvailability/dataproducts"
    asked = {"deviceCode": "ICLISTENHF1354", "dataProductCode": "AD", "extension": "mp3"}
    days = {"dateFrom": "2016-09-01", "dateTo": "2016-09-15"}
    (row,) = shared.rows(path, **asked, **days)["availableDataProducts"]
    assert (row["dateFrom"], row["dateTo"]) == (
        "2016-09-12T22:05:30.000Z", "2016-09-15T00:00:00.000Z",
    )  # fmt: skip
    listed = shared.rows("archivefile/device", **SOUND, **days)["files"]
    assert row["fileCount"] == len(listed)
    assert row["totalUncompressedFileSize"] == 24576 * len(listed)
    assert (row["minFileCoverageDate"], row["maxFileCoverage"]) == ("2016-09-12T00:00:00.000Z", 1.0)
    assert row["minFileCoverage"] == round(23 * 300 / 86400, 4)
    part = shared.rows(path, **asked, **days, maximumCoverage="0.5")["availableDataProducts"]
    assert [one["fileCount"] for one in part] == [23]
    place = {"locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE", **days}
    both = shared.rows(path, **place, extension="mp3", getLatest="true")["availableDataProducts"]
    assert [one["deviceCode"] for one in both] == ["ICLISTENHF1354", "ICLISTENHF1251"]
    in_turn = pages(shared, path, **place, extension="mp3", getLatest="true", rowLimit=1)
    assert [page["availableDataProducts"] for page in in_turn] == [[one] for one in both]
    grouped = {"groupBy": "deployment", "includeEmptyDays": "true", "minimumCoverage": "0.2"}
    (whole,) = shared.rows(path, **asked, **days, **grouped)["availableDataProducts"]
    assert whole["dateFrom"] == "2016-09-13T00:00:00.000Z"
