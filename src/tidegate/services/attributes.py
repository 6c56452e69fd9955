"""Attributes as users handle them: assign, show, and import from a file."""

from __future__ import annotations

import csv
import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import AttributeType
from tidegate.model.errors import BadFile, BadTime, NotFound
from tidegate.model.instants import BEGINNING, parse, zone
from tidegate.model.series import MAIN, SeriesKey
from tidegate.services.selection import Named, find
from tidegate.store.messages import AssignmentChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tidegate.model.series import Series
    from tidegate.store.verbs import Verbs

logger = logging.getLogger("tidegate.attributes")

COLUMNS = ("series", "attribute", "from", "value")


def assign(
    store: Verbs,
    attribute: str,
    value: str | None,
    *,
    series: Sequence[Named],
    at: int | None = None,
    repository: str = MAIN,
) -> int:
    """Give an attribute a value on series, from an instant on (always, unless given).

    A pattern that means running totals beside other series leaves the totals out, since a sum
    over the attribute would add them to the consumption that they already contain.

    Returns:
        How many dated values changed.

    Raises:
        NotFound: the attribute or a series does not exist.
    """
    start = BEGINNING if at is None else at
    changes = [
        AssignmentChange(series=one.key, attribute=attribute, values={start: value})
        for one in _assignable(store, series, repository)
    ]
    return store.assign(changes, repository=repository)


def unassign(
    store: Verbs, attribute: str, *, series: Sequence[Named], repository: str = MAIN
) -> int:
    """Take an attribute off series, with all its dated values; how many values went."""
    changes = [
        AssignmentChange(series=one.key, attribute=attribute, mode="remove")
        for one in find(store, series, repository=repository)
    ]
    return store.assign(changes, repository=repository)


def import_csv(
    store: Verbs,
    path: Path,
    *,
    zone_name: str = "UTC",
    create: bool = False,
    repository: str = MAIN,
) -> int:
    """Assign what a CSV file with the columns `series,attribute,from,value` says, all or nothing.

    An empty `from` means always, an empty `value` no value from there on.

    Args:
        store: the store.
        path: the file, UTF-8.
        zone_name: zone of instants that name none.
        create: create attributes that do not exist, as text.
        repository: the repository of the series.

    Returns:
        How many dated values changed.

    Raises:
        BadFile: a line cannot be understood; the message names it and nothing is changed.
    """
    rows = list(_rows(path))
    known = {attribute.name for attribute in store.attributes(repository=repository)}
    missing = sorted({row["attribute"] for _, row in rows} - known)
    if missing and not create:
        raise NotFound("attribute", missing[0], hint="--create makes attributes that are missing")
    changes = _changes(store, path, rows, zone_name, repository)
    for name in missing:
        store.create_attribute(name, AttributeType.TEXT, repository=repository)
    return store.assign(changes, repository=repository)


def in_force(values: Mapping[int, str | None], at: int | None) -> list[tuple[int, str | None]]:
    """Dated values by instant; only the one in force at `at`, where that is given."""
    sorted_values = sorted(values.items())
    if at is None:
        return sorted_values
    return [pair for pair in sorted_values if pair[0] <= at][-1:]


def _assignable(store: Verbs, names: Sequence[Named], repository: str) -> list[Series]:
    """The series of the names, without running totals that only a pattern caught."""
    chosen: dict[SeriesKey, Series] = {}
    spared: dict[SeriesKey, Series] = {}
    for name in names:
        found = find(store, [name], repository=repository)
        totals = [one for one in found if one.aggregation is Aggregation.AT_THE_MOMENT]
        if len(totals) < len(found):
            spared |= {one.key: one for one in totals}
            found = [one for one in found if one not in totals]
        chosen |= {one.key: one for one in found}
    left_out = [one.name for key, one in spared.items() if key not in chosen]
    if left_out:
        logger.warning(
            "left out %d series of running totals, such as '%s'; name them exactly to include them",
            len(left_out),
            left_out[0],
        )
    return list(chosen.values())


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(name.strip().lower() for name in reader.fieldnames or ()) != COLUMNS:
                raise BadFile(
                    path,
                    f"its first line is not {','.join(COLUMNS)}",
                    hint="begin the file with that line",
                )
            reader.fieldnames = COLUMNS
            for row in reader:
                if None in row or None in row.values():
                    raise BadFile(
                        path,
                        f"line {reader.line_num} does not have 4 columns",
                        hint="give each line four cells; put texts with commas in quotes",
                    )
                yield reader.line_num, {name: text.strip() for name, text in row.items()}
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise BadFile(path, why, hint="check the path") from problem
    except UnicodeDecodeError as problem:
        raise BadFile(path, f"it is not UTF-8: {problem}", hint="save it as UTF-8") from problem


def _changes(
    store: Verbs,
    path: Path,
    rows: Sequence[tuple[int, dict[str, str]]],
    zone_name: str,
    repository: str,
) -> list[AssignmentChange]:
    local = zone(zone_name)
    keys: dict[str, list[SeriesKey]] = {}
    values: dict[tuple[SeriesKey, str], dict[int, str | None]] = defaultdict(dict)
    for line, row in rows:
        try:
            at = parse(row["from"], naive=local) if row["from"] else BEGINNING
            if row["series"] not in keys:
                found = _assignable(store, [row["series"]], repository)
                keys[row["series"]] = [series.key for series in found]
        except (BadTime, NotFound) as problem:
            raise BadFile(path, f"line {line}: {problem}", hint=problem.hint) from problem
        for key in keys[row["series"]]:
            values[key, row["attribute"]][at] = row["value"] or None
    return [
        AssignmentChange(series=key, attribute=attribute, values=dated)
        for (key, attribute), dated in values.items()
    ]
