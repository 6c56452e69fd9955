"""Drives every function of DcsWebApi: `drive_web.py ADDRESS`."""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pythondcs
from requests import HTTPError  # type: ignore[import-untyped]

address = sys.argv[1]
results: dict[str, Any] = {}
refused = pythondcs.DcsWebApi(address, "demo", "wrong")
results["refused falls back to public"] = len(refused.meters())
anonymous = pythondcs.DcsWebApi(address)
results["public meters"] = anonymous.meters()
results["public vms"] = anonymous.virtualmeters()
results["public readings"] = anonymous.readings("R733", date(2024, 1, 1), periodCount=2)

dcs = pythondcs.DcsWebApi(address, "demo", "demo")
results["role"] = dcs.role
results["status"] = dcs.status()
results["meters"] = dcs.meters()
results["meters iterator"] = list(dcs.meters(iterator=True))
results["vms"] = dcs.virtualmeters()
results["vms iterator"] = list(dcs.virtualmeters(iterator=True))
day = {"startTime": date(2024, 3, 31), "endTime": date(2024, 4, 1)}
results["standard"] = dcs.readings("R733", **day)
results["complete"] = dcs.readings("R733", format="complete", **day)
for name in ("standard", "complete"):
    lazily = dcs.readings("R733", format=name, iterator=True, **day)
    results[f"{name} iterator"] = {**lazily, "readings": list(lazily["readings"])}
results["virtual"] = dcs.readings("VM9", **day)
results["by end and count"] = dcs.readings(
    "r733", endTime=date(2021, 1, 1), periodCount=3, calibrated=False, interpolated=False
)
results["gap"] = dcs.readings(
    "R801",
    datetime(2023, 3, 1, tzinfo=UTC),
    periodCount=6,
    calibrated=False,
    format="complete",
)
results["ratio"] = dcs.readings("VM16", date(2024, 1, 1), periodCount=48)
results["large"] = {}
for period, start, end, window in (
    ("halfHour", date(2020, 1, 1), date(2022, 1, 1), timedelta(days=365)),
    ("week", date(2020, 1, 6), date(2022, 1, 3), timedelta(days=365)),
    ("month", date(2020, 1, 1), date(2022, 1, 1), timedelta(days=365)),
):
    answer = dcs.largereadings(
        "R733", startTime=start, endTime=end, periodType=period, maxwindow=window
    )
    results["large"][period] = [answer["endTime"], len(answer["readings"])]
lazily = dcs.largereadings(
    "R733", startTime=date(2020, 1, 1), endTime=date(2022, 1, 1), iterator=True
)
results["large iterator"] = sum(1 for _ in lazily["readings"])
results["errors"] = {}
for name, arguments in {
    "unknown id": {"id": "R999999", **day},
    "virtual complete": {"id": "VM9", "format": "complete", **day},
    "bare id": {"id": "733", **day},
    "misaligned": {
        "id": "R733",
        "startTime": date(2024, 1, 2),
        "periodCount": 1,
        "periodType": "month",
    },
}.items():
    try:
        dcs.readings(**arguments)
    except HTTPError as error:
        results["errors"][name] = [type(error).__name__, error.response.status_code, str(error)]
dcs.signout()
results["after sign-out"] = len(dcs.meters())

json.dump(results, sys.stdout, default=lambda value: value.isoformat())
