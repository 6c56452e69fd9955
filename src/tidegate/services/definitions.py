"""What an open store defines: series, attributes, units, repositories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import Attribute, AttributeType
from tidegate.model.instants import BEGINNING, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.series import MAIN, NewSeries, Series, SeriesId
from tidegate.model.units import NO_UNIT, Unit
from tidegate.services import attributes as dated
from tidegate.services.held import Held
from tidegate.services.selection import Moment, Named, find, instant, matching

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.store.messages import AuditRecord, StoreStatus


class Definitions(Held):
    """Series, attributes, units and repositories of an open store."""

    def series(
        self, *names: Named, attributes: Sequence[str] = (), repository: str = MAIN
    ) -> list[Series]:
        """The series of the names (all, if none) that match all attribute filters at any time.

        Raises:
            NotFound: a name or id means no series, or a filter no attribute.
        """
        return matching(self.verbs, names=names, attributes=attributes, repository=repository)

    def create_series(
        self,
        name: str,
        *,
        unit: str = NO_UNIT,
        interval: str = "no",
        zone: str | None = None,
        aggregation: str | None = None,
        description: str = "",
        id: int | None = None,
        formula: str | None = None,
        formula_from: Moment | None = None,
        aliases: Mapping[str, Named] | None = None,
        repository: str = MAIN,
    ) -> Series:
        """Create one series; with a formula it is calculated whenever it is read.

        Args:
            name: unique in the repository.
            unit: its unit.
            interval: its raster; of a formula that of its coarsest series unless given.
            zone: of its raster; that of the repository unless given.
            aggregation: how it is condensed; the unit's way unless given.
            description: a text.
            id: its number; the next free one unless given.
            formula: what it is calculated by.
            formula_from: since when; before it there is no value. Always unless given.
            aliases: what names in the formula stand for.
            repository: where it is made.

        Raises:
            Duplicate: the name or id is taken.
            UnknownName: the interval or aggregation is none.
            BadExpression: the formula cannot be read, or refers to what is not there.
        """
        raster, defined = parse_interval(interval), None
        if formula is not None:
            from tidegate.services import defining

            local = self.zone_or_default(zone, repository)
            since = None if formula_from is None else instant(formula_from, zone=local)
            defined, raster = defining.formula_of(
                self.verbs, formula, since, aliases or {}, raster, repository=repository
            )
        new = NewSeries(
            name=name,
            unit=unit,
            interval=raster,
            formula=defined,
            zone=zone,
            aggregation=Aggregation.named(aggregation) if aggregation else None,
            description=description,
            id=None if id is None else SeriesId(id),
        )
        if defined is None:
            return self.verbs.create_series([new], repository=repository)[0]
        return defining.create_series(self.verbs, [new], repository=repository)[0]

    def describe(self, *names: Named, repository: str = MAIN) -> Iterator[dict[str, Any]]:
        """Definition, stored span and number of readings of series."""
        found = find(self.verbs, names, repository=repository)
        extents = self.verbs.extents([series.key for series in found]).to_pylist()
        stored = {row["series"]: row for row in extents}
        for series in found:
            row = stored.get(series.key)
            yield {
                **msgspec.to_builtins(series),
                "interval": str(series.interval),
                "readings": row["count"] if row else 0,
                "first": to_text(row["first"]) if row else None,
                "last": to_text(row["last"]) if row else None,
            }

    def rename_series(self, name: Named, new_name: str, *, repository: str = MAIN) -> Series:
        """Give a series another name; everything else stays.

        Raises:
            Duplicate: the name is taken.
            InUse: the formula of another series mentions the old name.
        """
        from tidegate.services import defining

        (series,) = find(self.verbs, [name], repository=repository)
        renamed = msgspec.structs.replace(series, name=new_name)
        return defining.alter_series(self.verbs, [renamed], {}, repository=repository)[0]

    def remove_series(self, *names: Named, repository: str = MAIN) -> int:
        """Remove series with all their readings and attributes; how many went.

        Raises:
            InUse: the formula of another series refers to one of them.
        """
        from tidegate.services import defining

        found = find(self.verbs, names, repository=repository)
        defining.remove_series(self.verbs, found, repository=repository)
        return len(found)

    # -- attributes ------------------------------------------------------------------------

    def attributes(self, *, repository: str = MAIN) -> list[Attribute]:
        """The attributes of a repository."""
        return self.verbs.attributes(repository=repository)

    def create_attribute(
        self, name: str, *, type: str = "text", id: int | None = None, repository: str = MAIN
    ) -> Attribute:
        """Create an attribute.

        Raises:
            Duplicate: the name or id is taken.
        """
        kind = AttributeType[type.upper()]
        return self.verbs.create_attribute(name, kind, id=id, repository=repository)

    def remove_attribute(self, name: str, *, repository: str = MAIN) -> None:
        """Delete an attribute that no series has any more."""
        self.verbs.remove_attribute(name, unused=True, repository=repository)

    def assign(
        self,
        attribute: str,
        value: str | None,
        *,
        series: Sequence[Named],
        at: Moment | None = None,
        zone: str | None = None,
        repository: str = MAIN,
    ) -> int:
        """Give an attribute a value on series from an instant on; how many dated values changed."""
        local = self.zone_or_default(zone, repository)
        start = None if at is None else instant(at, zone=local)
        return dated.assign(
            self.verbs, attribute, value, series=series, at=start, repository=repository
        )

    def unassign(self, attribute: str, *, series: Sequence[Named], repository: str = MAIN) -> int:
        """Take an attribute off series, with all its dated values; how many values went."""
        return dated.unassign(self.verbs, attribute, series=series, repository=repository)

    def import_attributes(
        self,
        path: str | Path,
        *,
        create: bool = False,
        zone: str | None = None,
        repository: str = MAIN,
    ) -> int:
        """Assign what a CSV file says; see `tidegate.services.attributes.import_csv`."""
        local = self.zone_or_default(zone, repository)
        return dated.import_csv(
            self.verbs, Path(path), zone_name=local, create=create, repository=repository
        )

    def assignments(
        self,
        *names: Named,
        at: Moment | None = None,
        zone: str | None = None,
        repository: str = MAIN,
    ) -> list[dict[str, Any]]:
        """Dated values of attributes, or those in force at an instant, a row each."""
        local = self.zone_or_default(zone, repository)
        moment = None if at is None else instant(at, zone=local)
        found = matching(self.verbs, names=names, repository=repository)
        assigned = self.verbs.assignments([series.key for series in found])
        return [
            {
                "series": series.name,
                "attribute": assignment.attribute.name,
                "from": None if start == BEGINNING else to_text(start),
                "value": value,
            }
            for series in found
            for assignment in assigned.get(series.key, [])
            for start, value in dated.in_force(assignment.values, moment)
        ]

    def units(self, *, repository: str = MAIN) -> list[Unit]:
        """The units of a repository, by name."""
        return sorted(self.verbs.units(repository=repository), key=lambda unit: unit.name)

    def put_unit(
        self,
        name: str,
        *,
        factor: float = 1.0,
        offset: float = 0.0,
        base_unit: str | None = None,
        aggregation: str = "Average",
        integral_unit: str | None = None,
        repository: str = MAIN,
    ) -> Unit:
        """Add a unit or change it: `base = (x + offset) * factor`.

        Its description and category, if it has any, stay.
        """
        known = {one.name: one for one in self.verbs.units(repository=repository)}.get(name)
        unit = Unit(
            name=name,
            factor=factor,
            offset=offset,
            base_unit=base_unit,
            aggregation=Aggregation.named(aggregation),
            integral_unit=integral_unit,
            description=known.description if known else "",
            category=known.category if known else "",
        )
        self.verbs.put_unit(unit, repository=repository)
        return unit

    def repositories(self) -> list[str]:
        """Names of the repositories."""
        return self.verbs.repositories()

    def create_repository(self, name: str, *, zone: str = "UTC") -> None:
        """Create a repository.

        Args:
            name: its name.
            zone: of times that name none, of sums, and of series made without one.

        Raises:
            UnknownZone: there is no such zone.
        """
        self.verbs.create_repository(name, zone=zone)

    def repository_zone(self, *, repository: str = MAIN) -> str:
        """The zone of times that name none, of sums, and of series made without one."""
        return self.verbs.repository_zone(repository=repository)

    def set_repository_zone(self, zone: str, *, repository: str = MAIN) -> None:
        """Change the zone of a repository; series that it has keep theirs.

        Raises:
            UnknownZone: there is no such zone.
        """
        self.verbs.set_repository_zone(zone, repository=repository)

    def remove_repository(self, name: str) -> None:
        """Remove a repository that holds no series."""
        self.verbs.remove_repository(name)

    def status(self) -> StoreStatus:
        """Sizes and health."""
        return self.verbs.status()

    def compact(self, *, months: int | None = None) -> int:
        """Rewrite unsorted months so that reading is fast; how many were."""
        return self.verbs.compact(months=months)

    def audit_trail(self, *, since: Moment | None = None) -> list[AuditRecord]:
        """Who changed which definition or assignment, when."""
        return self.verbs.audit_trail(since=None if since is None else instant(since))
