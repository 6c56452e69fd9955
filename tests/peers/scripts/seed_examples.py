"""The two examples of the 0.1.1 readme, with the missing colon: `MODULE ADDRESS`."""

import contextlib
import datetime  # noqa: ICN001 - as the example has it
import importlib
import io
import json
import sys
from datetime import date

pythondcs = importlib.import_module(sys.argv[1])
DCSSession = pythondcs.DCSSession

with contextlib.redirect_stdout(io.StringIO()):
    dcs = pythondcs.DCSSession(sys.argv[2], "demo", "demo")
    listofreadings = dcs.get_readings(
        123, start=datetime.date(2019, 1, 1), end=datetime.date(2019, 1, 31)
    )
    dcs.logout()

    with DCSSession(sys.argv[2], "demo", "demo") as dcs:
        listofvms = dcs.get_vms()
        for vm in listofvms:
            if vm["name"] == "Virtual Meter of Interest":
                idofinterest = vm["id"]
                break
        maxdemand = max(
            item["periodValue"]
            for item in dcs.get_readings(
                idofinterest,
                True,
                date(2019, 1, 1),
                date.today(),  # noqa: DTZ011 - as the example has it
                iterator=True,
            )
        )

json.dump(
    {"readings": listofreadings, "id": idofinterest, "maximum": maxdemand},
    sys.stdout,
    default=lambda value: value.isoformat(),
)
