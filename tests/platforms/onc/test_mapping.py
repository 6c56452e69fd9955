"""Samples as the services send them to readings."""

from __future__ import annotations

import msgspec
import pytest

from tidegate.model.errors import MalformedAnswer
from tidegate.model.flags import Flag
from tidegate.model.instants import parse
from tidegate.platforms.onc import mapping
from tidegate.platforms.onc.scalar import Samples, Sensor

START = parse("2020-01-01")


def samples(times: list[str], values: list[object], flags: list[object] | None) -> Samples:
    """Samples as a page has them."""
    document = {"sampleTimes": times, "values": values, "qaqcFlags": flags}
    return msgspec.json.decode(msgspec.json.encode(document), type=Samples)


def stamps(*seconds: int) -> list[str]:
    """Times of seconds after the begin of 2020, as the services write them."""
    return [f"2020-01-01T00:00:{second:02d}.000Z" for second in seconds]


def rows(data: Samples) -> list[tuple[int, float | None, int]]:
    """Readings: seconds after the begin of 2020, value, flag."""
    table = mapping.readings(data, "CTD")
    columns = (table[name].to_pylist() for name in ("ts", "value", "flag"))
    return [
        ((ts - START) // 1_000_000, value, flag) for ts, value, flag in zip(*columns, strict=True)
    ]


@pytest.mark.parametrize(
    ("number", "flag"),
    [
        (0, Flag.VALID),
        (1, Flag.VALID),
        (2, Flag.VALID),
        (3, Flag.FAULTY),
        (4, Flag.FAULTY),
        (5, Flag.MANUALLY_REPLACED),
        (6, Flag.FAULTY),
        (7, Flag.VALID),
        (8, Flag.INTERPOLATED),
        (10, Flag.FAULTY),
        (-1, Flag.FAULTY),
        (None, Flag.VALID),
    ],
)
def test_flags(number: int | None, flag: Flag):
    """Each flag of quality control; one that is not known makes a value suspicious."""
    assert rows(samples(stamps(0), [1.5], [number])) == [(0, 1.5, flag)]


def test_without_number():
    """What failed the checks stays as a point without number, what is missing is left out."""
    data = samples(stamps(0, 1, 2, 3), [None, None, None, 2], [4, 9, 1, 9])
    assert rows(data) == [(0, None, Flag.NO_VALUE)]


def test_without_flags():
    """A service that tells no flags gives valid values."""
    assert rows(samples(stamps(0), [1], None)) == [(0, 1.0, Flag.VALID)]


def test_order_and_repeats():
    """By time; of two for one instant the last that was sent."""
    data = samples(stamps(2, 0, 2), [1, 2, 3], [1, 1, 1])
    assert rows(data) == [(0, 2.0, Flag.VALID), (2, 3.0, Flag.VALID)]


@pytest.mark.parametrize(
    "times",
    [
        ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:01.000Z"],
        ["2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z"],
        ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:01.000000Z"],
        ["2020-01-01T01:00:00.000+01:00", "2020-01-01T00:00:01.000Z"],
    ],
)
def test_times(times: list[str]):
    """The usual form is read in place, any other one as text; both give the same."""
    assert [ts for ts, _, _ in rows(samples(times, [1, 2], [1, 1]))] == [0, 1]


def test_times_with_blanks():
    """JSON may be written with blanks."""
    text = b'["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:01.000Z"]'
    data = Samples(sample_times=msgspec.Raw(text), values=msgspec.Raw(b"[1, 2]"))
    assert [ts for ts, _, _ in rows(data)] == [0, 1]


@pytest.mark.parametrize(
    "data",
    [
        samples(["2020-13-01T00:00:00.000Z"], [1], [1]),
        samples(["tomorrow"], [1], [1]),
        samples(stamps(0, 1), [1], [1]),
        samples(stamps(0), [1], [1, 1]),
        samples(stamps(0), ["warm"], [1]),
        samples(["2020-01-01T00:00:00.000X"], [1], [1]),
    ],
)
def test_what_is_malformed(data: Samples):
    """Times, numbers and lengths that cannot be."""
    with pytest.raises(MalformedAnswer, match="CTD"):
        rows(data)


def test_sensors_of_one_category_are_told_apart():
    """By category, which outlasts a device; by their codes too, where two have the same."""
    sensors = [
        Sensor(sensor_category_code="temperature", sensor_code="T1"),
        Sensor(sensor_category_code="temperature", sensor_code="T2"),
        Sensor(sensor_category_code="pressure", sensor_code="P"),
    ]
    assert mapping.quantities(sensors) == ["temperature:T1", "temperature:T2", "pressure"]


@pytest.mark.parametrize(
    ("times", "period", "raster"),
    [
        (stamps(0, 10), 10, "10 seconds"),
        (stamps(0, 7), 10, "spontaneous"),
        (stamps(0), 60, "minute"),
        (["2020-01-01T00:00:00.250Z"], 0.25, "250 milliseconds"),
        (["2020-01-01T00:00:00.123Z"], 1, "spontaneous"),
        (stamps(0), None, "spontaneous"),
        ([], 10, "spontaneous"),
    ],
)
def test_rasters(times: list[str], period: float | None, raster: str):
    """That of the devices, if the newest samples lie on it."""
    found = mapping.interval_of(samples(times, [], []), period)
    assert raster == ("spontaneous" if found.is_spontaneous else str(found))
