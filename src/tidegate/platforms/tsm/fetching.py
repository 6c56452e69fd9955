"""Readings of one series over one window, in as many requests as the server wants."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.model.errors import AnswerTooLarge, Refused
from tidegate.model.instants import DAY, HOUR
from tidegate.model.windows import Window
from tidegate.platforms.tsm import mapping

if TYPE_CHECKING:
    from tidegate.platforms.tsm.client import TsmClient
    from tidegate.platforms.tsm.settings import TsmSettings

logger = logging.getLogger(__name__)

_TOO_MANY: Final = 413


class Fetching:
    """Asks for readings and learns by the way how much the server gives at once.

    Attributes:
        longest: microseconds that one request may span; less than was set for series of which
            the server has refused that much.
    """

    def __init__(self, settings: TsmSettings) -> None:
        self.longest = settings.longest
        self._lock = threading.Lock()
        self._shorter: dict[int, int] = {}

    def readings(
        self,
        client: TsmClient,
        id: int,
        window: Window,
        *,
        audit: int | None = None,
        exact: bool = False,
        quotation: int | None = None,
    ) -> pa.Table:
        """Columns `ts, value, flag` of what the server has of a series in a window.

        Args:
            client: of the server.
            id: of the series there.
            window: the time to ask for.
            audit: the instant whose knowledge is wanted; now if None.
            exact: only what was written exactly then.
            quotation: the named version that is wanted; unnamed values if None.

        Raises:
            TransportError: it refuses, or cannot be asked.
        """
        parts: list[pa.Table] = []
        start = window.start
        while start < window.end or not parts:
            span = self._shorter.get(id, self.longest)
            piece = Window(start, min(window.end, start + span))
            try:
                data = client.data(id, piece, audit=audit, exact=exact, quotation=quotation)
            except (Refused, AnswerTooLarge) as refusal:
                if not self._can_shorten(refusal, id, piece):
                    raise
                continue
            parts.append(mapping.readings(data, piece, subject=f"series {id}"))
            start = piece.end
        return pa.concat_tables(parts)

    def _can_shorten(self, refusal: Refused | AnswerTooLarge, id: int, piece: Window) -> bool:
        if isinstance(refusal, Refused) and refusal.status != _TOO_MANY:
            return False
        if piece.length <= HOUR:
            return False
        unit = DAY if piece.length > 2 * DAY else HOUR
        length = max(HOUR, piece.length // 2 // unit * unit)
        with self._lock:
            self._shorter[id] = min(length, self._shorter.get(id, length))
        logger.info("The server gives about %d hours of series %d at once", length // HOUR, id)
        return True
