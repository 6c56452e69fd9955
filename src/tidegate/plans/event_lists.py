"""Lists of events (time, place, padding), and the windows of data around them."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import BadFile, BadValue, UsageError
from tidegate.model.instants import SECOND
from tidegate.model.intervals import parse_interval
from tidegate.model.windows import Window, WindowSet
from tidegate.plans.dates import instant_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

_NAMES: Final = {
    "start": ("time", "start", "begin", "timestamp", "from"),
    "end": ("end", "to"),
    "place": ("place", "locationcode", "location", "devicecode", "device", "subject"),
    "padding": ("padding", "pad"),
    "label": ("label", "id", "name", "annotation"),
}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event.

    Attributes:
        place: code of a location or device, or a subject; empty for wherever is asked for.
        window: of the event with its padding.
        label: what to call it; the number of its line unless it has one.
    """

    place: str
    window: Window
    label: str


def read_events(path: Path, *, padding: str | None, now: int) -> list[Event]:
    """The events of a file of comma-separated values.

    Its first line names the columns: `time`, or `start` and `end`; and if wanted `place`,
    `padding` (such as `30s`, `5m`, or seconds) and `label`.

    Args:
        path: of the file.
        padding: before and after each event that names none of its own.
        now: the present instant.

    Raises:
        BadFile: it cannot be read, has no column of times, or a line is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is no text of UTF-8"
        raise BadFile(path, (why or str(problem)).lower()) from problem
    heads = {str(name).strip().lower(): name for name in (rows[0] if rows else ())}
    columns = {
        field: heads[name]
        for field, names in _NAMES.items()
        for name in reversed(names)
        if name in heads
    }
    if "start" not in columns:
        raise BadFile(path, "it lists no events", hint="its first line is like time,place,padding")
    events = []
    for number, row in enumerate(rows, start=2):
        cells = {field: (row[name] or "").strip() for field, name in columns.items()}
        try:
            events.append(_event(cells, number, padding, now))
        except UsageError as problem:
            raise BadFile(path, f"line {number}: {problem}", hint=problem.hint) from problem
    return events


def merged(events: Iterable[Event]) -> list[tuple[Window, list[str]]]:
    """The windows of events, those that overlap or touch as one, each with its events' labels."""
    listed = sorted(events, key=lambda event: event.window)
    return [
        (window, [one.label for one in listed if one.window.intersection(window)])
        for window in WindowSet(one.window for one in listed)
    ]


def unmet(events: Iterable[Event], met: Collection[str]) -> tuple[str, ...]:
    """A sentence for each event that nothing was found for."""
    return tuple(
        f"event {one.label}: there is nothing at '{one.place}' then"
        for one in events
        if one.label not in met
    )


def _event(cells: Mapping[str, str], number: int, padding: str | None, now: int) -> Event:
    start = instant_of("the time", cells["start"], now=now)
    end = instant_of("the end", cells["end"], now=now) if cells.get("end") else start
    around = _length(cells.get("padding") or padding or "0")
    if end < start:
        raise BadValue("the end", cells["end"], "after its start")
    if start - around >= end + around:
        raise BadValue("the padding", cells.get("padding") or padding, "more than nothing")
    return Event(
        place=cells.get("place", ""),
        window=Window(start - around, end + around),
        label=cells.get("label") or str(number),
    )


def _length(text: str) -> int:
    """Microseconds of a padding."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text):
        return round(float(text) * SECOND)
    return parse_interval(text).nominal
