"""`plan create`: a workbook of the subjects of a connection, whatever the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.formats import Format
from tidegate.model.errors import NotFound, UsageError
from tidegate.model.instants import now as present
from tidegate.plans.dates import Moment, window_of
from tidegate.plans.definitions import BY_SUBJECT
from tidegate.plans.event_lists import Event, merged, read_events, unmet
from tidegate.plans.options_text import options_text
from tidegate.plans.workbook import columns as names
from tidegate.plans.workbook.building import CatalogueRow
from tidegate.plans.workbook.rows import identity
from tidegate.plans.workbook.writing import moment_cell
from tidegate.services.discovering import kind_named, matches
from tidegate.services.planning import Made, Target, make_workbook, require_rows, require_writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tidegate.model.catalogue import Entry
    from tidegate.plans.workbook.grids import Cell
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook of subjects is made for.

    Attributes:
        begin: first instant of each row; relative ones stay so in the workbook.
        end: end of each row, exclusive.
        subjects: subjects and names; `%` and `_` are wildcards; all if none.
        kind: only this kind of subject.
        format: of the files that are written.
        events: list of events, around which data are wanted; its places are subjects.
        padding: before and after each event.
    """

    begin: Moment = "today-7d"
    end: Moment = "today"
    subjects: tuple[str, ...] = ()
    kind: str | None = None
    format: str = "csv"
    events: Path | None = None
    padding: str | None = None


def create(store: Verbs, record: ConnectionRecord, request: Request, target: Target) -> Made:
    """Make a workbook of what a connection can give, or add to one.

    Args:
        store: that has the catalogue of the connection.
        record: the connection.
        request: what is wanted.
        target: the workbook.

    Raises:
        UnknownName: there is no such format or kind of subject.
        WorkbookExists: there is one, and the target does not say what to do with it.
        NotFound: nothing is known of the connection, or no subject is like that.
        BadTime, ImpossibleDate, BadFile: a date or the list of events is wrong.
    """
    if record.platform == "onc":
        hint = f"tidegate onc createXLS --connection {record.name} makes its workbooks"
        raise UsageError(f"'{record.name}' orders products", hint=hint)
    require_writable(target)
    Format.named(request.format)
    now = present()
    window_of(request.begin, request.end, now=now)
    events: list[Event] | None = None
    if request.events is not None:
        events = read_events(request.events, padding=request.padding, now=now)
    entries = _entries(store, record, request)
    rows = {BY_SUBJECT: list(_rows(entries, request, events))}
    if not (target.append and target.path.exists()):
        require_rows(rows, f"tidegate discover {record.name} shows what there is")
    settings: dict[str, Cell] = {
        "downloadFolder": ".",
        "logFile": f"{target.path.stem}.json",
        "connection": record.name,
    }
    made = make_workbook(target, rows, settings)
    return msgspec.structs.replace(made, left=(*made.left, *unmet(events or (), _met(rows))))


def _met(rows: Mapping[str, Sequence[CatalogueRow]]) -> set[str]:
    cells = (str(row.cells.get(names.EVENTS, "")) for row in rows[BY_SUBJECT])
    return {label for text in cells for label in text.split(", ")}


def _entries(store: Verbs, record: ConnectionRecord, request: Request) -> list[Entry]:
    """The entries of the catalogue whose readings are kept as series."""
    known = store.catalogue(record.name)
    if not known:
        hint = f"tidegate discover {record.name} asks for it"
        raise NotFound("catalogue", record.name, hint=hint)
    kind = kind_named(request.kind, known)
    found = [
        entry
        for entry in known
        if entry.series
        and kind in {None, entry.kind}
        and matches(entry.name, entry.subject, request.subjects)
    ]
    if not found:
        hint = f"tidegate discover {record.name} shows what there is"
        raise NotFound("subject", ", ".join(request.subjects) or request.kind, hint=hint)
    return sorted(found, key=lambda entry: (entry.kind, entry.name, entry.subject))


def _rows(
    entries: Sequence[Entry], request: Request, events: Sequence[Event] | None
) -> Iterator[CatalogueRow]:
    for entry in entries:
        units = sorted({str(series.unit) for series in entry.series if series.unit})
        common: dict[str, Cell] = {
            "subject": entry.subject,
            "kind": entry.kind,
            "name": entry.name,
            "unit": ", ".join(units),
            names.DOWNLOAD: "T",
            names.OPTIONS: options_text({"format": request.format}),
        }
        if events is None:
            cells = common | {names.BEGIN: request.begin, names.END: request.end}
            cells[names.ROW_ID] = identity([BY_SUBJECT, entry.subject])
            yield CatalogueRow(cells=cells)
            continue
        near = [one for one in events if one.place in {"", entry.subject, entry.name}]
        for window, labels in merged(near):
            dates = {names.BEGIN: moment_cell(window.start), names.END: moment_cell(window.end)}
            cells = common | dates | {names.EVENTS: ", ".join(labels)}
            cells[names.ROW_ID] = identity([BY_SUBJECT, entry.subject, window])
            yield CatalogueRow(cells=cells)
