"""The made-up estate: meters with registers, virtual meters, and what surrounds them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.standins.dcs import examples, kinds
from tidegate.standins.dcs.arithmetic import Span
from tidegate.standins.dcs.registers import Register
from tidegate.standins.dcs.slots import SLOT_US, current
from tidegate.standins.dcs.virtual import VirtualMeter

if TYPE_CHECKING:
    from tidegate.standins.dcs.options import Options

Document = dict[str, Any]

FIRST_MAC: Final = 0x0017BF000001
METERS_PER_IDC: Final = 8
_FEWEST_IDCS: Final = 2


@dataclass(slots=True)
class Estate:
    """Everything a stand-in knows; the undocumented functions change it.

    Attributes:
        begin: first slot with readings.
        end: slot after the last reading; `None` is the present.
        meters: documents of meters by id, without registers.
        registers: registers by id.
        virtual: virtual meters by id.
        groups: the tree of meter groups: id to name, parent and meters.
        idcs: collectors by MAC address.
        idc_settings: their settings.
        modbus: Modbus devices by id.
        meter_types: templates of meters by id.
        users: accounts as the user table shows them, by id.
        meter_profiles: meter restriction profiles.
        idc_profiles: IDC restriction profiles.
    """

    begin: int
    end: int | None
    meters: dict[int, Document] = field(default_factory=dict)
    registers: dict[int, Register] = field(default_factory=dict)
    virtual: dict[int, VirtualMeter] = field(default_factory=dict)
    groups: dict[int, Document] = field(default_factory=dict)
    idcs: dict[int, Document] = field(default_factory=dict)
    idc_settings: dict[int, Document] = field(default_factory=dict)
    modbus: dict[int, Document] = field(default_factory=dict)
    meter_types: dict[int, Document] = field(default_factory=dict)
    users: dict[str, Document] = field(default_factory=dict)
    meter_profiles: list[Document] = field(default_factory=list)
    idc_profiles: list[Document] = field(default_factory=list)

    def span(self) -> Span:
        """The slots with readings, up to the last complete half hour."""
        now = current()
        return Span(self.begin, now if self.end is None else min(self.end, now))

    def span_of(self, series: Register | VirtualMeter) -> Span:
        """The slots in which a register or all inputs of a virtual meter may have readings."""
        span = self.span()
        if isinstance(series, VirtualMeter):
            parts = [self.span_of(self.registers[number]) for number in series.aliases.values()]
            return Span(max(part.begin for part in parts), min(part.end for part in parts))
        if series.signal is None:
            slots = series.imported or {span.begin: (0, 0)}
            return Span(min(slots), min(max(slots) + 1, span.end))
        return span

    def registers_of(self, meter: int) -> list[Register]:
        """The registers of a meter, in order of their ids."""
        return [register for register in self.registers.values() if register.meter == meter]

    def meter_document(self, meter: int, *, with_registers: bool = True) -> Document:
        """A meter as the App API sends it."""
        document = dict(self.meters[meter])
        if with_registers:
            document["registers"] = [register.wire() for register in self.registers_of(meter)]
        return document

    def add_meter(self, document: Document, registers: list[Register]) -> None:
        """Adds a meter with its registers."""
        self.meters[document["id"]] = document
        self.registers.update({register.id: register for register in registers})

    def add_register(self, meter: int, kind: Document) -> None:
        """Adds a register of a register type to a meter; it has no readings yet."""
        number = max(self.registers) + 1
        self.registers[number] = Register(
            id=number,
            meter=meter,
            name=kind["name"],
            address=kind["address"],
            unit=kind["unit"],
            id_base=number * kinds.IDS_PER_REGISTER,
            id_origin=self.begin,
        )

    def remove_meter(self, meter: int) -> None:
        """Removes a meter and its registers."""
        self.meters.pop(meter, None)
        for register in self.registers_of(meter):
            del self.registers[register.id]


def build(options: Options) -> Estate:
    """The estate of the size that `options` say; the same options give the same estate."""
    end = None if options.end is None else options.end // SLOT_US
    estate = Estate(options.start // SLOT_US, end)
    for document, registers in kinds.named_meters():
        estate.add_meter(document, registers)
    for number in range(max(options.meters - len(estate.meters), 0)):
        estate.add_meter(*kinds.generated_meter(number))
    estate.virtual = {meter.id: meter for meter in kinds.VIRTUAL_METERS}
    if options.examples:
        for document, registers in examples.meters():
            estate.add_meter(document, registers)
        estate.virtual |= {meter.id: meter for meter in examples.VIRTUAL_METERS}
    _add_surroundings(estate)
    return estate


def _add_surroundings(estate: Estate) -> None:
    estate.meter_types = {kind["id"]: kind for kind in kinds.meter_types()}
    ids = list(estate.meters)
    for number in range(max(len(ids) // METERS_PER_IDC, _FEWEST_IDCS)):
        _add_collector(estate, number)
    for number, start in enumerate(range(0, len(ids), METERS_PER_IDC)):
        estate.groups[number + 2] = {
            "name": f"Zone {number + 1}",
            "parent": 1,
            "meters": ids[start : start + METERS_PER_IDC],
        }
    estate.groups[0] = {"name": "Root", "parent": None, "meters": []}
    estate.groups[1] = {"name": "Campus", "parent": 0, "meters": []}
    for name, role in (("demo", "Administrator"), ("olga", "Operator"), ("victor", "Viewer")):
        user = user_document({"name": name, "email": f"{name}@example.org", "role": role})
        estate.users[user["id"]] = user
    allowed = [{"meterId": next(iter(estate.meters)), "isAllowed": True}]
    estate.meter_profiles = [{"id": 1, "name": "One meter", "items": allowed}]
    estate.idc_profiles = [{"id": 1, "name": "One collector", "macAddresses": [FIRST_MAC]}]


def _add_collector(estate: Estate, number: int) -> None:
    mac = FIRST_MAC + number
    estate.idcs[mac] = {
        "macAddress": mac,
        "name": f"Collector {number + 1}",
        "ipAddress": f"10.8.0.{number % 250 + 1}",
        "lastConnectedTime": instants.to_text(estate.span().end * SLOT_US),
        "isDisabled": False,
        "swVersion": "4.2.1" if number % 2 == 0 else "3.9.0",
        "modbusDeviceCount": 1,
        "deviceStatusSummary": "online",
    }
    estate.idc_settings[mac] = {
        "name": f"Collector {number + 1}",
        "dhcp": True,
        "ntpServer": "pool",
    }
    estate.modbus[number + 1] = {
        "id": number + 1,
        "macAddress": mac,
        "address": 100,
        "deviceType": "pulseCounter",
        "description": f"Pulse counter {number + 1}",
        "serialNumber": f"PC{number + 1:06d}",
        "status": "online",
        "statusTimestamp": None,
    }


def user_document(fields: Document) -> Document:
    """A user record with every field; those not given are blank."""
    name = str(fields.get("name", ""))
    return {
        "id": str(fields.get("id") or uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.example.org")),
        "name": name,
        "email": fields.get("email", ""),
        "role": fields.get("role", "Guest"),
        "expirationDate": fields.get("expirationDate"),
        "lastActivityTimestamp": fields.get("lastActivityTimestamp"),
    }
