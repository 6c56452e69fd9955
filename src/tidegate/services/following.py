"""What a catalogue brings besides series: units, attributes and their dated values."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from tidegate.model.catalogue import Change
from tidegate.store.messages import AssignmentChange, SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.model.attributes import Assignment
    from tidegate.model.catalogue import CatalogueChange, Entry
    from tidegate.model.series import NewSeries, Origin, Series, SeriesKey
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs

logger = logging.getLogger(__name__)


def prepared(
    store: Verbs, record: ConnectionRecord, entries: Iterable[Entry], *, repository: str
) -> list[Entry]:
    """The entries fit to be recorded: their units exist, and ids that others have are left out.

    Units and attributes that the repository knows already stay as they are there.
    """
    listed = list(entries)
    _create_units(store, listed, repository)
    _create_attributes(store, listed, repository)
    return _with_free_ids(store, record, listed, repository)


def assign(
    store: Verbs,
    record: ConnectionRecord,
    changes: Sequence[CatalogueChange],
    *,
    repository: str,
) -> int:
    """Give series the attributes that the platform says they have; how many values changed.

    Of the attributes that the platform knows, a series keeps only those that it has there. Others
    are the user's own and stay.
    """
    theirs = {one.entry.attribute.name for one in changes if one.entry.attribute is not None}
    theirs |= {one.entry.name for one in changes if one.entry.kind == "attribute"}
    if not theirs:
        return 0
    entries = [one.entry for one in changes if one.change is not Change.GONE]
    wanted = {
        series.origin: entry.assignments
        for entry in entries
        for series in entry.series
        if series.origin is not None
    }
    selection = SeriesSelection(connection=record.name)
    found = store.find_series(selection, repository=repository)
    held = store.assignments([series.key for series in found])
    return store.assign(
        list(_differences(found, wanted, held, theirs)),
        repository=repository,
        actor=f"connection {record.name}",
    )


def _differences(
    found: Sequence[Series],
    wanted: Mapping[Origin, Sequence[Assignment]],
    held: Mapping[SeriesKey, Sequence[Assignment]],
    theirs: set[str],
) -> Iterator[AssignmentChange]:
    for series in found:
        if series.origin is None or series.origin not in wanted:
            continue
        before = {one.attribute.name: one.values for one in held.get(series.key, ())}
        after = {one.attribute.name: one.values for one in wanted[series.origin]}
        for name, values in after.items():
            if name not in before or before[name] != values:
                yield AssignmentChange(
                    series=series.key, attribute=name, values=values, mode="replace"
                )
        for name in (before.keys() & theirs) - after.keys():
            yield AssignmentChange(series=series.key, attribute=name, mode="remove")


def _create_units(store: Verbs, entries: Sequence[Entry], repository: str) -> None:
    units = [entry.unit for entry in entries if entry.unit is not None]
    known = {unit.name for unit in store.units(repository=repository)} if units else set()
    for unit in units:
        if unit.name not in known:
            store.put_unit(unit, repository=repository)


def _create_attributes(store: Verbs, entries: Sequence[Entry], repository: str) -> None:
    attributes = [entry.attribute for entry in entries if entry.attribute is not None]
    if not attributes:
        return
    known = store.attributes(repository=repository)
    names, ids = {one.name for one in known}, {int(one.id) for one in known}
    # Those whose ids are free come first, so that no number given anew takes one of them.
    for one in sorted(attributes, key=lambda attribute: attribute.id in ids):
        if one.name not in names:
            wanted = None if one.id in ids else int(one.id)
            store.create_attribute(one.name, one.type, id=wanted, repository=repository)


def _with_free_ids(
    store: Verbs, record: ConnectionRecord, entries: Sequence[Entry], repository: str
) -> list[Entry]:
    if not any(series.id is not None for entry in entries for series in entry.series):
        return list(entries)
    owners = {int(one.id): one.origin for one in store.find_series(repository=repository)}

    def freed(series: NewSeries) -> NewSeries:
        is_ours = series.id is None or owners.get(series.id, series.origin) == series.origin
        if is_ours:
            return series
        logger.info("the id %s of '%s' is taken in '%s'", series.id, series.name, record.name)
        return msgspec.structs.replace(series, id=None)

    return [
        msgspec.structs.replace(entry, series=tuple(freed(series) for series in entry.series))
        for entry in entries
    ]
