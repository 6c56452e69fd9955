"""Drives every method of the published ONC client: `drive_onc.py NAMES ADDRESS TOKEN FOLDER`.

NAMES is `new` for the names of release 2.6.0, `old` for those of before, which it knows as aliases.
"""

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import requests
from onc.onc import ONC

names_used, address, token, folder = sys.argv[1:]
new = names_used == "new"
client = ONC(token, outPath=folder)
client.baseUrl = address
results: dict[str, Any] = {}

DAY = {"dateFrom": "2020-01-01T00:00:00.000Z", "dateTo": "2020-01-01T00:01:00.000Z"}
PLACE = {"locationCode": "BACAX", "deviceCategoryCode": "CTD"}
DEVICE = {"deviceCode": "SBECTD16p7036"}
SOUND = {"deviceCode": "ICLISTENHF1354", "fileExtension": "mp3"}
HOUR = {"dateFrom": "2020-01-01T00:00:00.000Z", "dateTo": "2020-01-01T01:00:00.000Z"}
PRODUCT = {
    **PLACE,
    "dataProductCode": "TSSD",
    "extension": "csv",
    "dateFrom": "2016-01-01",
    "dateTo": "2016-03-01",
    "dpo_qualityControl": "1",
    "dpo_resample": "none",
    "dpo_dataGaps": "0",
}


def call(names: str, *arguments: Any, **options: Any) -> Any:
    """The result of a method, given by its name or by its new and its old name."""
    name = names.split("|")[0 if new else -1]
    with contextlib.redirect_stdout(io.StringIO()):
        return getattr(client, name)(*arguments, **options)


def refused(name: str, *arguments: Any) -> str:
    """What a method says when the server turns it down, whatever a release prints or raises."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            getattr(client, name.split("|")[0 if new else -1])(*arguments)
    except Exception as error:  # noqa: BLE001
        return f"{said.getvalue()} {error}"
    return f"{said.getvalue()} nothing was raised"


def saved(name: str) -> int:
    """The size of a file that the client has saved."""
    return (Path(folder) / name).stat().st_size


results["locations"] = call("getLocations", {"locationCode": "NEP", "includeChildren": "true"})
results["tree"] = call("getLocationsTree|getLocationHierarchy", {"locationCode": "SOG"})
results["deployments"] = call("getDeployments", dict(PLACE))
results["devices"] = call("getDevices", {"deviceCode": "NAXYS_HYD_007"})
results["categories"] = call("getDeviceCategories", {"deviceCategoryCode": "HYDROPHONE"})
results["properties"] = call("getProperties", {"propertyCode": "conductivity"})
results["products"] = call("getDataProducts", {"dataProductCode": "TSSD"})
results["nothing"] = refused("getLocations", {"locationCode": "BACAX", "deviceCode": "BPR_XX"})
results["nobody"] = refused("getDevices", {"deviceCode": "BPR_BC", "propertyCode": "turbidityntu"})

scalar = call("getScalardataByDevice|getDirectByDevice", {**DEVICE, **DAY})
results["scalar"] = len(scalar["sensorData"][0]["data"]["values"])
paged = call(
    "getScalardataByLocation|getDirectByLocation", {**PLACE, **DAY, "rowLimit": 25}, allPages=True
)
results["scalar pages"] = [len(one["data"]["sampleTimes"]) for one in paged["sensorData"]]
results["scalar times"] = paged["sensorData"][0]["data"]["sampleTimes"]
results["same values"] = [one["data"]["values"] for one in paged["sensorData"]] == [
    one["data"]["values"] for one in scalar["sensorData"]
]
chosen = call(
    "getScalardataByDevice|getDirectByDevice",
    {**DEVICE, **DAY, "sensorCategoryCodes": ["salinity", "temperature"], "outputFormat": "Object"},
)
results["chosen"] = [one["sensorCode"] for one in chosen["sensorData"]]
results["object"] = sorted(chosen["sensorData"][0]["data"][0])
raw = call("getRawdataByLocation|getDirectRawByLocation", {**PLACE, **DAY})
results["raw"] = len(raw["data"]["readings"])
pages = call(
    "getRawdataByDevice|getDirectRawByDevice", {**DEVICE, **DAY, "rowLimit": 25}, allPages=True
)
results["raw pages"] = pages["data"] == raw["data"]

by_device = {**SOUND, **HOUR}
names = call("getArchivefileByDevice|getListByDevice", dict(by_device))["files"]
results["files"] = names
results["file pages"] = (
    call("getArchivefileByDevice|getListByDevice", {**by_device, "rowLimit": 5}, allPages=True)[
        "files"
    ]
    == names
)
sounds = {"locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE", **HOUR}
results["by location"] = call(
    "getArchivefileByLocation|getListByLocation", {**sounds, "extension": "mp3"}
)["files"]
rows = call("getArchivefileByDevice|getListByDevice", {**by_device, "returnOptions": "all"})
results["rows"] = rows["files"]
call("downloadArchivefile|getFile", names[0], overwrite=True)
results["file"] = [names[0], saved(names[0])]
ten = {"dateFrom": "2020-01-01T00:00:00.000Z", "dateTo": "2020-01-01T00:10:00.000Z"}
direct = call("downloadDirectArchivefile|getDirectFiles", {**SOUND, **ten}, allPages=True)
results["direct"] = [one["status"] for one in direct["downloadResults"]]
results["unknown file"] = refused("downloadArchivefile|getFile", "no_such.mp3")

ordered = call("requestDataProduct", dict(PRODUCT))
run = call("runDataProduct", ordered["dpRequestId"], waitComplete=True)
results["run"] = run["fileCount"]
counted = call("downloadDataProduct", run["runIds"][0], downloadResultsOnly=True)
results["counted"] = [one["index"] for one in counted]
product = call("downloadDataProduct", run["runIds"][0])
results["product"] = [[one["index"], one["status"], one["downloaded"]] for one in product]
results["product files"] = [saved(one["file"]) for one in product if one["file"]]
whole = call("orderDataProduct", {**PRODUCT, "dateTo": "2016-01-03"})
results["order"] = [one["index"] for one in whole["downloadResults"]]
links = call("orderDataProduct", {**PRODUCT, "dateTo": "2016-01-04"}, downloadResultsOnly=True)
results["links"] = [one["index"] for one in links["downloadResults"]]
results["bad option"] = refused("requestDataProduct", {**PRODUCT, "dpo_qualityControl": "7"})

if new:
    results["either scalar"] = len(call("getScalardata", {**PLACE, **DAY})["sensorData"])
    results["either raw"] = len(call("getRawdata", {**DEVICE, **DAY})["data"]["times"])
    results["sensor codes"] = [
        one["sensorCategoryCode"] for one in call("getSensorCategoryCodes", dict(DEVICE))
    ]
    results["either files"] = call("getArchivefile", dict(by_device))["files"]
    urls = call("getArchivefileUrls", dict(by_device))
    results["url"] = urls[0] == call("getArchivefileUrl", names[0])
    results["by url"] = len(requests.get(urls[0], timeout=10).content)
if hasattr(client, "getDataAvailability"):
    days = {"deviceCode": "ICLISTENHF1354", "dateFrom": "2020-01-01", "dateTo": "2020-01-04"}
    results["availability"] = call("getDataAvailability", days)["availableDataProducts"]
if new:
    ordered = call("requestDataProduct", {**PRODUCT, "dateTo": "2016-01-05"})
    number = ordered["dpRequestId"]
    running = call("runDataProduct", number, waitComplete=False)
    results["check open"] = call("checkDataProduct", number)["searchHdrStatus"]
    results["cancel"] = call("cancelDataProduct", number)[0] == {
        "dpRunId": running["runIds"][0],
        "status": "cancelled",
    }
    restarted = call("restartDataProduct", number, waitComplete=True)
    results["restart"] = [restarted["runIds"] == running["runIds"], restarted["fileCount"]]
    results["check done"] = call("checkDataProduct", number)["searchHdrStatus"]
print(json.dumps(results))
