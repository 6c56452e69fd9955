"""What the first description of the ocean downloader asks of a server to try it on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tidegate.model import instants
from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def ask() -> Iterator[Callable[..., Any]]:
    """What a service answers; a refusal for nothing there is an empty list."""
    with running(any_token=True) as standin, httpx2.Client(timeout=10) as http:

        def get(service: str, **parameters: str) -> Any:
            given = {"token": "YOUR_TOKEN_HERE", **parameters}
            answer = http.get(f"{standin.base_url}api/{service}", params=given)
            nothing = answer.status_code == 404 or "errors" in answer.json()
            return [] if nothing else answer.json()

        yield get


def rows(ask: Callable[..., Any], **filters: str) -> set[tuple[str, str, str, str]]:
    """Place, category, product and extension of all deployments below a place that fit."""
    below = ask("locations", includeChildren="true", **filters)
    dates = {name: filters[name] for name in ("dateFrom", "dateTo")}
    found = set()
    for place in below:
        stays = ask("deployments", locationCode=place["locationCode"], **dates)
        for category in {stay["deviceCategoryCode"] for stay in stays}:
            if filters.get("deviceCategoryCode", category) == category:
                source = {"locationCode": place["locationCode"], "deviceCategoryCode": category}
                for product in ask("dataProducts", **source):
                    pair = (product["dataProductCode"], product["extension"])
                    found.add((place["locationCode"], category, *pair))
    return found


YEAR = {"dateFrom": "2016-06-01T00:00:00.000Z", "dateTo": "2017-05-31T23:59:59.999Z"}


def test_n14_a_server_other_than_production_takes_any_token() -> None:
    """N14: one command starts it; the placeholder of the examples is a token like any other."""
    command = [sys.executable, "-m", "tidegate", "standin", "onc", "--any-token"]
    with subprocess.Popen(
        [*command, "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[1]
        answer = httpx2.get(
            f"{url}api/locations", params={"token": "YOUR_TOKEN_HERE"}, verify=False
        )
        assert {"ONC", "NEP", "SOG", "USDDL", "LSDDL", "BACAX"} <= {
            row["locationCode"] for row in answer.json()
        }
        child.communicate(timeout=10)
    assert child.returncode == 0


def test_n12_the_first_example_finds_instruments(ask: Callable[..., Any]) -> None:
    """N12: conductivity, temperature and depth at USDDL in May 2017, two deployments of it."""
    stays = ask(
        "deployments", locationCode="USDDL", deviceCategoryCode="CTD",
        dateFrom="2017-05-01T00:00:00.000Z", dateTo="2017-06-01T00:00:00.000Z",
    )  # fmt: skip
    assert [stay["deviceCode"] for stay in stays] == ["SBECTD19p4686", "SBECTD37sm9931"]


def test_n16_n17_n21_the_row_of_the_page(ask: Callable[..., Any]) -> None:
    """N16, N17, N21: names, position, product, options and numbers of the example row."""
    (place,) = ask("locations", locationCode="BACAX")
    (category,) = ask("deviceCategories", deviceCategoryCode="HYDROPHONE")
    (device,) = ask("devices", deviceCode="NAXYS_HYD_007")
    (stay,) = ask("deployments", locationCode="BACAX", deviceCategoryCode="HYDROPHONE",
                  dateFrom="2011-07-13", dateTo="2011-07-14")  # fmt: skip
    (product,) = ask("dataProducts", dataProductCode="AD", extension="wav")
    assert (place["locationName"], category["deviceCategoryName"]) == ("Axis", "Hydrophone")
    assert (device["deviceName"], device["deviceId"]) == (
        "Naxys Hydrophone 02345 (S/N 007)", 11207,
    )  # fmt: skip
    assert (stay["deviceCode"], stay["lat"], stay["lon"], stay["depth"]) == (
        "NAXYS_HYD_007", 48.316758, -126.050183, 981.0,
    )  # fmt: skip
    assert product["dataProductName"] == "Audio Data"
    assert product["helpDocument"] == "https://wiki.oceannetworks.ca/display/DP/7"
    diversion = product["dataProductOptions"][0]
    assert diversion["option"] == "dpo_hydrophoneDataDiversionMode"
    assert "All" in diversion["allowableValues"]


def test_n30_whales(ask: Callable[..., Any]) -> None:
    """N30: audio as mp3 of every hydrophone below NEP in a year."""
    found = rows(ask, locationCode="NEP", deviceCategoryCode="HYDROPHONE", **YEAR)
    places = {place for place, _, *pair in found if pair == ["AD", "mp3"]}
    assert places == {"BACAX", "NCBC", "FGPD"}


def test_n31_geoscience(ask: Callable[..., Any]) -> None:
    """N31: at least two products in mat at one place and below, of several categories."""
    span = {"dateFrom": "2013-10-23T00:00:00.000Z", "dateTo": "2017-05-31T23:59:59.999Z"}
    found = {one for one in rows(ask, locationCode="LSDDL", **span) if one[3] == "mat"}
    assert {product for _, _, product, _ in found} == {"TSSD", "HSD", "RSSD"}
    assert {place for place, *_ in found} == {"LSDDL", "LSDDL.E1"}
    refused = ask("locations", locationCode="LSDDL", dateFrom="2013-20-23T00:00:00.000Z")
    assert refused == []


def test_n32_scalar_data(ask: Callable[..., Any]) -> None:
    """N32: time series of the Strait of Georgia in all five formats."""
    found = {one for one in rows(ask, locationCode="SOG", **YEAR) if one[2] == "TSSD"}
    assert {(place, category) for place, category, *_ in found} == {
        ("USDDL", "CTD"), ("USDDL", "TURBIDITYMETER"), ("LSDDL", "CTD"), ("LSDDL", "VIDEOCAM"),
    }  # fmt: skip
    assert {extension for *_, extension in found} == {"csv", "json", "mat", "nc", "txt"}


def test_n33_imaging(ask: Callable[..., Any]) -> None:
    """N33: video and its time series of every camera of one day; the pairs are MP4V and TSSD."""
    day = {"dateFrom": "2017-05-31T00:00:00.000Z", "dateTo": "2017-05-31T23:59:59.999Z"}
    found = rows(ask, locationCode="ONC", deviceCategoryCode="VIDEOCAM", **day)
    wanted = {one for one in found if one[2] in {"MP4V", "TSSD"} and one[3] in {"mp4", "json"}}
    assert {one[2:] for one in wanted} == {("MP4V", "mp4"), ("TSSD", "json")}
    assert {place for place, *_ in found} == {"BACAX.V1", "LSDDL", "CBYIP"}


def test_n34_explorer(ask: Callable[..., Any]) -> None:
    """N34: places and types, hydrophones of 2012 in the Arctic, what else was there, formats."""
    assert len(ask("locations")) >= 12
    assert len(ask("deviceCategories")) >= 6
    year = {"dateFrom": "2012-01-01", "dateTo": "2013-01-01"}
    found = rows(ask, locationCode="ARCT", **year)
    assert ("CBYIP.H1", "HYDROPHONE", "AD", "wav") in found
    assert ("CBYIP", "CTD", "TSSD", "csv") in found
    assert ("CBYIP", "ICEPROFILER", "TSSD", "csv") in found
    days = ask("dataAvailability/dataproducts", deviceCode="AMAR_ARC_012", extension="wav", **year)
    assert days["availableDataProducts"][0]["fileCount"] == 366 * 288


def test_n36_n43_new_scans_and_samples_appear_with_time(ask: Callable[..., Any]) -> None:
    """N36, N43: the newest scan is not older than two hours, the newest sample a minute."""
    newest = {"getLatest": "true", "rowLimit": "1"}
    scans = ask("archivefile/location", locationCode="BACAX", deviceCategoryCode="SONAR",
                fileExtension="png", returnOptions="all", **newest)["files"]  # fmt: skip
    now = instants.now()
    assert now - instants.parse(scans[0]["dateTo"]) < 2 * instants.HOUR
    sensors = ask("scalardata/location", locationCode="BACAX", deviceCategoryCode="CTD", **newest)
    for sensor in sensors["sensorData"]:
        assert now - instants.parse(sensor["data"]["sampleTimes"][0]) < instants.MINUTE


def test_n38_reprocessed_files_show() -> None:
    """N38: a file made anew is found by the date of its archiving, under its old name."""
    with running() as standin, httpx2.Client() as http:

        def files() -> list[str]:
            asked = {"token": standin.token, "deviceCode": "BPR_BC", "dateArchivedFrom": "-PT1H",
                     "dateTo": "2015-01-01"}  # fmt: skip
            answer = http.get(f"{standin.base_url}api/archivefile/device", params=asked)
            return list(answer.json()["files"])

        assert files() == []
        name = "BPR_BC_20140101T000000.000Z.txt"
        standin.service.archive.reprocess(name, standin.clock.now())
        assert files() == [name]
