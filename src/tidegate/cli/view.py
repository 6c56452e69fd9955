"""`tidegate view`: named rules of what may leave."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

if TYPE_CHECKING:
    from collections.abc import Iterable

app = App(name="view", help="Views: named rules of what may leave.")

Several = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]
Excluded = Literal["home", "unpublished", "driveway", "nothing"]
Yes = Annotated[bool, Parameter(negative=())]


@Parameter(name="*", group="Which fields")
@dataclass(frozen=True, kw_only=True)
class Fields:
    """Which fields leave; one that no option names leaves by the strict profile.

    Attributes:
        module: a module that leaves: locations, sessions, cdrs or tariffs.
        pass_: a field that leaves as it is, such as sessions.kwh.
        hash: a field that leaves as a keyed hash, such as sessions.id.
        omit: a field that does not appear, such as cdrs.signed_data.
    """

    module: Several = ()
    pass_: Annotated[Several, Parameter(name="--pass")] = ()
    hash: Several = ()
    omit: Several = ()


@Parameter(name="*", group="Which records")
@dataclass(frozen=True, kw_only=True)
class Portion:
    """Which records leave.

    Attributes:
        location: only this location, by its id.
        uid: only this EVSE, by its uid.
        evse: only this EVSE, by its id, with or without separators.
        attribute: only what has this attribute, such as 'city|Utrecht'; all must hold.
        since: nothing last updated before; 2025-01-01, or relative such as now-90d.
        until: nothing last updated from then on; relative too, such as now-7d.
        exclude: records that do not leave at all: charging at home that the operator pays for,
            unpublished locations, private driveways; all three unless given.
    """

    location: Several = ()
    uid: Several = ()
    evse: Several = ()
    attribute: Several = ()
    since: str | None = None
    until: str | None = None
    exclude: Annotated[tuple[Excluded, ...], Parameter(negative=(), show_default=False)] = ()


@Parameter(name="*", group="How exact")
@dataclass(frozen=True, kw_only=True)
class Rounding:
    """How coarse passed values leave.

    Attributes:
        round_times: passed times leave rounded down.
        round_places: decimals of passed coordinates.
        round_postal: passed postal codes leave as their first part.
        round_energy: passed amounts of energy leave in whole kWh.
    """

    round_times: Literal["whole", "hour", "day"] | None = None
    round_places: int | None = None
    round_postal: Yes = False
    round_energy: Yes = False


@Parameter(name="*", group="Sums")
@dataclass(frozen=True, kw_only=True)
class Sums:
    """Which sums leave.

    Attributes:
        smallest_group: sums of fewer series are blank.
        largest_share: sums of which one series has a greater part, in percent, are blank.
        group_by: an attribute whose values are the groups that may be summed.
        interval: the one raster of sums, where the smallest group is in force.
        zone: the one zone of these sums.
    """

    smallest_group: int = 1
    largest_share: float = 100.0
    group_by: Several = ()
    interval: str = "day"
    zone: str = "UTC"


@app.command
def create(
    name: str,
    *,
    connection: str | None = None,
    source: Literal["store", "live"] = "store",
    fields: Fields = Fields(),
    portion: Portion = Portion(),
    rounding: Rounding = Rounding(),
    sums: Sums = Sums(),
    common: Common = COMMON,
) -> None:
    """Make a view, or put it in place of the one with its name.

    Options that name fields, modules, places or attributes may be repeated; fields may be
    separated by commas.

    Args:
        name: letters, digits and hyphens, such as city-of-x.
        connection: whose records it shows; the only OCPI connection unless given.
        source: records from the store, or live from the platform.
        fields: which fields leave.
        portion: which records.
        rounding: how exact.
        sums: which sums.
        common: common options.
    """
    from tidegate.model.views import Exclusion, GroupRule, Selection, Source, View
    from tidegate.services.views import create_view, modules_of

    excluded = tuple(Exclusion(one) for one in portion.exclude if one != "nothing")
    named = (fields.pass_, fields.hash, fields.omit, fields.module)
    view = View(
        name=name,
        connection=connection,
        modules=modules_of(*map(_split, named)),
        selection=Selection(
            locations=portion.location,
            uids=portion.uid,
            evses=portion.evse,
            attributes=portion.attribute,
        ),
        since=portion.since,
        until=portion.until,
        exclude=excluded if portion.exclude else tuple(Exclusion),
        group=GroupRule(
            size=sums.smallest_group,
            share=sums.largest_share,
            by=sums.group_by,
            interval=sums.interval,
            zone=sums.zone,
        ),
        source=Source(source),
        **asdict(rounding),
    )
    with common.open() as store:
        made = create_view(store.verbs, view)
    note(f"made the view {made.name}; tidegate view test {made.name} tries it", quiet=common.quiet)


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List views."""
    with common.open() as store:
        rows = [
            {
                "name": view.name,
                "connection": view.connection,
                "modules": ", ".join(view.modules) or None,
                "smallest_group": view.group.size,
                "source": view.source.value,
            }
            for view in store.verbs.views()
        ]
        show(rows, json=common.json)


@app.command(name="show")
def show_(name: str, *, fields: Yes = False, common: Common = COMMON) -> None:
    """Show the rules of a view.

    Args:
        name: its name.
        fields: every field of every module and what becomes of it.
        common: common options.
    """
    import msgspec

    from tidegate.services.views import described, view_named

    with common.open() as store:
        view = view_named(store.verbs, name)
        if fields:
            show(described(store.verbs, view), json=common.json)
            return
        document = msgspec.to_builtins(view)
        if common.json:
            show([document], json=True)
            return
        rows = [{"rule": rule, "value": value} for rule, value in _rules(document)]
        show(rows, json=False)


@app.command
def test(name: str, *, sample: Yes = False, common: Common = COMMON) -> None:
    """Show what would leave through a view, on one record of each module.

    Args:
        name: its name.
        sample: show the values that leave, not only of what kind they are.
        common: common options.
    """
    from tidegate.services.sharing import Sharing
    from tidegate.services.views import view_named

    with common.open() as store:
        view = view_named(store.verbs, name)
        with Sharing(store.verbs, store.path, policies=store.policies) as sharing:
            rows = list(sharing.tried(view, sample=sample))
        show(rows, json=common.json)
        for row in rows:
            if row["field"] is None:
                note(f"no record of {row['module']} leaves", quiet=common.quiet)


@app.command
def remove(name: str, *, common: Common = COMMON) -> None:
    """Remove a view that no key is bound to.

    Args:
        name: its name.
    """
    with common.open() as store:
        store.verbs.remove_view(name)
    note(f"removed the view {name}", quiet=common.quiet)


def _split(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _rules(document: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for rule, value in document.items():
        if isinstance(value, dict):
            found += _rules(value, f"{prefix}{rule}.")
        elif isinstance(value, list | tuple):
            found += [(prefix + rule, ", ".join(map(str, value)))] if value else []
        elif value is not None and value is not False:
            found.append((prefix + rule, value))
    return found
