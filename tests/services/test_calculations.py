"""Formula series give readings like stored ones, from the readings that they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadExpression, TooMuch
from tidegate.model.instants import BEGINNING, FOREVER, MINUTE, now, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import Formula, NewSeries, Origin, Series, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.calculations import evaluate, evaluate_all, extent, leaves, rounded
from tidegate.store.messages import Version
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore

HALF_HOUR = Interval(IntervalUnit.MINUTE, 30)
START = parse("2023-03-01T00:00:00Z")
DAY_ONE = Window(START, START + 48 * 30 * MINUTE)

Row = tuple[int, float | None, int]


def create(store: LocalStore, name: str, **options: Any) -> Series:
    options.setdefault("interval", HALF_HOUR)
    new = NewSeries(name=name, unit="kWh", aggregation=Aggregation.SUM, **options)
    return store.create_series([new])[0]


def formula(store: LocalStore, name: str, text: str, **aliases: Series) -> Series:
    keys = {alias: series.key for alias, series in aliases.items()}
    return create(store, name, formula=Formula(text=text, language="dcs", aliases=keys))


def stored(store: LocalStore, name: str, values: list[float | None], flag: int = 9) -> Series:
    """A series with half-hour readings from `START`; None leaves one out."""
    series = create(store, name)
    put(store, series, values, flag)
    return series


def put(store: LocalStore, series: Series, values: list[float | None], flag: int = 9) -> None:
    rows = [(place, value) for place, value in enumerate(values) if value is not None]
    columns = {
        "series": np.full(len(rows), series.key, np.int32),
        "ts": [START + place * 30 * MINUTE for place, _ in rows],
        "value": [value for _, value in rows],
        "flag": np.full(len(rows), flag, np.int16),
    }
    store.merge_readings(pa.table(columns, schema=READINGS))


def rows(table: pa.Table) -> list[Row]:
    """Half hours since `START`, numbers and flags."""
    return [
        ((row["ts"] - START) // (30 * MINUTE), row["value"], row["flag"])
        for row in table.to_pylist()
    ]


class TestVirtualMeters:
    def test_two_halls(self, store: LocalStore) -> None:
        """The worked virtual meters of two halls give their readings half hour by half hour."""
        a = stored(store, "HALLA", [4, 6, 3.5])
        b = stored(store, "HALLB", [2, 2, 2])
        mean = formula(store, "mean", "(HALLA+HALLB)*0.5", HALLA=a, HALLB=b)
        large = formula(store, "large", "HALLA >= 5 ? HALLA : 0", HALLA=a)

        assert rows(evaluate(store, mean, DAY_ONE)) == [(0, 3.0, 9), (1, 4.0, 9), (2, 2.75, 9)]
        assert rows(evaluate(store, large, DAY_ONE)) == [(0, 0.0, 9), (1, 6.0, 9), (2, 0.0, 9)]

    def test_columns(self, store: LocalStore) -> None:
        """The table is one of readings, under the key of the formula series."""
        series = formula(store, "twice", "2*a", a=stored(store, "a", [1]))
        table = evaluate(store, series, DAY_ONE)

        assert table.schema == READINGS
        assert table["series"].to_pylist() == [series.key]

    def test_missing_input(self, store: LocalStore) -> None:
        """Where one register has no reading the virtual meter has no number, and is missing."""
        a, b = stored(store, "a", [1, None, 3]), stored(store, "b", [1, 2, None, None])
        series = formula(store, "sum", "a+b", a=a, b=b)

        assert rows(evaluate(store, series, DAY_ONE)) == [(0, 2.0, 9), (1, None, 19), (2, None, 19)]

    def test_flags(self, store: LocalStore) -> None:
        """The worst flag of the inputs is the result's."""
        a, b = stored(store, "a", [1]), stored(store, "b", [1], flag=22)

        assert rows(evaluate(store, formula(store, "sum", "a+b", a=a, b=b), DAY_ONE)) == [
            (0, 2.0, 22)
        ]

    def test_division_by_zero(self, store: LocalStore) -> None:
        """A division by zero has no number and is faulty."""
        a, b = stored(store, "a", [1, 1]), stored(store, "b", [0, 2])

        assert rows(evaluate(store, formula(store, "ratio", "a/b", a=a, b=b), DAY_ONE)) == [
            (0, None, 7),
            (1, 0.5, 9),
        ]

    def test_window(self, store: LocalStore) -> None:
        """Only the readings of the window are calculated."""
        series = formula(store, "twice", "2*a", a=stored(store, "a", [1, 2, 3, 4]))
        window = Window(START + 30 * MINUTE, START + 90 * MINUTE)

        assert rows(evaluate(store, series, window)) == [(1, 4.0, 9), (2, 6.0, 9)]

    def test_constant(self, store: LocalStore) -> None:
        """A formula without registers has its number at every step of its own raster."""
        series = formula(store, "one", "1")
        window = Window(START + MINUTE, START + 61 * MINUTE)

        assert rows(evaluate(store, series, window)) == [(1, 1.0, 9), (2, 1.0, 9)]
        with pytest.raises(TooMuch):
            evaluate(store, series, Window(BEGINNING, FOREVER))

    def test_rounding(self, store: LocalStore) -> None:
        """Numbers are rounded only where they are shown, to the places of the formula."""
        a = stored(store, "a", [1])
        third = create(
            store,
            "third",
            formula=Formula(text="a/3", language="dcs", aliases={"a": a.key}, decimal_places=2),
        )
        value = evaluate(store, third, DAY_ONE)["value"].to_numpy()

        assert value.tolist() == [1 / 3]
        assert rounded(value, third).tolist() == [0.33]
        assert rounded(value, a).tolist() == [1 / 3]


class TestSeveral:
    def test_mixed(self, store: LocalStore) -> None:
        """Stored and calculated series come in one table, by key and time."""
        a = stored(store, "a", [1, 2])
        twice = formula(store, "twice", "2*a", a=a)
        table = evaluate_all(store, [twice, a], DAY_ONE)

        assert table["series"].to_pylist() == [a.key, a.key, twice.key, twice.key]
        assert table["value"].to_pylist() == [1.0, 2.0, 2.0, 4.0]

    def test_none(self, store: LocalStore) -> None:
        """No series have no readings."""
        assert evaluate_all(store, [], DAY_ONE).schema == READINGS

    def test_chain(self, store: LocalStore) -> None:
        """A formula may refer to formulas; numbers pass on unrounded, faults too."""
        a = stored(store, "a", [0, 3])
        inverse = formula(store, "inverse", "1/a", a=a)
        back = formula(store, "back", "1/i + a - a", i=inverse, a=a)

        assert rows(evaluate(store, back, DAY_ONE)) == [(0, None, 7), (1, 3.0, 9)]
        assert leaves(store, [back]) == [a.key]

    def test_extent(self, store: LocalStore) -> None:
        """The extent of a formula is that of the readings below it."""
        a, b = stored(store, "a", [1]), stored(store, "b", [None, None, 1])
        series = formula(store, "sum", "a+b", a=a, b=b)

        assert extent(store, [series]) == Window(START, START + 60 * MINUTE + 1)
        assert extent(store, [formula(store, "one", "1")]) is None


class TestBeliefs:
    def test_as_of(self, store: LocalStore) -> None:
        """What was known earlier gives the values that were calculated then."""
        a = stored(store, "a", [1, 2])
        series = formula(store, "twice", "2*a", a=a)
        before = now()
        put(store, a, [5])

        assert rows(evaluate(store, series, DAY_ONE)) == [(0, 10.0, 9), (1, 4.0, 9)]
        assert rows(evaluate(store, series, DAY_ONE, version=Version(as_of=before))) == [
            (0, 2.0, 9),
            (1, 4.0, 9),
        ]

    def test_formula_as_of(self, store: LocalStore) -> None:
        """An earlier formula is calculated for what was known at its time, and nothing before."""
        start = now()
        a = stored(store, "a", [1])
        series = formula(store, "vm", "2*a", a=a)
        before = now()
        assert series.formula is not None
        changed = msgspec.structs.replace(
            series, formula=msgspec.structs.replace(series.formula, text="3*a")
        )
        store.change_series(changed)

        def values(as_of: int | None) -> list[float]:
            found = evaluate(store, changed, DAY_ONE, version=Version(as_of=as_of))
            return found["value"].to_pylist()  # type: ignore[no-any-return]

        assert [values(None), values(before), values(start)] == [[3.0], [2.0], []]


class TestRefusals:
    def refusal(self, store: LocalStore, series: Series) -> BadExpression:
        with pytest.raises(BadExpression) as caught:
            evaluate(store, series, DAY_ONE)
        return caught.value

    def test_syntax(self, store: LocalStore) -> None:
        """An expression that cannot be read is refused at its position."""
        error = self.refusal(store, formula(store, "bad", "a +* 2", a=stored(store, "a", [1])))

        assert error.position == 3

    def test_itself(self, store: LocalStore) -> None:
        """A formula that refers to itself, also by way of others, is refused with the chain."""
        a = stored(store, "a", [1])
        one = formula(store, "one", "a", a=a)
        two = formula(store, "two", "2*b", b=one)
        loop = Formula(text="1 + c", language="dcs", aliases={"c": two.key})
        circle = store.change_series(msgspec.structs.replace(one, formula=loop))
        error = self.refusal(store, circle)

        assert "one → two → one" in error.message or "two → one → two" in error.message

    def test_unresolved(self, store: LocalStore) -> None:
        """A register that no pull has brought yet is named as the platform names it."""
        series = create(
            store,
            "vm",
            formula=Formula(
                text="R1",
                language="dcs",
                alias_origins={"R1": Origin("campus", "R1156", "period")},
            ),
        )

        assert "R1156 of 'campus', which is not in the store" in self.refusal(store, series).message

    def test_removed(self, store: LocalStore) -> None:
        """An alias of a series that is not there is refused."""
        series = create(
            store,
            "vm",
            formula=Formula(text="a", language="dcs", aliases={"a": SeriesKey(4711)}),
        )

        assert "was removed" in self.refusal(store, series).message

    def test_other_raster(self, store: LocalStore) -> None:
        """An input on another raster is refused rather than taken for missing."""
        hourly = create(store, "hourly", interval=Interval(IntervalUnit.HOUR))
        error = self.refusal(store, formula(store, "vm", "a", a=hourly))

        assert "values by hour, not by 30 minutes" in error.message

    def test_deep(self, store: LocalStore) -> None:
        """A long chain of formulas is refused before it can exhaust anything."""
        series = stored(store, "a", [1])
        for level in range(40):
            series = formula(store, f"level {level}", "a", a=series)

        assert "formulas deep" in self.refusal(store, series).message
