"""What an open store answers and takes: readings, sums, calculations, exports, writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.calc.calendar import parse_day_start
from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import UsageError
from tidegate.model.intervals import Interval, parse_interval
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.services.held import Held
from tidegate.services.repeating import repeat
from tidegate.services.selection import Moment, Named, elapsed, find, instant, window
from tidegate.store.messages import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from tidegate.model.series import Series
    from tidegate.services.calculating import CalculationRequest
    from tidegate.services.writing import Source
    from tidegate.store.messages import Counts


class Answers(Held):
    """Reading, summing, calculating, exporting and writing."""

    def read(
        self,
        *series: Named,
        start: Moment | None = None,
        end: Moment | None = None,
        interval: str | None = None,
        interval_multiplier: int = 1,
        zone: str | None = None,
        day_start: str = "00:00",
        unit: str | None = None,
        aggregation: str | None = None,
        missing_as_null: bool = False,
        as_of: Moment | None = None,
        repository: str = MAIN,
        view: str | None = None,
    ) -> pa.Table:
        """Readings of series on a raster: stored ones, and those that are formulas.

        Every raster point is returned; where nothing is stored it is 0 with flag 19.

        Args:
            series: which; a pattern may mean several.
            start: from the first stored reading unless given.
            end: exclusive; to the last stored reading unless given.
            interval: the raster (`hour`, `15m`, `day`, `PT1H`, `total`); each series' own unless
                given.
            interval_multiplier: how many of them make one step.
            zone: of days and longer, the series' own unless given, and of times that name none,
                the repository's unless given.
            day_start: local wall time at which a day starts, `06:00` for gas days.
            unit: converts to this unit.
            aggregation: condenses in this way; each series' own unless given.
            missing_as_null: null instead of 0 where there is no number.
            as_of: what was known at this instant.
            repository: of the series.
            view: the view through which they are read; it needs `start` and `end`.

        Returns:
            `from` (UTC), `value`, `flag`; with `id` and `name` before them for several series.
            Unit, zone and interval stand in the metadata of the schema.
        """
        from tidegate.services.reading import read

        found = find(self.verbs, series, repository=repository)
        local = self.zone_or_default(zone, repository)
        first = None if start is None else instant(start, zone=local)
        last = None if end is None else instant(end, zone=local)
        if view is not None:
            self._require_readable(view, found, first, last, repository)
        return read(
            self.verbs,
            found,
            first,
            last,
            interval=_raster(interval, interval_multiplier),
            zone=zone,
            day_start=parse_day_start(day_start),
            unit=unit,
            aggregation=Aggregation.named(aggregation) if aggregation else None,
            missing_as_null=missing_as_null,
            version=_version(as_of, local),
        )

    def sum(
        self,
        *,
        attributes: Sequence[str] = (),
        series: Sequence[Named] = (),
        start: Moment,
        end: Moment,
        interval: str | None = None,
        interval_multiplier: int = 1,
        zone: str | None = None,
        day_start: str = "00:00",
        unit: str | None = None,
        aggregation: str | None = None,
        valid_if_any: bool = False,
        missing_as_null: bool = False,
        as_of: Moment | None = None,
        repository: str = MAIN,
        view: str | None = None,
    ) -> pa.Table:
        """The sum of series, each for as long as its attributes match all filters.

        Args:
            attributes: `Name`, `Name|Value` or `Name|` (no value); all must hold at once.
            series: the only candidates; all unless given.
            start: of the time to sum.
            end: exclusive.
            interval: raster of the answer; the series' common or coarsest one unless given.
            interval_multiplier: how many of them make one step.
            zone: of days and longer, and of times that name none; the repository's unless given.
            day_start: local wall time at which a day starts, `06:00` for gas days.
            unit: converts to this unit before adding.
            aggregation: condenses over time in this way.
            valid_if_any: a sum is valid (flag 9) as soon as one summed value is.
            missing_as_null: null instead of 0 where there is no number.
            as_of: what was known at this instant, readings and attributes alike.
            repository: of the series.
            view: the view through which they are summed.

        Returns:
            `from` (UTC), `value`, `flag`, a row a bucket.

        Raises:
            UnitsDiffer: the series have several units and none is asked for.
            NotFound: a filter names no attribute.
        """
        from tidegate.calc.sums import SumRequest
        from tidegate.services.sums import sum_series

        local = self.zone_or_default(zone, repository)
        named = find(self.verbs, series, repository=repository)
        request = SumRequest(
            window=window(start, end, zone=local),
            filters=tuple(AttributeFilter.parse(text) for text in attributes),
            series=tuple(one.key for one in named) if series else None,
            interval=_raster(interval, interval_multiplier),
            zone=local,
            day_start=parse_day_start(day_start),
            unit=unit,
            aggregation=Aggregation.named(aggregation) if aggregation else None,
            valid_if_any=valid_if_any,
            missing_as_null=missing_as_null,
        )
        version = _version(as_of, local)
        if view is not None:
            from tidegate.services.viewed_series import enter_series, sum_through
            from tidegate.services.views import view_named

            seen = view_named(self.verbs, view)
            found = sum_through(self.verbs, seen, request, repository=repository, version=version)
            enter_series(self.path, seen, found.num_rows)
            return found
        return sum_series(self.verbs, request, repository=repository, version=version)

    def _require_readable(
        self,
        view: str,
        series: Sequence[Series],
        start: int | None,
        end: int | None,
        repository: str,
    ) -> None:
        from tidegate.services.viewed_series import enter_series, require_readable
        from tidegate.services.views import view_named

        if start is None or end is None:
            raise UsageError("a view is read between two instants", hint="give --from and --to")
        seen = view_named(self.verbs, view)
        require_readable(self.verbs, seen, series, Window(start, end), repository=repository)
        enter_series(self.path, seen, len(series))

    def calculate(
        self,
        formula: str,
        *,
        start: Moment,
        end: Moment,
        calculation_interval: str | None = None,
        calculation_interval_multiplier: int = 1,
        aliases: Mapping[str, Named] | None = None,
        interval: str | None = None,
        interval_multiplier: int = 1,
        zone: str | None = None,
        day_start: str = "00:00",
        unit: str | None = None,
        aggregation: str | None = None,
        missing_as_null: bool = False,
        as_of: Moment | None = None,
        repository: str = MAIN,
    ) -> pa.Table:
        """The values of a formula, calculated on one raster and shown on it or on another.

        Args:
            formula: such as `[Hall A] + 2 * R1` or `TSAA("kW", "TRUE", "Supplier|AT123456")`.
            start: of the time to calculate.
            end: exclusive.
            calculation_interval: the raster on which the formula is evaluated; the coarsest one
                of the series in it unless given.
            calculation_interval_multiplier: how many of them make one step.
            aliases: what names in the formula stand for: `{"R1": "Hall B"}`.
            interval: raster of the answer; that of the calculation unless given.
            interval_multiplier: how many of them make one step.
            zone: of days and longer, and of times that name none; the repository's unless given.
            day_start: local wall time at which a day starts, `06:00` for gas days.
            unit: of the answer; a result that has none is taken to be in it.
            aggregation: how results are condensed to `interval`; as `unit` says, or by the mean,
                unless given.
            missing_as_null: null instead of 0 where there is no number.
            as_of: what was known at this instant.
            repository: of the series.

        Returns:
            `from` (UTC), `value`, `flag`, a row a step or bucket.

        Raises:
            BadExpression: the text is no formula, or refers to what is not there or to itself.
        """
        from tidegate.services.calculating import calculate

        local = self.zone_or_default(zone, repository)
        request = _calculation(
            formula,
            start,
            end,
            raster=_raster(calculation_interval, calculation_interval_multiplier),
            aliases=aliases or {},
            interval=_raster(interval, interval_multiplier),
            aggregation=Aggregation.named(aggregation) if aggregation else None,
            unit=unit,
            zone=local,
            day_start=parse_day_start(day_start),
            missing_as_null=missing_as_null,
        )
        return calculate(self.verbs, request, repository=repository, version=_version(as_of, local))

    def events(
        self,
        condition: str,
        *,
        start: Moment,
        end: Moment,
        calculation_interval: str | None = None,
        calculation_interval_multiplier: int = 1,
        aliases: Mapping[str, Named] | None = None,
        zone: str | None = None,
        day_start: str = "00:00",
        as_of: Moment | None = None,
        repository: str = MAIN,
    ) -> pa.Table:
        """The spans in which a condition such as `[Hall A] > 100` holds.

        The arguments are those of `calculate`.

        Returns:
            `start` and `end` (UTC, exclusive), and `peak`: the highest value of what is compared,
            or with `<` the lowest.
        """
        from tidegate.services.events import find_events

        local = self.zone_or_default(zone, repository)
        request = _calculation(
            condition,
            start,
            end,
            raster=_raster(calculation_interval, calculation_interval_multiplier),
            aliases=aliases or {},
            zone=local,
            day_start=parse_day_start(day_start),
        )
        version = _version(as_of, local)
        return find_events(self.verbs, request, repository=repository, version=version)

    def export(
        self,
        *series: Named,
        attributes: Sequence[str] = (),
        out: str | Path | None = None,
        format: str | None = None,
        valid_if_any: bool = False,
        repository: str = MAIN,
        view: str | None = None,
        **raster_options: Any,
    ) -> int:
        """Write what `read` gives, or with attributes what `sum` gives, to a file.

        Args:
            series: which; all unless given.
            attributes: sum the series that match these filters.
            out: the file, which appears when it is whole; standard output unless given.
            format: `jsonl`, `csv`, `tsv`, `parquet`, `xlsx` or `mat`; by the file's ending unless
                given.
            valid_if_any: of `sum`.
            repository: of the series.
            view: the view through which they leave.
            raster_options: the other arguments of `read` and `sum`.

        Returns:
            How many rows were written.
        """
        from tidegate.services.exporting import export

        options = {"repository": repository, "view": view, **raster_options}
        if attributes:
            answer = self.sum(
                attributes=attributes, series=series, valid_if_any=valid_if_any, **options
            )
        else:
            answer = self.read(*(series or ("%",)), **options)
        return export(answer, out, format)

    def write(
        self,
        source: Source,
        *series: str,
        create: bool = False,
        unit: str | None = None,
        interval: str | None = None,
        repository: str = MAIN,
        format: str | None = None,
        zone: str | None = None,
        decimal: str | None = None,
        delimiter: str | None = None,
    ) -> Counts:
        """Merge the readings of a file, stream or URL into series, all or nothing.

        Args:
            source: a path, a URL or a binary stream of JSON lines, CSV or Parquet.
            series: the series of a file that names none, or the columns to take of a wide one.
            create: make series that do not exist.
            unit: of new series.
            interval: of new series; spontaneous unless given.
            repository: of the series.
            format: of the source; told by its content unless given.
            zone: of times that name none; that of the repository unless given, and in UTC such
                times are refused.
            decimal: decimal sign of CSV, `.` or `,`.
            delimiter: between CSV cells; told by the first line unless given.

        Returns:
            How many readings were inserted, changed and equal; what changed is kept.

        Raises:
            BadFile: rows cannot be taken; they are named by line and nothing is written.
        """
        from tidegate.services.writing import Reading, Target, write_file

        target = Target(
            series=series, create=create, unit=unit, interval=interval, repository=repository
        )
        if zone is None:
            local = self.verbs.repository_zone(repository=repository)
            zone = None if local == "UTC" else local
        how = Reading(format=format, zone=zone, decimal=decimal, delimiter=delimiter)
        return write_file(self.verbs, source, target, how, policies=self.policies)

    def write_every(
        self, every: str, source: Source, *series: str, **options: Any
    ) -> Iterator[Counts]:
        """Write what a file or URL holds once in every interval (`15m`, `hour`), for ever.

        The other arguments are those of `write`.
        """
        return repeat(elapsed(every), lambda: self.write(source, *series, **options))


def _calculation(
    formula: str, start: Moment, end: Moment, *, raster: Interval | None, zone: str, **options: Any
) -> CalculationRequest:
    from tidegate.services.calculating import CalculationRequest

    span = window(start, end, zone=zone)
    return CalculationRequest(
        formula=formula, window=span, calculation_interval=raster, zone=zone, **options
    )


def _raster(interval: str | None, multiplier: int) -> Interval | None:
    return None if interval is None else parse_interval(interval, multiplier)


def _version(as_of: Moment | None, zone: str) -> Version:
    return Version(as_of=None if as_of is None else instant(as_of, zone=zone))
