"""What is sent and what is learned is decided reading by reading."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.instants import FOREVER
from tidegate.services.comparing import NOTHING, compared
from tidegate.services.revisions import beliefs

VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.0, -2.5]))
STATES = st.dictionaries(st.integers(0, 4), st.tuples(VALUES, st.sampled_from([0, 9, 21])))


def table(readings):
    rows = sorted(readings.items())
    columns = {
        "ts": [ts for ts, _ in rows],
        "value": [value for _, (value, _) in rows],
        "flag": [flag for _, (_, flag) in rows],
    }
    return pa.table(columns, schema=NOTHING.schema)


@given(STATES, STATES)
def test_readings_differ_by_value_or_flag(mine, theirs):
    """A reading differs if the other side has none of its instant, or another value or flag."""
    differs, is_known = compared(table(mine), table(theirs))

    assert differs.tolist() == [theirs.get(ts) != reading for ts, reading in sorted(mine.items())]
    assert is_known.tolist() == [ts in theirs for ts in sorted(mine)]


def test_missing_is_as_good_as_none():
    """A reading that is Missing here, and not there at all, is not sent; one that is there is."""
    missing = table({1: (None, 19), 2: (None, 19)})
    differs, is_known = compared(missing, table({2: (5.0, 9)}))

    assert differs.tolist() == [False, True]
    assert is_known.tolist() == [False, True]


@given(st.lists(STATES, max_size=5))
def test_beliefs_give_each_state_again(states):
    """The beliefs that hold at an instant are exactly what was known then, each told once."""
    instants = [10 * (at + 1) for at in range(len(states))]
    told = beliefs(7, instants, [table(state) for state in states]).to_pylist()

    for at, state in zip(instants, states, strict=True):
        held = {
            row["ts"]: (row["value"], row["flag"])
            for row in told
            if row["known_from"] <= at < row["known_to"]
        }
        assert held == state
    assert all(row["series"] == 7 for row in told)
    assert all(row["known_to"] in {*instants, FOREVER} for row in told)
    places = [(row["ts"], row["known_to"], row["value"], row["flag"]) for row in told]
    following = {(row["ts"], row["known_from"], row["value"], row["flag"]) for row in told}
    assert not set(places) & following
