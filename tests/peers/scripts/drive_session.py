"""Drives every function of DCSSession that both releases have: `MODULE ADDRESS`."""

import contextlib
import importlib
import io
import json
import sys
from datetime import UTC, date, datetime
from typing import Any

module = importlib.import_module(sys.argv[1])
address = sys.argv[2]
results: dict[str, Any] = {}
printed = io.StringIO()  # the old release reports by printing


def status_of(error: Any) -> int:
    """The HTTP status that an error of any client carries."""
    status: int = error.response.status_code if hasattr(error, "response") else error.status
    return status


with contextlib.redirect_stdout(printed):
    refused = module.DCSSession(address, "demo", "wrong")
    results["refused role"] = getattr(refused, "role", None)
    refused.login("viewer", "demo")
    results["later role"] = refused.role
    refused.logout()

    dcs = module.DCSSession(address, "demo", "demo")
    results["role"] = dcs.role
    results["meters"] = dcs.get_meters()
    results["meter"] = dcs.get_meters(405)
    results["vms"] = dcs.get_vms()
    results["vm"] = dcs.get_vms(9)
    day = {"start": date(2024, 3, 31), "end": date(2024, 4, 1)}
    results["register"] = dcs.get_readings(733, **day)
    results["register iterator"] = list(dcs.get_readings(733, iterator=True, **day))
    results["virtual"] = dcs.get_readings(9, True, **day)
    results["virtual iterator"] = list(dcs.get_readings(9, True, iterator=True, **day))
    results["default window"] = len(dcs.get_readings(733))
    results["gap"] = dcs.get_readings(801, start=date(2023, 3, 1), end=date(2023, 3, 2))
    results["padded"] = dcs.get_readings(
        801, start=date(2023, 3, 1), end=date(2023, 3, 2), interpolated=False, calibrated=False
    )
    for period in ("hour", "day", "week", "month"):
        results[period] = dcs.get_readings(
            733, start=date(2024, 1, 1), end=date(2024, 3, 1), integrationPeriod=period
        )
    results["local"] = dcs.get_readings(
        733, start=date(2024, 7, 1), end=date(2024, 7, 2), useLocalTime=True
    )
    results["long local day"] = len(
        dcs.get_readings(733, start=date(2024, 10, 27), end=date(2024, 10, 28), useLocalTime=True)
    )
    results["places"] = dcs.get_readings(733, decimalPlaces=1, **day)
    results["time of day"] = dcs.get_readings(
        733,
        start=datetime(2024, 1, 1, 6, 30, tzinfo=UTC),
        end=datetime(2024, 1, 1, 8, 0, tzinfo=UTC),
    )
    calibrated = next(m for m in results["meters"] if m["name"].startswith("Workshop"))
    register = calibrated["registers"][0]["id"]
    for source in ("manual", "merged"):
        results[source] = dcs.get_readings(
            register, start=date(2021, 5, 1), end=date(2021, 5, 2), source=source
        )
    try:
        dcs.get_readings(999_999, **day)
    except Exception as error:  # noqa: BLE001 - each client has classes of its own
        results["unknown id"] = status_of(error)
    dcs.logout()
    results["signed out role"] = dcs.role
    try:
        dcs.get_meters()
    except Exception as error:  # noqa: BLE001
        results["signed out"] = status_of(error)
    with module.DCSSession(address, "demo", "demo") as inside:
        results["inside"] = len(inside.get_meters())
        inside.logout()

results["printed"] = printed.getvalue()
json.dump(results, sys.stdout, default=lambda value: value.isoformat())
