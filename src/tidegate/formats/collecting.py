"""Pieces of a file collected to one table of readings, and the rows that cannot be taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tidegate.formats import cells, clocks
from tidegate.formats.cells import BAD_FLAG, NO_FLAG, Cell
from tidegate.formats.clocks import Reading
from tidegate.formats.guarding import unguarded
from tidegate.formats.layout import Clock, Layout, SeriesColumn
from tidegate.model.errors import BadFile
from tidegate.model.flags import WITHOUT_NUMBER, Flag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.formats.clocks import Times
    from tidegate.formats.pieces import Piece

MAX_REFUSALS: Final = 1000
"""Refused rows that are listed; more are counted."""

_WITHOUT_NUMBER: Final = list(WITHOUT_NUMBER)


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """A row that cannot be taken, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Readings of one piece, as columns; `later` differs from `ts` where a time was twice."""

    series: NDArray[np.int32]
    ts: NDArray[np.int64]
    later: NDArray[np.int64]
    values: NDArray[np.float64]
    flags: NDArray[np.int16]
    lines: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_]) -> _Block:
        return _Block(*(getattr(self, name)[rows] for name in self.__slots__))


class Collector:
    """Takes the pieces of a file in their order."""

    def __init__(
        self,
        layout: Layout,
        *,
        path: str,
        zone: ZoneInfo | None,
        decimal: str | None,
        dense: bool,
    ) -> None:
        self.refused_count = 0
        self._layout = layout
        self._path = path
        self._zone = zone
        self._decimal = decimal
        self._suspects_points = decimal is None and not dense
        self._doubt: tuple[int, str] | None = None
        self._refused: list[Refusal] = []
        self._codes: dict[str, int] = {}
        self._blocks: list[_Block] = []
        self._skip = layout.skipped
        if layout.names is None:
            self._codes = {one.name: place for place, one in enumerate(layout.series)}

    @property
    def names(self) -> list[str]:
        """The series that the file names."""
        return [name for name in self._codes if name]

    def add(self, piece: Piece) -> None:
        """Take the rows of a piece.

        Raises:
            BadFile: a time names no zone or a number no clear decimal sign, and none was given.
        """
        for line, why in piece.broken:
            self._refuse(line, why)
        lines, columns = piece.lines[self._skip :], [one[self._skip :] for one in piece.columns]
        self._skip = max(0, self._skip - len(piece.lines))
        if not len(lines):
            return
        moments = self._times(columns[self._layout.time], lines)
        codes = self._series(columns, lines)
        for place, series in enumerate(self._layout.series):
            given = np.full(len(lines), place, np.int32) if codes is None else codes
            self._blocks.append(self._readings(series, columns, lines, moments, given))

    def table(self) -> pa.Table:
        """All readings that can be taken.

        Raises:
            BadFile: points of numbers could be decimal points or stand between groups.
        """
        if self._doubt is not None:
            line, text = self._doubt
            raise self._unclear(line, text)
        block = self._settled(_concatenated(self._blocks))
        absent = np.isin(block.flags, _WITHOUT_NUMBER)
        names = pa.array([name or None for name in self._codes], pa.string())
        return pa.table(
            {
                "series": pa.DictionaryArray.from_arrays(pa.array(block.series), names),
                "ts": block.ts,
                "value": pa.array(block.values, pa.float64(), mask=absent),
                "flag": block.flags,
                "line": block.lines,
            }
        )

    def refused(self) -> list[Refusal]:
        """The refused rows, by line."""
        return sorted(self._refused)

    # -- columns ---------------------------------------------------------------------------

    def _times(self, column: pa.Array, lines: NDArray[np.int64]) -> Times:
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            hint = "store them as timestamps, or as texts such as 2024-01-31T06:30:00Z"
            raise BadFile(self._path, "the times are plain numbers", hint=hint)
        clock = self._layout.clock
        zone = None if clock is Clock.UTC else self._zone
        moments = clocks.times(column, zone, standard=clock is Clock.STANDARD)
        local = moments.is_local & (moments.state == Reading.GOOD)
        if zone is None and clock is not Clock.UTC and local.any():
            raise self._zoneless(column, lines, int(np.flatnonzero(local)[0]))
        for row in np.flatnonzero(moments.state == Reading.BAD).tolist():
            self._refuse(lines[row], f"'{column[row]}' is not a time")
        for row in np.flatnonzero(moments.state == Reading.SKIPPED).tolist():
            self._refuse(lines[row], f"'{column[row]}' does not exist in {zone}")
        return moments

    def _zoneless(self, column: pa.Array, lines: NDArray[np.int64], row: int) -> BadFile:
        hint = "name it with --zone, such as --zone Europe/London"
        if self._layout.clock is Clock.STANDARD:
            hint = "name the zone of the station with --zone; its summer time is left out"
        return BadFile(
            self._path, f"line {lines[row]}: '{column[row]}' names no time zone", hint=hint
        )

    def _series(
        self, columns: Sequence[pa.Array], lines: NDArray[np.int64]
    ) -> NDArray[np.int32] | None:
        """The code of each row's series, -1 for none; None where columns are series."""
        if self._layout.names is None:
            return None
        encoded = columns[self._layout.names].cast(pa.string()).fill_null("").dictionary_encode()
        codes = []
        for text in encoded.dictionary.to_pylist():
            name = unguarded(text.strip())
            codes.append(self._codes.setdefault(name, len(self._codes)) if name else -1)
        found: NDArray[np.int32] = np.array(codes, np.int32)[encoded.indices.to_numpy()]
        for row in np.flatnonzero(found < 0).tolist():
            self._refuse(lines[row], "names no series")
        return found

    def _readings(
        self,
        series: SeriesColumn,
        columns: Sequence[pa.Array],
        lines: NDArray[np.int64],
        moments: Times,
        codes: NDArray[np.int32],
    ) -> _Block:
        column = columns[series.place]
        found = cells.numbers(column, self._decimal, nan_is_missing=self._layout.nan_is_missing)
        self._require_clear(found, column, lines)
        given = None if series.flags is None else columns[series.flags]
        flags = cells.flags(given, self._layout.marks, len(lines))
        timed = (moments.state == Reading.GOOD) | (moments.state == Reading.TWICE)
        usable = timed & (codes >= 0)
        self._refuse_cells(series, column, usable & (found.state == Cell.BAD), lines)
        for row in np.flatnonzero(usable & (flags == BAD_FLAG)).tolist():
            self._refuse(lines[row], f"'{columns[series.flags or 0][row]}' is not a flag")
        usable &= (found.state != Cell.BAD) & (flags != BAD_FLAG)
        if self._layout.wide:
            usable &= (found.state != Cell.EMPTY) | (flags == Flag.MISSING)
        block = _Block(
            codes,
            moments.instants,
            moments.later,
            found.values,
            _effective(flags, found.state == Cell.NUMBER),
            lines,
        )
        return block.where(usable)

    def _require_clear(
        self, found: cells.Numbers, column: pa.Array, lines: NDArray[np.int64]
    ) -> None:
        if len(found.unclear):
            row = int(found.unclear[0])
            raise self._unclear(int(lines[row]), str(column[row]))
        if found.has_point:
            self._suspects_points, self._doubt = False, None
        if self._suspects_points and self._doubt is None and len(found.doubtful):
            row = int(found.doubtful[0])
            self._doubt = int(lines[row]), str(column[row])

    def _unclear(self, line: int, text: str) -> BadFile:
        why = f"line {line}: the decimal sign of '{text.strip()}' is not clear"
        return BadFile(self._path, why, hint="name it with --decimal . or --decimal ,")

    # -- refusals --------------------------------------------------------------------------

    def _refuse(self, line: Any, why: str) -> None:
        self.refused_count += 1
        if len(self._refused) < MAX_REFUSALS:
            self._refused.append(Refusal(int(line), why))

    def _refuse_cells(
        self,
        series: SeriesColumn,
        column: pa.Array,
        rows: NDArray[np.bool_],
        lines: NDArray[np.int64],
    ) -> None:
        where = f" in '{series.name}'" if series.name else ""
        for row in np.flatnonzero(rows).tolist():
            self._refuse(lines[row], f"'{column[row]}'{where} is not a finite number")

    def _settled(self, block: _Block) -> _Block:
        """Give times that happened twice their instants: the first mention is the first one."""
        rows = np.flatnonzero(block.later != block.ts)
        if not len(rows):
            return block
        taken = np.ones(len(block.ts), np.bool_)
        mentions: dict[tuple[int, int], list[int]] = {}
        for row in rows.tolist():
            mentions.setdefault((int(block.series[row]), int(block.ts[row])), []).append(row)
        for same in mentions.values():
            if len(same) == 2:
                block.ts[same[1]] = block.later[same[1]]
                continue
            for row in same:
                taken[row] = False
                self._refuse(block.lines[row], f"the time is there twice in {self._zone}")
        return block.where(taken)


def _effective(flags: NDArray[np.int16], has_number: NDArray[np.bool_]) -> NDArray[np.int16]:
    """The flag of each reading: valid unless given; missing or without value if no number."""
    known = np.where(flags == NO_FLAG, np.int16(Flag.VALID), flags)
    absent = np.where(flags == Flag.NO_VALUE, np.int16(Flag.NO_VALUE), np.int16(Flag.MISSING))
    return np.where(has_number, known, absent)


def _concatenated(blocks: Sequence[_Block]) -> _Block:
    kinds = (np.int32, np.int64, np.int64, np.float64, np.int16, np.int64)
    return _Block(
        *(
            np.concatenate([np.zeros(0, kind), *(getattr(block, name) for block in blocks)])
            for name, kind in zip(_Block.__slots__, kinds, strict=True)
        )
    )
