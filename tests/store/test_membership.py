"""When series match attribute filters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.model.attributes import AttributeFilter, AttributeType
from tidegate.model.errors import NotFound
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window
from tidegate.store.messages import AssignmentChange

if TYPE_CHECKING:
    from tidegate.model.series import SeriesKey
    from tidegate.store.local import LocalStore

WINDOW = Window(0, 100)


def spans(
    store: LocalStore,
    *filters: str,
    window: Window = WINDOW,
    keys: list[SeriesKey] | None = None,
    as_of: int | None = None,
) -> list[tuple[int, int, int]]:
    parsed = [AttributeFilter.parse(text) for text in filters]
    table = store.membership(parsed, window, keys=keys, as_of=as_of)
    return [tuple(row.values()) for row in table.to_pylist()]


def assign(
    store: LocalStore, key: SeriesKey, attribute: str, values: dict[int, str | None]
) -> None:
    store.assign([AssignmentChange(series=key, attribute=attribute, values=values)])


def test_no_filter_matches_always(store, keys):
    """Without filters every series is a member of the whole window."""
    assert spans(store) == [(key, 0, 100) for key in keys]
    assert spans(store, keys=[keys[2], keys[0]]) == [(keys[0], 0, 100), (keys[2], 0, 100)]
    assert spans(store, keys=[]) == []


def test_a_value_holds_until_the_next_instant(store, keys):
    """`Name|Value` holds from the instant of the value to the next instant of the attribute."""
    store.create_attribute("Supplier")
    assign(store, keys[0], "Supplier", {10: "AT1", 40: "AT2", 60: None, 70: "AT1"})
    assert spans(store, "Supplier|AT1") == [(keys[0], 10, 40), (keys[0], 70, 100)]
    assert spans(store, "Supplier") == [(keys[0], 10, 60), (keys[0], 70, 100)]
    assert spans(store, "Supplier|") == [(keys[0], 0, 10), (keys[0], 60, 70)]
    assert spans(store, "Supplier|AT9") == []


def test_text_is_compared_trimmed_and_without_case(store, keys):
    """Spaces round a text and its case do not count, beyond ASCII too; spans that touch are one."""
    store.create_attribute("Ort")
    assign(store, keys[0], "Ort", {0: " ZÜRICH ", 50: "Zürich"})
    assert spans(store, "Ort|zürich") == [(keys[0], 0, 100)]


def test_no_value_means_assigned_and_empty(store, keys):
    """`Name|` holds for series that have the attribute, while its value is null or blank."""
    store.create_attribute("Note")
    assign(store, keys[0], "Note", {50: " "})
    assign(store, keys[1], "Note", {50: "x"})
    assert spans(store, "Note|") == [(keys[0], 0, 100), (keys[1], 0, 50)]


def test_a_category_holds_from_its_first_instant(store, keys):
    """A category without instants holds always, else from its first instant on."""
    store.create_attribute("Roof", AttributeType.CATEGORY)
    assign(store, keys[0], "Roof", {})
    assign(store, keys[1], "Roof", {30: None})
    assert spans(store, "Roof") == [(keys[0], 0, 100), (keys[1], 30, 100)]


def test_several_filters_hold_together(store, keys):
    """Filters must hold at the same instant; one attribute with two values never does."""
    for name in ("Supplier", "Site"):
        store.create_attribute(name)
    assign(store, keys[0], "Supplier", {10: "X", 50: "Y"})
    assign(store, keys[0], "Site", {30: "N", 70: "S"})
    assert spans(store, "Supplier|X", "Site|N") == [(keys[0], 30, 50)]
    assert spans(store, "Supplier", "Site|N") == [(keys[0], 30, 70)]
    assert spans(store, "Supplier|X", "Supplier|Y") == []


def test_an_empty_window_has_no_members(store, keys):
    """A window without length has no spans."""
    assert spans(store, window=Window(5, 5)) == []


def test_an_unknown_attribute_is_an_error(store, keys):
    """A filter on an attribute that does not exist is no empty answer."""
    with pytest.raises(NotFound, match="no attribute 'Suplier'"):
        spans(store, "Suplier|X")


def test_membership_as_it_was_known(store, keys):
    """Membership at an earlier belief uses the values believed then."""
    store.create_attribute("Supplier")
    assign(store, keys[0], "Supplier", {0: "X"})
    then = store.audit_trail()[-1].at
    assign(store, keys[0], "Supplier", {0: "Y"})
    assert spans(store, "Supplier|X") == []
    assert spans(store, "Supplier|X", as_of=then) == [(keys[0], 0, 100)]


DATED = st.dictionaries(st.integers(0, 20), st.sampled_from(["X", "x ", "Y", "", None]))
FILTERS = st.lists(st.sampled_from(["P|x", "P", "P|", "Q|X", "Q", "Q|"]), max_size=3)


def holds(text: str, values: dict[str, dict[int, str | None]], t: int) -> bool:
    wanted = AttributeFilter.parse(text)
    mine = values[wanted.name]
    before = [instant for instant in mine if instant <= t]
    value = mine[max(before)] if before else None
    if wanted.value is None:
        return value is not None
    if not wanted.value:
        return value is None or not value.strip()
    return value is not None and value.strip().lower() == wanted.value.lower()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(p=DATED, q=DATED, filters=FILTERS)
def test_spans_say_what_each_instant_says(store, p, q, filters):
    """At every instant a series is in a span just when all filters hold there."""
    if not store.attributes():
        store.create_attribute("P")
        store.create_attribute("Q")
        store.create_series([NewSeries(name="a")])
    (series,) = store.find_series()
    values = {"P": p, "Q": q}
    store.assign(
        [
            AssignmentChange(series=series.key, attribute=name, values=dated, mode="replace")
            for name, dated in values.items()
        ]
    )
    found = spans(store, *filters, window=Window(0, 25))
    inside = {t for _, start, end in found for t in range(start, end)}
    assert inside == {t for t in range(25) if all(holds(f, values, t) for f in filters)}
    assert all(a[2] < b[1] for a, b in pairwise(found))
