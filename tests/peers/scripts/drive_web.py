"""Drives every function of DcsWebApi: `drive_web.py MODULE ADDRESS`."""

import importlib
import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

module = importlib.import_module(sys.argv[1])

address = sys.argv[2]
results: dict[str, Any] = {}


def status_of(error: Any) -> int:
    """The HTTP status that an error of any client carries."""
    status: int = error.response.status_code if hasattr(error, "response") else error.status
    return status


refused = module.DcsWebApi(address, "demo", "wrong")
try:
    results["after refusal"] = len(refused.meters())
except Exception as error:  # noqa: BLE001
    results["after refusal"] = type(error).__name__
anonymous = module.DcsWebApi(address)
results["public meters"] = anonymous.meters()
results["public vms"] = anonymous.virtualmeters()
results["public readings"] = anonymous.readings("R733", date(2024, 1, 1), periodCount=2)

dcs = module.DcsWebApi(address, "demo", "demo")
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
    except Exception as error:  # noqa: BLE001 - each client has classes of its own
        results["errors"][name] = [status_of(error), f"{error} {getattr(error, 'details', '')}"]
dcs.signout()
results["after sign-out"] = len(dcs.meters())

json.dump(results, sys.stdout, default=lambda value: value.isoformat())
