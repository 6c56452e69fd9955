"""Writing: readings from a file, a stream or a URL into series, all or nothing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats.reading import FileReadings, read_readings
from tidegate.model.errors import BadFile, NotFound
from tidegate.model.instants import zone
from tidegate.model.intervals import Interval, parse_interval
from tidegate.model.series import MAIN, NewSeries, Series
from tidegate.model.units import NO_UNIT
from tidegate.services.selection import find
from tidegate.transport.policies import Policies

if TYPE_CHECKING:
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
        raise _refusal(called, found)
    keys = _series(store, found, target, called)
    return store.merge_readings(_readings(found, keys))


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


def _refusal(called: str, found: FileReadings) -> BadFile:
    shown = "; ".join(f"line {one.line}: {one.why}" for one in found.refused[:SHOWN_REFUSALS])
    more = found.refused_count - min(SHOWN_REFUSALS, len(found.refused))
    rest = f"; and {more:,} more" if more > 0 else ""
    return BadFile(
        called,
        f"{found.refused_count:,} of its rows cannot be taken: {shown}{rest}",
        hint="nothing was written; mend these rows and write the file again",
    )


def _series(
    store: Verbs, found: FileReadings, target: Target, called: str
) -> dict[str | None, Series]:
    """The series of each name in the file; of None where the file names none."""
    if not found.names:
        if len(target.series) != 1:
            raise BadFile(
                called, "it names no series", hint="say which: tidegate write SERIES FILE"
            )
        return {None: _existing_or_new(store, target.series[0], None, target)}
    return {
        name: _existing_or_new(store, name, found.units.get(name), target) for name in found.names
    }


def _existing_or_new(store: Verbs, name: str, unit: str | None, target: Target) -> Series:
    try:
        (series,) = find(store, [name], repository=target.repository)
    except NotFound as missing:
        if not target.create:
            missing.hint = f"{missing.hint}, or add --create to make it"
            raise
        new = NewSeries(name=name, unit=unit or target.unit or NO_UNIT, interval=_interval(target))
        (series,) = store.create_series([new], repository=target.repository)
    return series


def _interval(target: Target) -> Interval:
    return parse_interval(target.interval or "no")


def _readings(found: FileReadings, keys: dict[str | None, Series]) -> pa.Table:
    names = pc.cast(found.table["series"], pa.string())
    wanted = pa.array(list(keys), pa.string())
    numbers = pa.array([int(series.key) for series in keys.values()], pa.int32())
    at = pc.index_in(names, value_set=wanted)
    return pa.table(
        {
            "series": numbers.take(at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at),
            "ts": found.table["ts"],
            "value": found.table["value"],
            "flag": found.table["flag"],
        }
    )
