"""Finding the series, connections and instants that a user's words mean."""

from __future__ import annotations

import difflib
from datetime import date, datetime
from typing import TYPE_CHECKING

from tidegate.calc.relative import parse_time
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import BadValue, NotFound
from tidegate.model.instants import DAY, from_date, from_datetime, now
from tidegate.model.instants import zone as zone_named
from tidegate.model.intervals import parse_interval
from tidegate.model.series import MAIN, Series, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.connection_files import chosen
from tidegate.store.messages import ConnectionRecord, SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.store.verbs import Verbs

Moment = str | date | datetime
"""An instant as users write it: ISO 8601 or relative text, a date, a datetime (UTC if naive)."""

Named = str | int | Series
"""A series as users name it: its name, its id (also as digits), or itself."""


def instant(moment: Moment, *, zone: str = "UTC") -> int:
    """UTC microseconds of a moment; one without zone is local time of `zone`.

    Raises:
        BadTime: a text that names no instant.
    """
    local = zone_named(zone)
    if isinstance(moment, datetime):
        return from_datetime(moment, naive=local)
    if isinstance(moment, date):
        return from_date(moment, local=local)
    return parse_time(moment, zone=local, now=now())


def window(start: Moment, end: Moment, *, zone: str = "UTC") -> Window:
    """The half-open window between two moments.

    Raises:
        BadWindow: the end lies before the start.
    """
    return Window(instant(start, zone=zone), instant(end, zone=zone))


def elapsed(text: str) -> int:
    """Microseconds of an interval such as `15m`, `hour` or `7d`; a day is 24 hours here.

    Raises:
        BadValue: the text is no interval of a fixed length.
    """
    interval = parse_interval(text)
    if not 0 < interval.nominal <= 7 * DAY * interval.multiplier:
        raise BadValue("interval", text, "of a fixed length, such as 15m, 6h or 1d")
    return interval.nominal


def find(store: Verbs, names: Sequence[Named], *, repository: str = MAIN) -> list[Series]:
    """The series of the names, in that order; a name with `%` or `_` may mean several.

    Raises:
        NotFound: a name or id means no series.
    """
    found: dict[SeriesKey, Series] = {}
    for name in names:
        for series in _one(store, name, repository):
            found.setdefault(series.key, series)
    return list(found.values())


def matching(
    store: Verbs,
    *,
    names: Sequence[Named] = (),
    attributes: Sequence[str] = (),
    repository: str = MAIN,
) -> list[Series]:
    """The series of the names that match all attribute filters at any instant."""
    filters = tuple(AttributeFilter.parse(text) for text in attributes)
    keys = tuple(series.key for series in find(store, names, repository=repository))
    selection = SeriesSelection(keys=keys if names else None, filters=filters)
    return store.find_series(selection, repository=repository)


def _one(store: Verbs, name: Named, repository: str) -> list[Series]:
    if isinstance(name, Series):
        return [name]
    text = str(name)
    if text.isdigit():
        by_id = store.find_series(SeriesSelection(ids=(int(text),)), repository=repository)
        if by_id:
            return by_id
    found = store.find_series(SeriesSelection(names=(text,)), repository=repository)
    if not found:
        raise NotFound("series", text, hint=_hint(store, text, repository))
    return found


def _hint(store: Verbs, text: str, repository: str) -> str:
    series = store.find_series(repository=repository)
    filled = [one.name for one in series if one.origin and one.origin.subject == text.upper()]
    if filled:
        return f"{text} fills " + ", ".join(f"'{name}'" for name in filled)
    known = [one.name for one in series]
    close = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
    return "tidegate series list shows the names"


def connection(store: Verbs, name: str | None, *, platform: str | None = None) -> ConnectionRecord:
    """The connection of a name; the only one (of a platform) where no name is given.

    Raises:
        NotFound: there is no such connection.
        Ambiguous: no name is given and there are several.
    """
    return chosen(store.connections(), name, platform=platform)
