"""The undocumented functions send what the user interface sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from tests.platforms.dcs.conftest import Canned, Reply

from tidegate.dcs import DCSSession, get_meters_from_group, machex_to_int, macint_to_hex
from tidegate.model.errors import BadValue, MalformedAnswer

if TYPE_CHECKING:
    from tidegate.standins.dcs import Standin

MAC = 101988696065

CALLS = [
    ("get_idcs", (), "GET", "/api/Idcs/", {}, None),
    ("get_idcs", (MAC,), "GET", f"/api/Idcs/{MAC}", {}, None),
    ("get_idcs", ("00:17:BF:00:00:01",), "GET", f"/api/Idcs/{MAC}", {}, None),
    ("get_idc_settings", (MAC,), "GET", f"/api/Idcs/settings/{MAC}", {}, None),
    (
        "update_idc_settings", (MAC, {"ip": "x"}), "PUT", "/api/idcs/settings/", {},
        {"macAddress": MAC, "idcSettings": {"ip": "x"}},
    ),
    ("get_modbus_devices_by_idc", (MAC,), "GET", f"/api/ModbusDevices/byIdc/{MAC}", {}, None),
    ("get_modbus_device_by_id", (4,), "GET", "/api/ModbusDevices/4", {}, None),
    ("update_modbus_device", ({"id": 4},), "PUT", "/api/ModbusDevices/", {}, {"id": 4}),
    ("add_modbus_device", ({"address": 4},), "POST", "/api/ModbusDevices/", {}, {"address": 4}),
    (
        "command_modbus_device", (4, "setup"), "POST", "/api/ModbusDevices/command/", {},
        {"id": 4, "action": "setup"},
    ),
    ("delete_modbus_device", (4,), "DELETE", "/api/ModbusDevices/4", {}, None),
    (
        "get_meter_tree", (), "GET", "/api/MeterGroups/0",
        {"recursively": "true", "groupsOnly": "false", "withoutRegister": "false"}, None,
    ),
    ("get_meters_by_idc", (MAC,), "GET", f"/api/Meters/byIdc/{MAC}", {}, None),
    ("update_meter", ({"id": 4},), "PUT", "/api/Meters/", {}, {"id": 4}),
    ("get_metertypes", (), "GET", "/api/MeterTypes/", {}, None),
    ("get_metertypes", (4,), "GET", "/api/MeterTypes/4", {}, None),
    (
        "add_registers", (4, [1, 2]), "POST", "/api/Registers/add/", {},
        {"meterId": 4, "registerTypeIds": [1, 2]},
    ),
    (
        "import_metereddata", (b"a,b",), "POST", "/api/registerReadings/import/", {},
        {"dataImportPluginId": 1, "data": "a,b"},
    ),
    ("get_users", (), "GET", "/api/users/", {}, None),
    ("get_users", ("a-b",), "GET", "/api/users/a-b", {}, None),
    ("update_user", ({"id": "a"},), "PUT", "/api/users/", {}, {"id": "a"}),
    ("create_user", ({"name": "a"},), "POST", "/api/users/", {}, {"name": "a"}),
    ("delete_user", ("a-b",), "DELETE", "/api/users/a-b", {}, None),
    ("get_meterrestrictions", (), "GET", "/api/meterrestrictionprofiles", {}, None),
    ("get_idcrestrictions", (), "GET", "/api/idcrestrictionprofiles", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "method", "path", "query", "body"), CALLS)
def test_requests(  # noqa: PLR0917 - a table has many columns
    canned: Canned,
    name: str,
    arguments: tuple[Any, ...],
    method: str,
    path: str,
    query: dict[str, str],
    body: Any,
):
    """Each function sends the recorded request and gives the document of the answer."""
    canned.answer("/api", {"its": "answer"})
    with DCSSession(canned.url) as session:
        assert getattr(session, name)(*arguments) == {"its": "answer"}
    [asked] = canned.asked

    assert (method, path, query) == (asked.method, asked.path, asked.query)
    assert body == (json.loads(asked.body) if asked.body else None)


def test_nothing_answered(canned: Canned):
    """A change that the server answers with nothing gives None."""
    canned.replies["/api"] = Reply(status=204, headers={})
    with DCSSession(canned.url) as session:
        assert session.delete_user("a") is None


class TestCalibrationReads:
    def test_times_are_utc(self, steady_standin: Standin):
        """Times of calibration readings, sent without zone, are UTC."""
        with DCSSession(steady_standin.base_app, "demo", "demo") as session:
            answer = session.get_calibration_reads(801)
        first = answer[0]

        assert datetime(2023, 3, 1, 0, 15, tzinfo=UTC) == first["timestamp"]
        assert datetime(2023, 3, 1, tzinfo=UTC) == first["startTime"]

    def test_parameters(self, canned: Canned):
        """Part of the calibration readings is asked for by place and number."""
        canned.answer("/api", {"calibrationReadings": []})
        with DCSSession(canned.url) as session:
            session.get_calibration_reads(801, 3, maxCount=4)

        assert canned.asked[0].query == {"registerId": "801", "startIndex": "3", "maxCount": "4"}

    @pytest.mark.parametrize("answer", [[], {}, {"calibrationReadings": [{"timestamp": "x"}]}])
    def test_malformed(self, canned: Canned, answer: Any):
        """Another document than expected is an error."""
        canned.answer("/api", answer)
        with DCSSession(canned.url) as session, pytest.raises(MalformedAnswer):
            session.get_calibration_reads(801)


class TestMetersFromGroup:
    TREE: ClassVar[dict[str, Any]] = {
        "meters": [{"id": 1}],
        "meterGroups": [{"meters": [{"id": 2}], "meterGroups": [{"meters": [{"id": 3}]}]}, {}],
    }

    def test_nested(self):
        """Meters of all nested groups come in one list."""
        assert [meter["id"] for meter in get_meters_from_group(self.TREE)] == [1, 2, 3]

    def test_nothing_is_kept_between_calls(self):
        """A second call gives the same, and a list that is passed in is not changed."""
        given = [{"id": 9}]

        assert len(get_meters_from_group(self.TREE)) == 3
        assert len(get_meters_from_group(self.TREE)) == 3
        assert len(get_meters_from_group(self.TREE, given)) == 4
        assert given == [{"id": 9}]

    def test_of_a_server(self, steady_standin: Standin):
        """The tree of a server holds its meters."""
        with DCSSession(steady_standin.base_app, "demo", "demo") as session:
            found = get_meters_from_group(session.get_meter_tree())
            listed = session.get_meters()

        assert {meter["id"] for meter in listed} == {meter["id"] for meter in found}


class TestMac:
    def test_there_and_back(self):
        """A number and its text are the same address."""
        assert macint_to_hex(MAC) == "00:17:BF:00:00:01"
        assert MAC == machex_to_int("00:17:bf:00:00:01") == machex_to_int("0017BF000001")

    @pytest.mark.parametrize("text", ["00-17-BF-00-00-01", "00:17", "zz:17:BF:00:00:01", ""])
    def test_no_address(self, text: str):
        """Hyphens, wrong lengths and wrong digits are refused."""
        with pytest.raises(BadValue):
            machex_to_int(text)

    @pytest.mark.parametrize("number", [-1, 1 << 48])
    def test_no_number(self, number: int):
        """A number of more than 48 bits is refused."""
        with pytest.raises(BadValue):
            macint_to_hex(number)
