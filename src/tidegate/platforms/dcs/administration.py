"""Functions of the user interface's API that its vendor does not document.

They may change with any release of the server. Those that change something there are never sent
twice: a broken connection leaves it open whether the change was made. A record that is updated
takes the place of the old one whole: what it leaves out is blanked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tidegate.model.errors import MalformedAnswer
from tidegate.platforms.dcs.client import DcsClient
from tidegate.platforms.dcs.mac import machex_to_int
from tidegate.platforms.dcs.queries import flag, whole_number

Record = dict[str, Any]

_EVERYTHING = 2**31 - 1


class Administration(DcsClient):
    """The undocumented functions of a session; documents are passed as the server sends them."""

    def get_idcs(self, macAddress: int | str | None = None) -> Any:
        """All data collectors, or the one of a MAC address (a number or hexadecimal text)."""
        if macAddress is None:
            return self._ask("GET", "/api/Idcs/", subject="data collectors")
        return self._ask("GET", f"/api/Idcs/{_mac(macAddress)}", subject=_idc(macAddress))

    def get_idc_settings(self, macAddress: int | str) -> Any:
        """Settings of a data collector, which the server asks of the device itself."""
        return self._ask("GET", f"/api/Idcs/settings/{_mac(macAddress)}", subject=_idc(macAddress))

    def update_idc_settings(self, macAddress: int | str, settings: Record) -> Any:
        """Replace the settings of a data collector, which restarts; what is left out is blanked."""
        document = {"macAddress": _mac(macAddress), "idcSettings": settings}
        return self._ask("PUT", "/api/idcs/settings/", json=document, subject=_idc(macAddress))

    def get_modbus_devices_by_idc(self, macAddress: int | str) -> Any:
        """The Modbus devices behind a data collector."""
        return self._ask(
            "GET", f"/api/ModbusDevices/byIdc/{_mac(macAddress)}", subject=_idc(macAddress)
        )

    def get_modbus_device_by_id(self, id: int) -> Any:
        """One Modbus device."""
        return self._one("ModbusDevices", "Modbus device", id)

    def update_modbus_device(self, device: Record) -> Any:
        """Replace a Modbus device; what the record leaves out is blanked."""
        return self._ask("PUT", "/api/ModbusDevices/", json=device, subject="Modbus device")

    def add_modbus_device(self, device: Record) -> Any:
        """Create a Modbus device behind a data collector."""
        return self._ask("POST", "/api/ModbusDevices/", json=device, subject="Modbus device")

    def command_modbus_device(self, id: int, command: str) -> Any:
        """Make a device do something: `testComms`, `setup` or `resetBuffer`."""
        document = {"id": whole_number("id", id), "action": command}
        return self._ask(
            "POST", "/api/ModbusDevices/command/", json=document, subject=f"Modbus device {id}"
        )

    def delete_modbus_device(self, id: int) -> Any:
        """Remove a Modbus device."""
        number = whole_number("id", id)
        path = f"/api/ModbusDevices/{number}"
        return self._ask("DELETE", path, subject=f"Modbus device {number}")

    def get_meter_tree(
        self,
        id: int = 0,
        recursively: bool = True,
        groupsOnly: bool = False,
        withoutRegister: bool = False,
    ) -> Any:
        """A group of the tree of meters with what is in it; group 0 is the root."""
        number = whole_number("id", id)
        params = {
            "recursively": flag(recursively),
            "groupsOnly": flag(groupsOnly),
            "withoutRegister": flag(withoutRegister),
        }
        path = f"/api/MeterGroups/{number}"
        return self._ask("GET", path, params=params, subject=f"meter group {number}")

    def get_calibration_reads(
        self, registerId: int, startIndex: int = 0, maxCount: int = _EVERYTHING
    ) -> Any:
        """Calibration readings of a register, with aware `timestamp` and `startTime` in UTC."""
        number = whole_number("registerId", registerId)
        params = {
            "registerId": str(number),
            "startIndex": str(whole_number("startIndex", startIndex)),
            "maxCount": str(whole_number("maxCount", maxCount)),
        }
        subject = f"register {number}"
        document = self._ask("GET", "/api/CalibrationReadings/", params=params, subject=subject)
        return _with_utc(document, subject)

    def get_meters_by_idc(self, macAddress: int | str) -> Any:
        """The meters behind a data collector, without their registers."""
        path = f"/api/Meters/byIdc/{_mac(macAddress)}"
        return self._ask("GET", path, subject=_idc(macAddress))

    def update_meter(self, settings: Record) -> Any:
        """Replace a meter's settings; what the record leaves out is blanked."""
        return self._ask("PUT", "/api/Meters/", json=settings, subject="meter")

    def get_metertypes(self, id: int | None = None) -> Any:
        """All types of meters with their types of registers, or one."""
        if id is None:
            return self._ask("GET", "/api/MeterTypes/", subject="meter types")
        return self._one("MeterTypes", "meter type", id)

    def add_registers(self, meterId: int, registerTypeIds: list[int]) -> Any:
        """Add registers of given types to a meter."""
        document = {
            "meterId": whole_number("meterId", meterId),
            "registerTypeIds": list(registerTypeIds),
        }
        return self._ask("POST", "/api/Registers/add/", json=document, subject=f"meter {meterId}")

    def import_metereddata(self, filedata: str | bytes) -> Any:
        """Import readings from the text of a CSV file; existing readings are overwritten."""
        text = filedata.decode() if isinstance(filedata, bytes) else filedata
        document = {"dataImportPluginId": 1, "data": text}
        return self._ask(
            "POST", "/api/registerReadings/import/", json=document, subject="import of readings"
        )

    def get_users(self, id: str | None = None) -> Any:
        """All users, or the one of an id."""
        if id is None:
            return self._ask("GET", "/api/users/", subject="users")
        return self._ask("GET", f"/api/users/{_segment(id)}", subject=f"user {id}")

    def update_user(self, user: Record) -> Any:
        """Replace a user; the server may answer with the record as it was before."""
        return self._ask("PUT", "/api/users/", json=user, subject="user")

    def create_user(self, user: Record) -> Any:
        """Create a user from at least `email`, `name` and `role`."""
        return self._ask("POST", "/api/users/", json=user, subject="user")

    def delete_user(self, userid: str) -> Any:
        """Remove a user."""
        return self._ask("DELETE", f"/api/users/{_segment(userid)}", subject=f"user {userid}")

    def get_meterrestrictions(self) -> Any:
        """Profiles of which meters an account may see."""
        return self._ask("GET", "/api/meterrestrictionprofiles", subject="meter restrictions")

    def get_idcrestrictions(self) -> Any:
        """Profiles of which data collectors an account may see."""
        return self._ask("GET", "/api/idcrestrictionprofiles", subject="collector restrictions")

    def _one(self, path: str, kind: str, id: int) -> Any:
        number = whole_number("id", id)
        return self._ask("GET", f"/api/{path}/{number}", subject=f"{kind} {number}")


def get_meters_from_group(group: Record, meters: list[Record] | None = None) -> list[Record]:
    """The meters of a group from `get_meter_tree` and of all groups in it, in one new list.

    Args:
        group: the group.
        meters: what the list begins with; it is not changed.
    """
    found = list(meters or [])
    waiting = [group]
    while waiting:
        current = waiting.pop(0)
        found += current.get("meters") or []
        waiting[:0] = current.get("meterGroups") or []
    return found


def _mac(address: int | str) -> int:
    return machex_to_int(address) if isinstance(address, str) else whole_number("MAC", address)


def _idc(address: int | str) -> str:
    return f"data collector {address}"


def _segment(id: str) -> str:
    return quote(str(id), safe="")


def _with_utc(document: Any, subject: str) -> Any:
    """The calibration readings with aware times; the server means UTC and does not say so."""
    try:
        for reading in document["calibrationReadings"]:
            for name in ("timestamp", "startTime"):
                if reading.get(name) is not None:
                    moment = datetime.fromisoformat(reading[name])
                    reading[name] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return document["calibrationReadings"]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise MalformedAnswer(
            "the answer holds no calibration readings as expected", subject=subject
        ) from problem
