"""The smallest group: which buckets of a sum may leave."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.sums import SumRequest
from tidegate.gate.groups import Screen, blanked, in_buckets, lets_out
from tidegate.gate.refusals import NotCountable
from tidegate.model.instants import HOUR
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.model.views import GroupRule
from tidegate.model.windows import Window
from tidegate.services.definitions import Definitions
from tidegate.services.sums import sum_series
from tidegate.store.verbs import READINGS

Row = tuple[int, int, float]


def parts(rows: list[Row]) -> pa.Table:
    """Partials by series of rows (bucket, series, total)."""
    return pa.table(
        {
            "bucket": pa.array([row[0] for row in rows], pa.int32()),
            "series": pa.array([row[1] for row in rows], pa.int32()),
            "total": pa.array([row[2] for row in rows], pa.float64()),
            "numbers": pa.array([1] * len(rows), pa.int64()),
        }
    )


def test_fewer_than_n_series_do_not_leave():
    """Three series are enough where three are asked for, two are not, and nobody is not."""
    rows = [(0, 1, 5.0), (0, 2, 5.0), (0, 3, 5.0), (1, 1, 5.0), (1, 2, 5.0)]
    assert lets_out(GroupRule(size=3), [parts(rows)], 3).tolist() == [True, False, False]


def test_one_series_above_the_share_does_not_leave():
    """Exactly the share may leave, more may not."""
    rows = [(0, 1, 50.0), (0, 2, 50.0), (1, 1, 50.1), (1, 2, 49.9)]
    assert lets_out(GroupRule(share=50.0), [parts(rows)], 2).tolist() == [True, False]


def test_the_15_15_rule():
    """Fifteen equal series leave; one of them twice as great still; three times not."""
    rule = GroupRule(size=15, share=15.0)
    for factor, leaves in ((1.0, True), (2.0, True), (3.0, False)):
        rows = [(0, series, factor if series == 0 else 1.0) for series in range(15)]
        assert lets_out(rule, [parts(rows)], 1).tolist() == [leaves]


def test_a_series_that_gave_nothing_hides_nobody():
    """Zeros and absent values do not count, and feeding back counts like taking."""
    rows = [(0, 1, 5.0), (0, 2, 0.0), (1, 1, 5.0), (1, 2, -5.0)]
    assert lets_out(GroupRule(size=2), [parts(rows)], 2).tolist() == [False, True]
    silent = parts([(0, 1, 5.0), (0, 2, 5.0)]).set_column(3, "numbers", pa.array([1, 0]))
    assert lets_out(GroupRule(size=2), [silent], 1).tolist() == [False]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 6)), st.sampled_from([0.0, 1.0, -2.5, 40.0])
    ),
    st.integers(1, 4),
    st.sampled_from([20.0, 50.0, 100.0]),
)
def test_the_rule_against_its_definition(totals, size, share):
    """Any partials, in any split, are judged as counting by hand judges them."""
    rows = [(bucket, series, total) for (bucket, series), total in totals.items()]
    rule = GroupRule(size=size, share=share)
    expected = []
    for bucket in range(4):
        values = [abs(t) for b, _, t in rows if b == bucket and t]
        enough = len(values) >= size
        expected.append(enough and max(values) <= sum(values) * share / 100)
    assert lets_out(rule, [parts(rows[::2]), parts(rows[1::2])], 4).tolist() == expected


def test_a_series_split_over_parts_is_one_series():
    """Two rows of one series in one bucket are its one part of it."""
    split = [parts([(0, 1, 5.0)]), parts([(0, 1, 5.0)])]
    assert lets_out(GroupRule(size=2), split, 1).tolist() == [False]


def test_a_bucket_leaves_only_if_every_step_of_it_may():
    """The greatest of hourly totals shows an hour, so each hour of the day must be a group."""
    allowed = np.array([True, True, True, False])
    steps, buckets = np.arange(5), np.array([0, 2, 4])
    assert in_buckets(allowed, steps, buckets).tolist() == [True, False]


def test_what_is_blanked_is_null_and_missing():
    """Neither the number nor its flag stays; the others are as they were."""
    answer = pa.table({"from": [0, 1], "value": [1.5, 2.5], "flag": pa.array([9, 7], pa.int16())})
    shown = blanked(answer, np.array([True, False])).to_pydict()
    assert shown == {"from": [0, 1], "value": [1.5, None], "flag": [9, 19]}


class TestSums:
    @pytest.fixture
    def keys(self, store):
        made = store.create_series(
            [NewSeries(name=name, unit="kWh", interval=parse_interval("hour")) for name in "abc"]
        )
        values: dict[int, list[float | None]] = {
            0: [1.0, 1.0, 1.0],
            1: [1.0, 1.0, None],
            2: [8.0, 1.0, 1.0],
        }
        rows = [
            {"series": one.key, "ts": hour * HOUR, "value": value, "flag": 9}
            for hour, row in values.items()
            for one, value in zip(made, row, strict=True)
            if value is not None
        ]
        store.merge_readings(pa.Table.from_pylist(rows, READINGS))
        return tuple(one.key for one in made)

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (GroupRule(), [3.0, 2.0, 10.0]),
            (GroupRule(size=3), [3.0, None, 10.0]),
            (GroupRule(size=2, share=50.0), [3.0, 2.0, None]),
        ],
    )
    def test_a_sum_through_a_screen(self, store, keys, rule, expected):
        """Buckets of the store are blanked by what the store holds of each series."""
        request = SumRequest(window=Window(0, 3 * HOUR), series=keys)
        assert sum_series(store, request, screen=Screen(rule=rule))["value"].to_pylist() == expected

    def test_only_the_time_of_the_screen_is_summed(self, store, keys):
        """A day whose first hours are not to be seen is the sum of the others."""
        request = SumRequest(window=Window(0, HOUR), series=keys, interval=parse_interval("day"))
        screen = Screen(rule=GroupRule(), window=Window(HOUR, 2 * HOUR))
        assert sum_series(store, request, screen=screen)["value"].to_pylist() == [2.0]

    def test_a_formula_cannot_be_counted(self, store, keys, tmp_path):
        """A formula may hide one series behind many names, so it is in no screened sum."""
        definitions = Definitions(store, tmp_path)
        formula = definitions.create_series(
            "d", unit="kWh", interval="hour", formula="R1", aliases={"R1": keys[0]}
        )
        request = SumRequest(window=Window(0, HOUR), series=(*keys, formula.key))
        with pytest.raises(NotCountable):
            sum_series(store, request, screen=Screen(rule=GroupRule(size=2)))
