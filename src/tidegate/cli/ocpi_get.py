"""`tidegate ocpi get`: the records of a module, private by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.ocpi_fields import show_leaving
from tidegate.cli.output import note

if TYPE_CHECKING:
    from tidegate.services.ocpi.exporting import Way
    from tidegate.services.ocpi.getting import Taken
    from tidegate.services.ocpi.outlet import Wanted

Flag = Annotated[bool, Parameter(negative=())]
Format = Literal["jsonl", "json", "csv", "tsv", "parquet", "xlsx"]


@Parameter(name="*", group="What leaves")
@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Which fields leave, and how.

    Attributes:
        privacy_pass: fields to let pass, as in kwh,charging_periods.dimensions; a single . passes
            everything. Fields that were joined begin with joined, as in joined.location.city.
        profile: the verdicts to start from.
        extensions: take unknown names in --privacy-pass for fields that the platform added.
        view: let out what this view lets out, instead of a profile and a pass list.
        mark: what stands for a blanked value: #NA, null, or nothing; always null in Parquet.
        times: write times in whole seconds, as jq's fromdate reads them, or only hour or day.
        explain: show what would leave; nothing is asked of the platform.
    """

    privacy_pass: str | None = None
    profile: Literal["default", "parity", "strict", "full"] = "default"
    extensions: Flag = False
    view: str | None = None
    mark: Literal["na", "null", "omit"] = "na"
    times: Literal["whole", "hour", "day"] | None = None
    explain: Flag = False


@Parameter(name="*", group="Which records")
@dataclass(frozen=True, kw_only=True)
class Portion:
    """Which records are asked for, and how fast.

    Attributes:
        date_from: only records updated then or later.
        date_to: only records updated before.
        offset: records to pass over.
        limit: take one page, of so many records, and tell how many there are.
        page_size: records to ask for at once; as the connection says unless given.
        throttle: least time between the starts of two requests, e.g. 2s, 500ms.
        join: modules to join to sessions or cdrs: locations, tariffs, tokens, and cdrs or sessions.
    """

    date_from: str | None = None
    date_to: str | None = None
    offset: int = 0
    limit: int | None = None
    page_size: int | None = None
    throttle: str | None = None
    join: str = ""


@Parameter(name="*", group="Where to, and how often")
@dataclass(frozen=True, kw_only=True)
class Output:
    """Where records go.

    Attributes:
        format: by the ending of --out, or jsonl (a record a line), unless given.
        out: the file; with --follow a folder. Standard output without.
        explode: in tables, a row for each element of this list, e.g. charging_periods.
        since_last: only what is new since the last run of this export; with a name, of that one.
        follow: go on for ever, with what is new each time.
        every: with --follow, once in this interval (15m, hour, day).
        rotate: with --follow, a file for each such interval instead of one for each run.
    """

    format: Format | None = None
    out: Path | None = None
    explode: str | None = None
    since_last: Annotated[bool | str | None, Parameter(negative=())] = None
    follow: Flag = False
    every: str = "15m"
    rotate: str | None = None


def get(
    module: str,
    *,
    connection: str | None = None,
    leaving: Leaving = Leaving(),
    portion: Portion = Portion(),
    output: Output = Output(),
    common: Common = COMMON,
) -> None:
    """Take the records of a module; what is sensitive is blanked unless it is named.

    Args:
        module: sessions, cdrs, locations, tariffs or tokens.
        connection: the connection; may be left out when there is one.
        leaving: which fields leave.
        portion: which records are asked for.
        output: where they go.
        common: common options.
    """
    from tidegate.cli.logs import follow
    from tidegate.services.ocpi.exporting import export
    from tidegate.services.settings import resolve, store_path
    from tidegate.services.stopping import stopping

    settings = resolve()
    follow(settings, quiet=common.quiet, debug=common.debug)
    wanted, folder = _wanted(module, leaving, portion, output), store_path(common.store)
    if leaving.explain:
        _explain(folder, connection, wanted, common)
        return
    way = _way(output)
    if leaving.view is not None:
        _through(leaving.view, wanted, way, common)
        return
    with stopping() as stop:
        for taken in export(
            folder, wanted, way, settings=settings, connection=connection, stop=stop
        ):
            _tell(taken, wanted, common)


def _wanted(module: str, leaving: Leaving, portion: Portion, output: Output) -> Wanted:
    from tidegate.formats.records import RecordFormat
    from tidegate.gate.passlist import parse_pass_list
    from tidegate.gate.verdicts import Mark
    from tidegate.platforms.ocpi.settings import seconds
    from tidegate.services.ocpi.exporting import instant_or_none
    from tidegate.services.ocpi.outlet import Wanted

    suffix = output.out.suffix if output.out is not None and not output.follow else ""
    passes = leaving.privacy_pass
    return Wanted(
        module=module,
        profile=leaving.profile,
        passes=() if passes is None else parse_pass_list(passes),
        extensions=leaving.extensions,
        mark=Mark(leaving.mark),
        times=leaving.times,
        joins=tuple(name.strip() for name in portion.join.split(",") if name.strip()),
        format=RecordFormat.named(output.format or suffix or "jsonl"),
        explode=output.explode,
        date_from=instant_or_none(portion.date_from),
        date_to=instant_or_none(portion.date_to),
        offset=portion.offset,
        limit=portion.limit,
        page_size=portion.page_size,
        throttle=seconds(portion.throttle) if portion.throttle else None,
    )


def _way(output: Output) -> Way:
    from tidegate.services.ocpi.exporting import Way, interval

    return Way(
        out=output.out,
        since_last="" if output.since_last is True else output.since_last or None,
        every=interval(output.every) if output.follow else None,
        rotate=interval(output.rotate) if output.rotate is not None else None,
    )


def _through(view: str, wanted: Wanted, way: Way, common: Common) -> None:
    from tidegate.services.ocpi.exporting import export_through
    from tidegate.services.stopping import stopping

    with common.open() as store, stopping() as stop:
        taken = export_through(store, view, wanted, way, stop=stop)
    _tell(taken, wanted, common)


def _explain(folder: Path, connection: str | None, wanted: Wanted, common: Common) -> None:
    from tidegate.services.ocpi.exporting import explain

    fields = list(explain(folder, wanted, connection=connection))
    show_leaving(fields, json=common.json)
    known = [field for field in fields if field.is_known]
    added = sum(field.because == "pass list" for field in known)
    note(f"{len(known)} fields would leave, {added} because of the pass list", quiet=common.quiet)


def _tell(taken: Taken, wanted: Wanted, common: Common) -> None:
    """Say on standard error what is worth knowing of a run."""
    if taken.unknown:
        names = ", ".join(f"{path} ({count})" for path, count in taken.unknown.items())
        note(f"blanked, since no rule names them: {names}", quiet=common.quiet)
    if taken.skipped:
        note(f"{taken.skipped:,} elements were no records and were left out", quiet=common.quiet)
    page = taken.page
    if wanted.limit is not None and page is not None:
        facts = {
            "records here": taken.records,
            "X-Total-Count": page.total,
            "X-Limit": page.limit,
            "next": None if page.next_offset is None else f"--offset {page.next_offset}",
        }
        told = [f"{name} {'none' if value is None else value}" for name, value in facts.items()]
        note(", ".join(told), quiet=common.quiet)
