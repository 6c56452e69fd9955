"""The undocumented functions of the App API: collectors, devices, groups, users and changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Route

from tidegate.model import instants
from tidegate.standins.dcs.accounts import CHANGING_ROLES, Account
from tidegate.standins.dcs.answers import Answer, json_answer
from tidegate.standins.dcs.app_api import shown
from tidegate.standins.dcs.estate import Document, user_document
from tidegate.standins.dcs.imports import import_readings
from tidegate.standins.dcs.refusals import Refusal, bad_request
from tidegate.standins.dcs.requests import json_body, parameters
from tidegate.standins.dcs.slots import SLOT_US

if TYPE_CHECKING:
    from starlette.requests import Request

    from tidegate.standins.dcs.service import Service

_BLANK_METER: Final[Document] = {
    "name": "",
    "connectionMethod": "tcp",
    "deviceId": "",
    "remoteAddress": "",
    "serialNumber": "",
    "status": "unknown",
}
_BLANK_DEVICE: Final[Document] = {
    "macAddress": 0,
    "address": 0,
    "deviceType": "",
    "description": "",
    "serialNumber": "",
    "status": "offline",
    "statusTimestamp": None,
}
_ALL_DEVICES: Final = frozenset({"testComms"})
_COMMANDS: Final = frozenset({"testComms", "setup", "resetBuffer"})


def routes(service: Service, base: str) -> list[Route]:
    """The routes of these functions under a lower-case base path that ends in `/api`."""
    return [
        *_collector_routes(service, base),
        *_meter_routes(service, base),
        *_user_routes(service, base),
    ]


def _collector_routes(service: Service, base: str) -> list[Route]:
    api = _Collectors(service)
    return [
        Route(f"{base}/idcs", api.all),
        Route(f"{base}/idcs/settings", api.change_settings, methods=["PUT"]),
        Route(f"{base}/idcs/settings/{{mac:int}}", api.settings),
        Route(f"{base}/idcs/{{mac:int}}", api.one),
        Route(f"{base}/modbusdevices/byidc/{{mac:int}}", api.devices),
        Route(f"{base}/modbusdevices/command", api.command, methods=["POST"]),
        Route(f"{base}/modbusdevices/{{id:int}}", api.device, methods=["GET"]),
        Route(f"{base}/modbusdevices/{{id:int}}", api.remove_device, methods=["DELETE"]),
        Route(f"{base}/modbusdevices", api.add_device, methods=["POST"]),
        Route(f"{base}/modbusdevices", api.change_device, methods=["PUT"]),
    ]


def _meter_routes(service: Service, base: str) -> list[Route]:
    api = _Meters(service)
    return [
        Route(f"{base}/metergroups/{{id:int}}", api.groups),
        Route(f"{base}/calibrationreadings", api.calibrations),
        Route(f"{base}/meters/byidc/{{mac:int}}", api.by_collector),
        Route(f"{base}/meters", api.change, methods=["PUT"]),
        Route(f"{base}/metertypes", api.types),
        Route(f"{base}/metertypes/{{id:int}}", api.type),
        Route(f"{base}/registers/add", api.add_registers, methods=["POST"]),
        Route(f"{base}/registerreadings/import", api.import_data, methods=["POST"]),
    ]


def _user_routes(service: Service, base: str) -> list[Route]:
    api = _Users(service)
    return [
        Route(f"{base}/users", api.all, methods=["GET"]),
        Route(f"{base}/users", api.change, methods=["PUT"]),
        Route(f"{base}/users", api.create, methods=["POST"]),
        Route(f"{base}/users/{{id}}", api.one, methods=["GET"]),
        Route(f"{base}/users/{{id}}", api.remove, methods=["DELETE"]),
        Route(f"{base}/meterrestrictionprofiles", api.meter_profiles),
        Route(f"{base}/idcrestrictionprofiles", api.idc_profiles),
    ]


def _reader(service: Service, request: Request) -> Account:
    """Who asks, if it is more than a guest."""
    account = service.app_account(request)
    if account.is_guest:
        raise Refusal(403, "Guests may only see metered data.")
    return account


def _changer(service: Service, request: Request) -> Account:
    """Who asks, if it may change meters and devices."""
    account = service.app_account(request)
    if account.role not in CHANGING_ROLES:
        raise Refusal(403, "Your role does not allow changes.")
    return account


def _administrator(service: Service, request: Request) -> Account:
    account = service.app_account(request)
    if account.role != "Administrator":
        raise Refusal(403, "Only administrators may do this.")
    return account


async def _document(request: Request) -> Document:
    body = await json_body(request)
    if not isinstance(body, dict):
        raise bad_request("The body must be an object.")
    return body


def _found(documents: dict[Any, Document], key: Any, kind: str) -> Document:
    if key not in documents:
        raise Refusal(404, f"There is no {kind} {key}.")
    return documents[key]


class _Collectors:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.estate = service.estate

    async def all(self, request: Request) -> Answer:
        _reader(self.service, request)
        return json_answer(list(self.estate.idcs.values()))

    async def one(self, request: Request) -> Answer:
        _reader(self.service, request)
        return json_answer(_found(self.estate.idcs, request.path_params["mac"], "IDC"))

    async def settings(self, request: Request) -> Answer:
        _reader(self.service, request)
        return json_answer(_found(self.estate.idc_settings, request.path_params["mac"], "IDC"))

    async def change_settings(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        old = _found(self.estate.idc_settings, body.get("macAddress"), "IDC")
        given = body.get("idcSettings", {})
        blank = {name: type(value)() for name, value in old.items()}
        self.estate.idc_settings[body["macAddress"]] = blank | given
        return json_answer({})

    async def devices(self, request: Request) -> Answer:
        _reader(self.service, request)
        mac = _found(self.estate.idcs, request.path_params["mac"], "IDC")["macAddress"]
        return json_answer([d for d in self.estate.modbus.values() if d["macAddress"] == mac])

    async def device(self, request: Request) -> Answer:
        _reader(self.service, request)
        return json_answer(_found(self.estate.modbus, request.path_params["id"], "device"))

    async def add_device(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        if body.get("deviceType") not in {"pulseCounter", "radioReceiver"}:
            raise bad_request("deviceType must be pulseCounter or radioReceiver.")
        serial = str(body.get("serialNumber", ""))
        if len(serial) != 8 or not serial.isalnum():
            raise bad_request("serialNumber must be 8 letters or digits.")
        _found(self.estate.idcs, body.get("macAddress"), "IDC")
        number = max(self.estate.modbus, default=0) + 1
        self.estate.modbus[number] = _BLANK_DEVICE | body | {"id": number}
        return json_answer(self.estate.modbus[number])

    async def change_device(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        number = _found(self.estate.modbus, body.get("id"), "device")["id"]
        self.estate.modbus[number] = _BLANK_DEVICE | body
        return json_answer(self.estate.modbus[number])

    async def command(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        device = _found(self.estate.modbus, body.get("id"), "device")
        is_meter = device["deviceType"] == "modbusMeter"
        if body.get("action") not in (_ALL_DEVICES if is_meter else _COMMANDS):
            raise bad_request("The device does not know this action.")
        return json_answer({"id": device["id"], "action": body["action"], "success": True})

    async def remove_device(self, request: Request) -> Answer:
        _changer(self.service, request)
        number = _found(self.estate.modbus, request.path_params["id"], "device")["id"]
        del self.estate.modbus[number]
        return json_answer({})


class _Meters:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.estate = service.estate

    async def groups(self, request: Request) -> Answer:
        account = self.service.app_account(request)
        given = parameters(request)
        flags = {
            name: given.get(name.lower(), default).lower() == "true"
            for name, default in (
                ("recursively", "true"),
                ("groupsOnly", "false"),
                ("withoutRegister", "false"),
            )
        }
        _found(self.estate.groups, request.path_params["id"], "group")
        return json_answer(self._group(account, request.path_params["id"], flags))

    def _group(self, account: Account, number: int, flags: dict[str, bool]) -> Document:
        group = self.estate.groups[number]
        ids = [n for n in group["meters"] if n in self.estate.meters and account.sees_meter(n)]
        meters = [
            shown(self.service, account, n, registers=not flags["withoutRegister"]) for n in ids
        ]
        children = [n for n, other in self.estate.groups.items() if other["parent"] == number]
        inner = [self._group(account, n, flags) for n in children if flags["recursively"]]
        return {
            "id": number,
            "name": group["name"],
            "hasMeters": bool(ids),
            "meters": [] if flags["groupsOnly"] else meters,
            "meterGroups": inner,
        }

    async def calibrations(self, request: Request) -> Answer:
        account = _reader(self.service, request)
        given = parameters(request)
        try:
            number = int(given["registerid"])
            start = int(given.get("startindex", "0"))
            count = int(given.get("maxcount", "100"))
        except (KeyError, ValueError):
            raise bad_request("registerId, startIndex and maxCount must be numbers.") from None
        register = self.estate.registers.get(number)
        if register is None:
            raise bad_request(f"There is no register with the id {number}.")
        shown(self.service, account, register.meter)
        found = [
            {
                "id": place + 1,
                "registerId": number,
                "timestamp": instants.to_text(round(item.read.at * SLOT_US)).rstrip("Z"),
                "startTime": instants.to_text(item.start * SLOT_US).rstrip("Z"),
                "value": item.read.total / 1e6,
                "calibratePreviousPeriod": False,
            }
            for place, item in enumerate(register.calibrations)
        ]
        part = found[start : start + count]
        return json_answer({"totalCount": len(found), "calibrationReadings": part})

    async def by_collector(self, request: Request) -> Answer:
        account = _reader(self.service, request)
        mac = _found(self.estate.idcs, request.path_params["mac"], "IDC")["macAddress"]
        text = ":".join(f"{mac:012X}"[at : at + 2] for at in range(0, 12, 2))
        found = [
            shown(self.service, account, number, registers=False)
            for number, meter in self.estate.meters.items()
            if meter["remoteAddress"].startswith(text) and account.sees_meter(number)
        ]
        return json_answer(found)

    async def change(self, request: Request) -> Answer:
        account = _changer(self.service, request)
        body = await _document(request)
        old = _found(self.estate.meters, body.get("id"), "meter")
        fields = {name: value for name, value in body.items() if name != "registers"}
        kind = {"meterType": old["meterType"]}
        self.estate.meters[old["id"]] = _BLANK_METER | kind | fields
        return json_answer(shown(self.service, account, old["id"]))

    async def types(self, request: Request) -> Answer:
        _changer(self.service, request)
        return json_answer(list(self.estate.meter_types.values()))

    async def type(self, request: Request) -> Answer:
        _changer(self.service, request)
        return json_answer(_found(self.estate.meter_types, request.path_params["id"], "meter type"))

    async def add_registers(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        _found(self.estate.meters, body.get("meterId"), "meter")
        wanted = body.get("registerTypeIds", [])
        types = {t["id"]: t for k in self.estate.meter_types.values() for t in k["registerTypes"]}
        for number in wanted:
            self.estate.add_register(body["meterId"], _found(types, number, "register type"))
        return json_answer({})

    async def import_data(self, request: Request) -> Answer:
        _changer(self.service, request)
        body = await _document(request)
        if body.get("dataImportPluginId") != 1:
            raise bad_request("There is no such import.")
        count = import_readings(self.estate, str(body.get("data", "")))
        return json_answer({"imported": count})


class _Users:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.estate = service.estate

    async def all(self, request: Request) -> Answer:
        _administrator(self.service, request)
        return json_answer(list(self.estate.users.values()))

    async def one(self, request: Request) -> Answer:
        _administrator(self.service, request)
        return json_answer(_found(self.estate.users, request.path_params["id"], "user"))

    async def change(self, request: Request) -> Answer:
        _administrator(self.service, request)
        body = await _document(request)
        old = _found(self.estate.users, body.get("id"), "user")
        self.estate.users[old["id"]] = user_document(body | {"name": old["name"]})
        return json_answer(old)

    async def create(self, request: Request) -> Answer:
        _administrator(self.service, request)
        body = await _document(request)
        if not {"email", "name", "role"} <= body.keys():
            raise bad_request("email, name and role are required.")
        user = user_document({**body, "id": None})
        if user["id"] in self.estate.users:
            raise bad_request("There is a user of this name already.")
        self.estate.users[user["id"]] = user
        return json_answer(user)

    async def remove(self, request: Request) -> Answer:
        _administrator(self.service, request)
        del self.estate.users[_found(self.estate.users, request.path_params["id"], "user")["id"]]
        return json_answer({})

    async def meter_profiles(self, request: Request) -> Answer:
        _administrator(self.service, request)
        return json_answer(self.estate.meter_profiles)

    async def idc_profiles(self, request: Request) -> Answer:
        _administrator(self.service, request)
        return json_answer(self.estate.idc_profiles)
