"""Scalar and raw data of the ONC stand-in: pages, quality flags, outages, resampling."""

from __future__ import annotations

import json
import math

import pytest

DEVICE = {"deviceCode": "SBECTD16p7036"}
PLACE = {"locationCode": "BACAX", "deviceCategoryCode": "CTD"}
MINUTE = {"dateFrom": "2020-01-01T00:00:00.000Z", "dateTo": "2020-01-01T00:01:00.000Z"}
OUTAGE = {"dateFrom": "2020-01-07T02:59:58.000Z", "dateTo": "2020-01-07T03:20:02.000Z"}
SALT = {"sensorCategoryCodes": "salinity"}


def data(platform, path="scalardata/device", **parameters):
    """The only sensor of an answer and its samples."""
    (sensor,) = platform.rows(path, **parameters)["sensorData"]
    return sensor["data"]


def test_a_minute_of_all_sensors(shared):
    """Six sensors with sixty samples each, lists of equal length."""
    got = shared.rows("scalardata/device", **DEVICE, **MINUTE)
    assert [one["sensorCode"] for one in got["sensorData"]] == [
        "conductivity", "temperature", "pressure", "salinity", "density", "soundspeed",
    ]  # fmt: skip
    assert got["next"] is None
    assert got["parameters"] == {**DEVICE, **MINUTE}
    for one in got["sensorData"]:
        assert one["actualSamples"] == 60
        assert {name: len(column) for name, column in one["data"].items()} == {
            "qaqcFlags": 60, "sampleTimes": 60, "values": 60,
        }  # fmt: skip
    assert (got["sensorData"][3]["unitOfMeasure"], got["sensorData"][1]["propertyCode"]) == (
        "psu", "seawatertemperature",
    )  # fmt: skip
    assert data(shared, **DEVICE, **MINUTE, **SALT) == got["sensorData"][3]["data"]


def test_sixty_samples_by_twenty_five(shared):
    """Pages of 25, 25 and 10; each next begins where the one before ended, then there is none."""
    page = shared.rows("scalardata/device", **DEVICE, **MINUTE, rowLimit=25)
    pages = [page]
    while page["next"]:
        page = shared.rows("scalardata/device", **page["next"]["parameters"])
        pages.append(page)
    assert [[one["actualSamples"] for one in page["sensorData"]] for page in pages] == [
        [25] * 6, [25] * 6, [10] * 6,
    ]  # fmt: skip
    begins = [page["next"] and page["next"]["parameters"]["dateFrom"] for page in pages]
    assert begins == ["2020-01-01T00:00:25.000Z", "2020-01-01T00:00:50.000Z", None]
    assert pages[0]["next"]["parameters"]["rowLimit"] == "25"
    times = [time for page in pages for time in page["sensorData"][0]["data"]["sampleTimes"]]
    assert times == data(shared, **DEVICE, **MINUTE, **SALT)["sampleTimes"]


def test_the_same_second_has_the_same_value_however_it_is_asked_for(shared, start):
    """By device or place, from any begin; another seed gives other values."""
    whole = data(shared, **DEVICE, **MINUTE, **SALT)
    later = {**MINUTE, "dateFrom": "2020-01-01T00:00:40.000Z"}
    assert data(shared, **DEVICE, **later, **SALT)["values"] == whole["values"][40:]
    assert data(shared, "scalardata/location", **PLACE, **MINUTE, **SALT) == whole
    by_property = {"propertyCode": "salinity"}
    assert data(shared, "scalardata/location", **PLACE, **MINUTE, **by_property) == whole
    other = start(seed=2)
    assert data(other, **DEVICE, **MINUTE, **SALT)["values"] != whole["values"]


def test_failing_values_are_nan_in_clean_data(shared):
    """Flags 3, 4 and 6 hide a value unless raw data are asked for; NaN is the bare word."""
    day = {"dateFrom": "2020-01-01", "dateTo": "2020-01-01T01:00:00.000Z"}
    raw = data(shared, **DEVICE, **day, **SALT, qualityControl="raw")
    answer = shared.ask("scalardata/device", **DEVICE, **day, **SALT)
    assert ":[" in answer.text
    assert "NaN" in answer.text
    clean = json.loads(answer.text)["sensorData"][0]["data"]
    assert clean["qaqcFlags"] == raw["qaqcFlags"]
    assert set(raw["qaqcFlags"]) == {1, 2, 3, 4, 6}
    assert not any(math.isnan(value) for value in raw["values"])
    for shown, value, flag in zip(clean["values"], raw["values"], raw["qaqcFlags"], strict=True):
        assert math.isnan(shown) if flag in {3, 4, 6} else shown == value


def test_missing_values_can_be_null(start):
    """With the option the answer is JSON that any reader takes."""
    text = start(nan=False).ask("scalardata/device", **DEVICE, **OUTAGE, **SALT).text
    assert "NaN" not in text
    assert "null" in text


def test_an_outage_is_filled_or_left_out(shared):
    """Twenty minutes: 1,200 missing samples with flag 9, or none of them; pages agree."""
    filled = data(shared, **DEVICE, **OUTAGE, **SALT)
    assert len(filled["values"]) == 1204
    assert filled["qaqcFlags"].count(9) == 1200
    left = data(shared, **DEVICE, **OUTAGE, **SALT, fillGaps="false")
    assert left["sampleTimes"] == [
        f"2020-01-07T{clock}.000Z" for clock in ("02:59:58", "02:59:59", "03:20:00", "03:20:01")
    ]
    page = shared.rows(
        "scalardata/device", **DEVICE, **OUTAGE, **SALT, fillGaps="false", rowLimit=2
    )
    assert page["next"]["parameters"]["dateFrom"] == "2020-01-07T03:20:00.000Z"
    raw = shared.rows("rawdata/device", **DEVICE, **OUTAGE)
    assert raw["data"]["times"] == left["sampleTimes"]


def test_objects_instead_of_lists(shared):
    """The same samples, one object each."""
    lists = data(shared, **DEVICE, **MINUTE, **SALT)
    objects = data(shared, **DEVICE, **MINUTE, **SALT, outputFormat="Object")
    assert [one["sampleTime"] for one in objects] == lists["sampleTimes"]
    assert [one["value"] for one in objects] == lists["values"]
    assert [one["qaqcFlag"] for one in objects] == lists["qaqcFlags"]


def test_the_latest_value(start):
    """`getLatest` with one row is the last second before the server's present."""
    platform = start(clock=1_577_836_800_000_000, clock_rate=0.0)
    got = data(platform, **DEVICE, **SALT, getLatest="true", rowLimit=3)
    assert got["sampleTimes"] == [f"2019-12-31T23:59:{second}.000Z" for second in (59, 58, 57)]
    raw = platform.rows("rawdata/device", **DEVICE, getLatest="true", rowLimit=2)
    assert raw["data"]["times"] == got["sampleTimes"][:2]
    assert raw["next"] is None


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("avg", {"values"}),
        ("minMax", {"minValues", "maxValues"}),
        ("avgMinMax", {"values", "minValues", "maxValues"}),
    ],
)
def test_resampled_data_summarize_the_clean_values(shared, kind, columns):
    """The mean, least and greatest of each ten minutes, in pages by bucket."""
    hour = {"dateFrom": "2020-01-01", "dateTo": "2020-01-01T01:00:00.000Z"}
    asked = {**DEVICE, **hour, **SALT, "resampleType": kind, "resamplePeriod": "600"}
    got = data(shared, **asked)
    assert set(got) == {"qaqcFlags", "sampleTimes"} | columns
    assert got["sampleTimes"][1] == "2020-01-01T00:10:00.000Z"
    assert got["qaqcFlags"] == [7] * 6
    clean = [value for value in data(shared, **DEVICE, **hour, **SALT)["values"][600:1200]
             if not math.isnan(value)]  # fmt: skip
    expected = {
        "values": round(sum(clean) / len(clean), 4), "minValues": min(clean),
        "maxValues": max(clean),
    }  # fmt: skip
    assert {name: got[name][1] for name in columns} == pytest.approx(
        {name: expected[name] for name in columns}, abs=1e-4
    )
    page = shared.rows("scalardata/device", **asked, rowLimit=4)
    assert page["sensorData"][0]["actualSamples"] == 4
    assert page["next"]["parameters"]["dateFrom"] == "2020-01-01T00:40:00.000Z"


def test_sensor_codes_without_data(shared):
    """`excludeScalarData` names the sensors only."""
    got = shared.rows("scalardata/location", **PLACE, returnOptions="excludeScalarData")
    assert len(got["sensorData"]) == 6
    assert all("data" not in one for one in got["sensorData"])
    assert got["metadata"]["locationName"] == "Axis"


def test_a_place_goes_on_with_the_next_device(shared):
    """Where one deployment ends another goes on; a missing sample stands between them if asked."""
    change = {"dateFrom": "2014-05-12T00:59:59.000Z", "dateTo": "2014-05-12T01:00:01.000Z"}
    plain = data(shared, "scalardata/location", **PLACE, **change, **SALT)
    assert len(plain["values"]) == 2
    broken = data(shared, "scalardata/location", **PLACE, **change, **SALT, byDeployment="true")
    assert broken["sampleTimes"] == [
        "2014-05-12T00:59:59.000Z", "2014-05-12T00:59:59.999Z", "2014-05-12T01:00:00.000Z",
    ]  # fmt: skip
    assert math.isnan(broken["values"][1])
    overlap = {"locationCode": "BACAX.V1", "deviceCategoryCode": "VIDEOCAM",
               "dateFrom": "2016-12-25", "dateTo": "2016-12-25T00:05:00.000Z",
               "sensorCategoryCodes": "pitch"}  # fmt: skip
    assert len(data(shared, "scalardata/location", **overlap)["values"]) == 5


def test_nothing_measured_is_null_or_empty_lists(shared):
    """A device that was nowhere then; one that has no sensors; restricted data."""
    before = {**DEVICE, "dateFrom": "2010-01-01", "dateTo": "2010-01-02"}
    assert shared.rows("scalardata/device", **before)["sensorData"] is None
    lines = shared.rows("rawdata/device", **before)
    assert lines["data"] == {"lineTypes": [], "readings": [], "times": []}
    assert lines["next"] is None


def test_restricted_data_come_with_a_message(platform):
    """No values, no error."""
    platform.fault("restricted")
    got = platform.rows("scalardata/device", **DEVICE, **MINUTE)
    assert got["sensorData"] is None
    assert "restricted" in got["messages"][0]


def test_raw_lines_come_in_pages_by_rows_or_size(shared):
    """The lines are those of the sensors; a megabyte ends a page too."""
    first = shared.rows("rawdata/location", **PLACE, **MINUTE, rowLimit=40)
    rest = shared.rows("rawdata/location", **first["next"]["parameters"])
    assert [len(first["data"]["times"]), len(rest["data"]["times"])] == [40, 20]
    assert rest["data"]["times"][0] == first["next"]["parameters"]["dateFrom"]
    assert first["metadata"] == {"locationName": "Axis"}
    values = data(shared, **DEVICE, **MINUTE, **SALT, qualityControl="raw")["values"]
    assert f"{values[0]:.4f}" in first["data"]["readings"][0]
    big = shared.rows("rawdata/device", **DEVICE, dateFrom="2020-01-01", dateTo="2020-01-02",
                      sizeLimit=1)  # fmt: skip
    size = sum(map(len, big["data"]["readings"] + big["data"]["times"]))
    assert 1_000_000 < size <= 1 << 20
    assert big["next"]["parameters"]["dateFrom"] > big["data"]["times"][-1]
    rows = shared.rows("rawdata/device", **DEVICE, **MINUTE, outputFormat="Object", rowLimit=1)
    assert rows["data"][0]["reading"] == first["data"]["readings"][0]
