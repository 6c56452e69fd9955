"""What the service takes and gives at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tidegate.model.budgets import time_budget
from tidegate.model.errors import TooMuch
from tidegate.model.identities import Role
from tidegate.model.intervals import IntervalUnit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tidegate.model.intervals import Interval
    from tidegate.model.windows import Window
    from tidegate.services.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the service.

    Attributes:
        points: of one answer or one body.
        series: of one answer or one body.
        seconds: that a sum, a calculation or a reading may take.
        body: bytes of one body.
        body_time: seconds that a body may take from the first byte to the last.
        share_rate: requests of one key to `/share` a minute.
        address: where others reach the service; as each request says unless known.
        deletions_need: the role for removing series, attributes and bulk assignments.
    """

    points: int = 5_000_000
    series: int = 50_000
    seconds: float = 60.0
    body: int = 64 << 20
    body_time: float = 30.0
    share_rate: int = 120
    address: str | None = None
    deletions_need: Role = Role.ADMINISTRATOR

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that settings say."""
        return cls(
            points=settings.service_max_points,
            series=settings.service_max_series,
            seconds=settings.service_max_seconds,
            body=settings.service_max_body_mib << 20,
            body_time=settings.service_body_timeout,
            share_rate=settings.service_share_rate,
            address=settings.service_address,
            deletions_need=Role.named(settings.service_deletions_need),
        )

    @staticmethod
    def points_of(window: Window, interval: Interval) -> int:
        """About how many points a raster has in a window; 0 where that cannot be told."""
        if interval.is_spontaneous or interval.unit is IntervalUnit.TOTAL:
            return 0
        return -(-window.length // interval.nominal)

    def require_points(self, window: Window, interval: Interval | None) -> None:
        """Refuse an answer of too many points before any work is done for it.

        Raises:
            TooMuch: there would be too many.
        """
        if interval is not None:
            self.require_rows(self.points_of(window, interval))

    def require_rows(self, points: int) -> None:
        """Refuse too many points.

        Raises:
            TooMuch: there are too many.
        """
        if points > self.points:
            remedy = "ask for less time, a coarser interval or fewer series"
            raise TooMuch("the number of points", points, self.points, remedy)

    def in_time(self) -> AbstractContextManager[None]:
        """A block that may take only so long.

        Raises:
            OutOfTime: it takes longer.
        """
        return time_budget(self.seconds)

    def require_series(self, count: int) -> None:
        """Refuse too many series.

        Raises:
            TooMuch: there are too many.
        """
        if count > self.series:
            raise TooMuch("the number of series", count, self.series, "ask for fewer at once")
