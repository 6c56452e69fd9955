"""Import of metered data as CSV, in the two forms that a DCS takes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidegate.model import instants
from tidegate.standins.dcs.refusals import bad_request
from tidegate.standins.dcs.registers import micro
from tidegate.standins.dcs.slots import SLOT_US

if TYPE_CHECKING:
    from tidegate.standins.dcs.estate import Estate
    from tidegate.standins.dcs.registers import Register


def import_readings(estate: Estate, text: str) -> int:
    """Writes the readings of a CSV text, over existing ones, and gives their number.

    Raises:
        Refusal: a row cannot be read; then nothing is written.
    """
    rows = csv.DictReader(io.StringIO(text.strip()), skipinitialspace=True)
    found: list[tuple[Register, int, int, int]] = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(_reading(estate, {k.strip(): v.strip() for k, v in row.items()}))
        except (KeyError, ValueError, AttributeError, StopIteration):
            raise bad_request(f"Line {number} of the data cannot be read.") from None
    for register, slot, total, period in found:
        register.imported[slot] = (total, period)
    return len(found)


def _reading(estate: Estate, row: dict[str, str]) -> tuple[Register, int, int, int]:
    time = row["Time"] if "RegisterId" in row else row["StartTime"]
    moment = datetime.strptime(f"{row['Date']} {time}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
    slot, rest = divmod(instants.from_datetime(moment), SLOT_US)
    if rest:
        raise ValueError(time)
    return (
        _register(estate, row),
        slot,
        micro(float(row["TotalValue"])),
        micro(float(row["PeriodValue"])),
    )


def _register(estate: Estate, row: dict[str, str]) -> Register:
    if "RegisterId" in row:
        return estate.registers[int(row["RegisterId"])]
    meter = next(n for n, d in estate.meters.items() if row["Meter"] in {str(n), d["name"]})
    return next(r for r in estate.registers_of(meter) if row["Register"] in {str(r.id), r.name})
