"""Defining series: checked definitions with their attributes, all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.calc.formula.languages import language
from tidegate.model.errors import BadValue
from tidegate.model.series import Formula
from tidegate.services.assigning import replacing
from tidegate.services.calculating import calculation_interval, keys_of
from tidegate.services.dependencies import require_no_circle, require_unmentioned
from tidegate.services.formula_values import bind
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.model.intervals import Interval
    from tidegate.model.series import NewSeries, Series, SeriesKey
    from tidegate.services.assigning import DatedValues
    from tidegate.services.selection import Named
    from tidegate.store.verbs import Verbs


def create_series(
    store: Verbs, new: Sequence[NewSeries], *, repository: str, actor: str = "owner"
) -> list[Series]:
    """Create series with their attributes, all or none.

    Raises:
        Duplicate: a name or number is taken.
        BadExpression: a formula cannot be read, or would refer back to itself.
    """
    for one in new:
        _require_readable(one.formula)
    require_no_circle(store, new, repository=repository)
    return store.create_series(new, repository=repository, actor=actor)


def alter_series(
    store: Verbs,
    series: Sequence[Series],
    attributes: Mapping[SeriesKey, Sequence[DatedValues]],
    *,
    repository: str,
    actor: str = "owner",
) -> list[Series]:
    """Change definitions of series, all or none.

    Args:
        store: where they are.
        series: what they become.
        attributes: all that series have from now on; those of the others stay.
        repository: of all of them.
        actor: who does it.

    Raises:
        Duplicate: a name is taken.
        NotFound: an attribute that does not exist.
        BadValue: a series is given twice.
        BadExpression: a formula cannot be read, or would refer back to itself.
        InUse: a name goes that the formula of another series mentions.
    """
    seen = set()
    for one in series:
        _require_readable(one.formula)
        if one.key in seen:
            raise BadValue("series", one.name, "given once in one body")
        seen.add(one.key)
    before = store.find_series(SeriesSelection(keys=tuple(seen)), repository=repository)
    known = {one.key: (one.name, one.formula) for one in before}
    moved = [one for one in series if known.get(one.key) != (one.name, one.formula)]
    require_no_circle(store, moved, repository=repository)
    require_unmentioned(store, before, becoming=series, repository=repository)
    changes = [
        change
        for key, given in attributes.items()
        for change in replacing(store, key, given, repository=repository)
    ]
    return store.alter_series(series, changes, repository=repository, actor=actor)


def remove_series(
    store: Verbs, series: Sequence[Series], *, repository: str, actor: str = "owner"
) -> None:
    """Remove series with their data and attributes, all or none.

    Raises:
        InUse: the formula of another series refers to one of them.
    """
    require_unmentioned(store, series, repository=repository)
    store.remove_series([one.key for one in series], actor=actor)


def formula_of(
    store: Verbs,
    text: str,
    since: int | None,
    aliases: Mapping[str, Named],
    interval: Interval,
    *,
    repository: str,
) -> tuple[Formula, Interval]:
    """The formula of a new series and the raster that it is calculated on.

    Args:
        store: where the series that it refers to are.
        text: the formula.
        since: the instant from which it holds; always if None.
        aliases: what its names stand for.
        interval: the raster; that of its coarsest series if spontaneous.
        repository: of all of them.

    Raises:
        BadExpression: the text is no formula, or refers to what is not there.
        BadValue: no raster is given and none of the series has one.
    """
    keys = keys_of(store, aliases, repository)
    bound = bind(store, text, keys, repository=repository)
    raster = calculation_interval(bound, None if interval.is_spontaneous else interval)
    if since is None:
        return Formula(text=text, aliases=keys), raster
    return Formula(dated={since: text}, aliases=keys), raster


def _require_readable(formula: Formula | None) -> None:
    if formula is None:
        return
    for _, text in formula.texts():
        if text.strip():
            language(formula.language).parse(text, set(formula.aliases))
