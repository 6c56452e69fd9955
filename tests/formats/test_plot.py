"""Plots: what a terminal and a PNG file show of an answer."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.formats.curves import chart, levels, ticks
from tidegate.formats.plot import to_png, to_terminal
from tidegate.model.errors import BadFile
from tidegate.model.instants import DAY, HOUR, parse, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START = parse("2024-06-01T00:00:00Z")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def answer(
    values: Sequence[float | None],
    *,
    names: list[str] | None = None,
    flags: list[int] | None = None,
    starts: list[int] | None = None,
    interval: str = "hour",
) -> pa.Table:
    columns = {
        "from": pa.array(
            starts or [START + place * HOUR for place in range(len(values))],
            pa.timestamp("us", "UTC"),
        ),
        "value": pa.array(values, pa.float64()),
        "flag": pa.array(flags or [9] * len(values), pa.int16()),
    }
    if names:
        columns["name"] = pa.array(names)
    facts = {"unit": "kWh", "zone": "Europe/London", "interval": interval}
    return pa.table(columns).replace_schema_metadata(facts)


def drawn(table: pa.Table, stream: io.StringIO | None = None, **options: int) -> str:
    shown = stream or io.StringIO()
    to_terminal(table, shown, **options)  # type: ignore[arg-type]
    return shown.getvalue()


class TestTerminal:
    def test_labels(self) -> None:
        """The plot says unit and zone, and has round numbers and local times at its axes."""
        text = drawn(answer([float(hour) for hour in range(24)]), width=80)

        assert "kWh" in text
        assert "Europe/London" in text
        assert "20" in text
        assert "06:00" in text

    @pytest.mark.parametrize("width", [40, 80, 132])
    def test_width(self, width: int) -> None:
        """No line is wider than asked for, and without colour there is no control character."""
        text = drawn(answer([1.0, 5.0, 2.0] * 500), width=width)

        assert max(map(len, text.splitlines())) <= width
        assert text.replace("\n", "").isprintable()

    def test_colour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only a terminal gets colours, and not where NO_COLOR is set."""
        table = answer([1.0, 2.0])

        assert "\x1b[" in drawn(table, Terminal())
        assert "\x1b[" not in drawn(table)
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in drawn(table, Terminal())

    def test_names(self) -> None:
        """Several series are named and have marks of their own."""
        text = drawn(answer([1.0, 2.0, 5.0, 6.0], names=["North", "North", "South", "South"]))

        assert "North" in text
        assert "* South" in text

    def test_gap(self) -> None:
        """Nothing is drawn over a gap."""
        values = [5.0] * 40
        flags = [9] * 10 + [19] * 20 + [9] * 10
        line = next(
            line for line in drawn(answer(values, flags=flags)).splitlines() if "⠉⠉" in line
        )
        marks = line.strip("│┤").rstrip("│")

        assert " " * 20 in marks.strip("5. ")

    def test_nothing(self) -> None:
        """Without a number it says so."""
        assert drawn(answer([])) == "no readings to plot\n"
        assert drawn(answer([0.0], flags=[19])) == "no readings to plot\n"

    def test_other_encodings(self) -> None:
        """A stream that cannot show the marks gets others, not an error."""
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding="ascii")
        to_terminal(answer([1.0, 2.0]), stream)
        stream.flush()

        assert b"kWh" in raw.getvalue()

    def test_many(self) -> None:
        """Ten years of half hours are thinned before they are drawn."""
        count = 175_000
        values = np.sin(np.arange(count) / 1000).tolist()
        starts = [START + place * HOUR // 2 for place in range(count)]

        assert "2028" in drawn(answer(values, starts=starts), width=80)


class TestCurves:
    def test_steps(self) -> None:
        """A reading is a level over the time that it covers."""
        (curve,) = chart(answer([1.0, 2.0]), columns=80).curves

        assert ((curve.x - START) // HOUR).tolist() == [0, 1, 1, 2]
        assert curve.y.tolist() == [1.0, 1.0, 2.0, 2.0]

    def test_absent_rows(self) -> None:
        """Where rows are absent there is a gap."""
        starts = [START, START + HOUR, START + 5 * HOUR]
        (curve,) = chart(answer([1.0, 2.0, 3.0], starts=starts), columns=80).curves

        assert np.isnan(curve.y).tolist() == [False, False, False, False, True, False, False]

    def test_months(self) -> None:
        """Months of different length touch."""
        starts = [int(parse(f"2024-{month:02}-01")) for month in range(1, 13)]
        (curve,) = chart(answer([1.0] * 12, starts=starts, interval="month"), columns=80).curves

        assert not np.isnan(curve.y).any()

    def test_spontaneous(self) -> None:
        """A spontaneous value holds until the next one, however late."""
        starts = [START, START + HOUR, START + 90 * DAY]
        (curve,) = chart(answer([1.0, 2.0, 3.0], starts=starts, interval="no"), columns=80).curves

        assert not np.isnan(curve.y).any()

    @given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=2000))
    def test_thinned(self, values: list[float | None]) -> None:
        """Thinning keeps the extremes and leaves few corners."""
        (curve,) = chart(answer(values), columns=40).curves
        numbers = [value for value in values if value is not None]

        assert len(curve.x) <= 4 * 40
        if numbers:
            assert np.nanmin(curve.y) == min(numbers)
            assert np.nanmax(curve.y) == max(numbers)
        else:
            assert np.isnan(curve.y).all()


class TestTicks:
    def test_clock_change(self) -> None:
        """Ticks of days are local midnights, on both sides of a clock change."""
        start, end = parse("2024-03-30T00:00:00Z"), parse("2024-04-02T00:00:00Z")
        instants, labels = ticks(start, end, ZoneInfo("Europe/London"), 4)

        assert [to_text(instant) for instant in instants] == [
            "2024-03-30T00:00:00Z",
            "2024-03-31T00:00:00Z",
            "2024-03-31T23:00:00Z",
            "2024-04-01T23:00:00Z",
        ]
        assert labels == ["30 Mar", "31 Mar", "01 Apr", "02 Apr"]

    @given(
        st.integers(parse("1900-01-01"), parse("2100-01-01")),
        st.integers(1, 150 * 365 * DAY),
        st.integers(2, 12),
    )
    def test_number(self, start: int, length: int, most: int) -> None:
        """There are never many more ticks than asked for, in order, inside the span."""
        instants, labels = ticks(start, start + length, ZoneInfo("Europe/London"), most)

        assert len(instants) == len(labels) <= most + 2
        assert instants == sorted(instants)
        assert all(start <= instant <= start + length for instant in instants)

    @given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
    def test_levels(self, low: float, length: float) -> None:
        """Levels of numbers are few, round and inside."""
        marks, labels = levels(low, low + length)

        assert len(marks) == len(labels) <= 7


class TestPng:
    def test_size(self, tmp_path: Path) -> None:
        """The file is a PNG of the size asked for."""
        path = tmp_path / "plot.png"
        to_png(answer([1.0, None, 3.0]), path, title="Demand", size=(800, 400))
        data = path.read_bytes()

        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (800, 400)

    def test_several(self, tmp_path: Path) -> None:
        """Several tables are drawn into one picture, an empty one too."""
        path = tmp_path / "plot.png"
        to_png({"A": answer([1.0, 2.0]), "B": answer([])}, path)

        assert path.stat().st_size > 5000

    def test_no_folder(self, tmp_path: Path) -> None:
        """A path that cannot be written is named with the reason."""
        with pytest.raises(BadFile, match="no such file"):
            to_png(answer([1.0]), tmp_path / "none" / "plot.png")
