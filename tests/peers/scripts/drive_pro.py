"""Drives the functions beyond the core: `drive_pro.py MODULE RELEASE ADDRESS`."""

import contextlib
import importlib
import io
import json
import sys
from datetime import UTC, date, datetime, timedelta

module = importlib.import_module(sys.argv[1])

is_new = sys.argv[2] == "1.1.1"
results = {}

with contextlib.redirect_stdout(io.StringIO()):
    dcs = module.DCSSession(sys.argv[3], "demo", "demo")
    idcs = results["idcs"] = dcs.get_idcs()
    mac = idcs[0]["macAddress"]
    results["idc"] = dcs.get_idcs(mac)
    results["settings"] = dcs.get_idc_settings(mac)
    dcs.update_idc_settings(mac, {"name": "Changed"})
    results["settings after"] = dcs.get_idc_settings(mac)
    devices = results["devices"] = dcs.get_modbus_devices_by_idc(mac)
    results["device"] = dcs.get_modbus_device_by_id(devices[0]["id"])
    added = results["added device"] = dcs.add_modbus_device(
        {
            "address": 101,
            "description": "New counter",
            "serialNumber": "AB12CD34",
            "deviceType": "pulseCounter",
            "macAddress": mac,
        }
    )
    results["updated device"] = dcs.update_modbus_device({"id": added["id"], "macAddress": mac})
    results["command"] = dcs.command_modbus_device(devices[0]["id"], "testComms")
    dcs.delete_modbus_device(added["id"])
    results["devices after"] = dcs.get_modbus_devices_by_idc(mac)
    tree = results["tree"] = dcs.get_meter_tree()
    results["top of tree"] = dcs.get_meter_tree(0, False, True, True)
    leaf = tree["meterGroups"][0]["meterGroups"][0]
    results["flat leaf"] = [m["id"] for m in module.get_meters_from_group(leaf, [])]
    if is_new:
        results["flat tree"] = [m["id"] for m in module.get_meters_from_group(tree, [])]
    results["by idc"] = dcs.get_meters_by_idc(mac)
    meter = dcs.get_meters(405)
    results["renamed"] = dcs.update_meter({**meter, "name": "Renamed meter"})
    results["blanked"] = dcs.update_meter({"id": 405, "name": "Sample meter"})
    types = results["types"] = dcs.get_metertypes()
    results["type"] = dcs.get_metertypes(types[0]["id"])
    dcs.add_registers(405, [types[0]["registerTypes"][1]["id"]])
    results["registers after"] = dcs.get_meters(405)["registers"]
    # With plain dates both releases lose the end of the span.
    window = {"start": datetime(2020, 1, 1, tzinfo=UTC), "end": datetime(2022, 1, 1, tzinfo=UTC)}
    results["mega count"] = len(dcs.get_mega_readings(733, maxwindow=timedelta(days=100), **window))
    lazily = dcs.get_mega_readings(733, iterator=True, **window)
    results["mega iterator count"] = sum(1 for _ in lazily)
    if is_new:
        results["calibrations"] = dcs.get_calibration_reads(801)
        results["one calibration"] = dcs.get_calibration_reads(801, 1, 1)
        dcs.import_metereddata(
            "RegisterId, Date, Time, Duration, PeriodValue, TotalValue\n"
            "801, 01/03/2023, 01:00:00, 30, 5, 5011\n"
        )
        results["imported"] = dcs.get_readings(
            801, start=date(2023, 3, 1), end=date(2023, 3, 2), calibrated=False
        )
        users = results["users"] = dcs.get_users()
        results["user"] = dcs.get_users(users[0]["id"])
        results["update echo"] = dcs.update_user({**users[1], "email": "new@example.org"})
        results["user after"] = dcs.get_users(users[1]["id"])
        fields = {"email": "n@example.org", "name": "newcomer", "role": "Viewer"}
        created = results["created user"] = dcs.create_user(fields)
        dcs.delete_user(created["id"])
        results["users after"] = len(dcs.get_users())
        results["meter profiles"] = dcs.get_meterrestrictions()
        results["idc profiles"] = dcs.get_idcrestrictions()
        results["mac"] = [
            module.macint_to_hex(101988696065),
            module.machex_to_int("00:17:BF:00:00:01"),
        ]
    dcs.logout()

json.dump(results, sys.stdout, default=lambda value: value.isoformat())
