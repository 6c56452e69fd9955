"""Repositories and their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound
from tidegate.model.instants import FOREVER
from tidegate.model.instants import zone as zone_named
from tidegate.model.series import MAIN
from tidegate.model.units import STARTER_UNITS, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session


def repositories(session: Session) -> list[str]:
    """Names of all repositories, sorted."""
    return [name for (name,) in session.rows("SELECT name FROM repositories ORDER BY name")]


def require_repository(session: Session, name: str) -> None:
    """Do nothing if the repository exists.

    Raises:
        NotFound: it does not.
    """
    if session.row("SELECT 1 FROM repositories WHERE name = $name", name=name) is None:
        raise NotFound("repository", name, hint="see `tidegate repositories list`")


def repository_zone(session: Session, name: str) -> str:
    """The zone of a repository.

    Raises:
        NotFound: it does not exist.
    """
    require_repository(session, name)
    zone: str = session.value("SELECT zone FROM repositories WHERE name = $name", name=name)
    return zone


def zone_of_new(session: Session, repository: str) -> str | None:
    """The zone that a series made without one gets; in UTC it may stay without."""
    zone = repository_zone(session, repository)
    return None if zone == "UTC" else zone


def set_repository_zone(change: Change, zone: str, name: str) -> None:
    """Put a zone in place of that of a repository; the rasters of its series stay."""
    session = change.session
    before = repository_zone(session, name)
    zone_named(zone)
    if zone == before:
        return
    session.run("UPDATE repositories SET zone = $zone WHERE name = $name", zone=zone, name=name)
    session.run(
        "UPDATE series SET zone = $before WHERE repository = $name AND zone IS NULL",
        before=before,
        name=name,
    )
    change.audit("change-repository", f"repository {name}", before=before, after=zone)


def create_repository(change: Change, name: str, *, zone: str = "UTC") -> None:
    """Create an empty repository that knows the starter units."""
    session = change.session
    zone_named(zone)
    if not name.strip() or "/" in name:
        raise BadValue("repository name", name, "a text without '/'")
    if session.row("SELECT 1 FROM repositories WHERE name = $name", name=name):
        raise Duplicate("repository", name)
    session.run(
        "INSERT INTO repositories VALUES ($name, $at, $zone)", name=name, at=change.at, zone=zone
    )
    for unit in STARTER_UNITS:
        _insert_unit(change, unit, name)
    change.audit("create-repository", f"repository {name}")


def remove_repository(change: Change, name: str) -> None:
    """Remove a repository without series, its attributes and units included."""
    session = change.session
    require_repository(session, name)
    if name == MAIN:
        raise InUse("repository", name, "the store itself")
    held = session.value(
        "SELECT count(*) FROM series WHERE repository = $name AND known_to = $open",
        name=name,
        open=FOREVER,
    )
    if held:
        raise InUse("repository", name, f"its {held} series")
    for table in ("attributes", "units"):
        session.run(
            f"UPDATE {table} SET known_to = $at WHERE repository = $name AND known_to = $open",
            name=name,
            at=change.at,
            open=FOREVER,
        )
    session.run("DELETE FROM repositories WHERE name = $name", name=name)
    change.audit("remove-repository", f"repository {name}")


def units(session: Session, repository: str) -> list[Unit]:
    """The units of a repository, in the order in which they were made."""
    require_repository(session, repository)
    rows = session.rows(
        'SELECT name, factor, "offset", base_unit, aggregation, integral_unit, description,'
        " category FROM units JOIN (SELECT name, min(rowid) AS place FROM units"
        " WHERE repository = $repository GROUP BY name) USING (name)"
        " WHERE repository = $repository AND known_to = $open ORDER BY place",
        repository=repository,
        open=FOREVER,
    )
    return [_unit(row) for row in rows]


def put_unit(change: Change, unit: Unit, repository: str, *, new: bool | None = None) -> None:
    """Add a unit, or put it in place of the one with its name.

    Raises:
        Duplicate: it exists and must be `new`.
        NotFound: it does not exist and must not be `new`.
    """
    before = {known.name: known for known in units(change.session, repository)}.get(unit.name)
    if before is not None and new is True:
        raise Duplicate("unit", unit.name)
    if before is None and new is False:
        raise NotFound("unit", unit.name, hint="see `tidegate units list`")
    if before == unit:
        return
    change.session.run(
        "UPDATE units SET known_to = $at"
        " WHERE repository = $repository AND name = $name AND known_to = $open",
        at=change.at,
        repository=repository,
        name=unit.name,
        open=FOREVER,
    )
    _insert_unit(change, unit, repository)
    change.audit("put-unit", f"unit {unit.name}", before=before, after=unit)


def create_missing_units(change: Change, names: Iterable[str], repository: str) -> None:
    """Create the units among `names` that the repository does not know, as plain ones."""
    known = {unit.name for unit in units(change.session, repository)}
    for name in dict.fromkeys(names):
        if name not in known:
            put_unit(change, Unit(name=name), repository)


def _insert_unit(change: Change, unit: Unit, repository: str) -> None:
    change.session.run(
        "INSERT INTO units VALUES ($repository, $name, $factor, $offset, $base_unit,"
        " $aggregation, $integral_unit, $description, $at, $open, $category)",
        repository=repository,
        name=unit.name,
        factor=unit.factor,
        offset=unit.offset,
        base_unit=unit.base_unit,
        aggregation=unit.aggregation.value,
        integral_unit=unit.integral_unit,
        description=unit.description,
        category=unit.category,
        at=change.at,
        open=FOREVER,
    )


def _unit(row: tuple[Any, ...]) -> Unit:
    name, factor, offset, base_unit, aggregation, integral_unit, description, category = row
    return Unit(
        name=name,
        factor=factor,
        offset=offset,
        base_unit=base_unit,
        aggregation=Aggregation(aggregation),
        integral_unit=integral_unit,
        description=description,
        category=category,
    )
