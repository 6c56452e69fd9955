"""Events: spans in which a condition holds, and each of them told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.calc.world import World

from tidegate.model.errors import BadExpression
from tidegate.model.instants import DAY, HOUR, now, parse, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.windows import Window
from tidegate.services.calculating import CalculationRequest
from tidegate.services.events import find_events, new_events
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore

START = parse("2020-01-01")


@pytest.fixture
def world(store: LocalStore) -> World:
    return World(store)


def hours(values: list[Any], start: int = START) -> dict[str, Any]:
    return {
        to_text(start + place * HOUR): value
        for place, value in enumerate(values)
        if value is not None
    }


def found(world: World, condition: str, length: int = 6) -> list[tuple[int, int, float | None]]:
    """First hour, hour after the last, and peak of each event."""
    request = CalculationRequest(
        formula=condition,
        window=Window(START, START + length * HOUR),
        calculation_interval=parse_interval("hour"),
    )
    rows = find_events(world.store, request).to_pylist()
    first = parse("2020-01-01")
    return [
        (
            (parse(row["start"].isoformat()) - first) // HOUR,
            (parse(row["end"].isoformat()) - first) // HOUR,
            row["peak"],
        )
        for row in rows
    ]


class TestFinding:
    def test_spans(self, world: World) -> None:
        """A span lasts as long as the condition holds, and ends with the window at the latest."""
        world.add("A", hours([5, 1, 6, 7, 1, 8]))

        assert found(world, "[A] > 4") == [(0, 1, 5), (2, 4, 7), (5, 6, 8)]
        assert found(world, "[A] > 100") == []
        assert found(world, "[A] > 4", length=0) == []

    def test_missing_numbers_end_a_span(self, world: World) -> None:
        """Where nothing is known nothing holds."""
        world.add("A", hours([5, None, 6]))

        assert found(world, "[A] > 4") == [(0, 1, 5), (2, 3, 6)]

    @pytest.mark.parametrize(
        ("condition", "peak"),
        [
            ("[A] > 1", 4),
            ("[A] <= 4", 2),
            ("3 < [A] * 2", 8),
            ("5 > [A]", 2),
            ("Not [A] = 100", 4),
            ("[B] > 0 And [A] > 1", 1),
            ("IsValid([A])", 1),
        ],
    )
    def test_peak(self, world: World, condition: str, peak: float) -> None:
        """The peak is the extreme of the first thing compared, in the direction of the sign."""
        world.add("A", hours([2, 4, 3]))
        world.add("B", hours([1, 1, 1]))

        assert found(world, condition) == [(0, 3, peak)]

    def test_bad_condition(self, world: World) -> None:
        """A condition is a formula."""
        with pytest.raises(BadExpression):
            found(world, "[A] >")


class TestWatching:
    CONDITION = "[A] > 4"

    @pytest.fixture
    def recent(self, world: World) -> int:
        """A connection, and a series whose second of the last twelve hours is high."""
        world.store.put_connection(
            ConnectionRecord(name="campus", platform="dcs", url="http://127.0.0.1")
        )
        start = now() // HOUR * HOUR - 12 * HOUR
        world.add("A", hours([1, 5, 1], start))
        return start

    def told(self, world: World) -> list[float | None]:
        events = new_events(world.store, "campus", self.CONDITION)
        return [event.peak for event in events]

    def test_once(self, world: World, recent: int) -> None:
        """An event is told once, a later one once too."""
        assert (self.told(world), self.told(world)) == ([5], [])

        world.write("A", hours([6, 1], recent + 5 * HOUR))
        assert (self.told(world), self.told(world)) == ([6], [])

    def test_growing(self, world: World, recent: int) -> None:
        """An event that goes on or begins earlier than was known is the same."""
        self.told(world)
        world.write("A", hours([9, 5, 8, 8], recent))

        assert self.told(world) == []

    def test_late(self, world: World, recent: int) -> None:
        """An event before one that was told is new when its readings arrive."""
        self.told(world)
        world.write("A", hours([7], recent - 3 * HOUR))

        assert self.told(world) == [7]

    def test_interrupted(self, world: World, recent: int) -> None:
        """An event whose teller stopped in the middle is told again, those before it are not."""
        world.write("A", hours([6, 1], recent + 5 * HOUR))
        first = new_events(world.store, "campus", self.CONDITION)
        assert [next(first).peak, next(first).peak] == [5, 6]
        del first

        assert self.told(world) == [6]

    def test_history(self, world: World, recent: int) -> None:
        """What was over a day before the first look is not told."""
        world.write("A", hours([99, 1], recent - 2 * DAY))

        assert self.told(world) == [5]
        assert self.told(world) == []

    def test_conditions_apart(self, world: World, recent: int) -> None:
        """Each condition has a memory of its own."""
        assert recent
        self.told(world)

        assert [event.peak for event in new_events(world.store, "campus", "[A] >= 5")] == [5]
        assert self.told(world) == []
