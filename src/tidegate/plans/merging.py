"""A workbook and a log brought together: what is new, what changed, what nobody wants any more.

Nothing that came is ever forgotten: complete tasks stay, files stay on disk, and definitions that
left the workbook are kept as removed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.windows import Window, WindowSet
from tidegate.plans.date_pieces import DayOfWeek, Split, date_pieces
from tidegate.plans.log import (
    ACTIVE,
    CANCELLED,
    DISABLED,
    ERROR,
    INVALID,
    PENDING,
    REMOVED,
    DefinitionEntry,
    Fault,
    Log,
    TaskEntry,
    task_id_of,
    to_stamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.plans.definitions import Configuration, Definition

_IDLE: Final = frozenset({PENDING, ERROR, CANCELLED, DISABLED})
"""Tasks that nothing came of yet: they may be cut anew."""

_Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class Merged:
    """What a merge changed."""

    definitions_added: int = 0
    definitions_removed: int = 0
    tasks_added: int = 0
    tasks_disabled: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """How ranges are cut into tasks."""

    split: Split = Split.ALL
    day_of_week: DayOfWeek = DayOfWeek.SU

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Cut:
        """As the configuration in a log says."""
        return cls(
            Split(configuration.get("splitDateRange") or Split.ALL),
            DayOfWeek(configuration.get("dayOfWeek") or DayOfWeek.SU),
        )

    def pieces(self, windows: Iterable[Window]) -> list[Window]:
        """Windows, cut."""
        return [
            piece
            for window in windows
            for piece in date_pieces(window, self.split, day_of_week=self.day_of_week)
        ]


def merge(
    log: Log,
    definitions: Iterable[Definition],
    configuration: Configuration,
    *,
    faults: Mapping[str, Fault] | None = None,
) -> Merged:
    """Bring the rows of a workbook into a log.

    Args:
        log: is changed.
        definitions: all rows, as the workbook has them now.
        configuration: how they are run now.
        faults: what the catalogue has against rows, by their `row_id`.
    """
    merged = Merged()
    cut = Cut(configuration.split, configuration.day_of_week)
    is_cut_anew = bool(log.configuration) and Cut.of(log.configuration) != cut
    log.configuration |= configuration.plain()
    known: dict[_Key, list[DefinitionEntry]] = defaultdict(list)
    for entry in log.definitions:
        if entry.tab:
            known[_key(entry.row_id, entry.filters)].append(entry)
    for row in definitions:
        filters = {**row.filters, **row.options}
        same = known.get(_key(row.row_id, filters))
        if same:
            entry = same.pop(0)
        else:
            entry = _entry(row, filters)
            log.definitions.append(entry)
            merged.definitions_added += 1
        _take(entry, row, (faults or {}).get(row.row_id))
        recut(entry, cut, merged, again=is_cut_anew)
    for entries in known.values():
        for entry in entries:
            merged.definitions_removed += entry.state != REMOVED
            entry.state = REMOVED
    return merged


def recut(
    entry: DefinitionEntry, cut: Cut, merged: Merged | None = None, *, again: bool = False
) -> None:
    """Make the tasks of a definition those of its range.

    Tasks from which something came stay as they are; what they leave uncovered is cut into new
    ones. Idle tasks that lie wholly within the range stay too, unless `again` is set.

    Args:
        entry: is changed.
        cut: how ranges are cut.
        merged: counts what happens.
        again: cut idle tasks anew, because the rule has changed.
    """
    merged = merged or Merged()
    wanted = entry.window
    kept, idle = [], {}
    for task in entry.tasks:
        window = task.window
        is_inside = wanted.start <= window.start and window.end <= wanted.end
        if task.status not in _IDLE or (is_inside and not again and task.status != DISABLED):
            kept.append(task)
        else:
            idle[task.task_id] = task
    if not idle and _covers(kept, wanted):
        return
    left = WindowSet([wanted]) - WindowSet(task.window for task in kept)
    kept.extend(_task(entry, piece, idle, merged) for piece in cut.pieces(left))
    for task in idle.values():
        if wanted.intersection(task.window) is None:
            merged.tasks_disabled += task.status != DISABLED
            task.status = DISABLED
            kept.append(task)
    entry.tasks = sorted(kept, key=lambda task: (task.date_from, task.date_to))


def _task(
    entry: DefinitionEntry, piece: Window, idle: dict[str, TaskEntry], merged: Merged
) -> TaskEntry:
    task_id = task_id_of(entry.row_id, entry.filters, piece)
    found = idle.pop(task_id, None)
    if found is not None:
        if found.status == DISABLED:
            found.status = PENDING
        return found
    merged.tasks_added += 1
    start, end = to_stamp(piece.start), to_stamp(piece.end)
    return TaskEntry(task_id=task_id, date_from=start, date_to=end)


def _covers(tasks: list[TaskEntry], wanted: Window) -> bool:
    if len(tasks) == 1:
        one = tasks[0].window
        return one.start <= wanted.start and wanted.end <= one.end
    return not WindowSet([wanted]) - WindowSet(task.window for task in tasks)


def _entry(row: Definition, filters: dict[str, str]) -> DefinitionEntry:
    return DefinitionEntry(
        row_id=row.row_id,
        tab=row.tab,
        filters=filters,
        begin=to_stamp(row.begin),
        end=to_stamp(row.end),
    )


def _take(entry: DefinitionEntry, row: Definition, fault: Fault | None) -> None:
    """What the row says now, and whether it is to be run."""
    entry.download = row.download
    entry.begin, entry.end = to_stamp(row.begin), to_stamp(row.end)
    entry.notes = row.notes
    entry.error = fault if row.download else None
    entry.state = DISABLED if not row.download else INVALID if fault else ACTIVE


def _key(row_id: str, filters: Mapping[str, str]) -> _Key:
    return row_id, frozenset(filters.items())
