"""A store with a few series, attributes and readings, and sums over them in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidegate.calc.sums import SumRequest
from tidegate.model.attributes import AttributeFilter
from tidegate.model.instants import HOUR, parse
from tidegate.model.intervals import Interval, parse_interval
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.sums import sum_series
from tidegate.store.messages import AssignmentChange
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.aggregation import Aggregation
    from tidegate.model.series import Formula
    from tidegate.store.verbs import Verbs

Points = dict[str, Any]
"""Texts of instants to a value, a (value, flag) pair, or None for a stored Missing."""


def hourly(start: str, count: int, value: float = 1.0) -> Points:
    """The same value for some hours in a row."""
    from tidegate.model.instants import to_text

    return {to_text(parse(start) + hour * HOUR): value for hour in range(count)}


class World:
    """What a test puts into a store, and what it asks of it."""

    def __init__(self, store: Verbs) -> None:
        self.store = store
        self.keys: dict[str, SeriesKey] = {}

    def add(
        self,
        name: str,
        points: Points | None = None,
        *,
        unit: str = "kW",
        interval: str = "hour",
        zone: str | None = None,
        aggregation: Aggregation | None = None,
        formula: Formula | None = None,
        **attributes: Mapping[str, str | None],
    ) -> SeriesKey:
        """Create a series with readings and dated attributes."""
        new = NewSeries(
            name=name,
            unit=unit,
            interval=parse_interval(interval),
            zone=zone,
            aggregation=aggregation,
            formula=formula,
        )
        key = self.store.create_series([new])[0].key
        self.keys[name] = key
        self.write(name, points or {})
        for attribute, values in attributes.items():
            self.attribute(attribute)
            dated = {int(parse(at)): value for at, value in values.items()}
            self.store.assign([AssignmentChange(series=key, attribute=attribute, values=dated)])
        return key

    def attribute(self, name: str) -> None:
        """Make sure that an attribute exists."""
        if name not in {known.name for known in self.store.attributes()}:
            self.store.create_attribute(name)

    def write(self, name: str, points: Points) -> None:
        """Store readings."""
        rows = []
        for at, point in points.items():
            value, flag = point if isinstance(point, tuple) else (point, 9)
            number = None if value is None or flag in {0, 19} else float(value)
            rows.append(
                {
                    "series": self.keys[name],
                    "ts": int(parse(at)),
                    "value": number,
                    "flag": 19 if value is None and flag == 9 else flag,
                }
            )
        self.store.merge_readings(pa.Table.from_pylist(rows, READINGS))

    def answer(
        self, start: str, end: str, interval: str | None, *filters: str, **options: Any
    ) -> pa.Table:
        """The table that a sum gives."""
        if "series" in options:
            options["series"] = tuple(self.keys[name] for name in options["series"])
        raster: Interval | None = parse_interval(interval) if interval else None
        request = SumRequest(
            window=Window(parse(start), parse(end)),
            filters=tuple(AttributeFilter.parse(text) for text in filters),
            interval=raster,
            **options,
        )
        return sum_series(self.store, request)

    def sum(
        self, start: str, end: str, interval: str | None, *filters: str, **options: Any
    ) -> list[tuple[float | None, int]]:
        """Value and flag of each bucket, values rounded to nine significant digits."""
        rows = self.answer(start, end, interval, *filters, **options).to_pylist()
        return [
            (None if row["value"] is None else float(f"{row['value']:.9g}"), row["flag"])
            for row in rows
        ]
