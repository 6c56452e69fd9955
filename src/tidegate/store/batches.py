"""Batches of readings on their way in: checked, sorted, without repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.errors import BadValue
from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import BEGINNING, FOREVER, to_text
from tidegate.model.series import SeriesKey
from tidegate.store.verbs import HISTORY, READINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tidegate.model.windows import Window

SCOPE: Final = pa.schema({"series": pa.int32(), "start": pa.int64(), "end": pa.int64()})
"""Where a write may touch what is there: windows per series, sorted by (series, start)."""

_SLICE: Final = 4_000_000


def checked(readings: pa.Table) -> pa.Table:
    """The readings as `READINGS`, sorted by (series, ts), of repeats only the last.

    Null values get flag 19 unless theirs stands for no number.

    Raises:
        BadValue: a missing column, a null where none may be, a value that is not finite, a flag
            outside the list, or an instant outside of time.
    """
    table = _shaped(readings)
    _require_whole(table)
    _require_finite(table)
    _require_known_flags(table)
    return _ordered(_marked(table))


def checked_history(history: pa.Table) -> pa.Table:
    """What was believed between instants as `HISTORY`, held to what `checked` holds readings to.

    Raises:
        BadValue: as `checked`; or a belief that ends before it begins.
    """
    readings = _shaped(history)
    _require_whole(readings)
    _require_finite(readings)
    _require_known_flags(readings)
    table = _marked(readings)
    for name in ("known_from", "known_to"):
        if name not in history.column_names or history[name].null_count:
            raise BadValue("the table of a history", history.column_names, f"one with '{name}'")
        table = table.append_column(HISTORY.field(name), history[name].cast(pa.int64()))
    if not pc.all(pc.less(table["known_from"], table["known_to"]), min_count=0).as_py():
        raise BadValue("a belief of a history", "one that ends before it begins", "half-open")
    return table


def keys_of(readings: pa.Table) -> list[SeriesKey]:
    """The series of sorted readings, each once."""
    return [SeriesKey(key) for key in pc.unique(readings["series"]).to_pylist()]


def scope_of(windows: Iterable[tuple[SeriesKey, Window]]) -> pa.Table:
    """A scope of (series, window) pairs; the windows of one series are merged where they touch."""
    merged: list[tuple[int, int, int]] = []
    for key, window in sorted((key, window) for key, window in windows if window):
        if merged and merged[-1][0] == key and window.start <= merged[-1][2]:
            _, start, end = merged[-1]
            merged[-1] = (key, start, max(end, window.end))
        else:
            merged.append((key, window.start, window.end))
    columns = zip(*merged, strict=True) if merged else ((), (), ())
    return pa.table(dict(zip(SCOPE.names, columns, strict=True)), schema=SCOPE)


def extent_of(readings: pa.Table) -> pa.Table:
    """The scope that sorted readings themselves span: first to last of each series."""
    series, ts = _numbers(readings, "series"), _numbers(readings, "ts")
    starts, ends = _borders(series)
    return pa.table(
        {"series": series[starts], "start": ts[starts], "end": ts[ends - 1] + 1}, schema=SCOPE
    )


def require_inside(readings: pa.Table, scope: pa.Table) -> None:
    """Check that every one of the sorted readings lies in the scope.

    Raises:
        BadValue: one does not.
    """
    if not readings.num_rows:
        return
    series, ts = _numbers(readings, "series"), _numbers(readings, "ts")
    starts, ends = _borders(series)
    windows = _windows_by_series(scope)
    for first, last in zip(starts, ends, strict=True):
        stray = ~_inside(ts[first:last], windows.get(int(series[first]), []))
        if stray.any():
            place = first + int(np.argmax(stray))
            raise BadValue(
                f"the instant of a reading of series {series[place]}",
                to_text(int(ts[place])),
                "within the window that is replaced",
            )


def slices(readings: pa.Table, scope: pa.Table) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Sorted readings and scope cut at borders of series into pieces of bounded size."""
    if readings.num_rows <= _SLICE:
        yield readings, scope
        return
    series, scoped = _numbers(readings, "series"), _numbers(scope, "series")
    cut = scope_cut = 0
    while cut < len(series):
        end, scope_end = len(series), len(scoped)
        if end - cut > _SLICE:
            last = series[cut + _SLICE - 1]
            end = int(np.searchsorted(series, last, side="right"))
            scope_end = int(np.searchsorted(scoped, last, side="right"))
        yield readings.slice(cut, end - cut), scope.slice(scope_cut, scope_end - scope_cut)
        cut, scope_cut = end, scope_end
    if scope_cut < len(scoped):
        yield readings.slice(0, 0), scope.slice(scope_cut)


def _shaped(readings: pa.Table) -> pa.Table:
    for name in READINGS.names:
        if name not in readings.column_names:
            raise BadValue("the table of readings", readings.column_names, f"one with '{name}'")
    try:
        return readings.select(READINGS.names).cast(READINGS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadValue("the table of readings", str(error), "of the types of READINGS") from None


def _require_whole(table: pa.Table) -> None:
    for name in ("series", "ts", "flag"):
        if table[name].null_count:
            raise BadValue(f"'{name}' of a reading", None, "given for every reading")


def _require_finite(table: pa.Table) -> None:
    finite = pc.all(pc.is_finite(table["value"]), min_count=0).as_py()
    if not finite:
        place = pc.index(pc.fill_null(pc.is_finite(table["value"]), True), False).as_py()
        raise BadValue(
            f"the value of series {table['series'][place]}"
            f" at {to_text(table['ts'][place].as_py())}",
            table["value"][place].as_py(),
            "a finite number, or null where there is none",
        )


def _require_known_flags(table: pa.Table) -> None:
    for flag in pc.unique(table["flag"]).to_pylist():
        if flag not in _FLAGS:
            raise BadValue("the flag of a reading", flag, f"one of {', '.join(map(str, _FLAGS))}")
    if table.num_rows:
        span = pc.min_max(table["ts"]).as_py()
        if span["min"] < BEGINNING or span["max"] >= FOREVER:
            raise BadValue("the instant of a reading", span, "within the years 1 to 9998")


def _marked(table: pa.Table) -> pa.Table:
    """The table with flag Missing where a value is null under a flag that promises a number."""
    if not table["value"].null_count:
        return table
    silent = pc.is_in(table["flag"], value_set=_SILENT)
    wrong = pc.and_(pc.is_null(table["value"]), pc.invert(silent))
    flags = pc.if_else(wrong, pa.scalar(int(Flag.MISSING), pa.int16()), table["flag"])
    return table.set_column(table.column_names.index("flag"), "flag", flags)


def _ordered(table: pa.Table) -> pa.Table:
    series, ts = _numbers(table, "series"), _numbers(table, "ts")
    if _rises(series, ts):
        return table
    order = np.lexsort((ts, series))
    series, ts = series[order], ts[order]
    last = np.append((np.diff(series) != 0) | (np.diff(ts) != 0), True)
    return table.take(pa.array(order[last]))


def _rises(series: NDArray[np.int32], ts: NDArray[np.int64]) -> bool:
    same = series[1:] == series[:-1]
    up = ts[1:] > ts[:-1]
    if same.all():
        return bool(up.all())
    return bool(np.where(same, up, series[1:] > series[:-1]).all())


def _borders(series: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not len(series):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    inner = np.flatnonzero(series[1:] != series[:-1]) + 1
    return np.concatenate(([0], inner)), np.concatenate((inner, [len(series)]))


def _windows_by_series(scope: pa.Table) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for key, start, end in zip(*(column.to_pylist() for column in scope.columns), strict=True):
        found.setdefault(key, []).append((start, end))
    return found


def _inside(ts: NDArray[np.int64], windows: list[tuple[int, int]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(ts), np.bool_)
    for start, end in windows:
        inside |= (ts >= start) & (ts < end)
    return inside


def _numbers(table: pa.Table, column: str) -> NDArray[Any]:
    numbers: NDArray[Any] = table[column].to_numpy()
    return numbers


_FLAGS: Final = [int(flag) for flag in Flag]
_SILENT: Final = pa.array(sorted(int(flag) for flag in WITHOUT_NUMBER), pa.int16())
