"""The published ONC client, unmodified, against the stand-in: every method of three releases."""

from __future__ import annotations

import pytest

from tidegate.standins.onc import running

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

RELEASES = [
    ("onc-2.6.0", "new"),
    ("onc-2.6.0", "old"),
    ("onc-2.5.1", "new"),
    ("onc-2.3.5", "old"),
]
SECONDS = [f"2020-01-01T00:00:{second:02d}.000Z" for second in range(60)]
FILES = [
    "ICLISTENHF1354_20191231T235903.000Z.mp3",
    *(f"ICLISTENHF1354_20200101T00{minute:02d}03.000Z.mp3" for minute in range(4, 60, 5)),
]


@pytest.fixture(scope="module", params=RELEASES, ids=[" ".join(one) for one in RELEASES])
def drive(request, run_peer, tmp_path_factory):
    """What one release got from every method, and the log of the stand-in."""
    release, names = request.param
    folder = tmp_path_factory.mktemp("onc")
    with running(pace=0.2) as standin:
        got = run_peer(release, "drive_onc.py", names, standin.base_url, standin.token, str(folder))
        return got, list(standin.log), release, names


def test_discovery_reaches_the_client(drive):
    """Every list of places, instruments and products comes as rows; nothing found is an error."""
    got = drive[0]
    codes = [row["locationCode"] for row in got["locations"]]
    assert codes == ["NEP", "BACAX", "BACAX.V1", "NCBC", "FGPD"]
    assert {row["hasDeviceData"] for row in got["locations"]} == {True}
    (sog,) = got["tree"]
    assert [child["locationCode"] for child in sog["children"]] == ["USDDL", "LSDDL", "ECHO"]
    assert sog["children"][1]["children"][0]["hasDeviceData"] is True
    assert [row["deviceCode"] for row in got["deployments"]] == [
        "SBECTD16p6002",
        "SBECTD16p7036",
    ]
    assert [row["deviceId"] for row in got["devices"]] == [11207]
    assert [row["deviceCategoryName"] for row in got["categories"]] == ["Hydrophone"]
    assert [row["uom"] for row in got["properties"]] == ["S/m"]
    assert sorted(row["extension"] for row in got["products"]) == [
        "csv", "json", "mat", "nc", "txt",
    ]  # fmt: skip
    assert "127" in got["nothing"]
    assert "404" in got["nobody"]


def test_measurements_are_the_same_in_one_page_and_in_three(drive):
    """`next` leads through pages of 25, 25 and 10 samples, none lost and none twice."""
    got = drive[0]
    assert got["scalar"] == 60
    assert got["scalar pages"] == [60] * 6
    assert got["scalar times"] == SECONDS
    assert got["same values"] is True
    assert got["chosen"] == ["temperature", "salinity"]
    assert got["object"] == ["qaqcFlag", "sampleTime", "value"]
    assert got["raw"] == 60
    assert got["raw pages"] is True


def test_files_of_the_archive_are_listed_and_saved(drive):
    """Lists by device, by place and in pages agree; files have the size that the list tells."""
    got, log, *_ = drive
    assert got["files"] == got["by location"] == FILES
    assert got["file pages"] is True
    assert [row["filename"] for row in got["rows"]] == FILES
    assert got["file"] == [FILES[0], got["rows"][0]["uncompressedFileSize"]]
    assert got["direct"] == ["skipped", "completed", "completed"]
    assert "96" in got["unknown file"]
    assert sum(entry.service == "archive/download" for entry in log) >= 4


def test_products_are_ordered_run_and_saved(drive):
    """The client waits for a run, saves its files until there are no more, and its metadata."""
    got, log, *_ = drive
    assert got["run"] == 2
    assert [index for index, *_ in got["product"]] == ["1", "2", "meta"]
    assert all(status == "complete" and done for _, status, done in got["product"])
    assert all(size > 500 for size in got["product files"])
    assert got["counted"] == ["1", "2", "meta"]
    assert got["order"] == got["links"] == ["1", "meta"]
    assert "127" in got["bad option"]
    runs = [entry.status for entry in log if entry.service == "delivery/run"]
    assert {200, 202} <= set(runs)
    assert any(entry.method == "HEAD" for entry in log if entry.service == "delivery/download")


def test_each_release_uses_its_own_scheme_of_addresses(drive):
    """The old release says `method=`, the new one has paths, the one between has both."""
    _, log, release, _ = drive
    methods = ["method" in entry.parameters for entry in log]
    assert (any(methods), all(methods)) == {
        "onc-2.6.0": (False, False),
        "onc-2.5.1": (True, False),
        "onc-2.3.5": (True, True),
    }[release]
    assert {entry.parameters["token"] for entry in log} == {"***"}


def test_the_methods_that_only_newer_releases_have_work(drive):
    """Either source, sensor codes, addresses of files, availability, cancel, restart and check."""
    got, _, release, names = drive
    if names == "old":
        assert "either scalar" not in got
        return
    assert got["either scalar"] == 6
    assert got["either raw"] == 60
    assert got["sensor codes"] == [
        "conductivity", "temperature", "pressure", "salinity", "density", "soundspeed",
    ]  # fmt: skip
    assert got["either files"] == FILES
    assert got["url"] is True
    assert got["by url"] == got["file"][1]
    products = [(row["dataProductCode"], row["fileCount"]) for row in got.get("availability", [])]
    told = [("AD", 864), ("AD", 864), ("HSD", 864), ("LF", 3)]
    assert products == (told if release == "onc-2.6.0" else [])
    assert (got["check open"], got["check done"]) == ("OPEN", "COMPLETED")
    assert got["cancel"] is True
    assert got["restart"] == [True, 1]
