"""`tidegate dcs`: Coherent DCS in its own words."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="dcs", help="Coherent DCS: meters, virtual meters, readings as the server has them.")


@app.command
def meters(
    id: int | None = None, *, connection: str | None = None, common: Common = COMMON
) -> None:
    """Show the meters and their registers.

    Args:
        id: of one meter; all unless given.
        connection: the connection; may be left out when there is one.
        common: common options.
    """
    with common.open() as store:
        found = store.dcs_meters(id, connection=connection)
        if common.json:
            show(found, json=True)
            return
        rows = [
            {
                "meter": meter["id"],
                "name": meter["name"],
                "status": meter.get("status"),
                "register": register["id"],
                "register name": register["name"],
                "unit": register["unit"],
                "address": register.get("address"),
            }
            for meter in found
            for register in meter.get("registers") or []
        ]
        show(rows, json=False)


@app.command
def vms(id: int | None = None, *, connection: str | None = None, common: Common = COMMON) -> None:
    """Show the virtual meters and their expressions.

    Args:
        id: of one virtual meter; all unless given.
        connection: the connection; may be left out when there is one.
        common: common options.
    """
    with common.open() as store:
        found = store.dcs_virtual_meters(id, connection=connection)
        columns = ("id", "name", "unit", "decimalPlaces", "isInstantaneous", "expression")
        show(found, json=common.json, columns=columns)


@app.command
def readings(
    id: int,
    *,
    connection: str | None = None,
    virtual: Annotated[bool, Parameter(negative=())] = False,
    start: str | None = None,
    end: str | None = None,
    decimal_places: int = 15,
    calibrated: bool = True,
    interpolated: bool = True,
    local_time: Annotated[bool, Parameter(negative=())] = False,
    period: Literal["halfHour", "hour", "day", "week", "month"] = "halfHour",
    source: Literal["automatic", "manual", "merged"] = "automatic",
    common: Common = COMMON,
) -> None:
    """Show readings straight from the server; nothing is stored.

    The end is exclusive: `--end 2019-01-31` stops before that day.

    Args:
        id: of the register (not of its meter), or of the virtual meter with --virtual.
        connection: the connection; may be left out when there is one.
        virtual: the id is that of a virtual meter.
        start: first day or instant; the server chooses unless given, usually today.
        end: day or instant where the readings stop; the server chooses unless given.
        decimal_places: of the numbers, 0 to 15.
        calibrated: totals as calibrated.
        interpolated: gaps filled where the server can.
        local_time: times in the zone of the server.
        period: length of the periods.
        source: collected readings, typed ones, or both.
        common: common options.
    """
    from tidegate.services.dcs import Question, moment

    question = Question(
        id=id,
        is_virtual=virtual,
        start=moment(start),
        end=moment(end),
        decimal_places=decimal_places,
        calibrated=calibrated,
        interpolated=interpolated,
        local_time=local_time,
        period=period,
        source=source,
    )
    with common.open() as store:
        answered = store.dcs_readings(question, connection=connection)
        rows = ({**row, "startTime": answered.told(row["startTime"])} for row in answered)
        show(rows, json=common.json)
    first, last = (answered.told(at) for at in answered.window)
    note(
        f"window [{first}, {last}), end not included: {answered.count:,} readings",
        quiet=common.quiet,
    )
