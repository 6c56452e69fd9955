"""Writing: readings from a file, a stream or a URL into series, all or nothing."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.calc.calendar import off_raster
from tidegate.formats.reading import FileReadings, Refusal, read_readings
from tidegate.model.errors import BadFile, NotFound
from tidegate.model.instants import to_text, zone
from tidegate.model.intervals import Interval, parse_interval
from tidegate.model.series import MAIN, NewSeries, Series
from tidegate.model.units import NO_UNIT
from tidegate.services.selection import find
from tidegate.transport.policies import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.model.series import SeriesKey
    from tidegate.store.messages import Counts
    from tidegate.store.verbs import Verbs

Source = str | Path | BinaryIO
"""A path, a URL of http or https, or a binary stream."""

SHOWN_REFUSALS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where readings go.

    Attributes:
        series: names or ids; one for a file that names none, else those to take of the file; all
            of the file unless given.
        create: make series that do not exist, of `unit` and `interval`.
        unit: of new series; the file's own, where it says one, wins.
        interval: of new series; spontaneous unless given.
        repository: of the series.
    """

    series: tuple[str, ...] = ()
    create: bool = False
    unit: str | None = None
    interval: str | None = None
    repository: str = MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read, where it does not say so itself; see `read_readings`."""

    format: str | None = None
    zone: str | None = None
    decimal: str | None = None
    delimiter: str | None = None


def write_file(
    store: Verbs,
    source: Source,
    target: Target,
    reading: Reading = Reading(),
    *,
    policies: Policies = Policies(),
) -> Counts:
    """Merge the readings of a file into series; one row that cannot be taken refuses the file.

    A row that does not begin a step of its series' raster, and rows that give one instant of one
    series twice, cannot be taken. New series are made last, and go again if writing fails.

    Returns:
        How many readings were inserted, changed and equal; what changed is kept as superseded.

    Raises:
        BadFile: rows cannot be taken; the message names them by line, and nothing is written.
        NotFound: a series does not exist and `create` is not set.
        TransportError: the URL cannot be fetched.
    """
    called = _called(source)
    content = _content(source, policies)
    columns = list(target.series) or None
    found = read_readings(
        content,
        name=called,
        format=reading.format,
        zone=zone(reading.zone) if reading.zone else None,
        decimal=reading.decimal,
        delimiter=reading.delimiter,
        columns=columns,
    )
    if found.refused_count:
        raise _refusal(called, found.refused, found.refused_count)
    series = _series(store, found, target, called)
    places = _places(found, series)
    if refused := _refused(found, series, places):
        raise _refusal(called, refused, len(refused))
    with _made(store, series, target.repository) as keys:
        return store.merge_readings(_readings(found, keys, places))


def _called(source: Source) -> str:
    if isinstance(source, str | Path):
        text = str(source)
        return text.partition("?")[0] if _is_url(text) else text
    return "-"


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _content(source: Source, policies: Policies) -> Path | BinaryIO:
    if isinstance(source, str) and _is_url(source):
        return io.BytesIO(_fetched(source, policies))
    return Path(source) if isinstance(source, str) else source


def _fetched(url: str, policies: Policies) -> bytes:
    from tidegate.transport.client import HttpClient

    parts = urlsplit(url)
    with HttpClient(
        f"{parts.scheme}://{parts.netloc}",
        allow_http=True,
        timeouts=policies.timeouts,
        retry=policies.retry,
        limits=policies.limits,
    ) as client:
        return client.request("GET", url, subject=_called(url)).body


def _refusal(called: str, refused: Sequence[Refusal], count: int) -> BadFile:
    shown = "; ".join(f"line {one.line}: {one.why}" for one in refused[:SHOWN_REFUSALS])
    more = count - min(SHOWN_REFUSALS, len(refused))
    rest = f"; and {more:,} more" if more > 0 else ""
    return BadFile(
        called,
        f"{count:,} of its rows cannot be taken: {shown}{rest}",
        hint="nothing was written; mend these rows and write the file again",
    )


# ---- the series of a file ---------------------------------------------------------------------


def _series(
    store: Verbs, found: FileReadings, target: Target, called: str
) -> list[Series | NewSeries]:
    """The series of each name in the file, or of the one that it does not name."""
    if found.names:
        return [
            _existing_or_new(store, name, found.units.get(name), target) for name in found.names
        ]
    if len(target.series) != 1:
        hint = "say which: tidegate write SERIES FILE"
        raise BadFile(called, "it names no series", hint=hint)
    return [_existing_or_new(store, target.series[0], None, target)]


def _existing_or_new(
    store: Verbs, name: str, unit: str | None, target: Target
) -> Series | NewSeries:
    try:
        return _existing(store, name, target.repository)
    except NotFound as missing:
        if not target.create:
            missing.hint = f"{missing.hint}, or add --create to make it"
            raise
        return NewSeries(name=name, unit=unit or target.unit or NO_UNIT, interval=_interval(target))


def _existing(store: Verbs, name: str, repository: str) -> Series:
    """The series of a name or id; a name with `%` or `_` means no other than itself."""
    found = find(store, [name], repository=repository)
    exact = [one for one in found if name in {one.name, str(one.id)}]
    if not exact and any(sign in name for sign in "%_"):
        raise NotFound("series", name, hint="tidegate series list shows the names")
    return (exact or found)[0]


def _interval(target: Target) -> Interval:
    return parse_interval(target.interval or "no")


@contextmanager
def _made(
    store: Verbs, series: Sequence[Series | NewSeries], repository: str
) -> Iterator[list[SeriesKey]]:
    """The keys of series, once the new ones are made; they go again if what follows fails."""
    wanted = [one for one in series if isinstance(one, NewSeries)]
    made = store.create_series(wanted, repository=repository) if wanted else []
    coming = iter(made)
    keys = [one.key if isinstance(one, Series) else next(coming).key for one in series]
    try:
        yield keys
    except BaseException:
        if made:
            store.remove_series([one.key for one in made])
        raise


# ---- the rows of a file -----------------------------------------------------------------------


def _places(found: FileReadings, series: Sequence[Series | NewSeries]) -> NDArray[np.int64]:
    """Of each row the place of its series; names of one series have one place."""
    if not found.names:
        return np.zeros(found.table.num_rows, np.int64)
    names = pc.cast(found.table["series"], pa.string())
    at = pc.index_in(names, value_set=pa.array(found.names, pa.string()))
    first: dict[SeriesKey | str, int] = {}
    same = [
        first.setdefault(one.key if isinstance(one, Series) else one.name, place)
        for place, one in enumerate(series)
    ]
    places: NDArray[np.int64] = np.array(same, np.int64)[at.to_numpy()]
    return places


def _refused(
    found: FileReadings, series: Sequence[Series | NewSeries], places: NDArray[np.int64]
) -> list[Refusal]:
    """The rows that their series cannot take, by line: beside its raster, or there twice."""
    instants, lines = (found.table[name].to_numpy() for name in ("ts", "line"))
    refused = {}
    for row in _repeated(places, instants).tolist():
        why = f"'{series[places[row]].name}' has {to_text(int(instants[row]))} more than once"
        refused[int(lines[row])] = why
    for place in np.unique(places).tolist():
        one = series[place]
        rows = np.flatnonzero(places == place)
        off = off_raster(instants[rows], one.interval, zone(one.zone or "UTC"))
        for row in rows[off].tolist():
            why = f"{to_text(int(instants[row]))} is not on the raster of '{one.name}'"
            refused[int(lines[row])] = f"{why}, {one.interval}"
    return [Refusal(line, why) for line, why in sorted(refused.items())]


def _repeated(places: NDArray[np.int64], instants: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows that have series and instant in common with another."""
    order = np.lexsort((instants, places))
    again = (np.diff(places[order]) == 0) & (np.diff(instants[order]) == 0)
    return np.union1d(order[1:][again], order[:-1][again])


def _readings(
    found: FileReadings, keys: Sequence[SeriesKey], places: NDArray[np.int64]
) -> pa.Table:
    return pa.table(
        {
            "series": np.array(keys, np.int32)[places],
            "ts": found.table["ts"],
            "value": found.table["value"],
            "flag": found.table["flag"],
        }
    )
