"""Exports of OCPI records in one call: once, since the last time, or for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.model.errors import BadTime, BadValue
from tidegate.model.instants import parse
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.connection_files import connection as connection_of
from tidegate.services.ocpi.fields import shown_fields
from tidegate.services.ocpi.getting import get, get_news, source
from tidegate.services.ocpi.progress import Exports
from tidegate.services.ocpi.sinks import OneFile, StandardOutput

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.services.ocpi.fields import ShownField
    from tidegate.services.ocpi.getting import Source, Taken
    from tidegate.services.ocpi.outlet import Wanted
    from tidegate.services.ocpi.sinks import Sink
    from tidegate.services.opened import Store
    from tidegate.services.settings import Settings


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where an export goes, and how often.

    Attributes:
        out: a file, or for exports without end a folder; standard output if None.
        since_last: name of the export whose last run it follows on; empty for the usual name; None
            for everything.
        every: microseconds between the runs of an export without end; one run if None.
        rotate: microseconds that one file of such an export is for.
    """

    out: Path | None = None
    since_last: str | None = None
    every: int | None = None
    rotate: int | None = None


def export(
    folder: Path,
    wanted: Wanted,
    way: Way,
    *,
    settings: Settings,
    connection: str | None = None,
    stop: threading.Event,
) -> Iterator[Taken]:
    """What each run of an export gave out; there is one, unless the way is without end.

    Args:
        folder: of the store that has the connection.
        wanted: what to give out.
        way: where to, and how often.
        settings: how platforms are treated.
        connection: its name; may be left out where there is one.
        stop: ends it after the present page.

    Raises:
        NotLoggedIn: there is no connection to an OCPI platform.
        UsageError: what is wanted cannot be had like that.
        TransportError: the platform cannot be asked; with `every`, the next run makes up for it.
        Interrupted: it was stopped within its only run.
    """
    if way.rotate is not None and way.every is None:
        raise BadValue("--rotate", "given", "left out unless there is --follow")
    with source(folder, connection, settings) as platform:
        platform.outlet(wanted)
        if way.every is None and way.since_last is None:
            yield get(platform, wanted, _sink(way.out), stop=stop.is_set)
        else:
            yield from _going_on(platform, wanted, way, stop)


def export_through(
    store: Store, view: str, wanted: Wanted, way: Way, *, stop: threading.Event
) -> Taken:
    """What an export through a view gave out.

    Raises:
        NotFound: there is no such view.
        BadValue: options by which the view decides, or an export that goes on.
    """
    if way.since_last is not None or way.every is not None:
        raise BadValue("--view", view, "given without --since-last and --follow")
    from tidegate.services.ocpi.through_views import get_through

    return get_through(store, view, wanted, _sink(way.out), stop=stop.is_set)


def explain(folder: Path, wanted: Wanted, *, connection: str | None = None) -> Iterator[ShownField]:
    """Each field that would leave of what is wanted, and why; nothing is asked of the platform.

    Raises:
        NotLoggedIn: there is no connection to an OCPI platform.
        UsageError: what is wanted cannot be had like that.
    """
    record, _ = connection_of(folder, connection, platform="ocpi")
    version = read_settings(record.settings).version
    yield from (field for field in shown_fields(wanted, version) if field.leaves)


def instant_or_none(text: str | None) -> int | None:
    """UTC microseconds of ISO 8601 or of a relative text such as `now-7d`; None of None.

    Raises:
        BadTime: the text names no instant.
    """
    if text is None:
        return None
    try:
        return parse(text)
    except BadTime:
        from tidegate.services.selection import instant

        return instant(text)


def interval(text: str) -> int:
    """Microseconds of an interval such as `15m`, `hour` or `week`.

    Raises:
        BadValue: the text is no interval of a fixed length.
    """
    from tidegate.services.selection import elapsed

    return elapsed(text)


def _going_on(platform: Source, wanted: Wanted, way: Way, stop: threading.Event) -> Iterator[Taken]:
    name = way.since_last or f"{platform.name}-{wanted.module}"
    with Exports(platform.folder).running(name, platform.name, wanted.module) as known:
        if way.every is None:
            yield get_news(platform, wanted, _sink(way.out), known, stop=stop.is_set)
            return
        from tidegate.services.ocpi.following import follow, sink_of

        sink = sink_of(wanted, known, way.out, way.rotate)
        yield from follow(platform, wanted, sink, known, step=way.every, stop=stop)


def _sink(out: Path | None) -> Sink:
    return StandardOutput() if out is None else OneFile(out)
