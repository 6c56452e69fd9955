"""Series through a view: which of them, which sums, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.gate.groups import Screen
from tidegate.gate.refusals import NotAllowed
from tidegate.gate.takings import Taking, enter
from tidegate.model.attributes import AttributeFilter
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.intervals import parse_interval
from tidegate.model.series import MAIN, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.selection import instant
from tidegate.services.sums import sum_series
from tidegate.services.viewed_evses import private_series, series_at
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import CURRENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from tidegate.calc.sums import SumRequest
    from tidegate.model.series import Series
    from tidegate.model.views import View
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


def sum_through(
    store: Verbs,
    view: View,
    request: SumRequest,
    *,
    repository: str = MAIN,
    version: Version = CURRENT,
) -> pa.Table:
    """A sum as a view lets it out; see `sum_series`.

    Where the smallest group is in force, only the groups, the raster and the zone that the view
    names are summed, and only as they are known now, so that no two sums overlap.

    Raises:
        NotAllowed: the view does not let such a sum out.
        NotCountable: a formula is among the series of a group.
    """
    if view.group.is_in_force:
        request = _in_group(view, request, version)
    _require_series(view)
    seen = replace(
        request,
        filters=(*_own_filters(view), *request.filters),
        series=_seen_keys(store, view, request.series, repository),
    )
    screen = Screen(rule=view.group, window=seen_time(view))
    return sum_series(store, seen, repository=repository, version=version, screen=screen)


def require_readable(
    store: Verbs, view: View, series: Sequence[Series], window: Window, *, repository: str = MAIN
) -> None:
    """Let single series pass that a view shows throughout a window.

    Raises:
        NotAllowed: the view lets only sums out, or not these series, or not all of this time.
    """
    if view.group.is_in_force:
        raise _refused(view, f"lets out sums of {view.group.size} series or more, no single one")
    _require_series(view)
    seen = seen_time(view)
    if seen is not None and window and not seen.start <= window.start <= window.end <= seen.end:
        raise _refused(view, f"lets out only {seen}")
    keys = [one.key for one in series]
    known = _seen_keys(store, view, tuple(keys), repository)
    shown = {key for key in keys if known is None or key in known}
    if own := _own_filters(view):
        spans = store.membership(own, window, keys=keys, repository=repository).to_pylist()
        shown &= {
            SeriesKey(row["series"])
            for row in spans
            if (row["start"], row["end"]) == (window.start, window.end)
        }
    for one in series:
        if one.key not in shown or one.formula is not None:
            raise _refused(view, f"does not let '{one.name}' out, or not for all of that time")


def enter_series(folder: Path, view: View, count: int) -> None:
    """Note in the journal of a store that its owner took series through a view."""
    taking = Taking(
        actor="owner",
        view=view.name,
        connection=view.connection or "",
        module="series",
        records=count,
        format="table",
        channel="export",
    )
    enter(folder, taking)


def seen_time(view: View) -> Window | None:
    """The only time that a view shows; None for all time."""
    if view.since is None and view.until is None:
        return None
    start = BEGINNING if view.since is None else instant(view.since)
    return Window(start, max(start, FOREVER if view.until is None else instant(view.until)))


def _in_group(view: View, request: SumRequest, version: Version) -> SumRequest:
    """The request, if it is for one of the groups of the view and no part of one."""
    rule = view.group
    if request.series is not None:
        raise _refused(view, "lets out sums of its groups; it cannot be asked for single series")
    named = tuple(one.name.lower() for one in request.filters if one.value)
    groups: set[tuple[str, ...]] = {(name.lower(),) for name in rule.by} or {()}
    if named not in groups or len(named) != len(request.filters):
        wanted = " or ".join(f"'{name}|…'" for name in rule.by)
        raise _refused(view, f"sums one group at a time: {wanted or 'all of its series'}")
    if version != CURRENT:
        raise _refused(view, "lets out what is known now, not earlier versions")
    interval = parse_interval(rule.interval)
    if request.interval not in {None, interval}:
        raise _refused(view, f"sums by {rule.interval}, in {rule.zone}")
    return replace(
        request, interval=interval, zone=rule.zone, day_start=0, calculation_interval=None
    )


def _own_filters(view: View) -> tuple[AttributeFilter, ...]:
    return tuple(map(AttributeFilter.parse, view.selection.attributes))


def _require_series(view: View) -> None:
    """Refuse where it cannot be told which series a view means.

    Raises:
        NotAllowed: it names neither a connection nor attributes.
    """
    if view.connection is None and not view.selection.attributes:
        raise _refused(view, "selects no series")


def _seen_keys(
    store: Verbs, view: View, keys: tuple[SeriesKey, ...] | None, repository: str
) -> tuple[SeriesKey, ...] | None:
    """The candidates that come from the connection of a view and are public; None for all."""
    private = private_series(store, view.exclude, view.connection, repository=repository)
    if view.connection is None and not private:
        return keys
    selection = SeriesSelection(keys=keys, connection=view.connection)
    found = [one.key for one in store.find_series(selection, repository=repository)]
    chosen = view.selection
    if view.connection is not None and (chosen.locations or chosen.uids or chosen.evses):
        at = series_at(store, view.connection, chosen, repository=repository)
        found = [key for key in found if key in at]
    return tuple(key for key in found if key not in private)


def _refused(view: View, why: str) -> NotAllowed:
    return NotAllowed(
        f"the view '{view.name}' {why}", hint=f"tidegate view show {view.name} tells what it shows"
    )
