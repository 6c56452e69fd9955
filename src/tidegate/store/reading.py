"""Reading readings back, as believed now or at an earlier instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.model.instants import BEGINNING, DAY
from tidegate.store.keys import among
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.series import SeriesKey
    from tidegate.model.windows import Window
    from tidegate.store.engine.duckdb import Engine, Session
    from tidegate.store.messages import Version

_PIECE: Final = 2_000_000
_BATCH: Final = 122_880
_LOOK_BACK: Final = (2 * DAY, 35 * DAY, 400 * DAY)


def read(
    engine: Engine, keys: Sequence[SeriesKey], window: Window, version: Version
) -> pa.RecordBatchReader:
    """Readings in batches; a large answer is read group by group from one state of the store."""
    with engine.reading() as session:
        groups = pieces(session, keys, window)
        if len(groups) == 1:
            return read_piece(session, groups[0], window, version).to_reader(_BATCH)
    return pa.RecordBatchReader.from_batches(READINGS, read_groups(engine, groups, window, version))


def read_piece(
    session: Session, keys: Sequence[SeriesKey], window: Window, version: Version
) -> pa.Table:
    """Readings of a few series in a window, sorted by (series, ts)."""
    with among(session, keys) as wanted:
        table = session.table(
            f"SELECT series, ts, value, flag FROM ({believed(session, wanted, version)})"
            " ORDER BY series, ts",
            start=window.start,
            end=window.end,
        )
    return table.cast(READINGS)


def believed(session: Session, wanted: str, version: Version) -> str:
    """SQL for the readings of a version, of series that a condition holds for.

    The statement that it becomes part of binds `$start` and `$end`.
    """
    scope = f"{wanted} AND ts >= $start AND ts < $end"
    if version.quotation is None:
        return _at(session, version, "readings", "superseded", scope)
    named = "=" if version.exact_quotation else "<="
    scope += f" AND quotation {named} {int(version.quotation)}"
    quoted = _at(session, version, "quoted", "superseded_quoted", scope)
    return (
        f"SELECT * FROM ({quoted}) QUALIFY"
        " row_number() OVER (PARTITION BY series, ts ORDER BY quotation DESC) = 1"
    )


def pieces(session: Session, keys: Sequence[SeriesKey], window: Window) -> list[list[SeriesKey]]:
    """The keys, sorted, in groups whose readings in the window fit into memory with ease."""
    ordered = sorted(set(keys))
    if len(ordered) <= 1:
        return [ordered]
    with among(session, ordered) as wanted:
        counts = dict(
            session.rows(
                f"SELECT series, count(*) FROM readings WHERE {wanted}"
                " AND ts >= $start AND ts < $end GROUP BY series",
                start=window.start,
                end=window.end,
            )
        )
    groups: list[list[SeriesKey]] = [[]]
    size = 0
    for key in ordered:
        size += counts.get(key, 0)
        if size > _PIECE and groups[-1]:
            groups.append([])
            size = counts.get(key, 0)
        groups[-1].append(key)
    return groups


def read_groups(
    engine: Engine, groups: Sequence[Sequence[SeriesKey]], window: Window, version: Version
) -> Iterator[pa.RecordBatch]:
    """Readings of groups of series, group after group, in batches."""
    with engine.reading() as session:
        for group in groups:
            yield from read_piece(session, group, window, version).to_batches(max_chunksize=_BATCH)


def read_before(
    session: Session, keys: Sequence[SeriesKey], instant: int, version: Version
) -> pa.Table:
    """The last reading of each series before an instant; looks no further back than it must."""
    missing = sorted(set(keys))
    found: list[pa.Table] = []
    end = instant
    for start in (*(instant - span for span in _LOOK_BACK), int(BEGINNING)):
        if not missing:
            break
        last = _last_between(session, missing, start, end, version)
        found.append(last)
        seen = set(last["series"].to_pylist())
        missing = [key for key in missing if key not in seen]
        end = start
    return pa.concat_tables([READINGS.empty_table(), *found]).sort_by("series")


def extents(session: Session, keys: Sequence[SeriesKey]) -> pa.Table:
    """First and last `ts` and number of readings per series that has any, by key."""
    with among(session, keys) as wanted:
        return session.table(
            "SELECT series, min(ts) AS first, max(ts) AS last, count(*) AS count"
            f" FROM readings WHERE {wanted} GROUP BY series ORDER BY series"
        )


def _last_between(
    session: Session, keys: list[SeriesKey], start: int, end: int, version: Version
) -> pa.Table:
    with among(session, keys) as wanted:
        table = session.table(
            "SELECT series, max(ts) AS ts, arg_max({value: value, flag: flag}, ts) AS last"
            f" FROM ({believed(session, wanted, version)}) GROUP BY series",
            start=start,
            end=end,
        )
    last = table["last"].combine_chunks()
    return pa.table(
        [table["series"], table["ts"], last.field("value"), last.field("flag")],
        names=READINGS.names,
    ).cast(READINGS)


def _at(session: Session, version: Version, current: str, past: str, scope: str) -> str:
    if version.as_of is None:
        return f"SELECT * FROM {current} WHERE {scope}"
    instant = int(version.as_of)
    known = "=" if version.exact else "<="
    revision = session.value(
        f"SELECT max(revision) FROM revisions WHERE written_at {known} {instant}"
    )
    still = "" if version.exact else f" AND known_to > {instant}"
    columns = "series, ts, value, flag" + (", quotation" if current == "quoted" else "")
    return (
        f"SELECT {columns} FROM {current} WHERE {scope} AND revision {known} {int(revision or 0)}"
        f" UNION ALL SELECT {columns} FROM {past}"
        f" WHERE {scope} AND known_from {known} {instant}{still}"
    )
