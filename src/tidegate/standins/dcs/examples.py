"""Three registers with a few stored readings each, whose answers can be worked out by hand.

Register 801 holds five totals of 1 March 2023 with a gap of two half hours and two calibrations;
registers 811 and 812 hold three half hours of two halls, which virtual meters 55 and 56 combine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.standins.dcs.registers import Calibration, Point, Register, micro
from tidegate.standins.dcs.slots import slot_of
from tidegate.standins.dcs.virtual import VirtualMeter

if TYPE_CHECKING:
    from collections.abc import Sequence

_START: Final = slot_of("2023-03-01")

VIRTUAL_METERS: Final = (
    VirtualMeter(55, "Two halls", "kWh", "(HALLA+HALLB)*0.5", {"HALLA": 811, "HALLB": 812}, 2),
    VirtualMeter(56, "Busy hall", "kWh", "HALLA >= 5 ? HALLA : 0", {"HALLA": 811}, 2),
)


def meters() -> list[tuple[dict[str, Any], list[Register]]]:
    """The meters of the examples with their registers."""
    plant = Register(
        id=801,
        meter=61,
        name="Import",
        address="0",
        unit="kWh",
        scale_factor="0.5",
        id_base=7001,
        id_origin=_START,
        imported=_stored({0: 5000, 1: 5004, 4: 5022, 5: 5025.5, 6: 5030}),
        calibrations=[
            Calibration(Point(_START + 0.5, micro(6002)), _START),
            Calibration(Point(_START + 5.5, micro(6039.75)), _START + 4),
        ],
    )
    halls = [_hall(811, "Hall A", [4, 6, 3.5]), _hall(812, "Hall B", [2, 2, 2])]
    return [
        (_document(61, "Plant room", "P100.3"), [plant]),
        (_document(62, "Halls A and B", "P100.4"), halls),
    ]


def _document(number: int, name: str, place: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "connectionMethod": "idc",
        "deviceId": "",
        "meterType": "Pulse electricity",
        "remoteAddress": f"00:17:BF:00:00:01-{place}",
        "serialNumber": f"SN-{number:04d}",
        "status": "online",
    }


def _hall(number: int, name: str, periods: Sequence[float]) -> Register:
    totals = {place: 100 + sum(periods[:place]) for place in range(len(periods) + 1)}
    return Register(
        id=number,
        meter=62,
        name=name,
        address="0",
        unit="kWh",
        id_base=number * 1000,
        id_origin=_START,
        imported=_stored(totals),
    )


def _stored(totals: dict[int, float]) -> dict[int, tuple[int, int]]:
    return {_START + place: (micro(total), 0) for place, total in totals.items()}
