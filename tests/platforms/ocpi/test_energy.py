"""Energy of sessions and CDRs over time: conserved, and where the record says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.instants import HOUR, MINUTE, SECOND, parse, to_text
from tidegate.model.records import UNITS_PER_KWH
from tidegate.platforms.ocpi import energy

QUARTER = 15 * MINUTE
T0 = parse("2024-03-01T08:00:00Z")


def period(minute: float, kwh: float | None, kind: str = "ENERGY") -> dict[str, Any]:
    dimensions = [{"type": "TIME", "volume": 1}]
    if kwh is not None:
        dimensions.append({"type": kind, "volume": kwh})
    return {"start_date_time": to_text(T0 + int(minute * MINUTE)), "dimensions": dimensions}


def session(minutes: float, periods: Any = None, **more: Any) -> dict[str, Any]:
    times = {"start_date_time": to_text(T0), "end_date_time": to_text(T0 + int(minutes * MINUTE))}
    return {**times, "charging_periods": periods, **more}


def kwh(record: dict[str, Any]) -> dict[int, float]:
    """kWh by quarter after 08:00."""
    found = energy.bins(record, QUARTER)
    return {(ts - T0) // QUARTER: units / UNITS_PER_KWH for ts, units in found.items()}


def test_a_period_is_spread_over_its_time():
    """90 minutes from 08:00 with 21.5 kWh are six equal quarters."""
    found = kwh(session(90, [period(0, 21.5)]))
    assert list(found) == [0, 1, 2, 3, 4, 5]
    assert list(found.values()) == pytest.approx([21.5 / 6] * 6, abs=1e-9)
    assert sum(found.values()) == pytest.approx(21.5, abs=1e-9)


def test_periods_end_where_the_next_begins():
    """Energy stays within its own period; what tells none still ends the one before."""
    found = kwh(session(60, [period(0, 3.0), period(15, None), period(30, 4.0)]))
    assert found == {0: 3.0, 2: 2.0, 3: 2.0}


def test_periods_in_any_order():
    """Platforms that list the last period first are understood."""
    assert kwh(session(30, [period(15, 1.0), period(0, 2.0)])) == {0: 2.0, 1: 1.0}


@pytest.mark.parametrize("periods", [None, [], "#NA", [None], [period(0, None)]])
def test_without_periods_the_whole_is_spread(periods: Any):
    """Where no period tells energy, that of the record is spread from start to end."""
    assert kwh(session(30, periods, kwh=5)) == {0: 2.5, 1: 2.5}
    assert kwh(session(30, periods, total_energy=5)) == {0: 2.5, 1: 2.5}


@pytest.mark.parametrize("member", ["end_datetime", "stop_date_time", "end_date_time"])
def test_ends_in_every_version(member: str):
    """Each version's name of the end is known; 2.1.1 names its start otherwise too."""
    times = {"start_datetime": to_text(T0), member: to_text(T0 + 2 * QUARTER)}
    assert kwh({**times, "kwh": 3}) == {0: 1.5, 1: 1.5}


def test_an_active_session_goes_to_its_last_update():
    """A session without end counts up to the instant at which it was last told."""
    active = session(0, [period(0, 4.0)], last_updated=to_text(T0 + 4 * QUARTER))
    active["end_date_time"] = None
    assert kwh(active) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}


def test_no_time_at_all_is_a_point():
    """Energy of a period without length lies in the bin of its start, also if the end is before."""
    assert kwh(session(0, [period(20, 4.0)])) == {1: 4.0}


def test_a_credit_without_a_name_takes_back():
    """2.1.1 marks a credit by its cost alone: what it repeats is taken out where it was."""
    assert kwh(session(15, [period(0, 4.0)], total_cost=-3)) == {0: -4.0}
    assert kwh(session(15, [period(0, -4.0)], total_cost=-3)) == {0: -4.0}
    assert kwh(session(15, [period(0, 4.0)], total_cost=3)) == {0: 4.0}
    named = {"credit": True, "credit_reference_id": "X", "total_cost": {"excl_vat": -3}}
    assert kwh(session(15, [period(0, 4.0)], **named)) == {0: 4.0}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kwh": 5},
        {"start_date_time": "soon", "kwh": 5},
        {"start_date_time": to_text(T0), "kwh": "#NA"},
        {"start_date_time": to_text(T0), "kwh": float("1e9")},
        {"start_date_time": to_text(T0), "kwh": True},
    ],
)
def test_what_cannot_be_told_gives_nothing(record: dict[str, Any]):
    """Records without a time or a believable energy contribute nothing and break nothing."""
    assert energy.bins(record, QUARTER) == {}


def test_times_that_cannot_be_give_one_bin():
    """A session of years is an error of the platform, not a hundred thousand readings."""
    found = energy.bins(session(60 * 24 * 5000, [period(0, 4.0)]), QUARTER)
    assert found == {T0: 4 * UNITS_PER_KWH}


@given(
    start=st.integers(0, 10**6).map(lambda s: T0 + s * SECOND),
    lengths=st.lists(st.integers(0, 6 * 3600), min_size=1, max_size=6),
    volumes=st.lists(st.decimals(0, 400, places=4), min_size=6, max_size=6),
    step=st.sampled_from([MINUTE, QUARTER, HOUR]),
)
def test_energy_is_conserved(start, lengths, volumes, step):
    """Whatever the times, bins add up to the volumes to 1e-9 kWh and lie within the session."""
    periods, at = [], start
    for length, volume in zip(lengths, volumes, strict=False):
        dimension = {"type": "ENERGY", "volume": float(volume)}
        periods.append({"start_date_time": to_text(at), "dimensions": [dimension]})
        at += length * SECOND
    found = energy.bins({"charging_periods": periods, "end_date_time": to_text(at)}, step)
    told = sum(float(v) for v in volumes[: len(lengths)])
    assert sum(found.values()) / UNITS_PER_KWH == pytest.approx(told, abs=1e-9)
    assert all(ts % step == 0 and start - step < ts <= at for ts in found)
    assert all(units >= 0 for units in found.values())
