"""Discovery services of the ONC stand-in: places, instruments, deployments and products."""

from __future__ import annotations

import pytest


def codes(rows):
    """The location codes of a tree, as nested lists."""
    return [[row["locationCode"], codes(row["children"] or [])] for row in rows]


def test_the_tree_holds_the_places_of_the_documentation(shared):
    """Root, regions, places and the dotted positions below them."""
    (root,) = shared.rows("locations/tree")
    tree = dict(codes([root])[0][1])
    assert root["locationCode"] == "ONC"
    assert dict(tree["NEP"])["BACAX"] == [["BACAX.V1", []]]
    assert {code for code, _ in tree["SOG"]} == {"USDDL", "LSDDL", "ECHO"}
    (axis,) = shared.rows("locations", locationCode="BACAX")
    assert axis["locationName"] == "Axis"
    assert (axis["lat"], axis["lon"], axis["depth"]) == (48.316758, -126.050183, 981.0)


def test_a_branch_of_the_tree_is_pruned_to_what_fits(shared):
    """Only nodes with sonars, and the nodes above them."""
    (root,) = shared.rows("locations/tree", deviceCategoryCode="SONAR")
    assert codes([root]) == [["ONC", [["NEP", [["BACAX", []]]], ["SOG", [["LSDDL", []]]]]]]
    assert (
        shared.ask("locations/tree", locationCode="ARCT", deviceCategoryCode="SONAR").json() == []
    )


def test_include_children_searches_the_sub_tree(shared):
    """Without it only the named place counts; deployments and boxes are those that fit."""
    below = {"locationCode": "SOG", "deviceCategoryCode": "HYDROPHONE"}
    assert shared.ask("locations", **below).status_code == 404
    (row,) = shared.rows("locations", **below, includeChildren="true")
    assert (row["locationCode"], row["deployments"]) == ("LSDDL.E1", 2)
    assert row["bbox"] == {
        "maxDepth": 141.0, "maxLat": 49.0771, "maxLon": -123.33992,
        "minDepth": 141.0, "minLat": 49.0771, "minLon": -123.33992,
    }  # fmt: skip
    assert row["hasDeviceData"] == row["hasPropertyData"].replace("false", "true") == "true"


def test_deployments_overlap_the_window_and_keep_their_true_dates(shared):
    """A window of half a day finds a deployment that began a year before."""
    (one,) = shared.rows(
        "deployments", locationCode="BACAX", deviceCategoryCode="HYDROPHONE",
        dateFrom="2012-05-01", dateTo="2012-05-01T12:00:00.000Z",
    )  # fmt: skip
    assert one["begin"] == "2011-05-21T18:12:05.000Z"
    assert one["end"] == "2012-06-08T02:40:11.000Z"
    assert one["deviceCode"] == "NAXYS_HYD_007"
    assert set(one["citation"]) == {"citation", "doi", "landingPageUrl", "queryPid"}
    assert "10.0000/naxys_hyd_007" in one["citation"]["doi"]
    still = shared.rows("deployments", locationCode="BACAX", deviceCategoryCode="BPR")
    assert still[0]["end"] is None
    (nowhere,) = shared.rows("deployments", locationCode="LSDDL.E1", deviceCode="NAXYS_HYD_007")
    assert (nowhere["lat"], nowhere["lon"], nowhere["depth"]) == (None, None, None)


def test_a_deployment_that_will_end_later_is_still_open(start):
    """By a clock of the past an end that is to come is not known, a later begin neither."""
    past = start(clock=1_400_000_000_000_000, clock_rate=0.0)  # May 2014
    rows = past.rows("deployments", locationCode="LSDDL")
    assert [(row["deviceCode"], row["end"]) for row in rows] == [
        ("ECONTU1024", "2012-02-21T20:00:00.000Z"),
        ("IMAGENEX881A_3041", None),
        ("SBECTD37sm9931", "2014-02-17T18:10:00.000Z"),
    ]


def test_arctic_instruments_of_2012(shared):
    """A hydrophone, temperature and ice thickness, with the formats that they come in."""
    year = {"dateFrom": "2012-01-01", "dateTo": "2013-01-01"}
    (place,) = shared.rows(
        "locations", locationCode="ARCT", includeChildren="true",
        deviceCategoryCode="HYDROPHONE", **year,
    )  # fmt: skip
    assert place["locationCode"] == "CBYIP.H1"
    others = shared.rows("devices", locationCode="ARCT", includeChildren="true", **year)
    assert {row["deviceCategoryCode"] for row in others} == {"HYDROPHONE", "CTD", "ICEPROFILER"}
    seen = shared.rows("properties", locationCode="CBYIP")
    assert {"icethickness", "seawatertemperature"} <= {row["propertyCode"] for row in seen}
    products = shared.rows("dataProducts", locationCode="CBYIP", deviceCategoryCode="ICEPROFILER")
    assert ("TSSD", "csv") in {(row["dataProductCode"], row["extension"]) for row in products}
    sounds = shared.rows("dataProducts", locationCode="CBYIP.H1")
    assert ("AD", "wav") in {(row["dataProductCode"], row["extension"]) for row in sounds}


def test_the_catalogue_has_the_size_of_a_small_observatory(shared):
    """About a dozen places, more than a dozen devices, 25 deployments, 10 properties, 20 pairs."""
    assert len(shared.rows("locations")) == 14
    assert len(shared.rows("devices")) == 17
    assert len(shared.rows("deployments")) == 28
    assert len(shared.rows("deviceCategories")) == 7
    assert len(shared.rows("properties")) == 11
    products = shared.rows("dataProducts")
    assert len(products) == 20
    pairs = {(row["dataProductCode"], row["extension"]) for row in products}
    assert {("AD", "mp3"), ("AD", "wav"), ("MP4V", "mp4")} <= pairs
    assert {("TSSD", kind) for kind in ("csv", "json", "mat", "nc", "txt")} <= pairs
    assert len([kind for _, kind in pairs if kind == "mat"]) >= 2


def test_options_come_with_values_ranges_and_suboptions(shared):
    """Resampling has suboptions with useless defaults; colours have a range beside a word."""
    (csv,) = shared.rows("dataProducts", dataProductCode="TSSD", extension="csv")
    options = {one["option"]: one for one in csv["dataProductOptions"]}
    assert set(options) == {"dpo_qualityControl", "dpo_resample", "dpo_dataGaps"}
    assert all(one["defaultValue"] in one["allowableValues"] for one in options.values())
    average = options["dpo_resample"]["suboptions"][0]
    assert average["option"] == "dpo_average"
    assert average["allowableValues"] == ["60", "600", "900", "3600", "86400"]
    assert average["defaultValue"] not in average["allowableValues"]
    (png,) = shared.rows("dataProducts", dataProductCode="HSD", extension="png")
    colour = next(one for one in png["dataProductOptions"] if "Colour" in one["option"])
    assert colour["allowableRange"] == {
        "lowerBound": "-160", "upperBound": "140", "onlyIntegers": False, "unitOfMeasure": "dB",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "filters", "found"),
    [
        ("locations", {"locationName": "dynamics"}, ["USDDL", "LSDDL"]),
        ("locations", {"dataProductCode": "MP4V"}, ["BACAX.V1", "LSDDL", "CBYIP"]),
        ("devices", {"deviceName": "naxys"}, ["NAXYS_HYD_007"]),
        ("devices", {"deviceId": "11207"}, ["NAXYS_HYD_007"]),
        ("devices", {"propertyCode": "icethickness"}, ["ASLSWIP53019"]),
        ("deviceCategories", {"deviceCategoryName": "PROFILER"}, ["ICEPROFILER"]),
        ("deviceCategories", {"description": "sound"}, ["HYDROPHONE"]),
        ("deviceCategories", {"locationCode": "USDDL"}, ["CTD", "TURBIDITYMETER"]),
        ("properties", {"deviceCategoryCode": "ICEPROFILER"},
         ["seawatertemperature", "icethickness"]),
        ("properties", {"propertyName": "sound"}, ["soundspeed"]),
        ("dataProducts", {"deviceCode": "ECONTU1024", "extension": "json"}, ["TSSD"]),
        ("dataProducts", {"dataProductName": "snapshots"}, ["JPGS"]),
        ("dataProducts", {"propertyCode": "turbidityntu", "extension": "png"}, ["TSSP"]),
    ],
)  # fmt: skip
def test_filters_narrow_what_is_found(shared, path, filters, found):
    """Codes are exact, names and descriptions are parts of texts in any case."""
    key = {
        "locations": "locationCode", "devices": "deviceCode", "properties": "propertyCode",
        "deviceCategories": "deviceCategoryCode", "dataProducts": "dataProductCode",
    }[path]  # fmt: skip
    assert [row[key] for row in shared.rows(path, **filters)] == found


def test_nothing_found_is_404_or_an_error_of_deployments(start, shared):
    """Old servers sent an empty list instead; deployments are refused with 127."""
    nothing = {"locationCode": "ECHO", "deviceCategoryCode": "SONAR"}
    for path in ("locations", "locations/tree", "devices", "dataProducts"):
        answer = shared.ask(path, **nothing)
        assert (answer.status_code, answer.json()) == (404, [])
    assert shared.error("deployments", **nothing) == (400, 127, "locationCode,deviceCategoryCode")
    old = start(empty_ok=True).ask("locations", **nothing)
    assert (old.status_code, old.json()) == (200, [])


def test_an_edited_catalogue_is_served(start, tmp_path):
    """The catalogue is a file that whoever tests something can change."""
    from importlib import resources

    text = (resources.files("tidegate.standins.onc") / "data" / "catalogue.json").read_text("utf-8")
    own = tmp_path / "own.json"
    own.write_text(text.replace('"name": "Axis"', '"name": "My Place"'), "utf-8")
    (row,) = start(catalogue=own).rows("locations", locationCode="BACAX")
    assert row["locationName"] == "My Place"


def test_a_deployment_can_be_added_and_another_ended(platform):
    """What is deployed tomorrow is found by place and category, with its files."""
    before = platform.rows("deployments", locationCode="ECHO")
    platform.service.recover("SBECTD16p6002", "2024-01-01T00:00:00.000Z")
    platform.service.deploy(device="SBECTD37sm9931", location="ECHO", begin="2024-01-02T00:00:00Z",
                            end=None)  # fmt: skip
    after = platform.rows("deployments", locationCode="ECHO")
    assert before[0]["end"] is None
    assert [(row["deviceCode"], row["end"]) for row in after] == [
        ("SBECTD16p6002", "2024-01-01T00:00:00.000Z"),
        ("SBECTD37sm9931", None),
    ]
    files = platform.rows("archivefile/location", locationCode="ECHO", deviceCategoryCode="CTD",
                          dateFrom="2024-01-03", dateTo="2024-01-04")  # fmt: skip
    assert files["files"] == ["SBECTD37sm9931_20240103T000000.000Z.txt"]
    with pytest.raises(KeyError):
        platform.service.recover("SBECTD16p6002", "2024-01-01T00:00:00.000Z")
    with pytest.raises(KeyError):
        platform.service.deploy(device="NOBODY", location="ECHO", begin="2024-01-02", end=None)
