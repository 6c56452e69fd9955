"""Definitions whose formulas would refer to themselves or to what goes are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tidegate.model.errors import BadExpression, InUse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import MAIN, Formula, NewSeries, SeriesId
from tidegate.services.defining import alter_series, create_series, remove_series
from tidegate.store.local import LocalStore
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.model.series import Series, SeriesKey

HOUR = Interval(IntervalUnit.HOUR)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    """A store with the plain series 1 `meter` and 2 `5`."""
    with LocalStore.open(tmp_path / "store") as opened:
        opened.create_series([NewSeries(name=name, interval=HOUR) for name in ("meter", "5")])
        yield opened


def new(name: str, text: str = "", *, id: int | None = None, **formula) -> NewSeries:
    made = Formula(text=text, **formula) if text or formula else None
    number = None if id is None else SeriesId(id)
    return NewSeries(name=name, interval=HOUR, formula=made, id=number)


def create(store: LocalStore, *series: NewSeries) -> list[Series]:
    return create_series(store, series, repository=MAIN)


def named(store: LocalStore, name: str) -> Series:
    (found,) = store.find_series(SeriesSelection(names=(name,)))
    return found


def change(store: LocalStore, *changes: tuple[str, dict[str, Any]]) -> list[Series]:
    series = [msgspec.structs.replace(named(store, name), **more) for name, more in changes]
    return alter_series(store, series, {}, repository=MAIN)


def text(text: str, **more) -> dict[str, Any]:
    return {"formula": Formula(text=text, **more)}


class TestCircles:
    """A formula that would refer back to itself is refused when it is defined."""

    def test_three_in_a_circle(self, store):
        """The definition that closes the circle is refused, with the chain and the position."""
        create(store, new("a", "[b]+1"), new("b", "[c]*2"))
        with pytest.raises(BadExpression, match="c → a → b → c") as found:
            create(store, new("c", "1+[a]"))
        assert (found.value.position, found.value.http_status) == (2, 422)
        assert store.find_series(SeriesSelection(names=("c",))) == []

    def test_all_at_once(self, store):
        """A body that brings the whole circle is refused too."""
        with pytest.raises(BadExpression, match="refers back to itself"):
            create(store, new("a", "[b]"), new("b", "[a]"))

    def test_itself(self, store):
        """The shortest circle, by name, number, alias and in one of several dated texts."""
        create(store, new("a", "1", id=77))
        key = named(store, "a").key
        for formula in (
            text("[a]"),
            text("[77]"),
            text("R1", aliases={"r1": key}),
            text("1", dated={5: "[meter]", 9: 'Shift([ "a" ],1)'}),
            text('Attr([a],"Limit")'),
        ):
            with pytest.raises(BadExpression, match="a → a"):
                change(store, ("a", formula))

    def test_a_new_name_closes_a_circle(self, store):
        """A series that gets the name which its own formula's inputs wait for is refused."""
        create(store, new("a", "[later]"), new("b", "[a]"))
        with pytest.raises(BadExpression, match="later → a → later"):
            change(store, ("b", {"name": "later"}))

    def test_no_circle(self, store):
        """Diamonds, missing series, long chains and names made of digits are none."""
        create(store, new("a", "[meter]+[nobody]"), new("b", "[a]+[a]"), new("c", "[a]+[b]"))
        create(store, new("x", '["5"]', id=500), *(new(f"n{k}", f"[n{k + 1}]") for k in range(200)))
        with pytest.raises(BadExpression):
            change(store, ("a", text("[c]")))
        change(store, ("a", text("[meter]*2")), ("b", text("[meter]")))

    def test_a_circle_may_be_broken(self, store):
        """A circle in an old store does not keep its series from being mended or described."""
        store.create_series([new("a", "[b]"), new("b", "[a]")])
        change(store, ("a", {"description": "mended soon"}))
        change(store, ("a", text("[meter]")))


class TestMentions:
    """What the text of another's formula names can neither be removed nor renamed."""

    @pytest.fixture(autouse=True)
    def formulas(self, store: LocalStore) -> None:
        create(store, new("sum", '[meter]+["5"]+[2,,kW]'), new('sa"id', "[meter]"))
        create(store, new("quoting", '["sa""id"]'))

    @pytest.mark.parametrize(
        ("name", "user"), [("meter", "sum"), ("5", "sum"), ('sa"id', "quoting")]
    )
    def test_removal(self, store, name, user):
        """It is refused, and says by whom the series is used."""
        with pytest.raises(InUse, match=f"used by the formula of series '{user}'"):
            remove_series(store, [named(store, name)], repository=MAIN)
        assert named(store, name).name == name

    def test_removal_with_the_user(self, store):
        """Who goes together with its users may go."""
        gone = [named(store, name) for name in ("quoting", 'sa"id', "sum", "5", "meter")]
        remove_series(store, gone, repository=MAIN)
        assert store.find_series() == []

    def test_renaming(self, store):
        """A name is kept while a text mentions it; a mention by number does not hold it."""
        with pytest.raises(InUse, match="'meter' is used by"):
            change(store, ("meter", {"name": "main"}))
        change(store, ("sum", text("[2]")))
        change(store, ("5", {"name": "five"}))

    def test_renaming_with_the_text(self, store):
        """A name and the texts that mention it change together."""
        change(
            store,
            ("meter", {"name": "main"}),
            ("sum", text("[main]")),
            ('sa"id', text("[main]")),
        )
        assert named(store, "main").id == 1

    def test_aliases_hold_series_not_names(self, store):
        """An alias stands for the series whatever it is called, and keeps it from being removed."""
        key: SeriesKey = named(store, "5").key
        change(store, ("sum", text("R1", aliases={"R1": key})))
        change(store, ("5", {"name": "five"}))
        with pytest.raises(InUse, match="the formula of series 'sum'"):
            remove_series(store, [named(store, "five")], repository=MAIN)
