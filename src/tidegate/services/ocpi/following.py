"""`ocpi get --follow`: an export that goes on for ever, once in every interval."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Final

from tidegate.formats.records import RecordFormat
from tidegate.model.errors import BadValue, Interrupted, TransportError
from tidegate.model.instants import MINUTE, now
from tidegate.services.ocpi.getting import get_news
from tidegate.services.ocpi.sinks import FileForEachRun, RotatingFiles, StandardOutput

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.services.ocpi.getting import Source, Taken
    from tidegate.services.ocpi.outlet import Wanted
    from tidegate.services.ocpi.progress import Export
    from tidegate.services.ocpi.sinks import Sink

logger = logging.getLogger(__name__)

_SPLAY: Final = MINUTE
"""Runs begin up to so much late, or a tenth of their interval, so that clients do not all ask at
once."""


def sink_of(wanted: Wanted, export: Export, out: Path | None, rotate: int | None) -> Sink:
    """Where the runs of an export that goes on go.

    Args:
        wanted: what they give out.
        export: remembers an open file.
        out: a folder; standard output if None.
        rotate: microseconds that one file is for; a file for each run if None.

    Raises:
        BadValue: a format that cannot be added to, where it would have to be; a file for a folder.
    """
    growing = f"one that can be added to: {', '.join(one for one in RecordFormat if one.can_grow)}"
    if (out is None or rotate is not None) and not wanted.format.can_grow:
        raise BadValue("--format", wanted.format.value, growing)
    if out is None:
        if rotate is not None:
            raise BadValue("--rotate", "given", "left out unless there is --out FOLDER")
        return StandardOutput()
    return FileForEachRun(out) if rotate is None else RotatingFiles(out, rotate, export)


def follow(
    source: Source, wanted: Wanted, sink: Sink, export: Export, *, step: int, stop: threading.Event
) -> Iterator[Taken]:
    """What each run gave out; a run that the platform fails is told and made good by the next.

    Args:
        source: where records come from.
        wanted: what to give out.
        sink: where they go.
        export: what was given out before.
        step: microseconds from one run to the next.
        stop: set to end it: while waiting at once, within a run after the present page.
    """
    while not stop.is_set():
        began = now()
        try:
            yield get_news(source, wanted, sink, export, stop=stop.is_set)
        except TransportError as error:
            logger.warning("%s; the next run makes up for it", error)
        except Interrupted:
            break
        stop.wait((began + step - now() + random.uniform(0, min(step / 10, _SPLAY))) / 1e6)
    sink.finish(export)
