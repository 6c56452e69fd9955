"""Layouts: which columns of a file hold times, numbers and flags, and of which series."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.formats.pieces import Pieces

_TIME: Final = re.compile(r"(from|ts|time|timestamp|start([ _]?time)?|date([ _/]?time)?)(_utc)?")
_SERIES: Final = ("series", "series_name", "name", "id", "series_id")
_BESIDE: Final = {"to", "end", "endtime", "end_time", "line"}
_WITH_UNIT: Final = re.compile(r"(?P<name>.*?)\s*\((?P<unit>[^()]*)\)")
_COORDINATES: Final = {"latitude", "longitude", "altitude", "depth", "z"}


class Clock(StrEnum):
    """What the times of a file are times of."""

    NAMED = "named"
    """Each names its offset, or the zone is named by the caller."""
    UTC = "utc"
    """The file says that they are UTC."""
    STANDARD = "standard"
    """Local standard time the whole year, never summer time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesColumn:
    """A column that holds the numbers of one series; `flags` is the column of its marks."""

    place: int
    name: str
    unit: str = ""
    flags: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a file has what.

    Attributes:
        time: the column of times.
        clock: what the times are times of.
        series: the columns of numbers; one for a long file, with an empty name.
        names: the column that names the series of each row, in a long file.
        marks: flags in letters, with the number that each stands for; else flags are numbers.
        skipped: rows after the names that hold no readings.
        wide: each series has a column of its own.
        nan_is_missing: the text `NaN` stands for a missing number.
    """

    time: int
    clock: Clock = Clock.NAMED
    series: Sequence[SeriesColumn]
    names: int | None = None
    marks: dict[str, int] | None = None
    skipped: int = 0
    wide: bool = False
    nan_is_missing: bool = False


CANADIAN_MARKS: Final = {"": 9, "M": 19, "NA": 19, "E": 21}
"""Environment Canada's marks; those not listed belong to numbers that are good."""


def recognise(pieces: Pieces, *, columns: Sequence[str] | None, path: str) -> Layout:
    """The layout of a file.

    Raises:
        BadFile: there are no times or numbers, or a wanted column is not there.
    """
    _require_distinct(pieces.names, path)
    plain = [name.casefold() for name in pieces.names]
    time = _time_column(plain)
    if time is None:
        known = ", ".join(pieces.names) or "none"
        hint = f"name it from, time or timestamp; the columns are: {known}"
        raise BadFile(path, "there is no column of times", hint=hint)
    base, note = _split(plain[time])
    clock = _clock(base, note)
    if "value" in plain:
        return _long(plain, time, clock)
    if clock is Clock.STANDARD or (base == "date/time" and _marked(pieces.names)):
        layout = _canadian(pieces.names, time, Clock.UTC if note == "utc" else Clock.STANDARD)
    elif _is_erddap(pieces, time):
        layout = _erddap(pieces, time, columns)
    else:
        layout = _wide(pieces.names, time, clock, with_units=note == "utc")
    return _narrowed(layout, columns, path)


def _time_column(plain: Sequence[str]) -> int | None:
    places = (place for place, name in enumerate(plain) if _TIME.fullmatch(_split(name)[0]))
    return next(places, None)


def _clock(base: str, note: str) -> Clock:
    if note == "lst":
        return Clock.STANDARD
    return Clock.UTC if note == "utc" or base.endswith("_utc") else Clock.NAMED


def _split(name: str) -> tuple[str, str]:
    """A heading and what stands in brackets after it."""
    match = _WITH_UNIT.fullmatch(name)
    return (match["name"], match["unit"]) if match else (name, "")


def _require_distinct(names: Sequence[str], path: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise BadFile(path, f"{count} columns are called '{name}'", hint="rename all but one")


def _long(plain: Sequence[str], time: int, clock: Clock) -> Layout:
    flags = plain.index("flag") if "flag" in plain else None
    numbers = SeriesColumn(place=plain.index("value"), name="", flags=flags)
    names = next((plain.index(name) for name in _SERIES if name in plain), None)
    return Layout(time=time, clock=clock, series=[numbers], names=names)


def _wide(names: Sequence[str], time: int, clock: Clock, *, with_units: bool) -> Layout:
    series = []
    for place, name in enumerate(names):
        if place != time and name.casefold() not in _BESIDE:
            base, unit = _split(name) if with_units else (name, "")
            series.append(SeriesColumn(place=place, name=base, unit=unit))
    return Layout(time=time, clock=clock, series=series, wide=True, nan_is_missing=with_units)


def _is_erddap(pieces: Pieces, time: int) -> bool:
    """True if the second line holds units, by which ERDDAP's tables are known."""
    return pieces.first is not None and str(pieces.first[time]).strip() == "UTC"


def _erddap(pieces: Pieces, time: int, columns: Sequence[str] | None) -> Layout:
    """One series a measured variable; coordinates and texts only where they are asked for."""
    units = [str(unit or "").strip() for unit in pieces.first or ()]
    wanted = {name.casefold() for name in columns or ()}
    series = []
    for place, name in enumerate(pieces.names):
        is_measured = units[place] and name.casefold() not in _COORDINATES
        if place != time and (is_measured or name.casefold() in wanted):
            series.append(SeriesColumn(place=place, name=name, unit=units[place]))
    return Layout(
        time=time, clock=Clock.UTC, series=series, skipped=1, wide=True, nan_is_missing=True
    )


def _marked(names: Sequence[str]) -> bool:
    return any(f"{_split(name)[0]} Flag" in names for name in names)


def _canadian(names: Sequence[str], time: int, clock: Clock) -> Layout:
    """One series a quantity that has a column of marks beside it."""
    series = []
    for place, name in enumerate(names):
        base, unit = _split(name)
        if f"{base} Flag" in names:
            flags = names.index(f"{base} Flag")
            series.append(SeriesColumn(place=place, name=base, unit=unit, flags=flags))
    return Layout(time=time, clock=clock, series=series, marks=CANADIAN_MARKS, wide=True)


def _narrowed(layout: Layout, columns: Sequence[str] | None, path: str) -> Layout:
    if columns is not None:
        layout = replace(layout, series=_chosen(layout.series, columns, path))
    if not layout.series:
        hint = "call the numbers value, or give each series a column"
        raise BadFile(path, "there is no column of numbers", hint=hint)
    return layout


def _chosen(
    series: Sequence[SeriesColumn], columns: Sequence[str], path: str
) -> Sequence[SeriesColumn]:
    known = {one.name.casefold(): one for one in series}
    if len(series) == len(columns) == 1 and columns[0].casefold() not in known:
        return [replace(series[0], name=columns[0])]
    for name in columns:
        if name.casefold() not in known:
            hint = f"the file has: {', '.join(one.name for one in series)}"
            raise BadFile(path, f"there is no column '{name}'", hint=hint)
    return [known[name.casefold()] for name in columns]
