"""What the ONC stand-in refuses, and with which code, in both schemes of addresses."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.standins.onc.parameters import RULES

PLACE = {"locationCode": "BACAX", "deviceCategoryCode": "CTD"}


@pytest.mark.parametrize(
    ("path", "parameters", "refusal"),
    [
        ("locations", {"locationCode": "bacax"}, (400, 127, "locationCode")),
        ("locations", {"includeChildren": "yes"}, (400, 127, "includeChildren")),
        ("locations", {"locationCodes": "BACAX"}, (400, 129, "locationCodes")),
        ("devices", {"deviceId": "one"}, (400, 127, "deviceId")),
        ("deployments", {"dataProductCode": "AD"}, (400, 129, "dataProductCode")),
        ("archivefile/device", {"deviceCode": "BPR_BC", "extension": "txt"},
         (400, 129, "extension")),
        ("archivefile/device", {}, (400, 128, "deviceCode")),
        ("archivefile/device", {"deviceCode": "BPR_BC", "returnOptions": "some"},
         (400, 127, "returnOptions")),
        ("archivefile/location", {"locationCode": "BACAX"}, (400, 128, "deviceCategoryCode")),
        ("archivefile/location", {"locationCode": "ECHO", "deviceCategoryCode": "BPR"},
         (400, 127, "locationCode,deviceCategoryCode")),
        ("archivefile/location", {**PLACE, "dateTo": "2010-01-01"},
         (400, 127, "locationCode,deviceCategoryCode")),
        ("archivefile/download", {"filename": "no.mp3"}, (400, 96, "filename")),
        ("archivefile/download", {"filename": ""}, (400, 128, "filename")),
        ("scalardata/location", {**PLACE, "deviceCode": "BPR_BC"}, (400, 129, "deviceCode")),
        ("scalardata/location", {**PLACE, "dateTo": "2010-01-01"},
         (400, 127, "locationCode,deviceCategoryCode")),
        ("scalardata/location", {**PLACE, "propertyCode": "salinity,icethickness"},
         (400, 127, "propertyCode")),
        ("scalardata/location", {**PLACE, "qualityControl": "good"}, (400, 127, "qualityControl")),
        ("scalardata/location", {**PLACE, "resampleType": "avg"}, (400, 128, "resamplePeriod")),
        ("rawdata/location", {**PLACE, "dateTo": "2010-01-01"},
         (400, 127, "locationCode,deviceCategoryCode")),
        ("rawdata/device", {"deviceCode": "BPR_BC", "sizeLimit": "0"}, (400, 127, "sizeLimit")),
        ("dataAvailability/dataproducts", {}, (400, 128, "locationCode,deviceCategoryCode")),
        ("dataAvailability/dataproducts", {"locationCode": "BACAX"},
         (400, 128, "deviceCategoryCode")),
        ("dataProductDelivery/run", {"dpRequestId": "7"}, (400, 127, "dpRequestId")),
        ("dataProductDelivery/run", {}, (400, 128, "dpRequestId")),
        ("dataProductDelivery/cancel", {"dpRequestId": "7"}, (400, 127, "dpRequestId")),
        ("dataProductDelivery/status", {}, (400, 128, "dpRequestId,dpRunId")),
        ("dataProductDelivery/download", {"dpRunId": "7", "index": "1"}, (400, 127, "dpRunId")),
        ("dataProductDelivery/download", {"dpRunId": "7", "index": "x"}, (400, 127, "index")),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused(shared, path, parameters, refusal):
    """Unknown names 129, missing ones 128, unknown values 127, unknown files 96."""
    assert shared.error(path, **parameters) == refusal


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2020-01-02", "2020-01-01", 23),
        ("2999-01-01", "", 25),
        ("2013-20-23T00:00:00.000Z", "", 127),
        ("2013-02-30", "", 127),
        ("23/10/2013", "", 127),
        ("-PT2H", "PT1H", 127),
        ("PT2H", "2020-01-01", 127),
        ("", "PT2H", 127),
        ("-P99999Y", "", 127),
        ("-P", "", 127),
    ],
)
def test_dates_that_make_no_sense_are_refused(shared, start, end, code):
    """Reversed 23, in the future 25, impossible or two durations 127."""
    dates = {name: text for name, text in (("dateFrom", start), ("dateTo", end)) if text}
    status, found, _ = shared.error("scalardata/location", **PLACE, **dates)
    assert (status, found) == (400, code)


@pytest.mark.parametrize(
    ("start", "end", "first", "count"),
    [
        ("-PT2H", "2020-01-01T12:00:00.000Z", "2020-01-01T10:00:00.000Z", 7200),
        ("2020-01-01T10:00:00.000Z", "PT30M", "2020-01-01T10:00:00.000Z", 1800),
        ("2020-01-01", "2020-01-01T00:00:05.000Z", "2020-01-01T00:00:00.000Z", 5),
        ("-P1M", "2020-03-31", "2020-02-29T00:00:00.000Z", 100_000),
        ("-P1DT1H", "2020-01-02T01:00:00.000Z", "2020-01-01T00:00:00.000Z", 90_000),
    ],
)
def test_durations_count_from_the_other_end(shared, start, end, first, count):
    """`dateFrom` counts back, `dateTo` counts forward."""
    got = shared.rows(
        "scalardata/location", **PLACE, sensorCategoryCodes="salinity", dateFrom=start, dateTo=end
    )
    data = got["sensorData"][0]["data"]
    assert data["sampleTimes"][0] == first
    assert len(data["values"]) == count


def test_a_duration_without_end_counts_back_from_now(start):
    """The clock of the server decides what is now."""
    platform = start(clock=1_577_836_800_000_000, clock_rate=0.0)
    got = platform.rows("scalardata/location", **PLACE, dateFrom="-PT1M")
    times = got["sensorData"][0]["data"]["sampleTimes"]
    assert (times[0], times[-1]) == ("2019-12-31T23:59:00.000Z", "2019-12-31T23:59:59.000Z")


def test_a_token_is_needed_but_for_those_signed_in(shared, start):
    """Missing or unknown is 401 with 127; `apiproxy/` takes none; `any_token` takes each."""
    for token in ({"token": ""}, {"token": "other"}):
        assert shared.error("locations", **token) == (401, 127, "token")
    assert shared.http.get(shared.standin.base_url + "api/locations").status_code == 401
    proxied = shared.standin.base_url + "apiproxy/deviceCategories"
    assert shared.http.get(proxied).status_code == 200
    assert shared.http.get(proxied, params={"token": "other"}).status_code == 401
    lax = start(any_token=True)
    assert lax.ask("locations", token="made-up").status_code == 200
    assert lax.ask("locations", token="").status_code == 401


@pytest.mark.parametrize(
    ("old", "method", "new"),
    [
        ("locations", "get", "locations"),
        ("locations", "getTree", "locations/tree"),
        ("dataProducts", "get", "dataProducts"),
        ("archivefiles", "getListByDevice", "archivefile/device"),
        ("rawdata", "getByDevice", "rawdata/device"),
    ],
)
def test_the_two_schemes_give_the_same(shared, old, method, new):
    """A `method` on the old path is a path of its own in the new scheme."""
    device = {"deviceCode": "SBECTD16p7036"}
    span = {"dateFrom": "2020-01-01", "dateTo": "2020-01-01T00:00:10.000Z"}
    more = span if "data/" in new or "archive" in new else {}
    one = shared.rows(old, method=method, **device, **more)
    other = shared.rows(new, **device, **more)
    for document in (one, other):
        if isinstance(document, dict):
            del document["queryUrl"]
    assert one == other


def test_addresses_that_are_none_and_other_methods(shared):
    """404 for a service or a method that there is not, 405 for a POST."""
    assert shared.ask("nothing").status_code == 404
    assert shared.http.get(shared.standin.base_url).status_code == 404
    old = shared.http.get(
        f"{shared.standin.base_url}api/locations",
        params={"method": "drop", "token": shared.standin.token},
    )
    assert old.status_code == 404
    assert shared.http.post(f"{shared.standin.base_url}api/locations").status_code == 405


NAMES = sorted({name for rule in RULES.values() for name in (*rule.needs, *rule.takes)})
PATHS = [
    "locations", "locations/tree", "deployments", "devices", "deviceCategories", "properties",
    "dataProducts", "dataAvailability/dataproducts", "archivefile/location", "archivefile/device",
    "scalardata/location", "scalardata/device", "rawdata/location", "rawdata/device",
    "dataProductDelivery/request", "dataProductDelivery/run", "dataProductDelivery/download",
]  # fmt: skip
VALUES = st.sampled_from(
    ["BACAX", "CTD", "BPR_BC", "TSSD", "csv", "true", "5", "-1", "0", "2020-01-01", "-P1D", "PT1M",
     "meta", "salinity", "avg", "all", "", "٣", "1e9", "-", "P1Y"]
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_no_request_breaks_the_server(shared, path, parameters):
    """Whatever is asked is answered or refused."""
    cheap = {"rowLimit": "10", **parameters} if "data/" in path or "archive" in path else parameters
    assert shared.ask(path, **cheap).status_code in {200, 202, 400, 404}
