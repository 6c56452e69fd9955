"""Reading arithmetic: resets, period values of the meter, sources, invalid ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate.standins.dcs import Options, arithmetic
from tidegate.standins.dcs.arithmetic import Span, half_hours
from tidegate.standins.dcs.estate import build
from tidegate.standins.dcs.registers import Point, Register, Reset, micro
from tidegate.standins.dcs.slots import slot_of

START = slot_of("2024-01-01")
SPAN = Span(START, START + 100)


def register(totals: dict[int, float], **changes: Any) -> Register:
    """A register with some stored totals, in units by place after `START`."""
    stored = {START + place: (micro(total), 0) for place, total in totals.items()}
    return Register(1, 1, "Energy", "0", "kWh", imported=stored, **changes)


def units(column: Any) -> Any:
    """Micro-units as units."""
    return (column / 1e6).tolist()


def test_a_reset_closes_and_opens():
    """Around a reset the periods end at the closing and begin at the opening total."""
    meter = register({0: 10, 1: 14, 2: 1, 3: 3}, resets=[Reset(START + 2, micro(15), micro(1))])
    readings = half_hours(meter, START, START + 3, SPAN)
    assert units(readings.total) == [10, 14, 1]
    assert units(readings.period) == [4, 1, 2]
    assert readings.status.tolist() == [0, 0, arithmetic.DISCONTINUITY]


def test_a_gap_before_a_reset_is_filled_towards_the_closing_total():
    """Estimates never mix totals of the two meters."""
    meter = register({0: 10, 3: 0, 4: 2}, resets=[Reset(START + 3, micro(16), 0)])
    readings = half_hours(meter, START, START + 4, SPAN)
    assert units(readings.total) == [10, 12, 14, 0]
    assert units(readings.period) == [2, 2, 2, 2]
    assert readings.status.tolist() == [0, 1, 1, 2]


def test_nothing_is_known_beyond_the_stored_readings():
    """There is no extrapolation at either end."""
    readings = half_hours(register({2: 5, 4: 7}), START, START + 6, SPAN)
    assert readings.known.tolist() == [False, False, True, True, True, False]


def test_a_meter_that_supplies_its_periods_keeps_them_beside_a_gap():
    """The period before a gap changes for polled registers only."""
    estate = build(Options(meters=7))
    gas = next(r for r in estate.registers.values() if not r.polled)
    assert gas.gaps is not None
    (gap, end), *_ = gas.gaps.spans(START, START + 5000)
    around = (gas, gap - 1, end + 1, Span(START - 1000, START + 9000))
    own = half_hours(*around)
    gas.gaps = None
    whole = half_hours(*around)
    assert own.period[0] == whole.period[0]
    gas.polled = True
    assert own.period[1] != half_hours(*around).period[1]


def test_the_typed_series_knows_nothing_else():
    """The manual source interpolates between typed readings only."""
    meter = register(
        {n: 100 + n for n in range(50)},
        manual=[Point(START + 0.5, 0), Point(START + 4.5, micro(8))],
    )
    readings = half_hours(meter, START, START + 6, SPAN, source="manual")
    assert readings.known.tolist() == [False, True, True, True, True, False]
    assert units(readings.total[1:5]) == [1, 3, 5, 7]


def test_merging_takes_the_typed_series_where_it_is_less_uncertain():
    """A long gap follows typed readings that lie inside it; a short one away from them does not."""
    typed = [Point(START + 19, micro(40)), Point(START + 21, micro(60))]
    meter = register({0: 0, 1: 1, 4: 4, 10: 10, 30: 90}, manual=typed)
    readings = half_hours(meter, START, START + 31, SPAN, source="merged")
    assert units(readings.total[[2, 20]]) == [2, 50]
    assert readings.status[[2, 20]].tolist() == [1, 1]


def test_invalid_readings_count_as_absent():
    """A reading inside an invalid range is estimated; its end is outside."""
    meter = register({n: n for n in range(6)}, invalid=[(START + 2, START + 4)])
    readings = half_hours(meter, START, START + 6, SPAN)
    assert readings.status.tolist() == [0, 0, 1, 1, 0, 0]


def test_the_same_options_give_the_same_readings_in_any_pieces():
    """Half hours asked for one day at a time equal those asked for at once, for every register."""
    estate = build(Options(meters=11))
    first, last = START - 300, START + 300
    for meter in estate.registers.values():
        span = estate.span_of(meter)
        whole = half_hours(meter, first, last, span, calibrated=True)
        parts = [
            half_hours(meter, s, s + 48, span, calibrated=True) for s in range(first, last, 48)
        ]
        for name in ("total", "period", "status", "known"):
            pieces = np.concatenate([getattr(part, name) for part in parts])[: last - first]
            assert np.array_equal(pieces, getattr(whole, name)), (meter.id, name)


@pytest.mark.parametrize("years", [1, 8])
def test_consumption_is_never_negative(years):
    """Every cumulative register of the estate only grows, except at a reset."""
    estate = build(Options(meters=15))
    last = slot_of("2026-01-01")
    for meter in estate.registers.values():
        if meter.instantaneous or meter.signal is None:
            continue
        readings = half_hours(meter, last - years * 17_532, last, estate.span_of(meter))
        assert readings.period[readings.known].min() >= 0, meter.id


def test_the_main_meter_replays_the_real_demand():
    """Register 733 consumed as many Wh in each half hour as England and Wales drew MW."""
    estate = build(Options(start=slot_of("2000-06-05") * 1_800_000_000))
    start = slot_of("2000-06-04T23:00Z")
    readings = half_hours(estate.registers[733], start, start + 4032, Span(start, start + 9000))
    demand = readings.period // 1000
    assert demand[:4].tolist() == [22262, 21756, 22247, 22759]
    assert (demand.sum(), demand.min(), demand.max()) == (119_416_293, 18_640, 38_777)
