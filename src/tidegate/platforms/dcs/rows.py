"""Readings and meters as dictionaries, as the server sends them, a slice at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.errors import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from tidegate.platforms.dcs.cutting import RecordReader
    from tidegate.platforms.dcs.turns import Turn

Row = dict[str, Any]

_NUMBERS: Final = ("totalValue", "periodValue", "value")
_NO_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_QUOTED: Final = tuple(f'"{text}"'.encode() for text in _NO_NUMBERS)


def app_rows(
    reader: RecordReader[Row], zone: ZoneInfo | None, subject: str | None
) -> Iterator[list[Row]]:
    """Readings of the App API with aware `startTime`; texts of NaN and infinity become floats.

    Numbers keep their kind: a whole number is an int. Times without zone are of `zone` (UTC).

    Raises:
        MalformedAnswer: a reading without a time, or a body cut short.
    """
    for rows in reader:
        put_times(rows, "startTime", zone, subject)
        put_numbers(rows, reader.text)
        yield rows


def web_rows(reader: RecordReader[Row], subject: str | None) -> Iterator[list[Row]]:
    """Readings of the Web API with aware `timestamp`; every number is a float.

    Raises:
        MalformedAnswer: a reading without a time, or a body cut short.
    """
    for rows in reader:
        put_times(rows, "timestamp", None, subject)
        put_numbers(rows, reader.text)
        for name in _NUMBERS:
            if name in rows[0]:
                _put_floats(rows, name)
        yield rows


def one_by_one(turn: Turn, read: Callable[[], Iterator[list[Row]]]) -> Generator[Row]:
    """The rows of an answer one at a time; ending, closing or dropping this ends the turn."""
    rows = _held(turn, read)
    next(rows)
    return rows


def _held(turn: Turn, read: Callable[[], Iterator[list[Row]]]) -> Generator[Row]:
    with turn:
        # A generator that never ran would skip its clean-up: it is run to here by `one_by_one`.
        yield {}
        for rows in read():
            yield from rows


def in_turn(starts: Sequence[Callable[[], Iterator[Row]]]) -> Generator[Row]:
    """The rows of several answers; the first is asked for at once, others in their turn."""
    first = starts[0]()

    def rows() -> Generator[Row]:
        yield from first
        for start in starts[1:]:
            yield from start()

    return rows()


def put_times(
    rows: list[Row], name: str, zone: ZoneInfo | None, subject: str | None = None
) -> None:
    """Replace the ISO 8601 texts under `name` by aware `datetime` values.

    Raises:
        MalformedAnswer: one is missing or no time.
    """
    parse = datetime.fromisoformat
    try:
        for row in rows:
            row[name] = moment = parse(row[name])
            if moment.tzinfo is None:
                row[name] = moment.replace(tzinfo=zone or UTC)
    except (KeyError, TypeError, ValueError) as problem:
        raise MalformedAnswer(
            f"the answer holds a reading without a usable {name}", subject=subject
        ) from problem


def put_numbers(rows: list[Row], text: bytes) -> None:
    """Replace the texts that stand for NaN and infinity, if the slice's bytes hold any."""
    if not any(quoted in text for quoted in _QUOTED):
        return
    for row in rows:
        for name in _NUMBERS:
            value = row.get(name)
            if isinstance(value, str) and value in _NO_NUMBERS:
                row[name] = _NO_NUMBERS[value]


def _put_floats(rows: list[Row], name: str) -> None:
    for row in rows:
        value = row.get(name)
        if type(value) is int:
            row[name] = float(value)
