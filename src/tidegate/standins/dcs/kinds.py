"""The meters of the estate: those with fixed ids, and the kinds that the others repeat."""

from __future__ import annotations

from typing import Any, Final

from tidegate.standins.dcs import demand
from tidegate.standins.dcs.registers import Calibration, Point, Register, Reset, micro
from tidegate.standins.dcs.signals import Exchanged, Gaps, Momentary, Replay, Signal, Solar
from tidegate.standins.dcs.slots import DAY, current, slot_of
from tidegate.standins.dcs.virtual import VirtualMeter

Meter = tuple[dict[str, Any], list[Register]]

_FIRST_GENERATED_METER: Final = 2001
_FIRST_GENERATED_REGISTER: Final = 5001
IDS_PER_REGISTER: Final = 1_000_000

VIRTUAL_METERS: Final = (
    VirtualMeter(
        9, "Sample Virtual Meter", "kWh", "R1+R2+R3", {"R1": 1156, "R2": 1164, "R3": 1168}, 2
    ),
    VirtualMeter(
        12, "Virtual Meter of Interest", "kWh", "(MAIN - LIB) * 0.5", {"MAIN": 733, "LIB": 123}
    ),
    VirtualMeter(
        14,
        "Load above base",
        "kWh",
        "MAIN > 25 && LIB > 3 ? MAIN - 25 : 0",
        {"MAIN": 733, "LIB": 123},
    ),
    VirtualMeter(
        15, "Import per solar unit", "", "(MAIN - MAIN + SUN) / SUN", {"MAIN": 733, "SUN": 126}
    ),
    VirtualMeter(16, "Import over solar", "", "MAIN / SUN", {"MAIN": 733, "SUN": 126}),
    VirtualMeter(
        17, "Apparent balance", "kW", "-(P1 - P2)", {"P1": 124, "P2": 125}, 3, instantaneous=True
    ),
)


def named_meters() -> list[Meter]:
    """The meters that are always there, with the ids that examples and documents use."""
    return [_sample(), _library(), _hall(301, 1156), _hall(302, 1164), _hall(303, 1168)]


def _sample() -> Meter:
    document = _document(
        405, "Sample meter", "Electricity", ("tcp", "10.8.222.99:5000"), "R1100729"
    )
    return document, [_register(733, 405, ("Active Energy (import)", "130", "kWh"), Replay())]


def _library() -> Meter:
    document = _document(101, "Library", "Electricity", ("modem", "01632 960123"), "L-0101")
    solar = _register(126, 101, ("Solar generation", "140", "kWh"), Solar())
    energy = _register(
        123, 101, ("Active Energy (import)", "130", "kWh"), Replay(parts=180, weeks=3, season=0.2)
    )
    power = [
        _register(124, 101, ("Active Power", "131", "kW"), Momentary(10_600, follow=360)),
        _register(
            125, 101, ("Reactive Power", "132", "kvar"), Momentary(2_100, follow=60, grain=40)
        ),
    ]
    for register in power:
        register.instantaneous = True
    return document, [energy, *power, solar]


def _hall(number: int, register: int) -> Meter:
    name = f"Hall of residence {number - 300}"
    document = _document(number, name, "Pulse electricity", _place(number, "P100.1"), "")
    signal = Replay(parts=240 + 20 * (number - 300), weeks=number - 300, grain=900, seed=register)
    return document, [_register(register, number, ("Import", "0", "kWh"), signal)]


def generated_meter(number: int) -> Meter:
    """The meter with a running number from 0; its kind, sizes and faults follow from the number."""
    meter = _FIRST_GENERATED_METER + number
    register = _FIRST_GENERATED_REGISTER + 4 * number
    kind = (_plain, _gas, _heat, _water, _calibrated)[number % 5]
    return kind(meter, register)


def _plain(meter: int, register: int) -> Meter:
    """Electricity without faults, and its momentary power."""
    parts = 60 + demand.draw(meter, 0, 900)
    signal = Replay(parts=parts, weeks=meter % 12, season=0.15, grain=parts * 2, seed=register)
    power = Momentary(parts * 59, follow=parts * 2, grain=parts, seed=register + 1)
    document = _document(
        meter, f"Building {meter}", "Electricity", ("tcp", f"10.8.{meter % 250}.7:5000")
    )
    momentary = _register(register + 1, meter, ("Active Power", "131", "kW"), power)
    momentary.instantaneous = True
    return document, [
        _register(register, meter, ("Active Energy (import)", "130", "kWh"), signal),
        momentary,
    ]


def _gas(meter: int, register: int) -> Meter:
    """A gas meter that sends its own period values, with a gap of three hours every forty days."""
    signal = Replay(parts=90 + demand.draw(meter, 0, 200), weeks=meter % 12, season=0.4)
    document = _document(meter, f"Boiler house {meter}", "Pulse gas", _place(meter, "P100.2"))
    document |= {"service": "Gas", "mpn": f"{7_400_000_000 + meter}"}
    volume = _register(register, meter, ("Gas volume", "0", "m3"), signal)
    volume.polled = False
    volume.gaps = Gaps(40, 6, seed=meter)
    return document, [volume]


def _heat(meter: int, register: int) -> Meter:
    """A heat meter with a gap of a day and a half every sixty days, and its flow temperature."""
    signal = Replay(parts=150 + demand.draw(meter, 0, 400), weeks=meter % 12, season=0.35)
    document = _document(meter, f"Heat exchanger {meter}", "Modbus heat", _place(meter, "M12"))
    energy = _register(register, meter, ("Heat", "1", "kWh"), signal)
    energy.gaps = Gaps(60, 72, seed=meter)
    flow = _register(
        register + 1, meter, ("Flow temperature", "2", "°C"), Momentary(72_000, 200, 1500, register)
    )
    flow.instantaneous = True
    flow.gaps = energy.gaps
    return document, [energy, flow]


def _water(meter: int, register: int) -> Meter:
    """A water meter that was exchanged, with a span of readings that were declared invalid."""
    at = slot_of("2019-06-03T10:00Z") + (meter % 60) * DAY
    signal = Replay(parts=8 + demand.draw(meter, 0, 20), weeks=meter % 12)
    exchanged = Exchanged(signal, at, micro(0.25))
    document = _document(meter, f"Water {meter}", "Radio water", _place(meter, f"R{meter:08d}"))
    volume = _register(register, meter, ("Volume", "0", "m3"), exchanged)
    volume.resets = [Reset(at, exchanged.closing, exchanged.opening)]
    bad = slot_of("2020-02-10T00:00Z") + (meter % 40) * DAY
    volume.invalid = [(bad, bad + 20)]
    return document, [volume]


def _calibrated(meter: int, register: int) -> Meter:
    """Electricity with two calibrations, typed readings each quarter, a gap every thirty days."""
    signal = Replay(
        parts=40 + demand.draw(meter, 0, 300), weeks=meter % 12, grain=20, seed=register
    )
    document = _document(
        meter, f"Workshop {meter}", "Electricity", ("tcp", f"10.8.{meter % 250}.9:5000")
    )
    energy = _register(register, meter, ("Active Energy (import)", "130", "kWh"), signal)
    energy.gaps = Gaps(30, 5, seed=meter)
    starts = [slot_of("2018-05-14T09:00Z"), slot_of("2020-09-07T13:30Z")]
    energy.calibrations = [
        Calibration(Point(start + 0.25, _value(signal, start) + micro(offset)), start)
        for start, offset in zip(starts, (1200, 1212.5), strict=True)
    ]
    energy.manual = [Point(at + 0.5, _value(signal, at) + micro(1200)) for at in _quarters()]
    return document, [energy]


def _quarters() -> list[int]:
    """Nine in the morning of the first day of each quarter since 2018."""
    days = [
        f"{year}-{month:02d}-01T09:00Z" for year in range(2018, 2040) for month in (1, 4, 7, 10)
    ]
    return [slot for slot in map(slot_of, days) if slot < current()]


def _value(signal: Signal, slot: int) -> int:
    return int(signal.values(demand.one(slot))[0])


def _register(number: int, meter: int, label: tuple[str, str, str], signal: Signal) -> Register:
    """A register with its name, address and unit."""
    name, address, unit = label
    return Register(
        id=number,
        meter=meter,
        name=name,
        address=address,
        unit=unit,
        signal=signal,
        id_base=number * IDS_PER_REGISTER,
        id_origin=demand.ORIGIN,
    )


def _document(
    number: int, name: str, kind: str, reached: tuple[str, str], serial: str | None = None
) -> dict[str, Any]:
    """A meter without its registers; `reached` is the method and the address."""
    return {
        "id": number,
        "name": name,
        "connectionMethod": reached[0],
        "deviceId": "",
        "meterType": kind,
        "remoteAddress": reached[1],
        "serialNumber": f"SN-{number:04d}" if serial is None else serial,
        "status": "online",
    }


def _place(meter: int, suffix: str) -> tuple[str, str]:
    return "idc", f"00:17:BF:00:00:{meter % 2 + 1:02X}-{suffix}"


def meter_types() -> list[dict[str, Any]]:
    """The templates of meters, each with its register types."""
    kinds = (
        (
            1,
            "Electricity",
            (("Active Energy (import)", "130", "kWh"), ("Active Power", "131", "kW")),
        ),
        (2, "Pulse electricity", (("Import", "0", "kWh"),)),
        (3, "Pulse gas", (("Gas volume", "0", "m3"),)),
        (4, "Modbus heat", (("Heat", "1", "kWh"), ("Flow temperature", "2", "°C"))),
        (5, "Radio water", (("Volume", "0", "m3"),)),
    )
    return [
        {
            "id": number,
            "name": name,
            "registerTypes": [
                {"id": 10 * number + place, "name": label, "address": address, "unit": unit}
                for place, (label, address, unit) in enumerate(types)
            ],
        }
        for number, name, types in kinds
    ]
