"""Readings of one subject over one window, by whichever API, in as many requests as it takes."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate.model.errors import Forbidden, NotSignedIn, Refused, UnknownToPlatform
from tidegate.model.instants import DAY, to_datetime
from tidegate.model.windows import Window
from tidegate.platforms.dcs import mapping
from tidegate.platforms.dcs.facts import HALF_HOUR
from tidegate.platforms.dcs.webapi import DcsWebApi

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.platforms.dcs.access import Client
    from tidegate.platforms.dcs.mapping import Points
    from tidegate.platforms.dcs.session import DCSSession
    from tidegate.platforms.dcs.settings import DcsSettings

logger = logging.getLogger(__name__)


class Fetching:
    """Asks for readings and learns by the way what the server allows.

    Attributes:
        longest: microseconds that one request may span; less than was set once the server
            has refused that much.
    """

    def __init__(self, settings: DcsSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self.longest = settings.longest
        self._without_complete: set[str] = set()

    def points(self, client: Client, subject: str, window: Window) -> Points:
        """What the server has of a subject (`R733`, `VM9`) in a window.

        Raises:
            TransportError: it refuses, or cannot be asked.
        """
        parts: list[Points] = []
        start = window.start
        while start < window.end or not parts:
            piece = Window(start, min(window.end, start + self.longest))
            found, piece = self._shortened(client, subject, piece)
            parts.append(mapping.within(found, piece))
            start = piece.end
        return mapping.joined(parts)

    def _shortened(self, client: Client, subject: str, piece: Window) -> tuple[Points, Window]:
        """The points of a window or, where the server wants shorter ones, of its beginning."""
        try:
            return self._ask(client, subject, piece), piece
        except Refused as refusal:
            if not _may_be_too_long(refusal, piece):
                raise
            length = piece.length
            first_day = Window(piece.start, piece.start + DAY)
            try:
                self._ask(client, subject, first_day)
            except Refused:
                raise refusal from None
        while True:
            length = max(DAY, length // 2 // DAY * DAY)
            piece = Window(piece.start, piece.start + length)
            try:
                found = self._ask(client, subject, piece)
            except Refused as refusal:
                if not _may_be_too_long(refusal, piece):
                    raise
                continue
            self._learn(length)
            return found, piece

    def _learn(self, length: int) -> None:
        with self._lock:
            self.longest = min(self.longest, length)
        logger.info("The server takes requests of up to about %d days", length // DAY)

    def _ask(self, client: Client, subject: str, window: Window) -> Points:
        if isinstance(client, DcsWebApi):
            return self._ask_web(client, subject, window)
        return self._ask_app(client, subject, window)

    def _ask_app(self, client: DCSSession, subject: str, window: Window) -> Points:
        # The vendor promises dates only, so whole days are asked for.
        is_virtual, number = _split(subject)
        table = client.get_readings_table(
            number,
            is_virtual,
            start=to_datetime(window.start).date(),
            end=(to_datetime(window.end) + timedelta(days=1, microseconds=-1)).date(),
            calibrated=self._settings.calibrated,
            interpolated=self._settings.interpolated,
        )
        if is_virtual:
            return mapping.virtual_points_of_app(table)
        return mapping.register_points_of_app(table)

    def _ask_web(self, client: DcsWebApi, subject: str, window: Window) -> Points:
        calibrated = self._settings.calibrated
        if _split(subject)[0]:
            return mapping.virtual_points_of_web(
                self._standard(client, subject, window, calibrated)
            )
        if subject not in self._without_complete:
            try:
                return mapping.points_of_complete(self._complete(client, subject, window))
            except Refused as refusal:
                if refusal.status != 400:
                    raise
                found = self._from_totals(client, subject, window, calibrated)
                self._without_complete.add(subject)
                return found
        return self._from_totals(client, subject, window, calibrated)

    def _from_totals(
        self, client: DcsWebApi, subject: str, window: Window, calibrated: bool
    ) -> Points:
        beyond = Window(window.start, window.end + HALF_HOUR)
        plain = self._standard(client, subject, beyond, calibrated=False)
        totals = self._standard(client, subject, beyond, calibrated=True) if calibrated else plain
        return mapping.points_of_standard(totals, plain)

    def _complete(self, client: DcsWebApi, subject: str, window: Window) -> pa.Table:
        return client.readings_table(
            subject,
            to_datetime(window.start),
            to_datetime(window.end),
            calibrated=self._settings.calibrated,
            interpolated=self._settings.interpolated,
            format="complete",
        )

    def _standard(
        self, client: DcsWebApi, subject: str, window: Window, calibrated: bool
    ) -> pa.Table:
        return client.readings_table(
            subject,
            to_datetime(window.start),
            to_datetime(window.end),
            calibrated=calibrated,
            interpolated=self._settings.interpolated,
        )


def _may_be_too_long(refusal: Refused, window: Window) -> bool:
    if isinstance(refusal, NotSignedIn | Forbidden | UnknownToPlatform):
        return False
    return refusal.status == 400 and window.length > DAY


def _split(subject: str) -> tuple[bool, int]:
    is_virtual = subject.startswith("VM")
    return is_virtual, int(subject.removeprefix("VM" if is_virtual else "R"))
