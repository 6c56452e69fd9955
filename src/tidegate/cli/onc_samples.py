"""`tidegate onc scalar` and `raw`: measurements straight from the platform."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.onc_options import LOOKED, WHERE, From, Looked, To, Where
from tidegate.cli.output import note, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.cli.output import Row


def scalar(
    *,
    looked: Looked = LOOKED,
    from_: From = "now-1d",
    to: To = None,
    since: str | None = None,
    quality: Literal["clean", "raw"] = "clean",
    resample: str | None = None,
    csv: Annotated[bool, Parameter(negative=())] = False,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """Show samples straight from the platform; nothing is stored.

    With --since FILE each run goes on where the last one stopped, sensor by sensor: no sample comes
    twice and none is left out. `tidegate pull` does the same into the store.

    Args:
        looked: a device, or a location with a category, and perhaps a property.
        from_: since when; for what is not in the file of --since.
        to: until when; now unless given.
        since: what was taken before: an instant, or a file where each run is noted for the next.
        quality: clean leaves numbers out that fail the platform's checks, raw has them.
        resample: means over this time, such as 10m.
        csv: print CSV.
        where: who is asked.
        common: common options.
    """
    from tidegate.model.instants import SECOND
    from tidegate.services import onc_samples
    from tidegate.services.onc_news import Seen
    from tidegate.services.onc_places import span_of
    from tidegate.services.selection import elapsed

    period = None if resample is None else elapsed(resample) // SECOND
    asked = onc_samples.Asked(quality=quality, resample=period)
    window, seen = span_of(from_, to), Seen.of(since)
    with where.opened(common) as client:
        rows = _Counted(onc_samples.samples(client, looked.filters(), window, seen, asked))
        _print(rows, ("time", "sensor", "value", "flag", "unit"), common, csv=csv)
    seen.save()
    note(f"{rows.count:,} samples", quiet=common.quiet)


def raw(
    *,
    looked: Looked = LOOKED,
    from_: From = "now-1d",
    to: To = None,
    since: str | None = None,
    csv: Annotated[bool, Parameter(negative=())] = False,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """Show lines as instruments wrote them; nothing is stored.

    Args:
        looked: a device, or a location with a category.
        from_: since when; if nothing is noted in the file of --since.
        to: until when; now unless given.
        since: what was taken before: an instant, or a file where each run is noted for the next.
        csv: print CSV.
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_samples
    from tidegate.services.onc_news import Seen
    from tidegate.services.onc_places import span_of

    window, seen = span_of(from_, to), Seen.of(since)
    with where.opened(common) as client:
        rows = _Counted(onc_samples.lines(client, looked.filters(), window, seen))
        _print(rows, ("time", "type", "line"), common, csv=csv)
    seen.save()
    note(f"{rows.count:,} lines", quiet=common.quiet)


class _Counted:
    """Rows as they pass, counted."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _print(rows: _Counted, columns: Sequence[str], common: Common, *, csv: bool) -> None:
    if csv and not common.json:
        from csv import DictWriter

        writer = DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        show(rows, json=common.json, columns=columns)
    sys.stdout.flush()
