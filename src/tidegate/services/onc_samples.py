"""Samples and lines straight from Ocean Networks Canada, as they come; nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import BadValue
from tidegate.model.instants import parse
from tidegate.platforms.onc.archive import source_of
from tidegate.platforms.onc.dates import stamp
from tidegate.platforms.onc.mapping import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.windows import Window
    from tidegate.platforms.onc.client import OncClient
    from tidegate.services.onc_news import Seen
    from tidegate.services.onc_places import Filters, Row


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How samples are asked for.

    Attributes:
        quality: `clean` leaves numbers out that fail the platform's checks, `raw` has them.
        resample: seconds of a mean; samples as they are if None.
        rows: most rows of one page, per sensor; the platform's most if None.
    """

    quality: str = "clean"
    resample: int | None = None
    rows: int | None = None


def samples(
    client: OncClient, filters: Filters, window: Window, seen: Seen, asked: Asked = Asked()
) -> Iterator[Row]:
    """Samples of a source, one each, oldest first per sensor; those not seen before.

    Args:
        client: of the server.
        filters: a device, or a place with a type of instrument; perhaps a property.
        window: the time.
        seen: what was taken before, per sensor; what is yielded is noted in it.
        asked: how to ask.

    Raises:
        BadValue: the filters name no source.
        TransportError: the platform refuses, or cannot be asked.
    """
    source = source_filters(filters, "property")
    key = source_of(source)
    resampled = {"resampleType": "avg", "resamplePeriod": asked.resample} if asked.resample else {}
    parameters = {
        **source,
        **_from(window, seen, key),
        "qualityControl": asked.quality,
        "rowLimit": asked.rows,
        "fillGaps": False,
        **resampled,
    }
    befores: dict[str, int | None] = {}
    for page in client.measurements.samples(parameters):
        for sensor in page.sensor_data or []:
            name = f"{key}: {sensor.sensor_category_code or sensor.sensor_code}"
            befores.setdefault(name, seen.before(name))
            yield from _unseen(list(rows_of(sensor)), name, befores[name], seen)
            befores[name] = seen.before(name)  # a page that comes twice counts once


def lines(
    client: OncClient, filters: Filters, window: Window, seen: Seen, *, rows: int | None = None
) -> Iterator[Row]:
    """Lines as instruments wrote them, oldest first; those not seen before.

    Raises:
        BadValue: the filters name no source.
        TransportError: the platform refuses, or cannot be asked.
    """
    source = source_filters(filters)
    key = source_of(source)
    before = seen.before(key)
    parameters = {**source, **_from(window, seen, key), "rowLimit": rows}
    for page in client.measurements.lines(parameters):
        if page.data is None:
            continue
        kinds = page.data.line_types or [None] * len(page.data.times)
        told = [
            {"time": at, "type": kind, "line": line}
            for at, kind, line in zip(page.data.times, kinds, page.data.readings, strict=True)
        ]
        yield from _unseen(told, key, before, seen)


def source_filters(filters: Filters, *further: str) -> dict[str, str]:
    """The filters of one source: a device, or a place with a type of instrument.

    Raises:
        BadValue: they name neither, or both.
    """
    told = filters.named("location", "category", "device", *further)
    is_place = "locationCode" in told or "deviceCategoryCode" in told
    if filters.device and is_place:
        raise BadValue("--device", filters.device, "given without --location and --category")
    if not filters.device and not (filters.location and filters.category):
        raise BadValue("--device", None, "given, or else --location with --category")
    return told


def _from(window: Window, seen: Seen, key: str) -> dict[str, Any]:
    """The times to ask for: from the window's begin, or from what every sensor has been seen to."""
    known = [at for name, at in seen.known() if name == key or name.startswith(f"{key}: ")]
    start = max(window.start, min(known)) if known else window.start
    return {"dateFrom": stamp(start), "dateTo": stamp(max(start, window.end))}


def _unseen(rows: list[Row], name: str, before: int | None, seen: Seen) -> Iterator[Row]:
    if not rows:
        return
    newest = 0
    for row in rows:
        at = parse(row["time"])
        newest = max(newest, at)
        if before is None or at > before:
            yield row
    seen.add(name, newest)
