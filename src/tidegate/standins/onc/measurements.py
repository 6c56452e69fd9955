"""Measurements by formula of time: values, quality flags and outages."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.model.instants import DAY, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.standins.onc.catalogue import Sensor

PASSED: Final = 1
MISSING: Final = 9
AVERAGED: Final = 7
FAILING: Final = (3, 4, 6)
"""Flags whose values are NaN in clean data."""

MILLISECOND: Final = SECOND // 1000
_CHUNK: Final = 200_000
_MOST_OF_BUCKET: Final = 3600
_SPIKE: Final = 20


@dataclass(frozen=True, slots=True)
class Stay:
    """A window in which a device samples every `period` microseconds."""

    start: int
    end: int
    period: int

    def grid(self, start: int, end: int) -> range:
        """The instants of its samples in a window."""
        first = -(-max(start, self.start) // self.period) * self.period
        return range(first, min(end, self.end), self.period)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page of samples, or of buckets of them, of one sensor depends on.

    Attributes:
        sensor: what is measured.
        stays: windows of sampling, in order and without overlap.
        start: begin of what is asked for, UTC microseconds.
        end: its end.
        limit: most samples or buckets.
        latest: whether the newest come first.
        raw: whether failing values are shown.
        gaps: whether samples of an outage are shown as missing.
        breaks: whether a missing sample stands between two deployments.
        objects: whether each sample is an object.
        resample: avg, minmax, avgminmax, or empty.
        length: microseconds of a bucket.
    """

    sensor: Sensor
    stays: tuple[Stay, ...]
    start: int
    end: int
    limit: int
    latest: bool
    raw: bool
    gaps: bool
    breaks: bool
    objects: bool
    resample: str
    length: int


def outage(instants: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which instants have no sample: twenty minutes from three o'clock of every fifth day."""
    within = instants % DAY
    at_three: NDArray[np.bool_] = (within >= 180 * MINUTE) & (within < 200 * MINUTE)
    fifth: NDArray[np.bool_] = instants // DAY % 5 == 3
    return at_three & fifth


def measured(
    sensor: Sensor, instants: NDArray[np.int64], period: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Raw values and flags at instants; shape of both is that of `instants`.

    Args:
        sensor: what is measured.
        instants: UTC microseconds.
        period: microseconds between two samples.
        seed: decides noise and failures.
    """
    salt = zlib.crc32(f"{seed}|{sensor.code}".encode())
    numbers = instants // period
    draws = ((numbers * 2654435761 + salt) % (1 << 32)) / float(1 << 32) - 0.5
    turns = instants / SECOND / sensor.cycle + salt / float(1 << 32)
    values = sensor.mean + sensor.swing * np.sin(2 * np.pi * turns) + sensor.noise * draws
    flags = np.full(instants.shape, PASSED, dtype=np.int64)
    for flag, every in ((2, 97), (6, 251), (3, 503), (4, 1009)):
        flags[(numbers + salt) % every == 7] = flag
    values = np.where(flags == 4, values + _SPIKE * sensor.swing, values)
    return np.round(values, 4), flags


def instants_of(
    stays: Sequence[Stay], start: int, end: int, *, latest: bool = False, breaks: bool = False
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """The instants of samples in a window, in pieces with their period; from the end if `latest`.

    Args:
        stays: windows of sampling, in order and without overlap.
        start: begin of the window.
        end: end of the window, not included.
        latest: whether the newest come first.
        breaks: whether an instant of period 0 stands at the end of every stay but the last.
    """
    for stay in reversed(stays) if latest else stays:
        pieces = [(piece, stay.period) for piece in _chunks(stay.grid(start, end), latest=latest)]
        last = stay.end - MILLISECOND
        if breaks and stay is not stays[-1] and start <= last < end:
            pieces.insert(0 if latest else len(pieces), (range(last, stay.end, MILLISECOND), 0))
        for piece, period in pieces:
            yield np.arange(piece.start, piece.stop, piece.step, dtype=np.int64), period


def _chunks(grid: range, *, latest: bool) -> list[range]:
    grid = grid[::-1] if latest else grid
    return [grid[at : at + _CHUNK] for at in range(0, len(grid), _CHUNK)]


@dataclass(frozen=True, slots=True)
class Resampled:
    """Buckets of values: their begins, and the mean, least and greatest value of each."""

    instants: NDArray[np.int64]
    mean: NDArray[np.float64]
    least: NDArray[np.float64]
    greatest: NDArray[np.float64]


def resampled(page: Page, seed: int) -> tuple[Resampled, int | None]:
    """Buckets of clean values, and the begin of the first bucket that is left out.

    A bucket of very many samples is judged by evenly spaced ones of them.

    Args:
        page: which buckets.
        seed: decides noise and failures.
    """
    firsts = sorted({first for stay in page.stays for first in _firsts(stay, page)})
    kept, rest = firsts[: page.limit], firsts[page.limit : page.limit + 1]
    rows = [_bucket(page, first, seed) for first in kept]
    table = np.array(rows, dtype=np.float64).reshape(len(kept), 3)
    begins = np.array(kept, dtype=np.int64)
    return Resampled(begins, table[:, 0], table[:, 1], table[:, 2]), rest[0] if rest else None


def _firsts(stay: Stay, page: Page) -> range:
    grid, length = stay.grid(page.start, page.end), page.length
    if not grid:
        return range(0)
    first, last = grid[0] // length, grid[-1] // length
    return range(first * length, min(last + 1, first + page.limit + 1) * length, length)


def _bucket(page: Page, first: int, seed: int) -> tuple[float, float, float]:
    start, end = max(page.start, first), min(page.end, first + page.length)
    found = []
    for stay in page.stays:
        grid = stay.grid(start, end)
        step = max(1, -(-len(grid) // _MOST_OF_BUCKET))
        instants = np.array(grid[::step], dtype=np.int64)
        values, flags = measured(page.sensor, instants, stay.period, seed)
        found.append(values[~outage(instants) & ~np.isin(flags, FAILING)])
    values = np.concatenate(found) if found else np.array([])
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    return round(float(values.mean()), 4), float(values.min()), float(values.max())
