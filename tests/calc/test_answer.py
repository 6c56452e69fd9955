"""Answer tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidegate.calc.answer import answer
from tidegate.model.intervals import parse_interval


def table(
    values: list[float],
    has_number: list[bool],
    flags: tuple[int, int] = (9, 9),
    *,
    unit: str | None = "kW",
    interval: str = "15m",
    missing_as_null: bool = False,
) -> pa.Table:
    return answer(
        np.array([0, 3_600_000_000]),
        np.array(values, dtype=float),
        np.array(flags, dtype=np.int16),
        np.array(has_number),
        unit=unit,
        zone="UTC",
        interval=parse_interval(interval),
        missing_as_null=missing_as_null,
    )


def test_an_answer_has_times_values_and_flags():
    """The columns are `from` in UTC microseconds, `value` and `flag`; metadata tells the rest."""
    found = table([1.5, 2.0], [True, True])
    assert found.schema.names == ["from", "value", "flag"]
    assert found.schema.field("from").type == pa.timestamp("us", tz="UTC")
    assert found["value"].to_pylist() == [1.5, 2.0]
    assert found.schema.metadata == {b"unit": b"kW", b"zone": b"UTC", b"interval": b"15 minutes"}


def test_the_interval_in_the_metadata_can_be_read_again():
    """What is written as the interval of an answer parses to it."""
    found = table([1, 2], [True, True], interval="3q")
    assert parse_interval(found.schema.metadata[b"interval"].decode()) == parse_interval("3q")


def test_no_number_shows_zero_or_null():
    """What stands where there is no number never shows."""
    assert table([7, 2], [False, True], (19, 9))["value"].to_pylist() == [0, 2]
    found = table([7, 2], [False, True], (19, 9), missing_as_null=True)
    assert found["value"].to_pylist() == [None, 2]
    assert found["flag"].to_pylist() == [19, 9]


def test_numbers_that_are_not_finite_are_faulty():
    """Infinity and NaN show as no number with flag 7."""
    found = table([np.inf, np.nan], [True, True], missing_as_null=True)
    assert found["value"].to_pylist() == [None, None]
    assert found["flag"].to_pylist() == [7, 7]
    assert found["value"].null_count == 2


def test_a_unit_of_none_is_not_told():
    """Sums over series with units have no unit to show."""
    assert b"unit" not in table([1, 2], [True, True], unit=None).schema.metadata
